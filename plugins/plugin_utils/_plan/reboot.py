# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a reboot must be held: what firmware, shim and kernel would say to the next boot, and what its kernel lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._fleet.bounded import dig, mappings_at, one_line, text_at

# The findings that hold a reboot, whatever else asks for it.
HOLDING = ("boot.trust.next_boot", "boot.trust.modules_refused", "kernel.modules_missing")


def why_held(record: Mapping[str, Any]) -> str | None:
    """The reason, None where nothing is known that would stop the next boot."""
    answer = text_at(record, "boot.trust.next_boot")
    if answer in ("refused", "waits"):
        stage, then = text_at(record, "boot.trust.next_boot_stage"), text_at(record, "boot.trust.next_boot_outcome")
        words = f"the next boot {'would wait' if answer == 'waits' else 'would be refused'} ({stage}, then {then})".replace("_", " ")
        return f"{words}: {one_line(dig(record, 'boot.trust.next_boot_reason'))}"
    refused = [text_at(row, "module") for row in mappings_at(record, "boot.trust.modules_refused")]
    if refused:
        return f"the next boot's kernel would refuse modules that are loaded now: {one_line(refused)}"
    lost = [text_at(row, "name") for row in mappings_at(record, "kernel.modules") if row.get("in_next_boot") is False]
    return f"the next boot's kernel lacks modules that are loaded now: {one_line(lost)}" if lost else None
