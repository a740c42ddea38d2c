# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Oracle Ksplice, Uptrack and Enhanced client alike: hundreds of small updates outside the kernel's own live patching."""

import re
from typing import Any, Dict, List, Tuple

from ._livepatch_claim import Claim, Inhibitor, Patch, cve_ids, is_yes, settings

# Either lists what is installed, from the client's local files; neither asks the server without further options.
COMMANDS = (("/usr/sbin/uptrack-show",), ("/usr/bin/uptrack-show",), ("/usr/sbin/ksplice", "kernel", "show"), ("/usr/bin/ksplice", "kernel", "show"))
CONFIG = "/etc/uptrack/uptrack.conf"
DISABLED = "/etc/uptrack/disable"

_UPDATE = re.compile(r"\A\s*\[([a-z0-9]{4,16})\]\s+(\S.*)\Z")
_EFFECTIVE = re.compile(r"^\s*Effective kernel version is (\S{1,100}?)\.?\s*$", re.MULTILINE)
_TRIPWIRE = re.compile(r"known exploit detection", re.IGNORECASE)
_ENABLEMENT = re.compile(
    r"\benablement\b|\Aenable livepatching|\A(?:provide an|improve the) interface to freeze tasks|ftrace safety guard", re.IGNORECASE)
# What stands in the file as it is shipped.
_NO_KEY = "INSERT_ACCESS_KEY"


def kind_of(title: str) -> str:
    """tripwire for 'Known exploit detection for CVE-...', which reports attempts and fixes nothing; enablement for Ksplice's own groundwork."""
    if _TRIPWIRE.search(title):
        return "tripwire"
    return "enablement" if _ENABLEMENT.search(title) else "fix"


def parse_show(text: str) -> Tuple[List[Patch], str]:
    """(installed updates, effective kernel version or '') of uptrack-show or ksplice kernel show; ValueError for any other text.

    Updates that are only available are under a heading of their own and not among them.
    """
    patches = []
    section = ""
    for line in text.splitlines():
        heading = line.strip().rstrip(":").lower()
        if line.strip().endswith(":") and not _UPDATE.match(line):
            section = heading
        match = _UPDATE.match(line)
        if match and section == "installed updates":
            kind = kind_of(match.group(2))
            patches.append(Patch(match.group(1), kind, "active", cve_ids(match.group(2)) if kind == "fix" else []))
    effective = _EFFECTIVE.search(text)
    if not effective and "nstalled updates:" not in text and "No updates installed" not in text:
        raise ValueError("neither 'Installed updates:' nor an effective version in %.80r" % text)
    return patches, effective.group(1) if effective else ""


def command(host: Any) -> Tuple[str, ...]:
    """The command of the client that is installed; empty without one."""
    return next((argv for argv in COMMANDS if not host.stat(argv[0]).problem), ())


def is_present(host: Any) -> bool:
    """Whether a client is installed."""
    return bool(command(host))


def read(host: Any, cmdline: List[str]) -> Claim:
    """The claim of the client. Whether newer updates exist, and when it last asked, only its server's answer would tell."""
    argv = command(host)
    answer = host.run(argv)
    claim = Claim("ksplice", " ".join(argv), cves_basis="client")
    if answer.problem:
        claim = claim._replace(problem=answer.problem, detail=answer.detail)
    else:
        try:
            patches, effective = parse_show(answer.value.out)
            fixed = sorted({cve for patch in patches for cve in patch.cves})
            claim = claim._replace(patches=patches, kernel=effective, level=effective, cves=fixed, cves_complete=True)
        except ValueError as error:
            claim = claim._replace(problem="tool_failed" if answer.value.rc else "unparsable", detail=str(error))
    config = settings(host.read(CONFIG, 1 << 16).value or "")
    off = _switches(host, cmdline)
    pinned = config.get("effective_version", "")[:200]
    returns = is_yes(config["install_on_reboot"]) and not off if "install_on_reboot" in config else None
    return claim._replace(inhibitors=off, pin="effective_version" if pinned else "", pinned_to=pinned, returns=returns, mode=_mode(config),
                          auto_update=is_yes(config["autoinstall"]) if "autoinstall" in config else None,
                          returns_by="install_on_reboot in " + CONFIG)


def _mode(config: Dict[str, str]) -> str:
    """online with an access key of its own; the settings of the offline client name it. '' where neither stands there."""
    if config.get("accesskey", _NO_KEY) not in ("", _NO_KEY):
        return "online"
    return "offline" if {"skip_apply_after_pkg_install", "effective_version"} & set(config) else ""


def _switches(host: Any, cmdline: List[str]) -> List[Inhibitor]:
    found = [Inhibitor("uptrack_disabled", DISABLED, "boot")] if not host.stat(DISABLED).problem else []
    return found + ([Inhibitor("nouptrack", "/proc/cmdline", "boot")] if "nouptrack" in cmdline else [])
