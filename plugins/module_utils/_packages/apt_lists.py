# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apt's lists say of themselves: the archives they are of, and how old they are by the dates that the archives signed."""

import calendar
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

LISTS = "/var/lib/apt/lists"
_HEAD_BYTES = 16384
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"(?:\w{3}, *)?(\d{1,2}) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:UTC|GMT|Z|\+0000)\Z")
_FIELD = re.compile(r"^([A-Z][A-Za-z-]*):[ \t]+(\S[^\n]*)$", re.MULTILINE)
# A clock that runs a little behind the archive's makes no list a list of the future.
CLOCK_SLACK = 3600


class Release(NamedTuple):
    """An archive: the fields of its Release file, and where it lies as apt writes it into the name of the file."""

    location: str
    fields: Dict[str, str]

    @property
    def site(self) -> str:
        """The host's name, '' for files of this machine."""
        return self.location.partition("_")[0]

    @property
    def by_hand(self) -> bool:
        """Whether apt takes nothing from there unless it is told to, as from backports."""
        return self.fields.get("NotAutomatic", "").lower() == "yes"


def parse_release(location: str, text: str) -> Release:
    """A Release file, of which the fields of one line count; in an InRelease file a signature is around them."""
    return Release(location, {name: value.strip() for name, value in _FIELD.findall(text)})


def location_of(source: str) -> str:
    """How apt writes 'http://host/path suite/component' into the names of its lists."""
    address, _space, suite = source.partition(" ")
    path = re.sub(r"^[a-z0-9+.-]+:(?://)?(?:[^/@]*@)?", "", address).rstrip("/")
    suite = suite.rsplit("/", 1)[0] if "/" in suite else suite
    return ("%s/dists/%s" % (path, suite)).replace("/", "_")


def seconds_of(date: str) -> Optional[int]:
    """Seconds since 1970 of a date in a Release file, None for what is none."""
    match = _DATE.match(date.strip())
    if not match or match.group(2) not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match.group(number)) for number in (1, 3, 4, 5, 6))
    return calendar.timegm((year, _MONTHS.index(match.group(2)) + 1, day, hour, minute, second, 0, 1, 0))


def releases(host: Any, names: List[str]) -> List[Release]:
    """The archives of which Release files lie among these names of lists."""
    found = []
    for name in names:
        match = re.match(r"(.+)_(?:InRelease|Release)\Z", name)
        if match:
            # The fields stand before the long lists of digests.
            text = host.read_bytes("%s/%s" % (LISTS, name), _HEAD_BYTES).if_there(b"").decode("utf-8", "replace")
            found.append(parse_release(match.group(1), text))
    return found


def age_of(archives: List[Release], now: float) -> Optional[int]:
    """Seconds since the archives were as the lists have them; None where no date is known, or where one lies in the future.

    An archive whose contents never change keeps its date, so the newest counts; one that has let its own validity run out is as old as it says.
    """
    dates = [(seconds_of(archive.fields.get("Date", "")), seconds_of(archive.fields.get("Valid-Until", ""))) for archive in archives]
    known = [(made, valid) for made, valid in dates if made is not None]
    if not known or any(made > now + CLOCK_SLACK for made, _valid in known):
        return None
    expired = [made for made, valid in known if valid is not None and valid < now]
    return max(0, int(now - min(expired + [max(made for made, _valid in known)])))


def stamp_age(host: Any) -> Tuple[Optional[int], str]:
    """(seconds since ``apt update`` last ran, by the time stamps that it leaves, and which): the word of lists whose archives carry no dates."""
    for path in ("/var/lib/apt/periodic/update-success-stamp", LISTS + "/partial", LISTS):
        answer = host.stat(path)
        if not answer.problem:
            age = int(host.now() - answer.value.mtime)
            return (max(0, age), path) if age >= -CLOCK_SLACK else (None, "%s is of the future" % path)
    return None, "nothing tells when the lists were refreshed"


def age(host: Any, names: List[str]) -> Tuple[Optional[int], str]:
    """(seconds since the lists were as their archives had them, who says so): time stamps only where no archive says when it was made."""
    archives = releases(host, names)
    if any(seconds_of(archive.fields.get("Date", "")) is not None for archive in archives):
        return age_of(archives, host.now()), "the dates in the Release files of %s" % LISTS
    return stamp_age(host)
