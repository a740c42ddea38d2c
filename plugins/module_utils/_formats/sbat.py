# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SBAT: the generations of a boot program's parts, and the level that says which are still good. Pure."""

import re
import struct
from typing import List, NamedTuple, Optional, Tuple

_LIMIT = 65536

# One line of a program's section .sbat: which part, and its generation; the rest is for people.
Row = NamedTuple("Row", [("component", str), ("generation", int), ("version", str)])


class Level(NamedTuple):
    """The level: ``date`` is ten digits, ``least`` the lowest good generation of each part."""

    date: str
    least: Tuple[Tuple[str, int], ...]

    def __str__(self) -> str:
        return " ".join([self.date] + ["%s,%d" % pair for pair in self.least])


def _lines(data: bytes) -> List[List[str]]:
    text = data[:_LIMIT].split(b"\0")[0].decode("utf-8", "replace")
    return [line.strip().split(",") for line in text.splitlines() if line.strip()]


def _number(text: str) -> int:
    if not re.match(r"\d{1,9}\Z", text):
        raise ValueError("no generation: %.40r" % text)
    return int(text)


def parse_rows(data: bytes) -> List[Row]:
    """The rows of a section .sbat; ValueError for one without a generation."""
    rows = []
    for fields in _lines(data):
        if len(fields) < 2:
            raise ValueError("a row of .sbat without a generation: %.60r" % fields[0])
        rows.append(Row(fields[0], _number(fields[1]), fields[4] if len(fields) > 4 else ""))
    return rows


def parse_level(data: bytes) -> Level:
    """A level as in SbatLevelRT; ValueError for what is none."""
    lines = _lines(data)
    if not lines or lines[0][0] != "sbat" or len(lines[0]) < 3 or not re.match(r"\d{10}\Z", lines[0][2]):
        raise ValueError("no level of SBAT: %.60r" % data[:60])
    if any(len(fields) < 2 for fields in lines):
        raise ValueError("a row of a level without a generation")
    return Level(lines[0][2], tuple((fields[0], _number(fields[1])) for fields in lines[1:]))


def parse_carried(section: bytes) -> Tuple[Level, Level]:
    """(automatic, latest) of shim's section .sbatlevel; ValueError where it is of another form."""
    if len(section) < 12 or struct.unpack_from("<I", section)[0] != 0:
        raise ValueError("a section .sbatlevel of an unknown version")
    automatic, latest = (4 + offset for offset in struct.unpack_from("<II", section, 4))
    return parse_level(section[automatic:]), parse_level(section[latest:])


def below(rows: List[Row], level: Level) -> Optional[str]:
    """The first part that is below the level, in words; None where there is none."""
    least = dict(level.least)
    for row in rows:
        if row.generation < least.get(row.component, 0):
            return "%s,%d is below %s,%d" % (row.component, row.generation, row.component, least[row.component])
    return None
