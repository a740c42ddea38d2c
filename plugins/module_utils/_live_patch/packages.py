# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live patches that come as packages of dnf: what the package manager's cache offers beyond the level in force, and what that would fix."""

import re
from typing import Any, Dict, List, NamedTuple

from .._formats import versions
from .._packages import dnf_query
from .claim import Claim, cve_ids

_VERSION = re.compile(r"\A[\w.~^+]+\Z")


class Offered(NamedTuple):
    """A package of patches: version-release without Amazon's mark, and the CVEs that its own advisories name."""

    version: str
    cves: List[str]


def parse_offers(text: str) -> List[Offered]:
    """The packages in what DNF_PATCHES printed, oldest first; other lines are passed over."""
    found: Dict[str, List[str]] = {}
    for fields in (line.split("\t") for line in text.split("\n")):
        if fields[0] not in ("offer", "fixes") or len(fields) not in (3, 4) or not all(_VERSION.match(word) for word in fields[1:3]):
            continue
        cves = found.setdefault("%s-%s" % (fields[1], re.sub(r"\.amzn\w+\Z", "", fields[2])), [])
        if fields[0] == "fixes":
            cves.extend(cve for cve in cve_ids(fields[-1]) if cve not in cves)
    return [Offered(version, found[version]) for version in sorted(found, key=versions.sort_key(versions.RPM))]


def is_seed(version: str) -> bool:
    """Whether a package holds no patch yet: release 0 of Red Hat's (0-0.el9_4) and of Amazon's (1.0-0) only keeps the name."""
    return re.search(r"-0(?:\.\w+)?\Z", version) is not None


def newer_than(offers: List[Offered], level: str) -> List[Offered]:
    """The offers of patches beyond a level; all of them where no level is in force."""
    return [offer for offer in offers if not is_seed(offer.version) and (not level or versions.compare(versions.RPM, offer.version, level) > 0)]


def with_offers(host: Any, claim: Claim, package: str) -> Claim:
    """The claim with what dnf's cache offers of the package of patches for this kernel; nothing is asked for a kernel that none is made for."""
    if not package:
        return claim
    said = dnf_query.ask(host, dnf_query.DNF_PATCHES, package)
    if said.reason:
        return claim._replace(silence=said.reason, silence_detail="%s: %s" % (dnf_query.SOURCE, said.detail))
    offers = parse_offers(said.text)
    if not offers:
        detail = "no repository in dnf's cache offers %s; dnf repoquery with the vendor's repository would tell" % package
        return claim._replace(silence="absent", silence_detail=detail)
    claim = claim._replace(latest=offers[-1].version, newer_source="%s, %s" % (dnf_query.SOURCE, package))
    if not claim.patches and all(is_seed(offer.version) for offer in offers):
        return claim._replace(up_to_date=True, cves_missing=[], nothing_to_apply=True)
    if claim.patches and not claim.level:
        return claim._replace(silence="unsupported", silence_detail="nobody says which package the loaded patch is of; whoever built it would tell")
    newer = newer_than(offers, claim.level)
    missing = {cve for offer in newer for cve in offer.cves} - set(claim.cves or [])
    return claim._replace(up_to_date=not newer, cves_missing=sorted(missing))
