# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feed, prune, export, back up and restore the history (see the module of the same name)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._fleet import store
from ..plugin_utils._fleet.bounded import counted
from ..plugin_utils._history import clocks, feeding, keeping, retiring
from ..plugin_utils._history.database import History, default, is_missing
from ..plugin_utils._history.errors import HistoryError
from ..plugin_utils._history.upgrade import opened
from ..plugin_utils._report.line import Line
from ..plugin_utils._settings.places import job_of
from ..plugin_utils._transport.lasting import ending
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "history": {"type": "raw", "default": ""},
    "reports": {"type": "str", "default": "reports"},
    "do": {"type": "str", "choices": ["feed", "prune", "retire", "forget_future", "export", "backup", "restore"], "default": "feed"},
    "runs": {"type": "list", "elements": "path", "default": []},
    "slice": {"type": "str", "default": ""},
    "file": {"type": "str", "default": ""},
    "keep_days": {"type": "int", "default": 0},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "why": {"type": "str", "default": ""},
}
_DAY = 86400
_NOTHING = "nothing new"


class ActionModule(ControllerAction):
    """The care of the history, as a task on the controller."""

    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do the one thing that was asked for, and say what came of it."""
        result: dict[str, Any] = super().run(tmp, task_vars or {})
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "the history is not touched under --check"}
        try:
            lines = done(args)
        except (HistoryError, store.StoreError) as error:
            raise AnsibleActionFail(str(error)) from None
        job = job_of(task_vars or {}) if args["do"] in ("export", "backup") else None
        show(result, [*map(Line, lines), *ending(Path(args["file"]).expanduser().absolute(), job, "firebreak_history_file")])
        is_changed = args["do"] in ("feed", "prune", "retire", "forget_future", "restore") and not lines[0].startswith(_NOTHING)
        result.update(changed=is_changed, told=wrap_var(lines))
        return result


def done(args: dict[str, Any]) -> list[str]:
    """What was done, in lines for a person."""
    what, reports = args["do"], Path(args["reports"]).expanduser().absolute()
    if what in ("export", "backup", "restore") and not args["file"]:
        raise HistoryError(f"file: empty; wanted the path of the file to {'restore from' if what == 'restore' else 'write'}")
    if what == "prune" and args["keep_days"] < 1:
        raise HistoryError(f"keep_days: {args['keep_days']}; wanted for how many days what has ended is kept")
    found = feeding.asked_for(args["history"], default(reports.parent))
    if what not in ("feed", "restore") and is_missing(found.place):
        raise HistoryError(f"there is no history at {found.place}")
    history = opened(found.place)
    try:
        return list(_do(history, args, reports))
    finally:
        history.close()


def _do(history: History, args: dict[str, Any], reports: Path) -> Iterator[str]:
    what, path = args["do"], Path(args["file"]).expanduser().absolute()
    if what == "feed":
        # What rollouts did comes first, so that the answers after it find who closed a hole.
        done = [line for name in ("rollout", "heal") for _is_well, line in feeding.journals(history, reports / name)]
        caught = feeding.catch_up(history, [Path(run).absolute() for run in args["runs"]] or store.runs(reports), args["slice"])
        yield from [*done, *caught.told] or [f"{_NOTHING} in {reports}"]
        yield from caught.refused
    elif what == "retire":
        gone = retiring.retire(history, args["hosts"], args["why"])
        yield _counted("retired", gone) if gone else f"{_NOTHING} to retire"
    elif what == "forget_future":
        yield _gone(clocks.forget_future(history))
    elif what == "prune":
        yield _gone(keeping.prune(history, int(time.time()) - args["keep_days"] * _DAY))
    elif what == "restore":
        yield _counted(f"restored from {path}", keeping.restore(history, path))
    elif what == "backup":
        yield _counted(f"backed up to {path}", keeping.back_up(history, path))
    else:
        store.private_directory(path.parent)
        store.write(path, keeping.dump(history))
        yield _counted(f"exported to {path}", keeping.counts(history))


def _gone(rows: dict[str, int]) -> str:
    return f"forgotten: {', '.join(f'{count} of {name}' for name, count in rows.items())}" if rows else f"{_NOTHING} to forget"


def _counted(what: str, rows: dict[str, int]) -> str:
    return f"{what}: {', '.join(counted(count, f'row of {name}', f'rows of {name}') for name, count in rows.items() if count)}"
