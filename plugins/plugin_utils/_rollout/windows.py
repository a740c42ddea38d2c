# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: days, hours and a time zone, such as ``Mon-Fri 22:00-04:00 Europe/Berlin``. Pure but for the zones' own tables."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LEAST = 3
_FORM = re.compile(r"(?P<days>[A-Za-z*,-]+)\s+(?P<start>\d{1,2}:\d{2})-(?P<end>\d{1,2}:\d{2})(?:\s+(?P<zone>[A-Za-z0-9_+/-]+))?")
_LOOSE = re.compile(r"\s*([,\u2013-])\s*")
_WANTED = ("wanted days, hours and a time zone, such as 'Mon-Fri 22:00-04:00 Europe/Berlin' or 'daily 02:00-05:00' (in UTC); several as a list, "
           "or one a line")
_AHEAD_DAYS = 8


class WindowError(ValueError):
    """A window that cannot be read; the message says what was seen and what is wanted."""


class Window(NamedTuple):
    """Open on these days of the week (0 is Monday) from a minute of the day to another; one that ends before it began ends on the next day."""

    days: frozenset[int]
    start: int
    end: int
    zone: str
    text: str


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Window:
    """The window that a text means."""
    found = _FORM.fullmatch(_LOOSE.sub(r"\1", text.strip()).replace("\u2013", "-"))
    if not found:
        raise WindowError(f"firebreak_windows: seen {text!r}; {_WANTED}")
    zone = "UTC" if (found["zone"] or "UTC").upper() == "UTC" else found["zone"]
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise WindowError(f"firebreak_windows: seen {text!r}; {zone} is no time zone that this controller knows (its package tzdata, or the "
                          "Python package of that name, brings them)") from None
    return Window(_days(found["days"], text), _minute(found["start"], text), _minute(found["end"], text), zone, text.strip())


def _minute(text: str, whole: str) -> int:
    hours, _colon, minutes = text.partition(":")
    if int(minutes) > 59 or int(hours) * 60 + int(minutes) > 24 * 60:
        raise WindowError(f"firebreak_windows: seen {whole!r}; {text} is no time of a day")
    return int(hours) * 60 + int(minutes)


def _days(text: str, whole: str) -> frozenset[int]:
    if text.lower() in ("daily", "*"):
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, *last = (_day(name, whole) for name in part.split("-"))
        if len(last) > 1:
            raise WindowError(f"firebreak_windows: seen {whole!r}; {_WANTED}")
        start, end = first, last[0] if last else first
        found.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8))
    return frozenset(found)


def _day(text: str, whole: str) -> int:
    """The number of a day that is named in full or by at least three letters, as in Tue, Tues, Tuesday."""
    found = [number for number, name in enumerate(_DAYS) if len(text) >= _LEAST and name.startswith(text.lower())]
    if not found:
        raise WindowError(f"firebreak_windows: seen {whole!r}; {_WANTED}")
    return found[0]


def is_open(window: Window, moment: datetime) -> bool:
    """Whether a window is open at a moment, by the clock on the wall of its zone."""
    local = moment.astimezone(ZoneInfo(window.zone))
    minute, today, yesterday = local.hour * 60 + local.minute, local.weekday(), (local.weekday() - 1) % 7
    if window.start < window.end:
        return today in window.days and window.start <= minute < window.end
    return (today in window.days and minute >= window.start) or (yesterday in window.days and minute < window.end)


@functools.lru_cache(maxsize=4096)
def stays_open(windows: tuple[Window, ...], moment: datetime, minutes: int) -> bool:
    """Whether, from this moment on, some window is open for so many minutes without a break; no windows at all are always open."""
    if not windows:
        return True
    return all(any(is_open(window, moment + timedelta(minutes=later)) for window in windows) for later in range(max(1, minutes)))


@functools.lru_cache(maxsize=4096)
def opens_at(windows: tuple[Window, ...], moment: datetime, minutes: int) -> datetime | None:
    """The next full minute from which a step fits; None where there is none in the next week."""
    start = moment.replace(second=0, microsecond=0)
    opened = 0
    for later in range(_AHEAD_DAYS * 24 * 60):
        opened = opened + 1 if any(is_open(window, start + timedelta(minutes=later)) for window in windows) else 0
        if opened >= max(1, minutes):
            return start + timedelta(minutes=later - opened + 1)
    return None


def read(texts: Sequence[str]) -> tuple[Window, ...]:
    """All windows of a list."""
    return tuple(parse(text) for text in texts)
