# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mmdebstrap runs to take packages from another suite into a tree, before the tree becomes a lab machine.

    python -m firebreak_lab.borrow ROOT SUITE SOURCES PACKAGE...

SOURCES are that suite's lines of a sources.list; the tree's apt forgets them again.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from firebreak_lab import customize

LIST = "etc/apt/sources.list.d/borrowed.list"


def borrow(root: Path, suite: str, sources: str, packages: Sequence[str]) -> None:
    """Install the packages as the suite has them; what they depend on stays the tree's own where that will do."""
    path = root / LIST
    path.write_text(sources)
    customize.inside(root, ["apt-get", "update"])
    wanted = [f"{package}/{suite}" for package in packages]
    customize.without_starting(root, ["apt-get", "--yes", "--no-install-recommends", "install", *wanted])
    path.unlink()


if __name__ == "__main__":
    borrow(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
