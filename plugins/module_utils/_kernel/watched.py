# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that somebody asks for by name, since a hole is in them: whether they run, and whether they could be made to."""

import re
from typing import Any, Dict, List, Optional, Tuple

from .._formats import cmdline, modprobe
from .._host.record import Fact
from .modules import names_in

WATCHED_FACTS = [
    Fact("watched_modules", "list", "the modules that the standard names (kernel.modules_blocked), each in its state"),
    Fact("watched_modules[].name", "str", "the module"),
    Fact("watched_modules[].state", "str", "loaded, built_in, blocked, absent (the running kernel has none) or loadable; null: cannot be said"),
    Fact("watched_modules[].detail", "str", "who uses it, or what blocks it, or why nothing does"),
]

_LIST_BYTES = 16 * 1024 * 1024
_LIMIT = 100
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_LOADED = re.compile(r"^(\S+) \d+ (\d+|-) (\S+) ", re.MULTILINE)
State = Tuple[Optional[str], str]


def put_watched(host: Any, section: Any, names: List[str]) -> None:
    """Write ``watched_modules``; nothing is read where no name is asked for."""
    wanted = sorted({modprobe.plain(name) for name in names if _NAME.match(name)})[:_LIMIT]
    if not wanted:
        section.put("watched_modules", [], "the standard names none")
        return
    view = _View(host)
    states = [(name,) + view.state(name) for name in wanted]
    rows = [{"name": name, "state": state, "detail": detail} for name, state, detail in states]
    section.put("watched_modules", rows, "/proc/modules, /lib/modules/%s, modprobe.d, /proc/cmdline" % host.uname()[2])


class _View:
    """What the host says of its modules, read once."""

    def __init__(self, host: Any) -> None:
        folder = "/lib/modules/%s/" % host.uname()[2]
        self.loaded = host.read("/proc/modules", _LIST_BYTES)
        self.built_in = host.read(folder + "modules.builtin", _LIST_BYTES)
        self.on_disk = host.read(folder + "modules.dep", _LIST_BYTES)
        self.line = host.read("/proc/cmdline", 65536)
        self.config, self.unread = _config(host)

    def state(self, name: str) -> State:
        """The worst that can be said first: what runs, then what could."""
        for answer, what in ((self.loaded, "/proc/modules"), (self.built_in, "modules.builtin")):
            if answer.problem:
                return None, "%s: %s" % (what, answer.problem)
        running = {found[0]: found for found in _LOADED.findall(self.loaded.value)}
        if name in running:
            _name, count, users = running[name]
            return "loaded", "used by %s (%s references)" % (users.rstrip(",") if users != "-" else "no module", count)
        if name in names_in(self.built_in.value):
            return "built_in", "it is part of the kernel: only initcall_blacklist= of its first function and a reboot keep it from running"
        if self.on_disk.problem:
            return None, "modules.dep: %s" % self.on_disk.problem
        return self._of_a_file(name) if name in names_in(self.on_disk.value) else ("absent", "the running kernel has no such module")

    def _of_a_file(self, name: str) -> State:
        if self.line.problem:
            return None, "/proc/cmdline: %s" % self.line.problem
        listed = cmdline.decisive(cmdline.parse(self.line.value).parameters, "module_blacklist")
        # The kernel compares these names byte for byte.
        if any(name in (one.value or "").split(",") for one in listed):
            return "blocked", "module_blacklist= on the kernel's command line"
        if self.unread:
            return None, self.unread
        command = modprobe.install_of(self.config, name)
        if command is None:
            only = "; blacklist stops its aliases only" if name in self.config.blacklisted else ""
            return "loadable", "no install line stands in place of loading it" + only
        if modprobe.loads_nothing(command):
            return "blocked", "install %s" % command[:100]
        return None, "nobody knows whether this loads it: install %s" % command[:100]


def _config(host: Any) -> Tuple[modprobe.Config, str]:
    """modprobe.d, and why it cannot be said what it says; '' where it can."""
    listed: Dict[str, List[str]] = {}
    for folder in modprobe.FOLDERS:
        answer = host.listdir(folder)
        if answer.problem and answer.problem != "absent":
            return modprobe.Config([], set()), "%s: %s" % (folder, answer.problem)
        listed[folder] = answer.value or []
    texts = []
    for path in modprobe.order(listed):
        answer = host.read(path)
        if answer.problem and answer.problem != "absent":
            return modprobe.Config([], set()), "%s: %s" % (path, answer.problem)
        texts.append(answer.value or "")
    return modprobe.parse(texts), ""
