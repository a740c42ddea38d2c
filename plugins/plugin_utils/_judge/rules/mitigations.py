# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of mitigations: each in its state, what is left over of others, and what has had its day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._mitigations import states
from ..._mitigations.states import State
from ..._standard.mitigations import Mitigation
from ..._standard.requirement import Requirement
from ..facts import printable
from ..fixes import fix_in_force
from ..judging import Difference, Outcome, Rule, Scope, Unknown

_APPLIED = "kernel.mitigations_applied"
_FINDINGS = {states.ABSENT: "mitigations.absent", states.PENDING: "mitigations.pending", states.CONFLICTS: "mitigations.conflicts"}


def all_states(wanted: tuple[Mitigation, ...], record: Mapping[str, Any]) -> list[State]:
    """The state of each mitigation on a host."""
    return [states.state_of(one, record, fix_in_force(one, record)) for one in wanted]


def _judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    wanted: tuple[Mitigation, ...] = promise.value if promise else ()
    found = all_states(wanted, scope.facts.record())
    yield from _told(found)
    expired = [f"{one.name}, owner {one.owner}, until {one.expires}" for one in wanted if one.expires < scope.now.date()]
    if expired:
        yield Difference("mitigations.expired", "no mitigation beyond its last day", [printable(text) for text in expired[:20]], ())
    yield from _left_over(scope, found)


def _told(found: list[State]) -> Iterator[Outcome]:
    for name, finding in _FINDINGS.items():
        said = [one for one in found if one.state == name or (name == states.PENDING and one.state == states.IN_FORCE and not one.lasts)]
        if said:
            facts = dict.fromkeys(fact for one in said for part in one.parts for fact in part.facts)
            yield Difference(finding, "each mitigation in force", [_words(one) for one in said[:20]], tuple(facts))
    for one in found:
        if one.state == states.UNKNOWN:
            fact = next((part.facts[0] for part in one.parts if part.state == states.UNKNOWN), _APPLIED)
            yield Unknown(fact, printable(f"{one.name}: {one.reason}"))


def _words(one: State) -> str:
    lost = " (the next boot loses it)" if not one.lasts else ""
    return printable(f"{one.name}: {one.state}{lost}, {one.reason}")


def _left_over(scope: Scope, found: list[State]) -> Iterator[Outcome]:
    """What was applied and is needless now, or is in no list any more."""
    needless = {one.name: one.reason for one in found if one.state == states.NEEDLESS}
    kept = {one.name for one in found} - needless.keys()
    applied = [name for name in scope.facts.words(_APPLIED) if name not in kept]
    if applied:
        said = [printable(f"{name}: {needless.get(name, 'no longer in the standard')}") for name in applied[:20]]
        yield Difference("mitigations.needless", "nothing of a mitigation whose fix is in force", said, (_APPLIED,))


RULES = (Rule("mitigations", _judge, observes=True),)
