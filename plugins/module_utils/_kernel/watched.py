# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that somebody asks for by name, since a hole is in them: whether they run, and whether they could be made to."""

import fnmatch
import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple, Union

from .._formats import cmdline, modprobe
from .initcalls import first_functions, is_started
from .modules import names_in

_LIST_BYTES = 16 * 1024 * 1024
_SYMBOL_BYTES = 64 * 1024 * 1024
_LIMIT = 100
_SHOWN = 20
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_LOADED = re.compile(r"^(\S+) \d+ (\d+|-) (\S+) ", re.MULTILINE)
State = Tuple[Optional[str], str]


class Block(NamedTuple):
    """What keeps a module from running: ``by`` is None where nothing does, ``known`` False where that cannot be said."""

    by: Optional[str]
    detail: str
    known: bool = True


def put_watched(host: Any, section: Any, names: List[str]) -> None:
    """Write ``watched_modules``; nothing is read where no name is asked for."""
    wanted = sorted({modprobe.plain(name) for name in names if _NAME.match(name)})[:_LIMIT]
    if not wanted:
        section.put("watched_modules", [], "the standard names none")
        return
    view = _View(host)
    source = "/proc/modules, /lib/modules/%s, modprobe.d, /proc/cmdline, /proc/kallsyms" % host.uname()[2]
    section.put("watched_modules", [view.row(name) for name in wanted], source)


class _View:
    """What the host says of its modules, read once."""

    def __init__(self, host: Any) -> None:
        self._host = host
        folder = "/lib/modules/%s/" % host.uname()[2]
        self.loaded = host.read("/proc/modules", _LIST_BYTES)
        self.built_in = host.read(folder + "modules.builtin", _LIST_BYTES)
        self.on_disk = host.read(folder + "modules.dep", _LIST_BYTES)
        self.line = host.read("/proc/cmdline", 65536)
        self.locked = _is_locked(host)
        self.config, self.unread = _config(host, folder)
        self.config.blacklisted.update(() if self.line.problem else modprobe.blacklisted_by(cmdline.user_words(self.line.value)))
        self.running = {} if self.loaded.problem else {row[0]: row for row in _LOADED.findall(self.loaded.value)}
        self._symbols: Optional[str] = None
        self._folder = folder
        self._aliases: Union[Set[str], str, None] = None

    def row(self, name: str) -> Dict[str, Any]:
        """All that is told of one module."""
        built_in = None if self.built_in.problem else name in names_in(self.built_in.value) or self._is_part(name)
        initcalls = first_functions(self._table(), name) if built_in else []
        block = self._started(initcalls, name) if built_in else self._now(name, self._block(name))
        state, detail = self._state(name, built_in, block)
        _name, count, users = self.running.get(name, (name, "", "-"))
        return {"name": name, "state": state, "detail": detail, "built_in": built_in, "blocked_by": block.by,
                "references": int(count) if count.isdigit() else None, "holders": [user for user in users.split(",") if user not in ("", "-")],
                "initcalls": initcalls, "locked": self.locked, "needed_by": self._needed_by(name),
                "pulled_by": None if self.unread else modprobe.pulled_by(self.config, name)[:_SHOWN]}

    def _is_part(self, name: str) -> bool:
        """Whether a name that is in no list of modules is a part of the kernel that can be no module (mptcp): modules.builtin has none of those."""
        if name in self.running or self.on_disk.problem or name in names_in(self.on_disk.value):
            return False
        return not self._host.stat("/sys/module/" + name).problem or is_started(self._table(), name)

    def _table(self) -> str:
        """The kernel's symbols: large, and read only for what is no module on disk."""
        if self._symbols is None:
            answer = self._host.read("/proc/kallsyms", _SYMBOL_BYTES)
            self._symbols = "" if answer.problem else answer.value
        return self._symbols

    def _state(self, name: str, built_in: Optional[bool], block: Block) -> State:
        """The worst that can be said first: what runs, then what could."""
        for answer, what in ((self.loaded, "/proc/modules"), (self.built_in, "modules.builtin")):
            if answer.problem:
                return None, "%s: %s" % (what, answer.problem)
        if name in self.running:
            _name, count, users = self.running[name]
            return "loaded", "used by %s (%s references)" % (users.rstrip(",") if users != "-" else "no module", count)
        if built_in:
            return ("blocked" if block.by else "built_in" if block.known else None), block.detail
        if self.on_disk.problem:
            return None, "modules.dep: %s" % self.on_disk.problem
        if name not in names_in(self.on_disk.value):
            return "absent", "the running kernel has no such module"
        return ("blocked" if block.by else "loadable" if block.known else None), block.detail

    def _started(self, initcalls: List[str], name: str) -> Block:
        """What keeps a part of the kernel from being started: each of its first functions on the command line; every list there counts."""
        if self.line.problem:
            return Block(None, "/proc/cmdline: %s" % self.line.problem, False)
        stopped = cmdline.values(cmdline.parse(self.line.value).parameters, "initcall_blacklist")
        if initcalls and set(initcalls) <= set(stopped):
            return Block("initcall_blacklist", "initcall_blacklist=%s on the kernel's command line" % ",".join(initcalls))
        if not initcalls and any(function.startswith(name) for function in stopped):
            return Block(None, "nobody knows whether initcall_blacklist= names its first function", False)
        what = ", ".join(initcalls) if initcalls else "its first function"
        return Block(None, "it is part of the kernel: only initcall_blacklist= of %s and a reboot keep it from running" % what)

    def _now(self, name: str, lasting: Block) -> Block:
        """What keeps a module from being loaded: what would do so after a boot as well, else the lock, which ends with it."""
        if lasting.by or not self.locked or name in self.running:
            return lasting
        return Block("modules_disabled", "kernel.modules_disabled=1 is in force until the next boot; from then on: " + lasting.detail)

    def _block(self, name: str) -> Block:
        """What keeps a module on disk from being loaded, the lock of all modules left aside."""
        if self.line.problem:
            return Block(None, "/proc/cmdline: %s" % self.line.problem, False)
        parameters = cmdline.parse(self.line.value).parameters
        install = Block(None, self.unread, False) if self.unread else self._install(name)
        # The kernel compares these names byte for byte.
        if not install.by and name in cmdline.values(parameters, "module_blacklist"):
            return Block("module_blacklist", "module_blacklist= on the kernel's command line")
        if install.by or not install.known:
            return install
        if name + "_init" in cmdline.values(parameters, "initcall_blacklist"):
            return Block(None, "initcall_blacklist=%s_init stops it if that is its first function, which only its file tells" % name, False)
        only = "; blacklist stops its aliases only" if name in self.config.blacklisted else ""
        pulled = modprobe.pulled_by(self.config, name) if only else []
        return Block(None, install.detail + only + ("; softdep loads it with " + ", ".join(pulled[:3]) if pulled else ""))

    def _install(self, name: str) -> Block:
        """What the install lines do about a module: nothing, where kmod loads another one with it."""
        command = modprobe.install_of(self.config, name)
        if command is None:
            return Block(None, "no install line stands in place of loading it")
        targets = modprobe.softdep_of(self.config, name)
        found = [modprobe.resolves(self.config, target, self._is_module) for target in targets]
        if True in found:
            return Block(None, "kmod passes over its install line, since softdep names %s for it" % targets[found.index(True)])
        if None in found:
            return Block(None, "its install line is passed over if %s is there, which softdep names for it: nobody knows" % targets[0], False)
        another = modprobe.loaded_by_another(self.config, name)
        if modprobe.loads_nothing(command) and another is None:
            return Block("modprobe", "install %s" % command[:100])
        return Block(None, "nobody knows whether this loads it: install %s" % (command if another is None else another)[:100], False)

    def _is_module(self, name: str) -> Optional[bool]:
        """Whether the running kernel has a module of this name or alias; None where its lists cannot be read."""
        if self.on_disk.problem or self.built_in.problem:
            return None
        if name in names_in(self.on_disk.value) | names_in(self.built_in.value):
            return True
        if self._aliases is None:
            self._aliases = _aliases(self._host, self._folder)
        return None if isinstance(self._aliases, str) else any(fnmatch.fnmatchcase(name, alias) for alias in self._aliases)

    def _needed_by(self, name: str) -> List[str]:
        if self.on_disk.problem:
            return []
        near = (line for line in self.on_disk.value.splitlines() if name in line.replace("-", "_"))
        lines = (line.partition(":") for line in near)
        return sorted({user for path, _colon, needs in lines if name in names_in(needs.replace(" ", "\n")) for user in names_in(path)})[:_SHOWN]


def _is_locked(host: Any) -> Optional[bool]:
    """Whether the kernel neither loads nor unloads modules any more until it is booted again; a kernel without that switch does."""
    answer = host.read("/proc/sys/kernel/modules_disabled", 64)
    if answer.problem:
        return False if answer.problem == "absent" else None
    return bool(answer.value.strip() == "1")


def _aliases(host: Any, folder: str) -> Union[Set[str], str]:
    """The aliases of all modules of a kernel; why they are not known where they are not."""
    listed, inside = host.read(folder + "modules.alias", _LIST_BYTES), host.read(folder + "modules.builtin.modinfo", _LIST_BYTES)
    # Kernels before 5.2 do not say it of what is built in, and kmod knows no such aliases of them.
    problem = listed.problem or (inside.problem if inside.problem != "absent" else None)
    if problem:
        return str(problem)
    found = re.findall(r"(?m)^alias (\S+) ", listed.value)
    found += [] if inside.problem else re.findall(r"(?:^|\0)[^\0.=]+\.alias=([^\0]+)", inside.value)
    return {modprobe.plain(alias) for alias in found}


def _config(host: Any, modules: str) -> Tuple[modprobe.Config, str]:
    """modprobe.d, and why it cannot be said what it says; '' where it can."""
    listed: Dict[str, List[str]] = {}
    for folder in modprobe.FOLDERS:
        answer = host.listdir(folder)
        if answer.problem and answer.problem != "absent":
            return modprobe.empty(), "%s: %s" % (folder, answer.problem)
        listed[folder] = answer.if_there([])
    texts = []
    for path in modprobe.order(listed, modules.rstrip("/")):
        if host.realpath(path).value == "/dev/null":
            # It hides those of its name behind it, and is no file that could be read.
            continue
        answer = host.read(path)
        if answer.problem and answer.problem != "absent":
            return modprobe.empty(), "%s: %s" % (path, answer.problem)
        texts.append(answer.if_there(""))
    return modprobe.parse(texts), ""
