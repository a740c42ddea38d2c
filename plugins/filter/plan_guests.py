# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_guests``: which running guests are to be replaced, how, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._plan.guests import Asked, plan
from ..plugin_utils._plan.planned import planned as of_scan
from ..plugin_utils._standard.in_force import promises

DOCUMENTATION = r"""
name: plan_guests
short_description: Plan how guests leave a replaced hypervisor
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(os) and C(hypervisor), and says which guests run a
    program that is no longer the installed one, with the least disruptive remedy of each, and which machine types are not allowed or deprecated.
options:
  method:
    description: How guests are replaced that can be replaced that way; V(none) only says what could be done.
    type: str
    choices: [none, managed_save, migrate, restart]
    default: none
  destination:
    description: For V(migrate), the libvirt of the host to go to.
    type: str
    default: ''
  machine_types:
    description: The machine types that definitions get instead of one of the same family that is not allowed or deprecated; one of each family.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Scan
  firebreak.fleet.platform_scan:
    sections: [os, hypervisor]
  register: scan

- name: Show which guests run an old QEMU
  ansible.builtin.debug:
    msg: "{{ (scan.firebreak | firebreak.fleet.plan_guests(host=inventory_hostname)).left }}"
"""

RETURN = r"""
_value:
  description:
    - The guests to replace, each with the process that it is to leave, those whose definition gets another machine type, a sentence for each of
      the others, and the refusal or null.
  type: dict
  sample:
    define: [{machine_type: pc-q35-7.2, name: web1}]
    left: []
    move: [{method: managed_save, name: web1, pid: 4242}]
    refusal: null
"""


def planned(scan: Mapping[str, Any], host: str, method: str = "none", destination: str = "", machine_types: Sequence[str] = ()) -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    asked = Asked(method, destination, tuple(machine_types))
    return of_scan(scan, host, "plan_guests", lambda record, standard: plan(record, promises(standard or {}), asked))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_guests": planned}
