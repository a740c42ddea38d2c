# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts by real ansible-playbook runs in which something goes wrong: hosts lost, a controller killed, the budget spent, a drain that fails.

What is done with a host in its wave is a task file of the test's own, which writes down whom it was done to.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from playing import LOCAL, PLAYBOOK, Done, play, write_inventory
from workshop import REPOSITORY, clean_environment

DEAD = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}
PATIENCE = 120


def change(folder: Path, *more: Mapping[str, Any]) -> str:
    """A task file that writes down the host's name, and whatever else is done; its path."""
    log = {"name": "Write down whom it was done to", "ansible.builtin.shell": f"echo {{{{ inventory_hostname }}}} >> {folder}/log", "tags": "always"}
    path = folder / "change.yml"
    path.write_text(yaml.safe_dump([log, *({**task, "tags": "always"} for task in more)]))
    return str(path)


def log(folder: Path) -> list[str]:
    """Whom it was done to, in order."""
    path = folder / "log"
    return path.read_text().split() if path.exists() else []


def enforce(folder: Path, hosts: Mapping[str, Any], **variables: Any) -> Done:
    """One run of the waves."""
    return play(folder, hosts, playbook="enforce_platform.yml", firebreak_busy_programs="no-such-program", **variables)


def flat(output: str) -> str:
    """The output with line breaks and indentation taken for single blanks."""
    return " ".join(output.split())


def document(folder: Path) -> dict[str, Any]:
    """rollout.json as the last run left it."""
    found: dict[str, Any] = json.loads((folder / "reports/rollout/rollout.json").read_text())
    return found


def test_a_host_that_is_lost_between_two_tasks_is_named_and_counts(tmp_path: Path) -> None:
    tasks = change(tmp_path, {"name": "Be lost", "ansible.builtin.command": "true", "delegate_to": "nowhere", "when": "inventory_hostname == 'a'"})
    hosts = {"a": LOCAL, "b": LOCAL, "nowhere": DEAD}
    done = enforce(tmp_path, hosts, firebreak_hosts="a,b", firebreak_waves=[1], firebreak_change_tasks=tasks)
    assert done.status != 0
    assert "a was lost between two tasks, in change" in flat(done.output), done.output
    assert "b: left alone, since a failed" in flat(done.output)
    assert log(tmp_path) == ["a"]
    assert document(tmp_path)["hosts"]["a"]["status"] == "unreachable"
    # The report is of both hosts all the same.
    assert sorted(json.loads((tmp_path / "reports/latest/fleet.json").read_text())["hosts"]) == ["a", "b"]


def test_a_killed_controller_s_run_is_continued_and_nothing_finished_is_repeated(tmp_path: Path) -> None:
    wait = {"name": "Be slow", "ansible.builtin.wait_for": {"path": str(tmp_path / "go"), "timeout": PATIENCE},
            "when": "inventory_hostname == 'b'"}
    tasks = change(tmp_path, wait)
    hosts = dict.fromkeys("abc", LOCAL)
    variables = {"firebreak_waves": [1], "firebreak_change_tasks": tasks, "firebreak_sections": ["os"]}
    env = clean_environment(tmp_path, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"))
    playbook = str(REPOSITORY / "playbooks/enforce_platform.yml")
    command = [str(PLAYBOOK), "-i", str(write_inventory(tmp_path, hosts)), playbook, "-e", json.dumps(variables)]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as run:
        try:
            end = time.monotonic() + PATIENCE
            while log(tmp_path) != ["a", "b"]:
                assert run.poll() is None
                assert time.monotonic() < end
                time.sleep(0.2)
            second = enforce(tmp_path, hosts, **variables)
            assert second.status != 0
            assert "drives a rollout of this fleet since" in flat(second.output), second.output
        finally:
            os.killpg(run.pid, signal.SIGKILL)
    assert log(tmp_path) == ["a", "b"]
    (tmp_path / "go").touch()
    done = enforce(tmp_path, hosts, **variables)
    assert done.status == 0, done.output
    # b was in the midst of its change, which is begun again; a is not touched.
    assert log(tmp_path) == ["a", "b", "b", "c"]
    assert (document(tmp_path)["status"], document(tmp_path)["counts"]) == ("ended", {"done": 3})


def test_a_spent_budget_stops_the_rollout_until_somebody_releases_the_host(tmp_path: Path) -> None:
    tasks = change(tmp_path, {"name": "Refuse", "ansible.builtin.fail": {"msg": "the disk is full"}, "when": f"inventory_hostname == 'a' and "
                              f"'{tmp_path}/mended' is not exists"})
    hosts = dict.fromkeys("ab", LOCAL)
    first = enforce(tmp_path, hosts, firebreak_waves=[1], firebreak_change_tasks=tasks)
    assert first.status != 0
    assert "the disk is full" in first.output
    assert "b: left alone, since a failed" in flat(first.output), first.output
    status = play(tmp_path, {}, playbook="rollout_status.yml")
    assert "is stopped" in status.output
    assert "budget 1 of 0" in status.output
    assert "the disk is full" in (tmp_path / "reports/rollout/rollout.html").read_text()
    (tmp_path / "mended").touch()
    wrong = play(tmp_path, {}, playbook="rollout_release.yml", firebreak_release="c")
    assert "none of c takes a place in the budget; those that do: a" in flat(wrong.output)
    assert play(tmp_path, {}, playbook="rollout_release.yml", firebreak_release="a").status == 0
    last = enforce(tmp_path, hosts, firebreak_waves=[1], firebreak_change_tasks=tasks)
    assert last.status == 0, last.output
    assert log(tmp_path) == ["a", "a", "b"]


def own_role(folder: Path) -> str:
    """A role in the place of the one that reboots: it writes down each step; the drain of host a fails, and the reboot of host b."""
    tasks = folder / "own" / "tasks"
    tasks.mkdir(parents=True)
    for step in ("gates", "drain", "reboot", "undrain", "settled"):
        written = {"name": f"Do {step}", "ansible.builtin.shell": f"echo {{{{ inventory_hostname }}}}:{step} >> {folder}/log", "tags": "always"}
        host, why = {"drain": ("a", "a budget of pods does not allow it"), "reboot": ("b", "it came back on another kernel")}.get(step, ("", ""))
        failed = {"name": "Fail", "ansible.builtin.fail": {"msg": why}, "when": f"inventory_hostname == '{host}'", "tags": "always"}
        (tasks / f"{step}.yml").write_text(yaml.safe_dump([written, failed]))
    return str(folder / "own")


def test_a_host_whose_drain_fails_is_not_rebooted_and_one_that_stays_drained_is_named(tmp_path: Path) -> None:
    done = enforce(tmp_path, dict.fromkeys("ab", LOCAL), firebreak_waves=[1], firebreak_change_tasks=change(tmp_path), firebreak_max_failed=1,
                   firebreak_max_disruption="reboot", firebreak_rollout_role=own_role(tmp_path), firebreak_sections=["os", "kernel"],
                   firebreak_standard={"kernel": {"running": "0.0.0-none"}})
    assert done.status != 0
    assert log(tmp_path) == ["a", "a:gates", "a:drain", "b", "b:gates", "b:drain", "b:reboot"], done.output
    assert "a budget of pods does not allow it" in flat(done.output), done.output
    assert "it came back on another kernel (b is still drained: nothing was given back to it)" in flat(done.output), done.output
    hosts = document(tmp_path)["hosts"]
    assert {name: (host["status"], host["held"]) for name, host in hosts.items()} == {"a": ("failed", False), "b": ("failed", True)}
    assert [span["host"] for span in document(tmp_path)["timeline"] if span["kind"] == "down"] == ["b"]


def test_two_of_a_domain_are_never_in_one_wave_and_checks_decide(tmp_path: Path) -> None:
    hosts = {"a": {**LOCAL, "firebreak_domain": "rack1"}, "b": {**LOCAL, "firebreak_domain": "rack1"}, "c": {**LOCAL, "firebreak_domain": "rack2"}}
    checks = [{"name": "it serves", "command": "test {{ inventory_hostname }} != b"}, {"command": ["test", "one word", "=", "one word"]},
              {"command": "true", "seconds": "{{ 'soon' if inventory_hostname == 'c' else 60 }}"}]
    done = enforce(tmp_path, hosts, firebreak_change_tasks=change(tmp_path), firebreak_max_failed=2, firebreak_soak_minutes=0.01,
                   firebreak_checks=json.dumps(checks))
    assert done.status != 0
    assert document(tmp_path)["waves"] == [["a", "c"], ["b"]], done.output
    assert {name: host["status"] for name, host in document(tmp_path)["hosts"].items()} == {"a": "done", "b": "failed", "c": "failed"}
    assert "c: left alone" not in done.output and "and seconds, if any, of 1 or more" in flat(done.output), done.output


def test_a_wave_that_loses_every_host_is_ended_and_told_all_the_same(tmp_path: Path) -> None:
    """Ansible begins no task and no play more once no host is left (PlaybookExecutor.run breaks off where a whole batch failed)."""
    tasks = change(tmp_path, {"name": "Be lost", "ansible.builtin.command": "true", "delegate_to": "nowhere",
                              "when": f"'{tmp_path}/up' is not exists"})
    done = enforce(tmp_path, {"a": LOCAL, "nowhere": DEAD}, firebreak_hosts="a", firebreak_change_tasks=tasks)
    assert done.status != 0
    assert "budget 1 of 0 unreachable: a was lost between two tasks, in change" in flat(done.output), done.output
    assert "no report was written" in done.output and "a was lost" in (tmp_path / "reports/rollout/rollout.html").read_text()
    assert document(tmp_path)["hosts"]["a"]["status"] == "unreachable" and not (tmp_path / "reports/rollout/lock.json").exists()
    (tmp_path / "up").touch()
    last = enforce(tmp_path, {"a": LOCAL}, firebreak_change_tasks=tasks, firebreak_release="a")
    assert last.status == 0 and "no report was written" not in last.output, last.output
    assert document(tmp_path)["counts"] == {"done": 1}
