# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""containerd's configuration: our own drop-in, and the one line that makes containerd read it. Pure functions over text.

containerd 1.x lets an imported file replace a plugin's whole table, which would take the operator's own settings away. There the handlers
stand in a marked block of the operator's file.
"""

import posixpath
import re
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from .._formats.toml import Table, TomlError, parse
from .._host.errors import Refused
from . import containerd_files

# The CRI plugin's name by the schema that a daemon speaks.
_PLUGINS = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime", 4: "io.containerd.cri.v1.runtime"}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_TABLE = re.compile(r"\s*\[")
_VERSION = re.compile(r"\s*version\s*=\s*([0-9]+)\s*(?:#.*)?\Z")
_IMPORTS = re.compile(r"\s*imports\s*=\s*")
_HEADER = "# Managed by the role kata. What is written here by hand is lost.\n"
_BEGIN = "# BEGIN handlers of the role kata: what is written here by hand is lost"
_END = "# END handlers of the role kata"
_BLOCK = re.compile(r"\n?^%s\n.*?^%s\n" % (re.escape(_BEGIN), re.escape(_END)), re.S | re.M)
# What a dump shows of a setting that nobody made.
_UNSET: Tuple[Any, ...] = ("", 0, False, [], {})
FIRST_WITH_DROP_INS = 3
BUILT_IN = "runc"


class Handler(NamedTuple):
    """A runtime handler: its name, the shim's path and the configuration file it is given ('' for the shim's own default)."""

    name: str
    shim: str
    config: str


def check_handlers(handlers: List[Handler]) -> None:
    """Refused unless names are unique and may be used in Kubernetes, and paths are absolute and plain."""
    names = [handler.name for handler in handlers]
    for handler in handlers:
        if not _NAME.match(handler.name) or handler.name == "runc" or names.count(handler.name) > 1:
            raise Refused("handler %r: wanted lower-case letters, digits and dashes, not runc, and each name once" % handler.name[:80])
        for path in (handler.shim, handler.config):
            if path and (not path.startswith("/") or posixpath.normpath(path) != path or re.search(r"[\"'\\\x00-\x1f]", path)):
                raise Refused("handler %s: path %r, wanted an absolute path" % (handler.name, path[:200]))


def _top(text: str) -> Tuple[List[str], List[str]]:
    """The lines before the first table, and the rest. A line that begins with '[' inside an array is not a table."""
    lines = text.splitlines(True)
    depth = 0
    for number, line in enumerate(lines):
        if depth == 0 and _TABLE.match(line):
            return lines[:number], lines[number:]
        bare = _bare(line)
        depth = max(depth + bare.count("[") - bare.count("]"), 0)
    return lines, []


def _bare(line: str) -> str:
    """A line without its strings and its comment."""
    return re.sub(r"#.*", "", re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", "", line))


def parsed(text: str, where: str) -> Table:
    """The document. Refused where it is none."""
    try:
        return parse(text)
    except TomlError as error:
        raise Refused("%s: %s" % (where, error)) from None


def schema(text: str, where: str = "containerd's configuration") -> int:
    """The schema that a configuration declares; a file without one is of schema 1."""
    return containerd_files.schema(parsed(text, where))


def plugin(version: int, where: str) -> str:
    """The CRI plugin's name. Refused for a schema that cannot be written for."""
    if version not in _PLUGINS:
        raise Refused("%s: version = %d, wanted one of %s: containerd migrates its own file with `containerd config migrate`"
                      % (where, version, ", ".join(str(known) for known in sorted(_PLUGINS))))
    return _PLUGINS[version]


def drop_in(version: int, handlers: List[Handler]) -> str:
    """The file that registers the handlers in the words of a schema."""
    return "%sversion = %d\n%s" % (_HEADER, version, tables(version, handlers))


def without_block(text: str) -> str:
    """The configuration as the operator wrote it. Refused where our block was torn apart."""
    if text.count(_BEGIN) != len(_BLOCK.findall(text)):
        raise Refused("the block %r has no end %r: mend it by hand" % (_BEGIN, _END))
    return outside_block(text)


def outside_block(text: str) -> str:
    """What a configuration says outside of our whole blocks."""
    return _BLOCK.sub("", text)


def with_block(text: str, version: int, handlers: List[Handler], dump: str) -> str:
    """The configuration with the handlers in our own block at its end, or without the block; every other byte as it was.

    The first runtime that a configuration of containerd 1.x names takes the built-in runc away, so the block brings it along from the dump.
    """
    bare = without_block(text)
    if not handlers:
        return bare
    carried = "" if BUILT_IN in runtimes(bare) else _carried(dump, plugin(version, "dump"))
    end = "" if bare.endswith("\n") or not bare else "\n"
    return "%s%s\n%s\n%s%s%s\n" % (bare, end, _BEGIN, carried, tables(version, handlers).lstrip("\n"), _END)


def _carried(dump: str, name: str) -> str:
    """The tables of the built-in runtime as a dump shows them, with what nobody set, so that the next dump shows the same."""
    table = 'plugins."%s".containerd.runtimes.%s' % (name, BUILT_IN)
    lines: List[str] = []
    inside = False
    for line in dump.splitlines():
        if _TABLE.match(line):
            inside = line.strip() in ("[%s]" % table, "[%s.options]" % table)
        if inside and line.strip():
            lines.append(line.strip() + "\n")
    return "".join(lines) + "\n" if lines else ""


def tables(version: int, handlers: List[Handler]) -> str:
    """The tables of the handlers in the words of a schema."""
    parts = []
    for handler in sorted(handlers):
        table = 'plugins."%s".containerd.runtimes.%s' % (plugin(version, "drop-in"), handler.name)
        parts.append('\n[%s]\nruntime_type = "io.containerd.kata.v2"\nruntime_path = "%s"\n' % (table, handler.shim))
        # The shim makes devices of its own for the guest; those of the host are none of a privileged container's business.
        parts.append("privileged_without_host_devices = true\n")
        if handler.config:
            parts.append('\n[%s.options]\nConfigPath = "%s"\n' % (table, handler.config))
    return "".join(parts)


def without_runtimes(text: str, names: List[str]) -> str:
    """A configuration without the tables of some handlers; each table is cut from its header to the next."""
    heads = tuple(".containerd.runtimes.%s" % name for name in names)
    lines: List[str] = []
    inside = False
    for line in text.splitlines(True):
        if _TABLE.match(line):
            bare = line.strip().strip("[]").replace('"', "").replace("'", "")
            inside = bare.endswith(heads) or any(head + "." in bare for head in heads)
        lines += [] if inside else [line]
    return "".join(lines)


def imported(text: str, where: str = "containerd's configuration") -> List[str]:
    """The entries of a configuration's own list of imports."""
    return containerd_files.imports(parsed(text, where))


def ensure_import(text: str, pattern: str) -> str:
    """The configuration with the pattern among its imports; every other byte as it was."""
    if pattern in imported(text):
        return text
    made = _with_import(text, pattern)
    if sorted(imported(made)) != sorted(imported(text) + [pattern]):
        raise Refused('imports: add "%s" to this list by hand' % pattern)
    return made


def _with_import(text: str, pattern: str) -> str:
    top, rest = _top(text)
    for number, line in enumerate(top):
        if _IMPORTS.match(line):
            opened = line.index("[") + 1 if "[" in line else 0
            if not opened:
                raise Refused("imports = %s: wanted a list" % line.strip()[:80])
            following = "".join([line[opened:]] + top[number + 1:]).lstrip()
            comma = "" if following.startswith("]") else ", "
            top[number] = '%s"%s"%s%s' % (line[:opened], pattern, comma, line[opened:])
            return "".join(top + rest)
    entry = 'imports = ["%s"]\n' % pattern
    place = next((number + 1 for number, line in enumerate(top) if _VERSION.match(line.rstrip("\n"))), 0)
    if place and not top[place - 1].endswith("\n"):
        top[place - 1] += "\n"
    return "".join(top[:place] + [entry] + top[place:] + rest)


def redirected(text: str, places: Dict[str, str]) -> str:
    """The configuration as it is tried out: with other places for what it imports."""
    for entry, elsewhere in sorted(places.items()):
        text = text.replace('"%s"' % entry, '"%s"' % elsewhere).replace("'%s'" % entry, "'%s'" % elsewhere)
    return text


def runtimes(dump: str, where: str = "containerd config dump") -> Dict[str, Dict[str, str]]:
    """{handler: {key: value}} of the settings that are texts, as `containerd config dump` or a file shows them."""
    found = {}
    for name, table in containerd_files.runtimes_of(parsed(dump, where)).items():
        options = table.get("options")
        both = dict(options if isinstance(options, dict) else {}, **table)
        found[name] = {key: value for key, value in both.items() if isinstance(value, str)}
    return found


def flat(table: Table, above: Tuple[str, ...] = ()) -> Dict[Tuple[str, ...], Any]:
    """{path: value} of everything in a document, without what containerd itself says of where it read."""
    found: Dict[Tuple[str, ...], Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            found.update(flat(value, above + (key,)))
        elif above or key != "imports":
            found[above + (key,)] = value
    return found


def lost(before: str, after: str, own: List[str], where: str = "containerd config dump") -> List[str]:
    """What a dump said and a later one does not, but for handlers of our own."""
    then, now = flat(parsed(before, where)), flat(parsed(after, where))
    return ["%s = %s" % (".".join(key), value) for key, value in sorted(then.items(), key=lambda pair: pair[0])
            if now.get(key) != value and not (key not in now and value in _UNSET) and not _is_own(key, own)]


def _is_own(key: Tuple[str, ...], own: List[str]) -> bool:
    return any(key[place] == "runtimes" and key[place + 1] in own for place in range(len(key) - 1))


def absent_files(handlers: List[Handler], link: str, tree: str, is_file: Callable[[str], bool]) -> List[str]:
    """What handlers name below the link and the tree that is to be linked lacks, one line each."""
    lacking = []
    for handler in handlers:
        for path in (handler.shim, handler.config):
            if path.startswith(link + "/") and not is_file(tree + path[len(link):]):
                lacking.append("handler %s: %s: no such file in %s" % (handler.name, path, tree))
    return lacking


def missing(dump: str, handlers: List[Handler]) -> List[str]:
    """What a dump lacks of the handlers, one line each."""
    seen = runtimes(dump)
    lacking = []
    for handler in handlers:
        shown = seen.get(handler.name, {})
        for key, wanted in (("runtime_path", handler.shim), ("ConfigPath", handler.config)):
            if shown.get(key, "") != wanted:
                lacking.append("handler %s: %s is %r, wanted %r" % (handler.name, key, shown.get(key, ""), wanted))
    return lacking


_OF_RUNTIMES = re.compile(r"""^\s*\[.*\bruntimes\b""")
_OF_FILE = re.compile(r"\s*(?:imports|version)\s*=|\s*# .*[Ff]irebreak")


def shown(text: str) -> str:
    """What may be shown of a configuration: schema, imports, our marks, and the tables of runtimes. Others may hold passwords of registries."""
    lines, is_of_runtimes, left = [], False, 0
    for line in text.splitlines():
        if line.lstrip().startswith("["):
            is_of_runtimes = bool(_OF_RUNTIMES.match(line))
        if is_of_runtimes or _OF_FILE.match(line):
            lines.append(line)
        else:
            left += 1
    return "".join(line + "\n" for line in lines) + ("# (%d other lines)\n" % left if left else "")
