# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rollout remembers of its hosts, whom it changes again, and what comes of it in words."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.store import safe_name
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.rollout import rollout_html, rollout_json, rollout_lines
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import keeping
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.driving import Begin, RolloutError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.timeline import bars, per_day, spans
from kept_rollout import NOW, begin, drive, scanned, through


def test_a_rollout_from_begin_to_end(tmp_path: Path) -> None:
    begin(tmp_path, waves=[1])
    assert drive(tmp_path).next()["hosts"] == ["a"]
    through(tmp_path, "a")
    assert drive(tmp_path).next()["hosts"] == ["b"]
    through(tmp_path, "b")
    assert drive(tmp_path).next()["over"]
    outcome = drive(tmp_path).end()
    assert (outcome["failures"], outcome["status"], outcome["counts"]) == ({}, "ended", {"done": 2})
    assert keeping.holder(tmp_path) is None
    assert begin(tmp_path)["resumed"] is False


def test_what_an_earlier_run_saw_is_forgotten_for_a_host_of_any_name(tmp_path: Path) -> None:
    names = ["a", "a/b", "..", "web \u00f6", "e1:2222x"]
    for _run in range(2):
        begun = drive(tmp_path).begin(Begin({name: {} for name in names}, {}, {}, "me"))
        assert list(Path(begun["path"], "records").iterdir()) == []
        for name in names:
            Path(begun["path"], "records", f"{safe_name(name)}.json").write_text("{}")


def test_a_killed_run_is_continued_and_repeats_nothing(tmp_path: Path) -> None:
    begin(tmp_path, "abc", waves=[2])
    drive(tmp_path).next()
    through(tmp_path, "a")
    drive(tmp_path).note("b", "change", "done")
    drive(tmp_path).note("b", "drain", "started")
    again = begin(tmp_path, "abc", waves=[2])
    assert (again["resumed"], again["broken_off"]) == (True, ["a", "b"])
    wave = drive(tmp_path).next()
    assert (wave["hosts"], wave["done"], wave["broken_off"]) == (["a", "b"], {"a": ["change", "prove"], "b": ["change"]}, ["a", "b"])
    drive(tmp_path).note("b", "prove", "done")
    assert drive(tmp_path).next()["hosts"] == ["c"]


def test_a_run_with_a_limit_leaves_what_another_broke_off_out_and_counts_it_as_down(tmp_path: Path) -> None:
    begin(tmp_path, "ab", waves=[1])
    drive(tmp_path).next()
    assert begin(tmp_path, "b", waves=[1], max_down=1)["broken_off"] == []
    assert drive(tmp_path).next()["why"] == "1 host to wait: 1 are out, and 1 may be"
    begin(tmp_path, "b", waves=[1])
    assert drive(tmp_path).next()["hosts"] == ["b"]
    through(tmp_path, "b")
    assert drive(tmp_path).next()["why"] == "a: in a wave that broke off, and not in this run: run again with them"
    assert {host.name: host.status for host in drive(tmp_path).status()[0].hosts.values()} == {"a": "running", "b": "done"}


def test_a_host_that_is_lost_between_two_tasks_is_unreachable_and_named(tmp_path: Path) -> None:
    begin(tmp_path, waves=[1])
    drive(tmp_path).next()
    drive(tmp_path).note("a", "change", "started")
    over = drive(tmp_path).next()
    assert over["over"]
    assert "a" in over["why"]
    outcome = drive(tmp_path).end()
    assert outcome["failures"] == {"a": "a was lost between two tasks, in change", "b": "b: left alone, since a failed"}


@pytest.mark.parametrize(("verdict", "reasons", "status"), [
    ("unreachable", (), "unreachable"), ("unknown", ("boot.boot_id: needs_root",), "unknown"), ("unknown", ("no_standard",), "done"),
    ("drifted", (), "done"), ("compliant", (), "done"),
])
def test_what_the_fresh_scan_says_decides(tmp_path: Path, verdict: str, reasons: tuple[str, ...], status: str) -> None:
    begin(tmp_path, "0a", waves=[1])
    scanned(tmp_path, "a", "unknown", ("no_standard",))
    drive(tmp_path).next()
    through(tmp_path, "0")
    drive(tmp_path).next()
    through(tmp_path, "a")
    scanned(tmp_path, "a", verdict, reasons)
    drive(tmp_path).next()
    assert drive(tmp_path).status()[0].hosts["a"].status == status


def test_a_host_that_still_needs_the_reboot_that_it_had_failed(tmp_path: Path) -> None:
    begin(tmp_path, "a", max_disruption="reboot")
    drive(tmp_path).next()
    drive(tmp_path).note("a", "reboot", "done")
    through(tmp_path, "a")
    scanned(tmp_path, "a", "drifted", findings=[{"id": "kernel.reboot_pending", "promise": "kernel.reboot_pending", "severity": "high",
                                                 "disruption": "reboot", "remedy": "Reboot it."}])
    drive(tmp_path).next()
    assert drive(tmp_path).end()["failures"] == {"a": "a was rebooted, and still needs it for kernel.reboot_pending"}


def test_the_dead_are_left_out_by_name_and_stop_nobody(tmp_path: Path) -> None:
    begin(tmp_path)
    scanned(tmp_path, "a", "unreachable", error="a: no route to host")
    assert drive(tmp_path).next()["hosts"] == ["b"]
    through(tmp_path, "b")
    assert drive(tmp_path).next()["hosts"] == ["a"]
    drive(tmp_path).result("a", "unreachable", "still dead")
    assert drive(tmp_path).next()["over"]
    outcome = drive(tmp_path).end()
    assert (outcome["failures"], outcome["said"]) == ({}, {"a": "a: left out, since still dead"})


def test_a_run_that_reached_nobody_did_not_go_well(tmp_path: Path) -> None:
    begin(tmp_path)
    for name in ("a", "b"):
        scanned(tmp_path, name, "unreachable", error=f"{name}: no route to host")
    while hosts := drive(tmp_path).next()["hosts"]:
        for name in hosts:
            drive(tmp_path).result(name, "unreachable", "still dead")
    outcome = drive(tmp_path).end()
    assert (sorted(outcome["failures"]), outcome["said"]) == (["a", "b"], {})
    assert outcome["failures"]["a"].startswith("a: left out, since ")


def test_a_failed_host_keeps_its_place_until_it_is_released(tmp_path: Path) -> None:
    begin(tmp_path, waves=[1])
    drive(tmp_path).next()
    drive(tmp_path).result("a", "failed", "a: the role refused")
    assert drive(tmp_path).next()["over"]
    drive(tmp_path).end()
    assert begin(tmp_path, waves=[1])["resumed"]
    assert drive(tmp_path).next()["over"]
    with pytest.raises(RolloutError, match="those that do: a"):
        drive(tmp_path).release(["b"], "me", False)
    drive(tmp_path).release(["a"], "me", False)
    begin(tmp_path, waves=[1])
    assert drive(tmp_path).next()["hosts"] == ["a"]


@pytest.mark.parametrize(("done", "begun", "status", "held"), [
    (("drain",), "reboot", "failed", True), (("drain", "reboot", "undrain"), "settled", "failed", False),
    # A drain that fails is taken back by the role; of one in which the host was lost nobody knows.
    ((), "drain", "failed", False), ((), "drain", "unreachable", True),
])
def test_a_host_that_stays_drained_is_named_with_it(tmp_path: Path, done: tuple[str, ...], begun: str, status: str, held: bool) -> None:
    begin(tmp_path, "a")
    drive(tmp_path).next()
    for step in done:
        drive(tmp_path).note("a", step, "done")
    drive(tmp_path).note("a", begun, "started")
    drive(tmp_path).result("a", status, "a: it did not come back")
    outcome = drive(tmp_path).end()
    assert outcome["held"] == (["a"] if held else [])
    assert ("still drained" in outcome["failures"]["a"]) is held


def test_a_reboot_that_broke_off_aims_at_the_same_kernel_again(tmp_path: Path) -> None:
    begin(tmp_path, "a", max_disruption="reboot")
    drive(tmp_path).next()
    kernel = {"default_boot": {"release": "6.1.0-41-amd64"}}
    scanned(tmp_path, "a", record={"os": {}, "kernel": kernel})
    assert drive(tmp_path).steps("a") == {"steps": [], "release": "6.1.0-41-amd64", "may_reboot": True}
    drive(tmp_path).note("a", "reboot", "started")
    begin(tmp_path, "a", max_disruption="reboot")
    assert drive(tmp_path).next()["begun"] == {"a": "reboot"}
    scanned(tmp_path, "a", record={"os": {}, "kernel": {"default_boot": {"release": "6.1.0-40-amd64"}}})
    assert drive(tmp_path).steps("a")["release"] == "6.1.0-41-amd64"


def test_a_host_of_which_no_scan_tells_what_it_needs_needs_not_nothing(tmp_path: Path) -> None:
    begin(tmp_path, "ab", max_disruption="reboot")
    drive(tmp_path).next()
    scanned(tmp_path, "a", "unreachable", error="a: no route to host")
    (tmp_path / (keeping.current(tmp_path) or tmp_path).stem / "records/b.json").unlink()
    with pytest.raises(RolloutError, match="a: what it needs is not known: a: no route to host"):
        drive(tmp_path).steps("a")
    with pytest.raises(RolloutError, match="b: what it needs is not known: no scan of it was kept"):
        drive(tmp_path).steps("b")


def test_what_an_earlier_run_saw_is_not_this_run_s_first_look(tmp_path: Path) -> None:
    begin(tmp_path, "ab", waves=[1], only_drifted=True)
    scanned(tmp_path, "a", "drifted")
    assert drive(tmp_path).next()["hosts"] == ["a"]
    drive(tmp_path).begin(Begin({"a": {}, "b": {}}, {}, {"only_drifted": True}, "me"))
    drive(tmp_path).note("a", "prove", "done")
    drive(tmp_path).next()
    # The scan of b failed this time: that it was compliant once says nothing.
    assert drive(tmp_path).status()[0].hosts["b"].status == "waiting"


def hold_to(folder: Path, digest: str, *hosts: str) -> None:
    """The fresh documents of these hosts say that they are held to another standard."""
    for host in hosts:
        scanned(folder, host, "drifted", standard=digest)


def test_who_was_changed_by_another_standard_is_changed_again(tmp_path: Path) -> None:
    begin(tmp_path, "abcd", waves=[2])
    hold_to(tmp_path, "old", *"abcd")
    assert drive(tmp_path).next()["hosts"] == ["a", "b"]
    through(tmp_path, "a", "b")
    assert drive(tmp_path).next()["hosts"] == ["c", "d"]
    through(tmp_path, "c")
    drive(tmp_path).note("d", "change", "done")
    drive(tmp_path).note("d", "reboot", "started")
    begin(tmp_path, "abcd", waves=[2])
    hold_to(tmp_path, "new", *"acd")
    hold_to(tmp_path, "old", "b")
    wave = drive(tmp_path).next()
    assert (wave["hosts"], wave["done"], wave["begun"]) == (["c", "d"], {}, {"c": "", "d": "reboot"})
    through(tmp_path, "c", "d")
    assert drive(tmp_path).next()["hosts"] == ["a"]
    assert drive(tmp_path).status()[0].hosts["b"].status == "done"


def test_what_was_left_for_its_price_is_done_once_more_is_allowed(tmp_path: Path) -> None:
    reboot = {"id": "kernel.reboot_pending", "promise": "kernel.reboot_pending", "severity": "high", "disruption": "reboot", "remedy": "Reboot it."}
    begin(tmp_path, "abc", waves=[1])
    drive(tmp_path).next()
    through(tmp_path, "a")
    scanned(tmp_path, "a", "drifted", findings=[reboot])
    drive(tmp_path).next()
    through(tmp_path, "b")
    drive(tmp_path).next()
    begin(tmp_path, "abc", waves=[1], max_disruption="reboot")
    drive(tmp_path).next()
    assert {host.name: host.status for host in drive(tmp_path).status()[0].hosts.values()} == {"a": "waiting", "b": "done", "c": "running"}


def test_a_host_that_came_through_and_is_dead_now_keeps_its_domain(tmp_path: Path) -> None:
    members = {name: {"domains": ["rack"]} for name in "ab"}
    for _run in range(2):
        drive(tmp_path).begin(Begin(members, {}, {}, "me"))
        scanned(tmp_path, "b")
        scanned(tmp_path, "a", "unreachable" if _run else "compliant", error="a: no route to host")
        wave = drive(tmp_path).next()
        through(tmp_path, *wave["hosts"])
        if not _run:
            keeping.append(keeping.current(tmp_path) or tmp_path, [{"event": "result", "host": "a", "status": "done", "why": ""}], NOW)
    assert (wave["hosts"], wave["why"]) == ([], "1 host to wait: a of its domain rack is out")


def test_a_host_that_left_the_inventory_can_be_released_whatever_became_of_it(tmp_path: Path) -> None:
    begin(tmp_path, "abc", waves=[1])
    scanned(tmp_path, "c", "unreachable", error="c: no route to host")
    assert drive(tmp_path).next()["hosts"] == ["a"]
    with pytest.raises(RolloutError, match="none of a takes a place"):
        drive(tmp_path).release(["a"], "me", False)
    begin(tmp_path, "b", waves=[1])
    drive(tmp_path).next()
    through(tmp_path, "b")
    assert "a: in a wave that broke off" in drive(tmp_path).next()["why"]
    drive(tmp_path).release(["a", "c"], "me", True)
    assert drive(tmp_path).next()["why"] == "every host was tried"


@pytest.mark.parametrize("end", ["ended", "aborted"])
def test_a_failed_host_keeps_its_place_in_the_next_rollout_too(tmp_path: Path, end: str) -> None:
    members = {name: {"domains": ["rack"] if name in "ac" else []} for name in "abc"}
    drive(tmp_path).begin(Begin(members, {}, {"max_failed": 1, "waves": [1]}, "me"))
    drive(tmp_path).next()
    for step, did in (("slot", "done"), ("drain", "done"), ("reboot", "started")):
        drive(tmp_path).note("a", step, did)
    drive(tmp_path).result("a", "failed", "a did not come back")
    drive(tmp_path).next()
    keeping.append(keeping.current(tmp_path) or tmp_path, [{"event": end, "why": "over"}], NOW)
    again = drive(tmp_path).begin(Begin(members, {}, {"max_failed": 1}, "me"))
    state = drive(tmp_path).status()[0]
    assert (again["resumed"], state.hosts["a"].status, state.hosts["a"].held, state.hosts["a"].why) == (False, "failed", True, "a did not come back")
    # b was in its wave when the rollout was over, and nothing had been begun on it.
    assert drive(tmp_path).next()["hosts"] == ["b"]
    through(tmp_path, "b")
    scanned(tmp_path, "b")
    assert drive(tmp_path).next()["why"] == "1 host to wait: a of its domain rack is out"
    drive(tmp_path).release(["a"], "me", False)
    assert drive(tmp_path).next()["owes"] == {"a": ["slot_back", "undrain"]}


def test_who_is_released_after_the_end_is_free_in_the_next_rollout(tmp_path: Path) -> None:
    begin(tmp_path, "a", max_failed=1)
    drive(tmp_path).next()
    drive(tmp_path).result("a", "failed", "a: the role refused")
    assert drive(tmp_path).next()["over"]
    drive(tmp_path).end()
    drive(tmp_path).release(["a"], "me", False)
    begin(tmp_path, "a")
    assert drive(tmp_path).next()["hosts"] == ["a"]


def test_a_host_that_is_still_drained_at_the_end_of_its_steps_did_not_come_through(tmp_path: Path) -> None:
    begin(tmp_path, "a")
    drive(tmp_path).next()
    drive(tmp_path).note("a", "drain", "done")
    through(tmp_path, "a")
    drive(tmp_path).next()
    assert "was not given back what its drain took" in drive(tmp_path).end()["failures"]["a"]


def test_a_host_whose_window_closed_while_its_wave_went_on_waits_without_a_slot(tmp_path: Path) -> None:
    drive(tmp_path).begin(Begin({"a": {"windows": ["Sat 11:00-13:00"]}}, {}, {"max_disruption": "reboot"}, "me"))
    scanned(tmp_path, "a")
    drive(tmp_path).next()
    for step in ("change", "gates", "slot"):
        drive(tmp_path).note("a", step, "done")
    drive(tmp_path).note("a", "slot", "started")
    with pytest.raises(RolloutError, match="a: drain is not begun: its window opens at 2026-12-05T11:00Z"):
        drive(tmp_path, minutes=60).note("a", "drain", "started")
    assert drive(tmp_path, minutes=60).result("a", "failed", "drain is not begun") == {"give_slot_back": True}
    drive(tmp_path, minutes=60).note("a", "slot_back", "done")
    host = drive(tmp_path).status()[0].hosts["a"]
    assert (host.status, host.owes, host.steps) == ("waiting", set(), {"change", "slot_back"})


def test_a_drain_that_was_begun_before_the_window_closed_is_ended(tmp_path: Path) -> None:
    drive(tmp_path).begin(Begin({"a": {"windows": ["Sat 11:00-13:00"]}}, {}, {}, "me"))
    drive(tmp_path).next()
    drive(tmp_path, minutes=59).note("a", "drain", "started")
    for step in ("reboot", "undrain", "settled"):
        drive(tmp_path, minutes=61).note("a", step, "started")


def test_a_gate_that_an_earlier_run_passed_is_passed_again(tmp_path: Path) -> None:
    begin(tmp_path, "ab")
    drive(tmp_path).next()
    for name, step in (("a", "gates"), ("b", "gates"), ("b", "drain")):
        drive(tmp_path).note(name, step, "done")
    begin(tmp_path, "ab")
    assert drive(tmp_path).next()["done"] == {"b": ["drain", "gates"]}


def test_nothing_is_begun_once_the_budget_is_spent_and_such_a_host_waits(tmp_path: Path) -> None:
    begin(tmp_path)
    drive(tmp_path).next()
    drive(tmp_path).result("a", "failed", "a: refused")
    with pytest.raises(RolloutError, match="b: drain is not begun"):
        drive(tmp_path).note("b", "drain", "started")
    drive(tmp_path).result("b", "failed", "b: drain is not begun")
    assert [drive(tmp_path).status()[0].hosts[name].status for name in "ab"] == ["failed", "waiting"]


def test_a_pause_holds_the_next_wave_and_a_later_run(tmp_path: Path) -> None:
    begin(tmp_path, waves=[1])
    drive(tmp_path).next()
    through(tmp_path, "a")
    drive(tmp_path, 1).tell("paused", "her", "the network team asked")
    assert "the network team asked (her)" in drive(tmp_path).next()["why"]
    drive(tmp_path).end()
    with pytest.raises(RolloutError, match="is paused"):
        begin(tmp_path)
    drive(tmp_path).tell("continued", "her", "")
    assert begin(tmp_path)["resumed"]


def test_an_aborted_rollout_is_over(tmp_path: Path) -> None:
    begin(tmp_path)
    drive(tmp_path).tell("aborted", "her", "wrong kernel")
    assert "wrong kernel" in drive(tmp_path).next()["why"]
    drive(tmp_path).end()
    assert begin(tmp_path)["resumed"] is False


def test_each_wave_waits_for_an_approval_that_is_the_next_run(tmp_path: Path) -> None:
    begin(tmp_path, waves=[1], approval="stop")
    assert drive(tmp_path).next()["hosts"] == ["a"]
    through(tmp_path, "a")
    assert "wave 2 waits for approval" in drive(tmp_path).next()["why"]
    drive(tmp_path).end()
    begin(tmp_path, waves=[1], approval="stop")
    assert drive(tmp_path).next()["hosts"] == ["b"]


def test_a_wave_that_is_asked_for_is_begun_by_a_yes_and_by_nothing_else(tmp_path: Path) -> None:
    begin(tmp_path, waves=[1], approval="pause")
    drive(tmp_path).next()
    through(tmp_path, "a")
    for _time in range(2):
        asked = drive(tmp_path).next()
        assert (asked["ask"], asked["hosts"], asked["over"], asked["why"]) == (True, [], False, "wave 2: b")
    drive(tmp_path).approve("her")
    assert drive(tmp_path).next()["hosts"] == ["b"]


def test_who_was_down_when() -> None:
    at = "2026-11-28T12:0{}:00Z".format
    events: list[dict[str, Any]] = [
        {"event": "wave", "number": 1, "hosts": ["a", "b"], "at": at(0)},
        {"event": "step", "host": "a", "step": "reboot", "did": "started", "at": at(1)},
        {"event": "step", "host": "a", "step": "reboot", "did": "done", "at": at(3)},
        {"event": "result", "host": "a", "status": "done", "at": at(4)},
        {"event": "result", "host": "b", "status": "failed", "why": "disk full", "at": at(4)},
        {"event": "released", "host": "b", "by": "me", "at": at(6)},
    ]
    found = spans(events)
    assert [(span.host, span.kind, span.begun[14:16], span.ended[14:16]) for span in found] == [
        ("a", "busy", "00", "04"), ("b", "busy", "00", "04"), ("a", "down", "01", "03"), ("b", "bad", "04", "06")]
    drawn = bars(found, at(8))
    assert [bar["name"] for bar in drawn] == ["a", "b"]
    assert all(0 <= span["x"] <= 1000 for bar in drawn for span in bar["spans"])


def seconds(at: str) -> float:
    """A moment of a journal as a watcher has it."""
    return datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def test_what_a_watcher_saw_from_outside_stands_beside_it(tmp_path: Path) -> None:
    """Its lines are no part of the journal: they decide nothing, and such that say nothing are passed over."""
    begin(tmp_path, "ab", waves=[1])
    begun = seconds(drive(tmp_path).status()[0].begun_at)
    lines: list[dict[str, Any]] = [
        {"host": "a", "up": False, "at": begun - 60}, {"host": "a", "up": True, "at": begun + 0.5}, {"host": "a", "up": False, "at": begun + 60.5},
        {"host": "b"}, {"host": "b", "up": 1, "at": 1}, {"host": "b", "up": False, "at": "soon"}, {"host": "b", "up": False, "at": 1e300},
        {"host": "a", "up": True, "at": begun + 90.25}, {"host": "b", "up": False, "at": begun + 95}]
    (tmp_path / keeping.WATCHED).write_text("no line\n[]\n" + "".join(json.dumps(line) + "\n" for line in lines) + '{"host": "b", "up": tr')
    state, events = drive(tmp_path).status()
    seen = [(span.host, (seconds(span.begun) - begun), span.ended and seconds(span.ended) - begun) for span in spans(events) if span.kind == "seen"]
    assert seen == [("a", 60, 90), ("b", 95, "")]
    page = "".join(rollout_html(state, events, "2026-11-28T13:00:00Z"))
    assert "seen down from outside" in page and "watched" not in page


def test_the_page_and_the_lines_name_who_needs_people(tmp_path: Path) -> None:
    begin(tmp_path, "ab", waves=[1])
    drive(tmp_path).next()
    drive(tmp_path).result("a", "failed", "a: <script>alert(1)</script>\x1b[2J")
    drive(tmp_path).next()
    state, events = drive(tmp_path).status()
    text = "\n".join(line.text for line in rollout_lines(state))
    assert "is stopped" in text
    assert "budget 1 of 0" in text
    assert "\x1b" not in text
    page = "".join(rollout_html(state, events, "2026-11-28T13:00:00Z"))
    assert "<script>" not in page
    assert "Who was down when" in page
    document = json.loads("".join(rollout_json(state, events)))
    assert (document["status"], document["hosts"]["a"]["status"], document["budget"]) == ("stopped", "failed", {"spent": 1, "allowed": 0})


@pytest.mark.parametrize(("done", "now", "rate"), [(0, "2026-11-29T12:00:00Z", 0), (6, "2026-11-28T13:00:00Z", 6), (6, "2026-11-30T12:00:00Z", 3)])
def test_the_present_rate(done: int, now: str, rate: float) -> None:
    events: list[dict[str, Any]] = [{"event": "wave", "hosts": [], "at": "2026-11-28T12:00:00Z"}]
    events += [{"event": "result", "status": "done", "at": "2026-11-28T12:30:00Z"}] * done + [{"event": "result", "status": "failed"}]
    assert per_day(events, now) == rate
