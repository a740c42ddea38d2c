# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example alerts and dashboard ask for metrics, labels and values that a report has: a name that nobody writes would never fire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import SEVERITIES, VERDICTS
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.identity import OBSERVED, OPEN, WAIVED
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.openmetrics import openmetrics
from prometheus_client.openmetrics import parser
from synthetic_fleet import documents, fleet

EXAMPLES = Path(__file__).resolve().parents[4] / "docs/examples"
SELECTOR = re.compile(r"(firebreak_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!=|!~|=)\s*"([^"]*)"')
VALUES = {"verdict": VERDICTS, "severity": SEVERITIES, "state": (OPEN, WAIVED, OBSERVED)}


def alerts() -> Iterator[tuple[str, str, str]]:
    """The name, expression and words of each alert."""
    for group in yaml.safe_load((EXAMPLES / "alerts.yml").read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"], json.dumps(rule["annotations"])


def expressions(part: Any) -> Iterator[str]:
    """Every expression of the dashboard."""
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "expr")
        part = list(part.values())
    for inner in part if isinstance(part, list) else []:
        yield from expressions(inner)


ALERTS = list(alerts())
ASKED = [expr for _name, expr, _words in ALERTS] + list(expressions(json.loads((EXAMPLES / "dashboard.json").read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """The labels of each metric of a report, whatever of it a fleet has."""
    one = dict(next(iter(documents(1))), labels={"rack": "r1"}, host="labelled")
    parse: Any = parser.text_string_to_metric_families
    return {family.name: {label for sample in family.samples for label in sample.labels}
            for family in parse("".join(openmetrics(fleet([*documents(200), one]))))}


@pytest.mark.parametrize("expr", ASKED)
def test_what_is_asked_for_is_written(expr: str, labels: dict[str, set[str]]) -> None:
    asked = SELECTOR.findall(expr)
    assert asked
    for metric, matchers in asked:
        for label, value in MATCHER.findall(matchers):
            assert label in labels[metric]
            assert set(value.split("|")) <= set(VALUES.get(label, value.split("|")))
        by = re.search(r"by \(([a-z_, ]+)\)", expr)
        assert set(re.findall(r"[a-z_]+", by[1] if by else "")) <= labels[metric]


@pytest.mark.parametrize(("name", "expr", "words"), ALERTS, ids=[name for name, _expr, _words in ALERTS])
def test_what_an_alert_says_is_known_to_it(name: str, expr: str, words: str, labels: dict[str, set[str]]) -> None:
    metrics = [metric for metric, _matchers in SELECTOR.findall(expr)]
    assert set(re.findall(r"\$labels\.([a-z_]+)", words)) <= set.union(*(labels[metric] for metric in metrics)), name
