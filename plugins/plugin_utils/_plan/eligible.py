# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a vendor makes live patches for, as far as the scan can tell, and what would be eligible instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...module_utils._host.errors import Refused
from ...module_utils._live_patch.providers.kpatch import package_of

OTHERWISE = "live_patching_provider: self_built with a bundle, or kernelcare with a subscription"
# What holds a host at a level, by provider: cutoff-date, effective_version of the offline client, STICKY_PATCHSET.
PINNABLE = ("canonical", "ksplice", "kernelcare")


def packages_of(provider: str, record: Mapping[str, Any], offline: bool) -> list[str]:
    """What the provider's own package tool is asked for: packages, and of SUSE the module that has them."""
    system, release = record["os"], str(record["live_patch"]["kernel"]["release"])
    if provider == "kpatch":
        return [package_of(release)]
    if provider == "amazon":
        return [f"kernel-livepatch-{release.partition('.amzn')[0]}"]
    if provider == "ksplice":
        names = ["ksplice", "ksplice-offline"] if offline else ["ksplice"]
        # From release 10 on the commands of Uptrack are part of these.
        old = int(str(system["version_id"]).partition(".")[0] or 0) < 10
        return names + (["uptrack-offline" if offline else "uptrack"] if old else [])
    if provider == "suse":
        return [f"sle-module-live-patching/{system['version_id']}/{system['architecture']}"]
    return []


def kpatch(record: Mapping[str, Any], wish: Any) -> None:
    """Red Hat's patches are for RHEL's plain kernels; its clones get none."""
    _want(record, "kpatch", ("rhel",), ("x86_64", "ppc64le"))
    running = record["kernel"]["running"]
    if not package_of(running["release"]) or running["flavour"] != "standard":
        raise Refused(f"Red Hat makes no live patches for the running kernel {running['release']} ({running['flavour']}); "
                           "wanted: the package kernel-core of RHEL, not rt, 64k or debug")


def amazon(record: Mapping[str, Any], wish: Any) -> None:
    """Amazon Linux 2 has reached its end."""
    _want(record, "amazon", ("amzn",), ("x86_64", "aarch64"))
    if record["os"]["version_id"] != "2023":
        raise Refused(f"Amazon Linux {record['os']['version_id']} gets no live patches any more; wanted: Amazon Linux 2023")


def canonical(record: Mapping[str, Any], wish: Any) -> None:
    """Long-term releases only, and of those no kernel for virtual machines alone, no real-time and no certified FIPS kernel."""
    _want(record, "canonical", ("ubuntu",), ("x86_64", "s390x", "aarch64"))
    version, running = str(record["os"]["version_id"]), record["kernel"]["running"]
    if not re.match(r"\d*[02468]\.04\Z", version):
        raise Refused(f"Ubuntu {version} gets no live patches; wanted: a long-term release (20.04, 22.04, 24.04, 26.04)")
    excluded = next((word for word in ("kvm", "realtime", "fips") if re.search(rf"(?:\A|-){word}\Z", str(running["flavour"]))), None)
    if excluded:
        raise Refused(f"the running kernel {running['release']} is of the flavour {running['flavour']}, which gets no live patches; "
                           "wanted: generic, lowlatency, or the flavour of a cloud (aws, azure, gcp, oracle)")


def ksplice(record: Mapping[str, Any], wish: Any) -> None:
    """Oracle's own kernels and UEK; on ARM only UEK. Kernels of RHEL and CentOS are no longer maintained."""
    _want(record, "ksplice", ("ol",), ("x86_64", "aarch64"))
    release = record["kernel"]["running"]["release"]
    if wish.pin and not wish.offline:
        raise Refused(f"live_patching_pin is {wish.pin}, and only the offline client of Ksplice can be held at a level; "
                           "wanted: live_patching_offline: true, or no pin")
    if record["os"]["architecture"] == "aarch64" and "uek" not in release:
        raise Refused(f"Ksplice patches no {release} on aarch64; wanted: the Unbreakable Enterprise Kernel (kernel-uek)")


def suse(record: Mapping[str, Any], wish: Any) -> None:
    """The kernels default and rt have live patches."""
    _want(record, "suse", ("sles", "sles_sap"), ("x86_64", "ppc64le", "s390x"))
    running = record["kernel"]["running"]
    if running["flavour"] not in ("default", "rt"):
        raise Refused(f"SUSE makes no live patches for the running kernel {running['release']}; wanted: kernel-default")


def kernelcare(record: Mapping[str, Any], wish: Any) -> None:
    """One client for many distributions; whether it knows this very kernel only its server says."""
    _want_packages(record["os"])
    if record["os"]["architecture"] not in ("x86_64", "aarch64"):
        raise Refused(f"KernelCare patches no {record['os']['architecture']}; wanted: x86_64 or aarch64")


def check_pin(provider: str, pin: str) -> None:
    """A pin where the provider knows none would be believed and do nothing."""
    if pin and provider not in PINNABLE:
        raise Refused(f"live_patching_pin is {pin}, and {provider} cannot be held at a level; "
                           f"wanted: one of {', '.join(PINNABLE)}, or no pin")


def _want(record: Mapping[str, Any], provider: str, ids: tuple[str, ...], architectures: tuple[str, ...]) -> None:
    system = record["os"]
    _want_packages(system)
    if system["id"] not in ids:
        raise Refused(f"{provider} has no live patches for {system['id']} {system['version_id'] or ''}".rstrip()
                           + f"; wanted: {' or '.join(ids)}, or {OTHERWISE}")
    if system["architecture"] not in architectures:
        raise Refused(f"{provider} has no live patches for {system['architecture']}; wanted: {' or '.join(architectures)}")


def _want_packages(system: Mapping[str, Any]) -> None:
    if system.get("image_based"):
        raise Refused(f"the system comes as an image ({system.get('image_tool') or 'of an unknown tool'}); "
                           "wanted: one whose packages are installed one by one, or live patches that are part of the image")


VENDORS: dict[str, Callable[[Mapping[str, Any], Any], None]] = {
    "kpatch": kpatch, "amazon": amazon, "canonical": canonical, "ksplice": ksplice, "suse": suse, "kernelcare": kernelcare}
