# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control group for each container: two systemds in one would fight, and what is left in it can be ended and removed as a whole."""

import contextlib
import os
import time
from pathlib import Path

from firebreak_lab.errors import LabError

RECORD = "control_group"
PREFIX = "firebreak-lab-"


def mount_points(mounts: str) -> list[Path]:
    """Where the unified hierarchy is mounted, and systemd's own of version 1 where both are in use; by the text of /proc/self/mounts."""
    rows = [line.split() for line in mounts.splitlines()]
    unified = [Path(row[1]) for row in rows if row[2] == "cgroup2"]
    if not unified:
        raise LabError("a container of the lab needs control groups version 2 (seen: none mounted); "
                       "get them with: mount -t cgroup2 none /sys/fs/cgroup")
    return [unified[0], *(Path(row[1]) for row in rows if row[2] == "cgroup" and "name=systemd" in row[3].split(","))]


def own_path(groups: str) -> str:
    """Our own place in the unified hierarchy, by the text of /proc/self/cgroup."""
    return next((line[3:] for line in groups.splitlines() if line.startswith("0::")), "/")


def enter(name: str, folder: Path) -> None:
    """Move this process into a group of its own below the one it is in; the host's folder records where that is."""
    own = own_path(Path("/proc/self/cgroup").read_text()).lstrip("/")
    # systemd-nspawn repeats its group's path in systemd's hierarchy of version 1.
    groups = [point / own / f"{PREFIX}{name}" for point in mount_points(Path("/proc/self/mounts").read_text())]
    (folder / RECORD).write_text("".join(f"{group}\n" for group in groups))
    groups[0].mkdir(exist_ok=True)
    (groups[0] / "cgroup.procs").write_text(str(os.getpid()))


def remove(folder: Path) -> None:
    """End whatever is left in a host's groups and remove them; nothing where there are none."""
    record = folder / RECORD
    if record.exists():
        for line in record.read_text().splitlines():
            _remove(Path(line))
        record.unlink()


def _remove(group: Path) -> None:
    until = time.monotonic() + 20
    while group.exists():
        # Kernels before 5.14 have no such file; there the container's first process took the others along.
        if (group / "cgroup.kill").exists():
            (group / "cgroup.kill").write_text("1")
        for path, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(path).rmdir()
        if time.monotonic() > until:
            raise LabError(f"the control group {group} cannot be removed: processes in it do not end")
        time.sleep(0.05)
