# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine in full, for whoever scans their own: each fact that matters, the findings, and what could not be said and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from .._fleet.bounded import counted, one_line, visible
from .._fleet.fleet import Finding, Host, is_drift
from .machine_rows import ROWS, Record, mappings
from .table import Line

_LABEL_WIDTH = 18
_NULLS_LIMIT = 40
_SEVERITY_COLORS = {"critical": "red", "high": "red", "medium": "yellow"}


def machine(host: Host, record: Any, standard: str) -> Iterator[Line]:
    """The view of one host; ``record`` is its record or None, ``standard`` the name of what it was held against or ''."""
    count = sum(map(is_drift, host.findings))
    against = f", {counted(count, 'finding')} against {standard}" if standard else ""
    yield Line(visible(f"{host.name}: {host.verdict}{against}"), "green" if host.verdict == "compliant" else "yellow")
    for reason in host.reasons:
        yield _row("because", reason)
    if host.error:
        yield _row("error", host.error)
    if isinstance(record, Mapping):
        for label, tell in ROWS:
            yield from (_row(label if number == 0 else "", text) for number, text in enumerate(tell(record)))
    yield from _findings("Findings", tuple(filter(is_drift, host.findings)))
    yield from _findings("Noticed, of which the standard says nothing", tuple(item for item in host.findings if not is_drift(item)))
    yield from _findings("Waived", host.waived)
    if isinstance(record, Mapping):
        yield from _nulls(record)


def _row(label: str, text: str) -> Line:
    return Line(visible(f"  {label:<{_LABEL_WIDTH}}{text[:400]}".rstrip()))


def _findings(title: str, findings: tuple[Finding, ...]) -> Iterator[Line]:
    if findings:
        yield Line("")
        yield Line(title)
    for finding in findings[:40]:
        yield Line(visible(f"  {finding['severity']:<9}{finding['id']}"), _SEVERITY_COLORS.get(finding["severity"]))
        yield Line(visible(f"           expected {one_line(finding['expected'])[:300]}, observed {one_line(finding['observed'])[:300]}"))
        yield Line(visible(f"           remedy: {one_line(finding['remedy'])[:300].rstrip('.')}; costs: {one_line(finding['disruption'])}"))


def _nulls(record: Record) -> Iterator[Line]:
    """What could not be said; facts lost for one reason share their lines."""
    nulls = mappings(record.get("nulls"))
    if nulls:
        yield Line("")
        yield Line(f"Could not be said ({len(nulls)})")
    groups: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for item in nulls:
        place, _separator, fact = one_line(item.get("fact")).rpartition(".")
        groups[place, one_line(item.get("reason")), one_line(item.get("detail"))].append(fact)
    for (place, reason, detail), facts in list(groups.items())[:_NULLS_LIMIT]:
        yield Line(visible(f"  {place}: {', '.join(facts[:20])}"[:200]))
        yield Line(visible(f"           {reason}{f': {detail}' if detail not in ('', '-') else ''}"[:300]))
    if len(groups) > _NULLS_LIMIT:
        yield Line(f"  ... and {len(groups) - _NULLS_LIMIT} more, all in the record")
