# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories in the OSV format, of every distribution that publishes it, Ubuntu's notices of live patches (LSN) included.

The format is https://ossf.github.io/osv-schema/. Laws of its users that the format does not tell: Ubuntu and Debian put CVE ids behind a prefix of
their own; a notice of a live patch names the apt version that has the fix, and the patch itself in ecosystem_specific; ``related`` names an
advisory's CVEs (AlmaLinux) or holes that are others than this one, which is told by whether any other key names one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ...module_utils._formats.versions import InvalidVersion
from . import kernel_org, modularity, streams
from .model import AFFECTED, BINARY, SOURCE, UNDER_INVESTIGATION, Advisory, LivePatch, Row, UnknownFormError
from .ordered import key
from .relevant import is_live_patch, is_relevant

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z")
_PREFIXES = ("UBUNTU-", "DEBIAN-")
_TEXT_LIMIT = 300
_VERSIONS_LIMIT = 2000
# So many listed versions are looked for in the ranges beside them. The long lists are those that databases make of ranges by themselves.
_BESIDE_LIMIT = 50
# These name binary packages; the others the source package.
_BINARY_FAMILIES = ("redhat", "rocky", "almalinux")
# These map the binary packages of a source to their versions in ecosystem_specific.
_LISTING_BINARIES = ("suse", "opensuse")
# By which OSV is told from others' documents with an id, such as NVD's.
_KEYS = {"affected", "aliases", "modified", "related", "upstream", "withdrawn"}
_INTRODUCED = "introduced"
# In the order in which they count at one version: a span ends before the next one begins, and one of a single version begins before it ends.
_EVENTS = ("fixed", _INTRODUCED, "last_affected")


def cve_of(text: object) -> str | None:
    """The CVE id in an id of a feed, or None."""
    word = text if isinstance(text, str) else ""
    for prefix in _PREFIXES:
        word = word.removeprefix(prefix)
    return word if _CVE.match(word) else None


def parse(document: Any) -> Advisory | None:
    """One document; None where it was withdrawn. UnknownFormError where it is no OSV document."""
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str) or _KEYS.isdisjoint(document):
        raise UnknownFormError(f"want an OSV document with an id and one of {', '.join(sorted(_KEYS))}")
    if document.get("withdrawn"):
        return None
    name = document["id"]
    own = [name, *_list(document.get("aliases")), *_list(document.get("upstream"))]
    cves = _cves(own) or _cves(_list(document.get("related")))
    rows = (row for affected in _list(document.get("affected")) if isinstance(affected, Mapping) for row in _rows(affected))
    modules = modularity.of_title(document.get("summary"))
    if modules:
        # OSV has no key for modules: its users name them in the title.
        rows = (row._replace(modules=modules) if modularity.is_build(row.fixed or row.last or row.introduced) else row for row in rows)
    return Advisory(name[:100], cves, tuple(rows), _text(document.get("summary") or document.get("details")), _text(document.get("published")))


def _cves(ids: list[Any]) -> tuple[str, ...]:
    return tuple(sorted({cve for text in ids if (cve := cve_of(text))}))


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
    name, spans = package["name"], list(_spans(affected, streams.order_of(stream)))
    if stream == streams.UPSTREAM and name.lower() in ("kernel", kernel_org.PACKAGE):
        name, spans = kernel_org.PACKAGE, [_of_kernel_org(span) for span in spans]
    if stream == streams.GO and any(span.fixed and span.fixed.startswith("0.0.0") for span in spans):
        # A version that Go made of a commit says nothing of a release.
        yield Row(stream, name, SOURCE, state=UNDER_INVESTIGATION)
        return
    live_patch = _live_patch(affected.get("ecosystem_specific"))
    kind = BINARY if stream.split(":")[0] in _BINARY_FAMILIES else SOURCE
    for span in spans:
        yield Row(stream, name, kind, span.introduced, span.fixed, AFFECTED, live_patch, span.last)
    if stream.split(":")[0] in _LISTING_BINARIES:
        yield from _live_patch_packages(stream, affected.get("ecosystem_specific"))


def _live_patch_packages(stream: str, specific: Any) -> Iterator[Row]:
    """SUSE's packages of live patches, which name the kernel that each is for; their source (kernel-livepatch-SLE15-SP4_Update_5) does not."""
    listed = _list(specific.get("binaries")) if isinstance(specific, Mapping) else []
    for name, version in (pair for one in listed if isinstance(one, Mapping) for pair in one.items()):
        if is_live_patch(name) and isinstance(version, str) and version:
            yield Row(stream, name, BINARY, fixed=version)


class _Span(NamedTuple):
    """Versions with the hole, as of a row."""

    introduced: str
    fixed: str | None = None
    last: str = ""


def _spans(affected: Mapping[str, Any], order: str) -> Iterator[_Span]:
    """The spans of versions that are affected: those of the ranges, and each version that is listed beside them.

    Commits of git are no versions of packages.
    """
    # A range without a type says of versions what it says; taken for none, a list of some versions beside it would stand for all with the hole.
    ranges = [one for one in _list(affected.get("ranges")) if isinstance(one, Mapping) and one.get("type") != "GIT"]
    spans = [span for one in ranges for span in _of_events(_in_order(one.get("events"), order))]
    yield from spans
    listed = [version for version in _list(affected.get("versions")) if isinstance(version, str) and version]
    if not ranges:
        yield from (_Span(version, None, version) for version in listed) if len(listed) <= _VERSIONS_LIMIT else [_Span("")]
    elif len(listed) <= _BESIDE_LIMIT and is_relevant(affected["package"]["name"]):
        yield from _outside(tuple(listed), tuple(spans), order)


def _key(order: str, version: str) -> Any:
    """None for what is no version."""
    try:
        return key(order, version)
    except InvalidVersion:
        return None


@lru_cache(maxsize=512)
def _outside(listed: tuple[str, ...], spans: tuple[_Span, ...], order: str) -> list[_Span]:
    """Each listed version that no span holds; one that is no version is none of any host. Packages of one document mostly list the same ones."""
    keys = [[_key(order, end) if end else "" for end in (span.introduced, span.fixed, span.last)] for span in spans]
    if any(None in ends for ends in keys):
        return []
    outside = {version: mine for version in listed if (mine := _key(order, version)) is not None}
    for begin, fixed, last in keys:
        outside = {version: mine for version, mine in outside.items()
                   if (begin and mine < begin) or (fixed and mine >= fixed) or (last and mine > last)}
    return [_Span(version, None, version) for version in outside]


def _of_events(events: list[tuple[str, str]]) -> Iterator[_Span]:
    introduced: str | None = None
    for what, version in events:
        if what == _INTRODUCED:
            # Of two beginnings in one span the first one counts.
            introduced = introduced if introduced is not None else "" if version == "0" else version
        elif introduced is not None:
            yield _Span(introduced, version) if what == "fixed" else _Span(introduced, None, version)
            introduced = None
    if introduced is not None:
        yield _Span(introduced)


def _in_order(given: Any, order: str) -> list[tuple[str, str]]:
    """(kind, version) of events by their versions: they need not come in order, and "0" comes before every version."""
    events = [(what, event[what]) for event in _list(given) if isinstance(event, Mapping) for what in _EVENTS if isinstance(event.get(what), str)]
    if events[:1] == [(_INTRODUCED, "0")] and len(events) <= 2:
        return events
    try:
        return sorted(events, key=lambda event: (event != (_INTRODUCED, "0"), key(order, event[1]), _EVENTS.index(event[0])))
    except InvalidVersion:
        return sorted(events, key=lambda event: event != (_INTRODUCED, "0"))


def _of_kernel_org(span: _Span) -> _Span:
    """A span in the versions by which kernel.org's records are judged; what cannot be read makes it longer, never shorter."""
    introduced, fixed, last = (kernel_org.version_of((text or "").removeprefix("v")) for text in span)
    return _Span(introduced or "", fixed, last or "")


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
