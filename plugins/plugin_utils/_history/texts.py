# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any text of a host as a text that every database takes, and back; and a name of any length as one that an index takes.

JSON can say NUL and half a surrogate pair. PostgreSQL refuses NUL, neither database can be sent a lone surrogate: both are written as their escapes
(``\\u0000``), and the backslashes before what reads like one are doubled, so that no two texts become one and each can be had back as it was.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

from .errors import library

# A third of PostgreSQL's page, 2704 bytes, is the most that an entry of an index may hold (nbtree, BTMaxItemSize): a key shares it with its kind.
_KEY_BYTES = 2000
_KEY_SHOWN = 300
# NUL, one byte, becomes the six of its escape; no other character grows to more.
_MOST_BYTES = 6

_LIKE_AN_ESCAPE = r"u(?:0000|d[89a-f][0-9a-f]{2})"
# From the first of backslashes alone: whoever writes very many is not to be read once for each of them.
_REFUSED = re.compile(rf"(?<!\\)(?:(\\*)([\x00\ud800-\udfff])|(\\+)(?={_LIKE_AN_ESCAPE}))")
_WRITTEN = re.compile(rf"(?<!\\)(\\+)({_LIKE_AN_ESCAPE})")


def storable(text: str) -> str:
    """``text`` without what a database refuses."""
    return text if text.isprintable() and "\\u" not in text else _REFUSED.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    before, refused, alike = found.groups()
    return f"{before * 2}\\u{ord(refused):04x}" if refused else alike * 2


def original(text: str) -> str:
    """The text that was made storable."""
    return _WRITTEN.sub(_as_it_was, text) if "\\u" in text else text


def _as_it_was(found: re.Match[str]) -> str:
    backslashes, escape = found.groups()
    before = "\\" * (len(backslashes) // 2)
    return before + (chr(int(escape[1:], 16)) if len(backslashes) % 2 else escape)


def indexable(name: str) -> str:
    """``name``, or where no index would take it, its beginning and a digest of all of it: the same name is the same, and no other is."""
    if _MOST_BYTES * len(name) <= _KEY_BYTES or len(storable(name).encode()) <= _KEY_BYTES:
        return name
    return f"{name[:_KEY_SHOWN]}… (sha256 {hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()})"


@lru_cache(maxsize=1)
def column_type() -> Any:
    """The type of every column of texts: what is written, and what is compared with, is made storable by the statement itself."""
    sa = library("sqlalchemy")

    class Told(sa.types.TypeDecorator):  # type: ignore[misc, name-defined]
        """Texts of any kind."""

        impl, cache_ok = sa.Text, True

        def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
            return None if value is None else storable(value)

        def process_result_value(self, value: str | None, dialect: Any) -> str | None:
            return None if value is None else original(value)

    return Told()
