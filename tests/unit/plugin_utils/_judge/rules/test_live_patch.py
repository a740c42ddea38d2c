# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of live patching: what each calls drift, what it accepts and what it does not know."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import Evaluation, evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
FIX = {"id": "fix_one", "kind": "fix", "state": "active"}


def record(**live_patch: Any) -> dict[str, Any]:
    section = {"provider": {"id": "kpatch", "also_present": []}, "kernel": {"release": "6.1.0-40"}, "patches": [FIX], "inhibitors": [],
               "transition": {"in_progress": False}, "persistence": {"same_kernel": True, "kernels": ["6.1.0-40"]},
               "effective": {"level": "7"}, "last_check": {"at": "2026-11-24T00:00:00Z"}, "support": {"until": "2027-01-01"},
               "protection": "protected", "reasons": ["fix_active"], **live_patch}
    return {"schema": "firebreak.record/1", "kernel": {"default_boot": {"release": "6.1.0-40"}}, "live_patch": section, "nulls": [], "evidence": {}}


def judged(promise: dict[str, Any], document: Any) -> Evaluation:
    made = effective({"firebreak_standard": {}, "firebreak_standard_overrides": [{"set": promise, "reason": "test"}]})
    return evaluate(document, made, NOW)


@pytest.mark.parametrize(("key", "value", "changes", "verdict"), [
    ("protection", "protected", {}, "compliant"),
    ("protection", "protected", {"protection": "stale", "reasons": ["check_old"]}, "drifted"),
    ("protection", {"any_of": ["protected", "not_applicable"]}, {"protection": "not_applicable"}, "compliant"),
    ("protection", "protected", {"protection": "unknown", "reasons": ["provider_silent"]}, "unknown"),
    ("protection", "protected", {"protection": 7}, "unknown"),
    ("provider", "kpatch", {}, "compliant"),
    ("provider", "canonical", {}, "drifted"),
    ("level", "7", {}, "compliant"),
    ("level", "8", {}, "drifted"),
    ("level", "8", {"effective": None}, "unknown"),
    ("transition", "forbidden", {}, "compliant"),
    ("transition", "forbidden", {"transition": {"in_progress": True, "patch": "p", "blocking": [{"tid": 78, "comm": "CPU 0/KVM"}, 3]}}, "drifted"),
    ("transition", "forbidden", {"transition": None}, "unknown"),
    ("transition", "allowed", {"transition": {"in_progress": True}}, "compliant"),
    ("other_providers", "forbidden", {}, "compliant"),
    ("other_providers", "forbidden", {"provider": {"id": "kpatch", "also_present": ["kernelcare"]}}, "drifted"),
    ("inhibited", "forbidden", {}, "compliant"),
    ("inhibited", "forbidden", {"inhibitors": [{"code": "modules_disabled"}]}, "drifted"),
    ("inhibited", "forbidden", {"inhibitors": [{"code": "modules_disabled"}], "protection": "not_applicable"}, "compliant"),
    ("blocked_fixes", "forbidden", {"pin": {"kind": "none"}}, "compliant"),
    ("blocked_fixes", "forbidden", {"pin": {"kind": "cutoff_date"}, "cves": {"blocked_by_pin": []}}, "compliant"),
    ("blocked_fixes", "forbidden", {"pin": {"kind": "cutoff_date"}, "cves": {"blocked_by_pin": ["CVE-2026-1"]}}, "drifted"),
    ("blocked_fixes", "forbidden", {"pin": {"kind": "cutoff_date"}, "cves": {"blocked_by_pin": None}}, "unknown"),
    ("not_loaded", "forbidden", {"installed_not_loaded": []}, "compliant"),
    ("not_loaded", "forbidden", {"installed_not_loaded": ["a", "b", "c", "d", "e", "f"]}, "drifted"),
    ("not_loaded", "forbidden", {}, "unknown"),
    ("not_loaded", "forbidden", {"provider": {"id": "ksplice", "also_present": []}}, "compliant"),
    ("lost_on_reboot", "forbidden", {}, "compliant"),
    ("lost_on_reboot", "forbidden", {"persistence": {"same_kernel": False}}, "drifted"),
    ("lost_on_reboot", "forbidden", {"persistence": {"same_kernel": False}, "patches": []}, "compliant"),
    ("lost_on_reboot", "forbidden", {"persistence": {"same_kernel": None}}, "unknown"),
    ("next_kernel", "forbidden", {}, "compliant"),
    ("next_kernel", "forbidden", {"kernel": {"release": "6.1.0-39"}, "persistence": {"kernels": []}}, "drifted"),
    ("next_kernel", "forbidden", {"kernel": {"release": "6.1.0-39"}}, "compliant"),
    ("next_kernel", "forbidden", {"kernel": {"release": "6.1.0-39"}, "persistence": {}}, "unknown"),
    ("check_age_hours", {"maximum": 12}, {}, "compliant"),
    ("check_age_hours", {"maximum": 11}, {}, "drifted"),
    ("check_age_hours", {"maximum": 11}, {"last_check": {"at": "yesterday"}}, "unknown"),
    ("support_days_left", {"minimum": 38}, {}, "compliant"),
    ("support_days_left", {"minimum": 39}, {}, "drifted"),
    ("support_days_left", {"minimum": 1}, {"support": {"until": "2026-99-01"}}, "unknown")])
def test_each_rule(key: str, value: Any, changes: dict[str, Any], verdict: str) -> None:
    evaluation = judged({f"live_patch.{key}": value}, record(**changes))
    assert evaluation.verdict == verdict, evaluation


def test_a_transition_names_the_threads() -> None:
    changes = {"in_progress": True, "patch": "fix_one", "blocking": [{"tid": 78, "comm": "CPU 0/KVM"}]}
    finding = judged({"live_patch.transition": "forbidden"}, record(transition=changes)).findings[0]
    assert finding["observed"] == "fix_one, held up by CPU 0/KVM (78)"


def test_the_default_kernel_without_patches_is_an_observation_without_a_promise() -> None:
    evaluation = judged({"live_patch.provider": "kpatch"}, record(kernel={"release": "6.1.0-39"}, persistence={"same_kernel": True, "kernels": []}))
    assert evaluation.verdict == "compliant"
    assert [finding["id"] for finding in evaluation.findings] == ["live_patch.next_kernel"]
