# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers need of a report's records, kept beside them in one file: the second question to a large fleet reads no record again.

The file is made anew where a record was added or changed; equal things of many hosts are written once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .._fleet import store
from .alike import Fact
from .seen import Hanging, Live, Mitigated, Patch, Placed, Reach, Seen, Version

FORMAT = 5
NAME = "answers.facts"
_LIMIT = 1024 * 1024 * 1024


def facts_of(directory: Path) -> list[Fact]:
    """What answers need of every record of a report."""
    key = _key(directory)
    place = directory / NAME
    kept = _kept(place, key)
    if kept is None:
        # What reads records and standards takes longer to load than the answer of what was kept.
        from .gathered import gathered
        kept = gathered(directory)
        # What was read while records came and went is none of those that were listed.
        if _key(directory) == key:
            store.write(place, dumped(kept, key))
    return kept


def _key(directory: Path) -> str:
    """What tells these records and standards, as they are now, from all others."""
    listed = [_listed(directory / folder) for folder in ("records", "standards")]
    return hashlib.sha256(repr((FORMAT, Seen._fields, listed)).encode()).hexdigest()


def _listed(folder: Path) -> list[tuple[str, int, int]]:
    """The documents of a folder with their sizes and times; none where there is no folder."""
    found = []
    for path in store.listed(folder, ".json"):
        # One that another run takes away meanwhile is none of them.
        with contextlib.suppress(FileNotFoundError):
            seen = path.stat()
            found.append((path.name, seen.st_size, seen.st_mtime_ns))
    return found


def dumped(facts: Sequence[Fact], key: str) -> Iterator[str]:
    """The file's text, in pieces: things once, and what runs on hosts that are alike once."""
    things: dict[Seen, int] = {}
    kinds: dict[tuple[tuple[int, str, Hanging], ...], int] = {}
    hosts = []
    for fact in facts:
        kind = tuple((things.setdefault(one.seen, len(things)), one.where, one.hanging) for one in fact.placed)
        hosts.append((fact.host, fact.scanned_at, fact.problem, kinds.setdefault(kind, len(kinds))))
    yield json.dumps({"key": key, "things": list(things), "kinds": list(kinds)})[:-1] + ', "hosts": ['
    for place, host in enumerate(hosts):
        yield (",\n" if place else "\n") + json.dumps(host)
    yield "\n]}\n"


def _kept(place: Path, key: str) -> list[Fact] | None:
    """What the file holds; None where there is none of these records."""
    try:
        document = json.loads(store.read(place, _LIMIT))
    except (store.StoreError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("key") != key:
        return None
    things = [_seen(row) for row in document["things"]]
    kinds = [tuple(Placed(things[number], where, Hanging(*hanging)) for number, where, hanging in rows) for rows in document["kinds"]]
    return [Fact(host, scanned_at, kinds[kind], problem) for host, scanned_at, problem, kind in document["hosts"]]


def _seen(row: list[Any]) -> Seen:
    """A thing as JSON gave it back."""
    values = dict(zip(Seen._fields, row, strict=True))
    patches, fixed, basis, moving, provider = values["live"]
    architecture, vendor, source, not_built, absent = values["reach"]
    values |= {name: tuple(values[name]) for name in ("names", "installed", "facts", "streams", "neighbours")}
    values |= {"runs": Version(*values["runs"]), "next": Version(*values["next"]),
               "home": tuple(values["home"]), "coming": (values["coming"][0], tuple(values["coming"][1])),
               "mitigated": tuple(Mitigated(*one) for one in values["mitigated"]),
               "live": Live(tuple(Patch(*one) for one in patches), tuple(fixed), basis, moving, provider),
               "reach": Reach(architecture, vendor, source, tuple(not_built), tuple(absent))}
    return Seen(**values)
