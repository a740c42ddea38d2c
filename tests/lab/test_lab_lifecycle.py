# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab leaves nothing behind: after down, after an interrupt, and after kill -9 followed by down.

Each test looks at a small world of its own (namespaces of processes, mounts and network made by ``unshare``), in which whatever is
there was put there by the lab. Containers stand for most of it, since they need mounts, namespaces and control groups besides processes
and ports; a machine is there too, half booted.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from firebreak_lab import images
from running_fleet import ROOT, lab_environment

WORLD = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", sys.executable]
FLEET = """
box: {image: bookworm, kind: container}
other: {image: trixie, kind: container}
machine: {image: bookworm, memory: 384}
"""


@pytest.fixture(scope="module")
def fleet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fleet of two containers and a machine; its images are made outside the small world, which has no network."""
    images.provide_all(["bookworm", "trixie"])
    path = tmp_path_factory.mktemp("fleet") / "small.yml"
    path.write_text(FLEET)
    return path


def run_world(ending: str, fleet_file: Path, state_home: Path) -> str:
    """What a small world that ends in this way says; its labs are in a folder of their own, since it sees no process of ours that holds one."""
    script = Path(__file__).parent / "lifecycle_world.py"
    environment = {**lab_environment(f"test-{os.getpid()}-{ending}"), "XDG_STATE_HOME": str(state_home)}
    done = subprocess.run([*WORLD, script, ending, fleet_file], env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("ending", ["down", "interrupt", "kill"])
def test_nothing_is_left(fleet_file: Path, tmp_path: Path, ending: str) -> None:
    assert "nothing is left" in run_world(ending, fleet_file, tmp_path)


def test_two_labs_of_one_name_do_not_meet(fleet_file: Path, tmp_path: Path) -> None:
    """The second command is told who holds the lab, instead of mixing with it."""
    assert "is in use by another command" in run_world("locked", fleet_file, tmp_path)
