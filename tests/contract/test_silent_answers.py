# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``answer.value or ...`` takes "cannot be read" for "is not there", so no place does. What may be absent is asked by ``answer.if_there(...)``:
that gives nothing away of an answer that was lost, but where a witness remembers it."""

from __future__ import annotations

import re

import pytest
from workshop import REPOSITORY

_SILENT = re.compile(r"\.value (?:or\b|if [\w.\[\]]+\.value else\b)")


def silent(sources: dict[str, str]) -> list[str]:
    """Each line that takes a lost answer for an empty one."""
    return [f"{path}:{number}: {line.strip()}" for path, text in sorted(sources.items())
            for number, line in enumerate(text.splitlines(), 1) if _SILENT.search(line)]


def test_no_place_takes_a_lost_answer_for_an_empty_one() -> None:
    folders = (REPOSITORY / "plugins/module_utils", REPOSITORY / "plugins/modules")
    assert silent({str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8")
                   for folder in folders for path in folder.rglob("*.py")}) == []


@pytest.mark.parametrize(("text", "found"), [
    ("files = host.listdir(path).value or []\n", ["a.py:1: files = host.listdir(path).value or []"]),
    ("\nreturn answer.value if answer.value else ''\n", ["a.py:2: return answer.value if answer.value else ''"]),
    ("text = answer.value\n", []),
    ("files = host.listdir(path).if_there([])\n", []),
    ("kind = value or None\n", []),
])
def test_a_new_place_is_named(text: str, found: list[str]) -> None:
    assert silent({"a.py": text}) == found
