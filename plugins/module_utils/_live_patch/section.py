# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``live_patch``: what patches the running kernel in memory, what of it is in force, and what that protects.

The kernel's own list comes before what any client says. Clients are asked only where they are installed, and only questions that need no network.
"""

import calendar
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from .._formats import unit_masks
from .._formats.cmdline import user_words
from .._os import section as os_section
from . import protection as patch_protection
from . import starting, sysfs
from .claim import Claim, Inhibitor
from .facts import FACTS
from .providers import canonical, kernelcare, kpatch, ksplice, self_built, suse

_MECHANISM = {"ksplice": "ksplice", "kernelcare": "kcare"}
_SWITCHES = (("/proc/sys/kernel/modules_disabled", "1", "modules_disabled"), ("/proc/sys/kernel/ftrace_enabled", "0", "ftrace_disabled"))
_CVES_SHOWN = 100
# Who knows what a provider's client does not say on the host.
_ASKED = {"canonical": "canonical-livepatch status --verbose, or the account's page at Ubuntu Pro", "kernelcare": "its console (ePortal)",
          "ksplice": "Oracle's page of the host, or its administrator's", "kpatch": "Red Hat's page on kernel live patches",
          "amazon": "the release notes of Amazon Linux 2023", "suse": "SUSE's page on live patches of this kernel",
          "self_built": "whoever built the patch"}
# Two providers may change the same function whatever each of them fixes.
_MAY_FIX = ("fix", "unknown")
_KPATCH_LOADS = ("kpatch", "amazon", "self_built")
# systemd's own mark that a unit is enabled.
WANTED = "/etc/systemd/system/multi-user.target.wants/"


class Klp(NamedTuple):
    """The kernel's own live patching: the folder, whether it could be read, whether it exists, its patches."""

    root: str
    problem: str
    detail: str
    exists: bool
    patches: List[sysfs.SysfsPatch]


def choose_owner(present: List[str], modules: List[str]) -> str:
    """Whose the kernel's own patches are: by the module's name where it tells, then by the clients that are installed."""
    if "canonical" in present and any(canonical.OWN_MODULE.search(name) for name in modules):
        return "canonical"
    return next((name for name in ("suse", "amazon", "kpatch", "canonical") if name in present), "self_built" if modules else "none")


def choose_main(claims: List[Claim]) -> Optional[Claim]:
    """The provider that a record is about: one with a fix in force, then one with patches, then the first."""
    def rank(claim: Claim) -> Tuple[bool, bool, bool]:
        kinds = {patch.kind for patch in claim.patches if patch.state != "disabled"}
        return "fix" in kinds, "unknown" in kinds, bool(claim.patches)

    return max(claims, key=rank) if claims else None


def check_age(claim: Optional[Claim], now: float) -> Optional[float]:
    """Seconds since the client's last check; None where it says none, or no date that exists."""
    if claim is None or not claim.checked_at:
        return None
    try:
        return now - calendar.timegm(time.strptime(claim.checked_at, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return None


def collect(host: Any, section: Any, options: Any) -> None:
    """Write the section."""
    container = os_section.container_name(host)
    if container != "none":
        for fact in FACTS:
            if "[]" not in fact.path and fact.path not in ("protection", "reasons"):
                section.cannot_say(fact.path, "in_container", container)
        _put_protection(section, patch_protection.View(True, False, True, [], None, 0, [], None), "the container %s" % container)
        return
    klp = _read_klp(host)
    cmdline = user_words(host.read("/proc/cmdline", 65536).if_there(""))
    present = _present(host)
    claims = _claims(host, present, klp, cmdline)
    claim = choose_main(claims)
    inhibitors = _inhibitors(host) + [inhibitor for one in claims for inhibitor in one.inhibitors + _masked(host, one)]
    _put_kernel(host, section, klp)
    _put_provider(section, claim, present)
    _put_patches(section, claims, klp)
    _put_transition(host, section, klp)
    _put_claim(section, claim)
    _put_newer(section, claim)
    _put_client(host, section, claim)
    section.put("inhibitors", [dict(inhibitor._asdict()) for inhibitor in inhibitors], "/proc/sys/kernel, /proc/cmdline, the providers' files")
    _put_persistence(host, section, claim)
    patches = [patch for one in claims for patch in one.patches]
    active = sum(any(patch.kind in _MAY_FIX and patch.state == "active" for patch in one.patches) for one in claims)
    view = patch_protection.View(False, bool(claims), not klp.problem, patches, claim, active, inhibitors, check_age(claim, host.now()))
    _put_protection(section, view, klp.root + (", " + claim.source if claim and claim.source else ""))


def _read_klp(host: Any) -> Klp:
    root, answer = sysfs.find_root(host)
    if answer.problem == "absent" and not host.listdir("/sys/kernel").problem:
        return Klp(root, "", "", False, [])
    if answer.problem:
        return Klp(root, answer.problem, answer.detail, False, [])
    return Klp(root, "", "", True, sysfs.read_patches(host, root, answer.value))


def _present(host: Any) -> List[str]:
    """The providers whose clients are installed."""
    amazon = os_section.os_identity(host)[0].get("ID") == "amzn"
    tests = (("canonical", canonical.is_present), ("suse", suse.is_present), ("amazon" if amazon else "kpatch", kpatch.is_present),
             ("ksplice", ksplice.is_present), ("kernelcare", kernelcare.is_present))
    return [name for name, is_present in tests if is_present(host)]


def _claims(host: Any, present: List[str], klp: Klp, cmdline: List[str]) -> List[Claim]:
    """What each installed provider says; the kernel's own patches are with the one they belong to."""
    release = host.uname()[2]
    placed, problem = self_built.read_placed(host, release)
    ours, loaded = self_built.split(host, placed, [sysfs.as_patch(patch) for patch in klp.patches])
    owner = choose_owner(present, [patch.id for patch in loaded])
    claims = []
    if self_built.is_present(host, release):
        claims.append(self_built.read(host, release, cmdline, ours + (loaded if owner == "self_built" else []), placed, problem))
    for name in present + ([owner] if owner == "self_built" and not claims else []):
        own = loaded if name == owner else []
        if name == "ksplice":
            claims.append(ksplice.read(host, cmdline))
        elif name == "kernelcare":
            claims.append(kernelcare.read(host))
        elif name == "canonical":
            claims.append(canonical.read(host, cmdline, own))
        elif name == "suse":
            claim = suse.read(host, release, own)
            claims.append(claim if claim.patches else claim._replace(patches=own))
        else:
            claims.append(kpatch.read(host, name, release, cmdline, own))
    return claims


def _inhibitors(host: Any) -> List[Inhibitor]:
    """What of the kernel's own switches stands in the way."""
    return [Inhibitor(code, path, "updates") for path, value, code in _SWITCHES if host.read(path, 64).if_there("").strip() == value]


def _masked(host: Any, claim: Claim) -> List[Inhibitor]:
    """A masked unit starts no more, though the link that enables it may still be there."""
    path = unit_masks.mask_of(host, claim.unit) if claim.unit else ""
    return [Inhibitor("service_masked", path, "boot")] if path else []


def _put_kernel(host: Any, section: Any, klp: Klp) -> None:
    section.put("kernel.release", host.uname()[2], "uname -r")
    if klp.problem:
        section.cannot_say("kernel.livepatch_capable", klp.problem, "%s: %s" % (klp.root, klp.detail))
    else:
        section.put("kernel.livepatch_capable", klp.exists, klp.root)
    for fact, path, parse in (
            ("kernel.once_patched", "/proc/sys/kernel/tainted", sysfs.parse_taint),
            ("kernel.lockdown", "/sys/kernel/security/lockdown", sysfs.parse_lockdown),
            ("kernel.signature_required", "/sys/module/module/parameters/sig_enforce", sysfs.parse_module_flag)):
        section.put_answer(fact, host.read(path, 256), path, parse)


def _put_provider(section: Any, claim: Optional[Claim], present: List[str]) -> None:
    name = claim.provider if claim else "none"
    source = claim.source if claim and claim.source else "the providers' clients"
    if name == "self_built":
        # kpatch is then the runtime that loads them at boot, and no provider beside them.
        present = [other for other in present if other != "kpatch"]
    section.put("provider.id", name, source)
    section.put("provider.also_present", [other for other in present if other != name], "the providers' clients")
    section.put("provider.mechanism", _MECHANISM.get(name, "klp" if claim else "none"), source)
    if claim and claim.entitled is not None:
        section.put("provider.entitled", claim.entitled, canonical.PRO)
    else:
        section.cannot_say("provider.entitled", "absent" if name == "canonical" else "not_applicable",
                           "canonical: no file of its client says it; pro status would tell" if name == "canonical" else name)


def _put_patches(section: Any, claims: List[Claim], klp: Klp) -> None:
    if klp.problem and not any(claim.patches for claim in claims):
        section.cannot_say("patches", klp.problem, "%s: %s" % (klp.root, klp.detail))
        return
    details = {patch.id: patch for patch in klp.patches}
    rows: List[Dict[str, Any]] = []
    for patch in [patch for claim in claims for patch in claim.patches]:
        seen = details.get(patch.id)
        rows.append({
            "id": patch.id, "kind": patch.kind, "state": patch.state, "cves": patch.cves[:_CVES_SHOWN], "replace": seen.replace if seen else None,
            "stack_order": seen.stack_order if seen else None, "functions": seen.functions if seen and seen.functions >= 0 else None,
            "package": patch.package or None, "for_kernel": patch.for_kernel or None, "built_at": patch.built_at or None})
    section.put("patches", rows, "; ".join([klp.root] + [claim.source for claim in claims if claim.patches and claim.source]))


def _put_transition(host: Any, section: Any, klp: Klp) -> None:
    if klp.problem:
        for name in ("in_progress", "patch", "blocking", "blocking_count"):
            section.cannot_say("transition." + name, klp.problem, "%s: %s" % (klp.root, klp.detail))
        return
    moving = [patch for patch in klp.patches if patch.state in ("enabling", "disabling")]
    section.put("transition.in_progress", bool(moving), klp.root)
    section.put("transition.patch", moving[0].id if moving else "", klp.root)
    blockers, problem = sysfs.find_blockers(host, 1 if moving[0].state == "enabling" else 0) if moving else ([], "")
    if problem and not blockers:
        section.cannot_say("transition.blocking", problem, "/proc/PID/task/TID/patch_state, whose files tell root")
        section.cannot_say("transition.blocking_count", problem, "/proc/PID/task/TID/patch_state, whose files tell root")
        return
    shown = [dict(blocker._asdict()) for blocker in blockers[:sysfs.BLOCKING_SHOWN]]
    source = "/proc/PID/task/TID/patch_state" if moving else klp.root
    section.put("transition.blocking", shown, source)
    section.put("transition.blocking_count", len(blockers), source)


def _unsaid(provider: str) -> str:
    return "%s does not say it on the host; %s would tell" % (provider, _ASKED.get(provider, "its vendor"))


def _put_claim(section: Any, claim: Optional[Claim]) -> None:
    """What only the provider can say."""
    empty = claim or Claim("none")
    support = empty.support_source or empty.source
    values = (("support.state", empty.support, support), ("support.until", empty.support_until, support),
              ("support.basis", empty.support_basis, support), ("effective.kernel", empty.kernel, empty.source),
              ("effective.level", empty.level, empty.source), ("last_check.at", empty.checked_at, empty.source),
              ("last_check.result", empty.check, empty.source))
    reason = "not_applicable" if claim is None else empty.problem or "unsupported"
    detail = empty.detail or (_unsaid(empty.provider) if claim else "no provider")
    for fact, value, source in values:
        if value:
            section.put(fact, value, source)
        else:
            section.cannot_say(fact, reason, detail)
    if empty.cves is None or empty.problem:
        for fact in ("cves.fixed", "cves.basis", "cves.complete"):
            section.cannot_say(fact, empty.cves_problem or reason, detail)
    else:
        section.put("cves.fixed", empty.cves, empty.source)
        section.put("cves.basis", empty.cves_basis, empty.source)
        section.put("cves.complete", empty.cves_complete, empty.source)
    if empty.pin:
        section.put("cves.blocked_by_pin", empty.cves_blocked, empty.source)
    else:
        section.cannot_say("cves.blocked_by_pin", "not_applicable", "nothing is pinned")
    section.put("pin.kind", empty.pin or "none", empty.source or "no provider")
    section.put("pin.value", empty.pinned_to, empty.source or "no provider")


def _put_newer(section: Any, claim: Optional[Claim]) -> None:
    """What the provider has and this host has not."""
    found = claim or Claim("none", silence="not_applicable", silence_detail="no provider")
    reason, detail = (found.problem, found.detail) if found.problem else ("unsupported", _unsaid(found.provider))
    for fact, value in (("effective.latest_available", found.latest or None), ("effective.up_to_date", found.up_to_date),
                        ("cves.not_fixed", found.cves_missing)):
        if value is None:
            section.cannot_say(fact, found.silence or reason, found.silence_detail or detail)
        else:
            section.put(fact, value, found.newer_source or found.source)


def _put_client(host: Any, section: Any, claim: Optional[Claim]) -> None:
    """How the client is set up."""
    found = claim or Claim("none")
    reason, detail = ("unsupported", _unsaid(found.provider)) if claim else ("not_applicable", "no provider")
    enabled = not host.stat(WANTED + found.unit, follow=False).problem if found.unit else None
    for fact, value in (("provider.client_version", found.client_version or None), ("provider.mode", found.mode or None),
                        ("provider.auto_update", found.auto_update), ("provider.autoload.unit", found.unit or None),
                        ("provider.autoload.enabled", enabled)):
        if value is None:
            section.cannot_say(fact, reason, detail)
        else:
            section.put(fact, value, found.source)
    if claim and claim.provider in _KPATCH_LOADS:
        waiting = sorted(set(kpatch.read_installed(host).get(host.uname()[2], [])) - {patch.id for patch in claim.patches})
        section.put("installed_not_loaded", waiting, kpatch.INSTALLED)
    else:
        section.cannot_say("installed_not_loaded", reason, detail)


def _put_persistence(host: Any, section: Any, claim: Optional[Claim]) -> None:
    if claim is None or claim.returns is None:
        reason, detail = ("not_applicable", "no provider") if claim is None else ("unsupported", _unsaid(claim.provider))
        section.cannot_say("persistence.same_kernel", reason, detail)
        section.cannot_say("persistence.via", reason, detail)
    else:
        kept = starting.kept_from(host, claim.unit) if claim.returns and claim.unit else ""
        section.put("persistence.same_kernel", claim.returns and not kept, kept or claim.returns_by)
        section.put("persistence.via", kept or claim.returns_by, claim.source)
    if claim is not None and claim.provider in _KPATCH_LOADS:
        section.put("persistence.kernels", sorted(kpatch.read_installed(host)), kpatch.INSTALLED)
    else:
        reason, detail = ("not_applicable", "no provider") if claim is None else ("unsupported", _unsaid(claim.provider))
        section.cannot_say("persistence.kernels", reason, detail)


def _put_protection(section: Any, view: patch_protection.View, source: str) -> None:
    protection, reasons = patch_protection.protect(view)
    section.put("protection", protection, source)
    section.put("reasons", reasons, source)
