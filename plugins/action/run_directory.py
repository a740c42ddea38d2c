# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the directory of a run, once, on the controller (see the module of the same name)."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ..plugin_utils._fleet import store
from ..plugin_utils._settings.meaning import is_template
from ..plugin_utils._settings.places import Job, job_of, run_folder, shelf
from ..plugin_utils._transport.on_controller import ControllerAction

# What stands in each file of these that a run has written.
RECORD_MARK = b'"schema":"firebreak.host/1"'
JUNIT_MARK = b'name="firebreak"'

ARGUMENTS: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "default": ""},
    "reports": {"type": "str", "default": "reports"},
}


class ActionModule(ControllerAction):
    """The directory of a run, as a task. It is made under --check as well: a report changes no host."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make the directory and its folders and return its path."""
        result: dict[str, Any] = super().run(tmp, task_vars or {})
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        job = job_of(task_vars or {})
        if is_template(args["path"]):
            raise AnsibleActionFail(f"firebreak_report_dir: seen {args['path']}, a template that was not rendered; wanted a directory")
        args["path"] = args["path"].strip()
        try:
            run = self._directory(args, job)
            if args["path"]:
                run = self._held(run, job, result)
            for folder, mark in (("records", RECORD_MARK), ("standards", b"{")):
                store.private_directory(run / folder)
                store.check_private(run / folder)
                store.clear(run / folder, mark)
            store.check_own(run / "junit.xml", JUNIT_MARK)
            store.set_aside(run)
        except store.StoreError as error:
            name = "firebreak_report_dir" if args["path"] else "the reports' directory (firebreak_report_dir chooses another)"
            # Newer cores print the cause after the error: the same words twice.
            raise AnsibleActionFail(f"{name}: {error}") from None
        place = shelf(run, job)
        latest = "" if args["path"] and place == run.parent else str(place / store.LATEST)
        result.update(changed=False, path=str(run), latest=latest)
        return result

    def _held(self, run: Path, job: Job | None, result: dict[str, Any]) -> Path:
        """The directory, held for this run; a job of AWX whose directory another may still write to gets one of its own below it."""
        store.check_private(run)
        # The worker's parent is the run itself.
        try:
            store.hold(run, os.getppid(), job.number if job else "")
        except store.HeldError as error:
            own = store.private_directory(run / (job.number if job else ""))
            store.hold(own, os.getppid())
            result["warnings"] = [f"{error}, so this one writes to {own}"]
            return own
        return run

    def _directory(self, args: dict[str, Any], job: Job | None) -> Path:
        """The directory that was asked for, or a new one named by the time; both relative to where the command was started."""
        here = Path.cwd()
        if args["path"]:
            return store.private_directory(run_folder(here / Path(args["path"]).expanduser(), job))
        run = store.new_run(here / Path(args["reports"]).expanduser(), datetime.now(timezone.utc))
        # No other run chooses it, but one that ends before this one takes old directories away.
        store.hold(run, os.getppid())
        return run
