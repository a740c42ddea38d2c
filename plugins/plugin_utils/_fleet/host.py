# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a report, from its host document. Pure, bounded, and safe with any document that a host may have caused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from . import identity
from .bounded import clipped, name_at, plain, text_at
from .distribution import facts_of
from .identity import Key, Sight

SCHEMA = "firebreak.host/1"

# The order of a report: what needs people first.
VERDICTS = ("drifted", "unknown", "unreachable", "compliant")
SEVERITIES = ("critical", "high", "medium", "low", "info")
DISRUPTIONS = ("none", "restart_service", "restart_sandbox", "migrate_guest", "soft_reboot", "kexec", "reboot")

Finding = Mapping[str, Any]
_FINDING_KEYS = ("id", "severity", "promise", "expected", "observed", "remedy", "disruption", "evidence")
_FINDINGS_LIMIT = 500
_SILENT_LIMIT = 300
_LABELS_LIMIT = 20
# What a record holds beside its sections.
_NO_SECTIONS = ("scanner", "seconds", "evidence")
# Facts without a meaning on this host, and such as were not asked for, are not lost.
_NOT_LOST = ("not_applicable", "not_asked")
LABEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
PLATFORM_FACTS = ("family", "id", "version_id", "architecture")


class Loaded(NamedTuple):
    """One record file: the host it should be of, its JSON document, or the problem that kept it from being read."""

    name: str
    document: Any
    problem: str | None = None


@dataclass(frozen=True)
class Host:
    """One host in the report.

    ``first_seen`` says by the text of its key since when a finding stands; ``remembered`` are those that were not looked for this time.
    """

    name: str
    verdict: str
    reasons: tuple[str, ...]
    standard: str | None
    scanned_at: str
    error: str | None
    findings: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    machine_id: str = ""
    boot_id: str = ""
    scanned: bool = False
    base: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    sections: tuple[str, ...] = ()
    cannot_say: Mapping[str, str] = field(default_factory=dict)
    as_root: bool | None = None
    platform: Mapping[str, str] = field(default_factory=dict)
    waivers: tuple[Mapping[str, Any], ...] = ()
    strangers: Mapping[str, str] = field(default_factory=dict)
    first_seen: Mapping[str, str] = field(default_factory=dict)
    remembered: tuple[Finding, ...] = ()

    @property
    def worst(self) -> int:
        """The rank of the worst severity that drifted (0 is critical), or one past the last without drift."""
        return min((SEVERITIES.index(finding["severity"]) for finding in self.findings if is_drift(finding)), default=len(SEVERITIES))

    @property
    def sight(self) -> Sight:
        """What the scan of this host could see."""
        silent = frozenset((*self.cannot_say, *identity.silent_facts(self.reasons)))
        return Sight(bool(self.sections), frozenset(self.sections), silent)

    @cached_property
    def keys(self) -> Mapping[int, Key]:
        """The key of each finding, by the identity of the finding's object; one object may be shared by many hosts."""
        return {id(finding): key for key, finding in identity.keyed((*self.findings, *self.waived))}

    def key(self, finding: Finding) -> Key:
        """The key of one of this host's findings."""
        return self.keys[id(finding)]

    @property
    def lacks_root(self) -> int:
        """How many facts were lost because the scan was not root."""
        return sum(reason == "needs_root" for reason in self.cannot_say.values())


def is_drift(finding: Finding) -> bool:
    """Whether the finding breaks a promise of the standard; one that does not is an observation and changes no verdict."""
    return finding["promise"] is not None


@dataclass
class Pool:
    """Shares equal values between hosts: a fleet repeats a few of them thousands of times."""

    known: dict[str, Any] = field(default_factory=dict)

    def shared(self, value: Any) -> Any:
        """The first value that was equal to this one."""
        return self.known.setdefault(json.dumps(value, sort_keys=True), value)


def lost(name: str, reason: str, error: str) -> Host:
    """A host of which nothing is known but why."""
    return Host(name=clipped(name, 300), verdict="unknown", reasons=(reason,), standard=None, scanned_at="", error=clipped(error))


def host_of(item: Loaded, pool: Pool) -> Host:
    """The summary of one document; one that is not a host document of a known schema is unknown: record_unreadable."""
    document = item.document
    if item.problem is not None:
        return lost(item.name, "record_unreadable", item.problem)
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        return lost(item.name, "record_unreadable", f"its document is not of the schema {SCHEMA}")
    verdict = document.get("verdict")
    if verdict not in VERDICTS:
        seen = clipped(repr(verdict), 60)
        return lost(item.name, "record_unreadable", f"its document has the verdict {seen}; wanted one of {', '.join(VERDICTS)}")
    record = document.get("record")
    return Host(
        name=name_at(document, "host") or item.name,
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
        base=text_at(document, "base") or text_at(document, "standard") or None,
        labels=pool.shared(labels_of(document.get("labels"))),
        sections=tuple(pool.shared(_sections(record))),
        cannot_say=pool.shared(dict(_cannot_say(record))),
        as_root=_as_root(record),
        platform=pool.shared({name: text_at(record, f"os.{name}") for name in PLATFORM_FACTS}),
        waivers=tuple(pool.shared(plain(waiver)) for waiver in _list(document.get("waivers"))[:100] if isinstance(waiver, Mapping)),
        strangers=pool.shared(_strangers(document.get("unknown_variables"))),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def labels_of(raw: Any) -> dict[str, str]:
    """The labels of a host (``firebreak_labels``): short words of its inventory such as rack, cluster, owner, service."""
    if not isinstance(raw, Mapping):
        return {}
    pairs = ((str(name), clipped(str(value), 100)) for name, value in raw.items() if value is not None and not isinstance(value, (dict, list)))
    return dict(sorted((name, value) for name, value in pairs if LABEL.fullmatch(name) and value)[:_LABELS_LIMIT])


def _strangers(raw: Any) -> dict[str, str]:
    """Variables of the inventory that look like Firebreak's and are not, each with what was probably meant."""
    pairs = list(raw.items())[:20] if isinstance(raw, Mapping) else []
    return {clipped(str(name), 100): clipped(str(guess), 100) for name, guess in pairs}


def _sections(record: Any) -> list[str]:
    if not isinstance(record, Mapping):
        return []
    return sorted(str(name) for name, value in record.items() if isinstance(value, Mapping) and name not in _NO_SECTIONS)[:50]


def _cannot_say(record: Any) -> Iterator[tuple[str, str]]:
    """The facts that could not be had, with the reason of each."""
    nulls = record.get("nulls") if isinstance(record, Mapping) else None
    for item in _list(nulls)[:_SILENT_LIMIT]:
        fact, reason = text_at(item, "fact"), text_at(item, "reason")
        if fact and reason not in _NOT_LOST:
            yield fact, reason


def _as_root(record: Any) -> bool | None:
    scanner = record.get("scanner") if isinstance(record, Mapping) else None
    uid = scanner.get("uid") if isinstance(scanner, Mapping) else None
    return uid == 0 if isinstance(uid, int) and not isinstance(uid, bool) else None


def _findings(values: Any, pool: Pool) -> tuple[Finding, ...]:
    """The well-formed findings of a document: what the standard promises before mere observations, then the worst first."""
    found: Iterable[Finding] = (pool.shared(_finding(value)) for value in _list(values)[:_FINDINGS_LIMIT]
                                if isinstance(value, Mapping) and text_at(value, "id"))
    once = {id(finding): finding for finding in found}.values()
    return tuple(sorted(once, key=lambda finding: (not is_drift(finding), SEVERITIES.index(finding["severity"]), finding["id"], finding["subject"])))


def _finding(value: Mapping[str, Any]) -> Finding:
    """A finding with all its keys and nothing unbounded; an unknown severity counts as medium, an unknown disruption as a reboot."""
    finding = {key: plain(value.get(key)) for key in _FINDING_KEYS}
    finding["id"] = text_at(value, "id")
    finding["promise"] = identity.promise_of(value)
    finding["subject"] = identity.subject_of(value)
    if finding["severity"] not in SEVERITIES:
        finding["severity"] = "medium"
    if finding["disruption"] not in DISRUPTIONS:
        finding["disruption"] = "reboot"
    if value.get("waiver") is not None:
        finding["waiver"] = plain(value["waiver"])
    return finding
