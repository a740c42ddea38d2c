# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.live_patch_offer``: whether a vendor's tool offers live patches to a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._plan.offer import OFFERS, Question, eligible_kernels, refusal

DOCUMENTATION = r"""
name: live_patch_offer
short_description: Read what a vendor's tool says of live patches for a host
version_added: 0.1.0
description:
  - Takes the result of the command that the role C(live_patching) asks the provider's own tool with, before it changes anything.
  - Says why the host would get nothing, with what would be eligible or is missing; null where it gets patches.
options:
  _input:
    description: The result of M(ansible.builtin.command).
    type: dict
    required: true
  provider:
    description: The provider.
    type: str
    choices: [kpatch, amazon, canonical, ksplice, suse, kernelcare]
    required: true
  host:
    description: The host's name, for messages.
    type: str
    required: true
  release:
    description: The running kernel, by C(uname -r).
    type: str
    required: true
  secret:
    description: Whether there is a token, key or code, or none is needed.
    type: bool
    default: false
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Ask for which kernels there are patches
  ansible.builtin.command:
    argv: [dnf, --quiet, repoquery, --requires, kpatch-patch-*]
  register: answer
  changed_when: false

- name: Show why this host would get none
  ansible.builtin.debug:
    msg: "{{ answer | firebreak.fleet.live_patch_offer(provider='kpatch', host=inventory_hostname, release='5.14.0-570.el9.x86_64') }}"
"""

RETURN = r"""
_value:
  description: The refusal or null, and of Red Hat the kernels that there are patches for.
  type: dict
  sample:
    kernels: [5.14.0-570.12.1.el9_6.x86_64]
    refusal: null
"""


def offer(result: Mapping[str, Any], provider: str, host: str, release: str, secret: bool = False) -> dict[str, Any]:
    """Why the vendor gives this host nothing."""
    if not isinstance(result, Mapping):
        raise AnsibleFilterError(f"{host}: live_patch_offer wants a command's result, seen: {type(result).__name__}")
    if provider not in OFFERS:
        raise AnsibleFilterError(f"{host}: live_patch_offer knows {', '.join(OFFERS)}, seen: {provider}")
    answer, complaint = str(result.get("stdout", "")), str(result.get("stderr") or result.get("msg", ""))
    reason = refusal(provider, Question(answer, complaint, release, bool(secret)))
    kernels = eligible_kernels(answer) if provider == "kpatch" and not reason else []
    return {"refusal": f"{host}: {reason}" if reason else None, "kernels": kernels}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"live_patch_offer": offer}
