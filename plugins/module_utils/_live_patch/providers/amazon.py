# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon Linux's live patches: the packages that bring them, what dnf says of newer ones, and until when a kernel gets any."""

import re
from typing import List, NamedTuple

from ..._formats import versions as evr
from ..claim import Patch, cve_ids

QUERY = ("rpm", "-qa", "kernel-livepatch-*")

_PACKAGE = re.compile(r"\bkernel-livepatch-(\d[\w.]*-\d[\w.]*)-(\d[\w.]*)-(\d[\w]*)\.(amzn\w+)(?:\.(x86_64|aarch64))?(?!\S)")
_ADVICE = re.compile(r"\A(CVE-\d{4}-\d{4,7}|ALAS[\w-]{1,40})\s+\S+\s+(kernel-livepatch-\S+)\s*\Z")
_UNTIL = re.compile(r"will no longer receive live patches after (\d{4}-\d{2}-\d{2})")
_MODULE = "livepatch_"
_ENDED = "Reboot into the latest kernel version to get a continued stream of live patches"


class Package(NamedTuple):
    """A package of patches for one kernel, which may load several modules. version 1.0-0 is the seed, which holds none."""

    kernel: str
    version: str
    arch: str

    @property
    def is_seed(self) -> bool:
        """Whether it only reserves the name."""
        return self.version.endswith("-0")


class Advice(NamedTuple):
    """What one package on offer brings: a CVE or the number of an advisory."""

    id: str
    package: Package


def package_of(release: str) -> str:
    """The package with Amazon's patches for a kernel, 6.1.134-150.224.amzn2023.x86_64 has kernel-livepatch-6.1.134-150.224; '' for other kernels."""
    match = re.match(r"(\d[\w.]*-\d[\w.]*?)\.amzn\w+\.\w+\Z", release)
    return "kernel-livepatch-" + match.group(1) if match else ""


def named(loaded: List[Patch], packaged: bool) -> List[Patch]:
    """Amazon's modules (livepatch_CVE_2019_20096, livepatch_cifs_lease_buffer_len) with the CVEs of their names.

    One without a CVE fixes a fault that has none; that it is Amazon's is known where a package of patches for this kernel is installed.
    """
    found = []
    for patch in loaded:
        cves = cve_ids(patch.id[len(_MODULE):]) if patch.id.startswith(_MODULE) else []
        known = patch.kind == "unknown" and (cves or (packaged and patch.id.startswith(_MODULE)))
        found.append(patch._replace(kind="fix" if known else patch.kind, cves=cves))
    return found


def parse_packages(text: str) -> List[Package]:
    """The packages that a list of rpm's names; the plug-in and the repository's own package are none."""
    return [Package("%s.%s" % (match.group(1), match.group(4)), "%s-%s" % (match.group(2), match.group(3)), match.group(5) or "")
            for match in _PACKAGE.finditer(text)]


def parse_updateinfo(text: str) -> List[Advice]:
    """The live patches in ``dnf updateinfo list`` or ``list cves``; other lines and other packages are passed over."""
    found = []
    for line in text.splitlines():
        match = _ADVICE.match(line)
        packages = parse_packages(match.group(2)) if match else []
        if match and packages:
            found.append(Advice(match.group(1), packages[0]))
    return found


def parse_support(text: str) -> str:
    """The last day of patches in the answer of ``dnf kernel-livepatch support``, 'ended' where it asks for a reboot; ValueError otherwise."""
    match = _UNTIL.search(text)
    if match:
        return match.group(1)
    if _ENDED in text:
        return "ended"
    raise ValueError("no date until which this kernel receives live patches in %.120r" % text)


def newest_for(packages: List[Package], release: str) -> str:
    """The version of the newest package for a kernel release (6.1.134-150.224.amzn2023.x86_64); '' without one."""
    versions = [package.version for package in packages if release == package.kernel or release.startswith(package.kernel + ".")]
    return max(versions, key=evr.sort_key(evr.RPM)) if versions else ""
