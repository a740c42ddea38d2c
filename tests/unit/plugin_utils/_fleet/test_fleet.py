# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merging host documents: every host is in the fleet, nothing a host says can break it, and problems of the whole are named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import bounded
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.distribution import facts_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import Fleet, Loaded, merge
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = "2026-11-20T06:04:00Z"


def finding(**changes: Any) -> dict[str, Any]:
    """A finding that breaks a promise."""
    return {"id": "kernel.running", "severity": "high", "promise": "kernel.running", "expected": "6.1.0-41", "observed": "6.1.0-38",
            "remedy": "Reboot.", "disruption": "reboot", "evidence": [], **changes}


def document(name: str, **changes: Any) -> dict[str, Any]:
    """The document of a host that was scanned and is on the standard."""
    record = {"os": {"id": "debian", "version_id": "12", "machine_id": name}, "boot": {"boot_id": name},
              "kernel": {"running": {"release": "6.1.0-41"}}}
    return {"schema": "firebreak.host/1", "host": name, "scanned_at": NOW, "verdict": "compliant", "reasons": [], "standard": "a" * 64,
            "findings": [], "waived": [], "record": record, "error": None, **changes}


def fleet_of(*documents: dict[str, Any], wanted: tuple[str, ...] = ()) -> Fleet:
    """The fleet of these documents under one standard."""
    return merge((Loaded(item["host"], item) for item in documents), wanted, {"a" * 64: {"name": "one", "kernel": {"running": "6.1.0-41"}}}, NOW)


def test_counts_each_verdict_and_puts_the_worst_first() -> None:
    fleet = fleet_of(document("good"), document("low", verdict="drifted", findings=[finding(severity="low")]),
                     document("bad", verdict="drifted", findings=[finding(severity="critical")]),
                     document("dead", verdict="unreachable", record=None), document("odd", verdict="unknown"))
    assert fleet.summary == {"hosts": 5, "compliant": 1, "drifted": 2, "unknown": 1, "unreachable": 1}
    assert [host.name for host in fleet.hosts] == ["bad", "low", "odd", "dead", "good"]


def test_a_host_without_a_record_is_unknown() -> None:
    fleet = fleet_of(document("here"), wanted=("here", "gone"))
    gone = next(host for host in fleet.hosts if host.name == "gone")
    assert (gone.verdict, gone.reasons) == ("unknown", ("no_record",))


def test_of_two_records_of_one_host_the_later_counts() -> None:
    old = document("one", verdict="drifted", findings=[finding()], scanned_at="2026-11-19T06:00:00Z")
    for order in ((old, document("one")), (document("one"), old)):
        assert fleet_of(*order).summary == {"hosts": 1, "compliant": 1, "drifted": 0, "unknown": 0, "unreachable": 0}


@pytest.mark.parametrize("broken", [None, [], "text", {}, {"schema": "firebreak.host/2"}, {"schema": "firebreak.host/1", "verdict": "fine"},
                                    {"schema": "firebreak.host/1", "verdict": ["compliant"]}])
def test_what_is_no_host_document_is_unknown(broken: Any) -> None:
    fleet = merge([Loaded("web", broken), Loaded("db", document("db"))], [], {}, NOW)
    web = next(host for host in fleet.hosts if host.name == "web")
    assert (web.verdict, web.reasons) == ("unknown", ("record_unreadable",))
    assert web.error
    assert fleet.summary["compliant"] == 1


def test_two_standards_are_a_problem_that_names_them() -> None:
    fleet = fleet_of(document("one"), document("two", standard="b" * 64))
    problem = next(item for item in fleet.problems if item.id == "standard.several")
    assert "one on 1" in problem.message and "bbbbbbbbbbbb on 1" in problem.message


def test_no_standard_is_said_with_what_to_do() -> None:
    fleet = fleet_of(document("one", standard=None, verdict="unknown", reasons=["no_standard"]))
    assert [problem.id for problem in fleet.problems] == ["standard.none"]
    assert not fleet.has_standard


@pytest.mark.parametrize(("boot", "cause"), [("same", ": one machine counted more than once."), (None, ": clones"), ("", ", or clones")])
def test_two_names_of_one_machine_are_a_problem(boot: str | None, cause: str) -> None:
    items = [document(name) for name in ("one", "two")]
    for item in items:
        item["record"]["os"]["machine_id"] = "5" * 32
        item["record"]["boot"]["boot_id"] = item["host"] if boot is None else boot
    problem = fleet_of(*items).problems[0]
    assert (problem.id, problem.hosts) == ("host.duplicate", ("one", "two"))
    assert cause in problem.message


def test_the_distribution_counts_what_is_off_the_standard_and_names_outliers() -> None:
    odd = document("odd", verdict="drifted", findings=[finding()])
    odd["record"]["kernel"]["running"]["release"] = "5.10.0-1"
    kernels = fleet_of(*[document(f"host{number}") for number in range(30)], odd).distribution["kernel.running"]
    assert kernels["values"] == [{"value": "6.1.0-41", "hosts": 30, "off_standard": 0}, {"value": "5.10.0-1", "hosts": 1, "off_standard": 1}]
    assert kernels["outliers"] == [{"value": "5.10.0-1", "count": 1, "hosts": ["odd"]}]
    assert kernels["judged"] is True


@pytest.mark.parametrize(("record", "facts"), [
    ({"live_patch": {"protection": "protected", "provider": {"id": "kpatch"}, "effective": {"level": "1-4"}}},
     {"live_patch.protection": ("protected",), "live_patch.level": ("kpatch 1-4",)}),
    ({"live_patch": {"provider": {"id": "kpatch"}, "effective": {"level": None}}}, {"live_patch.level": ("kpatch (level unknown)",)}),
    ({"live_patch": {"provider": {"id": "none"}}}, {}),
    ({"services": {"stale": [], "unread": []}}, {"services.stale": ("0 units",)}),
    ({"services": {"stale": [], "unread": [{"pid": 7}]}}, {}),
    ({"services": {"stale": [{}], "unread": [{"pid": 7}]}}, {"services.stale": ("at least 1 unit",)}),
])
def test_what_is_not_known_is_not_counted(record: dict[str, Any], facts: dict[str, tuple[str, ...]]) -> None:
    assert facts_of(record) == facts


def test_an_observation_is_not_off_the_standard() -> None:
    host = document("host", findings=[finding(promise=None)])
    assert fleet_of(host).distribution["kernel.running"]["values"][0]["off_standard"] == 0


def test_equal_findings_are_kept_once() -> None:
    fleet = fleet_of(*[document(name, verdict="drifted", findings=[finding()]) for name in ("one", "two")])
    assert fleet.hosts[0].findings[0] is fleet.hosts[1].findings[0]


def test_long_and_deep_values_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = [deep]
    wild = finding(observed="A" * 10_000_000, expected=deep, evidence=[{"value": list(range(100_000))}])
    fleet = fleet_of(document("host", verdict="drifted", findings=[wild] * 5000, error="E" * 10_000_000, reasons=["r" * 10_000_000] * 1000))
    assert len(json.dumps(fleet.hosts[0].findings[0])) < 10_000
    assert len(fleet.hosts[0].findings) <= 500
    assert len(fleet.hosts[0].error or "") < 3000
    assert "(10000000 characters)" in fleet.hosts[0].findings[0]["observed"]


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=12)
KEYS = ("host", "scanned_at", "verdict", "reasons", "standard", "findings", "waived", "record", "error")


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.sampled_from(["compliant", "drifted", "unknown", "unreachable"]))
def test_no_document_whatever_stops_the_others(wild: dict[str, Any], verdict: str) -> None:
    mutant = {**document("wild", verdict=verdict), **wild}
    fleet = merge([Loaded("wild", mutant), Loaded("good", document("good"))], [], {}, NOW)
    assert any(host.name == "good" and host.verdict == "compliant" for host in fleet.hosts)


@given(st.text())
def test_visible_text_cannot_steer_a_terminal(text: str) -> None:
    shown = bounded.visible(text)
    assert not any(char in shown for char in "\x1b\n\r\x00\x9b\u202e\u2028")
    shown.encode("utf-8")
