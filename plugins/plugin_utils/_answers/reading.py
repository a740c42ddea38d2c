# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of the answers: reads feeds from files, folders and archives that an operator brings. Nothing is unpacked to disk.

Every document is bounded in bytes and values, and an archive in documents and in bytes altogether: a feed comes from elsewhere. What breaks off, or
cannot be read, makes its feed a partial one, and says so: what is missing may be the very fix that reopens a hole.

It is loaded where feeds are compiled only: who asks what was compiled before needs none of it.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from . import documents, exploited, packing, repository, signatures, updateinfo
from .feeds import REPOSITORY, Feed, Problem, files
from .model import FeedError, Item, UnknownFormError

DOCUMENT_LIMIT = 256 * 1024 * 1024
MEMBER_LIMIT = 16 * 1024 * 1024
TOTAL_LIMIT = 8 * 1024 * 1024 * 1024
MEMBERS_LIMIT = 2_000_000
# NotImplementedError is what zipfile raises for a way of packing that it does not know.
_BROKEN = (FeedError, OSError, EOFError, ValueError, RecursionError, NotImplementedError,
           lzma.LZMAError, zlib.error, tarfile.TarError, zipfile.BadZipFile)
# Names of files with a document in each line.
_LINES = (".jsonl", ".ndjson")


def vouched(path: Path) -> bool:
    """Whether a digest lies beside a file; FeedError where it is not the file's."""
    beside = path.with_name(f"{path.name}.sha256")
    if not beside.is_file():
        return False
    words = beside.read_text(encoding="ascii", errors="replace")[:1000].lower().split()
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(source)
    if digest not in words:
        raise FeedError(f"its SHA-256 is not the one in {beside.name}")
    return True


def checked(feed: Feed, path: Path, problems: list[Problem]) -> None:
    """FeedError where a file is not the one that was signed, or that its digest is of."""
    vouched(path)
    if feed.keyring:
        signatures.check(path, Path(feed.signature).expanduser() if feed.signature else signatures.beside(path), Path(feed.keyring))
    elif signatures.beside(path):
        problems.append(Problem(str(path), "a signature lies beside it, and no keyring is named to check it by", False))


def _digest(source: IO[bytes]) -> str:
    """As hashlib.file_digest, which Python 3.10 does not have."""
    digest = hashlib.sha256()
    while piece := source.read(1024 * 1024):
        digest.update(piece)
    return digest.hexdigest()


def read(feed: Feed, problems: list[Problem]) -> Iterator[Item]:
    """Everything that a feed says; what cannot be read is added to ``problems`` and passed over."""
    for path in files(feed):
        try:
            checked(feed, path, problems)
            yield from _file(path, feed, problems)
        except UnknownFormError as error:
            problems.append(Problem(str(path), str(error)[:300], False))
        except _BROKEN as error:
            problems.append(Problem(str(path), str(error)[:300]))


def _file(path: Path, feed: Feed, problems: list[Problem]) -> Iterator[Item]:
    name = packing.plain_name(path.name)
    if path.name == REPOSITORY:
        part = repository.updateinfo(path)
        path = repository.held(part, Path(feed.part) if feed.part else repository.place(path, part.href))
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            members = ((info.filename, info.file_size, packing.zip_member(archive, info)) for info in archive.infolist() if not info.is_dir())
            yield from _members(path, members, problems)
        return
    with packing.opened(path) as source:
        if name.endswith(".tar"):
            whole = packing.Whole(source)
            with tarfile.open(fileobj=whole, mode="r|") as archive:
                inside = ((info.name, info.size, packing.tar_member(archive, info)) for info in archive if info.isfile())
                yield from _members(path, inside, problems)
            whole.check()
        elif name.endswith(".csv"):
            yield from exploited.scores(source)
        elif name.endswith(".xml"):
            if not feed.stream:
                raise FeedError("updateinfo does not say which stream it is of; give the feed as a mapping with path and stream")
            yield from updateinfo.parse(feed.stream, source)
        elif name.endswith(_LINES):
            yield from _of_lines(path, source, problems)
        elif name.endswith(".json"):
            yield from documents.read(documents.loads(packing.bounded(source, DOCUMENT_LIMIT)), str(path))
        else:
            raise UnknownFormError("no form of a feed by its name: .json, .jsonl, .xml, .csv, .zip, .tar, packed or not")


def _of_lines(path: Path, source: IO[bytes], problems: list[Problem]) -> Iterator[Item]:
    """A document in each line."""
    lines = iter(lambda: source.readline(MEMBER_LIMIT + 1), b"")
    yield from _members(path, ((f"line {count}.json", len(line), partial(io.BytesIO, line)) for count, line in enumerate(lines, 1) if line.strip()),
                        problems)


def _members(path: Path, members: Iterable[tuple[str, int, packing.Opener]], problems: list[Problem]) -> Iterator[Item]:
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
                data = packing.bounded(source, MEMBER_LIMIT)
            yield from documents.read(documents.loads(data), where)
        except UnknownFormError as error:
            problems.append(Problem(where, str(error)[:300], False))
        except (FeedError, ValueError) as error:
            problems.append(Problem(where, str(error)[:300]))
