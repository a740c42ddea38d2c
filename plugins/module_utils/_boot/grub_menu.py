# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What GRUB would do with a grub.cfg: the menu that it shows, files that it hands over to followed.

The generated configuration decides at boot time (next_entry, saved_entry, boot counters), so it is run here, not searched: assignments,
conditions, menu entries and files have their effect, commands that touch hardware have none. What such a command would answer is assumed, and
named where the run rests on it: the caller runs again with the opposite.
"""

import re
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Set, Tuple, Union

from . import grub_blscfg, grub_loading, grub_script, grub_test
from .grub_script import Command, For, Function, If, Loop, Tree, Word

# title and id select an entry; path is the image that it loads ('' without one); children is None but for a submenu; bls: from a .conf file.
# options is the kernel's command line, None where it cannot be told; version: what a .conf file calls its kernel; initrds: the files given.
# file_system: the UUID that was searched for the device of the image, '' where it was found otherwise.
Entry = NamedTuple("Entry", [
    ("title", str), ("id", str), ("path", str), ("children", Optional[List[Any]]), ("bls", bool), ("options", Optional[str]), ("version", str),
    ("initrds", Tuple[str, ...]), ("file_system", str)])

# What is known of the files that GRUB sees, by its path without the device: texts (None: there is none), whether a path exists, the variables of
# environment blocks, the entries of folders of .conf files as the system's own blscfg orders them, and as GRUB 2.14's does. What is missing here is
# asked for.
Disk = NamedTuple("Disk", [
    ("texts", Dict[str, Optional[str]]), ("exists", Dict[str, bool]), ("blocks", Dict[str, Dict[str, str]]), ("entries", Dict[str, List[Entry]]),
    ("upstream", Dict[str, List[Entry]])])

# The menu, the value of 'default' after the run, each text ever assigned to it, the file that made the menu, files that could not be followed,
# whether .conf files are in it, what ended GRUB without a menu, what of the disk was asked for and not known, what was assumed.
Outcome = NamedTuple("Outcome", [
    ("entries", List[Entry]), ("default", str), ("assigned", List[str]), ("source", str), ("handed_to", List[str]), ("uses_bls", bool),
    ("ended", str), ("wanted", List[Tuple[str, str]]), ("guessed", List[str])])

# Whether a command succeeded; as text: the command, of which nobody can say.
Status = Union[bool, str]

UNKNOWN = "\0"
BLS_FOLDER = "/loader/entries"
_FIRST_DISK = "hd0"
_FEATURES = (
    "feature_menuentry_id", "feature_default_font_path", "feature_platform_search_hint", "feature_all_video_module", "feature_timeout_style")
# Menus of other loaders, and menus of which GRUB takes the entries alone.
_FOREIGN_MENUS = tuple(kind + how for kind in ("legacy_", "syslinux_") for how in ("configfile", "source")) + tuple(
    "extract_%sentries_%s" % (kind, how) for kind in ("", "legacy_", "syslinux_") for how in ("configfile", "source"))
_ENDING = ("exit", "normal_exit", "halt", "reboot", "fwsetup", "boot")
# Commands whose --set gives a variable something that only the machine knows; where search finds a device, its files are the host's own.
_SETTERS = ("regexp", "probe", "stat", "date", "smbios", "cpuid", "getenv", "cmosdump", "pcidump", "rdmsr", "hwmatch")
# GRUB's names of processors that are not the kernel's; what it sets where firmware or shim enforce signatures, which only its start tells.
_PROCESSORS = {"aarch64": "arm64", "i686": "i386", "armv7l": "arm", "ppc64le": "powerpc", "ppc64": "powerpc"}
_OF_SECURE_BOOT = ("lockdown", "shim_lock")
# Those that name the variables themselves: Flatcar's choice of a partition, a server's answer, a key.
_NAMING = {"gptprio.next": r"-[du] (\w+)", "net_get_dhcp_option": r"\A(\w+)", "read": r"(\w+)\Z"}
_ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.DOTALL)
_IN_OPTIONS = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_STEPS = 100000
_DEPTH = 30
_TEXT = 65536
_WORDS = 4096
_ENTRIES = 10000


def run(
    text: str, disk: Disk, platform: str, path: str = "/boot/grub/grub.cfg", denied: FrozenSet[str] = frozenset(), processor: str = "x86_64"
) -> Outcome:
    """What the grub.cfg at ``path`` comes to. ``platform``: efi or pc; ``denied``: what is assumed to fail; ValueError for what GRUB refuses."""
    world = _World(disk, denied)
    machine = _Machine(world, path, _at_start(path, platform, processor))
    machine.run(grub_script.parse(text))
    while machine.successor is not None:
        machine = machine.successor
    entries, default, ended = machine.menu(), machine.variables.get("default", ""), machine.ended
    if ended == "boot":
        # Started at once, and no menu is shown.
        entries, default, ended = [machine.loaded("boot", "")], "0", ""
    return Outcome(entries, default, machine.assigned, machine.path, machine.handed_to, machine.uses_bls, ended, world.wanted,
                   sorted(world.guessed))


def _at_start(path: str, platform: str, processor: str) -> Dict[str, str]:
    """The variables that GRUB itself sets."""
    folder = path.rsplit("/", 1)[0]
    known = {"prefix": folder, "cmdpath": folder, "root": _FIRST_DISK, "grub_platform": platform, "grub_cpu": "i386"}
    if platform != "pc":
        known["grub_cpu"] = _PROCESSORS.get(processor, processor)
    if platform == "efi":
        known.update((name, UNKNOWN + name) for name in _OF_SECURE_BOOT)
    return known


class _World:
    """What all files that one run reads have in common."""

    def __init__(self, disk: Disk, denied: FrozenSet[str]) -> None:
        self.disk = disk
        self.denied = denied
        self.wanted: List[Tuple[str, str]] = []
        self.guessed: Dict[str, bool] = {}
        self.steps = 0
        self.depth = 0

    def known(self, kind: str, path: str) -> Any:
        """What the disk holds of a kind at a path, None where it is not known (yet)."""
        answers = getattr(self.disk, kind)
        if UNKNOWN in path:
            return None
        if path not in answers and (kind, path) not in self.wanted:
            self.wanted.append((kind, path))
        return answers.get(path)

    def settled(self, status: Status) -> bool:
        """A status to go on with: what nobody can say is assumed to succeed, unless it is denied."""
        if isinstance(status, bool):
            return status
        self.guessed[status] = True
        return status not in self.denied

    def step(self, entries: int) -> None:
        """Count a command; ValueError for a script that does not end."""
        self.steps += 1
        if self.steps > _STEPS:
            raise ValueError("more than %d commands" % _STEPS)
        if entries > _ENTRIES:
            raise ValueError("more than %d menu entries" % _ENTRIES)


class _Machine:
    """Runs one configuration file, and the files that it takes in."""

    def __init__(self, world: _World, path: str, variables: Dict[str, str]) -> None:
        self.world = world
        self.path = path
        self.variables = dict(variables, config_directory=path.rsplit("/", 1)[0], config_file=path)
        self.variables.update((name, "y") for name in _FEATURES)
        self.exported = set(self.variables)
        self.functions: Dict[str, Tree] = {}
        self.arguments: Dict[str, str] = {}
        self.entries: List[Any] = []
        self.assigned: List[str] = []
        self.images: List[Tuple[str, str, str]] = []
        self.status: Status = True
        self.handed_to: List[str] = []
        self.uses_bls = False
        self.ended = ""
        self.successor: Optional[_Machine] = None
        self.file_system = ""
        # Devices that are no disks, by whatever name a script gives them.
        self.made: Set[str] = set()
        # Whether a function or an entry runs; the loops in it, how many of them are to be left, whether the last one only begins anew.
        self.in_function = self.returning = False
        self.loops = self.breaks = 0
        self.continues = False

    def menu(self) -> List[Entry]:
        """The entries, each as it would run if it were chosen now: with the variables as they are at the end."""
        return [self._with_values(entry) if isinstance(entry, Entry) else self._entry(*entry) for entry in self.entries]

    def expand(self, words: List[Word]) -> List[str]:
        """The words with variables replaced: one without quotes is parted at its blanks, and vanishes where it is empty."""
        expanded: List[str] = []
        for word in words:
            made = [""]
            for kind, part, quoted in word:
                pieces = self._pieces(part, quoted) if kind == "variable" else [part]
                made = made[:-1] + [made[-1] + "".join(pieces[:1])] + pieces[1:]
            if sum(map(len, made)) > _TEXT:
                raise ValueError("a word of more than %d characters" % _TEXT)
            if len(expanded) + len(made) > _WORDS:
                raise ValueError("a command of more than %d words" % _WORDS)
            if any(made) or any(piece[2] for piece in word):
                expanded += made
        return expanded

    def _pieces(self, name: str, quoted: bool) -> List[str]:
        """The words that a variable stands for."""
        if name == "@":
            values = [self.arguments.get(str(number), "") for number in range(1, int(self.arguments.get("#", "0")) + 1)]
        else:
            values = [self._value(name)]
        return values if quoted else [piece for value in values for piece in value.split()]

    def _value(self, name: str) -> str:
        if name == "?":
            return "0" if self.world.settled(self.status) else "1"
        return self.arguments.get(name, "") if name in "#*" or name.isdigit() else self.variables.get(name, "")

    def run(self, tree: Tree) -> Status:
        """The status of the last command; ValueError for a script that does not end."""
        self.world.depth += 1
        if self.world.depth > _DEPTH:
            raise ValueError("functions and files call each other more than %d deep" % _DEPTH)
        status: Status = True
        for node in tree:
            self.world.step(len(self.entries))
            status = self.status = self._node(node)
            if self._goes_elsewhere() or self.breaks:
                break
        self.world.depth -= 1
        return status

    def run_with(self, tree: Tree, arguments: List[str]) -> Status:
        """The same of what is given arguments: a function, or an entry, whose first one is its title."""
        before = dict(self.arguments), self.in_function, self.loops
        self._set_arguments(arguments)
        self.in_function, self.loops = True, 0
        status = self.run(tree)
        self.arguments, self.in_function, self.loops = before
        self.returning = False
        return status

    def _goes_elsewhere(self) -> bool:
        return bool(self.ended or self.successor or self.returning)

    def _set_arguments(self, arguments: List[str]) -> None:
        everything = " ".join(arguments)
        self.arguments = {"#": str(len(arguments)), "*": everything}
        self.arguments.update((str(number), value) for number, value in enumerate(arguments, 1))

    def _node(self, node: Any) -> Status:
        if isinstance(node, Command):
            return self._command(node)
        if isinstance(node, If):
            for condition, body in node.branches:
                if self.world.settled(self.run(condition)):
                    return self.run(body)
            return self.run(node.otherwise)
        if isinstance(node, (For, Loop)):
            self.loops += 1
            status = self._for(node) if isinstance(node, For) else self._loop(node)
            self.loops -= 1
            self.breaks = max(0, self.breaks - 1)
            return status
        if isinstance(node, Function):
            self.functions[node.name] = node.body
        return True

    def _for(self, node: For) -> Status:
        status: Status = True
        for value in self.expand(node.words)[:100]:
            # GRUB puts the names of files in the place of a pattern.
            if re.search(r"[*?]", value) and not self.world.settled("for %s" % value):
                continue
            self.variables[node.variable] = value
            status = self.run(node.body)
            if self._leaves_loop():
                break
        return status

    def _loop(self, node: Loop) -> Status:
        while self.world.settled(self.run(node.condition)) is node.wanted and not self._leaves_loop():
            self.world.step(len(self.entries))
            self.run(node.body)
            if self._leaves_loop():
                break
        return True

    def _leaves_loop(self) -> bool:
        if self.breaks == 1 and self.continues:
            self.breaks = 0
        return bool(self.breaks) or self._goes_elsewhere()

    def _command(self, command: Command) -> Status:
        words = self.expand(command.words)
        if not words:
            return True
        if words[0] == "!":
            return not self.world.settled(self._simple(words[1:])) if len(words) > 1 else False
        if words[0] in ("menuentry", "submenu"):
            if command.block is not None:
                return self._list(words, command.block)
            sources = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "--source"]
            sources += [word.partition("=")[2] for word in words if word.startswith("--source=")]
            return self._list(words, grub_script.parse(sources[0])) if sources else False
        return self._simple(words)

    def _list(self, words: List[str], block: Tree) -> Status:
        """Add an entry to the menu; GRUB refuses one without a title ("menuentry is missing title")."""
        titles, entry_id = grub_loading.titles_and_id(words[1:])
        if titles:
            self.entries.append((words[0], titles, entry_id, block))
        return bool(titles)

    def _simple(self, words: List[str]) -> Status:
        name, arguments = words[0], words[1:]
        if _ASSIGNMENT.match(name):
            return self._do_set([name])
        own = getattr(self, "_do_" + _METHODS[name]) if name in _METHODS else None
        if own is not None:
            return own(arguments)  # type: ignore[no-any-return]
        if name in self.functions:
            return self.run_with(self.functions[name], arguments)
        if name in _ENDING and arguments[:1] != ["--is-supported"]:
            # Without anything loaded, boot is an error and nothing more.
            self.ended = name if name != "boot" or any(image[0] in grub_loading.LOADING for image in self.images) else ""
            return bool(self.ended)
        if name == "uki":
            self.handed_to.append("the images that its command uki finds")
        if name in _FOREIGN_MENUS:
            self.handed_to.append("%s by its command %s" % (grub_loading.plain("".join(arguments[-1:])), name))
        if name == "search" or name.startswith("search."):
            found = grub_loading.searched(name, arguments)
            if found is not None:
                # What a search finds lies on a disk.
                self.variables["root"], self.file_system = _FIRST_DISK, found
        path, options = grub_loading.image(arguments)
        self.images.append((name, self._seen(path), options))
        if name in _SETTERS or name in _NAMING:
            self._take_unknown(name, arguments)
        return "%.100s" % " ".join(words)

    def _seen(self, path: str) -> str:
        """A path without its device; marked as unknown where that is no disk of the host's."""
        named = grub_loading.DEVICE.match(path)
        device = named.group()[1:-1] if named else self.variables.get("root", "")
        made = device.partition(",")[0] in self.made or not grub_loading.is_disk(device)
        return UNKNOWN + path if path and UNKNOWN not in path and made else grub_loading.DEVICE.sub("", path)

    def _do_loopback(self, arguments: List[str]) -> Status:
        """A file is taken for a disk, by a name of its own."""
        self.made.update(word for word in arguments if not word.startswith("-"))
        return "loopback %.80s" % " ".join(arguments)

    def _do_set(self, arguments: List[str]) -> Status:
        for argument in arguments:
            match = _ASSIGNMENT.match(argument)
            if match:
                # GRUB takes the brackets away itself (grub_env_write_root).
                value = match.group(2).strip("()") if match.group(1) == "root" else match.group(2)
                self.variables[match.group(1)] = value
                if match.group(1) == "default":
                    self.assigned.append(match.group(2))
                elif match.group(1) == "root":
                    self.file_system = ""
        return True

    def _take_unknown(self, name: str, arguments: List[str]) -> None:
        words = " ".join(arguments)
        for variable in re.findall(_NAMING.get(name, r"(?:--set[= ]|-s )(?:\d+:)?([A-Za-z_]\w*)"), words):
            self.variables[variable] = UNKNOWN + variable

    def _do_setparams(self, arguments: List[str]) -> Status:
        self._set_arguments(arguments)
        return True

    def _do_shift(self, arguments: List[str]) -> Status:
        count = grub_test.number(arguments[0]) if arguments else 1
        given = [self.arguments[str(number)] for number in range(1, len(self.arguments)) if str(number) in self.arguments]
        self._set_arguments(given[max(0, count):])
        return True

    def _do_unset(self, arguments: List[str]) -> Status:
        for variable in arguments:
            self.variables.pop(variable, None)
        return True

    def _do_export(self, arguments: List[str]) -> Status:
        self.exported.update(arguments)
        return True

    def _do_true(self, arguments: List[str]) -> Status:
        return True

    def _do_false(self, arguments: List[str]) -> Status:
        """Also what fails where nobody is at the keyboard."""
        return False

    def _do_return(self, arguments: List[str]) -> Status:
        if not self.in_function or len(arguments) > 1:
            return False
        self.returning = True
        return grub_test.number(arguments[0]) == 0 if arguments else self.status

    def _do_break(self, arguments: List[str]) -> Status:
        return self._leave(arguments, False)

    def _do_continue(self, arguments: List[str]) -> Status:
        return self._leave(arguments, True)

    def _leave(self, arguments: List[str], continues: bool) -> Status:
        count = grub_test.number(arguments[0]) if arguments else 1
        if len(arguments) > 1 or count < 1:
            return False
        self.breaks, self.continues = min(count, self.loops), continues
        return True

    def _do_test(self, arguments: List[str]) -> Status:
        words = arguments[:-1] if arguments[-1:] == ["]"] else arguments
        files = [self._seen(word) for word in words if word.startswith(("(", "/"))]
        if any(UNKNOWN in word for word in words + files) or not grub_test.is_decided(words):
            return ("[ %.100s ]" % " ".join(words)).replace(UNKNOWN, "$")
        return grub_test.holds(words, lambda path: bool(self.world.known("exists", grub_loading.plain(path))))

    def _do_load_env(self, arguments: List[str]) -> Status:
        files = re.findall(r"(?:--file[= ]|-f )(\S+)", " ".join(arguments))
        path = files[0] if files else self.variables.get("prefix", "") + "/grubenv"
        names = [word for word in arguments if not word.startswith("-") and word not in files]
        block = self.world.known("blocks", grub_loading.plain(path)) or {}
        self.variables.update((name, value) for name, value in block.items() if not names or name in names)
        return True

    def _do_increment(self, arguments: List[str]) -> Status:
        return self._add(arguments, 1)

    def _do_decrement(self, arguments: List[str]) -> Status:
        return self._add(arguments, -1)

    def _add(self, arguments: List[str], step: int) -> Status:
        for name in arguments[-1:]:
            self.variables[name] = str(grub_test.number(self.variables.get(name, "0")) + step)
        return True

    def _do_eval(self, arguments: List[str]) -> Status:
        return self.run(grub_script.parse(" ".join(arguments)))

    def _do_blscfg(self, arguments: List[str]) -> Status:
        """Entries of .conf files: all, the one named by default, all others, those of another folder, or one."""
        self.uses_bls = True
        which = arguments[0] if arguments else ""
        if which.startswith("-"):
            return self._add_by_options(arguments)
        folder = which if which.startswith("(") else self.variables.get("blsdir") or BLS_FOLDER
        shown = {entry.id for entry in self.entries if isinstance(entry, Entry)}
        for index, entry in enumerate(self.world.known("entries", grub_loading.plain(folder).rstrip("/")) or []):
            default = self.variables.get("default", "")
            wanted = default in (entry.id, entry.title, str(index))
            if entry.id not in shown and {"": True, "default": wanted, "non-default": not wanted}.get(which, which in (entry.id, folder)):
                self.entries.append(entry)
        return True

    def _add_by_options(self, arguments: List[str]) -> Status:
        """What GRUB 2.14's blscfg adds, which alone has options."""
        try:
            asked = grub_blscfg.parse(arguments)
        except ValueError:
            self.handed_to.append("the entries that its command blscfg %s finds" % " ".join(arguments))
            return True
        found: List[Entry] = []
        for folder in asked.folders(BLS_FOLDER):
            found = found or self.world.known("upstream", folder) or []
        chosen = asked.of([(entry.id, entry.title) for entry in found], self.variables.get("default", ""))
        self.entries += [found[at] for at in chosen]
        return True

    def _file(self, path: str) -> str:
        """A path as the disk is asked for it: without its device, or marked as unknown."""
        seen = self._seen(path)
        return seen if UNKNOWN in seen else grub_loading.plain(seen)

    def _do_source(self, arguments: List[str]) -> Status:
        path = self._file(arguments[0] if arguments else "")
        text = self.world.known("texts", path)
        if text is None:
            self.handed_to.append(path.replace(UNKNOWN, ""))
            return False
        return self.run(grub_script.parse(text))

    def _do_configfile(self, arguments: List[str]) -> Status:
        """Another file makes a menu of its own, with what was exported and nothing else."""
        path = self._file(arguments[0] if arguments else self.variables.get("prefix", "") + "/grub.cfg")
        text = self.world.known("texts", path)
        if text is None:
            self.handed_to.append(path.replace(UNKNOWN, ""))
            return False
        self.successor = _Machine(self.world, path, {name: self.variables[name] for name in sorted(self.exported) if name in self.variables})
        self.successor.file_system, self.successor.made = self.file_system, self.made
        return self.successor.run(grub_script.parse(text))

    def _entry(self, kind: str, titles: List[str], entry_id: str, block: Tree) -> Entry:
        """What is between the braces runs when the entry is chosen; here on a copy, to see which image it would load."""
        inner = _Machine(self.world, self.path, {})
        inner.variables, inner.functions, inner.file_system, inner.made = dict(self.variables), self.functions, self.file_system, set(self.made)
        inner.run_with(block, titles)
        title = titles[0] if titles else ""
        if kind == "submenu":
            return Entry(title, entry_id, "", inner.menu(), False, None, "", (), "")
        return inner.loaded(title, entry_id)

    def loaded(self, title: str, entry_id: str) -> Entry:
        """An entry that starts what the commands so far have loaded."""
        path, options = grub_loading.linux_image(self.images)
        files = [(first + " " + rest).split() for name, first, rest in self.images if name in grub_loading.INITRD_COMMANDS]
        initrds = tuple(grub_loading.DEVICE.sub("", word) for words in files for word in words if UNKNOWN not in word)
        return Entry(title, entry_id, path, None, False, options, "", initrds, self.file_system)

    def _with_values(self, entry: Entry) -> Entry:
        """An entry of a .conf file: GRUB puts the values of variables ($kernelopts) into its options when it is chosen."""
        options = self.variables.get("default_kernelopts", "") if entry.options is None else entry.options
        text = _IN_OPTIONS.sub(lambda match: self.variables.get(match.group(1) or match.group(2), ""), options)
        return entry._replace(options=" ".join(text[:_TEXT].split()))


_METHODS = {
    "set": "set", "unset": "unset", "export": "export", "[": "test", "test": "test", "true": "true", "false": "false", "keystatus": "false",
    "sleep": "true", "load_env": "load_env", "increment": "increment", "decrement": "decrement", "eval": "eval", "blscfg": "blscfg",
    "bls_import": "blscfg", "setparams": "setparams", "shift": "shift", "source": "source", ".": "source", "configfile": "configfile",
    "normal": "configfile", "loopback": "loopback", "return": "return", "break": "break", "continue": "continue",
}
