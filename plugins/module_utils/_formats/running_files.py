# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one rule for files of running processes: is what a process maps, has open or executes still what lies at the file's path? All of it pure.

Device and inode decide. Two names of one file are one file, so a hard link, a new owner or a label changes nothing, and no time of a file that is
held says anything. The root that a process sees matters only where the files differ: then its path may be one of a container's. A file that was read
and let go leaves no trace but its own time of writing.
"""

from typing import Any, NamedTuple, Optional, Tuple

SAME, OTHER, GONE, UNKNOWN = "same", "other", "gone", "unknown"

# What names a file among all of a machine's: device and inode, as stat has them.
File = Tuple[int, int]

OWN_ROOT = "it runs in a root file system of its own (a container)"
NOT_EXAMINED = "it could not be examined (needs_root)"


class Place(NamedTuple):
    """What lies at a path of the host's now: ``file`` is None for nothing, or where ``problem`` says why nobody could look."""

    file: Optional[File]
    problem: str = ""


class Held(NamedTuple):
    """A file that a process holds (None: could not be looked at).

    ``own_root`` is whether the process sees another root than the host's, None where that is not known. ``host_mount`` is whether the file is on the
    very mount that the host has at its path: what a process reached before it gave itself another root still is.
    """

    file: Optional[File]
    own_root: Optional[bool] = False
    host_mount: Optional[bool] = None


class Judged(NamedTuple):
    """SAME, OTHER (another file lies there now), GONE (nothing does) or UNKNOWN, for which ``reason`` says why."""

    state: str
    reason: str = ""

    @property
    def stale(self) -> Optional[bool]:
        """Whether a process that starts now would get something else."""
        return None if self.state == UNKNOWN else self.state != SAME


def file_of(stat: Any) -> File:
    """What names a file, of the host's Stat of it."""
    return (stat.device, stat.inode)


def place_of(answer: Any) -> Place:
    """What the host's answer about a path says of it."""
    if not answer.problem:
        return Place(file_of(answer.value))
    return Place(None, "" if answer.problem == "absent" else answer.problem)


def judge(held: Held, now: Place) -> Judged:
    """Whether the file that is held is the one that lies at its path now."""
    if held.file is None:
        return Judged(UNKNOWN, NOT_EXAMINED)
    if now.file == held.file:
        return Judged(SAME)
    if now.problem:
        return Judged(UNKNOWN, "what lies at its path could not be looked at (%s)" % now.problem)
    if held.own_root and not held.host_mount:
        return Judged(UNKNOWN, OWN_ROOT)
    if held.own_root is None and not held.host_mount:
        return Judged(UNKNOWN, NOT_EXAMINED)
    return Judged(GONE if now.file is None else OTHER)


def judge_read(started: Optional[float], written: Optional[float], is_there: bool, changed: Optional[float] = None) -> Judged:
    """The same of a file that was read at a start and let go: what was written since is another one.

    Package managers give a file the time of its build. ``changed`` is the inode's own time, which every new file sets, and every new owner or label.
    """
    if not is_there:
        return Judged(GONE)
    if started is None or written is None:
        return Judged(UNKNOWN, "when it was read is not known")
    if written > started + 1:
        return Judged(OTHER)
    if changed is not None and changed > started + 1:
        return Judged(UNKNOWN, "it was put there, or changed in owner or mode, after it was read")
    return Judged(SAME)


def device_of(name: str) -> Optional[int]:
    """The number that stat has for a device as /proc/PID/maps writes it, '08:02'; None where it is damaged."""
    try:
        major, minor = (int(part, 16) for part in name.split(":"))
    except ValueError:
        return None
    return (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12) | ((major & ~0xfff) << 32)
