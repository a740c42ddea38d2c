# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan looks at only where a standard names it: files of a Kata release to hash, modules and parameters of the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mitigations import Mitigation
from .requirement import parse


def checksums(lines: Any) -> dict[str, str]:
    """SHA-256 by path, from lines as the standard has them."""
    pairs = (line.split("  ", 1) for line in lines)
    return {path: sha256 for sha256, path in pairs}


def of_standard(standard: Mapping[str, Any] | None) -> list[str]:
    """The paths in ``kata.files``."""
    return sorted({path for lines in _given(standard, "kata", "files") for path in checksums(parse(lines, "checksums", ("exact",)).value)})


def modules_of_standard(standard: Mapping[str, Any] | None) -> list[str]:
    """The names in ``kernel.modules_blocked`` and those of mitigations."""
    blocked = {name for names in _given(standard, "kernel", "modules_blocked") for name in parse(names, "words", ("exact",)).value}
    return sorted(blocked.union(*(one.modules for one in mitigations_of(standard))))


def sysctls_of_standard(standard: Mapping[str, Any] | None) -> list[str]:
    """The parameters of the kernel that mitigations name."""
    return sorted({name for one in mitigations_of(standard) for name in one.sysctls})


def mitigations_of(standard: Mapping[str, Any] | None) -> list[Mitigation]:
    """The mitigations of a standard, those for some platforms too."""
    parts = [standard or {}, *((standard or {}).get("platforms") or [])]
    return [one for part in parts if part.get("mitigations") for one in parse(part["mitigations"], "mitigations", ("exact",)).value]


def _given(standard: Mapping[str, Any] | None, section: str, key: str) -> list[Any]:
    """What a key is given, in blocks for some platforms too: which of them match is known after the scan."""
    parts = [standard or {}, *((standard or {}).get("platforms") or [])]
    return [value for part in parts if (value := (part.get(section) or {}).get(key)) is not None]
