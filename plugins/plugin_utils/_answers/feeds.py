# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of the answers: reads feeds from files, folders and archives that an operator brings. Nothing is fetched, nothing is unpacked to disk.

Every document is bounded in bytes, and an archive in documents and in bytes altogether: a feed comes from elsewhere.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from . import osv, tracker, updateinfo
from .model import Advisory, FeedError

DOCUMENT_LIMIT = 256 * 1024 * 1024
MEMBER_LIMIT = 16 * 1024 * 1024
TOTAL_LIMIT = 4 * 1024 * 1024 * 1024
MEMBERS_LIMIT = 1_000_000
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


class Feed(NamedTuple):
    """A feed as it is named: a path, and for updateinfo the stream that its repository is of (``oracle:9``)."""

    path: Path
    stream: str = ""


class Problem(NamedTuple):
    """A document that was passed over, and why."""

    where: str
    why: str


def of_setting(value: Any) -> list[Feed]:
    """firebreak_feeds as feeds: a path, or mappings with path and stream. FeedError names what is neither."""
    feeds = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item.strip():
            feeds.append(Feed(Path(item.strip()).expanduser()))
        elif isinstance(item, dict) and isinstance(item.get("path"), str) and set(item) <= {"path", "stream"}:
            feeds.append(Feed(Path(item["path"]).expanduser(), str(item.get("stream") or "")))
        else:
            raise FeedError(f"firebreak_feeds: want paths, or mappings with path and stream, seen {str(item)[:100]!r}")
    return feeds


def files(feed: Feed) -> list[Path]:
    """The files of a feed, in order; FeedError where the path is not there."""
    if feed.path.is_dir():
        return sorted(path for path in feed.path.rglob("*") if path.is_file() and not path.name.startswith("."))
    if not feed.path.is_file():
        raise FeedError(f"{feed.path}: there is no such file or folder")
    return [feed.path]


def read(feed: Feed, problems: list[Problem]) -> Iterator[Advisory]:
    """Every advisory of a feed; documents that cannot be read are added to ``problems`` and passed over."""
    for path in files(feed):
        try:
            yield from _file(path, feed.stream, problems)
        except (FeedError, OSError, EOFError, ValueError, RecursionError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile) as error:
            problems.append(Problem(str(path), str(error)[:300]))


def _file(path: Path, stream: str, problems: list[Problem]) -> Iterator[Advisory]:
    name = path.name.lower()
    if name.endswith(".zip"):
        yield from _zip(path, problems)
    elif ".tar" in name or name.endswith((".tgz", ".txz")):
        yield from _tar(path, problems)
    else:
        opener = _OPENERS.get(path.suffix.lower())
        # The three openers have types of their own, which agree on reading bytes only.
        opened: Any = opener(path, "rb") if opener else path.open("rb")
        with opened as source:
            if ".xml" in name:
                yield from _updateinfo(path, stream, source)
            else:
                yield from _documents(_json(source, DOCUMENT_LIMIT), str(path), problems)


def _updateinfo(path: Path, stream: str, source: IO[bytes]) -> Iterator[Advisory]:
    if not stream:
        raise FeedError(f"{path}: updateinfo does not say which stream it is of; give the feed as a mapping with path and stream")
    yield from updateinfo.parse(stream, source)


def _json(source: IO[bytes], limit: int) -> Any:
    data = source.read(limit + 1)
    if len(data) > limit:
        raise FeedError(f"longer than {limit} bytes")
    return json.loads(data)


def _documents(document: Any, where: str, problems: list[Problem]) -> Iterator[Advisory]:
    """The advisories in one JSON document, whatever form it has."""
    if tracker.looks_like(document):
        yield from tracker.parse(document)
        return
    for one in document if isinstance(document, list) else [document]:
        try:
            advisory = osv.parse(one)
        except FeedError as error:
            problems.append(Problem(where, str(error)))
            continue
        if advisory:
            yield advisory


Member = tuple[str, int, Callable[[], IO[bytes]]]


def _zip(path: Path, problems: list[Problem]) -> Iterator[Advisory]:
    with zipfile.ZipFile(path) as archive:
        members: Iterator[Member] = ((info.filename, info.file_size, partial(archive.open, info)) for info in archive.infolist() if not info.is_dir())
        yield from _members(path, members, problems)


def _tar(path: Path, problems: list[Problem]) -> Iterator[Advisory]:
    with tarfile.open(path, "r|*") as archive:
        members: Iterator[Member] = ((info.name, info.size, partial(_extracted, archive, info)) for info in archive if info.isfile())
        yield from _members(path, members, problems)


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or io.BytesIO()


def _members(path: Path, members: Iterable[Member], problems: list[Problem]) -> Iterator[Advisory]:
    total = 0
    for count, (name, size, opened) in enumerate(members):
        total += size
        if count >= MEMBERS_LIMIT or total > TOTAL_LIMIT:
            raise FeedError(f"more than {MEMBERS_LIMIT} documents or {TOTAL_LIMIT} bytes")
        if not name.lower().endswith(".json"):
            continue
        where = f"{path}: {name[:200]}"
        try:
            with opened() as source:
                document = _json(source, MEMBER_LIMIT)
            yield from _documents(document, where, problems)
        except (FeedError, ValueError, RecursionError) as error:
            problems.append(Problem(where, str(error)[:300]))
