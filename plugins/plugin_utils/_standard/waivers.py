# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers: findings that somebody answers for, with a reason, until a day. An expired waiver waives nothing and is a finding itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from .catalogue import ids, is_known
from .requirement import shown
from .validation import StandardError

_FIELDS = ("finding", "owner", "reason", "expires")
NEVER_WAIVED = "waiver.expired"


@dataclass(frozen=True)
class Waiver:
    """One waiver: ``finding`` is an id or a shell pattern of ids, ``expires`` its last day (UTC), ``source`` the variable it stands in."""

    finding: str
    owner: str
    reason: str
    expires: date
    source: str

    def covers(self, finding_id: str) -> bool:
        return finding_id != NEVER_WAIVED and fnmatchcase(finding_id, self.finding)

    def as_data(self) -> dict[str, str]:
        """The waiver as a report shows it."""
        return {"finding": self.finding, "owner": self.owner, "reason": self.reason, "expires": self.expires.isoformat(), "source": self.source}


_WANTED = {"finding": "an id of docs/findings.md, or a pattern such as cpu.*", "owner": "who answers for it", "reason": "why it is waived",
           "expires": "a day such as 2027-03-31"}


def _text(entry: Mapping[Any, Any], field: str, where: str) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise StandardError(f"{where}.{field}: seen {shown(value)}; wanted: {_WANTED[field]}, as text of at most 1000 characters")
    return value


def _day(entry: Mapping[Any, Any], where: str) -> date:
    try:
        return date.fromisoformat(_text(entry, "expires", where))
    except ValueError as error:
        if isinstance(error, StandardError):
            raise
        raise StandardError(f"{where}.expires: seen {shown(entry['expires'])}; wanted: {_WANTED['expires']}") from None


def _finding(entry: Mapping[Any, Any], where: str) -> str:
    pattern = _text(entry, "finding", where)
    if pattern == NEVER_WAIVED:
        raise StandardError(f"{where}.finding: seen {shown(pattern)}, which is never waived; wanted: another day in the waiver that has expired")
    if is_known(pattern):
        return pattern
    close = get_close_matches(pattern, ids(), n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise StandardError(f"{where}.finding: seen {shown(pattern)}, which no finding has; {hint}wanted: {_WANTED['finding']}")


def parse(entry: Any, where: str) -> Waiver:
    """The Waiver that a list item states; StandardError names its place, the value seen and the values wanted."""
    if not isinstance(entry, Mapping):
        raise StandardError(f"{where}: seen {shown(entry)}; wanted: a mapping with {', '.join(_FIELDS)}")
    for field in entry:
        if field not in _FIELDS:
            close = get_close_matches(str(field), _FIELDS, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise StandardError(f"{where}.{field}: unknown key; {hint}wanted: {', '.join(_FIELDS)}")
    return Waiver(_finding(entry, where), _text(entry, "owner", where), _text(entry, "reason", where), _day(entry, where), where)


def in_force(waivers: Iterable[Waiver], today: date) -> tuple[list[Waiver], list[Waiver]]:
    """The waivers that still hold on ``today`` (their last day included), and the expired ones."""
    holding: list[Waiver] = []
    expired: list[Waiver] = []
    for waiver in waivers:
        (holding if today <= waiver.expires else expired).append(waiver)
    return holding, expired
