# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.reboot_held``: why a host must not be rebooted as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._plan.reboot import why_held

DOCUMENTATION = r"""
name: reboot_held
short_description: Why a host must not be rebooted as it is
version_added: 0.1.0
description:
  - Takes what M(firebreak.fleet.platform_scan) returned without a directory, with the section C(boot), and says why firmware, shim, loader or
    kernel would not let the next boot come up. Null where nothing is known that would stop it.
options:
  _input:
    description: The value C(firebreak) that the scan returned.
    type: dict
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Scan
  firebreak.fleet.platform_scan:
    sections: [boot]
  register: scan

- name: Stop before a reboot that would be refused
  ansible.builtin.assert:
    that: (scan.firebreak | firebreak.fleet.reboot_held) is none
"""

RETURN = r"""
_value:
  description: The reason, or null.
  type: str
  sample: "the next boot would be refused (loader, then console box): /boot/efi/EFI/debian/grubx64.efi: SBAT: grub,4 is below grub,5"
"""


def reboot_held(scan: Any) -> str | None:
    """The reason. TypeError, which Ansible shows with its message, where ``scan`` is no scan."""
    if not isinstance(scan, Mapping) or "record" not in scan:
        raise TypeError(f"reboot_held wants what platform_scan returned as 'firebreak', seen: {type(scan).__name__}")
    document = scan["record"]
    record = document.get("record") if isinstance(document, Mapping) else None
    return why_held(record) if isinstance(record, Mapping) else None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"reboot_held": reboot_held}
