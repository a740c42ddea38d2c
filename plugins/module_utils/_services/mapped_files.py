# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs and libraries that a process has mapped (/proc/PID/maps), and which of them are files that an update would replace. All of it pure."""

import re
from typing import Dict, Optional, Set, Tuple

from .._formats import processes

# address permissions offset device inode path; a file that may be executed, which is how programs and libraries are mapped. The newline before
# it makes the search four times as fast as an anchor does: most of a scan's time goes here.
_EXECUTABLE = re.compile(r"\n([0-9a-f]+)-([0-9a-f]+) [r-][w-]x[ps] [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+) ([1-9][0-9]*) +(/[^\n]*)")

# Memory that only looks like a deleted file, files that programs make for themselves and delete, and squashfs images that are mounted side by side.
_NEVER = re.compile(
    r"/(?:dev|proc|sys|tmp|var/tmp|run|var/run|snap|var/lib/snapd)/|/memfd:|/SYSV|/\[aio\]|/drm|/i915|/anon_hugepage|"
    r".*(?:/#[0-9]+|/\.cache/.*|/jna[^/]*\.tmp|/orcexec\.[^/]*|/ffi[A-Za-z0-9]{6})\Z")
# Shared libraries, and the native modules of Node.js, OCaml, Emacs and .NET, which have names of their own.
_LIBRARY = re.compile(r".*/[^/]+\.(?:so(?:\.[0-9A-Za-z_.-]+)?|node|cmxs|eln|dll)\Z")
# A network or FUSE file system cannot keep a file without a name: its client gives one that is deleted while it is used such a name instead.
_SILLY = re.compile(r".*/\.(?:nfs[0-9a-f]{16,40}|fuse_hidden[0-9a-f]{16,24}|__afs[0-9A-Fa-f]{4,16})\Z")
# Folders in which nothing but a package manager puts files: no program unpacks libraries there for itself, as it may below /usr/share.
_PACKAGED = ("/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libexec/", "/bin/", "/sbin/", "/lib/", "/lib64/",
             "/nix/store/")
# The kernel numbers file systems without a disk as it mounts them: first its own shared memory, then what the initrd is unpacked into, before which
# Linux 7 has one that is always empty (mm/shmem.c shmem_init, fs/namespace.c init_mount_tree). No later one has such a number.
_FIRST_DEVICES = (1, 2, 3)
_LOCAL_FILE_SYSTEMS = ("ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "bcachefs", "zfs", "overlay", "tmpfs", "ramfs", "squashfs", "erofs", "jfs")


# A file in a process's memory: its device (major:minor in hexadecimal, as the kernel writes it), inode, and path with the kernel's own words.
Mapped = Tuple[str, str, str]


def parse_maps(text: str) -> Dict[Mapped, str]:
    """The files that a process has mapped to be executed, with the addresses of each one's first mapping as /proc/PID/map_files names them.

    That is without the zeros in front that maps writes.
    """
    found: Dict[Mapped, str] = {}
    for begin, end, device, inode, path in _EXECUTABLE.findall("\n" + text):
        found.setdefault((device, inode, path), "%x-%x" % (int(begin, 16), int(end, 16)))
    return found


def is_silly_renamed(path: str) -> bool:
    """Whether a path is the name of a file that was deleted, on a file system that cannot keep one without a name."""
    return bool(_SILLY.match(path))


def is_program(path: str) -> bool:
    """Whether what stands at ``path`` is a program or library that was installed, rather than memory or a file of a program's own making."""
    return not _NEVER.match(path) and (processes.in_system_folder(path) or bool(_LIBRARY.match(path)) or is_silly_renamed(path))


def is_installed_program(path: str) -> bool:
    """The same of the path of a process's binary, which may lie anywhere."""
    return path.startswith("/") and not _NEVER.match(path)


def is_the_initrds(device: Optional[int], root: Optional[int]) -> bool:
    """Whether a file on this device (as stat has it) came with the initrd, on a host whose ``root`` is on another: None where that is not known.

    What the initrd started and left behind (a worker of udev, mdmon, plymouthd) runs the initrd's files, which are gone and were never the system's.
    """
    return device in _FIRST_DEVICES and root is not None and root not in _FIRST_DEVICES


def may_be_own_making(path: str) -> bool:
    """Whether a program may have put a library there for itself."""
    return not path.startswith(_PACKAGED)


def is_own_making(file: Tuple[float, int], process: Tuple[Optional[float], Optional[int]]) -> bool:
    """Whether a process made a file that it has mapped and deleted, by (time of its last change, owner) and (start, effective user).

    A library that was installed was there before; one that a program unpacks for itself (a JVM's) is younger than the program. The inode's own
    time says nothing: deletion sets it.
    """
    started, user = process
    return started is not None and user is not None and file[0] >= started and file[1] == user


def local_devices(mountinfo: str) -> Set[str]:
    """The devices of local file systems in /proc/PID/mountinfo, as maps writes them: only those may be asked, others may never answer."""
    found = set()
    for line in mountinfo.split("\n"):
        before, _separator, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ", 1)[0]
        numbers = fields[2].split(":") if len(fields) > 2 else []
        if kind in _LOCAL_FILE_SYSTEMS and len(numbers) == 2 and all(number.isdigit() for number in numbers):
            found.add("%02x:%02x" % (int(numbers[0]), int(numbers[1])))
    return found
