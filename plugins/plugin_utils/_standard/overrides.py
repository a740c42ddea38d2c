# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Overrides: what any inventory level changes in the standard, with a reason. They never depend on Ansible's precedence of variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .requirement import shown
from .validation import StandardError, find_key, flat, match_of, nested, read

_FIELDS = ("set", "reason", "match")


class Setting(NamedTuple):
    """One key that an override sets (None takes the promise back), on the hosts that ``match`` names."""

    key: str
    value: Any
    match: Mapping[str, Sequence[str]]
    source: str
    reason: str


def _checked(path: str, value: Any, where: str) -> Any:
    try:
        key = find_key(path)
        if value is not None:
            read(path, key, value)
    except StandardError as error:
        raise StandardError(f"{where}.set.{error}") from None
    return value


def _values(raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping) or not raw:
        raise StandardError(f"{where}.set: seen {shown(raw)}; wanted: keys of the standard, dotted or nested, with their values")
    dotted = {name: value for name, value in raw.items() if isinstance(name, str) and "." in name}
    rest = {name: value for name, value in raw.items() if name not in dotted}
    values = {path: _checked(path, value, where) for path, value in dotted.items()}
    for path, value in flat(rest, f"{where}.set").items():
        if path in values:
            raise StandardError(f"{where}.set.{path}: set twice, dotted and nested")
        values[path] = value
    return values


def settings(entry: Any, where: str) -> list[Setting]:
    """What one override sets; StandardError names its place, the value seen and the values wanted."""
    if not isinstance(entry, Mapping):
        raise StandardError(f"{where}: seen {shown(entry)}; wanted: a mapping with {', '.join(_FIELDS)}")
    for field in entry:
        if field not in _FIELDS:
            raise StandardError(f"{where}.{field}: unknown key; wanted: {', '.join(_FIELDS)}")
    reason = entry.get("reason")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > 1000:
        raise StandardError(f"{where}.reason: seen {shown(reason)}; wanted: why this differs from the standard, in at most 1000 characters")
    match = match_of(entry.get("match"), f"{where}.match")
    return [Setting(path, value, match, where, reason) for path, value in _values(entry.get("set"), where).items()]


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _disjoint(one: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> bool:
    """Whether no host can match both; two patterns may always meet."""
    for fact in one.keys() & other.keys():
        pairs = [(a, b) for a in one[fact] for b in other[fact]]
        if not any((_is_pattern(a) and _is_pattern(b)) or fnmatchcase(a, b) or fnmatchcase(b, a) for a, b in pairs):
            return True
    return False


def check_conflicts(everything: Sequence[Setting]) -> None:
    """StandardError where two overrides give one key different values on hosts that may be the same."""
    by_key: dict[str, list[Setting]] = {}
    for setting in everything:
        for other in by_key.setdefault(setting.key, []):
            if other.value != setting.value and not _disjoint(other.match, setting.match):
                raise StandardError(
                    f"{setting.key}: {other.source} sets {shown(other.value)} and {setting.source} sets {shown(setting.value)} for the same host; "
                    "wanted: one value, or a match that keeps them apart")
        by_key[setting.key].append(setting)


def apply(base: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]], everything: Sequence[Setting]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The flat base and the platform blocks with all overrides in them.

    An override without a match wins over the platform blocks too; one with a match becomes a platform block after the others.
    """
    values = dict(base)
    merged = [{"match": block["match"], "values": dict(block["values"])} for block in blocks]
    for setting in everything:
        if setting.match:
            merged.append({"match": dict(setting.match), "values": {setting.key: setting.value}})
            continue
        values[setting.key] = setting.value
        for block in merged[:len(blocks)]:
            block["values"].pop(setting.key, None)
    return values, [block for block in merged if block["values"]]


def block_as_data(block: Mapping[str, Any]) -> dict[str, Any]:
    """A platform block in its public form. A promise it takes back stays visible as null."""
    data: dict[str, Any] = {"match": {fact: list(patterns) for fact, patterns in block["match"].items()}, **nested(block["values"])}
    for path in (path for path, value in block["values"].items() if value is None):
        node = data
        *parents, last = path.split(".")
        for name in parents:
            node = node.setdefault(name, {})
        node[last] = None
    return data
