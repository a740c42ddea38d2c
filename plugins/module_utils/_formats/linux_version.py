# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of Linux as the names of guests' kernels and `uname -r` say them."""

import re
from typing import Optional

# vmlinux-6.18.35-202, vmlinuz-6.18.35-202-confidential: the version of Linux, then that of its configuration.
_KERNEL = re.compile(r"vmlinu[xz]-([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-rc[0-9]+)?)(?:-[0-9]+)?(?:-[a-z][a-z0-9-]*)?\Z")


def kernel_version(name: str) -> Optional[str]:
    """The version of Linux that the name of a guest's kernel says; None for a name that says none."""
    found = _KERNEL.match(name)
    return found.group(1) if found else None


def same_kernel(release: str, version: str) -> bool:
    """Whether what `uname -r` says is of a version: 6.18.35 and 6.18.35-nvidia-gpu are of 6.18.35, 6.18.350 is not."""
    return release == version or (release.startswith(version) and release[len(version)] in "-+_")
