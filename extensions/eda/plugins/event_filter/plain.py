# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an event of any source plain: kind, id and cves as texts, and nothing else, so that no event names hosts or widens anything."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_NO_ID = re.compile(r"[^A-Za-z0-9_.:-]+")
_MOST = 100


def _texts(value: Any, depth: int = 6) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:20000]
    elif depth and isinstance(value, dict):
        for item in list(value.values())[:1000]:
            yield from _texts(item, depth - 1)
    elif depth and isinstance(value, list):
        for item in value[:1000]:
            yield from _texts(item, depth - 1)


def main(event: dict[str, Any]) -> dict[str, str]:
    """The plain event. What names a hole is an advisory; a drift must say that it is one; of anything else nothing is left to act upon."""
    payload = event.get("payload", event)
    own = payload if isinstance(payload, dict) else {}
    content = {name: value for name, value in own.items() if name != "meta"}
    cves = list(dict.fromkeys(found for text in _texts(content) for found in _CVE.findall(text)))[:_MOST]
    # Alertmanager puts what the rule says of itself into labels.
    labels = own.get("commonLabels")
    said = own.get("kind") or (labels.get("firebreak_kind") if isinstance(labels, dict) else None)
    kind = "advisory" if cves else "drift" if said == "drift" else "other"
    name = own.get("id")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    plain = _NO_ID.sub("-", name)[:100].strip("-") if isinstance(name, str) else ""
    return {"kind": kind, "id": plain or f"{kind}-{digest}", "cves": ",".join(cves)}
