# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.with_settings``: a configuration file's text with some keys as they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils._plan.settings import with_settings

DOCUMENTATION = r"""
name: with_settings
short_description: Bring keys of a configuration file to what is wanted
version_added: 0.1.0
description:
  - Takes the text of a file of C(key = value) lines, with or without [sections], and returns it with the wanted values.
  - Comments, order and all other lines stay as they are, so that a file that already says what is wanted comes back unchanged.
options:
  _input:
    description: The file's text; empty for a file that is not there.
    type: str
    required: true
  settings:
    description:
      - Section to key to value. The section C('') is what stands before the first heading.
      - An empty value takes the key out.
    type: dict
    required: true
  spaced:
    description: Whether a line that is written has spaces around its C(=).
    type: bool
    default: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show the plug-in's configuration with automatic updates
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'kpatch.conf') | firebreak.fleet.with_settings({'main': {'autoupdate': 'True'}}, spaced=false) }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
  sample: "[main]\nautoupdate=True\n"
"""


def settled(text: str, settings: Mapping[str, Mapping[str, Any]], spaced: bool = True) -> str:
    """The text with the wanted values."""
    if not isinstance(text, str) or not isinstance(settings, Mapping) or not all(isinstance(keys, Mapping) for keys in settings.values()):
        raise AnsibleFilterError("with_settings wants a text and a mapping of sections to mappings of keys")
    return with_settings(text, {section: {key: str(value) for key, value in keys.items()} for section, keys in settings.items()}, bool(spaced))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"with_settings": settled}
