# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_stale_userspace``: what is restarted, in which order, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..plugin_utils._plan.planned import planned as of_scan
from ..plugin_utils._plan.stale_userspace import Asked, parse_after, plan
from ..plugin_utils._standard.in_force import promises

DOCUMENTATION = r"""
name: plan_stale_userspace
short_description: Plan the restarts of what runs replaced files
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the section C(services), and says which units are restarted, in the
    order of their dependencies, what waits, and what only a reboot replaces. Units that the standard lets be stale are left out.
  - Where it is not known what runs, the plan is nothing but a C(refusal).
options:
  policy:
    description: Shell patterns of units, each with V(restart), V(window), V(reboot) or V(leave). The first that matches counts.
    type: dict
    default: {}
  window:
    description: Whether what cuts off users, network, storage or guests may be restarted now.
    type: bool
    default: false
  sessions:
    description: V(leave) or V(end) what runs in sessions of users.
    type: str
    default: leave
  max_disruption:
    description: The most that a restart of what cuts off may cost, such as C(restart_service), C(restart_sandbox) or C(migrate_guest).
    type: str
    default: reboot
  after:
    description: What C(systemctl show --property=Id,After) says of the units.
    type: str
    default: ''
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show what would be restarted
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.plan_stale_userspace(host=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The plan, and the refusal or null.
  type: dict
  sample: {end: [], leaves: [], reboot: ["dbus.service: nothing else replaces it"], reexec: true, refusal: null, restart: [cron.service], waits: []}
"""


def planned(scan: Mapping[str, Any], host: str, policy: Mapping[str, str] | None = None, window: bool = False, sessions: str = "leave",
            after: str = "", max_disruption: str = "reboot") -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    asked = Asked(dict(policy or {}), bool(window), str(sessions), str(max_disruption))
    today = datetime.now(timezone.utc).date()
    return of_scan(scan, host, "plan_stale_userspace",
                   lambda record, standard: plan(record, promises(standard or {}), asked, parse_after(after), today))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_stale_userspace": planned}
