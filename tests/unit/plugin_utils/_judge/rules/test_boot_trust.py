# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of boot trust: what they call drift, what they accept and what they do not know; and the remedy for a firmware's lists."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from golden_record import NOW, golden

DRIFT, FINE, UNKNOWN = "drifted", "compliant", "unknown"


def judged(promise: dict[str, Any], changes: dict[str, Any]) -> Any:
    made = effective({"firebreak_standard": {}, "firebreak_standard_overrides": [{"set": promise, "reason": "test"}]})
    return evaluate(golden(changes), made, NOW)


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    ({"hypervisor.guest_firmware": "forbidden"}, {}, FINE),
    ({"hypervisor.guest_firmware": "forbidden"}, {"hypervisor.guest_trust": None}, UNKNOWN),
    ({"hypervisor.guest_firmware": "forbidden"}, {"hypervisor.guest_trust": [
        {"path": "/x", "guest": "a", "mode": "enforced", "ready_for_2023_shim": False}]}, DRIFT),
    ({"hypervisor.guest_firmware": "forbidden"}, {"hypervisor.guest_trust": [
        {"path": "/x", "guest": "a", "mode": "setup", "ready_for_2023_shim": False}]}, FINE),
    ({"hypervisor.guest_firmware": "forbidden"}, {"hypervisor.guest_trust": [
        {"path": "/x", "guest": "a", "mode": None, "problem": "qcow2"}]}, UNKNOWN),
    ({"hypervisor.guest_firmware": "forbidden"}, {"hypervisor.guest_trust": [
        {"path": "/x", "guest": "a", "mode": "enforced", "ready_for_2023_shim": None, "problem": "not complete"}]}, UNKNOWN),
    ({"boot.trust.mode": "enforced"}, {}, FINE),
    ({"boot.trust.mode": "enforced"}, {"boot.trust.mode": "insecure"}, DRIFT),
    ({"boot.trust.mode": "enforced"}, {"boot.trust.mode": None}, UNKNOWN),
    ({"boot.trust.certificates": ["microsoft_uefi_ca_2023"]}, {}, FINE),
    ({"boot.trust.certificates": ["f6" * 32]}, {}, FINE),
    ({"boot.trust.certificates": ["microsoft_option_rom_uefi_ca_2023"]}, {}, DRIFT),
    ({"boot.trust.certificates": ["microsoft_uefi_ca_2023"]}, {"boot.trust.mode": "not_efi"}, DRIFT),
    ({"boot.trust.certificates": ["microsoft_uefi_ca_2023"]}, {"boot.trust.certificates": None}, UNKNOWN),
    ({"boot.trust.sbat_level": {"minimum": "2025021800"}}, {}, FINE),
    ({"boot.trust.sbat_level": {"minimum": "2025051000"}}, {}, DRIFT),
    ({"boot.trust.sbat_level": {"minimum": "2025021800"}}, {"boot.trust.sbat_level": None}, UNKNOWN),
    ({"boot.trust.sbat_level": {"minimum": "2025021800"}}, {"boot.trust.mode": "off", "boot.trust.sbat_level": None}, DRIFT),
    ({"boot.trust.ready_for_2023_shim": True}, {"boot.trust.ready_for_2023_shim": False}, DRIFT),
    ({"boot.trust.ready_for_2023_shim": True}, {"boot.trust.ready_for_2023_shim": None}, UNKNOWN),
    ({"boot.trust.ready_for_2023_shim": True}, {"boot.trust.mode": "not_efi", "boot.trust.ready_for_2023_shim": None}, FINE),
    ({"boot.trust.survives_2011_revocation": True}, {"boot.trust.survives_2011_revocation": False}, DRIFT),
    ({"boot.trust.next_boot": "forbidden"}, {}, FINE),
    ({"boot.trust.next_boot": "forbidden"}, {"boot.trust.next_boot": "refused"}, DRIFT),
    ({"boot.trust.next_boot": "forbidden"}, {"boot.trust.next_boot": "waits"}, DRIFT),
    ({"boot.trust.next_boot": "forbidden"}, {"boot.trust.next_boot": "perhaps"}, UNKNOWN),
    ({"boot.trust.next_boot": "forbidden"}, {"boot.trust.next_boot": None}, UNKNOWN),
    ({"boot.trust.next_boot": "forbidden"}, {"boot.trust.mode": "not_efi", "boot.trust.next_boot": None}, FINE),
    ({"boot.trust.revoked_components": "forbidden"}, {"boot.trust.revoked_components": [{"path": "/boot/efi/x", "by": "dbx"}]}, DRIFT),
    ({"boot.trust.stale_components": "forbidden"}, {"boot.trust.components": [{"path": "/boot/efi/x", "on_esp_differs": True}]}, DRIFT),
    ({"boot.trust.stale_components": "forbidden"}, {"boot.trust.components": [{"path": "/boot/efi/x", "on_esp_differs": None}]}, FINE),
    ({"boot.trust.pending": "forbidden"}, {"boot.trust.pending": ["MokNew"]}, DRIFT),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.kernels": [{"image": "/boot/vmlinuz-1", "answer": "refused"}]}, DRIFT),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {
        "boot.trust.entry": {"kernel": "/boot/vmlinuz-1"}, "boot.trust.kernels": [{"image": "/boot/vmlinuz-1", "answer": "refused"}]}, FINE),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.kernels": [{"image": "/boot/vmlinuz-1", "answer": "unknown"}]}, UNKNOWN),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {
        "boot.trust.entry": {"kernel": "/boot/vmlinuz-1"}, "boot.trust.kernels": [{"image": "/boot/vmlinuz-1", "answer": "unknown"}]}, FINE),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.fallbacks": [{"path": "/efi/EFI/BOOT/BOOTX64.EFI", "answer": "unknown"}]}, UNKNOWN),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.fallbacks": [
        {"path": "/a", "answer": "unknown"}, {"path": "/b", "answer": "refused"}]}, DRIFT),
    ({"boot.trust.pk_test_key": "forbidden"}, {"boot.trust.kernels": [{"image": "/boot/vmlinuz-1", "answer": "unknown"}]}, FINE),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.fallbacks": [{"path": "/efi/EFI/BOOT/BOOTX64.EFI", "answer": "refused"}]}, DRIFT),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.fallbacks": None}, UNKNOWN),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {
        "boot.trust.kernels": None, "nulls": [{"fact": "boot.trust.kernels", "reason": "not_applicable"}]}, FINE),
    ({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.mode": "not_efi", "boot.trust.fallbacks": None}, FINE),
    ({"boot.trust.modules_refused": "forbidden"}, {"boot.trust.modules_refused": [{"module": "zfs", "kernel": "6.1", "signer": None}]}, DRIFT),
    ({"boot.trust.modules_refused": "forbidden"}, {"boot.trust.modules_refused": None}, UNKNOWN),
    ({"boot.trust.pk_test_key": "forbidden"}, {"boot.trust.pk_test_key": True}, DRIFT),
])
def test_boot_trust(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


@pytest.mark.parametrize(("under", "fwupd", "said"), [
    ("none", "2.0.20", "run fwupdmgr (2.0.10 or newer) for KEK and db."), ("none", None, "run fwupdmgr (2.0.10 or newer) for KEK and db."),
    ("none", "1.9.13", "The fwupd here is 1.9.13: it has no way to do that."), ("google", "1.7 or older", "The fwupd here is 1.7 or older"),
    ("kvm", "1.9.13", "A newer OVMF changes no guest that is there."), ("vmware", None, "On vSphere"), ("xen", None, "XCP-ng"),
    ("microsoft", None, "KB5085395"), ("amazon", None, "UefiData"), ("bhyve", None, "Update the firmware, or db with fwupdmgr (2.0.10 or newer)."),
])
def test_the_remedy_for_a_firmware_s_lists_names_the_way_of_its_place(under: str, fwupd: str | None, said: str) -> None:
    """Google's guide to the expiration of the certificates: RHEL 8 and 9 have fwupd 1.7 and 1.9, which have no plugin for KEK and db."""
    changes: dict[str, Any] = {"hypervisor.under": under, "boot.trust.fwupd": fwupd}
    changes.update({"boot.trust.ready_for_2023_shim": False, "boot.trust.certificates": []})
    found = judged({"boot.trust.ready_for_2023_shim": True, "boot.trust.certificates": ["microsoft_uefi_ca_2023"]}, changes).findings
    remedies = [finding["remedy"] for finding in found if finding["promise"]]
    assert len(remedies) == 2 and all(said in remedy for remedy in remedies)


def test_a_fallback_that_cannot_be_judged_is_named_with_its_reason() -> None:
    rows = [{"image": "/boot/vmlinuz-1", "answer": "allowed"}, {"image": "/boot/vmlinuz-2", "answer": "unknown", "reason": "not readable"}]
    verdict = judged({"boot.trust.refused_fallbacks": "forbidden"}, {"boot.trust.kernels": rows})
    assert "/boot/vmlinuz-2: not readable" in str(verdict)
