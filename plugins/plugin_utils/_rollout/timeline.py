# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who was down when, and why: the events of a rollout as spans of time for a drawing, and as lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from .journal import DONE, SPENT, Event

BUSY, DOWN, BAD, SEEN = "busy", "down", "bad", "seen"
_WIDTH = 1000
_LEAST = 3
_DAY = 86400


class Span(NamedTuple):
    """A host in a state from one moment to another, '' for one that has not ended."""

    host: str
    kind: str
    begun: str
    ended: str
    words: str


def spans(events: Iterable[Event]) -> list[Span]:
    """Each host's time in its wave, down for a reboot, and out until somebody released it; and when a watcher saw it down."""
    found: list[Span] = []
    going: dict[tuple[str, str], tuple[str, str]] = {}

    def end(host: str, kind: str, at: str, words: str = "") -> None:
        if (host, kind) in going:
            begun, told = going.pop((host, kind))
            found.append(Span(host, kind, begun, at, f"{told}{f': {words}' if words else ''}"))

    for event in events:
        kind, at, host = str(event.get("event")), str(event.get("at")), str(event.get("host") or "")
        if kind == "wave":
            for name in event.get("hosts") or ():
                end(str(name), BUSY, at, "broken off")
                going[str(name), BUSY] = (at, f"wave {event.get('number')}")
        elif kind == "step" and event.get("step") == "reboot":
            if event.get("did") == "done":
                end(host, DOWN, at)
            else:
                going.setdefault((host, DOWN), (at, "reboot"))
        elif kind == "result":
            end(host, DOWN, at, "it did not come back")
            end(host, BUSY, at, str(event.get("status")))
            if event.get("status") in SPENT:
                going[host, BAD] = (at, f"{event.get('status')}: {event.get('why')}")
        elif kind == "carried" and event.get("status") in SPENT:
            going[host, BAD] = (at, f"{event.get('status')}: {event.get('why')}")
        elif kind == "watched" and event.get("up") is False:
            going.setdefault((host, SEEN), (at, "seen down from outside"))
        elif kind == "watched":
            end(host, SEEN, at)
        elif kind == "released":
            end(host, BAD, at, f"released by {event.get('by')}")
    found += [Span(host, kind, begun, "", words) for (host, kind), (begun, words) in going.items()]
    return sorted(found, key=lambda span: (span.begun, span.host, span.kind))


def bars(found: list[Span], now: str) -> list[dict[str, Any]]:
    """The spans as bars on a width of 1000, a row for each host in the order in which they went."""
    if not found:
        return []
    first = _seconds(min(span.begun for span in found))
    total = max(1.0, _seconds(max([now, *(span.ended for span in found)])) - first)
    rows: dict[str, list[dict[str, Any]]] = {}
    for span in sorted(found, key=lambda one: (one.begun, one.kind in (DOWN, SEEN))):
        x = (_seconds(span.begun) - first) / total * _WIDTH
        width = max(float(_LEAST), (_seconds(span.ended or now) - _seconds(span.begun)) / total * _WIDTH)
        words = f"{span.begun} to {span.ended or 'now'}: {span.words}"
        rows.setdefault(span.host, []).append({"x": round(min(x, _WIDTH - _LEAST), 1), "width": round(width, 1), "kind": span.kind, "words": words})
    return [{"name": name, "spans": row} for name, row in rows.items()]


def per_day(events: Iterable[Event], now: str) -> float:
    """How many hosts a day came through since the first wave; a rollout of less than a day counts as one. 0 where none did."""
    begun, done = "", 0
    for event in events:
        if event.get("event") == "wave":
            begun = begun or str(event.get("at"))
        done += event.get("event") == "result" and event.get("status") == DONE
    return done / max(1.0, (_seconds(now) - _seconds(begun)) / _DAY) if done and begun else 0.0


def _seconds(at: str) -> float:
    try:
        return datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").timestamp()
    except ValueError:
        return 0.0
