# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record says to advisories. Pure: a document of a report in, what runs on its host or the answers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._fleet.bounded import name_at, text_at
from .._fleet.host import Loaded
from .._standard.mitigations import Mitigation
from . import components, mitigated
from .alike import Fact
from .answer import UNKNOWN, Answer, judge, of_nobody, of_nothing, worst_first
from .model import Advisory
from .told import told


def fact_of(loaded: Loaded, standards: Mapping[str, tuple[Mitigation, ...]] | None = None) -> Fact:
    """What answers need of one document of a report; ``standards`` has the mitigations of each standard by its SHA-256."""
    document = loaded.document if isinstance(loaded.document, Mapping) else {}
    record = document.get("record")
    name = name_at(document, "host") or loaded.name
    if not isinstance(record, Mapping) or not record:
        return Fact(name, "", (), loaded.problem or "the scan has no record")
    placed = tuple(components.placed(record))
    wanted = (standards or {}).get(text_at(document, "standard"), ())
    placed = mitigated.told_of(placed, mitigated.of_record(wanted, record))
    problem = "" if placed else components.why(record, "kernel.version_order")
    return Fact(name, text_at(record, "scanned_at"), placed, problem)


def answers(cve: str, advisories: Sequence[Advisory], record: Mapping[str, Any], known_streams: Iterable[str] = ()) -> list[Answer]:
    """The answer for each thing on the host that the advisories are about, the worst first; one answer with the reason where there is none."""
    found, said = components.placed(record), told(cve, advisories)
    if not said.ids:
        return [of_nobody(cve)]
    if not found:
        return [Answer(UNKNOWN, "", components.why(record, "kernel.version_order"))]
    judged = [answer._replace(where=one.where) for one in found if (answer := judge(said, one.seen))]
    return worst_first(judged) or [of_nothing(said, found[0].seen, set(known_streams))]
