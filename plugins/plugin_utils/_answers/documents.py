# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One document of a feed, by its own look: OSV, Debian's tracker, CSAF, OpenVEX, a CVE record of the kernel's CNA, CISA's KEV."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from . import cna, csaf, exploited, openvex, osv, tracker
from .model import FeedError, Item, UnknownFormError

# A document of nothing but brackets takes thirty times its size in memory: what makes values is counted before it is read.
VALUES_LIMIT = 16_000_000


def loads(data: bytes) -> Any:
    """A JSON document. FeedError where it is none, or has too many values, or is nested too deep."""
    if data.count(b",") + data.count(b"[") + data.count(b"{") > VALUES_LIMIT:
        raise FeedError(f"more than {VALUES_LIMIT} values in one document")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"no JSON that can be read: {error}"[:200]) from None


def read(document: Any, where: str) -> Iterator[Item]:
    """Everything that one JSON document says. UnknownFormError where it has no form that is known."""
    if isinstance(document, list):
        for one in document:
            yield from _one(one, where)
    else:
        yield from _one(document, where)


def _one(document: Any, where: str) -> Iterator[Item]:
    if not isinstance(document, Mapping):
        raise UnknownFormError("want an OSV document with an id, CSAF, OpenVEX, a CVE record, Debian's tracker or CISA's KEV")
    if tracker.looks_like(document):
        yield from tracker.parse(document)
    elif csaf.looks_like(document):
        yield from csaf.parse(document)
    elif openvex.looks_like(document):
        yield from openvex.parse(document)
    elif exploited.looks_like(document):
        yield from exploited.parse(document)
    else:
        advisory = cna.parse(document, where) if cna.looks_like(document) else osv.parse(document)
        if advisory:
            yield advisory
