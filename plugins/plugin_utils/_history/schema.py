# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the history: not a copy of each scan, but spans, each of which says what stood on a host from when until when.

Times are seconds since 1970. ``until`` is null where it still stands. Texts that repeat are numbered in ``word``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from .errors import library
from .texts import column_type

if TYPE_CHECKING:
    import sqlalchemy

# The order in which rows may be written: what is referred to comes first. ``hole`` is not among them: it is made from the spans (rolled_up.py).
ORDER = ("word", "host", "waiver", "thing", "ingest", "sight", "span", "event")

# Of each hole over the fleet: hosts that had it in what ran and those that do, the seconds that have ended and the sum of the moments since when it
# stands, how many hosts are what; when it began and ended last, the longest of a host that has it no more, and of one that has it (without now).
SUMS = ("hosts", "running", "ended", "begun", "exposed", "pending", "unknown", "mitigated", "first_at")
MAXIMA = ("until", "worst_ended", "worst_running")

VIEWS = {
    "standing": (
        "SELECT host.name AS host, thing.kind AS kind, thing.name AS name, thing.promise AS promise, thing.severity AS severity, "
        "word.text AS state, span.since AS since FROM span JOIN host ON host.id = span.host_id JOIN thing ON thing.id = span.thing_id "
        "JOIN word ON word.id = span.state_id WHERE span.until IS NULL"),
    "exposure": (
        "SELECT host.name AS host, thing.name AS hole, word.text AS state, span.since AS since, span.until AS until "
        "FROM span JOIN thing ON thing.id = span.thing_id JOIN host ON host.id = span.host_id JOIN word ON word.id = span.state_id "
        "WHERE thing.kind = 'hole'"),
}


class Tables(NamedTuple):
    """The tables by name."""

    metadata: sqlalchemy.MetaData
    word: sqlalchemy.Table
    host: sqlalchemy.Table
    waiver: sqlalchemy.Table
    thing: sqlalchemy.Table
    ingest: sqlalchemy.Table
    sight: sqlalchemy.Table
    span: sqlalchemy.Table
    event: sqlalchemy.Table
    hole: sqlalchemy.Table

    def named(self, name: str) -> sqlalchemy.Table:
        """One of them."""
        return self.metadata.tables[name]


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables as the newest migration leaves them."""
    sa = library("sqlalchemy")
    metadata = sa.MetaData()

    def column(name: str, kind: sqlalchemy.types.TypeEngine[object], *more: object, **options: object) -> sqlalchemy.Column[object]:
        return sa.Column(name, kind, *more, nullable=options.pop("nullable", False), **options)  # type: ignore[no-any-return]

    def key(name: str = "id") -> sqlalchemy.Column[object]:
        return column(name, sa.Integer(), primary_key=True, autoincrement=False)

    def to(name: str, table: str, **options: object) -> sqlalchemy.Column[object]:
        return column(name, sa.Integer(), sa.ForeignKey(f"{table}.id", name=f"fk_{name}"), **options)

    text, moment = column_type(), sa.BigInteger()
    word = sa.Table("word", metadata, key(), column("text", text), sa.UniqueConstraint("text", name="uq_word"))
    host = sa.Table("host", metadata, key(), column("name", text), sa.UniqueConstraint("name", name="uq_host"))
    waiver = sa.Table("waiver", metadata, key(), *(column(name, text) for name in ("key", "finding", "owner", "reason", "expires", "source")),
                      sa.UniqueConstraint("key", name="uq_waiver"))
    thing = sa.Table("thing", metadata, key(), *(column(name, text) for name in ("kind", "key", "name", "promise", "subject", "severity")),
                     column("first_at", moment), column("last_at", moment), sa.UniqueConstraint("kind", "key", name="uq_thing"))
    ingest = sa.Table("ingest", metadata, key(), column("key", text), column("kind", text), column("at", moment), column("partial", sa.Integer()),
                      column("hosts", sa.Integer()), column("changed", sa.Integer()), column("late", sa.Integer()), column("slice", text),
                      column("controller", text), sa.UniqueConstraint("key", name="uq_ingest"), sa.Index("ix_ingest_at", "at"))
    sight = sa.Table("sight", metadata, to("host_id", "host", primary_key=True), column("kind", text, primary_key=True), column("at", moment),
                     column("digest", text), sqlite_with_rowid=False)
    span = sa.Table("span", metadata, to("thing_id", "thing", primary_key=True), to("host_id", "host", primary_key=True),
                    column("since", moment, primary_key=True), to("state_id", "word"), column("until", moment, nullable=True),
                    *(to(name, table, nullable=True) for name, table in (("ended_id", "word"), ("waiver_id", "waiver"), ("closer_id", "word"))),
                    sqlite_with_rowid=False)
    for name, columns, where in (("ix_span_standing", (span.c.host_id,), "until IS NULL"),
                                 ("ix_span_closer", (span.c.thing_id, span.c.closer_id), "closer_id IS NOT NULL")):
        sa.Index(name, *columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    event = sa.Table("event", metadata, key(), column("key", text), column("at", moment),
                     *(column(name, text) for name in ("kind", "subject", "decision", "reason", "run")),
                     sa.UniqueConstraint("key", name="uq_event"), sa.Index("ix_event_at", "at"))
    hole = sa.Table("hole", metadata, to("thing_id", "thing", primary_key=True), *(column(name, moment) for name in SUMS),
                    *(column(name, moment, nullable=True) for name in MAXIMA))
    return Tables(metadata, word, host, waiver, thing, ingest, sight, span, event, hole)
