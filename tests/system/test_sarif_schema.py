# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.sarif against the schema of SARIF 2.1.0 that Microsoft ships with its tests for SARIF, the same that the report's ``$schema`` leads to."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.sarif import sarif
from synthetic_fleet import documents, fleet
from workshop import npm_package

SCHEMA = "@microsoft/jest-sarif@1.0.0-beta.0"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft4Validator:
    """What holds a log against the schema."""
    schema = json.loads((npm_package(SCHEMA) / "lib/schemas/sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator.check_schema(schema)
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def report(hosts: int) -> Any:
    """The report of a fleet in which hosts differ, are waived, could not be reached or were not judged."""
    return json.loads("".join(sarif(fleet(documents(hosts)), "1.2.3")))


@pytest.mark.parametrize("hosts", [0, 1, 200])
def test_the_report_is_valid(validator: jsonschema.Draft4Validator, hosts: int) -> None:
    assert [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(report(hosts))] == []


def test_the_schema_would_tell(validator: jsonschema.Draft4Validator) -> None:
    broken = report(200)
    assert broken["runs"][0]["results"]
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert [list(error.path) for error in validator.iter_errors(broken)] == [["runs", 0, "results", 0, "level"]]
