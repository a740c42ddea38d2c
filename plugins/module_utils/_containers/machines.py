# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine monitor of a sandbox and what serves it: found by what the shim started and by what a process holds, and only then by names."""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from .._formats import processes as proc
from .._formats.running_files import file_of
from .._host.witness import apart
from . import isolation, lives, processes

_WORD = 4096
# Kata's shim in Go gives Firecracker no more of a sandbox's id.
_FIRECRACKERS_ID = 32
# Where the shims keep a sandbox's files while its machine lives.
STATES = ("/run/vc/sbs/", "/run/vc/vm/", "/run/kata/")
_JAILS = ("/run/vc/", "/run/kata/", "/run/user/")
# Where the shims in Go and in Rust have a jailer make the folder that is all that Firecracker sees.
_JAILERS = ("/run/vc/firecracker/%s/root", "/run/kata/firecracker/%s/root", "/run/kata/%s/root")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
VIRTIOFSD = "virtiofsd"
_OF_KATA = re.compile(r"sandbox-[0-9A-Za-z]|/run/(?:vc|kata)/|/run/user/[0-9]+/run/(?:vc|kata)")
# Where each containerd keeps its tasks, and whose it is.
TASKS = {
    "/run/containerd/io.containerd.runtime.v2.task": "containerd",
    "/run/docker/containerd/daemon/io.containerd.runtime.v2.task": "docker",
    "/run/k3s/containerd/io.containerd.runtime.v2.task": "containerd",
    "/run/k0s/containerd/io.containerd.runtime.v2.task": "containerd",
    "/run/snap.docker/containerd/daemon/io.containerd.runtime.v2.task": "docker",
    "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task": "containerd",
    "/run/containerd/io.containerd.runtime.v1.linux": "containerd",
    "/run/docker/containerd/daemon/io.containerd.runtime.v1.linux": "docker",
}


class Carried(NamedTuple):
    """What carries a sandbox beside its shim; ``within`` is whether the shim holds the machine itself, None where that cannot be seen."""

    vmm: Optional[processes.Process]
    virtiofsd: Optional[processes.Process]
    within: Optional[bool]


def of(host: Any, found: processes.Found, sandbox: str, shim: processes.Process) -> Carried:
    """The processes of a sandbox. Any user can give a program the arguments of a monitor: they are root's own, or were started by the shim."""
    named: Dict[str, processes.Process] = {}
    below = lives.descendants(found.below, shim.pid)
    for process in found.named(processes.MONITOR):
        started = process.parent == shim.pid or process.pid in below
        if started and process.name == VIRTIOFSD:
            named.setdefault(VIRTIOFSD, process)
        elif (started or _is_believed(host, process)) and _names(process, sandbox):
            named.setdefault(VIRTIOFSD if process.name == VIRTIOFSD else "vmm", process)
    vmm = named.get("vmm") or _holding(host, found, below)
    within = None if vmm else isolation.holds_machine(host, shim.pid)
    return Carried(vmm, named.get(VIRTIOFSD), False if vmm else within)


def made_for(host: Any, found: processes.Found, sandbox: str) -> bool:
    """Whether a monitor of root's own holds a machine that is named by a sandbox: of sandboxes that have no shim, the daemon that made it."""
    return any(_is_believed(host, process) and _names(process, sandbox) and isolation.holds_machine(host, process.pid)
               for process in found.named(processes.MONITOR) if process.name != VIRTIOFSD)


def _is_believed(host: Any, process: processes.Process) -> bool:
    """Whether a monitor that the shim did not start may be taken at its word. A jailer starts it apart, and shuts it into a folder of the shim's."""
    if process.user == 0 and process.nested is False:
        return True
    if process.name != "firecracker":
        return False
    with apart(host):
        jail = host.readlink("%s/%d/root" % (processes.PROC, process.pid))
    return (not jail.problem and jail.value.startswith(_JAILS) and "/../" not in jail.value) or _is_jailed(host, process)


def _is_jailed(host: Any, process: processes.Process) -> bool:
    """Whether a process sees a folder of a shim's as its root: a jailer pivots, after which the kernel calls any root /."""
    name = processes.one_option(process.argv, "id")
    with apart(host):
        seen = host.stat("%s/%d/root" % (processes.PROC, process.pid))
    if seen.problem or not _ID.match(name):
        return False
    jails = [host.stat(jail % name) for jail in _JAILERS]
    return any(not jail.problem and file_of(jail.value) == file_of(seen.value) for jail in jails)


def _names(process: processes.Process, sandbox: str) -> bool:
    """Whether a command line is about a sandbox: by its name, or by a path below a folder called as it; about one without a name none is."""
    if not sandbox:
        return False
    names = [name.split(",")[0] for name in proc.option_values(process.argv, "name", "id")]
    if "sandbox-" + sandbox in names or sandbox in names:
        return True
    if process.name == "firecracker" and len(sandbox) > _FIRECRACKERS_ID and sandbox[:_FIRECRACKERS_ID] in names:
        return True
    part = re.compile(r"/%s(?:/|\Z)" % re.escape(sandbox))
    return any(part.search(word[:_WORD]) for word in process.argv[1:])


def _holding(host: Any, found: processes.Found, pids: List[int]) -> Optional[processes.Process]:
    """The first of some processes that holds a virtual machine, whatever it is called."""
    for pid in pids:
        if isolation.holds_machine(host, pid):
            return processes.examine(host, pid, found.lives[pid])
    return None


def is_katas(host: Any, sandbox: str, carried: Carried) -> bool:
    """Whether a sandbox is one of Kata's, whatever its shim is called: its machine has Kata's words, or its files are where Kata keeps them."""
    return has_state(host, sandbox) or (carried.vmm is not None and _is_in_katas_words(carried.vmm))


def _is_in_katas_words(monitor: processes.Process) -> bool:
    return any(_OF_KATA.search(word[:_WORD]) for word in monitor.argv[1:])


def has_bundle(host: Any, shim: processes.Process) -> bool:
    """Whether an engine still keeps the folder that a shim was started for: one that nobody knows any more is left over, and no stopped task."""
    with apart(host):
        folder = host.readlink("%s/%d/cwd" % (processes.PROC, shim.pid)).value
    space, name = (processes.one_option(shim.argv, key) for key in ("namespace", "id"))
    places = ([folder] if folder else []) + ["%s/%s/%s" % (tasks, space, name) for tasks in TASKS]
    return any(not host.stat(place + "/config.json").problem for place in places)


def has_state(host: Any, sandbox: str) -> bool:
    """Whether a shim of Kata's keeps files of a sandbox: they are gone once its machine was stopped."""
    return bool(sandbox) and any(not host.stat(folder + sandbox).problem for folder in STATES)


def is_stopped(host: Any, found: processes.Found, sandbox: str, shim: processes.Process, carried: Carried) -> bool:
    """Whether a shim is all that is left of a sandbox: it holds no machine, started nothing that lives, and has put its files away."""
    return (carried.vmm is None and carried.within is False and not processes.children_of(host, found, shim.pid)
            and not has_state(host, sandbox))


def orphans(host: Any, found: processes.Found, sandboxes: List[str]) -> List[processes.Process]:
    """Machine monitors of sandboxes whose shims are gone: root's own, named as Kata names them, and of no sandbox that has a shim."""
    shims = {process.pid for process in found.named(processes.SHIM)}
    rows = []
    for process in found.named(processes.MONITOR):
        if process.name == VIRTIOFSD or process.parent in shims or not _is_believed(host, process):
            continue
        if _is_in_katas_words(process) and not any(_names(process, name) for name in sandboxes):
            rows.append(process)
    return rows
