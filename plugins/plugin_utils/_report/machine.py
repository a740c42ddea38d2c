# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine in full, for whoever scans their own: the facts, the findings, and at the end, where the eye is, the verdict.

What could not be said is counted by its reasons; the single facts are told where details are asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from .._fleet.bounded import counted, one_line, visible
from .._fleet.fleet import Finding, Host, is_drift
from .junit import waiver_sentence
from .line import Line
from .machine_rows import ROWS, Record, mappings
from .reasons import last_words, reason_in_words

_LABEL_WIDTH = 18
_NULLS_LIMIT = 40
_NOTICED_LIMIT = 5
_FINDINGS_LIMIT = 40
_SEVERITY_COLORS = {"critical": "red", "high": "red", "medium": "yellow"}
# Reasons for a null that lose nothing: the fact has no meaning here, or nobody asked for it.
_NOTHING_LOST = ("not_applicable", "not_asked")
_NULL_WORDS = {"needs_root": "for want of root", "absent": "of what this host has not", "deadline": "for want of time",
               "tool_missing": "for want of a command"}


def machine(host: Host, record: Any, standard: str, details: bool = False) -> Iterator[Line]:
    """The view of one host; ``record`` is its record or None, ``standard`` the name of what it was held against or ''."""
    yield Line(visible(host.name))
    if isinstance(record, Mapping):
        for label, tell in ROWS:
            yield from (_row(label if number == 0 else "", text) for number, text in enumerate(tell(record)))
    noticed = [item for item in host.findings if not is_drift(item)]
    yield from _findings("Noticed, of which the standard says nothing" if standard else "Noticed", noticed,
                         _FINDINGS_LIMIT if details else _NOTICED_LIMIT, details)
    yield from _findings("Waived", list(host.waived), _FINDINGS_LIMIT, details)
    if isinstance(record, Mapping):
        yield from _nulls(record) if details else _nulls_in_short(record)
    yield from _findings("Broken promises", list(filter(is_drift, host.findings)), _FINDINGS_LIMIT, True)
    yield Line("")
    yield from _verdict(host, standard)


def _verdict(host: Host, standard: str) -> Iterator[Line]:
    """The verdict and why, in words."""
    broken = sum(map(is_drift, host.findings))
    against = f": {counted(broken, 'broken promise')} of {standard}" if standard and broken else f", held to {standard}" if standard else ""
    yield Line(visible(f"{host.name} is {host.verdict}{against}"), "green" if host.verdict == "compliant" else "yellow")
    told = [reason_in_words(reason) for reason in host.reasons]
    for reason in told[:10]:
        yield _row("because", reason)
    if len(told) > 10:
        yield _row("", f"and {len(told) - 10} more reasons, all in the report")
    if host.error:
        yield _row("error", last_words(host.name, host.error))
        helps = host.error.partition("; what helps: ")[2]
        if helps:
            yield _row("what helps", helps)


def _row(label: str, text: str) -> Line:
    return Line(visible(f"  {label:<{_LABEL_WIDTH}}{text[:400]}".rstrip()))


def _findings(title: str, findings: list[Finding], limit: int, in_full: bool) -> Iterator[Line]:
    if findings:
        yield Line("")
        yield Line(title)
    for finding in findings[:limit]:
        yield Line(visible(f"  {finding['severity']:<9}{finding['id']}"), _SEVERITY_COLORS.get(finding["severity"]))
        yield Line(visible(f"           expected {one_line(finding['expected'])[:300]}, observed {one_line(finding['observed'])[:300]}"))
        if in_full:
            yield Line(visible(f"           remedy: {one_line(finding['remedy'])[:300].rstrip('.')}; costs: {one_line(finding['disruption'])}"))
        if finding.get("waiver") is not None:
            yield Line(visible(f"           {waiver_sentence(finding)}"[:400]))
    if len(findings) > limit:
        yield Line(f"  ... and {len(findings) - limit} more, in the report")


def _lost(record: Record) -> list[Record]:
    return [item for item in mappings(record.get("nulls")) if item.get("reason") not in _NOTHING_LOST]


def _nulls_in_short(record: Record) -> Iterator[Line]:
    """How many facts could not be had, by reason."""
    reasons = Counter(one_line(item.get("reason")) for item in _lost(record))
    if reasons:
        kinds = [(f"{count} ", _NULL_WORDS.get(reason, f"({reason})")) for reason, count in reasons.most_common(6)]
        told = ", ".join(count + words for count, words in kinds) if len(kinds) > 1 else f"all {kinds[0][1]}"
        yield Line("")
        yield Line(visible(f"{counted(reasons.total(), 'fact')} could not be had: {told}. -e firebreak_details=true lists them."))


def _nulls(record: Record) -> Iterator[Line]:
    """What could not be said; facts lost for one reason share their lines."""
    nulls = _lost(record)
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
