# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernels zypper's locks hold back: by the mark that zypper itself sets at each version that it knows, and by locks of what is yet to come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

_RELATION = re.compile(r"(?P<name>\S+) (?P<sign>[<>=!]+) \S+")


def held(said: Iterable[str]) -> list[str]:
    """The packages of which no newer version would come; ``said``: lines ``lock NAME``, and ``row STATUS|NAME|VERSION``, the newest first."""
    lines = [line.partition(" ")[::2] for line in said]
    rows = [text.split("|") for kind, text in lines if kind == "row"]
    relations = [_RELATION.fullmatch(text) for kind, text in lines if kind == "lock"]
    newest = {name: status for status, name, *_version in reversed(rows)}
    return [name for name, status in sorted(newest.items()) if _is_held(name, status, relations)]


def _is_held(name: str, status: str, relations: list[re.Match[str] | None]) -> bool:
    """The newest version has a mark, or whatever is newer would have one; a mark for the installed version alone holds nothing."""
    own = [found for found in relations if found and fnmatchcase(name, found.group("name"))]
    if any(found.group("sign").startswith(">") for found in own):
        return True
    return "l" in status and not ("i" in status and own and None not in relations)
