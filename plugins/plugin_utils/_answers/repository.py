# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""repomd.xml, the index of a dnf or zypper repository, by which its updateinfo is found and held against its digest.

A repository signs this index and nothing else (repomd.xml.asc): a feed that is named by it is signed as its packages' metadata are. dnf, dnf5
and zypper keep the same files of each repository below /var/cache/dnf, /var/cache/libdnf5 and /var/cache/zypp/raw.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from .model import FeedError
from .updateinfo import Guarded, told_of_xml

_LIMIT = 4 * 1024 * 1024
_NS = "{http://linux.duke.edu/metadata/repo}"
_HREF = re.compile(r"[A-Za-z0-9_~+][A-Za-z0-9._~+-]*(?:/[A-Za-z0-9_~+][A-Za-z0-9._~+-]*)*")
_DIGESTS = ("sha256", "sha512")
_PIECE = 1024 * 1024


class Part(NamedTuple):
    """What an index names: a path below the repository's root, and the digest of its file as it lies there."""

    href: str
    kind: str
    digest: str


def updateinfo(path: Path) -> Part:
    """Where a repository's updateinfo is; FeedError where its index names none, or in a way that is not followed."""
    with path.open("rb") as source:
        data = source.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise FeedError(f"longer than {_LIMIT} bytes")
    with told_of_xml():
        root = ElementTree.parse(Guarded(io.BytesIO(data))).getroot()
    found = next((one for one in root.iter(f"{_NS}data") if one.get("type") == "updateinfo"), None)
    if root.tag != f"{_NS}repomd" or found is None:
        raise FeedError("the repository names no updateinfo")
    return _part(found.find(f"{_NS}location"), found.find(f"{_NS}checksum"))


def _part(location: ElementTree.Element | None, checksum: ElementTree.Element | None) -> Part:
    href = location.get("href", "") if location is not None else ""
    elsewhere = [name for name in (location.keys() if location is not None else ()) if name != "href"]
    if not _HREF.fullmatch(href) or elsewhere:
        raise FeedError(f"its updateinfo lies at {href[:100]!r}; want a path below the repository")
    kind, digest = (checksum.get("type", ""), (checksum.text or "").strip().lower()) if checksum is not None else ("", "")
    if kind not in _DIGESTS:
        raise FeedError(f"its updateinfo has a digest of the kind {kind[:20]!r}; want {' or '.join(_DIGESTS)}")
    return Part(href, kind, digest)


def place(path: Path, href: str) -> Path:
    """Where a file lies that an index on disk names; the index is in a folder of its own below the repository's root."""
    return path.parent.parent / href


def held(part: Part, path: Path) -> Path:
    """The file, where it is the one that the index names; FeedError where it is not there, or another."""
    if not path.is_file():
        raise FeedError(f"{part.href}, which it names, is not there")
    digest = hashlib.new(part.kind)
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
    if digest.hexdigest() != part.digest:
        raise FeedError(f"{part.href} is not the file that it names: another {part.kind}")
    return path
