# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted over files that a host's answers rest on: then neither the kernel's own word is read, nor what the next boot reads."""

from typing import Any, List

from .._formats import mountinfo
from .._formats.mountinfo import Mount

_KERNELS_OWN = ("/proc", "/sys")
# What the kernel offers in file systems of their own, which the system mounts there.
_WITHIN = ("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "nfsd",
           "pstore", "resctrl", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "tracefs", "xenfs")
_GROUPS = "/sys/fs/cgroup"
_RESTED_ON = ("/boot", "/efi", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/kpatch")
# What systems mount over by themselves, and no answer rests on.
_HARMLESS = ("/etc/hostname", "/etc/hosts", "/etc/machine-id", "/etc/resolv.conf")
_IN_MEMORY = ("tmpfs", "ramfs")
_OF_THE_NEXT_BOOT = ("/boot/grub", "/boot/grub2", "/boot/loader")
# Where another folder of the same file system is what distributions mount.
_OF_SUBVOLUMES = ("btrfs", "zfs", "bcachefs", "overlay")


def _is_within(path: str, folders: Any) -> bool:
    return any(path.startswith(folder + "/") for folder in folders)


def _hides_the_kernel(mount: Mount) -> bool:
    """Whether something else than the kernel's own file system lies there, or another part of that."""
    if not _is_within(mount.point, _KERNELS_OWN) or mount.kind in _WITHIN:
        return False
    top = "/" + mount.point.split("/")[1]
    if {"/proc": "proc", "/sys": "sysfs"}[top] == mount.kind:
        return mount.root != mount.point[len(top):]
    return not (mount.kind in _IN_MEMORY and mount.point == _GROUPS)


def _hides_a_folder(mount: Mount) -> bool:
    """Whether a folder of the boot loader's, or one with the system's settings, is another than the disk's."""
    if mount.kind in _IN_MEMORY and _is_within(mount.point, ("/boot", "/etc", "/usr")):
        return mount.point not in _HARMLESS
    is_loaders = mount.point in _OF_THE_NEXT_BOOT or _is_within(mount.point, _OF_THE_NEXT_BOOT)
    return is_loaders and mount.root != "/" and mount.kind not in _OF_SUBVOLUMES


def found(host: Any) -> List[str]:
    """The files and folders that are hidden so, sorted. A container's engine mounts what it likes, and no answer rests on it there."""
    mounts = mountinfo.of_process(host, "self")
    hidden = {mount.point for mount in mounts if _hides_the_kernel(mount) or _hides_a_folder(mount)}
    doubtful = sorted({mount.point for mount in mounts if _is_within(mount.point, _RESTED_ON)} - hidden - set(_HARMLESS))
    for path in doubtful:
        stat = host.stat(path)
        if not stat.problem and stat.value.kind == "file":
            hidden.add(path)
    return sorted(hidden)
