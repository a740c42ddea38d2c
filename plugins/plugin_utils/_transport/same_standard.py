# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are judged by is worked out once for all of which the inventory says the same without a template: templating a whole standard, and
checking it, costs more than the rest of a host's way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from .._standard.in_force import Effective, is_standard_variable
from .peers import is_same, is_template

# Standards that are kept; a fleet has a few, and a host that is judged by none of them costs its own.
KEPT = 32
# What of a task's arguments takes the place of the inventory's.
ARGUMENTS = ("standard", "standard_overrides", "waivers")


class SameStandard:
    """The standards that are known, each with the raw values that it was made of."""

    def __init__(self) -> None:
        self._known: list[tuple[dict[str, Any], Effective]] = []

    def of(self, variables: Mapping[str, Any], arguments: Mapping[str, Any],
           work_out: Callable[[Mapping[str, Any], Mapping[str, Any]], Effective]) -> Effective:
        """What a host of these variables is judged by under a task's arguments; ``work_out`` makes it of both where it is not known yet."""
        raw = {name: value for name, value in variables.items() if is_standard_variable(name)}
        raw |= {name: arguments.get(name) for name in ARGUMENTS}
        known = next((effective for values, effective in self._known if is_same(values, raw)), None)
        if known is not None:
            return known
        effective = work_out(arguments, variables)
        if is_plain(raw):
            self._known = [*self._known[1 - KEPT:], (raw, effective)]
        return effective


def is_plain(value: Any) -> bool:
    """Whether a raw value means the same for every host: it holds no template, and nothing, such as a secret, that is read when it is used."""
    if isinstance(value, str):
        return not is_template(value)
    if isinstance(value, Mapping):
        return all(is_plain(part) for pair in value.items() for part in pair)
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (int, float, date))
