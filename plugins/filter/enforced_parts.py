# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.enforced_parts``: which of the roles that not every host needs a host gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._plan.enforced_parts import parts

DOCUMENTATION = r"""
name: enforced_parts
short_description: Choose the roles that bring a host to its standard
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, and says whether the roles C(hypervisor) and C(kata) are for that host.
  - They are where the standard in force for the host promises something of theirs, by whichever override or platform block, or where a variable of
    theirs asks for something.
options:
  _input:
    description: The value C(firebreak) that the scan returned, with the section C(os) at least.
    type: dict
    required: true
  variables:
    description: The names of the host's variables.
    type: list
    elements: str
    default: []
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Learn what the host is and what it is held to
  firebreak.fleet.platform_scan:
    sections: [os]
  register: scan

- name: Show which roles are for it
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.enforced_parts(query('ansible.builtin.varnames', '^(hypervisor|kata)_')) }}"
"""

RETURN = r"""
_value:
  description: Whether each role is for the host, the version of Kata Containers where only the standard names one, and what is said of the rest.
  type: dict
  sample: {hypervisor: true, kata: true, kata_version: 3.32.0, left: []}
"""


def enforced(scan: Any, variables: Collection[str] = ()) -> dict[str, Any]:
    """The roles for a host that was scanned."""
    if not isinstance(scan, Mapping) or "standard" not in scan:
        raise AnsibleFilterError(f"enforced_parts wants what platform_scan returned as 'firebreak' without a directory, seen: {type(scan).__name__}")
    return parts(scan["standard"], variables)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"enforced_parts": enforced}
