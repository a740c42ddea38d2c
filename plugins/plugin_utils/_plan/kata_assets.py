# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which archives make a release of Kata Containers on a machine, what each must hash to and where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...module_utils._host.errors import Refused
from ...module_utils._kata.archive import check_sha256, version_key

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "s390x": "s390x", "ppc64le": "ppc64le"}
FAMILIES = ("kata-static", "kata-go-static", "kata-tools-static")
# Before this version the archives were packed with xz; from the second on the Go shim has an archive of its own.
ZSTD_SINCE = "3.21.0"
GO_APART_SINCE = "4.1.0"


def asset_name(family: str, version: str, machine: str) -> str:
    """The name of an archive among upstream's: kata-static-3.32.0-amd64.tar.zst."""
    if family not in FAMILIES:
        raise Refused(f"kata_archives: {family!r}, wanted some of {', '.join(FAMILIES)}")
    if machine not in ARCHITECTURES:
        raise Refused(f"machine {machine!r}: Kata Containers is released for {', '.join(ARCHITECTURES)}")
    if family == "kata-go-static" and version_key(version) < version_key(GO_APART_SINCE):
        raise Refused(f"kata_archives: kata-go-static begins with {GO_APART_SINCE}, seen version {version}: its kata-static has the Go shim")
    packed = "xz" if version_key(version) < version_key(ZSTD_SINCE) else "zst"
    return f"{family}-{version}-{ARCHITECTURES[machine]}.tar.{packed}"


def assets(families: Sequence[str], version: str, machine: str, pins: Mapping[str, str], source: str, staging: str) -> list[dict[str, str | bool]]:
    """name, sha256, source, whether that is a URL, and the path on the host, of each archive."""
    if not families:
        raise Refused("kata_archives is empty, wanted at least kata-static")
    if not source:
        raise Refused("kata_source is empty, wanted a URL or a folder of the controller")
    found: list[dict[str, str | bool]] = []
    for family in families:
        name = asset_name(family, version, machine)
        if name not in pins:
            raise Refused(f"kata_pins has no sha256 of {name}, and none is shipped: take it from a source you trust and add it")
        check_sha256(str(pins[name]), name)
        found.append({"name": name, "sha256": str(pins[name]), "source": f"{source.rstrip('/')}/{name}", "remote": "://" in source,
                      "path": f"{staging.rstrip('/')}/{name}"})
    return found
