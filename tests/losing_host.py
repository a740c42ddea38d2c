# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recorded host that loses answers, and the promises that it breaks: what the two properties of lost information are tried with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
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


def _rule_of(key: str) -> Rule:
    judged_by = next((rule for free, rule in _JUDGED_BY.items() if key.startswith(free)), key)
    return next(rule for rule in RULES if rule.key == judged_by)


def promises(record: dict[str, Any], state: str = BROKEN) -> list[Promise]:
    """Every promise in this state on a host, as far as the candidates tell."""
    found = []
    for known in (key for key in KEYS if key.promise):
        for raw in _candidates(known):
            try:
                requirement = read(known.path, known, raw)
            except StandardError:
                continue
            made = [Promise(key, requirement, _rule_of(key)) for key in _named(known.path, record)]
            found += [promise for promise in made if state_of(record, promise) == state]
    return found


def state_of(record: dict[str, Any], promise: Promise) -> str:
    """Whether a record keeps a promise, breaks it, or cannot say."""
    rule, scope = promise.rule, Scope(Facts(record), {promise.key: promise.requirement}, NOW)
    own = promise.requirement if rule.key == promise.key else None
    said = [outcome for outcome in outcomes(rule, scope, own)
            if ((rule.key if own else None) if outcome.promise is None else outcome.promise) == promise.key]
    if any(isinstance(outcome, Difference) for outcome in said):
        return BROKEN
    return UNKNOWN if said else KEPT


# (problem, whether all that follows is lost as well)
LOSSES = (("unreadable", False), ("needs_root", False), ("too_large", False), ("deadline", False), ("deadline", True))


def _with(record: dict[str, Any], section: str, result: dict[str, Any]) -> dict[str, Any]:
    """The record with another result of one section."""
    nulls = [null for null in record["nulls"] if not null["fact"].startswith(section + ".")]
    return {**record, section: result["facts"], "nulls": nulls + result["nulls"]}


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
    host = RecordedHost.load(path)
    record = scan.scan(host, [], OPTIONS)
    broken = promises(record)
    kept, questions, losses = [], 0, 0
    for section, module in sections.SECTIONS.items():
        counted = LosingHost(host)
        scan.collect_one(counted, section, module, OPTIONS)
        questions += counted.asked
        for number in range(0, counted.asked, stride):
            for problem, ever in LOSSES:
                losses += 1
                result = scan.collect_one(LosingHost(host, number, problem, ever), section, module, OPTIONS)
                if result["facts"] != record[section]:
                    worse = _with(record, section, result)
                    kept += [(section, number, problem, promise.key) for promise in broken if state_of(worse, promise) == KEPT]
    return Lost(questions, losses, len(broken), kept)
