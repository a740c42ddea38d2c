# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Linux's live patches: one package for each kernel, loaded by kpatch's runtime, whose description lists what it fixes."""

import re
from typing import List, NamedTuple

from ..claim import cve_ids

_KERNEL = re.compile(r"\A\d[\w.]*-\d[\w.]*\.(?:cm|azl)\d+\Z")
_QUERY = "@%{NAME}-%{VERSION}-%{RELEASE}\\n%{DESCRIPTION}\\n"
_PACKAGE = re.compile(r"^@(livepatch-\S{1,200})$", re.MULTILINE)
# "Patches list ('*' - fixed, '!' - unfixable through livepatching, kernel update required):", then one line for each.
_FIXED = re.compile(r"^\s*\*\s*(CVE-\S+)", re.MULTILINE)


class Package(NamedTuple):
    """An installed package: name-version-release, its module's name in the kernel, and the CVEs that it fixes; none in the seed."""

    full: str
    module: str
    cves: List[str]


def package_of(release: str) -> str:
    """The package with the patches for a kernel, 5.15.137.1-1.cm2 has livepatch-5.15.137.1-1.cm2; '' for other kernels."""
    return "livepatch-" + release if _KERNEL.match(release) else ""


def query(package: str) -> List[str]:
    """The command that asks rpm for a package and its description."""
    return ["rpm", "-q", "--qf", _QUERY, package]


def parse_package(text: str) -> Package:
    """The package in rpm's answer to ``query``; ValueError where it names none."""
    match = _PACKAGE.search(text)
    if not match:
        raise ValueError("rpm names no package in %.80r" % text)
    # kpatch knows only letters, digits and underscores in a module's name.
    return Package(match.group(1), re.sub(r"\W", "_", match.group(1)), cve_ids(" ".join(_FIXED.findall(text))))
