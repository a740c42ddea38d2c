# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This collection's own version, which documents and reports carry."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from .._data import loading


@functools.lru_cache(maxsize=1)
def version() -> str:
    """This collection's version, from galaxy.yml or, once built, from its manifest."""
    root = Path(__file__).resolve().parents[3]
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(loading.plain(root / "galaxy.yml")["version"])
