# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier run kept of a host, so that a host that is as it was need not send its record again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...module_utils._host import look as looks
from .._fleet import store
from .._fleet.records import RECORD_LIMIT

ASKED = "asked.json"
RECORDS = "records"
_LIMIT = 256 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Kept(NamedTuple):
    """Where a host's document of an earlier run is, and the digest of the record in it."""

    digest: str
    path: str


class ForgottenError(Exception):
    """The record that the host says it still has is not there any more, or is another one."""


def kept_by(directory: Path) -> dict[str, Kept]:
    """The hosts of which an earlier run kept a record; none of them where it cannot be read, since all can be asked for all of it."""
    try:
        asked = json.loads(store.read(directory / ASKED, _LIMIT))
        names = {path.name for path in (directory / RECORDS).iterdir()}
    except (OSError, ValueError, RecursionError, store.StoreError):
        return {}
    found = {}
    for host, how in asked.items() if isinstance(asked, dict) else ():
        name, digest = f"{store.safe_name(host)}.json", how.get("digest") if isinstance(how, dict) else None
        if name in names and isinstance(digest, str) and _DIGEST.fullmatch(digest):
            found[host] = Kept(digest, str(directory / RECORDS / name))
    return found


def whole(look: Mapping[str, Any], kept: Kept | None) -> dict[str, Any]:
    """The record of a host that is as it was, from what was kept and what the look says; ForgottenError where that is not its record."""
    try:
        record = json.loads(store.read(Path(kept.path), RECORD_LIMIT))["record"] if kept else None
        if record is None or look["same"] != looks.digest_of(record, hashlib.sha256):
            raise ForgottenError
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, store.StoreError):
        raise ForgottenError from None
    return looks.renewed(record, dict(look))
