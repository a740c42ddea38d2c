# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_hypervisor``: what it takes to bring the standard's QEMU, libvirt and KVM parameters to a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils._plan.hypervisor import Packages, Wish, parse_installed, parse_offered, plan
from ..plugin_utils._plan.planned import planned as of_scan
from ..plugin_utils._standard.in_force import promises

DOCUMENTATION = r"""
name: plan_hypervisor
short_description: Plan how a host gets the hypervisor's software that is wanted
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(os) and C(hypervisor), and says which packages are
    to be installed and held, and which parameters KVM is to have.
  - Where the host cannot get it, the plan is nothing but a C(refusal), which names the host, what was seen and what was wanted.
options:
  versions:
    description: Exact versions of C(qemu), C(libvirt) and C(virtiofsd). They win over the standard.
    type: dict
    default: {}
  kvm_parameters:
    description: Parameters of KVM's modules. They win over the standard.
    type: dict
    default: {}
  hold:
    description: Whether packages whose version is wanted are held.
    type: bool
    default: false
  installed:
    description: What dpkg has, as lines with the status, the wanted state, the source, the package and its version.
    type: list
    elements: str
    default: []
  offered:
    description: What apt's lists offer of these packages, as the lines of C(apt-cache madison).
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

- name: Show which parameters KVM is to have
  ansible.builtin.debug:
    msg: "{{ (scan.firebreak | firebreak.fleet.plan_hypervisor(host=inventory_hostname)).kvm_parameters }}"
"""

RETURN = r"""
_value:
  description: Packages to install and to hold, KVM's parameters, what is said and not done, and the refusal or null.
  type: dict
  sample:
    family: debian
    hold: [qemu-system-common, qemu-system-x86]
    install: ["qemu-system-x86=1:7.2+dfsg-7+deb12u18", "qemu-system-common=1:7.2+dfsg-7+deb12u18"]
    kvm_parameters: {kvm_amd.nested: false}
    left: []
    refusal: null
"""


def planned(
    scan: Mapping[str, Any], host: str, versions: Mapping[str, str] | None = None, kvm_parameters: Mapping[str, Any] | None = None,
    hold: bool = False, installed: Sequence[str] = (), offered: Sequence[str] = (),
) -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    wish = Wish(versions or {}, kvm_parameters or {}, hold)
    packages = Packages(parse_installed(installed), parse_offered(offered))
    return of_scan(scan, host, "plan_hypervisor", lambda record, standard: plan(record, promises(standard or {}), wish, packages))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_hypervisor": planned}
