#!/usr/bin/env python3
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes stand-ins of Kata releases with the true layout in a folder of a host, and prints their pins as JSON: make_release.py FOLDER VERSION...

The shim is the host's own containerd-shim-runc-v2, so that containers under it are really created and run, though without a virtual machine.
"""

import hashlib
import io
import json
import lzma
import subprocess
import sys
import tarfile
from pathlib import Path

SHIM = "/usr/bin/containerd-shim-runc-v2"
CONFIGURATION = """\
[hypervisor.qemu]
path = "/opt/kata/bin/qemu-system-x86_64"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
enable_annotations = ["enable_iommu", "kernel_params"]
default_vcpus = 1
default_memory = 2048
# rootless = true
seccompsandbox = ""
disable_selinux = false
enable_debug = false

[agent.kata]
debug_console_enabled = false

[runtime]
disable_guest_seccomp = true
sandbox_cgroup_only = false
static_sandbox_resource_mgmt = false
"""
LINKS = {
    "share/kata-containers/vmlinux.container": "vmlinux-6.18.35-202",
    "share/kata-containers/kata-containers.img": "kata-ubuntu-noble.image",
    "share/defaults/kata-containers/configuration.toml": "configuration-qemu.toml",
}


def files(version: str) -> dict[str, bytes]:
    """Of a release: path below opt/kata and content."""
    note = f"stand-in of {version}\n".encode()
    return {
        "VERSION": f"{version}\n".encode(),
        "versions.yaml": note,
        "bin/containerd-shim-kata-v2": Path(SHIM).read_bytes(),
        "bin/qemu-system-x86_64": note,
        "libexec/virtiofsd": note,
        "share/kata-containers/vmlinux-6.18.35-202": note,
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


def main(folder: Path, versions: list[str]) -> dict[str, str]:
    """Write the archives as zstd, or as xz where upstream did; their pins."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = {}
    for version in versions:
        old = tuple(map(int, version.split("."))) < (3, 21)
        zstd = ["zstd", "-1", "-q"]
        packed = lzma.compress(tar(version), preset=0) if old else subprocess.run(zstd, input=tar(version), stdout=-1, check=True).stdout
        path = folder / f"kata-static-{version}-amd64.tar.{'xz' if old else 'zst'}"
        path.write_bytes(packed)
        pins[path.name] = hashlib.sha256(packed).hexdigest()
    return pins


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2:])))
