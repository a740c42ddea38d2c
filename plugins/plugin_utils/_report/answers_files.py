# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every form of the answers, beside the records that they were worked out from."""

from __future__ import annotations

from pathlib import Path

from .._answers.fleet import Answers
from .._fleet import store
from .answers import answers_json, answers_openmetrics
from .answers_page import answers_html
from .answers_sarif import answers_sarif


def write(directory: Path, answers: Answers, version: str) -> None:
    """Write them; ``version`` is Firebreak's own."""
    for name, chunks in (("answers.json", answers_json(answers)), ("answers.prom", answers_openmetrics(answers)),
                         ("answers.html", answers_html(answers)), ("answers.sarif", answers_sarif(answers, version))):
        store.write(directory / name, chunks)
