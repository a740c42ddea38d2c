# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the rows of a record to what its sections declare of them, so that no rule takes a damaged row for a good one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...module_utils._scan.asked import DECLARED

_TYPES: Mapping[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "list": (list,), "mapping": (dict,)}

# What a row is told by, and what a verdict hangs on: a scan never says null there. (A flag that may be null is judged as unknown by its rule.)
_ALWAYS_SAID = frozenset((
    "kernel.installed[].image_present", "kernel.managers[].name", "kernel.managers[].active",
    "hypervisor.components[].name", "hypervisor.processes[].component",
    "containers.engines[].name", "containers.engines[].running", "containers.items[].is_pod",
    "kata.handlers[].name", "kata.handlers[].dead", "kata.configurations[].problem", "kata.configurations[].drop_ins",
    "kata.configurations[].strays", "kata.configurations[].unknown_keys", "kata.configurations[].unmet",
    "live_patch.inhibitors[].code", "services.stale[].kind", "services.unread[].pid"))


class CannotSay(Exception):  # noqa: N818 - not an error: an answer that a rule may get
    """A fact that the record does not hold: its dotted path and why."""

    def __init__(self, fact: str, why: str) -> None:
        super().__init__(f"{fact}: {why}")
        self.fact = fact
        self.why = why


@lru_cache(maxsize=256)
def fields(path: str) -> Mapping[str, str]:
    """The kind of each field of the rows of a list of the record, as its section declares them; empty for any other fact."""
    section, _dot, rest = path.partition(".")
    declared = DECLARED[section].FACTS if section in DECLARED else ()
    pattern = re.compile(re.escape(rest) + r"\[\]\.(\w+)")
    matches = [(pattern.fullmatch(fact.path), fact.kind) for fact in declared]
    return {match.group(1): kind for match, kind in matches if match}


class Row(dict[str, Any]):
    """A mapping in a list of the record. A field that is not as declared cannot be read, nor a flag or a telling field that is missing."""

    def __init__(self, row: Mapping[str, Any], path: str) -> None:
        super().__init__(row)
        self._path = path

    def get(self, name: str, default: Any = None) -> Any:
        """The field's value, which may be null; CannotSay where it is damaged."""
        kind = fields(self._path).get(name)
        value = super().get(name)
        is_needed = f"{self._path}[].{name}" in _ALWAYS_SAID
        if name not in self and (is_needed or kind == "bool"):
            raise CannotSay(self._path, f"malformed: a row without {name}")
        if (value is None and is_needed) or (value is not None and kind and not _is(value, kind)):
            raise CannotSay(self._path, f"malformed: {name} is {type(value).__name__} where {kind} was expected")
        return value if name in self else default

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise CannotSay(self._path, f"malformed: a row without {name}")
        return self.get(name)


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))


def text_list(fact: str, value: Any) -> list[str]:
    """A list of texts inside of a row; CannotSay where it is anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CannotSay(fact, "malformed: no list of texts in a row")
    return value
