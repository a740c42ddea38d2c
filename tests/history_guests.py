# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no history may stumble over, on whatever database: texts that a database refuses, names that no index takes, clocks that are ahead."""

from __future__ import annotations

import gc
import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import (
    clocks,
    happenings,
    ingest,
    keeping,
    observed,
    questions,
    retiring,
    upgrade,
)
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.database import History
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.errors import HistoryError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.ingest import Kept
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.observed import Document
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.texts import indexable
from history_suite import DAY, HOUR, START, WAIVER, HistorySuite, answered, changed, finding, host, iso, journal, scan, spans

# NUL and half of a surrogate pair: JSON can say them, a database cannot.
STRANGE, SHOWN = "a\x00\ud800", "a\\u0000\\ud800"
KINDS = ("verdict", "finding", "fact", "label", "group", "hole", "promise")

DAMAGES: tuple[dict[str, Any], ...] = (
    {}, {"word": [], "host": []}, {"span": 7}, {"span": [7]}, {"span": [[1]]}, {"word": [["x", {}]]}, {"word": [[10 ** 30, "x"]]}, {"other": []},
    {"word": [[1.5, "x"]]}, {"counts": None}, {"columns": 5}, {"columns": {"word": [{}]}, "schema": keeping.SCHEMA},
    {"word": [[1, "twice"], [1, "twice"]]}, {"span": [[99, 99, 1, 99, None, None, None, None]]},
)


def report(text: str, at: int) -> dict[str, Any]:
    """A report that has the text wherever a host, its inventory and its standard can say one."""
    seen = host(finding("kernel.running", promise=text, subject=text, severity=text), labels={text: text}, facts={text: [text]},
                waived=[finding(text, waiver=dict.fromkeys(WAIVER, text))], cannot_say={text: text}, standard=text)
    return {"schema": "firebreak.fleet/1", "generated_at": iso(at), "standards": {text: {"name": text}}, "hosts": {text: seen, "web1": seen}}


def keep_all(history: History, text: str, hour: int) -> None:
    """Bring in a text wherever a scan, an answer, a proof, a rollout and a healing can have one."""
    at, names = START + hour * HOUR, [text, "web1"]
    found = report(text, at)
    scanned = observed.of_report(found, found["hosts"].items(), {"all": names, text: names})
    proved = observed.of_proof({"hosts": {name: {"broken": [text], "promises": {text: {}}} for name in names}}, at)
    for document in (scanned, answered(at, {text: dict.fromkeys(names, "exposed")}), proved):
        assert document is not None
        assert ingest.keep(history, document, text).is_new
    told = journal((1, {"event": "step", "host": text, "step": text, "did": "done"}),
                   (2, {"event": "result", "host": text, "status": text, "why": text}), run=f"{hour}{text}")
    healed = {"at": iso(at), "what": text, "event": text, "host": text, "why": text}
    assert happenings.keep(history, [*happenings.of_rollout(told, text), *happenings.of_healing([healed])]) == 4


def what_stands(history: History) -> dict[str, int]:
    """The rows of the tables that grow only where something changed."""
    return {name: count for name, count in keeping.counts(history).items() if name not in ("ingest", "event")}


def keep_as_a_clock_ahead_did(history: History, *documents: Document) -> None:
    """What a controller wrote while its own clock, and so its history's, was ahead."""
    with history.writing() as connection:
        for document in documents:
            assert ingest._Writer(connection, document, "").keep().is_new


class GuestSuite(HistorySuite):
    """The suite of every history, and what is brought in by guests that nobody asked for."""

    def test_what_a_database_refuses_is_kept_as_its_escape_and_is_the_same_each_time(self, history: History, tmp_path: Path) -> None:
        keep_all(history, STRANGE, 0)
        stood = what_stands(history)
        keep_all(history, STRANGE, 1)
        assert what_stands(history) == stood
        with history.reading() as connection:
            assert set(connection.exec_driver_sql("SELECT name FROM host").scalars()) == {SHOWN, "web1"}
            assert set(connection.exec_driver_sql("SELECT hole FROM exposure").scalars()) == {SHOWN}
            assert [(one.name, one.exposed) for one in questions.holes(connection, START + HOUR)] == [(STRANGE, 2)]
            assert {part.slice for part in questions.parts(connection)} == {STRANGE}
            assert {one.owner for one in questions.waivers(connection)} == {STRANGE}
            assert {one["reason"] for one in questions.events(connection, 0)} == {"root@ctl", STRANGE}
        assert {row[0] for kind in KINDS for row in spans(history, kind)} == {SHOWN, "web1"}
        keeping.back_up(history, tmp_path / "backup.gz")
        other = upgrade.opened(str(tmp_path / "other.sqlite"))
        assert keeping.restore(other, tmp_path / "backup.gz") == keeping.counts(history)
        keep_all(other, STRANGE, 2)
        assert what_stands(other) == stood
        other.close()

    def test_a_text_that_reads_like_an_escape_is_another_than_what_it_reads_like(self, history: History) -> None:
        keep_all(history, STRANGE, 0)
        keep_all(history, SHOWN, 1)
        with history.reading() as connection:
            assert set(connection.exec_driver_sql("SELECT name FROM host").scalars()) == {SHOWN, "a\\\\u0000\\\\ud800", "web1"}
            assert {one.name for one in questions.holes(connection, START + HOUR)} == {STRANGE, SHOWN}

    def test_names_that_no_index_takes_are_told_apart(self, history: History) -> None:
        # Compression, which PostgreSQL tries first, must not help.
        chance = random.Random(23)
        long = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _each in range(4000))
        for hour, end in enumerate("abab"):
            keep_all(history, f"{long}{end}", hour)
        assert [row[2:5] for row in spans(history, "verdict")] == [(0, "drifted", None)] * 2 + [(1, "drifted", None)]

    def test_a_backup_that_was_damaged_is_told_in_a_line_and_nothing_of_it_is_kept(self, history: History, tmp_path: Path) -> None:
        path, head = tmp_path / "backup.gz", {"schema": keeping.SCHEMA, "columns": {"word": ["id", "text"]}}
        for line in DAMAGES:
            for at in range(4):
                lines = [head, {"word": [[1, "open"]]}, {"counts": {}}]
                lines.insert(at, line)
                path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in lines).encode()))
                with pytest.raises(HistoryError) as caught:
                    keeping.restore(history, path)
                assert "\n" not in str(caught.value)
        assert set(keeping.counts(history).values()) == {0}

    def test_what_is_from_the_future_is_refused_and_costs_nothing(self, history: History) -> None:
        now = int(time.time())
        before = keeping.counts(history)
        for document in (scan(now + 26 * HOUR, {"web1": host()}), answered(now + 500 * DAY, {"CVE-1": {"web1": "exposed"}})):
            with pytest.raises(clocks.FutureError, match=rf"the (scan|answer) of {iso(document.at)} is (2[56] hours|(499|500) days) ahead of"):
                ingest.keep(history, document)
        assert keeping.counts(history) == before
        assert ingest.keep(history, scan(now + HOUR // 2, {"web1": host()})) == Kept(True, 1, 1, 0)

    def test_after_a_clock_that_was_ahead_honest_scans_count_again(self, history: History) -> None:
        now = int(time.time()) // HOUR * HOUR
        ingest.keep(history, scan(now - 3 * HOUR, {"web1": host(finding("kernel.running"))}))
        ingest.keep(history, answered(now - 3 * HOUR, {"CVE-1": {"web1": "exposed"}}))
        stood, counts = {kind: spans(history, kind) for kind in KINDS}, keeping.counts(history)
        ahead = now + 365 * DAY
        keep_as_a_clock_ahead_did(history, scan(ahead, {"web1": host(finding("kernel.unmanaged")), "web2": host()}),
                                  answered(ahead, {"CVE-1": {"web1": "fixed_in_force", "web2": "exposed"}, "CVE-2": {"web2": "pending"}}))
        with history.writing() as connection:
            happenings.write(connection, happenings.of_healing([{"at": iso(ahead), "what": "begun"}]))
        seen = scan(now - HOUR, {"web1": host(), "web2": host()})
        with pytest.raises(HistoryError, match=rf"holds what is of {iso(ahead)}, 36[45] days ahead of .*history_do=forget_future") as caught:
            ingest.keep(history, seen)
        assert not isinstance(caught.value, clocks.FutureError)
        assert clocks.forget_future(history) == {"ingest": 2, "event": 1, "sight": 2, "span": 6}
        assert {kind: spans(history, kind) for kind in KINDS} == stood
        assert {**keeping.counts(history), "word": 0, "host": 0, "sight": 0} == {**counts, "word": 0, "host": 0, "sight": 0}
        with history.reading() as connection:
            hole, = questions.holes(connection, now)
        assert (hole.exposed, hole.fixed_at, hole.last_at) == (1, None, now - 3 * HOUR)
        assert clocks.forget_future(history) == {}
        assert ingest.keep(history, seen) == Kept(True, 2, 2, 0)
        assert [row[:2] + row[5:6] for row in spans(history)] == [("web1", "kernel.running", "resolved")]

    def test_after_a_clock_that_was_ahead_what_is_older_than_what_stands_is_late(self, history: History) -> None:
        now = int(time.time()) // HOUR * HOUR
        for hours, seen in ((10, host()), (3, host(finding("kernel.running")))):
            ingest.keep(history, scan(now - hours * HOUR, {"web1": seen}))
        stood = {kind: spans(history, kind) for kind in KINDS}
        keep_as_a_clock_ahead_did(history, scan(now + 365 * DAY, {"web1": host(finding("kernel.unmanaged"))}))
        clocks.forget_future(history)
        assert ingest.keep(history, scan(now - 5 * HOUR, {"web1": host()})) == Kept(True, 1, 0, 1)
        assert {kind: spans(history, kind) for kind in KINDS} == stood
        assert ingest.keep(history, scan(now - HOUR, {"web1": host()})) == Kept(True, 1, 1, 0)

    def test_of_what_a_clock_ahead_saw_nobody_is_silent_before_a_week_is_over(self, history: History) -> None:
        now = int(time.time()) // HOUR * HOUR
        ingest.keep(history, scan(now - 90 * DAY, {"web1": host(), "web2": host()}))
        keep_as_a_clock_ahead_did(history, scan(now + 365 * DAY, {"web1": host()}))
        for _again in range(2):
            clocks.forget_future(history)
        with history.reading() as connection:
            assert [name for name, _at in questions.silent(connection, now - 7 * DAY)] == ["web2"]
            assert [name for name, _at in questions.silent(connection, now + 8 * DAY)] == ["web1", "web2"]
        assert ingest.keep(history, scan(now - HOUR, {"web1": host()})) == Kept(True, 1, 1, 0)

    def test_of_a_journal_the_lines_of_the_future_wait_and_are_told(self, history: History) -> None:
        now = int(time.time())
        told = [{"at": iso(at), "what": "begun", "event": str(at)} for at in (now - DAY, now + 9 * DAY, now + 30 * DAY)]
        for _again in range(2):
            with pytest.raises(clocks.FutureError, match=r"^2 lines of it, up to (29|30) days ahead of (the server's|this controller's) clock"):
                happenings.keep(history, happenings.of_healing(told))
        assert keeping.counts(history)["event"] == 1

    def test_a_host_that_left_is_retired_and_keeps_no_hole_open(self, history: History) -> None:
        strange, names = STRANGE * 200, ["web1", STRANGE * 200]
        now = int(time.time()) // HOUR * HOUR
        ingest.keep(history, scan(now - 30 * DAY, {name: host(finding("kernel.running"), labels={"rack": "1"}) for name in names}))
        ingest.keep(history, answered(now - 30 * DAY, {"CVE-1": dict.fromkeys(names, "exposed")}))
        for name in ("web1", strange):
            ingest.keep(history, scan(now - 20 * DAY, {name: host(finding("kernel.running"), labels={"rack": "1"})}))
        ingest.keep(history, scan(now - HOUR, {"web1": host(labels={"rack": "1"})}))
        ingest.keep(history, answered(now - HOUR, {"CVE-1": {"web1": "fixed_in_force"}}))
        counts = keeping.counts(history)
        with pytest.raises(HistoryError, match=r"^hosts: web2; wanted names of hosts that the history .* knows; none was retired$"):
            retiring.retire(history, [strange, "web2"])
        assert keeping.counts(history) == counts
        assert retiring.retire(history, [strange, strange], "sold") == {"host": 1, "span": 4}
        assert retiring.retire(history, [strange], "sold") == {}
        # What is answered from its old record, and what was seen before that, does not bring it back.
        ingest.keep(history, answered(now, {"CVE-1": {strange: "exposed", "web1": "fixed_in_force"}}))
        assert ingest.keep(history, scan(now - 2 * HOUR, {strange: host(finding("kernel.running"))})) == Kept(True, 1, 0, 1)
        with history.reading() as connection:
            hole, = questions.holes(connection, now)
            _hosts, groups = questions.exposures(connection, now)
            event, = questions.events(connection, 0)
            assert questions.silent(connection, now - 7 * DAY) == []
        assert (hole.exposed, hole.fixed_at, hole.hosts) == (0, now - HOUR, 2)
        assert [(one.name, one.holes, one.standing, one.total) for one in groups] == [("rack=1", 2, 0, 40 * DAY - HOUR)]
        assert (event["subject"], event["decision"], event["reason"]) == (indexable(strange), "retired", "sold")

    def test_a_later_scan_of_a_name_that_was_retired_is_of_a_new_host(self, history: History, tmp_path: Path) -> None:
        now = int(time.time())
        seen = {"web1": host(finding("kernel.running"))}
        ingest.keep(history, scan(now - 9 * DAY, seen))
        assert retiring.retire(history, ["web1"]) == {"host": 1, "span": 2}
        keeping.prune(history, now + HOUR)
        keeping.back_up(history, tmp_path / "backup.gz")
        other = upgrade.opened(str(tmp_path / "other.sqlite"))
        keeping.restore(other, tmp_path / "backup.gz")
        for one in (history, other):
            with one.reading() as connection:
                assert questions.silent(connection, now) == []
            assert ingest.keep(one, scan(now + HOUR // 2, seen)) == Kept(True, 1, 1, 0)
            assert [row[3:6] for row in spans(one)] == [("open", None, None)]
            ingest.keep(one, answered(now + HOUR // 2, {"CVE-1": {"web1": "exposed"}}))
            assert len(spans(one, "hole")) == 1
            with one.reading() as connection:
                assert questions.silent(connection, now + 8 * DAY) == [("web1", now + HOUR // 2)]
        other.close()

    def test_names_of_any_length_are_one_name_in_scans_answers_and_journals(self, history: History) -> None:
        for name in ("a" * 300, "a" * 301 + "1", "a" * 301 + "2", "ü" * 9000):
            at, before = START, keeping.counts(history)["host"]
            ingest.keep(history, scan(at, {name: host()}))
            ingest.keep(history, answered(at, {"CVE-1": {name: "exposed"}}))
            happenings.keep(history, happenings.of_rollout(journal((5, changed(name)), run=name[-9:]), "x"))
            ingest.keep(history, answered(at + HOUR, {"CVE-1": {name: "fixed_in_force"}}))
            assert keeping.counts(history)["host"] == before + 1
        with history.reading() as connection:
            hole, = questions.holes(connection, START + DAY)
        assert dict(hole.closers) == {"a" * 9: 1, "a" * 8 + "1": 1, "a" * 8 + "2": 1, "ü" * 9: 1}

    def test_a_day_of_scans_into_one_store_leaves_nothing_behind(self, place: str, history: History) -> None:
        def an_hour(hour: int) -> None:
            assert ingest.keep(history, scan(START + hour * HOUR, {f"web{n}": host(facts={"boot": [str(hour // 12)]}) for n in range(9)})).is_new

        def kept() -> int:
            gc.collect()
            return len(gc.get_objects())

        for hour in range(3):
            an_hour(hour)
        objects, files = kept(), list(Path("/proc/self/fd").iterdir())
        for hour in range(3, 24):
            an_hour(hour)
        assert kept() == pytest.approx(objects, abs=1000)
        for _each_run_opens_it_anew in range(3):
            upgrade.opened(place).close()
        assert list(Path("/proc/self/fd").iterdir()) == files
        counts = keeping.counts(history)
        # Each host boots once that day, and nothing else changes.
        assert (counts["host"], counts["ingest"], counts["sight"], counts["span"]) == (9, 24, 9, 9 * 3)
        if history.path:
            assert [path.name for path in history.path.parent.iterdir()] == [history.path.name]
        else:
            with history.reading() as connection:
                own = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                assert connection.exec_driver_sql(own).scalar_one() == 0
