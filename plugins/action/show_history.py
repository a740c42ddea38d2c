# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the history (see the module of the same name)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._history import feeding
from ..plugin_utils._history.database import default, is_missing
from ..plugin_utils._history.errors import HistoryError
from ..plugin_utils._history.feeding import Setting
from ..plugin_utils._history.telling import Told, tell
from ..plugin_utils._history.upgrade import opened
from ..plugin_utils._report.history import headline, history_csv, history_json, history_lines, history_openmetrics, tables_of
from ..plugin_utils._report.history_page import history_html
from ..plugin_utils._report.page import all_visible
from ..plugin_utils._settings.places import job_of
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "history": {"type": "raw", "default": ""},
    "reports": {"type": "str", "default": "reports"},
    "directory": {"type": "str", "default": ""},
    "days": {"type": "int", "default": 0},
    "slices": {"type": "list", "elements": "str", "default": []},
}
FOLDER = "history"


class ActionModule(ControllerAction):
    """The report of the history, as a task on the controller."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write every form of it, show the short one, and return the tables."""
        result: dict[str, Any] = super().run(tmp, task_vars or {})
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        reports = Path(args["reports"]).expanduser().absolute()
        directory = Path(args["directory"]).expanduser().absolute() if args["directory"] else reports / FOLDER
        try:
            told = _told(feeding.asked_for(args["history"], default(reports.parent)), args["days"], args["slices"])
            write(directory, told)
        except (HistoryError, store.StoreError) as error:
            raise AnsibleActionFail(str(error)) from None
        show(result, [*history_lines(told), *ending(directory, job_of(task_vars or {}), "firebreak_history_report_dir")])
        tables = all_visible(tables_of(told))
        result.update(changed=False, directory=str(directory), report=str(directory / "history.html"), headline=wrap_var(headline(told)),
                      missing_slices=wrap_var(all_visible(list(told.missing))), holes=wrap_var(tables["holes"]), groups=wrap_var(tables["groups"]))
        return result


def _told(found: Setting, days: int, slices: list[str]) -> Told:
    if is_missing(found.place):
        raise HistoryError(f"there is no history at {found.place}; playbooks/report_drift.yml feeds it, playbooks/keep_history.yml brings in earlier "
                           "reports")
    history = opened(found.place)
    try:
        return tell(history, int(time.time()), days, slices)
    finally:
        history.close()


def write(directory: Path, told: Told) -> None:
    """Every form of the report, each file whole or not at all."""
    store.private_directory(directory)
    store.write(directory / "history.json", history_json(told))
    store.write(directory / "history.html", history_html(told))
    store.write(directory / "history.prom", history_openmetrics(told))
    for name, rows in tables_of(told).items():
        store.write(directory / f"{name}.csv", history_csv(rows))
