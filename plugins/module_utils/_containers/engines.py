# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container engines: which are installed, of what version by the package manager or by the binary's own word, and whether they run."""

import re
from typing import Any, Dict, List, Optional, Tuple

from .._formats import processes as proc
from .._formats.running_files import file_of
from .._handlers import containerd_files, crio_files
from .._hypervisor import running_monitors
from .._packages import installed
from . import isolation, processes

# The engines, the binaries that stand for them, and the packages that these may come from.
ENGINES = (
    ("containerd", ("/usr/bin/containerd", "/usr/sbin/containerd", "/usr/local/bin/containerd"),
     ("containerd", "containerd.io", "moby-containerd")),
    ("docker", ("/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd"), ("docker.io", "docker-ce", "moby-engine", "docker")),
    ("crio", ("/usr/bin/crio", "/usr/local/bin/crio"), ("cri-o",)),
    ("podman", ("/usr/bin/podman", "/usr/local/bin/podman"), ("podman",)),
)
_NAMES = tuple(name for _engine, _paths, names in ENGINES for name in names)
# containerd github.com/containerd/containerd/v2 v2.1.4 ..., Docker version 28.2.2, build ..., crio version 1.36.3, podman version 5.4.2
_SAID = re.compile(r"(?<![\w./])v?([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+~-]{0,40})")
_SECONDS = 5.0
_SAID_BYTES = 64 * 1024
_OF_DOCKER = ("/run/", "/var/run/")


def said_version(text: str) -> Optional[str]:
    """The version in an engine's answer to --version."""
    match = _SAID.search(text[:500])
    return match.group(1) if match else None


def find(host: Any, found: processes.Found, booted_at: Optional[float]) -> Tuple[List[Dict[str, Any]], Optional[str], str]:
    """(the engines, problem, detail). Their daemons are those that see the host's own root."""
    present = [(name, path, packages) for name, paths, packages in ENGINES for path in paths if not host.stat(path).problem]
    running = {process.name: process for process in reversed(found.named(processes.ENGINE)) if process.nested is not True and process.user == 0}
    if not present and not running:
        return [], None, ""
    known = installed.owned(host, _NAMES)
    rows = []
    for name in sorted({name for name, _path, _packages in present} | set(running)):
        path, packages = next(((path, packages) for engine, path, packages in present if engine == name), (None, ()))
        rows.append(_engine(host, name, path, next((item for item in packages if item in known.versions), None), known, running.get(name), booted_at))
    return rows, known.problem, known.detail


def _engine(
    host: Any, name: str, path: Optional[str], package: Optional[str], known: installed.Owned, daemon: Optional[processes.Process],
    booted_at: Optional[float],
) -> Dict[str, Any]:
    row: Dict[str, Any] = {"name": name, "path": path, "package": package, "source": known.sources.get(package or ""),
                           "module": known.modules.get(package or ""), "version": known.versions.get(package or "")}
    if row["version"] is None and known.problem is None and (path or daemon):
        row["version"] = _ask(host, path or program_of(daemon))
    row.update(running=daemon is not None, pid=None, started_at=None, stale=None, reason="")
    if daemon:
        verdict = verdict_of(host, daemon)
        row.update(pid=daemon.pid, started_at=proc.moment(booted_at, daemon.ticks), stale=verdict.stale, reason=verdict.reason)
        row["path"] = path or daemon.exe or None
    return row


def program_of(daemon: Optional[processes.Process]) -> str:
    """The path by which a daemon's program is started: where one binary is several programs, a link beside it is called as the one that is meant."""
    if daemon is None:
        return ""
    folder, _slash, name = daemon.exe.rpartition("/")
    called = daemon.argv[0].rpartition("/")[2]
    return daemon.exe if processes.kind_of(name) else "%s/%s" % (folder, called)


def daemons(found: Optional[processes.Found]) -> List[processes.Process]:
    """The daemons of engines that are the host's own, and root's: what another user calls so reads nothing for the host."""
    running = found.named(processes.ENGINE) if found else []
    return [process for process in running if process.nested is not True and process.user == 0]


def main_of(host: Any, daemon: processes.Process) -> str:
    """The configuration that a containerd was told to read, links resolved."""
    told = proc.option_values(daemon.argv, "c", "config") or [containerd_files.MAINS[0]]
    return resolved(host, told[-1])


def resolved(host: Any, path: str) -> str:
    """A path with its links resolved, as far as it is there: revisions of snaps and folders that were moved have several names."""
    answer = host.realpath(path)
    return path if answer.problem else str(answer.value)


def containerds_files(host: Any, found: Optional[processes.Found]) -> List[str]:
    """Each containerd's own file: the usual places, and where those that run were told to look (another data-dir of k3s)."""
    told = [main_of(host, daemon) for daemon in daemons(found) if daemon.name == "containerd"]
    # A file below /run is Docker's own containerd's, which knows no handlers.
    places = list(containerd_files.MAINS) + [path for path in told if path.startswith("/") and not path.startswith(_OF_DOCKER)]
    by_file: Dict[str, str] = {}
    for path in places:
        by_file.setdefault(resolved(host, path), path)
    return list(by_file.values())


def crio_of(found: Optional[processes.Found]) -> Optional[processes.Process]:
    """The CRI-O that runs."""
    return next((daemon for daemon in daemons(found) if daemon.name == "crio"), None)


def crios_places(host: Any, daemon: Optional[processes.Process]) -> crio_files.Places:
    """Where a CRI-O was told to read; without one that runs the usual places."""
    return crio_files.places_of(host, daemon.pid, daemon.argv) if daemon else crio_files.USUAL


def program_reading(host: Any, config: str, fallbacks: List[str]) -> Optional[str]:
    """The program of root's own that is the containerd which runs with a configuration, else the first that is there; None for none."""
    for daemon in daemons(processes.find(host)[0]):
        if daemon.name == "containerd" and main_of(host, daemon) == resolved(host, config) and processes.is_roots(host, daemon):
            path = program_of(daemon)
            if not host.stat(path).problem:
                return path
    return next((path for path in fallbacks if not host.stat(path).problem), None)


def version_of(host: Any, daemon: processes.Process, known: Dict[str, str]) -> Optional[str]:
    """The version of a running daemon by its own word, else by that of the package that may have brought it."""
    said = _ask(host, program_of(daemon))
    packages = next(packages for name, _paths, packages in ENGINES if name == daemon.name)
    return said or next((known[package] for package in packages if package in known), None)


def _ask(host: Any, path: str) -> Optional[str]:
    """What a binary of root's that no package brought says of itself."""
    stat = host.stat(path)
    if stat.problem or stat.value.uid != 0 or stat.value.mode & 0o022 or stat.value.kind != "file":
        return None
    answer = host.run([path, "--version"], _SECONDS, _SAID_BYTES)
    return None if answer.problem or answer.value.rc != 0 else said_version(answer.value.out)


def verdict_of(host: Any, process: processes.Process) -> running_monitors.Verdict:
    """Whether a process runs another file than the one at its binary's path."""
    if process.link is None:
        return running_monitors.Verdict(None, "its binary could not be examined (needs_root)", False)
    # A snap keeps the files of its former revision, from which nothing would be started any more.
    snap = running_monitors.verdict_of_snap(host, process.exe) if process.nested is False else None
    if snap is None and process.own_root is False and _is_the_file_there(host, process):
        return running_monitors.Verdict(False, "", True)
    return snap or running_monitors.verdict_of(host, "%s/%d" % (processes.PROC, process.pid), process.link, process.own_root)


def _is_the_file_there(host: Any, process: processes.Process) -> bool:
    """Whether a process runs the very file at its path, in a folder of root's wherever that is: distributions of Kubernetes keep programs of theirs
    below /var/lib."""
    if not isolation.is_of_root(host, process.exe.rpartition("/")[0]):
        return False
    running, own = host.stat("%s/%d/exe" % (processes.PROC, process.pid)), host.stat(process.exe)
    return not running.problem and not own.problem and file_of(running.value) == file_of(own.value)
