# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which finding is which from one report to the next, and the state it is in.

A finding is identified by its host, its id, the promise that it breaks and its subject: two of one id on one host are two findings. Its state
is ``open`` (it breaks a promise), ``waived`` (somebody answers for it), ``observed`` (the standard says nothing of it), and, in a report in
which it does not stand, ``resolved``, ``not_looked_at`` (the host was silent, or that section was not scanned) or ``unknown`` (the fact could not
be had). Pure; takes the findings of a report in memory and those of a fleet.json alike, and tolerates wrong types.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .bounded import one_line, text_at

OPEN, WAIVED, OBSERVED = "open", "waived", "observed"
RESOLVED, NOT_LOOKED_AT, UNKNOWN = "resolved", "not_looked_at", "unknown"

# What belongs to the inventory and not to a section of the record: it was looked at wherever a host was judged.
_OF_NO_SECTION = "waiver"

# Findings of which one promise, or none, may make several on one host.
_SEVERAL_SUBJECTS = ("boot.cmdline", "kernel.unmanaged", "services.stale_disruptive", "waiver.expired")

Finding = Mapping[str, Any]


class Key(NamedTuple):
    """What identifies a finding on its host. ``number`` tells apart those that are alike in all else."""

    id: str
    promise: str | None
    subject: str
    number: int = 1

    @property
    def text(self) -> str:
        """The key as one text, for a mapping in a file."""
        return "|".join([self.id, self.promise or "", self.subject, *([str(self.number)] if self.number > 1 else [])])

    @property
    def label(self) -> str:
        """The key for people: the id, and what tells it from others of that id on one host."""
        more = [self.promise] if self.promise and _adds(self.id, self.promise) else []
        more += [self.subject.removeprefix(f"{self.promise}.")] if self.id in _SEVERAL_SUBJECTS and self.subject != self.id else []
        return self.id + (f" ({', '.join(more)})" if more else "") + (f" #{self.number}" if self.number > 1 else "")


def _adds(identifier: str, promise: str) -> bool:
    """Whether a promise tells more than the id does."""
    return promise != identifier and not promise.endswith(".all") and promise.rpartition(".")[2] != identifier.rpartition(".")[2]


def promise_of(finding: Finding) -> str | None:
    """The promise that a finding breaks, or None for an observation. A finding that does not say so breaks the promise of its own name."""
    return text_at(finding, "promise") or (None if "promise" in finding else text_at(finding, "id"))


def subject_of(finding: Finding) -> str:
    """What the finding is about: what its rule says, else the first fact that proves it, or of an expired waiver the findings that it covered."""
    told = text_at(finding, "subject")
    if told:
        return told
    evidence = finding.get("evidence")
    first = evidence[0] if isinstance(evidence, list) and evidence else None
    return text_at(first, "value.finding") or text_at(first, "fact") or text_at(finding, "id")


def keyed(findings: Iterable[Finding]) -> Iterator[tuple[Key, Finding]]:
    """Each finding of one host with its key; those that are alike are numbered in the order of what they say."""
    seen: Counter[tuple[str, str | None, str]] = Counter()
    for finding in sorted(findings, key=lambda item: (text_at(item, "id"), one_line(item.get("expected")), one_line(item.get("observed")))):
        base = text_at(finding, "id"), promise_of(finding), subject_of(finding)
        seen[base] += 1
        yield Key(*base, seen[base]), finding


def fingerprint(host: str, key: Key) -> str:
    """A short name of one finding of one host, the same in every report."""
    return hashlib.sha256(json.dumps([host, key.id, key.promise, key.subject, key.number]).encode()).hexdigest()


def state_of(finding: Finding, is_waived: bool = False) -> str:
    """The state of a finding that stands in a report."""
    return WAIVED if is_waived else OPEN if promise_of(finding) else OBSERVED


class Sight(NamedTuple):
    """What a report could see of a host: the sections scanned (None where the report does not tell), and the facts that could not be had."""

    is_scanned: bool
    sections: frozenset[str] | None
    silent: frozenset[str]

    def state_without(self, finding: Finding) -> str:
        """The state of a finding of another report that does not stand in this one."""
        section = text_at(finding, "id").partition(".")[0]
        if not self.is_scanned or (self.sections is not None and section != _OF_NO_SECTION and section not in self.sections):
            return NOT_LOOKED_AT
        return UNKNOWN if any(start in self.silent for start in _starts(subject_of(finding))) else RESOLVED


def _starts(fact: str) -> Iterator[str]:
    """A dotted path and what it is part of."""
    while fact:
        yield fact
        fact = fact.rpartition(".")[0]


def silent_facts(reasons: Iterable[Any]) -> Iterator[str]:
    """The facts that a host's reasons name as not to be had (``kernel.available.release: needs_root``)."""
    for reason in reasons:
        fact, separator, _why = str(reason).partition(": ")
        if separator and "." in fact and " " not in fact:
            yield fact


def sight_of(host: Mapping[str, Any]) -> Sight:
    """What the report saw of a host of fleet.json. Before reports told the sections, a host that was judged counts as seen in whole."""
    sections, reasons, lost = host.get("sections"), host.get("reasons"), host.get("cannot_say")
    silent = [*(lost if isinstance(lost, Mapping) else ()), *silent_facts(reasons if isinstance(reasons, list) else ())]
    if not isinstance(sections, list):
        return Sight(host.get("verdict") in ("compliant", "drifted"), None, frozenset(map(str, silent)))
    return Sight(bool(sections), frozenset(map(str, sections)), frozenset(map(str, silent)))
