# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in an archive of a Kata release and where each entry may go: pure functions over an entry's own words.

The release is made for the root folder: each entry is ./opt/kata/..., and the trees this collection keeps are /opt/kata-<version>.
"""

import posixpath
import re
from typing import Any, List, NamedTuple, Optional, Tuple

from .._host.errors import Refused

PREFIX = "opt/kata"
MARKER = ".firebreak-release.json"
SHIMS = ("runtime-rs/bin/containerd-shim-kata-v2", "bin/containerd-shim-kata-v2")

_VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){2}(?:-(?:alpha|beta|rc)[0-9]{1,3})?\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_MAGIC = ((b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"\x1f\x8b", "gz"))


class Entry(NamedTuple):
    """One entry of an archive: kind is file|directory|link|hard_link|other; target belongs to links."""

    name: str
    kind: str
    target: str


def version_key(text: str) -> Tuple[Any, ...]:
    """Orders versions of Kata: 4.1.0-rc0 comes before 4.1.0. Refused when the text is none."""
    if not _VERSION.match(text):
        raise Refused("%r is not a version of Kata Containers, wanted for example 4.1.0" % text[:80])
    numbers, _dash, early = text.partition("-")
    return (tuple(int(number) for number in numbers.split(".")), not early, re.sub(r"[0-9]", "", early), int(re.sub(r"[^0-9]", "", early) or 0))


def check_version(version: str, minimum: str) -> None:
    """Refused when the version is none, or older than the minimum."""
    if version_key(version) < version_key(minimum):
        raise Refused("version %s is older than the minimum %s (its advisories are in the role's README)" % (version, minimum))


def check_sha256(text: str, source: str) -> None:
    """Refused when an archive's pin is not a SHA-256."""
    if not _SHA256.match(text):
        raise Refused("sha256 of %s is %r, wanted 64 lower-case hexadecimal digits" % (source, text[:80]))


def compression(head: bytes) -> str:
    """xz, zst or gz by the first bytes of an archive."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    raise Refused("neither xz, zstd nor gzip: the archive begins with %r" % head[:6])


def place(entry: Entry) -> Optional[str]:
    """Where below the tree an entry goes; None for the folders above it. Refused for whatever would go elsewhere."""
    name = entry.name[2:] if entry.name.startswith("./") else entry.name
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise Refused("entry %r leads out of the release" % entry.name[:200])
    clean = posixpath.normpath(name or ".")
    if clean in (".", "opt", PREFIX):
        if entry.kind != "directory":
            raise Refused("entry %r is a %s, wanted a directory" % (entry.name, entry.kind))
        return None
    if not clean.startswith(PREFIX + "/"):
        raise Refused("entry %r is outside ./%s" % (entry.name[:200], PREFIX))
    inside = clean[len(PREFIX) + 1:]
    if inside == MARKER:
        raise Refused("entry %r has the name of our own file" % entry.name)
    if entry.kind not in ("file", "directory", "link", "hard_link"):
        raise Refused("entry %r is neither file, directory nor link" % entry.name[:200])
    return inside


def link_target(inside: str, target: str) -> str:
    """A symbolic link's target as it may be written. Refused when it leads out of the tree; an absolute one may name /opt/kata/..."""
    if target.startswith("/"):
        clean = posixpath.normpath(target)
        if clean.startswith("/%s/" % PREFIX):
            return target
        raise Refused("link %r leads to %r, outside /%s" % (inside, target[:200], PREFIX))
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(inside), target))
    if not target or reached == ".." or reached.startswith("../"):
        raise Refused("link %r leads to %r, outside the release" % (inside, target[:200]))
    return target


def hard_link_source(inside: str, target: str) -> str:
    """The file below the tree that a hard link repeats."""
    source = place(Entry(target, "file", ""))
    if source is None:
        raise Refused("hard link %r leads to %r, which is no file" % (inside, target[:200]))
    return source


def surplus(others: List[Tuple[float, str]], keep: int) -> List[str]:
    """Of (made at, version) those versions to prune so that the ``keep`` newest stay, oldest first."""
    ordered = [version for _made, version in sorted(others)]
    return ordered[:max(len(ordered) - keep, 0)]
