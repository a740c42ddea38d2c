# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration file of Kata Containers: which keys it knows, commented ones included, and in which of the two dialects. Pure functions over text.

The shims themselves pass over a key that they do not know, so a typo silently leaves a sandbox as it was: keys are judged by the file of the release.
"""

import difflib
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats.toml import Table, TomlError, merged, parse
from .._host.errors import Refused
from . import keys as keys_of_shims

# What is read beside a configuration file: each file in it, whatever its name, in the order of their names.
DROP_INS = "config.d"
GO, RUST = "go", "rust"
# Tables with one table below them, which is the machine monitor's or the agent's name.
_OUTER = ("hypervisor", "agent")
_TABLES = "tables"
_NUMBERS = ("integer", "float")
_HEADER = re.compile(r"[ \t]*#?[ \t]*\[([A-Za-z0-9_.-]+)\][ \t]*\Z")
_COMMENTED = re.compile(r"[ \t]*#[ \t]?([a-z][a-z0-9_]*)[ \t]*=[ \t]*(\S.*)\Z")


class Shipped(NamedTuple):
    """A release's own file: path, values by table, kind of value of each key that its shim reads by table, dialect and its machine monitor's name.

    ``mentioned`` are the keys that the file itself has, commented ones included: what a monitor is configured with, of all that the shim reads.
    """

    path: str
    values: Table
    known: Dict[str, Dict[str, str]]
    dialect: str
    monitor: str
    mentioned: Dict[str, Dict[str, str]] = {}


def kind(value: Any) -> str:
    """What TOML calls a value's type."""
    if isinstance(value, bool):
        return "boolean"
    names = ((int, "integer"), (float, "float"), (str, "string"), (list, "array"), (dict, "table"))
    return next((name for test, name in names if isinstance(value, test)), "nothing")


def read_shipped(text: str, path: str, version: str = "") -> Shipped:
    """Understand a file of a release ('' for one that is not known). Refused when it is no TOML or configures not exactly one machine monitor."""
    try:
        values = parse(text)
    except TomlError as error:
        raise Refused("%s: %s" % (path, error)) from None
    monitors = sorted(values.get("hypervisor") or {})
    if len(monitors) != 1:
        raise Refused("%s: tables [hypervisor.*] of %s, wanted those of one machine monitor" % (path, ", ".join(monitors) or "none"))
    mentioned = _active(values)
    for table, key, seen in _commented(text):
        mentioned.setdefault(table, {}).setdefault(key, seen)
    # Only the shim in Rust is told by the file itself which machine monitor it starts.
    dialect = RUST if "hypervisor_name" in mentioned.get("runtime", {}) else GO
    return Shipped(path, values, _read_by_shim(mentioned, dialect, version), dialect, monitors[0], mentioned)


def _read_by_shim(mentioned: Dict[str, Dict[str, str]], dialect: str, version: str) -> Dict[str, Dict[str, str]]:
    """The keys that the shim reads, in the tables that a file may have; of tables that no structure is for, what the file mentions."""
    structures = keys_of_shims.of(dialect, version)
    known: Dict[str, Dict[str, str]] = {}
    for table, keys in mentioned.items():
        outer, _dot, rest = table.partition(".")
        inner = rest.partition(".")[2]
        name = outer + ("." + inner if inner else "") if outer in _OUTER else table
        if name in structures:
            # Of a value that is mentioned the file's own kind is the narrower one.
            known[table] = {key: keys.get(key, kind) if kind in _NUMBERS else kind for key, kind in structures[name].items()}
        else:
            known[table] = {} if name.partition(".")[0] in structures else keys
    names = [table for table in mentioned if table.count(".") == 1 and table.partition(".")[0] in _OUTER]
    for table, keys in structures.items():
        outer, _dot, inner = table.partition(".")
        for name in [table] if outer not in _OUTER else ["%s.%s" % (one, inner) for one in names if inner and one.startswith(outer + ".")]:
            known.setdefault(name, dict(keys))
    return known


def _active(values: Table, above: str = "") -> Dict[str, Dict[str, str]]:
    known: Dict[str, Dict[str, str]] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            below = "%s.%s" % (above, name) if above else name
            known.setdefault(below, {})
            known.update(_active(value, below))
        else:
            known.setdefault(above, {})[name] = kind(value)
    return known


def _commented(text: str) -> List[Tuple[str, str, str]]:
    """(table, key, kind) of the lines that would set a key were they not comments."""
    table, found = "", []
    for line in text.splitlines():
        header, setting = _HEADER.match(line), _COMMENTED.match(line)
        if header:
            table = header.group(1)
        elif setting:
            try:
                found.append((table, setting.group(1), kind(parse("x = " + setting.group(2))["x"])))
            except TomlError:
                # A sentence, not a setting.
                continue
    return found


def full_table(name: str, shipped: Shipped) -> str:
    """The table that a short name means in this file: hypervisor is hypervisor.qemu where QEMU is configured."""
    if name not in _OUTER:
        return name
    return next((table for table in sorted(shipped.known) if table.startswith(name + ".") and table.count(".") == 1), name)


def problem_of(table: str, key: str, value: Any, shipped: Shipped) -> Optional[str]:
    """Why a setting cannot be made, with the file and the key; None for one that can."""
    keys = shipped.known.get(table)
    if keys is None:
        return "table %s: %s has no such table%s" % (table, shipped.path, _instead(table, list(shipped.known)))
    if key not in keys:
        return "key %s in table %s: %s knows no such key%s" % (key, table, shipped.path, _instead(key, list(keys)))
    seen, wanted = kind(value), keys[key]
    if wanted == _TABLES:
        fine = seen == "array" and all(isinstance(one, dict) for one in value)
        return None if fine else "key %s in table %s: is a value of type %s (%r), wanted an array of tables" % (key, table, seen, value)
    fits = seen == wanted or (wanted == "float" and seen == "integer") or (wanted == "integer" and seen == "float" and shipped.dialect == RUST)
    if not fits:
        return "key %s in table %s: is a value of type %s (%r), wanted %s as in %s" % (key, table, seen, value, wanted, shipped.path)
    if seen == "array" and {kind(one) for one in value} - {"string", "integer", "boolean"}:
        return "key %s in table %s: wanted an array of plain values, seen %r" % (key, table, value)
    if any(re.search(r"[\x00-\x1f\x7f]", one) for one in (value if seen == "array" else [value]) if isinstance(one, str)):
        return "key %s in table %s: %r holds a control character" % (key, table, value)
    return None


def _instead(name: str, names: List[str]) -> str:
    close = difflib.get_close_matches(name, names, 1)
    return ", did you mean %s" % close[0] if close else ""


def unknown_keys(text: str, path: str, shipped: Shipped) -> List[str]:
    """What a drop-in sets that the release's file does not know, one line each with the drop-in's path."""
    try:
        values = parse(text)
    except TomlError as error:
        return ["%s: %s" % (path, error)]
    lines = []
    for table, keys in sorted(_active(values).items()):
        lines += ["%s: %s" % (path, why) for key in sorted(keys) for why in [problem_of(table, key, _at(values, table)[key], shipped)] if why]
    return lines


def origins(drop_ins: List[Tuple[str, str]]) -> Dict[str, str]:
    """{table.key: path} of the drop-in, of (path, text) in the order of their names, that has the last word on a key. Raises TomlError."""
    found = {}
    for path, text in drop_ins:
        for table, keys in _active(parse(text)).items():
            found.update({"%s.%s" % (table, key): path for key in keys})
    return found


def _at(values: Table, table: str) -> Table:
    for part in table.split(".") if table else []:
        values = values[part]
    return values


def effective(shipped: Shipped, drop_ins: List[str]) -> Table:
    """What a shim makes of the file and the texts of its drop-ins in the order of their names. Raises TomlError for one that is none."""
    values = shipped.values
    for text in drop_ins:
        values = merged(values, parse(text))
    return values
