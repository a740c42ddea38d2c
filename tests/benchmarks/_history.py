# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a synthetic year: 10,000 hosts scanned each hour, 500 holes. Its size, one more scan brought in, and what it tells of the holes.

The model. Each host has four facts, three groups and labels, and a verdict; in each hour one host in 200 gains or loses a finding, and its
verdict changes with it (438,000 such changes a year). A hole comes out every 17.5 hours; three hosts in five have it, each is exposed for 1 to 10
days and then waits up to 7 days for its reboot; one host in a thousand forgets it for 60 days. The spans are written as the ingest leaves them
(the tests hold that), the scan that is measured goes through the ingest itself.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2] / "collections")]

from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import ingest, questions, rolled_up, upgrade  # noqa: E402
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.database import History  # noqa: E402
from benchmarks._measuring import Goal  # noqa: E402

HOSTS, HOLES, HOURS = 10_000, 500, 365 * 24
HOUR, DAY, START = 3600, 86400, 1_762_000_000
_END = START + HOURS * HOUR
# The numbers of the words, and of the first thing of each kind.
_WORDS = ("exposed", "pending", "fixed_in_force", "open", "resolved", "compliant", "drifted", "member", "6.12.0")
_EXPOSED, _PENDING, _FIXED, _OPEN, _RESOLVED, _COMPLIANT, _DRIFTED, _MEMBER, _VALUE = range(1, len(_WORDS) + 1)
_VERDICT, _FINDINGS, _FACTS, _GROUPS, _FIRST_HOLE = 1, 2, 42, 46, 49


def _things() -> Iterator[tuple[Any, ...]]:
    names = [("verdict", "verdict")] + [("finding", f"kernel.finding{number}") for number in range(_FACTS - _FINDINGS)]
    names += [("fact", f"kernel.fact{number}") for number in range(_GROUPS - _FACTS)] + [("label", f"rack=r{number}") for number in range(3)]
    names += [("hole", f"CVE-2026-{number:05}") for number in range(HOLES)]
    for number, (kind, name) in enumerate(names, 1):
        yield number, kind, name, name, name, name, "high", START, _END


def _spans(chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for number in range(1, HOSTS + 1):
        for fact in range(_FACTS, _GROUPS):
            yield fact, number, START, _VALUE, None, None
        yield _GROUPS + number % 3, number, START, _MEMBER, None, None
        yield from _changes(number, chance)
    for hole in range(HOLES):
        came = START + int(hole * HOURS / HOLES) * HOUR
        for number in range(1, HOSTS + 1):
            if chance.random() < 0.6:
                yield from _hole(_FIRST_HOLE + hole, number, came, chance)


def _changes(number: int, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    moments = sorted({START + chance.randrange(1, HOURS) * HOUR for _change in range(HOURS // 200)})
    since, finding, is_open = START, _FINDINGS, False
    for moment in moments:
        before, after = (_DRIFTED, _COMPLIANT) if is_open else (_COMPLIANT, _DRIFTED)
        yield _VERDICT, number, since, before, moment, after
        if is_open:
            yield finding, number, since, _OPEN, moment, _RESOLVED
        since, is_open, finding = moment, not is_open, _FINDINGS + chance.randrange(_FACTS - _FINDINGS)
    yield _VERDICT, number, since, _DRIFTED if is_open else _COMPLIANT, None, None
    if is_open:
        yield finding, number, since, _OPEN, None, None


def _hole(hole: int, number: int, came: int, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    installed = came + chance.randrange(1, 240 if chance.random() > 0.001 else 1440) * HOUR
    booted = installed + chance.randrange(0, 168) * HOUR
    if installed >= _END:
        yield hole, number, came, _EXPOSED, None, None
        return
    yield hole, number, came, _EXPOSED, installed, _PENDING if booted > installed else _FIXED
    if booted > installed:
        yield hole, number, installed, _PENDING, booted if booted < _END else None, _FIXED if booted < _END else None


def fill(history: History) -> int:
    """Write the year; how many spans it has."""
    chance = random.Random(2026)
    count = 0
    with history.writing() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.executemany("INSERT INTO word VALUES (?, ?)", enumerate(_WORDS, 1))
        raw.executemany("INSERT INTO host VALUES (?, ?)", ((number, f"host{number:05}") for number in range(1, HOSTS + 1)))
        raw.executemany("INSERT INTO thing VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _things())
        raw.executemany("INSERT INTO ingest VALUES (?, ?, 'scan', ?, 0, ?, 50, 0, '', 'controller')",
                        ((hour + 1, f"{hour:064}", START + hour * HOUR, HOSTS) for hour in range(HOURS)))
        # In the order of the key, as the years' own inserts into a tree come close to.
        for span in sorted(_spans(chance), key=lambda row: row[:3]):
            raw.execute("INSERT INTO span VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)", span)
            count += 1
        rolled_up.roll_up_all(connection)
    return count


def _timed(what: Any, repeats: int) -> float:
    seconds = []
    for _again in range(repeats):
        began = time.perf_counter()
        what()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def compare(directory: Path, repeats: int) -> Iterator[str | Goal]:
    """The lines and goals."""
    from history_suite import finding, host, scan

    path = directory / "history.sqlite"
    history = upgrade.opened(str(path))
    began = time.perf_counter()
    count = fill(history)
    size = path.stat().st_size
    took = time.perf_counter() - began
    yield f"history: a year of {HOSTS} hosts each hour, {HOLES} holes: {count} spans, {size / 1e6:.0f} MB (written in {took:.0f} s)"
    hours = iter(range(1, 1000))

    def bring_in() -> None:
        hour = next(hours)
        hosts = {f"host{number:05}": host(*([finding("kernel.running")] if (number + hour) % 200 == 0 else []),
                                          scanned_at=None, facts={"kernel.running": ["6.12"]}) for number in range(1, HOSTS + 1)}
        seen.append(_timed(lambda: ingest.keep(history, scan(_END + hour * HOUR, hosts)), 1))

    seen: list[float] = []
    bring_in()
    for _again in range(repeats):
        bring_in()
    yield f"history: the first scan of {HOSTS} hosts {seen[0]:.2f} s, each later one {median(seen[1:]):.2f} s"

    def ask() -> None:
        with history.reading() as connection:
            assert len(questions.holes(connection, _END)) == HOLES

    holes = _timed(ask, repeats)
    yield f"history: time to fixed everywhere of {HOLES} holes {holes:.2f} s"
    history.close()
    yield Goal("a year of 10,000 hosts, GB", size / 1e9, 2.0)
    yield Goal("one scan of 10,000 hosts into it, seconds", median(seen[1:]), 2.0)
    yield Goal(f"time to fixed everywhere of {HOLES} holes, seconds", holes, 2.0)
