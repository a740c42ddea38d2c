# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``firebreak.fleet.runtime_classes``: what Kubernetes has to know of the handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._host.errors import Refused
from ..plugin_utils._plan import runtime_classes as plan_classes

DOCUMENTATION = r"""
name: runtime_classes
short_description: Tell Kubernetes of the handlers of the role kata
version_added: 0.1.0
description:
  - Takes the handlers and returns the objects of a manifest, a RuntimeClass for each with upstream's overhead, and each node with the two labels
    that let pods of these classes run there.
options:
  _input:
    description: The handlers, as the role C(kata) takes them. One whose configuration is unknown to upstream needs an entry C(overhead).
    type: list
    elements: dict
    required: true
  nodes:
    description: The names of the nodes that have the handlers.
    type: list
    elements: str
    default: []
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Show the manifest
  ansible.builtin.debug:
    msg: "{{ kata_handlers | firebreak.fleet.runtime_classes(['node1', 'node2']) }}"
"""

RETURN = r"""
_value:
  description: The objects.
  type: list
  elements: dict
"""


def runtime_classes(handlers: Sequence[Mapping[str, Any]], nodes: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The objects of the manifest."""
    try:
        return [*plan_classes.runtime_classes(handlers), *plan_classes.node_labels(nodes)]
    except Refused as refused:
        raise AnsibleFilterError(str(refused)) from refused


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"runtime_classes": runtime_classes}
