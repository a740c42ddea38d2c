# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``containers``: the engines, each running container, and how many of them share the host's kernel."""

from typing import Any, Dict, List

from .._formats import processes as proc
from . import bundles, isolation, processes, runtimes, systems
from . import engines as container_engines

CONTAINERS_LIMIT = 2000
_COUNTS = ("host_kernel", "sandboxed", "unknown", "privileged", "host_pid", "nested", "unexplained")
_OF_ITEMS = ("items", "unlisted", "unexplained") + tuple("counts." + name for name in _COUNTS)
_SOURCE = "/run/*/io.containerd.runtime.v2.task, /proc/*/exe, cmdline, stat, /var/lib/docker, /var/lib/containers"


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
