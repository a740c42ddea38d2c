# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when the maker of an engine, or of Kata, mends a release of its own: the table ``data/engine_support.yml``, with a source for each row."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from . import tables

_TABLE = "engine_support"
# 5:27.5.1-1~debian.12~bookworm, 1.7.27-1, v2.1.3
_VERSION = re.compile(r"(?:[0-9]+:)?v?([0-9]+(?:\.[0-9]+)*)")


class Line(NamedTuple):
    """A line of releases, and the last day on which it was or will be mended; None where none is named yet."""

    line: str
    last_day: date | None

    def has_ended(self, today: date) -> bool:
        """Whether it is no longer mended."""
        return self.last_day is not None and today > self.last_day


@lru_cache(maxsize=1)
def _lines() -> dict[str, list[tuple[tuple[int, ...], Line]]]:
    found: dict[str, list[tuple[tuple[int, ...], Line]]] = {}
    for row in tables.table(_TABLE)["rows"]:
        found.setdefault(row["product"], []).append((_numbers(row["line"]), Line(row["line"], row.get("last_day"))))
    return {product: sorted(lines, key=lambda one: one[0]) for product, lines in found.items()}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def as_of() -> str:
    """The month of the table: 2026-11."""
    return tables.as_of(_TABLE)


def is_of_its_maker(product: str, package: str | None) -> bool:
    """Whether an engine is its maker's own build: a binary of no package, or of a package that the maker builds."""
    return package is None or package in tables.table(_TABLE)["vendor_packages"].get(product, ())


def find(product: str, version: str) -> Line | None:
    """The line that a version belongs to. None: the table does not know it."""
    lines, matched = _lines().get(product), _VERSION.match(version)
    if not lines or not matched:
        return None
    numbers = _numbers(matched[1])
    of_it = next((line for key, line in lines if numbers[:len(key)] == key), None)
    oldest, line = lines[0]
    return of_it or (Line(f"{line.line} and older", line.last_day) if numbers < oldest else None)
