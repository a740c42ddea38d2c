# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What /proc/PID says of a process: pure parsers for exe links, stat, cmdline, and the judgement of what may be believed of them."""

import re
import time
from typing import List, NamedTuple, Optional, Tuple

# Kernel ABI: fields of /proc/PID/stat count in 1/100 s on every architecture that Linux servers have (USER_HZ).
TICKS_PER_SECOND = 100

DELETED = " (deleted)"
# rpm renames a file that is in use to NAME;HEXTIME before it removes it; dpkg unpacks beside the old file.
_REPLACED_ASIDE = re.compile(r";[0-9A-Fa-f]{8,16}\Z")
_REAL_USER = re.compile(r"^Uid:\t([0-9]{1,10})\b", re.MULTILINE)
_DPKG_SUFFIX = re.compile(r"\.dpkg-(?:new|tmp)\Z")

# Folders that only root changes. A path elsewhere is an unprivileged user's choice, and asking for it may hang (FUSE, NFS).
_SYSTEM_FOLDERS = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/nix/store/", "/snap/")


class ExeLink(NamedTuple):
    """Where /proc/PID/exe points: the path the binary had, and whether it is no longer the file at that path."""

    path: str
    deleted: bool


class ProcessStat(NamedTuple):
    """Of /proc/PID/stat: the command's name (15 bytes), state letter, parent and start in ticks after boot."""

    pid: int
    comm: str
    state: str
    parent: int
    start_ticks: int


def parse_exe(link: str) -> ExeLink:
    """Undo what the kernel (' (deleted)'), rpm (';5408628d') and dpkg ('.dpkg-new') put behind the path of a running binary."""
    path, deleted = link, False
    if path.endswith(DELETED) and path != DELETED:
        path, deleted = path[:-len(DELETED)], True
    aside = _REPLACED_ASIDE.sub("", path)
    if aside != path and aside:
        path, deleted = aside, True
    return ExeLink(_DPKG_SUFFIX.sub("", path) or path, deleted)


def parse_stat(text: str) -> ProcessStat:
    """Parse /proc/PID/stat. The name may itself hold ') ', so the fields begin behind the last ')'. ValueError when damaged."""
    head, closing, tail = text.rpartition(")")
    number, opening, comm = head.partition("(")
    fields = tail.split()
    if not closing or not opening or len(fields) < 20:
        raise ValueError("damaged /proc/PID/stat: %r" % text[:80])
    try:
        # Field 3 (state) is the first behind the name, so field 4 is fields[1] and field 22 fields[19].
        return ProcessStat(_count(number), comm, fields[0], _count(fields[1]), _count(fields[19]))
    except ValueError:
        raise ValueError("damaged /proc/PID/stat: %r" % text[:80]) from None


def real_user(status: str) -> Optional[int]:
    """Who started a process, by the text of /proc/PID/status; None where it does not tell.

    A program that becomes root by itself (su, passwd) is owned by root as /proc/PID shows it, and named and told what its user likes.
    """
    match = _REAL_USER.search(status)
    return int(match.group(1)) if match else None


def _count(word: str) -> int:
    if not re.match(r"\s*[0-9]{1,16}\s*\Z", word):
        raise ValueError(word)
    return int(word)


def parse_cmdline(text: str) -> List[str]:
    """The arguments in /proc/PID/cmdline; a process that rewrote its title gives one long argument."""
    if not text:
        return []
    return text[:-1].split("\0") if text.endswith("\0") else text.split("\0")


def parse_uptime(text: str) -> float:
    """Seconds since boot from /proc/uptime; ValueError when damaged."""
    words = text.split()
    if not words or not re.match(r"[0-9]{1,12}(\.[0-9]+)?\Z", words[0]):
        raise ValueError("damaged /proc/uptime: %r" % text[:40])
    return float(words[0])


def booted_at(now: float, uptime: str) -> Optional[float]:
    """When the host booted, in seconds since 1970, by its clock and its /proc/uptime; None where that is damaged."""
    try:
        return now - parse_uptime(uptime)
    except ValueError:
        return None


def moment(booted: Optional[float], ticks: Optional[int]) -> Optional[str]:
    """So many ticks after boot as a time in UTC; None where either is not known."""
    if booted is None or ticks is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(booted + ticks / float(TICKS_PER_SECOND)))


def hides_processes(mounts: str) -> bool:
    """Whether /proc/mounts says that /proc shows a user only his own processes (hidepid other than 0)."""
    hidden = False
    for line in mounts.split("\n"):
        fields = line.split(" ")
        if len(fields) >= 4 and fields[1] == "/proc" and fields[2] == "proc":
            values = re.findall(r"(?:^|,)hidepid=([^,]*)", fields[3])
            hidden = bool(values) and values[-1] not in ("0", "off")
    return hidden


def option_values(argv: List[str], *names: str) -> List[str]:
    """The values of every ``-name value``, ``--name value`` and ``--name=value`` in a command line."""
    values = []
    for place, word in enumerate(argv):
        key, equals, value = word.partition("=")
        if key.lstrip("-") not in names or not key.startswith("-"):
            continue
        if equals:
            values.append(value)
        elif place + 1 < len(argv):
            values.append(argv[place + 1])
    return values


def suboptions(value: str) -> List[Tuple[str, str]]:
    """(key, value) pairs of QEMU's ``a=1,b=2``; a doubled comma is a comma of the value, and a first word without '=' has the key ''."""
    pairs = []
    for word in re.split(r"(?<!,),(?!,)|(?<=,,),(?!,)", value):
        key, equals, rest = word.replace(",,", ",").partition("=")
        pairs.append((key, rest) if equals else ("", key))
    return pairs


def in_system_folder(path: str) -> bool:
    """Whether only root can have put a file at ``path``, judged by the path alone."""
    return path.startswith(_SYSTEM_FOLDERS) and "/../" not in path and "/./" not in path


class Surroundings(NamedTuple):
    """What decides whether a process's binary is one of the host's own; None is 'could not be asked'."""

    same_root: Optional[bool]
    owner: Optional[int]
    mode: Optional[int]
    same_device: Optional[bool]
    host_mount: Optional[bool] = None


def why_foreign(path: str, around: Surroundings) -> str:
    """Why a running binary must not be taken for the host's file at ``path``; '' where it may.

    Anyone can call his program qemu-system-x86_64, and a container or a user's own mount namespace can show any path. Only a file of root's, that
    no one else may write, on the file system of the host's own folder, seen from the host's own root, is the binary it seems to be. So is one
    on the very mount that the host has there: a process that was started from it and gave itself another root since (a sandbox, a chroot).
    """
    if not in_system_folder(path):
        return "its binary is outside the system's folders"
    if around.same_root is None or around.owner is None or around.mode is None:
        return "its binary could not be examined (needs_root)"
    if not around.same_root and not around.host_mount:
        return "it runs in a root file system of its own (a container)"
    if around.owner != 0:
        return "its binary belongs to user %d, not to root" % around.owner
    if around.mode & 0o022:
        return "its binary may be written by others than root (mode %04o)" % around.mode
    if around.same_device is False:
        return "its binary is on another file system than %s" % (path.rpartition("/")[0] or "/")
    return ""
