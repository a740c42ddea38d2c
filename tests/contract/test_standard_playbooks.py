# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks about the standard, run as a user runs them, from the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from playing import LOCAL, play

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = Path(sys.executable).parent / "ansible-playbook"


def run(playbook: str, *words: str, variables: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    argv = [str(PLAYBOOK), f"playbooks/{playbook}.yml", "-e", json.dumps(variables or {}), *words]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_the_example_fleet_is_shown_without_a_connection() -> None:
    done = run("show_standard", "-i", "inventories/example_fleet/hosts.yml", "--limit", "gpu01*:hv01*:worker40*")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("1 host (") == 3  # each distinct standard once: the base, and two variants of it
    assert "firebreak_standard_overrides_gpu[0]: The driver of the accelerators" in done.stdout
    assert "owner storage team" in done.stdout


def test_a_mistake_in_the_standard_fails_with_one_message() -> None:
    done = run("show_standard", variables={"firebreak_standard": {"kernel": {"runing": "6.1"}}})
    assert done.returncode == 2
    assert "localhost: firebreak_standard.kernel.runing: unknown key; did you mean 'running'?" in done.stdout + done.stderr


def test_a_template_of_nothing_is_named_with_its_variable() -> None:
    done = run("show_standard", variables={"firebreak_standard": {"os": {"id": "{{ nosuch }}"}}})
    assert done.returncode == 2
    said = " ".join((done.stdout + done.stderr).split())
    assert "localhost: firebreak_standard cannot be templated" in said and "'nosuch' is undefined" in said


def test_a_mistake_costs_one_message_and_no_scan(tmp_path: Path) -> None:
    hosts = {f"web{number}": {**LOCAL, "firebreak_standard": {"kernel": {"runing": "6.1"}}} for number in range(20)}
    hosts["db1"] = {**LOCAL, "firebreak_labels": "rack1"}
    for playbook in ("report_drift.yml", "show_standard.yml", "scan.yml"):
        done = play(tmp_path, hosts, playbook=playbook)
        assert done.status != 0
        assert done.output.count("unknown key; did you mean 'running'?") <= 2  # newer cores say an error twice
        assert "and 14 more: firebreak_standard.kernel.runing" in done.output
        assert "db1: firebreak_labels: seen 'rack1'; wanted: a mapping such as {rack: r7, owner: web team}" in done.output
    assert not (tmp_path / "reports").exists()


SURVEYS = ('["os","kernel"]', "[os,kernel]", "os,kernel", "os\nkernel", ["os", "kernel"])


@pytest.mark.parametrize("sections", SURVEYS, ids=str)
def test_lists_come_as_command_lines_and_surveys_send_them(tmp_path: Path, sections: Any) -> None:
    done = play(tmp_path, {"web1": LOCAL}, firebreak_sections=sections, firebreak_fail_on="", firebreak_reports_keep="", firebreak_report_dir="")
    assert done.status == 0, done.output
    report = json.loads((tmp_path / "reports/latest/fleet.json").read_text(encoding="utf-8"))
    assert report["hosts"]["web1"]["sections"] == ["kernel", "os"]
    merged = play(tmp_path, {"web1": LOCAL}, playbook="report_records.yml", firebreak_runs=json.dumps([str(tmp_path / "reports/latest")]))
    assert merged.status == 0, merged.output


def test_fewer_reports_than_none_are_refused(tmp_path: Path) -> None:
    done = play(tmp_path, {"web1": LOCAL}, firebreak_reports_keep=-1)
    assert done.status != 0 and "firebreak_reports_keep is -1; wanted 0, which keeps all" in done.output


def test_a_standard_is_adopted_kept_and_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "standard.yml"
    variables = {"firebreak_standard_file": str(file), "firebreak_standard_name": "here"}
    tried = run("adopt_standard", "--check", variables=variables)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert not file.exists()
    done = run("adopt_standard", variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    standard = yaml.safe_load(file.read_text(encoding="utf-8"))["firebreak_standard"]
    assert standard["name"] == "here" and f"report_drift.yml -e @{file}" in done.stdout
    assert standard["kernel"]["running"] == Path("/proc/sys/kernel/osrelease").read_text(encoding="utf-8").strip()
    file.write_text("---\n# ours\n", encoding="utf-8")
    assert "changed=0" in run("adopt_standard", variables=variables).stdout
    assert file.read_text(encoding="utf-8") == "---\n# ours\n"


def test_a_standard_is_adopted_by_limit_and_nothing_becomes_root_on_the_controller(tmp_path: Path) -> None:
    """``--become`` is for the golden host: here becoming another user always fails, and the host itself asks for none."""
    hosts = {"web1": {**LOCAL, "ansible_become": False}, "web2": LOCAL}
    done = play(tmp_path, hosts, "--limit", "web1", "--become", "-e", "ansible_become_exe=/bin/false", playbook="adopt_standard.yml",
                firebreak_standard_file="group_vars/all/firebreak_standard.yml")
    assert done.status == 0, done.output
    written = tmp_path / "group_vars/all/firebreak_standard.yml"
    assert yaml.safe_load(written.read_text(encoding="utf-8"))["firebreak_standard"]["os"]
    assert f"Written: {written}" in done.output and "held to it from the next run on: report_drift.yml" in done.output
    assert "Using run_once with the free strategy" not in done.output


def test_two_golden_hosts_are_one_too_many(tmp_path: Path) -> None:
    done = play(tmp_path, {"web1": LOCAL, "web2": LOCAL}, playbook="adopt_standard.yml")
    assert done.status != 0
    assert "2 hosts are chosen; wanted exactly one golden host: name it with --limit" in done.output
    assert not (tmp_path / "firebreak_standard.yml").exists()
