# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assignments in the shell's syntax without expansion: os-release, /etc/default/grub, /etc/sysconfig/*."""

import re
from typing import Dict

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.DOTALL)
_ESCAPED_IN_DOUBLE_QUOTES = '"\\$`'


def unquote(text: str) -> str:
    """The value of one shell word as a shell would see it, variables left as written; ValueError where a quote is not closed."""
    value, quote, position = [], "", 0
    while position < len(text):
        char = text[position]
        following = text[position + 1:position + 2]
        if quote == "'" and char != "'":
            value.append(char)
        elif char == "\\" and quote != "'":
            if quote and following and following not in _ESCAPED_IN_DOUBLE_QUOTES:
                value.append(char)
            value.append(following)
            position += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char in " \t;":
            break
        else:
            value.append(char)
        position += 1
    if quote:
        raise ValueError("the quote %s is not closed in %.80r" % (quote, text))
    return "".join(value)


def assignments(text: str) -> Dict[str, str]:
    """Every NAME=value of a file, the last one of a name winning. A damaged line is passed over, as systemd does; none at all is a ValueError."""
    found = {}
    for line in text.splitlines():
        match = _ASSIGNMENT.match(line)
        if match:
            try:
                found[match.group(1)] = unquote(match.group(2).strip())
            except ValueError:
                continue
    if not found:
        raise ValueError("no NAME=value line in %.80r" % text)
    return found
