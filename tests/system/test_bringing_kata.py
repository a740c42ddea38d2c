# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role kata brings its archives to a folder of its own, and shows no login of its source, whatever fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from workshop import REPOSITORY


def test_a_source_with_a_login_is_shown_without_it_and_nothing_is_left(tmp_path: Path) -> None:
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [
        {"ansible.builtin.include_role": {"name": "firebreak.fleet.kata", "tasks_from": "bring.yml"}, "vars": {
            "__kata_plan": {"machine": "x86_64"}, "kata_version": "3.32.0", "kata_staging_dir": str(tmp_path / "staging"),
            "kata_source": "http://mirror:S3CRET@127.0.0.1:1"}}]}]
    (tmp_path / "staging").mkdir()
    (tmp_path / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", "-vvv", str(tmp_path / "play.yml"),
         "-e", f"ansible_python_interpreter={sys.executable}"],
        env={**os.environ, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=300)
    assert "Fetch the archives" in done.stdout
    assert "Connection refused" in done.stdout
    assert "S3CRET" not in done.stdout + done.stderr
    assert list((tmp_path / "staging").iterdir()) == []
