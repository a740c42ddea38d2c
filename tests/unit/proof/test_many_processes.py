# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with more processes than a command takes arguments, of which a question that names them all at once hears nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from firebreak_proof import gathering
from firebreak_proof.asking import Question
from firebreak_proof.questions.processes import PROCESSES

COUNT = 2500


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("many")
    for pid in range(COUNT):
        folder = place / str(pid)
        folder.mkdir()
        (folder / "exe").symlink_to(f"/usr/bin/program-{pid}")
        (folder / "status").write_text(f"Name:\tx\nPid:\t{pid}\nPPid:\t1\n")
    return place


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_all_processes_are_heard_of(many: Path, shell: str) -> None:
    """A stack of 256 kB leaves 128 kB for arguments (execve(2))."""
    script = f"ulimit -s 256; {PROCESSES.replace('/proc', str(many))}\nlinks_of_all exe; status_of_all '^(Pid|PPid):'"
    said = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert sorted(said) == sorted(line for pid in range(COUNT) for line in (f"{pid} /usr/bin/program-{pid}", f"Pid:\t{pid}", "PPid:\t1"))


@pytest.mark.parametrize("question", gathering.QUESTIONS, ids=lambda question: question.name)
def test_no_command_is_given_all_processes(question: Question) -> None:
    """A loop of the shell's own, and its own printf, take any number."""
    given = re.findall(r"(\w+)[^|;{\n]* (?:\"?/proc/)\[0-9\]\*", question.shell)
    assert set(given) <= {"printf", "for"}
