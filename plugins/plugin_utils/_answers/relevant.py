# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that a record tells of, source or binary, by the names that advisories use."""

from __future__ import annotations

import re

from .model import EVERYTHING

_KERNEL = re.compile(r"(?:linux|kernel)(?:\Z|[-0-9._])")
_LIVE_PATCH = re.compile(r"(?:kernel-livepatch|kpatch-patch|kgraft-patch)-")
# Parts of a kernel's source that are built into packages of their own and run in no kernel.
_NO_KERNEL = re.compile(r"linux-(?:libc-dev|base|doc|perf|tools|cpupower|kbuild|firmware|glibc-devel)|"
                        r"kernel-(?:tools|headers|doc|srpm-macros|firmware)")
_OTHERS = re.compile(
    r"(?:qemu|libvirt|virtiofsd|rust-virtiofsd|xen|cloud-hypervisor|firecracker|crosvm|openvmm|stratovirt|kvmtool|containerd|docker|moby|"
    r"runc|crun|podman|libpod|cri-o|crio|kata|golang-github-opencontainers-runc|golang-github-containerd|intel-microcode|amd64-microcode|"
    r"microcode_ctl|ucode-intel|ucode-amd|"
    r"linux-firmware|kernel-firmware-amd|github\.com/kata-containers/kata-containers\Z)")


def is_kernel(package: str) -> bool:
    """Whether a package is a kernel, or a live patch of one."""
    return bool(_LIVE_PATCH.match(package)) or (bool(_KERNEL.match(package)) and not _NO_KERNEL.match(package))


def is_live_patch(package: str) -> bool:
    """Whether a package is a live patch of one kernel, which its name says."""
    return bool(_LIVE_PATCH.match(package))


def is_relevant(package: str) -> bool:
    """Whether the rows of a package are kept."""
    return package == EVERYTHING or is_kernel(package) or bool(_OTHERS.match(package))
