# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout for a terminal, as JSON and as a page with its timeline: who was down when, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._fleet.bounded import counted, visible
from .._rollout.journal import LEFT_OUT, RUNNING, SPENT, WAITING, Event, State
from .._rollout.proving import told
from .._rollout.timeline import bars, spans
from .line import Line
from .plan import names_of
from .sheet import sheet

SCHEMA = "firebreak.rollout/1"
_ROWS = 20
_BARS = 500


def rollout_lines(state: State, holder: Mapping[str, Any] | None = None) -> Iterator[Line]:
    """Where a rollout stands, and whom somebody has to look at."""
    yield Line(visible(headline(state)))
    if holder:
        yield Line(visible(f"  driven by {holder.get('owner')} since {holder.get('since')} (process {holder.get('process')})"))
    for host in state.spent[:_ROWS]:
        drained = ", still drained" if host.held else ""
        yield Line(visible(f"  {host.status}{drained}: {host.why or host.name}"), "red")
    if len(state.spent) > _ROWS:
        yield Line(f"  ... and {counted(len(state.spent) - _ROWS, 'more host')} in rollout.json", "red")
    running, left_out, waiting = ([host.name for host in state.of(status)] for status in (RUNNING, LEFT_OUT, WAITING))
    for names, words, color in ((running, "in their wave", "bright blue"), (left_out, "dead, left out", "purple"), (waiting, "wait", None)):
        if names:
            yield Line(visible(f"  {words}: {names_of(names)}"), color)


def headline(state: State) -> str:
    """The rollout in one sentence."""
    counts = _counts(state)
    parts = ", ".join(f"{count} {status}" for status, count in counts.items())
    why = f" ({state.why})" if state.why else ""
    return f"Rollout {state.id} is {state.status}{why}: {counted(len(state.waves), 'wave')}, {parts or 'no hosts'}; " \
           f"budget {len(state.spent)} of {state.budget}"


def _counts(state: State) -> dict[str, int]:
    found: dict[str, int] = {}
    for host in state.hosts.values():
        found[host.status] = found.get(host.status, 0) + 1
    return dict(sorted(found.items()))


def rollout_json(state: State, events: Sequence[Event]) -> Iterator[str]:
    """rollout.json: the state of each host, and the timeline."""
    document = {
        "schema": SCHEMA, "id": state.id, "owner": state.owner, "begun_at": state.begun_at, "at": state.at, "status": state.status,
        "why": state.why, "counts": _counts(state), "budget": {"spent": len(state.spent), "allowed": state.budget},
        "waves": [list(wave) for wave in state.waves],
        "hosts": {host.name: {"status": host.status, "why": host.why, "wave": host.wave, "held": host.held, "steps": sorted(host.steps),
                              "domains": list(host.domains), "left": list(host.left)} for host in state.hosts.values()},
        "timeline": [span._asdict() for span in spans(events)],
    }
    yield json.dumps(document, indent=1)
    yield "\n"


def rollout_html(state: State, events: Sequence[Event], now: str) -> Iterator[str]:
    """rollout.html: the drawing, the hosts that need people, the waves, and what happened."""
    drawn = bars(spans(events), now)[:_BARS]
    bad = [[host.name, host.status + (", still drained" if host.held else ""), host.why] for host in state.hosts.values()
           if host.status in (*SPENT, LEFT_OUT) or host.held]
    waves = [[str(number), "\n".join(wave)] for number, wave in enumerate(state.waves, 1)]
    told_of = [[str(event.get("at")), told(event)] for event in events if event.get("event") not in ("ordered", "watched")][-2000:]
    tables = [{"title": "Hosts that need people", "heads": ["Host", "State", "Why"], "rows": bad}] if bad else []
    tables += [{"title": "Waves", "heads": ["Wave", "Hosts"], "rows": waves}, {"title": "What happened", "heads": ["When", "What"], "rows": told_of}]
    yield from sheet("Rollout", headline(state), now, tables, drawn)
