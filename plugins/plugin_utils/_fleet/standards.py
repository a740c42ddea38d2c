# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report's standards promise, and what changed between those of two reports. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .._standard.keys import KEYS
from . import identity
from .bounded import one_line, text_at

_NAMES = ("schema", "name", "description")
# What a standard says of a thing that it lets be, and of one that it forbids outright.
_LETS, _FORBIDS = ("any", "allowed"), "forbidden"
# Keys that judge nothing alone, and change what others find.
_SETTINGS = tuple(key.path for key in KEYS if not key.promise and key.path not in _NAMES)


class StandardChange(NamedTuple):
    """Hosts that are held to another standard than before, and what is different in it."""

    hosts: list[str]
    before: str | None
    after: str | None
    added: dict[str, str]
    removed: dict[str, str]
    changed: dict[str, tuple[str, str]]

    def as_dict(self) -> dict[str, Any]:
        """The change as plain values."""
        return {**self._asdict(), "changed": {key: list(values) for key, values in self.changed.items()}}


def flat(standard: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted keys of a standard with their values; those of a platform block carry its match."""
    if not isinstance(standard, Mapping):
        return
    for name, value in standard.items():
        path = f"{prefix}{name}"
        if name == "platforms" and isinstance(value, list):
            for block in value:
                match = one_line(block.get("match")) if isinstance(block, Mapping) else ""
                yield from ((f"{key} [{match}]", found) for key, found in flat(block) if not key.startswith("match"))
        elif isinstance(value, Mapping) and not _is_requirement(value):
            yield from flat(value, f"{path}.")
        else:
            yield path, value


def _is_requirement(value: Mapping[Any, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in ("minimum", "maximum", "any_of", "rule")


class Standards:
    """The standards of one fleet.json by their SHA-256."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        found = report.get("standards")
        self._known: Mapping[str, Any] = found if isinstance(found, Mapping) else {}

    def name(self, sha: Any) -> str | None:
        """The name of a standard and the beginning of its hash; None where there is none."""
        if not isinstance(sha, str) or not sha:
            return None
        name = text_at(self._known.get(sha), "name")
        return f"{name} ({sha[:12]})" if name else sha[:12]

    def keys(self, sha: Any) -> dict[str, Any] | None:
        """All that a standard says by dotted key; None where its text was not kept."""
        known = self._known.get(sha) if isinstance(sha, str) else {}
        return dict(flat(known)) if isinstance(known, Mapping) else None

    def promises(self, sha: Any, promise: str) -> bool:
        """Whether a standard, on any platform, promises this key; one whose text was not kept may."""
        known = self.values(sha)
        return known is None or promise in known

    def values(self, sha: Any) -> dict[str, list[Any]] | None:
        """What a standard says of each key, on all platforms; None where its text was not kept."""
        known = self.keys(sha)
        found: dict[str, list[Any]] = {}
        for key, value in (known or {}).items():
            found.setdefault(key.partition(" [")[0], []).append(value)
        return None if known is None else found


def lets_be(before: Mapping[str, list[Any]] | None, after: Mapping[str, list[Any]] | None, found: identity.Finding) -> bool:
    """Whether a finding of the standard before may be none by the one after because that asks for less, and not because the host has changed."""
    if before is None or after is None:
        return False
    promise, subject = identity.promise_of(found), identity.subject_of(found)
    if promise and promise not in after:
        return True
    names = {promise or subject, subject, f"{subject.rpartition('.')[0]}.all", text_at(found, "id")}
    changed = [name for name in names if name in after and before.get(name) != after[name]]
    if any(value in _LETS for name in changed for value in after[name]):
        return True
    section = text_at(found, "id").partition(".")[0]
    settings = (name for name in _SETTINGS if name.startswith(f"{section}.") and before.get(name) != after.get(name))
    return promise is not None and ((promise in changed and after[promise] != [_FORBIDS]) or any(settings))


def changes(hosts: Iterable[tuple[str, Mapping[str, Any], Mapping[str, Any]]], standards: tuple[Standards, Standards]) -> list[StandardChange]:
    """The changes of standard, those of most hosts first."""
    groups: dict[tuple[Any, Any], list[str]] = {}
    for name, old, new in hosts:
        pair = old.get("standard"), new.get("standard")
        if pair[0] != pair[1] and "error" not in _silent(old, new):
            groups.setdefault(pair, []).append(name)
    return [_change(names, pair, standards) for pair, names in sorted(groups.items(), key=lambda item: -len(item[1]))]


def _silent(*hosts: Mapping[str, Any]) -> set[str]:
    """'error' where a host left no record: its report tells no standard, which is no change of it."""
    return {"error" for host in hosts if host.get("standard") is None and host.get("error")}


def _change(names: list[str], pair: tuple[Any, Any], standards: tuple[Standards, Standards]) -> StandardChange:
    old, new = (known.keys(sha) or {} for known, sha in zip(standards, pair, strict=True))
    both = [key for key in old if key in new and key not in _NAMES]
    return StandardChange(
        names, standards[0].name(pair[0]), standards[1].name(pair[1]),
        added={key: one_line(value) for key, value in new.items() if key not in old and key not in _NAMES},
        removed={key: one_line(value) for key, value in old.items() if key not in new and key not in _NAMES},
        changed={key: (one_line(old[key]), one_line(new[key])) for key in both if old[key] != new[key]},
    )
