# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's security tracker as one JSON document: ``{source package: {CVE id: {releases: {codename: {status, fixed_version}}}}}``.

https://security-tracker.debian.org/tracker/data/json. A fixed version "0" says that the package of that release never had the hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .model import AFFECTED, NOT_AFFECTED, SOURCE, UNDER_INVESTIGATION, Advisory, FeedError, Row
from .osv import cve_of

# Codename -> VERSION_ID of os-release. As of 2026-11; source: /usr/share/distro-info/debian.csv of distro-info-data.
RELEASES = {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"}
_STATES = {"open": AFFECTED, "resolved": AFFECTED, "undetermined": UNDER_INVESTIGATION}


def looks_like(document: Any) -> bool:
    """Whether a JSON document is the tracker's: mappings of mappings whose inner keys are CVE ids, and no OSV document."""
    if not isinstance(document, Mapping) or "id" in document or not document:
        return False
    first = next(iter(document.values()))
    return isinstance(first, Mapping) and any(isinstance(issue, Mapping) and "releases" in issue for issue in first.values())


def parse(document: Any) -> Iterator[Advisory]:
    """One advisory for each CVE of each source package."""
    if not isinstance(document, Mapping):
        raise FeedError("want Debian's tracker as a mapping of source packages")
    for package, issues in document.items():
        for name, issue in issues.items() if isinstance(issues, Mapping) else ():
            cve = cve_of(name)
            if cve and isinstance(issue, Mapping) and isinstance(issue.get("releases"), Mapping):
                rows = tuple(_rows(str(package), issue["releases"]))
                yield Advisory(f"{cve} ({package})", (cve,), rows, str(issue.get("description") or "")[:300])


def _rows(package: str, releases: Mapping[str, Any]) -> Iterator[Row]:
    for codename, seen in releases.items():
        if codename not in RELEASES or not isinstance(seen, Mapping):
            continue
        stream, fixed, state = f"debian:{RELEASES[codename]}", _version(seen), _STATES.get(str(seen.get("status")), UNDER_INVESTIGATION)
        if fixed == "0":
            yield Row(stream, package, SOURCE, state=NOT_AFFECTED)
        elif state == AFFECTED and (fixed or seen.get("status") == "open"):
            yield Row(stream, package, SOURCE, fixed=fixed)
        else:
            yield Row(stream, package, SOURCE, state=UNDER_INVESTIGATION)


def _version(seen: Mapping[str, Any]) -> str | None:
    """The version that closes a hole; None for what is none ("", "undetermined")."""
    fixed = seen.get("fixed_version")
    return fixed if isinstance(fixed, str) and fixed[:1].isdigit() else None
