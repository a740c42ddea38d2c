# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose kernel a container runs on: the judgement, and the questions that it needs.

A name proves nothing: a handler called kata may start runc. What proves is where the container's first process runs, and what the machine monitor is.
"""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

from .._formats import processes as proc
from .._formats.running_files import file_of
from .._host.witness import apart

HOST_KERNEL, KATA, GVISOR, VIRTUAL_MACHINE = "host_kernel", "kata", "gvisor", "virtual_machine"
_FDS_LIMIT = 4096
# A virtual machine of KVM's, and a partition of Hyper-V's (drivers/hv/mshv_root_main.c).
_MACHINES = ("anon_inode:kvm-vm", "anon_inode:mshv_partition")
# Runtimes that put a machine monitor into the container's own process.
_MONITOR_WITHIN = ("krun", "crun-vm", "crun-krun")
# One that hands what is no unikernel over to runc: there only the machine tells.
_MONITOR_WITHIN_OR_RUNC = ("urunc",)
# What crun is asked for by this annotation; runc passes over it.
_KRUN = ("crun", "krun")
_RUNSC = re.compile(r"runsc(?:[-.][A-Za-z0-9_.-]{1,60})?\Z")


class Proof(NamedTuple):
    """What was seen of a container. ``first`` is whether its first process is one of this kernel's, None where nobody could look.

    ``asks_for`` is the handler that its configuration asks its runtime for; ``elsewhere`` is whether its shim's configuration has machines made on
    another host, ``is_katas`` whether its machine is one of Kata's, whatever the shim is called.
    """

    shim: str
    runtime: str
    first: Optional[bool]
    is_runsc: bool
    has_monitor: bool
    holds_kvm: Optional[bool]
    asks_for: Optional[str] = None
    elsewhere: bool = False
    is_katas: bool = False


def wants_machine_within(proof: Proof) -> bool:
    """Whether a container's runtime should put a machine monitor into the container's own process."""
    return proof.runtime in _MONITOR_WITHIN + _MONITOR_WITHIN_OR_RUNC or (proof.runtime in _KRUN and proof.asks_for == "krun")


def judge(proof: Proof) -> Tuple[Optional[str], str]:
    """(isolation, reason); the isolation is None where it cannot be said, the reason says why, or what is strange about it."""
    wants_machine = "kata" in proof.shim
    if proof.first and proof.is_runsc:
        return GVISOR, ""
    if proof.first and wants_machine_within(proof):
        if proof.holds_kvm:
            return VIRTUAL_MACHINE, ""
        if proof.runtime in _MONITOR_WITHIN_OR_RUNC and proof.holds_kvm is False:
            return HOST_KERNEL, ""
        return None, "%s should run it in a virtual machine, but its process holds none" % proof.runtime
    if proof.first and "runsc" in proof.runtime:
        return None, "%s should run it, but its first process is not the host's runsc" % proof.runtime
    if proof.first:
        return HOST_KERNEL, "its shim is called %s, yet its first process runs on this kernel" % proof.shim if wants_machine else ""
    if proof.has_monitor or proof.holds_kvm:
        return (KATA if wants_machine or proof.is_katas else VIRTUAL_MACHINE), ""
    if wants_machine and proof.elsewhere and proof.first is False:
        return KATA, "its machine is made elsewhere, by the remote hypervisor of its shim's configuration"
    if proof.first is None:
        return None, "its first process could not be looked at"
    return None, "neither its first process nor a machine monitor of it was found"


def holds_machine(host: Any, pid: int) -> Optional[bool]:
    """Whether a process holds a virtual machine (a monitor within a shim, or within the container's process); None: may not be looked at."""
    listed = host.listdir("/proc/%d/fd" % pid, _FDS_LIMIT)
    if listed.problem:
        return None
    return any(host.readlink("/proc/%d/fd/%s" % (pid, name)).if_there("").startswith(_MACHINES) for name in listed.value)


def any_holds_machine(host: Any, pids: List[int]) -> Optional[bool]:
    """Whether one of some processes holds a virtual machine; None where none was seen and one may not be looked at."""
    seen = [holds_machine(host, pid) for pid in pids]
    return True if True in seen else None if None in seen else False


def is_runsc(host: Any, pid: int) -> bool:
    """Whether a process runs a file of root's that is, or was, the host's own runsc: its path says nothing, for a container shows what it likes."""
    running = host.stat("/proc/%d/exe" % pid)
    path = proc.parse_exe(host.readlink("/proc/%d/exe" % pid).if_there("")).path
    folder, _slash, name = path.rpartition("/")
    if running.problem or not _RUNSC.match(name) or running.value.uid != 0 or running.value.mode & 0o022 or not is_of_root(host, folder):
        return False
    own = host.stat(path)
    return (not own.problem and file_of(own.value) == file_of(running.value)) or _is_on_mount(host, "/proc/%d/exe" % pid, folder)


def _is_on_mount(host: Any, exe: str, folder: str) -> bool:
    """Whether a program was run from the host's own mount of a folder: so an upgrade leaves a sandbox that began before it. No container has that."""
    with apart(host):
        its, own = (host.mount_id(where) for where in (exe, folder))
    return not its.problem and not own.problem and bool(its.value == own.value)


def is_of_root(host: Any, folder: str) -> bool:
    """Whether only root can have put anything into a folder: it and all above it are plain folders of root's that no one else may write."""
    while folder not in ("", "/"):
        stat = host.stat(folder, False)
        if stat.problem or stat.value.kind not in ("directory", "link") or stat.value.uid != 0:
            return False
        # Everyone may write a link, which says nothing; into a folder with the sticky bit no one may put another's file away.
        if stat.value.kind == "directory" and stat.value.mode & 0o022:
            return False
        folder = folder.rpartition("/")[0]
    return True
