# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TuxCare KernelCare: one patch set outside the kernel's own live patching, read from /proc/kcare and its client."""

import re
from typing import Any, Dict, List, Optional, Tuple

from ..._formats import unit_masks
from ..claim import Claim, Inhibitor, Patch, cve_ids, is_yes, settings

PROGRAMS = ("/usr/bin/kcarectl", "/usr/sbin/kcarectl")
CONFIG = "/etc/sysconfig/kcare/kcare.conf"
EFFECTIVE = "/proc/kcare/effective_version"
CVES = "/proc/kcare/cvelist"

# Its service, which loads patches at boot as UPDATE_POLICY says.
SERVICE = "kcare.service"
UNIT = "/etc/systemd/system/multi-user.target.wants/" + SERVICE
SYSV = ("/etc/rc3.d", "/etc/rc.d/rc3.d")

_PINS = ("sticky_patchset", "auto_sticky_patchset", "sticky_patch")
_DELAYS = ("update_delay", "auto_update_delay")
_NO_DELAY = re.compile(r"\A0*[smhdw]?\Z", re.IGNORECASE)
_DELAYED_FEED = re.compile(r"\A\d+h\Z")
# LEVEL-TYPE:EPOCH;KERNEL, of old clients LEVEL;KERNEL. The type names the set of patches.
_DESCRIPTION = re.compile(r"\A(\d{1,9})(?:-([^:;]{0,40}))?(?::[^;]*)?(?:;|\Z)")
# The default set, and it with hardening beyond it; the free set is hardening alone.
_KINDS = {"": "fix", "default": "fix", "extra": "fix", "free": "hardening"}
_NOTHING_APPLIED = re.compile(r"^\s*no patches applied\b", re.IGNORECASE | re.MULTILINE)
_NOTHING_NEEDED = re.compile(r"^\s*this kernel doesn't require any patches\b", re.IGNORECASE | re.MULTILINE)
_NOT_APPLIED = ("unpatched", "no patch is applied", "patch is not applied")


def parse_info(text: str) -> Dict[str, str]:
    """The ``kpatch-...`` lines of ``kcarectl --info`` by their names without kpatch-; ValueError without kpatch-state."""
    fields = {}
    for line in text.splitlines():
        match = re.match(r"\Akpatch-([a-z-]{1,40}):\s*(.*?)\s*\Z", line)
        if match:
            fields[match.group(1)] = match.group(2)[:300]
    if "state" not in fields:
        raise ValueError("no line 'kpatch-state:' in %.80r" % text)
    return fields


def is_applied(info: Dict[str, str]) -> bool:
    """Whether the patch set is in force; 'patch is applied' and nothing else."""
    return info.get("state", "").lower() == "patch is applied"


def effective_of(description: str) -> str:
    """The kernel version behind the semicolon of kpatch-description (``3;3.16.36-1+deb8u2``); '' without one."""
    return description.partition(";")[2].strip()


def level_of(description: str) -> str:
    """The patch set's level as the client itself calls it, 12 of ``12-:;5.14.0-570``; of a form that is not known all before the semicolon."""
    match = _DESCRIPTION.match(description.strip())
    return match.group(1) if match else description.partition(";")[0].strip()


def kind_of(description: str) -> str:
    """What the set of patches in a description is for; unknown for a set that is not known here."""
    match = _DESCRIPTION.match(description.strip())
    return _KINDS.get((match.group(2) or "").strip().lower(), "unknown") if match else "unknown"


def pin_of(config: Dict[str, str]) -> Tuple[str, str]:
    """(kind, value) of what holds the level back: a patch set, a time to wait, or another feed than the newest; ('', '') without any."""
    name = next((name for name in _PINS if config.get(name)), "")
    if name:
        return "patchset", config[name][:60]
    name = next((name for name in _DELAYS if not _NO_DELAY.match(config.get(name, ""))), "")
    if name:
        return "delay", "%s=%s" % (name.upper(), config[name][:40])
    feed = config.get("prefix", "")
    return ("delay" if _DELAYED_FEED.match(feed) else "feed", "PREFIX=%s" % feed[:40]) if feed else ("", "")


def returns(host: Any, config: Dict[str, str]) -> Tuple[Optional[bool], str]:
    """(whether its service loads patches at boot, what says so); None where neither systemd nor the run levels can be read."""
    policy = config.get("update_policy", "REMOTE").upper()
    if unit_masks.mask_of(host, SERVICE):
        return False, SERVICE + " is masked"
    if not host.stat(UNIT, follow=False).problem:
        return True, "%s, UPDATE_POLICY %s" % (SERVICE, policy)
    wanted = host.listdir(UNIT.rpartition("/")[0], 1000)
    folders = [host.listdir(path, 1000).if_there([]) for path in SYSV]
    if any(re.match(r"\AS\d\dkcare\Z", name) for names in folders for name in names):
        return True, "kcare of the run levels, UPDATE_POLICY %s" % policy
    return (None, "") if wanted.problem and not any(folders) else (False, SERVICE + " is not enabled")


def mode_of(config: Dict[str, str]) -> str:
    """onprem where another patch server than the vendor's is set, else online."""
    server = config.get("patch_server", "")
    return "onprem" if server and not re.match(r"https?://[a-z0-9.-]*kernelcare\.com(?:[:/]|\Z)", server) else "online"


def program(host: Any) -> str:
    """The path of the client; '' without one."""
    return next((path for path in PROGRAMS if not host.stat(path).problem), "")


def is_present(host: Any) -> bool:
    """Whether the client is installed."""
    return bool(program(host))


def read(host: Any) -> Claim:
    """The claim of the client. ``kcarectl --status`` and ``--check`` ask the server and are not run."""
    argv = [program(host), "--info"]
    claim = Claim("kernelcare", " ".join(argv), silence="not_asked",
                  silence_detail="only KernelCare's server knows, and a scan asks no server; kcarectl --check would tell")
    answer = host.run(argv)
    config = settings(host.read(CONFIG, 1 << 16).if_there(""))
    pin, pinned_to = pin_of(config)
    stopped = "auto_update" in config and not is_yes(config["auto_update"])
    back, by = returns(host, config)
    claim = claim._replace(pin=pin, pinned_to=pinned_to, mode=mode_of(config), returns=back, returns_by=by, unit=SERVICE if by else "",
                           auto_update=is_yes(config["auto_update"]) if "auto_update" in config else None,
                           inhibitors=[Inhibitor("auto_update_off", CONFIG, "updates")] if stopped else [])
    return claim._replace(problem=answer.problem, detail=answer.detail) if answer.problem else _said(host, claim, answer.value)


def _said(host: Any, claim: Claim, answer: Any) -> Claim:
    """What the client's words mean: a patch set, one of its sentences for none, or nothing that is known here."""
    try:
        info = parse_info(answer.out)
    except ValueError as error:
        said = answer.out + answer.err
        # It ends with 0 and says so on its standard output.
        if _NOTHING_APPLIED.search(said):
            return claim
        if _NOTHING_NEEDED.search(said):
            return claim._replace(nothing_to_apply=True, up_to_date=True)
        # The kernel module has no version without a patch.
        if host.read(EFFECTIVE, 256).problem == "absent" and answer.rc:
            return claim
        return claim._replace(problem="tool_failed" if answer.rc else "unparsable", detail=str(error))
    if is_applied(info):
        return _applied(host, claim, info)
    return claim if info["state"].lower() in _NOT_APPLIED else claim._replace(unclear=info["state"][:100])


def _applied(host: Any, claim: Claim, info: Dict[str, str]) -> Claim:
    description = info.get("description", "")
    kernel = host.read(EFFECTIVE, 256).if_there("").strip() or effective_of(description)
    listed = host.read(CVES, 1 << 20)
    cves: List[str] = sorted(cve_ids(listed.if_there("")))
    level, kind = level_of(description), kind_of(description)
    patch = Patch("kcare " + level, "fix" if cves else kind, "active", cves, "", _made_for(info.get("for", "")), info.get("build-time", "")[:40])
    return claim._replace(
        patches=[patch], kernel=kernel, level=level, cves=None if listed.problem else cves, cves_basis="client" if cves else "none",
        cves_complete=bool(cves))


def _made_for(said: str) -> str:
    """The release in ``Linux version 3.16.0-4-amd64 (...)``."""
    match = re.match(r"Linux version (\S{1,100})", said)
    return match.group(1) if match else ""
