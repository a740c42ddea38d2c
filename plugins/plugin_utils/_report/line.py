# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A line for people at a terminal."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """A line for the terminal and the name of Ansible's colour for it, if any."""

    text: str
    color: str | None = None
