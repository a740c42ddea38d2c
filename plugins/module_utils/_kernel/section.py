# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``kernel``: the kernel that runs, those installed, the one a reboot gives, the newest on offer, and who else changes them.

They are four facts, never derived from one another: a kernel can be installed and not booted, booted and no longer installed, on offer and held.
"""

import re
from typing import Any, List, Optional, Tuple

from .._boot.kernel_image import build_of_image
from .._boot.loaders import collect_boot_targets
from .._boot.section import parse_boot_time
from .._formats import versions
from .._host.witness import refusals_told
from .._os import section as os_section
from .._packages import dpkg, rpm
from .._packages.dpkg import Image
from . import managers as kernel_managers
from .applied import put_applied
from .built import put_built
from .initrd import Initrds
from .modules import put_modules
from .offered import put_available
from .packages import IMAGE_FILE, Packages, read_packages, without_packages
from .running import running_version
from .sysctls import put_sysctls
from .unaltered import is_altered
from .watched import put_watched

_SIGNATURE = "/proc/version_signature"


def collect(host: Any, section: Any, options: Any) -> None:
    """Write the section."""
    container = os_section.container_name(host)
    identity = os_section.os_identity(host)[0]
    family = os_section.family_of(identity.get("ID", ""), identity.get("ID_LIKE", "").split())
    tool = os_section.image_evidence(host, identity.get("ID", ""))[0]
    if container != "none":
        packages = without_packages("in_container", container)
    else:
        packages = read_packages(host, family, tool)
    flavour = _put_running(host, section, packages)
    _put_installed(host, section, packages, flavour)
    put_available(host, section, packages, flavour, tool, options)
    if container != "none":
        section.cannot_say("managers", "in_container", container)
    else:
        managers = [dict(manager._asdict()) for manager in kernel_managers.find(host)]
        section.put("managers", managers, "the files of each manager below /etc and /usr")
    with refusals_told(host):
        collect_boot_targets(host, section)
    if container != "none":
        section.cannot_say("modules", "in_container", container)
        for path in ("watched_modules", "watched_sysctls", "mitigations_applied", "configuration", "not_built"):
            section.cannot_say(path, "in_container", container)
    else:
        put_watched(host, section, options.get("watched_modules") or [])
        put_applied(host, section)
        put_built(host, section)
        put_sysctls(host, section, options.get("watched_sysctls") or [])
        put_modules(host, section, section.facts["default_boot"]["release"])


def _put_running(host: Any, section: Any, packages: Packages) -> Optional[str]:
    """Write ``running`` and return the running flavour."""
    release, version = host.uname()[2:4]
    section.put("running.release", release, "uname -r")
    section.put("running.version", version, "uname -v")
    image = next((image for image in packages.images if image.release == release), None)
    flavour = image.flavour if image else _flavour_of_the_unknown(release, packages)
    if flavour is None:
        section.cannot_say("running.flavour", "absent", "the release %s names none; whoever built it would tell" % release)
    else:
        section.put("running.flavour", flavour, "uname -r" if image is None else packages.source)
    if packages.reason:
        section.cannot_say("running.package", packages.reason, packages.detail)
    elif image is None:
        section.cannot_say("running.package", "absent", "%s: no installed package holds the image of %s; the package manager's history would tell" % (
            packages.source, release))
    else:
        section.put("running.package", image.package, packages.source)
    _put_running_version(host, section, packages, image, flavour)
    return flavour


def _flavour_of_the_unknown(release: str, packages: Packages) -> Optional[str]:
    """The flavour of a release that no package holds."""
    if packages.kind == versions.RPM:
        return _flavour_of_the_lost(release, packages.images)
    line = dpkg.flavour_here(release, packages.stanzas, packages.images)
    return line if packages.kind else line or None


def _flavour_of_the_lost(release: str, images: List[Image]) -> Optional[str]:
    """The flavour of a release whose package is gone: that of the installed ones whose releases look alike (ELRepo's name themselves), None where
    those are several, or where all of the flavour that its own words show look otherwise."""
    shape = re.compile(r"\d[\d._]*")
    alike = {image.flavour for image in images if shape.sub("0", image.release) == shape.sub("0", release)}
    if alike:
        return alike.pop() if len(alike) == 1 else None
    flavour = _flavour_of_rpm_release(release)
    return None if any(image.flavour == flavour for image in images) else flavour


def _flavour_of_rpm_release(release: str) -> Optional[str]:
    """The flavour of a release whose package is gone: after a + or in the dist tag on Red Hat's side, after the numbers on SUSE's."""
    if "uek" in release:
        return "uek"
    match = re.search(r"\.(?:x86_64(?:_v\d)?|aarch64|ppc64le|s390x|i686|armv7hl|riscv64|loongarch64)(?:\+([a-z0-9-]+))?\Z", release)
    return (match.group(1) or rpm.STANDARD) if match else dpkg.flavour_of(release)


def _put_running_version(host: Any, section: Any, packages: Packages, image: Optional[Image], flavour: Optional[str]) -> None:
    path = "running.package_version"
    if packages.kind == versions.RPM and image is not None:
        _put_running_rpm(host, section, packages, image)
        return
    if packages.kind != versions.DPKG:
        reason, detail = packages.reason or "absent", packages.detail or "no installed package holds the running image; its history would tell"
        section.cannot_say(path, reason, detail)
        return
    signature = host.read(_SIGNATURE, 4096).value
    source = _SIGNATURE if signature else "uname -v"
    release, version = host.uname()[2:4]
    known = [each.package_version for each in packages.images if each.release == release]
    try:
        section.put(path, running_version(release, version, signature, flavour, known), source)
    except ValueError as error:
        lying = _image_path(host, image)[0] if image is not None else ""
        if image is not None and build_of_image(host, lying) == version.strip():
            section.put(path, image.package_version, "uname -v, the same in the header of %s" % lying)
        else:
            section.cannot_say(path, "absent", "%s: %s; the package manager's history up to this boot would tell" % (source, error))


def _put_running_rpm(host: Any, section: Any, packages: Packages, image: Image) -> None:
    """Nearly each rpm of a kernel boots as a release of its own; a rebuild by SUSE does not, and can replace what runs."""
    try:
        booted_at = parse_boot_time(host.read("/proc/stat").if_there(""))
    except ValueError:
        booted_at = 0
    if booted_at and rpm.was_replaced(image, booted_at):
        detail = "%s %s was installed after this boot and boots under the same release: what runs is an earlier build; its history would tell" % (
            image.package, image.package_version)
        section.cannot_say("running.package_version", "absent", detail)
    else:
        section.put("running.package_version", image.package_version, packages.source)


def _put_installed(host: Any, section: Any, packages: Packages, flavour: Optional[str]) -> None:
    """Write ``installed``, ``stray_images``, ``newest_installed`` and ``version_order``."""
    newest = ("newest_installed.release", "newest_installed.package_version")
    if packages.reason:
        for path in ("installed", "stray_images") + newest + ("version_order",):
            section.cannot_say(path, packages.reason, packages.detail)
        return
    section.put("version_order", packages.kind, packages.source)
    initrds = Initrds(host, [image.release for image in packages.images])
    section.put("installed", [_described(host, packages.kind, image, initrds) for image in packages.images], packages.source)
    section.put_answer("stray_images", host.listdir("/boot"), "/boot, " + packages.source, lambda names: _strays(names, packages))
    same = [image for image in packages.images if image.flavour == flavour]
    if not same:
        for path in newest:
            section.cannot_say(path, "absent", "no installed package holds a kernel of flavour %s; where it came from would tell" % flavour)
        return
    # The lists are sorted by the package manager's own order.
    section.put(newest[0], same[-1].release, packages.source)
    section.put(newest[1], same[-1].package_version, packages.source)


def _strays(names: List[str], packages: Packages) -> List[str]:
    """Paths of the images that were put into /boot by hand, or that a removed package left there."""
    owned = {image.release for image in packages.images}
    found = [IMAGE_FILE.match(name) for name in names]
    releases = [(match.group(0), match.group(1)) for match in found if match and "rescue" not in match.group(1)]
    return ["/boot/" + name for name, release in releases if release not in owned]


def _described(host: Any, kind: str, image: Image, initrds: Initrds) -> Any:
    path, present = _image_path(host, image)
    return {"release": image.release, "flavour": image.flavour, "package": image.package, "package_version": image.package_version,
            "source": image.source or None, "packages": list(image.parts or (image.package,)), "complete": image.complete, "image": path,
            "image_present": present, "image_altered": is_altered(host, kind, image, path) if present else None,
            "initrd": initrds.paths.get(image.release), "initrd_missing": initrds.missing(image.release, path)}


def _image_path(host: Any, image: Image) -> Tuple[str, bool]:
    """(path of the image, whether it is there); by the names that distributions use on the architectures, and by the package's own list."""
    release, usual = image.release, "/boot/vmlinuz-%s" % image.release
    own = [image.path] if image.path else []
    for path in [usual] + own + ["/lib/modules/%s/vmlinuz" % release] + ["/boot/%s-%s" % (name, release) for name in ("vmlinux", "Image", "image")]:
        if not host.stat(path).problem:
            return path, True
    return own[0] if own else usual, False
