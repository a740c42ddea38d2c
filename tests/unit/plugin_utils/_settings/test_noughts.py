# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of playbooks: nought is nought, and a blank, such as a survey leaves, is the default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.firebreak.fleet.plugins.filter.meant import meant

ROOT = Path(__file__).resolve().parents[4]
PLAYBOOKS = sorted([*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "roles").rglob("tasks/*.yml")])
# AWX takes no share of 0 slices.
POSITIVE = {"firebreak_awx_slices"}


def number(path: str, option: str, **variables: Any) -> str:
    """What the template of an option makes of variables."""
    text = (ROOT / "playbooks" / path).read_text(encoding="utf-8")
    template = re.search(rf'^ *{option}: "([^"]*)"', text, re.MULTILINE)
    assert template
    environment = jinja2.Environment(autoescape=True)
    environment.filters["firebreak.fleet.meant"] = meant
    return environment.from_string(template[1]).render(variables, firebreak_unwind_parts=["kernels"])


@pytest.mark.parametrize(("path", "option", "variable", "otherwise"), [
    ("tasks/unwind_host.yml", "kernel_keep", "firebreak_unwind_keep", "2"),
    ("tasks/rollout_busy.yml", "retries", "firebreak_busy_retries", "60"),
    ("heal_fleet.yml", "per_day", "firebreak_heal_per_day", "4"),
    ("heal_fleet.yml", "wait_minutes", "firebreak_heal_wait_minutes", "720"),
    ("tasks/awx_template.yml", "forks", "firebreak_awx_forks", "20"),
])
def test_nought_is_nought_and_a_blank_is_the_default(path: str, option: str, variable: str, otherwise: str) -> None:
    assert [number(path, option, **{variable: value}) for value in (0, "0", 7)] == ["0", "0", "7"]
    assert [number(path, option, **variables) for variables in ({}, {variable: ""}, {variable: " "}, {variable: None})] == [otherwise] * 4


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_number_takes_nought_for_a_blank(path: Path) -> None:
    taken = re.findall(r"(\w+) \| default\([0-9.]*[1-9][0-9.]*, ?true\)", path.read_text(encoding="utf-8"))
    assert set(taken) <= POSITIVE
