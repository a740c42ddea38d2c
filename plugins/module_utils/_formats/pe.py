# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of EFI (PE files): their sections, what a signature is over, and the signatures they carry. Pure; a file is asked for in pieces."""

import struct
from typing import Callable, Dict, List, NamedTuple, Tuple

# Reads (offset, bytes) of the file; fewer come back at its end.
Read = Callable[[int, int], bytes]

MACHINES = {0x8664: "x64", 0x14C: "ia32", 0xAA64: "aa64", 0x1C2: "arm", 0x5064: "riscv64", 0x6264: "loongarch64"}
_HEAD = 4096
_SECTIONS = 96
_NAMES = 65536
_CERTIFICATES = 1 << 18
_NX_COMPAT = 0x100
_PKCS7, _GUID = 0x0002, 0x0EF1
_PKCS7_GUID = bytes.fromhex("9dd2af4adf68ee498aa9347d375665a7")

# name of any length; begin and size of what lies in the file, used: how much of it counts.
Place = NamedTuple("Place", [("name", str), ("begin", int), ("size", int), ("used", int)])


class Program(NamedTuple):
    """``signed_parts`` are (begin, end) of what Authenticode's digest is over; ``table`` is (begin, size) of the signatures."""

    machine: str
    nx: bool
    sections: Tuple[Place, ...]
    signed_parts: Tuple[Tuple[int, int], ...]
    table: Tuple[int, int]
    size: int


def parse(read: Read, size: int) -> Program:
    """A file of ``size`` bytes; ValueError for what is no program of EFI."""
    head = read(0, _HEAD)
    if head[:2] != b"MZ" or len(head) < 0x40:
        raise ValueError("no PE file: it begins with %r" % head[:2])
    at, = struct.unpack_from("<I", head, 0x3C)
    if at + 24 + 240 > len(head) or head[at:at + 4] != b"PE\0\0":
        raise ValueError("no PE header at byte %d" % at)
    machine, count, _date, symbols, symbol_count, optional, _flags = struct.unpack_from("<HHIIIHH", head, at + 4)
    kind, = struct.unpack_from("<H", head, at + 24)
    if kind not in (0x10B, 0x20B):
        raise ValueError("a PE file of the kind %#x" % kind)
    directories = at + 24 + (96 if kind == 0x10B else 112)
    headers, = struct.unpack_from("<I", head, at + 24 + 60)
    characteristics, = struct.unpack_from("<H", head, at + 24 + 70)
    rows, = struct.unpack_from("<I", head, directories - 4)
    table = struct.unpack_from("<II", head, directories + 32) if rows > 4 else (0, 0)
    places = _sections(read, (head, at + 24 + optional, count), (symbols + 18 * symbol_count if symbols else 0, size))
    parts = _signed_parts((at + 24 + 64, directories + 32 if rows > 4 else 0, headers), places, table[1], size)
    return Program(MACHINES.get(machine, "%#x" % machine), bool(characteristics & _NX_COMPAT), places, parts, (table[0], table[1]), size)


def _sections(read: Read, rows: Tuple[bytes, int, int], names: Tuple[int, int]) -> Tuple[Place, ...]:
    head, table, count = rows
    strings_at, size = names
    if count > _SECTIONS or table + 40 * count > len(head):
        raise ValueError("a PE file of %d sections" % count)
    strings: List[bytes] = []
    places = []
    for at in range(table, table + 40 * count, 40):
        used, _address, length, begin = struct.unpack_from("<IIII", head, at + 8)
        name = head[at:at + 8].rstrip(b"\0")
        if name[:1] == b"/" and name[1:].isdigit() and strings_at:
            # Names of more than eight bytes lie in COFF's table of strings.
            strings = strings or [read(strings_at, min(_NAMES, max(size - strings_at, 0)))]
            name = strings[0][int(name[1:]):].split(b"\0")[0][:64] or name
        if length and begin + length > size:
            raise ValueError("a section of a PE file lies behind its end")
        places.append(Place(name.decode("ascii", "replace"), begin, length, min(used or length, length)))
    return tuple(places)


def _signed_parts(heads: Tuple[int, int, int], places: Tuple[Place, ...], table: int, size: int) -> Tuple[Tuple[int, int], ...]:
    """As EDK2 counts: the headers without checksum and table, the sections by their place, and what follows them up to the signatures."""
    checksum, directory, headers = heads
    if headers > size or headers < checksum + 4:
        raise ValueError("a PE file whose headers are longer than itself")
    parts = [(0, checksum), (checksum + 4, directory), (directory + 8, headers)] if directory else [(0, checksum), (checksum + 4, headers)]
    done = headers
    for place in sorted((place for place in places if place.size), key=lambda place: place.begin):
        parts.append((place.begin, place.begin + place.size))
        done += place.size
    if size > done + table:
        parts.append((done, size - table))
    if sum(end - begin for begin, end in parts) > 2 * size:
        raise ValueError("a PE file whose sections lie over one another")
    return tuple(part for part in parts if part[1] > part[0])


def signatures(read: Read, program: Program) -> Tuple[List[bytes], bool]:
    """(each PKCS#7 in the order of the table, whether the table ends where it says). A table that does not is refused by firmware."""
    begin, size = program.table
    if not size:
        return [], True
    if size > _CERTIFICATES or begin + size > program.size:
        raise ValueError("a PE file whose table of signatures is too long")
    data = read(begin, size)
    found: List[bytes] = []
    at = 0
    while at + 8 < size:
        length, _revision, kind = struct.unpack_from("<IHH", data, at)
        if length < 9 or at + length > size:
            return found, False
        if kind == _PKCS7:
            found.append(data[at + 8:at + length])
        elif kind == _GUID and data[at + 8:at + 24] == _PKCS7_GUID:
            found.append(data[at + 24:at + length])
        at += (length + 7) // 8 * 8
    return found, at == size


def content(read: Read, program: Program, name: str, limit: int) -> bytes:
    """At most ``limit`` bytes of a section, b'' where there is none."""
    place = {place.name: place for place in reversed(program.sections)}.get(name)
    return read(place.begin, min(place.used, limit)) if place is not None else b""


def names(program: Program) -> Dict[str, int]:
    """How many bytes each section has."""
    return {place.name: place.size for place in program.sections}
