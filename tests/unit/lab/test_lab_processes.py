# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab ends exactly the processes that it started, and waits for what QEMU says."""

import os
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from firebreak_lab import cache, census, cli, processes, state, supervisor
from firebreak_lab.errors import LabError
from firebreak_lab.processes import Identity
from firebreak_lab.state import Lab


def test_another_process_with_the_same_id_is_not_ours() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        identity = processes.identify(process.pid)
        processes.end(Identity(identity.pid, identity.started - 1), 0.1)
        assert process.poll() is None
        processes.end(identity, 5)
        assert process.wait() == -signal.SIGTERM


def test_a_process_that_ignores_sigterm_is_killed_with_its_children() -> None:
    script = "trap '' TERM; sleep 61 & echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        child = processes.identify(int(process.stdout.readline()))
        processes.end(processes.identify(process.pid), 0.2)
        assert process.wait() == -signal.SIGKILL
        assert processes.wait_gone([child], 5)


def test_a_process_that_is_gone_has_no_identity() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    with pytest.raises(LabError, match=str(process.pid)):
        processes.identify(process.pid)


def await_answer(cat: "subprocess.Popen[bytes]") -> None:
    """A process that has only just been started may not have its command line and environment yet; one that answers has."""
    assert cat.stdin is not None and cat.stdout is not None
    cat.stdin.write(b"here\n")
    cat.stdin.flush()
    assert cat.stdout.readline() == b"here\n"


def test_an_environment_is_waited_for_only_where_there_can_be_one() -> None:
    assert processes.has_environment(os.getpid())
    with subprocess.Popen(["cat", "-u"], env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bare:
        await_answer(bare)
        assert not processes.has_environment(bare.pid)
        bare.kill()
    assert not processes.has_environment(bare.pid)


def test_sigterm_interrupts_a_block() -> None:
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"), processes.interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)


def test_the_reason_is_what_qemu_said_last() -> None:
    said: list[dict[str, Any]] = [{"QMP": {}}, {"return": {}}, {"event": "SHUTDOWN", "data": {"guest": True, "reason": "guest-reset"}}]
    assert supervisor.shutdown_reason(iter(said)) == "guest-reset"
    assert supervisor.shutdown_reason(iter(said[:2])) == "lost"


def test_census_leaves_other_labs_alone() -> None:
    own, other, neither = "/sys/fs/cgroup/firebreak-lab-test-1-box/payload", "/sys/fs/cgroup/firebreak-lab-test-12-box", "/sys/fs/cgroup/system.slice"
    assert [census.of_another_lab(group, "test-1") for group in (own, other, neither)] == [False, True, False]


def test_census_sees_a_marked_process_and_names_what_is_new() -> None:
    mark = f"firebreak-census-{uuid.uuid4().hex}"  # this test may run twice at once, under two interpreters
    before = census.take(mark, range(0))
    marked = {**os.environ, "MARK": mark}
    with subprocess.Popen(["cat", "-u"], env=marked, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        await_answer(process)
        left = census.left_behind(before, census.take(mark, range(0)))
        assert f"processes: {process.pid} cat -u" in left
        process.kill()
    assert not [line for line in census.left_behind(before, census.take(mark, range(0))) if line.startswith("processes")]


def test_a_folder_is_published_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    target = cache.cache_folder() / "images/one"
    with pytest.raises(LabError), cache.published(target) as work:
        (work / "part").write_text("half")
        raise LabError("no")
    assert not target.exists()
    with cache.published(target) as work:
        (work / "part").write_text("whole")
    assert (target / "part").read_text() == "whole"


def test_what_a_killed_build_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    me = processes.identify(os.getpid())
    building = cache.cache_folder() / "building"
    (building / f"{me.pid}-{me.started}-mine").mkdir(parents=True)
    (building / f"{me.pid}-{me.started - 1}-dead").mkdir()
    assert cache.sweep() == [f"{me.pid}-{me.started - 1}-dead"]


def test_a_lab_is_held_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    lab = Lab(tmp_path / "firebreak/lab/one")
    with lab.locked():
        assert lab.holder() == processes.identify(os.getpid())
        with pytest.raises(LabError, match="in use"), lab.locked():
            pass
    assert lab.holder() is None


def test_only_the_lab_of_a_run_that_is_gone_is_an_orphan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    me = processes.identify(os.getpid())
    for name, owner in (("by-hand", None), ("mine", me), ("dead", Identity(me.pid, me.started - 1))):
        lab = Lab(state.labs_folder() / name)
        lab.give_to(owner)
        assert (lab.owner(), lab.is_orphan()) == (owner, name == "dead")


@pytest.mark.parametrize("named", ["4194999", "me"])
def test_an_owner_is_a_running_process(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv(state.OWNER_SETTING, named)
    with pytest.raises(LabError, match=f"{state.OWNER_SETTING}: want the id of a running process, seen '{named}'"):
        state.current_owner()


@pytest.mark.parametrize(("option", "stopped"), [
    ([], ["dead", "named"]), (["--run"], ["dead", "mine"]), (["--all"], ["by-hand", "dead", "mine", "named", "other"])])
def test_down_stops_what_is_meant_and_what_dead_runs_left(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str], stopped: list[str]) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        me, them = processes.identify(os.getpid()), processes.identify(other.pid)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        monkeypatch.setenv(state.NAME_SETTING, "named")
        monkeypatch.setenv(state.OWNER_SETTING, str(me.pid))
        owners = {"by-hand": None, "dead": Identity(me.pid, me.started - 1), "mine": me, "named": None, "other": them}
        for name, owner in owners.items():
            (state.labs_folder() / name).mkdir(parents=True)
            Lab(state.labs_folder() / name).give_to(owner)
        assert cli.main(["down", *option]) == 0
        assert sorted(set(owners) - {lab.name for lab in state.all_labs()}) == stopped
        other.kill()
