# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs as AWX 24.6.1 starts them: every value that a survey sends, slices that share a folder, a slice that is cancelled, one that is empty.

What AWX does was seen on a genuine one (24.6.1 with PostgreSQL, receptor and jobs in podman); AWX itself is not started here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._settings.meaning import SETTINGS
from awx_job import LOCAL, Ended, copy_project, prepare, slices, start, start_and_cancel, start_elsewhere
from workshop import REPOSITORY, clean_environment, repository_files

# What AWX takes for a playbook: any YAML with such a line (awx/main/utils/ansible.py), but below these folders and hidden ones.
PLAYBOOK_LINE = re.compile(r"^\s*?-?\s*?(?:hosts|include|(?:ansible\.builtin\.)?import_playbook):\s*?.*?$")
SKIPPED = ("roles", "tasks", "group_vars", "host_vars")

WRONG = {"firebreak_standard": {"os": {"id": "none-such"}}}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("awx") / "project")


def job(folder: Path, project: Path, number: int, playbook: str, hosts: dict[str, Any], workflow: Any = None, **variables: Any) -> Ended:
    """Prepare a job and run it; the scan is cut to one section to be quick."""
    private = prepare(folder / f"awx_{number}_x", project, number, hosts, {"firebreak_sections": "os", **variables}, workflow)
    return start(private, number, playbook)


def test_awx_offers_our_playbooks_only() -> None:
    def looks_so(path: Path) -> bool:
        hidden = any(part in SKIPPED or part.startswith(".") for part in path.parts[:-1])
        return path.suffix in (".yml", ".yaml") and not hidden and any(map(PLAYBOOK_LINE.match, _lines(path)))

    offered = {str(path) for path in repository_files() if looks_so(path)}
    ours = {str(path) for path in repository_files() if path.parts[0] == "playbooks" and path.suffix == ".yml" and len(path.parts) == 2}
    assert offered == ours


TEMPLATES = re.findall(r"playbook: (\w+\.yml)", (REPOSITORY / "playbooks/vars/awx.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [REPOSITORY / "playbooks" / name for name in TEMPLATES], ids=lambda path: str(path.stem))
def test_each_playbook_looks_at_its_core_and_its_settings_first(path: Path) -> None:
    """Whatever the host pattern is left blank, or holds lines, it is read as it is meant."""
    plays = yaml.safe_load(path.read_text(encoding="utf-8"))
    first = (plays[0].get("pre_tasks") or plays[0]["tasks"])[0]
    assert first.get("ansible.builtin.import_tasks") == "tasks/begin.yml"
    assert not [play["hosts"] for play in plays if "firebreak_hosts" in str(play.get("hosts")) and "firebreak.fleet.meant" not in play["hosts"]]


# What is a host's own, what one play tells another, and what no survey asks for.
NO_SETTINGS = {"firebreak_checks", "firebreak_busy_programs", "firebreak_change_tasks", "firebreak_failures_are_told",
               "firebreak_leave_out_here", "firebreak_rollout_role", "firebreak_unreached"}


@pytest.mark.parametrize("path", sorted((REPOSITORY / "playbooks").rglob("*.yml")), ids=lambda path: str(path.stem))
def test_each_variable_that_may_be_left_out_is_checked_before_anything_is_done(path: Path) -> None:
    used = set(re.findall(r"(?<![\w.])(cve|firebreak_\w+) ?\| ?default\(", path.read_text(encoding="utf-8")))
    assert {name for name in used if not name.startswith(("firebreak_awx_", "firebreak_heal", "firebreak_event"))} <= set(SETTINGS) | NO_SETTINGS


def _lines(path: Path) -> list[str]:
    return (REPOSITORY / path).read_text(encoding="utf-8", errors="replace").splitlines()


def test_a_survey_left_blank_is_a_report_of_all(project: Path, tmp_path: Path) -> None:
    """Text questions send '' where nothing was typed, and a multiselect of nothing sends []."""
    asked = ("report_dir", "standard", "fail_on", "hypervisor_probe", "hosts", "serial", "reports_keep", "metrics", "details")
    blanks: dict[str, Any] = {f"firebreak_{name}": "" for name in asked}
    done = job(tmp_path, project, 7, "report_drift.yml", {"one": LOCAL, "two": LOCAL}, **blanks, firebreak_waivers=[])
    assert done.status == "successful", done.output
    assert done.artifacts["firebreak_report_7"]["summary"]["hosts"] == 2
    assert " ends with the job. What stays is the artifact firebreak_report_7; to keep all of it, have firebreak_report_dir name" in done.output
    assert "host keys are not checked in this run" in done.output


def test_the_host_that_is_judged_badly_is_the_one_that_fails(project: Path, tmp_path: Path) -> None:
    """Relaunching on failed hosts then runs those again, and none that is well. The standard comes as the text of a survey."""
    hosts = {"a-well": {**LOCAL, "firebreak_waivers": [{"finding": "*", "owner": "o", "reason": "r", "expires": "2099-01-01"}]}, "b-bad": LOCAL,
             "c-gone": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}}
    done = job(tmp_path, project, 8, "report_drift.yml", hosts, firebreak_standard='{"os": {"id": "none-such"}}', firebreak_fail_on="unknown",
               firebreak_hosts="a-well\nb-bad\nc-gone\n")
    assert done.status == "failed"
    assert done.failed == ("b-bad", "c-gone"), done.output
    assert "b-bad: os.release (os.id) expected none-such" in done.output


def test_slices_that_share_a_folder_end_in_one_report(project: Path, tmp_path: Path) -> None:
    """Expected hosts, two slices, the merge; then the same where the second slice was cancelled, and by the artifacts alone.

    A sliced job is a workflow job of its own in the workflow (awx/main/models/jobs.py, create_unified_job): its slices have another
    awx_workflow_job_id than the jobs before and after them. The artifact of the second has no room for its record, which is on the share.
    """
    hosts = {"web1": LOCAL, "web2": {**LOCAL, **WRONG}, "web3": LOCAL}
    share = tmp_path / "share"
    expected = job(tmp_path, project, 20, "expect_hosts.yml", hosts, 19, firebreak_hosts="").artifacts
    assert expected["firebreak_hosts_expected"] == ["web1", "web2", "web3"]
    ended = [job(tmp_path, project, number, "scan.yml", {name: hosts[name] for name in names}, 21, firebreak_report_dir=str(share),
                 firebreak_artifact_bytes=room, **expected)
             for number, room, names in zip((22, 23), ("", 10), slices(list(hosts), 2), strict=True)]
    assert [done.status for done in ended] == ["successful", "successful"], ended[0].output
    assert sorted(path.name for path in (share / "21").iterdir()) == ["22", "23"]
    left = {name: value for done in ended for name, value in done.artifacts.items()}
    assert sorted(left) == ["firebreak_records_22", "firebreak_records_23"] and left["firebreak_records_23"]["left_out"] == ["web2"]
    merged = job(tmp_path, project, 24, "report_records.yml", {}, 19, firebreak_report_dir=str(share), **expected, **left)
    assert merged.status == "successful", merged.output
    report = json.loads((share / "latest" / "fleet.json").read_text(encoding="utf-8"))
    assert (sorted(report["hosts"]), report["summary"]["drifted"], report["partial"]) == (["web1", "web2", "web3"], 1, False)
    assert (share / "19/24/records/web3.json").is_file()
    by_artifact = job(tmp_path, project, 25, "report_records.yml", {}, 19, **expected, firebreak_records_22=left["firebreak_records_22"])
    assert by_artifact.status == "failed"
    assert "1 of 3 expected hosts left no record, so this is the report of a part: web2" in by_artifact.output
    assert by_artifact.artifacts["firebreak_report_25"]["summary"] == {"hosts": 3, "compliant": 0, "drifted": 0, "unknown": 3, "unreachable": 0}


def test_what_earlier_jobs_left_in_artifacts_is_answered_and_planned_for(project: Path, tmp_path: Path) -> None:
    """A workflow without a share: nothing but artifacts goes from job to job, and what this one writes ends with it."""
    left = job(tmp_path, project, 27, "scan.yml", {"web1": LOCAL}, 26).artifacts
    feed = tmp_path / "tracker.json"
    feed.write_text(json.dumps({"linux": {"CVE-2026-31431": {"releases": {"bookworm": {"status": "open"}}}}}), encoding="utf-8")
    asked = {"cve": "CVE-2026-31431\n", "firebreak_feeds": f"{feed}\n", "firebreak_report_dir": "", "firebreak_hosts_expected": ["web1", "web2"]}
    answered = job(tmp_path, project, 28, "answer_cve.yml", {}, 25, **asked, **left)
    assert answered.status == "successful", answered.output
    assert sum(answered.artifacts["firebreak_answers_28"]["answers"]["CVE-2026-31431"].values()) == 2
    assert " ends with the job. What stays is the artifact firebreak_answers_28; to keep all of it" in answered.output
    planned = job(tmp_path, project, 29, "plan_platform.yml", {}, 25, **left)
    assert planned.status == "successful", planned.output
    assert " ends with the job. What stays is the artifact firebreak_plan_29; to keep all of it" in planned.output


def test_a_slice_that_was_cancelled_is_named_and_an_empty_one_does_no_harm(project: Path, tmp_path: Path) -> None:
    """Three slices: one ends well, one is cancelled while it scans, of one the survey leaves no host. The edge to the merge is *always*."""
    begun, share = tmp_path / "begun", tmp_path / "share"
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\ntouch {begun}\nexec sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    asked = {"firebreak_hosts": "web1\nweb2\n", "firebreak_report_dir": str(share)}
    private = prepare(tmp_path / "awx_32_x", project, 32, {"web2": {"ansible_connection": "ssh", "ansible_ssh_executable": str(slow)}}, asked, 30)
    ended = [job(tmp_path, project, 31, "scan.yml", {"web1": LOCAL}, 30, **asked), start_and_cancel(private, 32, "scan.yml", begun),
             job(tmp_path, project, 33, "scan.yml", {"web3": LOCAL}, 30, **asked)]
    assert [done.status for done in ended] == ["successful", "canceled", "successful"], ended[1].output
    assert [list(done.artifacts) for done in ended] == [["firebreak_records_31"], [], []]
    merged = job(tmp_path, project, 34, "report_records.yml", {}, 29, firebreak_report_dir=str(share), firebreak_hosts_expected=["web1", "web2"],
                 **ended[0].artifacts)
    assert merged.status == "failed"
    assert "1 of 2 expected hosts left no record, so this is the report of a part: web2" in merged.output
    report = json.loads((share / "29/34/fleet.json").read_text(encoding="utf-8"))
    assert (sorted(report["hosts"]), report["hosts"]["web2"]["reasons"], report["partial"]) == (["web1", "web2"], ["no_record"], True)


def test_a_report_of_nobody_is_not_green(project: Path, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    nobody = job(tmp_path, project, 36, "report_records.yml", {}, 35, firebreak_report_dir=str(tmp_path / "share"))
    assert nobody.status == "failed"
    assert "no records of any run were found" in nobody.output
    named = job(tmp_path, project, 37, "report_records.yml", {}, firebreak_runs=str(tmp_path / "share"))
    assert named.status == "failed"
    assert "a report of nobody would prove nothing" in named.output


def test_a_job_on_an_execution_node(project: Path, tmp_path: Path) -> None:
    """The project's links arrive there, and the report's artifact comes back."""
    private = prepare(tmp_path / "awx_50_x", project, 50, {"web1": LOCAL}, {"firebreak_sections": "os"})
    done = start_elsewhere(private, tmp_path / "node", 50, "report_drift.yml")
    assert done.status == "successful", done.output
    assert done.artifacts["firebreak_report_50"]["summary"]["hosts"] == 1


@pytest.mark.parametrize(("playbook", "names"), [
    ("report_drift.yml", ("firebreak_report_dir",)),
    ("report_drift.yml", ("firebreak_hosts",)),
    ("report_drift.yml", ("firebreak_standard",)),
    ("enforce_platform.yml", ("firebreak_serial", "firebreak_rollout_dir")),
    ("answer_cve.yml", ("firebreak_feeds",)),
])
def test_a_template_that_was_not_rendered_is_refused(project: Path, tmp_path: Path, playbook: str, names: tuple[str, ...]) -> None:
    done = plain(project, tmp_path, playbook, dict.fromkeys(names, "{{ awx_job_id }}"))
    assert done.returncode != 0
    said = " ".join(done.stdout.split())
    for name in names:
        assert re.search(name + r"(?: is|: seen) '?\{\{ awx_job_id \}\}'?, a template that was not rendered", said), said
    assert not (tmp_path / "reports").exists() and "Traceback" not in done.stdout


def test_all_mistakes_are_told_before_the_scan(project: Path, tmp_path: Path) -> None:
    wrong = {"firebreak_reports_keep": "many", "firebreak_hypervisor_probe": "deep", "firebreak_fail_on": "always"}
    done = plain(project, tmp_path, "report_drift.yml", wrong)
    text = " ".join(done.stdout.split())
    for words in ("firebreak_reports_keep is many; wanted 0, which keeps all", "firebreak_hypervisor_probe is deep; wanted device, vm, vcpu or guest",
                  "firebreak_fail_on is always; wanted never, drift or unknown"):
        assert words in text
    assert "Scan and judge" not in text


def plain(project: Path, folder: Path, playbook: str, variables: dict[str, Any], **environment: str) -> subprocess.CompletedProcess[str]:
    """A playbook of the project without AWX around it, with unsafe variables."""
    extra, inventory = folder / "extra.yml", folder / "hosts.json"
    extra.write_text("".join(f"{name}: !unsafe {json.dumps(value)}\n" for name, value in variables.items()), encoding="utf-8")
    inventory.write_text(json.dumps({"all": {"hosts": {"web1": LOCAL}}}), encoding="utf-8")
    env = clean_environment(folder, ANSIBLE_CONFIG=str(project / "ansible.cfg"), COLUMNS="400", **environment)
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), str(project / "playbooks" / playbook), "-e", f"@{extra}"]
    return subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300, check=False)


def test_a_core_that_is_too_old_is_refused_in_one_sentence(project: Path, tmp_path: Path) -> None:
    """The stock execution environment of AWX 24.6.1 holds ansible-core 2.15."""
    old = tmp_path / "old"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(old), "ansible-core==2.15.13"]
    subprocess.run(install, check=True, timeout=300)
    done = plain(project, tmp_path, "report_drift.yml", {"firebreak_hosts": ""}, PYTHONPATH=str(old))
    assert done.returncode == 2
    assert "Firebreak needs ansible-core 2.16 or newer, and Python 3.10 or newer with it; this is 2.15.13" in done.stdout
    assert "probably a bug" not in done.stdout and "Traceback" not in done.stdout
