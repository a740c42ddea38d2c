# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what changed between two reports (see the module of the same name)."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import records, store
from ..plugin_utils._fleet.bounded import counted
from ..plugin_utils._fleet.compare import Comparison, compare
from ..plugin_utils._report.comparison import comparison_lines
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show
from .fleet_report import REPORT_FILE, REPORT_LIMIT

ARGUMENTS: dict[str, dict[str, Any]] = {
    "before": {"type": "str", "default": ""},
    "after": {"type": "str", "default": ""},
    "reports": {"type": "str", "default": "reports"},
    "limit": {"type": "int", "default": 200},
}


class ActionModule(ControllerAction):
    """The comparison of two reports, as a task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Show the changes and return them, each list cut to ``limit``."""
        result: dict[str, Any] = super().run(tmp, task_vars or {})
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            paths = chosen(args["before"], args["after"], Path(args["reports"]).expanduser().absolute())
            before, after = (records.parse(store.read(path, REPORT_LIMIT), path) for path in paths)
            comparison = compare(before, after, (str(paths[0]), str(paths[1])))
        except (store.StoreError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        show(result, comparison_lines(comparison))
        result.update(changed=False, different=comparison.is_different, before=str(paths[0]), after=str(paths[1]),
                      comparison=wrap_var(bounded(comparison, args["limit"])))
        return result


def chosen(before: str, after: str, reports: Path) -> tuple[Path, Path]:
    """The two fleet.json files: those named, else the newest report and the newest one before it."""
    if before and after:
        return report_file(before), report_file(after)
    whole = [run for run in store.runs(reports) if store.is_whole(run)]
    newest = report_file(after) if after else whole[-1] / REPORT_FILE if whole else None
    older = [run / REPORT_FILE for run in itertools.takewhile(lambda run: run / REPORT_FILE != newest, whole)]
    earlier = report_file(before) if before else older[-1] if older else None
    if newest is None or earlier is None:
        raise store.StoreError(f"cannot compare: {counted(len(whole), 'whole report')} in {reports}, wanted two; "
                               "or name them with firebreak_compare_before and firebreak_compare_after")
    return earlier, newest


def report_file(name: str) -> Path:
    """The fleet.json that ``name``, a report's directory or the file itself, stands for; links are followed."""
    path = Path(name).expanduser().resolve()
    return path / REPORT_FILE if path.is_dir() else path


def bounded(comparison: Comparison, limit: int) -> dict[str, Any]:
    """The comparison as plain values with lists of at most ``limit`` items, and the true counts."""
    data = comparison.as_dict()
    counts = {name: len(value) for name, value in data.items() if isinstance(value, list)}
    return {name: value[:limit] if isinstance(value, list) else value for name, value in data.items()} | {"counts": counts}
