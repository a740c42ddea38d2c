# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this product does not read is null with the reason ``unsupported``: whoever reads that is told where the answer is to be had.

Of kernels, what boots them and live patches the same is said where the host's own data lack it (``absent``), or its tool did not say it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from workshop import REPOSITORY

HOST_CODE = REPOSITORY / "plugins/module_utils"
# Sections whose every null that is not plain (no privilege, a container, nothing there to be said) names what would tell.
TOLD = ("_kernel", "_boot", "_live_patch")
# Nothing that anybody could tell: a state of a module, what is not installed, what is not looked at.
PLAIN = ("the running kernel has no such module", "no fwupd is installed", "no shim starts: nobody looks at a level")
WORDS = {"": ("unsupported",), **dict.fromkeys(TOLD, ("unsupported", "absent", "not_asked"))}


def _texts(node: ast.AST) -> str:
    """The words of an expression, whatever is filled into them."""
    return " ".join(part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def details(source: str, reasons: tuple[str, ...] = WORDS[""]) -> Iterator[tuple[int, str]]:
    """(line, words) of each detail that stands beside the reason; a detail that is only handed on is none."""
    for node in ast.walk(ast.parse(source)):
        pairs: list[tuple[ast.AST, ast.AST]] = []
        if isinstance(node, ast.Call):
            pairs += zip(node.args, node.args[1:], strict=False)
            named = {word.arg: word.value for word in node.keywords}
            if {"silence", "silence_detail"} <= set(named):
                pairs.append((named["silence"], named["silence_detail"]))
        elif isinstance(node, ast.Tuple):
            pairs += zip(node.elts, node.elts[1:], strict=False)
        line = getattr(node, "lineno", 0)
        yield from ((line, _texts(detail)) for reason, detail in pairs if _is_one_of(reason, reasons) and re.search(r"[a-z]{2}", _texts(detail)))


def _is_one_of(reason: ast.AST, reasons: tuple[str, ...]) -> bool:
    parts = ast.walk(reason) if isinstance(reason, (ast.IfExp, ast.BoolOp)) else [reason]
    return any(isinstance(part, ast.Constant) and part.value in reasons for part in parts)


def silent(source: str, reasons: tuple[str, ...] = WORDS[""]) -> list[str]:
    return [f"{line}: {words}" for line, words in details(source, reasons) if not re.search(r"\btells?\b", words)
            and words not in PLAIN]


@pytest.mark.parametrize("path", sorted(HOST_CODE.rglob("*.py")), ids=lambda path: str(path.relative_to(HOST_CODE)))
def test_each_detail_of_what_is_not_read_names_what_would_tell(path: Path) -> None:
    assert silent(path.read_text(encoding="utf-8"), WORDS.get(path.relative_to(HOST_CODE).parts[0], WORDS[""])) == []


@pytest.mark.parametrize(("source", "said"), [
    ('raise NoAnswerError("unsupported", "the loader %s is not read" % name)', 1), ('cannot_say(fact, "unsupported", "x; y would tell")', 0),
    ('cannot_say(fact, "absent", "nothing")', 0), ('claim._replace(silence="unsupported", silence_detail="lists none")', 1),
    ('reason, detail = ("unsupported", "not said") if claim else ("not_applicable", "none")', 1), ('cannot_say(fact, "unsupported", detail)', 0),
])
def test_a_detail_without_a_way_on_is_found(source: str, said: int) -> None:
    assert len(silent(source)) == said


def test_what_is_merely_absent_counts_where_it_is_asked_for() -> None:
    assert silent('cannot_say(fact, "absent", "nothing is here")', WORDS["_boot"]) == ["1: nothing is here"]
    assert silent('cannot_say(fact, "absent", "nothing is here; lsblk would tell")', WORDS["_boot"]) == []
