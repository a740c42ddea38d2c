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
ARTIFACT = re.compile(r"firebreak_records_[0-9]{1,19}")
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
            runs += siblings(args["shared"], job, directory) if not runs else []
            left = self._unpacked(directory / "artifacts", variables, runs) if not args["runs"] else []
            if not runs:
                raise AnsibleActionFail("no records of any run were found: firebreak_runs names none, and no earlier job of this workflow left any")
            store.gather(runs, directory)
        except store.StoreError as error:
            raise AnsibleActionFail(f"firebreak_runs: {error}") from None
        result.update(changed=False, runs=[str(run) for run in runs], left_out=wrap_var(left))
        return result

    def _unpacked(self, folder: Path, variables: Mapping[str, Any], runs: list[Path]) -> list[str]:
        """Unpack each artifact into a run of its own, add that to ``runs``, and name the hosts for which the artifacts had no room."""
        left: list[str] = []
        for name in sorted(filter(ARTIFACT.fullmatch, variables)):
            run = store.private_directory(folder / name)
            try:
                artifact = self._templar.template(variables[name])
                for file in unpack(artifact):
                    if "/" in file.name or file.name.startswith(".") or not file.name.endswith(".json"):
                        raise PackedError("a file's name leads elsewhere")
                    store.write(store.private_directory(run / file.folder) / file.name, [file.text])
                left += [str(host) for host in artifact.get("left_out") or []]
            except (PackedError, AnsibleError) as error:
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
    below = [path for path in sorted(place.iterdir()) if path.is_dir() and not path.is_symlink()]
    return [run for path in below for run in ([path] if is_run(path) else [sub for sub in sorted(path.iterdir()) if sub.is_dir() and is_run(sub)])]


def is_run(path: Path) -> bool:
    """Whether a scan left a record there."""
    return any(True for _record in (path / "records").glob("*.json"))


def siblings(shared: str, job: Job | None, own: Path) -> list[Path]:
    """The runs of the other jobs of this job's workflow, in the folder that they share."""
    if job is None or not job.workflow or not shared:
        return []
    folder = Path.cwd() / Path(shared).expanduser() / job.workflow
    return [run for run in inside(folder) if run.resolve() != own.resolve()] if folder.is_dir() else []
