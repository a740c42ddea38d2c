# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots of newer releases of Debian with uutils and sudo-rs in Ubuntu's layout, held against themselves with the programs of GNU. Needs root.

sudo-rs is in Debian since trixie. Of testing there is a root as long as the mirror's Release file is valid; where its day has passed, apt itself
refuses the suite, which the test then holds it to.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from firebreak_lab import apt_sources
from layouts import LIE, MULTI_CALL, SUDO_RS, UUTILS, differences, look

SUITES = ("trixie", "testing")
_PACKAGES = "python3,rust-coreutils,sudo,sudo-rs,systemd,procps"
_RUST = f"{UUTILS}{SUDO_RS}[ \"$(readlink -f /usr/bin/uname)\" = {MULTI_CALL} ]; sudo --version 2>&1 | grep -q '^sudo-rs '"
_EXPIRED = re.compile(r"Release file for \S+ is expired")


def built(suite: str, folder: Path) -> tuple[Path, str]:
    """(the root of a suite, '' or why apt refuses it)."""
    settings = ['APT::Install-Recommends "false";', *apt_sources.own_settings()]
    argv = ["mmdebstrap", "--mode=root", "--variant=apt", "--format=directory", *(f"--aptopt={line}" for line in settings),
            f"--include={_PACKAGES}", suite, str(folder / "tree"), "-"]
    done = subprocess.run(argv, input=apt_sources.source_lines(suite, False), capture_output=True, text=True, timeout=1200, check=False)
    return folder / "tree", "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("suite", SUITES)
def test_a_root_with_programs_in_rust_is_told_as_the_same(suite: str, tmp_path: Path) -> None:
    root, refused = built(suite, tmp_path)
    if refused:
        assert suite == "testing" and _EXPIRED.search(refused), refused
        return
    gnu = look(tmp_path / "gnu", "true", lower=str(root))
    rust = look(tmp_path / "rust", _RUST, lower=str(root), become="sudo -n")
    assert gnu.record["os"]["altered_files"] == []
    assert differences(gnu, rust) == []
    lying = look(tmp_path / "lying", f"{_RUST}\n{LIE}", "os", "altered", lower=str(root), become="sudo -n")
    assert lying.record["os"]["altered_files"] is None and "/usr/bin/uname" in lying.answers["altered"].out.split()
    other = look(tmp_path / "other", f"{_RUST}\necho >>{MULTI_CALL}", "os", "altered", lower=str(root), become="sudo -n")
    assert other.record["os"]["altered_files"] == [f"{MULTI_CALL} (rust-coreutils)"] and MULTI_CALL in other.answers["altered"].out.split()
