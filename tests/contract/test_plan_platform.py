# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that plans, as a person runs it: by a report's records, without touching a host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playing import LOCAL, play

FINDING = {"id": "kernel.reboot_pending", "severity": "high", "promise": "kernel.reboot_pending", "expected": "a", "observed": "b",
           "remedy": "Reboot it.", "disruption": "reboot", "evidence": []}


def _report(folder: Path) -> Path:
    """A report of one host that waits for a reboot, one that is fine, one without a standard, and one that nobody
    could reach."""
    records = folder / "reports" / "20261128T080000Z" / "records"
    records.mkdir(parents=True)
    base: dict[str, Any] = {"schema": "firebreak.host/1", "scanned_at": "2026-11-28T08:00:00Z", "reasons": [], "waived": [], "error": None}
    documents: dict[str, dict[str, Any]] = {
        "waits": {**base, "verdict": "drifted", "findings": [FINDING], "record": {"os": {}}},
        "fine": {**base, "verdict": "compliant", "findings": [], "record": {"os": {}}},
        "bare": {**base, "verdict": "unknown", "reasons": ["no_standard"], "findings": [], "record": {"os": {}}},
        "gone": {**base, "verdict": "unreachable", "findings": [], "record": None, "error": "gone: no route to host"},
    }
    for name, document in documents.items():
        (records / f"{name}.json").write_text(json.dumps({**document, "host": name}))
    return records.parent


def test_a_plan_is_made_from_a_report(tmp_path: Path) -> None:
    report = _report(tmp_path)
    done = play(tmp_path, {"localhost": LOCAL}, playbook="plan_platform.yml", firebreak_report_dir=str(report))
    assert done.status == 0, done.output
    assert "1 host to change (1 by reboot), 1 with nothing to do, 2 without a plan" in done.output
    assert "bare: no plan, since it cannot be judged: no_standard" in done.output
    assert "gone: no plan, since nothing is known of it" in done.output
    document = json.loads((report / "plan.json").read_text())
    assert [(one["host"], [step["action"] for step in one["steps"]]) for one in document["hosts"]] == [("waits", ["reboot"])]
    assert "waits" in (report / "plan.html").read_text()
    milder = play(tmp_path, {"localhost": LOCAL}, playbook="plan_platform.yml", firebreak_report_dir=str(report),
                  firebreak_max_disruption="restart_service")
    assert "needs reboot, and restart_service is allowed" in milder.output


def test_what_is_missing_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = play(tmp_path, {"localhost": LOCAL}, playbook="plan_platform.yml")
    assert done.status == 2
    assert "no records are there; scan first with playbooks/report_drift.yml" in done.output
