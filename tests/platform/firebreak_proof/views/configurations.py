# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shims of Kata's handlers read: each configuration with every file in the config.d beside it, whatever its name."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import tomllib

from ..promises import BrokenPromiseError, hold
from ..proof import Proof
from ..questions.kata import DEFAULTS
from . import boundaries

Table = Mapping[str, Any]


class DropIn(NamedTuple):
    """A file beside a configuration; ``why_stray`` is why it should not be there, empty where it may."""

    path: str
    text: str
    why_stray: str

    def values(self) -> Table:
        """What it says; BrokenPromiseError where that is no TOML."""
        return _read(self.text, self.path)


class Configuration(NamedTuple):
    """A file that a handler names, or that its shim takes by default, with what lies beside it."""

    path: str
    text: str
    drop_ins: tuple[DropIn, ...]
    file: str = ""

    @property
    def files(self) -> list[str]:
        """All that is read, and the folder from which a drop-in may have gone."""
        return [self.file, f"{self.file.rpartition('/')[0]}/config.d", *(one.path for one in self.drop_ins)]

    def shipped(self) -> Table:
        """What the file itself says."""
        return _read(self.text, self.path)

    def effective(self) -> Table:
        """What the shim makes of it all: later files win, tables are merged and lists replaced."""
        made = self.shipped()
        for one in self.drop_ins:
            made = _merged(made, one.values())
        return made

    def known(self) -> Mapping[str, Table]:
        """The keys that the file knows, by table, those in comments included; each with a value of its type."""
        known: dict[str, dict[str, Any]] = {table: dict(keys) for table, keys in tables(self.shipped())}
        table = ""
        for line in self.text.splitlines():
            header = re.fullmatch(r"\s*#?\s*\[([\w.-]+)\]\s*", line)
            table = header.group(1) if header else table
            setting = re.fullmatch(r"\s*#\s?([a-z][a-z0-9_]*\s*=\s*\S.*)", line)
            for key, value in _values(setting.group(1)).items() if setting else ():
                known.setdefault(table, {}).setdefault(key, value)
        return known


def _read(text: str, path: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BrokenPromiseError(f"{path} cannot be read ({problem}), so nobody can tell what is in effect") from None


def _values(text: str) -> Table:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _merged(under: Table, over: Table) -> Table:
    both = {key: _merged(under[key], value) if isinstance(value, dict) and isinstance(under.get(key), dict) else value for key, value in over.items()}
    return {**under, **both}


def tables(values: Table, name: str = "") -> Iterator[tuple[str, Table]]:
    """Each table by its dotted name, with the keys that are no tables themselves."""
    yield name, {key: value for key, value in values.items() if not isinstance(value, dict)}
    for key, value in values.items():
        if isinstance(value, dict):
            yield from tables(value, f"{name}.{key}" if name else key)


def used(proof: Proof) -> list[Configuration]:
    """What the handlers of Kata read; BrokenPromiseError where one reads what is not there, for then nobody can tell."""
    rows = proof.rows("configurations")
    found = _found(rows)
    paths = list(dict.fromkeys(path for _shim, path in read_by_handlers(proof)))
    missing = [path or "a configuration of its own" for path in paths if path not in found]
    hold(not missing, f"{proof.host} has handlers of Kata that read {', '.join(missing)}, which is not there, so nobody can tell what is in effect")
    return [_configuration(found[path], rows) for path in paths]


def _configuration(cells: list[str], rows: list[list[str]]) -> Configuration:
    return Configuration(cells[1], _text(cells[3]), _beside(rows, cells[2]), cells[2])


def read_by_handlers(proof: Proof) -> list[tuple[Shim, str]]:
    """Each handler's shim with the path of what it reads, empty where it finds nothing."""
    rows = proof.rows("configurations")
    found = _found(rows)
    return [(shim_of(one.shim, rows), _read_by(one.shim, one.config, found, rows)) for one in handlers(proof)]


def of_handlers(proof: Proof) -> list[tuple[Shim, Configuration]]:
    """Each handler's shim with what it reads, where that is there."""
    rows = proof.rows("configurations")
    found = _found(rows)
    return [(shim, _configuration(found[path], rows)) for shim, path in read_by_handlers(proof) if path in found]


def _found(rows: list[list[str]]) -> dict[str, list[str]]:
    return {cells[1]: cells for cells in rows if cells[0] == "configuration" and len(cells) == 4}


def handlers(proof: Proof) -> list[boundaries.Handler]:
    """The handlers of all engines that lead to a shim of Kata's, whatever they are called."""
    return _katas(boundaries.handlers(proof), proof.rows("configurations")) + dockers(proof)


def dockers(proof: Proof) -> list[boundaries.Handler]:
    """The same of Docker's files."""
    rows = proof.rows("configurations")
    return _katas([one for cells in rows if cells[0] == "docker" and len(cells) == 2 for one in _dockers(_text(cells[1]))], rows)


def _katas(found: list[boundaries.Handler], rows: list[list[str]]) -> list[boundaries.Handler]:
    return [one for one in found if one.is_kata() or "kata" in shim_of(one.shim, rows).program.rpartition("/")[2]]


def _dockers(text: str) -> Iterator[boundaries.Handler]:
    try:
        runtimes = json.loads(text)
    except ValueError:
        raise BrokenPromiseError("Docker's settings cannot be read, so nobody can tell which runtimes it has") from None
    for name, runtime in runtimes.items():
        given = runtime if isinstance(runtime, dict) else {}
        shim, options = given.get("runtimeType"), given.get("options")
        if isinstance(shim, str):
            config = str(options.get("ConfigPath") or "") if isinstance(options, dict) else ""
            paths = tuple(path for path in (shim, config) if path.startswith("/"))
            yield boundaries.Handler(name, paths, "" if shim.startswith("/") else shim)


class Shim(NamedTuple):
    """What a handler starts in the end: the program, the configuration that a script gives it, whether that is a default one, and its flavour."""

    program: str
    variable: str
    is_default: bool
    is_rust: bool


def shim_of(named: str, rows: list[list[str]]) -> Shim:
    """The shim that a handler names by its path or its type."""
    found = next((cells for cells in rows if cells[:2] == ["shim", named] and len(cells) == 6), None)
    if found is not None:
        return Shim(found[2], found[3], found[4] == "default", found[5] == "yes")
    return Shim(named, "", False, "/runtime-rs/" in named or (not named.startswith("/") and ["rust", "yes"] in rows))


def _read_by(named: str, config: str, found: Mapping[str, list[str]], rows: list[list[str]]) -> str:
    """The configuration that a handler's shim reads. That in Go takes the engine's word before a script's, that in Rust after it."""
    shim = shim_of(named, rows)
    told = [shim.variable, config] if shim.is_rust else [config, shim.variable]
    return next((path for path in told if path), "") or _default(shim, found)


def _default(shim: Shim, found: Mapping[str, list[str]]) -> str:
    if not shim.program.startswith("/"):
        return ""
    # Each shim in Go was built for one prefix.
    other = "" if shim.is_rust else "/usr/" if shim.program.startswith("/opt/") else "/opt/"
    places = [path for path in DEFAULTS["rust" if shim.is_rust else "go"] if not other or not path.startswith(other)]
    return next((path for path in places if path in found), "")


def _beside(rows: list[list[str]], file: str) -> tuple[DropIn, ...]:
    own = [cells for cells in rows if cells[0] == "drop_in" and cells[1] == file and len(cells) == 7]
    return tuple(DropIn(cells[2], _text(cells[6]), why_stray(*cells[2:6])) for cells in sorted(own, key=lambda cells: cells[2]))


def why_stray(path: str, kind: str, owner: str, mode: str) -> str:
    """Why a file in config.d should not be there."""
    name = path.rpartition("/")[2]
    if kind != "file":
        return "is no plain file"
    if not name.endswith(".toml") or name.startswith("."):
        return "is read although its name does not say so"
    return "may be written by others than root" if owner != "0" or int(mode, 8) & 0o022 else ""


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode("utf-8", "replace")
