# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are gone for good, by a person's word: nobody hears of such a host, and nothing else tells it from one that is silent.

What stood on it ends as ``retired`` when it was last heard of, since of the time after that nobody knows anything. The word is kept among the sights,
so that a later scan of the same name, which is another host then, counts for more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from . import clocks, happenings
from .database import History
from .errors import HistoryError, library
from .happenings import Happening
from .observed import HOLE, KINDS, RETIRED
from .rolled_up import roll_up
from .schema import tables
from .texts import indexable

if TYPE_CHECKING:
    import sqlalchemy

KEPT = "history"
_AT_ONCE = 5000
_NAMED = 5


def retired(connection: sqlalchemy.Connection) -> dict[int, int]:
    """The hosts that were retired and are not scanned or proved since, and when each was."""
    sa, sight = library("sqlalchemy"), tables().sight
    own, later = sight.alias(), sight.alias()
    is_back = sa.exists().where(later.c.host_id == own.c.host_id, later.c.kind.in_(list(KINDS)), later.c.at > own.c.at)
    rows = connection.execute(sa.select(own.c.host_id, own.c.at).where(own.c.kind == RETIRED, sa.not_(is_back)))
    return {row.host_id: row.at for row in rows}


def retire(history: History, names: Sequence[str], why: str = "") -> dict[str, int]:
    """End all that stands on these hosts; how many hosts and spans that were. HistoryError where one of them is not known: then none is retired."""
    with history.writing() as connection:
        already = retired(connection)
        hosts = {number: name for number, name in _known(connection, history.where, names).items() if number not in already}
        spans = _standing(connection, hosts)
        _end(connection, spans, _heard(connection, hosts, spans))
        at = clocks.now(history, connection)
        _say(connection, hosts, at)
        happenings.write(connection, [Happening(f"{RETIRED}:{number}:{at}", at, KEPT, name, RETIRED, why, "") for number, name in hosts.items()])
        roll_up(connection, {thing for kind, thing, _host, _since in spans if kind == HOLE})
    return {name: count for name, count in (("host", len(hosts)), ("span", len(spans))) if count}


def _known(connection: sqlalchemy.Connection, where: str, names: Sequence[str]) -> dict[int, str]:
    sa, host = library("sqlalchemy"), tables().host
    wanted = {indexable(name): name for name in names}
    found = {number: wanted[name] for some in _portions(wanted) for number, name in connection.execute(
        sa.select(host.c.id, host.c.name).where(host.c.name.in_(some)))}
    strange = sorted(set(wanted.values()) - set(found.values()))
    if strange or not wanted:
        more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
        raise HistoryError(f"hosts: {', '.join(strange[:_NAMED]) or 'empty'}{more}; wanted names of hosts that the history {where} "
                           "knows; none was retired")
    return found


def _standing(connection: sqlalchemy.Connection, hosts: Iterable[int]) -> list[tuple[str, int, int, int]]:
    sa, span, thing = library("sqlalchemy"), tables().span, tables().thing
    return [tuple(row) for some in _portions(hosts) for row in connection.execute(
        sa.select(thing.c.kind, span.c.thing_id, span.c.host_id, span.c.since).join(thing, thing.c.id == span.c.thing_id).where(
            span.c.host_id.in_(some), span.c.until.is_(None)))]


def _heard(connection: sqlalchemy.Connection, hosts: Iterable[int], spans: Iterable[tuple[str, int, int, int]]) -> dict[int, int]:
    """By host when anything was last heard of it: no earlier than what stands there began."""
    sa, sight = library("sqlalchemy"), tables().sight
    found: dict[int, int] = {}
    seen = ((host, at) for some in _portions(hosts) for host, at in connection.execute(
        sa.select(sight.c.host_id, sight.c.at).where(sight.c.host_id.in_(some), sight.c.kind.in_(list(KINDS)))))
    for host, at in (*seen, *((host, since) for _kind, _thing, host, since in spans)):
        found[host] = max(found.get(host, 0), at)
    return found


def _end(connection: sqlalchemy.Connection, spans: Iterable[tuple[str, int, int, int]], heard: dict[int, int]) -> None:
    span, bind = tables().span, library("sqlalchemy").bindparam
    ended = happenings.words(connection, {RETIRED})[RETIRED]
    change = span.update().where(span.c.thing_id == bind("b_thing"), span.c.host_id == bind("b_host"), span.c.since == bind("b_since")).values(
        until=bind("b_until"), ended_id=ended)
    for some in _portions({"b_thing": thing, "b_host": host, "b_since": since, "b_until": heard[host]} for _kind, thing, host, since in spans):
        connection.execute(change, some)


def _say(connection: sqlalchemy.Connection, hosts: Iterable[int], at: int) -> None:
    """Note when they were retired; whatever a later scan says of them is new then, even if it is what the last one said."""
    sight = tables().sight
    for some in _portions(hosts):
        connection.execute(sight.update().where(sight.c.host_id.in_(some)).values(digest=""))
        connection.execute(sight.delete().where(sight.c.host_id.in_(some), sight.c.kind == RETIRED))
        connection.execute(sight.insert(), [{"host_id": number, "kind": RETIRED, "at": at, "digest": ""} for number in some])


def _portions(rows: Iterable[Any]) -> Iterator[list[Any]]:
    found = iter(rows)
    while some := list(islice(found, _AT_ONCE)):
        yield some
