# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that carry containers: engines, shims, conmon and machine monitors, found in one pass over /proc.

Anyone may give a process any name and any arguments. What is believed of a process is decided by who started it and by whose root it sees.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import processes as proc
from .._formats.running_files import file_of
from .._host.witness import apart, refusals_told
from .._hypervisor import monitors
from . import lives as all_lives

PROC = "/proc"
SHIM, CONMON, ENGINE, MONITOR, MANAGER = "shim", "conmon", "engine", "monitor", "manager"
PROCESSES_LIMIT = 20000
_PID = re.compile(r"[0-9]{1,10}\Z")
_SHIM_NAME = re.compile(r"(?:docker-|balena-engine-)?containerd-shim(?:-[A-Za-z0-9_.+-]{1,80})?\Z")
_CONMONS = ("conmon", "crio-conmon", "conmonrs", "crio-conmonrs")
ENGINES = {"containerd": "containerd", "docker-containerd": "containerd", "balena-engine-containerd": "containerd", "dockerd": "docker",
           "balena-engine-daemon": "docker", "balenad": "docker", "crio": "crio"}
# What starts a whole system in namespaces of its own and stays as its parent.
# Apptainer's and Singularity's starter stays as the parent of what it starts.
# What lxc-autostart starts stays below a copy of it.
MANAGERS = {"lxc-start": "lxc", "lxc-execute": "lxc", "lxc-autostart": "lxc", "incusd": "incus", "lxd": "lxd",
            "systemd-nspawn": "nspawn", "libvirt_lxc": "libvirt_lxc", "starter": "apptainer", "starter-suid": "apptainer"}
# The kernel keeps 15 bytes of a command's name.
_COMM_LENGTH = 15
_SERVED = ("virtiofsd",) + monitors.MONITORS
_CMDLINE_BYTES = 256 * 1024
_STAT_BYTES = 4096
_WORD = 4096
# A shim that is asked to do one thing and ends, rather than one that serves a container.
_ERRANDS = ("start", "delete")


class Process(NamedTuple):
    """``link`` is None where only root may read it; ``user`` started the process; ``own_root`` is whether it sees another root than the host's.

    ``nested`` is whether it runs inside of a container: a service may have another root and be the host's own (Docker of a snap).
    """

    pid: int
    kind: str
    name: str
    link: Optional[str]
    argv: List[str]
    ticks: int
    parent: int
    user: Optional[int]
    nested: Optional[bool]
    own_root: Optional[bool] = None

    @property
    def exe(self) -> str:
        """The path that the binary has or had; '' where it may not be seen."""
        return "" if self.link is None else proc.parse_exe(self.link).path


class Found(NamedTuple):
    """The processes that carry containers, by rising process id, what is known of all there are, and the children of each."""

    processes: List[Process]
    lives: Dict[int, all_lives.Life]
    below: Dict[int, List[int]]

    def named(self, *kinds: str) -> List[Process]:
        """Those of some kinds."""
        return [process for process in self.processes if process.kind in kinds]


def kind_of(name: str) -> Optional[Tuple[str, str]]:
    """(kind, name) of a binary's base name, or None for what carries no containers."""
    if _SHIM_NAME.match(name):
        return SHIM, name
    if name in _CONMONS:
        return CONMON, name
    if name in ENGINES:
        return ENGINE, ENGINES[name]
    if name in MANAGERS:
        return MANAGER, MANAGERS[name]
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


def find(host: Any) -> Tuple[Optional[Found], str]:
    """(what was found, '') in one pass over /proc, or (None, problem)."""
    if host.uid() != 0 and proc.hides_processes(host.read("/proc/mounts").if_there("")):
        return None, "needs_root"
    listed = host.listdir(PROC)
    if listed.problem:
        return None, str(listed.problem)
    root = host.stat("/")
    found = Found([], {}, {})
    for pid in sorted(int(name) for name in listed.value if _PID.match(name)):
        _look_at(host, pid, root, found)
        if len(found.processes) > PROCESSES_LIMIT:
            return None, "too_large"
    left = host.remaining()
    return (None, "deadline") if left is not None and left <= 0 else (_without_what_shims_forked(host, found), "")


def _without_what_shims_forked(host: Any, found: Found) -> Found:
    """Without first processes of containers that a shim forked and that execute nothing else: its program and its words are theirs (runwasi)."""
    shims = {process.pid: process for process in found.named(SHIM)}
    carried = [process.pid for process in shims.values()
               if is_copy(shims.get(process.parent), process) and all_lives.has_other_root(host, process.pid, process.parent)]
    return found._replace(processes=[process for process in found.processes if process.pid not in carried])


def is_copy(shim: Optional[Process], process: Process) -> bool:
    """Whether a process is what a shim forked: it was told the same."""
    return shim is not None and shim.pid != process.pid and shim.argv == process.argv


def _look_at(host: Any, pid: int, root: Any, found: Found) -> None:
    folder = "%s/%d" % (PROC, pid)
    # Where the kernel does not show it, even to root, the command's name decides, and nothing is believed of the binary.
    with apart(host):
        link = host.readlink(folder + "/exe")
    if link.problem == "absent":
        # A thread of the kernel, or a process that has ended.
        return
    life = all_lives.life_of(host, pid)
    if life is None:
        return
    found.lives[pid] = life
    found.below.setdefault(life.parent, []).append(pid)
    name = "" if link.value is None else proc.parse_exe(link.value).path.rpartition("/")[2]
    kind = kind_of(name) if name else kind_of_comm(life.name)
    if kind is None and name and _is_called(host, folder, life.name):
        kind = kind_of(life.name)
    process = _process(host, pid, link.value, kind, root, life) if kind else None
    if process:
        found.processes.append(process)


def _is_called(host: Any, folder: str, name: str) -> bool:
    """Whether a program was started by a name that carries containers: one binary may be several programs (k3s is its containerd too)."""
    if kind_of(name) is None:
        return False
    argv = proc.parse_cmdline(host.read(folder + "/cmdline", _CMDLINE_BYTES).if_there(""))
    return bool(argv) and argv[0].rpartition("/")[2] == name


def _process(host: Any, pid: int, link: Optional[str], kind: Tuple[str, str], root: Any, life: all_lives.Life) -> Optional[Process]:
    folder = "%s/%d" % (PROC, pid)
    ticks = ticks_of(host, pid)
    argv = proc.parse_cmdline(host.read(folder + "/cmdline", _CMDLINE_BYTES).if_there(""))
    if ticks is None or not argv or (kind[0] == SHIM and argv[-1] in _ERRANDS):
        return None
    with refusals_told(host):
        seen = host.stat(folder + "/root")
    own_root = None if seen.problem or root.problem else file_of(seen.value) != file_of(root.value)
    process = Process(pid, kind[0], kind[1], link, argv, ticks, life.parent, all_lives.user_of(host, pid, life), own_root, own_root)
    return process._replace(nested=False) if own_root and _is_the_hosts(host, process, life) else process


def _is_the_hosts(host: Any, process: Process, life: all_lives.Life) -> bool:
    """Whether a process that sees another root is the host's own even so: among the host's processes, and the very file that the host has there."""
    numbers = len(life.numbers)
    shares = numbers == 1 if numbers else all_lives.shares_with_host(host, process.pid, "pid")
    if shares is False or (shares is None and not process.exe.startswith("/snap/")):
        return False
    running, own = host.stat("%s/%d/exe" % (PROC, process.pid)), host.stat(process.exe)
    return proc.in_system_folder(process.exe) and not running.problem and not own.problem and file_of(running.value) == file_of(own.value)


def examine(host: Any, pid: int, life: all_lives.Life) -> Optional[Process]:
    """A process of any name, as a machine monitor."""
    link = host.readlink("%s/%d/exe" % (PROC, pid)).value
    name = proc.parse_exe(link or life.name).path.rpartition("/")[2]
    return _process(host, pid, link, (MONITOR, monitors.component_of(name) or name), host.stat("/"), life)


def is_roots(host: Any, process: Process) -> bool:
    """Whether a process and the file that it runs are root's: what it is called and what it was told are then root's words."""
    file = host.stat("%s/%d/exe" % (PROC, process.pid))
    return process.user == 0 and (bool(file.problem) or (file.value.uid == 0 and not file.value.mode & 0o022))


def one_option(argv: List[str], *names: str) -> str:
    """The last value of an option, bounded; '' without one."""
    values = proc.option_values(argv, *names)
    return values[-1][:255] if values else ""


def parent_of(host: Any, pid: int) -> Optional[int]:
    """The parent of a live process; None where there is no such process."""
    try:
        return proc.parse_stat(host.read("%s/%d/stat" % (PROC, pid), _STAT_BYTES).if_there("")).parent
    except ValueError:
        return None


def ticks_of(host: Any, pid: int) -> Optional[int]:
    """When a live process was started; None where there is no such process."""
    try:
        return proc.parse_stat(host.read("%s/%d/stat" % (PROC, pid), _STAT_BYTES).if_there("")).start_ticks
    except ValueError:
        return None


def started(host: Any, process: Process) -> Optional[float]:
    """When a process was started, in seconds since 1970; None where the host's uptime is not known."""
    booted = proc.booted_at(host.now(), host.read("/proc/uptime", 256).if_there(""))
    return None if booted is None else booted + process.ticks / float(proc.TICKS_PER_SECOND)


def children_of(host: Any, found: Found, pid: int) -> List[int]:
    """The children of a process, oldest first; of its first thread where no parents are known."""
    children = found.below.get(pid, [])
    words = host.read("%s/%d/task/%d/children" % (PROC, pid, pid), _STAT_BYTES).if_there("").split()
    return children + [int(word) for word in words if _PID.match(word) and int(word) not in children]
