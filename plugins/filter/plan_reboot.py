# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_reboot``: what a reboot must bring, and how the host gets there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._plan.planned import planned as of_scan
from ..plugin_utils._rollout import reboot

DOCUMENTATION = r"""
name: plan_reboot
short_description: Plan a reboot that proves itself
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(os), C(boot) and C(kernel), and says which kernel
    must run after the reboot, by which rung the host gets there, whether the loader tries that kernel once, and what a failed boot falls back to.
  - Where there is no such plan, it is nothing but a C(refusal).
options:
  release:
    description: The release that must come up; without it, that of the boot loader's default.
    type: str
    default: ''
  trial:
    description: V(auto), V(require) or V(never), as in the role.
    type: str
    default: auto
  rungs:
    description: The allowed rungs, of C(soft_reboot), C(kexec) and C(reboot).
    type: list
    elements: str
    default: [reboot]
  panic_seconds:
    description: After how many seconds a panic reboots.
    type: int
    default: 30
  systemd:
    description: The version of systemd.
    type: int
    default: 0
  kexec:
    description: Whether kexec can be used.
    type: bool
    default: false
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Scan
  firebreak.fleet.platform_scan:
    sections: [os, boot, kernel]
  register: scan

- name: Show what a reboot would bring
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.plan_reboot(host=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The plan, and the refusal or null.
  type: dict
  sample:
    boot_id: 6a0f9c5e-1f1a-4f57-9d3e-1a2b3c4d5e6f
    command_line: ''
    falls_back_to: 6.1.0-40-amd64
    image: /boot/vmlinuz-6.1.0-41-amd64
    initrd: /boot/initrd.img-6.1.0-41-amd64
    package_version: 6.1.158-1
    refusal: null
    release: 6.1.0-41-amd64
    rung: reboot
    said: []
    trial: true
    words: [panic=30]
"""


def plan_reboot(scan: Mapping[str, Any], host: str, release: str = "", trial: str = "auto", rungs: Sequence[str] = ("reboot",),
                panic_seconds: int = 30, systemd: int = 0, kexec: bool = False) -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    asked = reboot.Asked(str(release), str(trial), tuple(rungs), int(panic_seconds), int(systemd), bool(kexec))
    return of_scan(scan, host, "plan_reboot", lambda record, standard: reboot.plan(record, asked))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_reboot": plan_reboot}
