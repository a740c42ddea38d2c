# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the advisories of one CVE say altogether, laid out once for all the things that are held against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .model import EVERYTHING, Advisory, Row
from .relevant import is_kernel, is_live_patch


class Told(NamedTuple):
    """One CVE: ``rows`` by package with the advisory of each, ``live`` those about packages that are live patches of one kernel.

    ``files`` are source files with the hole; ``about`` names its packages, ``streams`` are all that are spoken of. ``notices`` says whether any row
    tells of a live patch, ``of_kernel`` whether any is about a kernel. Nothing at all is ``known`` where no advisory is about it.
    """

    cve: str
    known: bool
    rows: Mapping[str, Sequence[tuple[str, Row]]]
    live: Sequence[Row]
    files: Sequence[str]
    about: Sequence[str]
    streams: frozenset[str]
    notices: bool
    of_kernel: bool


def told(cve: str, advisories: Iterable[Advisory]) -> Told:
    """What these advisories say of a CVE."""
    listed = list(advisories)
    found: dict[str, list[tuple[str, Row]]] = {}
    for advisory in listed:
        for row in advisory.rows:
            found.setdefault(row.package, []).append((advisory.id, row))
    every = [row for rows in found.values() for _id, row in rows]
    about = [*sorted(found.keys() - {EVERYTHING}), *(advisory.other for advisory in listed if advisory.other)]
    return Told(
        cve, bool(listed), found, [row for row in every if row.fixed and is_live_patch(row.package)],
        [path for advisory in listed for path in advisory.files], about, frozenset(row.stream for row in every),
        any(row.live_patch for row in every), any(map(is_kernel, found)))
