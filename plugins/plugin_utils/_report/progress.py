# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the scan of a fleet has come: a line now and then, not one per host."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

SCAN = "firebreak.fleet.platform_scan"
# Fewer hosts than this are seen one by one.
MANY_HOSTS = 10
INTERVAL = 5.0


class ScanProgress:
    """Counts the verdicts of a scan as they arrive, and says when it is time for a line."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        self._total = 0
        self._verdicts: Counter[str] = Counter()
        self._told_at = 0.0

    def begin(self, total: int) -> None:
        """A play over this many hosts begins."""
        self._total = total
        self._verdicts.clear()
        self._told_at = time.monotonic()

    def count(self, action: str, answer: Any, failed: bool) -> str | None:
        """Count what one host's task answered; the line to show, if it is time for one."""
        if action != SCAN:
            return None
        summary = answer.get("firebreak") if isinstance(answer, dict) else None
        verdict = summary.get("verdict") if isinstance(summary, dict) else "unknown"
        self._verdicts["failed" if failed else str(verdict)] += 1
        if self._total < MANY_HOSTS or time.monotonic() - self._told_at < self.interval:
            return None
        self._told_at = time.monotonic()
        return progress(self._total, self._verdicts)


def progress(total: int, verdicts: Counter[str]) -> str:
    """The line: how many hosts of how many are scanned, and their verdicts."""
    parts = ", ".join(f"{count} {name}" for name, count in verdicts.most_common())
    done = sum(verdicts.values())
    return f"scanned {done} of {max(total, done)} hosts: {parts}"
