# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events from files that are dropped into a folder: JSON documents (an advisory, an alert), or any text that names holes.

A file is taken once it has not grown for a moment, and then moved to ``taken/`` beside it, so that one that was queued when the rulebook was stopped
can be seen and dropped again. What starts with a dot, is a link, or cannot be read and moved is left where it is, and no file ends the watch.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

# Red Hat's own document about a hole of the kernel has some ten.
_LIMIT = 64 * 1024 * 1024
_SETTLED_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


def waiting(folder: Path, now: float) -> list[Path]:
    """The files that are whole, the oldest first."""
    found = []
    for path in folder.iterdir():
        try:
            seen = path.lstat()
            is_whole = path.is_file() and not path.is_symlink() and abs(now - seen.st_mtime) >= _SETTLED_SECONDS
        except FileNotFoundError:
            continue
        if is_whole and not path.name.startswith("."):
            found.append((seen.st_mtime_ns, path.name, path))
    return [path for _moment, _name, path in sorted(found)]


def taken(path: Path) -> dict[str, Any]:
    """What a file says, and the file moved away."""
    if path.stat().st_size > _LIMIT:
        raise OSError(f"it is larger than {_LIMIT} bytes")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = {"text": text}
    payload = content if isinstance(content, dict) else {"list": content}
    place = path.parent / "taken"
    place.mkdir(mode=0o700, exist_ok=True)
    path.replace(_free(place / path.name))
    return {"payload": {"id": path.stem, **payload}}


def _free(path: Path) -> Path:
    """A name that no file has which was taken before."""
    names = (path, *(path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10000)))
    return next((name for name in names if not name.exists()), path)


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Look each second; with ``once`` end when the folder is empty."""
    folder = Path(args["folder"])
    left: set[str] = set()
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in waiting(folder, time.time()):
            await _put(queue, path, left)
        if args.get("once"):
            return
        await asyncio.sleep(float(args.get("seconds", 1)))


async def _put(queue: asyncio.Queue[Any], path: Path, left: set[str]) -> None:
    """Queue what a file says; of one that cannot be taken say so once."""
    try:
        event = taken(path)
    except FileNotFoundError:
        return
    except OSError as error:
        if path.name not in left:
            left.add(path.name)
            _LOG.warning("%s is left where it is: %s", path, error)
        return
    await queue.put(event)
