# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenVEX documents, in Ubuntu's own way: one for each CVE or notice, statements about source and binary packages by purl.

The format is https://github.com/openvex/spec. Ubuntu puts the release's codename, and before it the stream, into the purl's ``distro``
(``noble``, ``esm-infra/xenial``, ``fips-updates/jammy``); a "fixed" statement carries the fix in the purl's version, an "affected" one the newest
version that still has the hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import purls, streams
from .model import AFFECTED, BINARY, NOT_AFFECTED, SOURCE, UNDER_INVESTIGATION, Advisory, FeedError, Row
from .osv import cve_of

_STATES = {"affected": AFFECTED, "fixed": AFFECTED, "not_affected": NOT_AFFECTED, "under_investigation": UNDER_INVESTIGATION}
_ROWS_LIMIT = 200_000


def looks_like(document: Any) -> bool:
    """Whether a JSON document is OpenVEX."""
    context = document.get("@context") if isinstance(document, Mapping) else None
    return isinstance(context, str) and context.startswith("https://openvex.dev/ns")


def parse(document: Any) -> Iterator[Advisory]:
    """One advisory for each CVE that the statements are about."""
    statements = document.get("statements")
    if not isinstance(statements, list):
        raise FeedError("want OpenVEX with a list of statements")
    rows: dict[str, dict[Row, None]] = {}
    for one in statements:
        if isinstance(one, Mapping):
            for cve in _cves(one.get("vulnerability")):
                mine = rows.setdefault(cve, {})
                mine.update(dict.fromkeys(list(_rows(one))[:_ROWS_LIMIT]))
    published = str(document.get("timestamp") or "")[:30]
    for cve, mine in rows.items():
        yield Advisory(f"{cve} (OpenVEX)", (cve,), tuple(mine), "", published)


def _cves(vulnerability: Any) -> set[str]:
    """The CVE ids of a statement: of old documents it is a text."""
    if not isinstance(vulnerability, Mapping):
        vulnerability = {"name": vulnerability}
    aliases = vulnerability.get("aliases")
    names = [vulnerability.get("name"), *(aliases if isinstance(aliases, list) else [])]
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
