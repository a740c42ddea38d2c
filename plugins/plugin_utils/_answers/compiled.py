# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiled indexes on disk, beside the reports: made once for each state of the feeds, a few of them kept, safe from questions asked at once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .._fleet import store
from . import feeds as edge
from . import index
from .feeds import Feed, Problem
from .model import FeedError

# Questions about other feeds in turn do not compile anew each time.
KEPT = 3
_OURS = re.compile(r"[0-9a-f]{64}\.sqlite")
_LOCK, _FRESH = ".lock", ".making-"
_GIVEN_UP_SECONDS = 86400


def opened(wanted: list[Feed], directory: Path) -> index.Index:
    """The index of these feeds, made anew only where a file of theirs changed, or one that stands behind it. FeedError where it cannot be made."""
    digest = _digest(wanted)
    folder = store.private_directory(directory.parent / "feeds")
    path = folder / f"{digest}.sqlite"
    try:
        with _locked(folder):
            found = _whole(path)
        return found or _made(wanted, path)
    except sqlite3.Error as error:
        raise FeedError(f"{path}: the index of the feeds cannot be made: {error}") from None


def _digest(wanted: list[Feed]) -> str:
    files = [(feed, edge.files(feed)) for feed in wanted]
    listed = [(feed.stream, feed.keyring, *_looks(path)) for feed, paths in files for path in paths]
    if not listed:
        names = ", ".join(feed.name for feed in wanted)
        raise FeedError(f"firebreak_feeds: {f'no file in {names}' if names else 'none was given, or none could be fetched'}; wanted feeds as files, "
                        "folders or archives (firebreak answer --feed)")
    listed += [("", "", *_looks(path)) for feed, paths in files for path in _behind(feed, paths)]
    return hashlib.sha256(repr((index.FORMAT, listed)).encode()).hexdigest()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else opens an index or takes one away; one that is open stays readable whatever becomes of its name."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _whole(path: Path) -> index.Index | None:
    """The index of that name, open; None where there is none, or only what a machine that lost its power has left of it."""
    if not path.is_file():
        return None
    found = index.Index(path)
    try:
        if found.about().get("format") == str(index.FORMAT):
            os.utime(path)
            return found
    except sqlite3.DatabaseError:
        pass
    found.close()
    path.unlink()
    return None


def _made(wanted: list[Feed], path: Path) -> index.Index:
    # What reads feeds of all forms takes longer to load than the answer of a compiled index.
    from . import reading
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix=_FRESH, dir=path.parent) as place:
        fresh = Path(place) / "index"
        index.build(fresh, (item for feed in wanted for item in reading.read(feed, problems)), problems)
        with fresh.open("rb") as stream:
            os.fsync(stream.fileno())
        # What was compiled while feeds were written anew answers this question, and no other.
        if f"{_digest(wanted)}.sqlite" != path.name:
            return index.Index(fresh)
        with _locked(path.parent):
            fresh.replace(path)
            found = index.Index(path)
            sweep(path.parent)
    return found


def sweep(folder: Path) -> None:
    """Take away indexes that were not asked for lately, and what killed questions left; nothing that is not ours."""
    names = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    for path in sorted(names, key=lambda path: path.stat().st_mtime_ns, reverse=True)[KEPT:]:
        path.unlink()
    for place in folder.glob(f"{_FRESH}*"):
        # Another question takes its own place away whenever it ends, without the lock.
        with contextlib.suppress(FileNotFoundError):
            if place.is_dir() and not place.is_symlink() and time.time() - place.stat().st_mtime > _GIVEN_UP_SECONDS:
                shutil.rmtree(place)


def _behind(feed: Feed, files: list[Path]) -> list[Path]:
    """What stands behind the files of a feed: what they are held against, and the file that a repository's index names."""
    told = [Path(name) for name in (feed.signature, feed.keyring, feed.part) if name]
    named = [each for path in files if path.name == edge.REPOSITORY and not feed.part for each in _named(path)]
    return [*told, *edge.beside(feed), *named]


def _named(path: Path) -> list[Path]:
    # What reads XML takes longer to load than the answer of a compiled index.
    from . import repository
    try:
        return [repository.place(path, repository.updateinfo(path).href)]
    except (FeedError, OSError):
        return []


def _looks(path: Path) -> tuple[str, int, int]:
    """What tells one state of a file from another: its name, size and time; 0 where there is none."""
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_size, found.st_mtime_ns
