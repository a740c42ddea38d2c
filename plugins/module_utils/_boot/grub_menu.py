# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GRUB would do with a grub.cfg and its environment: the menu it shows, and the entry it boots without anyone at the keyboard.

The generated configuration decides at boot time (next_entry, saved_entry, boot counters), so it is run here, not searched: assignments,
conditions and menu entries have their effect, commands that touch hardware have none.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from . import grub_script
from .grub_script import Command, For, Function, If, Tree, Word

# title and id select an entry; path is the image on its linux line ('' without one); children is None but for a submenu; bls: from a .conf file.
# options is the kernel's command line, None where it cannot be told.
Entry = NamedTuple("Entry", [
    ("title", str), ("id", str), ("path", str), ("children", Optional[List[Any]]), ("bls", bool), ("options", Optional[str])])

# The menu, the value of 'default' after the run, each text ever assigned to 'default', and the files that it hands over to.
Outcome = NamedTuple("Outcome", [
    ("entries", List[Entry]), ("default", str), ("assigned", List[str]), ("handed_to", List[str]), ("uses_bls", bool)])

_FEATURES = (
    "feature_menuentry_id", "feature_default_font_path", "feature_platform_search_hint", "feature_all_video_module", "feature_timeout_style")
_OPTIONS_WITH_VALUE = ("--class", "--users", "--hotkey", "--source", "--id")
_LINUX_COMMANDS = ("linux", "linux16", "linuxefi")
_MODULE_COMMANDS = ("module", "module2", "xen_module")
_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.DOTALL)
_DEVICE = re.compile(r"^\([^)]*\)")
_IN_OPTIONS = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_STEPS = 100000
_DEPTH = 30
_TEXT = 65536
_ENTRIES = 10000

# Commands that fail where nobody is at the keyboard; all unknown ones are taken to succeed.
_FAILING = ("false", "keystatus")

_COMPARE = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}
_NUMERIC = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}


def _number(text: str) -> int:
    match = re.match(r"^\s*(-?\d{1,18})", text)
    return int(match.group(1)) if match else 0


class _Machine:
    """Runs a script. ``files`` holds, by base name, the files that exist beside the configuration (grubenv, custom.cfg)."""

    def __init__(self, environment: Dict[str, str], files: Dict[str, str], bls: List[Entry], platform: str) -> None:
        self.environment = environment
        self.files = files
        self.bls = bls
        self.variables = {"prefix": "/boot/grub", "root": "hd0", "grub_platform": platform, "config_directory": "/boot/grub"}
        self.variables.update((name, "y") for name in _FEATURES)
        self.functions: Dict[str, Tree] = {}
        self.entries: List[Entry] = []
        self.assigned: List[str] = []
        self.handed_to: List[str] = []
        self.images: List[Tuple[str, str, str]] = []
        self.uses_bls = False
        self.steps = 0
        self.depth = 0

    def expand(self, words: List[Word]) -> List[str]:
        """The words with variables replaced; one that is nothing but empty variables without quotes vanishes."""
        expanded = []
        for word in words:
            text = "".join(self.variables.get(part, "") if kind == "variable" else part for kind, part, _quoted in word)
            if len(text) > _TEXT:
                raise ValueError("a word of more than %d characters" % _TEXT)
            if text or any(piece[2] for piece in word):
                expanded.append(text)
        return expanded

    def run(self, tree: Tree) -> bool:
        """Whether the last command succeeded; ValueError for a script that does not end."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise ValueError("functions and files call each other more than %d deep" % _DEPTH)
        status = True
        for node in tree:
            self.steps += 1
            if self.steps > _STEPS:
                raise ValueError("more than %d commands" % _STEPS)
            if len(self.entries) > _ENTRIES:
                raise ValueError("more than %d menu entries" % _ENTRIES)
            status = self._node(node)
        self.depth -= 1
        return status

    def _node(self, node: Any) -> bool:
        if isinstance(node, Command):
            return self._command(node)
        if isinstance(node, If):
            for condition, body in node.branches:
                if self.run(condition):
                    return self.run(body)
            return self.run(node.otherwise)
        if isinstance(node, For):
            status = True
            for value in self.expand(node.words)[:100]:
                self.variables[node.variable] = value
                status = self.run(node.body)
            return status
        if isinstance(node, Function):
            self.functions[node.name] = node.body
        return True

    def _command(self, command: Command) -> bool:
        words = self.expand(command.words)
        if not words:
            return True
        if words[0] == "!":
            return not self._simple(words[1:]) if len(words) > 1 else False
        if command.block is not None:
            self._menu_entry(words, command.block)
            return True
        return self._simple(words)

    def _simple(self, words: List[str]) -> bool:
        name, arguments = words[0], words[1:]
        if _ASSIGNMENT.match(name):
            self._assign([name])
        elif name == "set":
            self._assign(arguments)
        elif name == "unset":
            for variable in arguments:
                self.variables.pop(variable, None)
        elif name in ("[", "test"):
            return _test([word for word in arguments if word != "]"] if name == "[" else arguments, self.files)
        elif name == "load_env":
            self.variables.update(self.environment)
        elif name in ("increment", "decrement") and arguments:
            self.variables[arguments[-1]] = str(_number(self.variables.get(arguments[-1], "0")) + (1 if name == "increment" else -1))
        elif name == "blscfg":
            self.uses_bls = True
            self.entries.extend(self.bls)
        elif name in ("source", ".", "configfile", "normal") and arguments:
            return self._hand_over(name, arguments[0])
        elif name in self.functions:
            return self.run(self.functions[name])
        else:
            self.images.append((name,) + _image(arguments))
            return name not in _FAILING
        return True

    def _assign(self, arguments: List[str]) -> None:
        for argument in arguments:
            match = _ASSIGNMENT.match(argument)
            if match:
                self.variables[match.group(1)] = match.group(2)
                if match.group(1) == "default":
                    self.assigned.append(match.group(2))

    def _hand_over(self, name: str, path: str) -> bool:
        base = path.rsplit("/", 1)[-1]
        if name in ("source", ".") and base in self.files:
            return self.run(grub_script.parse(self.files[base]))
        self.handed_to.append(_DEVICE.sub("", path))
        return name not in ("source", ".")

    def _menu_entry(self, words: List[str], block: Tree) -> None:
        """What is between the braces runs when the entry is chosen; here on a copy, to see which image it would load."""
        title, entry_id = _title_and_id(words[1:])
        inner = _Machine(self.environment, self.files, self.bls, self.variables.get("grub_platform", ""))
        inner.variables = dict(self.variables)
        inner.functions, inner.steps, inner.depth = self.functions, self.steps, self.depth
        inner.run(block)
        self.steps = inner.steps
        if words[0] == "submenu":
            self.entries.append(Entry(title, entry_id, "", inner.entries, False, None))
        else:
            path, options = _linux_image(inner.images)
            self.entries.append(Entry(title, entry_id, path, None, False, options))


def _image(arguments: List[str]) -> Tuple[str, str]:
    """(the first argument that is a path, without GRUB's device; the words after it)."""
    words = [word for word in arguments if not word.startswith("--")]
    return (_DEVICE.sub("", words[0]), " ".join(arguments[arguments.index(words[0]) + 1:])) if words else ("", "")


def _linux_image(images: List[Tuple[str, str, str]]) -> Tuple[str, Optional[str]]:
    """(kernel, its options) of an entry: of its last linux command, or under Xen of the first module of multiboot, whose name stands twice."""
    linux = [(path, options) for name, path, options in images if name in _LINUX_COMMANDS or name == "xen_linux"]
    if linux:
        return linux[-1]
    modules = [path for name, path, _options in images if name in _MODULE_COMMANDS]
    return (modules[0] if modules else ""), None


def _title_and_id(words: List[str]) -> Tuple[str, str]:
    titles, entry_id, at = [], "", 0
    while at < len(words):
        name, equals, value = words[at].partition("=")
        if name in _OPTIONS_WITH_VALUE:
            if not equals:
                at += 1
                value = words[at] if at < len(words) else ""
            if name == "--id":
                entry_id = value
        elif not words[at].startswith("--"):
            titles.append(words[at])
        at += 1
    return (titles[0] if titles else ""), entry_id


def _split(words: List[str], operator: str) -> List[List[str]]:
    """The words between occurrences of a binary operator; at either end it is a plain word."""
    groups: List[List[str]] = [[]]
    for at, word in enumerate(words):
        if word == operator and 0 < at < len(words) - 1:
            groups.append([])
        else:
            groups[-1].append(word)
    return groups


def _test(words: List[str], files: Dict[str, str]) -> bool:
    """GRUB's test command, without parentheses: -o binds weaker than -a."""
    return any(all(_primary(part, files) for part in _split(group, "-a")) for group in _split(words, "-o"))


def _primary(words: List[str], files: Dict[str, str]) -> bool:
    wanted = True
    while len(words) > 1 and words[0] == "!":
        words, wanted = words[1:], not wanted
    if len(words) == 3 and words[1] in _COMPARE:
        truth = bool(_COMPARE[words[1]](words[0], words[2]))
    elif len(words) == 3 and words[1] in _NUMERIC:
        truth = bool(_NUMERIC[words[1]](_number(words[0]), _number(words[2])))
    elif words[:1] in (["-n"], ["-z"]):
        truth = (words[0] == "-n") == bool("".join(words[1:]))
    elif len(words) == 2 and words[0] in ("-e", "-f", "-s"):
        truth = words[1].rsplit("/", 1)[-1] in files
    else:
        truth = len(words) == 1 and bool(words[0])
    return truth is wanted


def run(text: str, environment: Dict[str, str], files: Dict[str, str], bls: List[Entry], platform: str) -> Outcome:
    """What a grub.cfg comes to. ``platform`` is 'efi' or 'pc'; ValueError for what GRUB would not accept."""
    machine = _Machine(environment, files, bls, platform)
    machine.run(grub_script.parse(text))
    entries = [_with_values(entry, machine.variables) if entry.bls else entry for entry in machine.entries]
    return Outcome(entries, machine.variables.get("default", ""), machine.assigned, machine.handed_to, machine.uses_bls)


def _with_values(entry: Entry, variables: Dict[str, str]) -> Entry:
    """An entry of a .conf file: GRUB puts the values of variables ($kernelopts) into its options when it is chosen."""
    text = _IN_OPTIONS.sub(lambda match: variables.get(match.group(1) or match.group(2), ""), entry.options or "")
    return entry._replace(options=" ".join(text[:_TEXT].split()))


def _split_path(default: str) -> Tuple[str, str]:
    """The first name of 'submenu>entry' and the rest; '>>' is a '>' within a name."""
    match = re.match(r"^((?:[^>]|>>)*)(?:>(.*))?$", default, re.DOTALL)
    first, rest = (match.group(1), match.group(2)) if match else (default, None)
    return first.replace(">>", ">"), rest or ""


def _find(entries: List[Entry], name: str) -> Tuple[int, str]:
    """(index, how) of the entry that a default names; GRUB falls back to the first entry where it names none."""
    if re.match(r"^\d{1,9}$", name):
        return (int(name), "index") if int(name) < len(entries) else (0, "first entry, since there is no entry %s" % name)
    for index, entry in enumerate(entries):
        if name and name in (entry.id, entry.title):
            return index, "id" if name == entry.id else "title"
        if name and entry.bls and name == entry.id + ".conf":
            return index, "id"
    return 0, "first entry, since none is called %s" % name if name else "first entry"


def select(entries: List[Entry], default: str) -> Tuple[Entry, str, str]:
    """(entry, the ids or titles that lead to it, how it was named); ValueError where the menu is empty."""
    names, hows = [], []  # type: Tuple[List[str], List[str]]
    while True:
        if not entries:
            raise ValueError("the menu%s has no entries" % (" of %s" % ">".join(names) if names else ""))
        first, default = _split_path(default)
        index, how = _find(entries, first)
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
    return next((_name(entry) for entry in entries if entry.path.rsplit("/", 1)[-1] == image), None)


def _name(entry: Entry) -> str:
    return (entry.id or entry.title).replace(">", ">>")
