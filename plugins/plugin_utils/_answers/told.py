# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the advisories of one CVE say altogether, laid out once for all the things that are held against it.

What vendors close in one update they tell of in the same rows: CVEs that differ in their names alone share a ``Content``, and are judged once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .model import EVERYTHING, Advisory, Row
from .relevant import is_kernel, is_live_patch

# A row, and by which of its CVE's advisories it is told.
Placed = tuple[int, Row]


class Content(NamedTuple):
    """What is said but for names: ``rows`` by package with the place of the advisory of each, ``live`` those about packages that are live patches of
    one kernel, ``files`` source files with the hole; ``of_kernel`` says whether anything is about a kernel.
    """

    rows: Mapping[str, Sequence[Placed]]
    live: Sequence[Row]
    files: Sequence[str]
    of_kernel: bool


class Told(NamedTuple):
    """One CVE with the ``ids`` of its advisories, none where nobody knows it.

    ``about`` names its packages, ``streams`` are all that are spoken of, ``title`` is the shortest that it has. ``notices`` says whether any row
    tells of a live patch.
    """

    cve: str
    ids: tuple[str, ...]
    content: Content
    about: Sequence[str]
    streams: frozenset[str]
    notices: bool
    title: str = ""

    def named(self, places: Iterable[int]) -> str:
        """The advisories at these places, in words."""
        return ", ".join(sorted({self.ids[place] for place in places})[:3])


def told(cve: str, advisories: Iterable[Advisory]) -> Told:
    """What these advisories say of a CVE."""
    listed = list(advisories)
    content = content_of([advisory.rows for advisory in listed], [path for advisory in listed for path in advisory.files])
    every = [row for rows in content.rows.values() for _place, row in rows]
    about = [*sorted(content.rows.keys() - {EVERYTHING}), *(advisory.other for advisory in listed if advisory.other)]
    return Told(cve, tuple(advisory.id for advisory in listed), content, about, frozenset(row.stream for row in every),
                any(row.live_patch for row in every), title_of(advisory.summary for advisory in listed))


def content_of(rows: Iterable[Sequence[Row]], files: Sequence[str], of_kernel: bool | None = None) -> Content:
    """The rows of each advisory laid out; whether they are about a kernel they say themselves, where all are here."""
    found: dict[str, list[Placed]] = {}
    for place, mine in enumerate(rows):
        for row in mine:
            found.setdefault(row.package, []).append((place, row))
    live = [row for package, placed in found.items() if is_live_patch(package) for _place, row in placed if row.fixed]
    return Content(found, live, files, any(map(is_kernel, found)) if of_kernel is None else of_kernel)


def title_of(summaries: Iterable[str]) -> str:
    """The shortest of the titles that a hole has."""
    return min(filter(None, summaries), key=len, default="")
