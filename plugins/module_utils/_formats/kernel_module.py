# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kernel module's file says of itself: its .modinfo, its build id, and whether a signature is appended. Pure."""

import re
import struct
from typing import Dict, List, NamedTuple, Optional, Tuple

from .elf import parse_build_id_note

SIGNATURE_MARK = b"~Module signature appended~\n"
_SECTIONS_LIMIT = 65536
_SHT_NOBITS = 8


class ModuleFile(NamedTuple):
    """release is the kernel that it was built for, the first word of vermagic; build_id is '' for a module that was linked without one."""

    name: str
    release: str
    vermagic: str
    livepatch: bool
    depends: List[str]
    build_id: str
    signed: bool


def _header(data: bytes) -> Tuple[str, int, int, int]:
    """(byte order, offset of the section headers, how many, which one holds their names); ValueError."""
    if data[:4] != b"\x7fELF" or len(data) < 64:
        raise ValueError("not a kernel module: it is no ELF file")
    if data[4] != 2 or data[5] not in (1, 2):
        raise ValueError("not a kernel module of a 64-bit machine")
    order = "<" if data[5] == 1 else ">"
    kind, = struct.unpack_from(order + "H", data, 16)
    offset, = struct.unpack_from(order + "Q", data, 40)
    size, count, names = struct.unpack_from(order + "HHH", data, 58)
    if kind != 1 or size != 64 or not 0 < count <= _SECTIONS_LIMIT or names >= count or offset + count * size > len(data):
        raise ValueError("not a kernel module: a damaged or other kind of ELF file")
    return order, offset, count, names


def sections(data: bytes) -> Dict[str, bytes]:
    """The content of each section by name, of the first where several have one name; ValueError."""
    order, offset, count, names = _header(data)
    rows = [struct.unpack_from(order + "IIQQQQ", data, offset + index * 64) for index in range(count)]
    table = data[rows[names][4]:rows[names][4] + rows[names][5]]
    found: Dict[str, bytes] = {}
    for name_at, kind, _flags, _address, start, size in rows:
        name = table[name_at:table.find(b"\0", name_at)].decode("ascii", "replace")
        if kind != _SHT_NOBITS and start + size <= len(data):
            found.setdefault(name, data[start:start + size])
    return found


def modinfo(section: bytes) -> Dict[str, List[str]]:
    """The values of each key in .modinfo."""
    found: Dict[str, List[str]] = {}
    for line in section.split(b"\0"):
        key, equals, value = line.decode("utf-8", "replace").partition("=")
        if equals:
            found.setdefault(key, []).append(value)
    return found


def parse(data: bytes) -> ModuleFile:
    """A module's file; ValueError for what is none, or does not say for which kernel it is."""
    signed = data.endswith(SIGNATURE_MARK)
    parts = sections(data)
    said = modinfo(parts.get(".modinfo", b""))
    vermagic, name = said.get("vermagic", [""])[0], said.get("name", [""])[0]
    if not vermagic.split() or not re.match(r"\A[A-Za-z0-9_]{1,55}\Z", name):
        raise ValueError("not a kernel module: its .modinfo has no vermagic or no name")
    note = parts.get(".note.gnu.build-id")
    depends = [module for module in said.get("depends", [""])[0].split(",") if module]
    return ModuleFile(name, vermagic.split()[0], vermagic, said.get("livepatch", [""])[0] == "Y", depends, _build_id(note), signed)


def _build_id(note: Optional[bytes]) -> str:
    try:
        return parse_build_id_note(note) if note else ""
    except ValueError:
        return ""
