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


def locked(text: str, names: Iterable[str], machine: str) -> list[str]:
    """The packages of which no newer version would come: those with a lock of theirs, all of which withhold it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Then dnf5 refuses to work at all.
        return sorted(names)
    if not text.strip() or document.get("version") != "1.0":
        return []
    listed = document.get("packages")
    locks = [(one["name"], one["conditions"]) for one in listed if _counts(one)] if isinstance(listed, list) else []
    own = {name: [conditions for pattern, conditions in locks if fnmatchcase(name, pattern)] for name in names}
    return sorted(name for name, given in own.items() if given and not any(_takes_newer(conditions, machine) for conditions in given))


def _counts(lock: Any) -> bool:
    """Whether dnf5 takes it for a lock: it passes over one without conditions, or with one that it does not know."""
    if not isinstance(lock, dict) or not isinstance(lock.get("name"), str) or not isinstance(lock.get("conditions"), list):
        return False
    return bool(lock["conditions"]) and all(isinstance(one, dict) and one.get("key") in _KEYS and one.get("comparator") in _SIGNS
                                            and isinstance(one.get("value"), str) for one in lock["conditions"])


def _takes_newer(conditions: list[dict[str, str]], machine: str) -> bool:
    """Whether a version newer than any that a lock names meets all of its conditions."""
    return all(_is_met(one["key"], one["comparator"], one["value"], machine) for one in conditions)


def _is_met(key: str, sign: str, value: str, machine: str) -> bool:
    if key == "evr":
        return sign in (">", ">=")
    return _SIGNS[sign](_EPOCH if key == "epoch" else machine, value)
