# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of a report must fail, each by itself: what a job marks as failed is then what has to be run again."""

from __future__ import annotations

from collections.abc import Sequence

from .._fleet.bounded import counted, visible
from .._fleet.fleet import Fleet, is_drift
from .table import drift_words, silence_words

_NAMED = 50


def failures(fleet: Fleet, fail_on: str) -> dict[str, str]:
    """By host why it fails under ``fail_on`` (never, drift, unknown)."""
    found: dict[str, str] = {}
    for host in fleet.hosts:
        if fail_on in ("drift", "unknown") and any(map(is_drift, host.findings)):
            found[host.name] = drift_words(host)
        elif fail_on == "unknown" and host.verdict in ("unknown", "unreachable"):
            found[host.name] = silence_words(host)
    return found


def unseen(fleet: Fleet, expected: Sequence[str]) -> list[str]:
    """The expected hosts of which nobody left a record."""
    named = set(expected)
    return [host.name for host in fleet.hosts if host.name in named and "no_record" in host.reasons]


def nobody(missing: Sequence[str], expected: Sequence[str]) -> str:
    """Why a report of a part fails: hosts that were to be scanned and were scanned by nobody; '' where there are none."""
    if not missing:
        return ""
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return (f"{len(missing)} of {counted(len(set(expected)), 'expected host')} left no record, so this is the report of a part: "
            f"{', '.join(map(visible, missing[:_NAMED]))}{more}")
