# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict: what counts, what is unknown, what is waived, and that no record can break it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import RULES, evaluate, outcomes, standard_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.facts import Facts
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.judging import Rule, Scope, Unknown
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.catalogue import DISRUPTIONS, SEVERITIES, entry_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import Effective, effective
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.keys import KEYS
from golden_record import NOW, golden
from hypothesis import given
from hypothesis import strategies as st

FULL = {
    "name": "full",
    "os": {"id": "debian", "version_id": {"minimum": "13"}, "architecture": "x86_64", "end_of_support": "forbidden",
           "support_days_left": {"minimum": 30}},
    "boot": {"reboot_required": "forbidden", "uptime_days": {"maximum": 90}, "secure_boot": "enabled", "kexec_loaded": "forbidden",
             "cmdline_required": ["quiet"], "cmdline_forbidden": ["mitigations=off", "nospectre_*"],
             "trust": {"mode": "enforced", "certificates": ["microsoft_uefi_ca_2023"], "sbat_level": {"minimum": "2025021800"},
                       "ready_for_2023_shim": True, "survives_2011_revocation": True, "next_boot": "forbidden", "revoked_components": "forbidden",
                       "stale_components": "forbidden", "refused_fallbacks": "forbidden", "pending": "forbidden", "modules_refused": "forbidden",
                       "pk_test_key": "forbidden"}},
    "kernel": {"running": {"rule": "newest_available"}, "running_version": {"minimum": "6.12.50-1"}, "default_boot": {"rule": "newest_available"},
               "flavour": "amd64", "reboot_pending": "forbidden", "update_available": "forbidden", "one_shot": "forbidden", "held": "forbidden",
               "flavours_mixed": "forbidden", "image_missing": "forbidden", "unmanaged": "forbidden", "managers": ["unattended-upgrades"],
               "cache_age_hours": {"maximum": 48}},
    "cpu": {"vulnerabilities": {"all": "mitigated", "meltdown": "not_affected"}, "smt": "inactive", "microcode": {"minimum": "0x2b000600"},
            "microcode_mixed": "forbidden", "mitigations_disabled": "forbidden"},
    "hypervisor": {"is_host": True, "under": "none", "ladder": "device",
                   "qemu": {"presence": "required", "installed": {"minimum": "1:10.0"}, "running": {"rule": "installed"}},
                   "xen": {"presence": "forbidden"}, "kvm": {"kvm_intel": {"nested": False}, "kvm": {"nx_huge_pages": "auto"}},
                   "machine_types": ["pc-q35-*"], "deprecated_machine_types": "forbidden"},
}


def standard(mapping: Any = FULL, waivers: Any = ()) -> Effective:
    return effective({"firebreak_standard": mapping, "firebreak_waivers": list(waivers)})


def waiver(finding: str, expires: str) -> dict[str, str]:
    return {"finding": finding, "owner": "team", "reason": "ordered", "expires": expires}


def test_a_host_that_keeps_every_promise_is_compliant() -> None:
    found = evaluate(golden(), standard(), NOW)
    assert (found.verdict, found.reasons, found.findings, found.waived) == ("compliant", [], [], [])


def test_the_standard_of_a_record_has_its_platform_blocks_laid_over() -> None:
    made = standard({"kernel": {"running": "6.1.1"}, "platforms": [{"match": {"id": "debian"}, "kernel": {"running": "6.1.2"}}]})
    assert standard_of({"os": {"id": "debian"}}, made) == {"kernel": {"running": "6.1.2"}}
    assert standard_of({"os": {"id": "ubuntu"}}, made) == {"kernel": {"running": "6.1.1"}}
    assert standard_of(None, made) == {"kernel": {"running": "6.1.1"}}
    assert standard_of({"os": {"id": "debian"}}, Effective()) is None


def test_a_broken_promise_is_drift_with_everything_a_person_needs() -> None:
    found = evaluate(golden({"boot.cmdline": "ro quiet nospectre_v2"}), standard(), NOW)
    assert found.verdict == "drifted"
    (finding,) = found.findings
    assert finding["id"] == "boot.cmdline"
    assert finding["promise"] == "boot.cmdline_forbidden"
    assert finding["observed"] == "with nospectre_v2"
    assert finding["evidence"] == [{"fact": "boot.cmdline", "source": "/proc/cmdline", "value": "ro quiet nospectre_v2"}]


def test_a_promise_that_is_not_made_is_not_judged_but_heard() -> None:
    found = evaluate(golden({"boot.reboot_required": True}), standard({"os": {"id": "debian"}}), NOW)
    assert found.verdict == "compliant"
    assert [(finding["id"], finding["promise"]) for finding in found.findings] == [("boot.reboot_required", None)]


def test_what_is_allowed_is_silent() -> None:
    made = standard({"os": {"id": "debian"}, "boot": {"reboot_required": "allowed"}})
    assert evaluate(golden({"boot.reboot_required": True}), made, NOW).findings == []


def test_a_null_makes_a_promise_unknown_with_fact_and_reason() -> None:
    found = evaluate(golden(nulls={"kernel.default_boot": "needs_root"}), standard(), NOW)
    assert found.verdict == "unknown"
    assert found.reasons == ["kernel.default_boot.release: needs_root (a detail)"]


def test_drift_wins_over_unknown_and_keeps_the_reasons() -> None:
    found = evaluate(golden({"boot.kexec_loaded": True}, nulls={"kernel.default_boot": "needs_root"}), standard(), NOW)
    assert found.verdict == "drifted"
    assert found.reasons


def test_a_null_without_a_promise_does_not_matter() -> None:
    assert evaluate(golden(nulls={"kernel": "deadline"}), standard({"os": {"id": "debian"}}), NOW).verdict == "compliant"


@pytest.mark.parametrize(("record", "made", "failure", "verdict", "reason"), [
    (golden(), Effective(), None, "unknown", "no_standard"),
    (None, standard(), None, "unknown", "no_record"),
    (["x"], standard(), None, "unknown", "no_record"),
    (golden(), standard({}), None, "unknown", "no_promise: the standard promises nothing for this platform"),
    (golden(), standard({"name": "x", "os": {"support": "vendor"}}), None, "unknown", "no_promise: the standard promises nothing for this platform"),
    (golden({"schema": "other/9"}), standard(), None, "unknown", "record_schema: other/9 is not firebreak.record/1"),
    (golden({"os.image_based": True, "os.image_tool": "ostree"}), standard(), None, "unknown", "image_based: ostree"),
    (None, standard(), "unreachable: no route", "unreachable", "unreachable: no route"),
    (None, standard(), "unreachable", "unreachable", "unreachable"),
    (None, standard(), "python_too_old", "unknown", "python_too_old"),
    (None, standard(), "module crashed\x1b[0m", "unknown", "scan_failed: module crashed\\x1b[0m"),
    (golden({"boot.kexec_loaded": True}), standard(), "python_too_old: 2.7", "unknown", "python_too_old: 2.7"),
])
def test_each_way_of_not_knowing_has_its_reason(record: Any, made: Effective, failure: str | None, verdict: str, reason: str) -> None:
    found = evaluate(record, made, NOW, failure)
    assert found.verdict == verdict
    assert found.reasons[0] == reason


def test_a_waiver_holds_through_its_last_day_and_then_is_a_finding() -> None:
    drifted = golden({"boot.kexec_loaded": True})
    made = standard(waivers=[waiver("boot.*", "2026-11-24")])
    held = evaluate(drifted, made, NOW)
    assert (held.verdict, held.findings) == ("compliant", [])
    assert held.waived[0]["id"] == "boot.kexec_loaded"
    assert held.waived[0]["waiver"]["source"] == "firebreak_waivers[0]"
    over = evaluate(drifted, made, NOW + timedelta(days=1))
    assert over.verdict == "drifted"
    assert [finding["id"] for finding in over.findings] == ["boot.kexec_loaded", "waiver.expired"]
    assert over.waived == []


def test_an_expired_waiver_cannot_be_waived() -> None:
    made = standard(waivers=[waiver("kernel.held", "2026-01-01"), waiver("*", "2027-01-01")])
    found = evaluate(golden(), made, NOW)
    assert [finding["id"] for finding in found.findings] == ["waiver.expired"]
    assert found.verdict == "compliant"


def test_an_unknown_fact_cannot_be_waived() -> None:
    made = standard(waivers=[waiver("*", "2027-01-01")])
    assert evaluate(golden(nulls={"cpu.smt": "absent"}), made, NOW).verdict == "unknown"


def test_findings_are_ordered_drift_first_then_by_severity() -> None:
    broken = golden({"boot.uptime_seconds": 86400 * 400, "kernel.one_shot.set": True, "cpu.mitigation_options": ["mitigations=off"]})
    found = evaluate(broken, standard({"boot": {"uptime_days": {"maximum": 9}}, "kernel": {"one_shot": "forbidden"}}), NOW)
    assert [finding["id"] for finding in found.findings] == ["boot.uptime", "kernel.one_shot", "cpu.mitigations_disabled"]


def test_every_promise_has_a_rule_and_every_rule_a_key() -> None:
    """A key that nobody judges would be a promise that is always kept."""
    judged = {rule.key for rule in RULES}
    families = {"cpu.vulnerabilities.<name>": "cpu.vulnerabilities.all", "hypervisor.kvm.<module>.<parameter>": "hypervisor.kvm",
                "cpu.microcode_of.<processor>": "cpu.microcode_of"}
    assert {families.get(key.path, key.path) for key in KEYS if key.promise} == judged


@pytest.mark.parametrize("key", [key for key in KEYS if key.promise], ids=lambda key: key.path)
def test_every_promise_is_unknown_on_an_empty_record(key: Any) -> None:
    """Whatever is promised alone, a record that says nothing never keeps it."""
    path = key.path.replace("<name>", "mds").replace("<module>", "kvm").replace("<parameter>", "nested").replace(
        "<processor>", "06-55-07")
    made = effective({"firebreak_standard": {}, "firebreak_standard_overrides": [{"set": {path: key.example}, "reason": "test"}]})
    found = evaluate({"schema": "firebreak.record/1", "nulls": [], "evidence": {}}, made, NOW)
    assert found.verdict == "unknown"
    assert any("not_scanned" in reason for reason in found.reasons)


WORDS = st.sampled_from(["name", "version", "component", "release", "flavour", "state", "fact", "reason"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | \
    st.sampled_from(["vulnerable", "unknown", "qemu", "1:", "dpkg"])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
    st.text(max_size=8) | WORDS, inner, max_size=4), max_leaves=10)


def paths(record: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in record.items():
        found.append(prefix + name)
        if isinstance(value, dict) and prefix.count(".") < 2 and name not in ("evidence", "parameters"):
            found += paths(value, f"{prefix}{name}.")
    return found


def check(found: Any) -> None:
    assert found.verdict in ("compliant", "drifted", "unknown")
    for finding in found.findings:
        entry_of(finding["id"])
        assert finding["severity"] in SEVERITIES
        assert finding["disruption"] in DISRUPTIONS
        assert len(str(finding["expected"])) + len(str(finding["observed"])) < 20_000


@given(st.dictionaries(st.sampled_from(paths(golden())), VALUES, max_size=6))
def test_a_record_with_wrong_values_anywhere_never_raises(changes: dict[str, Any]) -> None:
    record = golden()
    for path, value in changes.items():
        place: Any = record
        *parents, last = path.split(".")
        for name in parents:
            place = place.get(name) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[last] = value
    check(evaluate(record, standard(), NOW))


@given(VALUES)
def test_any_json_at_all_never_raises(record: Any) -> None:
    check(evaluate(record, standard(), NOW))


def test_huge_values_are_cut() -> None:
    huge = "\x1b<script>{{ x }}" * 1_000_000
    record = golden({"kernel.running.release": huge, "kernel.installed": [{"release": huge, "flavour": huge, "image_present": False}] * 5000,
                     "boot.cmdline": huge, "hypervisor.machine_types": [huge] * 5000, "os.id": huge, "kernel.version_order": huge})
    record["nulls"] = [{"fact": huge, "reason": huge, "detail": huge}] * 100_000
    found = evaluate(record, standard(), NOW)
    assert found.verdict == "drifted"
    assert len(str(found)) < 200_000
    assert "\x1b" not in str(found)


def test_a_thousand_hosts_take_less_than_two_seconds() -> None:
    """A bound far above what it takes (about a quarter of a second), to catch work that grows with the fleet."""
    made, records = standard(), [golden({"kernel.one_shot.set": bool(number % 2)}) for number in range(1000)]
    begun = time.process_time()
    verdicts = {evaluate(record, made, NOW).verdict for record in records}
    assert verdicts == {"compliant", "drifted"}
    assert time.process_time() - begun < 2


PLATFORMS = {"boot": {"kexec_loaded": "forbidden"}, "kernel": {"flavour": "amd64"},
             "platforms": [{"match": {"id": "debian"}, "kernel": {"running": "9.9.9-promised", "flavour": "rt"}}]}


@pytest.mark.parametrize(("changes", "nulls", "verdict", "reason"), [
    ({}, {}, "drifted", ""),
    ({"os.id": "ubuntu"}, {}, "compliant", ""),
    ({}, {"os.id": "deadline"}, "unknown", "platform: os.id: deadline (a detail)"),
    ({"os.id": 7}, {}, "unknown", "platform: os.id: malformed: int where text was expected"),
    ({"os.id": "x" * 300}, {}, "unknown", "platform: os.id: malformed: longer than 256 characters"),
    ({"os": None}, {}, "unknown", "platform: os.id: not_scanned: the record has no section os"),
    ({}, {"os.id": "absent"}, "compliant", "")])
def test_a_platform_that_is_not_known_is_no_platform_without_promises(
        changes: dict[str, Any], nulls: dict[str, str], verdict: str, reason: str) -> None:
    found = evaluate(golden(changes, nulls), standard(PLATFORMS), NOW)
    assert found.verdict == verdict
    assert not reason or reason in found.reasons


def test_a_block_that_another_fact_rules_out_is_not_waited_for() -> None:
    block = {"match": {"id": "x", "architecture": "s390x"}, "kernel": {"running": "6.1.9"}}
    made = standard({"boot": {"kexec_loaded": "forbidden"}, "platforms": [block]})
    assert evaluate(golden({}, {"os.id": "deadline"}), made, NOW).verdict == "compliant"


def test_a_role_gets_no_promise_of_a_platform_that_is_not_known() -> None:
    record = golden({}, {"os.id": "deadline"})
    assert standard_of(record, standard(PLATFORMS)) == {"boot": {"kexec_loaded": "forbidden"}}


@pytest.mark.parametrize("value", [None, "no", 0])
def test_a_host_of_which_nobody_knows_whether_it_is_an_image_is_unknown(value: Any) -> None:
    assert evaluate(golden({"os.image_based": value}), standard({"boot": {"kexec_loaded": "forbidden"}}), NOW).verdict == "unknown"


@pytest.mark.parametrize("name", [["kata"], {"a": 1}, 7])
@pytest.mark.parametrize("field", ["name", "loaded", "dead"])
def test_a_rule_that_cannot_bear_a_record_costs_its_promise(field: str, name: Any) -> None:
    record = golden()
    record["kata"]["handlers"][0][field] = name
    found = evaluate(record, standard({"kata": {"handlers": ["kata"], "unloaded_handlers": "forbidden", "dead_handlers": "forbidden"}}), NOW)
    assert found.verdict == "unknown"
    assert any(reason.startswith("kata.handlers: malformed: ") for reason in found.reasons)


def test_a_rule_that_raises_is_one_unknown_promise() -> None:
    def broken(scope: Any, promise: Any) -> Any:
        raise TypeError("nobody thought of this")

    said = list(outcomes(Rule("kernel.held", broken), Scope(Facts(golden()), {}, NOW), None))
    assert said == [Unknown("kernel.held", "malformed: the rule failed with TypeError")]


@pytest.mark.parametrize("facts", [
    {"os.image_based": True, "os.image_tool": "ostree", "os.image": {"booted": "a" * 64 + ".0"}},
    {"os.image_based": True, "os.image_tool": "transactional-update"},
])
def test_a_host_whose_image_can_be_read_is_judged(facts: dict[str, Any]) -> None:
    assert evaluate(golden(facts), standard({"boot": {"kexec_loaded": "forbidden"}}), NOW).verdict == "compliant"
