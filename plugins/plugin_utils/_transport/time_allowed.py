# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the scan of a slow host may take, by its own variable. Pure."""

from __future__ import annotations

from typing import Any

from .._standard.variables import SCAN_SECONDS

_LONGEST = 3600
# Seconds beyond the scan's own deadline for connecting, sending and starting.
PATIENCE = 60.0


def time_allowed(seconds: Any, least: float) -> dict[str, int]:
    """The deadlines of a scan and of each of its sections, which gets a third of it; nothing where the host has no word on it."""
    if seconds in (None, ""):
        return {}
    whole = str(seconds).strip().removesuffix(".0")
    if isinstance(seconds, bool) or not whole.isdecimal() or not least <= int(whole) <= _LONGEST:
        raise ValueError(f"{SCAN_SECONDS}: seen {seconds!r}; wanted {least:.0f} to {_LONGEST} seconds")
    return {"deadline": int(whole), "section_deadline": int(whole) // 3}
