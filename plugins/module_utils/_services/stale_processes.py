# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that run on programs or libraries that were deleted or replaced since they started. /proc is read; nothing found there is executed."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from .._formats import processes, running_files
from .._host.witness import apart
from . import mapped_files, units
from .views import PROC, View, Views

PROCESSES_LIMIT = 20000
# A process with 20,000 mappings has about 2 MiB of them, most have 20 KiB.
MAPS_BYTES = 4 * 1024 * 1024
ALL_MAPS_BYTES = 512 * 1024 * 1024
_SMALL_BYTES = 64 * 1024
_PID = re.compile(r"[0-9]{1,10}\Z")
_UID = re.compile(r"(?m)^Uid:\t[0-9]+\t([0-9]{1,10})\t")

DELETED, REPLACED = "deleted", "replaced"


class Stale(NamedTuple):
    """A process: its binary, its own name for itself, whose it is, its stale files by path with DELETED or REPLACED, and its start in ticks."""

    pid: int
    program: str
    owner: units.Owner
    files: Dict[str, str]
    ticks: Optional[int]
    name: str = ""


class Unread(NamedTuple):
    """A process of which nothing can be said, and why."""

    pid: int
    program: Optional[str]
    reason: str


class Judged(NamedTuple):
    """A mapped file: its path, and DELETED, REPLACED or ''."""

    path: str
    state: str


class Finder:
    """One pass over the processes of a host. Each distinct file is judged once in each view, for hundreds of processes map the same."""

    def __init__(self, host: Any) -> None:
        self.stale: List[Stale] = []
        self.unread: List[Unread] = []
        self.examined = 0
        self.in_containers = 0
        self._host = host
        self._views = Views(host)
        self._known: Dict[str, Set[mapped_files.Mapped]] = {}
        self._stale_ones: Dict[Tuple[str, mapped_files.Mapped], Judged] = {}
        self._bytes = 0
        self._booted_at = processes.booted_at(host.now(), host.read("/proc/uptime", 256).if_there(""))
        self._local: Optional[Set[str]] = None

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
        # A process that cannot be looked at is unread: it costs the promises about its kind, not all that follows.
        with apart(self._host):
            exe = self._host.readlink(folder + "/exe")
        if exe.problem == "absent":
            # A thread of the kernel, or a process that has ended.
            return
        with apart(self._host):
            maps = self._host.read(folder + "/maps", MAPS_BYTES)
        if exe.problem or maps.problem:
            self._note_unread(pid, exe, maps)
            return
        self._bytes += len(maps.value)
        # A process on its way out has given its memory back.
        self.examined += bool(maps.value)
        view = self._views.of(folder)
        if self._stale_files(view, folder, exe.value, maps.value):
            self._note_stale(pid, folder, exe.value, view)

    def _note_unread(self, pid: int, exe: Any, maps: Any) -> None:
        with apart(self._host):
            again = self._host.readlink("%s/%d/exe" % (PROC, pid))
        if maps.problem == again.problem == "absent":
            return
        self.unread.append(Unread(pid, exe.value and processes.parse_exe(exe.value).path, exe.problem or maps.problem))

    def _stale_files(self, view: View, folder: str, exe: str, maps: str) -> List[Judged]:
        """The files of a process that are not those at their paths any more; its binary may be mapped by another name than maps has (huge pages)."""
        found = self._stale_mapped(view, folder, maps)
        link = processes.parse_exe(exe)
        gone = mapped_files.is_silly_renamed(link.path) or (link.deleted and not self._is_there(view, folder, exe))
        if gone and mapped_files.is_installed_program(link.path) and link.path not in [judged.path for judged in found]:
            found.append(Judged(link.path, self._state_at(view, link.path)))
        return found

    def _stale_mapped(self, view: View, folder: str, maps: str) -> List[Judged]:
        mapped = mapped_files.parse_maps(maps)
        known = self._known.setdefault(view.key, set())
        for one in mapped - known:
            judged = self._judge(view, one, folder, maps)
            if judged.state:
                self._stale_ones[view.key, one] = judged
        known |= mapped
        return [self._stale_ones[view.key, one] for one in sorted(mapped) if (view.key, one) in self._stale_ones]

    def _judge(self, view: View, one: mapped_files.Mapped, folder: str, maps: str) -> Judged:
        _device, inode, raw = one
        link = processes.parse_exe(raw)
        if not mapped_files.is_program(link.path):
            return Judged(link.path, "")
        if mapped_files.is_silly_renamed(link.path):
            return Judged(link.path, DELETED)
        if not view.looks or not processes.in_system_folder(link.path):
            # Whoever owns that folder may have put anything in its place, even what never answers: the kernel's word must do.
            return Judged(link.path, self._state_at(view, link.path) if link.deleted else "")
        if link.deleted:
            really_so_called = self._host.stat(view.prefix + raw)
            if not really_so_called.problem and str(really_so_called.value.inode) == inode:
                return Judged(raw, "")
            return Judged(link.path, self._state_at(view, link.path))
        now = running_files.place_of(self._host.stat(view.prefix + link.path))
        # A path that the kernel does not call deleted, and where nothing is, lies below another mount.
        is_other = now.file is not None and running_files.judge(self._held(one, now.file, folder, maps), now).state == running_files.OTHER
        return Judged(link.path, REPLACED if is_other else "")

    def _held(self, one: mapped_files.Mapped, now: running_files.File, folder: str, maps: str) -> running_files.Held:
        """What names a mapped file. Overlays and btrfs have other devices in maps than in stat: there the kernel's link to the file is asked."""
        if running_files.device_of(one[0]) == now[0]:
            return running_files.Held((now[0], int(one[1])))
        addresses = mapped_files.range_of(maps, one)
        held = self._host.stat("%s/map_files/%s" % (folder, addresses)) if addresses else None
        return running_files.Held(running_files.file_of(held.value) if held is not None and not held.problem else None)

    def _state_at(self, view: View, path: str) -> str:
        if mapped_files.is_silly_renamed(path):
            return DELETED
        return REPLACED if view.may_ask and processes.in_system_folder(path) and not self._host.stat(view.prefix + path).problem else DELETED

    def _is_there(self, view: View, folder: str, exe: str) -> bool:
        """Whether a binary that the kernel calls deleted has that word in its name, or is at its path again."""
        really_so_called = view.may_ask and processes.in_system_folder(exe) and not self._host.stat(view.prefix + exe).problem
        return really_so_called or self._is_same(folder + "/exe", view, processes.parse_exe(exe).path)

    def _is_same(self, mapped: str, view: View, path: str) -> bool:
        """Whether a file that the kernel calls deleted is at its path again, by a hard link; ``mapped`` is a link of the kernel's to it."""
        if not view.looks or not processes.in_system_folder(path):
            return False
        was = running_files.place_of(self._host.stat(mapped))
        now = running_files.place_of(self._host.stat(view.prefix + path))
        return running_files.judge(running_files.Held(was.file), now).state == running_files.SAME

    def _note_stale(self, pid: int, folder: str, exe: str, view: View) -> None:
        """Keep a process, unless it runs in a container, or has ended and given its number to another while it was looked at."""
        owner = units.owner_of(self._host.read(folder + "/cgroup", _SMALL_BYTES).if_there(""))
        stat = self._stat(folder)
        maps = self._host.read(folder + "/maps", MAPS_BYTES).value
        if not maps:
            return
        still = [one for one in self._stale_files(view, folder, exe, maps) if not self._is_fine(view, folder, one, maps, stat)]
        if still and view.foreign:
            self.in_containers += 1
        elif still:
            self.stale.append(Stale(pid, processes.parse_exe(exe).path, owner, {one.path: one.state for one in still},
                                    stat and stat.start_ticks, stat.comm if stat else ""))

    def _is_fine(self, view: View, folder: str, judged: Judged, maps: str, stat: Optional[processes.ProcessStat]) -> bool:
        """Whether every mapping of a file that seems stale is of a file that is at its path again, or that the process made for itself."""
        ranges = [mapped_files.range_of(maps, one) for one in mapped_files.parse_maps(maps)
                  if (view.key, one) in self._stale_ones and self._stale_ones[view.key, one] == judged]
        links = ["%s/map_files/%s" % (folder, addresses) for addresses in ranges if addresses]
        if not links:
            return False
        if judged.state == REPLACED:
            return all(self._is_same(link, view, judged.path) for link in links)
        devices = {one[0] for one in mapped_files.parse_maps(maps) if processes.parse_exe(one[2]).path == judged.path}
        if not mapped_files.may_be_own_making(judged.path) or not devices <= self._local_devices():
            return False
        process = (self._started_at(stat), self._user_of(folder))
        files = [self._host.stat(link) for link in links]
        return all(not file.problem and mapped_files.is_own_making((file.value.mtime, file.value.uid), process) for file in files)

    def _local_devices(self) -> Set[str]:
        if self._local is None:
            self._local = mapped_files.local_devices(self._host.read(PROC + "/self/mountinfo").if_there(""))
        return self._local

    def _started_at(self, stat: Optional[processes.ProcessStat]) -> Optional[float]:
        if stat is None or self._booted_at is None:
            return None
        return self._booted_at + stat.start_ticks / float(processes.TICKS_PER_SECOND)

    def _user_of(self, folder: str) -> Optional[int]:
        found = _UID.search(self._host.read(folder + "/status", _SMALL_BYTES).if_there(""))
        return int(found.group(1)) if found else None

    def _stat(self, folder: str) -> Optional[processes.ProcessStat]:
        try:
            return processes.parse_stat(self._host.read(folder + "/stat", _SMALL_BYTES).if_there(""))
        except ValueError:
            return None
