# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every history, on whatever database: run on SQLite by the unit tests, on a real PostgreSQL by the system tests."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import (
    happenings,
    ingest,
    keeping,
    observed,
    questions,
    schema,
    upgrade,
)
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.database import History
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.errors import HistoryError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.ingest import Kept
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.observed import Document

TESTS = Path(__file__).resolve().parent
HOUR, DAY = 3600, 86400
# 1 November 2026, midnight.
START = 1793491200
OLD, NEW = "a" * 64, "b" * 64
STANDARDS = {OLD: {"name": "old", "kernel": {"running": "6.1", "unmanaged": "forbidden"}}, NEW: {"name": "new", "kernel": {"running": "6.1"}}}
WAIVER = {"finding": "kernel.*", "owner": "web team", "reason": "wave 7", "expires": "2026-12-31", "source": "firebreak_waivers[0]"}


def iso(moment: int) -> str:
    """A time as reports write it."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def finding(identifier: str, **changes: Any) -> dict[str, Any]:
    """A finding as a report holds it."""
    return {"id": identifier, "severity": "high", "promise": identifier, "subject": identifier, "expected": "x", "observed": "y", **changes}


def host(*findings: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A host's entry in a fleet.json."""
    return {"verdict": "drifted" if findings else "compliant", "reasons": [], "standard": OLD, "scanned_at": None, "labels": {}, "facts": {},
            "sections": ["os", "kernel", "cpu"], "cannot_say": {}, "findings": list(findings), "waived": [], **changes}


def scan(at: int, hosts: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Any] | None = None, partial: bool = False) -> Document:
    """A scan of these hosts."""
    report = {"schema": "firebreak.fleet/1", "generated_at": iso(at), "partial": partial, "standards": STANDARDS}
    found = observed.of_report(report, hosts.items(), groups or {})
    assert found is not None
    return found


def answered(at: int, answers: Mapping[str, Mapping[str, str]]) -> Document:
    """What was answered: by CVE the answer of each host."""
    rows = [{"cve": cve, "host": name, "answer": word} for cve, hosts in answers.items() for name, word in hosts.items()]
    found = observed.of_answers({"schema": "firebreak.answers/1", "generated_at": iso(at), "cves": {cve: {} for cve in answers}, "answers": rows})
    assert found is not None
    return found


def fleet(count: int, hour: int) -> Document:
    """A fleet of which some hosts change in each hour, and one host in seven is drifted."""
    hosts = {f"web{number}": host(*([finding("kernel.running")] if (number + hour) % 7 == 0 else []), facts={"kernel.running": [f"6.1.{hour // 3}"]})
             for number in range(count)}
    return scan(START + hour * HOUR, hosts, {"all": list(hosts), "web": list(hosts)})


def spans(history: History, kind: str = "finding") -> list[tuple[Any, ...]]:
    """Every span of a kind: host, thing, since (hours), state, until (hours), what it ended as, who waived it."""
    def hours(moment: int | None) -> float | None:
        return None if moment is None else (moment - START) / HOUR

    with history.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT host.name, thing.name, span.since, w.text, span.until, e.text, waiver.owner FROM span JOIN host ON host.id = span.host_id "
            "JOIN thing ON thing.id = span.thing_id JOIN word w ON w.id = span.state_id LEFT JOIN word e ON e.id = span.ended_id "
            f"LEFT JOIN waiver ON waiver.id = span.waiver_id WHERE thing.kind = '{kind}' ORDER BY 1, 2, 3").all()
    return [(row[0], row[1], hours(row[2]), row[3], hours(row[4]), row[5], row[6]) for row in rows]


def wandering(history: History, hours: int = 14) -> int:
    """Answers about three holes on seven hosts that go to and fro, parts of them late; the hour after the last."""
    chance = random.Random(23)
    words = ("exposed", "pending", "unknown", "mitigated_in_force", "fixed_in_force", "not_affected")
    for hour in range(hours):
        answers = {f"CVE-{number}": {f"web{n}": chance.choice(words) for n in range(7) if chance.random() < 0.7} for number in range(3)}
        ingest.keep(history, answered(START + (hour - chance.choice((0, 0, 0, 2))) * HOUR, answers))
    return hours


def by_hand(history: History, now: float) -> dict[str, tuple[Any, ...]]:
    """What every hole comes to, counted from the spans alone: hosts, first and last moment, hosts by state, mean and worst hours."""
    found = {}
    seen = spans(history, "hole")
    for name in {row[1] for row in seen}:
        own = [row for row in seen if row[1] == name]
        hours: dict[str, float] = {}
        for host_name, _name, since, state, until, *_rest in own:
            if state in ("exposed", "pending"):
                hours[host_name] = hours.get(host_name, 0) + (now if until is None else until) - since
        standing = tuple(sum(row[3] == word and row[4] is None for row in own) for word in ("exposed", "pending", "unknown", "mitigated_in_force"))
        fixed = None if any(standing) else max(row[4] for row in own)
        found[name] = (len(hours), min(row[2] for row in own), fixed, standing, sum(hours.values()) / max(1, len(hours)),
                       max(hours.values(), default=0))
    return found


def told_holes(history: History, now: float) -> dict[str, tuple[Any, ...]]:
    """The same as it is asked for."""
    with history.reading() as connection:
        return {one.name: (one.hosts, (one.first_at - START) / HOUR, None if one.fixed_at is None else (one.fixed_at - START) / HOUR,
                           (one.exposed, one.pending, one.unknown, one.mitigated), pytest.approx(one.mean / HOUR), one.worst / HOUR)
                for one in questions.holes(connection, int(START + now * HOUR))}


def journal(*events: tuple[int, dict[str, Any]], run: str = "20261101T010000Z") -> list[dict[str, Any]]:
    """A rollout's journal: its beginning and what happened in which minute."""
    begun = {"event": "begun", "id": run, "owner": "root@ctl", "hosts": {}, "at": iso(START)}
    return [begun, *({**event, "at": iso(START + minute * 60)} for minute, event in events)]


def changed(name: str, step: str = "change") -> dict[str, Any]:
    """A host of which a step is done."""
    return {"event": "step", "host": name, "step": step, "did": "done"}


def child(place: str, code: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process that works on the history."""
    paths = [str(TESTS), str(TESTS.parent / "collections")]
    script = f"import sys; sys.path[:0] = {paths!r}; place = {place!r}\nfrom history_suite import *\n{code}"
    return subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class HistorySuite:
    """The tests; a class of a database gives the fixture ``place``: where an empty history may be made."""

    @pytest.fixture
    def history(self, place: str) -> Iterator[History]:
        """An empty history."""
        found = upgrade.opened(place)
        yield found
        found.close()

    def test_what_stays_as_it_is_costs_no_row(self, history: History) -> None:
        hosts = {f"web{number}": host(finding("kernel.running"), facts={"kernel.running": ["6.1"]}) for number in range(5)}
        seen = [ingest.keep(history, scan(START + hour * HOUR, hosts)) for hour in range(24)]
        assert seen == [Kept(True, 5, 5, 0)] + [Kept(True, 5, 0, 0)] * 23
        assert keeping.counts(history)["span"] == 5 * 3
        assert keeping.counts(history)["ingest"] == 24

    def test_the_same_document_is_kept_once(self, history: History) -> None:
        first, second = fleet(10, 0), fleet(10, 1)
        for document in (first, second):
            ingest.keep(history, document)
        before = keeping.counts(history)
        assert [ingest.keep(history, document) for document in (second, first)] == [Kept(False, 10, 0, 0)] * 2
        assert keeping.counts(history) == before

    def test_what_is_known_later_is_not_undone(self, history: History) -> None:
        ingest.keep(history, scan(START + HOUR, {"web1": host()}))
        assert ingest.keep(history, scan(START, {"web1": host(finding("kernel.running")), "web2": host()})) == Kept(True, 2, 1, 1)
        assert spans(history) == []

    @pytest.mark.parametrize(("later", "expected"), [
        pytest.param(host(), [(0, "open", 1, "resolved")], id="gone"),
        pytest.param(host(sections=["os"]), [(0, "open", None, None)], id="its section was not scanned"),
        pytest.param(host(verdict="unreachable", sections=[]), [(0, "open", None, None)], id="silent"),
        pytest.param(host(cannot_say={"kernel.running": "needs_root"}), [(0, "open", None, None)], id="the fact could not be had"),
        pytest.param(host(finding("kernel.running", subject="kernel.running", observed="z")), [(0, "open", None, None)], id="another observation"),
        pytest.param(host(waived=[finding("kernel.running", waiver=WAIVER)]), [(0, "open", 1, "waived"), (1, "waived", None, None)], id="waived"),
        pytest.param(host(finding("kernel.running", promise=None)), [(0, "open", 1, "resolved")], id="an observation only"),
    ])
    def test_what_becomes_of_a_finding(self, history: History, later: dict[str, Any], expected: list[Any]) -> None:
        ingest.keep(history, scan(START, {"web1": host(finding("kernel.running"))}))
        ingest.keep(history, scan(START + HOUR, {"web1": later}))
        assert [row[2:6] for row in spans(history)] == expected

    def test_what_is_no_longer_promised_is_not_resolved(self, history: History) -> None:
        ingest.keep(history, scan(START, {"web1": host(finding("kernel.unmanaged"))}))
        ingest.keep(history, scan(START + HOUR, {"web1": host(standard=NEW)}))
        assert spans(history) == [("web1", "kernel.unmanaged", 0, "open", 1, "not_promised", None)]

    def test_a_finding_that_comes_again_is_a_span_of_its_own(self, history: History) -> None:
        for hour, found in enumerate(([finding("kernel.running")], [], [finding("kernel.running")])):
            ingest.keep(history, scan(START + hour * HOUR, {"web1": host(*found)}))
        assert [row[2:6] for row in spans(history)] == [(0, "open", 1, "resolved"), (2, "open", None, None)]

    def test_a_part_of_the_fleet_says_nothing_of_the_rest(self, history: History) -> None:
        ingest.keep(history, scan(START, {name: host(finding("kernel.running")) for name in ("web1", "web2")}))
        ingest.keep(history, scan(START + HOUR, {"web1": host()}, partial=True))
        assert [(row[0], row[4]) for row in spans(history)] == [("web1", 1), ("web2", None)]

    def test_time_to_fixed_everywhere(self, history: History) -> None:
        hours = (
            {"CVE-1": {"web1": "exposed", "web2": "exposed", "web3": "not_affected"}},
            {"CVE-1": {"web1": "pending", "web2": "exposed", "web3": "not_affected"}},
            {"CVE-1": {"web1": "fixed_in_force", "web2": "unknown", "web3": "not_affected"}},
            {"CVE-2": {"web1": "exposed"}},
            {"CVE-1": {"web1": "fixed_in_force", "web2": "fixed_by_live_patch", "web3": "not_affected"}},
        )
        seen = []
        for hour, answers in enumerate(hours):
            ingest.keep(history, answered(START + hour * HOUR, answers))
            with history.reading() as connection:
                seen.append({hole.name: hole for hole in questions.holes(connection, START + hour * HOUR)}["CVE-1"])
        assert [(one.exposed, one.pending, one.unknown) for one in seen] == [(2, 0, 0), (1, 1, 0), (0, 0, 1), (0, 0, 1), (0, 0, 0)]
        assert [one.fixed_at for one in seen] == [None] * 4 + [START + 4 * HOUR]
        assert (seen[-1].hosts, seen[-1].first_at, seen[-1].mean, seen[-1].worst) == (2, START, 2 * HOUR, 2 * HOUR)

    def test_a_hole_found_nowhere_is_an_answer(self, history: History) -> None:
        ingest.keep(history, answered(START, {"CVE-1": {"web1": "not_affected"}}))
        with history.reading() as connection:
            hole, = questions.holes(connection, START + DAY)
        assert (hole.fixed_at, hole.hosts, hole.mean) == (START, 0, 0)

    def test_late_answers_of_another_slice_count_and_of_the_same_hosts_do_not(self, history: History) -> None:
        ingest.keep(history, answered(START + HOUR, {"CVE-1": {"web1": "fixed_in_force"}}))
        ingest.keep(history, answered(START + 2 * HOUR, {"CVE-1": {"web1": "exposed"}}))
        kept = ingest.keep(history, answered(START + HOUR + 60, {"CVE-1": {"web1": "fixed_in_force", "web2": "exposed"}}))
        assert kept == Kept(True, 2, 1, 1)
        assert [(row[0], row[4]) for row in spans(history, "hole")] == [("web1", None), ("web2", None)]

    def test_a_row_for_each_hole_says_what_its_spans_say(self, history: History, tmp_path: Path) -> None:
        now = wandering(history) + 5
        assert told_holes(history, now) == by_hand(history, now)
        assert {one[3] for one in told_holes(history, now).values()} != {(0, 0, 0, 0)}
        keeping.back_up(history, tmp_path / "backup.gz")
        other = upgrade.opened(str(tmp_path / "restored.sqlite"))
        keeping.restore(other, tmp_path / "backup.gz")
        assert told_holes(other, now) == by_hand(history, now)
        other.close()
        keeping.prune(history, START + 8 * HOUR)
        assert told_holes(history, now) == by_hand(history, now)

    @pytest.mark.parametrize("is_late", [False, True])
    def test_which_rollout_closed_a_hole(self, history: History, is_late: bool) -> None:
        ingest.keep(history, answered(START, {"CVE-1": dict.fromkeys(("web1", "web2", "web3", "web4"), "exposed"), "CVE-2": {"web1": "exposed"}}))
        lines = journal((5, {"event": "wave", "number": 1, "hosts": ["web1", "web2"]}), (10, changed("web1")), (11, changed("web2")),
                        (20, {"event": "result", "host": "web1", "status": "done", "why": ""}),
                        (21, {"event": "result", "host": "web2", "status": "failed", "why": "it did not come back"}),
                        (300, changed("web3")))
        told = list(happenings.of_rollout(lines, "x"))
        seen = answered(START + HOUR, {"CVE-1": {"web1": "fixed_in_force", "web2": "mitigated_in_force", "web3": "fixed_in_force", "web4": "unknown"},
                                       "CVE-2": {"web1": "pending"}})
        steps: list[Callable[[], object]] = [lambda: ingest.keep(history, seen), lambda: happenings.keep(history, told)]
        for step in steps if is_late else reversed(steps):
            step()
        assert happenings.keep(history, told) == 0
        assert ingest.keep(history, seen).is_new is False
        with history.reading() as connection:
            holes = {one.name: one.closers for one in questions.holes(connection, START + DAY)}
            moved, = questions.moved(connection)
            events = questions.events(connection, START)
        # web3 was changed after its hole was gone, web4 is unknown, and what is pending is open.
        assert holes == {"CVE-1": (("20261101T010000Z", 2),), "CVE-2": ()}
        assert (moved.run, moved.hosts, moved.holes, moved.closed) == ("20261101T010000Z", 3, 1, 2)
        assert len(events) == len(lines)
        assert ("web2", "failed", "it did not come back") in [(one["subject"], one["decision"], one["reason"]) for one in events]

    def test_a_journal_that_grows_is_kept_once(self, history: History) -> None:
        lines = journal(*((minute, changed("web1")) for minute in range(1, 6)))
        other = journal((1, changed("web1")), run="20261101T020000Z")
        seen = [happenings.keep(history, happenings.of_rollout(some, "x")) for some in (lines[:2], lines[:4], lines, lines, other)]
        assert seen == [2, 2, 2, 0, 2]
        rows = [{"at": iso(START), "what": what, "event": "dsa-1", "why": "x"} for what in ("begun", "begun", "ended")]
        assert [happenings.keep(history, happenings.of_healing(rows[:count])) for count in (1, 3, 3)] == [1, 2, 0]
        assert keeping.counts(history)["event"] == 11

    @pytest.mark.parametrize("wrong", [{}, {"at": iso(START)}, {"at": 7, "event": "wave"}, {"at": iso(START), "event": ["step"]},
                                       {"at": iso(START), "event": "wave", "hosts": 3}, {"at": iso(START), "what": None},
                                       {"at": iso(START), "event": "step", "host": {"a": 1}, "step": None}])
    def test_lines_of_any_type_stop_nothing(self, history: History, wrong: dict[str, Any]) -> None:
        lines = journal((1, changed("web1")))
        assert happenings.keep(history, happenings.of_rollout([lines[0], wrong, lines[1]], "x")) in (2, 3)
        assert happenings.keep(history, happenings.of_healing([wrong])) == 0

    def test_exposure_of_hosts_and_groups(self, history: History) -> None:
        names = ["web1", "web2", "db1"]
        hosts = {name: host(labels={"rack": name[-1]}) for name in names}
        ingest.keep(history, scan(START, hosts, {"all": names, "web": names[:2]}))
        ingest.keep(history, answered(START, {"CVE-1": dict.fromkeys(names, "exposed"), "CVE-2": {"web1": "exposed"}}))
        ingest.keep(history, answered(START + 2 * DAY, {"CVE-1": {"web1": "fixed_in_force", "web2": "exposed", "db1": "mitigated_in_force"}}))
        with history.reading() as connection:
            found, groups = questions.exposures(connection, START + 4 * DAY)
        assert {one.name: (one.holes, one.standing, one.mean / DAY, one.worst / DAY) for one in found} == {
            "web1": (2, 1, 3, 4), "web2": (1, 1, 4, 4), "db1": (1, 0, 2, 2)}
        assert {one.name: (one.mean / DAY, one.worst / DAY) for one in groups} == {
            "web": (pytest.approx(10 / 3), 4), "rack=1": (pytest.approx(8 / 3), 4), "rack=2": (4, 4)}

    def test_a_host_leaves_its_groups(self, history: History) -> None:
        ingest.keep(history, scan(START, {"web1": host(labels={"rack": "1"})}, {"all": ["web1"], "web": ["web1"]}))
        ingest.keep(history, scan(START + HOUR, {"web1": host(labels={"rack": "2"})}))
        ingest.keep(history, scan(START + 2 * HOUR, {"web1": host(labels={"rack": "2"})}, {"all": ["web1"], "db": ["web1"]}))
        assert [row[1:6] for row in spans(history, "label")] == [("rack=1", 0, "member", 1, "gone"), ("rack=2", 1, "member", None, None)]
        assert [row[1:6] for row in spans(history, "group")] == [("db", 2, "member", None, None), ("web", 0, "member", 2, "gone")]

    def test_drift_over_time_and_what_wavers(self, history: History) -> None:
        for hour in range(8):
            ingest.keep(history, scan(START + hour * HOUR, {"web1": host(*([finding("kernel.running")] if hour % 2 else [])), "web2": host()}))
        with history.reading() as connection:
            points = questions.drift(connection, START + 7 * HOUR, points=8)
            restless = questions.wavering(connection, START)
        assert [at for at, _counts in points] == [START + hour * HOUR for hour in range(8)]
        assert [(counts.get("compliant", 0), counts.get("drifted", 0)) for _at, counts in points] == [(2, 0), (1, 1)] * 4
        assert [(one.host, one.what, one.changes) for one in restless] == [("web1", "verdict", 8), ("web1", "kernel.running", 4)]

    def test_waivers_findings_and_parts(self, history: History) -> None:
        waived = host(waived=[finding("kernel.running", waiver=WAIVER)])
        ingest.keep(history, scan(START, {"web1": waived, "web2": host(finding("kernel.running"))}), "north")
        ingest.keep(history, scan(START + DAY, {"web1": waived, "web2": host()}), "south")
        with history.reading() as connection:
            covered, = questions.waivers(connection)
            age, = questions.findings(connection, START + 2 * DAY)
            parts = questions.parts(connection)
            assert questions.silent(connection, START + DAY) == []
            assert questions.silent(connection, START + 2 * DAY) == [("web1", START + DAY), ("web2", START + DAY)]
        assert (covered.owner, covered.reason, covered.first_at, covered.hosts) == ("web team", "wave 7", START, 1)
        assert (age.open, age.waived, age.resolved, age.mean) == (0, 1, 1, DAY)
        assert [(part.slice, part.documents) for part in parts] == [("north", 1), ("south", 1)]

    def test_a_proof_is_kept(self, history: History) -> None:
        for hour, broken in enumerate((["kernel.running"], [])):
            proof = {"hosts": {"web1": {"broken": broken, "promises": {"kernel.running": {"sentence": "x"}, "os.release": {"sentence": "x"}}}}}
            document = observed.of_proof(proof, START + hour * HOUR)
            assert document is not None
            ingest.keep(history, document)
        assert spans(history, "promise") == [("web1", "kernel.running", 0, "broken", 1, "kept", None)]

    @pytest.mark.parametrize("number", [1, 4, 6])
    def test_killed_in_the_middle_nothing_is_lost_or_double(self, place: str, history: History, number: int) -> None:
        ingest.keep(history, fleet(20, 0))
        before = keeping.counts(history)
        dying = child(place, "from sqlalchemy import event\nimport os, signal\nhistory = upgrade.opened(place)\nwritten = []\n"
                      "def die(connection, cursor, statement, *rest):\n"
                      "    written.append(statement.startswith(('INSERT', 'UPDATE')))\n"
                      f"    if sum(written) == {number}: os.kill(os.getpid(), signal.SIGKILL)\n"
                      "event.listen(history.engine, 'after_cursor_execute', die)\n"
                      "ingest.keep(history, fleet(25, 4))\n")
        assert dying.wait(60) == -signal.SIGKILL, dying.stderr
        dying.communicate()
        assert keeping.counts(history) == before
        assert ingest.keep(history, fleet(25, 4)).is_new
        assert ingest.keep(history, fleet(25, 4)).is_new is False
        after = keeping.counts(history)
        assert (after["host"], after["ingest"], after["sight"]) == (25, 2, 25)
        assert len(spans(history, "verdict")) == len({row[:3] for row in spans(history, "verdict")})

    def test_many_writers_at_once_and_all_of_them_make_it(self, place: str) -> None:
        code = ("mine = sys.argv[1]\nhistory = upgrade.opened(place)\n"
                "for hour in range(4):\n"
                "    hosts = {f'{mine}{n}': host(*([finding('kernel.running')] if (n + hour) % 3 == 0 else [])) for n in range(30)}\n"
                "    ingest.keep(history, scan(START + hour * HOUR, hosts), mine)\n"
                "    ingest.keep(history, fleet(20, hour))\n")
        writers = [child(place, code, name) for name in ("a", "b", "c")]
        said = [writer.communicate(timeout=300)[1] for writer in writers]
        assert [writer.returncode for writer in writers] == [0, 0, 0], said
        history = upgrade.opened(place)
        found = keeping.counts(history)
        # Three times four of their own, and four that all of them brought in.
        assert (found["ingest"], found["host"]) == (16, 3 * 30 + 20)
        assert len([row for row in spans(history, "verdict") if row[4] is None]) == 3 * 30 + 20
        history.close()

    def test_backup_and_restore(self, place: str, history: History, tmp_path: Path) -> None:
        for hour in range(6):
            ingest.keep(history, fleet(30, hour))
        ingest.keep(history, answered(START, {"CVE-1": {"web1": "exposed", "web2": "fixed_in_force"}}))
        path = tmp_path / "deep/backup.jsonl.gz"
        assert keeping.back_up(history, path) == keeping.counts(history)
        assert path.stat().st_mode & 0o777 == 0o600
        other = upgrade.opened(str(tmp_path / "restored.sqlite"))
        assert keeping.restore(other, path) == keeping.counts(other) == keeping.counts(history)
        assert spans(other, "verdict") == spans(history, "verdict")
        assert spans(other, "hole") == spans(history, "hole")
        with pytest.raises(HistoryError, match="is not empty"):
            keeping.restore(history, path)
        assert ingest.keep(other, fleet(30, 5)).is_new is False
        other.close()

    def test_a_backup_that_was_cut_short_is_not_restored(self, history: History, tmp_path: Path) -> None:
        ingest.keep(history, fleet(30, 0))
        lines = list(keeping.dump(history))
        for kept in ("".join(lines[:-1]), "".join([lines[0], *lines[2:]]), lines[0], "", "[]\n", '{"schema": "other"}\n'):
            path = tmp_path / "cut.jsonl.gz"
            path.write_bytes(gzip.compress(kept.encode()))
            other = upgrade.opened(str(tmp_path / "other.sqlite"))
            with pytest.raises(HistoryError):
                keeping.restore(other, path)
            assert set(keeping.counts(other).values()) == {0}
            other.close()

    def test_what_ended_long_ago_is_forgotten_and_what_stands_is_not(self, history: History) -> None:
        ingest.keep(history, scan(START, {"web1": host(finding("kernel.running"), finding("kernel.unmanaged"))}))
        ingest.keep(history, scan(START + DAY, {"web1": host(finding("kernel.unmanaged"))}))
        ingest.keep(history, answered(START, {"CVE-1": {"web1": "not_affected"}}))
        gone = keeping.prune(history, START + 2 * DAY)
        assert gone["ingest"] == 3
        assert [row[1] for row in spans(history)] == ["kernel.unmanaged"]
        assert keeping.prune(history, START + 2 * DAY) == {}

    def test_migrations_lead_to_the_tables_that_the_code_knows(self, history: History) -> None:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext
        with history.reading() as connection:
            assert compare_metadata(MigrationContext.configure(connection), schema.tables().metadata) == []

    def test_a_migration_of_every_table_keeps_every_row(self, place: str, history: History, tmp_path: Path) -> None:
        ingest.keep(history, fleet(30, 0))
        ingest.keep(history, scan(START + HOUR, {"web1": host(waived=[finding("kernel.running", waiver=WAIVER)])}))
        ingest.keep(history, answered(START, {"CVE-1": {"web1": "exposed"}}))
        before, seen = keeping.counts(history), spans(history)
        # Each table is made anew, its rows copied: what a change of a column's type takes on SQLite.
        folder = migrations(tmp_path, "".join(
            f"    with op.batch_alter_table('{name}', recreate='always' if sqlite else 'auto') as table:\n"
            "        table.add_column(sa.Column('more', sa.Text(), nullable=True))\n"
            for name in ("host", "word", "thing", "waiver", "span", "sight", "ingest", "event", "hole")))
        with history.writing() as connection:
            connection.exec_driver_sql("CREATE VIEW operators_own AS SELECT name FROM host")
            connection.exec_driver_sql("CREATE VIEW more AS SELECT o.name FROM standing JOIN operators_own o ON o.name = standing.host")
        upgrade.bring_up(history, folder)
        assert keeping.counts(history) == before
        assert spans(history) == seen
        with history.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM standing").scalar_one() == len(
                [row for kind in ("finding", "verdict", "fact", "group", "hole") for row in spans(history, kind) if row[4] is None])
            assert connection.exec_driver_sql("SELECT count(*) FROM exposure").scalar_one() == 1
            assert connection.exec_driver_sql("SELECT count(DISTINCT name) FROM more").scalar_one() == before["host"]

    def test_a_full_history_of_the_first_form_keeps_every_row_and_gains_the_holes(self, place: str, tmp_path: Path) -> None:
        source = upgrade.opened(str(tmp_path / "source.sqlite"))
        now = wandering(source)
        ingest.keep(source, fleet(30, 0))
        ingest.keep(source, scan(START + HOUR, {"web1": host(waived=[finding("kernel.running", waiver=WAIVER)])}))
        happenings.keep(source, happenings.of_rollout(journal((1, changed("web9"))), "x"))
        first = History(place)
        upgrade.bring_up(first, wanted="0001")
        with source.reading() as whole, first.writing() as connection:
            for name in schema.ORDER:
                table = schema.tables().named(name)
                columns = [column.name for column in table.columns if column.name != "closer_id"]
                rows = [dict(zip(columns, row, strict=True))
                        for row in whole.execute(table.select().with_only_columns(*(table.c[column] for column in columns)))]
                assert rows, name
                connection.execute(table.insert(), rows)
        first.close()
        history = upgrade.opened(place)
        assert keeping.counts(history) == keeping.counts(source)
        assert [spans(history, kind) for kind in ("hole", "verdict", "finding")] == [spans(source, kind) for kind in ("hole", "verdict", "finding")]
        assert told_holes(history, now) == by_hand(source, now)
        assert ingest.keep(history, fleet(30, 0)).is_new is False
        source.close()
        history.close()

    @pytest.mark.parametrize("losing", ["op.execute('DELETE FROM span')", "op.drop_table('event')",
                                        "op.execute('DELETE FROM span WHERE until IS NULL'); op.execute('DELETE FROM host')"])
    def test_a_migration_that_loses_rows_is_taken_back(self, history: History, tmp_path: Path, losing: str) -> None:
        ingest.keep(history, fleet(30, 0))
        with history.writing() as connection:
            connection.exec_driver_sql("INSERT INTO event VALUES (1, 'k', 1, 'x', 'x', 'x', 'x', 'x')")
        before, seen = keeping.counts(history), spans(history)
        with pytest.raises(HistoryError, match=r"left as it is|still referenced"):
            upgrade.bring_up(history, migrations(tmp_path, f"    {losing}\n"))
        assert keeping.counts(history) == before
        assert spans(history) == seen
        assert ingest.keep(history, fleet(30, 1)).is_new

    def test_a_history_of_a_newer_version_is_left_alone(self, place: str, history: History, tmp_path: Path) -> None:
        upgrade.bring_up(history, migrations(tmp_path, "    pass\n"))
        with pytest.raises(HistoryError, match="newer Firebreak"):
            upgrade.opened(place)


def migrations(folder: Path, body: str) -> Path:
    """The product's migrations and one more, whose body this is."""
    place = folder / "migrations"
    (place / "versions").mkdir(parents=True)
    for path in upgrade.MIGRATIONS.rglob("*.py"):
        (place / path.relative_to(upgrade.MIGRATIONS)).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (place / "versions/next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = 'next', '0002'\n"
        f"def upgrade():\n    sqlite = op.get_bind().dialect.name == 'sqlite'\n{body}", encoding="utf-8")
    return place


__all__ = ["DAY", "HOUR", "START", "HistorySuite", "answered", "child", "finding", "fleet", "host", "ingest", "keeping", "os", "scan", "spans", "sys",
           "upgrade"]
