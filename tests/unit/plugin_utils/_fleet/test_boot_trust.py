# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot trust over the fleet: one word for each state of certificates and each outcome."""

from __future__ import annotations

from typing import Any

import golden_record
import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import boot_trust
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report import machine_rows

BOTH = [{"name": "microsoft_uefi_ca_2011"}, {"name": "microsoft_uefi_ca_2023"}]


def record(changes: dict[str, Any]) -> dict[str, Any]:
    return golden_record.golden({f"boot.trust.{name}": value for name, value in changes.items()})


@pytest.mark.parametrize(("changes", "right"), [
    ({"certificates": BOTH}, ["2011 and 2023"]), ({"certificates": BOTH[:1]}, ["2011"]), ({"certificates": BOTH[1:]}, ["2023"]),
    ({"certificates": [{"name": "Own db"}]}, ["none of Microsoft's"]), ({"certificates": None}, []),
    ({"mode": "not_efi", "certificates": None}, ["not booted by EFI"]),
])
def test_states_of_certificates(changes: dict[str, Any], right: list[str]) -> None:
    assert boot_trust.certificates(record(changes)) == right


@pytest.mark.parametrize(("changes", "right"), [
    ({}, ["allowed (Secure Boot enforced)"]), ({"mode": "off"}, ["allowed (Secure Boot off)"]), ({"next_boot": None}, []),
    ({"mode": "not_efi", "next_boot": None}, ["not booted by EFI"]),
    ({"next_boot": "refused", "next_boot_stage": "mok_manager", "next_boot_outcome": "power_off"}, ["refused: mok manager, then power off"]),
])
def test_outcomes(changes: dict[str, Any], right: list[str]) -> None:
    assert boot_trust.outcome(record(changes)) == right


@pytest.mark.parametrize(("value", "right"), [(True, ["would start"]), (False, ["would not start"]), (None, [])])
def test_who_would_not_start_without_the_certificate_of_2011(value: bool | None, right: list[str]) -> None:
    assert boot_trust.revocation(record({"survives_2011_revocation": value})) == right


def test_a_machine_s_page_says_what_stops_it() -> None:
    seen = record({"next_boot": "refused", "next_boot_stage": "loader", "next_boot_outcome": "console_box", "next_boot_reason": "no .sbat",
                   "modules_refused": [{"module": "zfs", "signer": None}], "revoked_components": [{"path": "/boot/efi/x.efi", "by": "dbx"}]})
    assert list(machine_rows._trust(seen)) == [
        "refused: loader, then console box: no .sbat", "module zfs will be refused: signed by nobody", "/boot/efi/x.efi is revoked by dbx"]
    assert list(machine_rows._trust(record({"mode": "not_efi"}))) == ["not booted by EFI: nobody judges"]
