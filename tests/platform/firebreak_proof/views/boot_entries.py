# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The .conf entries below /boot in the order in which GRUB shows them: Red Hat's blscfg has an order of its own, which grubby does not follow."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


class Conf(NamedTuple):
    """An entry: its file's name without .conf, and what GRUB takes of it."""

    name: str
    title: str
    version: str
    linux: str
    options: str


def read(text: str) -> list[Conf]:
    """The entries of the answer: a line ``=NAME`` before each file. GRUB reads on to the first line without a value, and the first of each key."""
    found = []
    for part in re.split(r"^=", text, flags=re.MULTILINE)[1:]:
        name, _end, body = part.partition("\n")
        known: dict[str, str] = {}
        for line in body.split("\n"):
            if line.lstrip().startswith("#"):
                continue
            words = line.split(None, 1)
            if len(words) < 2:
                break
            known.setdefault(words[0], words[1].strip())
        if "linux" in known:
            found.append(Conf(name.removesuffix(".conf"), known.get("title", known["linux"]), known.get("version", ""), known["linux"],
                              known.get("options", "")))
    return found


def _newer(one: str, two: str, plus: bool) -> int:
    signs = "~+" if plus else "~"
    parts = [[*re.findall(rf"\d+|[a-zA-Z]+|[{signs}]", text, re.ASCII), "", ""] for text in (one, two)]
    at = 0
    while parts[0][at] == parts[1][at] or (all(part[at].isdigit() for part in parts) and int(parts[0][at]) == int(parts[1][at])):
        if not parts[0][at]:
            return 0
        at += 1
    left, right = parts[0][at], parts[1][at]

    def rank(part: str) -> tuple[int, int, str]:
        """~ before the end, the end before +, + before letters, letters before numbers."""
        kind = {"~": 0, "": 1, "+": 2}.get(part, 4 if part.isdigit() else 3)
        return kind, int(part) if part.isdigit() else 0, "" if part.isdigit() else part

    return 1 if rank(left) > rank(right) else -1


def _split(text: str, parts: int) -> list[str]:
    pieces = text.rsplit("-", parts - 1)
    return pieces + [""] * (parts - len(pieces))


def by_upstream(text: str) -> bool:
    """Whether the host has GRUB's own blscfg (2.14), for which the entries stand in the answer as it shows them, and not Red Hat's."""
    return text.startswith("upstream\n")


def ordered(entries: list[Conf], os_release: dict[str, str]) -> list[Conf]:
    """From the top of Red Hat's menu: EL 8 by version and then by name, the others by name."""
    # A relative with numbers of its own names what it is built from (TencentOS 3.1: el8, Alibaba Cloud Linux 3: al8).
    platform = re.fullmatch(r"platform:(?:el|al|an)([0-9]+)", os_release.get("PLATFORM_ID", ""))
    generation = platform.group(1) if platform else os_release.get("VERSION_ID", "").split(".")[0]
    el8 = os_release.get("ID") != "fedora" and generation == "8"
    versions = el8 and all(entry.version for entry in entries)
    # The sign + counts from Fedora 34 and EL 9 on.
    plus = not el8 and not (os_release.get("ID") == "fedora" and generation.isdigit() and int(generation) < 34)

    def compare(one: Conf, two: Conf) -> int:
        keys = [(_split(entry.version, 2) if versions else []) + _split(entry.name, 3) for entry in (one, two)]
        return next((order for order in (_newer(left, right, plus) for left, right in zip(*keys, strict=True)) if order), 0)

    return sorted(entries, key=functools.cmp_to_key(compare), reverse=True)
