# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all actions have in common that work on the controller and ask no host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase


class ControllerAction(ActionBase):  # type: ignore[misc]
    """An action that needs no connection, copies nothing and ends before the task does."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """What every action begins with."""
        self._task.args = with_true_names(self._task.args, task_vars or {})
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result


def with_true_names(args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with the names of the play's hosts as they are: a core before 2.19 takes one with braces for a template, and fills it in."""
    given, names = args.get("hosts"), [str(name) for name in variables.get("ansible_play_hosts_all") or ()]
    is_of_play = isinstance(given, list) and len(given) == len(names) and all(
        str(one) == name for one, name in zip(given, names, strict=True) if "{" not in name)
    return {**args, "hosts": names} if is_of_play else args
