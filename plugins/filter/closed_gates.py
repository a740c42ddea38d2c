# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.closed_gates``: why a step may not begin on a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._rollout import gates

DOCUMENTATION = r"""
name: closed_gates
short_description: Say why a step of a rollout may not begin on a host
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) and M(firebreak.fleet.host_readiness) found, and names each gate that is closed, with the reason. A
    gate of which nothing can be said is closed.
options:
  _input:
    description: The value C(firebreak) that the scan returned.
    type: dict
    required: true
  readiness:
    description: What M(firebreak.fleet.host_readiness) returned.
    type: dict
    required: true
  free_mb:
    description: How many MB folders must have free.
    type: dict
    default: {}
  "off":
    description: Gates that are left open, of C(disk), C(packages), C(lock), C(modules), C(next_boot), C(boot_trust), C(kexec),
      C(guests) and C(running).
    type: list
    elements: str
    default: []
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Fail where a gate is closed
  ansible.builtin.assert:
    that: "scan.firebreak | firebreak.fleet.closed_gates(readiness=readiness, free_mb={'/boot': 100}) | length == 0"
"""

RETURN = r"""
_value:
  description: The closed gates, each with its reason.
  type: list
  elements: str
  sample: ["disk: /boot has 12 MB free; wanted: 100"]
"""


def closed(scan: Mapping[str, Any], readiness: Mapping[str, Any], free_mb: Mapping[str, int] | None = None, off: Sequence[str] = ()) -> list[str]:
    """The closed gates; one that says so where there is no scan. ValueError, which Ansible shows, for a gate that does not exist."""
    strange = [name for name in off if name not in gates.GATES]
    if strange:
        raise ValueError(f"rollout_gates_off has {', '.join(strange)}; wanted: some of {', '.join(gates.GATES)}")
    document = scan.get("record")
    if not isinstance(document, Mapping) or not document.get("record"):
        return [f"scan: {scan.get('error') or 'the scan has no record'}"]
    return gates.closed(document["record"], readiness, gates.Asked(dict(free_mb or {}), tuple(off)))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"closed_gates": closed}
