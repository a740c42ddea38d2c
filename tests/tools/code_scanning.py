# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What code scanning asks of a SARIF file beyond its schema, by the tables of GitHub's "SARIF support for code scanning" (docs.github.com)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

MOST = 25_000
LEVELS = ("none", "note", "warning", "error")
ENDS = ("startLine", "startColumn", "endLine", "endColumn")


def refused(report: dict[str, Any]) -> list[str]:
    """What code scanning would refuse, or show without what it needs; nothing where all is well."""
    wrong = [] if report["version"] == "2.1.0" and report["$schema"].endswith(".json") else ["version or $schema"]
    for run in report["runs"]:
        driver = run["tool"]["driver"]
        wrong += [] if driver["name"] else ["no name of a tool"]
        wrong += [] if run["automationDetails"]["id"].endswith("/") else ["no category"]
        wrong += [f"{len(run[name])} {name}" for name in ("results",) if len(run[name]) > MOST]
        wrong += [f"{name} twice" for name, count in Counter(rule["id"] for rule in driver["rules"]).items() if count > 1]
        for rule in driver["rules"]:
            wrong += [f"rule {rule['id']}: {what}" for what in _rule(rule)]
        for result in run["results"]:
            wrong += [f"result of {result['ruleId']}: {what}" for what in _result(result, driver["rules"])]
        marks = Counter(result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"])
        wrong += [f"{mark} twice" for mark, count in marks.items() if count > 1]
    return wrong


def _rule(rule: dict[str, Any]) -> Iterator[str]:
    for name, most in (("shortDescription", 1024), ("fullDescription", 1000), ("help", MOST)):
        text = rule.get(name, {}).get("text", "")
        if not text.strip() or len(text) > most:
            yield f"{name}.text of {len(text)} characters"
    if len(rule["name"]) > 255:
        yield "its name is too long"
    if rule["defaultConfiguration"]["level"] not in LEVELS:
        yield "its level"
    properties = rule["properties"]
    if len(properties["tags"]) > 20:
        yield "too many tags"
    score = properties.get("security-severity", "0.0")
    if not (isinstance(score, str) and re.fullmatch(r"[0-9]+\.[0-9]", score) and float(score) <= 10):
        yield f"security-severity {score!r}"


def _result(result: dict[str, Any], rules: list[dict[str, Any]]) -> Iterator[str]:
    if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
        yield "its rule is another"
    if result["level"] not in LEVELS:
        yield "its level"
    if not result["message"]["text"].strip():
        yield "no message"
    if not 1 <= len(result["locations"]) <= 1000:
        yield f"{len(result['locations'])} places"
    for place in result["locations"]:
        region, uri = place["physicalLocation"]["region"], place["physicalLocation"]["artifactLocation"]["uri"]
        if not all(isinstance(region.get(end), int) and region[end] > 0 for end in ENDS):
            yield f"its region {region}"
        if not uri or uri.startswith(("/", "file:")) or ".." in uri.split("/"):
            yield f"its file {uri}"
