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
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust import declared, known
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi
from boot_world import (
    ALLOWED,
    BY_FIRMWARE,
    ESP,
    GRUB_PATH,
    GUID,
    IMAGE_SECURITY,
    KERNEL,
    SHA256,
    SHIM_PATH,
    TBS_SHA256,
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
    sbat,
    sign,
    signature_list,
    tbs_digest,
    vendor_signed,
    verdict,
)
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates

WINDOWS_PATH, REMOVABLE = f"{ESP}/EFI/Microsoft/Boot/bootmgfw.efi", f"{ESP}/EFI/BOOT/BOOTX64.EFI"
CA_2011, CA_2023, WINDOWS = key("UEFI CA 2011"), key("UEFI CA 2023"), key("Windows PCA")
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


def suse(machine: Machine) -> Machine:
    """SUSE's shim looks for names without the machine (shim-arch-independent-names.patch), and stays with them beside others."""
    rows = sbat("shim,4", "shim.sle,1")
    vendor = key("Vendor CA").der
    data = program({".vendor_cert": struct.pack("<IIII", len(vendor), 0, 16, 16 + len(vendor)) + vendor, ".sbat": rows})
    machine.file(f"{ESP}/EFI/sles/shim.efi", sign(data, leaf("leaf 2011"))).boots("\\EFI\\sles\\shim.efi")
    machine.file(f"{ESP}/EFI/sles/grubx64.efi", program({})).file(f"{ESP}/EFI/sles/grub.efi", grub("grub,5"))
    return machine.file(f"{ESP}/EFI/sles/MokManager.efi", vendor_signed(program({".sbat": sbat("shim,4")}, text=b"mm")))


def old_names(machine: Machine) -> Machine:
    """Names of shims before 12 (README.fallback), on the removable path, with a list for fallback.efi."""
    vendor = key("Vendor CA").der
    old = sign(program({".vendor_cert": struct.pack("<IIII", len(vendor), 0, 16, 16 + len(vendor)) + vendor}), leaf("leaf 2011"))
    machine.variable("BootOrder", None, efi.FIRMWARE).file(REMOVABLE, old).files.pop(SHIM_PATH)
    machine.file(f"{ESP}/EFI/BOOT/fallback.efi", vendor_signed(program({}, text=b"fb")))
    machine.file(f"{ESP}/EFI/fedora/shim.efi", old).file(f"{ESP}/EFI/fedora/grubx64.efi", vendor_signed(program({})))
    return machine.file(f"{ESP}/EFI/fedora/BOOT.CSV", "shim.efi,Fedora,,entry\n".encode("utf-16"))


def asks(machine: Machine) -> Machine:
    return machine.variable("MokNew", b"x").variable("MokAuth", b"x")


def split(machine: Machine) -> Machine:
    """A firmware of small variables: shim mirrors its list in several (mok.c, mirror_mok_db)."""
    owner = key("Owner", "")
    machine.variable("MokListRT1", certificates(key("Another owner"))).variable("MokListRT2", certificates(owner))
    return machine.file(KERNEL, sign(program({}, text=b"own"), owner))


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
    ("SUSE's names", suse, ALLOWED),
    ("SUSE's names, a request", lambda m: asks(suse(m)), ALLOWED),
    ("SUSE's names, a request, no MokManager", lambda m: _without(asks(suse(m)), "MokManager"), ("refused", "mok_manager", "power_off")),
    ("names of before 2017, by fallback.efi", old_names, ALLOWED),
    ("the owner's key is in the third part of a list", split, ALLOWED),
    ("the same, a part before it is missing", lambda m: split(m).variable("MokListRT1", None), ("refused", "kernel", "loader_prompt")),
    ("an ARM shim of both certificates, db of 2011", lambda m: for_arm(m, "leaf 2011", "leaf 2023").trusts(CA_2011), ALLOWED),
    ("an ARM shim of 2023 alone (Red Hat's), db of 2011 (Debian's templates)", lambda m: for_arm(m, "leaf 2023").trusts(CA_2011), BY_FIRMWARE),
    ("an ARM shim that nobody signed (Debian 11's)", for_arm, BY_FIRMWARE),
]


@pytest.mark.parametrize(("build", "right"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_next_boot(build: Callable[[Machine], Machine], right: tuple[Any, Any, Any]) -> None:
    section = build(debian()).collected()
    assert verdict(section.facts["trust"]) == right, section.nulls


def _without(machine: Machine, name: str) -> Machine:
    machine.files = {path: data for path, data in machine.files.items() if name not in path}
    return machine


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


REAL = [each.public_bytes(Encoding.DER) for each in load_pem_x509_certificates((Path(__file__).parent / "fixtures/microsoft.pem").read_bytes())]
REAL_2011, REAL_2023, REAL_KEK = REAL


def by_tbs(der: bytes) -> bytes:
    return signature_list(TBS_SHA256, hashlib.sha256(load_der_x509_certificate(der).tbs_certificate_bytes).digest() + b"\0" * 16)


@pytest.mark.parametrize(("trusted", "forbidden", "right"), [
    ([REAL_2011], b"", False), ([REAL_2011, REAL_2023], b"", True), ([REAL_2023], b"", True), ([], b"", False),
    ([REAL_2011, REAL_2023], certificates(REAL_2023), False), ([REAL_2011, REAL_2023], by_tbs(REAL_2023), False),
    ([REAL_2011, REAL_2023], certificates(REAL_2011) + by_tbs(REAL_2011), True),
], ids=["2011", "both", "2023", "none", "2023 in dbx", "2023 in dbx by its digest", "2011 in dbx"])
def test_ready_for_a_shim_of_2023_by_microsoft_s_own_certificates(trusted: list[bytes], forbidden: bytes, right: bool) -> None:
    trust = debian().trusts(*trusted).forbids(forbidden).trust()
    assert trust["ready_for_2023_shim"] is right
    assert {row["name"] for row in trust["certificates"]} <= {"microsoft_uefi_ca_2011", "microsoft_uefi_ca_2023"}


def test_a_kek_of_2023_is_known_by_its_fingerprint() -> None:
    own = key("Microsoft Corporation KEK 2K CA 2023")
    for kek, right in ((REAL_KEK, True), (own.der, False), (REAL_2023, False)):
        trust = debian().variable("KEK", certificates(kek), efi.FIRMWARE).trust()
        assert (trust["kek_2023"], verdict(trust)) == (right, ALLOWED)


def test_what_a_reset_to_the_factory_s_keys_leaves() -> None:
    assert debian().variable("dbDefault", certificates(REAL_2011), efi.FIRMWARE).trust()["factory_certificates"] == ["microsoft_uefi_ca_2011"]
    assert debian().trust()["factory_certificates"] is None


@pytest.mark.parametrize(("folder", "names", "right"), [
    ("/usr/lib64", ["fwupd-1.9.13", "libc.so.6"], "1.9.13"), ("/usr/lib64", ["fwupd-plugins-5"], "1.7 or older"),
    ("/usr/lib/x86_64-linux-gnu", ["fwupd-2.0.9", "fwupd-2.0.20"], "2.0.20"), ("/usr/lib", ["fwupd"], None), ("/usr/lib", [], None)])
def test_the_fwupd_that_is_there(folder: str, names: list[str], right: str | None) -> None:
    machine = debian()
    machine.recording["listdir"][folder] = names
    assert machine.trust()["fwupd"] == right


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


def test_a_kernel_that_a_loader_unpacks_first_is_unknown_on_arm() -> None:
    """Ubuntu's Image.gz: what is signed is in it."""
    machine = for_arm(debian(), "leaf 2011", "leaf 2023").file(KERNEL, b"\x1f\x8b" + b"x" * 5000)
    section = machine.collected()
    assert section.facts["trust"]["next_boot"] is None
    assert "compressed" in next(null["detail"] for null in section.nulls if null["fact"] == "boot.trust.next_boot")


def test_programs_in_folders_within_a_vendor_s_are_shown() -> None:
    """Windows keeps its own in EFI/Microsoft/Boot."""
    machine = debian().file(WINDOWS_PATH, sign(program({}), WINDOWS))
    machine.recording["stat"][f"{ESP}/EFI/Microsoft/Boot"] = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 1]
    assert [row["role"] for row in machine.trust()["components"] if row["path"] == WINDOWS_PATH] == ["windows"]
