# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run leaves behind is found, however the run ended."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import leaving_nothing
import pytest
from firebreak_lab import processes

LAB = Path(leaving_nothing.__file__).parent
# Only what is certainly ours: a lab that somebody else starts meanwhile must not fail these tests.
CALL = """
import sys, leaving_nothing
def look(marker):
    seen = leaving_nothing.take(marker)
    return {kind: seen[kind] for kind in ("process", "lab")}
sys.exit(leaving_nothing.main(sys.argv[1:], look, patience=0.3))
"""
GIVE = "import sys; from firebreak_lab import state; state.Lab(state.labs_folder() / sys.argv[1]).give_to(state.current_owner())"


def start(home: Path, script: str) -> "subprocess.Popen[str]":
    """The wrapper around a shell script, with no labs but those below ``home``."""
    environment = {**os.environ, "XDG_STATE_HOME": str(home), "PYTHONPATH": str(LAB)}
    return subprocess.Popen([sys.executable, "-c", CALL, "sh", "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, start_new_session=True)


def test_a_run_that_leaves_nothing_says_so(tmp_path: Path) -> None:
    with start(tmp_path, "sleep 0.1") as run:
        assert "is left behind" in run.communicate()[0]
        assert run.returncode == 0


@pytest.mark.parametrize("status", [3, 143])
def test_the_status_is_the_command_s_own(tmp_path: Path, status: int) -> None:
    with start(tmp_path, f"exit {status}") as run:
        run.communicate()
        assert run.returncode == status


def end_what_was_left(said: str) -> str:
    """The command of the one process that the wrapper named; it is ended."""
    [(pid, command)] = re.findall(r"^left behind: process: (\d+) (.*)$", said, re.MULTILINE)
    os.kill(int(pid), signal.SIGKILL)
    return str(command)


def test_a_process_that_lives_on_is_named(tmp_path: Path) -> None:
    with start(tmp_path, "setsid sleep 321 >/dev/null 2>&1 &") as run:
        assert "sleep 321" in end_what_was_left(run.communicate()[0])
        assert run.returncode == 1


def test_a_lab_of_the_run_that_lives_on_is_named(tmp_path: Path) -> None:
    with start(tmp_path, f"mkdir -p {tmp_path}/firebreak/lab/checkout-1; '{sys.executable}' -c '{GIVE}' molecule-template") as run:
        assert run.communicate()[0] == "left behind: lab: molecule-template\n"
        assert run.returncode == 1


def test_the_comparison_is_made_after_an_interrupt_too(tmp_path: Path) -> None:
    with start(tmp_path, "trap 'setsid sleep 322 >/dev/null 2>&1 & exit 130' INT; echo ready; while :; do sleep 0.1; done") as run:
        assert run.stdout
        assert run.stdout.readline() == "ready\n"
        os.killpg(run.pid, signal.SIGINT)
        assert "sleep 322" in end_what_was_left(run.stdout.read())
        assert run.wait() == 130


def test_a_run_that_is_killed_takes_its_command_with_it(tmp_path: Path) -> None:
    with start(tmp_path, "echo $$; exec sleep 60") as run:
        assert run.stdout
        command = processes.identify(int(run.stdout.readline()))
        run.kill()
        assert processes.wait_gone([command], 10)


def test_groups_of_a_lab_that_a_person_keeps_are_not_counted() -> None:
    own, left = "/sys/fs/cgroup/firebreak-lab-checkout-1-box/payload", "/sys/fs/cgroup/firebreak-lab-molecule-kata-older"
    assert leaving_nothing.stray_groups({"/sys/fs/cgroup/system.slice", own, left}, ["checkout-1"]) == {left}
