# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel release a boot image holds: by its file name, else by what the image says of itself."""

import re
import struct
from typing import Any, List, Optional, Tuple

from .._host.witness import refusals_told

# A release has three numbers, or two and a further one: 89e6c98d (a digest), 0-rescue-<machine id> and 6.12-x86_64 (a branch, Manjaro's) are none.
_NUMBERS = r"\d+\.\d+(?:\.\d|[-+~](?:rc)?\d|rc\d)[\w.+~:-]*?(?<!\.old)"
_IMAGES = r"(?:vmlinuz|vmlinux|kernel(?:\.efi)?|bzImage|uImage|zImage|Image|linux|image)"
_FILE_NAME = re.compile(r"^%s-(?P<release>%s)(?:\.efi(?:\.signed)?|\.gz)?$" % (_IMAGES, _NUMBERS))
_RELEASE = re.compile(r"^\d+\.\d[\w.+~:-]*$")
# The layout of kernel-install and of sdbootutil: /<machine id or another token>/<release>/linux, there with the image's SHA-1 behind it.
_ENTRY_FOLDER = re.compile(r"/(?P<release>%s)/%s(?:-[0-9a-f]{40})?$" % (_NUMBERS, _IMAGES))
# A package's own copy, also of a unified image: /lib/modules/<release>/vmlinuz-virt.efi
_MODULES_FOLDER = re.compile(r"/lib/modules/(?P<release>[^/]+)/[^/]+$")
_LINUX_MAGIC_AT = 0x202
_VERSION_POINTER_AT = 0x20E
_HEADER_BYTES = 0x210


def release_from_path(path: str) -> Optional[str]:
    """The release that an image's path names, or None where it names none (/boot/vmlinuz, vmlinuz-linux, vmlinuz.old)."""
    match = _MODULES_FOLDER.search(path) or _ENTRY_FOLDER.search(path) or _FILE_NAME.match(path.rsplit("/", 1)[-1])
    return match.group("release") if match else None


def release_from_version(version: str) -> Optional[str]:
    """The release in a boot entry's version key: the key itself, or behind sdbootutil's number of a snapshot (5@6.17.6-1-default)."""
    release = re.sub(r"\A\d+@", "", version)
    return release if _RELEASE.match(release) else None


def version_offset(header: bytes) -> int:
    """Where the x86 boot protocol keeps the version text, in bytes from the image's start; ValueError where it is no such image."""
    if len(header) < _HEADER_BYTES or header[_LINUX_MAGIC_AT:_LINUX_MAGIC_AT + 4] != b"HdrS":
        raise ValueError("no Linux/x86 boot header in the first %d bytes" % len(header))
    pointer = struct.unpack_from("<H", header, _VERSION_POINTER_AT)[0]
    if not pointer:
        raise ValueError("the Linux/x86 boot header points to no version")
    return int(pointer) + 0x200


def parse_version_text(data: bytes) -> str:
    """The release at the beginning of '6.1.0-9-amd64 (builder) #1 SMP ...'; ValueError where there is none."""
    words = data.split(b"\0")[0].decode("utf-8", "replace").split()
    if not words or not _RELEASE.match(words[0]):
        raise ValueError("no kernel release in %r" % data[:40])
    return words[0]


def section_place(data: bytes, wanted: str) -> Tuple[int, int]:
    """(offset, bytes) of a section of a PE image, such as .uname of a unified kernel image; ValueError where there is none."""
    places = section_places(data, wanted)
    if not places:
        raise ValueError("the PE image has no section %s" % wanted)
    return places[0]


def section_places(data: bytes, wanted: str) -> List[Tuple[int, int]]:
    """The same for all sections of a name, in their order; ValueError for no PE image."""
    if data[:2] != b"MZ" or len(data) < 0x40:
        raise ValueError("no PE image: it begins with %r" % data[:2])
    header = struct.unpack_from("<I", data, 0x3C)[0]
    if header + 24 > len(data) or data[header:header + 4] != b"PE\0\0":
        raise ValueError("no PE header at byte %d" % header)
    count, optional = struct.unpack_from("<H", data, header + 6)[0], struct.unpack_from("<H", data, header + 20)[0]
    table = header + 24 + optional
    found = []
    for index in range(min(count, 96)):
        row = data[table + 40 * index:table + 40 * index + 40]
        if len(row) == 40 and row[:8].rstrip(b"\0") == wanted.encode("ascii"):
            used, size, offset = struct.unpack_from("<I", row, 8)[0], *struct.unpack_from("<II", row, 16)
            found.append((offset, min(used or size, size)))
    return found


def build_of_image(host: Any, path: str) -> str:
    """What uname -v says when an x86 image runs: number, options and date of its build, as its header has it; '' where nothing tells.

    A build that runs and lies on disk alike is the one that the package brought, whatever its version is called.
    """
    header = host.read_bytes(path, _HEADER_BYTES).if_there(b"")
    try:
        text = host.read_bytes(path, 512, version_offset(header)).if_there(b"")
    except ValueError:
        return ""
    said = text.split(b"\0")[0].decode("utf-8", "replace")
    return said[said.index(") #") + 2:].strip() if ") #" in said else ""


def _ask_linux_header(host: Any, path: str) -> str:
    header = host.read_bytes(path, _HEADER_BYTES)
    if header.problem:
        raise ValueError("%s: %s" % (path, header.detail))
    text = host.read_bytes(path, 256, version_offset(header.value))
    return parse_version_text(text.if_there(b""))


def pe_section(host: Any, path: str, name: str, limit: int) -> bytes:
    """At most ``limit`` bytes of a section of the PE image at ``path``; ValueError where it cannot be had."""
    head = host.read_bytes(path, 8192)
    if head.problem:
        raise ValueError("%s: %s" % (path, head.detail))
    offset, size = section_place(head.value, name)
    return bytes(host.read_bytes(path, min(size, limit), offset).if_there(b""))


def profiles_of(host: Any, path: str) -> List[str]:
    """What the further profiles of a unified image are called, behind the one that it is without: their ID, else their number (systemd 257)."""
    head = host.read_bytes(path, 8192)
    try:
        places = section_places(head.value, ".profile") if not head.problem else []
    except ValueError:
        return []
    texts = [host.read_bytes(path, min(size, 4096), offset).if_there(b"").decode("utf-8", "replace") for offset, size in places[1:]]
    named = [re.findall(r"(?m)^ID=[\"']?([^\"'\n\0]+)", text) for text in texts]
    return [names[-1] if names else str(number) for number, names in enumerate(named, 1)]


def _ask_unified_image(host: Any, path: str) -> str:
    return parse_version_text(pe_section(host, path, ".uname", 256))


def command_line_of(host: Any, path: str) -> Optional[str]:
    """The command line that a unified kernel image holds; None for an image without one, or that cannot be read."""
    try:
        return pe_section(host, path, ".cmdline", 65536).split(b"\0")[0].decode("utf-8", "replace").strip()
    except ValueError:
        return None


def release_in(host: Any, path: str) -> Optional[str]:
    """The release that an image itself names, on x86 in its header and anywhere in a unified image; None for others."""
    unified = re.search(r"\.efi(?:-[^/]*)?\Z", path.lower())
    try:
        return (_ask_unified_image if unified else _ask_linux_header)(host, path)
    except ValueError:
        return None


def release_of(host: Any, path: str) -> Tuple[Optional[str], str]:
    """(release or None, how it was found or why not) for an image on the host, links resolved. What an image names outweighs its own name."""
    for candidate, how in ((path, "the image's path"), (host.realpath(path).value, "the path that the image's link resolves to")):
        release = release_from_path(candidate) if candidate else None
        if release:
            # Whom an image's content is kept from goes by its name.
            with refusals_told(host):
                named = release_in(host, path)
            return (named, "the image itself, whatever %s says" % how) if named and named != release else (release, how)
    reason = "%s names no release" % path
    for ask, how in ((_ask_linux_header, "the image's boot header"), (_ask_unified_image, "the image's .uname section")):
        try:
            return ask(host, path), how
        except ValueError as error:
            reason = str(error)
    return None, reason
