# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.live_patch_words``: what to tell Canonical's client so that its configuration is as wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._live_patch.providers.canonical import parse_config
from ..plugin_utils._plan.settings import changed_words

DOCUMENTATION = r"""
name: live_patch_words
short_description: Say how the configuration of Canonical Livepatch differs from what is wanted
version_added: 0.1.0
description:
  - Takes what C(canonical-livepatch config) prints and returns the words C(key=value) that bring it to what is wanted.
options:
  _input:
    description: The client's configuration as it prints it.
    type: str
    required: true
  wanted:
    description: Key to value. An empty value wants the client's own default.
    type: dict
    required: true
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show what would be configured
  ansible.builtin.debug:
    msg: "{{ 'check-interval: 60' | firebreak.fleet.live_patch_words({'check-interval': '120'}) }}"
"""

RETURN = r"""
_value:
  description: The words; none where all is as wanted.
  type: list
  elements: str
  sample: [check-interval=120]
"""


def words(current: str, wanted: Mapping[str, Any]) -> list[str]:
    """The words that change the client's configuration."""
    if not isinstance(current, str) or not isinstance(wanted, Mapping):
        raise AnsibleFilterError("live_patch_words wants the client's configuration and a mapping of keys")
    return list(changed_words(parse_config(current), {key: str(value) for key, value in wanted.items()}))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"live_patch_words": words}
