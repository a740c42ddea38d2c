# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node of tests/system/test_containerd_drop_ins.py with containerds of other releases of Debian (1.7 of trixie, 2.x of sid), never installed.

They are asked how they behave, so it does not matter that a mirror's list of them may be past its day; its signature is checked.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import containerd_node
import pytest
from firebreak_lab import apt_sources

RELEASES = {"trixie": "1.7", "sid": "2."}
_SETTINGS = ("State", "State::status", "Cache", "Etc::sourcelist", "Etc::sourceparts")


@pytest.fixture(scope="module", params=RELEASES)
def containerd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program of a release."""
    suite, folder = str(request.param), tmp_path_factory.mktemp("containerd")
    for name in ("state/lists/partial", "cache/archives/partial", "tree"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(apt_sources.source_lines(suite, False))
    places = (folder / "state", "/dev/null", folder / "cache", folder / "sources.list", "/dev/null")
    lines = [f'Dir::{name} "{place}";' for name, place in zip(_SETTINGS, places, strict=True)]
    lines += ['Acquire::Check-Valid-Until "false";', 'APT::Sandbox::User "root";', 'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";']
    (folder / "apt.conf").write_text("\n".join([*lines, *apt_sources.own_settings()]) + "\n")
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    for argv in (["apt-get", "-q", "update"], ["apt-get", "-q", "download", "containerd"]):
        subprocess.run(argv, cwd=folder / "tree", env=environment, check=True, timeout=600)
    package, = (folder / "tree").glob("containerd_*.deb")
    subprocess.run(["dpkg-deb", "-x", package, folder / "tree"], check=True, timeout=120)
    program = folder / "tree/usr/bin/containerd"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    assert f" {RELEASES[suite]}" in said, said
    return str(program)


def test_a_nodes_configuration_of_cri_is_kept(containerd: str, tmp_path: Path) -> None:
    containerd_node.keep_everything_but_the_handler(tmp_path, containerd)


def test_a_block_in_the_operators_own_file_keeps_all_of_it(containerd: str, tmp_path: Path) -> None:
    containerd_node.keep_all_of_the_operators_own_file(tmp_path, containerd)


def test_what_several_files_lose_is_told(containerd: str, tmp_path: Path) -> None:
    containerd_node.lose_what_is_said_to_be_lost(tmp_path, containerd)


@pytest.mark.parametrize("kind", containerd_node.REFUSALS)
def test_a_refused_registration_leaves_everything_as_it_was(kind: str, containerd: str, tmp_path: Path) -> None:
    containerd_node.refuse_and_leave_everything(tmp_path, containerd, kind)
