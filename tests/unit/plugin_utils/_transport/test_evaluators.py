# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that judge end with the one that started them, however that one ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STARTER = """
import os, signal
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.evaluators import Evaluators
pool = Evaluators(200)._pool
print(*{future.result() for future in [pool.submit(os.getpid) for _ in range(50)]}, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_judge_outlives_a_killed_starter() -> None:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == -signal.SIGKILL
    judges = [int(word) for word in done.stdout.split()]
    end = time.monotonic() + 60
    while time.monotonic() < end and any(_runs(pid) for pid in judges):
        time.sleep(0.05)
    assert judges and not [pid for pid in judges if _runs(pid)]
