# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which day something must be done: the due dates of known exploited holes, the last days of waivers, and who will miss them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from .._answers import exploited, written
from .._fleet.bounded import text_at

# Answers of which a known exploited hole is not closed now; the others are.
OPEN_ANSWERS = ("exposed", "unknown", "pending")


class Deadline(NamedTuple):
    """A day, in UTC, and what is due on it."""

    day: date
    why: str


class DeadlineError(Exception):
    """A document of due dates that is none; one message for a person."""


def kev_due(document: Any) -> dict[str, date]:
    """The due date of each CVE in CISA's catalogue of known exploited vulnerabilities."""
    if not exploited.looks_like(document):
        raise DeadlineError("firebreak_kev: want CISA's known_exploited_vulnerabilities.json, with catalogVersion and a list 'vulnerabilities'")
    days = ((one.cve, _day(one.due)) for one in exploited.parse(document))
    return {cve: day for cve, day in days if day}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def of_answers(answers: Any, due: Mapping[str, date]) -> dict[str, list[Deadline]]:
    """What is due on each host by the answers of ``answer_cve`` (``answers.json``) and the due dates."""
    found: dict[str, list[Deadline]] = {}
    for host, row in written.rows(answers):
        cve, answer = text_at(row, "cve"), text_at(row, "answer")
        if cve in due and answer in OPEN_ANSWERS:
            found.setdefault(host, []).append(Deadline(due[cve], f"{cve} is known to be exploited ({answer} here)"))
    return found


def of_waivers(waived: Iterable[Mapping[str, Any]]) -> Iterator[Deadline]:
    """The last days of the waivers that cover findings of one host."""
    for finding in waived:
        day = _day(text_at(finding.get("waiver"), "expires"))
        if day:
            yield Deadline(day, f"the waiver of {text_at(finding, 'id')} ends")


def first(deadlines: Iterable[Deadline]) -> Deadline | None:
    """The one that comes first."""
    return min(deadlines, default=None)


def late(in_order: Sequence[tuple[str, Deadline | None]], today: date, per_day: float) -> dict[str, date]:
    """The hosts that miss their day at ``per_day`` hosts a day, done in this order, each with the day on which it would be done."""
    if per_day <= 0:
        return {name: date.max for name, deadline in in_order if deadline}
    missed: dict[str, date] = {}
    for place, (name, deadline) in enumerate(in_order, 1):
        if deadline:
            done = today + timedelta(days=min(math.ceil(place / per_day) - 1, 36500))
            if done > deadline.day:
                missed[name] = done
    return missed
