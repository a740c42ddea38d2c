# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the locks of dnf5 keep from newer versions, by its own file of them (versionlock.toml, as dnf5 5.4 takes it)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

import tomllib

_SIGNS: Mapping[str, Callable[[str, str], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_KEYS = {"epoch", "evr", "arch"}
# Every kernel's.
_EPOCH = "0"


def locked(text: str, names: Iterable[str], machine: str, is_old: Callable[[str], bool] = lambda version: False) -> list[str]:
    """The packages of which no newer version would come: those with a lock of theirs, all of which withhold it.

    ``is_old``: whether a version is no newer than what is installed; to bar that one alone withholds nothing.
    """
    try:
        locks = _read(text)
    except tomllib.TOMLDecodeError:
        # Then dnf5 refuses to work at all.
        return sorted(names)
    own = {name: [conditions for pattern, conditions in locks if fnmatchcase(name, pattern)] for name in names}
    return sorted(name for name, given in own.items() if given and not any(_takes_newer(conditions, machine, is_old) for conditions in given))


def barred(text: str) -> set[str]:
    """The single versions that locks keep away, whatever is newer."""
    try:
        return {_version(one["value"]) for _name, conditions in _read(text) for one in conditions if (one["key"], one["comparator"]) == ("evr", "!=")}
    except tomllib.TOMLDecodeError:
        return set()


def _version(text: str) -> str:
    return text.removeprefix(_EPOCH + ":")


def _read(text: str) -> list[tuple[str, list[dict[str, str]]]]:
    document = tomllib.loads(text)
    listed = document.get("packages") if document.get("version") == "1.0" else None
    return [(one["name"], one["conditions"]) for one in listed if _counts(one)] if isinstance(listed, list) else []


def _counts(lock: Any) -> bool:
    """Whether dnf5 takes it for a lock: it passes over one without conditions, or with one that it does not know."""
    if not isinstance(lock, dict) or not isinstance(lock.get("name"), str) or not isinstance(lock.get("conditions"), list):
        return False
    return bool(lock["conditions"]) and all(isinstance(one, dict) and one.get("key") in _KEYS and one.get("comparator") in _SIGNS
                                            and isinstance(one.get("value"), str) for one in lock["conditions"])


def _takes_newer(conditions: list[dict[str, str]], machine: str, is_old: Callable[[str], bool]) -> bool:
    """Whether a version newer than any that a lock names meets all of its conditions."""
    return all(_is_met(one["key"], one["comparator"], one["value"], machine, is_old) for one in conditions)


def _is_met(key: str, sign: str, value: str, machine: str, is_old: Callable[[str], bool]) -> bool:
    if key == "evr":
        return sign in (">", ">=") or (sign == "!=" and is_old(_version(value)))
    return _SIGNS[sign](_EPOCH if key == "epoch" else machine, value)
