# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of what was done by itself, one run at a time, and so many a day. It is written before anything is done, and survives any end."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .._fleet import store

JOURNAL, LOCK = "journal.jsonl", "lock"
_LIMIT = 256 * 1024 * 1024
_LOOK_SECONDS = 2.0


class BusyError(Exception):
    """Another run heals the fleet, and did not end in time."""


def take(folder: Path, process: int, event: str, patience: float) -> str:
    """Wait until no other run heals, then be the one that does; the event of a run that ended without a word, '' where none did.

    Who holds it is a process that still runs (store.hold), so a rulebook that was stopped and left its playbook behind is waited for as well.
    """
    place = store.private_directory(folder / LOCK)
    until = time.monotonic() + patience
    while True:
        try:
            store.hold(place, process)
            break
        except store.StoreError as error:
            if time.monotonic() >= until:
                raise BusyError(str(error)) from None
            time.sleep(_LOOK_SECONDS)
    note = place / "event"
    orphan = (store.read_if_there(note, 4096) or "").strip()
    store.write(note, [event])
    return orphan


def give_back(folder: Path) -> None:
    """The run has ended with a word."""
    (folder / LOCK / "event").unlink(missing_ok=True)
    (folder / LOCK / store.RUNNING).unlink(missing_ok=True)


def note(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add lines to the journal for good."""
    path = store.private_directory(folder) / JOURNAL
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            # A line that was torn would take the next one with it.
            is_torn = stream.seek(0, os.SEEK_END) > 0 and (stream.seek(-1, os.SEEK_END), stream.read(1))[1] != b"\n"
            stream.write((b"\n" if is_torn else b"") + b"".join(json.dumps(row, sort_keys=True).encode() + b"\n" for row in rows))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise store.StoreError(f"cannot write {path}: {error.strerror}; nothing is healed without its journal") from error


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The journal; a torn line is none."""
    path = folder / JOURNAL
    for line in (store.read_if_there(path, _LIMIT) or "").splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def begun_since(folder: Path, moment: str) -> int:
    """How many runs were begun since then."""
    return sum(1 for row in lines(folder) if row.get("what") == "begun" and str(row.get("at")) >= moment)
