# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write ``data/kernel_sources.json`` and the host's list of symbols anew from the Makefiles of kernels that somebody brings.

    refresh_kernel_sources.py AS_OF VERSION=FOLDER...

A folder, or a file that is a module of its own, is kept where every kernel has it and in each nothing but one line
``obj-$(CONFIG_X) += name/`` (or ``name.o``) builds it: then it is not built where X is not set. What is built by two lines, by a variable, as a
part of another module or unconditionally is left out, and so counts as reachable.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "plugins" / "plugin_utils" / "_answers" / "data" / "kernel_sources.json"
SYMBOLS = ROOT / "plugins" / "module_utils" / "_kernel" / "symbols.py"
# Subsystems whose folders are told apart by configuration; single files only where holes were mitigated module by module.
FOLDERS = re.compile(r"(?:net|fs|crypto|sound|security|block|virt|drivers)/")
DEPTH = 3
FILES = re.compile(r"(?:crypto/(?:af_alg|algif_[a-z]+)|net/(?:ipv4|ipv6|key|xfrm|sched|netfilter|can|llc|packet|vmw_vsock)/[a-z0-9_]+|"
                   r"drivers/vhost/[a-z]+)\.o")
_LINE = re.compile(r"^(?P<target>[a-z0-9_.-]+-\$\((?P<guard>CONFIG_[A-Z0-9_]+)\)|[a-zA-Z0-9_.-]+(?:-\$\([^)]*\)|-[ym]|-objs)?)"
                   r"\s*[:+]?=\s*(?P<words>.*)$")


def lines_of(text: str) -> Iterator[str]:
    """The lines of a Makefile with continuations joined and comments gone."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        yield line.partition("#")[0].strip()


def guards(folder: Path) -> dict[str, str]:
    """path -> symbol, of everything that one guarded line alone builds."""
    found: dict[str, set[str]] = {}
    for makefile in (*folder.rglob("Makefile"), *folder.rglob("Kbuild")):
        place = makefile.parent.relative_to(folder).as_posix()
        place = "" if place == "." else f"{place}/"
        conditions = 0
        for line in lines_of(makefile.read_text(encoding="utf-8", errors="replace")):
            conditions += line.startswith(("ifeq", "ifneq", "ifdef", "ifndef")) - line.startswith("endif")
            match = _LINE.match(line)
            if not match:
                # Anything else that names an object or a folder builds it in a way that is not understood.
                for word in re.findall(r"[A-Za-z0-9_./-]+(?:\.o|/)(?=\s|$)", line):
                    found.setdefault(place + word, set()).add("")
                continue
            is_plain = match["target"].startswith("obj-$(") and not conditions
            for word in match["words"].split():
                found.setdefault(place + word, set()).add(match["guard"] or "" if is_plain and match["guard"] else "")
        _borrowed(makefile, folder, found)
    return {path: next(iter(symbols)).removeprefix("CONFIG_") for path, symbols in found.items() if len(symbols) == 1 and "" not in symbols}


def _borrowed(makefile: Path, folder: Path, found: dict[str, set[str]]) -> None:
    """What a Makefile builds out of another folder may run where that folder itself is not built: nothing is told of it, nor of what it lies in."""
    for word in re.findall(r"(?:\$\((?:src|srctree|obj)\)/)?((?:\.\./)+[A-Za-z0-9_./-]+)", makefile.read_text(encoding="utf-8", errors="replace")):
        place = Path(os.path.normpath(makefile.parent / word))
        for lent in (place, *place.parents):
            if folder not in lent.parents or lent in makefile.parents:
                break
            name = lent.relative_to(folder).as_posix()
            for path in (f"{name}/", name.removesuffix(".c").removesuffix(".o") + ".o"):
                found.setdefault(path, set()).add("")


def is_wanted(path: str) -> bool:
    """Whether the table keeps a path of a Makefile."""
    if path.endswith("/"):
        return bool(FOLDERS.match(path)) and path.count("/") <= DEPTH and ".." not in path
    return bool(FILES.fullmatch(path))


def main() -> int:
    """Write both files; the exit status."""
    as_of, *kernels = sys.argv[1:]
    tables = [guards(Path(kernel.partition("=")[2])) for kernel in kernels]
    paths: dict[str, list[str]] = {}
    for path in sorted(set.union(*(set(table) for table in tables))):
        symbols = {table.get(path) for table in tables}
        if is_wanted(path) and len(symbols) == 1 and None not in symbols:
            name = path if path.endswith("/") else f"{path[:-2]}.c"
            module = "" if path.endswith("/") else path[:-2].rpartition("/")[2].replace("-", "_")
            paths[name] = [" ".join(sorted(map(str, symbols))), module]
    document = {"schema": "firebreak.kernel_sources/1", "as_of": as_of,
                "source": f"the Makefiles of Linux {', '.join(kernel.partition('=')[0] for kernel in kernels)}: what all of them build by one symbol",
                "paths": paths}
    head = json.dumps({key: document[key] for key in ("schema", "as_of", "source")}, indent=1)[:-2]
    rows = ",\n".join(f"  {json.dumps(path)}: {json.dumps(row)}" for path, row in paths.items())
    TABLE.write_text(f'{head},\n "paths": {{\n{rows}\n }}\n}}\n', encoding="utf-8")
    names = sorted({row[0] for row in paths.values()})
    text = [*Path(__file__).read_text(encoding="utf-8").splitlines()[:3],
            f'"""Symbols of the kernel\'s configuration that build whole folders or modules (as of {as_of}).\n',
            'Made by tests/tools/refresh_kernel_sources.py."""',
            "", "SYMBOLS = frozenset((", ]
    row = "   "
    for name in names:
        if len(row) + len(name) > 140:
            text.append(row)
            row = "   "
        row += f' "{name}",'
    SYMBOLS.parent.mkdir(exist_ok=True)
    SYMBOLS.write_text("\n".join([*text, row, "))", ""]), encoding="utf-8")
    print(f"{len(paths)} paths, {len(names)} symbols")
    return 0


if __name__ == "__main__":
    sys.exit(main())
