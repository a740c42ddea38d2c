# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a job of AWX writes, and what of it outlives the job. Pure: the mounts and the variables are arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# AWX and its forks tell a job its number, and that of its workflow, in these variables. A sliced job is a workflow too.
JOB_IDS = ("awx_job_id", "tower_job_id")
WORKFLOW_IDS = ("awx_workflow_job_id", "tower_workflow_job_id")
# Where an execution environment sees the job's own folder.
RUNNER = "/runner"
PRIVATE = "AWX_PRIVATE_DATA_DIR"
# File systems that end with the container.
_PASSING = ("overlay", "tmpfs", "aufs", "fuse.fuse-overlayfs")
# What lies in a job's own folder, and may be mounted one by one.
_PARTS = ("project", "artifacts", "env", "inventory", "cp")
_OCTAL = re.compile(r"\\([0-7]{3})")


class Job(NamedTuple):
    """A job of AWX: its number, and that of the workflow that it is a part of, or ''."""

    number: str
    workflow: str


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo: where, and what kind of file system."""

    point: str
    kind: str


def job_of(variables: Mapping[str, Any]) -> Job | None:
    """The job that these variables are of; None outside of AWX."""
    number = _first(variables, JOB_IDS)
    return Job(number, _first(variables, WORKFLOW_IDS)) if number else None


def _first(variables: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first of the variables that is a number; an id becomes a part of paths, so it can be nothing else."""
    return next((str(variables[name]) for name in names if re.fullmatch(r"[0-9]{1,19}", str(variables.get(name, "")))), "")


def run_folder(asked: Path, job: Job | None) -> Path:
    """The folder of a run in the folder that was asked for: jobs of one workflow, such as slices, share that, and no folder of a run."""
    return asked / job.workflow / job.number if job and job.workflow else asked


def shelf(directory: Path, job: Job | None) -> Path:
    """The folder that holds the link to the latest report, for a run's directory."""
    own = job is not None and bool(job.workflow) and directory.parts[-2:] == (job.workflow, job.number)
    return directory.parent.parent if own else directory.parent


def mounts(mountinfo: str) -> list[Mount]:
    """The mounts in the text of /proc/self/mountinfo, see proc_pid_mountinfo(5); a line of another form is none."""
    found = []
    for line in mountinfo.splitlines():
        head, separator, tail = line.partition(" - ")
        words, kinds = head.split(), tail.split()
        if separator and len(words) >= 5 and kinds:
            found.append(Mount(_OCTAL.sub(lambda match: chr(int(match.group(1), 8)), words[4]), kinds[0]))
    return found


def outlives(directory: Path, seen: Iterable[Mount], private: Sequence[str]) -> bool:
    """Whether a folder is still there when the job's container is gone: it lies on a mount of its own that is not the job's."""
    around = [mount for mount in seen if directory == Path(mount.point) or Path(mount.point) in directory.parents]
    nearest = max(around, key=lambda mount: len(Path(mount.point).parts), default=Mount("/", "overlay"))
    parts = [Path(mine, name) for mine in private if mine for name in ("", *_PARTS)]
    if nearest.point == "/" or nearest.kind in _PASSING or Path(nearest.point) in parts:
        return False
    # A private folder that is no mount of its own is the job's all the same.
    return not any((mine == directory or mine in directory.parents) and Path(nearest.point) in mine.parents for mine in parts)
