# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a document into a history: only what changed since, all of it or nothing, and the same document never twice."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from . import clocks, happenings, observed, retiring
from .database import History
from .errors import library
from .happenings import Ended
from .observed import Document, HostSeen, State, Thing
from .rolled_up import roll_up
from .schema import tables
from .texts import indexable

if TYPE_CHECKING:
    import sqlalchemy

# Both databases bound the parameters of one statement, and how many rows are worth sending at once.
_AT_ONCE = 5000


class Kept(NamedTuple):
    """What came of a document: whether it was new, and of its hosts how many changed and how many were known later already."""

    is_new: bool
    hosts: int
    changed: int
    late: int


class _Open(NamedTuple):
    thing: int
    since: int
    state: int
    waiver: int | None


class _Close(NamedTuple):
    thing: int
    host: int
    since: int
    until: int
    ended: int | None


def keep(history: History, document: Document, part: str = "") -> Kept:
    """Bring in one document; ``part`` names the slice or the controller's part of the fleet that it is of. HistoryError where a clock is ahead."""
    with history.writing() as connection:
        clocks.check(history, connection, document.at, document.kind)
        return _Writer(connection, document, part).keep()


class _Numbers:
    """The numbers of texts in a table; new ones are written before they are referred to."""

    def __init__(self, connection: sqlalchemy.Connection, table: sqlalchemy.Table, *columns: str) -> None:
        sa = library("sqlalchemy")
        rows = connection.execute(sa.select(table.c.id, *(table.c[name] for name in columns)))
        self._known: dict[tuple[str, ...], int] = {tuple(row[1:]): row[0] for row in rows}
        self._next = count(max(self._known.values(), default=0) + 1)
        self._fresh: list[dict[str, Any]] = []
        self._table = table
        self._columns = columns

    def find(self, *name: str) -> int | None:
        """The number of one; None where it is not known."""
        return self._known.get(tuple(map(indexable, name)))

    def number(self, *name: str, **row: Any) -> int:
        """The number of one, new where it is not known; ``row`` is what else its table says of it."""
        key = tuple(map(indexable, name))
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = next(self._next)
            self._fresh.append({"id": number, **row, **dict(zip(self._columns, key, strict=True))})
        return number

    def write(self, connection: sqlalchemy.Connection) -> None:
        """Write the new ones."""
        _insert(connection, self._table, self._fresh)
        self._fresh.clear()


def _insert(connection: sqlalchemy.Connection, table: sqlalchemy.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    for some in _portions(rows):
        connection.execute(table.insert(), some)


def _portions(rows: Iterable[Any]) -> Iterator[list[Any]]:
    found = iter(rows)
    while some := list(islice(found, _AT_ONCE)):
        yield some


class _Writer:
    """One document on its way into the history."""

    def __init__(self, connection: sqlalchemy.Connection, document: Document, part: str) -> None:
        self.sa = library("sqlalchemy")
        self.connection = connection
        self.document = document
        self.part = part
        self.tables = tables()
        self.words = _Numbers(connection, self.tables.word, "text")
        self.hosts = _Numbers(connection, self.tables.host, "name")
        self.things = _Numbers(connection, self.tables.thing, "kind", "key")
        self.waivers = _Numbers(connection, self.tables.waiver, "key")
        self.closed: list[_Close] = []
        self.opened: list[dict[str, Any]] = []
        self.severities: dict[int, str] = {}
        self.retired = retiring.retired(connection)

    def keep(self) -> Kept:
        """Write what changed."""
        document, ingest = self.document, self.tables.ingest
        if self.connection.execute(self.sa.select(ingest.c.id).where(ingest.c.key == document.key)).first():
            return Kept(False, len(document.hosts), 0, 0)
        changed, late = self._answers() if document.kind == observed.ANSWER else self._sights()
        for numbers in (self.words, self.hosts, self.waivers, self.things):
            numbers.write(self.connection)
        self._spans()
        if document.kind == observed.ANSWER:
            happenings.credit(self.connection, self._fixed())
            roll_up(self.connection, {*(close.thing for close in self.closed), *(row["thing_id"] for row in self.opened)})
        number = self.connection.execute(self.sa.select(self.sa.func.coalesce(self.sa.func.max(ingest.c.id), 0) + 1)).scalar_one()
        _insert(self.connection, ingest, [{
            "id": number, "key": document.key, "kind": document.kind, "at": document.at, "partial": int(document.partial),
            "hosts": len(document.hosts), "changed": changed, "late": late, "slice": self.part, "controller": socket.gethostname()}])
        return Kept(True, len(document.hosts), changed, late)

    def _fixed(self) -> Iterator[Ended]:
        """The spans of holes that this document ends since something was done about them."""
        ends = {self.words.find(word) for word in happenings.ENDS}
        for close in self.closed:
            if close.ended in ends:
                yield Ended(close.thing, close.host, close.since, close.until)

    def _sights(self) -> tuple[int, int]:
        """Hosts of a scan or proof: those whose document says what the last one said cost nothing more."""
        sight = self.tables.sight
        rows = self.connection.execute(self.sa.select(sight.c.host_id, sight.c.at, sight.c.digest).where(sight.c.kind == self.document.kind))
        known = {number: (at, digest) for number, at, digest in rows}
        changed: list[tuple[HostSeen, str]] = []
        later: list[tuple[int, int]] = []
        late = 0
        for seen in self.document.hosts:
            number = self._host(seen.name)
            at, digest = known.get(number, (-1, ""))
            fresh = observed.digest_of(seen)
            if seen.at < at or seen.at <= self.retired.get(number, -1) or (seen.at == at and fresh != digest):
                late += 1
            elif fresh != digest:
                changed.append((seen, fresh))
            elif seen.at > at:
                later.append((number, seen.at))
        self._differ(changed)
        self._mark(known.keys(), changed, later)
        return len(changed), late

    def _mark(self, known: Collection[int], changed: Sequence[tuple[HostSeen, str]], later: Sequence[tuple[int, int]]) -> None:
        """Until when each host is known, and what was said of it last."""
        sight, bind = self.tables.sight, self.sa.bindparam
        self.hosts.write(self.connection)
        kind = self.document.kind
        said = {self._host(seen.name): {"at": seen.at, "digest": digest} for seen, digest in changed}
        where = (sight.c.host_id == bind("b_host"), sight.c.kind == kind)
        updates = [{"b_host": number, **{f"b_{name}": value for name, value in row.items()}} for number, row in said.items() if number in known]
        for some in _portions(updates):
            self.connection.execute(sight.update().where(*where).values(at=bind("b_at"), digest=bind("b_digest")), some)
        for some in _portions({"b_host": number, "b_at": at} for number, at in later):
            self.connection.execute(sight.update().where(*where).values(at=bind("b_at")), some)
        _insert(self.connection, sight, [{"host_id": number, "kind": kind, **row} for number, row in said.items() if number not in known])

    def _differ(self, changed: Sequence[tuple[HostSeen, str]]) -> None:
        """The spans that end and begin on the hosts that changed."""
        standing = self._standing([self._host(seen.name) for seen, _digest in changed])
        things = self._known_things()
        for seen, _digest in changed:
            number = self._host(seen.name)
            stood = standing.get(number, {})
            for thing, state in seen.things.items():
                self._state(number, thing, state, seen.at, stood.pop(self._thing(thing), None))
            for span in stood.values():
                end = observed.ended(things[span.thing], seen, self.document.standards)
                if end is not None:
                    self._close(number, span, seen.at, end)

    def _known_things(self) -> dict[int, Thing]:
        thing = self.tables.thing
        return {row[0]: Thing(*row[1:]) for row in self.connection.execute(self.sa.select(
            thing.c.id, thing.c.kind, thing.c.key, thing.c.name, thing.c.promise, thing.c.subject, thing.c.severity))}

    def _standing(self, hosts: Sequence[int]) -> dict[int, dict[int, _Open]]:
        """What stands on these hosts of the kinds that the document speaks of."""
        span, thing = self.tables.span, self.tables.thing
        found: dict[int, dict[int, _Open]] = {}
        for some in _portions(hosts):
            query = self.sa.select(span.c.host_id, span.c.thing_id, span.c.since, span.c.state_id, span.c.waiver_id).join(
                thing, thing.c.id == span.c.thing_id).where(
                span.c.until.is_(None), span.c.host_id.in_(some), thing.c.kind.in_(observed.KINDS[self.document.kind]))
            for host, number, since, state, waiver in self.connection.execute(query):
                found.setdefault(host, {})[number] = _Open(number, since, state, waiver)
        return found

    def _answers(self) -> tuple[int, int]:
        """Holes that were asked for; what was not asked for is not touched."""
        span, at = self.tables.span, self.document.at
        asked = {self._thing(Thing(observed.HOLE, cve, cve)) for cve in self.document.asked}
        asked |= {self._thing(thing) for host in self.document.hosts for thing in host.things}
        standing: dict[tuple[int, int], _Open] = {}
        for some in _portions(asked):
            query = self.sa.select(span.c.host_id, span.c.thing_id, span.c.since, span.c.state_id, span.c.waiver_id)
            for host, *row in self.connection.execute(query.where(span.c.thing_id.in_(some), span.c.until.is_(None))):
                standing[row[0], host] = _Open(*row)
        known_later = self._known_later(asked)
        changed = late = 0
        for seen in self.document.hosts:
            number, before = self._host(seen.name), len(self.opened) + len(self.closed)
            for thing, state in seen.things.items():
                hole = self._thing(thing)
                # What is answered of a host that is retired comes from its old record.
                if (hole, number) in known_later or number in self.retired:
                    late += 1
                else:
                    self._state(number, thing, state, at, standing.get((hole, number)))
            changed += len(self.opened) + len(self.closed) > before
        self._looked_at(asked)
        return changed, late

    def _known_later(self, asked: set[int]) -> set[tuple[int, int]]:
        """Of holes that a later document asked for: the hosts on which something of them is known from then on."""
        thing, span, at = self.tables.thing, self.tables.span, self.document.at
        later = [number for some in _portions(asked) for (number,) in self.connection.execute(
            self.sa.select(thing.c.id).where(thing.c.id.in_(some), thing.c.last_at >= at))]
        found: set[tuple[int, int]] = set()
        for some in _portions(later):
            query = self.sa.select(span.c.thing_id, span.c.host_id).where(
                span.c.thing_id.in_(some), self.sa.or_(span.c.since >= at, span.c.until >= at))
            found.update((row.thing_id, row.host_id) for row in self.connection.execute(query))
        return found

    def _looked_at(self, asked: set[int]) -> None:
        thing, at = self.tables.thing, self.document.at
        self.things.write(self.connection)
        for some in _portions(asked):
            self.connection.execute(thing.update().where(thing.c.id.in_(some), thing.c.last_at < at).values(last_at=at))

    def _host(self, name: str) -> int:
        return self.hosts.number(name)

    def _word(self, text: str) -> int:
        return self.words.number(text)

    def _thing(self, thing: Thing) -> int:
        at = self.document.at
        return self.things.number(thing.kind, thing.key, **{**thing._asdict(), "first_at": at, "last_at": at})

    def _state(self, host: int, thing: Thing, state: State, at: int, stood: _Open | None) -> None:
        """One thing's state on one host, against what stood."""
        word = self._word(state.word)
        waiver = None if state.waiver is None else self.waivers.number(
            "\x1f".join(state.waiver), **dict(zip(observed.WAIVER, state.waiver, strict=True)))
        if stood is not None and (stood.state, stood.waiver) == (word, waiver):
            return
        if stood is not None:
            self._close(host, stood, at, state.word)
        if not observed.is_closed(thing.kind, state.word):
            self.opened.append({"thing_id": self._thing(thing), "host_id": host, "since": at, "state_id": word, "until": None, "ended_id": None,
                                "waiver_id": waiver})

    def _close(self, host: int, span: _Open, at: int, end: str) -> None:
        self.closed.append(_Close(span.thing, host, span.since, at, self._word(end)))

    def _spans(self) -> None:
        span, bind = self.tables.span, self.sa.bindparam
        ending = span.update().where(span.c.thing_id == bind("b_thing"), span.c.host_id == bind("b_host"), span.c.since == bind("b_since")).values(
            until=bind("b_until"), ended_id=bind("b_ended"))
        for some in _portions({f"b_{name}": value for name, value in close._asdict().items()} for close in self.closed):
            self.connection.execute(ending, some)
        _insert(self.connection, span, self.opened)
