# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TuxCare KernelCare: one patch set outside the kernel's own live patching, read from /proc/kcare and its client."""

import re
from typing import Any, Dict, List

from ..claim import Claim, Inhibitor, Patch, cve_ids, is_yes, settings

PROGRAMS = ("/usr/bin/kcarectl", "/usr/sbin/kcarectl")
CONFIG = "/etc/sysconfig/kcare/kcare.conf"
EFFECTIVE = "/proc/kcare/effective_version"
CVES = "/proc/kcare/cvelist"

_PINS = ("sticky_patchset", "auto_sticky_patchset", "sticky_patch")


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
    """The patch set's level: what stands before the semicolon."""
    return description.partition(";")[0].strip()


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
    claim = Claim("kernelcare", " ".join(argv), silence="not_asked", silence_detail="only KernelCare's server knows, and a scan asks no server")
    answer = host.run(argv)
    config = settings(host.read(CONFIG, 1 << 16).value or "")
    pin = next((name for name in _PINS if config.get(name)), "")
    stopped = "auto_update" in config and not is_yes(config["auto_update"])
    claim = claim._replace(pin="patchset" if pin else "", pinned_to=config.get(pin, "")[:60], mode=mode_of(config),
                           auto_update=is_yes(config["auto_update"]) if "auto_update" in config else None,
                           inhibitors=[Inhibitor("auto_update_off", CONFIG, "updates")] if stopped else [])
    if answer.problem:
        return claim._replace(problem=answer.problem, detail=answer.detail)
    try:
        info = parse_info(answer.value.out)
    except ValueError as error:
        # Without a patch the client prints one sentence; the kernel module then has no version either.
        if host.read(EFFECTIVE, 256).problem == "absent" and answer.value.rc:
            return claim
        return claim._replace(problem="tool_failed" if answer.value.rc else "unparsable", detail=str(error))
    return _applied(host, claim, info) if is_applied(info) else claim


def _applied(host: Any, claim: Claim, info: Dict[str, str]) -> Claim:
    description = info.get("description", "")
    kernel = (host.read(EFFECTIVE, 256).value or "").strip() or effective_of(description)
    listed = host.read(CVES, 1 << 20)
    cves: List[str] = sorted(cve_ids(listed.value or ""))
    level = level_of(description)
    patch = Patch("kcare " + level, "fix", "active", cves, "", _made_for(info.get("for", "")), info.get("build-time", "")[:40])
    return claim._replace(
        patches=[patch], kernel=kernel, level=level, cves=None if listed.problem else cves, cves_basis="none" if listed.problem else "client",
        cves_complete=not listed.problem)


def _made_for(said: str) -> str:
    """The release in ``Linux version 3.16.0-4-amd64 (...)``."""
    match = re.match(r"Linux version (\S{1,100})", said)
    return match.group(1) if match else ""
