# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the role kata where things fail: it shows no login of its source and leaves nothing, and CRI-O's reload is owed until it was done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from workshop import REPOSITORY


def played(tmp_path: Path, tasks: list[dict[str, Any]], *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A play of tasks on this machine."""
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", *words, str(tmp_path / "play.yml"),
         "-e", f"ansible_python_interpreter={sys.executable}"],
        env={**os.environ, "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"), "ANSIBLE_HOME": str(tmp_path), **variables},
        capture_output=True, text=True, check=False, timeout=300)


def step(name: str, **variables: Any) -> dict[str, Any]:
    """A step of the role with what went before it."""
    return {"ansible.builtin.include_role": {"name": "firebreak.fleet.kata", "tasks_from": name}, "vars": variables}


def test_a_source_with_a_login_is_shown_without_it_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    done = played(tmp_path, [step("bring.yml", __kata_plan={"machine": "x86_64"}, kata_version="3.32.0", kata_staging_dir=str(tmp_path / "staging"),
                                  kata_source="http://mirror:S3CRET@127.0.0.1:1")], "-vvv")
    assert "Fetch the archives" in done.stdout
    assert "Connection refused" in done.stdout
    assert "S3CRET" not in done.stdout + done.stderr
    assert list((tmp_path / "staging").iterdir()) == []


# What systemd says of a CRI-O that runs, or that no unit of that name runs; a reload is noted, and does what it is told to.
SYSTEMCTL = """#!/bin/sh
case " $* " in
  *' show '*'crio.service'*) echo 'LoadState=loaded
ActiveState=active
SubState=running' ;;
  *' reload '*) echo reloaded >>%(place)s/reloads; exec cat %(place)s/answer ;;
esac
"""


def test_crios_reload_is_owed_until_it_was_done(tmp_path: Path) -> None:
    """Of a CRI-O that runs it is asked, and of none where none runs; where it fails the run does, and the next one asks again."""
    programs, noted, pending = tmp_path / "bin", tmp_path / "reloads", tmp_path / "pending"
    programs.mkdir()
    (programs / "systemctl").write_text(SYSTEMCTL % {"place": tmp_path})
    (programs / "systemctl").chmod(0o755)
    row = {"item": "crio", "waits": True, "reloads": "crio.service", "pending": str(pending)}
    # An engine that does not run is told nothing, and reads its files when it starts.
    asleep = {**row, "reloads": "", "pending": str(tmp_path / "other")}

    def ask(*rows: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return played(tmp_path, [step("read.yml", __kata_placed={"results": list(rows)})], PATH=f"{programs}:{os.environ['PATH']}")

    for path in (row["pending"], asleep["pending"]):
        Path(str(path)).write_text("")
    failed = ask(row)
    assert failed.returncode != 0 and "Unable to reload service crio.service" in failed.stdout, failed.stdout
    assert (noted.read_text(), pending.exists()) == ("reloaded\n", True)
    (tmp_path / "answer").write_text("")
    done = ask(asleep, row)
    assert done.returncode == 0, done.stdout
    assert (noted.read_text(), pending.exists(), (tmp_path / "other").exists()) == ("reloaded\n" * 2, False, False)
