# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a virtual machine's firmware, as EDK2 keeps them in a file: a firmware volume, a store of variables, one after another. Pure."""

import struct
from typing import Dict, Tuple

from . import efi

_VOLUME = bytes.fromhex("8d2bf1ff96768b4ca9852747075b4f50")
_STORE = bytes.fromhex("782cf3aa7b949a43a1802e144ec37792")
_HEAD, _START, _ADDED, _IN_DELETION = 60, 0x55AA, 0x3F, 0x3E
_NAME_BYTES = 1024

# (name, vendor): attributes and value, as efivarfs shows them.
Variables = Dict[Tuple[str, str], bytes]


class NoStoreError(ValueError):
    """No file of variables in this form; ``empty`` where it is one that no firmware has begun to use."""

    def __init__(self, words: str, empty: bool = False) -> None:
        ValueError.__init__(self, words)
        self.empty = empty


def end_of(head: bytes) -> int:
    """Where the store ends, from the file's first 128 bytes. NoStoreError for what is none."""
    if head[:4] == b"QFI\xfb":
        raise NoStoreError("a qcow2 image, which is not read")
    if not head.strip(b"\0") or not head.strip(b"\xff"):
        raise NoStoreError("empty: the guest is in setup mode at its first start", True)
    if len(head) < 128 or head[16:32] != _VOLUME or head[40:44] != b"_FVH":
        raise NoStoreError("no firmware volume of variables")
    begin, = struct.unpack_from("<H", head, 48)
    if begin + 28 > len(head) or head[begin:begin + 16] != _STORE:
        raise NoStoreError("a store of variables of another kind, or not begun")
    size, _form, _state = struct.unpack_from("<IBB", head, begin + 16)
    return int(begin + size)


def parse(data: bytes) -> Variables:
    """Every variable that counts. NoStoreError for what is no such file, ValueError where one is longer than the store."""
    end = min(end_of(data[:128]), len(data))
    at = struct.unpack_from("<H", data, 48)[0] + 28
    found: Variables = {}
    while at + _HEAD <= end:
        start, state, _reserved, attributes = struct.unpack_from("<HBBI", data, at)
        if start != _START:
            break
        names, values = struct.unpack_from("<II", data, at + 36)
        name_at, value_at = at + _HEAD, at + _HEAD + names
        if names > _NAME_BYTES or value_at + values > end:
            raise ValueError("a variable at byte %d is longer than its store" % at)
        key = (data[name_at:value_at].decode("utf-16-le", "replace").rstrip("\0"), efi.guid(data[at + 44:at + 60]))
        # One in deletion counts until the one that takes its place is there.
        if state == _ADDED or (state == _IN_DELETION and key not in found):
            found[key] = struct.pack("<I", attributes) + data[value_at:value_at + values]
        at = (value_at + values + 3) // 4 * 4
    return found
