# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a change before it begins, or a plan before it is made."""


class UnansweredError(Exception):
    """A host did not say what is there: ``reason`` is one of host.PROBLEMS, or of record.REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        Exception.__init__(self, "%s: %s" % (reason, detail))
        self.reason = reason
        self.detail = detail


class Refused(ValueError):  # noqa: N818 - it is an answer to the operator, not a fault
    """What was asked for cannot be done; the message says what was seen and what is wanted."""
