# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer what CVEs mean for every host (see the module of the same name)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._answers import asking, feeds
from ..plugin_utils._answers.model import FeedError
from ..plugin_utils._fleet import store
from ..plugin_utils._history import feeding
from ..plugin_utils._report.answers import answer_lines
from ..plugin_utils._report.answers_files import write
from ..plugin_utils._settings.places import job_of
from ..plugin_utils._transport.keeping import kept_in
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.own_version import version
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "cve": {"type": "list", "elements": "str", "default": []},
    "days": {"type": "int", "default": 0},
    "kernel_only": {"type": "bool", "default": False},
    "feeds": {"type": "raw", "required": True},
    "max_age_hours": {"type": "int", "default": 24},
    "directory": {"type": "str", "default": "reports/latest"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "history": {"type": "raw", "default": ""},
    "slice": {"type": "str", "default": ""},
}


class ActionModule(ControllerAction):
    """The answers, as a task on the controller."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write the answers beside the records, show them and return the counts."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        job = job_of(variables)
        artifact = f"firebreak_answers_{job.number}" if job else ""
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory = Path(args["directory"]).expanduser().absolute().resolve()
        keeps = kept_in(args["history"], directory)
        question = asking.Question(tuple(args["cve"]), args["days"], args["kernel_only"], tuple(args["hosts"]), args["max_age_hours"])
        try:
            answers = asking.ask(question, feeds.of_setting(args["feeds"]), directory, datetime.now(timezone.utc))
        except (FeedError, store.StoreError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        write(directory, answers, version())
        show(result, [*answer_lines(answers), *ending(directory, job, "firebreak_report_dir", artifact)])
        lost = feeding.feed(keeps, directory, feeding.ANSWERS, lambda: feeding.read(directory, feeding.ANSWERS), args["slice"])
        if lost:
            result["warnings"] = wrap_var([lost])
        counts = {cve: {name: count for name, count in answers.counts(cve).items() if count} for cve in answers.cves}
        summary = dict(sum((answers.counts(cve) for cve in answers.cves), Counter[str]()))
        result.update(changed=False, answers=wrap_var(counts), summary=wrap_var(summary), path=str(directory / "answers.json"))
        if job is not None:
            result["ansible_stats"] = {"data": {artifact: wrap_var({"answers": counts, "summary": summary})}, "per_host": False, "aggregate": False}
        return result
