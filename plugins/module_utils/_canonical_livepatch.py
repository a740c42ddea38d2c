# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical Livepatch: its client's JSON, its emergency modes, and what Ubuntu Pro remembers of the subscription."""

import json
import re
from typing import Any, Dict, List

from ._livepatch_claim import Claim, Inhibitor, cve_ids, settings

# By its full name: /snap/bin is not on a scan's PATH. The client only asks its own daemon.
PROGRAM = "/snap/bin/canonical-livepatch"
STATUS = (PROGRAM, "status", "--format", "json")
CONFIG = "/var/snap/canonical-livepatch/common/config"
MODE = "/var/local/canonical_livepatch_mode"
PRO = "/var/lib/ubuntu-advantage/status.json"
UNIT = "/etc/systemd/system/multi-user.target.wants/snap.canonical-livepatch.canonical-livepatchd.service"

_SUPPORT = {"supported": "supported", "kernel-upgrade-required": "upgrade_required", "kernel-end-of-life": "end_of_life",
            "unsupported": "unsupported"}
_FAILURES = {"apply-failed": "apply_failed", "applied-with-bug": "apply_failed", "unapplied": "not_applied", "applying": "not_applied",
             "kernel-upgrade-required": "kernel_upgrade_required"}
_DATE = re.compile(r"\A\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\A(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|\+00:00)\Z")


def parse_status(text: str) -> Claim:
    """What ``canonical-livepatch status --format json`` says of the running kernel; ValueError where it is no such document.

    A list entry is of the running kernel only if it says so: other kernels' entries may come first.
    """
    document = json.loads(text)
    entries = document.get("Status") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no list 'Status' in %.80r" % text)
    running = [entry for entry in entries if isinstance(entry, dict) and entry.get("Running") is True]
    if not running:
        raise ValueError("no entry of the running kernel among %d" % len(entries))
    entry = running[0]
    patch = entry.get("Livepatch")
    return _claim(document, entry, patch if isinstance(patch, dict) else {})


def _claim(document: Dict[str, Any], entry: Dict[str, Any], patch: Dict[str, Any]) -> Claim:
    state, checked = _word(patch, "State"), _word(patch, "CheckState")
    until, last = _word(entry, "UpgradeRequiredDate"), _TIME.match(_word(document, "Last-Check"))
    check = {"checked": "ok", "check-failed": "failed", "needs-check": "never"}.get(checked, "")
    support = _SUPPORT.get(_word(entry, "Supported"), "")
    if state == "kernel-upgrade-required":
        # The state is the server's answer for this kernel and outweighs a cached word of support.
        support = "upgrade_required"
    return Claim(
        "canonical", " ".join(STATUS), nothing_to_apply=state == "nothing-to-apply", failure=_FAILURES.get(state, ""),
        support=support, support_until=until[:10] if _DATE.match(until) else "", states_support=True,
        level=_word(patch, "Version") if state == "applied" else "",
        cves=_fixes(patch.get("Fixes")) if state == "applied" else [], cves_basis="client", cves_complete=state in ("applied", "nothing-to-apply"),
        checked_at=last.group(1) + "Z" if last else "", check=check)


def _word(mapping: Dict[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value.strip()[:100] if isinstance(value, str) else ""


def _fixes(fixes: Any) -> List[str]:
    """The CVEs that are patched: a list of mappings, or of old clients one text."""
    if isinstance(fixes, str):
        return sorted(cve_ids(fixes))
    rows = [row for row in fixes if isinstance(row, dict)] if isinstance(fixes, list) else []
    return sorted({cve for row in rows if row.get("Patched") is True for cve in cve_ids(_word(row, "Name"))})


def parse_pro(text: str) -> bool:
    """Whether the subscription includes Livepatch, of Ubuntu Pro's remembered status; ValueError where it does not say."""
    document = json.loads(text)
    services = document.get("services") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and service.get("name") == "livepatch" and service.get("entitled") in ("yes", "no"):
            return bool(service["entitled"] == "yes")
    raise ValueError("no service 'livepatch' with entitled yes or no")


def parse_cutoff(text: str) -> str:
    """The cutoff-date in the client's configuration (YAML, one level), '' without one."""
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip() == "cutoff-date":
            return value.strip().strip("\"'")
    return ""


def parse_mode(cmdline: List[str], text: str) -> str:
    """The emergency mode of the daemon: the kernel command line's word before that of the file; 'normal' without either."""
    for word in cmdline:
        key, _separator, value = word.partition("=")
        if key == "canonical_livepatch_mode" and value:
            return value
    return settings(text).get("canonical_livepatch_mode") or text.strip()[:40] or "normal"


def is_present(host: Any) -> bool:
    """Whether its client is installed."""
    return not host.stat(PROGRAM, follow=False).problem


def read(host: Any, cmdline: List[str]) -> Claim:
    """The claim of the client; its problem where it is not enabled, gives no JSON, or may not be asked."""
    answer = host.run(STATUS)
    claim = Claim("canonical", " ".join(STATUS), states_support=True)
    if answer.problem:
        claim = claim._replace(problem=answer.problem, detail=answer.detail)
    elif answer.value.rc != 0 and not answer.value.out.strip():
        said = answer.value.err.strip()[:200]
        disabled = "not enabled" in said
        claim = claim._replace(failure="provider_disabled" if disabled else "", problem="" if disabled else "tool_failed", detail=said)
    else:
        try:
            claim = parse_status(answer.value.out)
        except (ValueError, RecursionError) as error:
            claim = claim._replace(problem="unparsable", detail=str(error)[:200])
    mode = parse_mode(cmdline, host.read(MODE, 4096).value or "")
    cutoff = parse_cutoff(host.read(CONFIG, 1 << 16).value or "")
    return claim._replace(
        inhibitors=[Inhibitor("livepatch_mode_" + re.sub(r"[^a-z]+", "_", mode.lower())[:20], MODE, "updates")] if mode != "normal" else [],
        pin="cutoff_date" if cutoff else "", pinned_to=cutoff[:40], entitled=_entitled(host),
        returns=not host.stat(UNIT, follow=False).problem, returns_by="snap.canonical-livepatch.canonical-livepatchd.service")


def _entitled(host: Any) -> Any:
    answer = host.read(PRO, 1 << 20)
    try:
        return None if answer.problem else parse_pro(answer.value)
    except (ValueError, RecursionError):
        return None
