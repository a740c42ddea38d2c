# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.sarif: broken promises in SARIF 2.1.0 for code scanning and security dashboards.

What is only observed is not in it: a rule with a security severity makes an alert of each of its results, whatever their level, and an
observation is of something of which the standard says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from .._fleet.bounded import visible
from .._fleet.fleet import Finding, Fleet, Host, is_drift
from .._fleet.identity import fingerprint
from .._standard.catalogue import entry_of
from .junit import difference, waiver_sentence
from .sarif_form import RESULTS_LIMIT, SCHEMA, message, place

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub and others sort by this number of a rule, read like a CVSS score; critical is above 9.0 there.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "info": "0.0"}
_KEPT = ("promise", "subject", "severity", "expected", "observed", "remedy", "disruption", "evidence")


def sarif(fleet: Fleet, version: str, limit: int = RESULTS_LIMIT) -> Iterator[str]:
    """The report as SARIF text, a result at a time; ``version`` is Firebreak's own, and results beyond ``limit`` are counted only."""
    worst: dict[str, Finding] = {}
    for host in fleet.hosts:
        for finding in (*filter(is_drift, host.findings), *host.waived):
            if finding["id"] not in worst or _rank(finding) > _rank(worst[finding["id"]]):
                worst[finding["id"]] = finding
    rules = {name: number for number, name in enumerate(sorted(worst))}
    driver = {"name": "Firebreak", "version": version, "semanticVersion": version, "rules": [_rule(worst[name]) for name in rules]}
    details = json.dumps({"id": "firebreak/drift/"})
    yield f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [{{"tool": {{"driver": {json.dumps(driver)}}},\n'
    yield f'"automationDetails": {details},\n"invocations": [{json.dumps(_invocation(fleet, limit))}],\n"results": ['
    for number, (host, finding, waived) in enumerate(islice(_told(fleet), limit)):
        yield (",\n" if number else "\n") + json.dumps(_result(host, finding, waived, rules), separators=(",", ":"))
    yield "\n]}]}\n"


def _told(fleet: Fleet) -> Iterator[tuple[Host, Finding, bool]]:
    """What has a result, and whether it is waived; the worst hosts come first."""
    for host in fleet.hosts:
        yield from ((host, item, False) for item in host.findings if is_drift(item))
        yield from ((host, item, True) for item in host.waived)


def _rank(finding: Finding) -> float:
    return float(_SCORES[finding["severity"]])


def _rule(finding: Finding) -> dict[str, Any]:
    meaning = _meaning(finding["id"])
    remedy = str(finding["remedy"]).rstrip(".")
    return {
        "id": visible(finding["id"]),
        "name": "".join(word.capitalize() for word in visible(finding["id"]).replace("_", ".").replace("-", ".").split(".")),
        "shortDescription": message(f"{finding['id']} differs from the standard"),
        "fullDescription": message(meaning or f"{finding['id']} differs from the standard."),
        "help": message(f"{meaning} Remedy: {remedy}. It costs: {_cost(finding)}.".strip()),
        "defaultConfiguration": {"level": _LEVELS[finding["severity"]]},
        "properties": {"security-severity": _SCORES[finding["severity"]], "tags": ["security", "drift"]},
    }


def _meaning(identifier: str) -> str:
    """What the catalogue says of a finding; nothing of one that is not in it, as a damaged record may name."""
    try:
        return entry_of(identifier).meaning
    except (KeyError, ValueError):
        return ""


def _cost(finding: Finding) -> str:
    return str(finding["disruption"]).replace("_", " ")


def _invocation(fleet: Fleet, limit: int) -> dict[str, Any]:
    """Hosts that could not be judged are notifications: their silence is not a clean result."""
    lost = [f"{host.name} is {host.verdict}: {', '.join(host.reasons)} {host.error or ''}".rstrip()
            for host in fleet.hosts if host.verdict in ("unknown", "unreachable")]
    more = sum(1 for _one in _told(fleet)) - limit
    return {"executionSuccessful": not lost, "endTimeUtc": fleet.generated_at, "toolExecutionNotifications": [
        {"level": "error", "message": message(text)} for text in (*lost, *([f"{more} more results in fleet.json"] if more > 0 else []))]}


def _result(host: Host, finding: Finding, waived: bool, rules: dict[str, int]) -> dict[str, Any]:
    key = host.key(finding)
    result: dict[str, Any] = {
        "ruleId": visible(finding["id"]),
        "ruleIndex": rules[finding["id"]],
        "kind": "fail",
        "level": _LEVELS[finding["severity"]],
        "message": message(f"{host.name}: {key.label}: {difference(finding)}"),
        "locations": place(host.name),
        # The only one of them that code scanning reads.
        "partialFingerprints": {"primaryLocationLineHash": fingerprint(host.name, key)},
        "properties": {name: finding[name] for name in _KEPT},
    }
    first_seen = host.first_seen.get(key.text)
    if first_seen:
        result["provenance"] = {"firstDetectionTimeUtc": first_seen}
    if waived:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": visible(waiver_sentence(finding))}]
    return result
