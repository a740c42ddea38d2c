# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``answer.value or ...`` takes "cannot be read" for "is not there". A place that does so is an error, but for those that were there before the
rule: `_host/witness.py` keeps what they lose from being said. Their number per file stands in silent_answers.json and only ever falls."""

from __future__ import annotations

import json
import re

import pytest
from workshop import REPOSITORY

TABLE = REPOSITORY / "tests/contract/silent_answers.json"
_SILENT = re.compile(r"\.value or\b")


def silent(sources: dict[str, str]) -> dict[str, int]:
    """How many places of each file take a lost answer for an empty one."""
    return {path: count for path, text in sorted(sources.items()) if (count := len(_SILENT.findall(text)))}


def _sources() -> dict[str, str]:
    folders = (REPOSITORY / "plugins/module_utils", REPOSITORY / "plugins/modules")
    return {str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.rglob("*.py"))}


def problems(seen: dict[str, int], allowed: dict[str, int]) -> list[str]:
    """One line for each file that has more than it may, or fewer than the table still says."""
    return [f"{path}: {seen.get(path, 0)} places with '.value or', {allowed.get(path, 0)} in silent_answers.json"
            for path in sorted({*seen, *allowed}) if seen.get(path, 0) != allowed.get(path, 0)]


def test_no_place_is_added_and_none_that_is_gone_stays_allowed() -> None:
    assert problems(silent(_sources()), json.loads(TABLE.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(("text", "found"), [
    ("files = host.listdir(path).value or []\n", ["a.py: 1 places with '.value or', 0 in silent_answers.json"]),
    ("text = answer.value\n", []),
    ("kind = value or None\n", []),
])
def test_a_new_place_is_named(text: str, found: list[str]) -> None:
    assert problems(silent({"a.py": text}), {}) == found
