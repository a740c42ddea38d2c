# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role's argument_specs equal its defaults, and the comparison can tell where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from argument_specs import differences
from workshop import REPOSITORY

OPTION = {"type": "str", "description": "Which provider to install."}


def _role(root: Path, defaults: dict[str, Any], options: dict[str, Any]) -> Path:
    """A role named `patching` with these defaults and promises."""
    role = root / "patching"
    (role / "defaults").mkdir(parents=True)
    (role / "meta").mkdir()
    (role / "defaults/main.yml").write_text(yaml.safe_dump(defaults), encoding="utf-8")
    (role / "meta/argument_specs.yml").write_text(yaml.safe_dump({"argument_specs": {"main": {"options": options}}}), encoding="utf-8")
    return role


def test_every_role_keeps_its_promises() -> None:
    """Over all roles of the collection."""
    roles = sorted(path for path in (REPOSITORY / "roles").glob("*") if path.is_dir())
    assert {role.name: found for role in roles if (found := differences(role))} == {}


def test_equal_is_fine(tmp_path: Path) -> None:
    """A default that is promised, a variable without a default, a private variable that nothing promises."""
    options = {"patching_provider": {**OPTION, "default": "kpatch"}, "patching_key": {**OPTION, "required": True}}
    assert differences(_role(tmp_path, {"patching_provider": "kpatch", "__patching_packages": []}, options)) == []


@pytest.mark.parametrize(
    ("defaults", "options", "problem"),
    [
        ({"patching_provider": "kpatch"}, {}, "patching_provider: in defaults, not in argument_specs"),
        ({}, {"patching_key": {**OPTION, "default": "k"}}, "patching_key: argument_specs promise the default 'k', defaults have none"),
        ({"patching_provider": "a"}, {"patching_provider": {**OPTION, "default": "b"}}, "patching_provider: default is 'a', argument_specs say 'b'"),
        ({"patching_on": 1}, {"patching_on": {**OPTION, "default": True}}, "patching_on: default is 1, argument_specs say True"),
        ({"patching_key": ""}, {"patching_key": {**OPTION, "required": True}}, "patching_key: required in argument_specs, yet defaults have ''"),
        ({"provider": "a"}, {"provider": {**OPTION, "default": "a"}}, "provider: not named after the role patching"),
        ({}, {"patching_key": {"type": "str"}}, "patching_key: no description in argument_specs"),
        ({}, {"patching_keys": {**OPTION, "options": {"one": {"description": "One."}}}}, "patching_keys.one: no type in argument_specs"),
    ],
)
def test_a_difference_is_named(tmp_path: Path, defaults: dict[str, Any], options: dict[str, Any], problem: str) -> None:
    """One line, with the variable and both values."""
    assert differences(_role(tmp_path, defaults, options)) == [problem]


def test_a_role_without_specs(tmp_path: Path) -> None:
    """Promising nothing is a difference too."""
    (tmp_path / "bare").mkdir()
    assert differences(tmp_path / "bare") == ["bare: meta/argument_specs.yml has no entry point main"]
