# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of .conf entries by rules written down by hand from the blscfg.c of Red Hat's and Fedora's GRUB, in the order of that file."""

from __future__ import annotations

import random

from ansible_collections.firebreak.fleet.plugins.module_utils._formats import bls
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.bls import Branch

PIECES = ("6", "18", "0", "01", "001", "5.14.0", "570", "el9_6", "x86_64", "+debug", "+64k-debug", "+rt-64k", "~rc1", "-", "-", "-", ".", "_", "+",
          "~", "^", "a", "b", "Z", "fc43", "0123abcd", "ffff", "é", "")


def rule(left: str, right: str, plus: bool) -> int:
    """vercmp of blscfg.c, its rules one after the other, on what is left of both texts."""
    known = "~+" if plus else "~"
    while left or right:
        while left and not (left[0].isascii() and left[0].isalnum()) and left[0] not in known:
            left = left[1:]
        while right and not (right[0].isascii() and right[0].isalnum()) and right[0] not in known:
            right = right[1:]
        if left.startswith("~") or right.startswith("~"):
            if not left.startswith("~"):
                return 1
            if not right.startswith("~"):
                return -1
            left, right = left[1:], right[1:]
            continue
        if plus and (left.startswith("+") or right.startswith("+")):
            if not left:
                return -1
            if not right:
                return 1
            if left[0] != "+":
                return 1
            if right[0] != "+":
                return -1
            left, right = left[1:], right[1:]
            continue
        if not left or not right:
            break
        digits = left[0].isdigit()
        one, left = taken(left, digits)
        two, right = taken(right, digits)
        if not two:
            return 1 if digits else -1
        if digits:
            one, two = one.lstrip("0"), two.lstrip("0")
            if len(one) != len(two):
                return 1 if len(one) > len(two) else -1
        if one != two:
            return 1 if one > two else -1
    return bool(left) - bool(right)


def taken(text: str, digits: bool) -> tuple[str, str]:
    """The digits or letters that a text begins with, and the rest."""
    at = 0
    while at < len(text) and text[at].isascii() and (text[at].isdigit() if digits else text[at].isalpha()):
        at += 1
    return text[:at], text[at:]


def split(text: str) -> tuple[str, str, str]:
    """split_package_string of blscfg.c with a name: what is missing is missing at the end."""
    head, dash, release = text.rpartition("-")
    if not dash:
        return text, "", ""
    name, dash, version = head.rpartition("-")
    return (name, version, release) if dash else (head, release, "")


def by_hand(left: bls.BlsEntry, right: bls.BlsEntry, branch: Branch, with_version: bool) -> int:
    """Below, at or above 0 for two entries: by version where the branch does that, then by id."""
    pairs = list(zip(split(left.id), split(right.id), strict=False))
    if with_version:
        pairs = list(zip(split_version(left.version), split_version(right.version), strict=False)) + pairs
    return next((order for order in (rule(one, two, branch.plus) for one, two in pairs) if order), 0)


def split_version(text: str) -> tuple[str, str]:
    """split_package_string of blscfg.c without a name."""
    version, dash, release = text.rpartition("-")
    return (version, release) if dash else (text, "")


def entry(entry_id: str, version: str = "") -> bls.BlsEntry:
    """An entry of this id and version."""
    return bls.parse_grub_entry(entry_id + ".conf", (f"version {version}\n" if version else "") + f"linux /vmlinuz-{entry_id}\n")


def made_up(source: random.Random) -> str:
    """A text of pieces that names of kernels have."""
    return "".join(source.choice(PIECES) for _ in range(source.randint(0, 9)))
