# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout that is kept in a folder, driven without Ansible: its runs, its documents and the steps of its hosts."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import keeping
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.driving import Begin, Rollout

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
OWN = os.getpid()
_SEEN: dict[str, Any] = {"schema": "firebreak.host/1", "scanned_at": "2026-11-28T12:00:00Z", "waived": [], "error": None}


def drive(folder: Path, process: int = OWN, minutes: int = 0) -> Rollout:
    """The rollout as a process sees it some minutes later."""
    return Rollout(folder, process, NOW + timedelta(minutes=minutes))


def begin(folder: Path, hosts: str = "ab", **settings: Any) -> dict[str, Any]:
    """A run of these hosts, each of which was scanned."""
    begun = drive(folder).begin(Begin({host: {} for host in hosts}, {}, settings, "me"))
    for host in hosts:
        scanned(folder, host)
    return begun


def scanned(folder: Path, host: str, verdict: str = "compliant", reasons: tuple[str, ...] = (), record: Any = None, **more: Any) -> None:
    """A fresh document of a host in the newest rollout."""
    path = keeping.current(folder)
    assert path is not None
    document = {**_SEEN, "host": host, "verdict": verdict, "reasons": list(reasons), "findings": [], "record": record or {"os": {}}, **more}
    if verdict == "unreachable":
        document["record"] = None
    (folder / path.stem / "records" / f"{host}.json").write_text(json.dumps(document))


def through(folder: Path, *hosts: str) -> None:
    """Take hosts to the end of their steps."""
    for host in hosts:
        for step in ("change", "prove"):
            drive(folder).note(host, step, "done")
