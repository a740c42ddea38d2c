# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a fleet for a terminal, as JSON and as OpenMetrics text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

from .._answers.answer import CLOSED, EXPOSED, MITIGATED, PENDING, UNKNOWN, WORST_FIRST, Answer
from .._answers.fleet import Answers, Row
from .._answers.seen import Hanging, Placed
from .._answers.written import GROUPED_SCHEMA, SCHEMA
from .._fleet.bounded import counted, visible
from .line import Line
from .metrics import family

_COLORS = {EXPOSED: "red", UNKNOWN: "purple", PENDING: "yellow", MITIGATED: "yellow"}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_EXAMPLES = 6
_PARTS_LIMIT = 50
_SINGLE_ROWS_LIMIT = 200_000
_SORTED = json.JSONEncoder(sort_keys=True).encode


def age_of(scanned_at: str, generated_at: str) -> float | None:
    """Hours between a scan and a report; None where either is no moment."""
    scanned, generated = _moment(scanned_at), _moment(generated_at)
    return (generated - scanned).total_seconds() / 3600 if scanned and generated else None


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime | None:
    # strptime takes thirty times as long, and is asked for every host.
    try:
        return datetime.fromisoformat(text[:-1]) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


def due_words(due: str, generated_at: str) -> str:
    """A due date and how long it is; '' where there is none."""
    if not due:
        return ""
    days = (date.fromisoformat(due) - date.fromisoformat(generated_at[:10])).days
    return f"due {due}, " + (f"{counted(-days, 'day')} ago" if days < 0 else "today" if days == 0 else f"in {counted(days, 'day')}")


def headline(answers: Answers, cve: str) -> str:
    """A CVE with its counts, its due date and how likely it is exploited."""
    counts, urgency = answers.counts(cve), answers.cves[cve]
    told = ", ".join(f"{counts[name]} {name}" for name in WORST_FIRST if counts[name]) or "no host was asked"
    urgent = [due_words(urgency.due, answers.generated_at), "used by ransomware" if urgency.ransomware else "",
              f"EPSS {urgency.score:.2f}" if urgency.score is not None else ""]
    said = "; ".join(filter(None, urgent))
    return f"{cve}: {told}" + (f" ({said})" if said else "")


def answer_lines(answers: Answers, rows: int = 200) -> Iterator[Line]:
    """For each CVE its counts, and what has to be done, equal answers of many hosts in one line."""
    by_cve: dict[str, list[Row]] = {cve: [] for cve in answers.cves}
    for row in answers.rows:
        by_cve[row.cve].append(row)
    for cve, mine in by_cve.items():
        yield Line(visible(headline(answers, cve)), "red" if answers.counts(cve)[EXPOSED] else None)
        if len(by_cve) == 1 or answers.is_open(cve):
            yield from _rows(answers, mine, rows)
    yield from _ages(answers)
    for problem in answers.problems[:_EXAMPLES]:
        yield Line(visible(f"  passed over: {problem}"), "yellow")
    if len(answers.problems) > _EXAMPLES:
        yield Line(f"  passed over: {counted(len(answers.problems) - _EXAMPLES, 'more document')}", "yellow")


def _ages(answers: Answers) -> Iterator[Line]:
    """How old the records and the feeds are."""
    ages = sorted(age for fact in answers.facts.values() if (age := age_of(fact.scanned_at, answers.generated_at)) is not None)
    if ages:
        yield Line(f"  records: {ages[0]:.0f} to {ages[-1]:.0f} hours old" if ages[-1] >= 1 else "  records: less than an hour old")
    for feed in answers.feeds:
        yield Line(visible(f"  feed {feed['path']}: {feed['age']}{'' if feed['vouched'] else ', neither signature nor digest'}"))


def _rows(answers: Answers, found: list[Row], limit: int) -> Iterator[Line]:
    groups: dict[Answer, tuple[list[str], list[Hanging]]] = {}
    for row in found:
        names, hanging = groups.setdefault(row.answer._replace(facts=(), where=""), ([], []))
        names.extend(row.hosts)
        hanging.append(row.hanging)
    for answer, (names, hanging) in list(groups.items())[:limit]:
        names.sort()
        total = Hanging(0, 0, 0, 0)
        for one in hanging:
            total = total.plus(one)
        shown = ", ".join(names[:_EXAMPLES]) + (f" and {len(names) - _EXAMPLES} more" if len(names) > _EXAMPLES else "")
        text = f"  {answer.answer:20} {shown}: {answer.component + ': ' if answer.component else ''}{answer.reason}"
        is_open = answer.answer not in CLOSED
        text += f" -> {answer.remedy}" if answer.remedy and is_open else ""
        text += f" [{total.words()}]" if is_open and total.words() else ""
        yield Line(visible(text), _COLORS.get(answer.answer, "green"))
    if len(groups) > limit:
        yield Line(f"  {counted(len(groups) - limit, 'more group')} of hosts in answers.json")


def answers_json(answers: Answers, single_rows: int = _SINGLE_ROWS_LIMIT) -> Iterator[str]:
    """The whole document, row by row, so that it is never held as one text; of more than ``single_rows`` rows as one of groups of hosts."""
    grouped = len(answers.cves) * len(answers.facts) > single_rows
    schema = GROUPED_SCHEMA if grouped else SCHEMA
    yield json.dumps({"schema": schema, "generated_at": answers.generated_at, "feeds": list(answers.feeds),
                      "problems": list(answers.problems[:1000])}, indent=1, sort_keys=True)[:-2] + ',\n "cves": {'
    for place, cve in enumerate(answers.cves):
        yield f'{"," if place else ""}\n  {json.dumps(cve)}: {_SORTED(_cve(answers, cve))}'
    yield '\n },\n "hosts": {'
    # Hosts that are alike share what runs on them.
    texts: dict[int, str] = {}
    for place, fact in enumerate(answers.facts.values()):
        age = age_of(fact.scanned_at, answers.generated_at)
        head = json.dumps({"scanned_at": fact.scanned_at or None, "age_hours": None if age is None else round(age, 1)})
        if id(fact.placed) not in texts:
            texts[id(fact.placed)] = json.dumps([_thing(one) for one in fact.placed[:_PARTS_LIMIT]])
        yield f'{"," if place else ""}\n  {json.dumps(fact.host)}: {head[:-1]}, "runs": {texts[id(fact.placed)]}}}'
    yield '\n },\n "answers": ['
    yield from _grouped(answers) if grouped else _single(answers)
    yield "\n}\n"


def _single(answers: Answers) -> Iterator[str]:
    """A row for each host."""
    separator = "\n"
    for row in answers.rows:
        rest = _SORTED(_document(row))[1:]
        for host in row.hosts:
            yield f'{separator}  {{"host": {json.dumps(host)}, {rest}'
            separator = ",\n"
    yield "\n ]"


def _grouped(answers: Answers) -> Iterator[str]:
    """A row for all hosts that have the same answer, and behind the rows the names of each such group once."""
    groups: dict[tuple[str, ...], int] = {}
    for place, row in enumerate(answers.rows):
        number = groups.setdefault(row.hosts, len(groups))
        yield f'{"," if place else ""}\n  {{"group": {number}, {_SORTED(_document(row))[1:]}'
    yield '\n ],\n "groups": ['
    for place, hosts in enumerate(groups):
        yield f'{"," if place else ""}\n  {json.dumps(hosts)}'
    yield "\n ]"


def _cve(answers: Answers, cve: str) -> dict[str, object]:
    urgency = answers.cves[cve]
    return {"hosts": {name: count for name, count in answers.counts(cve).items() if count}, "title": visible(answers.titles.get(cve, "")),
            "due": urgency.due or None, "ransomware": urgency.ransomware, "epss": urgency.score}


def _thing(one: Placed) -> dict[str, object]:
    told = {name: count for name, count in one.hanging._asdict().items() if count is not None}
    return {"component": one.seen.component, "version": one.seen.runs.text, "where": one.where, "hanging": told}


def _document(row: Row) -> dict[str, object]:
    parts = [_part(part) for part in row.parts[:_PARTS_LIMIT]]
    worst = next((told for told, part in zip(parts, row.parts, strict=False) if part is row.answer), None) or _part(row.answer)
    return {"cve": row.cve, **worst, "blast_radius": row.hanging._asdict(), "parts": parts}


def _part(answer: Answer) -> dict[str, object]:
    return {name: value for name, value in answer._asdict().items() if value}


def answers_openmetrics(answers: Answers) -> Iterator[str]:
    """Hosts by CVE and answer, due dates, and how old the records are, as gauges."""
    # strptime takes longer to load than all of this to write.
    moment = datetime.fromisoformat(answers.generated_at.replace("Z", "+00:00")).timestamp()
    yield from family("firebreak_answers_timestamp_seconds", "When the answers were made.", [({}, moment)])
    yield from family("firebreak_answers", "Hosts by CVE and by answer.", (
        ({"cve": cve, "answer": name}, answers.counts(cve)[name]) for cve in answers.cves for name in WORST_FIRST if answers.counts(cve)[name]))
    yield from family("firebreak_answer_due_timestamp_seconds", "The end of the day by which CISA wants an exploited hole closed.", (
        ({"cve": cve}, datetime.fromisoformat(f"{urgency.due}T23:59:59+00:00").timestamp())
        for cve, urgency in answers.cves.items() if urgency.due))
    yield from family("firebreak_answer_epss", "How likely a hole is exploited within 30 days.", (
        ({"cve": cve}, urgency.score) for cve, urgency in answers.cves.items() if urgency.score is not None))
    hanging: dict[tuple[str, str], int] = {}
    for row in answers.rows:
        if row.answer.answer not in CLOSED:
            for name in ("containers", "guests", "sandboxes"):
                hanging[row.cve, name] = hanging.get((row.cve, name), 0) + (getattr(row.hanging, name) or 0)
    yield from family("firebreak_answer_open_on", "What hangs on parts of hosts in which a hole is not closed.", (
        ({"cve": cve, "what": what}, count) for (cve, what), count in sorted(hanging.items())))
    yield "# EOF\n"
