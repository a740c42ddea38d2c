# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that carry a whole system (LXC, Incus, LXD, systemd-nspawn, libvirt's LXC), Apptainer's, and namespaces that nothing explains.

Such a manager keeps no file that says what runs; it stays as the parent of the container's first process, which sees another root than the host.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set

from .._formats import processes as proc
from .._formats.running_files import file_of
from .._host.witness import apart
from . import lives, processes

# Of a monitor that wrote over its command line: "[lxc monitor] /var/lib/incus/containers web1".
_MONITOR_TITLE = re.compile(r"\[lxc monitor\] (/\S+) (\S+)")
_INSTANCE = re.compile(r"(?:Apptainer|Singularity) instance: .* \[([^\]]+)\]")
_GROUP = re.compile(r"/lxc\.payload\.([^/\n]+)|/lxc/([^/\n]+)|/systemd-nspawn@([^/\n]+)\.service|/machine-([^/\n]+)\.scope")
# systemd writes what a unit's name may not hold by its number, - as \x2d.
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_NAME_LIMIT = 128
UNEXPLAINED_LIMIT = 100
_DEPTH = 64


class System(NamedTuple):
    """A container with a system in it: its first process, what started it, and its name."""

    first: int
    manager: processes.Process
    engine: str
    name: str


def find(host: Any, found: processes.Found) -> List[System]:
    """Every first process behind another root whose parent is a manager of such containers."""
    root = host.stat("/")
    systems = []
    for manager in found.named(processes.MANAGER):
        for pid in found.below.get(manager.pid, []):
            with apart(host):
                seen = host.stat("%s/%d/root" % (processes.PROC, pid))
            behind = seen.problem or root.problem or file_of(seen.value) != file_of(root.value)
            if behind and not any(one.pid == pid for one in found.named(processes.MANAGER)):
                systems.append(System(pid, manager, engine_of(manager), name_of(manager.argv, _group(host, pid)) or str(pid)))
    return systems


def _group(host: Any, pid: int) -> str:
    match = _GROUP.search(host.read("%s/%d/cgroup" % (processes.PROC, pid), 64 * 1024).if_there(""))
    name = next((word for word in match.groups() if word), "") if match else ""
    return _ESCAPED.sub(lambda escaped: chr(int(escaped.group(1), 16)), name)


def engine_of(manager: processes.Process) -> str:
    """Whose container it is: the daemons of Incus and LXD rename the monitor that they leave behind, and keep its containers in folders of theirs."""
    title = _MONITOR_TITLE.match(" ".join(manager.argv))
    where = title.group(1) if title else ""
    return "incus" if "/incus" in where else "lxd" if "/lxd" in where else manager.name


def name_of(argv: List[str], group: str) -> str:
    """The container's name: of its monitor's words, else of its control group."""
    title = _MONITOR_TITLE.match(" ".join(argv))
    instance = _INSTANCE.match(" ".join(argv))
    told = [match.group(match.lastindex or 0) for match in (title, instance) if match]
    told += argv[argv.index("forkstart") + 1:][:1] if "forkstart" in argv else []
    told += proc.option_values(argv, "n", "name", "M", "machine")
    told += [group] if group else []
    told += [path.rstrip("/").rpartition("/")[2] for path in proc.option_values(argv, "D", "directory", "i", "image")]
    return next((word for word in told if word), "")[:_NAME_LIMIT]


def unexplained(host: Any, found: processes.Found, explained: Set[int]) -> List[Dict[str, Any]]:
    """First processes of process or user namespaces of their own, behind another root than their parent's, that belong to no container that is known.

    What shares its parent's root is a program that hides the other processes from itself, which is no container.
    """
    known = explained | {process.pid for process in found.named(processes.MONITOR) if _is_monitor(host, process)}
    rows = []
    for pid, life in sorted(found.lives.items()):
        if (_starts_a_space(host, pid, life) and pid not in known and not _serves(found, pid, explained)
                and lives.has_other_root(host, pid, life.parent) and not _is_shut_in(host, found, pid)):
            rows.append({"pid": pid, "name": life.name[:64], "user": lives.user_of(host, pid, life)})
    return rows


def _starts_a_space(host: Any, pid: int, life: lives.Life) -> bool:
    """Whether a process is the first of a process namespace, or alone has another user namespace than its parent (Charliecloud, Enroot)."""
    if life.is_init or len(life.numbers) > 1:
        return life.is_init
    if lives.shares_with_host(host, pid, "user") is not False:
        return False
    with apart(host):
        its, above = (host.readlink("%s/%d/ns/user" % (processes.PROC, number)).value for number in (pid, life.parent))
    return above is not None and bool(its != above)


def _is_shut_in(host: Any, found: processes.Found, pid: int) -> bool:
    """Whether a program of the host's shut itself in (passt, vsftpd, a browser), and carries no other system: nothing is mounted behind its root, and
    it and all that it started are the very files at their paths, in folders of root's."""
    with apart(host):
        mounts = host.read("%s/%d/mountinfo" % (processes.PROC, pid), lives.MOUNTS_BYTES)
    if mounts.problem or len(mounts.value.splitlines()) > 1:
        return False
    for one in [pid] + lives.descendants(found.below, pid):
        with apart(host):
            link = host.readlink("%s/%d/exe" % (processes.PROC, one)).value
            running = host.stat("%s/%d/exe" % (processes.PROC, one))
        path = proc.parse_exe(link or "").path
        own = host.stat(path) if proc.in_system_folder(path) else None
        if own is None or own.problem or running.problem or file_of(own.value) != file_of(running.value) or own.value.uid != 0:
            return False
    return True


def _serves(found: processes.Found, pid: int, explained: Set[int]) -> bool:
    """Whether a process was started by what carries a container, and not from within one: a sandbox has helpers that shut themselves in (gVisor)."""
    carriers = {process.pid for process in found.named(processes.SHIM, processes.CONMON)}
    for _step in range(_DEPTH):
        life = found.lives.get(pid)
        if life is None or life.parent in explained:
            return False
        pid = life.parent
        if pid in carriers:
            return True
    return False


def _is_monitor(host: Any, process: processes.Process) -> bool:
    return process.name == "virtiofsd" or process.user == 0


def item(host: Any, found: processes.Found, system: System, started_at: Optional[str]) -> Dict[str, Any]:
    """The record's row of such a container."""
    life = found.lives[system.first]
    flags = {key: lives.shares_with_host(host, system.first, kind) for key, kind in (("host_pid", "pid"), ("host_network", "net"))}
    row = {"id": system.name, "engine": system.engine, "namespace": None, "sandbox": system.name, "is_pod": False, "name": system.name, "image": None,
           "runtime": system.manager.name, "shim": system.manager.exe or None, "isolation": "host_kernel", "reason": "", "pid": system.first,
           "nested": system.manager.nested is True, "privileged": lives.is_privileged(host, system.first, life), "user": system.manager.user,
           "started_at": started_at}
    row.update(flags)
    if None in (row["privileged"], row["host_pid"]):
        row["reason"] = "what its first process may do could not be seen"
    return row
