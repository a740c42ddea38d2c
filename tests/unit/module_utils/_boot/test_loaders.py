# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the next boot starts, on whole hosts: GRUB with and without BLS, systemd-boot, other loaders and none."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import grub, kernel_image, loaders
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import systemd_boot as sd_boot
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.facts import BOOT_FACTS
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls, efi
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "fixtures"
MACHINE = "3d1219c7c4c5404aaa1f6d2a48adfda4"
EFI = {"/sys/firmware/efi": ["efivars"]}
NEEDS_ROOT = {"problem": "needs_root", "detail": "Permission denied"}


def text_of(name: str) -> str:
    return (FIXTURES / name).read_text()


def collected(recording: dict[str, Any]) -> Section:
    section = Section("kernel")
    loaders.collect_boot_targets(RecordedHost(recording), section)
    return section


def reason(section: Section, fact: str) -> str:
    return str(next(null["reason"] for null in section.nulls if null["fact"] == "kernel." + fact))


def images(*releases: str) -> dict[str, str]:
    return {f"/boot/vmlinuz-{release}": "" for release in releases}


def debian(name: str = "debian12_default0.cfg", **read: Any) -> dict[str, Any]:
    files = {"/boot/grub/grub.cfg": text_of(name), "/etc/os-release": "ID=debian\n"}
    files.update(images("6.1.0-9-amd64", "6.1.0-44-amd64", "6.1.0-10-cloud-amd64"))
    return dict(files, **{path.replace("__", "/"): text for path, text in read.items()})


def block(**variables: str) -> str:
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    return "# GRUB Environment Block\n" + lines + "#" * 40


def bls_text(release: str, title: str = "", options: str = "$kernelopts $tuned_params") -> str:
    return (f"title {title or 'Red Hat Enterprise Linux (' + release + ')'}\nversion {release}\nlinux /vmlinuz-{release}\n"
            f"initrd /initramfs-{release}.img $tuned_initrd\noptions {options}\n# comment\ngrub_class kernel\n")


def el9(*releases: str, **environment: str) -> dict[str, Any]:
    files = {"/boot/grub2/grub.cfg": text_of("el9.cfg"), "/boot/grub2/grubenv": block(**environment), "/etc/os-release": 'ID="rhel"\n'}
    files.update({f"/boot/loader/entries/{MACHINE}-{release}.conf": bls_text(release) for release in releases})
    return dict(files, **images(*releases))


def variable(name: str, value: bytes, vendor: str = efi.BOOT_LOADER) -> dict[str, str]:
    return {efi.path_of(name, vendor) + "@0+4096": base64.b64encode(b"\x06\0\0\0" + value).decode()}


def words(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def test_debian_boots_the_newest_by_default() -> None:
    section = collected({"read": debian(**{"__etc__default__grub": "GRUB_DEFAULT=0\n"})})
    facts = section.facts["default_boot"]
    assert facts["release"] == "6.1.0-44-amd64"
    assert (facts["loader"], facts["image"], facts["image_present"]) == ("grub", "/boot/vmlinuz-6.1.0-44-amd64", True)
    assert facts["entry"] == "gnulinux-simple-/dev/vda"
    assert facts["stale_config"] is False
    assert section.facts["one_shot"] == {"set": False, "entry": None, "release": None}
    assert section.evidence["kernel.one_shot.set"] == "/boot/grub/grub.cfg"


def test_one_boot_only_leaves_the_default_alone() -> None:
    read = debian("debian12_saved.cfg", **{"__boot__grub__grubenv": block(saved_entry="1>2", next_entry="1>4")})
    facts = collected({"read": read}).facts
    assert facts["default_boot"]["release"] == "6.1.0-10-cloud-amd64"
    assert facts["one_shot"] == {"set": True, "entry": "gnulinux-advanced-/dev/vda>gnulinux-6.1.0-9-amd64-advanced-/dev/vda",
                                 "release": "6.1.0-9-amd64"}


def test_the_older_way_to_boot_once_saves_the_usual_entry_aside() -> None:
    read = debian("debian12_saved.cfg", **{"__boot__grub__grubenv": block(saved_entry="1>4", prev_saved_entry="0")})
    facts = collected({"read": read}).facts
    assert (facts["default_boot"]["release"], facts["one_shot"]["release"]) == ("6.1.0-44-amd64", "6.1.0-9-amd64")


@pytest.mark.parametrize(("configuration", "source", "stale"), [
    ("debian12_default0.cfg", "GRUB_DEFAULT=0\n", False), ("debian12_default0.cfg", "GRUB_TIMEOUT=1\n", False),
    ("debian12_default0.cfg", 'GRUB_DEFAULT="1>2"\n', True), ("debian12_default0.cfg", "GRUB_DEFAULT=saved\n", True),
    ("debian12_saved.cfg", "GRUB_DEFAULT=saved\n", False), ("debian12_saved.cfg", "GRUB_DEFAULT=0\n", True),
    ("debian12_de.cfg", "GRUB_DEFAULT='1>2' # cloud\n", False), ("debian12_de.cfg", 'GRUB_DEFAULT="$(cat /x)"\n', None),
])
def test_a_generated_configuration_can_be_stale(configuration: str, source: str, stale: bool | None) -> None:
    section = collected({"read": debian(configuration, **{"__etc__default__grub": source})})
    assert section.facts["default_boot"]["stale_config"] is stale


def test_a_snippet_overrides_the_main_file() -> None:
    sources = {"__etc__default__grub": "GRUB_DEFAULT=0\n", "__etc__default__grub.d__50-own.cfg": "GRUB_DEFAULT=saved\n"}
    assert collected({"read": debian(**sources)}).facts["default_boot"]["stale_config"] is True


def test_a_removed_kernel_that_is_still_the_default() -> None:
    read = debian()
    del read["/boot/vmlinuz-6.1.0-44-amd64"]
    facts = collected({"read": read}).facts["default_boot"]
    assert (facts["release"], facts["image_present"]) == ("6.1.0-44-amd64", False)


def test_a_link_is_resolved() -> None:
    read = {"/boot/grub/grub.cfg": "menuentry a { linux /vmlinuz root=x }", "/boot/vmlinuz": ""}
    section = collected({"read": read, "readlink": {"/boot/vmlinuz": "/boot/vmlinuz-6.12.9-amd64"}})
    assert section.facts["default_boot"]["release"] == "6.12.9-amd64"


def test_an_entry_that_starts_another_loader_has_no_release() -> None:
    section = collected({"read": {"/boot/grub/grub.cfg": "menuentry Windows --id=win { chainloader /EFI/x.efi }"}})
    assert section.facts["default_boot"]["entry"] == "win"
    assert reason(section, "default_boot.release") == "unsupported"


def test_el_boots_what_saved_entry_names() -> None:
    old, new = "5.14.0-362.8.1.el9_3.x86_64", "5.14.0-427.13.1.el9_4.x86_64"
    read = el9(old, new, saved_entry=f"{MACHINE}-{old}", kernelopts="root=/dev/sda1 ro")
    facts = collected({"read": read}).facts
    assert facts["default_boot"]["release"] == old
    assert (facts["default_boot"]["loader"], facts["default_boot"]["entry"]) == ("grub-bls", f"{MACHINE}-{old}")
    assert facts["one_shot"]["set"] is False


@pytest.mark.parametrize(("options", "environment", "cmdline"), [
    ("root=/dev/sda1 ro $tuned_params", {}, "root=/dev/sda1 ro"),
    ("$kernelopts $tuned_params", {"kernelopts": "root=/dev/sda1 ro quiet", "tuned_params": "skew_tick=1"}, "root=/dev/sda1 ro quiet skew_tick=1"),
    ("ro ${kernelopts}", {"kernelopts": "quiet"}, "ro quiet"),
    # blscfg takes the first line of options only; systemd-boot joins them.
    ("ro\noptions audit=1", {}, "ro"),
])
def test_an_entrys_options_get_the_values_that_grub_puts_in(options: str, environment: dict[str, str], cmdline: str) -> None:
    release = "5.14.0-427.13.1.el9_4.x86_64"
    read = dict(el9(release, **environment), **{f"/boot/loader/entries/{MACHINE}-{release}.conf": bls_text(release, options=options)})
    assert collected({"read": read}).facts["default_boot"]["options"] == cmdline


def test_the_command_line_of_debians_entry_is_that_of_its_linux_line() -> None:
    assert collected({"read": debian()}).facts["default_boot"]["options"] == "root=/dev/vda ro console=ttyS0"


@pytest.mark.parametrize(("text", "saved"), [
    ("GRUB_DEFAULT=saved\nGRUB_TIMEOUT=8\n", "GRUB_DEFAULT=saved\nGRUB_TIMEOUT=8\n"),
    ("GRUB_DEFAULT=0\nGRUB_TIMEOUT=8\n", "GRUB_TIMEOUT=8\nGRUB_DEFAULT=saved\n"),
    ("GRUB_TIMEOUT=8\n", "GRUB_TIMEOUT=8\nGRUB_DEFAULT=saved\n"),
])
def test_the_saved_entry_becomes_the_default(text: str, saved: str) -> None:
    assert grub.with_saved_default(text) == saved


@pytest.mark.parametrize("saved", ["", "gone", "0"])
def test_el_falls_back_to_the_newest_by_rpm_order(saved: str) -> None:
    releases = ("5.14.0-70.13.1.el9_0.x86_64", "5.14.0-427.13.1.el9_4.x86_64", "0-rescue")
    assert collected({"read": el9(*releases, saved_entry=saved)}).facts["default_boot"]["release"] == releases[1]


def test_el_finds_an_entry_by_title_and_by_index() -> None:
    old, new = "5.14.0-1.el9.x86_64", "5.14.0-2.el9.x86_64"
    assert collected({"read": el9(old, new, saved_entry=f"Red Hat Enterprise Linux ({old})")}).facts["default_boot"]["release"] == old
    assert collected({"read": el9(old, new, saved_entry="1")}).facts["default_boot"]["release"] == old


def test_the_efi_partition_hands_over_to_boot() -> None:
    read = el9("5.14.0-2.el9.x86_64")
    read["/boot/efi/EFI/redhat/grub.cfg"] = text_of("el9_stub.cfg")
    read["/boot/grub/grub.cfg"] = text_of("debian12_default0.cfg")
    section = collected({"read": read, "listdir": EFI})
    assert section.facts["default_boot"]["release"] == "5.14.0-2.el9.x86_64"
    assert section.evidence["kernel.default_boot.entry"] == "/boot/grub2/grub.cfg"


def test_the_efi_partition_may_hold_the_configuration_itself() -> None:
    read = {"/boot/efi/EFI/fedora/grub.cfg": "menuentry f { linux /vmlinuz-6.1.1 }", "/boot/efi/EFI/redhat/grub.cfg": text_of("el9.cfg"),
            "/boot/efi/EFI/redhat/grubenv": block(), "/etc/os-release": 'ID="rhel"\n',
            f"/boot/loader/entries/{MACHINE}-4.18.0-553.el8.x86_64.conf": bls_text("4.18.0-553.el8.x86_64")}
    assert collected({"read": read, "listdir": EFI}).facts["default_boot"]["release"] == "4.18.0-553.el8.x86_64"
    assert reason(collected({"read": read}), "default_boot.release") == "absent"


def test_suse_keeps_its_block_outside_of_files_on_btrfs() -> None:
    read = {"/boot/grub2/grub.cfg": text_of("sles15_xen.cfg"), "/boot/grub2/grubenv": block(env_block="512+1")}
    saved = "saved_entry=gnulinux-advanced-ab>gnulinux-5.14.21-150500.53-default-advanced-ab\n"
    facts = collected({"read": read, "run": {"grub2-editenv list": saved}}).facts
    assert facts["default_boot"]["release"] == "5.14.21-150500.53-default"
    assert reason(collected({"read": read}), "one_shot.set") == "tool_missing"


@pytest.mark.parametrize(("path", "text", "why"), [
    ("/boot/grub2/grub.cfg", NEEDS_ROOT, "needs_root"), ("/boot/grub2/grubenv", NEEDS_ROOT, "needs_root"),
    ("/boot/grub2/grub.cfg", "menuentry 'damaged", "unparsable"), ("/boot/grub2/grub.cfg", "", "unparsable"),
])
def test_what_cannot_be_read_is_said_for_each_fact(path: str, text: Any, why: str) -> None:
    section = collected({"read": dict(el9("5.14.0-2.el9.x86_64"), **{path: text}), "uid": 1000})
    assert {null["fact"] for null in section.nulls} == {"kernel." + fact.path for fact in BOOT_FACTS}
    assert {null["reason"] for null in section.nulls} == {why}


def test_entries_that_only_root_may_list() -> None:
    read = {"/boot/grub2/grub.cfg": text_of("el9.cfg")}
    section = collected({"read": read, "listdir": {"/boot/loader/entries": NEEDS_ROOT}})
    assert reason(section, "default_boot.release") == "needs_root"


def test_a_damaged_environment_block_counts_as_empty() -> None:
    read = debian("debian12_saved.cfg", **{"__boot__grub__grubenv": "\0" * 1024})
    assert collected({"read": read}).facts["default_boot"]["release"] == "6.1.0-44-amd64"


def test_the_firmware_boots_once_before_any_loader() -> None:
    recording = {"read": debian(), "listdir": EFI, "read_bytes": variable("BootNext", b"\x03\x00", efi.FIRMWARE)}
    section = collected(recording)
    assert section.facts["one_shot"] == {"set": True, "entry": "Boot0003", "release": None}
    assert reason(section, "one_shot.release") == "unsupported"


def systemd_boot(**variables: str) -> dict[str, Any]:
    entry = "title Fedora\nversion {0}\nsort-key fedora\nmachine-id %s\nlinux /%s/{0}/linux\n" % (MACHINE, MACHINE)  # noqa: UP031
    read = {f"/efi/loader/entries/{MACHINE}-{release}{count}.conf": entry.format(release)
            for release, count in (("6.9.4-200.fc40.x86_64", ""), ("6.10.3-200.fc40.x86_64", "+3"), ("6.11.0-1.fc40.x86_64", "+0-3"))}
    read.update((f"/efi/{MACHINE}/{release}/linux", "") for release in ("6.9.4-200.fc40.x86_64", "6.10.3-200.fc40.x86_64", "6.11.0-1.fc40.x86_64"))
    data = variable("LoaderInfo", words("systemd-boot 255.4-1.fc40"))
    for name, value in variables.items():
        data.update(variable(name, words(value)))
    return {"read": read, "listdir": EFI, "read_bytes": data}


def test_systemd_boot_prefers_the_newest_that_has_not_failed() -> None:
    section = collected(systemd_boot())
    facts = section.facts["default_boot"]
    assert (facts["release"], facts["loader"], facts["entry"]) == ("6.10.3-200.fc40.x86_64", "systemd-boot", f"{MACHINE}-6.10.3-200.fc40.x86_64.conf")
    assert reason(section, "default_boot.stale_config") == "not_applicable"
    assert section.facts["one_shot"]["set"] is False


def test_systemd_boot_follows_its_variables() -> None:
    facts = collected(systemd_boot(LoaderEntryDefault="*-6.9.4-*", LoaderEntryOneShot=f"{MACHINE}-6.11.0-1.fc40.x86_64.conf")).facts
    assert facts["default_boot"]["release"] == "6.9.4-200.fc40.x86_64"
    assert facts["one_shot"]["release"] == "6.11.0-1.fc40.x86_64"
    saved = collected(systemd_boot(LoaderEntryDefault="@saved", LoaderEntryLastBooted=f"{MACHINE}-6.9.4-200.fc40.x86_64.conf"))
    assert saved.facts["default_boot"]["release"] == "6.9.4-200.fc40.x86_64"


def test_the_command_line_of_systemd_boots_entry_is_its_options() -> None:
    recording = systemd_boot(LoaderEntryDefault="*-6.9.4-*")
    path = f"/efi/loader/entries/{MACHINE}-6.9.4-200.fc40.x86_64.conf"
    recording["read"][path] += "options root=/dev/vda2 ro\noptions quiet\n"
    assert collected(recording).facts["default_boot"]["options"] == "root=/dev/vda2 ro quiet"


def test_systemd_boot_reads_loader_conf() -> None:
    recording = systemd_boot()
    recording["read"]["/efi/loader/loader.conf"] = f"# comment\ntimeout 3\ndefault {MACHINE.upper()}-6.9*\n"
    assert collected(recording).facts["default_boot"]["release"] == "6.9.4-200.fc40.x86_64"


@pytest.mark.parametrize(("file", "text", "release"), [
    # src/boot/efi-string.c, line_get_key_value: quotes at both ends of a value are none of it.
    ("loader.conf", f'default "{MACHINE}-6.9*"\n', "6.9.4-200.fc40.x86_64"), ("loader.conf", f'default "{MACHINE}-6.9*\n', "6.10.3-200.fc40.x86_64"),
    ("entries/a.conf", f'title "F"\nversion "7.1"\nsort-key "fedora"\nmachine-id {MACHINE}\nlinux "/a/7.1.0-1.fc44.x86_64/linux"\n',
     "7.1.0-1.fc44.x86_64"),
])
def test_quotes_at_both_ends_are_no_part_of_a_value(file: str, text: str, release: str) -> None:
    recording = systemd_boot()
    recording["read"].update({f"/efi/loader/{file}": text, "/efi/a/7.1.0-1.fc44.x86_64/linux": ""})
    assert collected(recording).facts["default_boot"]["release"] == release


@pytest.mark.parametrize(("name", "pattern", "release"), [
    # valid_type1_filename and boot_entry_add_type1 of systemd's boot.c: the suffix in either case, an id in small letters, by which it is sorted.
    ("B-6.12.0.CONF", "", "6.12.0-1.fc40.x86_64"), ("B-6.12.0+0-3.Conf", "", "6.10.3-200.fc40.x86_64"),
    ("B-6.12.0.CONF", "*-6.9*", "6.9.4-200.fc40.x86_64"), ("b-6.12.0.CONF", "B-6.12*.conf", "6.12.0-1.fc40.x86_64"),
    (".b-6.12.0.conf", "", "6.10.3-200.fc40.x86_64"), ("Auto-b.CONF", "", "6.10.3-200.fc40.x86_64"),
])
def test_systemd_boot_takes_letters_of_either_case(name: str, pattern: str, release: str) -> None:
    recording = systemd_boot()
    recording["read"].update({f"/efi/loader/entries/{name}": "version 6.12.0\nsort-key fedora\nmachine-id 0\nlinux /z/6.12.0-1.fc40.x86_64/linux\n",
                              "/efi/z/6.12.0-1.fc40.x86_64/linux": "", "/efi/loader/loader.conf": f"default {pattern}\n" if pattern else ""})
    assert collected(recording).facts["default_boot"]["release"] == release


def test_systemd_boot_orders_names_by_small_letters() -> None:
    choices = [sd_boot.choice_of_entry(bls.parse_entry(name, "linux /x\n"), "/x") for name in ("A-1.conf", "b-1.conf", "C-1.CONF")]
    assert [choice.id for choice in sd_boot.in_order(choices)] == ["C-1.conf", "b-1.conf", "A-1.conf"]


def test_grub_takes_no_suffix_in_capitals() -> None:
    read = el9("5.14.0-1.el9.x86_64")
    read[f"/boot/loader/entries/{MACHINE}-5.14.0-9.el9.x86_64.CONF"] = bls_text("5.14.0-9.el9.x86_64")
    assert collected({"read": read}).facts["default_boot"]["release"] == "5.14.0-1.el9.x86_64"


def unified_image(*further: tuple[str, str], **sections: str) -> bytes:
    """A PE image as small as its header allows, with the named sections, and further ones of which several may have one name."""
    names = [*sections.items(), *further]
    table = 0x80 + 24
    data = b"MZ" + b"\0" * 0x3A + struct.pack("<I", 0x80) + b"\0" * 0x40 + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(names), 0, 0, 0, 0, 0)
    offset, rows, body = table + 40 * len(names), b"", b""
    for name, text in names:
        content = text.encode()
        rows += ("." + name).encode().ljust(8, b"\0") + struct.pack("<IIII", len(content), 0, len(content), offset + len(body)) + b"\0" * 16
        body += content
    return data + rows + body


class ByteHost(RecordedHost):
    """A recorded host with one file of bytes, of which any part can be read."""

    def __init__(self, path: str, data: bytes, recording: dict[str, Any]) -> None:
        super().__init__(recording)
        self.path, self.data = path, data

    def read_bytes(self, path: str, size: int = 4194304, offset: int = 0) -> Any:
        if path != self.path:
            return super().read_bytes(path, size, offset)
        return super().read_bytes(path, 0)._replace(value=self.data[offset:offset + size], problem=None)


def test_a_unified_image_says_which_kernel_it_holds() -> None:
    path = "/efi/EFI/Linux/fedora+2-1.efi"
    data = unified_image(osrel='ID=fedora\nVERSION_ID=40\nPRETTY_NAME="Fedora Linux 40"\n', uname="6.10.3-200.fc40.x86_64")
    recording = {"read": {path: ""}, "listdir": EFI, "read_bytes": variable("LoaderInfo", words("systemd-boot 256"))}
    section = Section("kernel")
    loaders.collect_boot_targets(ByteHost(path, data, recording), section)
    assert section.facts["default_boot"]["release"] == "6.10.3-200.fc40.x86_64"
    assert section.facts["default_boot"]["entry"] == "fedora.efi"
    assert "uname section" in section.facts["default_boot"]["how"]


@pytest.mark.parametrize(("loader", "pattern", "entry", "is_image"), [
    # systemd 257, src/boot/boot.c (boot_entry_add_type2): each further profile is FILE@ID, or FILE@NUMBER without one.
    ("257.4", "fedora.efi@rescue", "fedora.efi@rescue", True), ("258", "fedora.efi@2", "fedora.efi@2", True),
    ("257", "fedora.efi*", "fedora.efi", True), ("257", "fedora.efi@1", f"{MACHINE}-6.10.3-200.fc40.x86_64.conf", False),
    ("256.7", "fedora.efi@rescue", f"{MACHINE}-6.10.3-200.fc40.x86_64.conf", False),
])
def test_each_profile_of_a_unified_image_is_an_entry(loader: str, pattern: str, entry: str, is_image: bool) -> None:
    path, recording = "/efi/EFI/Linux/fedora.efi", systemd_boot()
    recording["read"].update({"/efi/loader/loader.conf": f"default {pattern}\n", path: ""})
    recording["read_bytes"] = {**recording["read_bytes"], **variable("LoaderInfo", words(f"systemd-boot {loader}"))}
    data = unified_image(("profile", "ID=main\nTITLE=Main\n"), ("cmdline", "quiet"), ("profile", 'TITLE=x\nID="rescue"\n'), ("profile", "TITLE=y\n"),
                         osrel="ID=later\nPRETTY_NAME=F\n", uname="6.1.3-200.fc40.x86_64")
    section = Section("kernel")
    loaders.collect_boot_targets(ByteHost(path, data, recording), section)
    release = "6.1.3-200.fc40.x86_64" if is_image else "6.10.3-200.fc40.x86_64"
    assert (section.facts["default_boot"]["entry"], section.facts["default_boot"]["release"]) == (entry, release)


def test_an_image_without_a_release_in_its_name_says_it_itself() -> None:
    header = bytearray(0x400)
    header[0x202:0x206], header[0x20E:0x210] = b"HdrS", struct.pack("<H", 0x100)
    data = bytes(header[:0x300]) + b"6.18.2-arch1-1 (linux@archlinux) #1 SMP\0" + b"\0" * 300
    host = ByteHost("/boot/vmlinuz-linux", data, {"read": {"/boot/vmlinuz-linux": ""}})
    assert kernel_image.release_of(host, "/boot/vmlinuz-linux") == ("6.18.2-arch1-1", "the image's boot header")


@pytest.mark.parametrize(("path", "release"), [
    ("/boot/vmlinuz-6.1.0-9-amd64", "6.1.0-9-amd64"), ("/vmlinuz-5.15.0-305.el8uek.x86_64", "5.15.0-305.el8uek.x86_64"),
    ("/boot/Image-5.14.21-default.gz", "5.14.21-default"), ("/boot/vmlinux-6.4.0-150600.21-default", "6.4.0-150600.21-default"),
    (f"/efi/{MACHINE}/6.10.3-200.fc40.x86_64/linux", "6.10.3-200.fc40.x86_64"), ("/boot/kernel-4.19.0-gentoo", "4.19.0-gentoo"),
    ("/boot/vmlinuz", None), ("/boot/vmlinuz-linux", None), ("/boot/vmlinuz.old", None), ("", None), ("/boot/vmlinuz-6.1\n; rm", None),
    ("/boot/vmlinuz-6.12-1-liquorix-amd64", "6.12-1-liquorix-amd64"), ("/boot/vmlinuz-6.12", None),
    # Manjaro's branch, Void, Gentoo, Photon, a candidate of Debian's, and what make install moved aside.
    ("/boot/vmlinuz-6.12-x86_64", None), ("/boot/vmlinuz-6.6.30_1", "6.6.30_1"), ("/boot/kernel-6.6.30-gentoo-dist", "6.6.30-gentoo-dist"),
    ("/boot/vmlinuz-6.1.83-2.ph5-esx", "6.1.83-2.ph5-esx"), ("/boot/vmlinuz-6.18-rc3-amd64", "6.18-rc3-amd64"), ("/boot/vmlinuz-6.6.30.old", None),
    ("/boot/arch/vmlinuz-linux-lts", None), ("/boot/kernel-genkernel-x86_64-6.6.30-gentoo", None),
])
def test_releases_in_paths(path: str, release: str | None) -> None:
    assert kernel_image.release_from_path(path) == release


@pytest.mark.parametrize(("recording", "why", "detail"), [
    ({}, "absent", "no configuration of a boot loader"),
    ({"read": {"/etc/zipl.conf": "[defaultboot]\n"}}, "unsupported", "zipl (/etc/zipl.conf) is not read; lsreipl"),
    ({"read": {"/boot/boot.scr": ""}}, "unsupported", "U-Boot (/boot/boot.scr) is not read; fw_printenv bootcmd"),
    ({"read": {"/boot/firmware/config.txt": ""}}, "unsupported", "its lines kernel= and os_prefix= and the images beside it would tell"),
    ({"read": {"/boot/extlinux/extlinux.conf": "default linux\n"}}, "unparsable", "extlinux"),
    ({"read": {"/run/systemd/container": "docker", "/boot/grub/grub.cfg": ""}}, "in_container", "docker"),
    ({"listdir": EFI, "read_bytes": variable("LoaderInfo", words("rEFInd 0.14.2"))}, "unsupported", "rEFInd"),
    ({"listdir": {"/boot": NEEDS_ROOT}}, "needs_root", "/boot"),
])
def test_loaders_that_are_not_read(recording: dict[str, Any], why: str, detail: str) -> None:
    section = collected(recording)
    assert reason(section, "default_boot.release") == reason(section, "one_shot.set") == why
    assert detail in section.nulls[0]["detail"]


def test_grubby_speaks_for_loaders_that_it_knows() -> None:
    out = "warning: something odd\n/boot/vmlinuz-5.14.0-2.el9.s390x\n"
    read = {"/etc/zipl.conf": "[defaultboot]\n", "/boot/vmlinuz-5.14.0-2.el9.s390x": ""}
    section = collected({"read": read, "run": {"grubby --default-kernel": out}})
    assert section.facts["default_boot"]["release"] == "5.14.0-2.el9.s390x"
    assert section.facts["default_boot"]["loader"] == "grubby"
    assert reason(section, "one_shot.set") == "unsupported"


def test_each_fact_is_declared() -> None:
    facts = collected({"read": debian()}).facts
    seen = {f"{group}.{name}" for group, values in facts.items() for name in values}
    assert seen == {fact.path for fact in BOOT_FACTS}


def test_the_order_of_systemd_boot() -> None:
    choices = [sd_boot.choice_of_entry(bls.parse_entry(name, text), "/x") for name, text in (
        ("a.conf", "linux /x\n"), ("b+0-3.conf", "sort-key a\nversion 9\nlinux /x\n"), ("c.conf", "sort-key a\nversion 2.10\nlinux /x\n"),
        ("d.conf", "sort-key a\nversion 2.9\nlinux /x\n"), ("e+1.conf", "sort-key 0\nlinux /x\n"))]
    assert [choice.id for choice in sd_boot.in_order(choices)] == ["e.conf", "c.conf", "d.conf", "a.conf", "b.conf"]
    twice = [sd_boot.choice_of_entry(bls.parse_entry(name, "linux /x\n"), name) for name in ("f+1-2.conf", "f.conf", "f+3.conf")]
    assert [choice.path for choice in sd_boot.in_order(twice)] == ["f+3.conf", "f+1-2.conf", "f.conf"]


@pytest.mark.parametrize(("name", "plain", "left"), [
    ("a.conf", "a.conf", None), ("a+3.conf", "a.conf", 3), ("a+0-4.efi", "a.efi", 0), ("6.1+deb13.conf", "6.1+deb13.conf", None),
    ("+1.conf", "+1.conf", None),
])
def test_boot_counters(name: str, plain: str, left: int | None) -> None:
    assert sd_boot.split_counters(name) == (plain, left)


@pytest.mark.parametrize(("text", "path"), [
    ("/boot/vmlinuz-5.14.0-570.12.1.el9_6.s390x\n", "/boot/vmlinuz-5.14.0-570.12.1.el9_6.s390x"),
    ("grep: /boot/grub2/grubenv: No such file or directory\n/boot/vmlinuz-6.17.8-300.fc43.aarch64\n", "/boot/vmlinuz-6.17.8-300.fc43.aarch64"),
    ("/boot/vmlinuz-6.17.8\n/usr/sbin/grubby: line 31: /boot/grub2/grubenv: No such file or directory\n", "/boot/vmlinuz-6.17.8"),
    ("/etc/default/grub: line 3: syntax error near unexpected token\n", None),
    ("The param /boot/vmlinuz is incorrect\n", None), ("", None),
])
def test_what_grubby_complains_of_is_no_image(text: str, path: str | None) -> None:
    """rhboot/grubby grubby-bls: a shell script, whose shell tells its errors by path and line."""
    assert loaders.parse_grubby(text) == path


def test_a_damaged_entry_is_passed_over() -> None:
    read = el9("5.14.0-2.el9.x86_64")
    read[f"/boot/loader/entries/{MACHINE}-9.9.9-1.conf"] = "\0\0\0"
    assert collected({"read": read}).facts["default_boot"]["release"] == "5.14.0-2.el9.x86_64"


@given(st.text(), st.binary(max_size=2000))
def test_parsers_raise_nothing_but_value_errors(text: str, data: bytes) -> None:
    for call in (lambda: bls.parse_entry(text, text), lambda: sd_boot.parse_loader_conf(text), lambda: grub.wanted_default([text]),
                 lambda: kernel_image.section_place(data, ".uname"), lambda: kernel_image.section_place(b"MZ" + data, ".uname"),
                 lambda: kernel_image.version_offset(data), lambda: kernel_image.parse_version_text(data),
                 lambda: sd_boot.split_counters(text), lambda: kernel_image.release_from_path(text), lambda: loaders.parse_grubby(text)):
        try:
            call()
        except ValueError as error:
            assert str(error)


@given(st.lists(st.text(), max_size=6), st.text())
def test_any_names_can_be_ordered_and_searched(names: list[str], wanted: str) -> None:
    entries = [bls.parse_entry(name, "linux /x\nversion " + name.strip() + "1\n") for name in names]
    choices = sd_boot.in_order([sd_boot.choice_of_entry(entry, "/x") for entry in entries])
    found = sd_boot.find(choices, wanted)
    assert found is None or found in choices


@given(st.text(), st.text(), st.text())
def test_a_hostile_boot_partition_is_a_reason(configuration: str, environment: str, entry: str) -> None:
    read = {"/boot/grub2/grub.cfg": configuration + "\nblscfg\n", "/boot/grub2/grubenv": block(next_entry=environment)}
    read["/boot/loader/entries/a.conf"] = entry
    assert "set" in collected({"read": read}).facts["one_shot"]
