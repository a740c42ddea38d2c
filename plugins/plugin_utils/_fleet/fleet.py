# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet: host documents merged into one verdict. Pure; one document is looked at a time and only a summary of it is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import identity
from .bounded import mappings_at
from .distribution import Sighting, distribution
from .host import DISRUPTIONS, SEVERITIES, VERDICTS, Finding, Host, Loaded, Pool, host_of, is_drift, lost
from .host import SCHEMA as HOST_SCHEMA
from .problems import Problem, problems

__all__ = ["DISRUPTIONS", "HOST_SCHEMA", "SCHEMA", "SEVERITIES", "VERDICTS", "Finding", "Fleet", "Host", "Loaded", "Problem", "is_drift", "merge"]

SCHEMA = "firebreak.fleet/1"


@dataclass(frozen=True)
class Fleet:
    """Everything a report shows. ``hosts`` come worst first; a partial report is of a part of the fleet (``--limit``)."""

    generated_at: str
    standards: Mapping[str, Any]
    hosts: tuple[Host, ...]
    problems: tuple[Problem, ...]
    summary: Mapping[str, int]
    distribution: Mapping[str, Any]
    partial: bool = False
    previous: str | None = None
    resolved: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_standard(self) -> bool:
        """Whether any host was held against a standard."""
        return any(host.standard for host in self.hosts)


class Before:
    """The earlier report, by which a finding is known to stand since then; of a fleet without one, nothing."""

    def __init__(self, report: Any = None) -> None:
        known = report if isinstance(report, Mapping) and report.get("schema") == SCHEMA else {}
        hosts = known.get("hosts")
        self.generated_at: str | None = str(known["generated_at"]) if known.get("generated_at") else None
        self._hosts: Mapping[str, Any] = hosts if isinstance(hosts, Mapping) else {}

    def findings(self, name: str) -> dict[str, tuple[str, Finding]]:
        """Of one host, by the text of each key, since when it stands and what it was."""
        host = self._hosts.get(name)
        if not isinstance(host, Mapping):
            return {}
        listed = [item for part in ("findings", "waived", "remembered") for item in mappings_at(host, part)]
        return {key.text: (str(item.get("first_seen") or self.generated_at or ""), item) for key, item in identity.keyed(listed)}


NOTHING_BEFORE = Before()


def merge(loaded: Iterable[Loaded], wanted: Sequence[str], standards: Mapping[str, Any], generated_at: str, before: Before = NOTHING_BEFORE,
          partial: bool = False, failed: Mapping[str, str] | None = None) -> Fleet:
    """Merge host documents; ``wanted`` hosts without one are unknown: no_record, or why their scan could not begin, as ``failed`` says.

    Of two documents of one name the later scan counts.
    """
    pool = Pool()
    found: dict[str, Host] = {}
    for item in loaded:
        host = host_of(item, pool)
        earlier = found.get(host.name)
        if earlier is None or earlier.scanned_at <= host.scanned_at:
            found[host.name] = host
    for name in wanted:
        why = "the scan of this host left no record; what its task printed says why"
        said = (failed or {}).get(name)
        found.setdefault(name, lost(name, "no_record", why) if said is None else lost(name, "scan_failed", f"{name}: {said}"))
    hosts = tuple(sorted((_dated(host, before, generated_at) for host in found.values()), key=_order))
    used = {host.standard for host in hosts if host.standard}
    return Fleet(
        generated_at=generated_at,
        standards={sha: standards.get(sha) for sha in sorted(used)},
        hosts=hosts,
        problems=tuple(problems(hosts, standards, generated_at, partial)),
        summary=_summary(hosts),
        distribution=distribution(map(_sighting, hosts), [standards.get(sha) for sha in used]),
        partial=partial,
        previous=before.generated_at,
        resolved=Counter(name for host in hosts for name in _resolved(host, before)),
    )


def _dated(host: Host, before: Before, now: str) -> Host:
    """The host with the day on which each of its findings was first seen; what was not looked for this time keeps its day."""
    known = before.findings(host.name)
    standing = {key.text: known.get(key.text, (now, {}))[0] or now for key in host.keys.values()}
    kept = {text: item for text, item in known.items() if text not in standing
            and host.sight.state_without(item[1]) in (identity.NOT_LOOKED_AT, identity.UNKNOWN)}
    remembered = tuple({"id": item.get("id"), "promise": item.get("promise"), "subject": identity.subject_of(item), "first_seen": since}
                       for since, item in kept.values())
    return replace(host, first_seen=standing, remembered=remembered)


def _resolved(host: Host, before: Before) -> Iterator[str]:
    """The ids of what was open in the earlier report, was looked for again and is gone."""
    known = before.findings(host.name)
    yield from (str(item["id"]) for text, (_since, item) in known.items()
                if item.get("promise") and text not in host.first_seen and host.sight.state_without(item) == identity.RESOLVED)


def _sighting(host: Host) -> Sighting:
    return Sighting(host.name, host.scanned, host.facts, frozenset(item["id"] for item in host.findings if is_drift(item)))


def _order(host: Host) -> tuple[int, int, int, str]:
    return VERDICTS.index(host.verdict), host.worst, -len(host.findings), host.name


def _summary(hosts: Sequence[Host]) -> dict[str, int]:
    counts = Counter(host.verdict for host in hosts)
    return {"hosts": len(hosts), "compliant": counts["compliant"], "drifted": counts["drifted"],
            "unknown": counts["unknown"], "unreachable": counts["unreachable"]}
