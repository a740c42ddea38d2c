# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a fleet for a terminal, as JSON and as OpenMetrics text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .._answers.answer import CLOSED, EXPOSED, MITIGATED, PENDING, UNKNOWN, WORST_FIRST, Answer
from .._answers.fleet import SCHEMA, Answers, Host
from .._fleet.bounded import counted, one_line, visible
from .table import Line

_COLORS = {EXPOSED: "red", UNKNOWN: "purple", PENDING: "yellow", MITIGATED: "yellow"}
_EXAMPLES = 6
_PARTS_LIMIT = 50


def answer_lines(answers: Answers, rows: int = 200) -> Iterator[Line]:
    """For each CVE its counts, and what has to be done, equal answers of many hosts in one line."""
    for cve in answers.cves:
        counts = answers.counts(cve)
        told = ", ".join(f"{counts[name]} {name}" for name in WORST_FIRST if counts[name])
        yield Line(visible(f"{cve}: {told or 'no host was asked'}"), "red" if counts[EXPOSED] else None)
        yield from _rows([host for host in answers.hosts if host.cve == cve], rows)
    for feed in answers.feeds:
        yield Line(visible(f"  feed {feed['path']}: {feed['age']}"))
    for problem in answers.problems[:_EXAMPLES]:
        yield Line(visible(f"  passed over: {problem}"), "yellow")
    if len(answers.problems) > _EXAMPLES:
        yield Line(f"  passed over: {counted(len(answers.problems) - _EXAMPLES, 'more document')}", "yellow")


def _rows(hosts: list[Host], rows: int) -> Iterator[Line]:
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for host in hosts:
        answer = host.answer
        groups.setdefault((answer.answer, answer.component, answer.reason, answer.remedy), []).append(host.host)
    for (answer_name, component, reason, remedy), names in list(groups.items())[:rows]:
        shown = ", ".join(names[:_EXAMPLES]) + (f" and {len(names) - _EXAMPLES} more" if len(names) > _EXAMPLES else "")
        text = f"  {answer_name:20} {shown}: {component + ': ' if component else ''}{reason}"
        yield Line(visible(text + (f" -> {remedy}" if remedy and answer_name not in CLOSED else "")), _COLORS.get(answer_name, "green"))
    if len(groups) > rows:
        yield Line(f"  {counted(len(groups) - rows, 'more group')} of hosts in answers.json")


def answers_json(answers: Answers) -> Iterator[str]:
    """The whole document, host by host, so that it is never held as one text."""
    head = {"schema": SCHEMA, "generated_at": answers.generated_at, "cves": {
        cve: {name: count for name, count in answers.counts(cve).items() if count} for cve in answers.cves},
        "feeds": list(answers.feeds), "problems": list(answers.problems[:1000])}
    yield json.dumps(head, indent=1, sort_keys=True)[:-2] + ',\n "answers": ['
    for place, host in enumerate(answers.hosts):
        yield ("," if place else "") + "\n  " + json.dumps(_document(host), sort_keys=True)
    yield "\n ]\n}\n"


def _document(host: Host) -> dict[str, object]:
    return {"cve": host.cve, "host": host.host, "scanned_at": host.scanned_at, "containers_on_this_kernel": host.containers, **_part(host.answer),
            "parts": [_part(part) for part in host.parts[:_PARTS_LIMIT]]}


def _part(answer: Answer) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in answer._asdict().items() if value not in ("", ())}


def answers_openmetrics(answers: Answers) -> Iterator[str]:
    """Hosts by CVE and answer, as gauges."""
    yield "# HELP firebreak_answers Hosts by CVE and by answer.\n# TYPE firebreak_answers gauge\n"
    for cve in answers.cves:
        for name, count in sorted(answers.counts(cve).items()):
            yield f'firebreak_answers{{answer="{name}",cve="{one_line(cve)}"}} {count}\n'
    yield "# EOF\n"
