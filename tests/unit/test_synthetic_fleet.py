# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The synthetic fleet is the same every time, and looks like a fleet."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import synthetic_fleet


def test_host_is_the_same_in_a_fleet_of_any_size() -> None:
    assert list(synthetic_fleet.documents(20)) == list(synthetic_fleet.documents(50))[:20]


def test_fleet_has_every_verdict_and_unique_names() -> None:
    fleet = list(synthetic_fleet.documents(400))
    verdicts = Counter(item["verdict"] for item in fleet)
    assert set(verdicts) == {"compliant", "drifted", "unknown", "unreachable"}
    assert verdicts["compliant"] > verdicts["unknown"] + verdicts["unreachable"]
    assert len({item["host"] for item in fleet}) == 400


def test_fleet_has_a_cloned_machine() -> None:
    machines = Counter(item["record"]["os"]["machine_id"] for item in synthetic_fleet.documents(400) if item["record"])
    assert max(machines.values()) == 2


def test_fleet_drifts_in_many_ways() -> None:
    found = Counter(finding["id"] for item in synthetic_fleet.documents(400) for finding in item["findings"])
    assert {"kernel.running", "kernel.reboot_pending", "os.release", "cpu.vulnerability.mds", "hypervisor.qemu.running", "live_patch.protection",
            "services.stale"} <= set(found)
    assert any(item["waived"] for item in synthetic_fleet.documents(400))


def test_write_lays_out_a_run(tmp_path: Path) -> None:
    synthetic_fleet.write(tmp_path, 3)
    records = [json.loads(path.read_text()) for path in sorted((tmp_path / "records").iterdir())]
    assert sorted(item["host"] for item in records) == sorted(item["host"] for item in synthetic_fleet.documents(3))
    (standard,) = (tmp_path / "standards").iterdir()
    assert standard.stem == hashlib.sha256(standard.read_bytes()).hexdigest() == records[0]["standard"]
