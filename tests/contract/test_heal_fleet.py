# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Healing reaches those whom it decided upon, whatever else is set."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from playing import LOCAL, PLAYBOOK, write_inventory
from workshop import REPOSITORY, clean_environment


@pytest.mark.parametrize("settings", [{"firebreak_hosts": "h0"}, {"firebreak_hosts": ""}, {"firebreak_leave_out_here": []},
                                      {"firebreak_report_dir": "elsewhere"}])
def test_what_is_stronger_than_its_own_decision_is_refused_before_anything_is_noted(tmp_path: Path, settings: dict[str, object]) -> None:
    (tmp_path / "home").mkdir()
    event = {"firebreak_heal": True, "firebreak_event": {"kind": "drift", "id": "kernel.default_boot"}, **settings}
    argv = [PLAYBOOK, "-i", str(write_inventory(tmp_path, {"h0": LOCAL})), str(REPOSITORY / "playbooks/heal_fleet.yml"), "-e", json.dumps(event)]
    done = subprocess.run(argv, cwd=tmp_path, env=clean_environment(tmp_path / "home", ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg")),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    name, = settings
    assert done.returncode == 2, done.stdout
    assert f"{name} is given with -e or by a survey" in " ".join(done.stdout.split())
    assert not (tmp_path / "reports").exists() and not (tmp_path / "elsewhere").exists()
