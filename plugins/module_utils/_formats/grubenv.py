# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's environment block (grubenv): what the boot loader remembers from one boot to the next."""

from typing import Dict

SIGNATURE = "# GRUB Environment Block\n"


def parse(text: str) -> Dict[str, str]:
    """NAME -> value of a grubenv; ValueError where GRUB itself would refuse the block (the signature is not its beginning)."""
    if not text.startswith(SIGNATURE):
        raise ValueError("a GRUB environment block begins with %r, seen %.40r" % (SIGNATURE, text))
    return parse_list(_joined(text[len(SIGNATURE):]))


def parse_list(text: str) -> Dict[str, str]:
    """NAME -> value of lines NAME=value, as grub-editenv lists them."""
    found = {}
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if equals and name and not line.startswith("#"):
            found[name] = value.replace("\0", "\n")
    return found


def _joined(text: str) -> str:
    """Escapes resolved: in the block a backslash keeps the next character, even a newline, in the value (a NUL stands for that newline)."""
    joined, escaped = [], False
    for char in text:
        if escaped:
            joined.append("\0" if char == "\n" else char)
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            joined.append(char)
    return "".join(joined)
