# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose system comes as an image, or as snapshots: what is promised of the image, and what the next boot's root means for its kernel."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from golden_record import NOW, golden

DRIFT, FINE, UNKNOWN = "drifted", "compliant", "unknown"


def verdict_of(promise: dict[str, Any], changes: dict[str, Any], nulls: dict[str, str] | None = None) -> str:
    made = effective({"firebreak_standard": {}, "firebreak_standard_overrides": [{"set": promise, "reason": "test"}]})
    return evaluate(golden(changes, nulls), made, NOW).verdict


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    # An image by its digest (bootc), by its commit with or without the deployment's number (ostree), by its version.
    ({"os.image.booted": "sha256:1"}, {"os.image.booted": "sha256:1"}, FINE),
    ({"os.image.booted": "sha256:1"}, {"os.image.booted": "sha256:10"}, DRIFT),
    ({"os.image.booted": "a" * 64}, {"os.image.booted": "a" * 64 + ".1"}, FINE),
    ({"os.image.booted": "a" * 64 + ".0"}, {"os.image.booted": "a" * 64 + ".1"}, DRIFT),
    ({"os.image.booted": {"any_of": ["4152.2.0", "4230.2.1"]}}, {"os.image.booted": "4230.2.1"}, FINE),
    ({"os.image.booted": "4152"}, {"os.image.booted": "4152.2.0"}, DRIFT),
    ({"os.image.booted": "sha256:1"}, {"os.image.booted": "a" * 64 + ".0"}, UNKNOWN),
    ({"os.image.booted": "4152.2.0"}, {"os.image.booted": "sha256:1"}, UNKNOWN),
    ({"os.image.booted": {"any_of": ["4152.2.0", "sha256:1"]}}, {"os.image.booted": "sha256:1"}, FINE),
    ({"os.image.reference": "stable"}, {"os.image.reference": "beta"}, DRIFT),
    ({"os.image.version": {"minimum": "43.20261101.0"}}, {"os.image.booted": "b", "os.image.version": "43.20261015.3"}, DRIFT),
    ({"os.image.version": {"minimum": "43.20261101.0"}}, {"os.image.booted": "b", "os.image.version": "44.20261101.0"}, FINE),
    ({"os.image.version": "43.1"}, {"os.image.booted": "b", "os.image.version": None}, UNKNOWN),
    ({"os.image.pending": "forbidden"}, {"os.image": {"booted": "b", "next": "b"}}, FINE),
    ({"os.image.pending": "forbidden"}, {"os.image": {"booted": "b", "next": "c"}}, DRIFT),
    ({"os.image.pending": "forbidden"}, {"os.image": {"booted": "b", "next": None}}, UNKNOWN),
])
def test_an_image_is_promised_by_name(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert verdict_of(promise, changes) == verdict


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    # The next boot's root is another one: its kernel is held against the packages here by its age alone.
    ({"kernel.default_boot": {"rule": "newest_installed"}},
     {"kernel.default_boot": {"release": "6.12.63-amd64", "image": "/.snapshots/7/snapshot/boot/vmlinuz-6.12.63-amd64"}}, FINE),
    ({"kernel.default_boot": {"rule": "newest_installed"}},
     {"kernel.default_boot": {"release": "6.12.48-amd64", "image": "/.snapshots/3/snapshot/boot/vmlinuz-6.12.48-amd64"}}, DRIFT),
    ({"kernel.default_boot": {"rule": "newest_installed"}},
     {"kernel.default_boot": {"release": "6.12.63-amd64", "image": "/boot/ostree/a/vmlinuz"}, "os.image": {"booted": "b", "next": "c"}}, FINE),
    ({"kernel.default_boot": {"rule": "newest_installed"}},
     {"kernel.default_boot": {"release": "6.12.63-amd64", "image": "/boot/vmlinuz"}, "os.image": {"booted": "b", "next": "b"}}, DRIFT),
])
def test_the_kernel_of_another_root_is_held_against_the_packages_here_by_age(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert verdict_of(promise, changes) == verdict


@pytest.mark.parametrize(("default", "changes", "verdict"), [
    # SL Micro after transactional-update: the update that is on offer is in the snapshot that boots next (uyuni-docs#1843).
    ("/.snapshots/9/snapshot/boot/vmlinuz-6.12.63-amd64", {}, FINE), ("/boot/vmlinuz-6.12.63-amd64", {}, DRIFT),
    ("/.snapshots/9/snapshot/boot/vmlinuz-6.12.60-amd64", {}, DRIFT),
    ("/.snapshots/9/snapshot/boot/vmlinuz-6.12.63-amd64", {"kernel.available.cache_age_seconds": 90 * 86400}, UNKNOWN),
])
def test_an_update_that_the_next_root_has_is_pending_and_not_available(default: str, changes: dict[str, Any], verdict: str) -> None:
    known = {"kernel.available.release": "6.12.63-amd64", "kernel.available.package_version": "6.12.63-1",
             "kernel.default_boot.release": default.rpartition("vmlinuz-")[2], "kernel.default_boot.image": default}
    assert verdict_of({"kernel.update_available": "forbidden"}, {**known, **changes}) == verdict


@pytest.mark.parametrize("promise", [{"os.image.booted": "sha256:1"}, {"os.image.reference": "stable"}, {"os.image.version": "4459.2.0"}])
def test_a_host_of_packages_is_no_image_that_a_standard_names(promise: dict[str, Any]) -> None:
    nulls = dict.fromkeys(("os.image.booted", "os.image.reference", "os.image.version", "os.image.next"), "not_applicable")
    assert verdict_of(promise, {}, nulls) == DRIFT
    assert verdict_of({"os.image.pending": "forbidden"}, {}, nulls) == FINE
