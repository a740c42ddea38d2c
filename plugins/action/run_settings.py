# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the settings of a run and say what they mean (see the module of the same name)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._settings.meaning import SETTINGS, meanings, strange_tags
from ..plugin_utils._settings.places import Job, job_of
from ..plugin_utils._transport.on_controller import ControllerAction

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
KEYS_UNCHECKED = ("host keys are not checked in this run: AWX sets ANSIBLE_HOST_KEY_CHECKING=False, whatever ansible.cfg says; "
                  "its setting AWX_TASK_ENV mends that (docs/awx.md)")


class ActionModule(ControllerAction):
    """The settings of a run, as a task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """All settings as they are meant, or one message that tells all mistakes."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        self.validate_argument_spec(argument_spec={})
        settings, wrong = self._settings(variables)
        wrong += self._strange_tags(variables)
        if wrong:
            raise AnsibleActionFail("; ".join(wrong))
        job = job_of(variables)
        settings["report"] = str(newest_report(settings["report_dir"], job))
        result.update(changed=False, settings=wrap_var(settings), job=job.number if job else "", workflow=job.workflow if job else "")
        if job and not constants.config.get_config_value("HOST_KEY_CHECKING"):
            result["warnings"] = [KEYS_UNCHECKED]
        return result

    def _strange_tags(self, variables: Mapping[str, Any]) -> list[str]:
        """A playbook of one's own may have other tags, on tasks of its own."""
        if Path(str(variables.get("playbook_dir", ""))).resolve() != PLAYBOOKS:
            return []
        given = {"--tags": variables.get("ansible_run_tags") or (), "--skip-tags": variables.get("ansible_skip_tags") or ()}
        return strange_tags(given, self._task.tags)

    def _settings(self, variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        given: dict[str, Any] = {}
        broken: list[str] = []
        for name in SETTINGS:
            if name in variables:
                try:
                    given[name] = self._templar.template(variables[name])
                except AnsibleError as error:
                    broken.append(f"{name} cannot be templated: {' '.join(str(error).split())[:300]}")
        settings, wrong = meanings(given)
        return settings, broken + wrong


def newest_report(asked: str, job: Job | None) -> Path:
    """The report that a playbook without hosts reads: in a workflow the one that an earlier job of it made, else the latest."""
    folder = Path.cwd() / Path(asked or "reports").expanduser()
    if job and job.workflow:
        whole = [path for path in store.listed(folder / job.workflow) if store.is_whole(path)]
        made = [(at, path) for path in whole if (at := store.written(path / store.REPORT)) is not None]
        if made:
            return max(made)[1]
    is_run = bool(asked) and ((folder / "records").is_dir() or not (folder / store.LATEST).exists())
    return folder if is_run else folder / store.LATEST
