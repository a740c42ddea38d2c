# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""updateinfo.xml, the advisories that a dnf or zypper repository carries: Oracle's and Amazon's only form, and every mirror's.

The format tells no stream: it belongs to the repository, so whoever brings the file says which (``stream``). A kernel of another line than the
advisory's (UEK beside RHCK, kernel6.12 beside kernel, Ksplice's, FIPS) has another package name or a mark in its version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import IO
from xml.etree import ElementTree

from .model import BINARY, Advisory, FeedError, Row, UnknownFormError
from .modularity import module_of
from .osv import cve_of
from .streams import in_line

_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONGEST = len(b"<!DOCTYPE")
_ROWS_LIMIT = 20_000
_BYTES_LIMIT = 1024 * 1024 * 1024
_DEPTH_LIMIT = 32
# createrepo_c and its like write <updates>; a single advisory may stand for itself.
_ROOTS = ("updates", "update")


class Guarded:
    """A file that refuses to be read past a declaration of types or entities, or without end.

    In UTF-16 a declaration would not be seen; UTF-8 has no zero bytes.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._before, self._read = source, b"", 0

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        if b"\0" in piece:
            raise FeedError("no XML in UTF-8: it has zero bytes")
        if _DECLARATION.search(self._before + piece):
            raise FeedError("the document declares types or entities, which updateinfo never does")
        self._before = piece[-_LONGEST:]
        self._read += len(piece)
        if self._read > _BYTES_LIMIT:
            raise FeedError(f"longer than {_BYTES_LIMIT} bytes")
        return piece


@contextmanager
def told_of_xml() -> Iterator[None]:
    """What the parser raises as a FeedError: of the text, of an encoding that Python does not have, of one in which a letter takes several bytes."""
    try:
        yield
    except FeedError:
        raise
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise FeedError(f"no XML that can be read: {error}"[:200]) from None


def parse(stream: str, source: IO[bytes]) -> Iterator[Advisory]:
    """Each security advisory of the document, as it is read. FeedError where it is no XML, or declares types or entities."""
    open_elements: list[ElementTree.Element] = []
    with told_of_xml():
        for event, element in ElementTree.iterparse(Guarded(source), ("start", "end")):
            if event == "start":
                if not open_elements and element.tag not in _ROOTS:
                    raise UnknownFormError(f"XML whose root is {element.tag.rpartition('}')[2][:60]}; want updateinfo's, which is updates")
                open_elements.append(element)
                if len(open_elements) > _DEPTH_LIMIT:
                    raise FeedError(f"elements nested deeper than {_DEPTH_LIMIT}")
                continue
            open_elements.pop()
            if len(open_elements) == 1:
                advisory = _advisory(stream, element) if element.tag == "update" else None
                # What was read is dropped, so that the size of a document costs no memory.
                open_elements[0].clear()
                if advisory:
                    yield advisory


def _advisory(stream: str, update: ElementTree.Element) -> Advisory | None:
    if (update.get("type") or "").lower() != "security" or update.get("status") == "retracted":
        return None
    name = (update.findtext("id") or "").strip()
    cves = tuple(sorted({cve for one in update.iter("reference") for text in _named(one) if (cve := cve_of(text))}))
    rows: dict[Row, None] = {}
    for collection in list(update.iter("collection")) or [update]:
        modules = _modules(collection)
        for package in collection.iter("package"):
            row = _row(stream, package, modules)
            if row and len(rows) < _ROWS_LIMIT:
                rows[row] = None
    published = update.find("issued")
    return Advisory(name[:100], cves, tuple(rows), (update.findtext("title") or "")[:300],
                    (published.get("date") or "" if published is not None else "")[:30]) if name else None


def _named(reference: ElementTree.Element) -> list[str]:
    """What may be CVE ids of a reference: its own id, or, where it is a bug as Fedora's and EPEL's are, the words that its title begins with."""
    if reference.get("type") == "cve":
        return [(reference.get("id") or "").strip().upper()]
    words = (reference.get("title") or "")[:1000].replace(",", " ").split()
    return list(takewhile(lambda word: word.startswith("CVE-"), (word.rstrip(":") for word in words)))


def _modules(collection: ElementTree.Element) -> str:
    """The module streams that a collection is of, wherever in it they stand."""
    named = (module_of(f"{one.get('name')}:{one.get('stream')}") for one in collection.iter("module") if one.get("name") and one.get("stream"))
    return " ".join(sorted(set(filter(None, named))))


def _row(stream: str, package: ElementTree.Element, modules: str) -> Row | None:
    name, version, release = package.get("name"), package.get("version"), package.get("release")
    if not name or not version or not release:
        return None
    epoch = package.get("epoch") or ""
    # Tools that write what they do not know write "None" or "(none)".
    epoch = epoch if epoch.isdecimal() else "0"
    fixed = f"{epoch}:{version}-{release}"
    return Row(in_line(stream, name, fixed), name, BINARY, fixed=fixed, modules=modules)
