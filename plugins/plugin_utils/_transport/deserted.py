# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a rollout's run that lost every host: Ansible begins no task and no play more then, and none of them could say who was lost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .._fleet.store import StoreError
from .._report.line import Line
from .._report.rollout_pages import written
from .._rollout.driving import Rollout, RolloutError

ACTION = "firebreak.fleet.rollout_state"


class Driven:
    """The rollout that the playbook drives, as the main process hears of it."""

    def __init__(self) -> None:
        self._place: Path | None = None

    def hear(self, action: str, answer: Mapping[str, Any]) -> None:
        """Learn that one was begun, or that its run was ended as it should be."""
        if action == ACTION and isinstance(answer.get("path"), str):
            self._place = Path(answer["path"])
        elif action == ACTION and isinstance(answer.get("failures"), dict):
            self._place = None

    def end(self) -> Iterator[Line]:
        """End the run that nothing else ended: who was in a wave was lost, the lock is free, and the page is written."""
        place, self._place = self._place, None
        if place is not None:
            yield from _ended(Rollout(place.parent, os.getpid(), datetime.now(timezone.utc)))


def _ended(rollout: Rollout) -> Iterator[Line]:
    yield Line("")
    try:
        outcome = rollout.end()
        yield from written(rollout, datetime.now(timezone.utc))[2]
    except (RolloutError, StoreError) as error:
        yield Line(f"The rollout was left as it is: {' '.join(str(error).split())}", "red")
        return
    yield from (Line(f"  {told}", "red") for told in outcome["failures"].values())
    yield Line("No host was left to go on with, and no report was written: playbooks/report_drift.yml makes one", "yellow")
