# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_mitigations``: what it takes to mitigate one host, and who would lose what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._plan.mitigations import plan
from ..plugin_utils._plan.planned import planned as of_scan

DOCUMENTATION = r"""
name: plan_mitigations
short_description: Plan the mitigations of one host
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory and works out the least disruptive way to each mitigation of
    the host's standard, what conflicts with what is in use, and who loses what.
  - A mitigation whose fix is in force is left out of what the host gets, so that the role takes it back.
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Plan
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.plan_mitigations(host=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The mitigations that the host gets and by what, their states, conflicts, losses, and the refusal or null.
  type: dict
  sample:
    conflicts: []
    kvm_former: {}
    kvm_parameters: {}
    losses: ["algif_aead: it cannot be loaded any more"]
    modules: [algif_aead]
    names: [CVE-2026-31431]
    refusal: null
    said: ["CVE-2026-31431: absent, module algif_aead: no install line stands in place of loading it"]
    services_off: []
    states: [{name: CVE-2026-31431, reason: "module algif_aead: no install line stands in place of loading it", state: absent}]
    sysctls: {}
    unload: []
    words: []
"""


def planned(scan: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    return of_scan(scan, host, "plan_mitigations", plan)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_mitigations": planned}
