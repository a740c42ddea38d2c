# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was done, by the journals of rollouts and of healing: each line once, and for each hole that was closed on a host the rollout that did it.

A journal only grows, so that its lines have their place in it as their name; it may be brought in while its rollout goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._answers.answer import CLOSED, MITIGATED
from .._fleet.bounded import clipped, name_at, text_at
from . import clocks
from .database import History
from .errors import library
from .observed import ANSWER, HOLE, moment
from .rolled_up import numbers
from .schema import tables
from .texts import indexable

if TYPE_CHECKING:
    import sqlalchemy

ROLLOUT, HEAL = "rollout", "heal"
DONE = "done"
# What a hole becomes on a host when somebody did something about it. That it became unknown explains nothing.
ENDS = (*CLOSED, MITIGATED)
_OF_ALL = ("begun", "resumed", "paused", "continued", "stopped", "aborted", "ended")
_AT_ONCE = 5000
_LONGEST = 500


class Happening(NamedTuple):
    """One thing that was done, or not and why: on a host, or to the whole run where ``subject`` is empty."""

    key: str
    at: int
    kind: str
    subject: str
    decision: str
    reason: str
    run: str


class Ended(NamedTuple):
    """A span of a hole that a document closed."""

    thing: int
    host: int
    since: int
    until: int


def of_rollout(events: Iterable[Mapping[str, Any]], name: str) -> Iterator[Happening]:
    """The lines of a rollout's journal; ``name`` is its file's, in case its first line does not tell."""
    run, own = name, ""
    for number, event in enumerate(events):
        if not own:
            own = _digest({"name": name, **event})
            run = text_at(event, "id") or name
        at, what, host = moment(event.get("at")), text_at(event, "event"), name_at(event, "host")
        told = _told(what, event)
        if at is not None and told is not None and (host or what in (*_OF_ALL, "wave")):
            yield Happening(f"{own}:{number}", at, ROLLOUT, host, *told, run)


def _told(what: str, event: Mapping[str, Any]) -> tuple[str, str] | None:
    why = clipped(text_at(event, "why") or text_at(event, "owner"), _LONGEST)
    if what == "wave":
        hosts = event.get("hosts")
        return what, clipped(", ".join(map(str, hosts)), _LONGEST) if isinstance(hosts, list) else ""
    if what == "step":
        return text_at(event, "did"), text_at(event, "step")
    if what == "result":
        return text_at(event, "status"), why
    return (what, why or text_at(event, "by")) if what in (*_OF_ALL, "left_out", "released") else None


def of_healing(rows: Iterable[Mapping[str, Any]]) -> Iterator[Happening]:
    """The lines of the journal of healing. Two that are alike are told apart by which of them comes first."""
    alike: Counter[str] = Counter()
    for row in rows:
        at, key = moment(row.get("at")), _digest(row)
        if at is not None and text_at(row, "what"):
            yield Happening(f"{key}:{alike[key]}", at, HEAL, name_at(row, "host"), text_at(row, "what"), clipped(text_at(row, "why"), _LONGEST),
                            text_at(row, "event"))
            alike[key] += 1


def _digest(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()[:32]


def keep(history: History, happenings: Iterable[Happening]) -> int:
    """Bring in those that are not in the history yet; how many they were. FutureError where some are ahead of the clock; the others are kept."""
    sa, ingest, told = library("sqlalchemy"), tables().ingest, list(happenings)
    with history.writing() as connection:
        clock = clocks.now(history, connection)
        fresh = write(connection, (one for one in told if one.at <= clock + clocks.TOLERATED_SECONDS))
        first = min((one.at for one in fresh if one.kind == ROLLOUT and one.decision == DONE), default=None)
        if first is not None and connection.execute(sa.select(ingest.c.id).where(ingest.c.kind == ANSWER, ingest.c.at >= first).limit(1)).first():
            credit(connection, _unexplained(connection, first))
    if ahead := [one.at for one in told if one.at > clock + clocks.TOLERATED_SECONDS]:
        raise clocks.lines_ahead(history, ahead, clock)
    return len(fresh)


def write(connection: sqlalchemy.Connection, happenings: Iterable[Happening]) -> list[Happening]:
    """Write those that are not there yet; which they were."""
    sa, event = library("sqlalchemy"), tables().event
    told = {one.key: one for one in happenings}
    known = {key for some in _portions(list(told)) for (key,) in connection.execute(sa.select(event.c.key).where(event.c.key.in_(some)))}
    fresh = [one for key, one in told.items() if key not in known]
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(event.c.id), 0))).scalar_one()
    # As hosts are named in their table, by which what was done is found again.
    for some in _portions([{"id": number, **one._asdict(), "subject": indexable(one.subject)} for number, one in enumerate(fresh, last + 1)]):
        connection.execute(event.insert(), some)
    return fresh


def _unexplained(connection: sqlalchemy.Connection, first: int) -> list[Ended]:
    """Spans of holes that were closed since then by nobody that is known."""
    sa, span, thing = library("sqlalchemy"), tables().span, tables().thing
    return [Ended(*row) for row in connection.execute(sa.select(span.c.thing_id, span.c.host_id, span.c.since, span.c.until).join(
        thing, thing.c.id == span.c.thing_id).where(thing.c.kind == HOLE, span.c.until >= first, span.c.closer_id.is_(None),
                                                    span.c.ended_id.in_(numbers(connection, ENDS))))]


def credit(connection: sqlalchemy.Connection, ended: Iterable[Ended]) -> None:
    """Note for spans which rollout had last done something on their host while they stood; of the others nobody knows who closed them."""
    span, bind = tables().span, library("sqlalchemy").bindparam
    spans = list(ended)
    if not spans:
        return
    done = _done(connection, min(one.since for one in spans), max(one.until for one in spans))
    closers = [(one, run) for one in spans if (run := next((run for at, run in done.get(one.host, ()) if one.since <= at <= one.until), None))]
    numbers_of = words(connection, {run for _one, run in closers})
    change = span.update().where(span.c.thing_id == bind("b_thing"), span.c.host_id == bind("b_host"), span.c.since == bind("b_since")).values(
        closer_id=bind("b_closer"))
    for some in _portions([{"b_thing": one.thing, "b_host": one.host, "b_since": one.since, "b_closer": numbers_of[run]} for one, run in closers]):
        connection.execute(change, some)


def _done(connection: sqlalchemy.Connection, since: int, until: int) -> dict[int, list[tuple[int, str]]]:
    """By host when rollouts had done something on it, and which; the latest first."""
    sa, event, host = library("sqlalchemy"), tables().event, tables().host
    found: dict[int, list[tuple[int, str]]] = {}
    for number, at, run in connection.execute(sa.select(host.c.id, event.c.at, event.c.run).join(host, host.c.name == event.c.subject).where(
            event.c.kind == ROLLOUT, event.c.decision == DONE, event.c.at >= since, event.c.at <= until).order_by(event.c.at.desc())):
        found.setdefault(number, []).append((at, run))
    return found


def words(connection: sqlalchemy.Connection, texts: set[str]) -> dict[str, int]:
    """The numbers of these words, new ones written."""
    sa, word = library("sqlalchemy"), tables().word
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(word.c.id), 0))).scalar_one()
    known = {text: number for number, text in connection.execute(sa.select(word.c.id, word.c.text).where(word.c.text.in_(texts)))}
    fresh = {text: number for number, text in enumerate(sorted(texts - set(known)), last + 1)}
    if fresh:
        connection.execute(word.insert(), [{"id": number, "text": text} for text, number in fresh.items()])
    return {**known, **fresh}


def _portions(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start:start + _AT_ONCE]
