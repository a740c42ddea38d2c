# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt's own configuration (apt.conf(5)), whose notation apt on dpkg and apt on rpm share, and where it has its preferences from."""

import re
from typing import Any, Dict, List

_PARTS = "/etc/apt/apt.conf.d"
# Read behind its parts.
_MAIN = "/etc/apt/apt.conf"
_LIMIT = 1 << 20
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


def paths(host: Any) -> List[str]:
    """The files that count, in apt's order; it ignores other names, such as 50unattended-upgrades.ucf-dist."""
    answer = host.listdir(_PARTS)
    names = [] if answer.problem else [name for name in answer.value if "." not in name or name.endswith(".conf")]
    return ["%s/%s" % (_PARTS, name) for name in names] + [_MAIN]


def read(host: Any) -> Dict[str, List[str]]:
    """All that they say."""
    values: Dict[str, List[str]] = {}
    for path in paths(host):
        answer = host.read(path, _LIMIT)
        for option, given in ({} if answer.problem else parse_apt_conf(answer.value)).items():
            values.setdefault(option, []).extend(given)
    return values


def place(values: Dict[str, List[str]], option: str, usual: str) -> str:
    """A path of the group Dir::Etc, which stands for itself where it begins with a slash, else below the group's own folder."""
    folder = (values.get("dir::etc") or ["etc/apt"])[-1]
    told = (values.get("dir::etc::" + option) or [usual])[-1]
    return told if told.startswith("/") else "/%s/%s" % (folder.strip("/"), told)
