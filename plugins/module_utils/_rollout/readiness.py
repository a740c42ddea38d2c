# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must be for a step to begin, as far as the scan does not say it: room, packages left half-way, and who holds the package database."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import mountinfo
from .._host.host import NOT_THERE

# What programs lock while they change packages. A file that exists is no lock: the kernel says who holds one.
LOCK_FILES = (
    "/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock", "/var/cache/apt/archives/lock",
    "/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock", "/run/zypp.pid", "/var/run/zypp.pid")
# stat tells a subvolume's or a layer's device there, /proc/locks that of the file system (btrfs_getattr and lock_get_status of Linux 6.1).
_TWO_DEVICES = ("btrfs", "bcachefs", "overlay")
_DPKG = "/var/lib/dpkg/status"
_LINES = 10
_LOCK = re.compile(r"^\d+: (?:POSIX|FLOCK|OFDLCK) +\S+ +WRITE +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) ")


class Held(NamedTuple):
    """A lock in /proc/locks: the process (-1 where the kernel names none) and the file's device and inode."""

    pid: int
    device: Tuple[int, int]
    inode: int


def parse_df(text: str) -> Tuple[int, Optional[int]]:
    """(MiB free, inodes free; None where the file system counts none) of 'df --output=avail,iavail,itotal'; ValueError for another output."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) != 2 or not re.match(r"[0-9]{1,18}\Z", lines[1][0]):
        raise ValueError("want a heading and a line of numbers, seen %.60r" % text)
    free, total = lines[1][1:3] if len(lines[1]) > 2 else ("-", "-")
    # btrfs and its like have no number of inodes: df says 0 of 0, or dashes. 0 of some is a file system without room for a name.
    return int(lines[1][0]), int(free) if free.isdigit() and total.isdigit() and int(total) else None


def parse_locks(text: str) -> List[Held]:
    """The write locks of /proc/locks; lines of who waits for one are passed over."""
    found = []
    for line in text.splitlines():
        match = _LOCK.match(line)
        if match:
            found.append(Held(int(match.group(1)), (int(match.group(2), 16), int(match.group(3), 16)), int(match.group(4))))
    return found


def parse_audit(text: str) -> List[str]:
    """The sentences of 'dpkg --audit' and the packages that they are about."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()][:_LINES]


def device_of(number: int) -> Tuple[int, int]:
    """Major and minor of st_dev, as /proc/locks writes them (linux/kdev_t.h)."""
    return (number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfff00)


def room(host: Any, folder: str) -> Dict[str, Any]:
    """How much room a folder has."""
    answer = host.run(["df", "--output=avail,iavail,itotal", "--block-size=1M", folder])
    if answer.problem or answer.value.rc != 0:
        return {"free_mb": None, "free_inodes": None, "problem": answer.detail if answer.problem else answer.value.err.strip()[:200]}
    try:
        free, inodes = parse_df(answer.value.out)
    except ValueError as error:
        return {"free_mb": None, "free_inodes": None, "problem": str(error)}
    return {"free_mb": free, "free_inodes": inodes, "problem": None}


def half_way(host: Any) -> List[str]:
    """What the package manager has begun and not ended, in its own words; that it cannot be asked is one of them."""
    status = host.stat(_DPKG)
    if status.problem:
        return [] if status.problem in NOT_THERE else ["%s: %s" % (_DPKG, status.detail or status.problem)]
    answer = host.run(["dpkg", "--audit"])
    if answer.problem:
        return ["dpkg --audit: %s" % (answer.detail or answer.problem)]
    said = parse_audit(answer.value.out + answer.value.err)
    return said or (["dpkg --audit ended with %d and said nothing" % answer.value.rc] if answer.value.rc else [])


def lock_holders(host: Any) -> List[Dict[str, Any]]:
    """Who changes packages now: the processes that hold a lock of a package manager."""
    listed = host.read("/proc/locks")
    if listed.problem:
        return [{"pid": None, "name": "unknown, since /proc/locks cannot be read", "path": "/proc/locks"}]
    locks, mounts = parse_locks(listed.value), mountinfo.of_process(host, "self")
    found: List[Dict[str, Any]] = []
    for path in LOCK_FILES:
        seen = host.stat(path)
        if seen.problem:
            found += [] if seen.problem in NOT_THERE else [{"pid": None, "name": "unknown, since it cannot be looked at", "path": path}]
            continue
        mount = mountinfo.covering(mounts, path)
        any_device = mount is None or mount.kind in _TWO_DEVICES
        holders = [one.pid for one in locks if one.inode == seen.value.inode
                   and (any_device or one.device == device_of(seen.value.device)) and not _is_a_users(host, one.pid)]
        found += [{"pid": pid, "name": _name(host, pid), "path": path} for pid in holders]
    return found


def _is_a_users(host: Any, pid: int) -> bool:
    """Whether somebody else than root holds a lock: whoever may read a file may flock it, and nobody but root changes packages."""
    process = host.stat("/proc/%d" % pid)
    return not process.problem and bool(process.value.uid)


def _name(host: Any, pid: int) -> str:
    answer = host.read("/proc/%d/comm" % pid, 256)
    return "unknown" if answer.problem else str(answer.value).strip()
