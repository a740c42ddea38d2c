# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge the records of a run and write the reports (see the module of the same name)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import records, store
from ..plugin_utils._fleet.bounded import dig
from ..plugin_utils._fleet.fleet import Fleet, merge
from ..plugin_utils._report.artifact import artifact
from ..plugin_utils._report.fleet_json import fleet_json
from ..plugin_utils._report.junit import junit
from ..plugin_utils._report.machine import machine
from ..plugin_utils._report.openmetrics import openmetrics
from ..plugin_utils._report.page import html
from ..plugin_utils._report.sarif import sarif
from ..plugin_utils._report.table import Line, counts, failure, problems, standard_names, table
from .platform_scan import version

ARGUMENTS: dict[str, dict[str, Any]] = {
    "directory": {"type": "path", "required": True},
    "runs": {"type": "list", "elements": "path", "default": []},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "latest": {"type": "bool", "default": False},
    "keep": {"type": "int", "default": 0},
    "fail_on": {"type": "str", "choices": ["never", "drift", "unknown"], "default": "never"},
}

# AWX and its forks tell a job its number in one of these variables.
JOB_IDS = ("awx_job_id", "tower_job_id")


class ActionModule(ActionBase):  # type: ignore[misc]
    """The report of a run, as a task. It is written under --check as well: a report changes no host."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write every form of the report, show the short one, and return where it is and whether the run must fail."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory = Path(args["directory"]).absolute()
        runs = [Path(run).absolute() for run in args["runs"]] or [directory]
        try:
            fleet = _merged(runs, args["hosts"])
            write_reports(directory, fleet)
            self._publish(directory, args)
        except store.StoreError as error:
            raise AnsibleActionFail(str(error)) from None
        show([*_lines(fleet, runs), Line(""), Line(f"Report: {directory / 'fleet.html'}")])
        result.update(changed=False, directory=str(directory), report=str(directory / "fleet.html"), summary=dict(fleet.summary),
                      failure=wrap_var(failure(fleet, args["fail_on"])))
        job = next((variables[name] for name in JOB_IDS if variables.get(name)), None)
        if job is not None:
            result["ansible_stats"] = {"data": {f"firebreak_report_{job}": wrap_var(artifact(fleet))}, "per_host": False, "aggregate": False}
        return result

    def _publish(self, directory: Path, args: Mapping[str, Any]) -> None:
        """Only a whole report becomes the latest; old ones go after that."""
        if args["latest"]:
            store.publish(directory)
            store.prune(directory.parent, args["keep"])


def _merged(runs: list[Path], hosts: list[str]) -> Fleet:
    missing = [str(run) for run in runs if not run.is_dir()]
    if missing:
        raise store.StoreError(f"cannot read the records of {', '.join(missing)}: no such directory; wanted the directory of a run")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return merge(records.documents(runs, hosts), hosts, records.standards(runs), now)


def write_reports(directory: Path, fleet: Fleet) -> None:
    """Every form of the report, each file whole or not at all."""
    store.private_directory(directory)
    forms: tuple[tuple[str, Iterable[str]], ...] = (
        ("fleet.json", fleet_json(fleet)),
        ("fleet.html", html(fleet)),
        ("fleet.prom", openmetrics(fleet)),
        ("junit.xml", junit(fleet)),
        ("fleet.sarif", sarif(fleet, version())),
    )
    for name, chunks in forms:
        store.write(directory / name, chunks)


def _lines(fleet: Fleet, runs: list[Path]) -> list[Line]:
    """The table of a fleet, or the full view of the only machine."""
    if len(fleet.hosts) != 1:
        return list(table(fleet, max(100, shutil.get_terminal_size((120, 24)).columns)))
    host = fleet.hosts[0]
    loaded = next(records.documents(runs, [host.name]), None)
    record = dig(loaded.document, "record") if loaded else None
    return [*machine(host, record, standard_names(fleet)), Line(""), Line(counts(fleet)), *problems(fleet)]


def show(lines: Iterable[Line]) -> None:
    """Print to the job's standard output by Ansible's own display, so that no callback is needed for it."""
    display = Display()
    display.display("")
    for line in lines:
        display.display(line.text, color=line.color)
