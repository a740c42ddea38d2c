# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded host that loses answers, and the promises that it breaks: what the two properties of lost information are tried with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import Answer
from ansible_collections.firebreak.fleet.plugins.module_utils._scan import scan, sections
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import RULES, outcomes
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.facts import Facts
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.judging import Difference, Rule, Scope
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.keys import KEYS, Key
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.requirement import Requirement
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.validation import StandardError, read
from recorded_host import RecordedHost

OPTIONS = {"available": True, "hypervisor_probe": "device"}
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=timezone.utc)
KEPT, UNKNOWN, BROKEN = "kept", "unknown", "broken"
_NONE_SUCH = "no-such-thing"
# Keys of which a part is free, by how they begin, with the rule that judges them.
_JUDGED_BY = {"hypervisor.kvm.": "hypervisor.kvm", "cpu.vulnerabilities.": "cpu.vulnerabilities.all", "cpu.microcode_of.": "cpu.microcode_of"}
_FREE = tuple(_JUDGED_BY)


class RememberingHost:
    """Asks another host each question once: losing one answer changes no other."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._answers: dict[tuple[str, str], Any] = {}

    def __getattr__(self, name: str) -> Any:
        question = getattr(self._host, name)

        def ask(*arguments: Any, **options: Any) -> Any:
            asked = (name, repr((arguments, options)))
            if asked not in self._answers:
                self._answers[asked] = question(*arguments, **options)
            answer = self._answers[asked]
            # Each reader gets a list of its own.
            return answer._replace(value=list(answer.value)) if isinstance(answer, Answer) and isinstance(answer.value, list) else answer

        self.__dict__[name] = ask
        return ask


class LosingHost:
    """Asks another host, and answers the question of number ``at`` (and with ``ever`` all later ones) with a problem; counts the questions."""

    def __init__(self, host: Any, at: int = -1, problem: str = "", ever: bool = False) -> None:
        self._host, self._at, self._problem, self._ever = host, at, problem, ever
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        question = getattr(self._host, name)

        def ask(*arguments: Any, **options: Any) -> Any:
            answer = question(*arguments, **options)
            if not isinstance(answer, Answer):
                return answer
            number, self.asked = self.asked, self.asked + 1
            is_lost = number == self._at or (self._ever and number > self._at)
            return Answer(None, self._problem, f"lost {name} {arguments[0]}") if is_lost else answer

        return ask

    def uid(self) -> int:
        """Only of one who is not root is it told that root might be answered."""
        return 65534 if self._problem == "needs_root" else int(self._host.uid())

    def remaining(self) -> float | None:
        """What LiveHost says past its deadline."""
        return 0.0 if self._ever and self.asked > self._at else None


class Promise(NamedTuple):
    """One key of the standard with what it asks for, and the rule that judges it."""

    key: str
    requirement: Requirement
    rule: Rule


def _candidates(key: Key) -> Iterator[Any]:
    """Values of a key, of which some are broken by any host."""
    yield from key.choices
    yield from ({"rule": rule} for rule in key.rules)
    yield from (True, False, _NONE_SUCH, "9.9.9-promised", {"minimum": "999:9"}, {"minimum": 100000}, {"maximum": 0}, "0xffffffff",
                [_NONE_SUCH], ["*"], [], ["0" * 64 + "  /opt/kata/bin/" + _NONE_SUCH])


def _named(key: str, record: dict[str, Any]) -> list[str]:
    """A key of the standard, with the record's own names where a part of it is free."""
    if key.startswith(_FREE[0] + "<"):
        return [_FREE[0] + name for name in (record["hypervisor"].get("kvm") or {}).get("parameters") or {}]
    if key.startswith(_FREE[1] + "<"):
        return [_FREE[1] + name for name in ("all", *(record["cpu"]["vulnerabilities"] or {}))]
    if key.startswith(_FREE[2] + "<"):
        rows = (record["cpu"].get("microcode") or {}).get("processors") or []
        return [_FREE[2] + row["processor"] for row in rows if row["processor"]]
    return [key]


@cache
def _rule_of(key: str) -> Rule:
    judged_by = next((rule for free, rule in _JUDGED_BY.items() if key.startswith(free)), key)
    return next(rule for rule in RULES if rule.key == judged_by)


@cache
def _all_requirements() -> tuple[tuple[str, Requirement], ...]:
    """Every key that is a promise, with each of its candidates that a standard takes."""
    found = []
    for known in (key for key in KEYS if key.promise):
        for raw in _candidates(known):
            with suppress(StandardError):
                found.append((known.path, read(known.path, known, raw)))
    return tuple(found)


def promises(record: dict[str, Any], state: str = BROKEN) -> list[Promise]:
    """Every promise in this state on a host, as far as the candidates tell."""
    facts = Facts(record)
    made = (Promise(key, requirement, _rule_of(key)) for path, requirement in _all_requirements() for key in _named(path, record))
    return [promise for promise in made if state_of(facts, promise) == state]


def state_of(facts: Facts, promise: Promise) -> str:
    """Whether a record keeps a promise, breaks it, or cannot say."""
    rule, scope = promise.rule, Scope(facts, {promise.key: promise.requirement}, NOW)
    own = promise.requirement if rule.key == promise.key else None
    said = [outcome for outcome in outcomes(rule, scope, own)
            if ((rule.key if own else None) if outcome.promise is None else outcome.promise) == promise.key]
    if any(isinstance(outcome, Difference) for outcome in said):
        return BROKEN
    return UNKNOWN if said else KEPT


_EVERY = "*"


class _Watched(dict[str, Any]):
    """A mapping that notes below ``place`` which of its keys were looked at, and of a record (``place`` is empty) those of its parts too."""

    def __init__(self, mapping: dict[str, Any], noted: set[tuple[str, ...]], place: tuple[str, ...] = ()) -> None:
        super().__init__(mapping)
        self._noted, self._place = noted, place

    def __getitem__(self, key: str) -> Any:
        self._noted.add((*self._place, key))
        value = super().__getitem__(key)
        return _Watched(value, self._noted, (key,)) if isinstance(value, dict) and not self._place else value

    def __contains__(self, key: object) -> bool:
        self._noted.add((*self._place, str(key)))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._noted.add((*self._place, _EVERY))
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """As of any mapping."""
        try:
            return self[key]
        except KeyError:
            return default


def _looked_at(record: dict[str, Any], promise: Promise) -> set[tuple[str, ...]]:
    noted: set[tuple[str, ...]] = set()
    state_of(Facts(_Watched(record, noted)), promise)
    return noted


class Resting:
    """Which promises can be judged otherwise where something in a record is worse. A rule that looked at nothing of that says what it said before."""

    def __init__(self, record: dict[str, Any], made: list[Promise]) -> None:
        self._made = [(promise, _looked_at(record, promise)) for promise in made]
        self._known: dict[frozenset[tuple[str, ...]], list[Promise]] = {}

    def on(self, *changed: tuple[str, ...]) -> list[Promise]:
        """Those that rest on one of these: ``(part,)``, or ``(part, key)`` of a part that is a mapping still."""
        everywhere = {(_EVERY,), *((place[0], _EVERY) for place in changed)}
        places = frozenset({*changed, *everywhere})
        if places not in self._known:
            self._known[places] = [promise for promise, noted in self._made if not noted.isdisjoint(places)]
        return self._known[places]


# (problem, whether all that follows is lost as well)
LOSSES = (("unreadable", False), ("needs_root", False), ("too_large", False), ("deadline", False), ("deadline", True))


def _with(record: dict[str, Any], section: str, result: dict[str, Any]) -> dict[str, Any]:
    """The record with another result of one section."""
    nulls = [null for null in record["nulls"] if not null["fact"].startswith(section + ".")]
    return {**record, section: result["facts"], "nulls": nulls + result["nulls"]}


def _differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {name for name in one.keys() | other.keys() if name not in one or name not in other or one[name] != other[name]}


class Lost(NamedTuple):
    """What was tried with one host: its questions, how many losses, how many promises it breaks, and which of these some loss made kept.

    These are told by the section, the number of the question, the problem and the promise.
    """

    questions: int
    losses: int
    broken: int
    kept: list[tuple[str, int, str, str]]


def kept_by_losing(path: Path, stride: int) -> Lost:
    """Every broken promise of a host that some lost answer makes kept; every ``stride``-th question is lost, in each way."""
    host = RememberingHost(RecordedHost.load(path))
    record = scan.scan(host, [], OPTIONS)
    broken = promises(record)
    resting = Resting(record, broken)
    kept, questions, losses = [], 0, 0
    for section, module in sections.SECTIONS.items():
        counted = LosingHost(host)
        scan.collect_one(counted, section, module, OPTIONS)
        questions += counted.asked
        for number in range(0, counted.asked, stride):
            for problem, ever in LOSSES:
                losses += 1
                result = scan.collect_one(LosingHost(host, number, problem, ever), section, module, OPTIONS)
                if changed := [(section, name) for name in _differing(result["facts"], record[section])]:
                    facts, judged = Facts(_with(record, section, result)), resting.on(("nulls",), *changed)
                    kept += [(section, number, problem, promise.key) for promise in judged if state_of(facts, promise) == KEPT]
    return Lost(questions, losses, len(broken), kept)
