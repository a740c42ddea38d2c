# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running machine monitors: which build each process really runs, compared with what is installed today.

/proc/PID/exe reaches the file a process runs even when it is deleted. It is read, never executed: anyone may name his program qemu-system-x86_64.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import elf, processes, running_files
from .._host.witness import apart, refusals_told
from .._packages import past
from . import guest_firmware, machine_types, monitors, opened_files

PROC = "/proc"
# No host runs more guests than this; a user who starts more lookalikes costs the scan no more.
MONITORS_LIMIT = 4096
LOOKALIKES_LIMIT = 100
_PID = re.compile(r"[0-9]{1,10}\Z")
_CMDLINE_BYTES = 256 * 1024
_STAT_BYTES = 4096
# QEMU with everything built in is under 40 MB; its version text is looked for in pieces.
_BINARY_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 4 * 1024 * 1024

# Files that an engine of root's has QEMU read its configuration from.
_CONFIGURATIONS = ("/run/incus/", "/run/lxd/", "/var/snap/lxd/common/lxd/logs/", "/var/log/lxd/", "/var/log/incus/")
# Distributors that give q35, pc and "no name" a meaning of their own.
_BUILDERS = re.compile(r"ubuntu|\.el[0-9]|rhel|pve|-150|lp15")

_SNAP = re.compile(r"/snap/([a-z0-9-]{1,40})/(x?[0-9]{1,9})/")


class GoneError(Exception):
    """The process ended, or its number went to another one, while it was looked at."""


class Candidate(NamedTuple):
    """A process that may be a machine monitor; ``link`` is None where only root may read where its exe points.

    ``user`` runs a program of a user's own under a monitor's name: nothing is judged by it.
    """

    pid: str
    component: str
    link: Optional[str]
    user: Optional[int] = None


class Installed(NamedTuple):
    """What is known of the host's own binaries: components of the record, packages by path, the manager, and the host's root."""

    components: List[Dict[str, Any]]
    packages: Dict[str, monitors.Package]
    manager: Optional[str]
    root: Any


class Verdict(NamedTuple):
    """Whether a process runs something else than is installed (None: cannot be said), why, and whether the installed version is the running one."""

    stale: Optional[bool]
    reason: str
    is_installed: bool


def find(host: Any) -> Tuple[Optional[List[Candidate]], str]:
    """(the candidates, '') in one pass over /proc, or (None, problem)."""
    listed = host.listdir(PROC)
    if listed.problem:
        return None, listed.problem
    lists: Dict[bool, List[Candidate]] = {False: [], True: []}
    for pid in sorted((name for name in listed.value if _PID.match(name)), key=int):
        candidate = _candidate(host, pid)
        if candidate:
            lists[candidate.user is not None].append(candidate)
        if len(lists[False]) >= MONITORS_LIMIT:
            return None, "too_large"
    left = host.remaining()
    return (None, "deadline") if left is not None and left <= 0 else (lists[False] + lists[True][:LOOKALIKES_LIMIT], "")


def _candidate(host: Any, pid: str) -> Optional[Candidate]:
    # Where the kernel does not show it, even to root, the command's name makes a candidate, of which nothing else can be said.
    with apart(host):
        link = host.readlink("%s/%s/exe" % (PROC, pid))
    if link.value is not None:
        component = monitors.component_of(processes.parse_exe(link.value).path.rpartition("/")[2])
        return Candidate(pid, component, link.value, _user_of_own_program(host, pid)) if component else None
    if link.problem == "absent":
        # A thread of the kernel, or a process that has ended.
        return None
    try:
        comm = processes.parse_stat(host.read("%s/%s/stat" % (PROC, pid), _STAT_BYTES).if_there("")).comm
    except ValueError:
        return None
    component = monitors.component_of_comm(comm)
    if not component or not arguments(host, pid):
        return None
    return Candidate(pid, component, None)


def _user_of_own_program(host: Any, pid: str) -> Optional[int]:
    """The user who runs a program of a user's own, which he may call as he likes; None of any other program, and where nobody can tell."""
    folder = "%s/%s" % (PROC, pid)
    with refusals_told(host):
        file, process = host.stat(folder + "/exe"), host.stat(folder)
    return None if file.problem or process.problem or 0 in (file.value.uid, process.value.uid) else int(process.value.uid)


def lookalike(candidate: Candidate) -> Dict[str, Any]:
    """The record's mapping of a program of a user's own under a monitor's name."""
    return {"pid": int(candidate.pid), "component": candidate.component, "exe": processes.parse_exe(candidate.link or "").path,
            "user": candidate.user}


def arguments(host: Any, pid: str) -> List[str]:
    """The process's command line; empty for threads of the kernel and where it cannot be read."""
    return processes.parse_cmdline(host.read("%s/%s/cmdline" % (PROC, pid), _CMDLINE_BYTES).if_there(""))


def judge(
    path: str, judged: running_files.Judged, running: Optional[str], installed: Optional[str], same_content: Optional[bool] = False,
) -> Verdict:
    """Judge a binary of the host's own by the rule for files of running processes, where another file lies there by builds, then by the content."""
    if judged.state == running_files.SAME:
        return Verdict(False, "", True)
    if judged.state == running_files.UNKNOWN:
        return Verdict(None, judged.reason, False)
    if judged.state == running_files.GONE:
        return Verdict(True, "its binary %s was removed" % path, False)
    if running and running == installed:
        return Verdict(False, "the file was replaced by the same build", True)
    if running is None and installed is None and same_content is not False:
        return Verdict(False, "the file was replaced by the same content", True) if same_content else Verdict(
            None, "its binary %s was replaced, and neither file says of which build it is" % path, False)
    builds = "build %s runs, build %s is installed" % (running or "unknown", installed or "unknown")
    return Verdict(True, "its binary %s was replaced: %s" % (path, builds), False)


def _compared(running: Any, now: Any) -> running_files.Judged:
    """What lies at the path of a binary of the host's own, against the one that runs."""
    return running_files.judge(running_files.Held(running_files.place_of(running).file), running_files.place_of(now))


def true_link(host: Any, raw: str, running: Any) -> processes.ExeLink:
    """The link taken apart, unless the file's own name really ends in ' (deleted)'. (One that rpm moved aside is still there for a while.)"""
    if raw.endswith(processes.DELETED) and processes.in_system_folder(raw) and _same(host.stat(raw), running):
        return processes.ExeLink(raw, False)
    return processes.parse_exe(raw)


def surroundings(host: Any, folder: str, path: str, running: Any, same_root: Optional[bool]) -> processes.Surroundings:
    """What decides whether the file that the process of ``folder`` runs is the host's own at ``path``."""
    same_device = _same_file_system(host, folder, path, running) if running.value and processes.in_system_folder(path) else None
    host_mount = _is_on_hosts_mount(host, folder, path) if same_device is not None and same_root is False else None
    return processes.Surroundings(
        same_root, running.value.uid if running.value else None, running.value.mode if running.value else None, same_device, host_mount)


def _is_on_hosts_mount(host: Any, folder: str, path: str) -> bool:
    """Whether a process runs a file of the very mount that the host has at its path, whatever root the process gave itself afterwards."""
    mounts = [host.mount_id(where) for where in (folder + "/exe", path.rpartition("/")[0])]
    return not mounts[0].problem and mounts[0] == mounts[1]


def _same_file_system(host: Any, folder: str, path: str, running: Any) -> Optional[bool]:
    """Whether a process's binary is on the file system of the host's own folder; the layers of an overlay have devices of their own."""
    home = host.stat(path.rpartition("/")[0])
    if home.problem or home.value.device == running.value.device:
        return None if home.problem else True
    return _is_on_hosts_mount(host, folder, path)


def verdict_of(host: Any, folder: str, raw: str, nested: Optional[bool]) -> Verdict:
    """Whether the process of ``folder`` runs another file than the one at its binary's path."""
    exe = folder + "/exe"
    running = host.stat(exe)
    link = true_link(host, raw, running)
    foreign = processes.why_foreign(link.path, surroundings(host, folder, link.path, running, None if nested is None else not nested))
    if foreign:
        return Verdict(None, foreign, False)
    now = host.stat(link.path)
    judged = _compared(running, now)
    if judged.state != running_files.OTHER:
        return judge(link.path, judged, None, None)
    builds = build_id_at(host, exe), build_id_at(host, link.path)
    return judge(link.path, judged, builds[0], builds[1], None if any(builds) else same_content(host, exe, running, link.path, now))


def verdict_of_snap(host: Any, path: str) -> Optional[Verdict]:
    """Whether a program of a snap is of another revision than the current one; None for one of no snap, or of one that has no current revision."""
    snap = _SNAP.match(path)
    current = host.realpath("/snap/%s/current" % snap.group(1)).if_there("").rpartition("/")[2] if snap else ""
    if not snap or not current:
        return None
    reason = "revision %s of the snap %s runs, %s is the current one" % (snap.group(2), snap.group(1), current)
    return Verdict(current != snap.group(2), "" if current == snap.group(2) else reason, False)


def same_content(host: Any, exe: str, running: Any, path: str, now: Any) -> Optional[bool]:
    """Whether two files without a build id hold the same; None where their beginnings do and the rest cannot be compared."""
    digests = [host.sha256(where, _BINARY_BYTES) for where in (exe, path)]
    if not any(digest.problem for digest in digests):
        return bool(digests[0].value == digests[1].value)
    heads = [host.read_bytes(where, 4096) for where in (exe, path)]
    if any(head.problem for head in heads) or len({head.value for head in heads}) > 1 or running.value.size != now.value.size:
        return False
    return None


class Examiner:
    """Looks at candidates one by one and remembers each distinct binary, for a host may run a thousand guests on one."""

    def __init__(self, host: Any, installed: Installed, booted_at: Optional[float]) -> None:
        self._host = host
        self._installed = installed
        self._booted_at = booted_at
        self._builds: Dict[Any, Optional[str]] = {}
        self._texts: Dict[Any, Optional[str]] = {}
        # All that run, for a guest in a container is compared with what the libvirt daemon there would start.
        self.candidates: List[Candidate] = []
        self._containers_daemons: Optional[List[Tuple[str, Any]]] = None
        # Rows of the firmware that the guests were booted with.
        self.firmware: List[Dict[str, Any]] = []

    def examine(self, candidate: Candidate) -> Dict[str, Any]:
        """The record's mapping of one process; GoneError where it ended meanwhile."""
        folder = "%s/%s" % (PROC, candidate.pid)
        ticks = self._start_ticks(folder)
        started = None if self._booted_at is None else self._booted_at + ticks / float(processes.TICKS_PER_SECOND)
        with refusals_told(self._host):
            seen = self._binary(candidate, folder, started)
        argv = arguments(self._host, candidate.pid)
        guest = self._guest(candidate.component, argv)
        if self._start_ticks(folder) != ticks:
            raise GoneError(candidate.pid)
        moment = processes.moment(self._booted_at, ticks)
        seen.update(pid=int(candidate.pid), component=candidate.component, started_at=moment, guest=guest.name, machine_type=guest.machine_type,
                    machine_type_in_effect=_in_effect(seen, guest.machine_type) if candidate.component == "qemu" else None)
        if self._is_roots(folder):
            self._note_firmware(guest_firmware.Guest(seen["pid"], candidate.component, guest.name, moment, started, self._own_root(folder), argv))
        return seen

    def _is_roots(self, folder: str) -> bool:
        """Whether a process runs a program of root's: anyone may call his own qemu-system-x86_64, and let it hold any file."""
        with refusals_told(self._host):
            running = self._host.stat(folder + "/exe")
        return not running.problem and running.value.uid == 0 and not running.value.mode & 0o022

    def _own_root(self, folder: str) -> Optional[bool]:
        root = self._host.stat(folder + "/root")
        return None if root.problem or self._installed.root.problem else not _same(root, self._installed.root)

    def _note_firmware(self, guest: guest_firmware.Guest) -> None:
        for one in guest_firmware.of(self._host, guest):
            package = self._installed.packages.get(opened_files.real(self._host, one.path))
            version = package.version if package and one.judged.stale is False else None
            how = "package" if version else "unknown"
            if package and one.judged.stale and guest.started is not None:
                version = past.version_then(self._host, self._installed.manager, package, guest.started)
                how = "package_history" if version else "unknown"
            self.firmware.append(guest_firmware.row_of(guest, one, version, how))

    def _guest(self, component: str, argv: List[str]) -> machine_types.Guest:
        """The guest by the command line, and by the file that it has QEMU read, where that is one that only root makes (Incus, LXD)."""
        guest = _guest(component, argv)
        files = [path for path in processes.option_values(argv, "readconfig") if path.startswith(_CONFIGURATIONS) and "/../" not in path]
        if component != "qemu" or guest.machine_type or not files:
            return guest
        return guest._replace(machine_type=machine_types.from_configuration(self._host.read(files[-1], _CMDLINE_BYTES).if_there("")))

    def _start_ticks(self, folder: str) -> int:
        answer = self._host.read(folder + "/stat", _STAT_BYTES)
        try:
            return processes.parse_stat(answer.if_there("")).start_ticks
        except ValueError:
            raise GoneError(folder) from None

    def _binary(self, candidate: Candidate, folder: str, started: Optional[float]) -> Dict[str, Any]:
        if candidate.link is None:
            return _binary_record(None, Verdict(None, "its binary could not be examined (needs_root)", False), None, (None, "unknown"))
        exe = folder + "/exe"
        running = self._host.stat(exe)
        link = true_link(self._host, candidate.link, running)
        root = self._host.stat(folder + "/root")
        same_root = None if root.problem or self._installed.root.problem else _same(root, self._installed.root)
        foreign = processes.why_foreign(link.path, surroundings(self._host, folder, link.path, running, same_root))
        if not foreign and _SNAP.match(link.path):
            foreign = running_files.OWN_ROOT
        build = self.build_id(exe, running)
        if foreign:
            is_apart = foreign == running_files.OWN_ROOT
            there = self._judge_in_container(candidate, link.path, running, build, root) if is_apart else None
            return _binary_record(link, *self._judge_foreign(candidate, running, build, there or Verdict(None, foreign, False)))
        now = self._host.stat(link.path)
        judged, installed = _compared(running, now), self.build_id(link.path, now)
        has_none = judged.state == running_files.OTHER and build is None and installed is None
        content = same_content(self._host, exe, running, link.path, now) if has_none else False
        verdict = judge(link.path, judged, build, installed, content)
        return _binary_record(link, verdict, build, self._version(candidate, link.path, running, verdict, started))

    def build_id(self, path: str, stat: Any) -> Optional[str]:
        """The build id of the binary at ``path``, read once for each file; None where it has none."""
        if stat.problem:
            return None
        key = (stat.value.device, stat.value.inode)
        if key not in self._builds:
            self._builds[key] = build_id_at(self._host, path)
        return self._builds[key]

    def _judge_in_container(self, candidate: Candidate, path: str, running: Any, build: Optional[str], root: Any) -> Optional[Verdict]:
        """Compare with what would be started now: by the snap's current revision, or the libvirt daemon whose root has the binary; None: by neither.

        KubeVirt's launchers and Kolla's nova_libvirt bring QEMU and the daemon in one image; a daemon that was replaced by a newer image has
        another root than the guests that it left running.
        """
        if _SNAP.match(path):
            return verdict_of_snap(self._host, path)
        if candidate.component != "qemu" or running.problem or running.value.uid != 0:
            return None
        daemons = [daemon for daemon in self._daemons() if _same(daemon[1], root)] or self._daemons()
        for pid, _root in daemons:
            now = self._host.stat("%s/%s/root%s" % (PROC, pid, path))
            if now.problem or now.value.kind != "file":
                continue
            installed = self.build_id("%s/%s/root%s" % (PROC, pid, path), now)
            if _same(now, running) or (build and build == installed):
                return Verdict(False, "%s; its libvirt daemon (pid %s) would start the same" % (running_files.OWN_ROOT, pid), False)
            if build and installed and len(daemons) == 1:
                return Verdict(True, "build %s runs, its libvirt daemon (pid %s) would start build %s" % (build, pid, installed), False)
        return None

    def _daemons(self) -> List[Tuple[str, Any]]:
        """(pid, root) of each libvirt daemon that has a root of its own."""
        if self._containers_daemons is None:
            self._containers_daemons = []
            for candidate in self.candidates:
                root = self._host.stat("%s/%s/root" % (PROC, candidate.pid))
                binary = self._host.stat("%s/%s/exe" % (PROC, candidate.pid))
                # Anyone may call his program libvirtd and choose what lies in its root.
                is_roots = not binary.problem and binary.value.uid == 0
                if candidate.component == "libvirt" and is_roots and not root.problem and not _same(root, self._installed.root):
                    self._containers_daemons.append((candidate.pid, root))
        return self._containers_daemons

    def _judge_foreign(
        self, candidate: Candidate, running: Any, build: Optional[str], verdict: Verdict,
    ) -> Tuple[Verdict, Optional[str], Tuple[Optional[str], str]]:
        """A copy (a jailer's, a container's) that nothing else judged is current where it is the installed build, else not to be compared."""
        foreign = verdict.reason
        for component in self._installed.components if verdict.stale is None else []:
            if build and component["name"] == candidate.component and component["build_id"] == build:
                # What is started in a container next is its image's business, even where the host has the same build.
                is_copy = not foreign.startswith(running_files.OWN_ROOT)
                said = Verdict(False, "%s, but of the build that is installed" % foreign, True) if is_copy else verdict
                return said, build, (component["version"], "build_id")
        version = None
        if candidate.component == "qemu" and running.value and running.value.uid == 0:
            version = self.text_version("%s/%s/exe" % (PROC, candidate.pid), running)
        return verdict, build, (version, "binary_text" if version else "unknown")

    def _version(
        self, candidate: Candidate, path: str, running: Any, verdict: Verdict, started: Optional[float],
    ) -> Tuple[Optional[str], str]:
        """(version, how it is known): by the package of the same file or build, the text in the binary, or the package's history."""
        package = self._installed.packages.get(path)
        if package and verdict.is_installed:
            return package.version, "build_id" if verdict.reason else "package"
        if candidate.component == "qemu":
            text = self.text_version("%s/%s/exe" % (PROC, candidate.pid), running)
            if text:
                return with_epoch_of(text, package.version if package else ""), "binary_text"
        if package and started is not None and verdict.stale:
            then = past.version_then(self._host, self._installed.manager, package, started)
            if then:
                return then, "package_history"
        return None, "unknown"

    def text_version(self, path: str, stat: Any) -> Optional[str]:
        """The version text inside a QEMU binary, looked for once for each file."""
        if stat.problem:
            return None
        key = (stat.value.device, stat.value.inode)
        if key not in self._texts:
            self._texts[key] = find_text_version(self._host, path, stat.value.size)
        return self._texts[key]


def build_id_at(host: Any, path: str) -> Optional[str]:
    """The build id of the file at ``path``; None where it has none or cannot be read."""
    try:
        return elf.build_id(_reader(host, path))
    except ValueError:
        return None


def _reader(host: Any, path: str) -> elf.Reader:
    """A reader for _elf; what cannot be read is a ValueError."""
    def read(offset: int, size: int) -> bytes:
        answer = host.read_bytes(path, size, offset)
        if answer.problem:
            raise ValueError("%s: %s" % (path, answer.problem))
        data: bytes = answer.value
        return data
    return read


def find_text_version(host: Any, path: str, size: int) -> Optional[str]:
    """The version written in a QEMU binary of ``size`` bytes. Pieces overlap by the longest text, so none is cut in two."""
    for offset in range(0, min(size, _BINARY_BYTES), _PIECE_BYTES):
        answer = host.read_bytes(path, _PIECE_BYTES + monitors.QEMU_TEXT_LONGEST, offset)
        version = None if answer.problem else monitors.qemu_text_version(answer.value)
        if version or answer.problem:
            return version
    return None


def _in_effect(seen: Dict[str, Any], machine_type: Optional[str]) -> Optional[str]:
    """The machine type that a guest really has: what its QEMU makes of an alias or of no name. None where its builder may have chosen another."""
    version = machine_types.qemu_version(seen["version"])
    is_upstream = bool(seen["version"]) and not _BUILDERS.search(seen["version"])
    if machine_type is None:
        return machine_types.default_type(seen["exe"] or "", version, is_upstream)
    return machine_types.resolve(machine_type, version if is_upstream else None)


def _same(one: Any, other: Any) -> bool:
    if one.problem or other.problem:
        return False
    return bool((one.value.device, one.value.inode) == (other.value.device, other.value.inode))


def _guest(component: str, argv: List[str]) -> machine_types.Guest:
    if component == "qemu":
        return machine_types.from_command_line(argv)
    names = processes.option_values(argv, "id") if component == "firecracker" else []
    return machine_types.Guest(names[-1][:255] if names else None, None)


def _binary_record(
    link: Optional[processes.ExeLink], verdict: Verdict, build: Optional[str], version: Tuple[Optional[str], str],
) -> Dict[str, Any]:
    return {"exe": link.path if link else None, "deleted": link.deleted if link else None, "stale": verdict.stale, "reason": verdict.reason,
            "build_id": build, "version": version[0], "version_how": version[1]}


def with_epoch_of(version: str, package_version: str) -> str:
    """RPM builders write name-version-release into QEMU without the epoch, which the package has: 8.2.0-11.el9 of 17:8.2.0-13.el9."""
    epoch, colon, _rest = package_version.partition(":")
    return epoch + colon + version if colon and ":" not in version and "-" in version else version
