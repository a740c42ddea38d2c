# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan the hosts of a play from one process (see the module of the same name)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import constants

from ..plugin_utils._transport.bytecode import kept_bytecode
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.time_allowed import PATIENCE

OWN_ARGUMENTS: dict[str, dict[str, Any]] = {
    "transport": {"type": "str", "choices": ["auto", "ansible"], "default": "auto"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "forks": {"type": "int", "default": 0},
    "patience": {"type": "int", "default": int(PATIENCE)},
    "last": {"type": "path"},
}
_PLUGINS = __name__.rpartition(".action.")[0]
_BYTECODE = "firebreak_bytecode"


class ActionModule(ControllerAction):
    """The scan of a play's hosts, as one task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Scan all that can be scanned from here; the rest is left to platform_scan, each with the reason."""
        variables: dict[str, Any] = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        # Nothing of it is wanted in the main process, and the worker that this runs in ends with the task.
        with kept_bytecode(_PLUGINS, str(Path(constants.config.get_config_value("ANSIBLE_HOME")) / _BYTECODE)):
            from ..plugin_utils._transport.from_here import scanned
            from ..plugin_utils._transport.ways import Asker
            from . import platform_scan
        _validation, args = self.validate_argument_spec(argument_spec={**platform_scan.ARGUMENTS, **OWN_ARGUMENTS})
        asker = Asker(self._task, variables, self._play_context, self._loader, self._shared_loader_obj)
        result.update(scanned(asker, args, OWN_ARGUMENTS, platform_scan.ActionModule))
        return result
