# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_drain``: what is done with what runs on a host that goes out of service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._plan.planned import planned as of_scan
from ..plugin_utils._rollout import drain

DOCUMENTATION = r"""
name: plan_drain
short_description: Plan what is done with guests and containers of a host that goes out of service
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(hypervisor) and C(containers).
  - Where something runs that may not be stopped, the plan is nothing but a C(refusal).
options:
  guests:
    description: V(refuse), V(managed_save), V(migrate), V(shutdown) or V(leave).
    type: str
    default: refuse
  containers:
    description: V(leave) or V(refuse).
    type: str
    default: leave
  destination:
    description: For V(migrate), the libvirt to go to.
    type: str
    default: ''
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show what a drain would do
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.plan_drain(host=inventory_hostname, guests='managed_save') }}"
"""

RETURN = r"""
_value:
  description: Names of guests by what is done with them, what is said of the rest, and the refusal or null.
  type: dict
  sample: {left: [], migrate: [], refusal: null, save: [web1], shutdown: [], start: [web1]}
"""


def planned(scan: Mapping[str, Any], host: str, guests: str = "refuse", containers: str = "leave", destination: str = "") -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    return of_scan(scan, host, "plan_drain", lambda record, standard: drain.plan(record, str(guests), str(containers), str(destination)))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_drain": planned}
