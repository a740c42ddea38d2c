# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what a host is judged by (see the module of the same name)."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils._standard.in_force import effective, is_standard_variable, resolve
from ..plugin_utils._standard.validation import StandardError


class ActionModule(ActionBase):  # type: ignore[misc]
    """Merges and checks the host's variables; never connects to it."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The effective standard of one host, shown without -v."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec={"platform": {"type": "dict"}})
        host = variables.get("inventory_hostname", "localhost")
        try:
            wanted = {name: self._templar.template(variables[name]) for name in sorted(filter(is_standard_variable, variables))}
            found = effective(wanted)
            standard = resolve(found.standard, args["platform"]) if found.standard and args["platform"] else found.standard
        except (AnsibleError, StandardError) as error:
            raise AnsibleActionFail(f"{host}: {error}") from error
        result.update(changed=False, standard=standard, sha256=found.sha256, provenance=dict(found.provenance),
                      waivers=[waiver.as_data() for waiver in found.waivers])
        result["_ansible_verbose_always"] = True
        return result
