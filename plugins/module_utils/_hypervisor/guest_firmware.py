# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firmware (OVMF, AAVMF) that a running guest was booted with, and whether the file at its path is still that one.

A guest keeps what it was started with: a reboot from within, a move and a restore all take it along. QEMU holds a flash image open, and reads what
``-bios`` names once; cloud-hypervisor reads its firmware once.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional

from .._formats import processes, running_files
from .._host.birth import birth_of
from . import monitors, opened_files

COMPONENT = "ovmf"
_HOLDERS = ("qemu", "cloud-hypervisor")
_READ_ONCE = {"qemu": ("bios",), "cloud-hypervisor": ("firmware", "kernel")}
# The first flash has the code: as libvirt writes it, and by hand.
_FLASH = re.compile(r"pflash0|if=pflash(?=.*(?:readonly|unit=0))|(?=.*(?:readonly|unit=0)).*if=pflash")
_FILE = re.compile(r"(?:\"filename\":\"|file(?:\.filename|name)?=|\A)(/[^\",]{1,1024})")


class Guest(NamedTuple):
    """A running monitor: its number, component, name of the guest, start (as the record has it, and in seconds), and whether it has another root."""

    pid: int
    component: str
    name: Optional[str]
    started_at: Optional[str]
    started: Optional[float]
    own_root: Optional[bool]
    argv: List[str]


class Firmware(NamedTuple):
    """A file of firmware that a guest was booted with, and how it compares with what lies at its path."""

    path: str
    deleted: bool
    judged: running_files.Judged


def is_firmware(path: str) -> bool:
    """Whether a file is code of a guest's firmware, by its name."""
    return monitors.component_of(path.rpartition("/")[2]) == COMPONENT


def named_flash(argv: List[str]) -> List[str]:
    """The files of the first flash by QEMU's command line, whatever they are called."""
    words = [word for word in argv if _FLASH.search(word)] + processes.option_values(argv, "pflash")[:1]
    return [match.group(1) for match in map(_FILE.search, words) if match]


def of(host: Any, guest: Guest) -> List[Firmware]:
    """The firmware of a guest, as far as it is root's; none for one that starts a kernel directly, or that SeaBIOS starts."""
    if guest.component not in _HOLDERS:
        return []
    named = named_flash(guest.argv)
    held, problem = opened_files.opened(host, guest.pid)
    real = {opened_files.real(host, path) for path in named}
    found = [_held(host, guest, one) for path, one in sorted(held.items()) if (is_firmware(path) or path in real) and one.owner == 0]
    if problem not in (None, "absent"):
        found += [Firmware(path, False, running_files.Judged(running_files.UNKNOWN, running_files.NOT_EXAMINED)) for path in named]
    once = [path for path in processes.option_values(guest.argv, *_READ_ONCE[guest.component])
            if processes.in_system_folder(path) and is_firmware(path)]
    return found + [_read_once(host, guest, path) for path in once]


def _held(host: Any, guest: Guest, one: opened_files.Opened) -> Firmware:
    place = running_files.place_of(host.stat(one.path))
    return Firmware(one.path, one.deleted, running_files.judge(running_files.Held(one.file, guest.own_root), place))


def _read_once(host: Any, guest: Guest, path: str) -> Firmware:
    if guest.own_root is not False:
        reason = running_files.OWN_ROOT if guest.own_root else running_files.NOT_EXAMINED
        return Firmware(path, False, running_files.Judged(running_files.UNKNOWN, reason))
    stat = host.stat(path)
    if stat.problem not in (None, "absent"):
        return Firmware(path, False, running_files.Judged(running_files.UNKNOWN, "%s: %s" % (path, stat.problem)))
    written, changed = (None, None) if stat.problem else (stat.value.mtime, stat.value.ctime)
    judged = running_files.judge_read(guest.started, written, not stat.problem, changed)
    birth = birth_of(host, path) if judged.state == running_files.UNKNOWN and not stat.problem else None
    if birth is not None:
        judged = running_files.judge_read(guest.started, max(stat.value.mtime, birth), True)
    return Firmware(path, bool(stat.problem), judged)


def row_of(guest: Guest, firmware: Firmware, version: Optional[str], how: str) -> Dict[str, Any]:
    """The record's row for the firmware of one guest, in the form of a process."""
    path, judged = firmware.path, firmware.judged
    said = {running_files.GONE: "%s was removed" % path, running_files.OTHER: "%s was replaced since the guest was started" % path}
    return {"pid": guest.pid, "component": COMPONENT, "exe": path, "deleted": firmware.deleted, "stale": judged.stale,
            "reason": said.get(judged.state, judged.reason), "build_id": None, "version": version, "version_how": how,
            "started_at": guest.started_at, "guest": guest.name, "machine_type": None, "machine_type_in_effect": None}
