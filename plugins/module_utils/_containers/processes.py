# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that carry containers: engines, shims, conmon and machine monitors, found in one pass over /proc.

Anyone may give a process any name and any arguments. What is believed of a process is decided by who owns it and by whose root it sees.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import processes as proc
from .._host.witness import apart
from .._hypervisor import monitors

PROC = "/proc"
SHIM, CONMON, ENGINE, MONITOR = "shim", "conmon", "engine", "monitor"
PROCESSES_LIMIT = 20000
_PID = re.compile(r"[0-9]{1,10}\Z")
_SHIM_NAME = re.compile(r"containerd-shim(?:-[A-Za-z0-9_.+-]{1,80})?\Z")
_CONMONS = ("conmon", "crio-conmon", "conmonrs", "crio-conmonrs")
ENGINES = {"containerd": "containerd", "docker-containerd": "containerd", "dockerd": "docker", "crio": "crio"}
# The kernel keeps 15 bytes of a command's name.
_COMM_LENGTH = 15
_SERVED = ("virtiofsd",) + monitors.MONITORS
_CMDLINE_BYTES = 256 * 1024
_STAT_BYTES = 4096
_WORD = 4096
# A shim that is asked to do one thing and ends, rather than one that serves a container.
_ERRANDS = ("start", "delete")


class Process(NamedTuple):
    """``link`` is None where only root may read it; ``user`` owns the process; ``nested`` is whether it sees another root than the host's."""

    pid: int
    kind: str
    name: str
    link: Optional[str]
    argv: List[str]
    ticks: int
    parent: int
    user: Optional[int]
    nested: Optional[bool]

    @property
    def exe(self) -> str:
        """The path that the binary has or had; '' where it may not be seen."""
        return "" if self.link is None else proc.parse_exe(self.link).path


def kind_of(name: str) -> Optional[Tuple[str, str]]:
    """(kind, name) of a binary's base name, or None for what carries no containers."""
    if _SHIM_NAME.match(name):
        return SHIM, name
    if name in _CONMONS:
        return CONMON, name
    if name in ENGINES:
        return ENGINE, ENGINES[name]
    component = monitors.component_of(name)
    return (MONITOR, component) if component in _SERVED else None


def is_carrier(program: str) -> bool:
    """Whether a program carries containers or guests: they end with it."""
    kind = kind_of(program.rpartition("/")[2])
    return kind is not None and kind[0] in (SHIM, CONMON, MONITOR)


def kind_of_comm(comm: str) -> Optional[Tuple[str, str]]:
    """The same of a command's name as the kernel keeps it."""
    if comm == "containerd-shim"[:_COMM_LENGTH]:
        return SHIM, comm
    component = monitors.component_of_comm(comm)
    if component in _SERVED:
        return MONITOR, component
    return kind_of(comm) if len(comm) < _COMM_LENGTH else None


def find(host: Any) -> Tuple[Optional[List[Process]], str]:
    """(the processes, '') by rising process id, or (None, problem)."""
    if host.uid() != 0 and proc.hides_processes(host.read("/proc/mounts").value or ""):
        return None, "needs_root"
    listed = host.listdir(PROC)
    if listed.problem:
        return None, str(listed.problem)
    root = host.stat("/")
    found: List[Process] = []
    for pid in sorted((name for name in listed.value if _PID.match(name)), key=int):
        process = _look_at(host, pid, root)
        if process:
            found.append(process)
        if len(found) > PROCESSES_LIMIT:
            return None, "too_large"
    left = host.remaining()
    return (None, "deadline") if left is not None and left <= 0 else (found, "")


def _look_at(host: Any, pid: str, root: Any) -> Optional[Process]:
    folder = "%s/%s" % (PROC, pid)
    # Where the kernel does not show it, even to root, the command's name decides, and nothing is believed of the binary.
    with apart(host):
        link = host.readlink(folder + "/exe")
    name = "" if link.value is None else proc.parse_exe(link.value).path.rpartition("/")[2]
    if link.problem == "absent" or (name and kind_of(name) is None):
        return None
    try:
        stat = proc.parse_stat(host.read(folder + "/stat", _STAT_BYTES).value or "")
    except ValueError:
        return None
    kind = kind_of(name) if name else kind_of_comm(stat.comm)
    if kind is None:
        return None
    argv = proc.parse_cmdline(host.read(folder + "/cmdline", _CMDLINE_BYTES).value or "")
    if not argv or (kind[0] == SHIM and argv[-1] in _ERRANDS):
        return None
    seen, owner = host.stat(folder + "/root"), host.stat(folder)
    nested = None if seen.problem or root.problem else (seen.value.device, seen.value.inode) != (root.value.device, root.value.inode)
    return Process(int(pid), kind[0], kind[1], link.value, argv, stat.start_ticks, stat.parent, None if owner.problem else owner.value.uid, nested)


def one_option(argv: List[str], *names: str) -> str:
    """The last value of an option, bounded; '' without one."""
    values = proc.option_values(argv, *names)
    return values[-1][:255] if values else ""


def parent_of(host: Any, pid: int) -> Optional[int]:
    """The parent of a live process; None where there is no such process."""
    try:
        return proc.parse_stat(host.read("%s/%d/stat" % (PROC, pid), _STAT_BYTES).value or "").parent
    except ValueError:
        return None


def ticks_of(host: Any, pid: int) -> Optional[int]:
    """When a live process was started; None where there is no such process."""
    try:
        return proc.parse_stat(host.read("%s/%d/stat" % (PROC, pid), _STAT_BYTES).value or "").start_ticks
    except ValueError:
        return None


def started(host: Any, process: Process) -> Optional[float]:
    """When a process was started, in seconds since 1970; None where the host's uptime is not known."""
    booted = proc.booted_at(host.now(), host.read("/proc/uptime", 256).value or "")
    return None if booted is None else booted + process.ticks / float(proc.TICKS_PER_SECOND)


def children_of(host: Any, pid: int) -> List[int]:
    """The children of a process's first thread, oldest first."""
    words = (host.read("%s/%d/task/%d/children" % (PROC, pid, pid), _STAT_BYTES).value or "").split()
    return [int(word) for word in words if _PID.match(word)]


def monitors_of(processes: List[Process], sandbox: str, shim: int) -> Dict[str, Process]:
    """The machine monitor ('vmm') and the virtiofsd of a sandbox: they name it, or paths below a folder called as it.

    They are root's own, or were started by the shim: any user can give a program such arguments.
    """
    found: Dict[str, Process] = {}
    part = re.compile(r"/%s(?:/|\Z)" % re.escape(sandbox))
    for process in processes:
        if process.kind != MONITOR or not (process.parent == shim or (process.user == 0 and process.nested is False)):
            continue
        names = [name.split(",")[0] for name in proc.option_values(process.argv, "name", "id")]
        if "sandbox-" + sandbox in names or sandbox in names or any(part.search(word[:_WORD]) for word in process.argv[1:]):
            found.setdefault("virtiofsd" if process.name == "virtiofsd" else "vmm", process)
    return found
