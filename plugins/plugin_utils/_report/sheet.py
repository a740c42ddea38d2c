# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain page of tables without a script: headings, rows of text, and bars in time. Nothing in it can come from a host but as text.

No engine of templates: loading one takes longer than all of an answer. ``Markup.format`` and ``escape`` let in nothing but text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from .._fleet.bounded import visible

ASSETS = Path(__file__).resolve().parent / "assets"
_BARS = Markup("""
<section aria-labelledby="bars-title"><h2 id="bars-title">Who was down when</h2>
<table class="bars"><tbody>{}
</tbody></table>
<p class="key"><span class="swatch busy"></span>in its wave <span class="swatch down"></span>down <span class="swatch bad"></span>failed, unknown or \
unreachable, until released <span class="swatch seen"></span>seen down from outside</p>
</section>""")
_BAR = Markup("""
<tr><th scope="row">{}</th><td><svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg></td></tr>""")
_SPAN = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
_TABLE = Markup("""
<section><h2>{}</h2>
<table><thead><tr>{}</tr></thead>
<tbody>""")
_HEAD = Markup('<th scope="col">{}</th>')
_NOTHING = Markup("")
_TABLE_END = "\n</tbody></table></section>"
_END = "\n</main>\n</body>\n</html>\n"


def sheet(title: str, sentence: str, generated_at: str, tables: Sequence[dict[str, Any]], bars: Sequence[dict[str, Any]] = ()) -> Iterator[str]:
    """The page in pieces. Cells may have several lines; ``bars`` are rows of a drawing with ``name``, ``spans`` (x, width, kind, words)."""
    style = (ASSETS / "sheet.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    head = Markup((ASSETS / "sheet_head.html").read_text(encoding="utf-8").rstrip("\n"))
    yield head.format(title=title, sentence=visible(sentence), generated_at=generated_at, style=Markup(style), style_hash=f"sha256-{digest}")
    if bars:
        yield _BARS.format(_NOTHING.join(map(_bar, bars)))
    for table in tables:
        yield _TABLE.format(table["title"], _NOTHING.join(map(_HEAD.format, table["heads"])))
        # Joined and not formatted: a page has many thousand cells.
        yield from ("\n<tr>" + "".join(map(_cell, row)) + "</tr>" for row in table["rows"])
        yield _TABLE_END
    yield _END


def _cell(text: str) -> str:
    return "<td>" + "<br>".join(escape(visible(line)) for line in text.split("\n")) + "</td>"


def _bar(one: dict[str, Any]) -> Markup:
    spans = [(span, visible(span["words"])) for span in one["spans"]]
    return _BAR.format(visible(one["name"]), "; ".join(words for _span, words in spans), _NOTHING.join(map(_drawn, spans)))


def _drawn(told: tuple[dict[str, Any], str]) -> Markup:
    span, words = told
    top, height = (10, 4) if span["kind"] == "seen" else (1, 12)
    return _SPAN.format(span["kind"], span["x"], top, span["width"], height, words)
