# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the fleet as a whole: a variant is no second standard, and what matches or covers nothing is named."""

from __future__ import annotations

from typing import Any

from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import Fleet, Loaded, merge
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.table import standard_names

NOW = "2026-11-20T06:04:00Z"
BASE, VARIANT, OTHER = "a" * 64, "b" * 64, "c" * 64
STANDARDS = {
    BASE: {"name": "p", "os": {"id": "debian"}}, VARIANT: {"name": "p", "os": {"id": "debian"}, "kernel": {"held": "allowed"}},
    OTHER: {"name": "q", "platforms": [{"match": {"family": ["suse"]}, "os": {"version_id": "15"}}]},
}
WAIVER = {"finding": "cpu.*", "owner": "web team", "reason": "ordered", "expires": "2026-12-31", "source": "firebreak_waivers[0]"}


def document(name: str, **changes: Any) -> dict[str, Any]:
    """A scanned host that keeps its standard."""
    record = {"os": {"id": "debian", "family": "debian", "machine_id": name}, "scanner": {"uid": 0}, "nulls": changes.pop("nulls", [])}
    return {"schema": "firebreak.host/1", "host": name, "scanned_at": NOW, "verdict": "compliant", "reasons": [], "standard": BASE, "base": BASE,
            "findings": [], "waived": [], "record": record, "error": None, **changes}


def fleet(*documents: dict[str, Any], partial: bool = False) -> Fleet:
    """The merged fleet."""
    return merge((Loaded(item["host"], item) for item in documents), [], STANDARDS, NOW, partial=partial)


def ids(found: Fleet) -> list[str]:
    """The problems by their ids."""
    return [problem.id for problem in found.problems]


def test_a_base_and_its_declared_overrides_are_one_standard() -> None:
    found = fleet(document("a"), document("b", standard=VARIANT), document("c"))
    assert ids(found) == []
    assert standard_names(found) == "p in 2 variants by declared overrides"


def test_two_bases_are_two_standards() -> None:
    found = fleet(document("a"), document("b", standard=OTHER, base=OTHER))
    assert "standard.several" in ids(found)
    assert "p on 1, q on 1" in found.problems[0].message or "q on 1, p on 1" in found.problems[0].message


def test_a_block_that_is_for_none_of_its_hosts_is_named() -> None:
    held = {"standard": OTHER, "base": OTHER}
    (problem,) = fleet(document("a", **held), document("b", **held)).problems
    assert problem.id == "standard.unmatched" and '"suse"' in problem.message and "os" in problem.message
    silent = document("c", **held, record=None, verdict="unreachable")
    assert ids(fleet(document("a", **held), silent)) == []  # the host of which nothing is known may be one
    assert ids(fleet(document("a", **held), partial=True)) == []


def test_a_waiver_that_covers_nothing_or_ends_soon_is_named() -> None:
    covered = {"id": "cpu.x", "severity": "high", "promise": "cpu.x", "waiver": WAIVER}
    assert ids(fleet(document("a", waivers=[WAIVER]))) == ["waiver.unused"]
    assert ids(fleet(document("a", waivers=[WAIVER], waived=[covered]), document("b", waivers=[WAIVER]))) == []
    soon = {**WAIVER, "expires": "2026-11-29"}
    (problem,) = fleet(document("a", waivers=[soon], waived=[{**covered, "waiver": soon}])).problems
    assert problem.id == "waiver.ends_soon" and "ends in 9 days" in problem.message


def test_a_scan_without_root_says_how_many_facts_are_missing() -> None:
    nulls = [{"fact": f"services.x{number}", "reason": "needs_root"} for number in range(3)]
    poor = document("a", nulls=nulls)
    poor["record"]["scanner"]["uid"] = 1000
    (problem,) = fleet(poor, document("b")).problems
    assert problem.id == "scan.without_root" and "1 host scanned without root: up to 3 facts missing" in problem.message
    assert problem.hosts == ("a",)


def test_a_variable_that_is_none_of_ours_is_named_with_what_was_meant() -> None:
    strange = {"firebreak_overrides_gpu": "firebreak_standard_overrides_gpu"}
    (problem,) = fleet(document("a", unknown_variables=strange), document("b", unknown_variables=strange)).problems
    assert problem.id == "variable.unknown" and problem.message.endswith("did you mean firebreak_standard_overrides_gpu?")
    assert problem.hosts == ("a", "b")
