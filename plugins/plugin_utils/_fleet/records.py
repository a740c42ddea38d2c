# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record files of runs, read one at a time. A file that cannot be read costs one host, never the report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import store
from .fleet import Loaded

RECORD_LIMIT = 64 * 1024 * 1024
STANDARD_LIMIT = 4 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


def documents(directories: Iterable[Path], wanted: Sequence[str]) -> Iterator[Loaded]:
    """Every record below the runs' ``records`` folders, or only those of the ``wanted`` hosts where any are named."""
    file_names = {f"{store.safe_name(name)}.json": name for name in wanted}
    for directory in directories:
        for path in store.listed(directory / "records", ".json"):
            if not wanted or path.name in file_names:
                yield _document(path, file_names.get(path.name, path.stem))


def _document(path: Path, name: str) -> Loaded:
    try:
        return Loaded(name, parse(store.read(path, RECORD_LIMIT), path))
    except store.StoreError as error:
        return Loaded(name, None, str(error))


def parse(text: str, path: Path) -> Any:
    """The JSON document in ``text``; StoreError names the file ``path`` when it is truncated, nested too deep or not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise store.StoreError(f"cannot read {path}: it is not a whole JSON document ({error})") from error


def standards(directories: Iterable[Path]) -> dict[str, Any]:
    """The standards that the runs evaluated against, by their SHA-256; one that cannot be read is left out."""
    found: dict[str, Any] = {}
    for directory in directories:
        for path in store.listed(directory / "standards", ".json"):
            if _SHA256.fullmatch(path.stem):
                loaded = _standard(path)
                if isinstance(loaded, dict):
                    found[path.stem] = loaded
    return found


def _standard(path: Path) -> Any:
    try:
        return parse(store.read(path, STANDARD_LIMIT), path)
    except store.StoreError:
        return None
