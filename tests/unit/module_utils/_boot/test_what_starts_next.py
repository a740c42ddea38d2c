# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What starts the next boot where it is not GRUB's menu: the firmware itself, systemd-boot, SUSE's loaders and snapshots, kexec, U-Boot."""

from __future__ import annotations

import base64
import struct
import uuid
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import extlinux, firmware, loaders, snapshots
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi, mountinfo
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

EFI = {"/sys/firmware/efi": ["efivars"]}
MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"
ESP = f"/efi/loader/entries/{MACHINE}"
STUB = "search.fs_uuid 0b1c0a5e-6f5b-4a0c-9c2b-6b1c6a0f2a77 root hd0,gpt2\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"
MENU = "menuentry 'Linux' { linux /boot/vmlinuz-6.8.0-40-generic root=x }\n"


def collected(read: dict[str, Any], **recording: Any) -> Section:
    section = Section("kernel")
    loaders.collect_boot_targets(RecordedHost({"read": read, **recording}), section)
    return section


def default(read: dict[str, Any], **recording: Any) -> dict[str, Any]:
    return dict(collected(read, **recording).facts["default_boot"])


def why_not(section: Section, fact: str = "default_boot.release") -> tuple[str, str]:
    null = next(null for null in section.nulls if null["fact"] == "kernel." + fact)
    return str(null["reason"]), str(null["detail"])


def variable(name: str, value: bytes, vendor: str = efi.BOOT_LOADER, size: int = 4096) -> dict[str, str]:
    return {f"{efi.path_of(name, vendor)}@0+{size}": base64.b64encode(b"\x06\0\0\0" + value).decode()}


def words(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def node(kind: int, form: int, data: bytes) -> bytes:
    return struct.pack("<BBH", kind, form, 4 + len(data)) + data


def option(number: int, title: str, path: str, given_text: str = "", active: bool = True, network: bool = False, guid: str = "") -> dict[str, str]:
    """A variable Boot####, laid out as in the UEFI specification (EFI_LOAD_OPTION)."""
    drive = b"\0" * 20 + uuid.UUID(guid).bytes_le + b"\2\2" if guid else b"\0" * 38
    place = node(3, 12, b"\0" * 23) if network else node(4, 1, drive) + (node(4, 4, words(path)) if path else b"")
    nodes = place + node(0x7F, 0xFF, b"")
    value = struct.pack("<IH", int(active), len(nodes)) + words(title) + nodes + (words(given_text) if given_text else b"")
    return variable(f"Boot{number:04X}", value, efi.FIRMWARE, 65536)


def firmwares(order: list[int], current: int | None, *options: dict[str, str], **said: str) -> dict[str, str]:
    found = variable("BootOrder", struct.pack(f"<{len(order)}H", *order), efi.FIRMWARE)
    if current is not None:
        found.update(variable("BootCurrent", struct.pack("<H", current), efi.FIRMWARE))
    for each in options:
        found.update(each)
    for name, text in said.items():
        found.update(variable(name, words(text)))
    return found


SHIM = option(0, "fedora", "\\EFI\\fedora\\shimx64.efi")
UBUNTU = option(1, "ubuntu", "\\EFI\\ubuntu\\shimx64.efi")
UKI = option(2, "Fedora UKI", "\\EFI\\Linux\\aa-6.12.0-55.el10.x86_64.efi")
SHIM_UKI = option(3, "RHEL UKI", "\\EFI\\redhat\\shimx64.efi", "\\EFI\\Linux\\aa-5.14.0-570.el9.x86_64.efi ")
# canonical/nullboot, efibootmgr/shim.go: the argument lies beside shim; the title is as in microsoft/lisa's tests on Azure.
NULLBOOT = option(2, "Ubuntu with kernel 6.8.0-1044-azure-fde", "\\EFI\\ubuntu\\shimx64.efi", "\\kernel.efi-6.8.0-1044-azure-fde root=x ro")
PXE = option(4, "PXE IPv4", "", network=True)
WINDOWS = option(5, "Windows Boot Manager", "\\EFI\\Microsoft\\Boot\\bootmgfw.efi")
DISK = option(6, "UEFI QEMU HARDDISK", "")
SDBOOT = option(7, "Linux Boot Manager", "\\EFI\\systemd\\systemd-bootx64.efi")


@pytest.mark.parametrize(("known", "image"), [
    (firmwares([2, 0], 2, UKI, SHIM, StubInfo="systemd-stub 257"), "/boot/efi/EFI/Linux/aa-6.12.0-55.el10.x86_64.efi"),
    (firmwares([3, 0], 3, SHIM_UKI, SHIM), "/boot/efi/EFI/Linux/aa-5.14.0-570.el9.x86_64.efi"),
    (firmwares([2, 0], 2, NULLBOOT, SHIM), "/boot/efi/EFI/ubuntu/kernel.efi-6.8.0-1044-azure-fde"),
    # The first entry counts although another one started this boot, and although GRUB's files lie there.
    (firmwares([2, 0], 0, UKI, SHIM, LoaderInfo="GRUB 2.12"), "/boot/efi/EFI/Linux/aa-6.12.0-55.el10.x86_64.efi"),
    ({**variable("StubInfo", words("systemd-stub 257")), **variable("LoaderImageIdentifier", words("\\EFI\\Linux\\own.efi"))},
     "/boot/efi/EFI/Linux/own.efi"),
])
def test_a_kernel_that_the_firmware_starts_itself(known: dict[str, str], image: str) -> None:
    read = {"/boot/grub2/grub.cfg": MENU, image: "", "/etc/os-release": "ID=fedora\nVERSION_ID=43\n", "/lib/modules/6.8.0-1044-azure-fde/x": ""}
    section = collected(read, listdir=EFI, read_bytes=known)
    assert (section.facts["default_boot"]["loader"], section.facts["default_boot"]["image"]) == ("firmware", image)
    assert section.facts["default_boot"]["image_present"] is True


@pytest.mark.parametrize(("known", "why"), [
    (firmwares([5, 0], 0, WINDOWS, SHIM), "bootmgfw.efi"), (firmwares([4, 0], 4, PXE, SHIM), "asks the network"),
    (firmwares([4, 0], None, PXE, SHIM), "asks the network"), (firmwares([1, 0], 0, UBUNTU, SHIM), "another system"),
])
def test_firmware_that_starts_something_else_first(known: dict[str, str], why: str) -> None:
    read = {"/boot/grub2/grub.cfg": MENU, "/boot/grub/grub.cfg": MENU, "/boot/efi/EFI/ubuntu/grub.cfg": STUB, "/etc/os-release": "ID=fedora\n",
            "/proc/1/mountinfo": "30 1 8:3 / / rw - ext4 /dev/sda3 rw\n"}
    reason, detail = why_not(collected(read, listdir=EFI, read_bytes=known))
    assert (reason, why in detail) == ("unsupported", True), detail


@pytest.mark.parametrize("known", [
    firmwares([0], 0, SHIM), firmwares([4, 0], 0, PXE, SHIM), firmwares([6], 6, DISK), firmwares([9, 0], 0, SHIM),
    firmwares([5, 0], 0, option(5, "Windows", "\\EFI\\Microsoft\\x.efi", active=False), SHIM), {},
])
def test_firmware_that_comes_to_our_grub(known: dict[str, str]) -> None:
    read = {"/boot/grub2/grub.cfg": MENU, "/etc/os-release": "ID=fedora\n"}
    assert default(read, listdir=EFI, read_bytes=known)["release"] == "6.8.0-40-generic"


ESP_GUID = "8f9b7c1a-2f2d-4a55-9a31-6d0f5b2e7c11"
NEW_UKI, OLD_UKI = (option(number, f"Fedora UKI {number}", f"\\EFI\\Linux\\aa-{release}.efi", guid=ESP_GUID)
                    for number, release in ((8, "6.17.8-300.fc43.x86_64"), (7, "6.17.5-300.fc43.x86_64")))


@pytest.mark.parametrize(("there", "links", "release"), [
    (("6.17.8", "6.17.5"), {ESP_GUID: "/dev/vda1"}, "6.17.8-300.fc43.x86_64"), (("6.17.5",), {ESP_GUID: "/dev/vda1"}, "6.17.5-300.fc43.x86_64"),
    # Another disk's, which is gone; its partition is there and not mounted, which says nothing of what it holds.
    (("6.17.5",), {"0": "/dev/vda1"}, None), (("6.17.5",), {ESP_GUID: "/dev/vdb1"}, "6.17.8-300.fc43.x86_64"),
])
def test_firmware_passes_over_entries_whose_program_is_gone(there: tuple[str, ...], links: dict[str, str], release: str | None) -> None:
    """UEFI specification, "Boot Manager": an option that cannot be loaded is passed over for the next one in BootOrder."""
    read = {f"/boot/efi/EFI/Linux/aa-{each}-300.fc43.x86_64.efi": "" for each in there}
    read["/proc/1/mountinfo"] = "1 0 8:1 / /boot/efi rw - vfat /dev/vda1 rw\n2 0 8:2 / / rw - ext4 /dev/vda2 rw\n"
    known = firmwares([8, 7], 7, NEW_UKI, OLD_UKI, StubInfo="systemd-stub 257")
    section = collected(read, listdir=EFI, read_bytes=known, readlink={f"/dev/disk/by-partuuid/{guid}": path for guid, path in links.items()})
    assert section.facts["default_boot"]["image"] == (f"/boot/efi/EFI/Linux/aa-{release}.efi" if release else None)


def test_a_stub_of_a_host_without_an_initrd_is_followed() -> None:
    """Ubuntu's cloud images: the kernel mounts the root itself, and mountinfo calls its source /dev/root."""
    read = {"/boot/grub/grub.cfg": MENU, "/boot/efi/EFI/ubuntu/grub.cfg": STUB, "/etc/os-release": "ID=ubuntu\n",
            "/proc/1/mountinfo": "30 1 8:1 / / rw - ext4 /dev/root rw\n"}
    links = {"/dev/disk/by-uuid/0b1c0a5e-6f5b-4a0c-9c2b-6b1c6a0f2a77": "/dev/sda1", "/sys/dev/block/8:1": "/sys/devices/pci0/block/sda/sda1"}
    assert default(read, listdir=EFI, readlink=links)["release"] == "6.8.0-40-generic"


def test_a_stub_on_a_file_system_of_ours_is_followed() -> None:
    """A system that was converted keeps its old vendor's folder."""
    uuid = "/dev/disk/by-uuid/0b1c0a5e-6f5b-4a0c-9c2b-6b1c6a0f2a77"
    read = {"/boot/grub/grub.cfg": MENU, "/boot/efi/EFI/ubuntu/grub.cfg": STUB, "/etc/os-release": "ID=debian\n",
            "/proc/1/mountinfo": "30 1 8:3 / / rw - ext4 /dev/sda3 rw\n"}
    known = firmwares([1], 1, UBUNTU)
    assert default(read, listdir=EFI, read_bytes=known, realpath={uuid: "/dev/sda3"})["release"] == "6.8.0-40-generic"
    assert why_not(collected(read, listdir=EFI, read_bytes=known, realpath={uuid: "/dev/sda9"}))[0] == "unsupported"


def sd_boot(entries: dict[str, str], files: tuple[str, ...], **said: str) -> tuple[dict[str, Any], dict[str, str]]:
    read: dict[str, Any] = {f"{ESP}-{name}.conf": f"title L\nversion {name}\nsort-key f\n{text}" for name, text in entries.items()}
    read.update(dict.fromkeys(files, ""))
    return read, firmwares([7], 7, SDBOOT, **{"LoaderInfo": "systemd-boot 257.3", **said})


OLD, NEW = "linux /%s/6.17.5/linux\n" % MACHINE, "linux /%s/6.17.8/linux\n" % MACHINE  # noqa: UP031
BOTH = (f"/efi/{MACHINE}/6.17.5/linux", f"/efi/{MACHINE}/6.17.8/linux")


@pytest.mark.parametrize(("entries", "files", "release"), [
    ({"6.17.5": OLD, "6.17.8": NEW}, BOTH, "6.17.8"),
    # boot.c of systemd: the image is opened while the entry is read.
    ({"6.17.5": OLD, "6.17.8": NEW}, BOTH[:1], "6.17.5"),
    ({"6.17.5": OLD, "6.17.8": NEW + "architecture aa64\n"}, BOTH, "6.17.5"), ({"6.17.5": OLD, "6.17.8": NEW + "architecture x64\n"}, BOTH, "6.17.8"),
    ({"6.17.5": OLD, "6.17.8": NEW + "efi /EFI/x.efi\n"}, (*BOTH, "/efi/EFI/x.efi"), "6.17.5"),
])
def test_entries_that_do_not_exist_for_systemd_boot(entries: dict[str, str], files: tuple[str, ...], release: str) -> None:
    read, known = sd_boot(entries, files)
    assert default(read, listdir=EFI, read_bytes=known)["release"] == release


@pytest.mark.parametrize(("loader", "release"), [("systemd-boot 257.9-2.fc42", "6.17.5"), ("systemd-boot 258", "6.17.8")])
def test_an_entry_of_a_unified_image_exists_for_newer_loaders_alone(loader: str, release: str) -> None:
    """systemd#39886: 257 shows no entry with the key uki."""
    read, known = sd_boot({"6.17.5": OLD, "6.17.8": f"uki /{MACHINE}/6.17.8/linux\n"}, BOTH, LoaderInfo=loader)
    assert default(read, listdir=EFI, read_bytes=known)["release"] == release


def test_systemd_boot_passes_over_names_of_its_own() -> None:
    read, known = sd_boot({"6.17.5": OLD}, BOTH)
    read["/efi/loader/entries/auto-own.conf"] = "title a\nversion 9\nsort-key a\n" + NEW
    assert default(read, listdir=EFI, read_bytes=known)["release"] == "6.17.5"


@pytest.mark.parametrize(("pattern", "loader", "entry"), [
    (f"{MACHINE}-6.17.5.conf", "systemd-boot 257.3", f"{MACHINE}-6.17.5.conf"),
    # systemd#15068: since 245 an id has its suffix; a pattern without it matches nothing, and the first entry boots.
    (f"{MACHINE}-6.17.5", "systemd-boot 257.3", f"{MACHINE}-6.17.8.conf"), (f"{MACHINE}-6.17.5", "systemd-boot 241", f"{MACHINE}-6.17.5.conf"),
    (f"{MACHINE}-6.17.5*", "systemd-boot 257.3", f"{MACHINE}-6.17.5.conf"),
    # systemd#22580: entries that the loader finds by itself have ids as well.
    ("auto-windows", "systemd-boot 257.3", "auto-windows"), ("auto-osx", "systemd-boot 257.3", f"{MACHINE}-6.17.8.conf"),
])
def test_what_a_default_of_systemd_boot_matches(pattern: str, loader: str, entry: str) -> None:
    read, known = sd_boot({"6.17.5": OLD, "6.17.8": NEW}, (*BOTH, "/efi/EFI/Microsoft/Boot/bootmgfw.efi"), LoaderInfo=loader)
    read["/efi/loader/loader.conf"] = f"default {pattern}\n"
    section = collected(read, listdir=EFI, read_bytes=known)
    assert section.facts["default_boot"]["entry"] == entry
    if entry == "auto-windows":
        assert why_not(section)[0] == "unsupported"


def test_entries_where_firmware_cannot_read_are_none() -> None:
    read, known = sd_boot({"6.17.5": OLD}, BOTH)
    read.update({"/boot/loader/entries/z.conf": "title z\nversion 9\nsort-key a\nlinux /vmlinuz-9.9.9\n", "/boot/vmlinuz-9.9.9": ""})
    read["/proc/1/mountinfo"] = "30 1 8:3 / / rw - ext4 /dev/sda3 rw\n31 30 8:1 / /efi rw - vfat /dev/sda1 rw\n"
    assert default(read, listdir=EFI, read_bytes=known)["release"] == "6.17.5"


TUMBLEWEED = {"/etc/os-release": 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "/etc/sysconfig/bootloader": 'LOADER_TYPE="grub2-bls"\n'}


def suse_entries(*releases: str, counter: str = "") -> dict[str, str]:
    read = {}
    for release in releases:
        path = f"/opensuse-tumbleweed/{release}/linux-89e6c98d92887913cadf06b2adb97f26cde4849b"
        read[f"/boot/efi/loader/entries/system-opensuse-tumbleweed-{release}-1{counter}.conf"] = f"title T\nversion 1@{release}\nlinux {path}\n"
        read["/boot/efi" + path] = ""
    return read


@pytest.mark.parametrize(("extra", "release"), [
    ({}, "6.17.6-1-default"), ({"/boot/efi/EFI/opensuse/grubenv": "default=system-opensuse-tumbleweed-6.17.5-1-default-1.conf"}, "6.17.5-1-default"),
    ({"/boot/efi/EFI/opensuse/grubenv": "default=gone.conf"}, "6.17.6-1-default"),
])
def test_grub2_bls_of_suse(extra: dict[str, str], release: str) -> None:
    """sdbootutil, set_default_grub2_bls: the block's variable is default, not saved_entry."""
    blocks = {path: "# GRUB Environment Block\n" + text + "\n####" for path, text in extra.items()}
    read = {**TUMBLEWEED, **suse_entries("6.17.5-1-default", "6.17.6-1-default"), **blocks}
    facts = default(read, listdir=EFI, read_bytes=variable("LoaderInfo", words("GRUB 2.12")))
    assert (facts["release"], facts["loader"]) == (release, "grub2-bls")


def test_grub2_bls_by_the_loaders_own_variable_and_with_boot_counters() -> None:
    read = {**TUMBLEWEED, **suse_entries("6.17.5-1-default", "6.17.6-1-default", counter="+3")}
    known = {**variable("LoaderInfo", words("GRUB 2.14")),
             **variable("LoaderEntryDefault", words("system-opensuse-tumbleweed-6.17.5-1-default-1.conf"))}
    assert default(read, listdir=EFI, read_bytes=known)["release"] == "6.17.5-1-default"


SLES = {"/etc/os-release": 'ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.6"\n',
        "/proc/1/mountinfo": "30 1 0:30 /@/.snapshots/1/snapshot / rw - btrfs /dev/sda2 rw\n",
        "/boot/grub2/grub.cfg": "menuentry now { linux /boot/vmlinuz-6.4.0-150600.23.25-default root=x }\n",
        "/boot/vmlinuz-6.4.0-150600.23.25-default": "",
        "/.snapshots/7/snapshot/boot/grub2/grub.cfg": "menuentry then { linux /boot/vmlinuz-6.4.0-150600.23.14-default root=x }\n",
        "/.snapshots/7/snapshot/boot/vmlinuz-6.4.0-150600.23.14-default": ""}
ASKED = " ".join(snapshots.ASKED)


@pytest.mark.parametrize(("said", "release", "image"), [
    ("ID 266 gen 99 top level 265 path @/.snapshots/1/snapshot\n", "6.4.0-150600.23.25-default", "/boot/vmlinuz-6.4.0-150600.23.25-default"),
    # After snapper rollback, and after a transactional update.
    ("ID 301 gen 120 top level 265 path @/.snapshots/7/snapshot\n", "6.4.0-150600.23.14-default",
     "/.snapshots/7/snapshot/boot/vmlinuz-6.4.0-150600.23.14-default"),
])
def test_suse_boots_the_default_subvolume(said: str, release: str, image: str) -> None:
    facts = default(SLES, run={ASKED: said})
    assert (facts["release"], facts["image"], facts["image_present"]) == (release, image, True)


@pytest.mark.parametrize(("run", "uid", "reason"), [
    ({ASKED: "ID 5 (FS_TREE)\n"}, 0, "unsupported"), ({ASKED: "ID 9 gen 1 top level 5 path @/.snapshots/9/snapshot\n"}, 0, "absent"),
    ({ASKED: [1, "", "ERROR: can't perform the search: Operation not permitted"]}, 1000, "needs_root"), ({}, 0, "tool_missing"),
    ({ASKED: "what?\n"}, 0, "unparsable"),
])
def test_a_next_root_that_cannot_be_told(run: dict[str, Any], uid: int, reason: str) -> None:
    assert why_not(collected(SLES, run=run, uid=uid))[0] == reason


KEXEC = {"/etc/init.d/kexec-load": "", "/sbin/kexec": "", "/boot/grub/grub.cfg": MENU, "/boot/vmlinuz-6.1.0-9-amd64": ""}


@pytest.mark.parametrize(("settings", "expected"), [
    ("LOAD_KEXEC=true\nKERNEL_IMAGE=\"/boot/vmlinuz-6.1.0-9-amd64\"\nAPPEND=\"root=x\"\n", ("kexec", "6.1.0-9-amd64")),
    ("LOAD_KEXEC=false\nKERNEL_IMAGE=\"/boot/vmlinuz-6.1.0-9-amd64\"\n", ("grub", "6.8.0-40-generic")),
    ("LOAD_KEXEC=true\nUSE_GRUB_CONFIG=true\nKERNEL_IMAGE=\"/vmlinuz\"\n", (None, None)), ("LOAD_KEXEC=true\n", (None, None)),
])
def test_kexec_tools_reboot_past_the_loader(settings: str, expected: tuple[str | None, str | None]) -> None:
    """kexec-tools 2.0.25 of Debian, /etc/init.d/kexec-load."""
    facts = default({**KEXEC, "/etc/default/kexec": settings})
    assert (facts["loader"], facts["release"]) == expected


EXTLINUX = """## generated by u-boot-update
default l1
menu title U-Boot menu
timeout 50

label l0
\tmenu label Debian GNU/Linux 6.12.48-arm64
\tlinux /boot/vmlinuz-6.12.48-arm64
\tinitrd /boot/initrd.img-6.12.48-arm64
\tappend root=UUID=1 ro
label l1
\tKERNEL ../vmlinuz-6.1.0-41-arm64
\tAPPEND root=UUID=1 ro quiet
"""


def test_extlinux_of_u_boot_is_read_and_grubs_files_are_not() -> None:
    read = {"/boot/extlinux/extlinux.conf": EXTLINUX, "/boot/grub/grub.cfg": MENU, "/boot/vmlinuz-6.1.0-41-arm64": ""}
    facts = default(read, uname=["Linux", "h", "6.1.0-41-arm64", "", "aarch64"])
    assert (facts["loader"], facts["release"], facts["options"]) == ("extlinux", "6.1.0-41-arm64", "root=UUID=1 ro quiet")
    assert why_not(collected({"/boot/firmware/config.txt": "", "/boot/grub/grub.cfg": MENU}, uname=["Linux", "h", "6", "", "aarch64"])) == (
        "unsupported", "the boot loader Raspberry Pi firmware (/boot/firmware/config.txt) is not read; its lines kernel= and os_prefix= and the "
        "images beside it would tell")


# U-Boot's boot/pxe_utils.c: the last default counts, wherever it stands; an entry's last kernel and its first initrd; a kernel that is not there
# is passed over. What is included stands where it is included.
UBOOT_ENTRIES = "label a\n linux /boot/vmlinuz-6.6.1\nlabel b\n kernel /boot/vmlinuz-6.6.2\n linux /boot/vmlinuz-6.6.3\nlabel c\n fdt /x\n"


@pytest.mark.parametrize(("text", "release"), [
    (UBOOT_ENTRIES, "6.6.1"), (UBOOT_ENTRIES + "default b\n", "6.6.3"), ("default b\n" + UBOOT_ENTRIES + "ontimeout a\n", "6.6.1"),
    ("default a\n" + UBOOT_ENTRIES + "label d\n menu default\n linux /boot/vmlinuz-6.6.3\n", "6.6.1"),
    ("default c\n" + UBOOT_ENTRIES, "6.6.1"), ("default d\n" + UBOOT_ENTRIES + "label d\n linux /boot/vmlinuz-6.6.9\n", "6.6.1"),
    # A file that cannot be had ends the whole menu (handle_include); one that can stands where it is included, its default and its images too.
    ("default b\ninclude more.conf\n" + UBOOT_ENTRIES, None), ("include more.conf\n" + UBOOT_ENTRIES, None),
    ("default b\nmenu include themes/a.conf\n" + UBOOT_ENTRIES, "6.6.2"), ("default g\ninclude themes/a.conf x\n" + UBOOT_ENTRIES, "6.6.2"),
    ("include themes/a.conf\ndefault b\n" + UBOOT_ENTRIES, "6.6.3"), ("include themes/loop.conf\n" + UBOOT_ENTRIES, None),
    ("default c\nlabel d\n linux /boot/vmlinuz-6.6.9\ninclude themes/b.conf\n" + UBOOT_ENTRIES, "6.6.2"),
])
def test_which_entry_of_extlinux_u_boot_starts(text: str, release: str | None) -> None:
    read = {"/boot/extlinux/extlinux.conf": text, **{f"/boot/vmlinuz-6.6.{number}": "" for number in (1, 2, 3)},
            "/boot/extlinux/themes/a.conf": "default e\ninclude themes/b.conf\n", "/boot/extlinux/themes/loop.conf": "include themes/loop.conf\n",
            "/boot/extlinux/themes/b.conf": "label e\n linux /boot/vmlinuz-6.6.2\n"}
    section = collected(read, uname=["Linux", "h", "6.6.1", "", "aarch64"])
    assert section.facts["default_boot"]["release"] == release


@pytest.mark.parametrize(("path", "loader"), [
    # include/config_distro_bootcmd.h: boot.scr.uimg, then boot.scr, below / and /boot/; Odroid's boot.ini; Raspberry Pi OS up to 11.
    ("/boot/boot.scr.uimg", "U-Boot"), ("/boot/firmware/boot.scr", "U-Boot"), ("/boot.scr", "U-Boot"), ("/boot/boot.ini", "U-Boot"),
    ("/boot/config.txt", "Raspberry Pi firmware"), ("/etc/zfsbootmenu/config.yaml", "ZFSBootMenu"),
])
def test_loaders_are_named_as_what_they_are(path: str, loader: str) -> None:
    reason, detail = why_not(collected({path: "", "/boot/grub/grub.cfg": MENU}, uname=["Linux", "h", "6.6.1", "", "aarch64"]))
    assert (reason, detail.startswith(f"the boot loader {loader} ({path}) is not read; ")) == ("unsupported", True), detail


ZBM = option(9, "ZFSBootMenu", "\\EFI\\ZBM\\VMLINUZ.EFI")
LINUXBOOT = option(9, "LinuxBoot", "\\EFI\\boot\\vmlinuz-6.6.30-linuxboot")
COPIED = option(9, "Debian", "\\EFI\\debian\\vmlinuz-6.6.31-amd64")


@pytest.mark.parametrize(("known", "files", "is_kernel"), [
    (firmwares([9], 9, ZBM), {"/boot/efi/EFI/ZBM/VMLINUZ.EFI": ""}, False), (firmwares([9], 9, ZBM), {}, False),
    (firmwares([9], 9, LINUXBOOT), {"/boot/efi/EFI/boot/vmlinuz-6.6.30-linuxboot": ""}, False),
    (firmwares([9], 9, COPIED), {"/boot/efi/EFI/debian/vmlinuz-6.6.31-amd64": "", "/lib/modules/6.6.31-amd64/modules.dep": ""}, True),
    # Left over from a kernel that was removed: it comes next all the same.
    (firmwares([9, 0], 0, COPIED, SHIM), {"/boot/efi/EFI/debian/vmlinuz-6.6.31-amd64": ""}, True),
])
def test_a_kernel_that_firmware_starts_may_be_a_loader(known: dict[str, str], files: dict[str, str], is_kernel: bool) -> None:
    """docs.zfsbootmenu.org: the firmware's entry is \\EFI\\ZBM\\VMLINUZ.EFI, a Linux that starts the pool's own kernel by kexec."""
    section = collected({**files, "/boot/grub/grub.cfg": MENU}, listdir=EFI, read_bytes=known)
    assert (section.facts["default_boot"]["loader"] == "firmware") is is_kernel
    assert is_kernel or "which starts another (ZFSBootMenu, LinuxBoot); its own menu would tell" in why_not(section)[1]


def test_files_of_zfsbootmenu_and_of_grub_contradict_each_other() -> None:
    assert "ZFSBootMenu" in why_not(collected({"/etc/zfsbootmenu/config.yaml": "", "/boot/grub/grub.cfg": MENU}, listdir=EFI))[1]


# update-extlinux of Alpine; SYSLINUX's menu marks its default where DEFAULT names the menu's own program.
ALPINE = """DEFAULT menu.c32
PROMPT 0
TIMEOUT 10
LABEL virt
  MENU LABEL Linux virt
  LINUX vmlinuz-virt
LABEL lts
  MENU DEFAULT
  LINUX vmlinuz-lts
  APPEND root=UUID=1 modules=ext4
"""


@pytest.mark.parametrize("path", ["/boot/extlinux.conf", "/boot/syslinux/syslinux.cfg"])
def test_syslinux_starts_what_its_menu_marks(path: str) -> None:
    facts = default({path: ALPINE})
    assert (facts["loader"], facts["entry"], facts["options"]) == ("extlinux", "lts", "root=UUID=1 modules=ext4")
    assert facts["image"].endswith("/vmlinuz-lts")


def test_entries_in_other_files_of_syslinux_are_not_known() -> None:
    reason, detail = why_not(collected({"/boot/extlinux/extlinux.conf": "default l0\ninclude themes/debian/theme.cfg\n"}))
    assert (reason, "would tell" in detail) == ("absent", True)


LIMINE = option(8, "Limine", "\\EFI\\limine\\limine_x64.efi")


@pytest.mark.parametrize(("rival", "known"), [
    ("/boot/limine.conf", {}), ("/boot/extlinux/extlinux.conf", {}), ("/etc/lilo.conf", {}),
    ("/boot/limine.conf", firmwares([6], 6, DISK)), ("/boot/limine.conf", firmwares([8, 0], 8, LIMINE, SHIM)),
    ("/boot/EFI/refind/refind.conf", firmwares([6], 6, DISK)),
    # Where Limine looks on each partition (its CONFIG.md).
    ("/limine.cfg", {}), ("/boot/limine/limine.cfg", {}), ("/boot/efi/EFI/BOOT/limine.conf", firmwares([6], 6, DISK)),
    ("/efi/limine/limine.conf", firmwares([6], 6, DISK)),
])
def test_two_loaders_files_and_nothing_that_names_one(rival: str, known: dict[str, str]) -> None:
    """The guides of CachyOS and of Arch put Limine and rEFInd beside a GRUB that was there before, whose files stay."""
    under = {"listdir": EFI, "read_bytes": known} if known else {}
    reason, detail = why_not(collected({"/boot/grub/grub.cfg": MENU, rival: ""}, **under))
    assert (reason, "would tell" in detail) == ("unsupported", True), detail


def test_firmware_that_reads_menus_in_its_own_way_is_named() -> None:
    """open-power/petitboot#24: an OpenPOWER host whose grub-set-default meant nothing to it."""
    host = {"/boot/grub/grub.cfg": MENU}
    assert why_not(collected(host, listdir={"/sys/firmware/opal": ["exports"]}))[1].startswith("Petitboot, this machine's firmware")
    assert collected(host).facts["default_boot"]["loader"] == "grub"


@pytest.mark.parametrize(("rival", "known"), [
    ("/boot/limine.conf", firmwares([0], 0, SHIM)), ("/boot/limine.conf", firmwares([6], 6, DISK, LoaderInfo="GRUB 2.12")),
    ("/etc/lilo.conf", firmwares([6], 6, DISK)),
])
def test_what_is_named_by_firmware_or_itself_needs_no_files(rival: str, known: dict[str, str]) -> None:
    assert default({"/boot/grub2/grub.cfg": MENU, "/etc/os-release": "ID=fedora\n", rival: ""}, listdir=EFI, read_bytes=known)["loader"] == "grub"


def test_mounts_are_those_that_lie_nearest_and_on_top() -> None:
    known = mountinfo.parse("1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 8:2 / /boot rw - xfs /dev/b rw\n3 2 0:9 / /boot rw - autofs x rw\nbroken\n")
    assert [getattr(mountinfo.covering(known, path), "source", None) for path in ("/boot/efi", "/bootx", "/")] == ["x", "/dev/a", "/dev/a"]


@given(st.binary(max_size=300), st.text())
def test_hostile_variables_and_files_are_refused_or_read(data: bytes, text: str) -> None:
    for call in (lambda: firmware.parse_option("Boot0000", data), lambda: firmware.parse_option("Boot0000", b"\x06\0\0\0\x01\0\0\0" + data),
                 lambda: extlinux.parse(text), lambda: snapshots.parse_default(text), lambda: mountinfo.parse(text)):
        try:
            call()
        except ValueError as error:
            assert str(error)
