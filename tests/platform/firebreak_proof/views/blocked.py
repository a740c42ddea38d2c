# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that must not run: what kmod itself would do to load each, and what the kernel says of those that run."""

from __future__ import annotations

import re

from ..proof import Proof

_NOTHING = re.compile(r"install (?:(?:/usr)?/bin/)?(?:true|false)(?:\s[^;&|`$()]*)?\Z")


def running_or_loadable(proof: Proof) -> dict[str, str]:
    """Each module asked for that runs or could be made to, and how."""
    rows = proof.rows("watched_modules")
    does: dict[str, list[str]] = {}
    for cells in rows:
        if cells[0] == "does" and len(cells) > 2:
            does.setdefault(cells[1], []).append(" ".join(cells[2:]).strip())
    refused = _refused_by_the_kernel(" ".join(cells[1] for cells in rows if cells[0] == "line" and len(cells) > 1))
    runs = {cells[1] for cells in rows if cells[0] == "runs"}
    found = {}
    for name in (cells[1] for cells in rows if cells[0] == "asked"):
        last = does.get(name, [""])[-1]
        if name in runs:
            found[name] = "is loaded"
        elif last.startswith("builtin"):
            found[name] = "is part of the kernel"
        elif last and name not in refused and not _NOTHING.match(last):
            found[name] = f"can be loaded ({last})"
    return found


def _refused_by_the_kernel(line: str) -> set[str]:
    """The names of the last module_blacklist= of a command line."""
    given = re.findall(r"(?:^|\s)module[-_]blacklist=(\S+)", line.partition(" -- ")[0])
    return set(given[-1].strip('"').split(",")) if given else set()
