# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.plan_live_patching``: whose live patches a host gets, or why it gets none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._plan.live_patching import Wish, plan
from ..plugin_utils._plan.planned import planned as of_scan

DOCUMENTATION = r"""
name: plan_live_patching
short_description: Plan whose live patches a host gets
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the sections C(os), C(kernel) and C(live_patch),
    and chooses the provider.
  - Where the host cannot have it, the plan is nothing but a C(refusal), which names the host, what was seen and what was wanted.
options:
  provider:
    description: The provider; V(auto) takes self-built patches where a bundle is given, then what is there, then the distribution's own.
    type: str
    default: auto
  state:
    description: V(present) or V(absent).
    type: str
    default: present
  bundle:
    description: Path or URL of a bundle of self-built patches.
    type: str
    default: ''
  pin:
    description: The level that the provider's client is to be held at.
    type: str
    default: ''
  offline:
    description: Whether Ksplice's patches come as packages.
    type: bool
    default: false
  delay:
    description: How long the provider's client is to wait before it takes a patch.
    type: str
    default: ''
  bundle_sha256:
    description: The SHA-256 of the bundle, which one that comes from a URL needs.
    type: str
    default: ''
  proxy:
    description: The proxy that the provider's client goes through. A login in it is refused where the client takes it on its command line.
    type: str
    default: ''
extends_documentation_fragment:
  - firebreak.fleet._planned
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Scan
  firebreak.fleet.platform_scan:
    sections: [os, kernel, live_patch]
  register: scan

- name: Show whose patches the host would get
  ansible.builtin.debug:
    msg: "{{ scan.firebreak | firebreak.fleet.plan_live_patching(host=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The provider, the state, the kernel that is patched, the installed ones, what the vendor's package tool is asked for,
    also for the other kernels, of SUSE the pattern and the module, whether the kernel takes only signed modules, and the refusal or null.
  type: dict
  sample:
    kernels: {6.1.0-41-amd64: 6.1.158-1}
    module: ''
    others: {}
    packages: []
    pattern: ''
    provider: self_built
    refusal: null
    release: 6.1.0-41-amd64
    signed_only: false
    state: present
"""


def planned(
        scan: Mapping[str, Any], host: str, provider: str = "auto", state: str = "present", bundle: str = "", pin: str = "",
        offline: bool = False, delay: str = "", bundle_sha256: str = "", proxy: str = "") -> dict[str, Any]:
    """The plan for a host, or why there is none."""
    wish = Wish(provider, state, bundle, pin, bool(offline), delay, bundle_sha256, proxy)
    return of_scan(scan, host, "plan_live_patching", lambda record, _standard: plan(record, wish))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"plan_live_patching": planned}
