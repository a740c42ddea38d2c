# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions by their order, each worked out once: that of what runs is asked for with every hole, and documents of one package list the same ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ...module_utils._formats.versions import sort_key


@lru_cache(maxsize=8192)
def key(order: str, version: str) -> Any:
    """What versions of this order are compared by; InvalidVersion for what is none of them."""
    return sort_key(order)(version)
