# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events from feeds that change: files and folders that a job of the operator's keeps fresh. A hole that is new in them is heard, and one of which
they say something else than the last time, such as a fix that came out.

What they said last is kept in a file. At the first look nothing is heard, since nobody knows what of it is new.
"""

from __future__ import annotations

import asyncio
import bz2
import gzip
import hashlib
import json
import logging
import lzma
import os
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}(?![0-9])", re.IGNORECASE)
_PACKED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_LIMIT = 1024 * 1024 * 1024
# What the playbook takes of one event.
_AT_ONCE = 2000
_LOG = logging.getLogger(__name__)


def files(feeds: Iterable[Path], failing: set[str]) -> dict[str, list[int]]:
    """Every file of the feeds, with what tells it from a later one. What cannot be looked at is told once for as long as that is so."""
    seen: dict[str, list[int]] = {}
    errors: list[OSError] = []
    for path in sorted(path for feed in feeds for path in _paths(feed, errors.append)):
        try:
            state = path.stat()
        except OSError as error:
            errors.append(error)
            continue
        if stat.S_ISREG(state.st_mode):
            seen[str(path)] = [state.st_size, state.st_mtime_ns]
    # What is not there may come, or was removed just now.
    now = {str(error) for error in errors if not isinstance(error, FileNotFoundError)}
    for problem in sorted(now - failing):
        _LOG.warning("a feed is not looked at as a whole: %s", problem)
    failing.clear()
    failing.update(now)
    return seen


def _paths(feed: Path, failed: Callable[[OSError], None]) -> list[Path]:
    """A file itself, or all that is below a folder."""
    try:
        is_folder = feed.is_dir()
    except OSError:
        # Whoever looks at the path itself meets the same error.
        is_folder = False
    if not is_folder:
        return [feed]
    return [Path(folder) / name for folder, _folders, names in os.walk(feed, onerror=failed) for name in names]


def _texts(path: Path) -> Iterator[str]:
    """What stands in a file, or in each file of an archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(one).decode("utf-8", "replace") for one in archive.infolist() if one.file_size <= _LIMIT)
        return
    with _PACKED.get(path.suffix, open)(path, "rt", encoding="utf-8-sig", errors="replace") as stream:
        yield stream.read(_LIMIT)


def _named(content: Any) -> set[str]:
    return {name.upper() for name in _CVE.findall(json.dumps(content))}


def _entries(document: Any) -> Iterator[tuple[str, Any]]:
    """What of a document is about which hole: its own entry where the holes are keys, or rows of a list (KEV, CSAF); else all of it."""
    if isinstance(document, list):
        for row in document:
            yield from _entries(row)
        return
    rows = document.get("vulnerabilities") if isinstance(document, dict) else None
    parts = {None: document, **document} if isinstance(document, dict) else {}
    keyed = [(name.upper(), [part, entry]) for part, own in parts.items() if isinstance(own, dict)
             for name, entry in own.items() if _CVE.fullmatch(name)]
    yield from keyed
    if isinstance(rows, list):
        yield from ((name, row) for row in rows for name in _named(row))
    elif not keyed:
        yield from ((name, document) for name in _named(document))


def said(texts: Iterable[str]) -> dict[str, str]:
    """By hole a digest of all that is said of it, in whatever order; ValueError where a JSON document is torn."""
    found: dict[str, int] = {}
    for text in texts:
        is_json = text.lstrip()[:1] in ("{", "[")
        for name, entry in _entries(json.loads(text)) if is_json else ((name.upper(), "named") for name in set(_CVE.findall(text))):
            digest = hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).digest()[:8]
            found[name] = found.get(name, 0) ^ int.from_bytes(digest, "big")
    return {name: f"{number:x}" for name, number in found.items()}


class Memory:
    """What the files of the feeds said when they were read last."""

    def __init__(self, path: Path) -> None:
        self.path, self.is_kept = path, True
        self.known: dict[str, Any] | None = None
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            _LOG.warning("%s is not what this wrote, and what the feeds said before is forgotten: %s", path, error)
            return
        if _is_memory(kept):
            self.known = kept
        else:
            _LOG.warning("%s is not what this wrote, and what the feeds said before is forgotten", path)

    def changes(self, seen: dict[str, list[int]]) -> list[str]:
        """Read the files that are not as they were: the holes of which they say something new. A file that is torn is read again the next time."""
        known, now = self.known or {}, dict(self.known or {})
        for name, state in seen.items():
            if known.get(name, {}).get("state") != state:
                try:
                    now[name] = {"state": state, "said": said(_texts(Path(name)))}
                # An archive with a password, or packed in a way that Python does not know, is a RuntimeError.
                except (OSError, EOFError, ValueError, RuntimeError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
                    _LOG.warning("%s is not read as it is now: %s", name, error)
        before = _together(known)
        new = [hole for hole, digests in _together(now).items() if digests - before.get(hole, set())] if self.known is not None else []
        self.is_kept = self.is_kept and now == self.known
        self.known = now
        return sorted(new)

    def keep(self) -> None:
        """Remember it, whatever happens to this process."""
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_text(json.dumps(self.known), encoding="utf-8")
            temporary.replace(self.path)
            self.is_kept = True
        except OSError as error:
            _LOG.warning("what the feeds say is forgotten when this ends: %s", error)


def _is_memory(kept: Any) -> bool:
    """Whether it is what was remembered, however a machine that lost its power, or a person, has left it."""
    rows = kept.values() if isinstance(kept, dict) else [None]
    return all(isinstance(one, dict) and isinstance(one.get("state"), list) and isinstance(one.get("said"), dict)
               and all(isinstance(digest, str) for digest in one["said"].values()) for one in rows)


def _together(known: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in known.values():
        for hole, digest in one["said"].items():
            found.setdefault(hole, set()).add(digest)
    return found


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Look each minute for files that have not changed since the look before; with ``once`` look once."""
    feeds = [Path(name.strip()) for name in str(args.get("feeds") or "").split(",") if name.strip()]
    memory = Memory(Path(args["state"]))
    last: dict[str, list[int]] | None = None
    failing: set[str] = set()
    while True:
        seen = await asyncio.to_thread(files, feeds, failing)
        if feeds and (seen == last or args.get("once")):
            holes = await asyncio.to_thread(memory.changes, seen)
            for start in range(0, len(holes), _AT_ONCE):
                name = time.strftime(f"feeds-%Y%m%dT%H%M%SZ-{start // _AT_ONCE + 1}", time.gmtime())
                await queue.put({"payload": {"id": name, "cves": ",".join(holes[start:start + _AT_ONCE])}})
            if not memory.is_kept:
                memory.keep()
        last = seen
        if args.get("once"):
            return
        await asyncio.sleep(float(args.get("seconds", 60)))
