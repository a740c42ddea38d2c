# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof by real ansible-playbook and pytest runs on this machine, which is asked and not changed."""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from playing import LOCAL, Done, play, write_inventory
from workshop import REPOSITORY, clean_environment

HOLDS = {"os": {"architecture": platform.machine()}, "boot": {"uptime_days": {"maximum": 100000}}}
BREAKS: dict[str, Any] = {"os": {"architecture": "vax"}}
OLD = {**LOCAL, "firebreak_standard": BREAKS}
GOOD = {**LOCAL, "firebreak_standard": HOLDS}
GONE = {"ansible_host": "127.0.0.1", "ansible_port": 1, "firebreak_standard": HOLDS}


def verify(folder: Path, hosts: dict[str, Any], *arguments: str, **variables: Any) -> Done:
    """A run of verify_platform.yml."""
    return play(folder, hosts, *arguments, playbook="verify_platform.yml", firebreak_report_dir=str(folder / "run"), **variables)


def proof(folder: Path) -> dict[str, Any]:
    """What the run wrote."""
    document: dict[str, Any] = json.loads((folder / "run/proof/proof.json").read_text(encoding="utf-8"))
    return document["hosts"]  # type: ignore[no-any-return]


def test_a_host_on_its_standard_is_proven_and_the_reports_say_so(tmp_path: Path) -> None:
    done = verify(tmp_path, {"good": GOOD}, firebreak_evidence=f"{tmp_path}/kept/")
    assert done.status == 0, done.output
    assert "asked good (1 of 1" in done.output
    assert proof(tmp_path)["good"]["broken"] == []
    suite = ElementTree.parse(tmp_path / "run/proof/junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "0")
    assert "good" in (tmp_path / "run/proof/proof.html").read_text(encoding="utf-8")
    (evidence,) = (tmp_path / "kept").glob("evidence-*.tar.gz")
    with tarfile.open(evidence) as archive:
        assert any(name.endswith("/hosts/good.json") for name in archive.getnames())


def test_a_broken_promise_fails_the_play_and_is_named(tmp_path: Path) -> None:
    done = verify(tmp_path, {"good": GOOD, "old": OLD})
    assert done.status != 0
    assert f"os.architecture: old is a machine of the kind {platform.machine()}; the standard promises vax" in done.output
    assert proof(tmp_path)["old"]["broken"] == ["os.architecture"]
    assert proof(tmp_path)["good"]["broken"] == []


def test_a_host_that_cannot_be_reached_is_broken_and_the_others_are_proven(tmp_path: Path) -> None:
    done = verify(tmp_path, {"good": GOOD, "gone": GONE})
    assert done.status != 0
    assert "gone cannot be reached: " in done.output
    assert proof(tmp_path)["gone"]["broken"] == ["the host can be asked"]
    assert proof(tmp_path)["good"]["broken"] == []


def test_a_host_without_a_standard_is_not_proven(tmp_path: Path) -> None:
    done = verify(tmp_path, {"good": GOOD, "free": LOCAL})
    assert done.status != 0
    assert "free has no standard that can be used" in done.output


def test_a_limit_limits_and_check_mode_proves_too(tmp_path: Path) -> None:
    done = verify(tmp_path, {"good": GOOD, "old": OLD}, "--limit", "good", "--check")
    assert done.status == 0, done.output
    assert list(proof(tmp_path)) == ["good"]


def test_a_waiver_is_told_and_does_not_fail(tmp_path: Path) -> None:
    waivers = [{"finding": "os.architecture", "owner": "museum", "reason": "it stays", "expires": "2999-01-01"}]
    done = verify(tmp_path, {"old": {**OLD, "firebreak_waivers": waivers}})
    assert done.status == 0, done.output
    assert proof(tmp_path)["old"]["promises"]["os.architecture"]["outcome"] == "waived"


def test_one_weakness_that_is_waived_is_told_in_a_promise_of_all(tmp_path: Path) -> None:
    """A processor that is open is never "passed", whoever answers for it. This machine's own are judged, so all of them are waived."""
    waivers = [{"finding": "cpu.*", "owner": "web team", "reason": "new machines are ordered", "expires": "2999-01-01"}]
    strict = {"cpu": {"vulnerabilities": {"all": "not_affected"}}}
    done = verify(tmp_path, {"web": {**LOCAL, "firebreak_standard": strict, "firebreak_waivers": waivers}})
    promise = proof(tmp_path)["web"]["promises"]["cpu.vulnerabilities.all"]
    assert done.status == 0, done.output
    assert promise["outcome"] == "waived"
    assert promise["sentence"].startswith("waived by web team until 2999-01-01 (new machines are ordered): web is open to ")
    assert "hold, 1 is waived" in done.output


def test_a_day_that_yaml_reads_as_a_date_is_a_day(tmp_path: Path) -> None:
    waivers = [{"finding": "os.architecture", "owner": "museum", "reason": "it stays", "expires": datetime.date(2999, 1, 1)}]
    done = verify(tmp_path, {"old": {**OLD, "firebreak_standard": {**BREAKS, "name": datetime.date(2026, 11, 1)}, "firebreak_waivers": waivers}})
    assert done.status == 0, done.output
    assert proof(tmp_path)["old"]["promises"]["os.architecture"]["outcome"] == "waived"


def test_templates_in_variables_are_resolved(tmp_path: Path) -> None:
    templated = {**LOCAL, "arch": platform.machine(), "firebreak_standard": {"os": {"architecture": "{{ arch }}"}}}
    done = verify(tmp_path, {"good": templated})
    assert done.status == 0, done.output


def test_evidence_that_cannot_be_signed_fails_the_run(tmp_path: Path) -> None:
    done = verify(tmp_path, {"good": GOOD}, firebreak_evidence=f"{tmp_path}/kept/", firebreak_evidence_key=f"{tmp_path}/no-key")
    assert done.status != 0
    assert "the evidence cannot be signed" in done.output


def run_suite(folder: Path, *arguments: str) -> Done:
    """The suite by hand, from another folder."""
    env = clean_environment(folder / "home")
    done = subprocess.run([sys.executable, "-m", "pytest", str(REPOSITORY / "tests/platform"), *arguments], cwd=folder, env=env, timeout=300,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return Done(done.returncode, done.stdout.decode(errors="replace"))


def test_the_suite_runs_by_hand_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    inventory = write_inventory(tmp_path, {"good": {**GOOD, "ansible_python_interpreter": sys.executable}})
    before = {path for path in (REPOSITORY / "tests/platform").rglob("*") if "__pycache__" not in path.parts}
    done = run_suite(tmp_path, "--hosts=ansible://all", f"--ansible-inventory={inventory}")
    assert done.status == 0, done.output
    assert "good: all 3 promises hold" in done.output
    assert "skipped" not in done.output
    assert {path for path in (REPOSITORY / "tests/platform").rglob("*") if "__pycache__" not in path.parts} == before
    assert not (tmp_path / ".pytest_cache").exists()


def test_workers_of_xdist_get_the_answers(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    inventory = write_inventory(tmp_path, {"good": GOOD, "old": OLD})
    done = run_suite(tmp_path, "--hosts=ansible://all", f"--ansible-inventory={inventory}", "-n", "2")
    assert done.status == 1, done.output
    assert done.output.count("asked good") == 1
    assert "old: 1 of 2 promises are broken" in done.output


@pytest.mark.parametrize(("hosts", "said"), [("--hosts=ansible://nobody", "matches no host"), ("--connection=ssh", "--hosts names no host")])
def test_no_host_is_an_error(tmp_path: Path, hosts: str, said: str) -> None:
    (tmp_path / "home").mkdir()
    inventory = write_inventory(tmp_path, {"good": GOOD})
    done = run_suite(tmp_path, hosts, f"--ansible-inventory={inventory}")
    assert done.status == 4
    assert said in done.output
