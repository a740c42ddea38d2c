# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is meant by a setting that a play's own keywords need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleFilterError

from ..plugin_utils._settings.meaning import SettingError, meaning

DOCUMENTATION = r"""
name: meant
short_description: What is meant by a setting of a run
version_added: 0.1.0
description:
  - Reads the value of a setting such as C(firebreak_hosts) as a person means it, whether it is a list, lines of text, JSON or YAML. A blank
    stands for the setting's default.
  - Fails where a playbook of this collection was started with C(--start-at-task), which leaves out all checks.
  - Keywords of a play, such as C(hosts) and C(serial), are read before its first task, so M(firebreak.fleet.run_settings) comes too late for them.
options:
  _input:
    description: The value.
    type: raw
    required: true
  name:
    description: The name of the setting.
    type: str
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Hosts of a survey
  hosts: "{{ firebreak_hosts | default('') | firebreak.fleet.meant('firebreak_hosts') }}"
"""

RETURN = r"""
_value:
  description: The value as it was meant.
  type: raw
"""


PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
MIDWAY = ("this run does not start at its beginning (--start-at-task), where what was asked is checked, so nothing was done; leave that out, and "
          "choose hosts with --limit or parts with --tags")


def _starts_midway() -> bool:
    """Whether a playbook of this collection was started by itself, past its first tasks."""
    given = context.CLIARGS
    own = (str(book).startswith("firebreak.fleet.") or Path(str(book)).resolve().parent == PLAYBOOKS for book in given.get("args") or ())
    return bool(given.get("start_at_task")) and any(own)


def meant(value: Any, name: str) -> Any:
    """The setting's value; AnsibleFilterError where it means nothing, and where a play is begun midway, whose hosts it names."""
    if _starts_midway():
        raise AnsibleFilterError(MIDWAY)
    try:
        return meaning(name, value)
    except SettingError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"meant": meant}
