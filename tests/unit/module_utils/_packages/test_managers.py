# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which manager keeps the packages, and when its answer is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import managers
from recorded_host import RecordedHost

RPM = (Path(__file__).parents[1] / "_hypervisor/fixtures/rpm_query_el9.txt").read_text()


@pytest.mark.parametrize(("status", "out", "err", "failed"), [
    (0, RPM, "", False),
    (20, RPM, "", False),
    (20, "package qemu-kvm is not installed\n", "error: cannot open Packages index using sqlite\n", True),
    (1, "", "", True),
    (-15, "package qemu-kvm is not installed\n", "", True),
])
def test_a_failed_query_is_told_from_missing_packages(status: int, out: str, err: str, failed: bool) -> None:
    assert managers.query_failed(status, out, err) is failed


@pytest.mark.parametrize(("stat", "expected"), [
    ({"/var/lib/dpkg/status": ["file", 0o644, 0, 0, 9, 0.0, 0.0, 1, 2], "/var/lib/rpm": ["directory", 0o755, 0, 0, 9, 0.0, 0.0, 1, 3]}, "dpkg"),
    ({"/var/lib/rpm": ["directory", 0o755, 0, 0, 9, 0.0, 0.0, 1, 3]}, "rpm"),
    ({}, None),
    # rpm-tools and dpkg of Arch and Alpine keep databases in which nothing of the host is.
    ({"/var/lib/rpm": ["directory", 0o755, 0, 0, 9, 0.0, 0.0, 1, 3], "/etc/arch-release": ["file", 0o644, 0, 0, 0, 0.0, 0.0, 1, 4]}, None),
    ({"/var/lib/dpkg/status": ["file", 0o644, 0, 0, 9, 0.0, 0.0, 1, 2], "/etc/alpine-release": ["file", 0o644, 0, 0, 7, 0.0, 0.0, 1, 4]}, None),
])
def test_the_manager_whose_database_is_there_is_asked(stat: dict[str, Any], expected: str | None) -> None:
    assert managers.manager(RecordedHost({"stat": stat})) == expected
