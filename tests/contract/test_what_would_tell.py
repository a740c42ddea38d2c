# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this product does not read is null with the reason ``unsupported``: whoever reads that is told where the answer is to be had."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from workshop import REPOSITORY

HOST_CODE = REPOSITORY / "plugins/module_utils"


def _texts(node: ast.AST) -> str:
    """The words of an expression, whatever is filled into them."""
    return " ".join(part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def details(source: str) -> Iterator[tuple[int, str]]:
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
        yield from ((line, _texts(detail)) for reason, detail in pairs if _is_unread(reason) and re.search(r"[a-z]{2}", _texts(detail)))


def _is_unread(reason: ast.AST) -> bool:
    parts = ast.walk(reason) if isinstance(reason, (ast.IfExp, ast.BoolOp)) else [reason]
    return any(isinstance(part, ast.Constant) and part.value == "unsupported" for part in parts)


def silent(source: str) -> list[str]:
    return [f"{line}: {words}" for line, words in details(source) if not re.search(r"\btells?\b", words)]


@pytest.mark.parametrize("path", sorted(HOST_CODE.rglob("*.py")), ids=lambda path: str(path.relative_to(HOST_CODE)))
def test_each_detail_of_what_is_not_read_names_what_would_tell(path: Path) -> None:
    assert silent(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("source", "said"), [
    ('raise NoAnswerError("unsupported", "the loader %s is not read" % name)', 1), ('cannot_say(fact, "unsupported", "x; y would tell")', 0),
    ('cannot_say(fact, "absent", "nothing")', 0), ('claim._replace(silence="unsupported", silence_detail="lists none")', 1),
    ('reason, detail = ("unsupported", "not said") if claim else ("not_applicable", "none")', 1), ('cannot_say(fact, "unsupported", detail)', 0),
])
def test_a_detail_without_a_way_on_is_found(source: str, said: int) -> None:
    assert len(silent(source)) == said
