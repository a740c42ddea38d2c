# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""answers.json as others read it: the answer of each host, however many hosts share a row of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._fleet.bounded import mappings_at, name_at, texts

SCHEMA = "firebreak.answers/1"
# The same with one row for all hosts that have the same answer (``group`` for ``host``, a number in ``groups``): what a thousand CVEs on a large
# fleet are written as.
GROUPED_SCHEMA = "firebreak.answers.grouped/2"


def rows(document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each host with each of its rows; a row that names no host is left out."""
    listed = document.get("groups") if isinstance(document, Mapping) else None
    groups = [texts(names) for names in listed] if isinstance(listed, list) else []
    for row in mappings_at(document, "answers"):
        number = row.get("group")
        shared = groups[number] if isinstance(number, int) and 0 <= number < len(groups) else None
        for host in [name_at(row, "host")] if shared is None else shared:
            if host:
                yield host, row
