# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``canonical-livepatch status`` prints for people and as YAML, brought into the form of its JSON.

Clients before JSON print nothing else, and only the text for people lists what a cut-off date holds back.
"""

import re
import time
from typing import Any, Dict, List, Optional, Tuple

from ..claim import cve_ids

_KEY = re.compile(r"\A\s*(?:-\s+)?([A-Za-z][A-Za-z -]{1,30}?):(?:\s+(.*?))?\s*\Z")
_BLOCKED = "BLOCKED SECURITY UPDATES:"
_PATCH_STATES: Tuple[Tuple[str, str], ...] = (
    # What it has applied since then it does not say.
    (r"kernel upgraded after a reboot", "kernel-upgraded"),
    (r"kernel bug detected", "applied-with-bug"),
    (r"crash|failed to |unknown error", "apply-failed"),
    (r"cannot be remediated|no longer available", "kernel-upgrade-required"),
    (r"not yet (?:applied|inserted)", "unapplied"),
    (r"patching the kernel", "applying"),
    (r"no live ?(?:kernel )?patch(?:es)? (?:needed|available)|no livepatches", "nothing-to-apply"),
    (r"all applicable live", "applied"))
_KERNEL_STATES: Tuple[Tuple[str, str], ...] = (
    (r"no longer (?:covered|supported)", "kernel-end-of-life"),
    (r"(?:coverage|support) (?:has )?ended", "kernel-upgrade-required"),
    (r"not (?:covered|supported)", "unsupported"),
    (r"is (?:covered|supported) by", "supported"))


_GOOD = ("nothing-to-apply", "applied", "supported")
# As the client rounds them: a month is 30 days.
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400, "year": 365 * 86400}
_AGO = re.compile(r"\A(an?|\d{1,9}) (second|minute|hour|day|week|month|year)s? ago\Z")


def moment_of(said: str, now: Optional[float]) -> str:
    """The moment behind ``51 minutes ago``, by the host's clock; what is no such text, and all without a clock, is left as it is."""
    match = _AGO.match(said)
    if now is None or not (match or said == "now"):
        return said
    count = 0 if not match else 1 if match.group(1).startswith("a") else int(match.group(1))
    then = now - count * (_SECONDS[match.group(2)] if match else 0)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(max(0, then)))


def as_document(text: str, now: Optional[float] = None) -> Dict[str, Any]:
    """The JSON document that says the same; ValueError for a text that names no kernel."""
    document: Dict[str, Any] = {"Status": []}
    fields: Dict[str, str] = {}
    fixes: List[str] = []
    for line in text.split(_BLOCKED)[0].splitlines():
        match = _KEY.match(line)
        if line.strip().startswith("* "):
            fixes.append(line.strip())
        elif match:
            key, value = match.group(1).strip().lower(), (match.group(2) or "").strip("\"'")
            if key == "kernel" and "kernel" in fields:
                document["Status"].append(_entry(fields, fixes))
                fields, fixes = {key: value for key, value in fields.items() if key in ("client-version", "last-check")}, []
            fields[key] = value
    if not fields.get("kernel"):
        raise ValueError("no line 'kernel:' in %.80r" % text)
    document["Status"].append(_entry(fields, fixes))
    document["Client-Version"] = fields.get("client-version", "")
    document["Last-Check"] = moment_of(fields.get("last-check", fields.get("last check", "")), now)
    return document


def blocked(text: str) -> List[str]:
    """The CVEs whose fixes the client's own configuration keeps out, of ``canonical-livepatch status --verbose`` (10.15 and later)."""
    return sorted(cve_ids(text.partition(_BLOCKED)[2]))


def _entry(fields: Dict[str, str], fixes: List[str]) -> Dict[str, Any]:
    version = fields.get("version", fields.get("patch version", ""))
    state = fields.get("patchstate") or _word(_PATCH_STATES, fields.get("patch state", "")) or _old_state(fields, version)
    until = re.search(r"\d{4}-\d{2}-\d{2}", fields.get("kernel state", ""))
    return {
        "Kernel": fields["kernel"], "Running": fields.get("running", "true") == "true",
        "Livepatch": {"CheckState": fields.get("checkstate") or _check(fields.get("server check-in", "")), "State": state, "Version": version,
                      "Fixes": "\n".join(fixes)},
        "Supported": fields.get("supported") or _word(_KERNEL_STATES, fields.get("kernel state", "")),
        "UpgradeRequiredDate": fields.get("upgraderequireddate") or (until.group(0) if until else "")}


def _old_state(fields: Dict[str, str], version: str) -> str:
    """Of a client that only says fully-patched."""
    patched = {"true": "applied" if version else "nothing-to-apply", "false": "unapplied"}
    return patched.get(fields.get("fully-patched", ""), "unknown")


def _check(said: str) -> str:
    if said.startswith("failed"):
        return "check-failed"
    return "checked" if said.startswith("succeeded") else ""


def _word(words: Tuple[Tuple[str, str], ...], said: str) -> str:
    """The word for a sentence; '' for one that no pattern knows, and for a good one under the client's own mark of a failure."""
    found = next((word for pattern, word in words if said and re.search(pattern, said, re.IGNORECASE)), "")
    return "" if said.startswith("\u2717") and found in _GOOD else found
