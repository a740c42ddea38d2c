# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EFI variables as Linux shows them in efivarfs: four bytes of attributes, then the value."""

import struct
from typing import Any, List

VARIABLES = "/sys/firmware/efi/efivars"
FIRMWARE = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
BOOT_LOADER = "4a67b082-0a4c-41cf-b6c7-442b29bb8c4f"


def path_of(name: str, vendor: str) -> str:
    """Where efivarfs shows a variable."""
    return "%s/%s-%s" % (VARIABLES, name, vendor)


def guid(data: bytes) -> str:
    """A GUID as text, from its sixteen bytes: the first three parts lie backwards. (Python's own module asks tools of the host as it is loaded.)"""
    first, second, third = struct.unpack_from("<IHH", data)
    return "%08x-%04x-%04x-%s-%s" % (first, second, third, data[8:10].hex(), data[10:16].hex())


def parse_value(data: bytes) -> bytes:
    """The value without its attributes; ValueError where not even those are there."""
    if len(data) < 4:
        raise ValueError("an EFI variable has 4 bytes of attributes, seen %d bytes" % len(data))
    return data[4:]


def parse_flag(data: bytes) -> bool:
    """A variable of one byte that is 0 or 1, such as SecureBoot; ValueError otherwise."""
    value = parse_value(data)
    if value not in (b"\x00", b"\x01"):
        raise ValueError("want one byte that is 0 or 1, seen %r" % value[:16])
    return value == b"\x01"


def parse_text(data: bytes) -> str:
    """A text variable (UTF-16, little endian, ended by a zero); ValueError where it is none."""
    value = parse_value(data)
    try:
        return value.decode("utf-16-le").split("\0")[0]
    except UnicodeDecodeError as error:
        raise ValueError("want UTF-16LE text: %s" % error) from error


def parse_numbers(data: bytes) -> List[int]:
    """A list of 16 bit numbers, such as BootNext; ValueError for an odd number of bytes."""
    value = parse_value(data)
    if len(value) % 2:
        raise ValueError("want 16 bit numbers, seen %d bytes" % len(value))
    return [value[at] | value[at + 1] << 8 for at in range(0, len(value), 2)]


def read(host: Any, name: str, vendor: str) -> Any:
    """The host's answer (see _host.Answer) with the variable's bytes, attributes included. More than 4 KiB is no text of a boot loader."""
    return host.read_bytes(path_of(name, vendor), 4096)
