# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package in a clean root: what it holds, and a run of the command from there on this machine."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workshop import REPOSITORY, build_artifact, clean_environment, run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's files in a folder of their own."""
    folder = tmp_path_factory.mktemp("deb")
    artifact = build_artifact(folder)
    package = Path(run([sys.executable, REPOSITORY / "packaging/build_deb.py", artifact, folder / "dist"]).strip().splitlines()[-1])
    shown = run(["dpkg-deb", "--field", package])
    assert "Package: firebreak-fleet" in shown and "ansible-core (>= 2.16)" in shown
    assert all(line.split()[1] == "root/root" for line in run(["dpkg-deb", "--contents", package]).splitlines())
    run(["dpkg-deb", "--extract", package, folder / "root"])
    return folder / "root"


def test_the_package_brings_manual_and_completions(root: Path) -> None:
    page = gzip.decompress((root / "usr/share/man/man1/firebreak.1.gz").read_bytes()).decode()
    assert ".TH FIREBREAK 1" in page and ".SS firebreak drift" in page
    for name in ("bash-completion/completions/firebreak", "zsh/vendor-completions/_firebreak", "fish/vendor_completions.d/firebreak.fish"):
        assert "firebreak" in (root / "usr/share" / name).read_text(encoding="utf-8")
    assert os.access(root / "usr/bin/firebreak", os.X_OK)


def test_the_installed_command_reports_this_machine(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    env = clean_environment(home, PYTHONPATH=str(root / "usr/lib/python3/dist-packages"),
                            ANSIBLE_COLLECTIONS_PATH=str(root / "usr/share/ansible/collections"))
    standard = json.dumps({"firebreak_standard": {"os": {"architecture": os.uname().machine}}})
    done = subprocess.run([sys.executable, root / "usr/bin/firebreak", "drift", "--sections", "os", "--json", "-e", standard], cwd=tmp_path, env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["result"]["summary"]["compliant"] == 1
