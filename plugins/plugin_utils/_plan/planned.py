# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a scan returned to a role's plan for that host, or to the one line that says why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...module_utils._host.errors import Refused


def planned(scan: Any, host: str, caller: str, make: Callable[[Mapping[str, Any], Mapping[str, Any] | None], dict[str, Any]]) -> dict[str, Any]:
    """What ``make`` plans from the record and the standard, with ``refusal`` null; nothing but the refusal where it plans nothing.

    TypeError, which Ansible shows with its message, where ``scan`` is no scan.
    """
    if not isinstance(scan, Mapping) or "record" not in scan:
        raise TypeError(f"{host}: {caller} wants what platform_scan returned as 'firebreak', seen: {type(scan).__name__}")
    document = scan["record"]
    if not isinstance(document, Mapping) or not document.get("record"):
        return {"refusal": f"{host}: without a scan there is no plan: {scan.get('error') or 'the scan has no record'}"}
    try:
        return {**make(document["record"], scan.get("standard")), "refusal": None}
    except Refused as refusal:
        return {"refusal": f"{host}: {refusal}"}
