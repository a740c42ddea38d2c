# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX as code: what configure_awx.yml asks of the official modules is what they take, and what AWX 24.6.1 was seen to want.

The modules themselves are not run here: their options were taken down from the collection awx.awx (awx_modules.json says of which commit).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._settings.meaning import SETTINGS
from awx_job import Loader, awx_wanted
from workshop import REPOSITORY

PLAYBOOKS = REPOSITORY / "playbooks"
OPTIONS: dict[str, dict[str, Any]] = json.loads((REPOSITORY / "tests/contract/awx_modules.json").read_text(encoding="utf-8"))["modules"]
# awx/main/models/mixins.py, 24.6.1: the types of a survey's questions.
TYPES = ("text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float")
WANTED = awx_wanted()


def tasks() -> list[dict[str, Any]]:
    """The tasks that use the official modules."""
    files = sorted((PLAYBOOKS / "tasks").glob("awx_*.yml"))
    return [task for path in files for task in yaml.load(path.read_text(encoding="utf-8"), Loader) if any(key.startswith("awx.awx.") for key in task)]


@pytest.mark.parametrize("task", tasks(), ids=lambda task: str(task["name"]))
def test_each_module_knows_what_it_is_given(task: dict[str, Any]) -> None:
    (module,) = [key for key in task if key.startswith("awx.awx.")]
    known = OPTIONS[module.removeprefix("awx.awx.")]
    assert set(task[module]) <= set(known)
    assert {name for name, option in known.items() if option.get("required")} <= set(task[module])
    for name, value in task[module].items():
        choices = known[name].get("choices")
        assert not choices or "{{" in str(value) or value in choices, name


def test_a_second_run_has_nothing_to_change() -> None:
    """Nodes one by one: given with the workflow they are changed at each run. No credential is made, so no secret is written anew."""
    used = {key for task in tasks() for key in task if key.startswith("awx.awx.")}
    assert "awx.awx.credential" not in used
    workflow = next(task["awx.awx.workflow_job_template"] for task in tasks() if "awx.awx.workflow_job_template" in task)
    assert "workflow_nodes" not in workflow and "destroy_current_nodes" not in workflow
    node = next(task["awx.awx.workflow_job_template_node"] for task in tasks() if "awx.awx.workflow_job_template_node" in task)
    # A node refuses a number of slices where the inventory has fewer than two hosts at that moment; the template takes it always.
    assert "job_slice_count" not in node


@pytest.mark.parametrize("name", sorted(WANTED["questions"]))
def test_each_question_is_one_that_a_survey_can_ask(name: str) -> None:
    question = WANTED["questions"][name]
    assert question["type"] in TYPES
    assert {"variable", "question_name", "question_description", "type", "required", "default"} <= set(question)
    assert question["variable"] in SETTINGS or question["variable"] == "firebreak_standard"
    if question["type"] == "multiplechoice":
        setting = SETTINGS[question["variable"]]
        assert tuple(question["choices"]) == setting.choices and question["default"] == setting.default
    if question["type"] in ("text", "textarea"):
        assert question["default"] == ""


def test_templates_are_of_playbooks_that_are_there_with_forks_and_no_limit() -> None:
    for template in WANTED["templates"]:
        assert (PLAYBOOKS / template["playbook"]).is_file()
        assert set(template["questions"]) <= set(WANTED["questions"])
        text = (PLAYBOOKS / template["playbook"]).read_text(encoding="utf-8")
        if re.search(r"meant\('firebreak_hosts'\)", text):
            assert "pattern" in template["questions"], template["name"]
    made = next(task["awx.awx.job_template"] for task in tasks() if "awx.awx.job_template" in task)
    assert made["forks"] and "ask_limit_on_launch" not in made and "job_slice_count" in made
    assert [template["name"] for template in WANTED["templates"] if template.get("sliced")] == ["scan"]


def test_the_workflow_is_the_promised_one() -> None:
    nodes = {node["identifier"]: node for node in WANTED["nodes"]}
    templates = {template["name"] for template in WANTED["templates"]}
    assert all(node.get("template") in templates or "approval" in node for node in nodes.values())
    assert list(nodes) == ["expected", "scan", "merge", "answer", "approve", "waves", "verify", "report"]
    # A lost slice fails its node: without `always` nobody would merge what the others saw.
    assert nodes["answer"]["always"] == ["approve"] and nodes["answer"]["variables"]["firebreak_answer_days"] > 0
    assert nodes["scan"]["always"] == ["merge"] and nodes["expected"]["success"] == ["scan"]
    assert nodes["approve"]["success"] == ["waves"] and nodes["approve"]["approval"]["timeout"] > 0
    order = list(nodes)
    for node in nodes.values():
        for target in [*node.get("success", []), *node.get("always", [])]:
            assert order.index(target) > order.index(node["identifier"])


def test_the_notification_carries_the_artifact() -> None:
    assert "{{ job.artifacts | tojson }}" in WANTED["notification_body"]


def test_nothing_of_it_looks_like_a_playbook() -> None:
    assert not [line for line in Path(PLAYBOOKS / "vars/awx.yml").read_text(encoding="utf-8").splitlines() if re.match(r"\s*-?\s*hosts:", line)]
