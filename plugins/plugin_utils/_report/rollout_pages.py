# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes rollout.json and rollout.html beside the journal of a rollout. Errors are StoreError and RolloutError."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from .._fleet import store
from .._rollout import keeping
from .._rollout.driving import Rollout
from .._rollout.journal import State
from .line import Line
from .rollout import rollout_html, rollout_json, rollout_lines


def written(rollout: Rollout, now: datetime) -> tuple[State, Path, list[Line]]:
    """The state of the newest rollout, its page, and where it stands for a terminal."""
    state, events = rollout.status()
    # The newest lies where it is looked for; each keeps its own beside its records.
    for folder in (store.private_directory(rollout.folder / state.id), rollout.folder):
        store.write(folder / "rollout.json", rollout_json(state, events))
        page = store.write(folder / "rollout.html", rollout_html(state, events, keeping.stamp(now)))
    return state, page, list(rollout_lines(state, keeping.holder(rollout.folder)))
