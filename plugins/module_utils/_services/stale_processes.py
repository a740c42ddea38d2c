# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that run on programs or libraries that were deleted or replaced since they started. /proc is read; nothing found there is executed.

Who starts a crowd of processes, or some with huge maps, costs his own their turn: what one crowd leaves of a scan's time is shared out by whose
the processes are, and of those whose turn does not come it is said that nobody can tell, in the words of how they would be replaced.
"""

import re
from heapq import heapify, heappop, heappush
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from .._containers.processes import is_carrier
from .._formats import processes, running_files
from .._host.witness import apart
from . import mapped_files, units
from .views import PROC, View, Views

# Most processes have 20 KiB of maps; one with all 65,530 mappings that the kernel allows by default has 7 MiB.
MAPS_BYTES = 16 * 1024 * 1024
# What is read of all of them before turns are shared out, and then once more; a process costs so much however little it has mapped.
FREE_BYTES = 256 * 1024 * 1024
_PROCESS_BYTES = 16 * 1024
# The parts of the time that are then left for sharing out, and for saying which processes nobody has looked at.
_TIME_FOR_SHARES, _TIME_FOR_TELLING = 0.6, 0.3
# So many mapped files are remembered from one process to the next, and so many stale ones of each state are told of a process.
_REMEMBERED = 500000
_FILES_LIMIT = 100
# Every process that the kernel can number.
_PIDS_LIMIT = 4 * 1024 * 1024
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
    """A process of which nothing can be said, and why; how it would be replaced, None where its program or its unit is not known."""

    pid: int
    program: Optional[str]
    reason: str
    kind: Optional[str]
    user: Optional[int]


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
        self._cost = 0
        self._booted_at = processes.booted_at(host.now(), host.read("/proc/uptime", 256).if_there(""))
        self._local: Optional[Set[str]] = None
        root = host.stat("/")
        self._root_device: Optional[int] = None if root.problem else root.value.device

    def find(self) -> Tuple[Optional[str], str]:
        """Fill the lists; (problem, detail) where a bound was hit, else (None, '')."""
        listed = self._host.listdir(PROC, _PIDS_LIMIT)
        if listed.problem:
            return listed.problem, PROC
        pids = sorted((int(name) for name in listed.value if _PID.match(name)), reverse=True)
        has_time = self._has_time(_TIME_FOR_SHARES)
        while pids and self._cost < FREE_BYTES and has_time():
            self._look_at(pids.pop())
        self._take_turns(pids)
        left = self._host.remaining()
        return ("deadline", PROC) if left is not None and left <= 0 else (None, "")

    def _has_time(self, part: float) -> Callable[[], bool]:
        """Tells whether more than this part is left of the time that is left now."""
        left = self._host.remaining()
        return lambda: left is None or self._host.remaining() > part * left

    def _take_turns(self, pids: List[int]) -> None:
        """Look at what a crowd has left, always at one of those whose processes have cost least; tell of the others that nobody looked at them."""
        waiting: Dict[str, List[int]] = {}
        for pid in pids:
            waiting.setdefault(self._whose("%s/%d" % (PROC, pid)), []).append(pid)
        turns = [(0, whose) for whose in waiting]
        heapify(turns)
        spent, has_time = self._cost, self._has_time(_TIME_FOR_TELLING)
        while turns and self._cost < spent + FREE_BYTES and has_time():
            cost, whose = heappop(turns)
            before = self._cost
            self._look_at(waiting[whose].pop())
            if waiting[whose]:
                heappush(turns, (cost + self._cost - before, whose))
        for _cost, whose in turns:
            for pid in reversed(waiting[whose]):
                self._pass_over(pid)

    def _whose(self, folder: str) -> str:
        """Who answers for a process: the user whose session or manager it belongs to, its unit, or outside of units whoever runs it."""
        with apart(self._host):
            group, process = self._host.read(folder + "/cgroup", _SMALL_BYTES), self._host.stat(folder)
        owner = units.owner_of("" if group.problem else group.value)
        user = owner.user if owner.user is not None or owner.unit or process.problem else process.value.uid
        return owner.unit or "" if user is None else "user %d" % user

    def _pass_over(self, pid: int) -> None:
        with apart(self._host):
            exe = self._host.readlink("%s/%d/exe" % (PROC, pid))
        if exe.problem != "absent":
            self._note_unread(pid, exe, "too_large")

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
        self._cost += _PROCESS_BYTES + (0 if maps.problem else len(maps.value))
        if exe.problem or maps.problem:
            self._note_unread(pid, exe, exe.problem or maps.problem)
            return
        # A process on its way out has given its memory back.
        self.examined += bool(maps.value)
        if sum(map(len, self._known.values())) > _REMEMBERED:
            self._known.clear()
            self._stale_ones.clear()
        view = self._views.of(folder)
        if self._stale_files(view, folder, exe.value, mapped_files.parse_maps(maps.value)):
            self._note_stale(pid, folder, exe.value, view)

    def _note_unread(self, pid: int, exe: Any, reason: str) -> None:
        with apart(self._host):
            again = self._host.readlink("%s/%d/exe" % (PROC, pid))
        if reason == again.problem == "absent":
            return
        program = exe.value and processes.parse_exe(exe.value).path
        with apart(self._host):
            group = self._host.read("%s/%d/cgroup" % (PROC, pid), _SMALL_BYTES)
        owner = None if group.problem else units.owner_of(group.value)
        kind = units.kind_of(pid, program, owner, is_carrier(program)) if program and owner else None
        self.unread.append(Unread(pid, program, reason, kind, owner and owner.user))

    def _stale_files(self, view: View, folder: str, exe: str, mapped: Dict[mapped_files.Mapped, str]) -> List[Judged]:
        """The files of a process that are not those at their paths any more; its binary may be mapped by another name than maps has (huge pages)."""
        found = self._stale_mapped(view, folder, mapped)
        link = processes.parse_exe(exe)
        gone = mapped_files.is_silly_renamed(link.path) or (link.deleted and not self._is_there(view, folder, exe) and not self._is_initrds(folder))
        if gone and mapped_files.is_installed_program(link.path) and link.path not in [judged.path for judged in found]:
            found.append(Judged(link.path, self._state_at(view, link.path)))
        return found

    def _stale_mapped(self, view: View, folder: str, mapped: Dict[mapped_files.Mapped, str]) -> List[Judged]:
        known = self._known.setdefault(view.key, set())
        for one in set(mapped) - known:
            judged = self._judge(view, one, "%s/map_files/%s" % (folder, mapped[one]))
            if judged.state:
                self._stale_ones[view.key, one] = judged
        known.update(mapped)
        return [self._stale_ones[view.key, one] for one in sorted(mapped) if (view.key, one) in self._stale_ones]

    def _judge(self, view: View, one: mapped_files.Mapped, link_to_it: str) -> Judged:
        device, inode, raw = one
        link = processes.parse_exe(raw)
        if not mapped_files.is_program(link.path) or mapped_files.is_the_initrds(running_files.device_of(device), self._root_device):
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
        is_other = now.file is not None and running_files.judge(self._held(one, now.file, link_to_it), now).state == running_files.OTHER
        return Judged(link.path, REPLACED if is_other else "")

    def _held(self, one: mapped_files.Mapped, now: running_files.File, link_to_it: str) -> running_files.Held:
        """What names a mapped file. Overlays and btrfs have other devices in maps than in stat: there the kernel's link to the file is asked."""
        if running_files.device_of(one[0]) == now[0]:
            return running_files.Held((now[0], int(one[1])))
        held = self._host.stat(link_to_it)
        return running_files.Held(None if held.problem else running_files.file_of(held.value))

    def _state_at(self, view: View, path: str) -> str:
        if mapped_files.is_silly_renamed(path):
            return DELETED
        return REPLACED if view.may_ask and processes.in_system_folder(path) and not self._host.stat(view.prefix + path).problem else DELETED

    def _is_initrds(self, folder: str) -> bool:
        """Whether a process's binary came with the initrd."""
        binary = self._host.stat(folder + "/exe")
        return not binary.problem and mapped_files.is_the_initrds(binary.value.device, self._root_device)

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
        # Each of its stale files is asked for.
        self._cost += _PROCESS_BYTES + len(maps)
        mapped = mapped_files.parse_maps(maps)
        links: Dict[Judged, List[Tuple[str, str]]] = {}
        for one, addresses in mapped.items():
            if (view.key, one) in self._stale_ones:
                links.setdefault(self._stale_ones[view.key, one], []).append((one[0], "%s/map_files/%s" % (folder, addresses)))
        still = [one for one in self._stale_files(view, folder, exe, mapped) if not self._is_fine(view, folder, one, links.get(one, []), stat)]
        if still and view.foreign:
            self.in_containers += 1
        elif still:
            self.stale.append(Stale(pid, processes.parse_exe(exe).path, owner, _first_of_each_state(still),
                                    stat and stat.start_ticks, stat.comm if stat else ""))

    def _is_fine(self, view: View, folder: str, judged: Judged, mapped: List[Tuple[str, str]], stat: Optional[processes.ProcessStat]) -> bool:
        """Whether every mapping of a file that seems stale is of a file that is at its path again, or that the process made for itself.

        ``mapped``: the devices of these mappings as maps writes them, and the kernel's links to the files.
        """
        links = [link for _device, link in mapped]
        if not links:
            return False
        if judged.state == REPLACED:
            return all(self._is_same(link, view, judged.path) for link in links)
        if not mapped_files.may_be_own_making(judged.path) or not {device for device, _link in mapped} <= self._local_devices():
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


def _first_of_each_state(found: List[Judged]) -> Dict[str, str]:
    """State by path, of the first paths of each state."""
    return {path: state for state in (DELETED, REPLACED) for path in sorted({one.path for one in found if one.state == state})[:_FILES_LIMIT]}
