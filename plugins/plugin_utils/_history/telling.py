# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a history tells at one moment, for the forms of its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import feeding, questions
from .database import History
from .questions import DAY, Exposure, FindingAge, Hole, Moved, Part, Waived, Wavering

# A host of which nothing was heard for so long is named.
SILENT_DAYS = 7


@dataclass(frozen=True)
class Told:
    """What a report of the history shows. Times are seconds since 1970, spans are seconds."""

    now: int
    since: int
    where: str
    documents: int = 0
    holes: Sequence[Hole] = ()
    hosts: Sequence[Exposure] = ()
    groups: Sequence[Exposure] = ()
    findings: Sequence[FindingAge] = ()
    drift: Sequence[tuple[int, Mapping[str, int]]] = ()
    wavering: Sequence[Wavering] = ()
    waivers: Sequence[Waived] = ()
    parts: Sequence[Part] = ()
    missing: Sequence[str] = ()
    silent: Sequence[tuple[str, int]] = ()
    moved: Sequence[Moved] = ()
    events: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def open_holes(self) -> list[Hole]:
        """Those that are not fixed on every host, or of which nobody can say."""
        return [hole for hole in self.holes if hole.fixed_at is None]

    @property
    def fixed_days(self) -> list[float]:
        """The days that each hole took from its first sight to fixed everywhere, of those that some host had and none has now."""
        return [(hole.fixed_at - hole.first_at) / DAY for hole in self.holes if hole.fixed_at is not None and hole.hosts]


def tell(history: History, now: int, days: int = 0, slices: Sequence[str] = ()) -> Told:
    """Ask everything, of so many days (0: of all that is known)."""
    since = max(0, now - days * DAY) if days > 0 else 0
    with history.reading() as connection:
        parts = questions.parts(connection)
        hosts, groups = questions.exposures(connection, now, since)
        recent = [part.slice for part in parts if part.last_at >= since]
        return Told(
            now=now, since=since, where=history.where, documents=sum(part.documents for part in parts),
            holes=questions.holes(connection, now, since), hosts=hosts, groups=groups, findings=questions.findings(connection, now, since),
            drift=questions.drift(connection, now, since), wavering=questions.wavering(connection, since or now - 30 * DAY),
            waivers=questions.waivers(connection, since), parts=parts, missing=feeding.missing_parts(recent, slices),
            silent=questions.silent(connection, now - SILENT_DAYS * DAY), moved=questions.moved(connection, since),
            events=questions.events(connection, since),
        )
