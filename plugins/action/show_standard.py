# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show what hosts are judged by (see the module of the same name)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.utils.unsafe_proxy import wrap_var

from ..module_utils._scan.asked import check_sections
from ..plugin_utils._fleet import inventory
from ..plugin_utils._report.standards import Held, standard_lines, together
from ..plugin_utils._standard.in_force import Effective, effective, is_standard_variable, resolve
from ..plugin_utils._standard.validation import StandardError
from ..plugin_utils._standard.variables import LABELS
from ..plugin_utils._transport.on_controller import ControllerAction
from ..plugin_utils._transport.terminal import show

ARGUMENTS: dict[str, dict[str, Any]] = {
    "platform": {"type": "dict"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "sections": {"type": "list", "elements": "str", "default": []},
    "quiet": {"type": "bool", "default": False},
}


class ActionModule(ControllerAction):
    """Merges and checks the variables of hosts; never connects to one."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The effective standard of the hosts: each distinct one once, with its hosts."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            check_sections(args["sections"])
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        own = str(variables.get("inventory_hostname", "localhost"))
        held = [self._held(host, variables["hostvars"][host] if args["hosts"] else variables) for host in args["hosts"] or [own]]
        mistakes = together((host.name, host.mistake) for host in held if host.mistake)
        if mistakes:
            raise AnsibleActionFail(mistakes)
        if not args["quiet"]:
            show(result, standard_lines(held))
        first = held[0].effective
        standard = resolve(first.standard, args["platform"]) if first.standard and args["platform"] else first.standard
        result.update(changed=False, standard=wrap_var(standard), sha256=first.sha256, provenance=wrap_var(dict(first.provenance)),
                      waivers=wrap_var([waiver.as_data() for waiver in first.waivers]), hosts=len(held))
        return result

    def _held(self, host: str, variables: Mapping[str, Any]) -> Held:
        """What one host is held to, or what is wrong with its variables."""
        try:
            inventory.labels(self._templated(variables, filter(LABELS.__eq__, variables)).get(LABELS))
            return Held(host, effective(self._templated(variables, filter(is_standard_variable, variables))), "")
        except (AnsibleError, StandardError) as error:
            return Held(host, Effective(), " ".join(str(error).split()))

    def _templated(self, variables: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        found = {}
        for name in sorted(names):
            try:
                found[name] = self._templar.template(variables[name])
            except AnsibleError as error:
                raise StandardError(f"{name} cannot be templated: {' '.join(str(error).split())[:300]}") from None
        return found
