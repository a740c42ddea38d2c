# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel packages in rpm's data: pure functions over what ``rpm -q`` prints of those that provide a kernel, and of those that own an image."""

import re
from typing import Dict, Iterable, List, Optional, Tuple

from .._formats import versions
from .dpkg import Image

# What most packages with a kernel image provide: the release it boots as. Not UEK's on x86_64, ELRepo's (kernel-ml-uname-r), those of
# make binrpm-pkg; and Red Hat's write _ where a flavour has a dash. So whatever this leaves open is asked by the image's file.
UNAME_PROVIDE = "kernel-uname-r"
_NAMED = ("kernel-uek", "kernel-uek-core")

_FORMAT = (r"kernel\t%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t[%{PROVIDENAME}=%{PROVIDEVERSION} ]"
           r"\t%{INSTALLTIME}\t[%{DIRNAMES} ]\n")
QUERY = ("rpm", "-q", "--queryformat", _FORMAT, "--whatprovides", UNAME_PROVIDE) + _NAMED
# Put before the paths of images: the packages that own them.
OWNER_QUERY = ("rpm", "-q", "--queryformat", _FORMAT, "-f")
_IMAGES = ("/boot/vmlinuz-%s", "/boot/vmlinux-%s", "/boot/Image-%s", "/boot/image-%s", "/lib/modules/%s/vmlinuz", "/lib/modules/%s/vmlinux",
           "/lib/modules/%s/Image", "/lib/modules/%s/image", "/lib/modules/%s/vmlinuz-virt.efi", "/usr/lib/modules/%s/vmlinuz",
           "/usr/lib/modules/%s/Image")
_MODULES = re.compile(r"(?:/usr)?/lib/modules/([^/]+)/\Z")

# The flavour is the package's name without these; what is left of the family's plain kernel is "standard".
_NAME = re.compile(r"kernel-?(?P<flavour>.*?)-?(?:core|base|uki-[a-z]+)?\Z")
_RELEASE_IN_NAME = re.compile(r"-(\d+\.\d+\.\d+\S*)\Z")
STANDARD = "standard"
_AMAZONS_KERNEL = "6.1"


def flavour_of(package: str) -> str:
    """The line of kernels a package belongs to: standard, uek, rt, debug, 64k, default (SUSE), 6.12 (Amazon's kernel6.12) ..."""
    # Mageia's name their release: kernel-desktop-6.6.105-1.mga9.
    match = _NAME.match(_RELEASE_IN_NAME.sub("", package))
    return (match.group("flavour") if match else package) or STANDARD


def line_of(package: str, version: str, release: str) -> str:
    """The line of a package of this version: until 2023.11.20260413 Amazon's kernel6.12 and kernel6.18 were called kernel, as 6.1 still is
    (its release notes, by awslabs/amazon-eks-ami#2689)."""
    series = re.match(r"\d+\.\d+", version)
    if package == "kernel" and "amzn2023" in release.split(".") and series and series.group() != _AMAZONS_KERNEL:
        return series.group()
    return flavour_of(package)


def evr(epoch: str, version: str, release: str) -> str:
    """EVR as rpm writes it: the epoch only where there is one. ValueError where it is none."""
    text = "%s-%s" % (version, release) if epoch in ("", "0", "(none)") else "%s:%s-%s" % (epoch, version, release)
    versions.split_rpm(text)
    return text


def owner_query(releases: Iterable[str]) -> Tuple[str, ...]:
    """The question which packages own an image of these releases, wherever distributions put it."""
    return OWNER_QUERY + tuple(image % release for release in releases for image in _IMAGES)


def parse_images(*texts: str) -> List[Image]:
    """The kernel images of what QUERY and OWNER_QUERY printed, oldest first within a flavour.

    Lines of other forms (warnings, "no package provides") are none.
    """
    found: Dict[Tuple[str, Optional[str]], Image] = {}
    for line in (line for text in texts for line in text.split("\n")):
        fields = line.split("\t")
        if len(fields) not in (7, 9) or fields[0] != "kernel":
            continue
        for image in _images(*(fields[1:] + ["0", ""])[:8]):
            known = found.get((image.release, image.flavour), image)
            found[image.release, image.flavour] = min(known, image, key=strangeness)
    key = versions.sort_key(versions.RPM)
    return sorted(found.values(), key=lambda image: (image.flavour or "", key(image.package_version), image.release))


def strangeness(image: Image) -> Tuple[bool, int]:
    """Of several packages for one release, the -core one holds the image, else the plainly named one (not -base, not -uki-...)."""
    return (not image.package.endswith("-core"), len(image.package))


def _images(name: str, epoch: str, version: str, release: str, arch: str, provides: str, installed: str, folders: str) -> List[Image]:
    """A package's image for each release that it holds modules of; where it lists none, for the release that it provides, or is named for."""
    nominal = "%s-%s.%s" % (version, release, arch)
    modules = [match.group(1) for match in map(_MODULES.match, folders.split()) if match]
    releases = sorted(set(modules)) or [uname_of(provides, "" if not folders and name not in _NAMED else nominal)]
    path = "/lib/modules/%s/vmlinuz-virt.efi" if name.endswith("-uki-virt") else ""
    at = int(installed) if installed.isdigit() else 0
    named = _RELEASE_IN_NAME.search(name)
    # A package of a name of its own for each release counts from 1 within it.
    known = named.group(1) if named and not named.group(1).startswith(version) else evr(epoch, version, release)
    return [Image(one, line_of(name, version, release), name, known, False, path=path % one if path else "", installed_at=at)
            for one in releases if one]


def uname_of(provides: str, otherwise: str) -> str:
    """The release that a package provides as NAME-uname-r=RELEASE, with the dashes of a flavour that Red Hat's spec turns into _."""
    given = [word.partition("=")[2] for word in provides.split() if re.match(r"kernel-(?:[\w.]+-)*uname-r=.", word)]
    own = [word[len(UNAME_PROVIDE) + 1:] for word in provides.split() if word.startswith(UNAME_PROVIDE + "=")]
    release = next((text for text in own + given if text), otherwise)
    base, plus, flavour = release.partition("+")
    return base + plus + flavour.replace("_", "-")


def was_replaced(image: Image, booted_at: int) -> bool:
    """Whether the package came after this boot under a release that does not name it: SUSE's rebuilds boot as what they replace."""
    version, _dash, release = re.sub(r"\A\d+:", "", image.package_version).partition("-")
    # The flavour may stand between the two (6.6.30-un-def-alt1 of ALT's 6.6.30-alt1).
    names_it = re.match(r"%s-(?:.*-)?%s(?!\.?\d)" % (re.escape(version), re.escape(release)), image.release)
    return image.installed_at > booted_at and not names_it


def newest(images: Iterable[Image]) -> Optional[Image]:
    """The image of the highest version, None of none."""
    return max(images, key=lambda image: versions.sort_key(versions.RPM)(image.package_version), default=None)
