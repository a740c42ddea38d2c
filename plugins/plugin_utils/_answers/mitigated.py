# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mitigations of a host's standard mean for a hole: proved in force by the record, or waiting for a reboot. Listed is not in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._mitigations import states
from .._standard.mitigations import Mitigation
from .._standard.validation import StandardError, find_key, read
from .seen import GUEST_KERNEL, Mitigated, Placed

_KEY = "mitigations"


def of_standard(standard: Any) -> tuple[Mitigation, ...]:
    """The mitigations of a standard in force, as a report keeps it; none of one that cannot be read."""
    raw = standard.get(_KEY) if isinstance(standard, Mapping) else None
    if not raw:
        return ()
    try:
        found: tuple[Mitigation, ...] = read(_KEY, find_key(_KEY), raw).value
    except StandardError:
        return ()
    return found


def of_record(mitigations: tuple[Mitigation, ...], record: Mapping[str, Any]) -> tuple[Mitigated, ...]:
    """Which holes a host is kept from, by its record."""
    found = ((one, states.state_of(one, record)) for one in mitigations)
    return tuple(Mitigated(cve, state.state == states.IN_FORCE, state.lasts, state.reason)
                 for one, state in found if state.state in (states.IN_FORCE, states.PENDING) for cve in one.advisory)


def told_of(placed: tuple[Placed, ...], mitigations: tuple[Mitigated, ...]) -> tuple[Placed, ...]:
    """The things of a host with what keeps it from holes. Nothing that a host does to its own kernel reaches the kernels of its sandboxes."""
    if not mitigations:
        return placed
    return tuple(one if one.seen.component == GUEST_KERNEL else one._replace(seen=one.seen._replace(mitigated=mitigations)) for one in placed)
