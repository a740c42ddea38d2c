# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain files that a process has open: a machine monitor holds its guest's firmware, kernel and image so."""

from typing import Any, Dict, NamedTuple, Optional, Tuple

from .._formats import processes
from .._formats.running_files import File, file_of

_FDS_LIMIT = 4096


class Opened(NamedTuple):
    """A file that a process has open: by what path it was opened, what it is, whether the kernel says that the path is gone, and whose it is."""

    path: str
    file: Optional[File]
    deleted: bool
    owner: Optional[int]


def real(host: Any, path: str) -> str:
    """The path without links; the path as it stands where it cannot be followed."""
    answer = host.realpath(path)
    return path if answer.problem else str(answer.value)


def opened(host: Any, pid: int) -> Tuple[Dict[str, Opened], Optional[str]]:
    """({path: the file} in whatever folder, why it cannot be said or None)."""
    folder = "/proc/%d/fd" % pid
    found: Dict[str, Opened] = {}
    listed = host.listdir(folder, _FDS_LIMIT)
    for name in [] if listed.problem else listed.value:
        answer = host.readlink("%s/%s" % (folder, name))
        link = "" if answer.problem else str(answer.value)
        if not link.startswith("/") or link.startswith(("/dev/", "/proc/", "/sys/")):
            continue
        seen, path = host.stat("%s/%s" % (folder, name)), processes.parse_exe(link)
        if seen.problem or seen.value.kind == "file":
            file, owner = (None, None) if seen.problem else (file_of(seen.value), seen.value.uid)
            found[path.path] = Opened(path.path, file, path.deleted, owner)
    return found, listed.problem
