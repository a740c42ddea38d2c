# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package URLs (purl), by which CSAF and OpenVEX documents name packages: ``pkg:rpm/redhat/kernel@5.14.0-503.el9?arch=src&epoch=0``.

The format is https://github.com/package-url/purl-spec.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote

from .modularity import module_of

_LIMIT = 1000
_SOURCE_ARCHITECTURES = ("src", "source", "nosrc")


class Purl(NamedTuple):
    """A package (or a module of packages): rpm, rpmmod or deb, whose, its name, its version with the epoch ('' for none), and its qualifiers."""

    kind: str
    namespace: str
    name: str
    version: str
    qualifiers: dict[str, str]

    @property
    def is_source(self) -> bool:
        """Whether a source package is meant. One without an architecture names all that is built of it."""
        return self.qualifiers.get("arch", "src") in _SOURCE_ARCHITECTURES

    @property
    def module(self) -> str:
        """The module stream that the purl names (virt:rhel): as what it is, before the package's name, or as a qualifier; '' for none.

        All three are Red Hat's: rpmmod/redhat/virt@rhel:8100..., rpmmod/redhat/virt:rhel/qemu-kvm, rpm/redhat/qemu-kvm?rpmmod=virt:rhel:8100...
        """
        if self.kind == "rpmmod":
            return module_of(f"{self.name}:{self.version}" if self.is_module else self.namespace.partition("/")[2])
        return module_of(self.qualifiers.get("rpmmod"))

    @property
    def is_module(self) -> bool:
        """Whether a whole module is meant and no package."""
        return self.kind == "rpmmod" and "/" not in self.namespace


def parse(text: object) -> Purl | None:
    """A purl of a package of a distribution; None for any other text."""
    if not isinstance(text, str) or len(text) > _LIMIT or not text.startswith("pkg:"):
        return None
    path, _mark, tail = text[4:].partition("#")[0].partition("?")
    body, _at, version = path.partition("@")
    parts = [unquote(part) for part in body.strip("/").split("/")]
    if len(parts) < 2 or parts[0] not in ("rpm", "rpmmod", "deb") or not parts[-1]:
        return None
    qualifiers = {key: unquote(value) for pair in tail.split("&") for key, equals, value in [pair.partition("=")] if equals}
    return Purl(parts[0], "/".join(parts[1:-1]), parts[-1], _with_epoch(parts[0], unquote(version), qualifiers.get("epoch", "")), qualifiers)


def _with_epoch(kind: str, version: str, epoch: str) -> str:
    """rpm's epoch stands among the qualifiers, dpkg's mostly in the version. A version of rpm always gets one."""
    if not version or ":" in version:
        return version
    if epoch.isdecimal():
        return f"{epoch}:{version}"
    return f"0:{version}" if kind == "rpm" else version
