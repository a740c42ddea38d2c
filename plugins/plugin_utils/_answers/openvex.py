# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenVEX documents, in Ubuntu's own way: one for each CVE or notice, statements about source and binary packages by purl.

The format is https://github.com/openvex/spec. Ubuntu puts the release's codename, and before it the stream, into the purl's ``distro``
(``noble``, ``esm-infra/xenial``, ``fips-updates/jammy``); a "fixed" statement carries the fix in the purl's version, an "affected" one the newest
version that still has the hole. Of statements about one package the latest counts, by their own times; one without is as old as its document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from . import purls, streams
from .model import AFFECTED, BINARY, NOT_AFFECTED, SOURCE, UNDER_INVESTIGATION, Advisory, FeedError, Row
from .osv import cve_of

_STATES = {"affected": AFFECTED, "fixed": AFFECTED, "not_affected": NOT_AFFECTED, "under_investigation": UNDER_INVESTIGATION}
_ROWS_LIMIT = 200_000
_NEVER = datetime.min.replace(tzinfo=timezone.utc)
# Fractions of a second have as many digits as a tool likes.
_TIME = re.compile(r"([0-9-]{10}[Tt ][0-9:]{8})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?\Z")


def looks_like(document: Any) -> bool:
    """Whether a JSON document is OpenVEX."""
    context = document.get("@context") if isinstance(document, Mapping) else None
    return isinstance(context, str) and context.startswith("https://openvex.dev/ns")


def parse(document: Any) -> Iterator[Advisory]:
    """One advisory for each CVE that the statements are about."""
    statements = document.get("statements")
    if not isinstance(statements, list):
        raise FeedError("want OpenVEX with a list of statements")
    since = _time(document)
    said: dict[str, list[tuple[datetime, Row]]] = {}
    for one in statements:
        if isinstance(one, Mapping):
            when = _time(one) or since or _NEVER
            for cve in _cves(one.get("vulnerability")):
                said.setdefault(cve, []).extend((when, row) for row in list(_rows(one))[:_ROWS_LIMIT])
    published = str(document.get("timestamp") or "")[:30]
    for cve, mine in said.items():
        yield Advisory(f"{cve} (OpenVEX)", (cve,), _latest(mine), "", published)


def _latest(said: list[tuple[datetime, Row]]) -> tuple[Row, ...]:
    """The rows of the latest statement about each package; of those of one time all."""
    times: dict[tuple[str, str], datetime] = {}
    for when, row in said:
        times[row.stream, row.package] = max(when, times.get((row.stream, row.package), when))
    return tuple(dict.fromkeys(row for when, row in said if when == times[row.stream, row.package]))


def _time(one: Mapping[str, Any]) -> datetime | None:
    """When something was said, or said anew; None where that is not told."""
    found = _TIME.match(str(one.get("last_updated") or one.get("timestamp") or ""))
    try:
        return datetime.fromisoformat(found[1] + (found[2] or "Z").replace("Z", "+00:00")) if found else None
    except ValueError:
        return None


def _cves(vulnerability: Any) -> set[str]:
    """The CVE ids of a statement: of old documents it is a text."""
    if not isinstance(vulnerability, Mapping):
        vulnerability = {"name": vulnerability}
    aliases = vulnerability.get("aliases")
    names = [vulnerability.get("name"), str(vulnerability.get("@id")).rpartition("/")[2], *(aliases if isinstance(aliases, list) else [])]
    return {cve for text in names if (cve := cve_of(text))}


def _rows(statement: Mapping[str, Any]) -> Iterator[Row]:
    status = statement.get("status")
    state = _STATES.get(status) if isinstance(status, str) else None
    products = statement.get("products")
    for product in products if state and isinstance(products, list) else ():
        purl = _purl(product)
        stream = streams.of_distro(purl.namespace, purl.qualifiers.get("distro", "")) if purl else None
        if purl is None or stream is None or state is None:
            continue
        fixed = purl.version if status == "fixed" else None
        if status != "fixed" or fixed:
            yield Row(stream, purl.name, SOURCE if purl.is_source else BINARY, fixed=fixed, state=state)


def _purl(product: Any) -> purls.Purl | None:
    if isinstance(product, str):
        return purls.parse(product)
    if not isinstance(product, Mapping):
        return None
    identifiers = product.get("identifiers")
    return purls.parse(product.get("@id")) or purls.parse(identifiers.get("purl") if isinstance(identifiers, Mapping) else None)
