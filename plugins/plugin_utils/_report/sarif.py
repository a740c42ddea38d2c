# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.sarif: findings in SARIF 2.1.0 for code scanning and security dashboards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from .._fleet.bounded import visible
from .._fleet.fleet import Finding, Fleet, Host
from .._fleet.store import safe_name
from .junit import difference

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# GitHub and others sort by this number of a rule, read like a CVSS score.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "info": "0.0"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(fleet: Fleet, version: str) -> Iterator[str]:
    """The report as SARIF text, a result at a time; ``version`` is Firebreak's own."""
    worst: dict[str, Finding] = {}
    for host in fleet.hosts:
        for finding in host.findings:
            if finding["id"] not in worst or _SCORES[finding["severity"]] > _SCORES[worst[finding["id"]]["severity"]]:
                worst[finding["id"]] = finding
    rules = {name: number for number, name in enumerate(sorted(worst))}
    driver = {"name": "Firebreak", "version": version, "semanticVersion": version, "rules": [_rule(worst[name]) for name in rules]}
    yield f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{"tool": {{"driver": {json.dumps(driver)}}},\n'
    yield f'"invocations": [{json.dumps(_invocation(fleet))}],\n"results": ['
    separator = "\n"
    for host in fleet.hosts:
        for finding, waived in [*((item, False) for item in host.findings), *((item, True) for item in host.waived)]:
            yield separator + json.dumps(_result(host, finding, waived, rules), separators=(",", ":"))
            separator = ",\n"
    yield "\n]}]}\n"


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": visible(finding["id"]),
        "shortDescription": {"text": f"{visible(finding['id'])} differs from the standard"},
        "help": {"text": visible(f"Remedy: {finding['remedy']}. It costs: {finding['disruption']}.")},
        "defaultConfiguration": {"level": _LEVELS[finding["severity"]]},
        "properties": {"security-severity": _SCORES[finding["severity"]], "tags": ["drift"]},
    }


def _invocation(fleet: Fleet) -> dict[str, Any]:
    """Hosts that could not be judged are notifications: their silence is not a clean result."""
    lost = [host for host in fleet.hosts if host.verdict in ("unknown", "unreachable")]
    return {
        "executionSuccessful": not lost,
        "endTimeUtc": fleet.generated_at,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": visible(f"{host.name} is {host.verdict}: {', '.join(host.reasons)} {host.error or ''}".rstrip())}}
            for host in lost
        ],
    }


def _result(host: Host, finding: Finding, waived: bool, rules: dict[str, int]) -> dict[str, Any]:
    fingerprint = hashlib.sha256(json.dumps([host.name, finding["id"]]).encode()).hexdigest()
    result: dict[str, Any] = {
        "ruleId": visible(finding["id"]),
        "level": _LEVELS[finding["severity"]],
        "message": {"text": visible(f"{host.name}: {finding['id']}: {difference(finding)}")},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": f"records/{safe_name(host.name)}.json"}, "region": {"startLine": 1}},
            "logicalLocations": [{"name": visible(host.name), "kind": "resource"}],
        }],
        "partialFingerprints": {"hostFinding/v1": fingerprint},
        "properties": {key: finding[key] for key in ("severity", "expected", "observed", "remedy", "disruption", "evidence")},
    }
    if finding["id"] in rules:
        result["ruleIndex"] = rules[finding["id"]]
    if waived:
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    return result
