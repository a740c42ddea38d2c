# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that register handlers have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The handlers and the release that they belong to; the arguments are in module_utils/_handler_arguments.py."""

    DOCUMENTATION = r"""
options:
  handlers:
    description: The handlers to have; an empty list takes ours away.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The handler's name, as in a RuntimeClass or with C(docker run --runtime).
        type: str
        required: true
      shim:
        description: The absolute path of the shim.
        type: str
        required: true
      config:
        description: The absolute path of the configuration that the shim is given. Without it the shim takes its own default.
        type: str
        default: ""
  tree:
    description:
      - The folder that C(/opt/kata) leads to, or is about to. What a handler names below C(/opt/kata) must be a file in it.
      - Without it, or in check mode while it is not there, the files are not looked for.
    type: str
    default: ""
"""
