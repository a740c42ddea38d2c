# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a command ends, as a number that scripts can rely on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Exit statuses. Of several that fit, the first one of DRIFT, UNKNOWN, UNREACHABLE counts; an error comes before all of them."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    DRIFT = 10
    UNKNOWN = 11
    UNREACHABLE = 12
    PART = 13
    STOPPED = 130


MEANINGS = {
    Exit.DONE: "done; after a scan: every host is on the standard",
    Exit.ERROR: "something went wrong, and standard error says what",
    Exit.USAGE: "the command was typed wrongly",
    Exit.DRIFT: "at least one host breaks a promise of its standard (verify: of which a promise is not proven; answer: that is exposed)",
    Exit.UNKNOWN: "no host is known to drift, but of at least one nobody can tell",
    Exit.UNREACHABLE: "all hosts that could be reached are on the standard, but at least one could not",
    Exit.PART: "a slice broke off: the report is one of a part of the fleet",
    Exit.STOPPED: "stopped by Ctrl-C or SIGTERM",
}


def of_summary(summary: Mapping[str, Any]) -> Exit:
    """The status of a report, by how many hosts have which verdict; a report of nobody is no success."""
    for name, status in (("drifted", Exit.DRIFT), ("unknown", Exit.UNKNOWN), ("unreachable", Exit.UNREACHABLE)):
        if summary.get(name):
            return status
    return Exit.DONE if summary.get("compliant") else Exit.UNKNOWN


def of_answers(states: Mapping[str, Any]) -> Exit:
    """The status of answers, by how many hosts have which: exposed counts as drift, and what nobody can tell as unknown."""
    if states.get("exposed"):
        return Exit.DRIFT
    return Exit.UNKNOWN if states.get("unknown") else Exit.DONE
