# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted where, from the kernel's mountinfo: which file system a path lies on, and which part of it."""

import re
from typing import Any, List, NamedTuple, Optional


class Mount(NamedTuple):
    """point: where it is mounted; root: which folder or subvolume of the file system that is; kind: btrfs, ext4, vfat ...; source: its device.

    number: the device's, 8:1; a kernel that mounts its root without an initrd calls the source /dev/root, which is no file.
    """

    point: str
    root: str
    kind: str
    source: str
    number: str = ""


_OCTAL = re.compile(r"\\([0-7]{3})")


def parse(text: str) -> List[Mount]:
    """The mounts of a mountinfo, oldest first. Lines of another form are none."""
    found = []
    for line in text.split("\n"):
        before, separator, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if separator and len(left) >= 6 and len(right) >= 2:
            found.append(Mount(_plain(left[4]), _plain(left[3]), right[0], _plain(right[1]), left[2]))
    return found


def _plain(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text)


def covering(mounts: List[Mount], path: str) -> Optional[Mount]:
    """The mount that a path lies on: the nearest above it, of several at one place the last; None where nothing tells."""
    above = [mount for mount in mounts if mount.point == "/" or path == mount.point or path.startswith(mount.point + "/")]
    nearest = max((len(mount.point) for mount in above), default=0)
    return next((mount for mount in reversed(above) if len(mount.point) == nearest), None)


def of_host(host: Any) -> List[Mount]:
    """The mounts that the host's first process sees; none where they cannot be read."""
    return of_process(host, "1")


def of_process(host: Any, process: str) -> List[Mount]:
    """Those that another process sees; ``self`` is the one that reads."""
    answer = host.read("/proc/%s/mountinfo" % process)
    return [] if answer.problem else parse(answer.value)
