# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's command ``test`` (also called ``[``): pure functions over its words.

It reads from left to right and asks of the words that come next: are they a comparison of three, a test of two, a sign, else a text
(grub-core/commands/test.c). A variable without a value is no word, so ``[ $x = y ]`` holds where x is empty: two texts, and both have letters.
"""

import re
from typing import Callable, List, Tuple

_COMPARE = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}
_NUMERIC = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}
_FILES = ("-e", "-f", "-s", "-d")
_SIGNS = ("(", ")", "!", "-a", "-o")
_DEPTH = 30


def number(text: str) -> int:
    """The number that a text begins with, else 0."""
    match = re.match(r"^\s*(-?\d{1,18})", text)
    return int(match.group(1)) if match else 0


def is_decided(words: List[str]) -> bool:
    """Whether the words compare nothing that only the machine knows (when a file was changed), or that is not followed (-pgt)."""
    return not any(re.match(r"-(?:nt|ot|pgt\Z|plt\Z)", word) for word in words[1:-1])


def holds(words: List[str], exists: Callable[[str], bool]) -> bool:
    """Whether the test comes out true."""
    return _holds(words, 0, exists, 0)[0]


def _holds(words: List[str], at: int, exists: Callable[[str], bool], depth: int) -> Tuple[bool, int]:
    """(the outcome of the words from ``at`` up to the bracket that closes them, the place after it); ValueError where they nest beyond reason."""
    if depth > _DEPTH:
        raise ValueError("a test with more than %d brackets in each other" % _DEPTH)
    either, all_so_far, inverted = False, True, False
    while at < len(words):
        word = words[at]
        if not _is_test(words, at) and word in _SIGNS:
            at += 1
            if word == ")":
                break
            if word == "-o":
                either, all_so_far = either or all_so_far, True
            inverted = inverted is not (word == "!")
            if word != "(":
                continue
            truth, at = _holds(words, at, exists, depth + 1)
        else:
            truth, at = _primary(words, at, exists)
        all_so_far, inverted = all_so_far and truth is not inverted, False
    return either or all_so_far, at


def _is_test(words: List[str], at: int) -> bool:
    return at + 2 < len(words) and (words[at + 1] in _COMPARE or words[at + 1] in _NUMERIC)


def _primary(words: List[str], at: int, exists: Callable[[str], bool]) -> Tuple[bool, int]:
    """(the outcome of the test that begins here, the place after it)."""
    word = words[at]
    if _is_test(words, at):
        operator, other = words[at + 1:at + 3]
        if operator in _COMPARE:
            return bool(_COMPARE[operator](word, other)), at + 3
        return bool(_NUMERIC[operator](number(word), number(other))), at + 3
    if at + 1 < len(words) and word in _FILES:
        return exists(words[at + 1]), at + 2
    if at + 1 < len(words) and word in ("-n", "-z"):
        return (word == "-n") is bool(words[at + 1]), at + 2
    return bool(word), at + 1
