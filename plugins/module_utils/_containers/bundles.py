# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running containers, out of the engines' own files below /run and /var/lib, and the processes that carry them. No engine is asked.

Nothing below a container's root is read, and no link that a container could have made is followed: what is read are plain files of root's,
in folders that only root may change.
"""

import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import oci_config
from .._formats import processes as proc
from . import isolation as container_isolation
from . import processes

# Where each containerd keeps its tasks, and whose it is.
TASKS = (
    ("/run/containerd/io.containerd.runtime.v2.task", "containerd"),
    ("/run/docker/containerd/daemon/io.containerd.runtime.v2.task", "docker"),
    ("/run/k3s/containerd/io.containerd.runtime.v2.task", "containerd"),
    ("/run/k0s/containerd/io.containerd.runtime.v2.task", "containerd"),
    ("/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task", "containerd"),
)
_DOCKERS_NAMESPACE = "moby"
_DAEMON_JSON = "/etc/docker/daemon.json"
_STORAGE = ("/var/lib/containers/storage/", "/run/containers/storage/", "/var/run/containers/storage/")
_STORAGE_INDEX = ("/var/lib/containers/storage/overlay-containers/containers.json", "/var/lib/containers/storage/vfs-containers/containers.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")
# Docker wraps a runtime that has arguments into a script of its own: runsc.0QHCT2YMRYLX89VJVMJHHFC8S7MYTTSGLT02JBD395-VG3J3Q7SJ====
_DOCKERS_WRAPPER = re.compile(r"\.[A-Z0-9-]{20,80}={0,8}\Z")
_CONFIG_BYTES = 1024 * 1024
_INDEX_BYTES = 16 * 1024 * 1024
_SHORT_BYTES = 4096
TASKS_LIMIT = 4096

Container = Dict[str, Any]


class Seen(NamedTuple):
    """The containers, the shims that no container was found for excluded, and the first problem that left any out."""

    containers: List[Container]
    problem: Optional[str]
    detail: str


class Finder:
    """Puts together what a container is, for one host and the processes found there."""

    def __init__(self, host: Any, found: List[processes.Process], booted_at: Optional[float]) -> None:
        self._host = host
        self._found = found
        self._booted_at = booted_at
        own = [process for process in found if process.kind == processes.SHIM and process.nested is not True]
        # Anyone may start a program of a shim's name with a container's id. The folders of containers below /run are root's, and so are their
        # shims; of two the older one is believed.
        self._shims: Dict[Any, processes.Process] = {}
        for process in sorted(own, key=lambda process: (process.user != 0, process.ticks)):
            self._shims.setdefault(_shim_key(process), process)
        self._served = set()  # type: Any
        self._index = None  # type: Any

    def find(self) -> Seen:
        """All containers of the host; a container for each shim whose files were not found, too."""
        containers: List[Container] = []
        problem: Tuple[Optional[str], str] = (None, "")
        for folder, engine in TASKS:
            found, why = self._tasks(folder, engine)
            containers += found
            problem = problem if problem[0] else (why, folder)
        containers += [self._by_conmon(process) for process in self._found if process.kind == processes.CONMON and process.nested is not True]
        containers += [self._lone(process) for key, process in sorted(self._shims.items()) if key not in self._served]
        return Seen(containers, problem[0], problem[1] if problem[0] else "")

    def _tasks(self, folder: str, engine: str) -> Tuple[List[Container], Optional[str]]:
        spaces = self._host.listdir(folder, TASKS_LIMIT)
        if spaces.problem:
            return [], None if spaces.problem == "absent" else spaces.problem
        containers: List[Container] = []
        for space in filter(_NAME.match, spaces.value):
            names = self._host.listdir("%s/%s" % (folder, space), TASKS_LIMIT)
            if names.problem:
                return containers, names.problem
            for name in filter(_NAME.match, names.value):
                container = self._task("%s/%s/%s" % (folder, space, name), space, name, "docker" if space == _DOCKERS_NAMESPACE else engine)
                containers += [container] if container else []
        return containers, None

    def _task(self, bundle: str, space: str, name: str, engine: str) -> Optional[Container]:
        """The container of a bundle; None where its shim or its first process is gone: that is what a crash leaves behind."""
        spec, why = self._spec(bundle + "/config.json")
        sandbox = spec.sandbox if spec and spec.sandbox else name
        key = (space, name) if (space, name) in self._shims else (space, sandbox)
        shim = self._shims.get(key)
        if shim is None or shim.user not in (0, None):
            return self._orphan(bundle, engine, space, name, sandbox)
        self._served.add(key)
        first = self._first(bundle + "/init.pid", shim)
        if first == _GONE:
            return None
        binary = _DOCKERS_WRAPPER.sub("", (self._own_text(bundle + "/runtime") or "").strip().rpartition("/")[2])
        container = self._container(shim, engine, space, name, binary or _runtime_of(shim), first, sandbox)
        self._describe(container, spec, why)
        if engine == "docker":
            container.update(self._docker(name))
        return container

    def _orphan(self, bundle: str, engine: str, space: str, name: str, sandbox: str) -> Optional[Container]:
        """A container that lives without a shim of root's: a bundle whose first process is there, in the container's own control group."""
        word = (self._own_text(bundle + "/init.pid") or "").strip()
        if not re.match(r"[1-9][0-9]{0,9}\Z", word) or name not in (self._host.read("/proc/%s/cgroup" % word, _SHORT_BYTES).value or ""):
            return None
        return {"id": name, "engine": engine, "namespace": space, "sandbox": sandbox, "is_pod": False, "name": None, "image": None,
                "runtime": None, "shim": None, "isolation": None, "reason": "it lives, and its shim was not found", "pid": int(word),
                "privileged": None, "host_pid": None, "host_network": None, "user": None,
                "started_at": self.moment(processes.ticks_of(self._host, int(word)))}

    def _first(self, path: str, shim: processes.Process) -> Optional[int]:
        """The container's first process on this kernel, None without one; _GONE where it ended."""
        word = (self._own_text(path) or "").strip()
        if not re.match(r"[1-9][0-9]{0,9}\Z", word):
            return None
        # The number may have been given to another process since; a shim adopts what its runtime leaves behind.
        return int(word) if processes.parent_of(self._host, int(word)) == shim.pid else _GONE

    def _container(
        self, shim: processes.Process, engine: str, space: Optional[str], name: str, runtime: str, first: Optional[int], sandbox: str,
    ) -> Container:
        has_first = first is not None
        monitors = {} if has_first else processes.monitors_of(self._found, sandbox, shim.pid)
        shim_name = shim.exe.rpartition("/")[2] or shim.name
        proof = container_isolation.Proof(
            shim_name, runtime, has_first, first is not None and container_isolation.is_runsc(self._host, first), "vmm" in monitors,
            None if "vmm" in monitors else container_isolation.holds_machine(self._host, first if first is not None else shim.pid))
        isolation, reason = container_isolation.judge(proof)
        ticks = processes.ticks_of(self._host, first) if first is not None else shim.ticks
        return {"id": name, "engine": engine, "namespace": space, "sandbox": sandbox, "is_pod": False, "name": None, "image": None,
                "runtime": runtime, "shim": shim.exe or None, "isolation": isolation, "reason": reason, "pid": first,
                "privileged": None, "host_pid": None, "host_network": None, "user": shim.user, "started_at": self.moment(ticks)}

    def moment(self, ticks: Optional[int]) -> Optional[str]:
        """A number of ticks after boot as a time in UTC."""
        return proc.moment(self._booted_at, ticks)

    def _describe(self, container: Container, spec: Optional[oci_config.Spec], why: str) -> None:
        if spec is None:
            container["reason"] = "; ".join(filter(None, (container["reason"], "config.json: " + why)))
            return
        container.update(image=spec.image, name=spec.name or spec.pod, is_pod=spec.is_pod, privileged=spec.privileged, host_pid=spec.host_pid,
                         host_network=spec.host_network)
        if spec.pod_namespace:
            container["name"] = "%s/%s" % (spec.pod_namespace, container["name"])

    def _spec(self, path: str) -> Tuple[Optional[oci_config.Spec], str]:
        text = self._own_text(path, _CONFIG_BYTES)
        if text is None:
            return None, "no plain file of root's, or larger than %d bytes" % _CONFIG_BYTES
        try:
            return oci_config.parse(text), ""
        except ValueError as error:
            return None, str(error)

    def _own_text(self, path: str, limit: int = _SHORT_BYTES) -> Optional[str]:
        """A plain file of root's, not a link."""
        stat = self._host.stat(path, False)
        if stat.problem or stat.value.kind != "file" or stat.value.uid != 0:
            return None
        value: Optional[str] = self._host.read(path, limit).value
        return value

    def _docker(self, name: str) -> Dict[str, Any]:
        """Image and name, which Docker keeps in files of its own."""
        settings = _document(self._own_text(_DAEMON_JSON, _CONFIG_BYTES))
        root = settings.get("data-root") or settings.get("graph")
        folder = root if isinstance(root, str) and root.startswith("/") and len(root) < 1024 else "/var/lib/docker"
        kept = _document(self._own_text("%s/containers/%s/config.v2.json" % (folder, name), _CONFIG_BYTES))
        config = kept.get("Config")
        image = config.get("Image") if isinstance(config, dict) else None
        found = {"image": image, "name": kept.get("Name")}
        return {key: value.lstrip("/")[:512] for key, value in found.items() if isinstance(value, str)}

    def _by_conmon(self, process: processes.Process) -> Container:
        """The container that a conmon watches over; of one that is not root's nothing is followed."""
        argv = _own_part(process.argv)
        name = processes.one_option(argv, "c", "cid")
        where = " ".join(processes.one_option(argv, option) for option in ("exit-dir", "persist-dir", "socket-dir-path"))
        engine = "crio" if "crio" in process.name or "/crio" in where else "podman"
        runtime = processes.one_option(argv, "r", "runtime").rpartition("/")[2]
        first = self._conmons_child(process)
        container = self._container(process, engine, None, name, runtime, first, name)
        if process.user != 0:
            container["reason"] = "; ".join(filter(None, (container["reason"], "of user %s: what he says of it was not read" % process.user)))
            return container
        bundle = processes.one_option(argv, "b", "bundle")
        if bundle.startswith(_STORAGE) and "/../" not in bundle:
            self._describe(container, *self._spec(bundle + "/config.json"))
        kept = self._stored().get(name, {})
        container.update({key: value for key, value in kept.items() if not container[key]})
        return container

    def _conmons_child(self, process: processes.Process) -> Optional[int]:
        word = (self._own_text(processes.one_option(_own_part(process.argv), "p", "container-pidfile")) or "").strip() if process.user == 0 else ""
        if re.match(r"[1-9][0-9]{0,9}\Z", word) and processes.parent_of(self._host, int(word)) == process.pid:
            return int(word)
        return next(iter(processes.children_of(self._host, process.pid)), None)

    def _stored(self) -> Dict[str, Dict[str, Any]]:
        """{id: image and name} of what Podman and CRI-O keep in their storage."""
        if self._index is None:
            self._index = {}
            for path in _STORAGE_INDEX:
                self._index.update(parse_storage(self._own_text(path, _INDEX_BYTES) or "[]"))
        index: Dict[str, Dict[str, Any]] = self._index
        return index

    def _lone(self, process: processes.Process) -> Container:
        """A container of which only the shim is known: a rootless engine's, or one that keeps its files elsewhere."""
        space, name = _shim_key(process)
        publisher = processes.one_option(process.argv, "publish-binary")
        engine = "docker" if space == _DOCKERS_NAMESPACE else "crio" if "crio" in publisher else "containerd"
        carried = {found.pid for found in self._found}
        first = next((child for child in processes.children_of(self._host, process.pid) if child not in carried), None)
        container = self._container(process, engine, space, name, _runtime_of(process), first, name)
        if container["isolation"] is None:
            container["reason"] = "only its shim (process %d) could be seen" % process.pid
        return container


_GONE = -1


def _shim_key(process: processes.Process) -> Tuple[str, str]:
    return processes.one_option(process.argv, "namespace"), processes.one_option(process.argv, "id")


def _own_part(argv: List[str]) -> List[str]:
    """conmon's own options, without those of the command that it starts at the end."""
    return argv[:argv.index("--exit-command")] if "--exit-command" in argv else argv


def _runtime_of(shim: processes.Process) -> str:
    """'runc' of containerd-shim-runc-v2."""
    name = shim.exe.rpartition("/")[2] or shim.name
    return re.sub(r"\Acontainerd-shim-|-v[0-9]+\Z", "", name)


def _document(text: Optional[str]) -> Dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def parse_storage(text: str) -> Dict[str, Dict[str, Any]]:
    """{container id: {image, name}} of containers.json of containers/storage."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    found = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            kept = _document(row["metadata"] if isinstance(row.get("metadata"), str) else None)
            names = {"image": kept.get("image-name"), "name": kept.get("name")}
            found[row["id"]] = {key: value[:512] for key, value in names.items() if isinstance(value, str) and value}
    return found
