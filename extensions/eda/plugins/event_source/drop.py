# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events from files that are dropped into a folder: JSON documents (an advisory, an alert), or any text that names holes.

A file is taken once it has not grown for a moment, and then moved to ``taken/`` beside it, so that one that was queued when the rulebook was stopped
can be seen and dropped again. What starts with a dot, is a link or is larger than a megabyte is left where it is.
"""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

_LIMIT = 1024 * 1024
_SETTLED_SECONDS = 1.0


def waiting(folder: Path, now: float) -> list[Path]:
    """The files that are whole, the oldest first."""
    found = []
    for path in folder.iterdir():
        if path.name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        seen = path.stat()
        if seen.st_size <= _LIMIT and now - seen.st_mtime >= _SETTLED_SECONDS:
            found.append((seen.st_mtime_ns, path.name, path))
    return [path for _moment, _name, path in sorted(found)]


def taken(path: Path) -> dict[str, Any]:
    """What a file says, and the file moved away."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = {"text": text}
    payload = content if isinstance(content, dict) else {"list": content}
    place = path.parent / "taken"
    place.mkdir(mode=0o700, exist_ok=True)
    path.replace(place / path.name)
    return {"payload": {"id": path.stem, **payload}}


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Look each second; with ``once`` end when the folder is empty."""
    folder = Path(args["folder"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        for path in waiting(folder, time.time()):
            await queue.put(taken(path))
        if args.get("once"):
            return
        await asyncio.sleep(float(args.get("seconds", 1)))
