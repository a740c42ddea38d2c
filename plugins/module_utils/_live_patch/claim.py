# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every live-patching provider's reader hands over, and the few texts that several of them share."""

import re
from typing import Dict, List, NamedTuple, Optional

_CVE = re.compile(r"(?<![A-Za-z0-9])(?:UBUNTU-)?CVE[-_](\d{4})[-_](\d{4,7})(?![0-9])", re.IGNORECASE)
# The CVEs of one host that a record keeps; a year of one kernel has several hundred.
CVES_LIMIT = 5000


class Patch(NamedTuple):
    """One loaded unit. kind: fix|seed|tripwire|enablement|hardening|unknown; state: active|enabling|disabling|disabled|unknown; cves: what it fixes.

    A patch is a fix only where somebody says what it fixes, or whose package of fixes it is; without such a word its kind is unknown.

    package is name-version-release.arch, for_kernel the release it was made for, built_at the provider's own words; '' where nobody says.
    """

    id: str
    kind: str
    state: str
    cves: List[str]
    package: str = ""
    for_kernel: str = ""
    built_at: str = ""


class Inhibitor(NamedTuple):
    """Something that keeps patches out. stops: updates (nothing more is loaded) or boot (nothing is loaded again after a reboot)."""

    code: str
    source: str
    stops: str


class Claim(NamedTuple):
    """What one provider's own files and client say. None and '' are 'it does not say'; ``problem`` is why its client could not be understood."""

    provider: str
    source: str = ""
    patches: List[Patch] = []
    # Its client, or the package manager's cache, says that no patch with a fix exists yet for this kernel.
    nothing_to_apply: bool = False
    failure: str = ""
    # What its client said in words that nobody here knows.
    unclear: str = ""
    # supported|upgrade_required|end_of_life|unsupported; states_support: this provider can say so.
    support: str = ""
    support_until: str = ""
    states_support: bool = False
    kernel: str = ""
    level: str = ""
    cves: Optional[List[str]] = None
    cves_basis: str = "none"
    cves_complete: bool = False
    cves_problem: str = ""
    # ok|failed|never
    checked_at: str = ""
    check: str = ""
    pin: str = ""
    pinned_to: str = ""
    # The pin keeps newer levels out, and nobody says whether there are any.
    held_back: bool = False
    inhibitors: List[Inhibitor] = []
    returns: Optional[bool] = None
    returns_by: str = ""
    entitled: Optional[bool] = None
    problem: str = ""
    detail: str = ""
    # Each of its patches holds all those before it, so that a disabled one beside one in force is only replaced.
    cumulative: bool = False
    client_version: str = ""
    # online|offline|onprem
    mode: str = ""
    auto_update: Optional[bool] = None
    # The systemd unit that loads patches at boot; '' for a provider without one.
    unit: str = ""
    support_basis: str = ""
    up_to_date: Optional[bool] = None
    cves_blocked: List[str] = []
    # The newest level that the provider is known to have, and the CVEs whose fixes it names and that are not in force; why it says neither.
    latest: str = ""
    cves_missing: Optional[List[str]] = None
    silence: str = ""
    silence_detail: str = ""
    # What says that, and what says the support, where it is not the client.
    newer_source: str = ""
    support_source: str = ""


def cve_ids(text: str) -> List[str]:
    """The CVE ids in a text as CVE-YYYY-NNNN, each once and in order of mention; understands lower case, underscores and UBUNTU-CVE-."""
    found: Dict[str, None] = {}
    for match in _CVE.finditer(text):
        found["CVE-%s-%s" % match.groups()] = None
        if len(found) >= CVES_LIMIT:
            break
    return list(found)


def settings(text: str) -> Dict[str, str]:
    """``key = value`` lines of an INI or shell-like file, without its [sections]; keys in lower case, # and ; begin comments, quotes drop."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith(("#", ";", "[")):
            found[key.strip().lower()] = value.strip().strip("\"'")
    return found


def is_yes(word: str) -> bool:
    """Whether a setting is switched on: yes, true, on or 1 in any case."""
    return word.strip().lower() in ("yes", "true", "on", "1")
