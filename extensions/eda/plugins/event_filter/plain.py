# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an event of any source plain: kind, id and cves as texts, and nothing else, so that no event names hosts or widens anything."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

# Files and addresses have them in small letters.
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}(?![0-9])", re.IGNORECASE)
_NO_ID = re.compile(r"[^A-Za-z0-9_.:-]+")
# One more than the playbook takes, so that it refuses what is too much, and says so, instead of acting upon a part.
_MOST = 2001
_DEPTH = 50


def _texts(value: Any, depth: int = _DEPTH) -> Iterator[str]:
    """All texts of a document, the names of its keys among them: feeds have the holes there."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item, depth - 1)
    elif depth and isinstance(value, list):
        for item in value:
            yield from _texts(item, depth - 1)


def _holes(content: Any) -> list[str]:
    return list(dict.fromkeys(found.upper() for text in _texts(content) for found in _CVE.findall(text)))[:_MOST]


def _content(payload: Any) -> Any:
    """A document without what the engine adds to it, and without the alerts that are over, which Alertmanager tells as well."""
    if not isinstance(payload, dict):
        return payload
    content, alerts = {name: value for name, value in payload.items() if name != "meta"}, payload.get("alerts")
    if isinstance(alerts, list) and alerts:
        content["alerts"] = [alert for alert in alerts if isinstance(alert, dict) and alert.get("status") != "resolved"]
        return content if content["alerts"] else {}
    return content


def _kind(own: dict[Any, Any]) -> Any:
    """What a document says that it is; Alertmanager puts what a rule says of itself into labels."""
    alerts = own.get("alerts") if isinstance(own.get("alerts"), list) else []
    labels = (own.get("commonLabels"), *(alert.get("labels") for alert in alerts or ()))
    return own.get("kind") or next((found["firebreak_kind"] for found in labels if isinstance(found, dict) and "firebreak_kind" in found), None)


def main(event: dict[str, Any]) -> dict[str, str]:
    """The plain event. What names a hole is an advisory; a drift must say that it is one; of anything else nothing is left to act upon."""
    content = _content(event.get("payload", event))
    own = content if isinstance(content, dict) else {}
    cves, name = _holes(content), own.get("id")
    kind = "advisory" if cves else "drift" if _kind(own) == "drift" else "other"
    digest = hashlib.sha256("\0".join(_texts(content)).encode("utf-8", "replace")).hexdigest()[:16]
    plain = _NO_ID.sub("-", name)[:100].strip("-") if isinstance(name, str) else ""
    return {"kind": kind, "id": plain or f"{kind}-{digest}", "cves": ",".join(cves)}
