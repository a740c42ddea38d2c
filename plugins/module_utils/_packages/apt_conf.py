# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notation of apt.conf, which apt on dpkg and apt on rpm share."""

import re
from typing import Dict, List

_TOKEN = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|//[^\n]*|#[^\n]*|/\*.*?\*/|([{};])|([^\s{};\"]+)", re.DOTALL)


def parse_apt_conf(text: str) -> Dict[str, List[str]]:
    """Option (lower case, parts joined by ::) -> its values in order, of apt.conf in either notation, flat or in braces."""
    values: Dict[str, List[str]] = {}
    scopes: List[str] = []
    name = ""
    for match in _TOKEN.finditer(text):
        quoted, mark, word = match.groups()
        if word is not None and not name and not word.startswith(("//", "#", "/*")):
            name = word
        elif quoted is not None or word is not None:
            path = "::".join(part for part in scopes + [name] if part).rstrip(":").lower()
            values.setdefault(path, []).append(quoted if quoted is not None else word)
        elif mark == "{":
            scopes.append(name)
            name = ""
        elif mark:
            name = ""
            if mark == "}" and scopes:
                scopes.pop()
    return values
