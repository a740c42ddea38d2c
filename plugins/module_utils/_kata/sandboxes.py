# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live sandboxes of Kata Containers: what each of them really runs, and whether that is what a new one would get."""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from .._containers import engines, processes
from .._formats import processes as proc
from . import installed

_NAME = re.compile(r"containerd-shim-kata(?:-[A-Za-z0-9_.+-]{1,60})?\Z")
_TREE = re.compile(r"(/opt/kata(?:-[^/]{1,80})?)/")
_IMAGE = re.compile(r"(/[^,=\s]{1,500}/kata-[^,=/\s]{1,120}\.(?:image|img|initrd))")


class Part(NamedTuple):
    """One process or file of a sandbox: what it is called, its path, whether it is stale (None: cannot be said) and why."""

    what: str
    path: str
    stale: Optional[bool]
    reason: str


def is_kata(process: processes.Process) -> bool:
    """Whether a process is a shim of Kata's by its binary's name, on the host itself, and root's."""
    name = process.exe.rpartition("/")[2]
    return process.kind == processes.SHIM and bool(_NAME.match(name)) and process.nested is not True and process.user == 0


def find(host: Any, found: List[processes.Process], release: installed.Release, booted_at: Optional[float]) -> List[Dict[str, Any]]:
    """Each sandbox that has a shim."""
    return [_sandbox(host, found, shim, release, booted_at) for shim in found if is_kata(shim)]


def _sandbox(
    host: Any, found: List[processes.Process], shim: processes.Process, release: installed.Release, booted_at: Optional[float],
) -> Dict[str, Any]:
    name = processes.one_option(shim.argv, "id")
    carried = processes.monitors_of(found, name, shim.pid)
    vmm, virtiofsd = carried.get("vmm"), carried.get("virtiofsd")
    kernel = processes.one_option(vmm.argv, "kernel") if vmm else ""
    image = next((match.group(1) for word in (vmm.argv if vmm else []) for match in [_IMAGE.search(word[:4096])] if match), "")
    parts = [_process_part(host, what, process, release) for what, process in (("shim", shim), ("vmm", vmm), ("virtiofsd", virtiofsd)) if process]
    started = None if booted_at is None else booted_at + shim.ticks / float(proc.TICKS_PER_SECOND)
    parts += [_file_part(host, what, path, release, started) for what, path in (("guest kernel", kernel), ("guest image", image)) if path]
    if vmm is None:
        parts.append(Part("vmm", "", None, "vmm: no machine monitor of it was found, so its guest kernel is not known"))
    tree = tree_of(shim.exe)
    return {
        "id": name, "namespace": processes.one_option(shim.argv, "namespace"), "version": installed.version_of(host, tree) if tree else None,
        "shim": shim.exe, "shim_pid": shim.pid, "vmm": vmm.exe or None if vmm else None, "vmm_pid": vmm.pid if vmm else None,
        "vmm_name": vmm.name if vmm else None, "virtiofsd": virtiofsd.exe or None if virtiofsd else None, "virtiofsd_pid": virtiofsd.pid if virtiofsd
        else None, "guest_kernel": installed.guest_kernel_version(kernel), "guest_image": image or None,
        "started_at": proc.moment(booted_at, shim.ticks), "stale": stale([part.stale for part in parts]),
        "reasons": [part.reason for part in parts if part.stale is not False and part.reason],
    }


def stale(verdicts: List[Optional[bool]]) -> Optional[bool]:
    """Stale where any part is; None where none is known to be and of one it cannot be said."""
    if True in verdicts:
        return True
    return None if None in verdicts else False


def tree_of(path: str) -> str:
    """The release's tree that a path is in, '' for one outside of /opt."""
    match = _TREE.match(path)
    return match.group(1) if match else ""


def _elsewhere(path: str, release: installed.Release) -> str:
    """Why a path is none of the release in force's, '' where it is or where there is no release to compare with."""
    tree = tree_of(path)
    if not tree or release.tree is None or tree in (release.tree, installed.LINK):
        return ""
    return "it is of %s, in force is %s" % (tree, release.tree)


def _process_part(host: Any, what: str, process: processes.Process, release: installed.Release) -> Part:
    elsewhere = _elsewhere(process.exe, release)
    if elsewhere:
        return Part(what, process.exe, True, "%s: %s" % (what, elsewhere))
    verdict = engines.verdict_of(host, process)
    return Part(what, process.exe, verdict.stale, "%s: %s" % (what, verdict.reason) if verdict.reason else "")


def _file_part(host: Any, what: str, path: str, release: installed.Release, started: Optional[float]) -> Part:
    """A file that the monitor read when it started: nothing keeps hold of it, so its place and its time are all there is to compare."""
    elsewhere = _elsewhere(path, release)
    if elsewhere:
        return Part(what, path, True, "%s: %s" % (what, elsewhere))
    if not proc.in_system_folder(path):
        return Part(what, path, None, "%s: %s is outside the system's folders" % (what, path))
    stat = host.stat(path)
    if stat.problem:
        gone = stat.problem == "absent"
        return Part(what, path, True if gone else None, "%s: %s %s" % (what, path, "is gone" if gone else "could not be looked at"))
    if started is not None and stat.value.ctime > started + 1:
        return Part(what, path, True, "%s: %s was replaced after the sandbox was started" % (what, path))
    return Part(what, path, False, "")
