# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel that snapd brings and boots: Ubuntu Core's, and that of an Ubuntu whose disk is sealed to the TPM (a classic system beside it)."""

import re
from typing import Any, List

MODEENV = "/var/lib/snapd/modeenv"
_KERNELS = re.compile(r"^current_kernels=(\S+)$", re.MULTILINE)


def kernels(host: Any) -> List[str]:
    """The kernel snaps that may be booted, a second one while it is tried (snapd, boot/modeenv.go); none where snapd has no part in booting."""
    match = _KERNELS.search(host.read(MODEENV, 65536).if_there(""))
    return [name for name in match.group(1).split(",") if name] if match else []
