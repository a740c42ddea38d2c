# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the programs of the boot lie: the EFI system partitions that are mounted, and /boot. Nothing is mounted to be read."""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..._formats import mountinfo
from ..target import NoAnswerError
from . import components
from .components import Component

_FAT = ("vfat", "msdos")
_PARTITIONS, _FOLDERS, _FILES, _KERNELS = 8, 64, 150, 30
_BY_GUID = "/dev/disk/by-partuuid/"
_MACHINES = {"x86_64": "x64", "i686": "ia32", "i386": "ia32", "aarch64": "aa64", "armv7l": "arm", "riscv64": "riscv64", "loongarch64": "loongarch64"}

# folder: where it is mounted; source: its device.
Partition = NamedTuple("Partition", [("folder", str), ("source", str)])


def machine_of(host: Any) -> str:
    """How EFI calls this machine: x64, aa64 ..."""
    name = str(host.uname()[4])
    # A kernel of 64 bits on a firmware of 32 starts programs of 32.
    size = host.read("/sys/firmware/efi/fw_platform_size", 16)
    small = name == "x86_64" and size.value is not None and size.value.strip() == "32"
    return "ia32" if small else _MACHINES.get(name, name)


def partitions(host: Any) -> List[Partition]:
    """The mounted EFI system partitions, each once. Raises NoAnswerError where the mounts cannot be read."""
    answer = host.read("/proc/1/mountinfo")
    if answer.problem:
        answer = host.read("/proc/self/mountinfo")
    if answer.problem:
        raise NoAnswerError(answer.problem, "/proc/1/mountinfo: %s" % answer.detail)
    found: Dict[str, Partition] = {}
    for mount in mountinfo.parse(answer.value):
        if mount.kind in _FAT and mount.root == "/" and _has_programs(host, mount.point):
            found.setdefault(mount.source, Partition(mount.point, mount.source))
    return list(found.values())[:_PARTITIONS]


def _has_programs(host: Any, folder: str) -> bool:
    """One that this user may not look into counts: that is said where it is asked for a file."""
    names = host.listdir(folder, 5000)
    if names.problem:
        return bool(names.problem != "absent")
    return any(name.lower() == "efi" for name in names.value)


def of_guid(host: Any, known: List[Partition], guid: str) -> Optional[Partition]:
    """The partition that an entry of the firmware names, None where no such disk is there. An entry that names none means the only one there is.

    Raises NoAnswerError where it is there and not mounted: nothing is mounted to be read.
    """
    device = host.realpath(_BY_GUID + guid).value if guid else None
    if device:
        for each in known:
            if device in (each.source, host.realpath(each.source).value):
                return each
    elif guid and host.listdir(_BY_GUID.rstrip("/"), 1000).value:
        return None
    elif len(known) == 1:
        return known[0]
    raise NoAnswerError("absent", "the EFI system partition %s is not mounted, or which one is meant cannot be told (%d mounted); nothing is mounted "
                        "to be read, and a mounted one would tell" % (guid or "of an entry that names none", len(known)))


def programs(host: Any, known: List[Partition]) -> List[str]:
    """The paths of all programs on the partitions and of the kernels in /boot, bounded."""
    found: List[str] = []
    for partition in known:
        top = names_in(host, partition.folder)
        for folder in [name for name in top if name.lower() == "efi"][:1]:
            place = "%s/%s" % (partition.folder, folder)
            for vendor in names_in(host, place)[:_FOLDERS]:
                found += _in_folder(host, "%s/%s" % (place, vendor))
    if not any(partition.folder == "/boot" for partition in known):
        found += ["/boot/" + name for name in names_in(host, "/boot") if re.match(r"vmlinu[xz]-\d", name)][-_KERNELS:]
    return found[:_FILES]


def _in_folder(host: Any, place: str) -> List[str]:
    """The programs in a vendor's folder and in those within it (Microsoft/Boot)."""
    names = names_in(host, place)
    inner = ["%s/%s" % (place, name) for name in names if "." not in name][:_FOLDERS]
    folders = [path for path in inner if host.stat(path).value is not None and host.stat(path).value.kind == "directory"]
    found = ["%s/%s" % (place, name) for name in names if name.lower().endswith(".efi")]
    return found + ["%s/%s" % (path, name) for path in folders for name in names_in(host, path) if name.lower().endswith(".efi")]


def names_in(host: Any, folder: str) -> List[str]:
    """What is in a folder, nothing where it is not there. Raises NoAnswerError where it cannot be told."""
    answer = host.listdir(folder, 5000)
    if answer.problem not in (None, "absent"):
        raise NoAnswerError(answer.problem, "%s: %s" % (folder, answer.detail))
    return list(answer.value) if answer.value is not None and not answer.problem else []


class Programs:
    """Reads each program once."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._read: Dict[str, Tuple[Optional[Component], Optional[Exception]]] = {}

    def at(self, path: str) -> Optional[Component]:
        """The program at a path, None where there is none. Raises NoAnswerError for what cannot be read, ValueError for what is no program."""
        if path not in self._read:
            try:
                self._read[path] = (components.read(self._host, path), None)
            except (NoAnswerError, ValueError) as problem:
                self._read[path] = (None, problem)
        component, why = self._read[path]
        if why is not None:
            raise why
        return component
