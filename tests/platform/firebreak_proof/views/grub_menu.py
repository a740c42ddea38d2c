# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel GRUB boots by default: read from its menu and its environment block, statement by statement, as GRUB itself reads them.

Of the conditions those are weighed that ask for what the environment block holds; below any other an assignment counts unless it would give a
variable nothing, and a default that such a condition chooses is told. What reaches to where this reader does not follow is told too, and proves
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|\$\{[^}\n]*\}|[^\s;{}'"\\#]|(?<=[^\s;])#)+|[;{}\n]|\#[^\n]*""", re.DOTALL)
_PIECE = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|((?:\\.|[^'"\\])+)""", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|0[0-7]+|\d+")
_ASSIGNED = re.compile(r"(\w+)=(.*)", re.DOTALL)
_ID = re.compile(r"""(?:\$\{?menuentry_id_option\}?|--id)[ =]+['"]?([^'"\s{]+)""")
# Options of an entry that a value follows; grub-mkconfig writes --id by a variable.
_WITH_VALUE = ("--class", "--users", "--hotkey", "--source", "--id")
_ID_OPTION = re.compile(r"\$\{?menuentry_id_option\}?")
_BEFORE_A_COMMAND = ("if", "elif", "then", "else", "do", "while", "until", "!")
_LINUX = ("linux", "linux16", "linuxefi")
# Of GRUB's devices those that are the host's disks, or what lies on them; a variable is left to stand for one.
_DISKS = re.compile(r"(?:(?:hd|ahci|ata|scsi|usb|crypto|md)\d|(?:lvm|lvmid|md|mduuid|cryptouuid|ldm|ieee1275|hostdisk)/|host\Z|\$|\Z)")
_OTHER_LOADERS = ("chainloader", "multiboot", "multiboot2", "xen_hypervisor")
_HANDS_OVER = re.compile(r"configfile|source|\.|(?:legacy|syslinux)_(?:configfile|source)|extract_(?:\w+_)?entries_(?:source|configfile)|normal|uki")
# Outside of quotes no command may hold these, and $ must name a variable (docs/grub.texi, "Reserved words"): GRUB drops the whole statement.
_QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|\\.""", re.DOTALL)
_REFUSED = re.compile(r"[&|<>]|\$(?![\w{?#*@]|\Z)|\$\{(?!(?:\w+|[?#*@])\})|\$\Z")
# What GRUB's environment block may hold, so that a variable of these names without a value is empty.
_OF_THE_BLOCK = frozenset(("next_entry", "saved_entry", "prev_saved_entry", "boot_once", "boot_counter", "boot_success", "boot_indeterminate",
                           "recordfail", "menu_auto_hide", "menu_hide_ok", "menu_show_once", "fallback"))
# Files of the menu's own folder that stand behind it in what is read.
_READ_ALONG = re.compile(r"\$\{?(?:config_directory|prefix)\}?/custom\.cfg")


class Entry:
    """A menu entry, or a submenu with entries of its own; what it loads is kept as it stands, for variables count when an entry is chosen."""

    def __init__(self, title: str, identity: str) -> None:
        self.title = title
        self.identity = identity
        self.loads: list[str] = []
        self.linux = ""
        self.arguments = ""
        self.handed_to: list[str] = []
        self.children: list[Entry] = []


_LOOPS = (("for",), ("while",), ("until",))
# The conditions that a statement stands below: the words of each, and whether it must hold.
Conditions = tuple[tuple[tuple[str, ...], bool], ...]


class Menu(NamedTuple):
    """The entries at the top, the assignments in their order and the conditions of each, what is started before any menu is shown, and files that
    were not followed.

    names_first: a default is sought among ids, then titles, and only then is it a number, as Red Hat's GRUB does.
    """

    entries: list[Entry]
    assigned: list[tuple[str, str, Conditions]]
    started: Entry | None
    handed_to: list[str]
    names_first: bool = False


def of_conf(title: str, identity: str, linux: str, options: str) -> Entry:
    """The entry that blscfg makes of a .conf file."""
    entry = Entry(title, identity)
    entry.loads = [linux, *options.split()]
    return entry


def statements(text: str) -> Iterator[list[str]]:
    """The commands of a script, each as its words with their quotes; a brace ends what stands before it."""
    words: list[str] = []
    for found in _WORD.finditer(text):
        word = found.group()
        if word.startswith("#"):
            continue
        if word in (";", "\n", "}"):
            yield words
            words = []
            if word == "}":
                yield ["}"]
        else:
            words.append(word)
            if word == "{":
                yield words
                words = []
    yield words


def expanded(word: str, values: Mapping[str, str]) -> str:
    """A word without its quotes, with variables replaced outside of single ones."""
    def value(name: re.Match[str]) -> str:
        return values.get(name.group(1) or name.group(2), "")

    return "".join(single or re.sub(r"\\(.)", r"\1", _VARIABLE.sub(value, double or bare)) for single, double, bare in _PIECE.findall(word))


def read(text: str, files: Mapping[str, str] | None = None, confs: Sequence[Entry] = (), names_first: bool = False) -> Menu:
    """The menu in a grub.cfg; ``files`` are those that it hands over to, by their paths as they stand there, ``confs`` the entries of .conf files."""
    top = Entry("", "")
    return _Reader(top, dict(files or {}), confs).menu(text)._replace(names_first=names_first)


def _title(words: Sequence[str]) -> str | None:
    """The first word that is no option of an entry and no option's value; None where there is none, which GRUB refuses."""
    value = False
    for word in words:
        if value or word.startswith("--"):
            value = not value and word in _WITH_VALUE
        elif _ID_OPTION.fullmatch(word):
            value = True
        else:
            return word
    return None


class _Reader:
    def __init__(self, top: Entry, files: dict[str, str], confs: Sequence[Entry]) -> None:
        self.top = top
        self.files = files
        self.confs = confs
        self.stack: list[Entry | None] = [top]
        self.assigned: list[tuple[str, str, Conditions]] = []
        self.branches: list[Conditions] = []
        self.started: Entry | None = None
        self.replaced = False
        self.function = ""
        self.choosing: set[str] = set()
        self.opened = False

    def menu(self, text: str) -> Menu:
        self._take(text)
        return Menu(self.top.children, self.assigned, self.started, self.top.handed_to)

    def _take(self, text: str) -> None:
        for words in statements(text):
            while words and words[0] in _BEFORE_A_COMMAND:
                self._branch(words)
                words = words[1:]
            if words and words[0] in ("for", "fi", "done"):
                self._branch(words)
            if words and not self.replaced:
                self._statement(words)

    def _branch(self, words: list[str]) -> None:
        """Keep the conditions that hold from here on; a loop is a condition that nobody weighs."""
        condition = tuple(words[1:])
        if words[0] == "if":
            self.branches.append(((condition, True),))
        elif (words[0],) in _LOOPS:
            self.branches.append((((words[0],), True),))
        elif words[0] in ("fi", "done"):
            self.branches = self.branches[:-1]
        elif words[0] in ("elif", "else") and self.branches:
            *before, (last, _wanted) = self.branches[-1]
            self.branches[-1] = (*before, (last, False), *([(condition, True)] if words[0] == "elif" else []))

    def _statement(self, words: list[str]) -> None:
        if any(_REFUSED.search(_QUOTED.sub("q", word)) for word in words) or (self.opened and words == ["}"]):
            self.top.handed_to.append(f"its statement {' '.join(words)[:60]}, which GRUB refuses")
        self.opened = words[-1] == "{"
        inside = next((entry for entry in reversed(self.stack) if entry is not None), self.top)
        if words == ["}"]:
            self.stack[1:] = self.stack[1:-1]
        elif words[-1] == "{":
            self.stack.append(self._opened(words, inside))
        elif self.stack[-1] is None and inside is self.top:
            # The body of a function.
            self.choosing |= {self.function} if re.match(r"(?:set )?default=", " ".join(words)) else set()
        elif words[0] == "loopback":
            inside.handed_to.append(f"what is in {' '.join(words[1:])[:60]}")
        elif words[0] in _LINUX and len(words) > 1:
            inside.loads = words[1:]
            self._refuse_device(re.match(r"""["']?\(([^)]*)\)|""", words[1]), inside)
        elif words[0] == "set" and len(words) > 1 and words[1].startswith("root="):
            self._refuse_device(re.match(r"""root=["'(]*([^"')]*)""", words[1]), inside)
        elif words[0] in _OTHER_LOADERS:
            inside.loads = []
        elif words[0] in ("blscfg", "bls_import") and inside is self.top and len(words) == 1:
            self.top.children += self.confs
        elif words[0] in ("blscfg", "bls_import"):
            inside.handed_to.append(" ".join(words))
        elif _HANDS_OVER.fullmatch(words[0]):
            self._hand_over(words, inside)
        elif inside is self.top and words[0] == "boot" and self.top.loads:
            self.started = self.started or self.top
        elif inside is self.top:
            self.top.handed_to += [f"its function {words[0]}"] if words[0] in self.choosing else []
            found = _ASSIGNED.fullmatch(words[1] if words[0] == "set" and len(words) > 1 else words[0])
            below = tuple(each for branch in self.branches for each in branch)
            self.assigned += [(found.group(1), found.group(2), below)] if found else []

    def _opened(self, words: list[str], inside: Entry) -> Entry | None:
        title = _title(words[1:-1]) if words[0] in ("menuentry", "submenu") else None
        if title is None:
            self.function = words[1] if words[0] == "function" else ""
            return None
        identity = _ID.search(" ".join(words[1:]))
        entry = Entry(expanded(title, {}), identity.group(1) if identity else "")
        inside.children.append(entry)
        return entry

    def _refuse_device(self, named: re.Match[str] | None, inside: Entry) -> None:
        """Tell of files in memory, on the network or wherever else that is no disk."""
        if named and not _DISKS.match(named.group(1) or ""):
            inside.handed_to.append(f"the device ({named.group(1)})")

    def _hand_over(self, words: list[str], inside: Entry) -> None:
        path = expanded(words[1], {"prefix": "$prefix", "config_directory": "$prefix", "root": ""}) if len(words) > 1 else ""
        text = self.files.pop(re.sub(r"^\([^)]*\)", "", path), None)
        if _READ_ALONG.fullmatch(path):
            return
        if text is None or inside is not self.top or words[0] not in ("configfile", "source", "."):
            inside.handed_to.append(path or words[0])
            return
        if words[0] == "configfile":
            self.top.children.clear()
        self._take(text)
        self.replaced = words[0] == "configfile"


def default_entry(menu: Menu, environment: Mapping[str, str]) -> Entry | None:
    """The entry that boots by default; None for an empty menu. A default that holds for one boot only is not its default."""
    values = {name: value for name, value in environment.items() if name != "next_entry"}
    for name, raw, conditions in menu.assigned:
        weighed = [(words, weigh(words, values), wanted) for words, wanted in conditions]
        if any(truth is not None and truth is not wanted for _words, truth, wanted in weighed):
            continue
        text = expanded(raw, values)
        # Without quotes GRUB parts a value at its blanks.
        text = text if _QUOTED.search(raw) else " ".join(text.split()[:1])
        if name == "default":
            doubts = [words for words, truth, _wanted in weighed if truth is None and (words in _LOOPS or (text and values.get("default") != text))]
            menu.handed_to.extend(f"its condition {' '.join(words)[:60]}" for words in doubts if "next_entry" not in raw)
        if (text or not _VARIABLE.search(raw)) and not (name == "default" and "next_entry" in raw):
            values[name] = text
    entry = menu.started or _by_name(menu.entries, values.get("default", "0"), menu.names_first)
    if entry is not None:
        loaded = [expanded(word, values) for word in entry.loads]
        entry.linux, entry.arguments = re.sub(r"^\([^)]*\)", "", loaded[0]) if loaded else "", " ".join(loaded[1:])
    return entry


def weigh(words: Sequence[str], values: Mapping[str, str]) -> bool | None:
    """Whether a condition holds; None where it asks for more than the environment block and what the menu sets."""
    if words[:1] in (("true",), ("false",)):
        return words[0] == "true"
    if words[:1] == ("!",):
        truth = weigh(words[1:], values)
        return None if truth is None else not truth
    names = {one or other for word in words for one, other in _VARIABLE.findall(word)}
    if words[:1] not in (("[",), ("test",)) or not names <= _OF_THE_BLOCK | set(values):
        return None
    texts = [text for text, word in ((expanded(word, values), word) for word in words[1:]) if text or _QUOTED.search(word)]
    texts = texts[:-1] if texts[-1:] == ["]"] else texts
    return _either([_both([_weigh_one(part) for part in _parts(group, "-a")]) for group in _parts(texts, "-o")])


def _parts(texts: list[str], operator: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for text in texts:
        if text == operator:
            found.append([])
        else:
            found[-1].append(text)
    return found


def _both(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def _either(truths: list[bool | None]) -> bool | None:
    return True if True in truths else None if None in truths else False


def _weigh_one(texts: list[str]) -> bool | None:
    if texts[:1] == ["!"]:
        truth = _weigh_one(texts[1:])
        return None if truth is None else not truth
    if len(texts) == 3 and texts[1] in ("=", "==", "!="):
        return (texts[0] == texts[2]) is (texts[1] != "!=")
    if len(texts) == 2 and texts[0] in ("-n", "-z"):
        return (texts[0] == "-n") is bool(texts[1])
    return bool(texts[0]) if len(texts) == 1 else None


def _by_name(entries: list[Entry], wanted: str, names_first: bool) -> Entry | None:
    entry: Entry | None = None
    for step in wanted.split(">"):
        if not entries:
            break
        named = [one for key in ("identity", "title") for one in entries if step and getattr(one, key) == step] if names_first else []
        entry = named[0] if named else _pick(entries, step)
        entries = entry.children
    while entry is not None and entry.children:
        entry = entry.children[0]
    return entry


def _pick(entries: list[Entry], step: str) -> Entry:
    """GRUB's own rule: a number, whatever follows it, counts from 0, else an id or a title; what it cannot find is the first entry."""
    begun = _NUMBER.match(step)
    if begun:
        number = int(begun.group(), 0) if begun.group().startswith("0x") else int(begun.group(), 8 if re.match(r"0[0-7]", begun.group()) else 10)
        return entries[number] if number < len(entries) else entries[0]
    return next((entry for entry in entries if step in (entry.identity, entry.title)), entries[0])


def files(text: str) -> dict[str, str]:
    """The files that a menu hands over to, by their paths as they stand there: each line of them behind a bar."""
    found: dict[str, str] = {}
    path = ""
    for line in text.splitlines():
        if line.startswith("="):
            path = line[1:]
        found[path] = found.get(path, "") + (line[1:] + "\n" if line.startswith("|") else "")
    return found


def environment(text: str) -> dict[str, str]:
    """What ``grub-editenv list`` prints, by name."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
