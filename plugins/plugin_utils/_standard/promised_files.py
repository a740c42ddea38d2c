# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a Kata release a standard promises the hash of: a scan hashes these and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .requirement import parse


def checksums(lines: Any) -> dict[str, str]:
    """SHA-256 by path, from lines as the standard has them."""
    pairs = (line.split("  ", 1) for line in lines)
    return {path: sha256 for sha256, path in pairs}


def of_standard(standard: Mapping[str, Any] | None) -> list[str]:
    """The paths in ``kata.files``, those of blocks for some platforms included: which of them match is known after the scan."""
    parts = [standard or {}, *((standard or {}).get("platforms") or [])]
    given = [(part.get("kata") or {}).get("files") for part in parts]
    return sorted({path for lines in given if lines is not None for path in checksums(parse(lines, "checksums", ("exact",)).value)})
