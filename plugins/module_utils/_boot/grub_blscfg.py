# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of GRUB 2.14's command blscfg (grub-core/commands/blsuki.c): where it looks for .conf files, and which of them it adds to the menu."""

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

_LETTERS = {"p": "path", "f": "enable-fallback", "d": "show-default", "n": "show-non-default", "e": "entry"}
_WITH_VALUE = ("path", "entry")
_DEVICE = re.compile(r"\([^)]*\)")
_NUMBER = re.compile(r"[ \t\r\n]*(?P<sign>-?)[ \t\r\n]*(?:0x(?P<hex>[0-9A-Fa-f]*)|(?P<octal>0[0-7]+)|(?P<decimal>0[89]\d*|[1-9]\d*|0?))\Z")
_INT_MAX = 2 ** 31 - 1


class Asked(NamedTuple):
    """path: where to look, '' for the usual folder; the three choices, of which none means all."""

    path: str
    falls_back: bool
    default: bool
    others: bool
    entry: Optional[str]

    def folders(self, usual: str) -> Tuple[str, ...]:
        """The folders to look in, the next only where there is no entry in one. A path that begins with neither / nor a device is not heeded."""
        plain = _DEVICE.sub("", self.path, 1).rstrip("/")
        own = plain if plain.startswith("/") else usual
        return (own, usual) if self.falls_back and own != usual else (own,)

    def of(self, entries: Sequence[Tuple[str, str]], default: str) -> List[int]:
        """The places of those that it adds, of (id, title) in the order of the menu."""
        wants_all = not (self.default or self.others or self.entry)
        return [at for at, (entry_id, title) in enumerate(entries) if wants_all or self.entry == entry_id + ".conf"
                or (self.default if _is_default(default, entry_id, title, at) else self.others)]


def _is_default(default: str, entry_id: str, title: str, at: int) -> bool:
    """By the file's name with its ending, by title, or by place."""
    return bool(default) and (default in (entry_id + ".conf", title) or _number(default) == at)


def _number(text: str) -> Optional[int]:
    """A whole text as GRUB's own strtol reads it, to which 0x and no number at all are nought; None where something else follows."""
    match = _NUMBER.match(text)
    if not match:
        return None
    digits = match.group("hex") or match.group("octal") or match.group("decimal") or "0"
    number = int(digits, 16 if match.group("hex") else 8 if match.group("octal") else 10)
    return None if number > _INT_MAX or (match.group("sign") and number) else number


def parse(arguments: Sequence[str]) -> Asked:
    """What a command line asks for; ValueError for what GRUB refuses, and for one .conf file in the place of a folder."""
    given, rest = {}, list(arguments)
    while rest:
        word = rest.pop(0)
        name, sign, value = word[2:].partition("=") if word.startswith("--") else (_LETTERS.get(word[1:2], ""), word[2:], word[2:])
        if not word.startswith("-") or name not in _LETTERS.values() or bool(sign) > (name in _WITH_VALUE):
            raise ValueError("blscfg does not know %r" % word)
        if name in _WITH_VALUE and not sign:
            if not rest:
                raise ValueError("blscfg wants a value for %s" % word)
            value = rest.pop(0)
        given[name] = value
    if given.get("path", "").endswith(".conf"):
        raise ValueError("blscfg --path of a file")
    return Asked(given.get("path", ""), "enable-fallback" in given, "show-default" in given, "show-non-default" in given, given.get("entry"))
