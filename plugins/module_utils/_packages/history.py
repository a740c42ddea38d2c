# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of a package was installed when a process started: from the package managers' logs."""

import calendar
import re
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

# dpkg writes local time without saying which: a change to or from summer time between two entries shifts them by an hour.
_ZONE_DOUBT = 3700
# A package's last entry is set by the clock of its own file list, and unpacking takes a while.
_LAST_DOUBT = 120
_QUARTER_HOUR = 900

_DPKG = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (install|upgrade|remove|purge) (\S+) (\S+) (\S+)\Z")
_DNF = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-]\d{4}) \S+ (Install|Installed|Upgrade|Upgraded|Downgrade|Downgraded|Reinstall|Erase): (\S+)\Z")
_DNF5 = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-]\d{4}) \[\d+\] INFO RPM callback (install|uninstall) start "(\S+)" ')
_ZYPP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\|(install|remove) *\|([^|]+)\|([^|]+)\|")


class Event(NamedTuple):
    """A change of a package: when (seconds since 1970, for dpkg in unknown local time), and the version before and after; None is not installed."""

    at: int
    before: Optional[str]
    after: Optional[str]


def _seconds(date: str, zone: str = "Z") -> int:
    """Seconds since 1970 of 'YYYY-MM-DD?HH:MM:SS'; ValueError for a moment that cannot be."""
    numbers = [int(number) for number in re.findall(r"\d+", date)]
    month, day, hour, minute, second = numbers[1:]
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60) or numbers[0] < 1970:
        raise ValueError("no moment: %r" % date)
    shift = 0 if zone == "Z" else (int(zone[1:3]) * 60 + int(zone[3:])) * 60 * (-1 if zone[0] == "-" else 1)
    return calendar.timegm((numbers[0], month, day, hour, minute, second, 0, 1, 0)) - shift


def _version(word: str) -> Optional[str]:
    return None if word == "<none>" else word


def parse_dpkg_log(text: str, package: str) -> List[Event]:
    """The changes of one package in /var/log/dpkg.log, oldest first; damaged lines are passed over."""
    events = []
    for line in text.splitlines():
        match = _DPKG.match(line)
        if not match or match.group(3).partition(":")[0] != package:
            continue
        try:
            events.append(Event(_seconds(match.group(1)), _version(match.group(4)), _version(match.group(5))))
        except ValueError:
            continue
    return events


def _nevra(package: str) -> Any:
    """What rpm's tools call a version of a package; an epoch of nought is none."""
    return re.compile(re.escape(package) + r"-(?:0:)?((?:\d+:)?[^-\s]+-[^-\s]+)\.[A-Za-z0-9_]+\Z")


def _rpm_lines(pattern: Any, text: str, package: str) -> Iterator[Tuple[int, str, str]]:
    """(when, what was done, the version) of each line about a package in a log of dnf; damaged lines are passed over."""
    nevra = _nevra(package)
    for match in filter(None, map(pattern.match, text.splitlines())):
        name = nevra.match(match.group(4))
        if not name:
            continue
        try:
            yield _seconds(match.group(1), match.group(2)), match.group(3), name.group(1)
        except ValueError:
            continue


def parse_dnf_log(text: str, package: str) -> List[Event]:
    """The changes of one package in /var/log/dnf.rpm.log, oldest first. Old and new version stand on lines of their own."""
    events: List[Event] = []
    for at, done, version in _rpm_lines(_DNF, text, package):
        if done in ("Upgraded", "Downgraded"):
            events[-1:] = [event._replace(before=version) for event in events[-1:]]
        else:
            events.append(Event(at, version, None) if done == "Erase" else Event(at, None, version))
    return events


def parse_dnf5_log(text: str, package: str) -> List[Event]:
    """The changes of one package in /var/log/dnf5.log, oldest first: the new version comes before the old one goes."""
    events: List[Event] = []
    for at, done, version in _rpm_lines(_DNF5, text, package):
        if done == "install":
            events.append(Event(at, None, version))
        elif events and events[-1].before is None and events[-1].after not in (None, version):
            events[-1] = events[-1]._replace(before=version)
        else:
            events.append(Event(at, version, None))
    return events


def parse_zypp_history(text: str, package: str) -> List[Event]:
    """The changes of one package in /var/log/zypp/history, oldest first, in unknown local time. An upgrade is an installation there."""
    events: List[Event] = []
    for line in text.splitlines():
        match = _ZYPP.match(line)
        if not match or match.group(3) != package:
            continue
        before = events[-1].after if events else None
        try:
            events.append(Event(_seconds(match.group(1)), before, match.group(4) if match.group(2) == "install" else None))
        except ValueError:
            continue
    return events


def ends_with(events: List[Event], version: str) -> List[Event]:
    """The events, if each begins where the one before it ended and the last brought ``version``; ValueError where some are missing."""
    for place in range(1, len(events)):
        earlier, later = events[place - 1:place + 1]
        if later.before not in (earlier.after, None) or (later.before is None and earlier.after not in (None, later.after)):
            raise ValueError("the log misses a change of the package")
    if events and events[-1].after != version:
        raise ValueError("the log's last entry is not what is installed")
    return events


_ANY_DATE = re.compile(r"(?m)^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(Z|[+-]\d{4})?[\s|]")


def last_entry(text: str) -> Optional[int]:
    """When the last entry of a log is from, in the time that its entries are in; None for one without an entry."""
    dates = _ANY_DATE.findall(text)
    try:
        return _seconds(dates[-1][0], dates[-1][1] or "Z") if dates else None
    except ValueError:
        return None


def begins(text: str) -> Optional[int]:
    """When a log begins, in the time that its entries are in; None for one without an entry. What was before, it does not know."""
    first = _ANY_DATE.search(text)
    try:
        return _seconds(first.group(1), first.group(2) or "Z") if first else None
    except ValueError:
        return None


def in_utc(events: List[Event], installed_at: int) -> List[Event]:
    """Events in local time moved to UTC: the last one happened at ``installed_at``. ValueError where the log does not fit that."""
    if not events:
        raise ValueError("the log does not know the package")
    shift = int(round((events[-1].at - installed_at) / float(_QUARTER_HOUR))) * _QUARTER_HOUR
    if abs(shift) > 15 * 3600 or abs(events[-1].at - shift - installed_at) > _LAST_DOUBT:
        raise ValueError("the log's last entry is not the last installation")
    return [event._replace(at=event.at - shift) for event in events]


def version_at(events: List[Event], moment: float, zone_known: bool, since: Optional[float] = None) -> str:
    """The version installed at ``moment``; ValueError where the events cannot say it beyond doubt.

    What the first event replaced was there since the log begins (``since``; None: since that event), and what was before nobody knows.
    """
    if not events:
        raise ValueError("the log does not know the package")
    version = events[0].before
    for event in events:
        last = event is events[-1]
        doubt = _LAST_DOUBT if last or zone_known else _ZONE_DOUBT
        if abs(event.at - moment) <= doubt:
            raise ValueError("the process started within %d s of a change of the package" % doubt)
        if event.at > moment:
            break
        version = event.after
    is_before_all = moment < events[0].at and (since is None or since > moment - (0 if zone_known else _ZONE_DOUBT))
    if version is None or is_before_all:
        raise ValueError("the log begins after the start of the process")
    return version
