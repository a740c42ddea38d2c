# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel as kernel.org releases it: its one name, and its versions in an order that dpkg's agrees with."""

from __future__ import annotations

import re

PACKAGE = "linux"
VERSION = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,5}){0,3})(-rc[0-9]{1,3})?\Z")


def version_of(text: str) -> str | None:
    """A version of kernel.org with release candidates before the release; None for any other text."""
    found = VERSION.match(text)
    return found[1] + (found[2] or "").replace("-", "~") if found else None
