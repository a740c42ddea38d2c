# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a fleet. Pure: what runs where and advisories in, rows out. Hosts that are alike are judged once, as one group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from . import live
from .alike import Alike, Fact, Group, Partition
from .answer import CLOSED, FIXED, LIVE_PATCHED, NOT_REACHABLE, RANK, UNAFFECTED, UNKNOWN, Answer, Judged, judged, of_nobody, of_nothing
from .index import Urgency
from .seen import Hanging, Seen
from .told import Content, Told


class Row(NamedTuple):
    """The answer to one CVE of hosts that are alike: the worst of its parts, all of them, and what hangs on the one that counts."""

    cve: str
    hosts: tuple[str, ...]
    answer: Answer
    parts: tuple[Answer, ...]
    hanging: Hanging


class _Said(NamedTuple):
    generated_at: str
    cves: Mapping[str, Urgency]
    facts: Mapping[str, Fact]
    rows: tuple[Row, ...]
    feeds: tuple[Mapping[str, Any], ...]
    problems: tuple[str, ...]
    titles: Mapping[str, str]


class Answers(_Said):
    """Everything a report of answers shows; ``rows`` come by CVE, the worst first."""

    @cached_property
    def _counted(self) -> dict[str, Counter[str]]:
        counts: dict[str, Counter[str]] = {cve: Counter() for cve in self.cves}
        for row in self.rows:
            counts[row.cve][row.answer.answer] += len(row.hosts)
        return counts

    def counts(self, cve: str) -> Counter[str]:
        """How many hosts have each answer to a CVE."""
        return self._counted[cve]

    def is_open(self, cve: str) -> bool:
        """Whether any host is not closed."""
        return any(count for name, count in self.counts(cve).items() if name not in CLOSED)


def of_fleet(facts: Iterable[Fact], wanted: Sequence[str]) -> dict[str, Fact]:
    """The newest fact of each host, by its name; ``wanted`` hosts of which there is none are unknown."""
    found: dict[str, Fact] = {}
    for fact in facts:
        if fact.host not in found or found[fact.host].scanned_at <= fact.scanned_at:
            found[fact.host] = fact
    for name in wanted:
        found.setdefault(name, Fact(name, "", (), "no record of this host"))
    return dict(sorted(found.items()))


def names_of(facts: Mapping[str, Fact]) -> frozenset[str]:
    """Every name by which an advisory may call anything on these hosts; hosts that are alike share what runs on them."""
    kinds = {id(fact.placed): fact.placed for fact in facts.values()}
    return frozenset(name for placed in kinds.values() for one in placed for name in (*one.seen.names, *one.seen.coming[1]))


def rows_of(facts: Mapping[str, Fact], asked: Iterable[Told], known: set[str], distrust: str = "") -> Iterator[Row]:
    """The rows of each CVE that is asked for, the worst first.

    With ``distrust``, the reason why the feeds cannot be believed now, no answer that rests on them closes a hole.
    """
    alike, hanging = Alike(facts.values()), _Hanging(facts)
    # What is said alike of many CVEs is judged once. Contents are told apart by where they lie, so what is known of one keeps it there.
    shapes: dict[tuple[int, int], tuple[Content, list[_Shape]]] = {}
    for told in asked:
        partition = alike.partition(told)
        key = (id(told.content), id(partition))
        _content, found = shapes.get(key, (None, None))
        if found is None:
            found = sorted(_shapes(told, partition, known, distrust), key=lambda shape: RANK[shape.parts[shape.worst].answer.answer])
            if not partition.is_named and not any(told.cve in part.answer.reason for shape in found for part in shape.parts):
                shapes[key] = (told.content, found)
        yield from (shape.row(told, hanging) for shape in found)


class _Shape(NamedTuple):
    """A row without what names its CVE: its hosts, the answers of its parts, and the place of the one that counts."""

    hosts: tuple[str, ...]
    parts: tuple[Judged, ...]
    worst: int

    def row(self, told: Told, hanging: _Hanging) -> Row:
        """The row of one CVE."""
        parts = tuple(part.of(told) for part in self.parts)
        answer = parts[self.worst]
        return Row(told.cve, self.hosts, answer, parts, hanging.of(self.hosts, answer.component))


def _shapes(told: Told, partition: Partition, known: set[str], distrust: str) -> Iterator[_Shape]:
    judgements = [judged(told.cve, told.content, seen) for seen in partition.things]
    for group in partition.groups:
        parts = _parts(told, group, [judgements[thing] for thing in group.things], partition.things, known)
        parts = [part._replace(answer=_distrusted(part.answer, distrust)) for part in parts]
        yield _Shape(group.hosts, tuple(parts), min(range(len(parts)), key=lambda place: RANK[parts[place].answer.answer]))


def _parts(told: Told, group: Group, found: Sequence[Judged | None], things: Sequence[Seen], known: set[str]) -> list[Judged]:
    """The answers for the things of a group, the worst first."""
    if group.problem:
        return [Judged(Answer(UNKNOWN, "", group.problem))]
    if not told.ids:
        return [Judged(of_nobody(told.cve))]
    return sorted(filter(None, found), key=lambda one: RANK[one.answer.answer]) or [Judged(of_nothing(told, things[group.things[0]], known))]


class _Hanging:
    """What hangs on a component, over all hosts of a group. Several processes of a host each have their own guest."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._facts, self._known = facts, dict[tuple[tuple[str, ...], str], Hanging]()

    def of(self, hosts: tuple[str, ...], component: str) -> Hanging:
        """Of these hosts together."""
        key = (hosts, component)
        if key not in self._known:
            total = Hanging(0, 0, 0, 0)
            for one in (one for host in hosts for one in self._facts[host].placed if one.seen.component == component):
                total = total.plus(one.hanging)
            self._known[key] = total
        return self._known[key]


def _distrusted(part: Answer, distrust: str) -> Answer:
    """A feed that is old may name a fix that was mended since, and lacks what was found since: it closes nothing."""
    rests_on_feeds = part.answer in (FIXED, UNAFFECTED, NOT_REACHABLE) or (part.answer == LIVE_PATCHED and live.CLAIMED not in part.facts)
    if not distrust or not rests_on_feeds:
        return part
    return part._replace(answer=UNKNOWN, reason=f"{distrust}; by it: {part.answer}, {part.reason}")
