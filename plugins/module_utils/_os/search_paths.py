# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands before the system's own: programs in folders that a search path names first, and libraries that the linker's cache names first.

Search paths are those that logins, sudo and systemd give; what a shell's startup files make of them is not run.
"""

import re
import struct
from typing import Any, Dict, Iterator, List, Tuple

from .._formats import systemd_folders

LOCAL = ("/usr/local/sbin", "/usr/local/bin")
SYSTEM = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
CACHE = "/etc/ld.so.cache"
_OF_SYSTEMD = re.compile(r"^\s*(?:Default|Manager)?Environment=(?:.*[\s\"'])?PATH=(\S*)", re.MULTILINE)
# What packages say is theirs to say.
_MANAGERS = [folder for folder in systemd_folders.CONFIGURATION if not folder.startswith("/usr/lib/")]
_NAMED_IN = (
    ("/etc/environment", re.compile(r"^\s*(?:export\s+)?PATH=(.*)$", re.MULTILINE)),
    ("/etc/login.defs", re.compile(r"^\s*ENV_(?:SU)?PATH\s+(?:PATH=)?(.*)$", re.MULTILINE)),
    ("/etc/sudoers", re.compile(r"^\s*Defaults\S*\s+(?:.*,\s*)?secure_path\s*\+?=\s*(.*)$", re.MULTILINE)),
) + tuple((folder + "/system.conf", _OF_SYSTEMD) for folder in _MANAGERS)
_FOLDERS = dict([("/etc/sudoers", ["/etc/sudoers.d"])] + [(folder + "/system.conf", [folder + "/system.conf.d"]) for folder in _MANAGERS])
_FOLDERS["/etc/systemd/system.conf"] += [folder + "/service.d" for folder in systemd_folders.OWN_UNITS]
_LIMIT = 256 * 1024
CACHE_BYTES = 8 * 1024 * 1024
_FILES = 100
_PROGRAMS = 20000
_EXECUTABLE = 0o111
_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER, _ENTRY = struct.Struct("<20sII"), struct.Struct("<iIIIQ")
_HEADER_BYTES = 48
_SYSTEMS_LIBRARIES = re.compile(r"(?:/usr)?/lib(?:32|64|x32)?/")


def folders_before(path: str) -> List[str]:
    """The folders of a search path that stand before the first one of the system's, LOCAL left away."""
    folders = [folder.strip().rstrip("/") for folder in re.sub(r"[\"']", "", path).split(":")]
    first = next((place for place, folder in enumerate(folders) if folder in SYSTEM), 0)
    return [folder for folder in folders[:first] if folder.startswith("/") and folder not in LOCAL]


def libraries_before(data: bytes) -> List[str]:
    """The libraries outside of the system's folders that the linker's cache names before one of the system's own of that name; none where the
    cache is of another form."""
    foreign: Dict[Tuple[int, bytes], str] = {}
    found = set()
    for flags, name, where in _entries(data):
        key = (flags, name)
        if not _SYSTEMS_LIBRARIES.match(where):
            foreign.setdefault(key, where)
        elif key in foreign:
            found.add(foreign[key])
    return sorted(found)


def libraries_for_processors(data: bytes) -> List[str]:
    """The libraries in the linker's cache that it takes before the others of their names where the processor can do what they need."""
    return sorted({where for _flags, _name, where in _entries(data) if "/glibc-hwcaps/" in where})


def _entries(data: bytes) -> Iterator[Tuple[int, bytes, str]]:
    """(flags, name, path) of each library in the linker's cache."""
    start = data.find(_MAGIC)
    if start < 0 or len(data) < start + _HEADER_BYTES:
        return
    count = min(_HEADER.unpack_from(data, start)[1], (len(data) - start - _HEADER_BYTES) // _ENTRY.size)
    for place in range(count):
        flags, name, path, _version, _hwcap = _ENTRY.unpack_from(data, start + _HEADER_BYTES + place * _ENTRY.size)
        yield flags, _text(data, start + name), _text(data, start + path).decode("utf-8", "replace")


def _text(data: bytes, start: int) -> bytes:
    end = data.find(b"\0", start, start + 4096)
    return data[start:end] if end > 0 else b""


def _named_first(host: Any) -> Tuple[List[str], str, str]:
    """(the folders that search paths name before the system's, why not all files can be read or '', which)."""
    found: List[str] = []
    problem, why = "", ""
    for first, pattern in _NAMED_IN:
        paths = [first]
        for folder in _FOLDERS.get(first, ()):
            answer = host.listdir(folder, _FILES)
            problem, why = _lost(answer, folder, problem, why)
            paths += [] if answer.problem else ["%s/%s" % (folder, name) for name in answer.value]
        for path in paths:
            answer = host.read(path, _LIMIT)
            problem, why = _lost(answer, path, problem, why)
            found += [] if answer.problem else [folder for value in pattern.findall(answer.value) for folder in folders_before(value)]
    return sorted(set(found)), problem, why


def _lost(answer: Any, path: str, problem: str, why: str) -> Tuple[str, str]:
    """The first problem of several answers, and where it was met."""
    is_first = answer.problem and answer.problem != "absent" and not problem
    return (answer.problem, "%s: %s" % (path, answer.detail)) if is_first else (problem, why)


def put_shadowed(host: Any, section: Any) -> None:
    """Write ``os.shadowed_programs``."""
    named, problem, why = _named_first(host)
    local: Dict[str, List[str]] = {}
    for folder in list(LOCAL) + named:
        answer = host.listdir(folder, _PROGRAMS)
        problem, why = _lost(answer, folder, problem, why)
        local[folder] = [] if answer.problem else [name for name in answer.value if _is_program(host, "%s/%s" % (folder, name))]
    cache = host.read_bytes(CACHE, CACHE_BYTES)
    problem, why = _lost(cache, CACHE, problem, why)
    listed = [host.listdir(folder, _PROGRAMS) for folder in SYSTEM] if any(local.values()) else []
    system = [name for answer in listed if not answer.problem for name in answer.value]
    libraries = libraries_before(cache.value) if cache.value else []
    found = sorted(shadowed(local, system) + libraries)
    if problem and not found:
        # What is there is proven by what could be read; that nothing is there is not.
        section.cannot_say("shadowed_programs", problem, why)
        return
    section.put("shadowed_programs", found, ", ".join(list(LOCAL) + named + ([CACHE] if cache.value else [])))


def shadowed(local: Dict[str, List[str]], system: List[str]) -> List[str]:
    """Paths of the local programs, by folder, whose names the system has as well."""
    names = set(system)
    return sorted("%s/%s" % (folder, name) for folder in local for name in local[folder] if name in names)


def _is_program(host: Any, path: str) -> bool:
    stat = host.stat(path)
    return not stat.problem and stat.value.kind == "file" and bool(stat.value.mode & _EXECUTABLE)
