# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new sandbox would get in the place of one that runs: by the configuration of its handler, else by the release in force.

Files are compared by what they are, never by when somebody touched them.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._containers import processes, remote
from .._formats import processes as proc
from .._formats import running_files
from .._host.birth import birth_of
from .._host.witness import apart
from . import configurations, installed
from .handlers import Handlers

# How configurations call machine monitors, and how their programs are called.
_MONITORS = {"clh": "cloud-hypervisor", "cloud-hypervisor": "cloud-hypervisor", "fc": "firecracker", "rs-fc": "firecracker"}
_COPY_BYTES = 128 * 1024 * 1024
# Where a jailer puts a copy of the program that it starts.
_JAILS = ("/run/", "/srv/jailer/", "/firecracker")


class Part(NamedTuple):
    """One process or file of a sandbox: what it is called, whether it is stale (None: cannot be said) and why."""

    what: str
    stale: Optional[bool]
    reason: str


class Wanted(NamedTuple):
    """What a handler's next sandbox gets: paths with links resolved, '' for what is not known; ``handler`` is '' for the release in force.

    ``changed`` is when the last of its configuration's files was changed, or came or went.
    """

    handler: str
    monitor: str
    paths: Dict[str, str]
    changed: float


class Verdict(NamedTuple):
    """Of a sandbox: whose it seems to be, its guest kernel's path, whether it is stale, and what is or why it cannot be said."""

    handler: Optional[str]
    kernel: str
    stale: Optional[bool]
    reasons: List[str]


def stale(verdicts: List[Optional[bool]]) -> Optional[bool]:
    """Stale where any part is; None where none is known to be and of one it cannot be said."""
    if True in verdicts:
        return True
    return None if None in verdicts else False


class Successors:
    """The handlers' next sandboxes, each worked out once."""

    def __init__(self, host: Any, release: installed.Release, handlers: Handlers) -> None:
        self._host = host
        self._release = release
        self._wanted = [wanted for wanted in map(self._of_handler, handlers.rows, handlers.read_by) if wanted]

    def _of_handler(self, row: Dict[str, Any], read_by: Any) -> Optional[Wanted]:
        shim, reads = read_by
        if row["dead"] or shim.program is None or not reads.path:
            return None
        effect = configurations.in_effect(self._host, reads.path)
        if effect is None:
            return None
        keys = (("vmm", "path"), ("virtiofsd", "virtio_fs_daemon"), ("guest kernel", "kernel"), ("guest image", "image"), ("guest initrd", "initrd"))
        paths = {what: self._resolved(effect.table.get(key)) for what, key in keys}
        paths["guest image"] = paths["guest image"] or paths.pop("guest initrd")
        paths["shim"] = shim.program
        return Wanted("%s/%s" % (row["engine"], row["name"]), effect.monitor, paths, effect.changed)

    def _resolved(self, path: Any) -> str:
        if not isinstance(path, str) or not path.startswith("/"):
            return ""
        return str(self._host.realpath(path).if_there(""))

    def judge(self, parts: Any, started: Optional[float]) -> Verdict:
        """Whether a sandbox is stale: held against each handler that it may be of, of which the one that fits best counts."""
        options = [wanted for wanted in self._wanted if self._fits(wanted, parts)]
        if parts.vmm is None:
            options = self._without_machine(options, parts.shim)
        if not options:
            return self._judged(Wanted("", "", {}, 0.0), parts, started)
        verdicts = [self._judged(wanted, parts, started) for wanted in options]
        return min(verdicts, key=lambda one: ({False: 0, None: 1, True: 2}[one.stale], len(one.reasons)))

    def _without_machine(self, options: List[Wanted], shim: processes.Process) -> List[Wanted]:
        """Of which handlers a sandbox without a machine here may be: another host has it where its shim says so, or nothing says otherwise."""
        said = remote.noted_kind(self._host, processes.one_option(shim.argv, "id"))
        others = [wanted for wanted in options if wanted.monitor != remote.REMOTE]
        if said == remote.REMOTE or not (said or others):
            return [wanted for wanted in options if wanted.monitor == remote.REMOTE]
        return others

    def _fits(self, wanted: Wanted, parts: Any) -> bool:
        """Whether a sandbox may be of a handler: the shim in Go starts none of that in Rust, and a monitor is no other."""
        rust = "/runtime-rs/" in wanted.paths["shim"]
        if rust != ("/runtime-rs/" in parts.shim.exe):
            return False
        called = _MONITORS.get(wanted.monitor, wanted.monitor)
        if parts.vmm_name in (None, called) or called.startswith(str(parts.vmm_name)):
            return True
        return bool(wanted.paths["vmm"].rpartition("/")[2] == parts.vmm.exe.rpartition("/")[2])

    def _judged(self, wanted: Wanted, parts: Any, started: Optional[float]) -> Verdict:
        rows = [self._process("shim", parts.shim, wanted)]
        if parts.vmm is not None and parts.vmm is not parts.shim:
            rows.append(self._process("vmm", parts.vmm, wanted))
        if parts.virtiofsd is not None:
            rows.append(self._process("virtiofsd", parts.virtiofsd, wanted))
        # A configuration tells what a machine was started from, where there is one.
        kernel = parts.guest.kernel or (self._unchanged(wanted, "guest kernel", started) if parts.vmm is not None else "")
        own_image = wanted.paths.get("guest image", "")
        # An image may be called anything: what a new one would get is told by what is held.
        image = parts.guest.image or (own_image if own_image in parts.guest.opened else "")
        for what, path in (("guest kernel", kernel), ("guest image", image)):
            if path:
                rows.append(self._file(what, path, parts.guest, wanted, started))
        if parts.vmm is None and wanted.monitor != remote.REMOTE:
            rows.append(Part("vmm", None, "vmm: no machine monitor of it was found, so its guest kernel is not known"))
        elif not kernel and wanted.monitor != remote.REMOTE:
            rows.append(Part("guest kernel", None, "guest kernel: neither its monitor nor its shim names it"))
        return Verdict(wanted.handler or None, kernel, stale([part.stale for part in rows]),
                       [part.reason for part in rows if part.stale is not False and part.reason])

    def _unchanged(self, wanted: Wanted, what: str, started: Optional[float]) -> str:
        """The file of a configuration of which nothing was changed since the sandbox was started."""
        path = wanted.paths.get(what, "")
        return path if path and started is not None and wanted.changed <= started else ""

    def _process(self, what: str, process: processes.Process, wanted: Wanted) -> Part:
        exe = "%s/%d/exe" % (processes.PROC, process.pid)
        running, next_one = self._host.stat(exe), wanted.paths.get(what, "")
        held = running_files.Held(None if running.problem else running_files.file_of(running.value), process.own_root)
        path = self._path_of(process, running)
        if held.file is not None and next_one and running_files.place_of(self._host.stat(next_one)).file == held.file:
            return Part(what, False, "")
        if _is_jailed(path) and next_one:
            return self._copy(what, exe, path, next_one)
        elsewhere = self._elsewhere(path, next_one)
        if elsewhere:
            return Part(what, True, "%s: %s" % (what, elsewhere))
        if not next_one and not proc.in_system_folder(path):
            return Part(what, None, "%s: %s is outside the system's folders" % (what, path))
        return self._at_place(what, "its binary " + path, held._replace(host_mount=self._on_host_mount(exe, path, process)), path)

    def _path_of(self, process: processes.Process, running: Any) -> str:
        """The path of a process's binary, unless the file's own name ends as the kernel marks one that is gone."""
        link = process.link or ""
        if link.endswith(proc.DELETED) and not running.problem:
            same = running_files.place_of(self._host.stat(link)).file == running_files.file_of(running.value)
            return link if same else process.exe
        return process.exe

    def _on_host_mount(self, exe: str, path: str, process: processes.Process) -> Optional[bool]:
        """Whether a binary is on the host's own mount, which a process that shut itself in afterwards does not change."""
        if not process.own_root:
            return None
        with apart(self._host):
            mounts = [self._host.mount_id(where) for where in (exe, path.rpartition("/")[0])]
        return None if mounts[0].problem or mounts[1].problem else bool(mounts[0].value == mounts[1].value)

    def _at_place(self, what: str, said: str, held: running_files.Held, path: str) -> Part:
        judged = running_files.judge(held, running_files.place_of(self._host.stat(path)))
        why = {running_files.GONE: "%s was removed" % said, running_files.OTHER: "%s was replaced" % said}.get(judged.state, judged.reason)
        return Part(what, judged.stale, "%s: %s" % (what, why) if why else "")

    def _copy(self, what: str, exe: str, path: str, next_one: str) -> Part:
        """A copy that a jailer made is another file in any case: there its bytes tell."""
        with apart(self._host):
            its, own = (self._host.sha256(where, _COPY_BYTES) for where in (exe, next_one))
        if its.problem or own.problem:
            return Part(what, None, "%s: %s is a copy, which could not be compared (%s)" % (what, path, its.problem or own.problem))
        return Part(what, its.value != own.value, "%s: %s is a copy of another build than %s" % (what, path, next_one))

    def _elsewhere(self, path: str, next_one: str) -> str:
        """Why a new one would get another file than the one at a path, '' where it would not or nothing says so."""
        tree = installed.tree_of(path)
        tree = self._host.realpath(tree).if_there(tree) if tree else ""
        other = (installed.tree_of(next_one) if next_one else self._release.tree) or ""
        other = self._host.realpath(other).if_there(other) if other else ""
        if tree and other and tree != other and (next_one or self._release.tree):
            return "it is of %s, in force is %s" % (tree, other)
        if next_one and path != next_one and self._host.realpath(path).if_there(path) != next_one:
            return "it is %s, a new one would get %s" % (path, next_one)
        return ""

    def _file(self, what: str, path: str, guest: Any, wanted: Wanted, started: Optional[float]) -> Part:
        """A file of the guest's: what the monitor still holds is compared; what it has let go is judged by when it was written."""
        next_one = wanted.paths.get(what, "")
        held = guest.opened.get(path)
        place = running_files.place_of(self._host.stat(next_one)) if next_one else running_files.Place(None)
        if held and held.file is not None and place.file == held.file:
            return Part(what, False, "")
        elsewhere = self._elsewhere(path, next_one)
        if elsewhere:
            return Part(what, True, "%s: %s" % (what, elsewhere))
        if held and held.file is not None:
            return self._at_place(what, path, running_files.Held(held.file), path)
        if not next_one and not proc.in_system_folder(path):
            return Part(what, None, "%s: %s is outside the system's folders" % (what, path))
        stat = self._host.stat(path)
        if stat.problem not in (None, "absent"):
            return Part(what, None, "%s: %s could not be looked at" % (what, path))
        written, changed = (None, None) if stat.problem else self._came(path, stat.value, started)
        judged = running_files.judge_read(started, written, not stat.problem, changed)
        why = {running_files.GONE: "is gone", running_files.OTHER: "was replaced after the sandbox was started"}.get(judged.state, judged.reason)
        return Part(what, judged.stale, "%s: %s %s" % (what, path, why) if why else "")

    def _came(self, path: str, stat: Any, started: Optional[float]) -> Tuple[float, Optional[float]]:
        """(when what lies at a path came to be, when its inode was changed where no birth tells that from a new file).

        An archive gives its files the times that they had, and a link or an owner changes no birth.
        """
        if started is None or stat.ctime <= started or stat.mtime > started:
            return float(stat.mtime), None
        birth = birth_of(self._host, path)
        return max(float(stat.mtime), birth or 0.0), float(stat.ctime) if birth is None else None


def _is_jailed(path: str) -> bool:
    return path.startswith(_JAILS)
