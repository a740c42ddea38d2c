# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the history as SVG: areas over time, spans on a line of time, bars. Each says in words what it shows; colours come from the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone

from markupsafe import Markup, escape

from .._fleet.bounded import visible

_WIDTH, _LEFT, _RIGHT, _ROW = 1000, 190, 60, 22
_HIGH = 220


def _framed(height: int, title: str, told: str, parts: Iterator[str]) -> Markup:
    body = "".join(parts)
    return Markup(f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(visible(f"{title}. {told}"))}">{body}</svg>')


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%-d %b %Y")


def areas(points: Sequence[tuple[int, Mapping[str, int]]], names: Sequence[str], title: str, told: str) -> Markup:
    """Counts by name over time, on top of each other."""
    return _framed(_HIGH + 26, title, told, _areas(points, names))


def _areas(points: Sequence[tuple[int, Mapping[str, int]]], names: Sequence[str]) -> Iterator[str]:
    start, end = points[0][0], max(points[-1][0], points[0][0] + 1)
    most = max(1, *(sum(counts.get(name, 0) for name in names) for _at, counts in points))

    def x(at: float) -> float:
        return 44 + (_WIDTH - 44) * (at - start) / (end - start)

    def y(count: float) -> float:
        return 4 + _HIGH * (1 - count / most)

    for share in (0, 0.5, 1):
        yield f'<line class="rule" x1="44" x2="{_WIDTH}" y1="{y(most * share):.1f}" y2="{y(most * share):.1f}"/>'
        yield f'<text x="36" y="{y(most * share) + 4:.1f}" text-anchor="end">{most * share:.0f}</text>'
    below = [0] * len(points)
    # The last value lasts until the end; each step keeps its height until the next.
    for name in names:
        above = [base + counts.get(name, 0) for base, (_at, counts) in zip(below, points, strict=True)]
        if above != below:
            top, bottom = (_steps([at for at, _counts in points], edge, x, y) for edge in (above, below))
            yield f'<path class="{name}" d="M{" ".join(top)} L{" ".join(reversed(bottom))}Z"/>'
        below = above
    yield from _axis(start, end, 44, _WIDTH, _HIGH + 22)


def _steps(moments: Sequence[int], heights: Sequence[int], x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    found: list[str] = []
    for number, (at, height) in enumerate(zip(moments, heights, strict=True)):
        if number:
            found.append(f"{x(at):.1f},{y(heights[number - 1]):.1f}")
        found.append(f"{x(at):.1f},{y(height):.1f}")
    return found


def _axis(start: float, end: float, left: float, right: float, y: float) -> Iterator[str]:
    for place, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        yield f'<text x="{left + (right - left) * place:.0f}" y="{y:.0f}" text-anchor="{anchor}">{_date(start + (end - start) * place)}</text>'


def spans(rows: Sequence[tuple[str, int, int | None]], now: int, title: str) -> Markup:
    """From when until when each thing stood; what still does reaches to the end."""
    told = "; ".join(f"{name} {'from ' + _date(since) + (' until now' if until is None else ' to ' + _date(until))}" for name, since, until in rows)
    return _framed(len(rows) * _ROW + 26, title, told, _spans(rows, now))


def _spans(rows: Sequence[tuple[str, int, int | None]], now: int) -> Iterator[str]:
    start = min((since for _name, since, _until in rows), default=now)
    width = _WIDTH - _LEFT - _RIGHT
    scale = width / max(1, now - start)
    for number, (name, since, until) in enumerate(rows):
        top, x = number * _ROW, _LEFT + (since - start) * scale
        length = max(3.0, ((now if until is None else until) - since) * scale)
        yield _name(name, top)
        yield f'<rect class="track" x="{_LEFT}" y="{top + 5}" width="{width}" height="12" rx="2"/>'
        yield f'<rect class="{"open" if until is None else "fixed"}" x="{x:.1f}" y="{top + 5}" width="{length:.1f}" height="12" rx="2"/>'
        yield _value(((now if until is None else until) - since) / 86400, top)
    yield from _axis(start, now, _LEFT, _LEFT + width, len(rows) * _ROW + 18)


def bars(rows: Sequence[tuple[str, float, float]], title: str) -> Markup:
    """The mean within the worst, in days."""
    told = "; ".join(f"{name} {mean:.1f} and {worst:.1f}" for name, mean, worst in rows)
    return _framed(len(rows) * _ROW + 4, title, told, _bars(rows))


def _bars(rows: Sequence[tuple[str, float, float]]) -> Iterator[str]:
    width = _WIDTH - _LEFT - _RIGHT
    most = max((worst for _name, _mean, worst in rows), default=0) or 1
    for number, (name, mean, worst) in enumerate(rows):
        top = number * _ROW
        yield _name(name, top)
        yield f'<rect class="worst" x="{_LEFT}" y="{top + 5}" width="{max(2.0, width * worst / most):.1f}" height="12" rx="2"/>'
        yield f'<rect class="mean" x="{_LEFT}" y="{top + 5}" width="{max(2.0, width * mean / most):.1f}" height="12" rx="2"/>'
        yield _value(worst, top)


def _name(name: str, top: float) -> str:
    shown = visible(name)
    # Names of one kind often begin alike and differ at their end.
    short = shown if len(shown) <= 24 else f"{shown[:11]}…{shown[-12:]}"
    return f'<text class="name" x="{_LEFT - 10}" y="{top + 15}" text-anchor="end">{escape(short)}</text>'


def _value(days: float, top: float) -> str:
    return f'<text x="{_WIDTH - _RIGHT + 8}" y="{top + 15}">{days:.1f} d</text>'
