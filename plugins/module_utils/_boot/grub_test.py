# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's command ``test`` (also called ``[``), without parentheses: pure functions over its words."""

import re
from typing import Callable, List

_COMPARE = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}
_NUMERIC = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}
_FILES = ("-e", "-f", "-s", "-d")


def number(text: str) -> int:
    """The number that a text begins with, else 0."""
    match = re.match(r"^\s*(-?\d{1,18})", text)
    return int(match.group(1)) if match else 0


def holds(words: List[str], exists: Callable[[str], bool]) -> bool:
    """Whether the test comes out true; -o binds weaker than -a."""
    return any(all(_primary(part, exists) for part in _split(group, "-a")) for group in _split(words, "-o"))


def _split(words: List[str], operator: str) -> List[List[str]]:
    """The words between occurrences of a binary operator; at either end it is a plain word."""
    groups: List[List[str]] = [[]]
    for at, word in enumerate(words):
        if word == operator and 0 < at < len(words) - 1:
            groups.append([])
        else:
            groups[-1].append(word)
    return groups


def _primary(words: List[str], exists: Callable[[str], bool]) -> bool:
    wanted = True
    while len(words) > 1 and words[0] == "!":
        words, wanted = words[1:], not wanted
    if len(words) == 3 and words[1] in _COMPARE:
        truth = bool(_COMPARE[words[1]](words[0], words[2]))
    elif len(words) == 3 and words[1] in _NUMERIC:
        truth = bool(_NUMERIC[words[1]](number(words[0]), number(words[2])))
    elif words[:1] in (["-n"], ["-z"]):
        truth = (words[0] == "-n") == bool("".join(words[1:]))
    elif len(words) == 2 and words[0] in _FILES:
        truth = exists(words[1])
    else:
        truth = len(words) == 1 and bool(words[0])
    return truth is wanted
