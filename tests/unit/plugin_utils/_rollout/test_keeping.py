# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a rollout is kept: a journal that survives any end, and a lock with an owner."""

from __future__ import annotations

import json
import os
import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.store import StoreError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import journal, keeping
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.driving import Begin, Rollout, RolloutError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.waves import refused_now
from kept_rollout import NOW, OWN, begin, drive
from simulated_rollout import SETTINGS, Simulation


def test_a_torn_line_is_cut_off_and_a_broken_one_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "20261128T120000Z.jsonl"
    keeping.append(path, [{"event": "begun", "id": "x", "hosts": {"a": {}}}], NOW)
    with path.open("a") as stream:
        stream.write('{"event": "result", "host": "a", "sta')
    assert journal.fold(keeping.events(path)).hosts["a"].status == "waiting"
    keeping.append(path, [{"event": "wave", "number": 1, "hosts": ["a"]}], NOW)
    assert [event["event"] for event in keeping.events(path)] == ["begun", "wave"]
    path.write_text("{}\nno json\n{}\n")
    with pytest.raises(StoreError, match="line 2"):
        list(keeping.events(path))


def test_what_is_read_about_one_host_leaves_out_the_steps_of_others_alone(tmp_path: Path) -> None:
    path, names = tmp_path / "20261128T120000Z.jsonl", ("a", 'a"b', "ä, b", "a\\", "ab")
    steps = [{"event": "step", "host": name, "step": "change", "did": "done"} for name in names]
    keeping.append(path, [{"event": "begun", "hosts": {name: {} for name in names}}, *steps, {"event": "ended"}], NOW)
    for name in names:
        seen = list(keeping.events(path, name))
        assert [(event["event"], event.get("host")) for event in seen] == [("begun", None), ("step", name), ("ended", None)]


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_about_one_host_decides_as_the_whole_journal_does(tmp_path: Path, seed: int) -> None:
    path, fleet = tmp_path / "20261128T120000Z.jsonl", Simulation(seed, 40, 8, SETTINGS, failing=0.03, killing=0.2).run()
    for length in range(1, len(fleet.events), 97):
        path.unlink(missing_ok=True)
        keeping.append(path, fleet.events[:length], NOW)
        whole = journal.fold(keeping.events(path))
        for name, host in list(whole.hosts.items())[::9]:
            own = journal.fold(keeping.events(path, name))
            assert (own.hosts[name], own.status, own.budget) == (host, whole.status, whole.budget)
            assert refused_now(own, own.hosts[name], NOW) == refused_now(whole, host, NOW)


DAMAGED: list[Any] = [
    [], None, "result", 1, {"event": 1}, {"event": "begun"}, {"event": "begun", "hosts": ["a"]}, {"event": "begun", "hosts": {"a": 1}},
    {"event": "begun", "hosts": {"a": {"domains": "rack1"}}}, {"event": "begun", "hosts": {"a": {"windows": [None]}}},
    {"event": "begun", "hosts": {"a": {"windows": ["at night"]}}}, {"event": "begun", "hosts": {}, "settings": {"waves": [0]}},
    {"event": "resumed", "hosts": {}, "settings": []}, {"event": "begun", "hosts": {}, "sizes": {"etcd": "3"}}, {"event": "wave"},
    {"event": "wave", "hosts": "ab"}, {"event": "wave", "hosts": ["a"], "before": {"a": 1}}, {"event": "ordered", "hosts": 1},
    {"event": "step", "host": "a", "step": "reboot"}, {"event": "step", "host": "a", "step": "reboot", "did": "dome"},
    {"event": "result", "host": "a"}, {"event": "result", "host": "a", "status": "faikd"}, {"event": "result", "host": ["a"], "status": "done"},
    {"event": "result", "host": "a", "status": "done", "left": 3}, {"event": "released"}, {"event": "approved", "wave": "2"},
    {"event": "approved", "wave": True}, {"event": "aims", "host": "a", "release": None}, {"event": "ended", "at": 0}]


@pytest.mark.parametrize("line", DAMAGED, ids=json.dumps)
def test_a_line_that_means_nothing_ends_the_reading_and_who_is_out_is_not_guessed(tmp_path: Path, line: Any) -> None:
    path = tmp_path / "20261128T120000Z.jsonl"
    keeping.append(path, [{"event": "begun", "hosts": {"a": {}}}], NOW)
    with path.open("a", encoding="ascii") as stream:
        stream.write(json.dumps(line) + "\n")
    with pytest.raises(StoreError, match=r"line 2: .*; the rollout cannot be continued from it"):
        list(keeping.events(path))


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"\xff\xfe", b'{"event"', b" "])
def test_what_a_power_loss_left_after_the_last_line_is_no_event(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "20261128T120000Z.jsonl"
    keeping.append(path, [{"event": "begun", "hosts": {"a": {}}}], NOW)
    path.write_bytes(path.read_bytes() + tail)
    assert [event["event"] for event in keeping.events(path)] == ["begun"]
    keeping.append(path, [{"event": "wave", "number": 1, "hosts": ["a"]}], NOW)
    assert [event["event"] for event in keeping.events(path)] == ["begun", "wave"]


@pytest.mark.parametrize("first", [b"", b'{"event": "begun", "hosts": {}, "at": "2026-11-28T12:00:00Z"}\n'])
def test_a_torn_line_is_cut_off_however_long_it_is(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "20261128T120000Z.jsonl"
    path.write_bytes(first + b"x" * 300_000)
    keeping.append(path, [{"event": "ended"}], NOW - timedelta(hours=1))
    assert path.read_bytes().startswith(first + b'{"event": "ended"')
    assert [event["at"] for event in keeping.events(path)][-1] == ("2026-11-28T12:00:00Z" if first else "2026-11-28T11:00:00Z")


def test_a_rollout_whose_first_line_had_no_room_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "20261128T120000Z.jsonl").write_bytes(b"x" * 300_000)
    assert begin(tmp_path)["resumed"] is False
    assert drive(tmp_path).status()[0].id == "20261128T120000Z-2"


def test_events_without_room_leave_the_journal_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "20261128T120000Z.jsonl"
    keeping.append(path, [{"event": "begun", "hosts": {}}], NOW)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 30, limits[1]))
        with pytest.raises(StoreError, match="wanted room"):
            keeping.append(path, [{"event": "ended", "why": "x" * 100}], NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before


@pytest.mark.parametrize("later", [timedelta(days=-400), timedelta(0), timedelta(days=1)])
def test_the_rollout_that_was_begun_last_is_the_current_one_whatever_the_clock_does(tmp_path: Path, later: timedelta) -> None:
    begin(tmp_path, "a")
    drive(tmp_path).tell("aborted", "me", "")
    drive(tmp_path).end()
    begun = Rollout(tmp_path, OWN, NOW + later).begin(Begin({"a": {}}, {}, {}, "me"))
    assert begun["resumed"] is False
    assert Rollout(tmp_path, OWN, NOW + later).next()["hosts"] == ["a"]
    assert drive(tmp_path).status()[0].id == begun["id"]


def test_time_never_runs_back(tmp_path: Path) -> None:
    path = tmp_path / "20261128T120000Z.jsonl"
    keeping.append(path, [{"event": "begun", "hosts": {}}], NOW)
    keeping.append(path, [{"event": "ended"}], NOW - timedelta(hours=5))
    assert [event["at"] for event in keeping.events(path)] == ["2026-11-28T12:00:00Z"] * 2


def test_one_run_at_a_time(tmp_path: Path) -> None:
    keeping.take(tmp_path, "me", OWN, 1, NOW)
    parent = os.getppid()
    with pytest.raises(StoreError, match=r"me drives a rollout of this fleet since 2026-11-28T12:00:00Z"):
        keeping.take(tmp_path, "her", parent, 1, NOW + timedelta(hours=5))
    keeping.give_back(tmp_path, parent)
    assert keeping.is_held_by(tmp_path, OWN)
    assert keeping.take(tmp_path, "me", OWN, 1, NOW + timedelta(hours=2)) == ""
    assert (keeping.holder(tmp_path) or {})["since"] == "2026-11-28T12:00:00Z"


@pytest.mark.parametrize(("machine", "hours", "taken"), [("elsewhere", 0.5, False), ("elsewhere", 2, True)])
def test_the_lock_of_another_machine_ends_with_its_time(tmp_path: Path, machine: str, hours: float, taken: bool) -> None:
    keeping.take(tmp_path, "him", OWN, 1, NOW)
    path = tmp_path / keeping.LOCK
    path.write_text(json.dumps({**json.loads(path.read_text()), "machine": machine}))
    later = NOW + timedelta(hours=hours)
    if taken:
        assert keeping.take(tmp_path, "me", OWN, 1, later) == "him"
    else:
        with pytest.raises(StoreError, match="him drives"):
            keeping.take(tmp_path, "me", OWN, 1, later)


def test_a_rollout_that_lasts_longer_than_its_lock_keeps_it_while_it_goes_on(tmp_path: Path) -> None:
    drive(tmp_path).begin(Begin({"a": {}}, {}, {}, "me", lock_hours=1))
    assert (keeping.holder(tmp_path) or {})["expires"] == "2026-11-28T13:00:00Z"
    drive(tmp_path, minutes=20).next()
    assert (keeping.holder(tmp_path) or {})["expires"] == "2026-11-28T13:00:00Z"
    drive(tmp_path, minutes=50).note("a", "change", "started")
    held = keeping.holder(tmp_path) or {}
    assert (held["since"], held["expires"]) == ("2026-11-28T12:00:00Z", "2026-11-28T13:50:00Z")


@pytest.mark.usefixtures("interleaved")
def test_a_lock_that_is_given_back_while_somebody_looks_is_held_by_its_owner_or_by_nobody(tmp_path: Path) -> None:
    keeping.take(tmp_path, "me", OWN, 1, NOW)
    lock, text = tmp_path / keeping.LOCK, (tmp_path / keeping.LOCK).read_text()

    def give_back_and_take() -> None:
        for turn in range(300):
            lock.unlink()
            (tmp_path / str(turn)).write_text(text)
            (tmp_path / str(turn)).replace(lock)

    seen = set()
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(give_back_and_take)
        while not other.done():
            seen.add((keeping.holder(tmp_path) or {}).get("owner"))
    assert other.result() is None and seen <= {"me", None}


@pytest.mark.parametrize("text", ["[]", "3", "{}", "{", "", '{"owner": "him"}', "[" * 100_000])
def test_a_lock_that_cannot_be_read_is_held_by_somebody(tmp_path: Path, text: str) -> None:
    (tmp_path / keeping.LOCK).write_text(text)
    with pytest.raises(StoreError, match=f"somebody .{tmp_path}/lock.json cannot be read: remove it"):
        keeping.take(tmp_path, "me", OWN, 1, NOW)


def test_the_lock_of_a_process_that_died_here_is_taken_over(tmp_path: Path) -> None:
    keeping.take(tmp_path, "him", OWN, 12, NOW)
    path = tmp_path / keeping.LOCK
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": "1"}))
    assert keeping.take(tmp_path, "me", OWN, 12, NOW) == "him"


def test_a_run_that_lost_its_lock_writes_nothing_more(tmp_path: Path) -> None:
    begin(tmp_path)
    (tmp_path / keeping.LOCK).unlink()
    with pytest.raises(RolloutError, match="does not hold the lock"):
        drive(tmp_path).next()
