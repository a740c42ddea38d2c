# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One row for each hole over the fleet, made from its spans in the transaction that changed them: a year has millions of spans, and a person asks
for five hundred numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._answers.answer import EXPOSED, MITIGATED, PENDING, UNKNOWN
from .errors import library
from .observed import HOLE
from .schema import MAXIMA, SUMS, tables

if TYPE_CHECKING:
    import sqlalchemy

# What runs has the hole, whatever waits on the disk.
RUNS = (EXPOSED, PENDING)
NOT_FIXED = (EXPOSED, PENDING, UNKNOWN, MITIGATED)
_COLUMNS = {EXPOSED: "exposed", PENDING: "pending", UNKNOWN: "unknown", MITIGATED: "mitigated"}


def numbers(connection: sqlalchemy.Connection, words: Iterable[str]) -> list[int]:
    """The numbers of these words, of those that ever stood."""
    sa, word = library("sqlalchemy"), tables().word
    return [number for (number,) in connection.execute(sa.select(word.c.id).where(word.c.text.in_(list(words))))]


def roll_up(connection: sqlalchemy.Connection, things: Iterable[int]) -> None:
    """Make the rows of these holes anew; one after the other, since that is the order of the spans' own key, and nothing has to be sorted."""
    sa, hole = library("sqlalchemy"), tables().hole
    one = sa.bindparam("one", type_=sa.Integer())
    rows = hole.insert().from_select(["thing_id", *SUMS, *MAXIMA], _row(connection, one))
    for number in sorted(set(things)):
        connection.execute(hole.delete().where(hole.c.thing_id == number))
        connection.execute(rows, {"one": number})


def roll_up_all(connection: sqlalchemy.Connection) -> None:
    """Make the rows of all holes anew: after a migration, and where spans went or came by the way."""
    sa, thing, hole = library("sqlalchemy"), tables().thing, tables().hole
    connection.execute(hole.delete())
    roll_up(connection, [number for (number,) in connection.execute(sa.select(thing.c.id).where(thing.c.kind == HOLE))])


def _row(connection: sqlalchemy.Connection, one: Any) -> Any:
    sa, each = library("sqlalchemy"), of_each_host(connection, one).subquery()
    total, most = sa.func.sum, sa.func.max
    runs = each.c.begun.is_not(None)
    return sa.select(
        one, sa.func.count(each.c.ended), sa.func.count(each.c.begun), sa.func.coalesce(total(each.c.ended), 0),
        sa.func.coalesce(total(each.c.begun), 0), *(total(each.c[name]) for name in _COLUMNS.values()), sa.func.min(each.c.first_at),
        most(each.c.until), most(sa.case((sa.not_(runs), each.c.ended))), most(sa.case((runs, each.c.ended - each.c.begun))),
    ).having(sa.func.count() > 0)


def of_each_host(connection: sqlalchemy.Connection, one: Any) -> Any:
    """Of one hole and each host: the seconds that it ran and that are over (null where it never did), since when it does, and what stands."""
    sa, span = library("sqlalchemy"), tables().span
    states = {word: numbers(connection, [word]) for word in NOT_FIXED}
    ran = span.c.state_id.in_([number for word in RUNS for number in states[word]])
    stands = span.c.until.is_(None)
    return sa.select(
        span.c.host_id, sa.func.sum(sa.case((ran, sa.func.coalesce(span.c.until, span.c.since) - span.c.since))).label("ended"),
        sa.func.max(sa.case((sa.and_(ran, stands), span.c.since))).label("begun"), sa.func.min(span.c.since).label("first_at"),
        sa.func.max(span.c.until).label("until"),
        *(sa.func.max(sa.case((sa.and_(stands, span.c.state_id.in_(states[word])), 1), else_=0)).label(name) for word, name in _COLUMNS.items()),
    ).where(span.c.thing_id == one, span.c.state_id.in_([number for word in NOT_FIXED for number in states[word]])).group_by(span.c.host_id)
