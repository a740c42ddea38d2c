# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.adopt_standard``: a standard as YAML from the record of a golden host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._judge.adopt import adopt, as_yaml
from ..plugin_utils._standard.moment import moment
from ..plugin_utils._standard.validation import StandardError, plain

DOCUMENTATION = r"""
name: adopt_standard
short_description: Write a standard from the record of a golden host
version_added: 0.1.0
description:
  - Returns a file of group variables with a C(firebreak_standard) that the host keeps, checked before it is returned.
  - What the host breaks itself, or cannot say, is not promised; a comment names each such key and the reason.
options:
  _input:
    description: The record of the golden host.
    type: dict
    required: true
  name:
    description: What to call the standard.
    type: str
    default: adopted
  host:
    description: The name of the golden host, for the comment at the top.
    type: str
    default: a golden host
  now:
    description: The moment to judge at, as an ISO 8601 time; now, if left out.
    type: str
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Write the standard of the host web1
  ansible.builtin.copy:
    content: "{{ seen.firebreak.record.record | firebreak.fleet.adopt_standard(name='platform-2026.11', host='web1') }}"
    dest: group_vars/all/firebreak_standard.yml
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The text of a YAML file.
  type: str
"""


def adopted(record: Any, name: str = "adopted", host: str = "a golden host", now: str | None = None) -> str:
    """The adopted standard as the text of a YAML file."""
    try:
        at = moment(now)
        return as_yaml(adopt(plain(record, "record") if record else None, name, at), host, at)
    except StandardError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"adopt_standard": adopted}
