# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles of a run changed, or would change under --check: a line for each task that changed something, with its hosts."""

from __future__ import annotations

from collections.abc import Iterator

from .._fleet.bounded import visible
from .line import Line

_OWN = "firebreak.fleet."
_NAMES = 6
_LINES = 40


class Changes:
    """Keeps which task of which role changed which hosts."""

    def __init__(self) -> None:
        self._hosts: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, role: str, task: str, host: str) -> None:
        """One task of a role changed one host; roles of others are not counted."""
        if role.startswith(_OWN):
            self._hosts.setdefault((role.removeprefix(_OWN), task), {})[host] = None

    def lines(self, is_check: bool) -> Iterator[Line]:
        """The summary; nothing where nothing was changed."""
        if self._hosts:
            yield Line("")
            yield Line("What would be changed" if is_check else "What was changed")
        for (role, task), hosts in list(self._hosts.items())[:_LINES]:
            names = list(hosts)
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            yield Line(visible(f"  {role}: {task}  on {', '.join(names[:_NAMES])}{more}"), "yellow")
        if len(self._hosts) > _LINES:
            yield Line(f"  ... and {len(self._hosts) - _LINES} more tasks")
