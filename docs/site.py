# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers the pages of the documents' site into build/docs-source, checks each link in them, and names those that lead nowhere."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "build/docs-source"
DOCS = ROOT / "docs"
_OTHERS = ("COMPATIBILITY.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")
# A link; or code, in which what looks like one is none: a block between fences, or a span, which ends in its own paragraph.
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)|(?s:(?<!`)(`{3,})(?!`).*?(?<!`)\3(?!`))|(?s:(?<!`)(``?)(?!`)(?:(?!\n\n).)*?(?<!`)\4(?!`))")
_OUTSIDE = re.compile(r"^(?:[a-z]+:|//|#)")


def pages() -> dict[Path, Path]:
    """Each file of the repository that is in the site, and where it is there."""
    own = {path: path.relative_to(DOCS) for path in DOCS.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    roles = {path: path.relative_to(ROOT) for path in (ROOT / "roles").glob("*/*.md")}
    return own | roles | {ROOT / name: Path(name) for name in _OTHERS}


def broken(path: Path, text: str) -> Iterator[str]:
    """The links of a page that lead to no file of the repository."""
    for target in filter(None, (found[2] for found in _LINK.finditer(text))):
        if not _OUTSIDE.match(target) and not _leads_to(path, target).exists():
            yield f"{path.relative_to(ROOT)}: {target}"


def _leads_to(path: Path, target: str) -> Path:
    return Path(os.path.normpath(path.parent / target.partition("#")[0]))


def rewritten(path: Path, text: str, known: dict[Path, Path]) -> str:
    """A page with its links as they are in the site; one to a file that is not in it keeps its words only."""

    def link(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if target is None or _OUTSIDE.match(target):
            return found[0]
        place = known.get(_leads_to(path, target))
        if place is None:
            return words
        anchor = target.partition("#")
        return f"[{words}]({os.path.relpath(place, known[path].parent)}{anchor[1]}{anchor[2]})"

    return _LINK.sub(link, text)


def main() -> int:
    """Write the pages; 1 where a link leads nowhere."""
    known, lost = pages(), list[str]()
    shutil.rmtree(SOURCE, ignore_errors=True)
    for path, place in known.items():
        target = SOURCE / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
            lost += broken(path, text)
            target.write_text(rewritten(path, text, known), encoding="utf-8")
        else:
            shutil.copyfile(path, target)
    lost += broken(ROOT / "README.md", (ROOT / "README.md").read_text(encoding="utf-8"))
    print("\n".join(f"leads nowhere: {link}" for link in lost) or f"{len(known)} files, each link leads somewhere")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
