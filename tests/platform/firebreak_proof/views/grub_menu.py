# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel GRUB boots by default: read from its generated menu and its environment block, as GRUB itself reads them."""

from __future__ import annotations

import re
from typing import NamedTuple

_OPENS = re.compile(r"""^\s*(menuentry|submenu)\s+(?:'([^']*)'|"([^"]*)")(.*)\{\s*$""")
_ID = re.compile(r"""(?:\$\{?menuentry_id_option\}?|--id)[ =]+['"]?([^'"\s{]+)""")
_LINUX = re.compile(r"^\s*linux(?:16|efi)?\s+(\S+)(.*)$")
_DEFAULT = re.compile(r"""^\s*set\s+default=["']?([^"'\s]*[^"']*?)["']?\s*$""")


class Entry:
    """A menu entry, or a submenu with entries of its own."""

    def __init__(self, title: str, identity: str) -> None:
        self.title = title
        self.identity = identity
        self.linux = ""
        self.arguments = ""
        self.children: list[Entry] = []


class Menu(NamedTuple):
    """The entries at the top, and what the menu says is the default."""

    entries: list[Entry]
    default: str


def read(text: str) -> Menu:
    """The menu in a grub.cfg. A default that holds for one boot only is not its default."""
    top = Entry("", "")
    stack: list[Entry | None] = [top]
    default = "0"
    for line in text.splitlines():
        opened = _OPENS.match(line)
        inside = next((entry for entry in reversed(stack) if entry is not None), top)
        if opened:
            identity = _ID.search(opened.group(4))
            entry = Entry(opened.group(2) or opened.group(3) or "", identity.group(1) if identity else "")
            inside.children.append(entry)
            stack.append(entry)
        elif line.rstrip().endswith("{"):
            stack.append(None)
        elif line.strip() == "}" and len(stack) > 1:
            stack.pop()
        elif inside is not top:
            linux = _LINUX.match(line)
            if linux and not inside.linux:
                inside.linux, inside.arguments = linux.groups()
        else:
            said = _DEFAULT.match(line)
            default = said.group(1) if said and "next_entry" not in said.group(1) else default
    return Menu(top.children, default)


def default_entry(menu: Menu, environment: dict[str, str]) -> Entry | None:
    """The entry that boots by default; None for an empty menu."""
    wanted = re.sub(r"\$\{?(\w+)\}?", lambda name: environment.get(name.group(1), ""), menu.default)
    entries = menu.entries
    entry: Entry | None = None
    for step in wanted.split(">"):
        if not entries:
            break
        entry = _pick(entries, step)
        entries = entry.children
    while entry is not None and entry.children:
        entry = entry.children[0]
    return entry


def _pick(entries: list[Entry], step: str) -> Entry:
    """GRUB's own rule: a number counts from 0, else an id or a title; what it cannot find is the first entry."""
    if step.isdigit():
        return entries[int(step)] if int(step) < len(entries) else entries[0]
    return next((entry for entry in entries if step in (entry.identity, entry.title)), entries[0])


def environment(text: str) -> dict[str, str]:
    """What ``grub-editenv list`` prints, by name."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
