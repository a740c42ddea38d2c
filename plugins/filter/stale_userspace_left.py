# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.stale_userspace_left``: what was restarted in vain, by a fresh scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._plan.stale_userspace import left

DOCUMENTATION = r"""
name: stale_userspace_left
short_description: Say what was restarted in vain
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned after the restarts, and two plans of P(firebreak.fleet.plan_stale_userspace#filter), the one
    that was carried out and one made anew. A list without sentences is the proof that all of it runs the installed files.
options:
  _input:
    description: The value C(firebreak) that the scan returned.
    type: dict
    required: true
  before:
    description: The plan that was carried out.
    type: dict
    required: true
  after:
    description: The plan by the new scan.
    type: dict
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Fail where something is stale still
  ansible.builtin.assert:
    that: scan.firebreak | firebreak.fleet.stale_userspace_left(before=plan, after=again) | length == 0
"""

RETURN = r"""
_value:
  description: What is not as it should be.
  type: list
  elements: str
  sample: ["restarted, and on replaced files still: cron.service"]
"""


def left_over(scan: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The sentences; the refusal where the new scan says nothing."""
    if after.get("refusal") is not None:
        return [str(after["refusal"])]
    return list(left(before, after, scan["record"]["record"]))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"stale_userspace_left": left_over}
