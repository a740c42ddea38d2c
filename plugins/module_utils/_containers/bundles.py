# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running containers, out of the engines' own files below /run and /var/lib, and the processes that carry them. No engine is asked.

Nothing below a container's root is read, and no link that a container could have made is followed: what is read are plain files of root's,
in folders that only root may change.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import oci_config
from .._formats import processes as proc
from .._formats.running_files import file_of
from .._host.witness import apart
from . import isolation, lives, machines, processes, remote, sandboxers, shims, stores

_DOCKERS_NAMESPACE = "moby"
# What CRI-O has of the containers of a pod that one shim carries.
_CRIO_RUN, _CRIO_KEPT = "/run/containers/storage/overlay-containers", "/var/lib/containers/storage/overlay-containers"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")
# Docker wraps a runtime that has arguments into a script of its own: runsc.0QHCT2YMRYLX89VJVMJHHFC8S7MYTTSGLT02JBD395-VG3J3Q7SJ====
_DOCKERS_WRAPPER = re.compile(r"\.[A-Z0-9-]{20,80}={0,8}\Z")
_CONFIG_BYTES = 1024 * 1024
_SHORT_BYTES = 4096
TASKS_LIMIT = 20000

Container = Dict[str, Any]


class Seen(NamedTuple):
    """The containers, the shims that no container was found for excluded, and the first problem that left any out."""

    containers: List[Container]
    problem: Optional[str]
    detail: str


class Finder:
    """Puts together what a container is, for one host and the processes found there."""

    def __init__(self, host: Any, found: processes.Found, booted_at: Optional[float]) -> None:
        self._host = host
        self._found = found
        self._booted_at = booted_at
        listed = [process for process in found.named(processes.SHIM) if process.nested is not True]
        # Anyone may start a program of a shim's name with a container's id. The folders of containers below /run are root's, and so are their
        # shims; of two the older one is believed.
        self._shims: Dict[Any, processes.Process] = {}
        for process in sorted(listed, key=lambda process: process.ticks):
            if processes.is_roots(host, process):
                self._shims.setdefault(shims.key_of(process), process)
        self._others = [process for process in listed if shims.key_of(process) not in self._shims]
        self._nested = [process for process in found.named(processes.SHIM, processes.CONMON) if process.nested is True]
        self._served = set()  # type: Any
        self._working: Optional[Dict[str, List[processes.Process]]] = None
        self._specs: Dict[str, Tuple[Optional[oci_config.Spec], str]] = {}
        self._kept = stores.Stores(host, found)

    def find(self) -> Seen:
        """All containers of the host; a container for each shim whose files were not found, too."""
        containers: List[Container] = []
        problem: Tuple[Optional[str], str] = (None, "")
        for folder, engine in self._folders():
            found, why = self._tasks(folder, engine)
            containers += found
            problem = problem if problem[0] else (why, folder)
        for process in self._found.named(processes.CONMON):
            containers += self._by_conmons(process) if process.nested is not True else []
        for key, process in sorted(self._shims.items()):
            containers += [] if key in self._served else self._crios(process) or self._lone(process)
        for process in self._others + self._nested:
            containers += self._lone(process)
        return Seen(containers, problem[0], problem[1] if problem[0] else "")

    def _folders(self) -> List[Tuple[str, str]]:
        """(folder of tasks, engine): the known ones, and those in which shims of root's live."""
        folders = dict(machines.TASKS)
        for (space, name), shim in sorted(self._shims.items()):
            with apart(self._host):
                place = self._host.readlink("%s/%d/cwd" % (processes.PROC, shim.pid))
            match = None if place.problem else shims.BUNDLE.match(place.value)
            if match and match.group(3) == name and match.group(1) not in folders and self._is_here(match.group(0), shim):
                folders[match.group(1)] = "docker" if space == _DOCKERS_NAMESPACE else "containerd"
        return sorted(folders.items())

    def _is_here(self, path: str, shim: processes.Process) -> bool:
        """Whether a shim's folder is the one at that path on this host, and no one's but root's."""
        its, own = self._host.stat("%s/%d/cwd" % (processes.PROC, shim.pid)), self._host.stat(path)
        if shim.own_root and (its.problem or own.problem or file_of(its.value) != file_of(own.value)):
            return False
        return not own.problem and isolation.is_of_root(self._host, path)

    def _tasks(self, folder: str, engine: str) -> Tuple[List[Container], Optional[str]]:
        spaces = self._host.listdir(folder, TASKS_LIMIT)
        if spaces.problem:
            return [], None if spaces.problem == "absent" else spaces.problem
        containers: List[Container] = []
        for space in filter(_NAME.match, spaces.value):
            names = self._host.listdir("%s/%s" % (folder, space), TASKS_LIMIT)
            if names.problem:
                return containers, names.problem
            here = list(filter(_NAME.match, names.value))
            # What a container takes from its pod is the pod's to say.
            self._specs.update({name: self._spec("%s/%s/%s/config.json" % (folder, space, name)) for name in here})
            for name in here:
                container = self._task("%s/%s/%s" % (folder, space, name), space, name, "docker" if space == _DOCKERS_NAMESPACE else engine)
                containers += [container] if container else []
        return containers, None

    def _task(self, bundle: str, space: str, name: str, engine: str) -> Optional[Container]:
        """The container of a bundle; None where it ended: its shim or first process is gone, as a crash leaves it, or its machine was stopped."""
        spec, why = self._specs[name]
        sandbox = spec.sandbox if spec and spec.sandbox else name
        key = (space, name) if (space, name) in self._shims else (space, sandbox)
        shim = self._shims.get(key) or self._shim_working_in(bundle, sandbox)
        if shim is None:
            return self._orphan(bundle, engine, space, name, sandbox)
        self._served.add(key)
        first = self._first(bundle, shim)
        if first == _GONE:
            return None
        binary = _DOCKERS_WRAPPER.sub("", (self._own_text(bundle + "/runtime") or "").strip().rpartition("/")[2])
        container = self._container(shim, engine, space, name, binary or shims.runtime_of(shim), first, sandbox, spec)
        if container["pid"] is None and container["isolation"] is None and self._is_stopped(shim, sandbox):
            return None
        self._describe(container, spec, why)
        if engine == "docker":
            container.update(self._kept.dockers(name))
        return container

    def _shim_working_in(self, bundle: str, sandbox: str) -> Optional[processes.Process]:
        """A shim by the folder that it works in: an engine may be told to start any program as one (runtime_path of containerd's handlers)."""
        if self._working is None:
            self._working = shims.working(self._host, self._found)
        places = (bundle, "%s/%s" % (bundle.rpartition("/")[0], sandbox))
        there = sorted((process for place in places for process in self._working.get(place, [])),
                       key=lambda process: shims.key_of(process)[1] not in (bundle.rpartition("/")[2], sandbox))
        first = self._noted(bundle)
        parent = None if first is None else processes.parent_of(self._host, first)
        # Who merely stands there started nothing; a shim that starts containers without a runtime's program notes none.
        return next((process for process in there if process.pid == parent or first is None), None)

    def _noted(self, bundle: str) -> Optional[int]:
        """The number of a container's first process by its runtime, None where there is none."""
        word = (self._own_text(bundle + "/init.pid") or "").strip()
        return int(word) if re.match(r"[1-9][0-9]{0,9}\Z", word) else None

    def _orphan(self, bundle: str, engine: str, space: str, name: str, sandbox: str) -> Optional[Container]:
        """A container that lives without a shim of root's: in its own control group, or where something else than a shim serves its bundle."""
        address = sandboxers.address_of(self._own_text(bundle + "/bootstrap.json"), self._own_text(bundle + "/address"))
        is_served = sandboxers.serves(self._host, address)
        noted = self._noted(bundle)
        told = [noted] if noted is not None else sorted(self._found.lives) if is_served else []
        first = lives.in_group(self._host, told, name)
        if first is None and not is_served:
            return None
        whose, reason = self._whose(address, first, sandbox) if is_served else (None, "it lives, and its shim was not found")
        container = {"id": name, "engine": engine, "namespace": space, "sandbox": sandbox, "is_pod": False, "name": None, "image": None,
                     "runtime": None, "shim": None, "isolation": whose, "reason": reason, "pid": first,
                     "privileged": None, "host_pid": None, "host_network": None, "user": None, "nested": False,
                     "started_at": None if first is None else self.moment(processes.ticks_of(self._host, first))}
        if is_served:
            self._describe(container, *self._specs[name])
        return container

    def _whose(self, address: str, first: Optional[int], sandbox: str) -> Tuple[Optional[str], str]:
        """(isolation, reason) of what a sandboxer runs: in a machine that it made for the sandbox, or as a process of this kernel."""
        if machines.made_for(self._host, self._found, sandbox):
            return isolation.VIRTUAL_MACHINE, ""
        if first is not None and isolation.holds_machine(self._host, first) is False and not isolation.is_runsc(self._host, first):
            return isolation.HOST_KERNEL, ""
        return None, "what listens at %s serves it, and neither its first process nor a machine of its sandbox was found" % address

    def _is_stopped(self, shim: processes.Process, sandbox: str) -> bool:
        if not shims.is_kata(shim):
            return False
        return machines.is_stopped(self._host, self._found, sandbox, shim, machines.of(self._host, self._found, sandbox, shim))

    def _first(self, bundle: str, shim: processes.Process) -> Optional[int]:
        """The container's first process on this kernel, None without one; _GONE where it ended."""
        noted = self._noted(bundle)
        if noted is None:
            # A shim that starts containers without a runtime's program writes none (runwasi). What Kata's starts are monitors and what serves them.
            return None if shims.is_kata(shim) else self._first_without_machine(shim, bundle.rpartition("/")[2])
        # The number may have been given to another process since; a shim adopts what its runtime leaves behind.
        parent = processes.parent_of(self._host, noted)
        return noted if parent == shim.pid or parent in shims.copies_of(self._found, shim) else _GONE

    def _first_without_machine(self, shim: processes.Process, name: str) -> Optional[int]:
        """The first process of a container, by its control group, among those that a shim started."""
        first = lives.in_group(self._host, shims.begun_by(self._host, self._found, shim), name)
        return first if first is not None and isolation.holds_machine(self._host, first) is False else None

    def _container(
        self, shim: processes.Process, engine: str, space: Optional[str], name: str, runtime: str, first: Optional[int], sandbox: str,
        spec: Optional[oci_config.Spec] = None,
    ) -> Container:
        shim_name = shim.exe.rpartition("/")[2] or shim.name
        proof = isolation.Proof(shim_name, runtime, first is not None, False, False, None, spec.asks_for if spec else None)
        if first is not None:
            # crun-vm has its monitor below the container's first process.
            within = [first] + lives.descendants(self._found.below, first)
            holds = isolation.any_holds_machine(self._host, within) if isolation.wants_machine_within(proof) else None
            proof = proof._replace(is_runsc=isolation.is_runsc(self._host, first), holds_kvm=holds)
        else:
            carried = machines.of(self._host, self._found, sandbox, shim)
            proof = proof._replace(has_monitor=carried.vmm is not None, holds_kvm=carried.within,
                                   is_katas=machines.is_katas(self._host, sandbox, carried))
            if not carried.vmm and not carried.within:
                proof = proof._replace(elsewhere=remote.is_remote(self._host, self._found, sandbox, spec.handler if spec else None))
        whose, reason = isolation.judge(proof)
        ticks = processes.ticks_of(self._host, first) if first is not None else shim.ticks
        return {"id": name, "engine": engine, "namespace": space, "sandbox": sandbox, "is_pod": False, "name": None, "image": None,
                "runtime": runtime, "shim": shim.exe or None, "isolation": whose, "reason": reason, "pid": first, "nested": shim.nested is True,
                "privileged": None, "host_pid": None, "host_network": None, "user": shim.user, "started_at": self.moment(ticks)}

    def moment(self, ticks: Optional[int]) -> Optional[str]:
        """A number of ticks after boot as a time in UTC."""
        return proc.moment(self._booted_at, ticks)

    def _describe(self, container: Container, spec: Optional[oci_config.Spec], why: str) -> None:
        """Add what its configuration says, and over that what its first process shows."""
        if spec is not None:
            container.update(image=spec.image, name=spec.name or spec.pod, is_pod=spec.is_pod, privileged=spec.privileged)
            container.update({key: self._declared(spec, kind, flag) for key, kind, flag in (
                ("host_pid", "pid", spec.host_pid), ("host_network", "network", spec.host_network))})
            if spec.pod_namespace:
                container["name"] = "%s/%s" % (spec.pod_namespace, container["name"])
        self._live(container)
        if spec is None and None in (container["privileged"], container["host_pid"]):
            container["reason"] = "; ".join(filter(None, (container["reason"], "config.json: " + why)))

    def _declared(self, spec: oci_config.Spec, kind: str, flag: bool) -> Optional[bool]:
        """Whether a container was to have the host's namespace: one that it takes from its pod is the pod's."""
        pod = self._specs.get(spec.sandbox or "", (None, ""))[0]
        if kind in spec.joined and pod is not None:
            return pod.host_pid if kind == "pid" else pod.host_network
        return flag

    def _live(self, container: Container) -> None:
        """What the first process on this kernel shows; nothing is lost where it cannot be seen."""
        pid = container["pid"]
        if pid is None:
            return
        for key, kind in (("host_pid", "pid"), ("host_network", "net")):
            shared = lives.shares_with_host(self._host, pid, kind)
            container[key] = container[key] if shared is None else shared
        if container["privileged"] is None and pid in self._found.lives:
            container["privileged"] = lives.is_privileged(self._host, pid, self._found.lives[pid])

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

    def _by_conmons(self, process: processes.Process) -> List[Container]:
        """The containers of a conmon, which has one, or of a conmonrs, which has all of a pod."""
        if not process.name.endswith("conmonrs"):
            return [self._by_conmon(process)]
        runtime = processes.one_option(process.argv, "runtime").rpartition("/")[2]
        folders = self._crios_folders() if process.user == 0 else {}
        rows = []
        for first, is_pod in self._firsts(process) or [(None, False)]:
            name = folders.get(first, "")
            spec, why = self._spec("%s/%s/userdata/config.json" % (_CRIO_RUN, name)) if name else (None, "its folder was not found")
            container = self._container(process, "crio", None, name, runtime, first, spec.sandbox if spec and spec.sandbox else name, spec)
            self._describe(container, spec, why)
            container["is_pod"] = container["is_pod"] or is_pod
            rows.append(container)
        return rows

    def _crios_names(self) -> List[str]:
        """What CRI-O's monitors call containers and pods."""
        return [name for name in self._host.listdir(_CRIO_RUN, TASKS_LIMIT).if_there([]) if _NAME.match(name)]

    def _crios_folders(self) -> Dict[Optional[int], str]:
        """{first process: container} by what CRI-O's monitors write down."""
        found: Dict[Optional[int], str] = {}
        for name in self._crios_names():
            word = (self._own_text("%s/%s/userdata/pidfile" % (_CRIO_RUN, name)) or "").strip()
            if re.match(r"[1-9][0-9]{0,9}\Z", word):
                found[int(word)] = name
        return found

    def _by_conmon(self, process: processes.Process) -> Container:
        """The container that a conmon watches over; of one that is not root's nothing is followed."""
        argv = _own_part(process.argv)
        name = processes.one_option(argv, "c", "cid")
        where = " ".join(processes.one_option(argv, option) for option in ("exit-dir", "persist-dir", "socket-dir-path"))
        engine = "crio" if "crio" in process.name or "/crio" in where else "podman"
        runtime = processes.one_option(argv, "r", "runtime").rpartition("/")[2]
        first = self._conmons_child(process)
        bundle = processes.one_option(argv, "b", "bundle")
        is_own = process.user == 0 and process.nested is not True
        spec, why = self._conmons_spec(bundle) if is_own else (None, "")
        container = self._container(process, engine, None, name, runtime, first, spec.sandbox if spec and spec.sandbox else name, spec)
        if not is_own:
            self._live(container)
            why = "it runs inside of a container" if process.nested else "of user %s" % process.user
            container["reason"] = "; ".join(filter(None, (container["reason"], why + ": what he says of it was not read")))
            return container
        self._describe(container, spec, why)
        kept = self._kept.stored(bundle).get(name, {})
        container.update({key: value for key, value in kept.items() if not container[key]})
        called = processes.one_option(argv, "n", "name")
        if engine == "podman" and spec and spec.pauses and stores.is_podmans_pause(called, str(container["image"] or "")):
            container["is_pod"] = True
        return container

    def _conmons_spec(self, bundle: str) -> Tuple[Optional[oci_config.Spec], str]:
        if not bundle.startswith("/") or "/../" in bundle or not isolation.is_of_root(self._host, bundle):
            return None, "its folder %s is not root's alone" % (bundle or "''")
        return self._spec(bundle + "/config.json")

    def _conmons_child(self, process: processes.Process) -> Optional[int]:
        word = (self._own_text(processes.one_option(_own_part(process.argv), "p", "container-pidfile")) or "").strip() if process.user == 0 else ""
        if re.match(r"[1-9][0-9]{0,9}\Z", word) and processes.parent_of(self._host, int(word)) == process.pid:
            return int(word)
        return next(iter(processes.children_of(self._host, self._found, process.pid)), None)

    def _crios(self, shim: processes.Process) -> List[Container]:
        """The containers of a pod of CRI-O's that one shim carries: each has a folder of its own."""
        space, sandbox = shims.key_of(shim)
        if "crio" not in processes.one_option(shim.argv, "publish-binary") and self._host.stat("%s/%s" % (_CRIO_RUN, sandbox)).problem:
            return []
        containers = []
        for name in self._crios_names():
            spec, why = self._spec("%s/%s/userdata/config.json" % (_CRIO_RUN, name))
            state = stores.document(self._own_text("%s/%s/userdata/state.json" % (_CRIO_KEPT, name), _CONFIG_BYTES))
            if spec is None or spec.sandbox != sandbox or state.get("status") == "stopped":
                continue
            container = self._container(shim, "crio", None, name, shims.runtime_of(shim), None, sandbox, spec)
            self._describe(container, spec, why)
            containers.append(container)
        return containers

    def _lone(self, process: processes.Process) -> List[Container]:
        """The containers of which only the shim is known: a rootless engine's, those inside of containers, or those whose files are elsewhere."""
        if process.kind == processes.CONMON:
            return self._by_conmons(process)
        space, name = shims.key_of(process)
        publisher = processes.one_option(process.argv, "publish-binary")
        engine = "docker" if space == _DOCKERS_NAMESPACE else "crio" if "crio" in publisher else "containerd"
        rows = []
        for first, is_pod in self._firsts(process) or [(None, False)]:
            container = self._container(process, engine, space, name, shims.runtime_of(process), first, name)
            self._live(container)
            container["is_pod"] = is_pod
            why = "only its shim (process %d) could be seen" % process.pid
            if container["isolation"] is None and process.nested and not shims.is_kata(process):
                container.update(isolation=isolation.HOST_KERNEL, reason=why + ", inside of a container, whose kernel is this host's")
            elif container["isolation"] is None:
                container["reason"] = why
            elif None in (container["privileged"], container["host_pid"]):
                container["reason"] = "; ".join(filter(None, (container["reason"], why + " and its first process")))
            rows.append(container)
        return rows

    def _firsts(self, shim: processes.Process) -> List[Tuple[Optional[int], bool]]:
        """(first process, whether it is a pod's pause) of each container of a shim; what was executed in one of them later is none."""
        known = self._found.lives
        children = shims.begun_by(self._host, self._found, shim)
        # A pod begins with its pause; what calls itself so later is another program.
        pauses = [child for child in children[:1] if known.get(child) and known[child].name == "pause"]
        inits = [child for child in children if child in known and known[child].is_init]
        if not inits:
            # Without numbers in namespaces a second child may be what was executed in the first.
            told = [child for child in (children if pauses else children[:1]) if child not in pauses]
            return [(child, False) for child in told or children[:1]]
        spaces = {self._space(child) for child in inits if child not in pauses}
        firsts = [child for child in children if child in inits or self._space(child) not in spaces]
        apart = len(firsts) > len(pauses)
        return [(child, apart and child in pauses) for child in firsts]

    def _space(self, pid: int) -> Any:
        return self._host.readlink("%s/%d/ns/pid" % (processes.PROC, pid)).value


_GONE = -1


def _own_part(argv: List[str]) -> List[str]:
    """conmon's own options, without those of the command that it starts at the end."""
    return argv[:argv.index("--exit-command")] if "--exit-command" in argv else argv
