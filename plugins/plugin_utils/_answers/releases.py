# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release of its family a kernel was built for, by its own version.

A host runs kernels of other releases than its own: after an upgrade without a reboot, of testing, of CentOS Stream, built by somebody else. The
advisories of the host's release say nothing of them: 6.12.9-1 of Debian testing is newer than bookworm's fix 6.1.158-1, and may have the hole.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_ENTERPRISE = ("redhat", "rocky", "almalinux", "oracle")
# The upstream line of each release's own kernel. As of 2026-11; source: the package linux in the archive of each release.
_LINES = {"debian": {"10": "4.19", "11": "5.10", "12": "6.1", "13": "6.12"},
          "ubuntu": {"14.04": "3.13", "16.04": "4.4", "18.04": "4.15", "20.04": "5.4", "22.04": "5.15", "24.04": "6.8", "24.10": "6.11",
                     "25.04": "6.14", "25.10": "6.17", "26.04": "7.0"}}
# Sources whose versions are of the release's own line in each of them; others have their line in their name (linux-hwe-6.8), or none for all time.
_OWN_LINE = ("linux", "linux-aws", "linux-azure", "linux-gcp", "linux-ibm", "linux-kvm", "linux-lowlatency", "linux-oracle", "linux-raspi")
# From this release on Ubuntu's clouds keep the line of the release under one name.
_SETTLED = (20, 4)
_TAGS = {"fedora": re.compile(r"\.fc([0-9]+)"), "amazon": re.compile(r"\.amzn([0-9]+)"), "debian": re.compile(r"~deb([0-9]+)u"),
         "ubuntu": re.compile(r"~([0-9]{2}\.[0-9]{2})(?:\.[0-9]+)*\Z")}
_PACKAGE_TAGS = {"fedora": _TAGS["fedora"], "amazon": _TAGS["amazon"], "redhat": re.compile(r"[.+_]el([0-9]+)")}
_ENTERPRISE_TAG = re.compile(r"\.el([0-9]+)(_[0-9]+|uek)?")
# Of version 8 the kernels with which its first minor releases began have no minor release in their own: all others without one are CentOS Stream's.
_FIRST_OF_8 = re.compile(r"4\.18\.0-(?:80|147|193|240|305|348)(?:\.[0-9]+)*\.el8|4\.18\.0-[0-9]+\.[0-9.]+\.el8")
_SUSE_TAG = re.compile(r"-1([5-9])0([0-9])00\.")
# Up to 15.2 openSUSE built Leap's kernels itself; since then whoever writes this word is a user of its build service.
_LEAP_TAG = re.compile(r"-lp15([0-9])\.")
_LEAP_TAGGED = "012"
# Since this service pack SUSE's kernels name theirs.
_SUSE_TAGGED = (15, 4)


def line_of(version: str) -> str:
    """The upstream line of a kernel's package version: 6.1 of 6.1.158-1."""
    return ".".join(version.rpartition(":")[2].split(".")[:2])


def built_for(family: str, release: str, version: str, names: Collection[str]) -> str:
    """The release that a kernel of a host of ``release`` was built for; '' where it is none of the family's own. ``names`` are its packages."""
    if family in _ENTERPRISE:
        return _enterprise(version)
    if family in ("suse", "opensuse"):
        return _suse(release, version)
    tag = _TAGS[family].search(version) if family in _TAGS else None
    if tag:
        return tag[1]
    if family in _LINES:
        return _by_line(family, release, version, names)
    return "" if family in _TAGS else release


def is_built_for(family: str, release: str, version: str) -> bool:
    """Whether a package that is no kernel may be the family's own for a release: Red Hat's, its relatives', Fedora's and Amazon's all say so."""
    tag = _PACKAGE_TAGS.get("redhat" if family in _ENTERPRISE else family)
    return tag is None or release in tag.findall(version)


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


def _enterprise(version: str) -> str:
    tag = _ENTERPRISE_TAG.search(version)
    if tag is None or (not tag[2] and (int(tag[1]) > 8 or (tag[1] == "8" and not _FIRST_OF_8.search(version)))):
        return ""
    return tag[1]


def _suse(release: str, version: str) -> str:
    tag, leap = _SUSE_TAG.search(version), _LEAP_TAG.search(version)
    if leap:
        return f"15.{leap[1]}" if leap[1] in _LEAP_TAGGED else ""
    if tag:
        return f"1{tag[1]}.{tag[2]}"
    return release if _numbers(release) < _SUSE_TAGGED else ""


def _by_line(family: str, release: str, version: str, names: Collection[str]) -> str:
    lines, line = _LINES[family], line_of(version)
    is_own = "linux" in names or (family == "ubuntu" and _numbers(release) >= _SETTLED and not set(names).isdisjoint(_OWN_LINE))
    if not is_own or lines.get(release) == line:
        return release
    other = next((name for name, own in lines.items() if own == line), "")
    return other or ("" if release in lines else release)
