# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say where a scan left its records, and have them outlive a job of AWX (see the module of the same name)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import records, store
from ..plugin_utils._fleet.bounded import counted, visible
from ..plugin_utils._fleet.host import VERDICTS
from ..plugin_utils._fleet.packed import File, pack
from ..plugin_utils._report.line import Line
from ..plugin_utils._settings.places import Job, job_of
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "limit": {"type": "int", "default": 4_000_000},
}
_NAMED = 20


class ActionModule(ControllerAction):
    """What a scan leaves, as a task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Count the verdicts, say where the records are, and pack them into the job's artifact."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory, job = Path(args["directory"]).absolute(), job_of(variables)
        counts = dict.fromkeys(VERDICTS, 0) | Counter(str(verdict) for verdict in verdicts(directory))
        without = sorted(set(args["hosts"]) - {item.name for item in records.documents([directory], args["hosts"]) if item.document is not None})
        lines = [Line(f"{counted(sum(counts.values()), 'record')}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))]
        if without:
            lines.append(Line(f"Without a record: {', '.join(map(visible, without[:_NAMED]))}", "red"))
        lines.append(Line(f"Records: {directory / 'records'}"))
        result.update(changed=False, directory=str(directory), summary=counts, missing=wrap_var(without))
        if job is not None:
            lines += self._keep(directory, job, args["limit"], result)
        store.release(directory)
        show(result, lines)
        return result

    def _keep(self, directory: Path, job: Job, limit: int, result: dict[str, Any]) -> Iterator[Line]:
        try:
            packed = pack(files(directory), limit)
        except store.StoreError as error:
            raise AnsibleActionFail(str(error)) from None
        name = f"firebreak_records_{job.number}"
        # A sliced job is a workflow of its own: by its number alone who merges in the workflow around it finds the folder.
        data = {name: wrap_var({**packed, "workflow": job.workflow})}
        result["ansible_stats"] = {"data": data, "per_host": False, "aggregate": False}
        left = packed["left_out"]
        yield Line(f"The artifact {name} holds {counted(packed['hosts'], 'record')} in {len(packed['packed'])} bytes")
        if left:
            yield Line(f"It has no room for {counted(len(left), 'record')}: {', '.join(map(visible, left[:_NAMED]))}. Have firebreak_report_dir "
                       "name a folder that all jobs share", "red")
        yield from ending(directory, job, "firebreak_report_dir", name)


def verdicts(directory: Path) -> Iterator[Any]:
    """The verdict of each record that can be read."""
    for item in records.documents([directory], []):
        yield item.document.get("verdict", "unknown") if isinstance(item.document, dict) else "unknown"


def files(directory: Path) -> Iterator[File]:
    """The standards and then the records of a run, as they were written."""
    for folder, limit in (("standards", records.STANDARD_LIMIT), ("records", records.RECORD_LIMIT)):
        for path in store.listed(directory / folder, ".json"):
            text = store.read(path, limit)
            yield File(folder, path.name, json.dumps(records.parse(text, path), sort_keys=True, separators=(",", ":")) + "\n")
