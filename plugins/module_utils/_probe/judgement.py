# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges whether a container is behind the boundary that its handler promises. Pure functions of what was seen of it.

The name of a handler proves nothing: it can lead to runc. What counts is the kernel that the container itself sees, and the processes that carry it.
"""

import re
from typing import List, NamedTuple, Optional

from .._formats.linux_version import same_kernel
from .._formats.processes import option_values

_VERSION = re.compile(r"[0-9]+\.[0-9]+(?:\.[0-9]+)?\S*\Z")


class Seen(NamedTuple):
    """What was seen of a probe: kernels as `uname -r` says them, paths of running binaries, whether the monitor uses KVM. None is 'not found'."""

    handler: str
    host_kernel: str
    guest_kernel: str
    pinned_kernel: Optional[str]
    wanted_shim: Optional[str]
    shim: Optional[str]
    monitor: Optional[str]
    wanted_monitor: Optional[str]
    uses_kvm: bool


def belongs(argv: List[str], sandbox: str) -> bool:
    """Whether a command line is that of a sandbox's machine monitor: QEMU is named after it, the others are given its id or a path with it."""
    if not argv:
        return False
    if any(name.split(",")[0] == "sandbox-" + sandbox for name in option_values(argv[1:], "name")):
        return True
    return sandbox in option_values(argv[1:], "id") or any("/%s/" % sandbox in word for word in argv[1:])


def is_shim_of(argv: List[str], sandbox: str) -> bool:
    """Whether a command line is that of a sandbox's shim."""
    return bool(argv) and argv[0].rpartition("/")[2].startswith("containerd-shim") and sandbox in option_values(argv[1:], "id")


def problems(seen: Seen, require_kvm: bool) -> List[str]:
    """Why the boundary is not proved, one line each; empty where it is."""
    found = []
    if not _VERSION.match(seen.guest_kernel):
        return ["the probe did not say its kernel: %r" % seen.guest_kernel[:200]]
    if seen.guest_kernel == seen.host_kernel:
        found.append("shares the host's kernel %s" % seen.host_kernel)
    if seen.pinned_kernel is None:
        found.append("the release does not say which guest kernel is pinned")
    elif not same_kernel(seen.guest_kernel, seen.pinned_kernel):
        found.append("guest kernel is %s, pinned is %s" % (seen.guest_kernel, seen.pinned_kernel))
    if seen.shim is None or seen.shim != seen.wanted_shim:
        found.append("shim is %s, wanted %s" % (seen.shim or "not found", seen.wanted_shim))
    if seen.monitor is None:
        found.append("no machine monitor belongs to it")
    elif seen.monitor not in (seen.wanted_monitor, seen.shim):
        found.append("machine monitor is %s, wanted %s" % (seen.monitor, seen.wanted_monitor))
    if require_kvm and not seen.uses_kvm:
        found.append("no process of it has a virtual machine of KVM")
    return found


def control_problems(host_kernel: str, seen: str) -> List[str]:
    """Why containers that share the host's kernel do not work beside it; empty where they do."""
    if seen == host_kernel:
        return []
    return ["the container of the engine's own runtime says kernel %r, wanted the host's %s" % (seen[:200], host_kernel)]
