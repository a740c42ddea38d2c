# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microcode that lies on disk for the processors of this host: Intel's files, one for each kind, and AMD's containers, one for each family.

Formats: arch/x86/include/asm/microcode_intel.h and arch/x86/kernel/cpu/microcode/amd.c of Linux. Only headers are read of Intel's.
"""

import struct
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from .._host.witness import refusals_told

FOLDERS = ("/lib/firmware", "/lib/firmware/updates", "/usr/lib/firmware")
PLATFORM = "/sys/devices/system/cpu/cpu0/microcode/processor_flags"

_INTEL_HEADER = struct.Struct("<9I12x")
_INTEL_SUFFIXES = ("", ".initramfs")
# One file of Intel's has a few entries, an image for all processors some hundreds.
_ENTRIES = 1024
_CONTAINER_BYTES = 4 * 1024 * 1024
_AMD_MAGIC, _AMD_TABLE, _AMD_PATCH = 0x00414D44, 0, 1


class Waiting(NamedTuple):
    """The newest revision on disk for one kind of processor, and the file that has it."""

    processor: str
    revision: int
    path: str


class Part(NamedTuple):
    """A stretch of a file that is a file of microcode by itself."""

    path: str
    at: int = 0
    size: Optional[int] = None


def signature(processor: str) -> int:
    """The signature (CPUID 1, EAX) of a kind of processor, '06-55-07'."""
    family, model, stepping = (int(part, 16) for part in processor.split("-"))
    return (max(family - 15, 0) << 20) | ((model >> 4) << 16) | (min(family, 15) << 8) | ((model & 15) << 4) | stepping


def _intel_headers(host: Any, part: Part) -> Iterator[Tuple[int, int, int]]:
    """(revision, signature, platforms) of each entry of a file."""
    offset = 0
    for _entry in range(_ENTRIES):
        if part.size is not None and offset + _INTEL_HEADER.size > part.size:
            return
        answer = host.read_bytes(part.path, _INTEL_HEADER.size, part.at + offset)
        if answer.problem or len(answer.value) < _INTEL_HEADER.size:
            return
        version, revision, _date, sign, _sum, _loader, platforms, size, total = _INTEL_HEADER.unpack(answer.value)
        if version != 1:
            return
        yield revision, sign, platforms
        # A size of zero stands for 2,000 bytes and the header.
        offset += total if size else 2048
        if offset <= 0 or (size and total < _INTEL_HEADER.size):
            return


def of_intel(host: Any, processor: str, platform: Optional[int]) -> Optional[Waiting]:
    """The newest entry for this kind of processor, on this platform where it is known."""
    paths = ["%s/intel-ucode/%s%s" % (folder, processor, suffix) for folder in FOLDERS for suffix in _INTEL_SUFFIXES]
    return _newest([one for path in paths for one in _intel_entries(host, Part(path), processor, platform)])


def _intel_entries(host: Any, part: Part, processor: str, platform: Optional[int]) -> List[Waiting]:
    return [Waiting(processor, revision, part.path) for revision, sign, platforms in _intel_headers(host, part)
            if sign == signature(processor) and (not platforms or platform is None or platforms & platform)]


def _newest(found: List[Waiting]) -> Optional[Waiting]:
    return max(found, key=lambda one: one.revision) if found else None


def patches(data: bytes) -> Dict[int, int]:
    """Signature and newest revision of each processor in one of AMD's containers; what is cut short is passed over."""
    found: Dict[int, int] = {}
    equal: Dict[int, List[int]] = {}
    at = 0
    while at + 12 <= len(data):
        magic, kind, size = struct.unpack_from("<3I", data, at)
        if magic == _AMD_MAGIC and kind == _AMD_TABLE:
            equal = {}
            for place in range(at + 12, min(at + 12 + size, len(data)) - 15, 16):
                sign, identity = struct.unpack_from("<I8xH", data, place)
                if sign:
                    equal.setdefault(identity, []).append(sign)
            at += 12 + size
            continue
        kind, size = magic, kind
        if kind != _AMD_PATCH or size < 26 or at + 8 + 26 > len(data):
            break
        revision, = struct.unpack_from("<I", data, at + 8 + 4)
        identity, = struct.unpack_from("<H", data, at + 8 + 24)
        for sign in equal.get(identity, []):
            found[sign] = max(found.get(sign, 0), revision)
        at += 8 + size
    return found


def of_amd(host: Any, processor: str) -> Optional[Waiting]:
    """The newest patch for this kind of processor."""
    family = int(processor.split("-")[0], 16)
    name = "microcode_amd_fam%02xh.bin" % family if family >= 0x15 else "microcode_amd.bin"
    found = []
    for folder in FOLDERS:
        path = "%s/amd-ucode/%s" % (folder, name)
        answer = host.read_bytes(path, _CONTAINER_BYTES)
        revision = patches(answer.value).get(signature(processor)) if answer.value else None
        if revision is not None:
            found.append(Waiting(processor, revision, path))
    return _newest(found)


def _platform(host: Any) -> Optional[int]:
    """The bit of this host's platform among those of Intel's entries; None where the kernel does not say it."""
    with refusals_told(host):
        answer = host.read(PLATFORM, 64)
    try:
        return int("" if answer.problem else answer.value, 16) or None
    except ValueError:
        return None


def within(host: Any, part: Part, vendor: str, processors: List[str]) -> List[Waiting]:
    """The newest microcode for each kind of processor in a part of a file that has a vendor's entries one behind the other."""
    if vendor == "GenuineIntel":
        platform = _platform(host)
        found = [_newest(_intel_entries(host, part, name, platform)) for name in processors]
    else:
        size = _CONTAINER_BYTES if part.size is None else min(part.size, _CONTAINER_BYTES)
        answer = host.read_bytes(part.path, size, part.at)
        known = patches(answer.value) if answer.value else {}
        found = [Waiting(name, known[signature(name)], part.path) if signature(name) in known else None for name in processors]
    return [one for one in found if one is not None]


def installed(host: Any, vendor: str, processors: List[str]) -> List[Waiting]:
    """The newest microcode on disk for each kind of processor that has any."""
    platform = _platform(host)
    found = [of_intel(host, name, platform) if vendor == "GenuineIntel" else of_amd(host, name) for name in processors]
    return [one for one in found if one is not None]
