# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What live patching gives a host, computed from what is in force and never copied from a vendor's own verdict."""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from .claim import Claim, Inhibitor, Patch

# A client that could not ask for longer than this may have missed a patch.
CHECK_AGE_LIMIT = 72 * 3600

REASONS = {
    "in_container": "the kernel is the container host's",
    "no_provider": "nothing on this host does live patching",
    "fix_active": "a patch that fixes something is in force",
    "nothing_to_apply": "the provider, or the package manager's cache, knows of no patch with a fix for this kernel yet",
    "level_pinned": "a pin or a delay may keep this host behind the newest level on purpose",
    "held_back": "nothing is in force, and a pin or a delay may keep patches out that the client does not name",
    "no_patch_loaded": "no patch is loaded",
    "no_fix_loaded": "only patches that fix nothing are loaded (seed, tripwire, enablement, hardening)",
    "content_not_stated": "a patch is in force, and nobody says what it fixes",
    "word_not_known": "the provider's client uses words that are not known here",
    "patch_disabled": "a patch is loaded but disabled",
    "patch_unreadable": "the state of a loaded patch cannot be read",
    "provider_disabled": "the provider's client is installed but not enabled",
    "in_transition": "some threads still run the old code",
    "conflict": "two providers patch this kernel at once",
    "apply_failed": "the provider could not apply its patch",
    "not_applied": "the provider has a patch that it has not applied",
    "kernel_upgrade_required": "the provider makes no more patches for this kernel",
    "fixes_blocked": "the pin keeps out fixes of known CVEs",
    "support_ended": "the provider does not support this kernel",
    "support_unknown": "the provider knows whether it supports this kernel but did not say",
    "support_not_stated": "this provider cannot say on the host whether it still supports this kernel",
    "check_failed": "the provider's last look for newer patches failed",
    "never_checked": "the provider has not looked for patches yet",
    "check_old": "the provider's last look for newer patches is more than 72 hours ago",
    "freshness_not_stated": "this provider cannot say on the host when it last looked for newer patches",
    "newer_available": "the provider has a newer level than the one in force",
    "updates_inhibited": "something keeps newer patches from being loaded",
    "provider_silent": "the provider's client could not be asked or understood",
    "patches_unreadable": "the kernel's own list of patches could not be read",
}


class View(NamedTuple):
    """What protection is judged by. check_age in seconds, None where the provider says none; active: how many providers have patches in force."""

    container: bool
    present: bool
    readable: bool
    patches: Sequence[Patch]
    claim: Optional[Claim]
    active: int
    inhibitors: Sequence[Inhibitor]
    check_age: Optional[float]


_IN_FORCE = ("active", "enabling", "disabling")
# What may fix something; of the second kind nobody says what.
_FIXES = ("fix", "unknown")


def _any(view: View, kinds: Sequence[str], states: Sequence[str]) -> bool:
    return any(patch.kind in kinds and patch.state in states for patch in view.patches)


def _missing(view: View) -> List[str]:
    """Why nothing is in force; empty where something is, or where the provider says that there is nothing to have."""
    claim = view.claim
    if _any(view, _FIXES, _IN_FORCE):
        return []
    if claim and claim.failure:
        return [claim.failure]
    if claim and claim.nothing_to_apply:
        return []
    if _any(view, _FIXES, ("disabled",)):
        return ["patch_disabled"]
    return ["no_fix_loaded" if view.patches else "no_patch_loaded"]


def _risks(view: View) -> List[str]:
    found = ["in_transition"] if any(patch.state in ("enabling", "disabling") for patch in view.patches) else []
    if view.active > 1:
        found.append("conflict")
    claim = view.claim
    if _any(view, _FIXES, ("disabled",)) and not (claim and claim.cumulative and _any(view, ("fix",), _IN_FORCE)):
        found.append("patch_disabled")
    if claim and claim.failure:
        found.append(claim.failure)
    if claim and claim.cves_blocked:
        found.append("fixes_blocked")
    if claim and claim.support == "upgrade_required":
        found.append("kernel_upgrade_required")
    if claim and claim.support in ("end_of_life", "unsupported"):
        found.append("support_ended")
    return found


def _staleness(view: View) -> List[str]:
    checks = {"failed": "check_failed", "never": "never_checked"}
    found = [checks[view.claim.check]] if view.claim and view.claim.check in checks else []
    if view.check_age is not None and view.check_age > CHECK_AGE_LIMIT:
        found.append("check_old")
    if view.claim and view.claim.up_to_date is False:
        found.append("newer_available")
    if any(inhibitor.stops == "updates" for inhibitor in view.inhibitors):
        found.append("updates_inhibited")
    return found


def _doubts(view: View) -> List[str]:
    """What should be known before anything is called protected."""
    claim = view.claim
    found = [] if view.readable else ["patches_unreadable"]
    if claim and claim.problem:
        found.append("provider_silent")
    elif claim and claim.states_support and not claim.support:
        found.append("support_unknown")
    if claim and claim.unclear:
        found.append("word_not_known")
    if any(patch.state == "unknown" for patch in view.patches):
        found.append("patch_unreadable")
    return found + _unstated(view)


def _unstated(view: View) -> List[str]:
    """What is not known of patches that may be in force, or may exist, where no known fix is in force."""
    claim = view.claim
    if _any(view, ("fix",), _IN_FORCE):
        return []
    if not (claim and claim.nothing_to_apply):
        return ["content_not_stated"] if _any(view, ("unknown",), _IN_FORCE) else []
    return ["held_back"] if claim.held_back else []


def _grounds(view: View) -> List[str]:
    """Why a host is protected, and what its provider cannot say."""
    claim = view.claim
    found = ["fix_active"] if _any(view, ("fix",), _IN_FORCE) else ["nothing_to_apply"]
    if claim and claim.pin:
        found.append("level_pinned")
    if claim and not claim.states_support:
        found.append("support_not_stated")
    if view.check_age is None:
        found.append("freshness_not_stated")
    return found


def protect(view: View) -> Tuple[str, List[str]]:
    """(protected|stale|at_risk|unprotected|not_applicable|unknown, codes of REASONS), the worst that is sure before what is in doubt."""
    if view.container:
        return "not_applicable", ["in_container"]
    doubts = _doubts(view)
    if not view.present and not view.patches:
        return ("not_applicable", ["no_provider"]) if view.readable else ("unknown", doubts)
    missing, risks = _missing(view), _risks(view)
    # Where nothing is in force it does not matter whether the kernel is supported.
    unsure = [doubt for doubt in doubts if doubt != "support_unknown"]
    if missing and unsure:
        return "unknown", unsure
    if missing:
        return "unprotected", _once(missing + risks)
    if risks:
        return "at_risk", _once(risks)
    if doubts:
        return "unknown", doubts
    stale = _staleness(view)
    return ("stale", stale) if stale else ("protected", _grounds(view))


def _once(codes: List[str]) -> List[str]:
    found: Dict[str, None] = {}
    for code in codes:
        found[code] = None
    return list(found)
