# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories in the OSV format, of every distribution that publishes it, Ubuntu's notices of live patches (LSN) included.

The format is https://ossf.github.io/osv-schema/. Laws of its users that the format does not tell: Ubuntu and Debian put CVE ids behind a prefix of
their own; a notice of a live patch names the apt version that has the fix, and the patch itself in ecosystem_specific.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import streams
from .model import AFFECTED, BINARY, NOT_AFFECTED, SOURCE, UNDER_INVESTIGATION, Advisory, LivePatch, Row, UnknownFormError

GO = "Go"
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z")
_PREFIXES = ("UBUNTU-", "DEBIAN-")
_TEXT_LIMIT = 300
# These name binary packages; the others the source package.
_BINARY_FAMILIES = ("redhat", "rocky", "almalinux")
_UNFIXED_STATES = {"not-affected": NOT_AFFECTED, "not_affected": NOT_AFFECTED}


def cve_of(text: object) -> str | None:
    """The CVE id in an id of a feed, or None."""
    word = text if isinstance(text, str) else ""
    for prefix in _PREFIXES:
        word = word.removeprefix(prefix)
    return word if _CVE.match(word) else None


def parse(document: Any) -> Advisory | None:
    """One document; None where it was withdrawn. UnknownFormError where it is no OSV document."""
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str):
        raise UnknownFormError("want an OSV document with an id")
    if document.get("withdrawn"):
        return None
    name = document["id"]
    ids = [name, *(item for key in ("aliases", "upstream", "related") for item in _list(document.get(key)))]
    cves = tuple(sorted({cve for text in ids if (cve := cve_of(text))}))
    rows = tuple(row for affected in _list(document.get("affected")) if isinstance(affected, Mapping) for row in _rows(affected))
    return Advisory(name[:100], cves, rows, _text(document.get("summary") or document.get("details")), _text(document.get("published")))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value[:_TEXT_LIMIT] if isinstance(value, str) else ""


def _rows(affected: Mapping[str, Any]) -> Iterator[Row]:
    package = affected.get("package")
    if not isinstance(package, Mapping) or not isinstance(package.get("name"), str) or not isinstance(package.get("ecosystem"), str):
        return
    stream = streams.of_ecosystem(package["ecosystem"])
    if stream is None:
        return
    if stream == GO and any(fixed and fixed.startswith("0.0.0") for _introduced, fixed in _ranges(affected)):
        # A version that Go made of a commit says nothing of a release.
        yield Row(stream, package["name"], SOURCE, state=UNDER_INVESTIGATION)
        return
    live_patch = _live_patch(affected.get("ecosystem_specific"))
    kind = BINARY if stream.split(":")[0] in _BINARY_FAMILIES else SOURCE
    for introduced, fixed in _ranges(affected):
        yield Row(stream, package["name"], kind, introduced, fixed, AFFECTED, live_patch)


def _ranges(affected: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(introduced, fixed) of each range of versions; commits of git are no versions of packages."""
    for one in _list(affected.get("ranges")):
        if not isinstance(one, Mapping) or one.get("type") not in ("ECOSYSTEM", "SEMVER"):
            continue
        introduced: str | None = None
        # Events need not come in order; what is there since ever comes first in any.
        for event in sorted(filter(_is_mapping, _list(one.get("events"))), key=lambda event: event.get("introduced") != "0"):
            if isinstance(event.get("introduced"), str):
                introduced = "" if event["introduced"] == "0" else event["introduced"]
            elif isinstance(event.get("fixed"), str) and introduced is not None:
                yield introduced, event["fixed"]
                introduced = None
        if introduced is not None:
            yield introduced, None


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _live_patch(specific: Any) -> LivePatch | None:
    """The live patch of a notice, by its module's name and version; None where there is none, or its pattern is none that can be used."""
    if not isinstance(specific, Mapping):
        return None
    pattern, version = specific.get("module_name_regex"), specific.get("module_version")
    if not isinstance(pattern, str) or not isinstance(version, str) or not version.isdecimal() or len(pattern) > 200:
        return None
    # Only what such patterns are made of: a nested repetition could take for ever.
    if not re.fullmatch(r"[A-Za-z0-9_]+(?:\[[_|\\d]+\]\+?[A-Za-z0-9_]*)*\(\\d\+\)", pattern):
        return None
    return LivePatch(pattern, int(version))
