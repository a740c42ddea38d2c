# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of an inventory that are Firebreak's, and those that only look so: a misspelt override would change nothing, in silence."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from .._settings.meaning import SETTINGS

ROOT = Path(__file__).resolve().parents[3]
PREFIX = "firebreak_"
LABELS = "firebreak_labels"
SCAN_SECONDS = "firebreak_scan_seconds"

# Variables that plugins read themselves; those of playbooks and roles are found in their files.
_OF_PLUGINS = ("firebreak_standard", "firebreak_standard_overrides", "firebreak_waivers", "firebreak_mitigations", LABELS, SCAN_SECONDS)
# Each of these may have a suffix of the user's own.
LISTS = ("firebreak_standard_overrides", "firebreak_waivers", "firebreak_mitigations")
# The lab of virtual machines keeps its own words in its inventory.
_OTHERS = ("firebreak_lab_",)
# What an earlier job of an AWX workflow left.
_ARTIFACT = re.compile(r"firebreak_[a-z]+_[0-9]+")
_NAME = re.compile(r"\bfirebreak_[a-z0-9_]+")
_FILES = ("playbooks/*.yml", "playbooks/tasks/*.yml", "roles/*/*/*.yml")


@functools.lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Every variable of Firebreak's that a playbook or a role of this collection names, the settings of runs, and those that its plugins read."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for pattern in _FILES for path in ROOT.glob(pattern))
    return frozenset(_OF_PLUGINS).union(SETTINGS, *(map(str, _NAME.findall(text)) for text in texts))


def is_stranger(name: str, ours: frozenset[str]) -> bool:
    """Whether a variable begins as ours do and is none of them."""
    if not name.startswith(PREFIX) or name in ours or name.startswith(_OTHERS) or _ARTIFACT.fullmatch(name):
        return False
    return not any(name.startswith(f"{base}_") for base in LISTS)


def strangers(names: Iterable[str], ours: frozenset[str]) -> dict[str, str]:
    """The strangers among variables, each with what was probably meant, or ''."""
    return {name: guess(name, ours) for name in sorted(names) if is_stranger(name, ours)}


def guess(name: str, ours: Iterable[str]) -> str:
    """What a misspelt variable was probably meant to be; a suffix of the user's own is kept."""
    for base in LISTS:
        stem = base.rpartition("_")[2].rstrip("s")
        _head, found, tail = name.partition(stem)
        if found:
            suffix = tail.removeprefix("s").strip("_")
            return base + (f"_{suffix}" if suffix else "")
    close = get_close_matches(name.removeprefix(PREFIX), sorted(word.removeprefix(PREFIX) for word in ours), n=1, cutoff=0.75)
    return PREFIX + close[0] if close else ""
