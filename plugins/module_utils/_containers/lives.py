# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel itself says of every process: its parent, its numbers in namespaces, what it may do. One short file of /proc for each process.

A declaration says what a container was to be. Whose processes it sees, and whose network it uses, is asked of the process that lives.
"""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional

from .._formats import processes as proc
from .._formats.running_files import file_of
from .._host.witness import apart

PROC = "/proc"
_STATUS_BYTES = 64 * 1024
_STAT_BYTES = 4096
MOUNTS_BYTES = 1024 * 1024
_PID = re.compile(r"[0-9]{1,10}\Z")
# linux/capability.h. Who may do both may do all that root may.
_CAP_SYS_MODULE, _CAP_SYS_ADMIN = 16, 21
# What engines hide of /proc unless a container is to be privileged.
_MASKED = re.compile(r" /proc/(?:kcore|keys|timer_list|sched_debug) ")


class Life(NamedTuple):
    """A process: ``numbers`` are its process ids from the host's namespace inwards (empty: not known), ``bounding`` what it may ever do.

    ``user`` is who started it, None where the kernel does not tell.
    """

    parent: int
    name: str
    numbers: List[int]
    bounding: int
    user: Optional[int] = None

    @property
    def is_init(self) -> bool:
        """Whether it is the first process of a namespace of its own."""
        return len(self.numbers) > 1 and self.numbers[-1] == 1


def parse_status(text: str) -> Optional[Life]:
    """The parts of /proc/PID/status; None where it is damaged. A name may hold a newline only in its escaped form."""
    fields = dict(line.split(":", 1) for line in text.split("\n") if ":" in line)
    parent = fields.get("PPid", "").strip()
    if not _PID.match(parent):
        return None
    numbers = [int(word) for word in fields.get("NSpid", "").split() if _PID.match(word)]
    bounding = fields.get("CapBnd", "").strip()
    may = int(bounding, 16) if re.match(r"[0-9a-f]{1,16}\Z", bounding) else 0
    return Life(int(parent), fields.get("Name", "").strip(), numbers, may, proc.real_user(text))


def user_of(host: Any, pid: int, life: Life) -> Optional[int]:
    """Who started a process, else who owns it; None where nobody can tell."""
    if life.user is not None:
        return life.user
    owner = host.stat("%s/%d" % (PROC, pid))
    return None if owner.problem else int(owner.value.uid)


def life_of(host: Any, pid: int) -> Optional[Life]:
    """What is known of a process; None where there is no such process."""
    said = parse_status(host.read("%s/%d/status" % (PROC, pid), _STATUS_BYTES).if_there(""))
    if said:
        return said
    try:
        stat = proc.parse_stat(host.read("%s/%d/stat" % (PROC, pid), _STAT_BYTES).if_there(""))
    except ValueError:
        return None
    return Life(stat.parent, stat.comm, [], 0)


def shares_with_host(host: Any, pid: int, kind: str) -> Optional[bool]:
    """Whether a process is in the host's own namespace of a kind (pid, net, user, mnt); None where that cannot be seen."""
    # Where even root may not look at the host's first process, the scan's own namespaces are the host's.
    with apart(host):
        its, own = (host.readlink("%s/%s/ns/%s" % (PROC, number, kind)).value for number in (pid, 1))
        own = own or host.readlink("%s/self/ns/%s" % (PROC, kind)).value
    return None if its is None or own is None else bool(its == own)


def has_other_root(host: Any, pid: int, other: int) -> bool:
    """Whether a process sees another root than another one, or may not be looked at; False for one that has ended."""
    with apart(host):
        its, others = (host.stat("%s/%d/root" % (PROC, number)) for number in (pid, other))
    if its.problem:
        return bool(its.problem != "absent")
    return bool(others.problem or file_of(its.value) != file_of(others.value))


def in_group(host: Any, pids: Iterable[int], name: str) -> Optional[int]:
    """The first of some processes in the control group of a container, which engines call as it (cri-containerd-NAME.scope, /docker/NAME)."""
    group = re.compile(r"[/:-]%s(?:\.scope)?(?:/|$)" % re.escape(name), re.MULTILINE)
    return next((pid for pid in pids if group.search(host.read("%s/%d/cgroup" % (PROC, pid), _STATUS_BYTES).if_there(""))), None)


def is_privileged(host: Any, pid: int, life: Life) -> Optional[bool]:
    """Whether a process may do all that the host's root may, and sees all of /proc; None where that cannot be seen."""
    if not life.numbers and not life.bounding:
        return None
    user = shares_with_host(host, pid, "user")
    if user is False or not all(life.bounding >> number & 1 for number in (_CAP_SYS_MODULE, _CAP_SYS_ADMIN)):
        return False
    with apart(host):
        mounts = host.read("%s/%d/mountinfo" % (PROC, pid), MOUNTS_BYTES)
    return None if user is None or mounts.problem else not _MASKED.search(mounts.value)


def descendants(below: Dict[int, List[int]], pid: int, limit: int = 1000) -> List[int]:
    """All that a process started, and what these started, nearest first."""
    found: List[int] = []
    pending = list(below.get(pid, []))
    while pending and len(found) < limit:
        one = pending.pop(0)
        found.append(one)
        pending += below.get(one, [])
    return found
