# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``live_patching`` has to do on one host: whose patches it is to get, and why it may not have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...module_utils._host.errors import Refused
from . import eligible

PROVIDERS = ("kpatch", "amazon", "canonical", "ksplice", "suse", "kernelcare", "self_built")
# Those whose patches the kernel's own live patching applies.
KLP = ("kpatch", "amazon", "canonical", "suse", "self_built")
# Whose patches are made for a distribution's own kernels, by ID of os-release.
VENDORS = {"rhel": "kpatch", "amzn": "amazon", "ubuntu": "canonical", "ol": "ksplice", "sles": "suse", "sles_sap": "suse",
           "sl-micro": "suse", "sle-micro": "suse"}


@dataclass(frozen=True)
class Wish:
    """What was asked for: the provider by name or auto, present or absent, what else the role was told; '' for what it was not."""

    provider: str = "auto"
    state: str = "present"
    bundle: str = ""
    pin: str = ""
    offline: bool = False
    delay: str = ""
    bundle_sha256: str = ""
    proxy: str = ""


def plan(record: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    """The plan as plain data: provider, the kernel that it patches, and all that are installed. Refused where there is none."""
    if wish.provider not in ("auto", *PROVIDERS):
        raise Refused(f"live_patching_provider is {wish.provider}; wanted: auto or one of {', '.join(PROVIDERS)}")
    container = record["os"].get("container")
    if container not in (None, "none"):
        raise Refused(f"this is a container ({container}); its kernel is its host's")
    provider = choose(record, wish)
    if wish.state == "present":
        _check_kernel(record["live_patch"], provider)
        _check_rivals(record["live_patch"], provider)
        eligible.check_pin(provider, wish.pin)
        eligible.check_delay(provider, wish.delay)
        ELIGIBLE[provider](record, wish)
        if provider == "canonical" and "@" in wish.proxy:
            raise Refused("live_patching_proxy holds a login, and Canonical's clients take a proxy on their command line alone, where every user of "
                          "the host reads it; wanted: a proxy without one")
    release = record["live_patch"]["kernel"]["release"]
    return {"provider": provider, "state": wish.state, "release": release, "kernels": _kernels(record.get("kernel") or {}, release),
            "packages": eligible.packages_of(provider, record, wish.offline), **eligible.extras_of(provider, record)}


def _kernels(section: Mapping[str, Any], release: str) -> dict[str, str]:
    """Release and package version of the installed kernels; for the running one that which runs, '' where it is not known."""
    known = {str(image["release"]): str(image["package_version"] or "") for image in section.get("installed") or []}
    return {**known, release: str((section.get("running") or {}).get("package_version") or "")}


def choose(record: Mapping[str, Any], wish: Wish) -> str:
    """The provider that was named; else self-built where a bundle was named, the one that is there, or the distribution's own."""
    if wish.provider != "auto":
        return wish.provider
    if wish.bundle:
        return "self_built"
    there = record["live_patch"]["provider"]["id"]
    if there not in (None, "none"):
        return str(there)
    vendor = VENDORS.get(record["os"]["id"])
    if vendor:
        return vendor
    raise Refused(f"no vendor makes live patches for {record['os']['id']}; wanted: a bundle of your own (live_patching_bundle), "
                  "or live_patching_provider: kernelcare with a subscription")


def _check_kernel(section: Mapping[str, Any], provider: str) -> None:
    release = section["kernel"]["release"]
    if provider in KLP and section["kernel"]["livepatch_capable"] is False:
        raise Refused(f"the running kernel {release} has no live patching (/sys/kernel/livepatch is not there); "
                      "wanted: one with CONFIG_LIVEPATCH=y")
    stopped = [f"{row['code']} ({row['source']})" for row in section["inhibitors"] or [] if row["code"] in ("modules_disabled", "ftrace_disabled")]
    if stopped:
        raise Refused(f"nothing can be patched in until that is undone: {', '.join(stopped)}")


def _check_rivals(section: Mapping[str, Any], provider: str) -> None:
    """Two providers would patch the same functions; the second one's may never come into force."""
    there = section["provider"]["id"]
    if there not in (None, "none", provider) and section["patches"]:
        loaded = ", ".join(str(patch["id"]) for patch in section["patches"])
        raise Refused(f"{there} patches this kernel already ({loaded}); wanted: {provider} alone. "
                      f"Take {there} away first (live_patching_state: absent)")


def _check_self_built(record: Mapping[str, Any], wish: Wish) -> None:
    if not wish.bundle:
        raise Refused("the provider is self_built, and live_patching_bundle is empty; wanted: the path or URL of a bundle")
    is_local = "://" not in wish.bundle or wish.bundle.startswith("file://")
    if not is_local and not re.match(r"[0-9a-f]{64}\Z", wish.bundle_sha256):
        raise Refused("live_patching_bundle is a URL without its live_patching_bundle_sha256 (64 lower-case hexadecimal digits); what a server sends "
                      "is loaded into the kernel")


# What a provider itself asks of a host: Refused with what would be eligible.
ELIGIBLE: dict[str, Callable[[Mapping[str, Any], Wish], None]] = {"self_built": _check_self_built, **eligible.VENDORS}
