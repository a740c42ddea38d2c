# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The build id of an ELF file: which build a binary is, even one that has been deleted, without running it."""

import struct
from typing import Callable, Iterator, List, NamedTuple, Tuple

# What is read at most: the header with its program headers, and of each note segment. Real notes are under 200 bytes.
HEAD_BYTES = 4096
_NOTE_BYTES = 4096
_PROGRAM_HEADERS = 512
_NOTE_SEGMENTS = 16

_PT_INTERP = 3
_PT_NOTE = 4
_NT_GNU_BUILD_ID = 3

# read(offset, size) gives at most size bytes of the file.
Reader = Callable[[int, int], bytes]


class _Layout(NamedTuple):
    """Where the program headers are, and how to read them (System V ABI, ELF header)."""

    order: str
    wide: bool
    offset: int
    entry_size: int
    entries: int


def _layout(head: bytes) -> _Layout:
    if head[:4] != b"\x7fELF":
        raise ValueError("not an ELF file")
    if len(head) < 64 or head[4] not in (1, 2) or head[5] not in (1, 2):
        raise ValueError("damaged ELF header")
    order, wide = "<" if head[5] == 1 else ">", head[4] == 2
    if wide:
        offset, = struct.unpack_from(order + "Q", head, 32)
        entry_size, entries = struct.unpack_from(order + "HH", head, 54)
    else:
        offset, = struct.unpack_from(order + "I", head, 28)
        entry_size, entries = struct.unpack_from(order + "HH", head, 42)
    if entry_size < (56 if wide else 32) or not 0 < entries <= _PROGRAM_HEADERS:
        raise ValueError("damaged ELF header: %d program headers of %d bytes" % (entries, entry_size))
    return _Layout(order, wide, offset, entry_size, entries)


def _note_segments(layout: _Layout, table: bytes) -> List[Tuple[int, int]]:
    """(offset, size) in the file of each segment of notes."""
    segments = []
    for start in range(0, len(table) - layout.entry_size + 1, layout.entry_size):
        kind, = struct.unpack_from(layout.order + "I", table, start)
        if kind != _PT_NOTE:
            continue
        if layout.wide:
            offset, = struct.unpack_from(layout.order + "Q", table, start + 8)
            size, = struct.unpack_from(layout.order + "Q", table, start + 32)
        else:
            offset, = struct.unpack_from(layout.order + "I", table, start + 4)
            size, = struct.unpack_from(layout.order + "I", table, start + 16)
        segments.append((offset, min(size, _NOTE_BYTES)))
    return segments[:_NOTE_SEGMENTS]


def _notes(order: str, data: bytes) -> Iterator[Tuple[bytes, int, bytes]]:
    """(name, type, content) of each note; a note cut off at the end is left out."""
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from(order + "III", data, at)
        start = at + 12
        content = start + (name_size + 3) // 4 * 4
        if content + size > len(data):
            return
        yield data[start:start + name_size], kind, data[content:content + size]
        at = content + (size + 3) // 4 * 4


def is_static(head: bytes) -> bool:
    """Whether a program whose file begins so (HEAD_BYTES of it) needs no dynamic linker. ValueError for what is no ELF file."""
    layout = _layout(head)
    table = head[layout.offset:layout.offset + layout.entry_size * layout.entries]
    kinds = [struct.unpack_from(layout.order + "I", table, start)[0] for start in range(0, len(table) - 3, layout.entry_size)]
    if len(kinds) != layout.entries:
        raise ValueError("damaged ELF header: its program headers are not at its beginning")
    return _PT_INTERP not in kinds


def build_id(read: Reader) -> str:
    """The GNU build id in hexadecimal; ValueError for what is no ELF file, is damaged or carries none."""
    head = read(0, HEAD_BYTES)
    layout = _layout(head)

    def part(offset: int, size: int) -> bytes:
        if offset + size <= len(head):
            return head[offset:offset + size]
        if offset >= 1 << 62:
            raise ValueError("damaged ELF header: offset %d" % offset)
        return read(offset, size)

    table = part(layout.offset, layout.entry_size * layout.entries)
    for offset, size in _note_segments(layout, table):
        for name, kind, content in _notes(layout.order, part(offset, size)):
            if name == b"GNU\0" and kind == _NT_GNU_BUILD_ID and 0 < len(content) <= 64:
                return content.hex()
    raise ValueError("no build id")


def parse_build_id_note(data: bytes, order: str = "<") -> str:
    """The build id in the bytes of a note section, as /sys/module/NAME/notes has them; ValueError."""
    for name, kind, content in _notes(order, data):
        if name == b"GNU\0" and kind == _NT_GNU_BUILD_ID and 0 < len(content) <= 64:
            return content.hex()
    raise ValueError("no build id")
