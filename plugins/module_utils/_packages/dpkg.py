# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel packages in dpkg's data: pure functions over /var/lib/dpkg/status, dpkg's lists of files and what apt shows.

The status file is read instead of asking dpkg-query: it answers what is installed, held and depended on at once, and costs no process.
"""

import re
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from .._formats import versions
from .lines import by_shape, counted_ends, line_of
from .ownership import Contents


class Image(NamedTuple):
    """One image of the kernel that a package installs; release is what uname -r says when it runs.

    held: kept from upgrades by its package manager. complete: its installation came to its end, so that the boot loader knows it.
    parts: every package with files of this kernel, the one with the image among them. path: the image in that package, '' where nobody lists it.
    source: the name of the source that it was built from, as advisories call it; '' where its package manager's advisories name binaries.
    installed_at: seconds since 1970, 0 where the package manager does not tell.
    """

    release: str
    flavour: Optional[str]
    package: str
    package_version: str
    held: bool
    complete: bool = True
    parts: Tuple[str, ...] = ()
    path: str = ""
    source: str = ""
    installed_at: int = 0


# Where no list of files can be read, a package's name tells. Metas do not begin with a number there.
_IMAGE_NAME = re.compile(r"(?:linux-image-(?:unsigned-)?|pve-kernel-|proxmox-kernel-)(?P<release>[0-9][A-Za-z0-9.+~-]*[A-Za-z0-9+])\Z")
_NOT_AN_IMAGE = re.compile(r"-(?:dbg|dbgsym|signed-template)\Z")
_SIGNATURE = re.compile(r"-(?:un)?signed\Z")
# Debian's "6.12" in linux-image-6.12-cloud-amd64 is a meta of a branch: a release has three numbers, or two and a further part.
_RELEASE = re.compile(r"\d+\.\d+(?:\.\d|[~+-](?![456]86\b|[45]kc\b)(?:rc)?\d)")
_KERNEL_PACKAGE = re.compile(
    r"(?:linux-(?:image|modules|generic|virtual|lowlatency|aws|azure|gcp|gke|ibm|kvm|oem|oracle|raspi|realtime)(?=[\s-]|\Z)"
    r"|pve-kernel|proxmox-(?:default-)?kernel)")
# The stanzas that are worth a look: the names of kernels, those that say that they are one, and what leads to one.
_WORTH_A_LOOK = re.compile(
    r"Package: (?!lib|util-)\S*(?:linux-|kernel|-linux)|(?:.*\n)*?(?:Section: (?:\S+/)?kernel$|Provides: .*\blinux-image\b)", re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_IN_PLACE = ("installed", "triggers-pending", "triggers-awaited")

Stanza = Dict[str, str]
Lists = Mapping[str, Contents]


def flavour_of(release: str) -> Optional[str]:
    """The flavour that a release's shape shows (6.1.0-28-cloud-amd64: cloud-amd64), None where it has none."""
    return by_shape(release) or None


def release_of(package: str) -> Optional[str]:
    """The kernel release whose image a package of this name holds; None for metas, debug symbols and everything else."""
    match = _IMAGE_NAME.match(_SIGNATURE.sub("", package))
    if not match or _NOT_AN_IMAGE.search(package) or not _RELEASE.match(match.group("release")):
        return None
    return match.group("release")


def parse_stanzas(text: str) -> List[Stanza]:
    """Every stanza with a package name of a control file (field: text, continuation lines included)."""
    stanzas = (dict(_FIELD.findall(part)) for part in re.split(r"\n(?:[ \t]*\n)+", text))
    return [stanza for stanza in stanzas if stanza.get("Package")]


def parse_kernel_stanzas(text: str) -> List[Stanza]:
    """The stanzas of what may be kernel packages in a status file; ValueError where it names no package at all, as no working dpkg leaves it."""
    if not re.search(r"^Package:", text, re.MULTILINE):
        raise ValueError("it names no package")
    parts = (part for part in re.split(r"\n\n+", text) if part.startswith("Package: ") and _WORTH_A_LOOK.match(part))
    return [stanza for part in parts for stanza in parse_stanzas(part)]


def stanzas_of(text: str, names: Set[str]) -> List[Stanza]:
    """The stanzas of these packages in a status file."""
    parts = re.split(r"\n\n+", text) if names else []
    return [stanza for part in parts if part.partition("\n")[0].replace("Package: ", "", 1) in names for stanza in parse_stanzas(part)]


def merge_updates(stanzas: Iterable[Stanza], updates: Iterable[Stanza]) -> List[Stanza]:
    """The status with dpkg's journal (/var/lib/dpkg/updates) on top, which holds the later word while dpkg works."""
    merged = {(stanza["Package"], stanza.get("Architecture")): stanza for stanza in stanzas}
    merged.update({(stanza["Package"], stanza.get("Architecture")): stanza for stanza in updates
                   if (stanza["Package"], stanza.get("Architecture")) in merged or _KERNEL_PACKAGE.match(stanza["Package"])})
    return list(merged.values())


def _state(stanza: Stanza) -> str:
    words = stanza.get("Status", "").split()
    return words[2] if len(words) == 3 else "not-installed"


def is_installed(stanza: Stanza) -> bool:
    """Whether its files are there: not merely its configuration (config-files), nor nothing (not-installed)."""
    return _state(stanza) not in ("not-installed", "config-files", "half-installed")


def has_files(stanza: Stanza) -> bool:
    """Whether files of it may lie on disk: those of an installed package, or of one that dpkg broke off to unpack."""
    return _state(stanza) not in ("not-installed", "config-files")


def named_contents(stanza: Stanza) -> Contents:
    """What a package holds as far as its name tells."""
    release = release_of(stanza["Package"])
    return Contents(((release, ""),) if release else (), (release,) if release else ())


def images(stanzas: Iterable[Stanza], lists: Optional[Lists] = None) -> List[Image]:
    """The installed kernel images, oldest first within a flavour. A package without a version in dpkg's sense is left out.

    A package that dpkg broke off to unpack (half-installed) counts where its list names an image: what is there of it may be booted.
    """
    stanzas, lists = list(stanzas), lists or {}
    present = [stanza for stanza in stanzas if is_installed(stanza) or (_state(stanza) == "half-installed" and stanza["Package"] in lists)]
    holders = {stanza["Package"]: lists.get(stanza["Package"]) or named_contents(stanza) for stanza in present}
    found = []
    names = meta_names(stanzas, {name for name, contents in holders.items() if contents.images})
    for stanza in present:
        if not is_version(stanza.get("Version")):
            continue
        for release, path in holders[stanza["Package"]].images:
            asked_for = _asked_for(stanza, present, holders, release)
            with_files = {each["Package"] for each in present if release in holders[each["Package"]].releases or each in (stanza, asked_for)}
            complete = all(_state(each) in _IN_PLACE for each in (stanza, asked_for))
            found.append(Image(release, line_of(release, names), asked_for["Package"], stanza["Version"], _is_held(stanza) or _is_held(asked_for),
                               complete, tuple(sorted(_with_named(with_files, present, release))), path, unsigned_source(stanza)))
    ends = counted_ends(image.flavour or "" for image in found)
    found = [image._replace(flavour=ends.get(image.flavour or "", image.flavour)) for image in found]
    key, by_release = versions.sort_key(versions.DPKG), versions.sort_key(versions.SYSTEMD_BOOT)
    # Two ABIs can be of one package version only by name, so the name decides then.
    return sorted(found, key=lambda image: (image.flavour or "", key(image.package_version), by_release(image.release)))


def unsigned_source(stanza: Stanza) -> str:
    """The source of a kernel as advisories call it: a signed image is wrapped into a source of its own, of which no advisory speaks.

    linux-signed-amd64 and linux-signed-6.1-amd64 (Debian: by architecture) are built from linux and linux-6.1, linux-signed-hwe-6.8 (Ubuntu:
    by line) from linux-hwe-6.8.
    """
    head, signed, rest = source_of(stanza).partition("-signed")
    if not signed:
        return head
    words = [word for word in rest.split("-") if word]
    if words and words[-1] == stanza.get("Architecture"):
        del words[-1]
    return "-".join([head] + words)


def _with_named(names: Set[str], present: List[Stanza], release: str) -> Set[str]:
    """These packages, and those that they need and that are named for the same release (linux-base-RELEASE, which has no file of it)."""
    there = {stanza["Package"]: stanza for stanza in present}
    found = set(names)
    for _depth in range(2):
        found |= {name for each in found & set(there) for name in dependencies(there[each]) if name in there and name.endswith("-" + release)}
    return found


def _asked_for(holder: Stanza, present: List[Stanza], holders: Lists, release: str) -> Stanza:
    """The package that brings an image with all that belongs to it: Debian splits kernels, and linux-image-RELEASE depends on what holds it."""
    for stanza in present:
        if stanza is not holder and release_of(stanza["Package"]) == release and not holders[stanza["Package"]].images:
            if holder["Package"] in dependencies(stanza):
                return stanza
    return holder


def _is_held(stanza: Stanza) -> bool:
    return stanza.get("Status", "").split()[:1] == ["hold"]


def is_version(text: Optional[str]) -> bool:
    """Whether dpkg would take the text for a version."""
    try:
        versions.split_dpkg(text)
    except versions.InvalidVersion:
        return False
    return True


def dependencies(stanza: Stanza) -> List[str]:
    """The names of the packages that a package depends on, alternatives included."""
    depends = ",".join((stanza.get("Depends", ""), stanza.get("Pre-Depends", "")))
    return [re.split(r"[ (:]", word.strip(), maxsplit=1)[0] for word in re.split(r"[,|]", depends)]


def image_dependency(stanza: Stanza, known: Iterable[str] = ()) -> Optional[str]:
    """The package of the image that a meta package depends on, None for what depends on no image; ``known`` hold one whatever their names."""
    known = set(known)
    return next((name for name in dependencies(stanza) if name in known or release_of(name)), None)


def exact_dependency_version(stanza: Stanza, package: str) -> Optional[str]:
    """The version in a dependency of the form ``package (= version)``, which Debian's metas have."""
    match = re.search(r"(?:^|[,|\s])%s \(= ([^)\s]+)\)" % re.escape(package), stanza.get("Depends", ""))
    return match.group(1) if match and is_version(match.group(1)) else None


def meta_names(stanzas: Iterable[Stanza], holding: Set[str]) -> List[str]:
    """The installed packages that depend on an image and hold none, sorted; ``holding`` are those that do."""
    return sorted(stanza["Package"] for stanza in stanzas if is_installed(stanza) and not release_of(stanza["Package"])
                  and stanza["Package"] not in holding and image_dependency(stanza, holding))


def flavour_here(release: str, stanzas: Iterable[Stanza], known: Iterable[Image]) -> Optional[str]:
    """The flavour of a release of no package, by the meta packages of this host and by its shape."""
    return line_of(release, meta_names(stanzas, {image.package for image in known}))


def metas(stanzas: Iterable[Stanza], flavour: str, known: Iterable[Image] = ()) -> List[str]:
    """The installed meta packages that bring images of this flavour, sorted; a kernel that is replaced in place is its own."""
    stanzas, known = list(stanzas), list(known)
    releases = {image.package: image.release for image in known}
    found = []
    for stanza in stanzas:
        image = image_dependency(stanza, releases)
        if image and is_installed(stanza) and not release_of(stanza["Package"]) and stanza["Package"] not in releases:
            if line_of(releases.get(image) or release_of(image) or "", [stanza["Package"]]) == flavour:
                found.append(stanza["Package"])
    found += [image.package for image in known if image.flavour == flavour and is_replaced_in_place(image)]
    return sorted(set(found))


def is_replaced_in_place(image: Image) -> bool:
    """Whether its successor has the same package name, as with Armbian and Raspberry Pi OS 11: no other package brings it."""
    return image.release not in image.package


def kernel_packages(stanzas: Iterable[Stanza], known: Iterable[Image] = ()) -> List[Stanza]:
    """The installed packages that hold a kernel, belong to one, or bring one."""
    stanzas, parts = list(stanzas), {part for image in known for part in image.parts}
    brought: Set[str] = set(parts)
    for _depth in range(2):
        brought |= {stanza["Package"] for stanza in stanzas if is_installed(stanza) and image_dependency(stanza, brought)}
    return [stanza for stanza in stanzas if is_installed(stanza) and (stanza["Package"] in brought or _KERNEL_PACKAGE.match(stanza["Package"]))]


def source_of(stanza: Stanza) -> str:
    """The name of the source package that a binary package was built from."""
    return (stanza.get("Source") or stanza["Package"]).split()[0]


def held(stanzas: Iterable[Stanza], known: Iterable[Image] = ()) -> List[str]:
    """The kernel packages that dpkg keeps from upgrades, sorted."""
    return sorted(stanza["Package"] for stanza in kernel_packages(stanzas, known) if _is_held(stanza))
