# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds as an operator names them: paths and mirrors' addresses, their files, and what of them was passed over."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from .model import FeedError

SIGNATURES = (".asc", ".sig", ".gpg", ".sshsig")
# The index of a dnf or zypper repository.
REPOSITORY = "repomd.xml"
# What a file is held against that lies beside it under its name and one of these endings.
_HELD = (".sha256", *SIGNATURES)
# What lies beside feeds and is none: signatures, digests, lists of changes, words for people.
_BESIDE = (*_HELD, ".sha512", ".txt", ".md", ".html")
_KEYS = {"path", "url", "stream", "signature", "keyring", "max_age_hours"}


class Feed(NamedTuple):
    """A feed as it is named: a path or a mirror's address, for updateinfo the stream that its repository is of (``oracle:9``), and where it must be
    signed the keyring, with the signature's path or address where it does not lie beside it; ``max_age`` are hours, 0 for what holds for all.

    ``part`` is the copy of what a mirror's repomd.xml names.
    """

    path: Path
    stream: str = ""
    url: str = ""
    signature: str = ""
    keyring: str = ""
    max_age: int = 0
    part: str = ""

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return self.url.partition("?")[0] or str(self.path)


class Problem(NamedTuple):
    """A document that was passed over, and why; ``partial`` where something that belongs to the feed is missing for it."""

    where: str
    why: str
    partial: bool = True


def is_address(text: str) -> bool:
    """Whether a feed or a signature is named by a mirror's address, and not by a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def of_setting(value: Any) -> list[Feed]:
    """firebreak_feeds as feeds: paths and addresses, or mappings. FeedError names what is neither."""
    return [_feed(item) for item in (value if isinstance(value, list) else [value])]


def _feed(item: Any) -> Feed:
    given = {"url" if is_address(item.strip()) else "path": item.strip()} if isinstance(item, str) and item.strip() else item
    hours = given.get("max_age_hours", 1) if isinstance(given, dict) else 0
    is_known = isinstance(given, dict) and set(given) <= _KEYS and all(
        isinstance(text, str) for name, text in given.items() if name != "max_age_hours")
    if not is_known or bool(given.get("path")) == bool(given.get("url")) or not str(hours).isdecimal() or int(hours) < 1:
        raise FeedError("firebreak_feeds: want paths, addresses, or mappings with path or url, and stream, signature, keyring, max_age_hours where "
                        f"they are needed; seen {str(item)[:100]!r}")
    if given.get("signature") and not given.get("keyring"):
        raise FeedError(f"firebreak_feeds: want a keyring to check the signature {given['signature'][:100]!r} by")
    keyring = given.get("keyring", "")
    return Feed(Path(given.get("path", "")).expanduser(), given.get("stream", ""), given.get("url", ""), given.get("signature", ""),
                str(Path(keyring).expanduser()) if keyring else "", int(given.get("max_age_hours", 0)))


def files(feed: Feed) -> list[Path]:
    """The files of a feed, in order; FeedError where the path is not there."""
    if feed.path.is_dir():
        found = [path for path in _below(feed.path) if path.is_file() and not path.name.startswith(".")]
        return [path for path in found if not path.name.lower().endswith(_BESIDE)]
    if not feed.path.is_file():
        raise FeedError(f"{feed.path}: there is no such file or folder")
    return [feed.path]


def _below(folder: Path) -> list[Path]:
    """What lies below a folder and is none itself, in order. Whoever brings feeds may take folders away meanwhile: those hold nothing."""
    return sorted(Path(place, name) for place, _folders, names in os.walk(folder) for name in names)


def beside(feed: Feed) -> list[Path]:
    """What the files of a feed are held against: the digests and signatures that lie beside them."""
    if feed.path.is_dir():
        return [path for path in _below(feed.path) if path.name.endswith(_HELD)]
    return [path for ending in _HELD if (path := feed.path.with_name(feed.path.name + ending)).is_file()]
