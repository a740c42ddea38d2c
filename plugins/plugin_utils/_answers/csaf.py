# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSAF and VEX documents: Red Hat's (one for each CVE, in the archive of its VEX feed) and SUSE's, of version 2.0 and 2.1.

The format is https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html. A status is of a product, and a product is a package in a platform: 2.0 says
so in ``relationships``, 2.1 in ``product_paths``; the package is named by a purl (2.1: a list ``purls``) or by its id alone, the platform by a CPE.
A status of a product whose package or platform is not told is passed over: then this document says nothing of a host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from . import purls, streams
from .model import AFFECTED, BINARY, EVERYTHING, NOT_AFFECTED, SOURCE, UNDER_INVESTIGATION, Advisory, FeedError, Row
from .modularity import module_of
from .osv import cve_of

# What a status of a product means. SUSE names the version that closes a hole "recommended", and CSAF has first_fixed beside fixed.
_FIXED = ("fixed", "first_fixed", "recommended")
_STATES = {"known_affected": AFFECTED, "first_affected": AFFECTED, "last_affected": AFFECTED, "known_not_affected": NOT_AFFECTED,
           "under_investigation": UNDER_INVESTIGATION, "unknown": UNDER_INVESTIGATION}
_DEPTH = 12
_PRODUCTS_LIMIT = 200_000
# kernel-default-5.14.21-150500.55.49.1.x86_64, kernel-0:5.14.0-503.11.1.el9_5.src
_NEVRA = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9+._-]{0,200})-(?:(?P<epoch>[0-9]{1,5}):)?(?P<version>[^-:/\s]{1,100}-[^-:/\s]{1,100})"
                    r"\.(?P<arch>noarch|nosrc|src|x86_64|aarch64|ppc64le|s390x|i[3-6]86|riscv64|armv7hl)\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,200}\Z")


class _Package(NamedTuple):
    name: str
    kind: str
    version: str
    module: str = ""


class _Tree(NamedTuple):
    """A product tree: what each product id names of itself (``vendors``: everything of one, as the base streams of its releases), and of what each
    composed one is made (package first)."""

    packages: dict[str, _Package]
    platforms: dict[str, str]
    modules: dict[str, str]
    made_of: dict[str, tuple[str, ...]]
    vendors: dict[str, tuple[str, ...]]


def looks_like(document: Any) -> bool:
    """Whether a JSON document is CSAF."""
    return isinstance(document, Mapping) and isinstance(document.get("document"), Mapping) and "csaf_version" in document["document"]


def parse(document: Any) -> Iterator[Advisory]:
    """One advisory for each vulnerability of the document. FeedError where it is of no version that is known."""
    head = document["document"]
    version = str(head["csaf_version"])
    if version not in ("2.0", "2.1"):
        raise FeedError(f"CSAF of version {version[:20]!r}, want 2.0 or 2.1")
    tracking = head.get("tracking") if isinstance(head.get("tracking"), Mapping) else {}
    name, published = str(tracking.get("id") or "")[:100], str(tracking.get("initial_release_date") or "")[:30]
    tree = _tree(document.get("product_tree"), version)
    for one in _mappings(document.get("vulnerabilities")):
        cve = cve_of(one.get("cve"))
        if cve:
            rows = tuple(dict.fromkeys(_rows(one.get("product_status"), tree)))
            yield Advisory(name if name and name != cve else f"{cve} (VEX)", (cve,), rows, str(one.get("title") or head.get("title") or "")[:300],
                           published)


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _tree(value: Any, version: str) -> _Tree:
    tree = _Tree({}, {}, {}, {}, {})
    if not isinstance(value, Mapping):
        return tree
    for product in (*_branches(value.get("branches"), 0), *_mappings(value.get("full_product_names"))):
        _name(tree, product)
    compositions = _relationships(value) if version == "2.0" else _paths(value)
    for product, parts in compositions:
        if isinstance(product.get("product_id"), str) and len(tree.made_of) < _PRODUCTS_LIMIT:
            tree.made_of[product["product_id"]] = parts
            _name(tree, product)
    return tree


def _branches(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEPTH:
        raise FeedError(f"branches of products nested deeper than {_DEPTH}")
    for branch in _mappings(value):
        if isinstance(branch.get("product"), Mapping):
            yield branch["product"]
        yield from _branches(branch.get("branches"), depth + 1)


def _relationships(value: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    for one in _mappings(value.get("relationships")):
        parts = (one.get("product_reference"), one.get("relates_to_product_reference"))
        if isinstance(one.get("full_product_name"), Mapping):
            yield one["full_product_name"], tuple(part for part in parts if isinstance(part, str))


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], tuple[str, ...]]]:
    for one in _mappings(value.get("product_paths")):
        parts = (one.get("beginning_product_reference"), *(step.get("next_product_reference") for step in _mappings(one.get("subpaths"))))
        if isinstance(one.get("full_product_name"), Mapping):
            yield one["full_product_name"], tuple(part for part in parts if isinstance(part, str))


def _name(tree: _Tree, product: Mapping[str, Any]) -> None:
    """Note what a product says of itself: a package, or a platform."""
    product_id, helper = product.get("product_id"), product.get("product_identification_helper")
    if not isinstance(product_id, str):
        return
    named = helper if isinstance(helper, Mapping) else {}
    said = [purl for text in (named.get("purl"), *_texts(named.get("purls"))) if (purl := purls.parse(text))]
    package = next((_of_purl(purl) for purl in said if not purl.is_module), None)
    tree.modules.update((product_id, purl.module) for purl in said if purl.is_module and purl.module)
    package = package or (_of_nevra(product_id) if product_id not in tree.made_of else None)
    if package:
        tree.packages[product_id] = package
    stream = streams.of_cpe(named.get("cpe"))
    if stream and not package:
        tree.platforms[product_id] = stream
    everything = streams.of_vendor(named.get("cpe")) if not package else ()
    if everything:
        tree.vendors[product_id] = everything


def _of_purl(purl: purls.Purl) -> _Package:
    return _Package(purl.name, SOURCE if purl.is_source else BINARY, purl.version, purl.module)


def _of_nevra(text: str) -> _Package | None:
    found = _NEVRA.match(text)
    if not found:
        return None
    return _Package(found["name"], SOURCE if found["arch"] in ("src", "nosrc") else BINARY, f"{found['epoch'] or 0}:{found['version']}")


def _rows(status: Any, tree: _Tree) -> Iterator[Row]:
    """The rows of one vulnerability's product_status."""
    for state, products in status.items() if isinstance(status, Mapping) else ():
        if state not in _FIXED and state not in _STATES:
            continue
        for product in _texts(products)[:_PRODUCTS_LIMIT]:
            if _STATES.get(state) == NOT_AFFECTED:
                # That something of a vendor has a hole says of no package that it has.
                yield from (Row(each, EVERYTHING, state=NOT_AFFECTED) for each in tree.vendors.get(product, ()))
            stream, package = _resolved(product, tree)
            if stream is None or package is None:
                continue
            row = Row(streams.in_line(stream, package.name, package.version), package.name, package.kind, modules=package.module)
            if state not in _FIXED:
                yield row._replace(state=_STATES[state], last=package.version if state == "last_affected" else "")
            elif package.version:
                yield row._replace(fixed=package.version)


def _resolved(product: str, tree: _Tree) -> tuple[str | None, _Package | None]:
    """The stream of the platform and the package that a product id stands for; None for what the document does not tell."""
    stream, package, module, waiting = None, None, "", [product]
    for _turn in range(_DEPTH):
        if not waiting:
            break
        one = waiting.pop()
        package = package or tree.packages.get(one) or (_plain(one) if one != product and one not in tree.platforms else None)
        stream, module = stream or tree.platforms.get(one), module or tree.modules.get(one, "")
        # The package's own side of a composed product is looked at first.
        waiting.extend(reversed(tree.made_of.get(one, ())))
    return stream, package._replace(module=package.module or module) if package else None


def _plain(text: str) -> _Package | None:
    """A package that is named by its bare name, as products without a version are: kernel, kernel-default, virt:rhel/qemu-kvm."""
    module, _slash, name = text.rpartition("/")
    return _Package(name, SOURCE, "", module_of(module)) if _NAME.match(name) and bool(module) == bool(module_of(module)) else None
