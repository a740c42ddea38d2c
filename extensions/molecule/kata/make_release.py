#!/usr/bin/env python3
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes stand-ins of Kata releases with the true layout in a folder of a host: make_release.py FOLDER LIBRARY VERSION...

The shim is the host's own containerd-shim-runc-v2, into which LIBRARY is loaded so that it takes the options of Kata's shim; the machine monitor is
the host's QEMU. With runc.sh below it containers are really created and run in a sandbox with a kernel of its own, though not in a virtual machine.
"""

import io
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

SHIM = "/usr/bin/containerd-shim-runc-v2"
MONITOR = "/usr/bin/qemu-system-x86_64"
# The version that the sandbox's kernel says it has.
KERNEL = "vmlinux-4.4.0-202"
CONFIGURATION = """\
[hypervisor.qemu]
path = "/opt/kata/bin/qemu-system-x86_64"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
enable_annotations = ["enable_iommu", "kernel_params"]
default_vcpus = 1
default_memory = 2048
rootless = false
# msize_9p = 8192
seccompsandbox = ""
disable_selinux = false
enable_debug = false
extra_monitor_socket = ""
guest_hook_path = ""

[agent.kata]
debug_console_enabled = false
enable_debug = false

[runtime]
enable_debug = false
disable_guest_seccomp = true
sandbox_cgroup_only = false
static_sandbox_resource_mgmt = false
sandbox_bind_mounts = []
"""
LINKS = {
    "share/kata-containers/vmlinux.container": KERNEL,
    "share/kata-containers/kata-containers.img": "kata-ubuntu-noble.image",
    "share/defaults/kata-containers/configuration.toml": "configuration-qemu.toml",
}
LIBRARY = "libexec/takes_options.so"
# Go's note of a build, of 83 bytes: nothing reads it when the program runs.
GO_NOTE = struct.pack("<3I4s", 4, 83, 4, b"Go\0\0")
PT_LOAD, PT_DYNAMIC, DT_NEEDED, DT_STRTAB, DT_DEBUG = 1, 2, 1, 5, 21


def kernel() -> bytes:
    """Something that QEMU loads as a kernel: a header of Multiboot and a processor that halts."""
    flags, address = 0x10000, 0x100000
    return struct.pack("<8I", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF, address, address, 0, 0, address + 32) + b"\xf4\xeb\xfd"


def segments(program: bytes, kind: int) -> list[tuple[int, int, int]]:
    """(offset, address, size in the file) of an ELF program's segments of a kind."""
    start, size, count = *struct.unpack_from("<Q", program, 32), *struct.unpack_from("<HH", program, 54)
    headers = [struct.unpack_from("<2I5Q", program, start + size * number) for number in range(count)]
    return [(header[2], header[3], header[5]) for header in headers if header[0] == kind]


def loading(program: bytes, library: str) -> bytes:
    """A program of Go that loads one library more: named in the place of the note, wanted in that of an entry that is for debuggers."""
    note = program.index(GO_NOTE) + len(GO_NOTE)
    address = next(note - offset + at for offset, at, size in segments(program, PT_LOAD) if offset <= note < offset + size)
    (begins, _, size), = segments(program, PT_DYNAMIC)
    places = {struct.unpack_from("<Q", program, place)[0]: place for place in range(begins, begins + size, 16)}
    strings = struct.unpack_from("<Q", program, places[DT_STRTAB] + 8)[0]
    made = bytearray(program)
    struct.pack_into("<2Q", made, places[DT_DEBUG], DT_NEEDED, (address - strings) % 2**64)
    struct.pack_into("83s", made, note, library.encode())
    return bytes(made)


def files(version: str, library: bytes) -> dict[str, bytes]:
    """Of a release: path below opt/kata and content."""
    note = f"stand-in of {version}\n".encode()
    return {
        "VERSION": f"{version}\n".encode(),
        "versions.yaml": note,
        "bin/containerd-shim-kata-v2": loading(Path(SHIM).read_bytes(), f"/opt/kata-{version}/{LIBRARY}"),
        LIBRARY: library,
        "bin/qemu-system-x86_64": Path(MONITOR).read_bytes(),
        "libexec/virtiofsd": note,
        f"share/kata-containers/{KERNEL}": kernel(),
        "share/kata-containers/kata-ubuntu-noble.image": note,
        "share/defaults/kata-containers/configuration-qemu.toml": CONFIGURATION.encode(),
    }


def tar(content_of: dict[str, bytes]) -> bytes:
    """The release as tar, with the entries that upstream's archives have."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in content_of.items():
            member = tarfile.TarInfo(f"./opt/kata/{name}")
            member.mode, member.size = 0o755 if name.startswith(("bin", "libexec")) else 0o644, len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in LINKS.items():
            member = tarfile.TarInfo(f"./opt/kata/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return made.getvalue()


def main(folder: Path, library: Path, versions: list[str]) -> None:
    """Write the archives."""
    folder.mkdir(parents=True, exist_ok=True)
    for version in versions:
        packed = subprocess.run(["zstd", "-1", "-q"], input=tar(files(version, library.read_bytes())), stdout=subprocess.PIPE, check=True).stdout
        (folder / f"kata-static-{version}-amd64.tar.zst").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
