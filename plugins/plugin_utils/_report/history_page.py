# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""history.html: the report of a quarter, or of any time, for people who were not there. Self-contained, without a script, made to be printed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from statistics import mean, median
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .._fleet.bounded import counted, one_line, visible
from .._history.questions import DAY
from .._history.telling import Told
from .history import headline, iso, tables_of
from .page import ASSETS
from .pictures import areas, bars, spans

_ROWS = 60
_DRAWN = 24
_NAMES = {"first_seen": "first seen", "fixed_everywhere": "fixed everywhere", "hosts_ever_exposed": "hosts", "last_asked": "last asked",
          "mean_days_exposed": "mean days", "worst_days_exposed": "worst days", "hole_days": "all days", "open_now": "open now",
          "oldest_open": "oldest open", "oldest_open_days": "its days", "mean_days_to_resolved": "mean days to resolved", "hosts_now": "hosts now",
          "closed_by": "closed by", "hosts_changed": "hosts changed",
          "last_scan": "last scan"}
# Of these the day alone is shown.
_DAYS = ("first_seen", "fixed_everywhere", "oldest_open", "expires", "last_scan")
# A column of such short texts stays on one line, and one of such short words is broken between them alone, also where the paper is narrow.
_SHORT = 18
_LEFT_OUT = {"holes": ("last_asked",), "findings": ("oldest_open",)}


class Section(NamedTuple):
    """One part of the page: what it says, its picture and its table."""

    name: str
    title: str
    lead: str
    picture: Markup | None = None
    legend: Sequence[str] = ()
    heads: Sequence[Mapping[str, Any]] = ()
    rows: Sequence[Sequence[Mapping[str, Any]]] = ()
    more: str = ""


def history_html(told: Told) -> Iterator[str]:
    """The page, in pieces."""
    environment = Environment(loader=FileSystemLoader(ASSETS), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    style = (ASSETS / "history.css").read_text(encoding="utf-8")
    yield from environment.get_template("history.html.j2").generate(
        style=Markup(style), style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
        headline=headline(told), figures=list(_figures(told)), notices=list(_notices(told)), sections=list(_sections(told)),
        generated_at=iso(told.now), generated_text=_day(told.now), since_text=_day(told.since) if told.since else "")


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%-d %B %Y")


def _figures(told: Told) -> Iterator[tuple[str, str]]:
    yield "scans and answers", str(told.documents)
    if told.holes:
        yield "holes asked about", str(len(told.holes))
        yield "not fixed everywhere", str(len(told.open_holes))
    if told.fixed_days:
        yield "days to fixed everywhere, median", f"{median(told.fixed_days):.1f}"
        yield "at worst", f"{max(told.fixed_days):.1f}"
    if told.hosts:
        yield "days a hole was open on a host, mean", f"{sum(one.total for one in told.hosts) / sum(one.holes for one in told.hosts) / DAY:.1f}"
        yield "on the worst host", f"{max(one.worst for one in told.hosts) / DAY:.1f}"


def _notices(told: Told) -> Iterator[str]:
    if told.missing:
        yield visible(f"Missing slices: {', '.join(told.missing)} brought in nothing in this time. What follows is not of the whole fleet.")
    if told.silent:
        yield visible(f"Of {counted(len(told.silent), 'host')} nothing was heard for a week; they keep the state that they had.")


def _sections(told: Told) -> Iterator[Section]:
    tables = tables_of(told)
    if told.drift:
        latest = told.drift[-1][1]
        picture = areas(told.drift, ("compliant", "drifted", "unknown", "unreachable"), "Hosts by verdict over time", _story(told.drift))
        now = ", ".join(f"{latest.get(name, 0)} {name}" for name in ("compliant", "drifted", "unknown", "unreachable"))
        yield Section("drift", "The fleet over time", f"Hosts by verdict. Now: {now}.", picture, ("compliant", "drifted", "unknown", "unreachable"))
    if told.holes:
        drawn = [hole for hole in told.holes if hole.hosts or hole.fixed_at is None][:_DRAWN]
        picture = spans([(hole.name, hole.first_at, hole.fixed_at) for hole in drawn], told.now, "How long each hole was open somewhere in the fleet")
        yield _with("holes", "Holes, from first seen to fixed everywhere",
                    "Open while any host runs what has the hole, or while nobody can say. The days of hosts are of those that had it.",
                    tables, picture if drawn else None, ("open", "fixed") if drawn else ())
    for name, title, rows in (("groups", "Exposure by group", told.groups), ("hosts", "Exposure by host", told.hosts)):
        if rows:
            picture = bars([(row.name, row.mean / DAY, row.worst / DAY) for row in rows[:_DRAWN]], f"{title}: mean and worst days")
            yield _with(name, title, "Days that a hole was open: in the mean of all its holes, and the one that was open longest.", tables, picture,
                        ("mean", "worst"))
    yield from _plain(tables)


def _story(points: Sequence[tuple[int, Mapping[str, int]]]) -> str:
    (start, first), (end, last) = points[0], points[-1]
    return (f"From {_day(start)} with {first.get('compliant', 0)} of {sum(first.values())} hosts compliant "
            f"to {_day(end)} with {last.get('compliant', 0)} of {sum(last.values())}; "
            f"in the mean {mean(point.get('compliant', 0) for _at, point in points):.0f}.")


def _plain(tables: Mapping[str, list[dict[str, Any]]]) -> Iterator[Section]:
    words = (
        ("rollouts", "What rollouts closed", "On how many hosts each did something, and how often it closed or mitigated a hole on one."),
        ("findings", "Findings and their age", "Since when each finding stands somewhere, and how long it took to be resolved where it was."),
        ("waivers", "Who waived what", "Each waiver that covered a finding in this time, and on how many hosts it does now."),
        ("wavering", "What comes and goes", "Hosts whose verdict, and findings that, began anew several times: something undoes what was mended."),
        ("silent", "Hosts not heard of", "Their last scan is more than a week ago."),
        ("events", "What was done, and what was not", "The journal of what acted by itself, with its reasons."),
        ("parts", "Where this comes from", "Slices and controllers, and what each brought in last."),
    )
    for name, title, lead in words:
        if tables[name]:
            yield _with(name, title, lead, tables)


def _with(name: str, title: str, lead: str, tables: Mapping[str, list[dict[str, Any]]], picture: Markup | None = None, legend: Sequence[str] = ()
          ) -> Section:
    rows = tables[name]
    columns = [column for column in dict.fromkeys(column for row in rows[:1] for column in row) if column not in _LEFT_OUT.get(name, ())]
    kinds = {column: _kind(column, [row[column] for row in rows[:_ROWS]]) for column in columns}
    heads = [{"title": _NAMES.get(column, column.replace("_", " ")), "kind": kinds[column]} for column in columns]
    cells = [[{"text": _text(row[column])[:10 if kinds[column] == "date" else None], "kind": kinds[column]} for column in columns]
             for row in rows[:_ROWS]]
    more = f"{counted(len(rows) - _ROWS, 'more row')} in {name}.csv beside this page." if len(rows) > _ROWS else ""
    return Section(name, title, lead, picture, legend, heads, cells, more)


def _kind(column: str, values: Sequence[Any]) -> str:
    """How a column is set."""
    if any(isinstance(value, (int, float)) for value in values):
        return "number"
    texts = [_text(value) for value in values]
    if column in _DAYS or all(len(text) <= _SHORT for text in texts):
        return "date" if column in _DAYS else "short"
    return "words" if all(len(word) <= _SHORT for text in texts for word in text.split()) else ""


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    text = visible(one_line(value))
    return f"{text[:10]} {text[11:16]}" if len(text) == 20 and text.endswith("Z") and text[10] == "T" else text
