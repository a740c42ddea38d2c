# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests' files of variables: EDK2's form, what libvirt copies, and the templates. Layouts by EDK2's headers; the answers by packaged files."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi, efi_store
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import guest_trust
from boot_world import IMAGE_SECURITY, SHIM, Machine, certificates, key, level, stored_variable, volume

COPY = "/var/lib/libvirt/qemu/nvram/web01_VARS.fd"
TEMPLATE = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
NV_BS = 3


def secured(*more: bytes) -> bytes:
    owner, trusted = certificates(key("PK")), certificates(key("UEFI CA 2011"))
    return volume(stored_variable("PK", efi.FIRMWARE, owner), stored_variable("db", IMAGE_SECURITY, trusted), *more)


def rows(machine: Machine) -> list[dict[str, Any]]:
    section = Section("hypervisor")
    guest_trust.put(machine, section)
    return list(section.facts["guest_trust"])


def row(data: bytes, path: str = COPY) -> dict[str, Any]:
    return rows(Machine().file(path, data))[0]


def test_a_guest_keeps_what_its_template_once_had() -> None:
    seen = row(secured())
    assert (seen["guest"], seen["mode"], seen["ready_for_2023_shim"], seen["certificates"]) == ("web01", "enforced", False, ["UEFI CA 2011"])


def test_a_template_belongs_to_no_guest() -> None:
    assert (row(secured(), TEMPLATE)["guest"], row(secured(), TEMPLATE)["path"]) == (None, TEMPLATE)


@pytest.mark.parametrize(("data", "mode", "problem"), [
    (b"QFI\xfb" + b"\0" * 500, None, "a qcow2 image, which is not read"),
    (b"\0" * 4096, "setup", "empty: the guest is in setup mode at its first start"),
    (b"\xff" * 4096, "setup", "empty: the guest is in setup mode at its first start"),
    (b"x" * 4096, None, "no firmware volume of variables"),
    (volume(), "setup", None),
], ids=["qcow2", "zeros", "erased", "other", "no owner's key"])
def test_what_is_no_such_file_says_so(data: bytes, mode: str | None, problem: str | None) -> None:
    assert (row(data)["mode"], row(data)["problem"]) == (mode, problem)


def test_shim_s_own_variables_are_seen_from_outside_alone() -> None:
    good = stored_variable("SbatLevel", SHIM, level("2025021800", "shim,4"), NV_BS)
    assert row(secured(good))["sbat_level"] == "2025021800 shim,4"
    # Shim deletes one that a running system could have written (T31).
    assert row(secured(stored_variable("SbatLevel", SHIM, level("2026010100", "shim,5"), 7)))["sbat_level"] is None
    assert row(secured(stored_variable("MokNew", SHIM, b"x"), stored_variable("MokAuth", SHIM, b"x")))["pending"] == ["MokNew"]
    assert row(secured(stored_variable("MokSBState", SHIM, b"\1", NV_BS)))["mode"] == "insecure"
    assert row(secured(stored_variable("SecureBootEnable", "f0a30bc7-af08-4556-99c4-001009c93a44", b"\0", NV_BS)))["mode"] == "off"


def test_deleted_variables_do_not_count() -> None:
    old = stored_variable("db", IMAGE_SECURITY, certificates(key("Old")), state=0x3C)
    assert row(secured(old))["certificates"] == ["UEFI CA 2011"]


def test_a_definition_may_name_another_place() -> None:
    machine = Machine().file("/srv/vars/a.fd", secured())
    document = "<domain type='kvm'><name>db01</name><os><nvram template='/x'>/srv/vars/a.fd</nvram></os></domain>"
    machine.recording["read"]["/etc/libvirt/qemu/db01.xml"] = document
    assert [(each["guest"], each["path"]) for each in rows(machine)] == [("db01", "/srv/vars/a.fd")]


PVE = "/etc/pve/qemu-server/100.conf"
DISK = "efidisk0: local-lvm:vm-100-disk-0,efitype=4m,"


@pytest.mark.parametrize(("disk", "mode", "ready", "said"), [
    (DISK + "ms-cert=2023k,pre-enrolled-keys=1,size=4M", "enforced", True, None),
    (DISK + "ms-cert=2023,pre-enrolled-keys=1,size=4M", "enforced", None, "ms-cert=2023 is not complete, only ms-cert=2023k is"),
    (DISK + "ms-cert=2023w,pre-enrolled-keys=1,size=4M", "enforced", None, "ms-cert=2023w is not complete"),
    (DISK + "ms-cert=2011,pre-enrolled-keys=1,size=4M", "enforced", False, "ms-cert=2011 is not complete"),
    (DISK + "pre-enrolled-keys=1,size=4M", "enforced", False, "no ms-cert is not complete"),
    (DISK + "pre-enrolled-keys=0,size=4M", None, None, "Proxmox enrolled no keys"), ("efidisk0: tank:vm-100-disk-1,size=4M", None, None, "no keys"),
    ("scsi0: local-lvm:vm-100-disk-2", "setup", False, "no efidisk0"),
])
def test_proxmox_s_word_of_its_guests(disk: str, mode: str | None, ready: bool | None, said: str | None) -> None:
    """As qemu-server 9.2.6 writes it; snapshots follow in sections of their own."""
    machine = Machine()
    machine.recording["listdir"]["/etc/pve/qemu-server"] = ["100.conf", "notes.txt"]
    snapshot = "[before]\nbios: ovmf\nefidisk0: x,ms-cert=2023k,pre-enrolled-keys=1\nname: old\n"
    machine.recording["read"][PVE] = f"bios: ovmf\n{disk}\nname: web01\n\n{snapshot}"
    seen, = rows(machine)
    assert (seen["guest"], seen["path"], seen["mode"], seen["ready_for_2023_shim"]) == ("web01", PVE, mode, ready)
    assert seen["problem"] is None if said is None else said in seen["problem"]


def test_proxmox_s_guests_with_a_bios_are_none_and_one_that_is_lost_says_so() -> None:
    machine = Machine()
    machine.recording["listdir"]["/etc/pve/qemu-server"] = ["100.conf", "101.conf"]
    machine.recording["read"].update({PVE: "name: web01\nscsi0: x\n", "/etc/pve/qemu-server/101.conf": {"problem": "needs_root", "detail": "denied"}})
    assert [(row["path"], row["mode"], row["problem"]) for row in rows(machine)] == [
        ("/etc/pve/qemu-server/101.conf", None, "needs_root: denied")]


@pytest.mark.parametrize("path", [
    "/usr/share/AAVMF/AAVMF_VARS.ms.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd", "/usr/share/qemu/ovmf-x86_64-ms-vars.bin",
    "/usr/share/edk2/x64/OVMF_VARS.4m.fd"])
def test_templates_of_each_distribution_are_found(path: str) -> None:
    assert (row(secured(), path)["path"], row(secured(), path)["ready_for_2023_shim"]) == (path, False)


def test_a_template_of_fedora_s_is_a_qcow2_image_and_unknown() -> None:
    seen = row(b"QFI\xfb" + b"\0" * 500, "/usr/share/edk2/ovmf/OVMF_VARS_4M.secboot.qcow2")
    assert (seen["guest"], seen["mode"], seen["problem"]) == (None, None, "a qcow2 image, which is not read")


def test_what_only_root_may_list_is_unknown() -> None:
    machine = Machine()
    machine.recording["listdir"]["/var/lib/libvirt/qemu/nvram"] = {"problem": "needs_root", "detail": "Permission denied"}
    section = Section("hypervisor")
    guest_trust.put(machine, section)
    assert (section.facts["guest_trust"], section.nulls[0]["reason"]) == (None, "needs_root")


def test_a_variable_longer_than_the_store_is_an_error_of_the_reader() -> None:
    data = bytearray(secured())
    data[72 + 28 + 40:72 + 28 + 44] = b"\xff\xff\xff\x7f"
    with pytest.raises(ValueError, match="longer than its store"):
        efi_store.parse(bytes(data))
