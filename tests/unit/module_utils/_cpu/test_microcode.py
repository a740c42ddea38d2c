# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microcode on disk against what runs: Intel's files, AMD's containers, damaged ones, and hosts that load none."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu import early_image, microcode
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu import section as cpu_section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

INTEL = "/lib/firmware/intel-ucode/06-55-07"
AMD = "/lib/firmware/amd-ucode/microcode_amd_fam19h.bin"


def intel(*entries: tuple[int, int, int]) -> dict[str, str]:
    """The reads of a file with entries (revision, signature, platforms) of 2,048 bytes each, and of its end."""
    reads = {f"{INTEL}@{2048 * len(entries)}+48": ""}
    for place, (revision, sign, platforms) in enumerate(entries):
        header = struct.pack("<9I12x", 1, revision, 0x06122026, sign, 0, 1, platforms, 2000, 2048)
        reads[f"{INTEL}@{2048 * place}+48"] = base64.b64encode(header).decode()
    return reads


def amd(*found: tuple[int, int]) -> bytes:
    """A container of AMD's with one patch for each (signature, revision)."""
    table = b"".join(struct.pack("<3IHH", sign, 0, 0, place, 0) for place, (sign, _revision) in enumerate(found))
    data = struct.pack("<3I", 0x00414D44, 0, len(table) + 16) + table + b"\0" * 16
    for place, (_sign, revision) in enumerate(found):
        patch = struct.pack("<IIHBBIIIH", 0, revision, 0, 0, 0, 0, 0, 0, place) + b"\0" * 38
        data += struct.pack("<2I", 1, len(patch)) + patch
    return data


def scan(vendor: str, family: int, model: int, stepping: int, revision: str, reads: dict[str, str], flags: str = "fpu",
         platform: Any = "0x80\n") -> Section:
    cpuinfo = (f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}\nstepping\t: {stepping}\n"
               f"microcode\t: {revision}\nflags\t\t: {flags}\n")
    section = Section("cpu")
    recording = {"read": {cpu_section.CPUINFO: cpuinfo, microcode.PLATFORM: platform}, "read_bytes": reads}
    cpu_section.collect(RecordedHost(recording), section, {})
    return section


@pytest.mark.parametrize(("entries", "revision", "pending"), [
    ([(0x5003707, 0x50657, 0xBF)], "0x5003605", True), ([(0x5003707, 0x50657, 0xBF)], "0x5003707", False),
    ([(0x5003707, 0x50657, 0xBF)], "0x5003800", False), ([(0x5003605, 0x50657, 0xBF), (0x5003707, 0x50657, 0x80)], "0x5003605", True),
    ([(0x5003707, 0x50657, 0x01)], "0x5003605", False), ([(0x5003707, 0x50656, 0xBF)], "0x5003605", False)])
def test_intels_microcode_that_waits(entries: list[tuple[int, int, int]], revision: str, pending: bool) -> None:
    """By the signature, and by the platform that the kernel names (processor_flags)."""
    assert scan("GenuineIntel", 6, 0x55, 7, revision, intel(*entries)).facts["microcode"]["pending"] is pending


@pytest.mark.parametrize(("revision", "pending"), [("0xa10113e", True), ("0xa101154", False)])
def test_amds_microcode_that_waits(revision: str, pending: bool) -> None:
    data = amd((0xA00F11, 0xA0011DE), (0xA10F11, 0xA101154))
    reads = {f"{AMD}@0+{4 * 1024 * 1024}": base64.b64encode(data).decode()}
    facts = scan("AuthenticAMD", 25, 17, 1, revision, reads).facts["microcode"]
    assert facts["installed"] == [{"processor": "19-11-01", "revision": "0xa101154", "path": AMD}]
    assert facts["pending"] is pending


def test_without_the_platform_nobody_can_say_whose_entry_it_is() -> None:
    section = scan("GenuineIntel", 6, 0x55, 7, "0x5003605", intel((0x5003707, 0x50657, 0xBF)), platform={"problem": "needs_root", "detail": "denied"})
    assert {entry["fact"]: entry["reason"] for entry in section.nulls}["cpu.microcode.pending"] == "needs_root"


def test_nothing_on_disk_is_nothing_that_waits() -> None:
    facts = scan("GenuineIntel", 6, 0x55, 7, "0x5003605", {}).facts["microcode"]
    assert (facts["installed"], facts["pending"]) == ([], False)


@pytest.mark.parametrize(("vendor", "flags"), [("GenuineIntel", "fpu hypervisor"), ("Shanghai", "fpu")])
def test_a_virtual_machine_loads_none(vendor: str, flags: str) -> None:
    section = scan(vendor, 6, 0x55, 7, "0x1", intel((0x5003707, 0x50657, 0xBF)), flags)
    assert {entry["fact"]: entry["reason"] for entry in section.nulls}["cpu.microcode.pending"] == "not_applicable"


class FileHost(RecordedHost):
    """A recorded host whose images are read at any place."""

    def __init__(self, recording: dict[str, Any], images: dict[str, bytes]) -> None:
        super().__init__(recording)
        self.images = images

    def read_bytes(self, path: str, size: int = 4096, offset: int = 0) -> Answer:
        if path in self.images:
            return Answer(self.images[path][offset:offset + size], None, "")
        return super().read_bytes(path, size, offset)


def cpio(*files: tuple[str, bytes], pad: int = 512) -> bytes:
    """An archive as `cpio -o -H newc` makes it, filled up to whole blocks."""
    data = b""
    for name, content in [*files, ("TRAILER!!!", b"")]:
        numbers = (0, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
        member = b"070701" + b"".join(b"%08x" % number for number in numbers) + name.encode() + b"\0"
        data += member + b"\0" * (-len(member) % 4) + content + b"\0" * (-len(content) % 4)
    return data + b"\0" * (-len(data) % pad)


def intels_file(*revisions: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<9I12x", 1, revision, 0x06122026, sign, 0, 1, 0xBF, 2000, 2048) + b"\0" * 2000 for revision, sign in revisions)


FOLDERS = (("kernel", b""), ("kernel/x86", b""), ("kernel/x86/microcode", b""))
INTELS = "kernel/x86/microcode/GenuineIntel.bin"
SYSTEM = b"\x28\xb5\x2f\xfd" + b"a compressed archive" * 40
OTHER = (0x2007006, 0x50654)
IMAGE, FIRST = "/boot/initrd.img-6.1.0-30-amd64", "/boot/intel-ucode.img"


@pytest.mark.parametrize(("images", "revision"), [
    ({IMAGE: cpio(*FOLDERS, (INTELS, intels_file(OTHER, (0x5003707, 0x50657)))) + SYSTEM}, "0x5003707"),
    ({IMAGE: cpio(("early_cpio", b"1\n"), *FOLDERS, (INTELS, intels_file((0x5003605, 0x50657)))) + SYSTEM}, "0x5003605"),
    ({IMAGE: cpio(*FOLDERS, ("kernel/x86/microcode/AuthenticAMD.bin", b"x")) + cpio((INTELS, intels_file((0x5003707, 0x50657)))) + SYSTEM},
     "0x5003707"),
    ({IMAGE: cpio(*FOLDERS, (INTELS, intels_file(OTHER))) + SYSTEM}, None), ({IMAGE: SYSTEM}, None), ({IMAGE: b""}, None),
    ({FIRST: cpio((INTELS, intels_file((0x5003707, 0x50657))), pad=4), IMAGE: SYSTEM}, "0x5003707"),
    ({FIRST: SYSTEM, IMAGE: cpio((INTELS, intels_file((0x5003707, 0x50657))))}, None),
    ({IMAGE: cpio(*FOLDERS, (INTELS, intels_file((0x5003707, 0x50657))))[:900]}, None)])
def test_what_the_next_boot_loads_lies_in_the_first_archives_of_its_initrd(images: dict[str, bytes], revision: str | None) -> None:
    """Layouts of mkinitramfs, dracut and mkinitcpio, an image of its own before the system's, one behind it, and one that was cut off."""
    found = early_image.loaded(FileHost({}, images), list(images), "GenuineIntel", ["06-55-07"])
    assert [hex(one.revision) for one in found] == ([] if revision is None else [revision])


def test_amds_containers_stand_one_behind_the_other() -> None:
    content = amd((0x830F10, 0x830107F)) + amd((0xA10F11, 0xA101154))
    images = {IMAGE: cpio(*FOLDERS, ("kernel/x86/microcode/AuthenticAMD.bin", content)) + SYSTEM}
    found = early_image.loaded(FileHost({}, images), [IMAGE], "AuthenticAMD", ["17-31-00", "19-11-01"])
    assert [(one.processor, hex(one.revision)) for one in found] == [("17-31-00", "0x830107f"), ("19-11-01", "0xa101154")]


def test_a_whole_system_without_compression_is_not_looked_through() -> None:
    with pytest.raises(early_image.UnreadableError):
        early_image.loaded(FileHost({}, {IMAGE: cpio(*((f"usr/{number}", b"") for number in range(300)))}), [IMAGE], "GenuineIntel", ["06-55-07"])


@pytest.mark.parametrize(("running", "on_disk", "in_image", "left_behind"), [
    ("0x5003605", 0x5003707, 0x5003707, False), ("0x5003605", 0x5003707, 0x5003605, True), ("0x5003605", 0x5003707, None, True),
    ("0x5003707", 0x5003707, None, None), ("0x5003707", 0x5003707, 0x5003707, False), ("0x5003707", None, None, False)])
def test_microcode_that_no_reboot_will_load(running: str, on_disk: int | None, in_image: int | None, left_behind: bool | None) -> None:
    cpuinfo = f"processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nstepping\t: 7\nmicrocode\t: {running}\nflags\t\t: fpu\n"
    menu = "menuentry 'Debian' {\n\tlinux /boot/vmlinuz-6.1.0-30-amd64 root=/dev/sda1\n\tinitrd /boot/initrd.img-6.1.0-30-amd64\n}\n"
    recording = {"read": {cpu_section.CPUINFO: cpuinfo, microcode.PLATFORM: "0x80\n", "/boot/grub/grub.cfg": menu, IMAGE: "", "/etc/os-release":
                          "ID=debian\nVERSION_ID=12\n", "/boot/vmlinuz-6.1.0-30-amd64": ""},
                 "read_bytes": intel((on_disk, 0x50657, 0xBF)) if on_disk else {}}
    images = {IMAGE: (cpio(*FOLDERS, (INTELS, intels_file((in_image, 0x50657)))) if in_image else b"") + SYSTEM}
    section = Section("cpu")
    cpu_section.collect(FileHost(recording, images), section, {})
    facts = section.facts["microcode"]
    assert facts["left_behind"] is left_behind
    assert [row["path"] for row in facts["next_boot"]] == ([IMAGE] if in_image else [])


@pytest.mark.parametrize(("processor", "sign"), [("06-55-07", 0x50657), ("19-11-01", 0xA10F11), ("17-31-00", 0x830F10), ("06-9e-0a", 0x906EA)])
def test_signatures(processor: str, sign: int) -> None:
    assert microcode.signature(processor) == sign


@given(st.binary(max_size=400), st.integers(0, 200))
def test_a_damaged_container_raises_nothing(noise: bytes, cut: int) -> None:
    data: Any = amd((0xA00F11, 1))
    assert isinstance(microcode.patches(noise), dict)
    assert isinstance(microcode.patches(data[:cut] + noise), dict)
