# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan what brings every host to the standard (see the module of the same name)."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import records, store
from ..plugin_utils._fleet.fleet import DISRUPTIONS, merge
from ..plugin_utils._report.plan import plan_html, plan_lines
from ..plugin_utils._rollout import deadlines, keeping, timeline
from ..plugin_utils._rollout.plan import Plan, as_data, of_answers, plan_fleet
from ..plugin_utils._settings.places import job_of
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "directory": {"type": "str", "default": "reports/latest"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "max_disruption": {"type": "str", "choices": list(DISRUPTIONS), "default": "reboot"},
    "kev": {"type": "str", "default": ""},
    "hosts_per_day": {"type": "float", "default": 0.0},
    "rollout": {"type": "str", "default": "reports/rollout"},
}
ANSWERS = "answers.json"
_LIMIT = 512 * 1024 * 1024


class ActionModule(ControllerAction):
    """The plan, as a task on the controller. It changes nothing and touches no host."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write plan.json and plan.html beside the records, show the plan and return its counts."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        job = job_of(variables)
        artifact = f"firebreak_plan_{job.number}" if job else ""
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory = Path(args["directory"]).expanduser().absolute().resolve()
        now = datetime.now(timezone.utc)
        try:
            made = planned(directory, args, now)
            stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
            store.write(directory / "plan.json", [json.dumps(as_data(made, stamp), indent=1), "\n"])
            store.write(directory / "plan.html", plan_html(made, stamp))
        except (store.StoreError, deadlines.DeadlineError) as error:
            raise AnsibleActionFail(str(error)) from None
        show(result, [*plan_lines(made), *ending(directory, job, "firebreak_report_dir", artifact)])
        counts = {"actions": dict(made.actions), "fine": made.fine, "unplanned": len(made.unplanned), "late": len(made.late)}
        result.update(changed=False, path=str(directory / "plan.json"), **counts)
        if job is not None:
            result["ansible_stats"] = {"data": {artifact: wrap_var(counts)}, "per_host": False, "aggregate": False}
        return result


def planned(directory: Path, args: dict[str, Any], now: datetime) -> Plan:
    """The plan by the records of a report's directory, the answers beside them, and the due dates that were brought."""
    if not (directory / "records").is_dir():
        raise store.StoreError(f"{directory}: no records are there; scan first with playbooks/report_drift.yml, or name the directory of a report")
    fleet = merge(records.documents([directory], args["hosts"]), args["hosts"], records.standards([directory]), now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    answers = _document(directory / ANSWERS) if (directory / ANSWERS).is_file() else None
    due = deadlines.of_answers(answers, deadlines.kev_due(_document(Path(args["kev"]).expanduser()))) if args["kev"] else {}
    return plan_fleet(fleet.hosts, args["max_disruption"], now.date(), due, _per_day(args, now), of_answers(answers))


def _per_day(args: dict[str, Any], now: datetime) -> float:
    """The rate that was given, else that of the newest rollout."""
    journal = keeping.current(Path(args["rollout"]).expanduser())
    return float(args["hosts_per_day"] or (timeline.per_day(keeping.events(journal), keeping.stamp(now)) if journal else 0.0))


def _document(path: Path) -> Any:
    return records.parse(store.read(path, _LIMIT), path)
