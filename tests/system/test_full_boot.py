# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate before a reboot on file systems that are really full: of room, and of names."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._rollout import readiness
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import gates
from golden_record import golden
from small_disk import fill, small_disk


def said_of(folder: Path) -> list[str]:
    """What the gate says of a folder in which a megabyte is to be free."""
    ready = {"room": {str(folder): readiness.room(LiveHost(), str(folder))}}
    others = tuple(name for name in gates.GATES if name != "disk")
    return gates.closed(golden(), ready, gates.Asked({str(folder): 1}, others))


def test_a_full_file_system_closes_the_gate_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path) as boot:
        assert said_of(boot) == []
        ballast = fill(boot)
        assert said_of(boot) == [f"disk: {boot} has 0 MB free; wanted: 1"]
        ballast.unlink()
        assert said_of(boot) == []


def test_a_file_system_without_room_for_a_name_closes_it_too(tmp_path: Path) -> None:
    with small_disk(tmp_path) as boot:
        subprocess.run(["mount", "-o", "remount,nr_inodes=3", str(boot)], check=True)
        (boot / "one").touch()
        (boot / "two").touch()
        assert said_of(boot) == [f"disk: {boot} has no inode free"]
