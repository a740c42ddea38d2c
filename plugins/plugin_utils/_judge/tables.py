# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that age, such as ends of support: tables in ``data/``, each with a date, and with a source for each row."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from .._data.loading import plain

FOLDER = Path(__file__).parent / "data"


@lru_cache(maxsize=16)
def table(name: str) -> dict[str, Any]:
    """A table by the name of its file; it is part of the code, so one that cannot be read is an error of ours."""
    content: dict[str, Any] = plain(FOLDER / f"{name}.yml")
    return content


def as_of(name: str) -> str:
    """The month of a table, for a report: 2026-11."""
    day: date = table(name)["as_of"]
    return day.strftime("%Y-%m")


def read_all() -> None:
    """Read every table now: processes that are forked later find them read."""
    for path in FOLDER.glob("*.yml"):
        table(path.stem)
