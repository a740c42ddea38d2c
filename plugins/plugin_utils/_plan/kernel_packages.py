# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers call a kernel: how one is asked for, taken away, and kept from being replaced. Nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

# What dnf's plug-in locks, by the parts that Red Hat's packages of one kernel have; names that do not exist lock nothing.
_PARTS = ("", "-core", "-modules", "-modules-core", "-modules-extra")
_ZYPPER_LOCK = re.compile(r"(kernel-\S+ > \S+) \(/etc/zypp/locks\)\Z")


def _stem(package: str) -> str:
    """kernel-uek for kernel-uek-core: the package that brings an image with all that belongs to it."""
    return package.removesuffix("-core")


def _is_ubuntu(os_section: Row) -> bool:
    return "ubuntu" in (os_section["id"], *(os_section.get("id_like") or []))


def to_install(os_section: Row, flavour: str, image: Row) -> list[str]:
    """What the package manager is asked for, in its own notation: the image with all the modules that the distribution's kernel comes with."""
    package, version = image["package"], image["package_version"]
    if os_section["family"] == "redhat":
        # kernel-core alone boots without most drivers; kernel requires both.
        return [f"{_stem(package)}-{version}"]
    names = [package]
    if flavour == "generic" and _is_ubuntu(os_section):
        names.append(f"linux-modules-extra-{image['release']}")
    return [f"{name}={version}" for name in names]


def headers(os_section: Row, image: Row) -> list[str]:
    """What modules from outside of the tree (DKMS, akmods) are built against, for this kernel and no other."""
    package, version, release = str(image["package"]), image["package_version"], image["release"]
    if os_section["family"] == "redhat":
        return [f"{_stem(package)}-devel-{version}"]
    if os_section["family"] == "suse":
        return [f"{package.removesuffix('-base')}-devel={version}"]
    if str(release) not in package:
        # A kernel that is replaced in place has headers of the same kind: Armbian's, Raspberry Pi OS 11's.
        name = package.replace("-image-", "-headers-", 1) if "-image-" in package else f"{package}-headers"
        return [f"{name}={version}"]
    maker = re.match(r"(proxmox|pve)-kernel-", package)
    return [f"{maker.group(1) if maker else 'linux'}-headers-{release}"]


def extra_modules(os_section: Row, image: Row) -> list[str]:
    """The modules of this kernel that its distribution packs apart; none where the image's package has them all."""
    package, version = str(image["package"]), image["package_version"]
    if os_section["family"] == "redhat":
        return [f"{_stem(package)}-modules-extra-{version}"]
    if os_section["family"] == "suse":
        return [f"{package.removesuffix('-base')}-extra={version}"]
    return [f"linux-modules-extra-{image['release']}"] if _is_ubuntu(os_section) and str(image["release"]) in package else []


def to_remove(family: str, image: Row) -> list[str]:
    """One kernel with all its parts, and no other: where kernels of several versions have one package name, the version belongs to it."""
    if family == "debian":
        return [str(name) for name in image.get("packages") or [image["package"]]]
    return [f"{image['package']}{'=' if family == 'suse' else '-'}{image['package_version']}"]


def metas(family: str, flavour: str, image: Row) -> list[str]:
    """The packages of Debian and its relatives that bring newer kernels of a flavour, installed or not."""
    if family != "debian" or not flavour:
        return []
    if flavour == "pve":
        series = ".".join(str(image["release"]).split(".")[:2])
        return ["proxmox-default-kernel", f"proxmox-kernel-{series}", f"pve-kernel-{series}"]
    return [f"linux-image-{flavour}", f"linux-{flavour}"]


def locks(family: str, image: Row) -> list[str]:
    """What the package manager must be told so that no update brings another kernel; for Debian nothing, which holds packages."""
    version = str(image["package_version"])
    if family == "redhat":
        numbered = version if ":" in version else f"0:{version}"
        return [f"{_stem(image['package'])}{part}-{numbered}.*" for part in _PARTS]
    # Only newer ones are locked: a lock on the package itself would keep old ones from being removed.
    return [f"{image['package']} > {version}"] if family == "suse" else []


def zypper_locks(held: Sequence[str]) -> list[str]:
    """The locks on newer kernels that zypper has, of what the record names as held."""
    return [match.group(1) for match in map(_ZYPPER_LOCK.match, held) if match]
