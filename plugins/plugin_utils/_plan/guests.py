# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``hypervisor`` says of guests: which run a replaced program, with what machine types, and what replaces it at least cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils._host.errors import Refused
from ...module_utils._hypervisor.machine_types import family, is_deprecated, is_removed, qemu_version
from ...module_utils._hypervisor.monitors import MONITORS
from .._judge.facts import printable
from .._judge.judging import matches_any
from .._standard.requirement import Requirement

METHODS = ("none", "managed_save", "migrate", "restart")
_KATA = "sandbox-"
_OTHERS = {
    **dict.fromkeys(MONITORS, "restart the guest by what started it; this role does not manage it"),
    "libvirt": "restart its service; the guests go on",
    "swtpm": "it is replaced together with the guest that it serves",
    "virtiofsd": "it is replaced together with the guest that it serves",
    "xen": "reboot",
    "ovmf": "shut the guest down and start it; it takes its firmware along when it is moved or restored",
}


@dataclass(frozen=True)
class Asked:
    """How guests are replaced: one of METHODS, and for a migration where to; and the machine types that definitions get, one of a family."""

    method: str = "none"
    destination: str = ""
    machine_types: Sequence[str] = ()


def plan(record: Mapping[str, Any], promises: Mapping[str, Requirement], asked: Asked) -> dict[str, Any]:
    """``move``: the guests to replace now, each with the process it is to leave; ``define``: those whose definition gets another machine type;
    ``left``: what is said of all others."""
    _check(asked)
    section = record["hypervisor"]
    if section["processes"] is None or section["guests"] is None:
        raise Refused("what runs here is not known; wanted: a record with hypervisor.processes and hypervisor.guests (run as root)")
    by_pid = {guest["pid"]: guest for guest in section["guests"] if guest["pid"] is not None}
    versions = {row["name"]: row["version"] for row in section["components"] or []}
    move: list[dict[str, Any]] = []
    left: list[str] = []
    for process in section["processes"]:
        if process["stale"] is False:
            continue
        guest = by_pid.get(process["pid"]) if process["component"] == "qemu" else None
        lost = _is_lost(process, guest, qemu_version(versions.get("qemu")))
        if guest is not None and process["stale"] and not lost and _can(asked.method, guest):
            move.append({"name": guest["name"], "pid": process["pid"], "method": asked.method})
        else:
            left.append(_said(process, versions.get(process["component"]), guest, lost))
    allowed = promises.get("hypervisor.machine_types")
    policy = Policy(allowed.values() if allowed else None, qemu_version(versions.get("qemu")), _targets(asked.machine_types))
    policy.check()
    left += _machine_types(section, policy)
    return {"move": move, "define": list(_definitions(section, policy)), "left": left}


def _check(asked: Asked) -> None:
    if asked.method not in METHODS:
        raise Refused(f"hypervisor_replace_guests is {asked.method}; wanted: one of {', '.join(METHODS)}")
    if asked.method == "migrate" and not asked.destination:
        raise Refused("hypervisor_replace_guests is migrate, and hypervisor_migrate_to is empty; "
                      "wanted: another host's libvirt, such as qemu+ssh://host/system")


def _can(method: str, guest: Mapping[str, Any]) -> bool:
    """Whether a guest can be replaced that way: what is not defined cannot be started again, what holds the host's devices cannot be saved."""
    if method == "none":
        return False
    return (guest["persistent"] or method == "migrate") and (not guest["pinned_by"] or method == "restart")


def _is_lost(process: Mapping[str, Any], guest: Mapping[str, Any] | None, installed: tuple[int, int] | None) -> bool:
    """Whether the installed QEMU has no such machine any more: neither its memory nor its definition as it is can be taken over."""
    types = [process.get("machine_type_in_effect") or process["machine_type"], guest["defined_machine_type"] if guest else None]
    return process["component"] == "qemu" and any(is_removed(name, installed) for name in types if name)


def _said(process: Mapping[str, Any], installed: str | None, guest: Mapping[str, Any] | None, lost: bool) -> str:
    name = f" of guest {process['guest']}" if process["guest"] else ""
    who = printable(f"{process['component']} (pid {process['pid']}){name}")
    if process["stale"] is None:
        return f"{who}: whether it runs what is installed cannot be said: {printable(str(process['reason']))}"
    runs = f"runs {process['version'] or 'an unknown version'}, {installed or 'nothing'} is installed"
    if lost:
        return (f"{who} {runs}, which has no machine of its type any more: shut it down, give its definition a current machine type, and start it; "
                "it can neither be moved here nor restored")
    return f"{who} {runs}: {_remedy(process, guest)}"


def _remedy(process: Mapping[str, Any], guest: Mapping[str, Any] | None) -> str:
    if process["component"] != "qemu":
        return _OTHERS[process["component"]]
    if guest is None:
        kata = str(process["guest"] or "").startswith(_KATA)
        return "recreate the sandbox" if kata else "libvirt does not know it; restart it by what started it"
    if guest["pinned_by"]:
        means = "shut it down and start it (hypervisor_replace_guests: restart)" if guest["persistent"] else "restart it by what defined it"
        return f"{means}; its {' and '.join(guest['pinned_by'])} keeps it from being saved or moved"
    if not guest["persistent"]:
        return "migrate it live (hypervisor_replace_guests: migrate); it has no definition to start it from again"
    return "migrate it live (hypervisor_replace_guests: migrate), or save and restore it here, which stops it for a moment (managed_save)"


def _targets(machine_types: Sequence[str]) -> dict[str, str]:
    """The machine type that is asked for of each family."""
    targets: dict[str, str] = {}
    for name in machine_types:
        of = family(name)
        if of is None or of in targets:
            raise Refused(f"hypervisor_machine_types has {printable(str(name), 80)}; "
                          "wanted: machine types with their version, such as pc-q35-7.2, and one of each family")
        targets[of] = name
    return targets


@dataclass(frozen=True)
class Policy:
    """What machine types are held to: the patterns that the standard allows (None: all), the installed QEMU, what is asked for by family."""

    allowed: Sequence[str] | None
    qemu: tuple[int, int] | None
    targets: Mapping[str, str]

    def check(self) -> None:
        """Refuse to give guests what would be named right afterwards."""
        for name in self.targets.values():
            problem = self.problem(name)
            if problem:
                raise Refused(f"hypervisor_machine_types has {name}, {problem}; wanted: one that it allows and that is not deprecated")

    def problem(self, machine_type: str | None) -> str | None:
        """What is wrong with a machine type; None where nothing is."""
        if machine_type is None:
            return None
        if self.allowed is not None and not matches_any(machine_type, tuple(self.allowed)):
            return f"which the standard does not allow ({', '.join(self.allowed) or 'it allows none'})"
        if is_removed(machine_type, self.qemu):
            return "which the installed QEMU has no more"
        return "which the installed QEMU calls deprecated" if is_deprecated(machine_type, self.qemu) else None

    def target(self, machine_type: str | None) -> str | None:
        """The machine type that a definition with this one gets; None where it stays."""
        return self.targets.get(family(machine_type) or "") if machine_type and self.problem(machine_type) else None


def _definitions(section: Mapping[str, Any], policy: Policy) -> Iterator[dict[str, str]]:
    for guest in section["guests"]:
        target = policy.target(guest["defined_machine_type"])
        if target:
            yield {"name": guest["name"], "machine_type": target}


def _machine_types(section: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    """A sentence for each guest with a machine type that the standard does not allow or QEMU calls deprecated."""
    known = {guest["pid"] for guest in section["guests"]}
    for guest in section["guests"]:
        yield from _of_guest(guest, policy)
    for process in section["processes"]:
        problem = policy.problem(process["machine_type"]) if process["pid"] not in known else None
        if problem:
            yield f"qemu (pid {process['pid']}) runs with {process['machine_type']}, {problem}: it is chosen by what started it"


def _of_guest(guest: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    runs, defined, name = guest["machine_type"], guest["defined_machine_type"], printable(guest["name"])
    target = policy.target(defined)
    following = target or defined
    if policy.problem(runs):
        if following is None:
            then = "it has no definition, and is chosen by what started it"
        else:
            then = _by_hand(following, policy) if policy.problem(following) else f"at its next start it gets {following}"
        yield f"guest {name} runs with {runs}, {policy.problem(runs)}: {then}"
    if defined != runs and not target and policy.problem(defined):
        yield f"guest {name} is defined with {defined}, {policy.problem(defined)}: {_by_hand(defined, policy)}"


def _by_hand(machine_type: str, policy: Policy) -> str:
    if policy.targets:
        return "no machine type of its family is asked for; another family is other hardware, to be defined by hand (virsh edit)"
    if family(machine_type) is None:
        return "give it another one with virsh edit, in force at its next start"
    return "give its definition another version (hypervisor_machine_types), in force at its next start"
