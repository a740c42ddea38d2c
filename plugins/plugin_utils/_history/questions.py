# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a history tells: how long holes were open, since when findings stand, how the fleet drifted, who wavers, who waived what.

Each question is one statement of SQL that the database answers from its spans; what is returned are plain numbers, times in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import library
from .happenings import DONE, ROLLOUT
from .observed import FINDING, GROUP, HOLE, LABEL, RETIRED, VERDICT
from .retiring import retired
from .rolled_up import numbers, of_each_host
from .schema import tables

if TYPE_CHECKING:
    import sqlalchemy

DAY = 86400


class Hole(NamedTuple):
    """One hole over the fleet. ``fixed_at`` is when the last host had it closed; None while one has not, or nobody can say. ``closers`` are rollouts,
    and on how many hosts each closed or mitigated it."""

    name: str
    first_at: int
    last_at: int
    hosts: int
    fixed_at: int | None
    exposed: int
    pending: int
    unknown: int
    mitigated: int
    mean: float
    worst: float
    closers: tuple[tuple[str, int], ...] = ()


class Exposure(NamedTuple):
    """Seconds that holes were open on one host: of how many, all together, in the mean and at worst; ``standing`` are open now."""

    name: str
    holes: int
    standing: int
    total: float
    mean: float
    worst: float


class FindingAge(NamedTuple):
    """One finding over the fleet: since when it is known, and how long it stood where it was resolved."""

    name: str
    severity: str
    first_at: int
    oldest_at: int | None
    open: int
    waived: int
    resolved: int
    mean: float | None


class Wavering(NamedTuple):
    """A host, or a finding on it, that came and went so many times since the window began."""

    host: str
    what: str
    changes: int
    last_at: int


class Waived(NamedTuple):
    """Who answers for what until when, since when it is seen, on how many hosts it stands now."""

    finding: str
    owner: str
    reason: str
    expires: str
    source: str
    first_at: int
    hosts: int


class Moved(NamedTuple):
    """A rollout: on how many hosts it did something, and of how many holes it closed there how many spans."""

    run: str
    first_at: int
    last_at: int
    hosts: int
    holes: int
    closed: int


class Part(NamedTuple):
    """What a slice or a controller has brought in."""

    slice: str
    controller: str
    kind: str
    documents: int
    last_at: int


def holes(connection: sqlalchemy.Connection, now: int, since: int = 0) -> list[Hole]:
    """Every hole that was asked for since then, the longest open first; what was not found anywhere is fixed from the beginning."""
    sa, thing, hole = library("sqlalchemy"), tables().thing, tables().hole
    closers = _closers(connection)
    rows = [_hole(row, now, closers.get(row.number, ())) for row in connection.execute(sa.select(
        thing.c.id.label("number"), thing.c.name, thing.c.first_at.label("came"), thing.c.last_at, hole).join(
        hole, hole.c.thing_id == thing.c.id, isouter=True).where(thing.c.kind == HOLE, thing.c.last_at >= since))]
    return sorted(rows, key=lambda hole: (hole.fixed_at is not None, -hole.exposed, -(hole.fixed_at or now) + hole.first_at, hole.name))


def _closers(connection: sqlalchemy.Connection) -> dict[int, tuple[tuple[str, int], ...]]:
    """By hole which rollouts closed it on how many hosts, in their order."""
    sa, span, word = library("sqlalchemy"), tables().span, tables().word
    found: dict[int, tuple[tuple[str, int], ...]] = {}
    for number, run, count in connection.execute(sa.select(span.c.thing_id, word.c.text, sa.func.count(sa.distinct(span.c.host_id))).join(
            word, word.c.id == span.c.closer_id).where(span.c.closer_id.is_not(None)).group_by(span.c.thing_id, word.c.text).order_by(word.c.text)):
        found[number] = (*found.get(number, ()), (run, count))
    return found


def _hole(row: Any, now: int, closers: tuple[tuple[str, int], ...]) -> Hole:
    """A row of the roll-up at this moment: what still stands has grown by all that went since."""
    if row.thing_id is None:
        return Hole(row.name, row.came, row.last_at, 0, row.came, 0, 0, 0, 0, 0.0, 0.0)
    is_fixed = not (row.exposed or row.pending or row.unknown or row.mitigated)
    total = row.ended + row.running * now - row.begun
    worst = max(row.worst_ended or 0, now + row.worst_running if row.worst_running is not None else 0)
    return Hole(row.name, row.first_at, row.last_at, row.hosts, row.until if is_fixed else None, row.exposed, row.pending, row.unknown, row.mitigated,
                total / row.hosts if row.hosts else 0.0, float(worst), closers)


def exposures(connection: sqlalchemy.Connection, now: int, since: int = 0) -> tuple[list[Exposure], list[Exposure]]:
    """Of each host, and of each group with its hosts, the worst first."""
    sa, host = library("sqlalchemy"), tables().host
    of_hosts = _seconds_of_hosts(connection, now, since)
    hosts = {number: Exposure(name, len(open_for), standing, float(sum(open_for)), sum(open_for) / len(open_for), float(max(open_for)))
             for number, name in connection.execute(sa.select(host.c.id, host.c.name)) if number in of_hosts
             for open_for, standing in [of_hosts[number]]}
    groups: dict[str, list[Exposure]] = {}
    for group, number in _members(connection):
        if number in hosts:
            groups.setdefault(group, []).append(hosts[number])
    return _worst_first(hosts.values()), _worst_first(_together(name, members) for name, members in groups.items())


def _seconds_of_hosts(connection: sqlalchemy.Connection, now: int, since: int) -> dict[int, tuple[list[int], int]]:
    """By host the seconds of each hole that it had in what ran, and how many it has: hole by hole, in the order of the spans' own key."""
    sa, thing = library("sqlalchemy"), tables().thing
    one = sa.bindparam("one", type_=sa.Integer())
    each = of_each_host(connection, one).subquery()
    query = sa.select(each.c.host_id, each.c.ended, each.c.begun).where(each.c.ended.is_not(None))
    found: dict[int, tuple[list[int], int]] = {}
    for (number,) in connection.execute(sa.select(thing.c.id).where(thing.c.kind == HOLE, thing.c.last_at >= since)).all():
        for host, ended, begun in connection.execute(query, {"one": number}):
            open_for, standing = found.get(host) or ([], 0)
            open_for.append(int(ended) + (0 if begun is None else now - begun))
            found[host] = open_for, standing + (begun is not None)
    return found


def _members(connection: sqlalchemy.Connection) -> Any:
    sa, span, thing = library("sqlalchemy"), tables().span, tables().thing
    # A host that was retired was a member to its end, and what it had stays with its groups.
    is_member = sa.or_(span.c.until.is_(None), span.c.ended_id.in_(numbers(connection, [RETIRED])))
    return connection.execute(sa.select(thing.c.name, span.c.host_id).distinct().join(thing, thing.c.id == span.c.thing_id).where(
        thing.c.kind.in_((GROUP, LABEL)), is_member))


def _together(name: str, members: list[Exposure]) -> Exposure:
    count, total = sum(one.holes for one in members), sum(one.total for one in members)
    return Exposure(name, count, sum(one.standing for one in members), total, total / count, max(one.worst for one in members))


def _worst_first(rows: Iterable[Exposure]) -> list[Exposure]:
    return sorted(rows, key=lambda row: (-row.standing, -row.worst, -row.total, row.name))


def findings(connection: sqlalchemy.Connection, now: int, since: int = 0) -> list[FindingAge]:
    """Every finding that stood since then: what is open now first, the oldest of it before the younger."""
    sa, span, thing = library("sqlalchemy"), tables().span, tables().thing
    opened, waived, resolved = (numbers(connection, [word]) for word in ("open", "waived", "resolved"))
    stands = span.c.until.is_(None)
    is_open = sa.and_(stands, span.c.state_id.in_(opened))
    is_over = sa.and_(span.c.state_id.in_(opened), span.c.ended_id.in_(resolved))
    rows = connection.execute(sa.select(
        thing.c.name, sa.func.max(thing.c.severity), sa.func.min(span.c.since), sa.func.min(sa.case((is_open, span.c.since))),
        sa.func.count(sa.case((is_open, 1))), sa.func.count(sa.case((sa.and_(stands, span.c.state_id.in_(waived)), 1))),
        sa.func.count(sa.case((is_over, 1))), sa.func.avg(sa.case((is_over, span.c.until - span.c.since))),
    ).join(thing, thing.c.id == span.c.thing_id).where(
        thing.c.kind == FINDING, sa.or_(stands, span.c.until >= since)).group_by(thing.c.name))
    found = [FindingAge(name, severity, first_at, oldest_at, standing, covered, over, None if mean is None else float(mean))
             for name, severity, first_at, oldest_at, standing, covered, over, mean in rows]
    return sorted(found, key=lambda one: (one.open == 0, one.oldest_at or now, one.name))


def drift(connection: sqlalchemy.Connection, now: int, since: int = 0, points: int = 120) -> list[tuple[int, Mapping[str, int]]]:
    """How many hosts had which verdict, at so many moments from then, or from the first scan, until now."""
    sa, span, thing, word = library("sqlalchemy"), tables().span, tables().thing, tables().word
    of_verdicts = sa.select(thing.c.id).where(thing.c.kind == VERDICT)
    first = connection.execute(sa.select(sa.func.min(span.c.since)).where(span.c.thing_id.in_(of_verdicts))).scalar_one()
    if first is None:
        return []
    start = max(first, since)
    step = max(1, -(-(now - start) // max(1, points - 1)))
    changes: dict[str, dict[int, int]] = {}
    for moment, sign in ((span.c.since, 1), (span.c.until, -1)):
        # A change counts from the first moment on that is not before it.
        place = sa.case((moment <= start, 0), else_=(moment - start + step - 1) // step)
        for name, at, count in connection.execute(sa.select(word.c.text, place, sa.func.count()).join(word, word.c.id == span.c.state_id).where(
                span.c.thing_id.in_(of_verdicts), moment.is_not(None)).group_by(word.c.text, place)):
            of_word = changes.setdefault(name, {})
            of_word[int(at)] = of_word.get(int(at), 0) + sign * count
    standing = dict.fromkeys(changes, 0)
    found: list[tuple[int, Mapping[str, int]]] = []
    for number in range(-(-(now - start) // step) + 1):
        standing = {name: count + changes[name].get(number, 0) for name, count in standing.items()}
        found.append((min(now, start + number * step), dict(standing)))
    return found


def wavering(connection: sqlalchemy.Connection, since: int, least: int = 4, limit: int = 200) -> list[Wavering]:
    """Hosts whose verdict, and findings that, began anew so many times since then, the most restless first."""
    sa, span, thing, host = library("sqlalchemy"), tables().span, tables().thing, tables().host
    rows = connection.execute(sa.select(host.c.name, thing.c.name, sa.func.count(), sa.func.max(span.c.since)).join(
        thing, thing.c.id == span.c.thing_id).join(host, host.c.id == span.c.host_id).where(
        thing.c.kind.in_((VERDICT, FINDING)), span.c.since >= since).group_by(host.c.name, thing.c.name, thing.c.id).having(
        sa.func.count() >= least).order_by(sa.func.count().desc(), host.c.name, thing.c.name).limit(limit))
    return [Wavering(*row) for row in rows]


def waivers(connection: sqlalchemy.Connection, since: int = 0) -> list[Waived]:
    """Every waiver that covered something since then, those that still do first, by their end."""
    sa, span, waiver = library("sqlalchemy"), tables().span, tables().waiver
    stands = span.c.until.is_(None)
    columns = [waiver.c[name] for name in ("finding", "owner", "reason", "expires", "source")]
    hosts = sa.func.count(sa.distinct(sa.case((stands, span.c.host_id))))
    rows = connection.execute(sa.select(*columns, sa.func.min(span.c.since), hosts).join(span, span.c.waiver_id == waiver.c.id).where(
        sa.or_(stands, span.c.until >= since)).group_by(*columns))
    return sorted((Waived(*row) for row in rows), key=lambda one: (one.hosts == 0, one.expires, one.finding, one.owner))


def moved(connection: sqlalchemy.Connection, since: int = 0) -> list[Moved]:
    """The rollouts since then and what they closed, the newest first."""
    sa, event, span, word = library("sqlalchemy"), tables().event, tables().span, tables().word
    closed = {run: (holes, spans) for run, holes, spans in connection.execute(sa.select(
        word.c.text, sa.func.count(sa.distinct(span.c.thing_id)), sa.func.count()).join(word, word.c.id == span.c.closer_id).where(
        span.c.closer_id.is_not(None)).group_by(word.c.text))}
    changed = sa.case((event.c.decision == DONE, event.c.subject))
    rows = connection.execute(sa.select(event.c.run, sa.func.min(event.c.at), sa.func.max(event.c.at), sa.func.count(sa.distinct(changed))).where(
        event.c.kind == ROLLOUT).group_by(event.c.run).having(sa.func.max(event.c.at) >= since).order_by(sa.func.min(event.c.at).desc()))
    return [Moved(run, first_at, last_at, hosts, *closed.get(run, (0, 0))) for run, first_at, last_at, hosts in rows]


def parts(connection: sqlalchemy.Connection) -> list[Part]:
    """Which slices and controllers have brought in what, and when last."""
    sa, ingest = library("sqlalchemy"), tables().ingest
    columns = [ingest.c[name] for name in ("slice", "controller", "kind")]
    rows = connection.execute(sa.select(*columns, sa.func.count(), sa.func.max(ingest.c.at)).group_by(*columns).order_by(*columns))
    return [Part(*row) for row in rows]


def silent(connection: sqlalchemy.Connection, before: int) -> list[tuple[str, int]]:
    """Hosts of which nothing was heard since then, with when they were scanned last: gone, or forgotten. Those that were retired are neither."""
    sa, sight, host = library("sqlalchemy"), tables().sight, tables().host
    gone = retired(connection)
    rows = connection.execute(sa.select(host.c.id, host.c.name, sa.func.max(sight.c.at)).join(host, host.c.id == sight.c.host_id).where(
        sight.c.kind != RETIRED).group_by(host.c.id, host.c.name).having(sa.func.max(sight.c.at) < before).order_by(host.c.name))
    return [(name, at) for number, name, at in rows if number not in gone]


def events(connection: sqlalchemy.Connection, since: int, limit: int = 500) -> list[dict[str, Any]]:
    """What was done, or not done and why, the newest first."""
    sa, event = library("sqlalchemy"), tables().event
    columns = [event.c[name] for name in ("at", "kind", "subject", "decision", "reason", "run")]
    rows = connection.execute(sa.select(*columns).where(event.c.at >= since).order_by(event.c.at.desc(), event.c.id.desc()).limit(limit))
    return [dict(row._mapping) for row in rows]
