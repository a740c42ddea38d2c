# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan looks at only where a standard names it: files of a Kata release to hash, and modules of the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .requirement import parse


def checksums(lines: Any) -> dict[str, str]:
    """SHA-256 by path, from lines as the standard has them."""
    pairs = (line.split("  ", 1) for line in lines)
    return {path: sha256 for sha256, path in pairs}


def of_standard(standard: Mapping[str, Any] | None) -> list[str]:
    """The paths in ``kata.files``."""
    return sorted({path for lines in _given(standard, "kata", "files") for path in checksums(parse(lines, "checksums", ("exact",)).value)})


def modules_of_standard(standard: Mapping[str, Any] | None) -> list[str]:
    """The names in ``kernel.modules_blocked``."""
    return sorted({name for names in _given(standard, "kernel", "modules_blocked") for name in parse(names, "words", ("exact",)).value})


def _given(standard: Mapping[str, Any] | None, section: str, key: str) -> list[Any]:
    """What a key is given, in blocks for some platforms too: which of them match is known after the scan."""
    parts = [standard or {}, *((standard or {}).get("platforms") or [])]
    return [value for part in parts if (value := (part.get(section) or {}).get(key)) is not None]
