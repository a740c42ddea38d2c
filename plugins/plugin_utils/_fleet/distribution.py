# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the fleet's hosts spread over each fact: counts, what is off the standard, and who stands apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .._standard.keys import COMPONENTS, ENGINES
from . import boot_trust
from .bounded import counted, dig, text_at, texts

# A value held by at most this share of the hosts that have the fact is an outlier.
OUTLIER_SHARE = 0.05
VALUES_LIMIT = 100
NAMES_LIMIT = 50

Record = Mapping[str, Any]


class FleetFact(NamedTuple):
    """A fact worth counting: its key and title, the standard's keys and the findings (their beginnings) that judge it, and how it is had."""

    key: str
    title: str
    promised_by: tuple[str, ...]
    judged_by: tuple[str, ...]
    values: Callable[[Record], list[str]]


def _at(*paths: str) -> Callable[[Record], list[str]]:
    """The texts at these paths joined by a space, if there is the first."""

    def values(record: Record) -> list[str]:
        told = [text_at(record, path) for path in paths]
        return [" ".join(filter(None, told))] if told[0] else []

    return values


def _components(record: Record) -> list[str]:
    """Name and version of each installed hypervisor component, without the packaging's epoch and revision."""
    return _named_versions(dig(record, "hypervisor.components"), "name")


def _processes(record: Record) -> list[str]:
    """Name and version of each hypervisor component that has a process."""
    return _named_versions(dig(record, "hypervisor.processes"), "component")


def _named_versions(items: Any, name: str) -> list[str]:
    if not isinstance(items, list):
        return []
    pairs = {(text_at(item, name), text_at(item, "version")) for item in items[:1000]}
    return sorted(f"{component} {version}" for component, version in pairs if component and version)


def _microcode(record: Record) -> list[str]:
    revisions = dig(record, "cpu.microcode.revisions")
    told = texts(revisions)[:8]
    return [f"{text_at(record, 'cpu.model')} · {', '.join(told)[:100]}"] if told else []


def _kind(record: Record) -> list[str]:
    under = text_at(record, "hypervisor.under")
    if not under:
        return []
    guest = "bare metal" if under == "none" else f"guest of {under}"
    return [f"{guest}, runs guests" if dig(record, "hypervisor.is_host") is True else guest]


def _patches(record: Record) -> list[str]:
    """The provider of the host's live patches, and the level that is in force."""
    provider = text_at(record, "live_patch.provider.id")
    level = text_at(record, "live_patch.effective.level")
    return [f"{provider} {level or '(level unknown)'}"] if provider not in ("", "none") else []


def _stale_services(record: Record) -> list[str]:
    """How many units, or processes outside of units, run on files that were replaced; not known where none does and some could not be read."""
    rows, unread = dig(record, "services.stale"), dig(record, "services.unread")
    if not isinstance(rows, list) or (unread and not rows):
        return []
    return [f"at least {counted(len(rows), 'unit')}" if unread else counted(len(rows), "unit")]


def _engines(record: Record) -> list[str]:
    """Name and version of each container engine."""
    return _named_versions(dig(record, "containers.engines"), "name")


def _sharing(record: Record) -> list[str]:
    """How many containers share the host's kernel."""
    count = dig(record, "containers.counts.host_kernel")
    return [counted(count, "container")] if isinstance(count, int) and not isinstance(count, bool) else []


def _sandboxes(record: Record) -> list[str]:
    """The release and the guest kernel of each live sandbox of Kata's."""
    rows = dig(record, "kata.sandboxes")
    pairs = {(text_at(row, "version"), text_at(row, "guest_kernel")) for row in rows[:1000]} if isinstance(rows, list) else set()
    return sorted(f"{version or 'unknown'}, guest kernel {kernel or 'unknown'}" for version, kernel in pairs)


def _of_components(aspect: str) -> tuple[str, ...]:
    return tuple(f"hypervisor.{name}.{aspect}" for name in COMPONENTS)


_STALE = ("services.stale", "services.stale_manager", "services.stale_until_reboot", "services.stale_sessions", "services.stale_carriers")

FACTS = (
    FleetFact("os.release", "OS release", ("os.id", "os.version_id", "os.version_codename"), ("os.release", "os.end_of_support"),
              _at("os.id", "os.version_id")),
    FleetFact("kernel.running", "Running kernel", ("kernel.running",), ("kernel.running",), _at("kernel.running.release")),
    FleetFact("kernel.default_boot", "Kernel at next boot", ("kernel.default_boot",), ("kernel.default_boot", "kernel.one_shot"),
              _at("kernel.default_boot.release")),
    FleetFact("boot.trust.next_boot", "Next boot by firmware, shim and loader", ("boot.trust.next_boot",), ("boot.trust.next_boot",),
              boot_trust.outcome),
    FleetFact("boot.trust.certificates", "Microsoft's UEFI certificates trusted", ("boot.trust.certificates", "boot.trust.ready_for_2023_shim"),
              ("boot.trust.certificates", "boot.trust.ready_for_2023_shim"), boot_trust.certificates),
    FleetFact("boot.trust.survives_2011_revocation", "If the UEFI CA 2011 were revoked", ("boot.trust.survives_2011_revocation",),
              ("boot.trust.survives_2011_revocation",), boot_trust.revocation),
    FleetFact("kernel.available", "Newest kernel on offer", (), (), _at("kernel.available.release")),
    FleetFact("live_patch.protection", "Protection by live patches", ("live_patch.protection",), ("live_patch.protection",),
              _at("live_patch.protection")),
    FleetFact("live_patch.level", "Live patches in force", ("live_patch.provider", "live_patch.level"), ("live_patch.provider", "live_patch.level"),
              _patches),
    FleetFact("services.stale", "Services on replaced files", _STALE, _STALE, _stale_services),
    FleetFact("hypervisor.running", "Hypervisors running", _of_components("running"), _of_components("running"), _processes),
    FleetFact("hypervisor.installed", "Hypervisors installed", _of_components("installed"), _of_components("installed"), _components),
    FleetFact("hypervisor.kind", "Machines", (), (), _kind),
    FleetFact("containers.shared_kernel", "Containers on one kernel", ("containers.shared_kernel",), ("containers.shared_kernel",), _sharing),
    FleetFact("containers.engines", "Container engines", ("containers.engines",),
              ("containers.engines", *(f"containers.{name}.installed" for name in ENGINES)), _engines),
    FleetFact("kata.version", "Kata in force", ("kata.version",), ("kata.version",), _at("kata.version")),
    FleetFact("kata.sandboxes", "Kata sandboxes running", ("kata.stale_sandboxes", "kata.guest_kernel"),
              ("kata.stale_sandboxes", "kata.guest_kernel"), _sandboxes),
    FleetFact("cpu.model", "Processors", (), (), _at("cpu.model")),
    FleetFact("cpu.microcode", "Microcode", ("cpu.microcode",), ("cpu.microcode",), _microcode),
    FleetFact("os.architecture", "Architecture", ("os.architecture",), ("os.architecture",), _at("os.architecture")),
)


def facts_of(record: Any) -> dict[str, tuple[str, ...]]:
    """Each countable fact of a record; a fact that the record does not tell, or tells wrongly, is left out."""
    if not isinstance(record, Mapping):
        return {}
    return {fact.key: tuple(values) for fact in FACTS if (values := fact.values(record))}


class Sighting(NamedTuple):
    """What the counting needs of one host."""

    name: str
    scanned: bool
    facts: Mapping[str, tuple[str, ...]]
    finding_ids: frozenset[str]


def distribution(sightings: Iterable[Sighting], standards: Iterable[Any] = ()) -> dict[str, dict[str, Any]]:
    """For each fact: ``values`` by falling count with how many are off the standard, ``outliers`` with host names, ``unknown``.

    ``judged`` says whether any of the ``standards`` speaks of the fact: without that, being off no standard means nothing.
    """
    seen = [sighting for sighting in sightings if sighting.scanned]
    keys = [key for standard in standards for key in _keys(standard)]
    spreads = {fact.key: _spread(fact, seen) for fact in FACTS}
    return {fact.key: {"title": fact.title, "judged": _is_judged(fact, keys), **spread} for fact in FACTS if (spread := spreads[fact.key])}


def _keys(standard: Any, prefix: str = "") -> Iterator[str]:
    """The dotted paths of a standard's values; those inside its lists of blocks begin anew."""
    if isinstance(standard, Mapping):
        for key, value in standard.items():
            yield from _keys(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(standard, list) and any(isinstance(item, Mapping) for item in standard):
        for item in standard:
            yield from (path.removeprefix("standard.") for path in _keys(item))
    elif prefix:
        yield prefix


def _is_judged(fact: FleetFact, keys: list[str]) -> bool:
    return any(f"{key}.".startswith(f"{promised}.") for key in keys for promised in fact.promised_by)


def _spread(fact: FleetFact, seen: list[Sighting]) -> dict[str, Any] | None:
    counts: Counter[str] = Counter()
    off: Counter[str] = Counter()
    names: defaultdict[str, list[str]] = defaultdict(list)
    with_fact = 0
    for host in seen:
        values = host.facts.get(fact.key, ())
        with_fact += bool(values)
        judged = any(identifier.startswith(fact.judged_by) for identifier in host.finding_ids) if fact.judged_by else False
        for value in values:
            counts[value] += 1
            off[value] += judged
            if len(names[value]) < NAMES_LIMIT:
                names[value].append(host.name)
    if not counts:
        return None
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    few = [value for value, count in ranked[1:] if count <= max(1, with_fact * OUTLIER_SHARE) and count < ranked[0][1]]
    return {
        "hosts": with_fact,
        "unknown": len(seen) - with_fact,
        "values": [{"value": value, "hosts": count, "off_standard": off[value]} for value, count in ranked[:VALUES_LIMIT]],
        "more_values": max(0, len(ranked) - VALUES_LIMIT),
        "outliers": [{"value": value, "count": counts[value], "hosts": names[value]} for value in few[:VALUES_LIMIT]],
    }
