# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a rollout is kept: a journal to which each event is added for good before the next step, and the lock of the run that drives it.

A journal survives any end of its run: a last line that was torn is cut off by the next writer. Errors are :class:`StoreError`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .._fleet import store
from .wording import wrong

LOCK = "lock.json"
WATCHED = "watched.jsonl"
_JOURNAL = re.compile(r"\d{8}T\d{6}Z(-\d+)?\.jsonl")
_AT = re.compile(r'"at": "([0-9TZ:-]{20})"')
# How append() begins the line of a step.
_STEP_OF = '{"event": "step", "host": '
_FORM = "%Y-%m-%dT%H:%M:%SZ"
_LIMIT = 1024 * 1024 * 1024
_TAIL = 64 * 1024
_FAR = 253402300800


def stamp(moment: datetime) -> str:
    """A moment as journals have it."""
    return moment.astimezone(timezone.utc).strftime(_FORM)


def current(folder: Path) -> Path | None:
    """The journal of the newest rollout; None where there never was one."""
    found = journals(folder)
    return found[-1] if found else None


def journals(folder: Path) -> list[Path]:
    """The journals of all rollouts, the oldest first."""
    return sorted((path for path in store.listed(folder, ".jsonl") if _JOURNAL.fullmatch(path.name)), key=_order)


def _order(path: Path) -> tuple[str, int]:
    name, _dash, number = path.stem.partition("-")
    return name, int(number or 1)


def new(folder: Path, now: datetime) -> Path:
    """A name for the journal of a new rollout."""
    base, number = now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ"), 1
    newest = current(folder)
    # The newest is the last by its name, also where the clock was ahead when the one before it was begun.
    if newest is not None and _order(newest)[0] >= base:
        base, number = _order(newest)[0], _order(newest)[1] + 1
    return store.private_directory(folder) / f"{base}{f'-{number}' if number > 1 else ''}.jsonl"


def events(path: Path, about: str = "") -> Iterator[Mapping[str, Any]]:
    """The events of a journal; a torn last line is none, any other line that says nothing which can be ends the reading with an error. Those
    that are ``about`` one host leave out the steps of others, which are most of a journal and decide nothing for it: they are passed over unread."""
    own = f"{_STEP_OF}{json.dumps(about)}," if about else _STEP_OF
    for number, line in enumerate(_whole_lines(path), 1):
        if line.startswith(_STEP_OF) and not line.startswith(own):
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _damaged(path, number, f"it is no JSON ({error})") from error
        why = wrong(event)
        if why:
            raise _damaged(path, number, why)
        yield event


def _whole_lines(path: Path) -> list[str]:
    whole, newline, _torn = store.read(path, _LIMIT).rpartition("\n")
    return whole.split("\n") if newline else []


def _damaged(path: Path, number: int, why: str) -> store.StoreError:
    return store.StoreError(f"cannot read {path}: line {number}: {why}; the rollout cannot be continued from it")


def watched(folder: Path, since: str) -> Iterator[Mapping[str, Any]]:
    """What somebody's watcher saw from outside since a moment, as events: its lines say ``host``, ``up`` and ``at`` in seconds since 1970. It
    writes beside the journals, and is believed by nobody but the one who looks at the page: whatever else stands there is passed over."""
    for line in _seen_from_outside(folder / WATCHED):
        seconds = line.get("at")
        if isinstance(line.get("host"), str) and isinstance(line.get("up"), bool) and isinstance(seconds, (int, float)) and 0 <= seconds < _FAR:
            at = stamp(datetime.fromtimestamp(seconds, timezone.utc))
            if at >= since:
                yield {"event": "watched", "host": line["host"], "up": line["up"], "at": at}


def _seen_from_outside(path: Path) -> Iterator[Mapping[str, Any]]:
    with contextlib.suppress(store.StoreError):
        for line in _whole_lines(path):
            with contextlib.suppress(ValueError, RecursionError):
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found


def append(path: Path, happened: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Add events for good. Their time never runs back, whatever the clock does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            at = max(stamp(now), _mended(stream))
            _whole(stream, b"".join(json.dumps({**event, "at": at}).encode() + b"\n" for event in happened))
    except OSError as error:
        raise store.StoreError(f"cannot write {path}: {error.strerror}; wanted room and the right to write there") from error


def _whole(stream: Any, data: bytes) -> None:
    """Write all of it for good, or nothing: what has no room is taken back."""
    size = stream.seek(0, os.SEEK_END)
    try:
        while data:
            data = data[stream.write(data):]
        os.fsync(stream.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            stream.truncate(size)
        raise


def _mended(stream: Any) -> str:
    """Cut off a torn last line, however long; the time of the last event, '' where there is none."""
    size = stream.seek(0, os.SEEK_END)
    for length in (_TAIL, size):
        stream.seek(max(0, size - length))
        kept, newline, torn = stream.read().rpartition(b"\n")
        if newline:
            break
    if torn:
        stream.truncate(size - len(torn))
    found = _AT.findall(kept[-_TAIL:].decode("utf-8", "replace"))
    return str(found[-1]) if found else ""


@contextlib.contextmanager
def _guard(folder: Path) -> Iterator[None]:
    """One process at a time looks at the lock and changes it."""
    try:
        descriptor = os.open(store.private_directory(folder) / f".{LOCK}.guard", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise store.StoreError(f"cannot write to {folder}: {error.strerror}; wanted a directory this user may write to") from error
    with os.fdopen(descriptor, "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def holder(folder: Path) -> dict[str, Any] | None:
    """Who holds the lock of the fleet; None where nobody does."""
    try:
        found = json.loads(store.read(folder / LOCK, 64 * 1024))
    except store.GoneError:
        return None
    except (ValueError, RecursionError, store.StoreError):
        found = ""
    if isinstance(found, dict) and all(isinstance(found.get(key), str) for key in ("owner", "expires", "machine")):
        return found
    return {"owner": f"somebody ({folder / LOCK} cannot be read: remove it where nobody does)", "since": "?", "expires": "9999", "machine": ""}


def take(folder: Path, owner: str, process: int, hours: float, now: datetime) -> str:
    """Take or renew the lock; of a dead owner it is taken over, and the answer says from whom ('' else). StoreError where another holds it."""
    mine = {"owner": owner, "process": process, "started": store.started(process), "machine": machine()}
    with _guard(folder):
        held, since, former = holder(folder), stamp(now), ""
        if held and _same(held, mine):
            since = str(held.get("since"))
        elif held:
            if _holds(held, now):
                raise store.StoreError(f"{held.get('owner')} drives a rollout of this fleet since {held.get('since')} (process "
                                       f"{held.get('process')}, until {held.get('expires')} at the latest); wait for it, or pause it")
            former = str(held.get("owner"))
        store.write(folder / LOCK, [json.dumps({**mine, "since": since, "hours": hours, "expires": stamp(now + timedelta(hours=hours))}), "\n"])
    return former


def renew(folder: Path, process: int, now: datetime) -> None:
    """Move the end of the lock on where this run holds it and half of its time is over: a long rollout is not taken from the one who drives it."""
    held = holder(folder) or {}
    hours = held.get("hours")
    if isinstance(hours, (int, float)) and str(held.get("expires")) < stamp(now + timedelta(hours=hours / 2)) and is_held_by(folder, process):
        take(folder, str(held["owner"]), process, hours, now)


def give_back(folder: Path, process: int) -> None:
    """Release the lock where this run holds it."""
    with _guard(folder):
        held = holder(folder)
        if held and _same(held, {"process": process, "started": store.started(process), "machine": machine()}):
            (folder / LOCK).unlink(missing_ok=True)


def is_held_by(folder: Path, process: int) -> bool:
    """Whether this run still holds the lock: one that slept past its end must not go on."""
    held = holder(folder)
    return bool(held) and _same(held or {}, {"process": process, "started": store.started(process), "machine": machine()})


def _same(held: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
    return all(held.get(key) == mine[key] for key in ("process", "started", "machine"))


def _holds(held: Mapping[str, Any], now: datetime) -> bool:
    """An owner on this machine holds it while his process lives; of one elsewhere nobody knows, so that the time decides."""
    if held.get("machine") == machine():
        process = held.get("process")
        return isinstance(process, int) and store.started(process) == held.get("started") != "-"
    return str(held.get("expires")) > stamp(now)


def machine() -> str:
    """This machine in its present boot, as seen from this container."""
    try:
        return f"{os.uname().nodename} {store.boot()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return os.uname().nodename
