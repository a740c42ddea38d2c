# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a UEFI firmware starts next: its own entries (Boot0001 ...) in the order of BootOrder, and what the started program says of itself."""

import re
import struct
from typing import Any, List, NamedTuple, Optional, Tuple

from .._formats import efi
from .target import NoAnswerError
from .trust import places


class Option(NamedTuple):
    """An entry. path: the program on its partition with slashes, '' for a whole disk; given: the text handed to it; network: it asks a server.

    partition: the GUID of the partition, '' where the entry names none; bootable: it is for booting, not one of the firmware's own programs.
    """

    name: str
    active: bool
    title: str
    path: str
    given: str
    network: bool
    partition: str = ""
    bootable: bool = True


_MEDIA, _HARD_DRIVE, _FILE_PATH, _FIRMWARE_FILE = 4, 1, 4, 6
_GUID_PARTITION = 2
_CATEGORY = 0x1F00
_MESSAGING, _NETWORK = 3, (11, 12, 13, 24)
_LIMIT = 65536


def parse_option(name: str, data: bytes) -> Option:
    """An entry from its variable's value; ValueError where it is cut short or in no form of the specification."""
    value = efi.parse_value(data)
    if len(value) < 8:
        raise ValueError("an entry of the firmware has at least 8 bytes, seen %d" % len(value))
    attributes, length = struct.unpack_from("<IH", value)
    end = next((at for at in range(6, len(value) - 1, 2) if value[at:at + 2] == b"\0\0"), None)
    if end is None or end + 2 + length > len(value):
        raise ValueError("an entry of the firmware whose parts are longer than itself")
    nodes = value[end + 2:end + 2 + length]
    path, network, partition, own = _device_path(nodes)
    bootable = not attributes & _CATEGORY and not own
    return Option(name, bool(attributes & 1), _text(value[6:end]), path, _given(value[end + 2 + length:]), network, partition, bootable)


def _device_path(nodes: bytes) -> Tuple[str, bool, str, bool]:
    """(path of the file, whether a server is asked, the partition, whether it is a program of the firmware's own)."""
    paths: List[str] = []
    network, partition, own = False, "", False
    at = 0
    while at + 4 <= len(nodes):
        kind, form, length = struct.unpack_from("<BBH", nodes, at)
        if length < 4:
            raise ValueError("a node of a device path shorter than its head")
        if (kind, form) == (_MEDIA, _FILE_PATH):
            paths.append(_text(nodes[at + 4:at + length]))
        elif (kind, form) == (_MEDIA, _HARD_DRIVE) and length >= 42 and nodes[at + 41:at + 42] == bytes([_GUID_PARTITION]):
            partition = efi.guid(nodes[at + 24:at + 40]) if len(nodes) >= at + 40 else ""
        own = own or (kind == _MEDIA and form == _FIRMWARE_FILE)
        network = network or (kind == _MESSAGING and form in _NETWORK)
        at += length
    return re.sub(r"/+", "/", "/".join(paths).replace("\\", "/")), network, partition, own


def _text(data: bytes) -> str:
    return data[:len(data) // 2 * 2].decode("utf-16-le", "replace").split("\0")[0]


def _given(data: bytes) -> str:
    """The text after the device path, '' where what is there is none (some vendors keep numbers there)."""
    text = _text(data)
    return text if text and text.isprintable() else ""


def next_option(host: Any) -> Optional[Option]:
    """The entry that the next boot takes when nothing is set for it alone; None where the firmware's variables do not tell.

    One that asks a server is passed over where this boot came from a later one: nobody answered it. One whose program is known to be gone always is.
    """
    order = _numbers(host, "BootOrder")
    current = _numbers(host, "BootCurrent")[:1]
    later = order[:order.index(current[0])] if current and current[0] in order else []
    for number in order:
        option = _option(host, number)
        if option is not None and option.active and not (option.network and number in later) and not _is_gone(host, option):
            return option
    return None


def _is_gone(host: Any, option: Option) -> bool:
    """Whether the partition of an entry is no longer there, or is mounted and has no such program."""
    try:
        partition = places.of_guid(host, places.partitions(host), option.partition) if option.path and option.partition else None
    except NoAnswerError:
        return False
    if partition is None:
        return bool(option.path and option.partition)
    return bool(host.stat(partition.folder + option.path).problem == "absent")


def started_this_boot(host: Any, option: Option) -> bool:
    """Whether the system that runs came from this entry."""
    return [option.name] == ["Boot%04X" % number for number in _numbers(host, "BootCurrent")[:1]]


def _option(host: Any, number: int) -> Optional[Option]:
    name = "Boot%04X" % number
    answer = host.read_bytes(efi.path_of(name, efi.FIRMWARE), _LIMIT)
    try:
        return parse_option(name, answer.value) if answer.value is not None else None
    except ValueError:
        return None


def _numbers(host: Any, name: str) -> List[int]:
    answer = efi.read(host, name, efi.FIRMWARE)
    try:
        return efi.parse_numbers(answer.value) if answer.value is not None else []
    except ValueError:
        return []


def vendor_of(path: str) -> str:
    """The vendor's folder of a loader's path (/EFI/fedora/shimx64.efi -> fedora), '' for the folder that every system may write to."""
    match = re.match(r"/efi/([^/]+)/[^/]+$", path.lower())
    return match.group(1) if match and match.group(1) not in ("boot", "systemd", "linux") else ""


def kernel_of(option: Option) -> str:
    """The path of a kernel that the firmware, or shim on its behalf, starts without a loader; '' where the entry starts something else."""
    for text in (option.path, _handed_to_shim(option)):
        unified = re.search(r"(?i)^/?efi/linux/[^/]+\.efi$|(?:^|/)(?:vmlinuz|linux|image|kernel)[^/]*$", text)
        if unified and not re.search(r"(?i)/(?:shim|grub|systemd-boot)[^/]*$", "/" + text):
            return "/" + text.lstrip("/")
    return ""


def _handed_to_shim(option: Option) -> str:
    """The program that shim is given: a path from \\EFI\\ on is whole, any other lies beside shim, however it begins (shim.c)."""
    text = option.given.split(" ")[0].replace("\\", "/")
    beside = text and not text.lower().startswith("/efi/") and "/shim" in option.path.lower()
    return "%s/%s" % (option.path.rsplit("/", 1)[0], text.lstrip("/")) if beside else text
