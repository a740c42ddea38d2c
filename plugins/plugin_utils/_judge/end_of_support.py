# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when each operating system release gets security updates: the table ``data/end_of_support.yml``, with a source for each row.

A version stands for its minor ones, unless some of them are listed: a minor release of Enterprise Linux gets nothing after the next one is out,
but with an add-on of its own (EUS). What is not listed is newer than the table, or nobody dates it, such as Oracle Linux 10; there a host's own
SUPPORT_END (os-release) serves. CentOS Linux and CentOS Stream 8 have one ID and VERSION_ID: the date is the later one's, Stream's.
``tests/tools/refresh_end_of_support.py`` writes the table anew from files that somebody brings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from . import tables

_TABLE = "end_of_support"


class Support(NamedTuple):
    """The last days of the vendor's regular support, of the extended support and of a legacy add-on that may be had (None: there is none).

    ``line`` is that of the whole major version, where a minor one ends before it.
    """

    vendor: date
    extended: date | None = None
    extended_name: str = ""
    legacy: date | None = None
    legacy_name: str = ""
    line: date | None = None

    def last_day(self, kind: str) -> date:
        """The last day for who has ``vendor``, ``extended`` or ``legacy`` support."""
        days = {"vendor": (), "extended": (self.extended,), "legacy": (self.extended, self.legacy)}[kind]
        return max([self.vendor, *(day for day in days if day)])


@lru_cache(maxsize=1)
def _rows() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    return {(row["id"], row["version"]): row for row in tables.table(_TABLE)["rows"]}


@lru_cache(maxsize=1)
def _with_minors() -> frozenset[tuple[str, str]]:
    """The major versions of which minor ones are listed."""
    return frozenset((os_id, version.split(".")[0]) for os_id, version in _rows() if "." in version)


def as_of() -> str:
    """The month of the table: 2026-11."""
    return tables.as_of(_TABLE)


def find(os_id: str, version_id: str) -> Support | None:
    """The support of a release by os-release's ID and VERSION_ID; of its major version where minor ones are not listed. None: not known."""
    key = (os_id, version_id.split(".")[0])
    major = _rows().get(key)
    row = _rows().get((os_id, version_id)) or (major if key not in _with_minors() else None)
    if row is None:
        return None
    if "vendor" not in row:
        # The newest minor release of the table: when the next one comes is not known.
        row = {**(major or {}), **row}
    names = tables.table(_TABLE)["names"].get(os_id, {})
    line = major["vendor"] if major and row["vendor"] < major["vendor"] else None
    return Support(row["vendor"], row.get("extended"), row.get("extended_name", names.get("extended", "")) if row.get("extended") else "",
                   row.get("legacy"), names.get("legacy", "") if row.get("legacy") else "", line)
