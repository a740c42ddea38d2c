# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a fleet. Pure: what runs where and advisories in, rows out. Hosts on which the same things run are judged once, as one group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .._fleet.bounded import text_at
from .._fleet.host import Loaded
from .._standard.mitigations import Mitigation
from . import components, mitigated
from .answer import CLOSED, FIXED, NOT_REACHABLE, RANK, UNAFFECTED, UNKNOWN, Answer, judge, of_nothing, worst
from .index import Urgency
from .model import Advisory
from .seen import Hanging, Placed, Seen

SCHEMA = "firebreak.answers/1"
# The same with one row for all hosts that have the same answer (``hosts`` for ``host``): what a thousand CVEs on a large fleet are written as.
GROUPED_SCHEMA = "firebreak.answers.grouped/1"


class Fact(NamedTuple):
    """What answers need of one host: what runs on it, when it was seen, and why nothing is known where nothing is."""

    host: str
    scanned_at: str
    placed: tuple[Placed, ...]
    problem: str = ""


class Group(NamedTuple):
    """Hosts on which the same things run, or of which nothing is known for the same reason."""

    things: tuple[Seen, ...]
    problem: str
    hosts: tuple[str, ...]


class Row(NamedTuple):
    """The answer to one CVE of a group of hosts: the worst of its parts, all of them, and what hangs on the one that counts."""

    cve: str
    group: int
    answer: Answer
    parts: tuple[Answer, ...]
    hanging: Hanging


@dataclass(frozen=True)
class Answers:
    """Everything a report of answers shows; ``rows`` come by CVE, the worst first."""

    generated_at: str
    cves: Mapping[str, Urgency]
    facts: Mapping[str, Fact]
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    feeds: tuple[Mapping[str, Any], ...]
    problems: tuple[str, ...]
    titles: Mapping[str, str]

    @cached_property
    def _counted(self) -> dict[str, Counter[str]]:
        counts: dict[str, Counter[str]] = {cve: Counter() for cve in self.cves}
        for row in self.rows:
            counts[row.cve][row.answer.answer] += len(self.groups[row.group].hosts)
        return counts

    def counts(self, cve: str) -> Counter[str]:
        """How many hosts have each answer to a CVE."""
        return self._counted[cve]

    def hosts(self, row: Row) -> tuple[str, ...]:
        """The hosts of a row."""
        return self.groups[row.group].hosts

    def is_open(self, cve: str) -> bool:
        """Whether any host is not closed."""
        return any(count for name, count in self.counts(cve).items() if name not in CLOSED)


def fact_of(loaded: Loaded, standards: Mapping[str, tuple[Mitigation, ...]] | None = None) -> Fact:
    """What answers need of one document of a report; ``standards`` has the mitigations of each standard by its SHA-256."""
    document = loaded.document if isinstance(loaded.document, Mapping) else {}
    record = document.get("record")
    name = text_at(document, "host") or loaded.name
    if not isinstance(record, Mapping) or not record:
        return Fact(name, "", (), loaded.problem or "the scan has no record")
    placed = tuple(components.placed(record))
    wanted = (standards or {}).get(text_at(document, "standard"), ())
    if placed and wanted:
        placed = (placed[0]._replace(seen=placed[0].seen._replace(mitigated=mitigated.of_record(wanted, record))), *placed[1:])
    problem = "" if placed else components.why(record, "kernel.version_order")
    return Fact(name, text_at(record, "scanned_at"), placed, problem)


def of_fleet(facts: Iterable[Fact], wanted: Sequence[str]) -> dict[str, Fact]:
    """The newest fact of each host, by its name; ``wanted`` hosts of which there is none are unknown."""
    found: dict[str, Fact] = {}
    for fact in facts:
        if fact.host not in found or found[fact.host].scanned_at <= fact.scanned_at:
            found[fact.host] = fact
    for name in wanted:
        found.setdefault(name, Fact(name, "", (), "no record of this host"))
    return dict(sorted(found.items()))


def groups_of(facts: Mapping[str, Fact]) -> tuple[Group, ...]:
    """The hosts, in groups on which the same things run."""
    found: dict[tuple[tuple[Seen, ...], str], list[str]] = {}
    for fact in facts.values():
        things = tuple(dict.fromkeys(one.seen for one in fact.placed))
        found.setdefault((things, fact.problem), []).append(fact.host)
    return tuple(Group(things, problem, tuple(hosts)) for (things, problem), hosts in found.items())


def rows_of(groups: Sequence[Group], facts: Mapping[str, Fact], asked: Iterable[tuple[str, Sequence[Advisory]]], known: set[str],
            distrust: str = "") -> Iterator[Row]:
    """The rows of each CVE that is asked for, the worst first.

    With ``distrust``, the reason why the feeds cannot be believed now, no answer that rests on them closes a hole.
    """
    hanging: dict[tuple[int, str], Hanging] = {}
    # A thing is a deep value, and slow to look up: each gets a number once.
    numbers: dict[Seen, int] = {}
    numbered = [tuple(numbers.setdefault(seen, len(numbers)) for seen in group.things) for group in groups]
    for cve, advisories in asked:
        judged = [judge(cve, advisories, seen) for seen in numbers] if advisories else []
        rows = []
        for number, (group, things) in enumerate(zip(groups, numbered, strict=True)):
            mine = [judged[thing] for thing in things] if judged else []
            parts = tuple(_distrusted(part, distrust) for part in _parts(cve, advisories, group, mine, known))
            answer = worst(parts)
            key = (number, answer.component)
            if key not in hanging:
                hanging[key] = _hanging(facts, group, answer.component)
            rows.append(Row(cve, number, answer, parts, hanging[key]))
        yield from sorted(rows, key=lambda row: RANK[row.answer.answer])


def _parts(cve: str, advisories: Sequence[Advisory], group: Group, judged: Sequence[Answer | None], known: set[str]) -> list[Answer]:
    """The answers for the things of a group, the worst first."""
    if group.problem:
        return [Answer(UNKNOWN, "", group.problem)]
    if not advisories:
        return [Answer(UNKNOWN, "", f"no feed knows {cve}")]
    found = [answer for answer in judged if answer]
    return sorted(found, key=lambda one: RANK[one.answer]) or [of_nothing(cve, advisories, group.things[0], known)]


def _hanging(facts: Mapping[str, Fact], group: Group, component: str) -> Hanging:
    """What hangs on a component, over all hosts of a group. Several processes of a host each have their own guest."""
    total = Hanging(0, 0, 0, 0)
    for host in group.hosts:
        for one in facts[host].placed:
            if one.seen.component == component:
                total = total.plus(one.hanging)
    return total


def _distrusted(part: Answer, distrust: str) -> Answer:
    """A feed that is old may name a fix that was mended since, and lacks what was found since: it closes nothing."""
    if not distrust or part.answer not in (FIXED, UNAFFECTED, NOT_REACHABLE):
        return part
    return part._replace(answer=UNKNOWN, reason=f"{distrust}; by it: {part.answer}, {part.reason}")
