# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet: host documents merged into one verdict. Pure; one document is looked at a time and only a summary of it is kept."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .bounded import clipped, plain, text_at
from .distribution import Sighting, distribution, facts_of

SCHEMA = "firebreak.fleet/1"
HOST_SCHEMA = "firebreak.host/1"

# The order of a report: what needs people first.
VERDICTS = ("drifted", "unknown", "unreachable", "compliant")
SEVERITIES = ("critical", "high", "medium", "low", "info")
DISRUPTIONS = ("none", "restart_service", "restart_sandbox", "migrate_guest", "reboot")

Finding = Mapping[str, Any]
_FINDING_KEYS = ("id", "severity", "promise", "expected", "observed", "remedy", "disruption", "evidence")
_FINDINGS_LIMIT = 500


class Loaded(NamedTuple):
    """One record file: the host it should be of, its JSON document, or the problem that kept it from being read."""

    name: str
    document: Any
    problem: str | None = None


@dataclass(frozen=True)
class Host:
    """One host in the report."""

    name: str
    verdict: str
    reasons: tuple[str, ...]
    standard: str | None
    scanned_at: str
    error: str | None
    findings: tuple[Finding, ...]
    waived: tuple[Finding, ...]
    facts: Mapping[str, tuple[str, ...]]
    machine_id: str
    boot_id: str
    scanned: bool

    @property
    def worst(self) -> int:
        """The rank of the worst severity (0 is critical), or one past the last without findings."""
        return min((SEVERITIES.index(finding["severity"]) for finding in self.findings), default=len(SEVERITIES))


def is_drift(finding: Finding) -> bool:
    """Whether the finding breaks a promise of the standard; one that does not is an observation and changes no verdict."""
    return finding["promise"] is not None


class Problem(NamedTuple):
    """Something wrong with the fleet or the report itself, not with one host."""

    id: str
    message: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Fleet:
    """Everything a report shows. ``hosts`` come worst first."""

    generated_at: str
    standards: Mapping[str, Any]
    hosts: tuple[Host, ...]
    problems: tuple[Problem, ...]
    summary: Mapping[str, int]
    distribution: Mapping[str, Any]

    @property
    def has_standard(self) -> bool:
        """Whether any host was held against a standard."""
        return any(host.standard for host in self.hosts)


@dataclass
class _Pool:
    """Shares equal findings between hosts: a fleet repeats a few of them thousands of times."""

    known: dict[str, Finding] = field(default_factory=dict)

    def shared(self, finding: Finding) -> Finding:
        return self.known.setdefault(json.dumps(finding, sort_keys=True), finding)


def merge(loaded: Iterable[Loaded], wanted: Sequence[str], standards: Mapping[str, Any], generated_at: str) -> Fleet:
    """Merge host documents; ``wanted`` hosts without one are unknown: no_record; of two of one name the later scan counts."""
    pool = _Pool()
    found: dict[str, Host] = {}
    for item in loaded:
        host = _host(item, pool)
        earlier = found.get(host.name)
        if earlier is None or earlier.scanned_at <= host.scanned_at:
            found[host.name] = host
    for name in wanted:
        found.setdefault(name, _lost(name, "no_record", "the scan of this host left no record; what its task printed says why"))
    hosts = tuple(sorted(found.values(), key=_order))
    used = {host.standard for host in hosts if host.standard}
    return Fleet(
        generated_at=generated_at,
        standards={sha: standards.get(sha) for sha in sorted(used)},
        hosts=hosts,
        problems=tuple(_problems(hosts, standards)),
        summary=_summary(hosts),
        distribution=distribution(map(_sighting, hosts), [standards.get(sha) for sha in used]),
    )


def _sighting(host: Host) -> Sighting:
    return Sighting(host.name, host.scanned, host.facts, frozenset(item["id"] for item in host.findings if is_drift(item)))


def _order(host: Host) -> tuple[int, int, int, str]:
    return VERDICTS.index(host.verdict), host.worst, -len(host.findings), host.name


def _summary(hosts: Sequence[Host]) -> dict[str, int]:
    counts = Counter(host.verdict for host in hosts)
    return {"hosts": len(hosts), "compliant": counts["compliant"], "drifted": counts["drifted"],
            "unknown": counts["unknown"], "unreachable": counts["unreachable"]}


def _lost(name: str, reason: str, error: str) -> Host:
    return Host(name=clipped(name, 300), verdict="unknown", reasons=(reason,), standard=None, scanned_at="", error=clipped(error), findings=(),
                waived=(), facts={}, machine_id="", boot_id="", scanned=False)


def _host(item: Loaded, pool: _Pool) -> Host:
    """The summary of one document; one that is not a host document of a known schema is unknown: record_unreadable."""
    document = item.document
    if item.problem is not None:
        return _lost(item.name, "record_unreadable", item.problem)
    if not isinstance(document, Mapping) or document.get("schema") != HOST_SCHEMA:
        return _lost(item.name, "record_unreadable", f"its document is not of the schema {HOST_SCHEMA}")
    verdict = document.get("verdict")
    if verdict not in VERDICTS:
        seen = clipped(repr(verdict), 60)
        return _lost(item.name, "record_unreadable", f"its document has the verdict {seen}; wanted one of {', '.join(VERDICTS)}")
    record = document.get("record")
    return Host(
        name=text_at(document, "host") or item.name,
        verdict=verdict,
        reasons=tuple(clipped(str(reason), 200) for reason in _list(document.get("reasons"))[:20]),
        standard=text_at(document, "standard") or None,
        scanned_at=text_at(document, "scanned_at"),
        error=clipped(str(document["error"])) if document.get("error") else None,
        findings=_findings(document.get("findings"), pool),
        waived=_findings(document.get("waived"), pool),
        facts=facts_of(record),
        machine_id=text_at(record, "os.machine_id"),
        boot_id=text_at(record, "boot.boot_id"),
        scanned=isinstance(record, Mapping),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _findings(values: Any, pool: _Pool) -> tuple[Finding, ...]:
    """The well-formed findings of a document: what the standard promises before mere observations, then the worst first."""
    kept = [pool.shared(_finding(value)) for value in _list(values)[:_FINDINGS_LIMIT] if isinstance(value, Mapping) and text_at(value, "id")]
    return tuple(sorted(kept, key=lambda finding: (not is_drift(finding), SEVERITIES.index(finding["severity"]), finding["id"])))


def _finding(value: Mapping[str, Any]) -> Finding:
    """A finding with all its keys and nothing unbounded; an unknown severity counts as medium, an unknown disruption as a reboot."""
    finding = {key: plain(value.get(key)) for key in _FINDING_KEYS}
    finding["id"] = text_at(value, "id")
    finding["promise"] = text_at(value, "promise") or (None if "promise" in value else finding["id"])
    if finding["severity"] not in SEVERITIES:
        finding["severity"] = "medium"
    if finding["disruption"] not in DISRUPTIONS:
        finding["disruption"] = "reboot"
    if value.get("waiver") is not None:
        finding["waiver"] = plain(value["waiver"])
    return finding


def _problems(hosts: Sequence[Host], standards: Mapping[str, Any]) -> Iterable[Problem]:
    by_standard: defaultdict[str | None, list[str]] = defaultdict(list)
    for host in hosts:
        if host.scanned or host.standard:
            by_standard[host.standard].append(host.name)
    bare = by_standard.pop(None, [])
    if len(by_standard) > 1:
        parts = [f"{_standard_name(standards, sha)} on {len(names)}" for sha, names in sorted(by_standard.items(), key=lambda item: -len(item[1]))]
        yield Problem("standard.several", f"{len(by_standard)} standards are in use: {', '.join(parts)}. One platform has one.", ())
    if bare:
        subject = "No host is" if not by_standard else f"{_hosts(len(bare))} {'is' if len(bare) == 1 else 'are'} not"
        yield Problem("standard.none", f"{subject} held against a standard: declare firebreak_standard, or adopt one from a golden host.",
                      tuple(bare[:50]) if by_standard else ())
    yield from _duplicates(hosts)


def _hosts(count: int) -> str:
    return f"{count} host" if count == 1 else f"{count} hosts"


def _standard_name(standards: Mapping[str, Any], sha: str | None) -> str:
    return text_at(standards.get(sha or ""), "name") or str(sha)[:12]


def _duplicates(hosts: Sequence[Host]) -> Iterable[Problem]:
    """Names that share a machine-id: with one boot they are one machine, else clones that never got an id of their own."""
    machines: defaultdict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        if host.machine_id not in ("", "uninitialized"):
            machines[host.machine_id].append(host)
    for machine_id, same in sorted(machines.items()):
        if len(same) < 2:
            continue
        names = tuple(sorted(host.name for host in same)[:50])
        cause = _cause({host.boot_id for host in same})
        yield Problem("host.duplicate", f"{len(same)} names have one machine-id ({machine_id[:12]}…): {cause}.", names)


def _cause(boots: set[str]) -> str:
    if "" in boots:
        return "one machine counted more than once, or clones that never got a machine-id of their own"
    return "one machine counted more than once" if len(boots) == 1 else "clones that never got a machine-id of their own"
