# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each finding between two reports: resolved is only what was looked for again, by a standard that still promises it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.compare import FINDINGS, Comparison, compare
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import Before, Fleet, Loaded, merge
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.comparison import comparison_lines
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.fleet_json import fleet_json

NOW, LATER = "2026-11-20T06:04:00Z", "2026-11-21T06:04:00Z"
OLD, NEW, LAX = "a" * 64, "b" * 64, "c" * 64
STANDARDS = {
    LAX: {"name": "lax", "kernel": {"running": {"any_of": ["6.1", "6.2"]}, "unmanaged": "allowed"}, "boot": {"uptime_days": {"maximum": 365}},
          "cpu": {"vulnerabilities": {"all": "mitigated", "spec_rstack_overflow": "any"}, "vulnerability_views": ["host"]}},
    OLD: {"name": "2026.11", "kernel": {"running": "6.1", "unmanaged": "forbidden"}, "cpu": {"vulnerabilities": {"all": "mitigated"}}},
    NEW: {"name": "2026.12", "kernel": {"running": "6.2"}, "cpu": {"vulnerabilities": {"all": "mitigated"}}},
}
WAIVER = {"finding": "cpu.*", "owner": "web team", "reason": "new machines are ordered", "expires": "2027-01-31", "source": "firebreak_waivers[0]"}


def finding(identifier: str, observed: Any = "1", promise: str | None = "", fact: str = "") -> dict[str, Any]:
    """A finding; without a promise of its own it breaks that of its name."""
    return {"id": identifier, "severity": "high", "promise": identifier if promise == "" else promise, "expected": "x", "observed": observed,
            "remedy": "Do it.", "disruption": "none", "evidence": [{"fact": fact or identifier, "source": "", "value": None}]}


def document(name: str = "web1", *findings: Mapping[str, Any], sections: tuple[str, ...] = ("os", "kernel", "cpu", "services"), **changes: Any
             ) -> dict[str, Any]:
    """A host's document whose record has these sections."""
    record: dict[str, Any] = {section: {"x": 1} for section in sections} | {"nulls": changes.pop("nulls", [])}
    record |= {"kernel": {"running": {"release": changes.pop("kernel")}}} if "kernel" in changes else {}
    verdict = "drifted" if any(item["promise"] for item in findings) else "compliant"
    return {"schema": "firebreak.host/1", "host": name, "scanned_at": NOW, "verdict": verdict, "reasons": [], "standard": OLD, "base": OLD,
            "findings": list(findings), "waived": [], "record": record if sections else None, "error": None, **changes}


def fleet(*documents: Mapping[str, Any], before: Any = None, **changes: Any) -> Fleet:
    """The merged fleet."""
    return merge((Loaded(str(item["host"]), item) for item in documents), [], STANDARDS, LATER, Before(before), **changes)


def report(*documents: Mapping[str, Any], before: Any = None, **changes: Any) -> dict[str, Any]:
    """A fleet.json as it is written."""
    found: dict[str, Any] = json.loads("".join(fleet_json(fleet(*documents, before=before, **changes))))
    return found


def moved(comparison: Comparison) -> dict[str, list[str]]:
    """The lists that are not empty, each with its findings."""
    return {kind: [change.what for change in found] for kind, found in comparison.findings.items() if found}


SPEC = finding("cpu.vulnerability.spec_rstack_overflow", "vulnerable: Safe RET, no microcode", "cpu.vulnerabilities.all",
               "cpu.vulnerabilities.spec_rstack_overflow")
UNMANAGED = finding("kernel.unmanaged", "6.1.0-9-custom")
OBSERVED = finding("kernel.unmanaged", "6.1.0-9-custom", None)
BY_ID, BY_VERSION = finding("os.release", "ubuntu", "os.id", "os.id"), finding("os.release", "22.04", "os.version_id", "os.version_id")
CUTS_USERS, CUTS_GUESTS = ({**finding("services.stale_disruptive", [unit], "services.stale", "services.stale"), "subject": f"services.stale.{what}"}
                           for unit, what in (("zz.service", "users"), ("libvirtd.service", "guests")))
NO_PROCESS = [{"fact": "services.stale", "reason": "needs_root", "detail": ""}]
RUNS_6_2 = finding("kernel.running", "6.2")
NOT_HAD = [{"fact": "kernel.unmanaged", "reason": "needs_root", "detail": ""}]

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]] = {
    "nothing": (document("h", SPEC), document("h", SPEC), {}),
    "a new finding": (document("h"), document("h", SPEC), {"new_findings": [SPEC["id"]]}),
    "resolved": (document("h", SPEC), document("h"), {"resolved": [SPEC["id"]]}),
    "waived is not resolved": (document("h", SPEC), document("h", waived=[{**SPEC, "waiver": WAIVER}]), {"waived": [SPEC["id"]]}),
    "a waiver that is over is no new finding": (document("h", waived=[{**SPEC, "waiver": WAIVER}]), document("h", SPEC),
                                                {"waiver_over": [SPEC["id"]]}),
    "the section was not scanned": (document("h", SPEC, BY_ID), document("h", BY_ID, sections=("os", "kernel")), {"not_looked_at": [SPEC["id"]]}),
    "the host fell silent": (document("h", SPEC), document("h", sections=(), verdict="unreachable", standard=OLD), {"not_looked_at": [SPEC["id"]]}),
    "the fact could not be had": (document("h", UNMANAGED), document("h", nulls=NOT_HAD, verdict="unknown"), {"unknown": ["kernel.unmanaged"]}),
    "the rule said why it could not tell": (document("h", UNMANAGED), document("h", verdict="unknown", reasons=["kernel.unmanaged: needs_root"]),
                                            {"unknown": ["kernel.unmanaged"]}),
    "the promise was taken back, and the rule observes": (document("h", UNMANAGED), document("h", OBSERVED, standard=NEW, base=NEW),
                                                          {"not_promised": ["kernel.unmanaged"]}),
    "the promise was taken back": (document("h", UNMANAGED), document("h", standard=NEW, base=NEW), {"not_promised": ["kernel.unmanaged"]}),
    "no standard any more": (document("h", UNMANAGED), document("h", standard=None, base=None), {"not_promised": ["kernel.unmanaged"]}),
    "what was observed is promised": (document("h", OBSERVED, standard=NEW, base=NEW), document("h", UNMANAGED),
                                      {"newly_promised": ["kernel.unmanaged"]}),
    "another finding of one id": (document("h", BY_ID), document("h", BY_ID, BY_VERSION), {"new_findings": ["os.release (os.version_id)"]}),
    "one of two of one id is resolved": (document("h", BY_ID, BY_VERSION), document("h", BY_VERSION), {"resolved": ["os.release (os.id)"]}),
    "another that cuts off something else": (document("h", CUTS_USERS), document("h", CUTS_USERS, CUTS_GUESTS), {
        "new_findings": ["services.stale_disruptive (services.stale, guests)"]}),
    "one of two that cut off something is resolved": (document("h", CUTS_GUESTS, CUTS_USERS), document("h", CUTS_USERS), {
        "resolved": ["services.stale_disruptive (services.stale, guests)"]}),
    "what it cuts off could not be seen": (document("h", CUTS_USERS), document("h", nulls=NO_PROCESS, verdict="unknown"), {
        "unknown": ["services.stale_disruptive (services.stale, users)"]}),
    "what is observed grows": (document("h", finding("services.stale", ["nginx.service"])),
                               document("h", finding("services.stale", ["nginx.service", "sshd.service"])), {"changed_findings": ["services.stale"]}),
    "an observation grows": (document("h", finding("services.stale", ["a"], None)), document("h", finding("services.stale", ["a", "b"], None)),
                             {"changed_findings": ["services.stale"]}),
    "what is waived grows": (document("h", waived=[{**SPEC, "waiver": WAIVER}]),
                             document("h", waived=[{**SPEC, "observed": "worse", "waiver": WAIVER}]), {"changed_findings": [SPEC["id"]]}),
    "a waiver lasts longer": (document("h", waived=[{**SPEC, "waiver": WAIVER}]),
                              document("h", waived=[{**SPEC, "waiver": {**WAIVER, "expires": "2028-01-31"}}]), {"waived": [SPEC["id"]]}),
    "somebody else answers, and it grows": (document("h", waived=[{**SPEC, "waiver": WAIVER}]), document("h", waived=[
        {**SPEC, "observed": "worse", "waiver": {**WAIVER, "owner": "nobody"}}]), {"waived": [SPEC["id"]]}),
    "a waiver stands elsewhere now": (document("h", waived=[{**SPEC, "waiver": WAIVER}]),
                                      document("h", waived=[{**SPEC, "waiver": {**WAIVER, "source": "firebreak_waivers_x[3]"}}]), {}),
    "a day more of age": (document("h", finding("boot.uptime", "99 days")), document("h", finding("boot.uptime", "100 days")), {}),
    "seen where nobody had looked": (document("h", sections=("os",)), document("h", SPEC), {"seen_now": [SPEC["id"]]}),
    "the standard says any of what was promised": (document("h", SPEC), document("h", standard=LAX), {"not_promised": [SPEC["id"]]}),
    "the standard says any of what was observed": (document("h", {**SPEC, "promise": None}, standard=None), document("h", standard=LAX),
                                                   {"not_promised": [SPEC["id"]]}),
    "what was forbidden is allowed": (document("h", UNMANAGED), document("h", standard=LAX), {"not_promised": ["kernel.unmanaged"]}),
    "what was observed is allowed": (document("h", OBSERVED, standard=NEW), document("h", standard=LAX), {"not_promised": ["kernel.unmanaged"]}),
    "what was observed is forbidden, and gone": (document("h", OBSERVED, standard=NEW), document("h"), {"gone_observations": ["kernel.unmanaged"]}),
    "more is promised, and nothing less": (document("h", finding("kernel.update_available"), standard=NEW), document("h", standard=NEW),
                                           {"resolved": ["kernel.update_available"]}),
    "fewer views of a weakness count": (document("h", {**SPEC, "id": "cpu.vulnerability.l1tf", "evidence": []}), document("h", standard=LAX),
                                        {"not_promised": ["cpu.vulnerability.l1tf"]}),
    "the standard asks for what the host already ran": (document("h", RUNS_6_2, kernel="6.2"), document("h", standard=NEW, kernel="6.2"),
                                                        {"not_promised": ["kernel.running"]}),
    "the host runs what another standard asks for": (document("h", finding("kernel.running", "5.10"), kernel="5.10"),
                                                     document("h", standard=NEW, kernel="6.2"), {"resolved": ["kernel.running"]}),
    "an observation is gone": (document("h", OBSERVED), document("h"), {"gone_observations": ["kernel.unmanaged"]}),
    "the same subject by another promise": (document("h", SPEC), document("h", {**SPEC, "promise": "cpu.vulnerabilities.spec_rstack_overflow"}), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_became_of_a_finding(name: str) -> None:
    before, after, wanted = CASES[name]
    found = compare(report(before), report(after))
    assert moved(found) == wanted
    told = "\n".join(line.text for line in comparison_lines(found))
    assert ("Resolved" in told) == ("resolved" in wanted)
    assert ("Nothing changed." in told) == (not wanted and before["standard"] == after["standard"])


def test_every_list_is_told() -> None:
    assert set(FINDINGS) >= {kind for _before, _after, wanted in CASES.values() for kind in wanted}


def test_a_changed_standard_is_said_first() -> None:
    found = compare(report(document("db1", UNMANAGED), document("db2", UNMANAGED)),
                    report(document("db1", standard=NEW, base=NEW), document("db2", standard=NEW, base=NEW)))
    lines = [line.text for line in comparison_lines(found)]
    assert lines[1].startswith("  The standard changed on 2 hosts: 2026.11 (aaaaaaaaaaaa) -> 2026.12 (bbbbbbbbbbbb)")
    assert "no longer promised: kernel.unmanaged forbidden" in lines[2] and "changed: kernel.running 6.1 -> 6.2" in lines[3]
    assert "Resolved" not in "\n".join(lines)


def test_the_waiver_and_who_answers_for_it_are_told() -> None:
    found = compare(report(document("web1", SPEC)), report(document("web1", waived=[{**SPEC, "waiver": WAIVER}])))
    assert "waived by web team until 2027-01-31: new machines are ordered" in "\n".join(line.text for line in comparison_lines(found))


def test_a_partial_report_makes_no_host_new_or_gone() -> None:
    whole, part = report(document("a"), document("b")), report(document("a"), partial=True)
    assert (compare(whole, part).gone, compare(part, whole).appeared) == ([], [])
    assert compare(whole, report(document("a"))).gone == ["b"]


def test_a_finding_keeps_its_first_day_through_reports_that_did_not_look() -> None:
    first = report(document("h", SPEC))
    first["generated_at"] = NOW
    silent = report(document("h", sections=(), verdict="unreachable"), before=first)
    (host,) = fleet(document("h", SPEC), before=silent).hosts
    first_seen = first["hosts"]["h"]["findings"][0]["first_seen"]
    assert host.first_seen[host.key(host.findings[0]).text] == first_seen
    assert silent["hosts"]["h"]["remembered"][0]["first_seen"] == first_seen
    assert report(document("h"), before=first)["hosts"]["h"]["remembered"] == []


def host(verdict: str = "compliant", kernel: str = "1", *ids: str) -> dict[str, Any]:
    """A host of a fleet.json from before findings had subjects and hosts sections."""
    return {"verdict": verdict, "facts": {"kernel.running": [kernel]}, "findings": [{"id": name, "observed": kernel} for name in ids]}


def old_report(**hosts: Any) -> dict[str, Any]:
    """A fleet.json of that time."""
    return {"schema": "firebreak.fleet/1", "generated_at": NOW, "hosts": hosts}


def test_reports_of_before_are_compared_as_they_were() -> None:
    before = old_report(a=host(), b=host("drifted", "1", "kernel.running"), c=host("drifted", "1", "kernel.running"), old=host())
    after = old_report(a=host("drifted", "1", "os.release"), b=host("compliant", "2"), c=host("unreachable"), new=host())
    found = compare(before, after)
    assert (found.appeared, found.gone) == (["new"], ["old"])
    assert [(item.host, item.before, item.after) for item in found.verdicts] == [
        ("a", "compliant", "drifted"), ("b", "drifted", "compliant"), ("c", "drifted", "unreachable")]
    assert moved(found) == {"new_findings": ["os.release"], "resolved": ["kernel.running"], "not_looked_at": ["kernel.running"]}
    assert [(item.host, item.before, item.after) for item in found.facts] == [("b", "1", "2")]
    assert all(line.text.isprintable() for line in comparison_lines(found))
    assert json.dumps(found.as_dict())


def test_other_files_are_refused() -> None:
    with pytest.raises(ValueError, match=r"/x/fleet\.json is not a fleet report of the schema firebreak\.fleet/1"):
        compare({"schema": "other"}, old_report(), ("/x/fleet.json", "/y"))
