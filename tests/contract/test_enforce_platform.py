# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enforcement by real ansible-playbook runs: what fails is named, stops the waves after it, and never keeps the report from being written.

No host here can be changed: the kernel that is wanted does not exist, so the role refuses before it does anything.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from playing import LOCAL, Done, play


def enforce(folder: Path, **variables: object) -> Done:
    """Two hosts that cannot get the kernel they are to boot."""
    return play(folder, {"first": LOCAL, "second": LOCAL}, playbook="enforce_platform.yml", kernel_release="0.0.0-none", **variables)


def test_a_failed_wave_leaves_those_after_it_alone(tmp_path: Path) -> None:
    done = enforce(tmp_path, firebreak_serial=1)
    assert done.status != 0
    assert "second: left alone, since first failed" in done.output
    assert "Refuse before anything is changed: first: " in flat(done.output), done.output


def test_every_host_of_one_wave_is_tried_and_named(tmp_path: Path) -> None:
    done = enforce(tmp_path)
    assert done.status != 0
    assert "left alone, since" not in done.output
    for host in ("first", "second"):
        assert f"Refuse before anything is changed: {host}: " in flat(done.output), done.output


def test_the_report_of_what_is_left_is_written_all_the_same(tmp_path: Path) -> None:
    enforce(tmp_path, firebreak_serial=1)
    report = json.loads((tmp_path / "reports/latest/fleet.json").read_text())
    assert sorted(report["hosts"]) == ["first", "second"]


def test_a_host_whose_own_override_promises_a_hypervisor_gets_that_role_and_no_other_does(tmp_path: Path) -> None:
    override = [{"set": {"hypervisor.ladder": "flags"}, "reason": "it runs virtual machines"}]
    hosts = {"plain": LOCAL, "virtual": {**LOCAL, "firebreak_standard_overrides_virtual": override}}
    done = play(tmp_path, hosts, "--check", "-v", playbook="enforce_platform.yml", firebreak_standard={"name": "test"})
    chosen = dict(re.findall(r'ok: \[(plain|virtual)\] => .*"firebreak_parts": \{"hypervisor": (true|false)', done.output))
    assert chosen == {"plain": "false", "virtual": "true"}, done.output


def flat(output: str) -> str:
    """The output with line breaks and indentation taken for single blanks."""
    return " ".join(output.split())


DEAD = {"ansible_host": "127.0.0.1", "ansible_port": 1}


def test_a_host_that_nobody_can_reach_is_left_out_and_stops_nobody(tmp_path: Path) -> None:
    done = play(tmp_path, {"dead": DEAD, "live": LOCAL}, "--check", playbook="enforce_platform.yml", firebreak_serial=1,
                firebreak_standard={"os": {"id": "debian"}})
    assert "left alone, since" not in done.output
    assert "dead: left out, since" in flat(done.output)
    assert done.status == 0, done.output  # the standard promises nothing of kernels, so a machine without a packaged one is not refused


def test_a_run_that_reached_nobody_did_not_go_well(tmp_path: Path) -> None:
    done = play(tmp_path, {"dead": DEAD}, "--check", playbook="enforce_platform.yml")
    assert done.status != 0, done.output
    assert "dead: left out, since" in flat(done.output)
    assert (tmp_path / "reports/latest/fleet.json").exists()


def test_parts_are_left_out_and_chosen(tmp_path: Path) -> None:
    left = enforce(tmp_path, firebreak_leave_out="kernel,kata")
    assert left.status == 0, left.output
    chosen = play(tmp_path, {"first": LOCAL}, "--tags", "hypervisor", playbook="enforce_platform.yml", kernel_release="0.0.0-none")
    assert chosen.status == 0, chosen.output
    kernel = play(tmp_path, {"first": LOCAL}, "--tags", "kernel", playbook="enforce_platform.yml", kernel_release="0.0.0-none")
    assert "Refuse before anything is changed: first: " in flat(kernel.output), kernel.output


def test_a_part_and_a_tag_that_are_misspelt_change_nothing(tmp_path: Path) -> None:
    done = play(tmp_path, {"first": LOCAL}, "--tags", "kernle", playbook="enforce_platform.yml", firebreak_leave_out="kata,kerel")
    assert done.status != 0 and "Begin the rollout" not in done.output, done.output
    told = flat(done.output)
    assert "firebreak_leave_out is kerel; wanted any of mitigations, kernel" in told and "--tags is kernle, which nothing here has" in told


def test_as_many_hosts_may_fail_as_were_allowed(tmp_path: Path) -> None:
    done = enforce(tmp_path, firebreak_serial=1, firebreak_max_failed=1)
    assert "left alone, since" not in done.output
    assert "Refuse before anything is changed: second: " in flat(done.output), done.output
