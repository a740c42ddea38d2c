# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws of Red Hat's own feeds: its long-lived minor releases, what it says of all its products, and the sources of its kernels."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import answer as judging
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import of_record
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import EVERYTHING, NOT_AFFECTED, UNDER_INVESTIGATION, Advisory, Row

CVE = "CVE-2024-21613"


def red_hat(version: str, release: str, package: str = "kernel") -> dict[str, Any]:
    """A record of a host of Red Hat's that runs this version of a kernel's package."""
    row = {"release": f"{version}.x86_64", "package": package, "package_version": version, "source": None, "flavour": package, "complete": True}
    return {"os": {"id": "rhel", "version_id": release}, "nulls": [], "kernel": {
        "version_order": "rpm", "installed": [row], "running": dict(row), "default_boot": {"release": row["release"]}, "available": {}}}


def asked(seen: dict[str, Any], *advisories: Advisory) -> judging.Answer:
    return judging.worst(of_record.answers(CVE, advisories, seen, {"redhat:9"}))


# Kernels of 7 do not name their minor release; AUS of 7.6 goes on at the number that 7.6 began with (RHSA-2024:1249's form).
@pytest.mark.parametrize(("version", "release", "wanted"), [
    ("3.10.0-957.108.1.el7", "7.6", "fixed_in_force"), ("3.10.0-957.99.1.el7", "7.6", "exposed"), ("3.10.0-1062.88.1.el7", "7.7", "exposed"),
    ("3.10.0-1160.120.1.el7", "7.9", "fixed_in_force"), ("3.10.0-1160.99.1.el7", "7.9", "exposed")])
def test_long_lived_minor_releases_of_7_are_told_by_the_number_of_their_kernel(version: str, release: str, wanted: str) -> None:
    rows = (Row("redhat:7.6:aus", "kernel", "binary", fixed="0:3.10.0-957.108.1.el7"), Row("redhat:7", "kernel", fixed="0:3.10.0-1160.119.1.el7"))
    assert asked(red_hat(version, release), Advisory("A", (CVE,), rows)).answer == wanted


# CSAF 2.0, 6.1.6: one product has one status; of rows that contradict each other the better one counts for the version alone that it names.
@pytest.mark.parametrize(("version", "wanted"), [
    ("5.14.0-503.11.1.el9_5", "fixed_in_force"), ("5.14.0-503.15.1.el9_5", "unknown"), ("5.14.0-503.9.1.el9_5", "exposed")])
def test_what_is_still_investigated_is_fixed_in_the_version_alone_that_is_named(version: str, wanted: str) -> None:
    rows = (Row("redhat:9", "kernel", fixed="0:5.14.0-503.11.1.el9_5"), Row("redhat:9", "kernel", state=UNDER_INVESTIGATION))
    assert asked(red_hat(version, "9.5"), Advisory("A", (CVE,), rows)).answer == wanted


@pytest.mark.parametrize(("rows", "release", "wanted"), [
    ((), "9.5", "not_affected"), ((Row("redhat:9", "kernel"),), "9.5", "exposed"), ((Row("redhat:8", "kernel"),), "9.5", "not_affected"),
    ((Row("redhat:9", "kernel", fixed="0:5.14.0-503.11.1.el9_5"),), "9.5", "fixed_in_force"), ((), "6.10", "unknown")])
def test_what_a_vendor_says_of_all_its_products_holds_where_it_says_nothing_of_one(rows: tuple[Row, ...], release: str, wanted: str) -> None:
    every = Row("redhat:9", EVERYTHING, state=NOT_AFFECTED)
    version = "5.14.0-503.15.1.el9_5" if release[0] == "9" else "2.6.32-754.35.1.el6"
    assert asked(red_hat(version, release), Advisory("A", (CVE,), (every, *rows))).answer == wanted


@pytest.mark.parametrize(("os", "version", "package"), [
    ("rhel", "6.17.0-own", None), ("rhel", "6.12.9-1.el9.elrepo", "kernel-ml"), ("rocky", "5.14.0-503.15.1.el9_5", "kernel")])
def test_what_a_vendor_says_of_all_its_products_says_nothing_of_others(os: str, version: str, package: str | None) -> None:
    seen = red_hat(version, "9.5")
    seen["os"]["id"] = os
    seen["kernel"]["running"] |= {"package": package, "package_version": version if package else None}
    assert asked(seen, Advisory("A", (CVE,), (Row("redhat:9", EVERYTHING, state=NOT_AFFECTED),))).answer == "unknown"


# Red Hat's VEX names the source alone where there is no fix ("red_hat_enterprise_linux_9:kernel"); what it builds: its kernel.spec.
@pytest.mark.parametrize(("package", "wanted"), [
    ("kernel-core", "exposed"), ("kernel-64k-core", "exposed"),
    ("kernel-debug-core", "exposed"), ("kernel-64k-debug-core", "exposed"), ("kernel-zfcpdump-core", "exposed"), ("kernel-uki-virt", "exposed"),
    # Built of the same source since 9.3: RHSA-2024:5363 of kernel holds kernel-rt-core-5.14.0-427.31.1.el9_4.
    ("kernel-rt-core", "exposed"), ("kernel-rt-64k-core", "exposed"), ("kernel-automotive-core", "unknown")])
def test_a_flavour_is_built_of_the_source_that_is_named(package: str, wanted: str) -> None:
    seen = red_hat("5.14.0-570.12.1.el9_6", "9.6", package)
    rows = (Row("redhat:9", "kernel"), Row("redhat:9", "kernel-rt", state=NOT_AFFECTED))
    assert asked(seen, Advisory("A", (CVE,), rows)).answer == wanted


@pytest.mark.parametrize(("version", "release", "wanted"), [
    ("5.14.0-284.99.1.rt14.384.el9_2", "9.2", "exposed"), ("5.14.0-427.13.1.el9_4", "9.4", "fixed_in_force"),
    ("5.14.0-427.9.1.el9_4", "9.4", "exposed"), ("4.18.0-553.30.1.rt7.371.el8_10", "8.10", "unknown")])
def test_a_real_time_kernel_is_of_the_source_that_its_version_tells(version: str, release: str, wanted: str) -> None:
    """Red Hat calls the source kernel-rt of 9 affected where it fixed what is built of kernel."""
    rows = (Row("redhat:9", "kernel-rt"), Row("redhat:9", "kernel-rt-core", "binary", fixed="0:5.14.0-427.13.1.el9_4"),
            Row("redhat:9", "kernel", fixed="0:5.14.0-427.13.1.el9_4"))
    assert asked(red_hat(version, release, "kernel-rt-core"), Advisory("A", (CVE,), rows)).answer == wanted
