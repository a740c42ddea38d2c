# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain page of tables without a script: headings, rows of text, and bars in time. Nothing in it can come from a host but as text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .._fleet.bounded import visible

ASSETS = Path(__file__).resolve().parent / "assets"


def sheet(title: str, sentence: str, generated_at: str, tables: Sequence[dict[str, Any]], bars: Sequence[dict[str, Any]] = ()) -> Iterator[str]:
    """The page in pieces. Cells may have several lines; ``bars`` are rows of a drawing with ``name``, ``spans`` (x, width, kind, words)."""
    environment = Environment(loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    style = (ASSETS / "sheet.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    shown = [{"title": table["title"], "heads": table["heads"], "rows": [[_lines(cell) for cell in row] for row in table["rows"]]}
             for table in tables]
    yield from environment.get_template("sheet.html.j2").generate(
        title=title, sentence=visible(sentence), generated_at=generated_at, style=Markup(style), style_hash=f"sha256-{digest}", tables=shown,
        bars=[{"name": visible(one["name"]), "spans": [{**span, "words": visible(span["words"])} for span in one["spans"]]} for one in bars])


def _lines(cell: str) -> list[str]:
    return [visible(line) for line in cell.split("\n")]
