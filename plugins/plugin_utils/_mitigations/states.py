# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mitigation is on one host, by its record: in_force, pending, needless, conflicts, absent, or unknown with the reason.

A mitigation has parts (a module, a word, a parameter); it is as its worst part is. ``needless`` comes first: the fix is in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...module_utils._formats import cmdline, sysctl
from ...module_utils._hypervisor import kvm_parameters
from ...module_utils._hypervisor.monitors import MONITORS
from .._fleet.bounded import dig, mappings_at, texts
from .._standard.mitigations import Mitigation

IN_FORCE, PENDING, NEEDLESS, CONFLICTS, ABSENT, UNKNOWN = "in_force", "pending", "needless", "conflicts", "absent", "unknown"
WORST_FIRST = (CONFLICTS, ABSENT, UNKNOWN, PENDING, IN_FORCE)


class Part(NamedTuple):
    """One thing that a mitigation changes. ``lasts`` is False where the next boot takes it back; ``facts`` prove it."""

    what: str
    state: str
    reason: str
    facts: tuple[str, ...]
    lasts: bool = True


class State(NamedTuple):
    """A mitigation on one host, with the reason of its worst part, or why it is needless; ``lasts`` as of its parts."""

    name: str
    state: str
    reason: str
    parts: tuple[Part, ...]
    lasts: bool = True


def state_of(mitigation: Mitigation, record: Mapping[str, Any], fix: str = "") -> State:
    """The state of one mitigation; ``fix`` says why its fix is in force here, '' where it is not or nobody knows."""
    parts = tuple(parts_of(mitigation, record))
    worst = min(parts, key=lambda part: WORST_FIRST.index(part.state))
    if fix:
        return State(mitigation.name, NEEDLESS, fix, parts)
    told = "; ".join(f"{part.what}: {part.reason}" for part in parts if part.state == worst.state)
    return State(mitigation.name, worst.state, told, parts, all(part.lasts for part in parts))


def parts_of(mitigation: Mitigation, record: Mapping[str, Any]) -> Iterator[Part]:
    """All parts of a mitigation."""
    yield from (_module(name, record) for name in mitigation.modules)
    yield from (_word(word, record) for word in mitigation.cmdline)
    yield from (_parameter(name, value, record) for name, value in mitigation.kvm_parameters.items())
    yield from (_sysctl(name, value, record) for name, value in mitigation.sysctls.items())
    yield from (_service(unit, record) for unit in mitigation.services_off)


def next_line(record: Mapping[str, Any]) -> cmdline.Line | None:
    """The command line of the next boot, where the boot loader's files tell it."""
    text = dig(record, "kernel.default_boot.options")
    return cmdline.parse(text) if isinstance(text, str) else None


def watched(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What the scan told of a module; nothing where it did not look."""
    return next((row for row in mappings_at(record, "kernel.watched_modules") if row.get("name") == name), {})


def _module(name: str, record: Mapping[str, Any]) -> Part:
    row = watched(record, name)
    what, facts, state = f"module {name}", ("kernel.watched_modules",), row.get("state")
    detail = str(row.get("detail") or "the scan did not look for it")
    if state == "loaded":
        return _loaded(what, row, detail)
    if state == "built_in" or (state == "blocked" and row.get("built_in")):
        return _built_in(what, row, detail, record)
    if state == "absent":
        return Part(what, IN_FORCE, detail, facts)
    if state == "blocked":
        return Part(what, IN_FORCE, detail, (*facts, "kernel.default_boot.options"), lasts=_stays_blocked(row, next_line(record)))
    return Part(what, ABSENT if state == "loadable" else UNKNOWN, detail, facts)


def _stays_blocked(row: Mapping[str, Any], coming: cmdline.Line | None) -> bool:
    """Whether what blocks a module does so after the next boot. A file of sysctl.d locks modules too late: many are loaded before it is read."""
    by = row.get("blocked_by")
    if by == "modules_disabled":
        return coming is not None and cmdline.is_switched_on(coming.parameters, "nomodule")
    return by != "module_blacklist" or coming is None or row.get("name") in cmdline.values(coming.parameters, by)


def _loaded(what: str, row: Mapping[str, Any], detail: str) -> Part:
    facts = ("kernel.watched_modules",)
    if row.get("references") != 0 or row.get("holders"):
        return Part(what, CONFLICTS, f"loaded, {detail}", facts)
    locked = row.get("locked") is True
    if row.get("blocked_by"):
        way = "only a reboot ends it, since kernel.modules_disabled=1 is in force" if locked else "unload it, nothing uses it"
        return Part(what, PENDING, f"its next load is blocked, and it is still loaded: {way}", facts)
    return Part(what, ABSENT, "loaded, and nothing uses it" + ("; kernel.modules_disabled=1 keeps it until a reboot" if locked else ""), facts)


def _built_in(what: str, row: Mapping[str, Any], detail: str, record: Mapping[str, Any]) -> Part:
    facts, coming, functions = ("kernel.watched_modules", "kernel.default_boot.options"), next_line(record), texts(row.get("initcalls"))
    stopped = bool(functions) and coming is not None and set(functions) <= set(cmdline.values(coming.parameters, "initcall_blacklist"))
    if row.get("state") == "blocked":
        return Part(what, IN_FORCE, detail, facts, lasts=stopped or coming is None)
    if stopped:
        return Part(what, PENDING, "part of the kernel; the next boot does not start it", facts)
    return Part(what, ABSENT, detail, facts)


def _word(word: str, record: Mapping[str, Any]) -> Part:
    what, facts, running = f"command line {word}", ("boot.cmdline", "kernel.default_boot.options"), dig(record, "boot.cmdline")
    coming = next_line(record)
    stays = coming is not None and cmdline.is_given(coming, word)
    if not isinstance(running, str):
        return Part(what, UNKNOWN, "the command line of the running kernel is not known", facts)
    if cmdline.is_given(cmdline.parse(running), word):
        return Part(what, IN_FORCE, "the running kernel has it", facts, lasts=stays or coming is None)
    if stays:
        return Part(what, PENDING, "the next boot gives it", facts)
    return Part(what, ABSENT, "neither the running kernel has it nor the next boot", facts)


def _parameter(name: str, value: str, record: Mapping[str, Any]) -> Part:
    what, facts, module = f"{name}={value}", ("hypervisor.kvm.parameters", "hypervisor.processes"), kvm_parameters.module_of(name)
    loaded, parameters, modules = (dig(record, f"hypervisor.kvm.{fact}") for fact in ("loaded", "parameters", "modules"))
    reading = parameters.get(name) if isinstance(parameters, Mapping) else None
    if isinstance(reading, str):
        met = kvm_parameters.meets(name, [value], reading)
        if met:
            return Part(what, IN_FORCE, f"the kernel says {reading}", facts)
        if met is None:
            return Part(what, UNKNOWN, f"the kernel says {reading}, which does not tell", facts)
        guests = [] if module == "kvm" else guests_of(record)
        if guests:
            return Part(what, CONFLICTS, f"{reading} is in force, and guests hold {module}: {', '.join(guests[:10])}", facts)
        return Part(what, ABSENT, f"{reading} is in force", facts)
    if loaded is True and module not in texts(modules):
        return Part(what, IN_FORCE, f"the processor of this host has no use for {module}", facts)
    if loaded is False:
        return Part(what, ABSENT, f"{module} is not loaded; nothing tells how it would be", facts)
    return Part(what, UNKNOWN, f"the record does not tell {name}", facts)


def guests_of(record: Mapping[str, Any]) -> list[str]:
    """The guests that run, by name or process."""
    rows = [row for row in mappings_at(record, "hypervisor.processes") if row.get("component") in MONITORS]
    return [str(row.get("guest") or f"pid {row.get('pid')}")[:80] for row in rows]


def _sysctl(name: str, value: str, record: Mapping[str, Any]) -> Part:
    facts = ("kernel.watched_sysctls",)
    found = (row for row in mappings_at(record, facts[0]) if sysctl.plain(str(row.get("name"))) == sysctl.plain(name))
    row: Mapping[str, Any] = next(found, {})
    what, wanted, reading, coming = f"{name}={value}", value.split(), row.get("value"), row.get("at_boot")
    stays = isinstance(coming, str) and coming.split() == wanted
    detail = str(row.get("detail") or "the scan did not look for it")
    if not isinstance(reading, str):
        return Part(what, UNKNOWN, detail, facts)
    if reading.split() == wanted:
        return Part(what, IN_FORCE, f"the kernel says {reading}", facts, lasts=stays)
    later = coming if isinstance(coming, str) else "nothing"
    return Part(what, PENDING if stays else ABSENT, f"{reading} is in force; at boot: {later} ({detail})", facts)


def _service(unit: str, record: Mapping[str, Any]) -> Part:
    facts, aliases = ("services.active", "services.masked"), dig(record, "services.aliases")
    active, masked = dig(record, facts[0]), dig(record, facts[1])
    real = str(aliases.get(unit, unit)) if isinstance(aliases, Mapping) else unit
    if not isinstance(active, list) or not isinstance(masked, list):
        return Part(f"unit {unit}", UNKNOWN, "the record does not tell which units run", facts)
    if unit in active or real in active:
        return Part(f"unit {unit}", ABSENT, "it is active", facts)
    if unit in masked or real in masked:
        return Part(f"unit {unit}", IN_FORCE, "it is masked and does not run", facts)
    return Part(f"unit {unit}", ABSENT, "it does not run, and may be started", facts)
