# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wings of the house keep to the floor plan (docs/architecture.md), and each rule can tell a breach."""

from __future__ import annotations

import re

import pytest
import wings
from workshop import REPOSITORY

SOURCES = wings.tree(REPOSITORY)


def test_the_house_keeps_its_floor_plan() -> None:
    assert len(SOURCES) > 150
    assert wings.breaches(SOURCES) == []


@pytest.mark.parametrize(("path", "line", "problem"), [
    ("module_utils/_formats/toml.py", "from .._os import section\n",
     "module_utils/_formats/toml.py: imports _os; _formats is the ground and imports no other wing"),
    ("module_utils/_host/host.py", "from .._formats import toml\n",
     "module_utils/_host/host.py: imports _formats; _host is the ground and imports no other wing"),
    ("module_utils/_os/section.py", "from .._kernel import section\n", "_boot -> _os -> _kernel -> _boot: a circle, by "
     "module_utils/_boot/loaders.py, module_utils/_os/section.py, module_utils/_kernel/facts.py"),
    ("module_utils/_cpu/section.py", "from .._scan import sections\n", "module_utils/_cpu/section.py: imports _scan, which alone knows all sections"),
    ("module_utils/_cpu/section.py", "from ...plugin_utils._judge import facts\n",
     "module_utils/_cpu/section.py: imports _judge of the controller, which does not travel to hosts"),
    ("plugin_utils/_judge/facts.py", "from ansible.errors import AnsibleError\n",
     "plugin_utils/_judge/facts.py: imports ansible.errors; only the plugins themselves and _transport know Ansible"),
    ("plugin_utils/_judge/facts.py", "import ansible.constants\n",
     "plugin_utils/_judge/facts.py: imports ansible.constants; only the plugins themselves and _transport know Ansible"),
])
def test_an_import_against_the_plan_is_named(path: str, line: str, problem: str) -> None:
    """The import is added to the file as it stands, and the house no longer passes."""
    found = wings.breaches({**SOURCES, path: SOURCES[path] + line})
    assert any(one.startswith(problem) for one in found), found


def test_a_file_outside_of_the_wings_is_named() -> None:
    assert wings.breaches({**SOURCES, "module_utils/_stray.py": ""}) == ["module_utils/_stray.py: stands outside of the wings"]


def test_a_wings_tests_lie_under_its_name() -> None:
    """No folder of tests for a wing that is none, and a wing that has no test is a wing that nobody tried."""
    for folder in wings.FOLDERS:
        has = {path.name for path in (REPOSITORY / "plugins" / folder).iterdir() if path.is_dir() and path.name != "__pycache__"}
        tried = {path.name for path in (REPOSITORY / "tests/unit" / folder).iterdir() if path.name != "__pycache__"}
        assert tried == has, folder


def test_live_patch_has_one_spelling() -> None:
    assert [path for path in SOURCES if "livepatch" in path] == []


def test_the_rooms_that_contributing_names_are_there() -> None:
    """Rooms with a <placeholder> are there for some name; each row touches at most four."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.split("## I want to add...")[1].split("###")[0].splitlines() if line.startswith("| a")]
    assert len(rows) >= 7
    for row in rows:
        rooms = re.findall(r"`([^`]+\.(?:py|yml))`", row[2])
        assert 1 <= len(rooms) <= 4 + ("proof" in row[2]), row[1]
        for room in rooms:
            pattern = re.sub(r"<\w+>", "*", room)
            below = "" if room.startswith(("roles/", "tests/")) else "plugins/"
            assert list(REPOSITORY.glob(below + pattern)), room
