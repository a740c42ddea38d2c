# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes that judge: whom the end of one costs, and with whom they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard import in_force
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.client import Ended
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.documents import Question
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.evaluators import Evaluators, Heard, Made

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
    done = subprocess.run([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, timeout=600, check=False, env=environment)
    assert done.returncode == -signal.SIGKILL
    judges = [int(word) for word in done.stdout.split()]
    end = time.monotonic() + 120
    while time.monotonic() < end and any(_runs(pid) for pid in judges):
        time.sleep(0.05)
    assert judges and not [pid for pid in judges if _runs(pid)]


class Deadly(dict[str, Any]):
    """Ends the process that it is sent to, as an answer does that takes all of its memory."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (1,)


def _heard(host: str, words: dict[str, Any]) -> Heard:
    question = Question(host, in_force.effective({}), {}, words, None)
    return Heard(question, Ended(1, b"", b"no space left"), "00", "python3", "", host, b"", "", None)


async def _judged(evaluators: Evaluators, heard: list[Heard]) -> list[Made]:
    return await asyncio.gather(*(evaluators.judged(one) for one in heard))


def test_an_answer_that_ends_its_judge_costs_its_own_host_and_none_of_those_that_wait() -> None:
    names = [f"host{number}" for number in range(12)]
    evaluators = Evaluators(len(names))
    try:
        made = asyncio.run(_judged(evaluators, [_heard(name, Deadly() if name in ("host3", "host7") else {}) for name in names]))
    finally:
        evaluators.end()
    errors = {name: one.summary["error"] for name, one in zip(names, made, strict=True) if one.summary}
    assert sorted(errors) == sorted(names)
    lost = {name for name, error in errors.items() if "it ended the process that read it" in error}
    assert lost == {"host3", "host7"}
    assert all("no space left" in error for name, error in errors.items() if name not in lost)
