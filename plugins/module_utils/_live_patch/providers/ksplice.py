# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Oracle Ksplice, Uptrack and Enhanced client alike: hundreds of small updates outside the kernel's own live patching."""

import re
from typing import Any, Dict, List, Tuple

from ..claim import Claim, Inhibitor, Patch, cve_ids, is_yes, settings

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
    patches = _updates(text, "installed updates", "active")
    effective = _EFFECTIVE.search(text)
    if not effective and "nstalled updates:" not in text and "No updates installed" not in text:
        raise ValueError("neither 'Installed updates:' nor an effective version in %.80r" % text)
    return patches, effective.group(1) if effective else ""


def parse_available(text: str) -> List[Patch]:
    """The updates that uptrack-show --available lists as not installed; ValueError for any other text."""
    if "vailable updates:" not in text:
        raise ValueError("no 'Available updates:' in %.80r" % text)
    return _updates(text, "available updates", "disabled")


def _updates(text: str, wanted: str, state: str) -> List[Patch]:
    """The updates below a heading."""
    patches = []
    section = ""
    for line in text.splitlines():
        heading = line.strip().rstrip(":").lower()
        if line.strip().endswith(":") and not _UPDATE.match(line):
            section = heading
        match = _UPDATE.match(line)
        if match and section == wanted:
            kind = kind_of(match.group(2))
            patches.append(Patch(match.group(1), kind, state, cve_ids(match.group(2)) if kind == "fix" else []))
    return patches


def command(host: Any) -> Tuple[str, ...]:
    """The command of the client that is installed; empty without one."""
    return next((argv for argv in COMMANDS if not host.stat(argv[0]).problem), ())


def is_present(host: Any) -> bool:
    """Whether a client is installed."""
    return bool(command(host))


def read(host: Any, cmdline: List[str]) -> Claim:
    """The claim of the client. When it last asked, only its server's answer would tell; so for newer updates, but where they come as packages."""
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
    config = settings(host.read(CONFIG, 1 << 16).if_there(""))
    off = _switches(host, cmdline)
    pinned = config.get("effective_version", "")[:200]
    returns = False if off else is_yes(config["install_on_reboot"]) if "install_on_reboot" in config else None
    mode = _mode(config)
    claim = claim._replace(
        inhibitors=off, pin="effective_version" if pinned else "", pinned_to=pinned, returns=returns, mode=mode,
        auto_update=is_yes(config["autoinstall"]) if "autoinstall" in config else None,
        returns_by="%s (%s)" % (off[0].code, off[0].source) if off else "install_on_reboot in " + CONFIG)
    return _with_available(host, claim, argv)


def _with_available(host: Any, claim: Claim, argv: Tuple[str, ...]) -> Claim:
    """What is available beyond what is installed. Only the offline client knows that without its server, and only uptrack-show prints it."""
    if claim.mode != "offline":
        detail = "only Ksplice's server knows, and a scan asks no server; uptrack-upgrade -n would tell"
        return claim._replace(silence="not_asked", silence_detail=detail)
    if len(argv) != 1:
        return claim._replace(silence="unsupported", silence_detail="%s does not list it; Oracle's page of the host would tell" % " ".join(argv))
    asked = argv + ("--available",)
    answer = host.run(asked)
    if answer.problem:
        return claim._replace(silence=answer.problem, silence_detail="%s: %s" % (" ".join(asked), answer.detail))
    try:
        updates = parse_available(answer.value.out)
    except ValueError as error:
        return claim._replace(silence="tool_failed" if answer.value.rc else "unparsable", silence_detail=str(error))
    missing = sorted({cve for update in updates for cve in update.cves} - set(claim.cves or []))
    nothing = not updates and not claim.problem and not any(patch.kind == "fix" for patch in claim.patches)
    return claim._replace(up_to_date=not updates, nothing_to_apply=nothing, cves_missing=missing, latest="" if updates else claim.level,
                          newer_source=" ".join(asked),
                          silence="unsupported",
                          silence_detail="%s lists updates, and no level that they come to; uptrack-uname -r would tell" % " ".join(asked))


def _mode(config: Dict[str, str]) -> str:
    """online with an access key of its own; the settings of the offline client name it. '' where neither stands there."""
    if config.get("accesskey", _NO_KEY) not in ("", _NO_KEY):
        return "online"
    return "offline" if {"skip_apply_after_pkg_install", "effective_version"} & set(config) else ""


def _switches(host: Any, cmdline: List[str]) -> List[Inhibitor]:
    found = [Inhibitor("uptrack_disabled", DISABLED, "boot")] if not host.stat(DISABLED).problem else []
    return found + ([Inhibitor("nouptrack", "/proc/cmdline", "boot")] if "nouptrack" in cmdline else [])
