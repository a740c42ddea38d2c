# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel packages in rpm's data: pure functions over what one ``rpm -q --whatprovides`` prints."""

import re
from typing import Dict, Iterable, List, Optional, Tuple

from .._formats import versions
from .dpkg import Image

# What a package with a kernel image provides: the release it boots as. Older UEK packages are asked for by name.
UNAME_PROVIDE = "kernel-uname-r"
_NAMED = ("kernel-uek", "kernel-uek-core")

_FORMAT = r"kernel\t%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t[%{PROVIDENAME}=%{PROVIDEVERSION} ]\n"
QUERY = ("rpm", "-q", "--queryformat", _FORMAT, "--whatprovides", UNAME_PROVIDE) + _NAMED

# The flavour is the package's name without these; what is left of the family's plain kernel is "standard".
_NAME = re.compile(r"kernel-?(?P<flavour>.*?)-?(?:core|base|uki-virt)?\Z")
STANDARD = "standard"


def flavour_of(package: str) -> str:
    """The line of kernels a package belongs to: standard, uek, rt, debug, 64k, default (SUSE), 6.12 (Amazon's kernel6.12) ..."""
    match = _NAME.match(package)
    return (match.group("flavour") if match else package) or STANDARD


def evr(epoch: str, version: str, release: str) -> str:
    """EVR as rpm writes it: the epoch only where there is one. ValueError where it is none."""
    text = "%s-%s" % (version, release) if epoch in ("", "0", "(none)") else "%s:%s-%s" % (epoch, version, release)
    versions.split_rpm(text)
    return text


def parse_images(text: str) -> List[Image]:
    """The kernel images of what QUERY printed, oldest first within a flavour. Lines of other forms (warnings, "no package provides") are none."""
    found: Dict[Tuple[str, Optional[str]], Image] = {}
    for line in text.split("\n"):
        fields = line.split("\t")
        if len(fields) != 7 or fields[0] != "kernel":
            continue
        _mark, name, epoch, version, release, arch, provides = fields
        image = _image(name, evr(epoch, version, release), "%s-%s.%s" % (version, release, arch), provides)
        if image:
            known = found.get((image.release, image.flavour), image)
            found[image.release, image.flavour] = min(known, image, key=strangeness)
    key = versions.sort_key(versions.RPM)
    return sorted(found.values(), key=lambda image: (image.flavour or "", key(image.package_version), image.release))


def strangeness(image: Image) -> Tuple[bool, int]:
    """Of several packages for one release, the -core one holds the image, else the plainly named one (not -base, not -uki-virt)."""
    return (not image.package.endswith("-core"), len(image.package))


def _image(name: str, version: str, nominal: str, provides: str) -> Optional[Image]:
    unames = [word[len(UNAME_PROVIDE) + 1:] for word in provides.split() if word.startswith(UNAME_PROVIDE + "=")]
    release = next((uname for uname in unames if uname), nominal if name in _NAMED else "")
    return Image(release, flavour_of(name), name, version, False) if release else None


def locked_by_dnf(text: str) -> List[str]:
    """The lines about kernels in a dnf 4 versionlock list: exact versions, globs, or with ! what must not be installed."""
    lines = (line.split("#", 1)[0].strip() for line in text.split("\n"))
    return [line for line in lines if re.match(r"!?(?:\d+:)?(?:kernel|\*)", line)]


def locked_by_dnf5(text: str) -> List[str]:
    """The kernel packages named in a dnf5 versionlock.toml."""
    names = re.findall(r"^\s*name\s*=\s*[\"']([^\"'\n]*)[\"']", text, re.MULTILINE)
    return [name for name in names if name.startswith("kernel")]


def locked_by_zypper(text: str) -> List[str]:
    """The patterns of zypper's locks that touch kernels, with the versions that are locked where not all of them are."""
    locks = (dict(re.findall(r"^([a-z_]+):[ \t]*(.*\S)", stanza, re.MULTILINE)) for stanza in re.split(r"\n[ \t]*\n", text))
    return [(lock["solvable_name"] + " " + lock.get("version", "")).strip()
            for lock in locks if re.match(r"kernel|\*", lock.get("solvable_name", ""))]


def excluded(text: str) -> List[str]:
    """The patterns that ``exclude=`` or ``excludepkgs=`` of a dnf configuration holds against kernels."""
    values = re.findall(r"^(?:exclude|excludepkgs)[ \t]*[=:][ \t]*(.*(?:\n[ \t]+\S.*)*)", text, re.MULTILINE)
    return [word for value in values for word in re.split(r"[\s,]+", value) if re.match(r"kernel|\*\Z", word)]


def newest(images: Iterable[Image]) -> Optional[Image]:
    """The image of the highest version, None of none."""
    return max(images, key=lambda image: versions.sort_key(versions.RPM)(image.package_version), default=None)
