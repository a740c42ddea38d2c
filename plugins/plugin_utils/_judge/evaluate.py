# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``(record, standard) -> verdict and findings``: pure, and safe with any record that a host may send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from .._standard.catalogue import SEVERITIES, entry_of
from .._standard.in_force import Effective, Undecided, promises, resolve, undecided, without
from .._standard.keys import KEYS, MATCH_FACTS
from .._standard.requirement import Requirement
from .._standard.waivers import Waiver, in_force
from .facts import CannotSay, Facts, printable
from .judging import Difference, Outcome, Rule, Scope, Unknown
from .rules import boot, boot_trust, containers, cpu, hypervisor, kata, kernel, live_patch, mitigations, os, services

RECORD_SCHEMA = "firebreak.record/1"
RULES: tuple[Rule, ...] = (*os.RULES, *boot.RULES, *boot_trust.RULES, *kernel.RULES, *live_patch.RULES,
                           *cpu.RULES, *hypervisor.RULES, *containers.RULES, *kata.RULES,
                           *services.RULES, *mitigations.RULES)

# What a scan may have failed with, as the first word of ``failure``; anything else is a scan_failed.
FAILURES = ("unreachable", "python_too_old", "image_based", "scan_failed", "no_record")
_REASONS_LIMIT = 50
_SETTINGS = frozenset(key.path for key in KEYS if not key.promise)


@dataclass(frozen=True)
class Evaluation:
    """A host's verdict. Findings with a promise are drift; those without are observations that do not change the verdict."""

    verdict: str
    reasons: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    waived: list[dict[str, Any]] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """The evaluation as plain data."""
        return {"verdict": self.verdict, "reasons": self.reasons, "findings": self.findings, "waived": self.waived}


@lru_cache(maxsize=256)
def _promises(effective: _ByContent, platform: tuple[tuple[str, str], ...]) -> Mapping[str, Requirement]:
    return promises(resolve(effective.standard, dict(platform)))


class _ByContent:
    """A standard that is equal to another with the same SHA-256, so that a fleet resolves each standard once per platform."""

    def __init__(self, standard: Mapping[str, Any], sha256: str) -> None:
        self.standard = standard
        self.sha256 = sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByContent) and other.sha256 == self.sha256


def _promises_for(effective: Effective, facts: Facts) -> Mapping[str, Requirement]:
    """What is promised to a host; what a platform block of which nobody knows whether it holds here may change is left out."""
    if effective.standard is None or effective.sha256 is None:
        return {}
    made = _promises(_ByContent(effective.standard, effective.sha256), _platform(facts))
    doubtful = {key for block in _undecided(effective, facts) for key in block.keys}
    return {key: promise for key, promise in made.items() if key not in doubtful} if doubtful else made


def _undecided(effective: Effective, facts: Facts) -> list[Undecided]:
    """The platform blocks of which nobody knows whether they hold here. A fact that the host does not have is known: it matches nothing."""
    if effective.standard is None:
        return []
    known = dict(_platform(facts))
    unknown = {name for name in MATCH_FACTS if name not in known and not facts.is_absent(f"os.{name}")}
    return undecided(effective.standard, known, unknown) if unknown else []


def _platform(facts: Facts) -> tuple[tuple[str, str], ...]:
    known = ((name, facts.raw(f"os.{name}")) for name in MATCH_FACTS)
    return tuple((name, value) for name, value in known if isinstance(value, str) and len(value) <= 256)


def standard_of(record: Mapping[str, Any] | None, effective: Effective) -> dict[str, Any] | None:
    """The standard as this record's host is held to it: with the platform blocks that match its os facts; None where none was declared."""
    if effective.standard is None:
        return None
    facts = Facts(record or {})
    resolved = resolve(effective.standard, dict(_platform(facts)))
    # A role changes nothing by a promise of which nobody knows whether it is made here.
    return without(resolved, {key for block in _undecided(effective, facts) for key in block.keys}) if record else resolved


def outcomes(rule: Rule, scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """What a rule says; one that raises costs its own promise, whatever the record made it do."""
    try:
        yield from rule.judge(scope, promise)
    except CannotSay as reason:
        yield Unknown(reason.fact, reason.why)
    except Exception as error:
        yield Unknown(rule.key, f"malformed: the rule failed with {type(error).__name__}")


def _finding(difference: Difference, promise: str | None, facts: Facts) -> dict[str, Any]:
    entry = entry_of(difference.finding)
    return {
        "id": difference.finding, "severity": difference.severity or entry.severity, "promise": promise,
        "expected": difference.expected, "observed": difference.observed,
        "remedy": difference.remedy or entry.remedy, "disruption": difference.disruption or entry.disruption,
        "evidence": facts.evidence(difference.facts),
        # Below the fact that proves it, so that a fact that cannot be had is one of it too.
        **({"subject": f"{difference.facts[0]}.{difference.subject}"} if difference.subject else {}),
    }


def _judge(scope: Scope) -> tuple[list[dict[str, Any]], list[str]]:
    """All findings, and why some promises could not be judged."""
    findings: list[dict[str, Any]] = []
    unknown: dict[str, None] = {}
    for rule in RULES:
        promise = scope.promises.get(rule.key)
        if (promise is None and not rule.observes) or (promise is not None and promise.value == "allowed"):
            continue
        for outcome in outcomes(rule, scope, promise):
            promised = (rule.key if promise is not None else None) if outcome.promise is None else outcome.promise or None
            if isinstance(outcome, Difference):
                findings.append(_finding(outcome, promised, scope.facts))
            elif promised:
                unknown[f"{printable(outcome.fact)}: {printable(outcome.why, 300)}"] = None
    return findings, list(unknown)


def judge(record: Any, made: Mapping[str, Requirement], now: datetime) -> tuple[list[dict[str, Any]], list[str]]:
    """The findings of a record by some promises, and why some of them could not be judged; without waivers and verdict."""
    return _judge(Scope(Facts(record), made, now))


def _expired(waiver: Waiver) -> dict[str, Any]:
    observed = f"{waiver.finding}, owner {waiver.owner}, expired {waiver.expires}"
    difference = Difference("waiver.expired", "no expired waiver", printable(observed), ())
    evidence = [{"fact": "waiver", "source": waiver.source, "value": waiver.as_data()}]
    return {**_finding(difference, None, Facts(None)), "evidence": evidence}


def _waive(findings: list[dict[str, Any]], effective: Effective, now: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The findings that stand, with one for each expired waiver, and the waived ones with their waiver."""
    holding, expired = in_force(effective.waivers, now.date())
    standing: list[dict[str, Any]] = []
    waived: list[dict[str, Any]] = []
    for finding in findings:
        waiver = next((waiver for waiver in holding if waiver.covers(finding["id"])), None)
        if waiver:
            waived.append({**finding, "waiver": waiver.as_data()})
        else:
            standing.append(finding)
    return standing + [_expired(waiver) for waiver in expired], waived


def _about_record(record: Any, facts: Facts) -> list[str]:
    """What is wrong with the record as a whole."""
    if not isinstance(record, dict):
        return ["no_record"]
    reasons = []
    if record.get("schema") != RECORD_SCHEMA:
        reasons.append(f"record_schema: {printable(str(record.get('schema')), 60)} is not {RECORD_SCHEMA}")
    # A scan that was not asked for this section judges what it was asked for.
    return reasons + (_about_image(facts) if "os" in record else [])


def _about_image(facts: Facts) -> list[str]:
    """A host of packages is judged by them, one of images by the image that runs, where that can be told."""
    tool = facts.raw("os.image_tool")
    # Its snapshots are made of packages, and which one comes next is read.
    readable = tool == "transactional-update" or isinstance(facts.raw("os.image.booted"), str)
    try:
        return [f"image_based: {printable(str(tool), 60)}"] if facts.truth("os.image_based") and not readable else []
    except CannotSay as reason:
        return [f"{reason.fact}: {reason.why}"]


def _about_failure(failure: str) -> str:
    text = printable(failure, 500)
    return text if text.split(":")[0].split(" ")[0] in FAILURES else f"scan_failed: {text}"


def _about_standard(effective: Effective, made: Mapping[str, Requirement], facts: Facts) -> list[str]:
    if effective.standard is None:
        return ["no_standard"]
    doubtful = dict.fromkeys(block.fact for block in _undecided(effective, facts))
    if doubtful:
        return [f"platform: os.{name}: {facts.why_not_text(f'os.{name}')}" for name in doubtful]
    return [] if any(key not in _SETTINGS for key in made) else ["no_promise: the standard promises nothing for this platform"]


def _verdict(failure: str | None, findings: list[dict[str, Any]], reasons: list[str]) -> str:
    if failure:
        return "unreachable" if reasons[0].startswith("unreachable") else "unknown"
    if any(finding["promise"] for finding in findings):
        return "drifted"
    return "unknown" if reasons else "compliant"


def evaluate(record: Any, effective: Effective, now: datetime, failure: str | None = None) -> Evaluation:
    """Judge one host at ``now`` (aware, UTC). ``failure`` says why the scan got no or only part of a record, first word from FAILURES."""
    facts = Facts(record)
    scope = Scope(facts, _promises_for(effective, facts), now)
    found, unknown = _judge(scope) if isinstance(record, dict) else ([], [])
    findings, waived = _waive(found, effective, now)
    findings.sort(key=lambda finding: (finding["promise"] is None, -SEVERITIES.index(finding["severity"]), finding["id"]))
    reasons = [_about_failure(failure)] if failure else _about_record(record, facts)
    if isinstance(record, dict):
        reasons += _about_standard(effective, scope.promises, facts) + unknown
    return Evaluation(_verdict(failure, findings, reasons), reasons[:_REASONS_LIMIT], findings, waived)
