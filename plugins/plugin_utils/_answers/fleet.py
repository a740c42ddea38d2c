# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a fleet: for each CVE and host the one answer that counts, with all that led to it. Pure: documents and advisories in, rows out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._fleet.bounded import dig, text_at
from .._fleet.host import Loaded
from .answer import FIXED, NOT_REACHABLE, UNAFFECTED, UNKNOWN, WORST_FIRST, Answer, answers, worst
from .model import Advisory

SCHEMA = "firebreak.answers/1"


class Host(NamedTuple):
    """One host's answer to one CVE: the worst of its parts, and all of them."""

    cve: str
    host: str
    answer: Answer
    parts: tuple[Answer, ...]
    scanned_at: str
    containers: int | None


@dataclass(frozen=True)
class Answers:
    """Everything a report of answers shows; ``hosts`` come by CVE, the worst first."""

    generated_at: str
    cves: tuple[str, ...]
    hosts: tuple[Host, ...]
    feeds: tuple[Mapping[str, Any], ...]
    problems: tuple[str, ...]

    def counts(self, cve: str) -> Counter[str]:
        """How many hosts have each answer to a CVE."""
        return Counter(host.answer.answer for host in self.hosts if host.cve == cve)


def of_fleet(loaded: Iterable[Loaded], wanted: Sequence[str], asked: Mapping[str, Sequence[Advisory]], known_streams: set[str],
             distrust: str = "") -> tuple[Host, ...]:
    """Every CVE of ``asked`` for every document; ``wanted`` hosts without one are unknown.

    With ``distrust``, the reason why the feeds cannot be believed now, no answer that rests on them closes a hole.
    """
    found: dict[str, list[Host]] = {}
    for item in loaded:
        document = item.document if isinstance(item.document, Mapping) else {}
        record = document.get("record")
        name = text_at(document, "host") or item.name
        rows = [_host(cve, name, record, item.problem or "", advisories, known_streams, distrust) for cve, advisories in asked.items()]
        if name not in found or found[name][0].scanned_at <= rows[0].scanned_at:
            found[name] = rows
    for name in wanted:
        found.setdefault(name, [_lost(cve, name, "no record of this host") for cve in asked])
    order = {cve: place for place, cve in enumerate(asked)}
    return tuple(sorted((row for rows in found.values() for row in rows), key=lambda row: (
        order[row.cve], WORST_FIRST.index(row.answer.answer), row.host)))


def _host(cve: str, name: str, record: Any, error: str, advisories: Sequence[Advisory], known_streams: set[str], distrust: str) -> Host:
    if not isinstance(record, Mapping) or not record:
        return _lost(cve, name, error or "the scan has no record")
    parts = tuple(_distrusted(part, distrust) for part in answers(cve, advisories, record, known_streams))
    shared = dig(record, "containers.shared_kernel")
    return Host(cve, name, worst(parts), parts, text_at(record, "scanned_at") or "", shared if isinstance(shared, int) else None)


def _lost(cve: str, name: str, why: str) -> Host:
    answer = Answer(UNKNOWN, "", why)
    return Host(cve, name, answer, (answer,), "", None)


def _distrusted(part: Answer, distrust: str) -> Answer:
    """A feed that is old may name a fix that was mended since, and lacks what was found since: it closes nothing."""
    if not distrust or part.answer not in (FIXED, UNAFFECTED, NOT_REACHABLE):
        return part
    return part._replace(answer=UNKNOWN, reason=f"{distrust}; by it: {part.answer}, {part.reason}")
