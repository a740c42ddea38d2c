# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which systems have support in November 2026, by the dated table and by what they say themselves."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from golden_record import NOW, golden

FINE, DRIFT = "compliant", "drifted"
PROMISE = effective({"firebreak_standard": {"os": {"end_of_support": "forbidden"}}})


def verdict_of(changes: dict[str, Any]) -> str:
    return evaluate(golden(changes), PROMISE, NOW).verdict


@pytest.mark.parametrize(("os_id", "version", "verdict"), [
    # The vendors' life cycle pages, as endoflife.date and distro-info-data 2026.10.12 have them.
    ("ubuntu", "25.10", DRIFT), ("ubuntu", "26.04", FINE), ("debian", "13", FINE), ("debian", "11", DRIFT), ("fedora", "42", DRIFT),
    ("fedora", "43", FINE), ("fedora", "44", FINE), ("sles", "16.0", FINE), ("sles", "15.6", DRIFT), ("opensuse-leap", "15.6", DRIFT),
    ("opensuse-leap", "16.0", FINE), ("amzn", "2023", FINE), ("amzn", "2", DRIFT), ("rhel", "10.0", DRIFT), ("rhel", "10.1", DRIFT),
    ("rhel", "10.2", FINE), ("almalinux", "10.1", DRIFT), ("rocky", "10.0", DRIFT), ("rocky", "10.2", FINE), ("centos", "10", FINE),
    ("ol", "9", FINE), ("ol", "9.6", FINE)])
def test_systems_of_late_2026(os_id: str, version: str, verdict: str) -> None:
    assert verdict_of({"os.id": os_id, "os.version_id": version}) == verdict


def test_a_system_newer_than_the_table_dates_itself() -> None:
    """Fedora's os-release has SUPPORT_END."""
    assert verdict_of({"os.id": "fedora", "os.version_id": "46", "os.support_end": "2027-12-01"}) == FINE
