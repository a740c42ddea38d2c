# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Firebreak's playbooks show. It lies beside them, so Ansible loads it with them, however they were installed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: firebreak_output
type: notification
short_description: Show the reports of Firebreak's playbooks, and how far they have come
description:
  - Prints what an action of Firebreak's has to say, from the main process, so that a closed pipe ends the run as it ends any other.
  - Where the standard output is a document for programs (a callback such as C(ansible.posix.json)), it prints to standard error.
options: {}
author: The Firebreak authors (@firebreak)
"""

from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.terminal import FleetOutput


class CallbackModule(FleetOutput):
    """The output of the playbooks beside this file."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "firebreak_output"
    CALLBACK_NEEDS_ENABLED = False
