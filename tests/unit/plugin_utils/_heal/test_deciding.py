# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done of an event on which host, and why it is not: within the operator's limits, and never on what is unknown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._heal import deciding, journal
from ansible_collections.firebreak.fleet.plugins.plugin_utils._heal.deciding import DONE, LEFT_ALONE, NOT_DONE, Decision, Event, EventError
from history_suite import finding, host


def fleet(**hosts: Mapping[str, Any]) -> dict[str, Any]:
    """A fleet.json."""
    return {"hosts": hosts}


def answers(*rows: tuple[str, str, str]) -> dict[str, Any]:
    """An answers.json of (host, answer, component)."""
    return {"answers": [{"cve": "CVE-2026-1000", "host": name, "answer": word, "component": component, "reason": "why"}
                        for name, word, component in rows]}


@pytest.mark.parametrize(("raw", "expected"), [
    ({"kind": "advisory", "id": "dsa-1", "cves": "CVE-2026-31431, CVE-2026-100070"},
     Event("advisory", "dsa-1", ("CVE-2026-31431", "CVE-2026-100070"))),
    ({"kind": "drift", "id": "a:1"}, Event("drift", "a:1")),
    ('{"kind": "drift", "id": "a:1"}\n', Event("drift", "a:1")), ("kind: drift\nid: a:1", Event("drift", "a:1")),
    ("{kind: advisory, id: dsa-1, cves: CVE-2026-31431}", Event("advisory", "dsa-1", ("CVE-2026-31431",))),
    ({"kind": "drift", "id": "x", "hosts": "all", "meta": {"hosts": ["db1"]}, "firebreak_heal_hosts": "all"}, Event("drift", "x")),
])
def test_only_its_own_words_of_an_event_count(raw: Any, expected: Event) -> None:
    assert deciding.event(raw) == expected


@pytest.mark.parametrize("raw", [
    None, [], "drift", "{kind: drift", "kind: [drift]", "at: 2026-13-45", "[" * 5000, {}, {"kind": "other", "id": "x"}, {"kind": "drift"},
    {"kind": "drift", "id": 7}, {"kind": "drift", "id": "a b"},
    {"kind": "drift", "id": "../../x"}, {"kind": "drift", "id": "{{ 7 }}"}, {"kind": "drift", "id": ""}, {"kind": "advisory", "id": "x"},
    {"kind": "advisory", "id": "x", "cves": "all"}, {"kind": "advisory", "id": "x", "cves": ["CVE-2026-1000"]},
    {"kind": "advisory", "id": "x", "cves": "CVE-2026-1000; reboot"},
    {"kind": "advisory", "id": "x", "cves": ",".join(f"CVE-2026-{1000 + n}" for n in range(2001))},
    {"kind": "advisory", "id": "x", "cves": "CVE-2026-١٢٣٤"}, {"kind": "advisory", "id": "x", "cves": "CVE-2026-31431x"},
])
def test_what_means_nothing_is_refused(raw: Any) -> None:
    with pytest.raises(EventError, match="wanted"):
        deciding.event(raw)


ABSENT = finding("mitigations.absent", observed=["CVE-2026-1000: absent, it may be loaded"])
LONGER = finding("mitigations.absent", observed=["CVE-2026-10001: absent, it may be loaded"])
ELSEWHERE = finding("mitigations.absent", observed=["CVE-2026-2000: absent, it may be loaded"])
NEEDLESS = finding("mitigations.needless", observed=["CVE-2026-1000: 6.1.170-1 runs"])


@pytest.mark.parametrize(("rows", "seen", "most", "expected"), [
    pytest.param([("web1", "exposed", "kernel")], host(), "none", (DONE, ("live_patching",)), id="live-patched, nothing is disturbed"),
    pytest.param([("web1", "exposed", "kernel")], host(), "reboot", (DONE, ("live_patching", "kernel")), id="a reboot is allowed"),
    pytest.param([("web1", "exposed", "kernel"), ("web1", "unknown", "qemu")], host(), "reboot", (LEFT_ALONE, ()), id="a part is unknown"),
    pytest.param([("web1", "unknown", "")], host(), "reboot", (LEFT_ALONE, ()), id="unknown"),
    pytest.param([("web1", "exposed", "kernel")], host(verdict="unknown", reasons=["needs_root"]), "reboot", (LEFT_ALONE, ()), id="not judged"),
    pytest.param([("web1", "exposed", "kernel")], host(verdict="unreachable"), "reboot", (LEFT_ALONE, ()), id="not reached"),
    pytest.param([("web1", "exposed", "kernel")], None, "reboot", (LEFT_ALONE, ()), id="not scanned by this run"),
    pytest.param([("web1", "exposed", "qemu")], host(), "reboot", (NOT_DONE, ()), id="no role closes it"),
    pytest.param([("web1", "pending", "kernel")], host(), "migrate_guest", (NOT_DONE, ()), id="needs a reboot that is not allowed"),
    pytest.param([("web1", "pending", "kernel")], host(), "reboot", (DONE, ("kernel",)), id="needs a reboot that is"),
    pytest.param([("web1", "fixed_in_force", "kernel")], host(), "reboot", (NOT_DONE, ()), id="closed"),
    pytest.param([("web1", "mitigated_in_force", "kernel")], host(), "reboot", (NOT_DONE, ()), id="mitigated"),
    pytest.param([("web1", "exposed", "kernel")], host(ABSENT), "none", (DONE, ("mitigations", "live_patching")), id="mitigated and live-patched"),
    pytest.param([("web1", "exposed", "containerd")], host(ABSENT), "none", (DONE, ("mitigations",)), id="its mitigation is in the standard"),
    pytest.param([("web1", "exposed", "kernel")], host(ELSEWHERE), "none", (DONE, ("live_patching",)), id="that mitigation is another hole's"),
    pytest.param([("web1", "exposed", "containerd")], host(ELSEWHERE), "none", (NOT_DONE, ()), id="nor does it close this one"),
    pytest.param([("web1", "exposed", "kernel")], host(LONGER), "none", (DONE, ("live_patching",)), id="a hole whose number begins alike"),
    pytest.param([("web1", "exposed", "containerd")], host(LONGER), "none", (NOT_DONE, ()), id="which closes nothing of it either"),
    pytest.param([("web1", "fixed_in_force", "kernel")], host(finding("mitigations.needless", observed=["CVE-2026-10001: 6.1.170-1 runs"])), "none",
                 (NOT_DONE, ()), id="needless is another's"),
    pytest.param([("web1", "exposed", "kernel")], host(finding("mitigations.absent", observed=["CVE-2026-1, CVE-2026-1000: absent"])), "none",
                 (DONE, ("mitigations", "live_patching")), id="one mitigation of several holes"),
    pytest.param([("web1", "fixed_in_force", "kernel")], host(NEEDLESS), "none", (DONE, ("mitigations",)), id="unwound when the fix is in force"),
    pytest.param([("web1", "pending", "kernel")], host(NEEDLESS), "none", (NOT_DONE, ()), id="not unwound before"),
    pytest.param([("web1", "exposed", "kernel"), ("web1", "unknown", "x")], host(ABSENT), "none", (LEFT_ALONE, ()), id="nothing on what is unknown"),
])
def test_what_is_done_about_a_hole(rows: list[tuple[str, str, str]], seen: Any, most: str, expected: tuple[str, tuple[str, ...]]) -> None:
    one, = deciding.of_holes(answers(*rows), fleet(**({"web1": seen} if seen else {})), most)
    assert (one.decision, one.parts) == expected
    assert one.reason


def test_a_large_fleets_answers_are_those_of_its_hosts() -> None:
    """Above 200,000 answers the file has one row for all hosts that are alike."""
    grouped = {"schema": "firebreak.answers.grouped/2", "groups": [["web1", "web2"], ["db1"]], "answers": [
        {"group": 0, "cve": "CVE-2026-1000", "answer": "exposed", "component": "kernel", "reason": "6.1.153-1 runs"},
        {"group": 1, "cve": "CVE-2026-1000", "answer": "unknown", "reason": "no record"}]}
    found = deciding.of_holes(grouped, fleet(web1=host(), web2=host(), db1=host()), "none")
    assert {one.host: (one.decision, one.parts) for one in found} == {
        "web1": (DONE, ("live_patching",)), "web2": (DONE, ("live_patching",)), "db1": (LEFT_ALONE, ())}


@pytest.mark.parametrize(("findings", "healable", "most", "expected"), [
    (["live_patch.not_loaded"], ["live_patch.*"], "none", (DONE, ("live_patching",))),
    (["kernel.default_boot"], ["kernel.default_boot"], "none", (DONE, ("kernel",))),
    (["kernel.default_boot"], [], "reboot", (NOT_DONE, ())),
    (["kernel.default_boot"], ["live_patch.*"], "reboot", (NOT_DONE, ())),
    (["mitigations.needless", "os.release"], ["mitigations.*"], "none", (DONE, ("mitigations",))),
    (["services.stale"], ["*"], "none", (NOT_DONE, ())),
    (["kata.drop_ins"], ["*"], "none", (NOT_DONE, ())),
    (["kata.drop_ins", "os.release"], ["kata.*"], "restart_service", (DONE, ("kata",))),
    (["os.release"], ["*"], "reboot", (NOT_DONE, ())),
    ([], ["*"], "reboot", (NOT_DONE, ())),
])
def test_what_is_brought_back(findings: list[str], healable: list[str], most: str, expected: tuple[str, tuple[str, ...]]) -> None:
    one, = deciding.of_drift(fleet(web1=host(*map(finding, findings))), healable, most)
    assert (one.decision, one.parts) == expected


def test_what_the_standard_says_nothing_of_is_never_brought_back() -> None:
    one, = deciding.of_drift(fleet(web1=host(finding("kernel.default_boot", promise=None))), ["*"], "reboot")
    assert one.decision == NOT_DONE


@pytest.mark.parametrize("wrong", [None, [], {"hosts": []}, {"hosts": {"web1": None}},
                                   {"hosts": {"web1": {"verdict": 5, "findings": [1], "reasons": 2}}}])
def test_documents_of_any_type_lead_to_nothing(wrong: Any) -> None:
    assert {one.decision for one in deciding.of_drift(wrong, ["*"], "reboot")} <= {LEFT_ALONE}
    assert {one.decision for one in deciding.of_holes(answers(("web1", "exposed", "kernel")), wrong, "reboot")} == {LEFT_ALONE}
    assert deciding.of_holes(wrong, wrong, "reboot") == []


CLOSED, OPEN = Decision("web1", NOT_DONE, deciding.NOTHING_OPEN), Decision("web1", DONE, "exposed: 6.1.153-1 runs", ("live_patching",))


@pytest.mark.parametrize(("after", "broken", "expected", "words"), [
    pytest.param([CLOSED], {"web1": []}, "healed", "and proved", id="seen and proved"),
    pytest.param([CLOSED], None, "healed", "no proof", id="seen alone, and said so"),
    pytest.param([CLOSED], {"web1": ["os.release"]}, "healed", "and proved", id="what it was not about stays as it was"),
    pytest.param([CLOSED], {"web1": ["live_patch.level", "os.release"]}, "not_healed", "broken: live_patch.level", id="the proof says no"),
    pytest.param([CLOSED], {}, "not_healed", "did not reach it", id="the proof did not reach it"),
    pytest.param([OPEN], {"web1": []}, "not_healed", "6.1.153-1 runs", id="still open"),
    pytest.param([Decision("web1", LEFT_ALONE, "unknown: no tracer")], {"web1": []}, "not_healed", "no tracer", id="unknown afterwards"),
    pytest.param([], {"web1": []}, "not_healed", "not seen afterwards", id="not seen"),
    pytest.param([Decision("web1", NOT_DONE, f"{deciding.NOT_LISTED}: os.release")], {"web1": []}, "healed", "proved", id="the rest is not listed"),
])
def test_what_came_of_it(after: list[Decision], broken: Any, expected: str, words: str) -> None:
    one, = deciding.came_of({"web1": ["live_patching"]}, after, broken)
    assert one.decision == expected
    assert words in one.reason


def test_a_host_is_healed_by_its_own_parts_alone() -> None:
    assert deciding.left_out(("mitigations",)) == ["kernel", "live_patching", "hypervisor", "kata", "cpu_mitigations", "stale_userspace"]


def test_one_run_at_a_time_and_an_orphan_is_named(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert journal.take(tmp_path, other.pid, "first", 0) == ""
        with pytest.raises(journal.BusyError, match=f"of process {other.pid}"):
            journal.take(tmp_path, os.getpid(), "second", 0)
        other.communicate(b"\n")
    assert journal.take(tmp_path, os.getpid(), "second", 0) == "first"
    journal.give_back(tmp_path)
    assert journal.take(tmp_path, os.getpid(), "third", 0) == ""


def test_the_journal_keeps_its_lines_whatever_was_torn(tmp_path: Path) -> None:
    journal.note(tmp_path, [{"what": "begun", "at": "2026-11-01T00:00:00Z"}])
    with (tmp_path / journal.JOURNAL).open("a") as stream:
        stream.write('[1]\n{"what": "beg')
    journal.note(tmp_path, [{"what": "begun", "at": "2026-11-02T00:00:00Z"}])
    assert [row["at"][:10] for row in journal.lines(tmp_path)] == ["2026-11-01", "2026-11-02"]
    assert journal.begun_since(tmp_path, "2026-11-01T12:00:00Z") == 1
    assert json.loads((tmp_path / journal.JOURNAL).read_text().splitlines()[0])["what"] == "begun"
