# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live sandboxes of Kata Containers: what each of them really runs, and whether that is what a new one would get."""

from typing import Any, Dict, List, NamedTuple, Optional

from .._containers import machines, processes
from .._containers.shims import key_of
from .._formats import processes as proc
from . import guests, installed, started_with, successors
from .handlers import Handlers

DRAGONBALL = "dragonball"
_STATUS_BYTES = 64 * 1024


class Parts(NamedTuple):
    """The processes of a sandbox and what its guest was started from; of Dragonball the monitor is the shim."""

    shim: processes.Process
    vmm: Optional[processes.Process]
    vmm_name: Optional[str]
    virtiofsd: Optional[processes.Process]
    guest: guests.Guest


def find(
    host: Any, found: processes.Found, shims: List[processes.Process], release: installed.Release, handlers: Handlers, booted_at: Optional[float],
) -> List[Dict[str, Any]]:
    """Each sandbox that has a shim and lives: of one whose machine was stopped nothing runs any more."""
    if not shims:
        return []
    rows = []
    wanted = successors.Successors(host, release, handlers)
    for shim in shims:
        name = processes.one_option(shim.argv, "id")
        carried = machines.of(host, found, name, shim)
        if not (machines.has_bundle(host, shim) and machines.is_stopped(host, found, name, shim, carried)):
            rows.append(_sandbox(host, name, parts_of(host, name, shim, carried), wanted, booted_at))
    return rows


def orphans(host: Any, found: processes.Found, shims: List[processes.Process]) -> List[Dict[str, Any]]:
    """Machine monitors of sandboxes whose shims are gone: nothing stops them any more."""
    names = [key_of(shim)[1] for shim in found.named(processes.SHIM) + shims]
    return [{"pid": process.pid, "path": process.exe or None, "name": process.name} for process in machines.orphans(host, found, names)]


def parts_of(host: Any, name: str, shim: processes.Process, carried: machines.Carried) -> Parts:
    """What a sandbox consists of."""
    vmm = carried.vmm or (shim if carried.within else None)
    vmm_name = carried.vmm.name if carried.vmm else DRAGONBALL if carried.within else None
    return Parts(shim, vmm, vmm_name, carried.virtiofsd, guests.of(host, name, vmm))


def _sandbox(host: Any, name: str, parts: Parts, wanted: successors.Successors, booted_at: Optional[float]) -> Dict[str, Any]:
    shim, vmm, virtiofsd = parts.shim, parts.vmm, parts.virtiofsd
    started = None if booted_at is None else booted_at + shim.ticks / float(proc.TICKS_PER_SECOND)
    verdict = wanted.judge(parts, started)
    tree = installed.tree_of(shim.exe)
    status = host.read("%s/%d/status" % (processes.PROC, vmm.pid), _STATUS_BYTES).if_there("") if vmm else ""
    shown = started_with.seen(parts.vmm_name or "", vmm.argv if vmm else [], status, vmm.user if vmm else None, virtiofsd.argv if virtiofsd else [])
    return {
        "id": name, "namespace": processes.one_option(shim.argv, "namespace"), "version": installed.version_of(host, tree) if tree else None,
        "handler": verdict.handler, "shim": shim.exe, "shim_pid": shim.pid, "vmm": vmm.exe or None if vmm else None,
        "vmm_pid": vmm.pid if vmm else None,
        "vmm_name": parts.vmm_name, "virtiofsd": virtiofsd.exe or None if virtiofsd else None, "virtiofsd_pid": virtiofsd.pid if virtiofsd else None,
        "guest_kernel": installed.guest_kernel_version(verdict.kernel), "guest_image": parts.guest.image or None,
        "started_at": proc.moment(booted_at, shim.ticks), "started_with": shown, "unmet": started_with.unmet(parts.vmm_name or "", shown),
        "stale": verdict.stale, "reasons": verdict.reasons,
    }
