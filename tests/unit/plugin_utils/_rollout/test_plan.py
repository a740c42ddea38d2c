# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings to steps: the least disruptive that closes each, merged, in order; and who will miss a day."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.host import DISRUPTIONS, Host, Loaded, Pool, host_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.plan import plan_html, plan_lines
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import deadlines, plan, remedies
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.deadlines import Deadline
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard import catalogue

TODAY = date(2026, 11, 28)


def host(name: str, *findings: str, waived: tuple[dict[str, Any], ...] = ()) -> Host:
    """A scanned host with findings of the catalogue."""
    document: dict[str, Any] = {"schema": "firebreak.host/1", "host": name, "verdict": "drifted" if findings else "compliant", "reasons": [],
                "findings": [finding(identifier) for identifier in findings], "waived": list(waived), "record": {"os": {}}}
    return host_of(Loaded(name, document), Pool())


def unknown(name: str, *reasons: str, identifiers: tuple[str, ...] = ()) -> Host:
    """A scanned host that cannot be judged as a whole, with findings all the same."""
    return replace(host(name, *identifiers), verdict="unknown", reasons=reasons)


def finding(identifier: str) -> dict[str, Any]:
    """A finding as a scan writes it."""
    entry = catalogue.entry_of(identifier)
    return {"id": identifier, "severity": entry.severity, "promise": identifier, "expected": "a", "observed": "b", "remedy": entry.remedy,
            "disruption": entry.disruption, "evidence": []}


def names(one: plan.HostPlan) -> list[str]:
    """The steps of a plan by name."""
    return [step.action for step in one.steps]


@pytest.mark.parametrize("holding", ["boot.trust.next_boot", "boot.trust.modules_refused", "kernel.modules_missing"])
def test_no_reboot_is_planned_that_would_not_come_up(holding: str) -> None:
    one = plan.plan_host(host("a", "kernel.update_available", "services.stale", holding), "reboot")
    assert "reboot" not in names(one)
    assert ("kernel.update_available", "held: b") in one.left
    waived = plan.plan_host(host("a", "kernel.reboot_pending", waived=(finding(holding),)), "reboot")
    assert names(waived) == []


@pytest.mark.parametrize(("costs", "allowed", "steps", "left"), [
    ("restart_sandbox", "restart_sandbox", ["restart_sandbox"], []), ("migrate_guest", "migrate_guest", ["migrate_guest"], []),
    ("migrate_guest", "restart_sandbox", [], ["needs migrate_guest, and restart_sandbox is allowed"]),
    ("restart_sandbox", "restart_service", [], ["needs restart_sandbox, and restart_service is allowed"]),
])
def test_restarts_in_a_window_cost_what_they_cut_off(costs: str, allowed: str, steps: list[str], left: list[str]) -> None:
    """Clusters, storage and guests are dearer than users (plugins/plugin_utils/_judge/data/disruptive_units.yml)."""
    document = {"schema": "firebreak.host/1", "host": "a", "verdict": "drifted", "reasons": [], "waived": [], "record": {"os": {}},
                "findings": [{**finding("services.stale_disruptive"), "disruption": costs}]}
    one = plan.plan_host(host_of(Loaded("a", document), Pool()), allowed)
    assert ([step.disruption for step in one.steps], [why for _label, why in one.left]) == (steps, left)


def test_a_role_may_have_the_reboot_that_it_finds_wanting_where_it_is_allowed_and_comes_up() -> None:
    assert plan.may_reboot(host("a", "services.stale"), "reboot")
    assert not plan.may_reboot(host("a", "services.stale"), "migrate_guest")
    assert not plan.may_reboot(host("a", "services.stale", "boot.trust.next_boot"), "reboot")


@pytest.mark.parametrize(("findings", "steps", "left"), [
    (["kernel.reboot_pending"], ["reboot"], []),
    (["kernel.update_available"], ["kernel", "reboot"], []),
    (["kernel.default_boot"], ["kernel"], []),
    (["services.stale"], ["services"], []),
    (["live_patch.not_loaded"], ["live_patching"], []),
    (["hypervisor.qemu.running"], ["guests"], []),
    (["mitigations.needless"], ["mitigations"], []),
    (["hypervisor.xen.running"], ["reboot"], []),
    (["cpu.vulnerability.mds"], ["cpu_mitigations", "reboot"], []),
    (["os.end_of_support"], [], ["os.end_of_support"]),
    # One reboot closes what it replaces anyway: no restart before it.
    (["kernel.reboot_pending", "services.stale", "kata.stale_sandboxes", "hypervisor.qemu.running"], ["reboot"], []),
    (["kata.guest_kernel", "kernel.running"], ["kernel", "kata", "reboot"], []),
    (["kata.guest_kernel"], ["kata", "sandboxes"], []),
])
def test_steps_close_what_they_can(findings: list[str], steps: list[str], left: list[str]) -> None:
    one = plan.plan_host(host("a", *findings), "reboot")
    assert names(one) == steps
    assert [label for label, _why in one.left] == left
    assert [DISRUPTIONS.index(step.disruption) for step in one.steps] == sorted(DISRUPTIONS.index(step.disruption) for step in one.steps)


def test_one_reboot_names_all_that_it_closes() -> None:
    one = plan.plan_host(host("a", "kernel.reboot_pending", "services.stale", "boot.uptime"), "reboot")
    assert [(step.action, sorted(step.closes)) for step in one.steps] == [
        ("reboot", ["boot.uptime", "kernel.reboot_pending", "services.stale"])]


def test_what_costs_too_much_is_left_and_what_prepares_it_is_not() -> None:
    one = plan.plan_host(host("a", "kernel.update_available", "services.stale", "hypervisor.qemu.running"), "restart_service")
    assert names(one) == ["kernel", "services"]
    assert dict(one.left) == {"kernel.update_available": "needs reboot, and restart_service is allowed",
                              "hypervisor.qemu.running": "needs migrate_guest, and restart_service is allowed"}


@pytest.mark.parametrize("pattern", remedies.patterns())
def test_each_row_fits_a_finding_that_there_is(pattern: str) -> None:
    known = [re.sub("<[a-z]+>", "name", identifier) for identifier in catalogue.ids()]
    assert any(fnmatchcase(identifier, pattern) for identifier in known)
    assert all(name in remedies.ACTIONS for name in remedies.steps_for(pattern.replace("*", "name")))


@pytest.mark.parametrize("identifier", [identifier for identifier in catalogue.ids() if "<" not in identifier])
def test_every_finding_is_planned_or_left_with_words(identifier: str) -> None:
    one = plan.plan_host(host("a", identifier), "reboot")
    assert one.steps or all(why for _label, why in one.left)


def test_a_host_without_a_record_has_no_plan_and_says_why() -> None:
    lost = host_of(Loaded("gone", None, "cannot read it"), Pool())
    made = plan.plan_fleet([lost, host("fine")], "reboot", TODAY)
    assert (made.hosts, dict(made.unplanned), made.fine) == ((), {"gone": "nothing is known of it: cannot read it"}, 1)


@pytest.mark.parametrize(("reasons", "why"), [(["no_standard"], "no_standard"), (["os.id: absent", "kernel.running: hidden"],
                         "os.id: absent; kernel.running: hidden"), ([], "no reason given")])
def test_a_host_that_cannot_be_judged_is_not_one_with_nothing_to_do(reasons: list[str], why: str) -> None:
    made = plan.plan_fleet([unknown("a", *reasons), host("fine")], "reboot", TODAY)
    assert (made.hosts, dict(made.unplanned), made.fine) == ((), {"a": f"it cannot be judged: {why}"}, 1)
    told = "\n".join(line.text for line in plan_lines(made))
    assert told.startswith("0 hosts to change, 1 with nothing to do, 1 without a plan") and f"a: no plan, since it cannot be judged: {why}" in told


def test_what_nobody_can_tell_of_a_host_with_steps_is_said_beside_them() -> None:
    made = plan.plan_fleet([unknown("a", "hidden.one", identifiers=("kernel.running",)), host("b", "kernel.running")], "reboot", TODAY)
    assert [(one.host, one.open) for one in made.hosts] == [("a", ("hidden.one",)), ("b", ())]
    assert [one["unknown"] for one in plan.as_data(made, "now")["hosts"]] == [["hidden.one"], []]
    assert "    nobody can tell: hidden.one" in [line.text for line in plan_lines(made)]
    assert "nobody can tell: hidden.one" in "".join(plan_html(made, "now"))


def test_a_hole_of_which_nobody_can_tell_is_left_to_a_person_and_keeps_its_day() -> None:
    answers = {"answers": [{"host": "a", "cve": "CVE-1", "answer": "unknown", "component": "kernel", "reason": "the record is too old"},
                           {"host": "gone", "cve": "CVE-1", "answer": "unknown", "component": "kernel", "reason": ""}]}
    due = deadlines.of_answers(answers, {"CVE-1": date(2026, 11, 1)})
    lost = host_of(Loaded("gone", None, "cannot read it"), Pool())
    made = plan.plan_fleet([host("a"), lost], "reboot", TODAY, due, 4, plan.of_answers(answers))
    assert [(one.host, one.left) for one in made.hosts] == [("a", (("CVE-1 (unknown)", "nobody can tell: the record is too old"),))]
    assert list(made.late) == ["a"]
    assert made.unplanned["gone"].endswith("cannot read it; due 2026-11-01: CVE-1 is known to be exploited (unknown here)")


def test_the_answers_of_holes_are_steps_too() -> None:
    answers = {"answers": [{"host": "a", "cve": "CVE-1", "answer": "pending", "component": "kernel", "remedy": "reboot it"},
                           {"group": 1, "cve": "CVE-2", "answer": "exposed", "component": "qemu", "remedy": "update it"},
                           {"group": 0, "cve": "CVE-1", "answer": "fixed_in_force", "component": "kernel"}], "groups": [["b"], ["a"]]}
    made = plan.plan_fleet([host("a"), host("b")], "reboot", TODAY, holes=plan.of_answers(answers))
    assert [(one.host, names(one), one.left) for one in made.hosts] == [("a", ["reboot"], (("CVE-2 (exposed)", "update it"),))]


def test_known_exploited_holes_have_due_dates() -> None:
    due = deadlines.kev_due({"catalogVersion": "2026.11.28", "vulnerabilities": [
        {"cveID": "CVE-2026-31431", "dueDate": "2026-05-15"}, {"cveID": "CVE-2026-1111", "dueDate": "soon"}]})
    assert due == {"CVE-2026-31431": date(2026, 5, 15)}
    answers = {"answers": [{"host": name, "cve": "CVE-2026-31431", "answer": answer} for name, answer in (
        ("a", "exposed"), ("b", "pending"), ("c", "unknown"), ("d", "fixed_in_force"), ("e", "fixed_by_live_patch"), ("f", "not_affected"))]}
    assert sorted(deadlines.of_answers(answers, due)) == ["a", "b", "c"]
    with pytest.raises(deadlines.DeadlineError, match="vulnerabilities"):
        deadlines.kev_due([])


def test_the_first_deadline_comes_first_and_who_misses_it_is_named() -> None:
    waived = ({**finding("boot.uptime"), "waiver": {"expires": "2026-12-24"}},)
    hosts = [host("calm", "kernel.running"), host("waived", "kernel.running", waived=waived), host("due", "kernel.running")]
    made = plan.plan_fleet(hosts, "reboot", TODAY, {"due": [Deadline(date(2026, 11, 29), "CVE-1")]}, per_day=1)
    assert [one.host for one in made.hosts] == ["due", "waived", "calm"]
    assert made.late == {}
    slow = plan.plan_fleet(hosts, "reboot", TODAY, {name: [Deadline(TODAY, "CVE-1")] for name in ("due", "calm", "waived")}, per_day=2)
    assert slow.late == {"waived": date(2026, 11, 29)}


@pytest.mark.parametrize(("per_day", "missed"), [(0, 3), (0.1, 3), (1, 2), (3, 0)])
def test_the_rate_decides(per_day: float, missed: int) -> None:
    waits = [(name, Deadline(TODAY, "x")) for name in "abc"]
    assert len(deadlines.late(waits, TODAY, per_day)) == missed


def test_ten_thousand_hosts_are_planned_in_under_two_seconds() -> None:
    one = host("h", "kernel.running", "services.stale", "cpu.vulnerability.mds", "kata.guest_kernel", "os.end_of_support")
    started = time.process_time()
    made = plan.plan_fleet([one] * 10_000, "reboot", TODAY, per_day=100)
    assert time.process_time() - started < 2
    assert made.actions["reboot"] == 10_000


def test_the_table_and_the_page_tell_equal_plans_once() -> None:
    hosts = [host(f"web{number:02}", "kernel.reboot_pending") for number in range(20)] + [host("<b>\x1b[1m", "os.release")]
    made = plan.plan_fleet(hosts, "reboot", TODAY)
    text = [line.text for line in plan_lines(made)]
    assert sum("reboot the host" in line for line in text) == 1
    assert any("web00" in line and "and 14 more" in line for line in text)
    assert not any("\x1b" in line for line in text)
    page = "".join(plan_html(made, "2026-11-28T08:00:00Z"))
    assert "<script" not in page
    assert "<b>\x1b" not in page
    assert all(f"web{number:02}" in page for number in range(20))
