# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list from whatever a command line or a survey makes of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._settings.meaning import SettingError
from ..plugin_utils._settings.meaning import listed as read

DOCUMENTATION = r"""
name: listed
short_description: A list from whatever a command line or a survey makes of one
version_added: 0.1.0
description:
  - Takes a list, a text such as C(os,kernel), C([os, kernel]) or C(["os", "kernel"]), or lines of text; an empty text is an empty list.
  - C(-e firebreak_sections=[os,kernel]) gives a text and no list, and so does a survey of AWX.
options:
  _input:
    description: The list, or its text.
    type: raw
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Scan what a survey asked for
  firebreak.fleet.platform_scan:
    sections: "{{ firebreak_sections | default([]) | firebreak.fleet.listed }}"
"""

RETURN = r"""
_value:
  description: The list.
  type: list
  elements: str
"""


def listed(value: Any) -> list[str]:
    """The list; AnsibleFilterError for what can be none."""
    if value is None:
        return []
    try:
        return read("a list", value)
    except SettingError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"listed": listed}
