#!/usr/bin/env python3
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes stand-ins of Kata releases with the true layout in a folder of a host: make_release.py FOLDER VERSION...

The shim is the host's own containerd-shim-runc-v2 and the machine monitor its QEMU. With runc.sh below it containers are really created and run in a
sandbox with a kernel of its own, though not in a virtual machine.
"""

import io
import lzma
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


def kernel() -> bytes:
    """Something that QEMU loads as a kernel: a header of Multiboot and a processor that halts."""
    flags, address = 0x10000, 0x100000
    return struct.pack("<8I", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF, address, address, 0, 0, address + 32) + b"\xf4\xeb\xfd"


def files(version: str) -> dict[str, bytes]:
    """Of a release: path below opt/kata and content."""
    note = f"stand-in of {version}\n".encode()
    return {
        "VERSION": f"{version}\n".encode(),
        "versions.yaml": note,
        "bin/containerd-shim-kata-v2": Path(SHIM).read_bytes(),
        "bin/qemu-system-x86_64": Path(MONITOR).read_bytes(),
        "libexec/virtiofsd": note,
        f"share/kata-containers/{KERNEL}": kernel(),
        "share/kata-containers/kata-ubuntu-noble.image": note,
        "share/defaults/kata-containers/configuration-qemu.toml": CONFIGURATION.encode(),
    }


def tar(version: str) -> bytes:
    """The release as tar, with the entries that upstream's archives have."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files(version).items():
            member = tarfile.TarInfo(f"./opt/kata/{name}")
            member.mode, member.size = 0o755 if name.startswith(("bin", "libexec")) else 0o644, len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in LINKS.items():
            member = tarfile.TarInfo(f"./opt/kata/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return made.getvalue()


def main(folder: Path, versions: list[str]) -> None:
    """Write the archives as zstd, or as xz where upstream did."""
    folder.mkdir(parents=True, exist_ok=True)
    for version in versions:
        old = tuple(map(int, version.split("."))) < (3, 21)
        zstd = ["zstd", "-1", "-q"]
        packed = lzma.compress(tar(version), preset=0) if old else subprocess.run(zstd, input=tar(version), stdout=-1, check=True).stdout
        (folder / f"kata-static-{version}-amd64.tar.{'xz' if old else 'zst'}").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
