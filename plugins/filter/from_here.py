# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The absolute path of a file of the user's: relative ones begin where the command was started."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
name: from_here
short_description: The absolute path of a file, from where the command was started
version_added: 0.1.0
description:
  - A relative path in a playbook begins at the playbook, and a user's begins where the command was started.
options:
  _input:
    description: The path; a tilde stands for the user's home.
    type: str
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Write beside the user's inventory
  ansible.builtin.copy:
    content: ""
    dest: "{{ 'group_vars/all/firebreak_standard.yml' | firebreak.fleet.from_here }}"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The absolute path on the controller.
  type: str
"""


def from_here(path: str) -> str:
    """The path on the controller."""
    return str(Path.cwd() / Path(path).expanduser())


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"from_here": from_here}
