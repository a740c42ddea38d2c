# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_kernel``: what it takes to bring the wanted kernel to a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._plan.kernel import cmdline, plan, wanted
from ..plugin_utils._plan.planned import planned as of_scan

DOCUMENTATION = r"""
name: plan_kernel
short_description: Plan how a host gets the kernel that is wanted
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(os) and C(kernel), and says which kernel the host is
    to boot and which packages that takes.
  - Where the host cannot get it, the plan is nothing but a C(refusal), which names the host, what was seen and what was wanted.
options:
  release:
    description: The release to boot, as C(uname -r) prints it. It wins over the standard.
    type: str
    default: ''
  minimum_version:
    description: The least package version to boot. It wins over the standard.
    type: str
    default: ''
  flavour:
    description: The line of kernels to choose from, where that is not the running one's (C(uek), C(standard), C(rt)).
    type: str
    default: ''
  live_patchable:
    description: Choose the newest kernel that live patches are known for. Needs the section C(live_patch) in the scan.
    type: bool
    default: false
  cmdline_present:
    description: Words that the command line must hold, next to C(boot.cmdline_required) of the standard.
    type: list
    elements: str
    default: []
  cmdline_absent:
    description: Words, or patterns of words, that it must not hold, next to C(boot.cmdline_forbidden) of the standard.
    type: list
    elements: str
    default: []
  keep:
    description: How many kernels stay installed; V(-1) for all. The running, the default and the wanted kernel always stay.
    type: int
    default: -1
  hold:
    description: Whether the plan names the locks that keep updates from bringing other kernels.
    type: bool
    default: false
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Scan
  firebreak.fleet.platform_scan:
    sections: [os, kernel]
  register: scan

- name: Show what it takes to get the standard's kernel
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.plan_kernel(host=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The release to boot, its package, packages to install and to remove, those of its headers and of the modules that are packed apart,
    what waits for a reboot, and the refusal or null.
  type: dict
  sample:
    cmdline: {present: [lockdown=integrity], absent: []}
    family: debian
    extra_modules: []
    folders: [/boot]
    headers: [linux-headers-6.1.0-41-amd64]
    install: [linux-image-6.1.0-41-amd64=6.1.158-1]
    locks: []
    managers: []
    metas: [linux-image-amd64, linux-amd64]
    package: linux-image-6.1.0-41-amd64
    pending: 6.1.0-40-amd64 (6.1.153-1) runs; 6.1.0-41-amd64 (6.1.158-1) is in force after a reboot
    refusal: null
    release: 6.1.0-41-amd64
    remove: []
    unlock: []
"""


def planned(scan: Mapping[str, Any], host: str, keep: int = -1, hold: bool = False, cmdline_present: Sequence[str] = (),
            cmdline_absent: Sequence[str] = (), **choice: Any) -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    def make(record: Mapping[str, Any], standard: Mapping[str, Any] | None) -> dict[str, Any]:
        made = plan(record, wanted(choice, standard), int(keep), bool(hold))
        return {**made, "cmdline": cmdline(cmdline_present, cmdline_absent, standard)}

    return of_scan(scan, host, "plan_kernel", make)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_kernel": planned}
