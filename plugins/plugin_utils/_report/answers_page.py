# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""answers.html: the answers as one self-contained page without a script. What comes from hosts and feeds is escaped text only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._answers.answer import CLOSED, Answer
from .._answers.fleet import Answers, Row
from .._answers.seen import Hanging
from .._fleet.bounded import clipped, visible
from .answers import age_of, headline
from .sheet import sheet

_CVES_LIMIT = 500
_ROWS_LIMIT = 50
_NAMES_LIMIT = 40
_HEADS = ("Answer", "Hosts", "Why", "Remedy", "On it")


def answers_html(answers: Answers) -> Iterator[str]:
    """The page, in pieces: what is open first."""
    by_cve: dict[str, list[Row]] = {cve: [] for cve in answers.cves}
    for row in answers.rows:
        by_cve[row.cve].append(row)
    shown = sorted(by_cve, key=lambda cve: not answers.is_open(cve))
    ages = [age for fact in answers.facts.values() if (age := age_of(fact.scanned_at, answers.generated_at)) is not None]
    sentence = f"{len(answers.facts)} hosts, judged by what runs" + (f", from records up to {max(ages):.0f} hours old" if ages else "") + "."
    if len(shown) > _CVES_LIMIT:
        sentence += f" {len(shown) - _CVES_LIMIT} more CVEs are in answers.json."
    feeds = {"title": "By what", "heads": ("Feed", "Age", "Signature or digest"), "rows": [
        (str(feed["path"]), str(feed["age"]), "held against it" if feed["vouched"] else "neither is there") for feed in answers.feeds]}
    lost = {"title": "Passed over", "heads": ("Document and reason",), "rows": [(problem,) for problem in answers.problems[:_ROWS_LIMIT]]}
    tables = [_table(answers, cve, by_cve[cve]) for cve in shown[:_CVES_LIMIT]]
    yield from sheet("What holes mean for the fleet", sentence, answers.generated_at, [*tables, feeds, *([lost] if answers.problems else [])])


def _table(answers: Answers, cve: str, rows: list[Row]) -> dict[str, Any]:
    """What the page says of one CVE: equal answers of many hosts in one row."""
    merged: dict[Answer, tuple[list[str], Hanging]] = {}
    for row in rows:
        names, hanging = merged.setdefault(row.answer._replace(facts=(), where=""), ([], Hanging(0, 0, 0, 0)))
        names.extend(row.hosts)
        merged[row.answer._replace(facts=(), where="")] = (names, hanging.plus(row.hanging))
    title = answers.titles.get(cve, "")
    shown = [_row(answer, sorted(names), hanging) for answer, (names, hanging) in list(merged.items())[:_ROWS_LIMIT]]
    if len(merged) > _ROWS_LIMIT:
        shown.append(("", f"{len(merged) - _ROWS_LIMIT} more kinds of answers in answers.json", "", "", ""))
    return {"title": visible(headline(answers, cve) + (f": {clipped(title, 200)}" if title else "")), "heads": _HEADS, "rows": shown}


def _row(answer: Answer, names: list[str], hanging: Hanging) -> tuple[str, ...]:
    more = len(names) - _NAMES_LIMIT
    hosts = f"{len(names)}: " + ", ".join(names[:_NAMES_LIMIT]) + (f" and {more} more" if more > 0 else "")
    why = (f"{answer.component}: " if answer.component else "") + clipped(answer.reason, 400) + (f"\n({answer.advisory})" if answer.advisory else "")
    if answer.answer in CLOSED:
        return answer.answer.replace("_", " "), hosts, why, "", ""
    cost = f"\n({answer.disruption.replace('_', ' ')})" if answer.disruption else ""
    return answer.answer.replace("_", " "), hosts, why, answer.remedy + cost, hanging.words()
