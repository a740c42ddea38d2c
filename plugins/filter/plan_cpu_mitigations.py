# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_cpu_mitigations``: what keeps the processor's mitigations on, and what nothing on the host mends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._plan.cpu_mitigations import Asked, plan
from ..plugin_utils._plan.planned import planned as of_scan
from ..plugin_utils._standard.in_force import promises

DOCUMENTATION = r"""
name: plan_cpu_mitigations
short_description: Plan what keeps the processor's mitigations on
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(os), C(boot), C(kernel), C(cpu) and C(hypervisor),
    and says which words the command line must lose and hold, what is done about multithreading and microcode, and what nothing on the host mends.
  - Where it is not known how the processors stand, the plan is nothing but a C(refusal).
options:
  present:
    description: Words that the command line must hold.
    type: list
    elements: str
    default: []
  absent:
    description: Words, or patterns of words, that it must not hold.
    type: list
    elements: str
    default: []
  keep:
    description: Words, or patterns of words, that switch a mitigation off and stay.
    type: list
    elements: str
    default: []
  smt:
    description: V(active), V(inactive), or nothing for what the standard promises.
    type: str
    default: ''
  microcode:
    description: Whether the vendor's package of microcode belongs to it.
    type: bool
    default: true
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show what is not mitigated, and why
  ansible.builtin.debug:
    msg: "{{ (scan.firebreak | firebreak.fleet.plan_cpu_mitigations(host=inventory_hostname)).firmware }}"
"""

RETURN = r"""
_value:
  description: The plan, and the refusal or null.
  type: dict
  sample: {absent: [mitigations=off], firmware: [], install: [intel-microcode], pending: [], present: [], refusal: null, said: [], smt_now: ""}
"""


def planned(scan: Mapping[str, Any], host: str, present: Sequence[str] = (), absent: Sequence[str] = (), keep: Sequence[str] = (), smt: str = "",
            microcode: bool = True) -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    asked = Asked(tuple(present), tuple(absent), tuple(keep), str(smt), bool(microcode))
    return of_scan(scan, host, "plan_cpu_mitigations", lambda record, standard: plan(record, promises(standard or {}), asked))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_cpu_mitigations": planned}
