# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list from whatever a command line or a survey makes of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError

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
    if isinstance(value, (list, tuple)):
        return [str(item).strip() for item in value if str(item).strip()]
    text = str(value).strip()
    if text.startswith("["):
        try:
            found = yaml.safe_load(text)
        except yaml.YAMLError:
            found = None
        if not isinstance(found, list):
            raise AnsibleFilterError(f"seen {text[:100]!r}; wanted a list such as [os, kernel], or os,kernel")
        return listed(found)
    return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"listed": listed}
