# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about a controller whose clock is ahead: beside what it says, all that honest clocks say later would count as older than what is known.

Nothing from the future is let in, as the clock of the place sees it: of the server on PostgreSQL, of this controller for a file. Where a clock was
put right only later, what it had brought in is told, nothing more comes in, and a person who knows which clock is right has it forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .._fleet.bounded import counted
from .database import History
from .errors import HistoryError, library
from .observed import FORGOTTEN, KINDS, RETIRED
from .rolled_up import roll_up_all
from .schema import tables

if TYPE_CHECKING:
    import sqlalchemy

# Clocks that nobody keeps together differ by minutes.
TOLERATED_SECONDS = 3600


class FutureError(HistoryError):
    """A document is from the future; others may not be."""


def now(history: History, connection: sqlalchemy.Connection) -> int:
    """What the clock says that all who write to this history have in common, in seconds since 1970."""
    if history.is_sqlite:
        return int(time.time())
    return int(connection.exec_driver_sql("SELECT extract(epoch FROM now())").scalar_one())


def check(history: History, connection: sqlalchemy.Connection, at: int, what: str) -> None:
    """FutureError where a document is ahead of the clock; HistoryError where something in the history is."""
    sa, ingest, clock, whose = library("sqlalchemy"), tables().ingest, now(history, connection), _whose(history)
    if at > clock + TOLERATED_SECONDS:
        raise FutureError(f"the history {history.where}: the {what} of {_iso(at)} is {_ahead(at, clock)} ahead of {whose} ({_iso(clock)}); "
                          "nothing of it was kept: wanted a clock that is right")
    newest = connection.execute(sa.select(sa.func.max(ingest.c.at))).scalar_one()
    if newest is not None and newest > clock + TOLERATED_SECONDS:
        raise HistoryError(
            f"the history {history.where}: it holds what is of {_iso(newest)}, {_ahead(newest, clock)} ahead of {whose} ({_iso(clock)}), beside "
            "which nothing newer would count; nothing was kept, and it is brought in later. If the clock is right now: playbooks/keep_history.yml "
            "-e firebreak_history_do=forget_future")


def lines_ahead(history: History, moments: Sequence[int], clock: int) -> FutureError:
    """What to say of lines of a journal that are left out, being ahead of the clock."""
    return FutureError(f"{counted(len(moments), 'line')} of it, up to {_ahead(max(moments), clock)} ahead of {_whose(history)} ({_iso(clock)}): "
                       f"not in the history {history.where} until that time has come")


def _whose(history: History) -> str:
    return "this controller's clock" if history.is_sqlite else "the server's clock"


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ahead(moment: int, clock: int) -> str:
    hours = (moment - clock) // 3600
    return f"{hours // 24} days" if hours >= 48 else counted(hours, "hour")


def forget_future(history: History) -> dict[str, int]:
    """Put the history back as it was before anything of the future came in; how many rows of each table went or were put back."""
    sa, found = library("sqlalchemy"), tables()
    span, ingest, event, thing = found.span, found.ingest, found.event, found.thing
    with history.writing() as connection:
        clock = now(history, connection)
        limit = clock + TOLERATED_SECONDS
        honest = connection.execute(sa.select(sa.func.max(ingest.c.at)).where(ingest.c.at <= limit)).scalar_one() or clock
        connection.execute(found.hole.delete())
        done = {
            "ingest": connection.execute(ingest.delete().where(ingest.c.at > limit)).rowcount,
            "event": connection.execute(event.delete().where(event.c.at > limit)).rowcount,
            "span": connection.execute(span.delete().where(span.c.since > limit)).rowcount + connection.execute(
                span.update().where(span.c.until > limit).values(until=None, ended_id=None, closer_id=None)).rowcount,
            "sight": _forget_sights(connection, limit, clock),
        }
        in_use = sa.select(span.c.thing_id)
        connection.execute(thing.delete().where(thing.c.first_at > limit, thing.c.id.not_in(in_use)))
        for column in (thing.c.first_at, thing.c.last_at):
            connection.execute(thing.update().where(column > limit).values({column.name: honest}))
        roll_up_all(connection)
    return {name: count for name, count in done.items() if count}


def _forget_sights(connection: sqlalchemy.Connection, limit: int, clock: int) -> int:
    """Of a host whose last sight is forgotten the next scan says all anew, against what stands; one from before what stands began stays late.

    When it was last seen nobody knows any more, so that it counts as silent only when nothing was heard of it from now on.
    """
    sa, found = library("sqlalchemy"), tables()
    span, sight, thing, bind = found.span, found.sight, found.thing, sa.bindparam
    count, hosts = 0, set[int]()
    for kind, kinds in KINDS.items():
        ahead = sa.and_(sight.c.kind == kind, sight.c.at > limit)
        changed = sa.select(span.c.host_id, sa.func.max(sa.func.coalesce(span.c.until, span.c.since))).join(
            thing, thing.c.id == span.c.thing_id).where(
            thing.c.kind.in_(kinds), span.c.host_id.in_(sa.select(sight.c.host_id).where(ahead))).group_by(span.c.host_id)
        known = [{"b_host": host, "b_at": at} for host, at in connection.execute(changed)]
        if known:
            change = sight.update().where(sight.c.kind == kind, sight.c.host_id == bind("b_host")).values(at=bind("b_at"), digest="")
            connection.execute(change, known)
        hosts.update(row["b_host"] for row in known)
        count += len(known) + connection.execute(sight.delete().where(ahead)).rowcount
    connection.execute(sight.delete().where(sight.c.kind.in_((FORGOTTEN, RETIRED)), sight.c.at > limit))
    if hosts:
        connection.execute(sight.delete().where(sight.c.kind == FORGOTTEN, sight.c.host_id == bind("b_host")), [{"b_host": one} for one in hosts])
        connection.execute(sight.insert(), [{"host_id": one, "kind": FORGOTTEN, "at": clock, "digest": ""} for one in sorted(hosts)])
    return count
