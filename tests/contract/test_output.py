# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints: a closed pipe ends it, a callback's document holds no text of ours, and what is shown is shown by each playbook."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from playing import LOCAL, PLAYBOOK, write_inventory
from workshop import REPOSITORY, clean_environment

DOCUMENT = '''
import json
from ansible.plugins.callback import CallbackBase
DOCUMENTATION = "name: mine_json\\ntype: stdout\\nshort_description: one document\\ndescription: [one document]"
class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "mine_json"
    def v2_playbook_on_stats(self, stats):
        print(json.dumps({"hosts": sorted(stats.processed)}))
'''


def shell(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of shell with $PLAY as the run of the report on twelve hosts."""
    inventory = write_inventory(folder, {f"web{number}": LOCAL for number in range(12)})
    (folder / "home").mkdir(exist_ok=True)
    play = f"{PLAYBOOK} -i {inventory} {REPOSITORY}/playbooks/report_drift.yml -e firebreak_sections=os"
    env = clean_environment(folder / "home", ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), PLAY=play, COLUMNS="160", **environment)
    return subprocess.run(["bash", "-c", line], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          check=False)


@pytest.mark.parametrize("lines", [6, 22, 30])
def test_a_closed_pipe_ends_the_run(tmp_path: Path, lines: int) -> None:
    done = shell(tmp_path, f"$PLAY 2>&1 | head -{lines}")
    assert len(done.stdout.splitlines()) == lines


def test_the_text_of_a_report_is_in_no_document(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/mine_json.py").write_text(DOCUMENT, encoding="utf-8")
    done = shell(tmp_path, "$PLAY", ANSIBLE_CALLBACK_PLUGINS=str(tmp_path / "plugins"), ANSIBLE_STDOUT_CALLBACK="mine_json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["hosts"]) == 12
    assert "12 hosts seen, no standard declared" in done.stderr and "Report: " in done.stderr


def test_without_a_callback_of_ours_the_task_shows_what_it_has_to_say(tmp_path: Path) -> None:
    shell(tmp_path, "$PLAY && sleep 1 && $PLAY")
    own = tmp_path / "own.yml"
    own.write_text("- hosts: localhost\n  gather_facts: false\n  tasks:\n    - firebreak.fleet.compare_reports:\n", encoding="utf-8")
    done = shell(tmp_path, f"{PLAYBOOK} -i localhost, {own}")
    assert done.returncode == 0, done.stderr
    assert "Nothing changed." in done.stdout


def test_a_run_that_is_broken_off_says_what_it_kept_and_how_to_make_a_report_of_it(tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    hangs.write_text(f"#!/bin/sh\n: >{tmp_path}/is_asked\nexec sleep 100\n", encoding="utf-8")
    hangs.chmod(0o755)
    inventory = write_inventory(tmp_path, {"a_good": LOCAL, "b_slow": {**LOCAL, "ansible_python_interpreter": str(hangs)}})
    run = tmp_path / "run"
    argv = [PLAYBOOK, "-f", "1", "-i", str(inventory), f"{REPOSITORY}/playbooks/report_drift.yml", "-e", "firebreak_sections=os",
            "-e", f"firebreak_report_dir={run}"]
    env = clean_environment(tmp_path, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"))
    playing = subprocess.Popen([*map(str, argv)], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    try:
        end = time.monotonic() + 200
        # Only once the slow host is asked: what Python interrupts while it starts a process, it may pass over.
        while not (list(run.glob("records/a_good*.json")) and (tmp_path / "is_asked").exists()) and playing.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        os.kill(playing.pid, signal.SIGINT)
        _stdout, stderr = playing.communicate(timeout=100)
    finally:
        playing.kill()
    said = " ".join(stderr.split())
    assert re.search(r"broken off: the records of 1 host are kept in \S+/run; a report of them: ansible-playbook \S+report_records", said)
    assert '"firebreak_partial": true' in said
