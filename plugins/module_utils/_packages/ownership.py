# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package owns a kernel: by the files that the package managers wrote down, never by a package's name.

dpkg keeps a list of paths for each package (/var/lib/dpkg/info/PACKAGE.list); rpm is asked with ``rpm -qf``.
"""

import re
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

DPKG_INFO = "/var/lib/dpkg/info"
_LIST_BYTES = 16 * 1024 * 1024

# An image whose path names the release that it boots as.
_NAMES = r"vmlinu[xz]|(?:[zu]|bz)?Image"
# Ubuntu's for confidential machines are unified images, which nullboot copies to the EFI system partition.
_IMAGE = re.compile(
    r"^(?P<path>(?:/boot/(?:%s|kernel|linux)|(?:/usr)?/lib/linux/efi/kernel\.efi)-(?P<boot>\d[^/\s]*)"
    r"|(?:/usr)?/lib/modules/(?P<modules>\d[^/\s]*)/(?:%s))$" % (_NAMES, _NAMES), re.MULTILINE)
# Firmware of small boards starts images whose names never change: their release is that of the modules beside them.
_UNNAMED = re.compile(r"^/boot/(?:firmware/)?(?:kernel\w*\.img|(?:[zu]|bz)?Image(?:\.gz)?|vmlinuz)$", re.MULTILINE)
_MODULES = re.compile(r"^(?:/usr)?/lib/modules/(\d[^/\s]*)/(?:kernel(?:/\S*)?|modules\.(?:order|builtin))$", re.MULTILINE)
_FILES = re.compile(r"^(?:/boot/[A-Za-z.]+-(\d[^/\s]*)|(?:/usr)?/lib/modules/(\d[^/\s]*)/(?!build$|source$)\S+)$", re.MULTILINE)


class Contents(NamedTuple):
    """What a package holds of kernels: (release, path) of its images, and the releases of whose kernels it has any file but the links to headers."""

    images: Tuple[Tuple[str, str], ...]
    releases: Tuple[str, ...]


def contents(text: str) -> Contents:
    """The kernels in a list of a package's paths, one in each line."""
    named: Dict[str, str] = {}
    for match in _IMAGE.finditer(text):
        named.setdefault(match.group("boot") or match.group("modules"), match.group("path"))
    images = sorted(named.items()) or _unnamed_images(_UNNAMED.findall(text), sorted(set(_MODULES.findall(text))))
    return Contents(tuple(images), tuple(sorted({boot or modules for boot, modules in _FILES.findall(text)})))


def _unnamed_images(paths: List[str], releases: List[str]) -> List[Tuple[str, str]]:
    """Each release of the modules with the image that belongs to it: Raspberry Pi's 6.1.21-v8+ is kernel8.img, where there are several."""
    if not paths:
        return []
    found = []
    for release in releases:
        board = re.search(r"-v(\w+)\+?\Z", release)
        # Pages of 16 KiB are the Raspberry Pi 5's.
        own = "_2712" if re.search(r"[-_]16k\+?\Z", release) else board.group(1) if board else ""
        wanted = ("kernel%s.img" % own, paths[0].rsplit("/", 1)[-1])
        found.append((release, next(path for name in wanted for path in paths if path.endswith("/" + name))))
    return found


def dpkg_contents(host: Any, packages: Iterable[Tuple[str, str]]) -> Dict[str, Contents]:
    """The kernels in dpkg's lists of these (package, architecture); packages whose lists cannot be read are left out."""
    found = {}
    for package, architecture in packages:
        text = _dpkg_list(host, package, architecture)
        if text is not None:
            found[package] = contents(text)
    return found


def dpkg_paths(host: Any, package: str, architecture: str) -> List[str]:
    """The paths of a package by the list that dpkg keeps; none where it keeps none."""
    text = _dpkg_list(host, package, architecture)
    return text.splitlines() if text is not None else []


def _dpkg_list(host: Any, package: str, architecture: str) -> Optional[str]:
    """The paths of a package, one in each line; where its list is lost, those that have a digest."""
    names = ("%s/%s" % (DPKG_INFO, package), "%s/%s:%s" % (DPKG_INFO, package, architecture))
    for name in names:
        answer = host.read(name + ".list", _LIST_BYTES)
        if not answer.problem:
            return str(answer.value)
    for name in names:
        answer = host.read(name + ".md5sums", _LIST_BYTES)
        if not answer.problem:
            return re.sub(r"^[0-9a-f]{32}  ", "/", answer.value, flags=re.MULTILINE)
    return None


def parse_search(text: str) -> Dict[str, List[str]]:
    """{path: packages that own it} of what ``dpkg-query -S`` printed; diversions are no owners."""
    found: Dict[str, List[str]] = {}
    for line in text.splitlines():
        names, mark, path = line.partition(": ")
        if mark and path.startswith("/") and not names.startswith("diversion "):
            found[path] = [name.partition(":")[0] for name in names.split(", ")]
    return found


def dpkg_owners(host: Any, paths: Sequence[str]) -> Dict[str, List[str]]:
    """{path: packages} for those of ``paths`` that dpkg knows; whatever has config files alone is named as well, which the status tells."""
    answer = host.run(("dpkg-query", "-S") + tuple(paths)) if paths else None
    return parse_search(answer.value.out) if answer is not None and not answer.problem else {}


def rpm_owners(host: Any, path: str, form: str = "%{NAME}") -> List[str]:
    """The packages that own a path by ``rpm -qf``, in the query format ``form``; none where no package does or rpm cannot say."""
    answer = host.run(("rpm", "-qf", "--queryformat", form + "\\n", path))
    if answer.problem or answer.value.rc != 0:
        return []
    return [line for line in answer.value.out.splitlines() if line.strip()]


def rpm_files(host: Any, paths: Sequence[str]) -> Dict[str, Tuple[str, str]]:
    """{path: (package, hexadecimal digest or '')} of what rpm owns, by one question; what a package only reserves (ghosts) has no digest."""
    form = "@%{NAME}\\n[%{FILENAMES}\\t%{FILEDIGESTS}\\n]"
    answer = host.run(("rpm", "-qf", "--queryformat", form) + tuple(paths)) if paths else None
    found: Dict[str, Tuple[str, str]] = {}
    package, wanted = "", set(paths)
    for line in [] if answer is None or answer.problem else answer.value.out.splitlines():
        path, _tab, digest = line.partition("\t")
        package = line[1:] if line.startswith("@") else package
        if path in wanted and package:
            found[path] = (package, digest)
    return found


def image_paths(release: str) -> List[str]:
    """Where a package may have put the image of a release, or its modules."""
    folders = ["%s/lib/modules/%s" % (root, release) for root in ("", "/usr")]
    modules = [folder + name for folder in folders for name in ("/vmlinuz", "/modules.builtin")]
    return ["/boot/%s-%s" % (name, release) for name in ("vmlinuz", "vmlinux", "Image")] + modules
