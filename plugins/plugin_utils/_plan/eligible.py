# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts a vendor makes live patches for, as far as the scan and the vendors' dated facts can tell, and what would be eligible instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...module_utils._host.errors import Refused
from ...module_utils._live_patch.providers import suse as suse_client
from ...module_utils._live_patch.providers.kpatch import package_of
from . import vendors

# What holds a host at a level, by provider: cutoff-date, effective_version of the offline client, STICKY_PATCHSET.
PINNABLE = ("canonical", "ksplice", "kernelcare")
# What makes a host take patches only after a time: patch-delay, UPDATE_DELAY.
DELAYABLE = ("canonical", "kernelcare")


def packages_of(provider: str, record: Mapping[str, Any], offline: bool) -> list[str]:
    """The packages that the provider's own tool is asked for; the patches are those of the running kernel."""
    release = str(record["live_patch"]["kernel"]["release"])
    if provider == "kpatch":
        return [package_of(release)]
    if provider == "amazon":
        return [f"kernel-livepatch-{release.partition('.amzn')[0]}"]
    if provider == "ksplice":
        names = ["ksplice", "ksplice-offline"] if offline else ["ksplice"]
        # From release 10 on the commands of Uptrack are part of these.
        old = int(vendors.major(str(record["os"]["version_id"])) or 0) < 10
        return names + (["uptrack-offline" if offline else "uptrack"] if old else [])
    return [suse_client.name_for(release)] if provider == "suse" else []


def extras_of(provider: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """What else a provider's tasks need to know.

    ``others``: the packages for the other installed kernels, by release, of which only those on offer are installed. ``pattern`` and ``module``:
    what brings SUSE's patches on this release, and what must be registered for it. ``signed_only``: the kernel takes only modules that are signed.
    """
    system, section = record["os"], record["live_patch"]
    others: dict[str, str] = {}
    if provider == "kpatch":
        installed = [str(image["release"]) for image in (record.get("kernel") or {}).get("installed") or []]
        others = {release: package_of(release) for release in installed if release != section["kernel"]["release"] and package_of(release)}
    brought = vendors.enabled_by("suse", str(system["version_id"] or "")) if provider == "suse" else {}
    module = f"{brought['module']}/{system['version_id']}/{system['architecture']}" if brought.get("module") else ""
    lockdown = section["kernel"].get("lockdown")
    return {"others": others, "pattern": brought.get("pattern", ""), "module": module,
            "signed_only": section["kernel"].get("signature_required") is True or lockdown in ("integrity", "confidentiality")}


def kpatch(record: Mapping[str, Any], wish: Any) -> None:
    """Red Hat's patches are for RHEL's plain kernels; its clones get none."""
    running = _want(record, "kpatch")
    if not package_of(running["release"]) or running["flavour"] != "standard":
        raise Refused(f"Red Hat makes no live patches for the running kernel {running['release']} ({running['flavour']}); "
                      "wanted: the package kernel-core of RHEL, not rt, 64k or debug")


def amazon(record: Mapping[str, Any], wish: Any) -> None:
    """Amazon Linux 2 has reached its end."""
    if record["os"]["id"] == "amzn" and record["os"]["version_id"] == "2":
        raise Refused("Amazon Linux 2 gets no live patches any more; wanted: Amazon Linux 2023")
    _want(record, "amazon")


def canonical(record: Mapping[str, Any], wish: Any) -> None:
    """Long-term releases only; what else keeps a host out only Ubuntu Pro's client knows, and is asked before anything is changed."""
    version = str(record["os"]["version_id"])
    if record["os"]["id"] == "ubuntu" and not re.match(r"\d*[02468]\.04\Z", version):
        raise Refused(f"Ubuntu {version} gets no live patches; wanted: a long-term release (20.04, 22.04, 24.04, 26.04)")
    _want(record, "canonical")


def ksplice(record: Mapping[str, Any], wish: Any) -> None:
    """Oracle's own kernels and UEK; on ARM only UEK. Kernels of RHEL and CentOS are no longer maintained."""
    release = _want(record, "ksplice")["release"]
    if wish.pin and not wish.offline:
        raise Refused(f"live_patching_pin is {wish.pin}, and only the offline client of Ksplice can be held at a level; "
                      "wanted: live_patching_offline: true, or no pin")
    if record["os"]["architecture"] == "aarch64" and "uek" not in release:
        raise Refused(f"Ksplice patches no {release} on aarch64; wanted: the Unbreakable Enterprise Kernel (kernel-uek)")


def suse(record: Mapping[str, Any], wish: Any) -> None:
    """The kernels default and rt have live patches, on systems whose packages can be installed while they run."""
    system, release = record["os"], record["kernel"]["running"]["release"]
    if system.get("image_tool") == "transactional-update" or system["id"] in ("sle-micro", "sl-micro"):
        raise Refused(f"SUSE makes live patches for {system['id']} {system['version_id']}, but transactional-update installs packages for the next "
                      f"boot only; wanted: transactional-update pkg install {suse_client.name_for(release) or 'the live patch'} by hand, "
                      "and a reboot into that snapshot")
    running = _want(record, "suse")
    if running["flavour"] not in ("default", "rt") or not suse_client.name_for(release):
        raise Refused(f"SUSE makes no live patches for the running kernel {release}; wanted: kernel-default or kernel-rt")


def kernelcare(record: Mapping[str, Any], wish: Any) -> None:
    """One client for many distributions; whether it knows this very kernel only its server says."""
    _want_packages(record["os"])
    vendors.check_system("kernelcare", record["os"])


def check_pin(provider: str, pin: str) -> None:
    """A pin where the provider knows none would be believed and do nothing."""
    if pin and provider not in PINNABLE:
        raise Refused(f"live_patching_pin is {pin}, and {provider} cannot be held at a level; wanted: one of {', '.join(PINNABLE)}, or no pin")


def check_delay(provider: str, delay: str) -> None:
    """A delay where the provider knows none would be believed and do nothing."""
    if delay and provider not in DELAYABLE:
        raise Refused(f"live_patching_delay is {delay}, and {provider} cannot wait before it takes a patch; "
                      f"wanted: one of {', '.join(DELAYABLE)}, or no delay")


def _want(record: Mapping[str, Any], provider: str) -> Mapping[str, Any]:
    """The running kernel of a host that the vendor makes patches for; Refused."""
    _want_packages(record["os"])
    running: Mapping[str, Any] = record["kernel"]["running"]
    vendors.check_system(provider, record["os"])
    vendors.check_kernel(provider, record["os"], running)
    return running


def _want_packages(system: Mapping[str, Any]) -> None:
    if system.get("image_based"):
        raise Refused(f"the system comes as an image ({system.get('image_tool') or 'of an unknown tool'}); "
                      "wanted: one whose packages are installed one by one, or live patches that are part of the image")


VENDORS: dict[str, Callable[[Mapping[str, Any], Any], None]] = {
    "kpatch": kpatch, "amazon": amazon, "canonical": canonical, "ksplice": ksplice, "suse": suse, "kernelcare": kernelcare}
