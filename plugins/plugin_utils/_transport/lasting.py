# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a path that was written, where a job of AWX takes it away with its container."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .._report.line import Line
from .._settings.places import PRIVATE, RUNNER, Job, mounts, outlives


def lasts(path: Path) -> bool:
    """Whether what lies there is still there when the job has ended."""
    try:
        seen = mounts(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        seen = []
    return outlives(path.resolve(), seen, [RUNNER, os.environ.get(PRIVATE, "")])


def ending(path: Path, job: Job | None, setting: str, artifact: str = "") -> Iterator[Line]:
    """A line where the path ends with the job: what stays of it, and the setting that keeps it."""
    if job is not None and not lasts(path):
        kept = f"What stays is the artifact {artifact}" if artifact else "Nothing of it stays"
        yield Line(f"{path} ends with the job. {kept}; to keep all of it, have {setting} name a place that is mounted into the execution "
                   "environment", "yellow")
