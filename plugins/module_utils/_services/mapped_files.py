# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs and libraries that a process has mapped (/proc/PID/maps), and which of them are files that an update would replace. All of it pure."""

import re
from typing import Optional, Set, Tuple

from .._formats import processes

# address permissions offset device inode path; a file that may be executed, which is how programs and libraries are mapped. The newline before
# it makes the search four times as fast as an anchor does: most of a scan's time goes here.
_EXECUTABLE = re.compile(r"\n[0-9a-f]+-[0-9a-f]+ [r-][w-]x[ps] [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+) ([1-9][0-9]*) +(/[^\n]*)")

# Memory that only looks like a deleted file, files that programs make for themselves and delete, and squashfs images that are mounted side by side.
_NEVER = re.compile(
    r"/(?:dev|proc|sys|tmp|var/tmp|run|var/run|snap|var/lib/snapd)/|/memfd:|/SYSV|/\[aio\]|/drm|/i915|/anon_hugepage|"
    r".*(?:/#[0-9]+|/\.cache/.*|/jna[^/]*\.tmp|/orcexec\.[^/]*|/ffi[A-Za-z0-9]{6})\Z")
_LIBRARY = re.compile(r".*/[^/]+\.so(?:\.[0-9A-Za-z_.-]+)?\Z")


# A file in a process's memory: its device (major:minor in hexadecimal, as the kernel writes it), inode, and path with the kernel's own words.
Mapped = Tuple[str, str, str]


def parse_maps(text: str) -> Set[Mapped]:
    """The files that a process has mapped to be executed, each once."""
    return set(_EXECUTABLE.findall("\n" + text))


def is_program(path: str) -> bool:
    """Whether what stands at ``path`` is a program or library that was installed, rather than memory or a file of a program's own making."""
    return not _NEVER.match(path) and (processes.in_system_folder(path) or bool(_LIBRARY.match(path)))


def is_installed_program(path: str) -> bool:
    """The same of the path of a process's binary, which may lie anywhere."""
    return path.startswith("/") and not _NEVER.match(path)


def device_name(number: int) -> str:
    """A device number of stat as the kernel writes it in maps."""
    major = (number >> 8) & 0xfff | (number >> 32) & ~0xfff
    minor = number & 0xff | (number >> 12) & ~0xff
    return "%02x:%02x" % (major, minor)


def is_other_file(device: str, inode: str, now: Optional[Tuple[int, int]]) -> bool:
    """Whether the (device, inode) at the path today is certainly another file than the mapped one.

    Overlays and btrfs have other devices in maps than in stat: where these differ, nothing is said.
    """
    return now is not None and device_name(now[0]) == device and str(now[1]) != inode
