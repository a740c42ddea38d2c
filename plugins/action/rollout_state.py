# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive a rollout, or look at one (see the module of the same name)."""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._history import feeding
from ..plugin_utils._history.database import of_folder
from ..plugin_utils._report.rollout_pages import written
from ..plugin_utils._rollout.driving import Begin, Rollout, RolloutError, counts
from ..plugin_utils._rollout.members import check_room, doubts, of_groups
from ..plugin_utils._rollout.settings import SettingsError, domains, settings
from ..plugin_utils._rollout.windows import WindowError, read
from ..plugin_utils._settings.meaning import SETTINGS, SettingError, meaning
from ..plugin_utils._settings.places import Job, job_of
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

CHOICES = ("begin", "next", "approve", "note", "result", "steps", "end", "status", "pause", "continue", "abort", "release")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "do": {"type": "str", "choices": list(CHOICES), "required": True},
    "directory": {"type": "str", "default": "reports/rollout"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "settings": {"type": "dict", "default": {}},
    "release": {"type": "list", "elements": "str", "default": []},
    "skip": {"type": "bool", "default": False},
    "host": {"type": "str", "default": ""},
    "step": {"type": "str", "default": ""},
    "did": {"type": "str", "choices": ["started", "done"], "default": "done"},
    "status": {"type": "str", "choices": ["failed", "unknown", "unreachable"], "default": "failed"},
    "why": {"type": "str", "default": ""},
    "owner": {"type": "str", "default": ""},
    "lock_hours": {"type": "float", "default": 12.0},
    "history": {"type": "raw", "default": ""},
}
_PAST = {"pause": "paused", "continue": "continued", "abort": "aborted"}
JOB_IDS = ("awx_job_id", "tower_job_id")


class ActionModule(ControllerAction):
    """A step of a rollout, as a task on the controller. Under check mode it keeps a rollout of its own, begun anew each time."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do what is asked, and return what it says."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        folder = Path(args["directory"]).expanduser().absolute()
        # The worker's parent is the run itself.
        rollout = Rollout(folder / "check" if self._task.check_mode else folder, os.getppid(), datetime.now(timezone.utc))
        try:
            answer = self._done(rollout, args, variables, result)
        except (RolloutError, SettingError, SettingsError, WindowError, store.StoreError) as error:
            raise AnsibleActionFail(" ".join(str(error).split())) from None
        result.update(changed=False, **wrap_var(answer))
        return result

    def _done(self, rollout: Rollout, args: dict[str, Any], variables: Mapping[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        what, owner = args["do"], args["owner"] or _owner(variables)
        if what == "begin":
            return self._begin(rollout, args, variables, owner)
        if what == "next":
            return rollout.next()
        if what == "approve":
            return rollout.approve(owner)
        if what == "note":
            return rollout.note(args["host"], args["step"], args["did"])
        if what == "result":
            return rollout.result(args["host"], args["status"], args["why"])
        if what == "steps":
            return rollout.steps(args["host"])
        if what == "end":
            return {**rollout.end(), **_reported(rollout, result, job_of(variables)), **self._remembered(rollout, args["history"])}
        if what == "release":
            rollout.release(args["hosts"], owner, args["skip"])
        elif what in _PAST:
            rollout.tell(_PAST[what], owner, args["why"])
        return _reported(rollout, result, job_of(variables))

    def _begin(self, rollout: Rollout, args: dict[str, Any], variables: Mapping[str, Any], owner: str) -> dict[str, Any]:
        asked = settings(args["settings"])
        given = {**args["settings"], **({"approval": "none"} if self._task.check_mode else {})}
        check_room(asked)
        if self._task.check_mode:
            shutil.rmtree(rollout.folder, ignore_errors=True)
        groups = of_groups(variables.get("groups", {}), asked)
        members = {host: self._member(host, variables["hostvars"][host], groups) for host in args["hosts"]}
        sizes = {name: len(groups[name]) for name in sorted(groups)}
        begun = rollout.begin(Begin(members, sizes, given, owner, args["lock_hours"]), args["release"])
        return {**begun, "warnings": list(doubts(members, asked))}

    def _remembered(self, rollout: Rollout, history: Any) -> dict[str, Any]:
        """What was done goes into the history, before the report after it asks who closed what. A rollout never fails for its history."""
        said = "" if self._task.check_mode else feeding.feed_journals(feeding.setting(history, of_folder(rollout.folder)), [rollout.folder])
        return {"warnings": [said]} if said else {}

    def _member(self, host: str, variables: Mapping[str, Any], groups: Mapping[str, frozenset[str]]) -> dict[str, Any]:
        """What a host's inventory says of it: its domains, those of its groups that matter, and windows of its own."""
        found: dict[str, Any] = {}
        try:
            for key, name in (("domains", "firebreak_domain"), ("windows", "firebreak_windows")):
                value = self._templar.template(variables.get(name))
                found[key] = meaning(name, value) if name in SETTINGS else domains(value)
            read(found["windows"])
        except AnsibleError as error:
            raise RolloutError(f"{host}: {name} cannot be templated: {' '.join(str(error).split())[:300]}") from None
        except (SettingError, SettingsError, WindowError) as error:
            raise RolloutError(f"{host}: {error}") from None
        return {**found, "groups": sorted(name for name, hosts in groups.items() if host in hosts)}


def _owner(variables: Mapping[str, Any]) -> str:
    job = next((str(variables[name]) for name in JOB_IDS if variables.get(name)), "")
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{os.uname().nodename}{f' (job {job})' if job else ''}"


def _reported(rollout: Rollout, result: dict[str, Any], job: Job | None) -> dict[str, Any]:
    """Show the rollout, and write rollout.json and rollout.html beside its journal."""
    state, page, lines = written(rollout, datetime.now(timezone.utc))
    show(result, [*lines, *ending(rollout.folder, job, "firebreak_rollout_dir")])
    return {"id": state.id, "rollout": state.status, "page": str(page), "counts": counts(state), "spent": sorted(host.name for host in state.spent),
            "budget": state.budget}
