# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vendors of live patches say of whom they make them for: dated data, and whether a host is among them. Pure but for the data's file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...module_utils._formats.versions import RPM, InvalidVersion, compare
from ...module_utils._host.errors import Refused
from .._data.loading import plain

FACTS: Mapping[str, Mapping[str, Any]] = plain(Path(__file__).parent / "data" / "live_patch_vendors.yml")

_OTHERWISE = "live_patching_provider: self_built with a bundle, or kernelcare with a subscription"


def origin(provider: str) -> str:
    """When and where the facts of a provider were read, for messages."""
    facts = FACTS[provider]
    return f"as of {facts['as_of']}, {facts['source']}"


def major(version: str) -> str:
    """The first number of a version."""
    return version.partition(".")[0]


def check_system(provider: str, system: Mapping[str, Any]) -> None:
    """Refused where the vendor makes no live patches for a host's system or processor."""
    systems, version = FACTS[provider].get("systems"), str(system["version_id"] or "")
    named = f"{system['id']} {version}".rstrip()
    if systems is not None and system["id"] not in systems:
        raise Refused(f"{provider} has no live patches for {named}; wanted: {' or '.join(systems)}, or {_OTHERWISE}")
    oldest = systems[system["id"]] if systems else ""
    only = FACTS[provider].get("versions")
    if (oldest and _older(version, oldest)) or (only and version not in only):
        raise Refused(f"{provider} has no live patches for {named} ({origin(provider)}); "
                      f"wanted: {system['id']} {' or '.join(only) if only else oldest + ' or later'}")
    architectures = FACTS[provider]["architectures"]
    if system["architecture"] not in architectures:
        raise Refused(f"{provider} has no live patches for {system['architecture']}; wanted: {' or '.join(architectures)}")
    _check_narrower(provider, named, version, architectures[system["architecture"]], str(system["architecture"]))


def _check_narrower(provider: str, named: str, version: str, narrower: Mapping[str, Any], architecture: str) -> None:
    """What a processor has less of than the others."""
    since, only = narrower.get("from"), narrower.get("versions")
    if since and _older(version, since):
        raise Refused(f"{provider} has no live patches for {named} on {architecture} ({origin(provider)}); wanted: {since} or later")
    if only and version not in only:
        raise Refused(f"{provider} has no live patches for {named} on {architecture} ({origin(provider)}); wanted: {' or '.join(only)}")


def check_kernel(provider: str, system: Mapping[str, Any], running: Mapping[str, Any]) -> None:
    """Refused where the vendor makes none for the running kernel, by its flavour, its line or its age."""
    facts, flavour, release = FACTS[provider], str(running.get("flavour")), str(running["release"])
    narrower, version = facts["architectures"][system["architecture"]], str(system["version_id"] or "")
    flavours = narrower.get("flavours")
    excluded = [word for word in facts.get("excluded_flavours", ()) if re.search(rf"(?:\A|-){word}\Z", flavour)]
    if excluded or (flavours and flavour not in flavours):
        raise Refused(f"{provider} has no live patches for the running kernel {release}, which is of the flavour {flavour} ({origin(provider)}); "
                      f"wanted: {' or '.join(flavours or [facts['other_flavours']])}")
    line = narrower.get("kernels", {}).get(version)
    if line and not release.startswith(line + "."):
        raise Refused(f"{provider} has no live patches for the running kernel {release} ({origin(provider)}); wanted: the release's first, {line}")
    first = facts.get("first_kernels", {}).get(major(version))
    if first and compare(RPM, release, first) < 0:
        raise Refused(f"{provider} has no live patches for the running kernel {release} ({origin(provider)}); wanted: {first} or later")


def enabled_by(provider: str, version: str) -> Mapping[str, str]:
    """What of the vendor's own brings the patches on a release: of SUSE a pattern and a module; empty for a release that is not listed.

    A release after the last that is listed is as that one.
    """
    listed = FACTS[provider].get("enabled_by", {})
    fitting = [key for key in listed if not _older(version, key)]
    return listed[max(fitting, key=int)] if fitting else {}


def _older(version: str, wanted: str) -> bool:
    """Whether a release is before another; one whose version is none at all counts so."""
    try:
        return compare(RPM, version or "0", wanted) < 0
    except InvalidVersion:
        return True
