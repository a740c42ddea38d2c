# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of each job template, as AWX starts it with a survey that was left blank: one workflow of two hosts, which are this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from awx_job import LOCAL, awx_wanted, copy_project, prepare, start

AWX = awx_wanted()
HOSTS = {"web1": LOCAL, "web2": LOCAL}
# What a person must answer, and what keeps this machine as it is; the jobs that need records get those of the scan before them.
ANSWERED: dict[str, dict[str, Any]] = {
    "answer": {"cve": "CVE-2024-1086", "firebreak_feeds": "feeds.json"},
    "enforce": {"firebreak_leave_out": "mitigations\nkernel,live_patching\nhypervisor\nkata"},
    "adopt": {"firebreak_golden_host": "web1\n"},
    "compare": {"firebreak_compare_before": "scan", "firebreak_compare_after": "scan"},
}
# What stays of each job when its folders are gone, without a share.
LEFT = {"expected hosts": "firebreak_hosts_expected", "scan": "firebreak_records_2", "merge": "firebreak_report_2", "drift": "firebreak_report_2",
        "answer": "firebreak_answers_2", "plan": "firebreak_plan_2", "enforce": "firebreak_report_2", "verify": "firebreak_proof_2",
        "adopt": "firebreak_adopted_standard"}
# A container is started where an engine is there; where none is, the job says so and fails.
UNTRIED = ("isolation",)


def left_blank(template: dict[str, Any]) -> dict[str, Any]:
    """What AWX 24.6.1 sends of a survey that nobody filled in: '' for texts, choices by their default, numbers and choices without one not at all."""
    questions = [AWX["questions"][name] for name in template["questions"]]
    return {question["variable"]: question["default"] for question in questions
            if question["type"] in ("text", "textarea") or question["default"] != ""}


def test_each_template_is_one_that_is_tried() -> None:
    assert {*ANSWERED, *UNTRIED} < {template["name"] for template in AWX["templates"]}


@pytest.mark.parametrize("template", [one for one in AWX["templates"] if one["name"] not in UNTRIED], ids=lambda one: str(one["playbook"]))
def test_the_playbook_of_each_template_runs_with_a_blank_survey(template: dict[str, Any], tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    (tmp_path / "feeds.json").write_text('{"linux": {"CVE-2024-1086": {"releases": {"bookworm": {"status": "open"}}}}}', encoding="utf-8")
    share = tmp_path / "share"
    answers = {name: str(tmp_path / value) if value == "feeds.json" else value for name, value in ANSWERED.get(template["name"], {}).items()}
    left: dict[str, Any] = {}
    if template["name"] in ("merge", "answer", "plan", "compare"):
        before = {"firebreak_report_dir": str(share) if template["name"] == "compare" else "", "firebreak_sections": "os"}
        scanned = start(prepare(tmp_path / "awx_1_x", project, 1, HOSTS, before, 9),
                        1, "report_drift.yml" if template["name"] == "compare" else "scan.yml")
        left = scanned.artifacts if template["name"] != "compare" else {}
        answers = {name: str(share / "9/1") if value == "scan" else value for name, value in answers.items()}
    sections = {} if template["name"] in ("enforce", "verify") else {"firebreak_sections": "os"}
    private = prepare(tmp_path / "awx_2_x", project, 2, HOSTS, {**sections, **left_blank(template), **answers, **left}, 9)
    done = start(private, 2, template["playbook"])
    assert "Traceback" not in done.output and "probably a bug" not in done.output, done.output[-5000:]
    assert done.status == "successful", done.output[-5000:]
    assert LEFT.get(template["name"]) in (None, *done.artifacts), done.output[-5000:]
