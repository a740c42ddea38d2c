# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history for a terminal, as JSON, as CSV and as OpenMetrics text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from statistics import mean
from typing import Any

from .._fleet.bounded import counted, visible
from .._history.questions import DAY, Exposure, Hole
from .._history.telling import Told
from .line import Line
from .metrics import family
from .rows import csv_cell, csv_line

SCHEMA = "firebreak.history/1"
_ROWS = 12


def iso(moment: int | None) -> str | None:
    """A time as reports write it."""
    return None if moment is None else datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def days(seconds: float | None) -> float | None:
    """Seconds as days, to the hundredth."""
    return None if seconds is None else round(seconds / DAY, 2)


def hole_row(hole: Hole, now: int) -> dict[str, Any]:
    """One hole for programs; an open one has been open until now."""
    end = hole.fixed_at if hole.fixed_at is not None else now
    return {
        "hole": hole.name, "first_seen": iso(hole.first_at), "last_asked": iso(hole.last_at), "fixed_everywhere": iso(hole.fixed_at),
        "days": days(end - hole.first_at), "hosts_ever_exposed": hole.hosts, "exposed": hole.exposed,
        "pending": hole.pending, "unknown": hole.unknown, "mitigated": hole.mitigated, "mean_days_exposed": days(hole.mean),
        "worst_days_exposed": days(hole.worst), "closed_by": ", ".join(f"{run} ({counted(hosts, 'host')})" for run, hosts in hole.closers)}


def exposure_row(row: Exposure, what: str) -> dict[str, Any]:
    """One host's or group's exposure for programs."""
    return {what: row.name, "holes": row.holes, "open_now": row.standing, "hole_days": days(row.total), "mean_days_exposed": days(row.mean),
            "worst_days_exposed": days(row.worst)}


def tables_of(told: Told) -> dict[str, list[dict[str, Any]]]:
    """Everything as named tables of plain values: the JSON's, the CSV files' and the page's."""
    return {
        "holes": [hole_row(hole, told.now) for hole in told.holes],
        "hosts": [exposure_row(row, "host") for row in told.hosts],
        "groups": [exposure_row(row, "group") for row in told.groups],
        "findings": [{"finding": one.name, "severity": one.severity, "first_seen": iso(one.first_at), "oldest_open": iso(one.oldest_at),
                      "oldest_open_days": None if one.oldest_at is None else days(told.now - one.oldest_at), "open": one.open, "waived": one.waived,
                      "resolved": one.resolved, "mean_days_to_resolved": days(one.mean)} for one in told.findings],
        "drift": [{"at": iso(at), **counts} for at, counts in told.drift],
        "wavering": [{"host": one.host, "what": one.what, "changes": one.changes, "last": iso(one.last_at)} for one in told.wavering],
        "waivers": [{"finding": one.finding, "owner": one.owner, "reason": one.reason, "expires": one.expires, "source": one.source,
                     "first_seen": iso(one.first_at), "hosts_now": one.hosts} for one in told.waivers],
        "rollouts": [{"rollout": one.run, "begun": iso(one.first_at), "last": iso(one.last_at), "hosts_changed": one.hosts, "holes": one.holes,
                      "closed": one.closed} for one in told.moved],
        "parts": [{"slice": one.slice, "controller": one.controller, "kind": one.kind, "documents": one.documents, "last": iso(one.last_at)}
                  for one in told.parts],
        "silent": [{"host": host, "last_scan": iso(at)} for host, at in told.silent],
        "events": [{**event, "at": iso(event["at"])} for event in told.events],
    }


def history_json(told: Told) -> Iterator[str]:
    """The whole answer for programs."""
    head = {"schema": SCHEMA, "generated_at": iso(told.now), "since": iso(told.since) if told.since else None, "documents": told.documents,
            "missing_slices": list(told.missing)}
    yield json.dumps({**head, **tables_of(told)}, indent=1) + "\n"


def history_csv(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One table for spreadsheets."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    yield csv_line(names)
    for row in rows:
        yield csv_line([csv_cell(row.get(name)) for name in names])


def history_openmetrics(told: Told) -> Iterator[str]:
    """Gauges of what is open, how long it was, and what was heard of whom."""
    holes = told.holes
    yield from family("firebreak_history_timestamp_seconds", "When the history was asked.", [({}, told.now)])
    yield from family("firebreak_hole_first_seen_timestamp_seconds", "When a hole was first seen in the fleet.", _of(holes, lambda one: one.first_at))
    yield from family("firebreak_hole_fixed_everywhere_timestamp_seconds", "When the last host had a hole closed, of holes that none has.",
                      _of([one for one in holes if one.fixed_at is not None], lambda one: one.fixed_at or 0))
    yield from family("firebreak_hole_hosts", "Hosts by hole and what it is on them now, of holes that are not fixed everywhere.",
                      (({"hole": one.name, "state": state}, getattr(one, state)) for one in told.open_holes
                       for state in ("exposed", "pending", "unknown", "mitigated")))
    yield from family("firebreak_hole_exposure_mean_days", "Days that a hole was open on the hosts that had it.",
                      _of(holes, lambda one: one.mean / DAY))
    yield from family("firebreak_hole_exposure_worst_days", "Days that a hole was open on the host that had it longest.",
                      _of(holes, lambda one: one.worst / DAY))
    yield from family("firebreak_group_exposure_mean_days", "Days that holes were open on the hosts of a group.",
                      (({"group": one.name}, round(one.mean / DAY, 4)) for one in told.groups))
    yield from family("firebreak_group_exposure_worst_days", "Days of the hole that was open longest on a host of a group.",
                      (({"group": one.name}, round(one.worst / DAY, 4)) for one in told.groups))
    restless = {one.host for one in told.wavering}
    yield from family("firebreak_wavering_hosts", "Hosts whose verdict or a finding comes and goes.", [({}, len(restless))])
    yield from family("firebreak_silent_hosts", "Hosts of which nothing was heard for a week.", [({}, len(told.silent))])
    yield from family("firebreak_part_last_timestamp_seconds", "When a slice or a controller brought in something last.",
                      (({"slice": one.slice, "controller": one.controller, "kind": one.kind}, one.last_at) for one in told.parts))
    yield "# EOF\n"


def _of(holes: Iterable[Hole], value: Callable[[Hole], float]) -> Iterator[tuple[dict[str, str], float]]:
    yield from (({"hole": hole.name}, round(value(hole), 4)) for hole in holes)


def headline(told: Told) -> str:
    """The history in one sentence."""
    if not told.documents:
        return "Nothing is in the history yet"
    if not told.holes:
        return f"No hole was asked about yet; {counted(told.documents, 'scan or answer', 'scans and answers')} in the history"
    still = len(told.open_holes)
    took = f"; fixed everywhere after {mean(told.fixed_days):.1f} days in the mean, {max(told.fixed_days):.1f} at worst" if told.fixed_days else ""
    return f"{still} of {counted(len(told.holes), 'hole')} {'is' if still == 1 else 'are'} not fixed everywhere{took}"


def history_lines(told: Told) -> Iterator[Line]:
    """The short form for a terminal."""
    yield Line(f"{headline(told)}.", "red" if told.open_holes else None)
    for hole in told.open_holes[:_ROWS]:
        left = ", ".join(f"{getattr(hole, state)} {state}" for state in ("exposed", "pending", "unknown", "mitigated") if getattr(hole, state))
        yield Line(visible(f"  {hole.name:18} since {iso(hole.first_at)}: {left}; open {hole.mean / DAY:.1f} days in the mean, "
                           f"{hole.worst / DAY:.1f} at worst"), "red" if hole.exposed else "yellow")
    for title, rows in (("Exposed longest", told.hosts), ("By group", told.groups)):
        if rows:
            yield Line(title)
        for row in rows[:_ROWS]:
            yield Line(visible(f"  {row.name:30} {row.standing} open now, {row.mean / DAY:.1f} days in the mean, {row.worst / DAY:.1f} at worst"))
    old = [one for one in told.findings if one.oldest_at is not None]
    if old:
        yield Line("Oldest findings")
    for one in old[:_ROWS]:
        yield Line(visible(f"  {one.name:40} {counted(one.open, 'host')}, since {iso(one.oldest_at)}"))
    yield from _warnings(told)


def _warnings(told: Told) -> Iterator[Line]:
    if told.wavering:
        names = list(dict.fromkeys(f"{one.host} ({one.what}, {one.changes} times)" for one in told.wavering))
        yield Line(visible(f"Wavering: {', '.join(names[:_ROWS])}"), "yellow")
    if told.silent:
        yield Line(visible(f"Silent for a week: {', '.join(host for host, _at in told.silent[:_ROWS])}"
                           f"{f' and {len(told.silent) - _ROWS} more' if len(told.silent) > _ROWS else ''}"), "purple")
    if told.missing:
        yield Line(visible(f"Missing slices: {', '.join(told.missing)} brought in nothing"), "red")
