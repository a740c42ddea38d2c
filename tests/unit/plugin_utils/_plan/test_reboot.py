# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a reboot is held."""

from __future__ import annotations

from typing import Any

import golden_record
import pytest
from ansible_collections.firebreak.fleet.plugins.filter.reboot_held import reboot_held
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.reboot import why_held


def record(changes: dict[str, Any]) -> dict[str, Any]:
    return golden_record.golden({f"boot.trust.{name}": value for name, value in changes.items()})


@pytest.mark.parametrize(("changes", "right"), [
    ({}, None),
    ({"next_boot": None}, None),
    ({"mode": "not_efi", "next_boot": None}, None),
    ({"next_boot": "refused", "next_boot_stage": "loader", "next_boot_outcome": "console_box", "next_boot_reason": "grub,4 is below grub,5"},
     "the next boot would be refused (loader, then console box): grub,4 is below grub,5"),
    ({"next_boot": "waits", "next_boot_stage": "mok_manager", "next_boot_outcome": "console_box", "next_boot_reason": "MokNew pending"},
     "the next boot would wait (mok manager, then console box): MokNew pending"),
    ({"modules_refused": [{"module": "zfs", "kernel": "6.1", "signer": None}]},
     "the next boot's kernel would refuse modules that are loaded now: zfs"),
])
def test_a_reboot_is_held_where_the_next_boot_would_not_come_up(changes: dict[str, Any], right: str | None) -> None:
    assert why_held(record(changes)) == right
    assert reboot_held({"record": {"record": record(changes)}}) == right


def test_what_is_no_scan_is_said() -> None:
    with pytest.raises(TypeError, match="platform_scan"):
        reboot_held([])
    assert reboot_held({"record": {}}) is None


def test_a_reboot_is_held_where_the_next_kernel_lacks_what_is_loaded() -> None:
    """A root or data on ZFS, storage and network drivers, GPUs: modules from outside of the kernel's tree."""
    rows = [{"name": "zfs", "in_next_boot": False}, {"name": "nvidia", "in_next_boot": True}, {"name": "x", "in_next_boot": None}]
    assert why_held(golden_record.golden({"kernel.modules": rows})) == "the next boot's kernel lacks modules that are loaded now: zfs"
    assert why_held(golden_record.golden({"kernel.modules": rows[1:]})) is None
