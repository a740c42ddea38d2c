# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: private and atomic files, names that stay inside, runs that never share a directory, and a link that never dangles."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import store
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 20, 6, 4, tzinfo=timezone.utc)


@pytest.mark.parametrize("name", ["web1", "db-1.example.net", "10.0.0.7", "host_3"])
def test_plain_names_stay(name: str) -> None:
    assert store.safe_name(name) == name


@given(st.text())
def test_no_name_leaves_its_directory(name: str) -> None:
    safe = store.safe_name(name)
    assert "/" not in safe and not safe.startswith(".") and safe.isascii() and 0 < len(safe) <= 128


@given(st.lists(st.text(), min_size=2, max_size=6, unique=True))
def test_two_names_never_share_a_file(names: list[str]) -> None:
    assert len({store.safe_name(name) for name in names}) == len(names)


def test_files_and_directories_are_private(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        path = store.write(store.private_directory(tmp_path / "a" / "b") / "file", ["one ", "two \udcff"])
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert path.read_text(encoding="utf-8") == "one two ?"


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = store.write(tmp_path / "file", ["old"])

    def interrupted() -> Iterator[str]:
        yield "new"
        raise RuntimeError("power")

    with pytest.raises(RuntimeError):
        store.write(path, interrupted())
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_the_place_of_a_file_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine", encoding="utf-8")
    (tmp_path / "file").symlink_to(target)
    store.write(tmp_path / "file", ["new"])
    assert target.read_text(encoding="utf-8") == "mine"


def test_reading_is_bounded_and_a_fifo_does_not_hang_it(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 11)
    with pytest.raises(store.StoreError, match="larger than 10 bytes"):
        store.read(tmp_path / "long", 10)
    os.mkfifo(tmp_path / "fifo")
    assert store.read(tmp_path / "fifo", 10) == ""


def test_an_impossible_directory_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(store.StoreError, match=r"cannot create the directory .*file/reports: .*; wanted a directory this user may write to"):
        store.private_directory(tmp_path / "file" / "reports")


def test_runs_in_one_second_get_directories_of_their_own(tmp_path: Path) -> None:
    names = [store.new_run(tmp_path / "reports", NOW).name for _ in range(3)]
    assert names == ["20261120T060400Z", "20261120T060400Z-2", "20261120T060400Z-3"]
    assert [path.name for path in store.runs(tmp_path / "reports")] == names


def test_latest_is_relative_and_follows_the_newest(tmp_path: Path) -> None:
    for _ in range(2):
        run = store.new_run(tmp_path, NOW)
        link = store.publish(run)
        assert link.readlink() == Path(run.name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20261120T060400Z", "20261120T060400Z-2", "latest"]


def test_latest_that_is_no_link_is_left_alone(tmp_path: Path) -> None:
    run = store.new_run(tmp_path, NOW)
    (tmp_path / "latest").mkdir()
    with pytest.raises(store.StoreError, match="is not a link; move it away"):
        store.publish(run)


def test_keeping_two_removes_older_runs_and_nothing_else(tmp_path: Path) -> None:
    runs = [store.new_run(tmp_path, NOW) for _ in range(12)]
    (tmp_path / "notes").mkdir()
    store.publish(runs[-1])
    assert store.prune(tmp_path, 2) == runs[:-2]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([runs[-1].name, runs[-2].name, "latest", "notes"])
    assert store.prune(tmp_path, 0) == []


def test_what_broke_off_takes_no_whole_report_s_place(tmp_path: Path) -> None:
    runs = [store.new_run(tmp_path, NOW) for _ in range(6)]
    for run in (*runs[:4], runs[5]):
        (run / "fleet.json").write_text('{"schema": "firebreak.fleet/1", "partial": false}', encoding="utf-8")
    (runs[3] / "fleet.json").write_text('{"schema": "firebreak.fleet/1",\n "partial": true}', encoding="utf-8")
    store.publish(runs[5])
    assert store.prune(tmp_path, 2) == [runs[0], runs[1], runs[3]]  # the whole ones 2 and 5 stay, and 4, which broke off, is young
    assert [store.is_whole(run) for run in (runs[2], runs[4], runs[5])] == [True, False, True]


def test_what_others_wrote_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "web1.json").write_text('{"schema":"firebreak.host/1"}', encoding="utf-8")
    (tmp_path / "payroll.json").write_text("{}", encoding="utf-8")
    with pytest.raises(store.StoreError, match=r"payroll\.json is no file of an earlier run; move it away"):
        store.clear(tmp_path, b'"schema":"firebreak.host/1"')
    assert (tmp_path / "payroll.json").exists()
    (tmp_path / "junit.xml").write_text("<testsuites/>", encoding="utf-8")
    with pytest.raises(store.StoreError, match=r"junit\.xml is no file of an earlier report"):
        store.check_own(tmp_path / "junit.xml", b'name="firebreak"')
    store.check_own(tmp_path / "none.xml", b"x")


def test_an_earlier_run_s_report_waits_to_be_compared_with_and_is_seen_as_nobody_s_report(tmp_path: Path) -> None:
    """Were it left, a run that dies would leave it beside records that are newer."""
    (tmp_path / store.LIMITS).mkdir()
    for name in (*store.FORMS, "notes.html", f"{store.LIMITS}/kernel.running"):
        (tmp_path / name).write_text("", encoding="utf-8")
    store.set_aside(tmp_path)
    assert (tmp_path / "fleet.html").exists()  # without a report they are somebody else's
    (tmp_path / store.REPORT).write_text('{"schema": "firebreak.fleet/1", "hosts": 1}', encoding="utf-8")
    for _again in range(2):
        store.set_aside(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [store.BEFORE, store.LIMITS, "notes.html"]
    assert "firebreak.fleet/1" in (tmp_path / store.BEFORE / store.REPORT).read_text(encoding="utf-8")
    assert list((tmp_path / store.LIMITS).iterdir()) == []


def test_the_proof_of_an_earlier_run_goes_with_its_report(tmp_path: Path) -> None:
    """Else yesterday's proof lies beside today's report, and is read as of the same hour."""
    folder = store.private_directory(tmp_path / store.PROOF)
    for name in (*store.PROOF_FORMS, "notes.txt"):
        (folder / name).write_text("{}", encoding="utf-8")
    store.set_aside(tmp_path)
    assert (folder / "proof.json").exists()  # a proof without a report may be of the same run, which scans after it
    (tmp_path / store.REPORT).write_text('{"schema": "firebreak.fleet/1", "hosts": 1}', encoding="utf-8")
    store.set_aside(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_an_earlier_run_s_records_are_cleared(tmp_path: Path) -> None:
    for name in ("old.json", "note.txt"):
        (tmp_path / name).write_text("", encoding="utf-8")
    store.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize("mode", [0o777, 0o702])
def test_a_directory_that_others_may_write_to_is_refused(mode: int, tmp_path: Path) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(store.StoreError, match="others may write to"):
        store.check_private(tmp_path)


def test_a_link_in_the_place_of_a_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir(mode=0o700)
    (tmp_path / "records").symlink_to("victim")
    with pytest.raises(store.StoreError, match="is a link"):
        store.check_private(tmp_path / "records")
    store.check_private(tmp_path / "victim")


def test_two_runs_in_one_directory_exclude_each_other(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            store.hold(tmp_path, other.pid)
            with pytest.raises(store.StoreError, match=f"another run, of process {other.pid}, writes to"):
                store.hold(tmp_path, os.getpid())
            store.hold(tmp_path, other.pid)
        finally:
            other.kill()
    store.hold(tmp_path, os.getpid())


def _note(folder: Path, job: str, namespace: str) -> None:
    (folder / store.RUNNING).write_text(f"30 12345 00000000-0000-4000-8000-000000000000 {namespace} {job}", encoding="utf-8")


def test_a_job_keeps_away_from_the_folder_of_one_that_it_cannot_see(tmp_path: Path) -> None:
    _note(tmp_path, "101", "pid:[1]")
    with pytest.raises(store.HeldError, match="the job 101 may still write"):
        store.hold(tmp_path, os.getpid(), "102")
    store.hold(tmp_path, os.getpid(), "101")


def test_a_folder_is_free_when_its_job_ended_or_is_of_another_day(tmp_path: Path) -> None:
    _note(tmp_path, "101", "pid:[1]")
    store.release(tmp_path)
    store.hold(tmp_path, os.getpid(), "102")
    _note(tmp_path, "101", "pid:[1]")
    os.utime(tmp_path / store.RUNNING, (0, 0))
    store.hold(tmp_path, os.getpid(), "102")


def test_gathered_records_are_the_latest_of_each_host(tmp_path: Path) -> None:
    for run, text, when in (("a", "old", 100), ("b", "new", 200)):
        path = store.write(store.private_directory(tmp_path / run / "records") / "web1.json", [text])
        os.utime(path, (when, when))
    store.write(tmp_path / "a" / "records" / "web2.json", ["two"])
    os.mkfifo(tmp_path / "a" / "records" / "pipe.json")
    store.gather([tmp_path / "a", tmp_path / "b", tmp_path / "c"], tmp_path / "c")
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "c/records").iterdir()} == {"web1.json": "new", "web2.json": "two"}


def test_a_record_that_another_run_takes_away_while_records_are_gathered_costs_no_other(tmp_path: Path) -> None:
    for run in "ab":
        for host in ("web1", "web2"):
            store.write(store.private_directory(tmp_path / run / "records") / f"{host}.json", [run])

    def runs() -> Iterator[Path]:
        yield tmp_path / "a"
        (tmp_path / "a/records/web1.json").unlink()
        yield tmp_path / "b"

    store.gather(runs(), tmp_path / "c")
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "c/records").iterdir()} == {"web1.json": "b", "web2.json": "b"}


def test_runs_that_end_at_once_take_the_same_old_reports_away(tmp_path: Path) -> None:
    for _ in range(25):
        run = store.new_run(tmp_path, NOW)
        for name in ("records", "standards", "limit"):
            (run / name).mkdir()
            (run / name / "one.json").touch()
    with ThreadPoolExecutor(4) as threads:
        ended = [threads.submit(store.prune, tmp_path, 1) for _ in range(4)]
    assert any(one.result() for one in ended)
    assert list(tmp_path.iterdir()) == [run]


def test_a_run_that_is_still_written_to_is_not_taken_away(tmp_path: Path) -> None:
    running, elsewhere, _newest = (store.new_run(tmp_path, NOW) for _ in range(3))
    _note(elsewhere, "101", "pid:[1]")
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            store.hold(running, other.pid)
            assert store.prune(tmp_path, 1) == []
        finally:
            other.kill()
    assert store.prune(tmp_path, 1) == [running]
    os.utime(elsewhere / store.RUNNING, (0, 0))
    assert store.prune(tmp_path, 1) == [elsewhere]


def test_who_waited_for_a_note_that_was_taken_away_writes_one_that_others_see(tmp_path: Path) -> None:
    note = tmp_path / store.RUNNING
    with note.open("w", encoding="utf-8") as held, ThreadPoolExecutor(1) as threads:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threads.submit(store.hold, tmp_path, os.getpid())
        while _opened(note) < 2:
            time.sleep(0.001)
        store.release(tmp_path)
        fcntl.flock(held, fcntl.LOCK_UN)
        waiting.result()
    assert note.read_text(encoding="utf-8").split()[0] == str(os.getpid())


def _opened(path: Path) -> int:
    """How often this process has a file open."""
    return sum(each.is_symlink() and os.path.realpath(each) == str(path) for each in Path("/proc/self/fd").iterdir())


def test_what_is_not_there_is_told_from_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("b", encoding="utf-8")
    (tmp_path / "a.json").mkdir()
    assert (store.read_if_there(tmp_path / "b.json", 9), store.read_if_there(tmp_path / "none", 9)) == ("b", None)
    with pytest.raises(store.StoreError, match="Is a directory"):
        store.read_if_there(tmp_path / "a.json", 9)
    assert (store.written(tmp_path / "a.json"), store.written(tmp_path / "none")) == (None, None)
    assert [path.name for path in store.listed(tmp_path, ".json")] == ["a.json", "b.json"]
    assert store.listed(tmp_path / "none") == store.listed(tmp_path / "b.json") == []
