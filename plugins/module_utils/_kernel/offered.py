# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on offer for a host's kernels, and what keeps it from coming."""

from typing import Any, List, Optional

from .._formats import versions
from .._packages import apt_pins, available, dpkg, rpm_held, rpm_locks
from .packages import Packages

# What an operator would ask where the package manager's answer lacks it.
_ASKED = {"release": "the files of the package", "package": "its own list of kernels", "package_version": "its own list of kernels",
          "repository": "apt-cache policy, dnf info or zypper info of the package", "phased": "apt-cache policy of the package",
          "hidden": "its locks and excludes (available.held)", "live_patchable": "the vendor's list of kernels with live patches"}
_OFFER_FACTS = ("release", "package", "package_version", "repository", "phased", "hidden", "live_patchable")


def put_available(host: Any, section: Any, packages: Packages, flavour: Optional[str], image_tool: str, options: Any) -> None:
    """Write ``available``; what holds updates back is in small files, and so is written unasked."""
    if packages.reason:
        for name in _OFFER_FACTS + ("cache_age_seconds", "held"):
            section.cannot_say("available." + name, packages.reason, packages.detail)
        return
    if packages.kind == versions.DPKG:
        _put_held_by_apt(host, section, packages, options)
    else:
        names = sorted(rpm_locks.kernel_names(packages.images))
        locks = rpm_held.held(host, names, rpm_locks.newest_versions(packages.images))
        section.put("available.held", locks, "the lock and exclude lists of dnf, yum, tdnf, zypper, urpmi and apt on rpm below /etc")
    if not options.get("available", True):
        for name in _OFFER_FACTS + ("cache_age_seconds",):
            section.cannot_say("available." + name, "not_asked", "available: false; a scan without it would tell")
        return
    metas = dpkg.metas(packages.stanzas, flavour or "", packages.images)
    if not metas and not any(image.flavour == flavour for image in packages.images) and section.facts["running"]["package_version"] is None:
        # Asking would cost a second or two, and no repository can have it.
        for name in _OFFER_FACTS + ("cache_age_seconds",):
            section.cannot_say("available." + name, "not_applicable", "the running kernel is not of any package, so no repository is asked")
        return
    found = _ask(host, packages, flavour, metas, image_tool)
    _put_offer(section, found)
    if found.cache_age is None:
        section.cannot_say("available.cache_age_seconds", found.reason or "absent", found.detail or found.aged_by)
    else:
        section.put("available.cache_age_seconds", found.cache_age, found.aged_by)


def _put_held_by_apt(host: Any, section: Any, packages: Packages, options: Any) -> None:
    """Holds of dpkg and pins of apt. What only apt can tell is not known where it is not asked, unless something is known to be held anyway."""
    kernels = dpkg.kernel_packages(packages.stanzas, packages.images)
    names = [apt_pins.Named(stanza["Package"], dpkg.source_of(stanza), stanza.get("Architecture", "")) for stanza in kernels]
    pinned = apt_pins.held(host, names, bool(options.get("available", True)))
    found = dpkg.held(packages.stanzas, packages.images) + pinned.found
    if pinned.doubt and not found:
        section.cannot_say("available.held", "tool_failed" if options.get("available", True) else "not_asked", pinned.doubt)
    else:
        section.put("available.held", found, packages.source + ", /etc/apt/preferences")


def _ask(host: Any, packages: Packages, flavour: Optional[str], metas: List[str], image_tool: str) -> available.Found:
    """Ask the one package manager that is in charge here."""
    if image_tool not in ("none", "transactional-update"):
        return available.Found(None, "image_based", image_tool, image_tool, None)
    if packages.kind == versions.DPKG:
        return available.ask_apt(host, flavour, metas, packages.images)
    if not host.stat("/usr/bin/zypper").problem:
        return available.ask_zypper(host, flavour or "default")
    return available.ask_dnf(host, flavour, sorted({image.package for image in packages.images if image.flavour == flavour}))


def _put_offer(section: Any, found: available.Found) -> None:
    for name in _OFFER_FACTS:
        value = getattr(found.offer, name) if found.offer else None
        if value is not None:
            section.put("available." + name, value, found.source)
        else:
            detail = found.detail or "%s does not tell; %s would" % (found.source, _ASKED[name])
            section.cannot_say("available." + name, found.reason or "absent", detail)
