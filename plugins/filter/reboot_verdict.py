# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.reboot_verdict``: whether a reboot brought what it should."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._rollout import reboot

DOCUMENTATION = r"""
name: reboot_verdict
short_description: Say whether a reboot brought what it should
version_added: 0.1.0
description:
  - Takes two results of M(firebreak.fleet.platform_scan), of before and after a reboot, and says in sentences what is not as expected. A list without
    any is the proof. What cannot be said is a sentence too.
options:
  _input:
    description: The value C(firebreak) of the scan after the reboot.
    type: dict
    required: true
  before:
    description: The value C(firebreak) of the scan before it.
    type: dict
    required: true
  plan:
    description: What P(firebreak.fleet.plan_reboot#filter) planned. Without it, only what ran before is compared.
    type: dict
  enabled:
    description: The units that a boot starts; where it is not given every unit that ran must run again.
    type: list
    elements: str
  passed_over:
    description: Shell patterns of units that need not run again.
    type: list
    elements: str
    default: []
  guests_gone:
    description: Guests that were moved to another host.
    type: list
    elements: str
    default: []
  what:
    description: V(kernel) compares the kernel and its live patches, V(running) what ran, V(all) both.
    type: str
    default: all
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Fail where something else came up
  ansible.builtin.assert:
    that: after.firebreak | firebreak.fleet.reboot_verdict(before=before.firebreak, plan=plan) | length == 0
"""

RETURN = r"""
_value:
  description: What is not as expected.
  type: list
  elements: str
  sample: ["it came back on another kernel: 6.1.0-40-amd64 runs, 6.1.0-41-amd64 was expected; the trial failed, and the loader fell back"]
"""


def verdict(after: Mapping[str, Any], before: Mapping[str, Any], plan: Mapping[str, Any] | None = None, enabled: Sequence[str] | None = None,
            passed_over: Sequence[str] = (), guests_gone: Sequence[str] = (), what: str = "all") -> list[str]:
    """The sentences; one that says so where there is no scan."""
    records = [_record(scan) for scan in (before, after)]
    if records[0] is None or records[1] is None:
        lost = "before" if records[0] is None else "after"
        return [f"there is no scan of {lost} the reboot: {(before if lost == 'before' else after).get('error') or 'it has no record'}"]
    found: list[str] = []
    if plan is not None and what in ("kernel", "all"):
        found += reboot.came_up(records[0], records[1], plan)
    if what in ("running", "all"):
        found += reboot.runs_again(records[0], records[1], enabled, tuple(passed_over), tuple(guests_gone))
    return found


def _record(scan: Mapping[str, Any]) -> Mapping[str, Any] | None:
    document = scan.get("record")
    record = document.get("record") if isinstance(document, Mapping) else None
    return record if isinstance(record, Mapping) and record else None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"reboot_verdict": verdict}
