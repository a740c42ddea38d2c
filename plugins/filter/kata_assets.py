# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.kata_assets``: the archives that make a release of Kata Containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._host.errors import Refused
from ..plugin_utils._plan.kata_assets import assets

DOCUMENTATION = r"""
name: kata_assets
short_description: Tell which archives make a release of Kata Containers on a machine
version_added: 0.1.0
description:
  - Takes the families of archives (V(kata-static), V(kata-go-static), V(kata-tools-static)) and returns each archive's name, pin and source.
  - An archive without a pin is refused.
options:
  _input:
    description: The families.
    type: list
    elements: str
    required: true
  version:
    description: The version of Kata Containers.
    type: str
    required: true
  machine:
    description: The machine's architecture as its kernel calls it.
    type: str
    required: true
  pins:
    description: The SHA-256 of archives by their name.
    type: dict
    required: true
  source:
    description: A URL, or a folder of the controller, in which the archives are.
    type: str
    required: true
  staging:
    description: The folder of the host in which the archives are to lie while they are unpacked.
    type: str
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show what would be fetched for an Arm machine
  ansible.builtin.debug:
    msg: "{{ ['kata-static'] | firebreak.fleet.kata_assets('3.32.0', 'aarch64', kata_pins, 'https://mirror.example.org/kata', '/var/tmp') }}"
"""

RETURN = r"""
_value:
  description:
    - In C(assets) of each archive its name, its SHA-256, where it comes from, whether that is a URL, and its path on the host.
    - In C(archives) the option of this name of M(firebreak.fleet.kata_release).
  type: dict
"""


def kata_assets(families: Sequence[str], version: str, machine: str, pins: Mapping[str, str], source: str, staging: str) -> dict[str, list[Any]]:
    """The archives as plain data: all that is known of each, and what kata_release wants to know."""
    try:
        found = assets(families, version, machine, pins, source, staging)
    except Refused as refused:
        raise AnsibleFilterError(str(refused)) from refused
    return {"assets": [dict(asset) for asset in found], "archives": [{"path": asset["path"], "sha256": asset["sha256"]} for asset in found]}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"kata_assets": kata_assets}
