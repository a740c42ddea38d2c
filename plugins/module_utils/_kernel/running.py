# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package version of a dpkg host's kernel runs: by what the kernel says of itself, checked against what is known of its package."""

import re
from typing import Iterable, List, Optional

from .._formats import versions

# The vendor by dpkg-vendor, whoever that is, then the version, then the date in brackets: Debian, Kali, Parrot, Raspbian, PVE, PMX ...
_VENDOR = re.compile(r"(?:^|\s)[A-Za-z][\w.+-]* ((?:\d+:)?\d\S*) \(")
_BUILD = re.compile(r"#(\w\S*?)(-Ubuntu)?(?:\s|\Z)")
_BRANCH = re.compile(r"(?:\d+:)?(\d+\.\d+)(?!\d)")


def running_version(release: str, uname_version: str, signature: Optional[str], flavour: Optional[str], installed: Iterable[str]) -> str:
    """The package version of the kernel that runs; ``installed`` are those of its release. ValueError where nothing tells.

    Ubuntu's /proc/version_signature comes first, then the version in ``uname -v``, then the number of the build there.
    """
    known = list(installed)
    words = (signature or "").split()
    if len(words) == 3 and words[0] == "Ubuntu":
        suffix = "-" + (flavour or "")
        version = words[1][:-len(suffix)] if flavour and words[1].endswith(suffix) else words[1].rpartition("-")[0]
        versions.split_dpkg(version)
        return version
    match = _VENDOR.search(uname_version)
    if match and _fits(match.group(1), release, known):
        versions.split_dpkg(match.group(1))
        return match.group(1)
    built = _by_build(release, uname_version, flavour, known)
    if built is None:
        raise ValueError("%r names no package version" % uname_version)
    return built


def _fits(version: str, release: str, known: List[str]) -> bool:
    """Whether a word that looks like a version is one of this kernel: an installed one, or one of its branch."""
    said, branch = _BRANCH.match(version), _BRANCH.match(release)
    return version in known or (said is not None and branch is not None and said.group(1) == branch.group(1))


def _by_build(release: str, uname_version: str, flavour: Optional[str], known: List[str]) -> Optional[str]:
    """The version that ends in the number of the build: Ubuntu's always does, others' where an installed one is of that form."""
    build = _BUILD.match(uname_version)
    if not build:
        return None
    number, ubuntu = build.groups()
    base = release[:-len(flavour) - 1] if flavour and release.endswith("-" + flavour) else release
    if ubuntu and number[0].isdigit():
        versions.split_dpkg("%s.%s" % (base, number))
        return "%s.%s" % (base, number)
    # Deepin's build is the whole version.
    for head in ("", release + "-", base + ".", base + "-"):
        # make bindeb-pkg counts its builds of one release: an installed -2 tells that #1 is -1.
        counted = head and any(re.match(re.escape(head) + r"\d+\Z", version) for version in known) and number.isdigit()
        if head + number in known or counted:
            return head + number
    return None
