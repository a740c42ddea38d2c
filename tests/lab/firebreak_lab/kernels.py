# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernels an image gets, by what the suite's archives offer."""

import re
import subprocess
from collections.abc import Callable
from functools import cmp_to_key
from typing import NamedTuple

from firebreak_lab.errors import LabError

META = "linux-image-cloud-amd64"
# With three numbers: linux-image-6.12-cloud-amd64 is a meta package as well.
_IMAGE = re.compile(r"^linux-image-\d+\.\d+\.\d+[\w.+~]*(?:-\d+)?-cloud-amd64$")


class Kernel(NamedTuple):
    """A kernel package, and the version of the meta package that asks for it ("" where none does any more)."""

    package: str
    version: str
    meta_version: str

    @property
    def release(self) -> str:
        """What uname -r will say."""
        return self.package.removeprefix("linux-image-")

    def install_words(self) -> list[str]:
        """What apt-get installs to get exactly this kernel, and later its successors where the meta package is among it."""
        meta = [f"{META}={self.meta_version}"] if self.meta_version else []
        return [*meta, f"{self.package}={self.version}"]

    def build_words(self) -> list[str]:
        """What apt-get installs to build modules for exactly this kernel."""
        return [f"linux-headers-{self.release}={self.version}", "gcc", "make"]


def parse_show(text: str) -> list[Kernel]:
    """The kernels in the output of apt-cache show of the meta package: one in each paragraph."""
    found = []
    for paragraph in text.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", paragraph, re.MULTILINE)
        depends = re.search(r"^Depends: (?:.*, )?(linux-image-\S+) \(= ([^)]+)\)", paragraph, re.MULTILINE)
        if version and depends and _IMAGE.match(depends[1]):
            found.append(Kernel(depends[1], depends[2], version[1]))
    return found


def madison_rows(text: str) -> list[tuple[str, str]]:
    """(package, version) of each line of apt-cache madison ('package | version | source')."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    return [(row[0], row[1]) for row in rows if len(row) == 3]


def parse_madison(text: str) -> list[Kernel]:
    """The kernels in the output of apt-cache madison, without a meta package."""
    return [Kernel(package, version, "") for package, version in madison_rows(text) if _IMAGE.match(package)]


def versions_on_offer(text: str, order: Callable[[str, str], int]) -> dict[str, list[str]]:
    """The versions of each package in the output of apt-cache madison, oldest first."""
    rows = madison_rows(text)
    return {name: sorted({version for package, version in rows if package == name}, key=cmp_to_key(order)) for name, _version in rows}


def compare_versions(one: str, other: str) -> int:
    """dpkg's own order of two versions: -1, 0 or 1."""
    for operator, value in (("lt", -1), ("gt", 1)):
        if subprocess.run(["dpkg", "--compare-versions", one, operator, other], check=False).returncode == 0:
            return value
    return 0


def by_version(found: list[Kernel], order: Callable[[str, str], int]) -> list[Kernel]:
    """Oldest first."""

    def compare(one: Kernel, other: Kernel) -> int:
        return order(one.version, other.version)

    return sorted(found, key=cmp_to_key(compare))


def choose(offered: list[Kernel], others: list[Kernel], order: Callable[[str, str], int] = compare_versions) -> tuple[Kernel, Kernel]:
    """(older, newest): newest that the meta package asks for, older its oldest other version, else the next image package of the same series."""
    by_age = by_version(offered, order)
    if not by_age:
        raise LabError(f"the suite's archives offer no {META}")
    newest = by_age[-1]
    series = newest.version.split(".")[:2]
    earlier = [kernel for kernel in others if kernel.version.split(".")[:2] == series and order(kernel.version, newest.version) < 0]
    fallback = by_version(earlier, order)[-1] if earlier else newest
    return next((kernel for kernel in by_age if kernel.package != newest.package), fallback), newest
