# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that run on programs or libraries that were deleted or replaced since they started. /proc is read; nothing found there is executed."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from .._formats import processes
from . import mapped_files, units

PROC = "/proc"
PROCESSES_LIMIT = 20000
# A process with 20,000 mappings has about 2 MiB of them, most have 20 KiB.
MAPS_BYTES = 4 * 1024 * 1024
ALL_MAPS_BYTES = 512 * 1024 * 1024
_SMALL_BYTES = 64 * 1024
_PID = re.compile(r"[0-9]{1,10}\Z")

DELETED, REPLACED = "deleted", "replaced"


class Stale(NamedTuple):
    """A process: its binary, whose it is, its stale files by path with DELETED or REPLACED, and its start in ticks after boot."""

    pid: int
    program: str
    owner: units.Owner
    files: Dict[str, str]
    ticks: Optional[int]


class Unread(NamedTuple):
    """A process of which nothing can be said, and why."""

    pid: int
    program: Optional[str]
    reason: str


class Judged(NamedTuple):
    """A mapped file: its path, DELETED, REPLACED or '', and whether the kernel itself calls it deleted."""

    path: str
    state: str
    is_marked: bool


class Finder:
    """One pass over the processes of a host. Each distinct file is judged once, for hundreds of processes map the same."""

    def __init__(self, host: Any) -> None:
        self.stale: List[Stale] = []
        self.unread: List[Unread] = []
        self.examined = 0
        self.in_containers = 0
        self._host = host
        self._root = host.stat("/")
        self._known: Set[mapped_files.Mapped] = set()
        self._stale_ones: Dict[mapped_files.Mapped, Judged] = {}
        self._bytes = 0

    def find(self) -> Tuple[Optional[str], str]:
        """Fill the lists; (problem, detail) where a bound was hit, else (None, '')."""
        listed = self._host.listdir(PROC)
        if listed.problem:
            return listed.problem, PROC
        pids = sorted(int(name) for name in listed.value if _PID.match(name))
        if len(pids) > PROCESSES_LIMIT:
            return "too_large", "more than %d processes" % PROCESSES_LIMIT
        for pid in pids:
            self._look_at(pid)
            if self._bytes > ALL_MAPS_BYTES:
                return "too_large", "more than %d bytes of /proc/*/maps" % ALL_MAPS_BYTES
        left = self._host.remaining()
        return ("deadline", PROC) if left is not None and left <= 0 else (None, "")

    def _look_at(self, pid: int) -> None:
        folder = "%s/%d" % (PROC, pid)
        exe = self._host.readlink(folder + "/exe")
        if exe.problem == "absent":
            # A thread of the kernel, or a process that has ended.
            return
        maps = self._host.read(folder + "/maps", MAPS_BYTES)
        if exe.problem or maps.problem:
            self._note_unread(pid, exe, maps)
            return
        self._bytes += len(maps.value)
        # A process on its way out has given its memory back.
        self.examined += bool(maps.value)
        judged = self._stale_files(exe.value, maps.value)
        if judged:
            self._note_stale(pid, folder, exe.value, judged)

    def _note_unread(self, pid: int, exe: Any, maps: Any) -> None:
        if maps.problem == "absent" and self._host.readlink("%s/%d/exe" % (PROC, pid)).problem == "absent":
            return
        self.unread.append(Unread(pid, exe.value and processes.parse_exe(exe.value).path, exe.problem or maps.problem))

    def _stale_files(self, exe: str, maps: str) -> List[Judged]:
        """The files of a process that are not those at their paths any more; its binary may be mapped by another name than maps has (huge pages)."""
        found = self._stale_mapped(mapped_files.parse_maps(maps))
        link = processes.parse_exe(exe)
        if link.deleted and mapped_files.is_installed_program(link.path) and link.path not in [judged.path for judged in found]:
            stat = self._host.stat(exe) if processes.in_system_folder(exe) else None
            if stat is None or stat.problem:
                found.append(Judged(link.path, self._state_at(link.path), True))
        return found

    def _stale_mapped(self, mapped: Set[mapped_files.Mapped]) -> List[Judged]:
        for one in mapped - self._known:
            judged = self._judge(*one)
            if judged.state:
                self._stale_ones[one] = judged
        self._known |= mapped
        return [self._stale_ones[one] for one in sorted(mapped.intersection(self._stale_ones))]

    def _judge(self, device: str, inode: str, raw: str) -> Judged:
        link = processes.parse_exe(raw)
        if not mapped_files.is_program(link.path):
            return Judged(link.path, "", False)
        if not processes.in_system_folder(link.path):
            # Whoever owns that folder may have put anything in its place, even what never answers: the kernel's word must do.
            return Judged(link.path, DELETED if link.deleted else "", link.deleted)
        if link.deleted:
            really_so_called = self._host.stat(raw)
            if not really_so_called.problem and str(really_so_called.value.inode) == inode:
                return Judged(raw, "", False)
            return Judged(link.path, self._state_at(link.path), True)
        now = self._host.stat(link.path)
        is_other = mapped_files.is_other_file(device, inode, None if now.problem else (now.value.device, now.value.inode))
        return Judged(link.path, REPLACED if is_other else "", False)

    def _state_at(self, path: str) -> str:
        return REPLACED if processes.in_system_folder(path) and not self._host.stat(path).problem else DELETED

    def _note_stale(self, pid: int, folder: str, exe: str, judged: List[Judged]) -> None:
        """Keep a process, unless it runs in a container, or has ended and given its number to another while it was looked at."""
        owner = units.owner_of(self._host.read(folder + "/cgroup", _SMALL_BYTES).value or "")
        ticks = self._ticks(folder)
        root = self._host.stat(folder + "/root")
        same_root = not root.problem and not self._root.problem and root.value[-2:] == self._root.value[-2:]
        foreign = not same_root and units.is_foreign(False, self._shares(folder, "mnt"), self._shares(folder, "pid"), owner)
        again = self._host.read(folder + "/maps", MAPS_BYTES).value
        # A root of its own has other files at the same paths: there only the kernel's word counts.
        still = [one for one in self._stale_files(exe, again) if one in judged and (same_root or one.is_marked)] if again else []
        if still and foreign:
            self.in_containers += 1
        elif still:
            self.stale.append(Stale(pid, processes.parse_exe(exe).path, owner, {one.path: one.state for one in still}, ticks))

    def _ticks(self, folder: str) -> Optional[int]:
        try:
            return processes.parse_stat(self._host.read(folder + "/stat", _SMALL_BYTES).value or "").start_ticks
        except ValueError:
            return None

    def _shares(self, folder: str, space: str) -> Optional[bool]:
        """Whether a process is in the same namespace as the scan; None where that cannot be read."""
        own, its = (self._host.readlink("%s/ns/%s" % (place, space)).value for place in (PROC + "/self", folder))
        return None if own is None or its is None else bool(own == its)
