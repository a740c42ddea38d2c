# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with guests and containers of a host that goes out of service, and what is said of those that are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...module_utils._host.errors import Refused
from .._judge.facts import CannotSay, Facts, printable

GUESTS = ("refuse", "managed_save", "migrate", "shutdown", "leave")
CONTAINERS = ("leave", "refuse")
_SHOWN = 10


@dataclass
class Drain:
    """``save``, ``migrate`` and ``shutdown`` are names of guests; ``start`` are those to start again here; ``left`` is to be said."""

    save: list[str] = field(default_factory=list)
    migrate: list[str] = field(default_factory=list)
    shutdown: list[str] = field(default_factory=list)
    start: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def plan(record: Mapping[str, Any], guests: str, containers: str, destination: str = "") -> dict[str, Any]:
    """The drain as plain data; Refused where something runs that may not be stopped."""
    if guests not in GUESTS or containers not in CONTAINERS:
        raise Refused(f"rollout_guests is {guests}, rollout_containers is {containers}; "
                      f"wanted: one of {', '.join(GUESTS)}, and one of {', '.join(CONTAINERS)}")
    if guests == "migrate" and not destination:
        raise Refused("rollout_guests is migrate, and rollout_migrate_to is empty; wanted: another host's libvirt, such as qemu+ssh://host/system")
    made = Drain()
    try:
        _plan_guests(Facts(record), guests, made)
        _plan_containers(Facts(record), containers, made)
    except CannotSay as lost:
        raise Refused(f"what runs here is not known: {lost}; wanted: a scan as root") from None
    return asdict(made)


def _plan_guests(facts: Facts, policy: str, made: Drain) -> None:
    if facts.is_absent("hypervisor.guests"):
        return
    running = [row for row in facts.rows("hypervisor.guests") if row.get("pid") is not None]
    names = ", ".join(printable(str(row.get("name"))) for row in running[:_SHOWN])
    if running and policy == "refuse":
        raise Refused(f"guests run here: {names}; wanted: rollout_guests managed_save, migrate, shutdown or leave")
    if running and policy == "leave":
        made.left.append(f"guests are left to what the host does at its shutdown: {names}")
    for row in running if policy in ("managed_save", "migrate", "shutdown") else []:
        _plan_guest(row, policy, made)


def _plan_guest(row: Mapping[str, Any], policy: str, made: Drain) -> None:
    """A guest without a definition cannot be started again, and one with devices of the host can be neither saved nor moved."""
    name = str(row.get("name"))
    if name.isdecimal():
        # virsh takes such a name for the number of a guest first, and that may be another one (virsh(1): domain id, name or uuid).
        raise Refused(f"guest {name} is named by a number, which libvirt takes for the number of a guest that runs; wanted: another name, or "
                      "rollout_guests refuse or leave")
    pinned = row.get("pinned_by") or []
    if policy in ("managed_save", "migrate") and pinned:
        raise Refused(f"guest {printable(name)} has {printable(' and '.join(map(str, pinned)))} and cannot be saved or moved while it runs; "
                      "wanted: rollout_guests shutdown, or the guest shut down by hand")
    if policy != "migrate" and row.get("persistent") is not True:
        raise Refused(f"guest {printable(name)} has no definition to start it from again; wanted: rollout_guests migrate, or a definition")
    {"managed_save": made.save, "migrate": made.migrate, "shutdown": made.shutdown}[policy].append(name)
    if policy != "migrate":
        made.start.append(name)


def _plan_containers(facts: Facts, policy: str, made: Drain) -> None:
    """Pods are Kubernetes' own business. Other containers come back with their engine, or do not: that is told afterwards."""
    if facts.raw("containers.items") is None and facts.is_absent("containers.items"):
        return
    rows = [row for row in facts.rows("containers.items") if row.get("is_pod") is not True and row.get("nested") is not True]
    own = [row for row in rows if row.get("namespace") != "k8s.io" and row.get("engine") != "crio"]
    if not own:
        return
    names = ", ".join(f"{printable(str(row.get('engine')))} {printable(str(row.get('name') or row.get('id')))}" for row in own[:_SHOWN])
    if policy == "refuse":
        raise Refused(f"containers run here: {names}; wanted: rollout_containers leave, or rollout_drain_tasks that stop them")
    made.left.append(f"containers end with the reboot, and their engine starts those again that it is told to: {names}")
