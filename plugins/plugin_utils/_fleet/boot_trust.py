# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot trust over the fleet: certificates, what the next boot comes to, and who would not start with Microsoft's UEFI CA 2011 revoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .bounded import dig, text_at

_2011, _2023 = "microsoft_uefi_ca_2011", "microsoft_uefi_ca_2023"
Record = Mapping[str, Any]


def certificates(record: Record) -> list[str]:
    """Which of Microsoft's certificates for other loaders the firmware trusts."""
    if text_at(record, "boot.trust.mode") == "not_efi":
        return ["not booted by EFI"]
    rows = dig(record, "boot.trust.certificates")
    if not isinstance(rows, list):
        return []
    names = {text_at(row, "name") for row in rows[:1000]}
    held = [year for year, name in (("2011", _2011), ("2023", _2023)) if name in names]
    return [" and ".join(held) if held else "none of Microsoft's"]


def outcome(record: Record) -> list[str]:
    """What the next boot comes to: allowed, or who stops it and what the machine then does."""
    mode, answer = text_at(record, "boot.trust.mode"), text_at(record, "boot.trust.next_boot")
    if answer not in ("refused", "waits"):
        return [f"{answer} (Secure Boot {mode})"] if answer else ["not booted by EFI"] if mode == "not_efi" else []
    stage, then = text_at(record, "boot.trust.next_boot_stage"), text_at(record, "boot.trust.next_boot_outcome")
    return [f"{answer}: {stage}, then {then}".replace("_", " ")]


def revocation(record: Record) -> list[str]:
    """Whether the host would start with the certificate of 2011 in dbx."""
    answer = dig(record, "boot.trust.survives_2011_revocation")
    return ["would start" if answer else "would not start"] if isinstance(answer, bool) else []
