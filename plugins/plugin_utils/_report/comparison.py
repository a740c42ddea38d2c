# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A comparison of two reports for a terminal: the standard first, then what people must look at; equal changes are one line with their hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._fleet.bounded import counted, visible
from .._fleet.compare import Change, Comparison
from .._fleet.standards import StandardChange
from .line import Line

_EXAMPLES = 5
_KINDS = 20
_VALUE_LIMIT = 240

_TITLES = {
    "new_findings": ("New findings", "yellow"),
    "waiver_over": ("No longer waived, and still there", "yellow"),
    "newly_promised": ("Observed before, now promised and broken", "yellow"),
    "seen_now": ("Found where the earlier report had not looked", "yellow"),
    "changed_findings": ("Changed findings", "yellow"),
    "resolved": ("Resolved", "green"),
    "waived": ("Waived: nothing is resolved by that", None),
    "not_promised": ("No longer promised, or promised otherwise: nothing is resolved by that", "yellow"),
    "not_looked_at": ("Not looked at this time: nobody knows whether they are still there", "purple"),
    "unknown": ("Not to be seen this time: nobody knows whether they are still there", "purple"),
    "new_observations": ("New observations, of which the standard says nothing", None),
    "gone_observations": ("Observations that are gone", None),
}


def comparison_lines(comparison: Comparison) -> Iterator[Line]:
    """The comparison, line by line."""
    yield Line(visible(f"From {comparison.before} to {comparison.after}"))
    for word in comparison.partial:
        which = "earlier" if word == "before" else "later"
        yield Line(f"  The {which} report is partial: hosts that it leaves out are neither new nor gone.", "yellow")
    for change in comparison.standards:
        yield from _standard(change)
    for title, names, color in (("New hosts", comparison.appeared, None), ("Hosts gone", comparison.gone, "yellow")):
        if names:
            yield Line(f"  {title}: {_names(names)}", color)
    yield from _changes("Verdicts", comparison.verdicts, None)
    for kind, changes in comparison.findings.items():
        yield from _changes(*_heading(kind, changes))
    yield from _changes("Changed facts", comparison.facts, None)
    if not comparison.is_different:
        yield Line("  Nothing changed.", "green")


def _heading(kind: str, changes: list[Change]) -> tuple[str, list[Change], str | None]:
    title, color = _TITLES[kind]
    return title, changes, color


def _standard(change: StandardChange) -> Iterator[Line]:
    """What hosts are held to changed: what follows is to be read by it."""
    names = f"{change.before or 'none'} -> {change.after or 'none'}"
    yield Line(visible(f"  The standard changed on {counted(len(change.hosts), 'host')}: {names}"), "yellow")
    parts = (("no longer promised", change.removed.items()), ("newly promised", change.added.items()),
             ("changed", ((key, " -> ".join(values)) for key, values in change.changed.items())))
    for title, items in parts:
        told = [f"{key} {value}" for key, value in items]
        if told:
            more = f" and {len(told) - 2 * _EXAMPLES} more" if len(told) > 2 * _EXAMPLES else ""
            yield Line(visible(f"    {title}: {'; '.join(told[:2 * _EXAMPLES])}{more}"[:1000]))


def _changes(title: str, changes: Sequence[Change], color: str | None) -> Iterator[Line]:
    if changes:
        yield Line(f"  {title} ({len(changes)})", color)
        yield from (Line(text, color) for text in _grouped(changes))


def _grouped(changes: Sequence[Change]) -> Iterator[str]:
    groups: dict[tuple[str, str | None, str | None], list[str]] = {}
    for change in changes:
        groups.setdefault((change.what, change.before, change.after), []).append(change.host)
    ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
    for (what, before, after), names in ranked[:_KINDS]:
        values = " -> ".join(visible(text)[:_VALUE_LIMIT] for text in (before, after) if text is not None)
        yield f"    {visible(what)}: {values}  on {_names(names)}"
    if len(ranked) > _KINDS:
        yield f"    ... and {counted(len(ranked) - _KINDS, 'more kind')} of change"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _EXAMPLES} more" if len(names) > _EXAMPLES else ""
    return ", ".join(visible(name) for name in names[:_EXAMPLES]) + more
