# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``kernel``: the kernel that runs, those installed, the one a reboot gives, the newest on offer, and who else changes them.

They are four facts, never derived from one another: a kernel can be installed and not booted, booted and no longer installed, on offer and held.
"""

import re
from typing import Any, List, NamedTuple, Optional, Tuple

from .._boot.loaders import BOOT_FACTS, collect_boot_targets
from .._formats import versions
from .._host.record import Fact
from .._os import section as os_section
from .._packages import available, dnf_query, dpkg, rpm
from .._packages.dpkg import Image
from . import managers as kernel_managers

FACTS: List[Fact] = [
    Fact("running.release", "str", "what uname -r says"),
    Fact("running.version", "str", "what uname -v says; the kernel cuts it at 64 characters"),
    Fact("running.flavour", "str", "its line of kernels (cloud-amd64, generic, standard, uek, rt, default); only within one is there an order"),
    Fact("running.package", "str", "the installed package with an image of this release"),
    Fact("running.package_version", "str", "the package version that runs, which an update in place leaves behind the installed one"),
    Fact("installed", "list", "every installed kernel image, oldest first within a flavour; no metas, no rescue images"),
    Fact("installed[].release", "str", "what uname -r says when it runs"),
    Fact("installed[].flavour", "str", "its line of kernels"),
    Fact("installed[].package", "str", "the package that holds the image"),
    Fact("installed[].package_version", "str", "its version (dpkg) or version-release (rpm), with the epoch where there is one"),
    Fact("installed[].complete", "bool", "false: the package manager broke off while it installed the package"),
    Fact("installed[].image", "str", "the image's path, or where it should be"),
    Fact("installed[].image_present", "bool", "false: the package is installed, and its image is gone"),
    Fact("stray_images", "list", "kernel images in /boot that no installed package brought; no rescue images"),
    Fact("newest_installed.release", "str", "release of the highest installed version of the running flavour"),
    Fact("newest_installed.package_version", "str", "that version"),
    Fact("available.release", "str", "release of the newest kernel of the running flavour in the package manager's cache"),
    Fact("available.package", "str", "its package"),
    Fact("available.package_version", "str", "its version"),
    Fact("available.repository", "str", "where it is from"),
    Fact("available.cache_age_seconds", "int", "seconds since the package manager last looked at its repositories"),
    Fact("available.held", "list", "packages, locks, pins and excludes that keep kernels from being updated"),
    Fact("available.phased", "bool", "it is given to a share of all hosts so far"),
    Fact("available.hidden", "list", "newer kernels that excludes hide"),
    Fact("available.live_patchable", "list", "kernels on offer, oldest first, that a kpatch-patch package on offer is for"),
    Fact("available.live_patchable[].release", "str", "what uname -r says when it runs"),
    Fact("available.live_patchable[].package", "str", "its package"),
    Fact("available.live_patchable[].package_version", "str", "its version"),
    Fact("managers", "list", "who else may install kernels here"),
    Fact("managers[].name", "str", "unattended-upgrades, dnf-automatic, landscape, satellite ..."),
    Fact("managers[].active", "bool", "it is set to work by itself"),
    Fact("managers[].detail", "str", "what shows it"),
    Fact("version_order", "str", "dpkg or rpm: the order of the versions in this section"),
] + BOOT_FACTS

_OFFER_FACTS = ("release", "package", "package_version", "repository", "phased", "hidden", "live_patchable")
_STATUS = "/var/lib/dpkg/status"
_STATUS_LIMIT = 64 * 1024 * 1024
_UPDATES = "/var/lib/dpkg/updates"
_SIGNATURE = "/proc/version_signature"

# What the package manager knows: kind is dpkg, rpm or "" where no data can be had, and then reason and detail say why.
Packages = NamedTuple("Packages", [
    ("kind", str), ("images", List[Image]), ("stanzas", List[dpkg.Stanza]), ("reason", str), ("detail", str), ("source", str)])


def collect(host: Any, section: Any, options: Any) -> None:
    """Write the section."""
    container = os_section.container_name(host)
    identity = os_section.os_identity(host)[0]
    family = os_section.family_of(identity.get("ID", ""), identity.get("ID_LIKE", "").split())
    tool = os_section.image_evidence(host, identity.get("ID", ""))[0]
    if container != "none":
        packages = _without_packages("in_container", container)
    else:
        packages = _read_packages(host, family, tool)
    flavour = _put_running(host, section, packages)
    _put_installed(host, section, packages, flavour)
    _put_available(host, section, packages, flavour, tool, options)
    if container != "none":
        section.cannot_say("managers", "in_container", container)
    else:
        managers = [dict(manager._asdict()) for manager in kernel_managers.find(host)]
        section.put("managers", managers, "the files of each manager below /etc and /usr")
    collect_boot_targets(host, section)


def _without_packages(reason: str, detail: str, source: str = "") -> Packages:
    return Packages("", [], [], reason, detail, source)


def _read_packages(host: Any, family: str, image_tool: str) -> Packages:
    """The kernels in the data of the family's package manager; for other families, of the one whose data is there."""
    if family in ("redhat", "suse"):
        packages = _read_rpm(host)
    elif family == "debian" or not host.stat(_STATUS).problem:
        packages = _read_dpkg(host)
    else:
        packages = _read_rpm(host)
        if packages.reason == "tool_missing":
            packages = _without_packages("unsupported", "neither dpkg nor rpm manages this host")
    if image_tool != "none" and not packages.images:
        return _without_packages("image_based", image_tool)
    return packages


def _read_dpkg(host: Any) -> Packages:
    answer = host.read(_STATUS, _STATUS_LIMIT)
    if answer.problem:
        return _without_packages(answer.problem, "%s: %s" % (_STATUS, answer.detail))
    try:
        stanzas = dpkg.parse_kernel_stanzas(answer.value)
    except ValueError as error:
        return _without_packages("unparsable", "%s: %s" % (_STATUS, error))
    for name in host.listdir(_UPDATES).value or []:
        if re.match(r"[0-9]+\Z", name):
            stanzas = dpkg.merge_updates(stanzas, dpkg.parse_stanzas(host.read("%s/%s" % (_UPDATES, name)).value or ""))
    return Packages(versions.DPKG, dpkg.images(stanzas), stanzas, "", "", _STATUS)


def _read_rpm(host: Any) -> Packages:
    source = "rpm -q --whatprovides %s" % rpm.UNAME_PROVIDE
    answer = host.run(rpm.QUERY)
    if answer.problem:
        return _without_packages(answer.problem, "rpm: %s" % answer.detail)
    try:
        images = rpm.parse_images(answer.value.out)
    except ValueError as error:
        return _without_packages("unparsable", "%s: %s" % (source, error))
    # rpm counts the names that nobody provides in its exit status, and says so on standard output; standard error is for what went wrong.
    if not images and (answer.value.err.strip() or "no package provides" not in answer.value.out):
        return _without_packages("tool_failed", "%s: %s" % (source, dnf_query.last_line(answer.value.err)))
    return Packages(versions.RPM, images, [], "", "", source)


def _put_running(host: Any, section: Any, packages: Packages) -> Optional[str]:
    """Write ``running`` and return the running flavour."""
    release, version = host.uname()[2:4]
    section.put("running.release", release, "uname -r")
    section.put("running.version", version, "uname -v")
    image = next((image for image in packages.images if image.release == release), None)
    flavour = image.flavour if image else dpkg.flavour_of(release) if packages.kind != versions.RPM else _flavour_of_rpm_release(release)
    if flavour is None:
        section.cannot_say("running.flavour", "absent", "the release %s names none" % release)
    else:
        section.put("running.flavour", flavour, "uname -r" if image is None else packages.source)
    if packages.reason:
        section.cannot_say("running.package", packages.reason, packages.detail)
    elif image is None:
        section.cannot_say("running.package", "absent", "%s: no installed package holds the image of %s" % (packages.source, release))
    else:
        section.put("running.package", image.package, packages.source)
    _put_running_version(host, section, packages, image, flavour)
    return flavour


def _flavour_of_rpm_release(release: str) -> Optional[str]:
    """The flavour of a release whose package is gone: after a + or in the dist tag on Red Hat's side, after the numbers on SUSE's."""
    if "uek" in release:
        return "uek"
    match = re.search(r"\.(?:x86_64|aarch64|ppc64le|s390x|i686)(?:\+([a-z0-9-]+))?\Z", release)
    return (match.group(1) or rpm.STANDARD) if match else dpkg.flavour_of(release)


def _put_running_version(host: Any, section: Any, packages: Packages, image: Optional[Image], flavour: Optional[str]) -> None:
    path = "running.package_version"
    if packages.kind == versions.RPM and image is not None:
        # Each rpm of a kernel boots as a release of its own, so an update in place cannot happen.
        section.put(path, image.package_version, packages.source)
        return
    if packages.kind != versions.DPKG:
        reason, detail = packages.reason or "absent", packages.detail or "no installed package holds the running image"
        section.cannot_say(path, reason, detail)
        return
    signature = host.read(_SIGNATURE, 4096).value
    source = _SIGNATURE if signature else "uname -v"
    try:
        section.put(path, dpkg.running_version(host.uname()[3], signature, flavour), source)
    except ValueError as error:
        section.cannot_say(path, "absent", "%s: %s" % (source, error))


def _put_installed(host: Any, section: Any, packages: Packages, flavour: Optional[str]) -> None:
    """Write ``installed``, ``stray_images``, ``newest_installed`` and ``version_order``."""
    newest = ("newest_installed.release", "newest_installed.package_version")
    if packages.reason:
        for path in ("installed", "stray_images") + newest + ("version_order",):
            section.cannot_say(path, packages.reason, packages.detail)
        return
    section.put("version_order", packages.kind, packages.source)
    section.put("installed", [_described(host, image) for image in packages.images], packages.source)
    section.put_answer("stray_images", host.listdir("/boot"), "/boot, " + packages.source, lambda names: _strays(names, packages))
    same = [image for image in packages.images if image.flavour == flavour]
    if not same:
        for path in newest:
            section.cannot_say(path, "absent", "no installed package holds a kernel of flavour %s" % flavour)
        return
    # The lists are sorted by the package manager's own order.
    section.put(newest[0], same[-1].release, packages.source)
    section.put(newest[1], same[-1].package_version, packages.source)


def _strays(names: List[str], packages: Packages) -> List[str]:
    """Paths of the images that were put into /boot by hand, or that a removed package left there."""
    owned = {image.release for image in packages.images}
    # A kernel built with make bindeb-pkg has no flavour, and so is not among the images.
    owned.update(re.sub(r"\Alinux-image-", "", stanza["Package"]) for stanza in packages.stanzas if dpkg.is_installed(stanza))
    found = [re.match(r"(?:vmlinuz|Image)-(\S+)\Z", name) for name in names]
    releases = [(match.group(0), match.group(1)) for match in found if match and "rescue" not in match.group(1)]
    return ["/boot/" + name for name, release in releases if release not in owned]


def _described(host: Any, image: Image) -> Any:
    path, present = _image_path(host, image.release)
    return {"release": image.release, "flavour": image.flavour, "package": image.package, "package_version": image.package_version,
            "complete": image.complete, "image": path, "image_present": present}


def _image_path(host: Any, release: str) -> Tuple[str, bool]:
    """(path of the image, whether it is there); by the names that distributions use on the architectures."""
    usual = "/boot/vmlinuz-%s" % release
    for path in (usual, "/lib/modules/%s/vmlinuz" % release, "/boot/vmlinux-%s" % release, "/boot/Image-%s" % release, "/boot/image-%s" % release):
        if not host.stat(path).problem:
            return path, True
    return usual, False


def _put_available(host: Any, section: Any, packages: Packages, flavour: Optional[str], image_tool: str, options: Any) -> None:
    """Write ``available``; what holds updates back is in small files, and so is written unasked."""
    if packages.reason:
        for name in _OFFER_FACTS + ("cache_age_seconds", "held"):
            section.cannot_say("available." + name, packages.reason, packages.detail)
        return
    if packages.kind == versions.DPKG:
        section.put("available.held", dpkg.held(packages.stanzas) + available.pins(host), packages.source + ", /etc/apt/preferences")
    else:
        section.put("available.held", _rpm_locks(host), "the lock and exclude lists of dnf and zypper below /etc")
    if not options.get("available", True):
        for name in _OFFER_FACTS + ("cache_age_seconds",):
            section.cannot_say("available." + name, "not_asked", "available: false")
        return
    metas = dpkg.metas(packages.stanzas, flavour or "")
    if not metas and not any(image.flavour == flavour for image in packages.images) and section.facts["running"]["package_version"] is None:
        # Asking would cost a second or two, and no repository can have it.
        for name in _OFFER_FACTS + ("cache_age_seconds",):
            section.cannot_say("available." + name, "not_applicable", "the running kernel is not of any package, so no repository is asked")
        return
    found = _ask(host, packages, flavour, metas, image_tool)
    _put_offer(section, found)
    if found.cache_age is None:
        section.cannot_say("available.cache_age_seconds", found.reason or "absent", found.detail or "nothing tells when the cache was refreshed")
    else:
        section.put("available.cache_age_seconds", found.cache_age, "the cache's time stamps")


def _ask(host: Any, packages: Packages, flavour: Optional[str], metas: List[str], image_tool: str) -> available.Found:
    """Ask the one package manager that is in charge here."""
    if image_tool not in ("none", "transactional-update"):
        return available.Found(None, "image_based", image_tool, image_tool, None)
    if packages.kind == versions.DPKG:
        return available.ask_apt(host, flavour, metas)
    if not host.stat("/usr/bin/zypper").problem:
        return available.ask_zypper(host, flavour or "default")
    return available.ask_dnf(host, flavour)


def _put_offer(section: Any, found: available.Found) -> None:
    for name in _OFFER_FACTS:
        value = getattr(found.offer, name) if found.offer else None
        if value is not None:
            section.put("available." + name, value, found.source)
        else:
            section.cannot_say("available." + name, found.reason or "absent", found.detail or "%s does not tell" % found.source)


def _rpm_locks(host: Any) -> List[str]:
    """Every lock and exclude that touches kernels, named by its file."""
    lists = (("/etc/dnf/plugins/versionlock.list", rpm.locked_by_dnf), ("/etc/dnf/versionlock.toml", rpm.locked_by_dnf5),
             ("/etc/zypp/locks", rpm.locked_by_zypper), ("/etc/dnf/dnf.conf", rpm.excluded))
    names = host.listdir("/etc/yum.repos.d", 1000).value or []
    repositories = [("/etc/yum.repos.d/%s" % name, rpm.excluded) for name in names if name.endswith(".repo")]
    return ["%s (%s)" % (lock, path) for path, parse in list(lists) + repositories for lock in parse(host.read(path).value or "")]
