# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the filters that plan for one host have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """What a plan is made of, and whom its messages name."""

    DOCUMENTATION = r"""
options:
  _input:
    description: The value C(firebreak) that the scan returned.
    type: dict
    required: true
  host:
    description: The host's name, for messages.
    type: str
    required: true
"""
