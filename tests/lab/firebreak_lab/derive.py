# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside the confinement to derive one tree from another: ``python -m firebreak_lab.derive ROOT COMMAND...``."""

import subprocess
import sys
from pathlib import Path

from firebreak_lab import customize


def mount_system(root: Path) -> None:
    """The file systems that packages expect; they vanish with the confinement's mount namespace."""
    for kind, place, options in (("proc", "proc", "nosuid"), ("sysfs", "sys", "ro,nosuid"), ("tmpfs", "run", "nosuid,mode=755")):
        subprocess.run(["mount", "-t", kind, "-o", options, kind, str(root / place)], check=True)
    subprocess.run(["mount", "--bind", "/dev", str(root / "dev")], check=True)


if __name__ == "__main__":
    mount_system(Path(sys.argv[1]))
    customize.run_commands(Path(sys.argv[1]), sys.argv[2:])
