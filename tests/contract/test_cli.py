# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line by real runs: its exit statuses, slices that end in the playbook's own report, a slice that dies, Ctrl-C, pipes and colours."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from awx_job import LOCAL
from same_reports import comparable
from workshop import REPOSITORY, clean_environment

ON_IT = {"firebreak_standard": {"os": {"architecture": os.uname().machine}}}
OFF_IT = {"firebreak_standard": {"os": {"id": "none-such"}}}
GONE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
# Ends the runner that it runs below, as a machine that runs out of memory would.
KILLER = """#!/bin/bash
pid=$$ chain=
while [ "$pid" -gt 1 ]; do
    pid=$(sed 's/.*) . //' /proc/$pid/stat | cut -d' ' -f1)
    chain="$pid $chain"
    if tr '\\0' ' ' < /proc/$pid/cmdline | grep -q 'ansible_runner run'; then kill -9 $chain; exit 255; fi
done
exit 255
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return clean_environment(home, PYTHONPATH=str(REPOSITORY / "src"), COLUMNS="200", **more)


def inventory(folder: Path, hosts: dict[str, Any]) -> str:
    path = folder / "hosts.json"
    path.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return str(path)


def firebreak(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder that holds nothing of ours."""
    return subprocess.run([sys.executable, "-m", "firebreak", *words], cwd=folder, env=environment(folder, **more), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)


def drift(folder: Path, hosts: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    return firebreak(folder, "drift", "-i", inventory(folder, hosts), "--sections", "os", *words)


@pytest.mark.parametrize(("hosts", "status"), [
    ({"a": {**LOCAL, **ON_IT}}, 0),
    ({"a": {**LOCAL, **ON_IT}, "b": {**LOCAL, **OFF_IT}, "c": GONE}, 10),
    ({"a": {**LOCAL, **ON_IT}, "b": LOCAL, "c": GONE}, 11),
    ({"a": {**LOCAL, **ON_IT}, "c": {**GONE, **ON_IT}}, 12),
], ids=["compliant", "drifted", "unknown", "unreachable"])
def test_the_worst_verdict_is_the_exit_status(tmp_path: Path, hosts: dict[str, Any], status: int) -> None:
    done = drift(tmp_path, hosts, "--json")
    assert done.returncode == status, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert (said["schema"], said["exit"], said["result"]["summary"]["hosts"]) == ("firebreak.cli/1", status, len(hosts))
    assert (tmp_path / "reports/latest/fleet.json").is_file()


def test_what_cannot_be_done_is_an_error_and_what_is_typed_wrongly_is_usage(tmp_path: Path) -> None:
    wrong = drift(tmp_path, {"a": LOCAL}, "-e", "firebreak_fail_on=always")
    assert wrong.returncode == 1
    assert "firebreak_fail_on is always; wanted never, drift or unknown" in wrong.stderr and "Traceback" not in wrong.stderr
    nobody = drift(tmp_path, {"a": LOCAL}, "-l", "none-such")
    assert nobody.returncode == 1 and nobody.stderr.strip()
    empty = drift(tmp_path, {}, "-q")
    assert empty.returncode == 1 and "no host matches" in empty.stderr
    for words in (("drift", "--resume"), ("report", "none", "--expected", "none")):
        nothing = firebreak(tmp_path, *words)
        assert nothing.returncode in (1, 2) and nothing.stderr.strip() and "Traceback" not in nothing.stderr
    typed = firebreak(tmp_path, "drift", "--slices", "none")
    assert typed.returncode == 2 and "Usage: firebreak drift" in typed.stderr


def test_two_slices_end_in_the_report_of_the_playbook(tmp_path: Path) -> None:
    hosts: dict[str, Any] = {f"web{number}": {**LOCAL, **(OFF_IT if number == 2 else ON_IT), "firebreak_labels": {"rack": f"r{number % 2}"}}
                             for number in range(4)}
    hosts |= {"gone": {**GONE, **ON_IT}, "not-asked": LOCAL}
    whole = drift(tmp_path, hosts, "--report-dir", "whole", "-e", "firebreak_hosts=web*:gone")
    cut = drift(tmp_path, hosts, "--report-dir", "cut", "--slices", "2", "--group-by", "rack", "-e", "firebreak_hosts=web*:gone")
    assert (whole.returncode, cut.returncode) == (10, 10), cut.stderr
    assert comparable(tmp_path / "cut") == comparable(tmp_path / "whole")
    rows = [line.split() for line in cut.stdout.splitlines()]
    for row in (["r0", "1", "1", "0", "0"], ["r1", "2", "0", "0", "0"], ["(none)", "0", "0", "0", "1"]):
        assert row in rows, cut.stdout


def test_a_slice_that_dies_is_a_part_and_can_be_resumed(tmp_path: Path) -> None:
    """Its hosts are in the report as unknown; what the other slice did is not done again."""
    killer = tmp_path / "killer"
    killer.write_text(KILLER, encoding="utf-8")
    killer.chmod(0o755)
    hosts = {"a": {**LOCAL, **ON_IT}, "b": {"ansible_connection": "ssh", "ansible_ssh_executable": str(killer), **ON_IT}}
    done = drift(tmp_path, hosts, "--slices", "2", "--report-dir", "out")
    assert done.returncode == 13, done.stdout + done.stderr
    assert "slice 2 broke off" in done.stderr and "(firebreak drift --resume tries them again)" in done.stderr
    report = json.loads((tmp_path / "out/fleet.json").read_text(encoding="utf-8"))
    assert (report["hosts"]["b"]["reasons"], report["hosts"]["a"]["verdict"], report["partial"]) == (["no_record"], "compliant", True)
    (first,) = (tmp_path / ".firebreak/runs").glob("*/slice-1/artifacts/run/rc")
    written = first.stat().st_mtime_ns
    inventory(tmp_path, {**hosts, "b": {**LOCAL, **ON_IT}})
    again = firebreak(tmp_path, "drift", "--resume")
    assert again.returncode == 0, again.stdout + again.stderr
    assert first.stat().st_mtime_ns == written


def test_ctrl_c_ends_all_and_says_what_goes_on(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho \"$@\" >{tmp_path}/begun\nexec sleep 30\n", encoding="utf-8")
    slow.chmod(0o755)
    hosts = inventory(tmp_path, {"slow": {"ansible_connection": "ssh", "ansible_ssh_executable": str(slow)}})
    # What a shell starts in the background ignores the signal, and so would all that it starts.
    heeding = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    within = [sys.executable, "-c", heeding, "-m", "firebreak", "drift", "-i", hosts, "--sections", "os"]
    process = subprocess.Popen(within, cwd=tmp_path, env=environment(tmp_path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _out, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "StrictHostKeyChecking" not in (tmp_path / "begun").read_text(encoding="utf-8"), "ansible-runner alone has no host's key checked"
    assert "Asked to stop" in said and "slow is still in task 'Scan and judge" in said and "Traceback" not in said


def test_the_lock_is_served_until_it_is_told_to_end(tmp_path: Path) -> None:
    words = ["lock", "serve", "--rollout", str(tmp_path / "rollout"), "--listen", "127.0.0.1:0"]
    with subprocess.Popen([sys.executable, "-m", "firebreak", *words], cwd=tmp_path, env=environment(tmp_path), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        said = process.stdout.readline() if process.stdout else ""
        assert "listening on 127.0.0.1:" in said
        port = int(said.partition("127.0.0.1:")[2].partition(",")[0])
        order = json.dumps({"client_params": {"id": "a", "group": "default"}}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/pre-reboot", order, {"fleet-lock-protocol": "true"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200
        process.terminate()
        assert process.wait(60) == 0
    assert list(json.loads((tmp_path / "rollout/fleet_lock.json").read_text(encoding="utf-8"))["groups"]["default"]) == ["a"]
    assert firebreak(tmp_path, "lock", "serve", "--listen", "nowhere", "--state", "x").returncode == 2


def test_this_machine_needs_no_inventory_and_colours_are_for_terminals(tmp_path: Path) -> None:
    done = firebreak(tmp_path, "drift", "--sections", "os", "-e", json.dumps(ON_IT))
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert list(json.loads((tmp_path / "reports/latest/fleet.json").read_text(encoding="utf-8"))["hosts"]) == ["localhost"]
    private = next((tmp_path / ".firebreak/runs").iterdir())
    assert private.stat().st_mode & 0o077 == 0


def test_a_copy_without_links_says_what_is_missing(tmp_path: Path) -> None:
    for name in ("src/firebreak", "playbooks"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "galaxy.yml").write_text("version: 1\n", encoding="utf-8")
    for path in (REPOSITORY / "src/firebreak").glob("*.py"):
        (tmp_path / "src/firebreak" / path.name).write_bytes(path.read_bytes())
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run([sys.executable, "-m", "firebreak", "drift"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "the links below collections/ did not survive" in done.stderr and "Traceback" not in done.stderr
    shutil.copytree(REPOSITORY / "playbooks", tmp_path / "playbooks", dirs_exist_ok=True)
    words = ["-m", "ansible", "playbook", "-i", "localhost,", "playbooks/report_drift.yml"]
    said = subprocess.run([sys.executable, *words], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False).stdout
    assert "The links below collections/ are missing here: use git clone, or pip install" in said
