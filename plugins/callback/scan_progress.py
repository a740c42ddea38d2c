# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress while a fleet is scanned: a line now and then, not one per host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: scan_progress
type: notification
short_description: Tell how far the scan of a fleet has come
version_added: 0.1.0
description:
  - While M(firebreak.fleet.platform_scan) runs over many hosts, prints how many are done and how many of each verdict there are.
  - Prints at most one line in each interval, and nothing for a few hosts.
  - The table at the end comes from M(firebreak.fleet.fleet_report) and needs no callback.
options:
  interval:
    description: Seconds between two lines.
    type: float
    default: 5
    env:
      - name: FIREBREAK_PROGRESS_INTERVAL
    ini:
      - section: callback_scan_progress
        key: interval
requirements:
  - Named in C(callbacks_enabled) of ansible.cfg, for playbooks of your own. The playbooks of this collection show progress without it.
author: The Firebreak authors (@firebreak)
"""

from typing import Any

from ansible.plugins.callback import CallbackBase

from ..plugin_utils._report.progress import SCAN, ScanProgress


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Counts the verdicts of a scan as they arrive."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "firebreak.fleet.scan_progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._progress = ScanProgress()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Learn how many hosts there are to scan."""
        hosts = play.get_variable_manager().get_vars(play=play, include_hostvars=False).get("ansible_play_hosts_all", [])
        self._progress.interval = float(self.get_option("interval"))
        self._progress.begin(len(hosts))

    def v2_runner_on_ok(self, result: Any) -> None:
        """Count a scanned host."""
        self._count(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Count a host whose scan could not be started."""
        self._count(result, True)

    def _count(self, result: Any, failed: bool) -> None:
        task, answer = getattr(result, "task", None) or result._task, getattr(result, "result", None) or result._result
        is_scan = SCAN in (getattr(task, "resolved_action", None), task.action)
        told = self._progress.count(SCAN, answer, failed) if is_scan else None
        if told:
            self._display.display(told, color="bright blue")
