# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts must have the same answer to a question, so that it is worked out once for all of them.

Two hosts may differ in a live patch of which no advisory of this CVE tells, or in a mitigation of another hole: that makes no difference here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .seen import Live, Placed, Reach, Seen
from .told import Told


class Fact(NamedTuple):
    """What answers need of one host: what runs on it, when it was seen, and why nothing is known where nothing is."""

    host: str
    scanned_at: str
    placed: tuple[Placed, ...]
    problem: str = ""


class Group(NamedTuple):
    """Hosts that are alike: the numbers of their things, why nothing is known of them where nothing is, and their names."""

    things: tuple[int, ...]
    problem: str
    hosts: tuple[str, ...]


class Partition(NamedTuple):
    """The hosts of a fleet in groups that are alike, and the things that the groups are told apart by, each once; ``is_named`` says whether a live
    patch or a mitigation of any of them names the CVE.
    """

    things: tuple[Seen, ...]
    groups: tuple[Group, ...]
    is_named: bool = False


class _Difference(NamedTuple):
    """What makes a difference to a question: live patches, reach, the things whose live patches or mitigations name the CVE itself, and the CVE
    where mitigations do: the same things may have another one for another hole."""

    live: bool
    reach: bool
    named: frozenset[int]
    cve: str


class Alike:
    """The hosts of a fleet, in groups for each question."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        numbers: dict[Seen, int] = {}
        groups: dict[tuple[tuple[int, ...], str], list[str]] = {}
        # Of facts that were kept, hosts that are alike share what runs on them.
        known: dict[int, tuple[int, ...]] = {}
        kept = list(facts)
        for fact in kept:
            things = known.get(id(fact.placed))
            if things is None:
                things = known[id(fact.placed)] = tuple(dict.fromkeys(numbers.setdefault(one.seen, len(numbers)) for one in fact.placed))
            groups.setdefault((things, fact.problem), []).append(fact.host)
        self._things, self._groups = tuple(numbers), groups
        self._named = _named(self._things)
        self._mitigated = {one.cve for seen in self._things for one in seen.mitigated}
        self._known: dict[_Difference, Partition] = {}

    def partition(self, told: Told) -> Partition:
        """The groups of hosts that have the same answer to what is told of one CVE."""
        difference = _Difference(told.notices or bool(told.content.live), bool(told.content.files), self._named.get(told.cve, frozenset()),
                                 told.cve if told.cve in self._mitigated else "")
        if difference not in self._known:
            self._known[difference] = self._partition(difference)
        return self._known[difference]

    def _partition(self, difference: _Difference) -> Partition:
        plain: dict[Seen, int] = {}
        number = [plain.setdefault(_plain(seen, place, difference), len(plain)) for place, seen in enumerate(self._things)]
        merged: dict[tuple[tuple[int, ...], str], list[str]] = {}
        for (things, problem), hosts in self._groups.items():
            merged.setdefault((tuple(dict.fromkeys(number[thing] for thing in things)), problem), []).extend(hosts)
        return Partition(tuple(plain), tuple(Group(things, problem, tuple(sorted(hosts))) for (things, problem), hosts in merged.items()),
                         bool(difference.named))


def _named(things: Iterable[Seen]) -> Mapping[str, frozenset[int]]:
    """The things whose live patches or mitigations name a CVE, by the CVE."""
    found: dict[str, set[int]] = {}
    for place, seen in enumerate(things):
        for cve in (*seen.live.fixed, *(one.cve for one in seen.mitigated)):
            found.setdefault(cve, set()).add(place)
    return {cve: frozenset(places) for cve, places in found.items()}


def _plain(seen: Seen, place: int, difference: _Difference) -> Seen:
    """A thing without what makes no difference."""
    is_named = place in difference.named
    return seen._replace(
        live=seen.live if is_named or difference.live else Live(), reach=seen.reach if difference.reach else Reach(),
        mitigated=tuple(one for one in seen.mitigated if one.cve == difference.cve) if is_named else ())
