# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a record that nobody vouches for: every fact comes with the type that was asked for, or as CannotSay with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any

from .declared import CannotSay, Row

__all__ = ["CannotSay", "Facts", "printable", "shown"]

TEXT_LIMIT = 65536
SHOWN_LIMIT = 200
ITEMS_LIMIT = 10_000
ITEMS_SHOWN = 20


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def printable(text: str, limit: int = SHOWN_LIMIT) -> str:
    """Text from a host for a person: no control characters, at most ``limit`` characters."""
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return cut if cut.isprintable() else "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in cut)


def shown(value: Any, depth: int = 0) -> Any:
    """A value from a record as short plain data."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else "a number beyond 64 bits"
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if depth >= 2:
        return "..."
    if isinstance(value, Mapping):
        return {printable(str(name), 64): shown(item, depth + 1) for name, item in list(value.items())[:ITEMS_SHOWN]}
    if isinstance(value, list | tuple):
        return [shown(item, depth + 1) for item in value[:ITEMS_SHOWN]] + (["..."] if len(value) > ITEMS_SHOWN else [])
    return printable(str(type(value).__name__))


class Facts:
    """The facts of one record. Each getter returns its type or raises CannotSay."""

    def __init__(self, record: Any) -> None:
        self._record: Mapping[str, Any] = record if isinstance(record, dict) else {}
        self._nulls: dict[str, str] | None = None
        evidence = self._record.get("evidence")
        self._evidence: Mapping[str, Any] = evidence if isinstance(evidence, dict) else {}

    def record(self) -> Mapping[str, Any]:
        """All of the record, for what asks with getters of its own."""
        return self._record

    def raw(self, path: str) -> Any:
        """Whatever stands at a dotted path, None where nothing does."""
        place: Any = self._record
        for step in _steps(path):
            if not isinstance(place, dict):
                return None
            place = place.get(step)
        return place

    def _get(self, path: str, kind: type | tuple[type, ...], name: str) -> Any:
        value = self.raw(path)
        if value is None:
            raise CannotSay(path, self.why(path))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise CannotSay(path, f"malformed: {printable(type(value).__name__)} where {name} was expected")
        return value

    def text(self, path: str) -> str:
        value = self._get(path, str, "text")
        if not value or len(value) > TEXT_LIMIT:
            raise CannotSay(path, "malformed: empty" if not value else f"malformed: longer than {TEXT_LIMIT} characters")
        return str(value)

    def number(self, path: str) -> int | float:
        value: int | float = self._get(path, (int, float), "a number")
        if not -1e15 < value < 1e15:
            raise CannotSay(path, "malformed: out of range")
        return value

    def truth(self, path: str) -> bool:
        return bool(self._get(path, bool, "true or false"))

    def items(self, path: str) -> list[Any]:
        value: list[Any] = self._get(path, list, "a list")
        if len(value) > ITEMS_LIMIT:
            raise CannotSay(path, f"malformed: more than {ITEMS_LIMIT} items")
        return value

    def table(self, path: str) -> dict[str, Any]:
        value: dict[str, Any] = self._get(path, dict, "a mapping")
        if len(value) > ITEMS_LIMIT:
            raise CannotSay(path, f"malformed: more than {ITEMS_LIMIT} entries")
        return value

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The mappings in a list of mappings, each held to what its section declares."""
        rows = self.items(path)
        if not all(isinstance(row, dict) for row in rows):
            raise CannotSay(path, "malformed: a row that is no mapping")
        return [Row(row, path) for row in rows]

    def words(self, path: str) -> list[str]:
        """The texts in a list of texts."""
        words = self.items(path)
        if not all(isinstance(word, str) for word in words):
            raise CannotSay(path, "malformed: something that is no text")
        return words

    def why(self, path: str) -> str:
        """Why a fact is null: the reason that the scan gave for it, or for what it is part of."""
        if self._nulls is None:
            self._nulls = _reasons(self._record.get("nulls"))
        steps = _steps(path)
        for length in range(len(steps), 0, -1):
            reason = self._nulls.get(".".join(steps[:length]))
            if reason:
                return reason
        return "missing" if isinstance(self._record.get(steps[0]), dict) else f"not_scanned: the record has no section {steps[0]}"

    def is_missing(self, path: str) -> bool:
        """Whether a record says neither a fact nor why not: one of a scan that was made before there was such a fact."""
        return self.raw(path) is None and self.why(path) == "missing"

    def is_absent(self, path: str) -> bool:
        """Whether a fact is null because the host has no such thing, which is knowledge too."""
        return self.raw(path) is None and self.why(path).split(" ")[0] == "absent"

    def why_not_text(self, path: str) -> str:
        """Why a fact is no text that can be used."""
        try:
            self.text(path)
        except CannotSay as reason:
            return reason.why
        return "malformed: longer than 256 characters"

    def evidence(self, paths: Iterable[str]) -> list[dict[str, Any]]:
        """For each fact its value and where the scan had it from."""
        found = []
        for path in paths:
            steps = _steps(path)
            sources = (self._evidence.get(".".join(steps[:length])) for length in range(len(steps), 0, -1))
            source = next((source for source in sources if isinstance(source, str)), "")
            found.append({"fact": printable(path), "source": printable(source), "value": shown(self.raw(path))})
        return found


def _reasons(nulls: Any) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for null in nulls[:ITEMS_LIMIT] if isinstance(nulls, list) else []:
        if isinstance(null, dict) and isinstance(null.get("fact"), str) and isinstance(null.get("reason"), str):
            detail = null.get("detail")
            tail = f" ({printable(detail)})" if isinstance(detail, str) and detail else ""
            reasons[null["fact"]] = printable(null["reason"], 64) + tail
    return reasons
