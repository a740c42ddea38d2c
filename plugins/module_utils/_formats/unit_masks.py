# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units systemd starts no more since their file leads to nothing: by a link to /dev/null, by several, through a linked unit, or by a file
without a byte, in whichever folder comes first (systemd.unit(5); systemd 252 calls all of them masked)."""

from typing import Any

from . import systemd_folders

_NOTHING = "/dev/null"
# Links to the files of packages are aliases; a chain of them is not followed.
_OF_PACKAGES = ("/usr/lib/systemd/", "/lib/systemd/")


def is_mask(host: Any, path: str) -> bool:
    """Whether a unit's file masks it."""
    target = host.readlink(path).value
    if target is None:
        stat = host.stat(path, follow=False)
    elif target.startswith(_OF_PACKAGES):
        return False
    else:
        stat = host.stat(path)
        if _NOTHING in (target, host.realpath(path).value):
            return True
    return not stat.problem and stat.value.kind == "file" and stat.value.size == 0


def mask_of(host: Any, unit: str) -> str:
    """The file that masks a unit, '' where the first of its name does not."""
    for folder in systemd_folders.OWN_UNITS:
        path = "%s/%s" % (folder, unit)
        if is_mask(host, path):
            return path
        if not host.stat(path, follow=False).problem or host.readlink(path).value is not None:
            return ""
    return ""
