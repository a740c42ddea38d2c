# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of the kernel's own CNA (CVE JSON 5): which of kernel.org's releases have the hole, and which source files it is in (``programFiles``).

https://git.kernel.org/pub/scm/linux/security/vulns.git. Laws that the format does not tell:
- a rejected record says PUBLISHED like any other; the folder that it lies in (``rejected``) is what counts;
- of the two blocks of versions the one of git commits is passed over; the other lists what is *not* affected where its default is "affected";
- cpeApplicability joins overlapping intervals by OR, by which fixed releases are affected: never used;
- a range whose end is not behind its beginning is empty.
These versions are kernel.org's: they judge kernels that are built of them (Kata's guest kernels), never a distribution's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .kernel_org import PACKAGE, VERSION
from .model import SOURCE, Advisory, FeedError, Row
from .osv import cve_of
from .streams import UPSTREAM

_CNA = "416baaa9-dc9f-4396-8d5f-8c081fb06d67"
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,+/-]{0,250}\Z")
_FILES_LIMIT = 5000
_Version = tuple[int, ...]


def looks_like(document: Any) -> bool:
    """Whether a JSON document is a CVE record."""
    return isinstance(document, Mapping) and isinstance(document.get("containers"), Mapping) and "cveMetadata" in document


def is_rejected(where: str) -> bool:
    """Whether a document lies among the rejected ones; ``where`` is its path, behind that of its archive where it is in one."""
    return "rejected" in where.rpartition(": ")[2].replace("\\", "/").lower().split("/")[:-1]


def parse(document: Any, where: str = "") -> Advisory | None:
    """One record; None where it was rejected or is not of the kernel's CNA. FeedError where it is no CVE record."""
    metadata, cna = document["cveMetadata"], document["containers"].get("cna")
    if not isinstance(metadata, Mapping) or not isinstance(cna, Mapping):
        raise FeedError("want a CVE record with containers.cna")
    # The CNA's own copies spell the key cveID.
    cve = cve_of(metadata.get("cveId") or metadata.get("cveID"))
    if cve is None:
        raise FeedError("want a CVE record with an id")
    if is_rejected(where) or metadata.get("state") == "REJECTED" or not _of_kernel(metadata, cna):
        return None
    blocks = [one for one in cna.get("affected") or () if isinstance(one, Mapping)] if isinstance(cna.get("affected"), list) else []
    rows = tuple(dict.fromkeys(row for block in blocks for row in _rows(block)))
    files = tuple(sorted({path for block in blocks for path in _files(block.get("programFiles"))}))
    title, published = str(cna.get("title") or "")[:300], str(metadata.get("datePublished") or "")[:30]
    return Advisory(f"{cve} (kernel CNA)", (cve,), rows, title, published, files=files)


def _of_kernel(metadata: Mapping[str, Any], cna: Mapping[str, Any]) -> bool:
    """Whether the kernel's CNA wrote a record: others' ranges and files are not told by its laws."""
    provider = cna.get("providerMetadata")
    org = metadata.get("assignerOrgId") or (provider.get("orgId") if isinstance(provider, Mapping) else None)
    return org in (None, _CNA)


def _files(value: Any) -> Iterator[str]:
    for path in value[:_FILES_LIMIT] if isinstance(value, list) else ():
        if isinstance(path, str) and _FILE.match(path) and ".." not in path:
            yield path


def _rows(block: Mapping[str, Any]) -> Iterator[Row]:
    """The intervals of kernel.org's versions that are affected."""
    rows = [one for one in block.get("versions") or () if isinstance(one, Mapping)] if isinstance(block.get("versions"), list) else []
    rows = [one for one in rows if one.get("versionType") != "git"]
    if rows and block.get("defaultStatus") == "affected":
        safe = [span for one in rows if one.get("status") == "unaffected" and (span := _span(one))]
        # "affected" without an end says since when, where no range from the beginning on does.
        since = [key for one in rows if one.get("status") == "affected" and "lessThan" not in one and (key := _key(one.get("version")))]
        if since and not any(not any(low) for low, _high in safe):
            safe.append(((0, 0), min(since)))
        yield from _gaps(sorted(safe, key=lambda span: span[0]))
    else:
        for span in (_span(one) for one in rows if one.get("status") == "affected"):
            if span:
                yield _row(*span)


def _span(one: Mapping[str, Any]) -> tuple[_Version, _Version | None] | None:
    """[from, to) of one row of versions; None where it is empty or cannot be read. A missing end is the end of all."""
    low = _key(one.get("version"))
    if low is None:
        return None
    end = one.get("lessThan", one.get("lessThanOrEqual"))
    if end == "*":
        return low, None
    if isinstance(end, str) and end.endswith(".*"):
        # Whatever its name is, an end with a star has the whole line in it.
        line = _key(end[:-2])
        return (low, (*line[:-2], line[-2] + 1, 0)) if line else None
    if isinstance(one.get("lessThan"), str):
        high = _key(end)
        return (low, high) if high is not None and high > low else None
    if isinstance(end, str):
        last = _key(end)
        return (low, (*last, 1)) if last is not None and last >= low else None
    return low, (*low, 1)


def _key(text: Any) -> _Version | None:
    """A version as numbers whose order is kernel.org's: a release candidate lies before its release."""
    found = VERSION.match(text) if isinstance(text, str) else None
    if not found:
        return None
    candidate = int(found[2][3:]) if found[2] else 0
    return (*(int(part) for part in found[1].split(".")), candidate - 1000 if candidate else 0)


def _text(key: _Version) -> str:
    """A key as a version for people and for dpkg's order."""
    *parts, candidate = key
    base = ".".join(map(str, parts))
    return f"{base}~rc{candidate + 1000}" if candidate < 0 else base


def _gaps(safe: list[tuple[_Version, _Version | None]]) -> Iterator[Row]:
    """What lies between the ranges that are safe."""
    begin: _Version = (0, 0)
    for low, high in safe:
        if low > begin:
            yield _row(begin, low)
        if high is None:
            return
        begin = max(begin, high)
    yield _row(begin, None)


def _row(low: _Version, high: _Version | None) -> Row:
    introduced = "" if not any(low) else _text(low)
    return Row(UPSTREAM, PACKAGE, SOURCE, introduced, _text(high) if high is not None else None)
