# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A moment that a caller names, or the present one: the only clock of the filters."""

from __future__ import annotations

from datetime import datetime, timezone

from .validation import StandardError


def moment(text: str | None) -> datetime:
    """An ISO 8601 time (UTC unless it says otherwise) as an aware datetime; the present without one."""
    if text is None:
        return datetime.now(timezone.utc)
    try:
        said = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise StandardError(f"now: seen {str(text)[:60]!r}; wanted: an ISO 8601 time such as 2026-11-24T06:00:00Z") from None
    return said if said.tzinfo else said.replace(tzinfo=timezone.utc)
