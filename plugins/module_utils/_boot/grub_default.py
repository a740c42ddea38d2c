# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entry of a menu GRUB boots without anyone at the keyboard, from the value of its variable ``default``."""

import re
from typing import List, Optional, Tuple

from .grub_menu import Entry

_NUMBER = re.compile(r"\s*(?P<digits>0x[0-9A-Fa-f]{1,8}|0[0-7]{1,10}|\d{1,9})")


def _split_path(default: str) -> Tuple[str, Optional[str]]:
    """The first name of 'submenu>entry' and the rest; '>>' is a '>' within a name."""
    match = re.match(r"^((?:[^>]|>>)*)(?:>(.*))?$", default, re.DOTALL)
    first, rest = (match.group(1), match.group(2)) if match else (default, None)
    return first.replace(">>", ">"), rest


def _by_number(name: str, whole: bool) -> Optional[int]:
    """The number that a name begins with (whole: is), as GRUB reads one: 0x, and a 0 before a digit of eight, have their meaning."""
    match = _NUMBER.match(name)
    if not match or (whole and match.end() != len(name)):
        return None
    digits = match.group("digits")
    return int(digits, 16 if digits.startswith("0x") else 8 if re.match(r"0[0-7]", digits) else 10)


def _by_name(entries: List[Entry], name: str, attributes: Tuple[str, ...]) -> Optional[Tuple[int, str]]:
    for index, entry in enumerate(entries):
        for attribute in attributes:
            if name and name == getattr(entry, attribute):
                return index, attribute
    return None


def _find(entries: List[Entry], name: str, alone: bool, redhat: bool) -> Tuple[int, str]:
    """(index, how) of the entry that a default names; GRUB falls back to the first entry where it names none.

    Upstream takes a number first, even one that other text follows. Red Hat's and Fedora's looks for an id, then a title, then a number, which
    it refuses before a '>'.
    """
    if redhat:
        named = _by_name(entries, name, ("id",)) or _by_name(entries, name, ("title",))
        number = _by_number(name, True) if named is None and alone else None
    else:
        number = _by_number(name, False)
        named = _by_name(entries, name, ("title", "id")) if number is None else None
    if named is not None:
        return named
    if number is not None:
        return (number, "index") if number < len(entries) else (0, "first entry, since there is no entry %s" % name)
    return 0, "first entry, since none is called %s" % name if name else "first entry"


def select(entries: List[Entry], default: str, redhat: bool = False) -> Tuple[Entry, str, str]:
    """(entry, the ids or titles that lead to it, how it was named); ValueError where the menu is empty."""
    names, hows = [], []  # type: Tuple[List[str], List[str]]
    while True:
        if not entries:
            raise ValueError("the menu%s has no entries" % (" of %s" % ">".join(names) if names else ""))
        first, rest = _split_path(default)
        default = rest or ""
        index, how = _find(entries, first, rest is None, redhat)
        names.append(entries[index].id or entries[index].title)
        hows.append(how)
        children = entries[index].children
        if children is None:
            return entries[index], ">".join(names), " > ".join(hows)
        entries = children


def path_to(entries: List[Entry], image: str) -> Optional[str]:
    """What to call the entry that boots this image ('vmlinuz-6.1.0-41-amd64') whatever else is installed; None where the menu has none.

    Entries of a submenu come first: the one at the top is whichever kernel is newest. Of several, the first is the one without rescue options.
    """
    for entry in entries:
        if entry.children:
            below = path_to(entry.children, image)
            if below is not None:
                return "%s>%s" % (_name(entry), below)
    # The path of what lies on no disk of the host begins with a mark.
    return next((_name(entry) for entry in entries if entry.path.rsplit("/", 1)[-1] == image and entry.path[:1].isprintable()), None)


def _name(entry: Entry) -> str:
    return (entry.id or entry.title).replace(">", ">>")
