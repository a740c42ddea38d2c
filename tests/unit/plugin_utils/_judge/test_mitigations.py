# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of the command line that weaken a mitigation, in every spelling and order; the proof's own reader is held against the same vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu.section import mitigation_options
from ansible_collections.firebreak.fleet.plugins.plugin_utils._data.loading import table
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.mitigations import weakening
from firebreak_proof.views import command_line

CASES = json.loads((Path(__file__).parents[2] / "module_utils/_cpu/fixtures/weakening_words.json").read_text())["cases"]


@pytest.mark.parametrize(("line", "weak"), CASES, ids=[case[0] for case in CASES])
def test_the_scan_names_what_weakens(line: str, weak: Any) -> None:
    assert weakening(mitigation_options(line)) == weak


@pytest.mark.parametrize(("line", "weak"), CASES, ids=[case[0] for case in CASES])
def test_so_does_the_proof(line: str, weak: Any) -> None:
    assert command_line.weakening(line) == weak


def test_the_table_has_a_day_and_a_source() -> None:
    options = table("cpu_options")
    assert options["as_of"].isoformat() > "2026" and "kernel-parameters" in options["source"]
    assert {option["kind"] for option in options["options"].values()} <= {"flag", "choice", "switch", "parts", "sticky"}
