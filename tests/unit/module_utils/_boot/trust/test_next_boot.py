# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who lets the next boot start, and what happens if not. The right answers were seen on serial consoles: Debian's signed packages under OVMF.

The numbers (T04, M1 ...) are those of these trials; the sources of a rule that was not tried are shim's and EDK2's texts and public threads.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.trust import facts
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer, Run
from boot_world import (
    ALLOWED,
    BY_FIRMWARE,
    ESP,
    GRUB_PATH,
    IMAGE_SECURITY,
    KERNEL,
    SHA256,
    SHIM_PATH,
    X509,
    Machine,
    authenticode,
    carried,
    certificates,
    debian,
    debian_shim,
    grub,
    kernel,
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

FALLBACK_PATH = f"{ESP}/EFI/BOOT/BOOTX64.EFI"
BY_SHIM_LOADER = ("refused", "loader", "console_box")
BY_SHIM_KERNEL = ("refused", "kernel", "loader_prompt")
POWER_OFF = ("refused", "shim", "power_off")
CA_2011, CA_2023 = key("UEFI CA 2011"), key("UEFI CA 2023")
OLD_LEVEL, OLD_LATEST = level("2024010900", "shim,4", "grub,3"), level("2024040900", "shim,4", "grub,4", "grub.peimage,2")
OLD_SHIM = debian_shim(("leaf 2011",), OLD_LEVEL, OLD_LATEST, version="15.8")
MODULES_ONLY = "1.3.6.1.4.1.2312.16.1.2"


def forbidden(data: bytes) -> bytes:
    return signature_list(SHA256, authenticode(data))


def with_old_shim(machine: Machine) -> Machine:
    return machine.file(SHIM_PATH, OLD_SHIM).variable("SbatLevelRT", OLD_LEVEL)


def owned(machine: Machine, **changes: Any) -> Machine:
    """A kernel that the machine's owner signed, and his key enrolled."""
    owner = key("Owner", "", **changes)
    machine.variable("MokListRT", certificates(key("Vendor CA"), owner)).variable("MokListTrustedRT", b"\1")
    return machine.file(KERNEL, sign(program({}, text=b"own"), owner))


def asks(machine: Machine, name: str = "MokNew") -> Machine:
    return machine.variable(name, b"x").variable("MokAuth", b"x")


def off(machine: Machine) -> Machine:
    return machine.variable("SecureBoot", b"\0", efi.FIRMWARE)


def in_place_of(machine: Machine, path: str, data: bytes) -> Machine:
    return machine.file(path, data)


def two_signers(machine: Machine) -> Machine:
    """A kernel of two signers, one of them forbidden."""
    other = key("Other CA")
    machine.variable("MokListXRT", certificates(other)).variable("MokListRT", certificates(key("Vendor CA"), other))
    return machine.file(KERNEL, sign(program({}, text=b"twice"), other, leaf("Vendor signer")))


def removable(machine: Machine) -> Machine:
    machine.files = {name.replace("/debian/shimx64.efi", "/BOOT/BOOTX64.EFI").replace("/debian/", "/BOOT/"): data
                     for name, data in machine.files.items()}
    return machine.boots("\\EFI\\BOOT\\BOOTX64.EFI")


def by_loader(machine: Machine, magic: bytes = b"#### LoaderInfo: systemd-boot 252 ####") -> Machine:
    """systemd-boot behind shim."""
    machine.recording["read"].pop("/boot/grub/grub.cfg")
    machine.recording["read"][f"{ESP}/loader/entries/debian.conf"] = "title Debian\nversion 6.1\nlinux /debian/vmlinuz\n"
    machine.file(f"{ESP}/EFI/systemd/systemd-bootx64.efi", b"")
    loader = vendor_signed(program({".sdmagic": magic, ".sbat": sbat("systemd-boot,1")}))
    machine.variable("LoaderInfo", "systemd-boot 252\0".encode("utf-16-le"), efi.BOOT_LOADER)
    machine.variable("BootCurrent", b"\1\0", efi.FIRMWARE)
    return machine.file(GRUB_PATH, loader).file(f"{ESP}/debian/vmlinuz", kernel())


def own_keys(machine: Machine) -> Machine:
    """db is the owner's alone; the firmware starts his unified image."""
    machine.trusts(key("Own db")).boots("\\EFI\\Linux\\debian.efi").variable("SbatLevelRT", None).variable("MokListRT", None)
    return machine.file(f"{ESP}/EFI/Linux/debian.efi", sign(program({".linux": b"kernel"}), key("Own db")))


def fwupd(machine: Machine, generation: int = 1) -> Machine:
    """A firmware update waits: shim is told to start another second stage."""
    machine.variable("BootNext", struct.pack("<H", 7), efi.FIRMWARE)
    machine.variable("Boot0007", option("\\EFI\\debian\\shimx64.efi", "\\fwupdx64.efi\0"), efi.FIRMWARE)
    return machine.file(f"{ESP}/EFI/debian/fwupdx64.efi", vendor_signed(program({".sbat": sbat(f"fwupd-efi,{generation}")})))


def revocations(machine: Machine) -> Machine:
    part = program({".sbata": level("2026010100", "grub,6"), ".sbatl": level("2026010100", "grub,6")})
    return machine.file(f"{ESP}/EFI/debian/revocations_sbat.efi", vendor_signed(part))


DAMAGED = bytes([*debian_shim()[:0x410], debian_shim()[0x410] ^ 1, *debian_shim()[0x411:]])

CASES: list[tuple[str, Callable[[Machine], Machine], tuple[Any, Any, Any]]] = [
    ("T01 db of 2011, shim signed twice", lambda m: m.trusts(CA_2011), ALLOWED),
    ("T02 db of 2011, old shim", lambda m: with_old_shim(m.trusts(CA_2011)), ALLOWED),
    ("T03 db of 2023, old shim", lambda m: with_old_shim(m.trusts(CA_2023)), BY_FIRMWARE),
    ("T04 db of 2023, shim signed twice", lambda m: m.trusts(CA_2023), ALLOWED),
    ("T05 dbx has the certificate of 2011: the good second signature does not help", lambda m: m.forbids(certificates(CA_2011)), BY_FIRMWARE),
    ("dbx has the certificate of 2023, the second signer", lambda m: m.forbids(certificates(CA_2023)), BY_FIRMWARE),
    ("T06 dbx has shim", lambda m: m.forbids(forbidden(debian_shim())), BY_FIRMWARE),
    ("T07 dbx has GRUB", lambda m: m.forbids(forbidden(grub("grub,5", "grub.debian,5"))), BY_SHIM_LOADER),
    ("T08 dbx has the kernel", lambda m: m.forbids(forbidden(kernel())), BY_SHIM_KERNEL),
    ("MokListXRT has GRUB", lambda m: m.variable("MokListXRT", forbidden(grub("grub,5", "grub.debian,5"))), BY_SHIM_LOADER),
    ("T09 the level asks for another GRUB", lambda m: m.variable("SbatLevelRT", level("2026010100", "grub,6")), BY_SHIM_LOADER),
    ("T10 the level asks for another shim", lambda m: m.variable("SbatLevelRT", level("2026010100", "shim,5")), POWER_OFF),
    ("T11 a new shim raises the level above an old GRUB", lambda m: m.variable("SbatLevelRT", OLD_LEVEL).file(GRUB_PATH, grub("grub,4")),
     BY_SHIM_LOADER),
    ("T12 old shim, old GRUB", lambda m: with_old_shim(m).file(GRUB_PATH, grub("grub,4")), ALLOWED),
    ("T13 SbatPolicy latest", lambda m: with_old_shim(m).file(GRUB_PATH, grub("grub,4", "grub.peimage,1")).variable("SbatPolicy", b"\1"),
     BY_SHIM_LOADER),
    ("SbatPolicy latest, GRUB without that part", lambda m: with_old_shim(m).file(GRUB_PATH, grub("grub,4")).variable("SbatPolicy", b"\1"), ALLOWED),
    ("SbatPolicy automatic", lambda m: with_old_shim(m).file(GRUB_PATH, grub("grub,4", "grub.peimage,1")).variable("SbatPolicy", b"\2"), ALLOWED),
    ("a level of the same date is kept", lambda m: m.variable("SbatLevelRT", level("2025021800", "grub,3")).file(GRUB_PATH, grub("grub,4")), ALLOWED),
    ("no level yet: shim writes its own", lambda m: m.variable("SbatLevelRT", None).file(GRUB_PATH, grub("grub,4")), BY_SHIM_LOADER),
    ("the level that shim brings would revoke it (sbat.c)",
     lambda m: m.file(SHIM_PATH, debian_shim(generation=3)).variable("SbatLevelRT", OLD_LEVEL), POWER_OFF),
    ("a file of revocations beside shim", revocations, BY_SHIM_LOADER),
    ("such a file that nobody signed", lambda m: revocations(m).file(f"{ESP}/EFI/debian/revocations_sbat.efi", program(
        {".sbata": level("2026010100", "grub,6"), ".sbatl": level("2026010100", "grub,6")})), ALLOWED),
    ("T14 db of another", lambda m: m.trusts(key("Snakeoil")), BY_FIRMWARE),
    ("T15 a kernel that nobody signed", lambda m: m.file(KERNEL, program({})), BY_SHIM_KERNEL),
    ("a kernel that is no program", lambda m: m.file(KERNEL, b"\x1f\x8b" + b"x" * 5000), BY_SHIM_KERNEL),
    ("T16 the owner's kernel, his key enrolled", owned, ALLOWED),
    ("T17 the owner's kernel, his key not enrolled", lambda m: owned(m).variable("MokListRT", certificates(key("Vendor CA"))), BY_SHIM_KERNEL),
    ("T18 a request with MokManager: ten seconds, then it is gone", asks, ALLOWED),
    ("T19 Secure Boot off, a request, no MokManager", lambda m: _without(off(asks(m)), "mmx64"), ("refused", "mok_manager", "power_off")),
    ("the same, enforced", lambda m: _without(asks(m), "mmx64"), ("refused", "mok_manager", "power_off")),
    ("T30 the same on the removable path", lambda m: _without(removable(asks(m)), "mmx64"), ("refused", "mok_manager", "reset_loop")),
    ("T33 a request without a time limit", lambda m: asks(m).variable("MokTimeout", b"\xff\xff"), ("waits", "mok_manager", "console_box")),
    ("the same with Secure Boot off", lambda m: off(asks(m)).variable("MokTimeout", b"\xff\xff"), ("waits", "mok_manager", "console_box")),
    ("a request and a password of MokManager (MokManager.c)", lambda m: asks(m).variable("MokPWStore", b"x"),
     ("waits", "mok_manager", "console_box")),
    ("no time limit, and no request", lambda m: m.variable("MokTimeout", b"\xff\xff"), ALLOWED),
    ("SbatPolicy alone starts no MokManager", lambda m: _without(m.variable("SbatPolicy", b"\2"), "mmx64"), ALLOWED),
    ("T20 Secure Boot off", lambda m: off(m).file(KERNEL, program({})), ALLOWED),
    ("T21 setup mode", lambda m: off(m).variable("SetupMode", b"\1", efi.FIRMWARE).file(KERNEL, program({})), ALLOWED),
    ("T25 dbx has the certificate of 2011 by its TBS digest", lambda m: m.forbids(tbs_digest(CA_2011)), ALLOWED),
    ("T40 the same, shim signed by 2011 alone", lambda m: with_old_shim(m).forbids(tbs_digest(CA_2011)), BY_FIRMWARE),
    ("T41 dbx has the signer itself by its TBS digest", lambda m: m.forbids(tbs_digest(leaf("leaf 2011"))), BY_FIRMWARE),
    ("T27 db has shim's digest alone", lambda m: m.variable("db", forbidden(debian_shim()), IMAGE_SECURITY), ALLOWED),
    ("a shim that nobody signed, its digest in db", lambda m: m.file(SHIM_PATH, debian_shim(())).variable(
        "db", forbidden(debian_shim(())), IMAGE_SECURITY), ALLOWED),
    ("a shim that nobody signed", lambda m: m.file(SHIM_PATH, debian_shim(())), BY_FIRMWARE),
    ("T28 a kernel as second stage, without generations", lambda m: m.file(GRUB_PATH, kernel()), BY_SHIM_LOADER),
    ("T29 systemd-boot behind shim", by_loader, ALLOWED),
    ("systemd-boot behind shim, a kernel that nobody signed", lambda m: by_loader(m).file(f"{ESP}/debian/vmlinuz", program({})),
     ("refused", "kernel", "next_entry")),
    ("T34 a kernel of two signers, one forbidden: shim passes over that one", two_signers, ALLOWED),
    ("T36 a key for modules alone signs the kernel", lambda m: owned(m, uses=(MODULES_ONLY,)), BY_SHIM_KERNEL),
    ("T37 BootNext leads nowhere", lambda m: m.variable("BootNext", b"\x99\0", efi.FIRMWARE), ALLOWED),
    ("T38 shim's own switch", lambda m: m.variable("MokSBStateRT", b"\1").file(KERNEL, program({})), ALLOWED),
    ("shim's own switch does not bind the firmware", lambda m: m.variable("MokSBStateRT", b"\1").trusts(key("Snakeoil")), BY_FIRMWARE),
    ("T43 one bit of shim turned", lambda m: m.file(SHIM_PATH, DAMAGED), BY_FIRMWARE),
    ("T44 eight bytes behind the signatures", lambda m: m.file(SHIM_PATH, debian_shim() + b"\0" * 8), BY_FIRMWARE),
    ("own keys, unified image by the firmware", own_keys, ALLOWED),
    ("own keys, the image is another's", lambda m: own_keys(m).trusts(key("Another")), BY_FIRMWARE),
    ("a firmware update waits", fwupd, ALLOWED),
    ("a firmware update waits that nobody trusts", lambda m: fwupd(m).file(f"{ESP}/EFI/debian/fwupdx64.efi", program({".sbat": sbat("fwupd-efi,1")})),
     BY_SHIM_LOADER),
    ("only the first certificate of a list counts for shim (verify.c)",
     lambda m: owned(m).variable("MokListRT", signature_list(X509, key("Vendor CA").der, _padded(key("Owner").der, key("Vendor CA").der))),
     BY_SHIM_KERNEL),
]


def _without(machine: Machine, name: str) -> Machine:
    machine.files = {path: data for path, data in machine.files.items() if name not in path}
    return machine


def _padded(data: bytes, like: bytes) -> bytes:
    assert len(data) <= len(like)
    return data.ljust(len(like), b"\0")


@pytest.mark.parametrize(("build", "right"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_next_boot_is_what_the_console_showed(build: Callable[[Machine], Machine], right: tuple[Any, Any, Any]) -> None:
    section = build(debian()).collected()
    assert verdict(section.facts["trust"]) == right, section.nulls


def unknown(machine: Machine, fact: str = "next_boot") -> str:
    section = machine.collected()
    assert section.facts["trust"][fact] is None
    return next(f"{null['reason']}: {null['detail']}" for null in section.nulls if null["fact"] == f"boot.trust.{fact}")


def dated(machine: Machine) -> Machine:
    """A revocation with a date, and a list of those who stamp."""
    machine.forbids(tbs_digest(CA_2011)[:-16] + b"\xe8\x07\1\1" + b"\0" * 12)
    return machine.variable("dbt", certificates(key("Stamp")), IMAGE_SECURITY)


UNKNOWN: list[tuple[str, Callable[[Machine], Machine], str]] = [
    ("a revocation with a date, and dbt", dated, "unsupported"),
    ("the partition is not mounted", lambda m: _mounted(m, "1 0 8:2 / / rw - ext4 /dev/vda1 rw\n"), "absent"),
    ("the partition is an automount", lambda m: _mounted(m, f"1 0 0:40 / {ESP} rw - autofs systemd-1 rw\n"), "absent"),
    ("the partition is root's alone", lambda m: _closed(m), "needs_root"),
    ("Windows first", lambda m: m.boots("\\EFI\\Microsoft\\Boot\\bootmgfw.efi").file(
        f"{ESP}/EFI/Microsoft/Boot/bootmgfw.efi", sign(program({}), leaf("leaf 2011"))), "unsupported"),
    ("the network first", lambda m: m.boots("", network=True), "unsupported"),
    ("another loader", lambda m: m.boots("\\EFI\\refind\\refind_x64.efi").file(
        f"{ESP}/EFI/refind/refind_x64.efi", sign(program({}), leaf("leaf 2011"))), "unsupported"),
    ("no second stage", lambda m: _without(m, "grubx64"), "absent"),
    ("the room for variables of an old board (public thread)", lambda m: _old_board(m), "unsupported: variable space"),
]


def _mounted(machine: Machine, text: str) -> Machine:
    machine.recording["read"]["/proc/1/mountinfo"] = text
    return machine


def _closed(machine: Machine) -> Machine:
    denied = {"problem": "needs_root", "detail": "Permission denied"}
    machine.recording.update(uid=1000)
    machine.recording["listdir"][ESP] = denied
    machine.recording["stat"].update({path: denied for path in machine.files if path.startswith(ESP)})
    return machine


def _old_board(machine: Machine) -> Machine:
    machine.recording["read"]["/proc/cpuinfo"] = "flags : fpu"
    return with_old_shim(machine).forbids(signature_list(SHA256, *[struct.pack("<Q", each) * 4 for each in range(374)]))


@pytest.mark.parametrize(("build", "why"), [case[1:] for case in UNKNOWN], ids=[case[0] for case in UNKNOWN])
def test_what_is_not_read_is_unknown_with_the_reason(build: Callable[[Machine], Machine], why: str) -> None:
    assert unknown(build(debian())).startswith(why)


def test_a_machine_with_room_starts_an_old_shim_with_a_large_dbx() -> None:
    machine = with_old_shim(debian()).forbids(signature_list(SHA256, *[struct.pack("<Q", each) * 4 for each in range(443)]))
    assert verdict(machine.trust()) == ALLOWED


def test_a_refused_loader_that_nothing_starts_is_no_alarm() -> None:
    machine = own_keys(debian())
    assert f"{ESP}/EFI/debian/shimx64.efi" in machine.files
    assert (verdict(machine.trust()), machine.trust()["revoked_components"]) == (ALLOWED, [])
    assert unknown(machine, "sbat_level").startswith("absent")


def test_a_disk_that_is_gone_is_passed_over_and_one_that_is_there_is_not() -> None:
    machine = debian()
    machine.variable("BootOrder", struct.pack("<HH", 5, 1), efi.FIRMWARE)
    machine.variable("Boot0005", option("\\EFI\\other\\shimx64.efi", guid="11111111-2222-3333-4444-555555555555"), efi.FIRMWARE)
    machine.recording["realpath"]["/dev/disk/by-partuuid/0b1c0a5e-6f5b-4a0c-9c2b-6b1c6a0f2a77"] = "/dev/vda15"
    machine.recording["listdir"]["/dev/disk/by-partuuid"] = ["0b1c0a5e-6f5b-4a0c-9c2b-6b1c6a0f2a77"]
    assert machine.trust()["entry"]["name"] == "Boot0001"
    machine.recording["realpath"]["/dev/disk/by-partuuid/11111111-2222-3333-4444-555555555555"] = "/dev/vdb1"
    assert unknown(machine).startswith("absent")


def test_shim_lists_another_stage_only_where_it_is_handed_one() -> None:
    assert fwupd(debian()).trust()["entry"]["loader"] == f"{ESP}/EFI/debian/fwupdx64.efi"
    assert debian().boots("\\EFI\\debian\\shimx64.efi", given="WINDOWS\0").trust()["entry"]["loader"] == GRUB_PATH


def test_fallback_starts_what_its_only_list_names() -> None:
    machine = debian().boots("").file(FALLBACK_PATH, debian_shim())
    machine.file(f"{ESP}/EFI/BOOT/fbx64.efi", vendor_signed(program({".sbat": sbat("shim,4")}, text=b"fb")))
    machine.file(f"{ESP}/EFI/debian/BOOTX64.CSV", "shimx64.efi,debian,,This is the boot entry for debian\n".encode("utf-16"))
    assert (verdict(machine.trust()), machine.trust()["entry"]["loader"]) == (ALLOWED, GRUB_PATH)
    assert unknown(machine.file(f"{ESP}/EFI/fedora/BOOTX64.CSV", b"")).startswith("unsupported")


@pytest.mark.parametrize(("build", "right"), [
    (lambda m: m, "enforced"), (off, "off"), (lambda m: off(m).variable("SetupMode", b"\1", efi.FIRMWARE), "setup"),
    (lambda m: m.variable("MokSBStateRT", b"\1"), "insecure"),
])
def test_modes(build: Callable[[Machine], Machine], right: str) -> None:
    assert build(debian()).trust()["mode"] == right


def test_the_level_after_the_next_run_is_that_of_the_file() -> None:
    machine = debian().variable("SbatLevelRT", OLD_LEVEL)
    trust = machine.trust()
    assert (trust["sbat_level"], trust["sbat_level_next"]) == ("2024010900 shim,4 grub,3", "2025021800 shim,4 grub,5")
    other = machine.file(SHIM_PATH, debian_shim(automatic=level("2024010900", "shim,4", "grub,3"))).trust()
    assert other["sbat_level_next"] == "2024010900 shim,4 grub,3"  # the same version 16.1, another vendor's choice


def test_with_secure_boot_off_the_level_says_nothing_and_the_next_is_told() -> None:
    machine = off(debian()).variable("SbatLevelRT", level("2021030218"))
    assert unknown(machine, "sbat_level").startswith("not_applicable")
    assert machine.trust()["sbat_level_next"] == "2025021800 shim,4 grub,5"


@pytest.mark.parametrize(("names", "right"), [
    ((), []), (("MokNew", "MokAuth"), ["MokNew"]), (("MokDel",), ["MokDel"]), (("MokSB",), ["MokSB"]), (("SbatPolicy",), ["SbatPolicy"]),
    (("MokAuth",), ["MokAuth"]), (("MokXNew", "MokXAuth", "MokPW"), ["MokPW", "MokXNew"]), (("MokListTrustedNew",), ["MokListTrustedNew"]),
])
def test_pending_requests(names: tuple[str, ...], right: list[str]) -> None:
    machine = debian()
    for name in names:
        machine.variable(name, b"\1")
    assert machine.trust()["pending"] == right


def test_what_a_revocation_of_2011_would_do() -> None:
    machine = debian()
    state, programs = facts._Seen(machine).state, facts._Seen(machine).programs
    twice = programs.at(SHIM_PATH)
    assert twice is not None
    assert not facts.survives(twice, state, "UEFI CA 2011")
    only = facts._Seen(machine.file(SHIM_PATH, debian_shim(("leaf 2023",)))).programs.at(SHIM_PATH)
    assert only is not None
    assert facts.survives(only, state, "UEFI CA 2011")


def test_revoked_programs_that_still_lie_there() -> None:
    old = debian_shim(("leaf 2011",), version="15.4")
    machine = debian().file(FALLBACK_PATH, old).forbids(forbidden(old))
    trust = machine.trust()
    assert verdict(trust) == ALLOWED
    assert [(row["path"], row["by"]) for row in trust["revoked_components"]] == [(FALLBACK_PATH, "dbx")]
    behind = debian().file(f"{ESP}/EFI/old/grubx64.efi", grub("grub,4")).trust()
    assert [(row["path"], row["by"], row["entry"]) for row in behind["revoked_components"]] == [
        (f"{ESP}/EFI/old/grubx64.efi", "sbat", "SBAT: grub,4 is below grub,5")]


def test_what_is_behind_and_not_revoked_is_no_revoked_component() -> None:
    """A newer generation in another release revokes nothing: the level in the world decides."""
    assert debian().file(f"{ESP}/EFI/other/grubx64.efi", grub("grub,7")).trust()["revoked_components"] == []


def test_the_copy_of_the_package_is_another() -> None:
    machine = debian().file("/usr/lib/shim/shimx64.efi.signed", debian_shim()).file(SHIM_PATH, debian_shim(("leaf 2011",)))
    machine.recording["read"]["/var/lib/dpkg/info/shim-signed.list"] = "/usr/lib/shim/shimx64.efi.signed\n"
    row = next(row for row in machine.trust()["components"] if row["path"] == SHIM_PATH)
    assert (row["package"], row["on_esp_differs"]) == ("shim-signed", True)
    row = next(row for row in machine.file(SHIM_PATH, debian_shim()).trust()["components"] if row["path"] == SHIM_PATH)
    assert row["on_esp_differs"] is False


def _rpm(machine: Machine, owned: dict[str, tuple[str, str]]) -> Machine:
    """rpm -qf in a query format, as rpm 4.16 to 4.20 answer: a line of their own for files that no package has, on standard output."""
    def run(argv: tuple[str, ...], **_options: Any) -> Answer:
        said = ""
        for path in argv[4:]:
            package, digest = owned.get(path, ("", ""))
            lines = f"@{package}\n{path}\t{digest}\n/usr/share/doc/{package}\t\n" if "FILEDIGESTS" in argv[3] else f"{package}\n"
            said += lines if package else f"file {path} is not owned by any package\n"
        return Answer(Run(len([path for path in argv[4:] if path not in owned]), said, ""), None, "")

    machine.run = run  # type: ignore[assignment, method-assign]
    machine.sha256 = lambda path, limit: Answer(hashlib.sha256(machine.files[path]).hexdigest(), None, "")  # type: ignore[method-assign]
    return machine


def test_rpm_says_whose_the_programs_are() -> None:
    """Fedora and Red Hat have them on the partition itself; SUSE copies them from /usr/share/efi (shim-install)."""
    machine = debian()
    copy = "/usr/share/efi/x86_64/grub.efi"
    machine.file(copy, machine.files[GRUB_PATH])
    digest = hashlib.sha256(machine.files[SHIM_PATH]).hexdigest()
    owned = {SHIM_PATH: ("shim-x64", digest), copy: ("grub2-x86_64-efi", "1" * 64), KERNEL: ("kernel-core", "")}
    rows = {row["path"]: (row["package"], row["on_esp_differs"]) for row in _rpm(machine, owned).trust()["components"]}
    assert rows == {SHIM_PATH: ("shim-x64", False), GRUB_PATH: ("grub2-x86_64-efi", False), KERNEL: ("kernel-core", None),
                    f"{ESP}/EFI/debian/mmx64.efi": (None, None)}
    other = {row["path"]: row["on_esp_differs"] for row in _rpm(debian(), {**owned, SHIM_PATH: ("shim-x64", "0" * 64)}).trust()["components"]}
    assert other[SHIM_PATH] is True


OTHER_KERNEL, GONE = "/boot/vmlinuz-6.1.0-8-amd64", "/boot/vmlinuz-6.1.0-7-amd64"


def test_each_kernel_of_the_menu_is_judged() -> None:
    """T08: other kernels of the menu may be fine, and a refused one says nothing of the default."""
    menu = "".join(f"menuentry '{path}' {{ linux {path} root=x }}\n" for path in (KERNEL, OTHER_KERNEL, GONE))
    machine = debian().file(OTHER_KERNEL, program({}, text=b"unsigned"))
    machine.recording["read"]["/boot/grub/grub.cfg"] = f"{menu}submenu 'more' {{\n menuentry 'again' {{ linux {KERNEL} single }}\n}}\n"
    trust = machine.trust()
    assert verdict(trust) == ALLOWED
    assert [(row["image"], row["answer"]) for row in trust["kernels"]] == [(KERNEL, "allowed"), (OTHER_KERNEL, "refused"), (GONE, "unknown")]
    machine.recording["read"]["/boot/grub/grub.cfg"] = f"set default=1\n{menu}"
    trust = machine.trust()
    assert verdict(trust) == BY_SHIM_KERNEL
    assert [row["answer"] for row in trust["kernels"]] == ["allowed", "refused", "unknown"]


@pytest.mark.parametrize("build", [off, lambda machine: machine.forbids(forbidden(debian_shim()))])
def test_where_no_menu_is_judged_no_kernel_is(build: Callable[[Machine], Machine]) -> None:
    assert build(debian()).trust()["kernels"] is None


def test_the_list_of_the_program_s_own_machine_is_held_against_it() -> None:
    trust = debian().trust()
    assert trust["dbx"]["missing"] == 443
    arm = debian()
    arm.recording["uname"][4] = "aarch64"
    assert arm.trust()["dbx"]["missing"] == 26


def test_copies_of_the_variables_answer_where_efivarfs_is_not_mounted() -> None:
    machine = debian()
    copies = {f"/sys/firmware/efi/mok-variables/{path.rsplit('/', 1)[1][:-37]}": data[4:] for path, data in machine.variables.items()}
    machine.variables = copies
    assert (machine.trust()["mode"], verdict(machine.trust())) == ("enforced", ALLOWED)
    machine.variables = {}
    machine.recording["listdir"]["/sys/firmware/efi"] = ["fw_vendor"]
    assert unknown(machine, "mode").startswith("absent")


def test_a_machine_without_efi_is_called_what_it_is() -> None:
    machine = debian()
    machine.variables = {}
    machine.recording["listdir"]["/sys/firmware"] = ["acpi"]
    assert (machine.trust()["mode"], unknown(machine)) == ("not_efi", "not_applicable: not booted by EFI")


def test_a_damaged_program_costs_itself_alone() -> None:
    machine = debian().file(f"{ESP}/EFI/junk/junk.efi", b"MZ" + b"\xff" * 300)
    rows = {row["path"]: row for row in machine.trust()["components"]}
    assert rows[f"{ESP}/EFI/junk/junk.efi"]["role"] == "unreadable"
    assert verdict(machine.trust()) == ALLOWED


def test_an_owner_s_key_that_is_a_placeholder_or_a_test_key() -> None:
    placeholder = debian().variable("PK", signature_list(X509, b"NULL signature".ljust(32)), efi.FIRMWARE).trust()
    assert (placeholder["kek_updatable"], placeholder["pk_test_key"]) == (False, False)
    test = debian().variable("PK", certificates(key("DO NOT TRUST - AMI Test PK")), efi.FIRMWARE).trust()
    assert (test["kek_updatable"], test["pk_test_key"]) == (True, True)


def test_variables_that_cannot_be_written() -> None:
    machine = _mounted(debian(), f"1 0 8:1 / {ESP} rw - vfat /dev/vda15 rw\n3 0 8:3 / {efi.VARIABLES} ro - efivarfs efivarfs ro\n")
    assert (machine.trust()["updatable"], machine.trust()["kek_updatable"]) == (False, False)


def test_carried_levels_without_a_section_leave_the_present_one() -> None:
    machine = debian().file(SHIM_PATH, sign(program({".vendor_cert": _vendor(), ".sbat": sbat("shim,4")}), leaf("leaf 2011")))
    assert machine.trust()["sbat_level_next"] == "2025021800 shim,4 grub,5"
    assert carried(b"sbat,1,2025021800\n", b"sbat,1,2025051000\n")[:4] == b"\0\0\0\0"


def _vendor() -> bytes:
    der = key("Vendor CA").der
    return struct.pack("<IIII", len(der), 0, 16, 16 + len(der)) + der
