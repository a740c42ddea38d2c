# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the records that the jobs of a sliced scan left, and bring them together (see the module of the same name)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._fleet.packed import PackedError, unpack
from ..plugin_utils._settings.places import Job, job_of
from ..plugin_utils._transport.on_controller import ControllerAction

ARGUMENTS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "runs": {"type": "list", "elements": "str", "default": []},
    "shared": {"type": "str", "default": ""},
}
ARTIFACT_PREFIX = "firebreak_records_"
ARTIFACT = re.compile(ARTIFACT_PREFIX + r"[0-9]{1,19}")
NUMBER = re.compile(r"[0-9]{1,19}")
_WANTED = "wanted directories of runs, or folders that hold such"


class ActionModule(ControllerAction):
    """The records of several runs in one directory, as a task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Gather what was named, what lies in the workflow's folder and what artifacts hold."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory, job = Path(args["directory"]).absolute(), job_of(variables)
        try:
            runs = [run for asked in args["runs"] for run in found(Path.cwd() / Path(asked).expanduser())]
            left = self._left_by_jobs(args["shared"], job, directory, variables, runs) if not args["runs"] else []
            if not runs:
                raise AnsibleActionFail("no records of any run were found: firebreak_runs names none, and no earlier job of this workflow left any")
            store.gather(runs, directory)
        except store.StoreError as error:
            raise AnsibleActionFail(f"firebreak_runs: {error}") from None
        result.update(changed=False, runs=[str(run) for run in runs], left_out=wrap_var(left))
        return result

    def _left_by_jobs(self, shared: str, job: Job | None, directory: Path, variables: Mapping[str, Any], runs: list[Path]) -> list[str]:
        """Add to ``runs`` what the jobs of this workflow, and of those in it, left on the share or else in their artifacts.

        The hosts are returned for which the artifacts of jobs that are not on the share had no room.
        """
        artifacts = {name: self._artifact(name, variables[name]) for name in sorted(filter(ARTIFACT.fullmatch, variables))}
        runs += siblings(shared, job, [workflow_of(artifact) for artifact in artifacts.values()], directory)
        there = {f"{ARTIFACT_PREFIX}{run.name}" for run in runs}
        return self._unpacked(directory / "artifacts", {name: artifacts[name] for name in artifacts if name not in there}, runs)

    def _artifact(self, name: str, value: Any) -> Any:
        try:
            return self._templar.template(value)
        except AnsibleError as error:
            raise AnsibleActionFail(f"{name}: {error}") from None

    def _unpacked(self, folder: Path, artifacts: Mapping[str, Any], runs: list[Path]) -> list[str]:
        """Unpack each artifact into a run of its own, add that to ``runs``, and name the hosts for which the artifacts had no room."""
        left: list[str] = []
        for name, artifact in artifacts.items():
            run = store.private_directory(folder / name)
            try:
                for file in unpack(artifact):
                    if "/" in file.name or file.name.startswith(".") or not file.name.endswith(".json"):
                        raise PackedError("a file's name leads elsewhere")
                    store.write(store.private_directory(run / file.folder) / file.name, [file.text])
                left += [str(host) for host in artifact.get("left_out") or []]
            except PackedError as error:
                raise AnsibleActionFail(f"{name}: {error}") from None
            runs.append(run)
        return left


def found(place: Path) -> Iterator[Path]:
    """The runs that a path stands for: one, all in a folder of runs, or what a pattern matches; StoreError where there is none."""
    if any(letter in str(place) for letter in "*?["):
        matched = sorted(Path(place.anchor).glob(str(place.relative_to(place.anchor))))
        whole = [run for path in matched if path.is_dir() for run in inside(path)]
    elif not place.is_dir():
        raise store.StoreError(f"cannot read the records of {place}: no such directory; {_WANTED}")
    else:
        whole = list(inside(place))
    if not whole:
        raise store.StoreError(f"no records in {place}: a report of nobody would prove nothing; {_WANTED}")
    yield from whole


def inside(place: Path) -> Iterable[Path]:
    """The directory itself where it is a run, else each run in it, and in the folders of workflows that it may hold."""
    if is_run(place):
        return [place]
    below = [path for path in store.listed(place) if path.is_dir() and not path.is_symlink()]
    return [run for path in below for run in ([path] if is_run(path) else [sub for sub in store.listed(path) if sub.is_dir() and is_run(sub)])]


def is_run(path: Path) -> bool:
    """Whether a scan left a record there."""
    return bool(store.listed(path / "records", ".json"))


def workflow_of(artifact: Any) -> str:
    """The number of the workflow whose job left an artifact; it becomes a part of a path, so it can be nothing else."""
    number = str(artifact.get("workflow", "")) if isinstance(artifact, Mapping) else ""
    return number if NUMBER.fullmatch(number) else ""


def siblings(shared: str, job: Job | None, others: Iterable[str], own: Path) -> list[Path]:
    """The runs of the other jobs of this job's workflow, and of others, such as a sliced job in it, in the folder that they share."""
    if job is None or not job.workflow or not shared:
        return []
    folders = [Path.cwd() / Path(shared).expanduser() / number for number in sorted({job.workflow, *filter(None, others)})]
    return [run for folder in folders for run in inside(folder) if run.resolve() != own.resolve()]
