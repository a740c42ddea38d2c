# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report by real ansible-playbook runs: no way of calling it, and nothing that hosts do, loses a host or a report."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
from playing import LOCAL, PLAYBOOK, play, write_inventory
from workshop import REPOSITORY, clean_environment, repository_files

FORMS = ("fleet.json", "fleet.html", "fleet.prom", "junit.xml", "fleet.sarif")


def report_of(directory: Path) -> dict[str, Any]:
    """The fleet.json of a whole report: every form is there and private."""
    for name in FORMS:
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((directory / "records").stat().st_mode) == 0o700
    report: dict[str, Any] = json.loads((directory / "fleet.json").read_text(encoding="utf-8"))
    return report


def dead(folder: Path) -> dict[str, str]:
    """Variables of a host that cannot be reached: its ssh answers as ssh does without a route."""
    ssh = folder / "ssh"
    ssh.write_text("#!/bin/sh\necho 'ssh: connect to host: No route to host' >&2\nexit 255\n", encoding="utf-8")
    ssh.chmod(0o755)
    return {"ansible_connection": "ssh", "ansible_ssh_executable": str(ssh)}


def test_one_host_gets_the_full_view_and_the_latest_link(tmp_path: Path) -> None:
    done = play(tmp_path, {"localhost": LOCAL})
    assert done.status == 0, done.output
    latest = tmp_path / "reports" / "latest"
    assert latest.is_symlink() and not latest.readlink().is_absolute()
    assert list(report_of(latest)["hosts"]) == ["localhost"]
    assert (latest / "records" / "localhost.json").is_file()
    for words in ("System  ", "Kernel running", "Report: ", "no_standard"):
        assert words in done.output


def test_limit_without_localhost(tmp_path: Path) -> None:
    done = play(tmp_path, {"localhost": LOCAL, "probe": LOCAL, "other": LOCAL}, "--limit", "probe,other")
    assert done.status == 0, done.output
    assert sorted(report_of(tmp_path / "reports/latest")["hosts"]) == ["other", "probe"]
    assert "HOST" in done.output and "VERDICT" in done.output


def test_a_part_of_the_fleet_takes_no_whole_report_s_place(tmp_path: Path) -> None:
    hosts = {"web1": LOCAL, "web2": LOCAL}
    assert play(tmp_path, hosts).status == 0
    whole = (tmp_path / "reports/latest").resolve()
    done = play(tmp_path, hosts, "--limit", "web1")
    assert done.status == 0, done.output
    assert "A partial report: of the hosts that --limit left" in done.output
    assert (tmp_path / "reports/latest").resolve() == whole
    (part,) = (path for path in (tmp_path / "reports").glob("*/fleet.json") if path.parent.resolve() != whole)
    assert (report_of(part.parent)["partial"], list(report_of(part.parent)["hosts"])) == (True, ["web1"])


def test_a_misspelt_inventory_is_no_run_that_ends_well(tmp_path: Path) -> None:
    command = [PLAYBOOK, "-i", "my/host.yml", str(REPOSITORY / "playbooks/report_drift.yml")]
    done = subprocess.run(command, cwd=tmp_path, env=clean_environment(tmp_path, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), COLUMNS="400"),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0 and f"Unable to parse {tmp_path}/my/host.yml" in done.stderr, done
    assert "No inventory was parsed" in done.stderr


def test_check_mode_reports_as_well(tmp_path: Path) -> None:
    done = play(tmp_path, {"probe": LOCAL}, "--check", "--diff")
    assert done.status == 0, done.output
    assert report_of(tmp_path / "reports/latest")["summary"]["hosts"] == 1
    assert "changed=0" in done.output


def test_all_hosts_dead_are_reported(tmp_path: Path) -> None:
    lost = dead(tmp_path)
    done = play(tmp_path, {"web1": lost, "web2": lost}, firebreak_fail_on="drift")
    assert done.status == 0, done.output
    report = report_of(tmp_path / "reports/latest")
    assert report["summary"] == {"hosts": 2, "compliant": 0, "drifted": 0, "unknown": 0, "unreachable": 2}
    assert "No route to host" in report["hosts"]["web1"]["error"]
    assert "2 hosts could not be reached: the report names them" in " ".join(done.output.split())


def test_unreachable_hosts_fail_where_that_was_asked_for(tmp_path: Path) -> None:
    done = play(tmp_path, {"alive": LOCAL, "gone": dead(tmp_path)}, firebreak_fail_on="unknown")
    assert done.status != 0
    assert "gone is unreachable" in done.output
    assert report_of(tmp_path / "reports/latest")["summary"]["unreachable"] == 1


def test_drift_fails_where_that_was_asked_for_and_names_the_kernel(tmp_path: Path) -> None:
    running = os.uname().release
    arguments: dict[str, Any] = {"firebreak_fail_on": "drift", "firebreak_sections": ["os", "kernel"]}
    drifted = play(tmp_path, {"probe": LOCAL}, firebreak_standard={"kernel": {"running": "1.2.3-none"}}, **arguments)
    assert drifted.status != 0
    assert f"probe: kernel.running expected 1.2.3-none, observed {running}" in drifted.output
    assert report_of(tmp_path / "reports/latest")["hosts"]["probe"]["findings"][0]["id"] == "kernel.running"
    same = play(tmp_path, {"probe": LOCAL}, firebreak_standard={"kernel": {"running": running}}, **arguments)
    assert same.status == 0, same.output
    compared = play(tmp_path, {"probe": LOCAL}, playbook="compare_reports.yml")
    assert compared.status == 0, compared.output
    assert "verdict: drifted -> compliant  on probe" in compared.output and "nothing is resolved by that (1)" in compared.output
    assert "Resolved" not in compared.output  # the standard moved to the host, not the host to the standard


def test_a_wrong_fail_on_is_refused_before_the_scan(tmp_path: Path) -> None:
    done = play(tmp_path, {"probe": LOCAL}, firebreak_fail_on="always")
    assert done.status != 0
    assert "firebreak_fail_on is always; wanted never, drift or unknown" in done.output
    assert not (tmp_path / "reports").exists()


def test_an_unwritable_directory_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = play(tmp_path, {"one": LOCAL, "two": LOCAL, "three": LOCAL}, firebreak_report_dir=str(tmp_path / "file" / "reports"))
    assert done.status != 0
    assert done.output.count("fatal: ") == 1
    assert all(line.count("wanted a directory this user may write to") <= 1 for line in done.output.splitlines())
    assert f"firebreak_report_dir: cannot create the directory {tmp_path}/file/reports" in done.output
    assert "Traceback" not in done.output


def test_a_directory_of_one_s_own_holds_only_this_run(tmp_path: Path) -> None:
    own = tmp_path / "own"
    assert play(tmp_path, {"old": LOCAL}, firebreak_report_dir=str(own)).status == 0
    assert play(tmp_path, {"new": LOCAL}, firebreak_report_dir="own").status == 0
    assert list(report_of(own)["hosts"]) == ["new"]
    before = json.loads((own / ".before" / "fleet.json").read_text(encoding="utf-8"))
    assert (list(before["hosts"]), report_of(own)["previous"]) == (["old"], before["generated_at"])
    assert [path.name for path in (own / "records").iterdir()] == ["new.json"]
    assert not (tmp_path / "latest").exists() and not (tmp_path / "reports").exists()


@pytest.mark.parametrize(("playbook", "task"), [
    ("report_drift.yml", "Write the report"), ("scan.yml", "Scan and judge"), ("adopt_standard.yml", "Write the standard"),
    ("enforce_platform.yml", "Apply *"), ("verify_platform.yml", "Ask the hosts and hold their answers against the standard"),
])
def test_a_run_that_does_not_start_at_its_beginning_says_so_and_does_nothing(tmp_path: Path, playbook: str, task: str) -> None:
    done = play(tmp_path, {"localhost": LOCAL}, "--start-at-task", task, playbook=playbook)
    # Older cores break long lines, at hyphens too.
    assert done.status != 0 and "doesnotstartatitsbeginning(--start-at-task)" in "".join(done.output.split()), done.output
    assert "undefined" not in done.output and "ok: [" not in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "inventory.yml"]


def test_a_playbook_of_ones_own_may_start_anywhere_behind_ours(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    tasks = [{"name": "Deploy", "ansible.builtin.debug": {"msg": "deployed"}}]
    plays = [{"import_playbook": str(REPOSITORY / "playbooks/scan.yml")}, {"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    own.write_text(json.dumps(plays), encoding="utf-8")
    done = play(tmp_path, {"localhost": LOCAL}, "--start-at-task", "Deploy", playbook=str(own))
    assert done.status == 0 and "deployed" in done.output, done.output


def test_hostile_host_names_stay_inside_and_in_the_report(tmp_path: Path) -> None:
    names = ["../../../evil", "{{ 7 * 7 }}", "<script>alert(1)</script>", "x\x1b]0;t\x07y", ".hidden", "n" * 300]
    inside = tmp_path / "a" / "b" / "c"
    inside.mkdir(parents=True)
    done = play(inside, dict.fromkeys(names, LOCAL))
    assert done.status == 0, done.output
    report = report_of(inside / "reports/latest")
    assert sorted(report["hosts"]) == sorted(names)
    assert all(host["reasons"] != ["no_record"] for host in report["hosts"].values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    page = (inside / "reports/latest/fleet.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    table = done.output[done.output.index("HOST"):done.output.index("Report: ")]
    assert "\x1b" not in table and "x\\x1b]0;t\\x07y" in table


def test_hostile_records_cost_one_host_each(tmp_path: Path) -> None:
    assert play(tmp_path, {"good": LOCAL}, firebreak_report_dir="slice1").status == 0
    records = tmp_path / "slice2" / "records"
    records.mkdir(parents=True)
    good = (tmp_path / "slice1/records/good.json").read_text(encoding="utf-8")
    (records / "truncated.json").write_text(good[: len(good) // 2], encoding="utf-8")
    (records / "deep.json").write_text("[" * 200_000, encoding="utf-8")
    (records / "binary.json").write_bytes(bytes(range(256)))
    (records / "list.json").write_text("[1]", encoding="utf-8")
    (records / "folder.json").mkdir()
    os.mkfifo(records / "pipe.json")
    done = play(tmp_path, {"ignored": LOCAL}, playbook="report_records.yml", firebreak_runs=["slice1", "slice2"], firebreak_reports_keep=1)
    assert done.status == 0, done.output
    report = report_of(tmp_path / "reports/latest")
    lost = ["binary", "deep", "folder", "list", "pipe", "truncated"]
    assert sorted(report["hosts"]) == sorted([*lost, "good"])
    assert {name: report["hosts"][name]["reasons"] for name in lost} == {name: ["record_unreadable"] for name in lost}
    assert "cannot read" in report["hosts"]["truncated"]["error"]


def test_old_reports_go_when_asked(tmp_path: Path) -> None:
    assert play(tmp_path, {"good": LOCAL}, firebreak_report_dir="run").status == 0
    for _ in range(3):
        assert play(tmp_path, {}, playbook="report_records.yml", firebreak_runs=["run"], firebreak_reports_keep=2).status == 0
    kept = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert len(kept) == 3 and kept[-1] == "latest"
    assert (tmp_path / "reports/latest").resolve().name == kept[1]


@pytest.fixture
def awx(tmp_path: Path) -> Path:
    """A private data directory as AWX hands it to ansible-runner, with this working tree as its project."""
    project = tmp_path / "runner" / "project"
    for path in repository_files():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / path, project / path, follow_symlinks=False)
    (tmp_path / "runner" / "inventory").mkdir()
    write_inventory(tmp_path / "runner" / "inventory", {"probe": LOCAL, "other": LOCAL})
    return tmp_path / "runner"


def test_the_summary_outlives_the_project_of_an_awx_job(awx: Path) -> None:
    done = ansible_runner.run(
        private_data_dir=str(awx), playbook="playbooks/report_drift.yml", quiet=True,
        extravars={"awx_job_id": 4711, "firebreak_sections": ["os"], "firebreak_standard": {"os": {"id": "none-such"}}},
        envvars={"PATH": f"{Path(PLAYBOOK).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(awx)})
    assert done.status == "successful", done.stdout.read()
    shutil.rmtree(awx / "project")
    stats = next(event for event in done.events if event["event"] == "playbook_on_stats")
    kept = stats["event_data"]["artifact_data"]["firebreak_report_4711"]
    assert kept["summary"] == {"hosts": 2, "compliant": 0, "drifted": 2, "unknown": 0, "unreachable": 0}
    assert "os.release (high): expected none-such" in kept["worst"]["probe"]["findings"][0]
    assert len(json.dumps(kept)) <= 64 * 1024
    assert "0 of 2 hosts are on the standard" in done.stdout.read()
