# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines beside the usual ones: shims before SBAT, Windows first, several partitions, firmware of 32 bits, lists that hold more than digests.

Sources: shim's and EDK2's texts, the names and digests of microsoft/secureboot_objects, fwupd's and systemd's documentation of their variables.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust import declared, known
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi
from boot_world import (
    ESP,
    GUID,
    IMAGE_SECURITY,
    SHA256,
    X509,
    Key,
    Machine,
    certificates,
    debian,
    debian_shim,
    grub,
    key,
    leaf,
    level,
    option,
    program,
    sign,
    signature_list,
    tbs_digest,
    vendor_signed,
    verdict,
)

SHIM_PATH, GRUB_PATH = f"{ESP}/EFI/debian/shimx64.efi", f"{ESP}/EFI/debian/grubx64.efi"
WINDOWS_PATH, REMOVABLE = f"{ESP}/EFI/Microsoft/Boot/bootmgfw.efi", f"{ESP}/EFI/BOOT/BOOTX64.EFI"
CA_2011, CA_2023, WINDOWS = key("UEFI CA 2011"), key("UEFI CA 2023"), key("Windows PCA")
ALLOWED = ("allowed", None, None)
BY_FIRMWARE = ("refused", "firmware", "next_entry")
BY_SHIM_LOADER = ("refused", "loader", "console_box")
AT_SETUP = ("waits", "firmware", "console_box")
SECOND = "/boot/efi2"


def before_sbat(machine: Machine) -> Machine:
    """A shim of 2015 to 2020, such as RHEL's 15 or openSUSE's 0.9, and a GRUB of that time: no .sbat in either."""
    vendor = key("Vendor CA").der
    old = sign(program({".vendor_cert": struct.pack("<IIII", len(vendor), 0, 16, 16 + len(vendor)) + vendor}, text=b"shim 0.9"), leaf("leaf 2011"))
    return machine.file(SHIM_PATH, old).file(GRUB_PATH, vendor_signed(program({}, text=b"grub 2.02")))


def windows_first(machine: Machine) -> Machine:
    return machine.boots("\\EFI\\Microsoft\\Boot\\bootmgfw.efi").file(WINDOWS_PATH, sign(program({}), WINDOWS))


def dated(machine: Machine) -> Machine:
    return machine.forbids(tbs_digest(CA_2011)[:-16] + b"\xe8\x07\1\1" + b"\0" * 12)


def padded(*keys: Key) -> bytes:
    """One list of several certificates: they must be of one size."""
    size = max(len(each.der) for each in keys)
    return signature_list(X509, *[each.der.ljust(size, b"\0") for each in keys])


def set_once(machine: Machine, active: int) -> Machine:
    """BootNext names an entry of the order that is switched off."""
    machine.variable("BootOrder", struct.pack("<HH", 1, 7), efi.FIRMWARE).variable("BootNext", struct.pack("<H", 7), efi.FIRMWARE)
    machine.variable("Boot0007", option("\\EFI\\old\\shimx64.efi", active=active), efi.FIRMWARE)
    return machine.file(f"{ESP}/EFI/old/shimx64.efi", debian_shim(()))


def to_setup(machine: Machine, bits: int = 1) -> Machine:
    return machine.variable("OsIndications", struct.pack("<Q", bits), efi.FIRMWARE)


def for_arm(machine: Machine, *signers: str) -> Machine:
    machine.recording["uname"][4] = "aarch64"
    machine.file(f"{ESP}/EFI/debian/shimaa64.efi", debian_shim(signers, machine=0xAA64)).boots("\\EFI\\debian\\shimaa64.efi")
    return machine.file(f"{ESP}/EFI/debian/grubaa64.efi", grub("grub,5"))


CASES: list[tuple[str, Callable[[Machine], Machine], tuple[Any, Any, Any]]] = [
    ("shim and GRUB before SBAT", before_sbat, ALLOWED),
    ("the same, with a level that a newer shim left", lambda m: before_sbat(m).variable("SbatLevelRT", level("2026010100", "grub,6")), ALLOWED),
    ("the same, and nobody signed GRUB", lambda m: before_sbat(m).file(GRUB_PATH, program({})), BY_SHIM_LOADER),
    ("a vendor's own generation", lambda m: m.variable("SbatLevelRT", level("2026010100", "shim,4", "grub.debian,6")), BY_SHIM_LOADER),
    ("another vendor's generation", lambda m: m.variable("SbatLevelRT", level("2026010100", "shim,4", "grub.rh,9")), ALLOWED),
    ("a GRUB above the level", lambda m: m.file(GRUB_PATH, grub("grub,7", "grub.debian,5")), ALLOWED),
    ("dbx has the sha256sum of shim, which is no digest of Authenticode", lambda m: m.forbids(
        signature_list(SHA256, hashlib.sha256(debian_shim()).digest())), ALLOWED),
    ("a revocation by TBS digest with a date, nobody stamps", dated, ALLOWED),
    ("the same, shim signed by 2011 alone", lambda m: dated(m).file(SHIM_PATH, debian_shim(("leaf 2011",))), BY_FIRMWARE),
    ("two certificates in one list of db, shim is of the second", lambda m: m.file(SHIM_PATH, debian_shim(("leaf 2023",))).variable(
        "db", padded(key("UEFI CA 9999"), CA_2023), IMAGE_SECURITY), ALLOWED),
    ("the owner's key is a placeholder", lambda m: m.variable("PK", signature_list(X509, b"NULL signature".ljust(32)), efi.FIRMWARE), ALLOWED),
    ("the owner's key is a test key", lambda m: m.variable("PK", certificates(key("DO NOT TRUST - AMI Test PK")), efi.FIRMWARE), ALLOWED),
    ("Windows first, its certificate not in db", windows_first, BY_FIRMWARE),
    ("Windows first, its certificate in dbx", lambda m: windows_first(m).trusts(CA_2011, WINDOWS).forbids(certificates(WINDOWS)), BY_FIRMWARE),
    ("BootNext to an entry that is switched off", lambda m: set_once(m, 0), BY_FIRMWARE),
    ("the firmware's own setup was asked for", to_setup, AT_SETUP),
    ("the same with Secure Boot off", lambda m: to_setup(m).variable("SecureBoot", b"\0", efi.FIRMWARE), AT_SETUP),
    ("the same, and the partition is not mounted", lambda m: _mounts(to_setup(m), "1 0 8:2 / / rw - ext4 /dev/vda1 rw\n"), AT_SETUP),
    ("the firmware was told of a capsule", lambda m: to_setup(m, 4), ALLOWED),
    ("an ARM shim of both certificates, db of 2011", lambda m: for_arm(m, "leaf 2011", "leaf 2023").trusts(CA_2011), ALLOWED),
    ("an ARM shim of 2023 alone (Red Hat's), db of 2011 (Debian's templates)", lambda m: for_arm(m, "leaf 2023").trusts(CA_2011), BY_FIRMWARE),
    ("an ARM shim that nobody signed (Debian 11's)", for_arm, BY_FIRMWARE),
]


@pytest.mark.parametrize(("build", "right"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_next_boot(build: Callable[[Machine], Machine], right: tuple[Any, Any, Any]) -> None:
    section = build(debian()).collected()
    assert verdict(section.facts["trust"]) == right, section.nulls


def _mounts(machine: Machine, text: str) -> Machine:
    machine.recording["read"]["/proc/1/mountinfo"] = text
    return machine


def test_a_firmware_s_own_setup_is_a_request_that_waits() -> None:
    assert (to_setup(debian()).trust()["pending"], to_setup(debian(), 4).trust()["pending"]) == (["OsIndications"], [])
    assert debian().variable("SSPPolicy", b"\2").trust()["pending"] == ["SSPPolicy"]


def test_cards_are_not_judged_by_a_firmware_that_judges_alone() -> None:
    for machine in (debian(), debian().variable("MokSBStateRT", b"\1")):
        assert "option ROMs" in machine.trust()["next_boot_reason"]


def test_a_certificate_that_calls_itself_as_a_known_one_is_not_taken_for_it() -> None:
    trust = debian().trusts(CA_2011, key("microsoft_uefi_ca_2023")).trust()
    assert [row["name"] for row in trust["certificates"]] == ["UEFI CA 2011", trust["certificates"][1]["sha256"][:16]]
    assert trust["ready_for_2023_shim"] is False


@pytest.mark.parametrize(("kek", "right"), [((), False), (("Microsoft Corporation KEK 2K CA 2023",), False)])
def test_a_kek_of_2023_is_known_by_its_fingerprint(kek: tuple[str, ...], right: bool) -> None:
    trust = debian().variable("KEK", certificates(*[key(name) for name in kek]), efi.FIRMWARE).trust()
    assert (trust["kek_2023"], [row["name"] for row in trust["kek"]], verdict(trust)) == (right, list(kek), ALLOWED)


MICROSOFT_S = [(machine, next(iter(sorted(known.revoked(machine))))) for machine in ("x64", "ia32", "aa64", "arm")]


def test_microsoft_s_revocations_are_those_of_the_program_s_machine() -> None:
    assert {machine: len(known.revoked(machine)) for machine, _digest in MICROSOFT_S} == {"x64": 443, "ia32": 94, "aa64": 26, "arm": 110}
    for machine, digest in MICROSOFT_S:
        told = sign(program({}, machine={"x64": 0x8664, "ia32": 0x14C, "aa64": 0xAA64, "arm": 0x1C2}[machine]), leaf("leaf 2011"),
                    digest=digest.ljust(32, b"\0"))
        host = debian().file(f"{ESP}/EFI/old/shim.efi", told)
        assert [(row["path"], row["by"]) for row in host.trust()["revoked_components"]] == [(f"{ESP}/EFI/old/shim.efi", "microsoft_dbx")]
    other = sign(program({}, machine=0xAA64), leaf("leaf 2011"), digest=MICROSOFT_S[0][1].ljust(32, b"\0"))
    assert debian().file(f"{ESP}/EFI/old/shim.efi", other).trust()["revoked_components"] == []


def test_which_of_microsoft_s_are_missing_is_told_not_a_date() -> None:
    held = signature_list(SHA256, *[digest.ljust(32, b"\0") for digest in sorted(known.revoked("x64"))[:3]])
    assert debian().forbids(held).trust()["dbx"]["missing"] == 440


def test_versions_of_windows_in_dbx_are_no_digests_of_files() -> None:
    """As in dbx_info_msft_latest.json: bootmgfw 7.0, cdboot 3.0, wdsmgfw 3.0."""
    entries = [bytes.fromhex(start).ljust(32, b"\0") for start in (
        "01612b139dd5598843ab1c185c3cb2eb9200000700", "019d2ef8e827e15841a4884c18abe2f28400000300", "01c2ca99c9fe7f6f4981279e2a8a53597600000300")]
    dbx = debian().forbids(signature_list(SHA256, b"\1" * 32, *entries)).trust()["dbx"]
    assert (dbx["digests"], dbx["windows_versions"]) == (1, ["bootmgfw 7.0", "cdboot 3.0", "wdsmgfw 3.0"])


def two_disks() -> Machine:
    """A mirror: the same system on two partitions, the firmware's entry names the first."""
    machine = debian()
    machine.recording["read"]["/proc/1/mountinfo"] += f"9 0 8:9 / {SECOND} rw - vfat /dev/vdb15 rw\n"
    machine.recording["realpath"][f"/dev/disk/by-partuuid/{GUID}"] = "/dev/vda15"
    machine.recording["listdir"]["/dev/disk/by-partuuid"] = [GUID]
    return machine.file(f"{SECOND}/EFI/debian/shimx64.efi", debian_shim(("leaf 2011",), version="15.4"))


def test_the_other_disk_of_a_mirror_is_shown_and_judged_apart() -> None:
    trust = two_disks().trusts(CA_2023).trust()
    assert (verdict(trust), trust["entry"]["shim"]) == (ALLOWED, SHIM_PATH)
    assert {row["path"] for row in trust["components"] if row["role"] == "shim"} == {SHIM_PATH, f"{SECOND}/EFI/debian/shimx64.efi"}
    assert [(row["path"], row["answer"]) for row in trust["fallbacks"]] == [(f"{SECOND}/EFI/debian/shimx64.efi", "refused")]
    assert [row["answer"] for row in two_disks().trust()["fallbacks"]] == ["allowed"]


def test_what_a_firmware_without_entries_takes_is_judged_apart() -> None:
    host = debian().trusts(CA_2023).file(REMOVABLE, debian_shim(("leaf 2011",), version="15.4"))
    assert (verdict(host.trust()), [(row["path"], row["answer"]) for row in host.trust()["fallbacks"]]) == (ALLOWED, [(REMOVABLE, "refused")])
    assert debian().trust()["fallbacks"] == []
    broken = debian().file(REMOVABLE, b"MZ" + b"\xff" * 300).trust()
    assert [row["answer"] for row in broken["fallbacks"]] == ["refused"]


def test_a_firmware_of_32_bits_starts_programs_of_32_bits() -> None:
    """Tablets and old Macs: a kernel of 64 bits behind a GRUB of 32."""
    host = debian().variable("BootOrder", None, efi.FIRMWARE)
    host.recording["read"]["/sys/firmware/efi/fw_platform_size"] = "32\n"
    host.file(f"{ESP}/EFI/BOOT/BOOTIA32.EFI", debian_shim(machine=0x14C)).file(f"{ESP}/EFI/BOOT/grubia32.efi", grub("grub,5"))
    assert (verdict(host.trust()), host.trust()["entry"]["shim"]) == (ALLOWED, f"{ESP}/EFI/BOOT/BOOTIA32.EFI")
    assert host.trust()["dbx"]["missing"] == 94


@pytest.mark.parametrize(("path", "name"), [
    ("/sys/firmware/ipl/has_secure", "IBM Z"), ("/sys/firmware/secvar", "POWER"), ("/sys/firmware/acpi", "BIOS")])
def test_machines_without_efi_are_named(path: str, name: str) -> None:
    machine = debian().file(path, b"1")
    machine.variables = {}
    section = machine.collected()
    assert section.facts["trust"]["mode"] == "not_efi" and name in section.evidence["boot.trust.mode"]


def test_a_container_has_no_next_boot() -> None:
    section = debian().collected("podman")
    assert (section.facts["trust"], [null["reason"] for null in section.nulls]) == (None, ["in_container"])
    assert "trust.fallbacks" in [fact.path for fact in declared.TRUST_FACTS]


def test_a_kernel_that_waits_in_kexec_is_told() -> None:
    machine = debian()
    machine.recording["read"].update({"/sys/kernel/kexec_loaded": "1\n"})
    trust = machine.collected(facts={"kexec_loaded": True}).facts["trust"]
    assert "the boot after" in trust["next_boot_reason"]


def test_a_level_by_its_own_file_where_a_revocation_s_digest_is_of_another_kind() -> None:
    """A dbx may name certificates by SHA-384 and SHA-512 as well (UEFI 2.10, 32.4.1)."""
    digest = hashlib.sha384(CA_2011.certificate.tbs_certificate_bytes).digest()
    longer = signature_list("7076876e-80c2-4ee6-aad2-28b349a6865b", digest + b"\0" * 16)
    assert verdict(debian().forbids(longer).file(SHIM_PATH, debian_shim(("leaf 2011",))).trust()) == BY_FIRMWARE
