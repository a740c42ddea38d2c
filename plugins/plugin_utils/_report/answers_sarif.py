# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""answers.sarif: what is exposed or pending, one result for each host and CVE, in SARIF 2.1.0. What is unknown is a notification, never silence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from .._answers.answer import EXPOSED, MITIGATED, PENDING, UNKNOWN
from .._answers.fleet import Answers, Row
from .._fleet.bounded import clipped, counted, visible
from .answers import due_words
from .sarif_form import RESULTS_LIMIT, SCHEMA, message, place

_LEVELS = {EXPOSED: "error", PENDING: "warning", MITIGATED: "note"}
_NOTIFICATIONS_LIMIT = 1000
_SHORT = json.JSONEncoder(separators=(",", ":")).encode


def answers_sarif(answers: Answers, version: str) -> Iterator[str]:
    """The open answers as SARIF text, a result at a time; ``version`` is Firebreak's own."""
    rows = [row for row in answers.rows if row.answer.answer in _LEVELS]
    rules = {cve: number for number, cve in enumerate(sorted({row.cve for row in rows}))}
    driver = {"name": "Firebreak", "version": version, "semanticVersion": version, "rules": [_rule(answers, cve) for cve in rules]}
    yield f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [{{"tool": {{"driver": {json.dumps(driver)}}},\n'
    yield f'"automationDetails": {json.dumps({"id": "firebreak/answers/"})},\n"invocations": [{json.dumps(_invocation(answers, rows))}],\n'
    yield '"results": ['
    results = (_result(row, host, rules) for row in rows for host in row.hosts)
    for number, result in enumerate(islice(results, RESULTS_LIMIT)):
        yield (",\n" if number else "\n") + _SHORT(result)
    yield "\n]}]}\n"


def _rule(answers: Answers, cve: str) -> dict[str, Any]:
    title, due = answers.titles.get(cve, ""), due_words(answers.cves[cve].due, answers.generated_at)
    name = visible(cve)
    meaning = f"{clipped(title or name, 400)}{f' ({due})' if due else ''}"
    return {"id": name, "name": name, "shortDescription": message(f"{name} is open on hosts of the fleet"), "fullDescription": message(meaning),
            "help": message(f"{meaning}. What closes it on each host is in its result's remedy, and in answers.json."),
            "helpUri": f"https://www.cve.org/CVERecord?id={name}" if name.startswith("CVE-") else "https://www.cve.org/",
            "defaultConfiguration": {"level": "error"}, "properties": {"tags": ["security", "vulnerability"]}}


def _invocation(answers: Answers, rows: list[Row]) -> dict[str, Any]:
    notes = [f"{row.cve}: {', '.join(row.hosts[:5])}{' and more' if len(row.hosts) > 5 else ''}: {row.answer.reason}"
             for row in answers.rows if row.answer.answer == UNKNOWN][:_NOTIFICATIONS_LIMIT]
    total = sum(len(row.hosts) for row in rows)
    if total > RESULTS_LIMIT:
        notes.append(f"{counted(total - RESULTS_LIMIT, 'more result')} in answers.json")
    return {"executionSuccessful": not notes, "endTimeUtc": answers.generated_at,
            "toolExecutionNotifications": [{"level": "error", "message": message(note)} for note in notes]}


def _result(row: Row, host: str, rules: dict[str, int]) -> dict[str, Any]:
    answer = row.answer
    text = f"{host}: {row.cve} is {answer.answer}: {answer.component + ': ' if answer.component else ''}{answer.reason}"
    properties = {"answer": answer.answer, "component": answer.component, "advisory": answer.advisory, "observed": answer.observed,
                  "fixed": answer.fixed, "remedy": answer.remedy, "disruption": answer.disruption, "facts": list(answer.facts)}
    return {
        "ruleId": visible(row.cve), "ruleIndex": rules[row.cve], "kind": "fail", "level": _LEVELS[answer.answer], "message": message(text),
        "locations": place(host),
        "partialFingerprints": {"primaryLocationLineHash": hashlib.sha256(f"{host}\0{row.cve}\0{answer.component}".encode()).hexdigest()[:32]},
        "properties": properties}
