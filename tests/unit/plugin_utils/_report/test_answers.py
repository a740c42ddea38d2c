# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every form of the answers of one fleet, with hostile names and texts in it; OpenMetrics as its own library reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import fleet as fleets
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import kept, of_record, written
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.fleet import Answers
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.index import Urgency
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import Advisory, Row
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.told import told
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.host import Loaded
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.answers import answer_lines, answers_json, answers_openmetrics
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.answers_page import answers_html
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.answers_sarif import answers_sarif
from code_scanning import refused
from prometheus_client.openmetrics import parser

PARSE: Any = parser.text_string_to_metric_families
QUESTION = Path(__file__).parents[4] / "tests/benchmarks/_question.py"
CVE, OTHER = "CVE-2026-31431", "CVE-2026-1"
HOSTILE = 'db"\n<script>alert(1)</script>\x1b[31m'
OSV = {"id": "DSA-1", "aliases": [CVE], "affected": [{"package": {"ecosystem": "Debian:12", "name": "linux"}, "ranges": [
       {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.1.158-1"}]}]}]}
GUESTS = [{"name": "web", "pid": 7, "nested": True}, {"name": "db", "pid": 8, "nested": False}, {"name": "off", "pid": None, "nested": None}]


def document(host: str, version: str) -> dict[str, Any]:
    rows = [{"release": f"k-{text}", "package": "linux-image", "package_version": text, "source": "linux"} for text in ("6.1.153-1", "6.1.158-1")]
    runs = next(row for row in rows if row["package_version"] == version)
    return {"host": host, "record": {"scanned_at": "2026-11-28T06:00:00Z", "os": {"id": "debian", "version_id": "12"},
            "kernel": {"version_order": "dpkg", "installed": rows, "running": runs, "default_boot": {"release": "k-6.1.158-1"}},
            "containers": {"engines": [], "counts": {"host_kernel": 3}}, "kata": {"sandboxes": []},
            "hypervisor": {"components": [], "processes": [], "guests": GUESTS}}}


def answers_of(*documents: dict[str, Any]) -> Answers:
    advisories = {CVE: [Advisory("DSA-1", (CVE,), (Row("debian:12", "linux", fixed="6.1.158-1"),), HOSTILE)], OTHER: []}
    facts = fleets.of_fleet([of_record.fact_of(Loaded(one["host"], one)) for one in documents], ["lost"])
    rows = tuple(fleets.rows_of(facts, [told(cve, found) for cve, found in advisories.items()], {"debian:12"}))
    urgency = {CVE: Urgency("2026-11-30", True, 0.91), OTHER: Urgency()}
    feeds = ({"path": "/srv/<feed>", "age": "1 hours old", "vouched": False},)
    return Answers("2026-11-28T08:00:00Z", urgency, facts, rows, feeds, (f"x: {HOSTILE}",), {CVE: HOSTILE})


@pytest.fixture(scope="module")
def answers() -> Answers:
    return answers_of(document("web", "6.1.153-1"), document(HOSTILE, "6.1.153-1"), document("new", "6.1.158-1"))


def test_a_terminal_gets_counts_due_dates_ages_and_what_hangs_on_it(answers: Answers) -> None:
    lines = [line.text for line in answer_lines(answers)]
    assert lines[0] == f"{CVE}: 1 unknown, 2 pending, 1 fixed_in_force (due 2026-11-30, in 2 days; used by ransomware; EPSS 0.91)"
    pending = next(line for line in lines if "pending " in line and "web" in line)
    assert pending.endswith("-> reboot it [6 containers, 4 guests (2 with vmx or svm)]")
    assert "  records: 2 to 2 hours old" in lines
    assert "  feed /srv/<feed>: 1 hours old, neither signature nor digest" in lines
    assert all(line.isprintable() for line in lines)
    assert f"{OTHER}: 4 unknown" in lines


def test_json_says_all_of_it(answers: Answers) -> None:
    document_ = json.loads("".join(answers_json(answers)))
    assert document_["cves"][CVE] == {"hosts": {"unknown": 1, "pending": 2, "fixed_in_force": 1}, "due": "2026-11-30", "ransomware": True,
                                      "epss": 0.91, "title": document_["cves"][CVE]["title"]}
    assert document_["hosts"]["web"]["age_hours"] == 2.0
    pending, other = (row for row in document_["answers"] if row["answer"] == "pending")
    assert [pending["host"], other["host"]] == sorted([HOSTILE, "web"])
    assert pending["blast_radius"] == {"containers": 6, "guests": 4, "nested": 2, "sandboxes": 0}


def test_json_of_many_cves_names_the_hosts_of_a_row_once(answers: Answers) -> None:
    """Whoever reads the file gets the same rows of the same hosts."""
    single = json.loads("".join(answers_json(answers)))
    grouped = json.loads("".join(answers_json(answers, 1)))
    assert [single["schema"], grouped["schema"]] == [written.SCHEMA, written.GROUPED_SCHEMA]
    assert len(grouped["answers"]) < len(single["answers"])

    def read(document_: dict[str, Any]) -> list[str]:
        return sorted(json.dumps([host, {**row, "group": "", "host": ""}], sort_keys=True) for host, row in written.rows(document_))
    assert read(single) == read(grouped)


def test_openmetrics_is_read_by_its_own_library(answers: Answers) -> None:
    families = {family.name: family for family in PARSE("".join(answers_openmetrics(answers)))}
    found = {(sample.labels["cve"], sample.labels["answer"]): sample.value for sample in families["firebreak_answers"].samples}
    assert found == {(CVE, "unknown"): 1, (CVE, "pending"): 2, (CVE, "fixed_in_force"): 1, (OTHER, "unknown"): 4}
    assert families["firebreak_answer_epss"].samples[0].value == 0.91
    assert {sample.labels["what"]: sample.value for sample in families["firebreak_answer_open_on"].samples if sample.labels["cve"] == CVE} == {
        "containers": 6, "guests": 4, "sandboxes": 0}


def test_sarif_has_a_result_for_each_open_host_and_a_note_for_each_unknown(answers: Answers) -> None:
    report = json.loads("".join(answers_sarif(answers, "1.2.3")))
    assert refused(report) == []
    (run,) = report["runs"]
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [(CVE, "warning")] * 2
    assert run["tool"]["driver"]["rules"][0]["id"] == CVE
    assert len({result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]}) == 2
    assert all(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("records/") for result in run["results"])
    notes = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert f"{CVE}: lost: no record of this host" in notes
    assert run["invocations"][0]["executionSuccessful"] is False


def test_the_page_escapes_everything(answers: Answers) -> None:
    page = "".join(answers_html(answers))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page
    assert "due 2026-11-30, in 2 days" in page


def test_what_is_kept_of_a_report_is_what_its_records_say(tmp_path: Path) -> None:
    """The second question reads the records no more, unless one changed."""
    (tmp_path / "records").mkdir()
    path = tmp_path / "records" / "web.json"
    path.write_text(json.dumps(document("web", "6.1.153-1")))
    first = kept.facts_of(tmp_path)
    assert (tmp_path / kept.NAME).is_file()
    assert kept.facts_of(tmp_path) == first == [of_record.fact_of(Loaded("web", document("web", "6.1.153-1")))]
    path.write_text(json.dumps(document("other", "6.1.158-1")))
    assert [fact.host for fact in kept.facts_of(tmp_path)] == ["other"]
    (tmp_path / kept.NAME).write_text("{")
    assert [fact.host for fact in kept.facts_of(tmp_path)] == ["other"]


@pytest.mark.usefixtures("interleaved")
def test_records_that_come_and_go_while_they_are_listed_cost_no_other(tmp_path: Path) -> None:
    """As when another run takes away the report that is asked."""
    records = tmp_path / "records"
    records.mkdir()
    (records / "web.json").write_text("{}")

    def come_and_go() -> None:
        for _turn in range(50):
            some = [records / f"b{number}.json" for number in range(7)]
            for path in some:
                path.touch()
            for path in some:
                path.unlink()

    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(come_and_go)
        while not other.done():
            assert kept._listed(records)[-1][:2] == ("web.json", 2)
    assert other.result() is None and len(kept._listed(records)) == 1 and kept._listed(tmp_path / "none") == []


def test_the_second_question_loads_no_reader_of_feeds_or_records(tmp_path: Path) -> None:
    """What was compiled and kept is answered in a tenth of a second: loading the readers alone takes twice that."""
    for folder, name, content in (("records", "web.json", document("web", "6.1.153-1")), ("../feed", "dsa.json", OSV)):
        (tmp_path / "run" / folder).resolve().mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / folder / name).resolve().write_text(json.dumps(content), encoding="ascii")
    (tmp_path / "cves").write_text(CVE, encoding="ascii")
    argv = [sys.executable, "-X", "importtime", str(QUESTION), str(tmp_path / "run"), str(tmp_path / "cves")]
    first, second = (subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=True).stderr for _turn in range(2))
    readers = ("._answers.documents", "._answers.components", "._standard.validation", "tarfile", "xml.etree", "jinja2")
    assert [name for name in readers if name not in first] == ["jinja2"]
    assert [name for name in readers if name in second] == []
    assert json.loads((tmp_path / "run/answers.json").read_text())["cves"][CVE]["hosts"] == {"pending": 1}
