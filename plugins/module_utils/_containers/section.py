# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``containers``: the engines, each running container, and how many of them share the host's kernel."""

from typing import Any, Dict, List

from .._formats import processes as proc
from .._host.record import Fact
from . import bundles, isolation, processes, runtimes, systems
from . import engines as container_engines

CONTAINERS_LIMIT = 2000
_COUNTS = ("host_kernel", "sandboxed", "unknown", "privileged", "host_pid", "nested", "unexplained")
_OF_ITEMS = ("items", "unlisted", "unexplained") + tuple("counts." + name for name in _COUNTS)
_SOURCE = "/run/*/io.containerd.runtime.v2.task, /proc/*/exe, cmdline, stat, /var/lib/docker, /var/lib/containers"

FACTS = [
    Fact("engines", "list", "the container engines that are installed or run: containerd, docker, crio and podman"),
    Fact("engines[].name", "str", "which one"),
    Fact("engines[].path", "str", "its binary"),
    Fact("engines[].package", "str", "its package, null for a binary of no package"),
    Fact("engines[].source", "str", "the source that the package was built from, as advisories name it (dpkg); null where they name binary packages"),
    Fact("engines[].version", "str", "the installed version by the package manager, else by the binary's own word; null where neither tells"),
    Fact("engines[].running", "bool", "its daemon runs (Podman has none)"),
    Fact("engines[].pid", "int", "the daemon's process id, null where it does not run"),
    Fact("engines[].started_at", "str", "the daemon's start in UTC"),
    Fact("engines[].stale", "bool", "the daemon runs another build than is installed; null where it does not run, or as reason says"),
    Fact("engines[].reason", "str", "why it is stale or cannot be judged"),
    Fact("runtimes", "list", "the programs that start containers for engines: runc and crun"),
    Fact("runtimes[].name", "str", "which one"),
    Fact("runtimes[].path", "str", "the binary"),
    Fact("runtimes[].package", "str", "its package, null for a binary of no package"),
    Fact("runtimes[].source", "str", "as engines[].source"),
    Fact("runtimes[].version", "str", "the package's version; null where it brings other programs too, or there is none"),
    Fact("items", "list", "the running containers, up to 2000"),
    Fact("items[].id", "str", "the engine's id of it"),
    Fact("items[].engine", "str", "containerd, docker, crio, podman, lxc, incus, lxd, nspawn, libvirt_lxc or apptainer"),
    Fact("items[].namespace", "str", "containerd's namespace; null with others, which have none"),
    Fact("items[].sandbox", "str", "the id of the pod that it belongs to, else its own"),
    Fact("items[].is_pod", "bool", "it is the pause container of a pod, which runs no program of a user's and is not counted"),
    Fact("items[].name", "str", "its name (of a pod: namespace/name), null where none is written down"),
    Fact("items[].image", "str", "its image as the engine notes it, null where it does not (ctr)"),
    Fact("items[].runtime", "str", "what starts it: runc, crun, runsc, kata, lxc, nspawn ..."),
    Fact("items[].shim", "str", "the binary that watches over it (a shim, conmon or a monitor of LXC's); null where only root may see"),
    Fact("items[].nested", "bool", "it runs inside of another container (Docker in LXC, kind); its files were not read"),
    Fact("items[].isolation", "str", "host_kernel (it shares this host's), kata, gvisor or virtual_machine; null as reason says"),
    Fact("items[].reason", "str", "why something cannot be said, or what is strange"),
    Fact("items[].pid", "int", "its first process on this host's kernel, null where it has none there"),
    Fact("items[].privileged", "bool",
         "it has all capabilities and an unmasked /proc; null where neither its configuration nor its first process told"),
    Fact("items[].host_pid", "bool", "it sees the host's processes, by the namespace of its first process where it has one here; null as privileged"),
    Fact("items[].host_network", "bool", "it uses the host's network, likewise; null as privileged"),
    Fact("items[].user", "int", "the user id that its shim runs as; other than 0: rootless"),
    Fact("items[].started_at", "str", "start in UTC"),
    Fact("unlisted", "int", "containers beyond those listed"),
    Fact("unexplained", "list",
         "first processes of process or user namespaces of their own behind another root that belong to no container above, up to 100"),
    Fact("unexplained[].pid", "int", "the process on this host"),
    Fact("unexplained[].name", "str", "what the kernel calls it"),
    Fact("unexplained[].user", "int", "whose it is"),
    Fact("counts.host_kernel", "int",
         "containers that share this host's kernel, nested ones too, pause containers left out: what one hole in it opens"),
    Fact("counts.sandboxed", "int", "containers behind a boundary of their own: Kata, gVisor, virtual machines"),
    Fact("counts.unknown", "int", "containers of which that cannot be said"),
    Fact("counts.privileged", "int", "privileged containers that share this host's kernel"),
    Fact("counts.host_pid", "int", "containers that share this host's kernel and see its processes"),
    Fact("counts.nested", "int", "of all these, those inside of other containers"),
    Fact("counts.unexplained", "int", "namespaces that may be containers of something that is not known here"),
    Fact("nested_shims", "int",
         "shims that run inside containers (Docker in Docker, kind): what they carry is among the items, and shares this kernel"),
]


def collect(host: Any, section: Any, options: Dict[str, Any]) -> None:
    """Write the facts of the section ``containers``."""
    _collect_runtimes(host, section)
    found, problem = processes.find(host)
    if found is None:
        for path in ("engines", "nested_shims") + _OF_ITEMS:
            section.cannot_say(path, problem, processes.PROC)
        return
    booted_at = proc.booted_at(host.now(), host.read("/proc/uptime", 256).if_there(""))
    engines, engine_problem, detail = container_engines.find(host, found, booted_at)
    if engine_problem:
        section.cannot_say("engines", engine_problem, detail)
    else:
        section.put("engines", engines, "the engines' binaries, the package manager, /proc/*/exe")
    seen = bundles.Finder(host, found, booted_at).find()
    hidden = next((process for process in found.named(processes.SHIM, processes.CONMON, processes.MANAGER) if process.link is None), None)
    if seen.problem or hidden:
        for path in _OF_ITEMS:
            section.cannot_say(path, seen.problem or "needs_root", seen.detail or "/proc/%d/exe" % (hidden.pid if hidden else 0))
    else:
        rows = seen.containers + [
            systems.item(host, found, one, proc.moment(booted_at, processes.ticks_of(host, one.first))) for one in systems.find(host, found)]
        _put_containers(section, rows)
        others = systems.unexplained(host, found, {row["pid"] for row in rows if row["pid"] is not None})
        section.put("unexplained", others[:systems.UNEXPLAINED_LIMIT], "/proc/*/status, root")
        section.put("counts.unexplained", len(others), "/proc/*/status, root")
    shims = found.named(processes.SHIM)
    if any(shim.nested is None for shim in shims):
        section.cannot_say("nested_shims", "needs_root", "/proc/*/root")
        return
    section.put("nested_shims", sum(shim.nested is True for shim in shims), "/proc/*/exe, root")


def _collect_runtimes(host: Any, section: Any) -> None:
    rows, problem, detail = runtimes.find(host)
    if problem:
        section.cannot_say("runtimes", problem, detail)
    else:
        section.put("runtimes", rows, "the runtimes' binaries, the package manager")


def _put_containers(section: Any, containers: List[Dict[str, Any]]) -> None:
    containers = sorted(containers, key=lambda item: (item["user"] != 0, item["engine"], item["namespace"] or "", item["id"]))
    section.put("items", containers[:CONTAINERS_LIMIT], _SOURCE)
    section.put("unlisted", max(0, len(containers) - CONTAINERS_LIMIT), _SOURCE)
    counted = [item for item in containers if not item["is_pod"]]
    shared = [item for item in counted if item["isolation"] == isolation.HOST_KERNEL]
    unknown = sum(item["isolation"] is None for item in counted)
    section.put("counts.host_kernel", len(shared), "the items")
    section.put("counts.sandboxed", len(counted) - len(shared) - unknown, "the items")
    section.put("counts.unknown", unknown, "the items")
    section.put("counts.privileged", sum(item["privileged"] is True for item in shared), "the items")
    section.put("counts.host_pid", sum(item["host_pid"] is True for item in shared), "the items")
    section.put("counts.nested", sum(item["nested"] for item in counted), "the items")
