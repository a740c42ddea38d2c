# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.effective_standard``: merges a standard with its overrides and checks both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._standard.in_force import effective, is_standard_variable, resolve
from ..plugin_utils._standard.validation import StandardError

DOCUMENTATION = r"""
name: effective_standard
short_description: Merge a standard with its overrides and waivers
version_added: 0.1.0
description:
  - Takes a mapping of the variables C(firebreak_standard), C(firebreak_standard_overrides*), C(firebreak_mitigations*) and
    C(firebreak_waivers*), checks them and merges them.
  - A mistake is one message that names the variable and the key, the value seen and the values allowed.
options:
  _input:
    description: The variables by name. Others are ignored.
    type: dict
    required: true
  platform:
    description: Facts of the record's section C(os) (V(family), V(id), V(version_id), V(architecture)); platform blocks are resolved for them.
    type: dict
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show what an Ubuntu host on Arm would be judged by
  ansible.builtin.debug:
    msg: "{{ {'firebreak_standard': firebreak_standard}
          | firebreak.fleet.effective_standard(platform={'id': 'ubuntu', 'family': 'debian', 'architecture': 'aarch64'}) }}"
"""

RETURN = r"""
_value:
  description: The merged standard, its SHA-256, where each key comes from, and the waivers.
  type: dict
  sample: {standard: {kernel: {running: 6.1.0-41-amd64}}, sha256: 6f1e, provenance: {kernel.running: firebreak_standard}, waivers: []}
"""


def merged(variables: Any, platform: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The effective standard as plain data."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError(f"effective_standard: seen a {type(variables).__name__}; wanted: a mapping of firebreak_* variables")
    try:
        found = effective({name: value for name, value in variables.items() if is_standard_variable(str(name))})
        standard = found.standard if found.standard is None or platform is None else resolve(found.standard, platform)
    except StandardError as error:
        raise AnsibleFilterError(str(error)) from error
    return {"standard": standard, "sha256": found.sha256, "provenance": dict(found.provenance),
            "waivers": [waiver.as_data() for waiver in found.waivers]}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"effective_standard": merged}
