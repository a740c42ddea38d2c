# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten hosts that do their worst beside ten honest ones: each costs itself only, in words, in time and in the controller's memory."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks._measuring import Cost, run

ROOT = Path(__file__).resolve().parents[2]
WORST = ("endless", "quadratic", "brackets", "forged", "escapes")
GOOD = [f"good{number}" for number in range(10)]
EVIL = [f"{kind}{number}" for kind in WORST for number in range(2)]
MEMORY = 500 * 1000 * 1000
STANDARD = {"name": "here", "os": {"id": "promised"}, "kernel": {"running": "9.9.9-promised"}}

Measured = Callable[..., Cost]


@pytest.fixture
def measured(tmp_path: Path) -> Measured:
    """Runs a command on the fleet, whose ssh is the stand-in."""
    stand_in = tmp_path / "bin" / "ssh"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} -IB {ROOT}/tests/system/stand_ins/hostile_ssh.py "$@"\n')
    stand_in.chmod(0o755)
    variables = {"ansible_connection": "ssh", "ansible_python_interpreter": sys.executable, "firebreak_standard": STANDARD,
                 "ansible_control_path": str(tmp_path / "{{ inventory_hostname }}")}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"vars": variables, "hosts": {host: {} for host in GOOD + EVIL}}}))
    path = os.pathsep.join([str(stand_in.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "LC_ALL": "C.UTF-8"}

    def cost_of(*argv: str) -> Cost:
        cost = run(["sh", "-c", '"$@" || [ $? -le 2 ]', "sh", *argv], tmp_path, environment)
        print(f"{len(GOOD + EVIL)} hosts: {cost.wall:.1f} s by the clock, {cost.cpu:.1f} s of processor, {cost.peak / 1e6:.0f} MB at the peak")
        return cost

    return cost_of


def _said(tmp_path: Path) -> str:
    return (tmp_path / "output").read_text(encoding="utf-8")


def _is_quiet(text: str) -> bool:
    return not any(letter in text for letter in "\x1b\x07\x00\u202e")


def test_a_hostile_fleet_is_scanned(measured: Measured, tmp_path: Path) -> None:
    scan: dict[str, Any] = {"directory": str(tmp_path / "run"), "sections": ["os", "kernel"], "available": False, "patience": 40}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"firebreak.fleet.fleet_scan": scan, "run_once": True, "delegate_to": "localhost"}]}
    (tmp_path / "play.json").write_text(json.dumps([play]))
    cost = measured("ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.json"))
    documents = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "run/records").iterdir()}
    assert sorted(documents) == sorted(GOOD + EVIL), _said(tmp_path)
    assert {documents[host]["verdict"] for host in GOOD} == {"drifted"}
    assert {documents[host]["verdict"] for host in EVIL} <= {"unknown", "unreachable"}
    assert all(_is_quiet(documents[host]["error"]) for host in EVIL) and _is_quiet(_said(tmp_path))
    assert cost.peak < MEMORY


def test_a_hostile_fleet_is_proven(measured: Measured, tmp_path: Path) -> None:
    cost = measured(sys.executable, "-m", "pytest", str(ROOT / "tests/platform"), "--hosts=ansible://all",
                    f"--ansible-inventory={tmp_path}/hosts.json", f"--firebreak-report={tmp_path}/proof",
                    "--firebreak-host-timeout=40", "-q", "--tb=no", "-p", "no:cacheprovider")
    proven = json.loads((tmp_path / "proof/proof.json").read_text())["hosts"]
    assert sorted(proven) == sorted(GOOD + EVIL), _said(tmp_path)
    assert {tuple(proven[host]["broken"]) for host in GOOD} == {("kernel.running", "os.id")}
    assert all(proven[host]["broken"] for host in EVIL)
    assert _is_quiet(_said(tmp_path)) and _is_quiet((tmp_path / "proof/proof.html").read_text(encoding="utf-8"))
    assert cost.peak < MEMORY
