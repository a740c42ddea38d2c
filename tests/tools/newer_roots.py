# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots of other releases of Debian, with uutils and sudo-rs in Ubuntu's layout held against themselves with the programs of GNU. Needs root.

sudo-rs is in Debian since trixie. Of testing there is a root as long as the mirror's Release file is valid; where its day has passed, apt itself
refuses the suite, which is then all that there is to see.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firebreak_lab import apt_sources
from layouts import LIE, MULTI_CALL, SUDO_RS, UUTILS, differences, look

_PACKAGES = "python3,rust-coreutils,sudo,sudo-rs,systemd,procps"
_RUST = f"{UUTILS}{SUDO_RS}[ \"$(readlink -f /usr/bin/uname)\" = {MULTI_CALL} ]; sudo --version 2>&1 | grep -q '^sudo-rs '"
_EXPIRED = re.compile(r"Release file for \S+ is expired")
_DPKG = ("force-unsafe-io", "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/locale/*")


@contextmanager
def root_of(suite: str, folder: Path) -> Iterator[Path | None]:
    """The root of a suite while it is needed; None where apt refuses the suite since its Release file has expired."""
    tree, settings = folder / "tree", ['APT::Install-Recommends "false";', *apt_sources.own_settings()]
    argv = ["mmdebstrap", "--mode=root", "--variant=apt", "--format=directory", *(f"--aptopt={line}" for line in settings),
            *(f"--dpkgopt={line}" for line in _DPKG), f"--include={_PACKAGES}", suite, str(tree), "-"]
    done = subprocess.run(argv, input=apt_sources.source_lines(suite, False), capture_output=True, text=True, timeout=1200, check=False)
    try:
        assert done.returncode == 0 or _EXPIRED.search(done.stderr), done.stderr
        yield None if done.returncode else tree
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def hold_to_itself(root: Path, folder: Path) -> None:
    """Scan and proof say the same of a root with programs in Rust, and both see a witness that was replaced in it."""
    gnu = look(folder / "gnu", "true", lower=str(root))
    rust = look(folder / "rust", _RUST, lower=str(root), become="sudo -n")
    assert gnu.record["os"]["altered_files"] == []
    assert differences(gnu, rust) == []
    lying = look(folder / "lying", f"{_RUST}\n{LIE}", "os", "altered", lower=str(root), become="sudo -n")
    assert lying.record["os"]["altered_files"] is None and "/usr/bin/uname" in lying.answers["altered"].out.split()
    other = look(folder / "other", f"{_RUST}\necho >>{MULTI_CALL}", "os", "altered", lower=str(root), become="sudo -n")
    assert other.record["os"]["altered_files"] == [f"{MULTI_CALL} (rust-coreutils)"] and MULTI_CALL in other.answers["altered"].out.split()
