# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The microcode that the next boot loads: what lies in the uncompressed archives at the beginning of its initrd, before the kernel unpacks anything.

Formats: Documentation/arch/x86/microcode.rst, Documentation/driver-api/early-userspace/buffer-format.rst, lib/earlycpio.c of Linux. What lies in
/lib/firmware alone is loaded by no boot.
"""

import re
from typing import Any, Iterator, List, NamedTuple, Optional

from . import microcode

_HEADER = re.compile(rb"07070[12]([0-9A-Fa-f]{104})\Z")
_HEADER_BYTES = 110
_NAME_BYTES = 256
# The archives that hold microcode come first and hold a dozen files; a whole system behind them is not looked through.
_MEMBERS = 256
_FILES = {"GenuineIntel": "kernel/x86/microcode/GenuineIntel.bin", "AuthenticAMD": "kernel/x86/microcode/AuthenticAMD.bin"}


class Member(NamedTuple):
    """A file of an archive: its name, and where its bytes are in the image."""

    name: str
    at: int
    size: int


class UnreadableError(Exception):
    """An image cannot be read to where the microcode would be; ``reason`` is one of _record.REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        Exception.__init__(self, detail)
        self.reason = reason


def _padded(offset: int) -> int:
    return (offset + 3) & ~3


def members(host: Any, path: str) -> Iterator[Optional[Member]]:
    """The files of the archives at the beginning; None at last where something else than an archive follows, which ends the kernel's search too."""
    offset = 0
    for _number in range(_MEMBERS):
        answer = host.read_bytes(path, _HEADER_BYTES + _NAME_BYTES, offset)
        if answer.problem:
            raise UnreadableError(answer.problem, "%s: %s" % (path, answer.detail))
        data: bytes = answer.value
        zeros = len(data) - len(data.lstrip(b"\0"))
        if zeros and zeros >= 4:
            # Archives are filled up to whole blocks, in steps of four bytes.
            offset += zeros - zeros % 4
            continue
        if len(data) < _HEADER_BYTES:
            if data:
                yield None
            return
        header = _HEADER.match(data[:_HEADER_BYTES])
        if not header:
            yield None
            return
        numbers = [int(header.group(1)[place:place + 8], 16) for place in range(0, 104, 8)]
        size, name_size = numbers[6], numbers[11]
        name = data[_HEADER_BYTES:_HEADER_BYTES + name_size].split(b"\0")[0].decode("utf-8", "replace")
        at = _padded(offset + _HEADER_BYTES + name_size)
        yield Member(name, at, size)
        offset = _padded(at + size)
    raise UnreadableError("too_large", "%s: more than %d files before the end of its archives" % (path, _MEMBERS))


def _find(host: Any, images: List[str], wanted: str) -> Optional[microcode.Part]:
    """Where the vendor's microcode lies: loaders put the images one behind the other, and the first that is no such archive ends the search."""
    for path in images:
        for member in members(host, path):
            if member is None:
                return None
            if member.name.lstrip("./") == wanted:
                # The kernel passes over a file whose end is not there.
                last = host.read_bytes(path, 1, member.at + max(member.size, 1) - 1)
                return microcode.Part(path, member.at, member.size) if last.value else None
    return None


def loaded(host: Any, images: List[str], vendor: str, processors: List[str]) -> List[microcode.Waiting]:
    """The newest microcode for each kind of processor in the images that a loader gives the kernel, in their order; UnreadableError."""
    part = _find(host, images, _FILES[vendor])
    return [] if part is None else microcode.within(host, part, vendor, processors)
