# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command costs, and whether that meets a goal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

_COSTING = Path(__file__).with_name("_costing.py")
# A goal is missed where it is exceeded by more than a fifth: machines differ, and so do two runs on one.
TOLERANCE = 1.2


class Cost(NamedTuple):
    """Seconds by the clock, seconds of processor of the command and all its children, and bytes of memory at its peak."""

    wall: float
    cpu: float
    peak: float


class Goal(NamedTuple):
    """A measured value that must not exceed a limit."""

    what: str
    seen: float
    limit: float

    @property
    def is_missed(self) -> bool:
        return self.seen > self.limit * TOLERANCE

    def line(self) -> str:
        """The goal and how it went, for a person."""
        state = "MISSED" if self.is_missed else "met" if self.seen <= self.limit else "met within a fifth"
        return f"{state:18} {self.what}: {self.seen:.2f}, wanted at most {self.limit:g}"


def run(argv: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; RuntimeError with the end of its output where it fails."""
    log, report = directory / "output", directory / "cost"
    with log.open("wb") as output:
        done = subprocess.run([sys.executable, "-I", "-S", str(_COSTING), str(report), *argv], cwd=directory, env=dict(environment),
                              stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}: {log.read_text(errors='replace')[-3000:]}")
    return Cost(*map(float, report.read_text(encoding="ascii").split()))


def interleaved(cases: Mapping[str, Callable[[], Cost]], repeats: int) -> dict[str, Cost]:
    """The median cost of each case.

    One round runs each case once, so that what else the machine does weighs on all alike; the first round is not counted.
    """
    seen: dict[str, list[Cost]] = {name: [] for name in cases}
    for turn in range(repeats + 1):
        for name, case in cases.items():
            cost = case()
            if turn:
                seen[name].append(cost)
    return {name: Cost(*(median(values) for values in zip(*costs, strict=True))) for name, costs in seen.items()}
