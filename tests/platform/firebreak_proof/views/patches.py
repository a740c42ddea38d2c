# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live patches of a host, as the kernel lists them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..proof import Proof

# TAINT_LIVEPATCH of the kernel's include/linux/panic.h.
_TAINT_LIVE_PATCH = 1 << 15

# What systemctl is-enabled says of a service that starts at boot.
ENABLED = ("enabled", "enabled-runtime", "static")


class Patch(NamedTuple):
    """A loaded live patch: whether it is enabled, whether threads still move to it, and the taint of its module."""

    name: str
    enabled: bool
    moving: bool
    taint: str


def loaded(proof: Proof) -> list[Patch]:
    """Every live patch in /sys/kernel/livepatch."""
    words = [line.split() for line in proof.says("patches").splitlines() if line.startswith("patch ")]
    return [Patch(cells[1], cells[2] == "1", cells[3] == "1", cells[4] if len(cells) > 4 else "") for cells in words if len(cells) > 3]


def is_named_for(name: str, level: str) -> bool:
    """Whether a module's name holds the level, as modules can be called; proc_version_21 is not named for proc_version_2."""
    name, level = (re.sub(r"[-.]", "_", word) for word in (name, level))
    return re.search(rf"(?<![0-9]){re.escape(level)}(?![0-9])", name) is not None


def kernel_is_tainted(proof: Proof) -> bool:
    """Whether the kernel says that a live patch was applied since it booted."""
    tainted = proof.fields("patches").get("tainted", "")
    return tainted.isdigit() and bool(int(tainted) & _TAINT_LIVE_PATCH)


def threads_in_transition(proof: Proof) -> int:
    """Threads whose patch_state is not -1: the old code, or the new one, of a patch that is not through."""
    words = [line.split() for line in proof.says("patches").splitlines() if line.startswith("threads ")]
    return sum(int(cells[2]) for cells in words if cells[1] != "-1")


def clients(proof: Proof) -> dict[str, str]:
    """The clients for live patches that are installed, and what systemd says of their service."""
    found = dict(proof.fields("patch_clients"))
    if "self_built" in found:
        # kpatch is then what loads them at boot, and no provider beside them.
        found["self_built"] = found["self_built"] if found["self_built"] in ENABLED else found.get("kpatch", found["self_built"])
        found.pop("kpatch", None)
    return found


def releases_on_disk(proof: Proof) -> set[str]:
    """The kernel releases for which live patches lie on the disk."""
    return {cells[0] for cells in proof.rows("patch_files") if len(cells) == 2}


def files(proof: Proof, release: str) -> list[str]:
    """The live patches on the disk for a kernel release."""
    return [cells[1] for cells in proof.rows("patch_files") if len(cells) == 2 and cells[0] == release]


def module_name(path: str) -> str:
    """The name by which the kernel knows a module: that of its file, with underscores."""
    return path.rpartition("/")[2].split(".ko")[0].replace("-", "_")
