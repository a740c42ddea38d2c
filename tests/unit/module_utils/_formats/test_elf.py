# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The build id of ELF files of every kind, whole and damaged."""

from __future__ import annotations

import contextlib
import struct

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import elf as elf_format
from hypothesis import example, given
from hypothesis import strategies as st

BUILD = bytes(range(20))


def note(name: bytes, kind: int, content: bytes, order: str = "<") -> bytes:
    padded = name + b"\0" * (-len(name) % 4)
    return struct.pack(order + "III", len(name), len(content), kind) + padded + content + b"\0" * (-len(content) % 4)


def elf(notes: bytes, wide: bool = True, order: str = "<", notes_at: int = 4096) -> bytes:
    """A file with one loadable segment and one of notes, as the System V ABI lays it out."""
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1 if order == "<" else 2, 1)) + b"\0" * 9
    size = 64 if wide else 52
    segments = ((1, 0, 9), (4, notes_at, len(notes)))
    if wide:
        header = ident + struct.pack(order + "HHIQQQIHHHHHH", 3, 62, 1, 0, size, 0, 0, size, 56, 2, 0, 0, 0)
        table = b"".join(struct.pack(order + "IIQQQQQQ", kind, 4, at, 0, 0, length, 0, 4) for kind, at, length in segments)
    else:
        header = ident + struct.pack(order + "HHIIIIIHHHHHH", 3, 3, 1, 0, size, 0, 0, size, 32, 2, 0, 0, 0)
        table = b"".join(struct.pack(order + "IIIIIIII", kind, at, 0, 0, length, 0, 4, 4) for kind, at, length in segments)
    return (header + table).ljust(notes_at, b"\0") + notes


def read_of(data: bytes) -> elf_format.Reader:
    return lambda offset, size: data[offset:offset + size]


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("notes_at", [1024, 4096, 1 << 20])
def test_both_widths_and_byte_orders(wide: bool, order: str, notes_at: int) -> None:
    data = elf(note(b"GNU\0", 3, BUILD, order), wide, order, notes_at)
    assert elf_format.build_id(read_of(data)) == BUILD.hex()


def test_the_build_id_is_found_among_other_notes() -> None:
    notes = note(b"GNU\0", 1, b"\0" * 16) + note(b"stapsdt\0", 3, b"x" * 20) + note(b"GNU\0", 3, BUILD)
    assert elf_format.build_id(read_of(elf(notes))) == BUILD.hex()


@pytest.mark.parametrize(("data", "message"), [
    (b"", "not an ELF file"),
    (b"#!/bin/sh\nexec qemu\n", "not an ELF file"),
    (b"\x7fELF", "damaged ELF header"),
    (b"\x7fELF" + b"\xff" * 100, "damaged ELF header"),
    (elf(b""), "no build id"),
    (elf(note(b"GNU\0", 1, b"\0" * 16)), "no build id"),
    (elf(note(b"GNU\0", 3, b"")), "no build id"),
    (elf(note(b"GNU\0", 3, BUILD))[:-8], "no build id"),
])
def test_files_without_a_build_id_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        elf_format.build_id(read_of(data))


def test_what_is_read_is_bounded() -> None:
    """A header that claims 512 program headers and a gigabyte of notes costs a few pages."""
    data = bytearray(elf(note(b"x", 9, b"")))
    struct.pack_into("<H", data, 56, 512)
    for entry in range(2):
        struct.pack_into("<IIQQQQQQ", data, 64 + 56 * entry, 4, 4, 1 << 30, 0, 0, 1 << 30, 0, 4)
    asked: list[int] = []

    def read(offset: int, size: int) -> bytes:
        asked.append(size)
        return bytes(data[offset:offset + size])

    with pytest.raises(ValueError, match="no build id"):
        elf_format.build_id(read)
    assert sum(asked) < 64 * 1024


@given(st.binary(max_size=300), st.integers(0, 120), st.binary(max_size=40))
@example(b"", 32, b"\xff" * 8)
@example(b"", 72, b"\xff" * 8)
def test_no_file_raises_anything_but_value_error(tail: bytes, at: int, damage: bytes) -> None:
    data = bytearray(elf(note(b"GNU\0", 3, BUILD)) + tail)
    data[at:at + len(damage)] = damage
    for text in (bytes(data), tail, b"\x7fELF" + tail):
        with contextlib.suppress(ValueError):
            elf_format.build_id(read_of(text))
