# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from a host, made fit for people and files: bounded plain values, one-line text, control characters made visible."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

TEXT_LIMIT = 2000
ITEMS_LIMIT = 100
DEPTH_LIMIT = 6


def clipped(text: str, limit: int = TEXT_LIMIT) -> str:
    """``text`` cut to ``limit`` characters, saying how long it was."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def plain(value: Any, depth: int = DEPTH_LIMIT) -> Any:
    """A JSON value with bounded strings, lists, mappings and depth, and without NaN or infinity."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return clipped(str(value))
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        items = list(value.items())[:ITEMS_LIMIT]
        return {clipped(str(key), 200): plain(item, depth - 1) for key, item in items} | _rest(len(value))
    if isinstance(value, (list, tuple)):
        return [plain(item, depth - 1) for item in value[:ITEMS_LIMIT]] + list(_rest(len(value)))
    return clipped(str(value))


def _rest(length: int) -> dict[str, str]:
    """A note for what ITEMS_LIMIT cut off."""
    return {f"… {length - ITEMS_LIMIT} more": ""} if length > ITEMS_LIMIT else {}


def one_line(value: Any) -> str:
    """A JSON value as a short text for a person: strings as they are, nothing as a dash, the rest as JSON or a comma list."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        return ", ".join(map(str, value)) or "none"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts, of which ``many`` is the plural where an s does not make it."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def texts(value: Any) -> list[str]:
    """The texts of a JSON list; none where it is no list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def mappings_at(value: Any, path: str) -> list[Mapping[str, Any]]:
    """The mappings in a list at a dotted path; of anything else nothing."""
    found = dig(value, path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def visible(text: str) -> str:
    """``text`` on one line and harmless to a terminal: what steers, hides, turns or is no character at all is shown as its code."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _code(char) for char in text)


def _code(char: str) -> str:
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path, or None where the way there is missing or not a mapping."""
    for key in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text_at(value: Any, path: str) -> str:
    """The text at a dotted path, bounded; anything that is not text is as good as missing: ''."""
    found = dig(value, path)
    return clipped(str(found), 300) if isinstance(found, str) else ""


def name_at(value: Any, path: str) -> str:
    """The name at a dotted path, whole: cut, it would tell two that begin alike from each other no more, nor be found again elsewhere."""
    found = dig(value, path)
    return str(found) if isinstance(found, str) else ""
