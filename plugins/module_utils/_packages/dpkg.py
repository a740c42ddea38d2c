# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel packages in dpkg's data: pure functions over /var/lib/dpkg/status and what apt shows.

The status file is read instead of asking dpkg-query: it answers what is installed, held and depended on at once, and costs no process.
"""

import re
from typing import Dict, Iterable, List, NamedTuple, Optional

from .._formats import versions


class Image(NamedTuple):
    """One image of the kernel that a package installs; release is what uname -r says when it runs.

    held: kept from upgrades by its package manager. complete: its installation came to its end, so that the boot loader knows it.
    """

    release: str
    flavour: Optional[str]
    package: str
    package_version: str
    held: bool
    complete: bool = True


# The packages that hold an image carry the release in their name. Metas do not begin with a number there.
_IMAGE_NAME = re.compile(r"(?:linux-image-(?:unsigned-)?|pve-kernel-|proxmox-kernel-)([0-9][A-Za-z0-9.+~]*-[A-Za-z0-9.+~-]*[A-Za-z0-9+])\Z")
_NOT_AN_IMAGE = re.compile(r"-(?:dbg|dbgsym|signed-template|unsigned)\Z")
_SIGNED = re.compile(r"-signed\Z")
# Debian's "6.12" in linux-image-6.12-cloud-amd64 is a meta of a branch: a release has three numbers, or two and a further part.
_RELEASE = re.compile(r"\d+\.\d+(?:\.\d+[^-]*|(?=[~+-](?:rc)?\d))[^-]*(?:-(?:rc)?\d[^-]*)*-(?P<flavour>[A-Za-z].*)\Z")
_KERNEL_PACKAGE = re.compile(
    r"(?:linux-(?:image|modules|generic|virtual|lowlatency|aws|azure|gcp|gke|ibm|kvm|oem|oracle|raspi|realtime)(?=[\s-]|\Z)"
    r"|pve-kernel|proxmox-(?:default-)?kernel)")
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_RUNNING_VERSION = re.compile(r"\b(?:Debian|PMX) (\S+) \(")

Stanza = Dict[str, str]


def flavour_of(release: str) -> Optional[str]:
    """The flavour in a release of Debian's or Ubuntu's form (6.1.0-28-cloud-amd64: cloud-amd64), None where it has none."""
    match = _RELEASE.match(release)
    return match.group("flavour") if match else None


def release_of(package: str) -> Optional[str]:
    """The kernel release whose image a package of this name holds; None for metas, debug symbols and everything else."""
    match = _IMAGE_NAME.match(_SIGNED.sub("", package))
    if not match or _NOT_AN_IMAGE.search(package) or flavour_of(match.group(1)) is None:
        return None
    return match.group(1)


def parse_stanzas(text: str) -> List[Stanza]:
    """Every stanza with a package name of a control file (field: text, continuation lines included)."""
    stanzas = (dict(_FIELD.findall(part)) for part in re.split(r"\n(?:[ \t]*\n)+", text))
    return [stanza for stanza in stanzas if stanza.get("Package")]


def parse_kernel_stanzas(text: str) -> List[Stanza]:
    """The stanzas of kernel packages in a status file; ValueError where it names no package at all, as no working dpkg leaves it."""
    if not re.search(r"^Package:", text, re.MULTILINE):
        raise ValueError("it names no package")
    parts = (part for part in re.split(r"\n\n+", text) if part.startswith("Package: ") and _KERNEL_PACKAGE.match(part[len("Package: "):]))
    return [stanza for part in parts for stanza in parse_stanzas(part)]


def merge_updates(stanzas: Iterable[Stanza], updates: Iterable[Stanza]) -> List[Stanza]:
    """The status with dpkg's journal (/var/lib/dpkg/updates) on top, which holds the later word while dpkg works."""
    merged = {(stanza["Package"], stanza.get("Architecture")): stanza for stanza in stanzas}
    merged.update({(stanza["Package"], stanza.get("Architecture")): stanza for stanza in updates if _KERNEL_PACKAGE.match(stanza["Package"])})
    return list(merged.values())


def is_installed(stanza: Stanza) -> bool:
    """Whether its files are there: not merely its configuration (config-files), nor nothing (not-installed)."""
    words = stanza.get("Status", "").split()
    return len(words) == 3 and words[2] not in ("not-installed", "config-files", "half-installed")


def images(stanzas: Iterable[Stanza]) -> List[Image]:
    """The installed kernel images, oldest first within a flavour. A package without a version in dpkg's sense is left out."""
    found = []
    for stanza in stanzas:
        release = release_of(stanza["Package"])
        if release and is_installed(stanza) and is_version(stanza.get("Version")):
            wish, _error, state = stanza["Status"].split()
            complete = state in ("installed", "triggers-pending", "triggers-awaited")
            found.append(Image(release, flavour_of(release), stanza["Package"], stanza["Version"], wish == "hold", complete))
    key = versions.sort_key(versions.DPKG)
    # Two ABIs can be of one package version only by name, so the name decides then.
    return sorted(found, key=lambda image: (image.flavour or "", key(image.package_version), versions.sort_key(versions.SYSTEMD_BOOT)(image.release)))


def is_version(text: Optional[str]) -> bool:
    """Whether dpkg would take the text for a version."""
    try:
        versions.split_dpkg(text)
    except versions.InvalidVersion:
        return False
    return True


def image_dependency(stanza: Stanza) -> Optional[str]:
    """The package of the image that a meta package depends on, None for what depends on no image."""
    depends = ",".join((stanza.get("Depends", ""), stanza.get("Pre-Depends", "")))
    names = [re.split(r"[ (:]", word.strip(), maxsplit=1)[0] for word in re.split(r"[,|]", depends)]
    return next((name for name in names if release_of(name)), None)


def exact_dependency_version(stanza: Stanza, package: str) -> Optional[str]:
    """The version in a dependency of the form ``package (= version)``, which Debian's metas have."""
    match = re.search(r"(?:^|[,|\s])%s \(= ([^)\s]+)\)" % re.escape(package), stanza.get("Depends", ""))
    return match.group(1) if match and is_version(match.group(1)) else None


def metas(stanzas: Iterable[Stanza], flavour: str) -> List[str]:
    """The installed meta packages that bring images of this flavour, sorted."""
    found = []
    for stanza in stanzas:
        image = image_dependency(stanza)
        if image and is_installed(stanza) and not release_of(stanza["Package"]) and flavour_of(release_of(image) or "") == flavour:
            found.append(stanza["Package"])
    return sorted(found)


def held(stanzas: Iterable[Stanza]) -> List[str]:
    """The kernel packages that dpkg keeps from upgrades, sorted."""
    return sorted(stanza["Package"] for stanza in stanzas if stanza.get("Status", "").split()[:1] == ["hold"])


def running_version(uname_version: str, signature: Optional[str], flavour: Optional[str]) -> str:
    """The package version of the kernel that runs: Ubuntu's /proc/version_signature before ``uname -v``; ValueError where neither tells."""
    words = (signature or "").split()
    if len(words) == 3 and words[0] == "Ubuntu":
        suffix = "-" + (flavour or "")
        version = words[1][:-len(suffix)] if flavour and words[1].endswith(suffix) else words[1].rpartition("-")[0]
    else:
        match = _RUNNING_VERSION.search(uname_version)
        if not match:
            raise ValueError("%r names no package version" % uname_version)
        version = match.group(1)
    versions.split_dpkg(version)
    return version
