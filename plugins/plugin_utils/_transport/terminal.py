# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How what an action has to say reaches the terminal: by its result, and printed by a callback in the main process.

An action runs in a worker. What a worker displays goes through a queue whose reader ends for good with the first closed pipe, and the run then
waits for ever; a callback that meets one only ends itself.
"""

from __future__ import annotations

import atexit
import json
import os
import shlex
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible.utils.unsafe_proxy import wrap_var

from .._fleet import store
from .._report.changes import Changes
from .._report.line import Line
from .._report.progress import ScanProgress
from .deserted import Driven

RESULT = "lines"
# Set in the main process before its workers are forked: a file that workers write what they say as they say it.
SPOKEN = "FIREBREAK_SPOKEN"
# Actions that take their time and tell how far they are.
_TELLING = ("platform_proof", "fleet_scan")
# The action that makes the directory of a run.
_RUN = ".run_directory"
_PROGRESS = "firebreak.fleet.scan_progress"
_LOOK_SECONDS = 0.2


def heard() -> bool:
    """Whether a callback listens to what is said while an action runs."""
    return SPOKEN in os.environ


def show(result: dict[str, Any], lines: Iterable[Line]) -> None:
    """Give an action's lines to whoever shows them: the callback beside our playbooks, else the task's own result."""
    told = [[line.text, line.color] for line in lines]
    result[RESULT] = wrap_var(told)
    if not heard():
        result["msg"] = wrap_var([text for text, _color in told])
        result["_ansible_verbose_always"] = True


def say(text: str) -> None:
    """Say a line while the action still runs; nobody hears it where no callback listens."""
    path = os.environ.get(SPOKEN)
    if path:
        with Path(path).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(text + "\n")


def is_for_programs(callback: str) -> bool:
    """Whether the standard output belongs to a document that text of ours would break."""
    name = callback.rpartition(".")[2]
    return "json" in name or name in ("null", "xml", "junit")


def broken_off(run: str, kept: int) -> str:
    """What is left of a run that was broken off, and how a report of it is made."""
    asked = shlex.quote(json.dumps({"firebreak_runs": [run], "firebreak_partial": True}))
    return (f"broken off: the records of {kept} host{'s' if kept > 1 else ''} are kept in {run}; "
            f"a report of them: ansible-playbook firebreak.fleet.report_records -e {asked}")


class FleetOutput(CallbackBase):  # type: ignore[misc]
    """Prints the lines of our actions and the progress of a scan."""

    def __init__(self) -> None:
        super().__init__()
        self._to_stderr = is_for_programs(str(constants.DEFAULT_STDOUT_CALLBACK))
        self._progress = None if _PROGRESS in (constants.CALLBACKS_ENABLED or ()) else ScanProgress()
        self._listener: _Listener | None = None
        self._changes = Changes()
        self._driven = Driven()
        descriptor, path = tempfile.mkstemp(prefix="firebreak-said-")
        os.close(descriptor)
        self._spoken = Path(path)
        os.environ[SPOKEN] = path
        self._run: str | None = None
        atexit.register(self._broken_off)  # a worker that is forked runs none of these

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Learn how many hosts there are to scan."""
        if self._progress:
            self._progress.begin(len(play.get_variable_manager().get_vars(play=play, include_hostvars=False).get("ansible_play_hosts_all", [])))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """What takes its time is shown as it is said."""
        if str(task.action).rpartition(".")[2] in _TELLING:
            self._spoken.write_text("", encoding="utf-8")
            self._listener = _Listener(self._spoken, self._print)
            self._listener.start()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Show what the action has to say."""
        self._ended(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Show what it said before it failed."""
        self._ended(result, True)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Nothing more will be said of this playbook but what roles changed, or would, and of a rollout that lost all its hosts. Another one may
        follow in the same run."""
        self._stop_listening()
        self._run = None
        for line in self._changes.lines(bool(context.CLIARGS.get("check"))):
            self._print(line.text, line.color)
        self._changes = Changes()
        for line in self._driven.end():
            self._print(line.text, line.color)

    def _ended(self, result: Any, failed: bool) -> None:
        task, answer = getattr(result, "task", None) or result._task, getattr(result, "result", None) or result._result
        name = str(getattr(task, "resolved_action", None) or task.action)
        if not failed and isinstance(answer, dict) and answer.get("changed") is True and task._role:
            self._changes.add(str(task._role.get_name()), str(task.name), _host(result))
        if not name.startswith("firebreak.fleet."):
            return
        if name.endswith(_TELLING):
            self._stop_listening()
        if isinstance(answer, dict):
            self._driven.hear(name, answer)
        if name.endswith(_RUN) and isinstance(answer, dict):
            self._run = answer.get("path")
        told = self._progress.count(name, answer, failed) if self._progress else None
        if told:
            self._print(told, "bright blue")
        lines = answer.get(RESULT) if isinstance(answer, dict) else None
        if isinstance(lines, list) and lines:
            self._print("", None)
            for text, color in lines:
                self._print(str(text), color)

    def _broken_off(self) -> None:
        """The run did not come to its end (Ctrl-C): what was scanned by then is kept."""
        self._spoken.unlink(missing_ok=True)
        with suppress(OSError, store.StoreError):
            kept = len(store.listed(Path(self._run) / "records", ".json")) if self._run else 0
            if kept:
                self._display.display(broken_off(str(self._run), kept), color="yellow", stderr=True)

    def _print(self, text: str, color: str | None = None) -> None:
        self._display.display(text, color=color, stderr=self._to_stderr)

    def _stop_listening(self) -> None:
        if self._listener:
            self._listener.end()
            self._listener = None


def _host(result: Any) -> str:
    host = getattr(result, "host", None) or result._host
    return str(host.get_name())


class _Listener(threading.Thread):
    """Prints what is written to a file, as it is written."""

    def __init__(self, path: Path, tell: Any) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._tell = tell
        self._over = threading.Event()

    def run(self) -> None:
        """Look now and then, and once more at the end."""
        with self._path.open(encoding="utf-8", errors="replace") as stream:
            is_last = False
            while not is_last:
                is_last = self._over.wait(_LOOK_SECONDS)
                for line in stream:
                    try:
                        self._tell(line.rstrip("\n"))
                    except OSError:
                        return

    def end(self) -> None:
        """Wait until all is printed that was said."""
        self._over.set()
        self.join()
