# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical Livepatch: its client's JSON, its emergency modes, and what Ubuntu Pro remembers of the subscription."""

import calendar
import json
import re
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..._formats import unit_masks
from ..claim import Claim, Inhibitor, Patch, cve_ids, settings
from . import canonical_text

# By its full name: /snap/bin is not on a scan's PATH. The client only asks its own daemon.
PROGRAM = "/snap/bin/canonical-livepatch"
STATUS = (PROGRAM, "status", "--format", "json")
VERBOSE = (PROGRAM, "status", "--verbose")
CONFIG = "/var/snap/canonical-livepatch/common/config"
MODE = "/var/local/canonical_livepatch_mode"
PRO = "/var/lib/ubuntu-advantage/status.json"
SERVICE = "snap.canonical-livepatch.canonical-livepatchd.service"
UNIT = "/etc/systemd/system/multi-user.target.wants/" + SERVICE

_SUPPORT = {"supported": "supported", "kernel-upgrade-required": "upgrade_required", "kernel-end-of-life": "end_of_life",
            "unsupported": "unsupported"}
_FAILURES = {"apply-failed": "apply_failed", "applied-with-bug": "apply_failed", "unapplied": "not_applied", "applying": "not_applied",
             "kernel-upgrade-required": "kernel_upgrade_required"}
# Words of the client that are known and tell neither of a patch in force nor of a failure.
_STATES = ("applied", "nothing-to-apply")
_CHECKS = {"checked": "ok", "check-failed": "failed", "needs-check": "never"}
# What the client's state says of its own patches, after a check that succeeded.
_UP_TO_DATE = {"applied": True, "nothing-to-apply": True, "unapplied": False, "applying": False}
_DATE = re.compile(r"\A\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\A(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|([+-])(\d{2}):(\d{2}))\Z")
# The daemon reads its mode when it starts, so at each boot: in these it then inserts nothing, in the last it does not run.
_MODES_WITHOUT_PATCHES = ("no-apply", "stop")
_NO_DELAY = re.compile(r"\A0*[smhdw]?\Z")
# The first client that lists what its own configuration keeps out.
_LISTS_BLOCKED = (10, 15)
OWN_MODULE = re.compile(r"(?:\Alkp|livepatch)_Ubuntu_")
_HOSTED = "https://livepatch.canonical.com"


def parse_status(text: str) -> Claim:
    """What ``canonical-livepatch status --format json`` says of the running kernel; ValueError where it is no such document."""
    return parse_document(json.loads(text))


def parse_document(document: Any) -> Claim:
    """The claim of a decoded document. An entry is of the running kernel only if it says so: other kernels' entries may come first."""
    entries = document.get("Status") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no list 'Status' in %.80r" % (document,))
    running = [entry for entry in entries if isinstance(entry, dict) and entry.get("Running") is True]
    if not running:
        raise ValueError("no entry of the running kernel among %d" % len(entries))
    entry = running[0]
    patch = entry.get("Livepatch")
    return _claim(document, entry, patch if isinstance(patch, dict) else {})


def _claim(document: Dict[str, Any], entry: Dict[str, Any], patch: Dict[str, Any]) -> Claim:
    state, checked = _word(patch, "State"), _word(patch, "CheckState")
    until = _word(entry, "UpgradeRequiredDate")
    check = _CHECKS.get(checked, "")
    support = _SUPPORT.get(_word(entry, "Supported"), "")
    strange = [word for word, known in ((state or "no state", (*_STATES, *_FAILURES)), (checked, ("", *_CHECKS))) if word not in known]
    if state == "kernel-upgrade-required":
        # The state is the server's answer for this kernel and outweighs a cached word of support.
        support = "upgrade_required"
    return Claim(
        "canonical", " ".join(STATUS), nothing_to_apply=state == "nothing-to-apply", failure=_FAILURES.get(state, ""),
        unclear=", ".join(strange),
        support=support, support_until=until[:10] if _DATE.match(until) else "", states_support=True,
        level=_word(patch, "Version") if state == "applied" else "",
        cves=_fixes(patch.get("Fixes")) if state == "applied" else [], cves_basis="client", cves_complete=state in ("applied", "nothing-to-apply"),
        support_basis="client" if support else "", checked_at=utc(_word(document, "Last-Check")), check=check,
        client_version=_word(document, "Client-Version").lstrip("v"), up_to_date=_UP_TO_DATE.get(state) if check == "ok" else None,
        latest=_word(patch, "Version") if check == "ok" else "", cves_missing=_missing(patch.get("Fixes"), state, check))


def utc(moment: str) -> str:
    """A time with its zone as YYYY-MM-DDTHH:MM:SSZ; '' for anything else. Clients print the host's own zone."""
    match = _TIME.match(moment)
    if not match:
        return ""
    day, sign, hours, minutes = match.groups()
    try:
        seconds = calendar.timegm(time.strptime(day, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return ""
    shift = (int(hours) * 60 + int(minutes)) * 60 * (-1 if sign == "-" else 1) if sign else 0
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds - shift))


def _word(mapping: Dict[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value.strip()[:100] if isinstance(value, str) else ""


def _fixes(fixes: Any) -> List[str]:
    """The CVEs that are patched: a list of mappings, or of old clients one text."""
    if isinstance(fixes, str):
        return sorted(cve_ids(fixes))
    rows = [row for row in fixes if isinstance(row, dict)] if isinstance(fixes, list) else []
    return sorted({cve for row in rows if row.get("Patched") is True for cve in cve_ids(_word(row, "Name"))})


def _missing(fixes: Any, state: str, check: str) -> Optional[List[str]]:
    """The CVEs that the client names and has not patched; None where it does not say whether there are any."""
    rows = [row for row in fixes if isinstance(row, dict)] if isinstance(fixes, list) else []
    if state in ("applied", "nothing-to-apply"):
        missing = sorted({cve for row in rows if row.get("Patched") is False for cve in cve_ids(_word(row, "Name"))})
        return missing if missing or check == "ok" else None
    return sorted(cve_ids(fixes if isinstance(fixes, str) else " ".join(_word(row, "Name") for row in rows))) or None


def parse_pro(text: str) -> bool:
    """Whether the subscription includes Livepatch, of Ubuntu Pro's remembered status; ValueError where it does not say."""
    document = json.loads(text)
    services = document.get("services") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, dict) and service.get("name") == "livepatch" and service.get("entitled") in ("yes", "no"):
            return bool(service["entitled"] == "yes")
    raise ValueError("no service 'livepatch' with entitled yes or no")


def parse_config(text: str) -> Dict[str, str]:
    """The client's configuration (YAML, one level) without the keys that have no value."""
    found = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        word = value.strip().strip("\"'")
        if colon and word and not line[:1].isspace():
            found[key.strip()] = word
    return found


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


def read(host: Any, cmdline: List[str], loaded: Sequence[Patch] = ()) -> Claim:
    """The claim of the client on the loaded patches; its problem where it is not enabled, says nothing to be understood, or may not be asked."""
    config = parse_config(host.read(CONFIG, 1 << 16).if_there(""))
    claim = _pinned(host, _ask(host), config)
    mode = parse_mode(cmdline, host.read(MODE, 4096).if_there(""))
    server = config.get("remote-server", "").rstrip("/")
    off = mode in ("no-apply", "no-refresh", "stop") or config.get("check-interval") == "0"
    returns, by = _returns(host, mode)
    return claim._replace(
        patches=own(loaded, claim), inhibitors=_inhibitors(mode, config), entitled=_entitled(host),
        mode="onprem" if server and server != _HOSTED else "online", auto_update=not off, unit=SERVICE, returns=returns, returns_by=by)


def own(loaded: Sequence[Patch], claim: Claim) -> List[Patch]:
    """The loaded patches; those that are Canonical's by name fix something where the client says that it has applied a level or fixes."""
    says = bool(claim.level or claim.cves) and not claim.problem
    return [patch._replace(kind="fix") if says and patch.kind == "unknown" and OWN_MODULE.search(patch.id) else patch for patch in loaded]


def _pinned(host: Any, claim: Claim, config: Dict[str, str]) -> Claim:
    """The claim with what holds the level back: a date in the past, or a delay after which patches are taken."""
    cutoff, delay = config.get("cutoff-date", ""), config.get("patch-delay", "")
    if not cutoff and _NO_DELAY.match(delay):
        return claim
    claim = claim._replace(pin="cutoff_date" if cutoff else "delay", pinned_to=(cutoff or delay)[:40])
    said = _verbose(host)
    blocked = canonical_text.blocked(said)
    if blocked:
        return claim._replace(cves_blocked=blocked, latest="", up_to_date=False, cves_missing=sorted(set(claim.cves_missing or []) | set(blocked)),
                              silence_detail="newer levels are kept out by the pin, and the client does not name them")
    if said and version_of(claim.client_version) >= _LISTS_BLOCKED:
        return claim
    return claim._replace(held_back=True, latest="", up_to_date=None if claim.up_to_date else claim.up_to_date,
                          silence_detail="newer levels may be kept out by the pin, and the client does not say so")


def version_of(text: str) -> Tuple[int, ...]:
    """The first two numbers of a client's version; empty for other text."""
    match = re.match(r"(\d{1,6})\.(\d{1,6})", text)
    return (int(match.group(1)), int(match.group(2))) if match else ()


def _returns(host: Any, mode: str) -> Tuple[bool, str]:
    """(whether the patches come back after a reboot, what brings them or why nothing does)."""
    if mode in _MODES_WITHOUT_PATCHES:
        return False, "canonical_livepatch_mode is %s, which the daemon reads when it starts" % mode
    # Masking leaves the link of enabling where it is.
    if unit_masks.mask_of(host, SERVICE):
        return False, SERVICE + " is masked"
    return not host.stat(UNIT, follow=False).problem, SERVICE


def _inhibitors(mode: str, config: Dict[str, str]) -> List[Inhibitor]:
    found = []
    if mode != "normal":
        code = "livepatch_mode_" + re.sub(r"[^a-z]+", "_", mode.lower())[:20]
        stops = ("boot", "updates") if mode in _MODES_WITHOUT_PATCHES else ("updates",)
        found += [Inhibitor(code, MODE, what) for what in stops]
    if config.get("check-interval") == "0":
        found.append(Inhibitor("livepatch_checks_off", CONFIG, "updates"))
    return found


def _ask(host: Any) -> Claim:
    """The client's own status: as JSON, else from what it prints for people."""
    answer = host.run(STATUS)
    claim = Claim("canonical", " ".join(STATUS), states_support=True)
    if answer.problem:
        return claim._replace(problem=answer.problem, detail=answer.detail)
    said = answer.value.err.strip()[:200]
    if answer.value.rc != 0 and "not enabled" in said:
        return claim._replace(failure="provider_disabled", detail=said)
    try:
        return parse_status(answer.value.out)
    except (ValueError, RecursionError) as error:
        problem, detail = ("tool_failed", said) if answer.value.rc else ("unparsable", str(error)[:200])
    try:
        return parse_document(canonical_text.as_document(_verbose(host), host.now()))._replace(source=" ".join(VERBOSE))
    except ValueError:
        return claim._replace(problem=problem, detail=detail)


def _verbose(host: Any) -> str:
    answer = host.run(VERBOSE)
    return "" if answer.problem else answer.value.out


def _entitled(host: Any) -> Any:
    answer = host.read(PRO, 1 << 20)
    try:
        return None if answer.problem else parse_pro(answer.value)
    except (ValueError, RecursionError):
        return None
