# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host document says of its host's inventory: the labels, the standard that overrides were laid over, the waivers, and strange variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._standard import variables
from .._standard.in_force import Effective
from .host import labels_of


def words(effective: Effective, names: Mapping[str, Any], labels: Any) -> dict[str, Any]:
    """The inventory's words on one host; ``names`` are its variables, of which only the names are looked at, ``labels`` its firebreak_labels."""
    return {
        "labels": labels_of(labels),
        "base": effective.base,
        "waivers": [waiver.as_data() for waiver in effective.waivers],
        "unknown_variables": variables.strangers((str(name) for name in names), variables.known()),
    }
