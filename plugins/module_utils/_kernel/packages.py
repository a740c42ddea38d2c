# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed kernels in the data of the host's package manager."""

import re
from typing import Any, Dict, List, NamedTuple

from .._formats import versions
from .._host.witness import refusals_told
from .._os import snapd
from .._packages import dnf_query, dpkg, ownership, rpm
from .._packages.dpkg import Image

_STATUS = "/var/lib/dpkg/status"
_STATUS_LIMIT = 64 * 1024 * 1024
_UPDATES = "/var/lib/dpkg/updates"
_UNEXPLAINED_LIMIT = 20
_OS_RELEASES = ("/etc/os-release", "/usr/lib/os-release")
# A program of a package manager that is not read, and what it would say of kernels to who looks.
_OTHER_MANAGERS = (
    ("/usr/bin/pacman", "pacman -Qo /usr/lib/modules/*/vmlinuz"), ("/sbin/apk", "apk info --who-owns /boot/vmlinuz-*"),
    ("/usr/bin/apk", "apk info --who-owns /boot/vmlinuz-*"), ("/usr/bin/xbps-query", "xbps-query -o '/boot/vmlinuz-*'"),
    ("/usr/bin/emerge", "qfile '/lib/modules/*' (or eselect kernel list)"),
    ("/run/current-system/kernel", "readlink /run/booted-system/kernel /run/current-system/kernel"),
    ("/usr/bin/swupd", "swupd search-file vmlinuz, clr-boot-manager list-kernels"), ("/usr/bin/eopkg", "eopkg search-file /usr/lib/kernel"),
    ("/usr/bin/guix", "readlink /run/booted-system/kernel"),
    ("/usr/sbin/slackpkg", "ls /var/log/packages/kernel-*"), ("/bin/opkg", "opkg search '/lib/modules/*'"),
)
# vmlinux boots POWER and MIPS; beside another image of the same release it is compressed (SUSE's, for crash).
IMAGE_FILE = re.compile(r"(?:vmlinuz|(?:[zu]|bz)?Image|vmlinux(?=-\d))-(\S+?)(?:\.(?:gz|xz|zst|bz2))?\Z")

# What the package manager knows: kind is dpkg, rpm or "" where no data can be had, and then reason and detail say why.
Packages = NamedTuple("Packages", [
    ("kind", str), ("images", List[Image]), ("stanzas", List[dpkg.Stanza]), ("reason", str), ("detail", str), ("source", str)])


def without_packages(reason: str, detail: str, source: str = "") -> Packages:
    return Packages("", [], [], reason, detail, source)


def read_packages(host: Any, family: str, image_tool: str) -> Packages:
    """The kernels in the data of the family's package manager; for other families, of the one whose data is there."""
    if family in ("redhat", "suse"):
        packages = _read_rpm(host)
    elif family == "debian":
        packages = _read_dpkg(host)
    else:
        packages = _of_other_family(host)
    snaps = snapd.kernels(host)
    if snaps and all(image.release != host.uname()[2] for image in packages.images):
        return without_packages("image_based", "snapd brings the kernel (%s); snap list --all would tell" % ", ".join(snaps))
    if image_tool != "none" and not packages.images:
        return without_packages("image_based", image_tool)
    return packages


def _of_other_family(host: Any) -> Packages:
    """What dpkg or rpm knows, where it holds a kernel or the system's own os-release: either may be a mere tool, beside what manages the host."""
    if not host.stat(_STATUS).problem:
        packages = _read_dpkg(host)
        if packages.images or packages.reason not in ("", "unparsable") or any(ownership.dpkg_owners(host, _OS_RELEASES).values()):
            return packages
    packages = _read_rpm(host)
    is_tool = not packages.images and packages.reason in ("", "tool_missing")
    if not is_tool or any(ownership.rpm_owners(host, path) for path in _OS_RELEASES if packages.reason == ""):
        return packages
    would = next((words for path, words in _OTHER_MANAGERS if not host.stat(path).problem), "")
    return without_packages("unsupported", "neither dpkg nor rpm manages this host" + ("; %s would tell" % would if would else ""))


def _read_dpkg(host: Any) -> Packages:
    answer = host.read(_STATUS, _STATUS_LIMIT)
    if answer.problem:
        return without_packages(answer.problem, "%s: %s" % (_STATUS, answer.detail))
    try:
        stanzas = dpkg.parse_kernel_stanzas(answer.value)
    except ValueError as error:
        return without_packages("unparsable", "%s: %s" % (_STATUS, error))
    for name in host.listdir(_UPDATES).if_there([]):
        if re.match(r"[0-9]+\Z", name):
            stanzas = dpkg.merge_updates(stanzas, dpkg.parse_stanzas(host.read("%s/%s" % (_UPDATES, name)).if_there("")))
    images = dpkg.images(stanzas, _lists(host, stanzas))
    more = _owners_of_the_rest(host, images, answer.value, stanzas)
    if more:
        stanzas = stanzas + more
        images = dpkg.images(stanzas, _lists(host, stanzas))
    return Packages(versions.DPKG, images, stanzas, "", "", _STATUS)


def _lists(host: Any, stanzas: List[dpkg.Stanza]) -> Dict[str, ownership.Contents]:
    return ownership.dpkg_contents(host, [(stanza["Package"], stanza.get("Architecture", "")) for stanza in stanzas if dpkg.has_files(stanza)])


def _lying(host: Any) -> List[str]:
    """The releases of the images in /boot; none where that may not be listed, which the stray images tell of."""
    with refusals_told(host):
        names = host.listdir("/boot")
    found = map(IMAGE_FILE.match, [] if names.problem else names.value)
    return [match.group(1) for match in found if match and "rescue" not in match.group(1)]


def _owners_of_the_rest(host: Any, images: List[Image], status: str, stanzas: List[dpkg.Stanza]) -> List[dpkg.Stanza]:
    """The packages that own the running kernel, or an image in /boot, which no package that looks like a kernel's holds: dpkg is asked who does."""
    known = {image.release for image in images}
    releases = [release for release in dict.fromkeys([host.uname()[2]] + _lying(host)) if release not in known][:_UNEXPLAINED_LIMIT]
    owners = ownership.dpkg_owners(host, [path for release in releases for path in ownership.image_paths(release)])
    names = {name for found in owners.values() for name in found} - {stanza["Package"] for stanza in stanzas}
    return dpkg.stanzas_of(status, names)


def _ask_owners(host: Any, images: List[Image]) -> str:
    """What rpm says of the owners of images whose release no package is known for: the one that runs, those of /boot, those with modules."""
    known = {image.release for image in images}
    releases = [host.uname()[2]] + _lying(host) + [name for name in host.listdir("/lib/modules").if_there([]) if re.match(r"\d+\.", name)]
    open_ones = [release for release in dict.fromkeys(releases) if release not in known][:_UNEXPLAINED_LIMIT]
    answer = host.run(rpm.owner_query(open_ones)) if open_ones else None
    return answer.value.out if answer is not None and not answer.problem else ""


def _read_rpm(host: Any) -> Packages:
    source = "rpm -q --whatprovides %s" % rpm.UNAME_PROVIDE
    answer = host.run(rpm.QUERY)
    if answer.problem:
        return without_packages(answer.problem, "rpm: %s" % answer.detail)
    try:
        images = rpm.parse_images(answer.value.out)
    except ValueError as error:
        return without_packages("unparsable", "%s: %s" % (source, error))
    owners = _ask_owners(host, images)
    if owners:
        images = rpm.parse_images(answer.value.out, owners)
    # rpm counts the names that nobody provides in its exit status, and says so on standard output; standard error is for what went wrong.
    if not images and (answer.value.err.strip() or "no package provides" not in answer.value.out):
        return without_packages("tool_failed", "%s: %s" % (source, dnf_query.last_line(answer.value.err)))
    return Packages(versions.RPM, images, [], "", "", source)
