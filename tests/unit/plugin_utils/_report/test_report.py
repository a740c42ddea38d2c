# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of the report: each is what its readers' own grammar wants, also when hosts are hostile."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import Fleet, Loaded, is_drift, merge
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.artifact import BYTES_LIMIT, artifact
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.fleet_json import fleet_json
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.junit import junit
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.machine import machine
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.openmetrics import openmetrics
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.page import html, segments
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.sarif import sarif
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.sarif_form import RESULTS_LIMIT, message
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.table import failure, headline, table
from code_scanning import refused
from golden_record import golden
from prometheus_client.openmetrics import parser
from synthetic_fleet import EFFECTIVE, STANDARD, documents

NOW = "2026-11-20T06:04:00Z"
SCHEMA = Path(__file__).resolve().parents[4] / "docs/schemas/fleet.schema.json"
EVIL = '</script><script>alert(1)</script><!-- \u2028\u202e \x1b]0;owned\x07\n\x00 ]]> " \\ {{ 7*7 }} \ud800 \ufffe'

# The text format of metrics: a comment, or a name, labels whose values hold no bare quote, backslash or line end, and a number.
LABEL = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"firebreak_[a-z_]+(?:\{{{LABEL}(?:,{LABEL})*\}})? [0-9.]+")


def fleet_of(items: Iterable[dict[str, Any]]) -> Fleet:
    """The fleet of these documents under the synthetic standard."""
    return merge((Loaded("file", item) for item in items), [], {str(EFFECTIVE.sha256): STANDARD}, NOW)


def evil_document() -> dict[str, Any]:
    """A host that attacks with each of its words."""
    finding = {"id": EVIL, "severity": "high", "promise": EVIL, "expected": EVIL, "observed": {EVIL: [EVIL, float("nan")]}, "remedy": EVIL,
               "disruption": "reboot", "evidence": [{"fact": EVIL, "source": EVIL}]}
    return {"schema": "firebreak.host/1", "host": EVIL, "scanned_at": EVIL, "verdict": "drifted", "reasons": [EVIL], "standard": EVIL,
            "findings": [finding, {**finding, "promise": None}], "waived": [{**finding, "waiver": EVIL}], "error": EVIL,
            "record": {"os": {"id": EVIL, "version_id": [EVIL]}, "kernel": {"running": {"release": EVIL}}, "nulls": [{"fact": 7}, EVIL]}}


FLEETS = {"ordinary": fleet_of(documents(60)), "hostile": fleet_of([evil_document(), *documents(3)]), "empty": fleet_of([])}


@pytest.fixture(params=FLEETS)
def fleet(request: pytest.FixtureRequest) -> Fleet:
    """An ordinary fleet, one with a hostile host, and one without hosts."""
    return FLEETS[request.param]


def test_fleet_json_follows_its_schema(fleet: Fleet) -> None:
    report = json.loads("".join(fleet_json(fleet)), parse_constant=pytest.fail)
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(report)
    assert list(report["hosts"]) == [host.name for host in fleet.hosts]


def test_metrics_follow_their_grammar(fleet: Fleet) -> None:
    lines = "".join(openmetrics(fleet)).split("\n")
    assert lines[-2:] == ["# EOF", ""]
    assert [line for line in lines[:-2] if not line.startswith(("# HELP ", "# TYPE ")) and not SAMPLE.fullmatch(line)] == []
    assert f'firebreak_hosts{{verdict="drifted"}} {fleet.summary["drifted"]}' in lines


def test_metrics_say_how_many_hosts_run_a_kernel() -> None:
    fleet = fleet_of(documents(20))
    kernel = fleet.distribution["kernel.running"]["values"][0]
    sample = f'firebreak_fact_hosts{{fact="kernel.running",value="{kernel["value"]}"}} {kernel["hosts"]}'
    assert sample in "".join(openmetrics(fleet)).splitlines()


def test_the_metrics_are_read_by_the_strict_parser_of_their_own_library(fleet: Fleet) -> None:
    parse: Any = parser.text_string_to_metric_families
    families = {family.name: family for family in parse("".join(openmetrics(fleet)))}
    assert {sample.labels["verdict"]: sample.value for sample in families["firebreak_hosts"].samples}.items() <= fleet.summary.items()


def test_junit_is_xml_whose_counts_are_true(fleet: Fleet) -> None:
    root = ElementTree.fromstring("".join(junit(fleet)).encode())
    assert int(root.get("tests", "")) == len(root.findall(".//testcase"))
    assert int(root.get("failures", "")) == len(root.findall(".//failure"))
    assert int(root.get("errors", "")) == len(root.findall(".//error"))
    cases = [(case.get("classname"), case.get("name")) for case in root.findall(".//testcase")]
    assert len(cases) == len(set(cases))
    assert all(str(name).count(".") == 1 for name, _case in cases)
    for suite, host in zip(root, fleet.hosts, strict=True):
        assert (suite.find(".//failure") is None and suite.find(".//error") is None) == (host.verdict == "compliant")


def test_junit_is_read_by_a_second_reader_with_the_same_counts(fleet: Fleet) -> None:
    read: Any = junitparser.JUnitXml.fromstring("".join(junit(fleet)).encode())
    told = [(case.classname, case.name, [type(result).__name__ for result in case.result]) for suite in read for case in suite]
    kinds = [kind for _class, _name, results in told for kind in results]
    assert (read.tests, read.failures, read.errors) == (len(told), kinds.count("Failure"), kinds.count("Error"))
    assert len({(class_name, name) for class_name, name, _results in told}) == len(told)
    read.update_statistics()
    assert read.skipped == kinds.count("Skipped") == sum(len(host.waived) + sum(not is_drift(item) for item in host.findings) for host in fleet.hosts)


def test_code_scanning_takes_the_report(fleet: Fleet) -> None:
    assert refused(json.loads("".join(sarif(fleet, "1.2.3")))) == []


# How readers of SARIF find links, by its rules, and without regard to backslashes; tags; and where an argument is put (3.11.5).
LINKS = (re.compile(r"(?<!\\)(?:\\\\)*!?\[(?:[^\\\[\]]|\\.)*\]\([^)]*\)"), re.compile(r"\[[^\]]+\]\([^)]+\)"), re.compile(r"<[A-Za-z/!?]"),
         re.compile(r"\{[0-9]+\}"))


@pytest.mark.parametrize("said", ["[x](https://x)", "![x](https://x)", "a [x](1) b", "\\[x](1)", "[x\\](1)", "\\\\[x\\](1)", "[[x](1)](2)",
                                  "[x][y](1)", "<https://x>", "<img src=x>", "[x](<y>)", "C:\\x <1 [2] \x1b", "{0} {{1}} {x}"])
def test_what_a_host_says_is_no_link_in_a_message(said: str) -> None:
    text = message(said)["text"]
    assert not any(link.search(text) for link in LINKS), text
    read = re.sub(r"\\([\\\[\]])", r"\1", text)
    assert read.replace(" ", "") == said.replace("\x1b", "\\x1b").replace(" ", "")


def test_no_message_of_a_hostile_host_has_a_link() -> None:
    document = evil_document()
    evil = "[x](https://x) ![x](https://x)"
    report = json.loads("".join(sarif(fleet_of([json.loads(json.dumps(document).replace(json.dumps(EVIL), json.dumps(evil))),
                                                {**document, "host": evil, "verdict": "unknown"}]), "1.2.3")))
    (run,) = report["runs"]
    told = [result["message"] for result in run["results"]] + run["invocations"][0]["toolExecutionNotifications"]
    rules = [rule[name] for rule in run["tool"]["driver"]["rules"] for name in ("shortDescription", "fullDescription", "help")]
    texts = [each.get("text") or each["message"]["text"] for each in (*told, *rules)]
    assert any("https://x" in text for text in texts)
    assert not any(link.search(text) for link in LINKS for text in texts)


def test_a_report_that_code_scanning_would_refuse_is_cut_and_says_so() -> None:
    fleet = fleet_of(documents(60))
    whole, cut = (json.loads("".join(sarif(fleet, "1.2.3", limit)))["runs"][0] for limit in (RESULTS_LIMIT, 20))
    assert RESULTS_LIMIT == 25_000 and cut["results"] == whole["results"][:20]
    more = f"{len(whole['results']) - 20} more results in fleet.json"
    assert cut["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"] == more
    assert "more results" not in json.dumps(whole["invocations"])


def test_sarif_names_a_rule_and_a_place_for_each_result(fleet: Fleet) -> None:
    report = json.loads("".join(sarif(fleet, "1.2.3")))
    run = report["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert report["version"] == "2.1.0" and len(rules) == len(set(rules))
    assert len(run["results"]) == sum(sum(map(is_drift, host.findings)) + len(host.waived) for host in fleet.hosts)
    hashes = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(hashes) == len(set(hashes))
    assert all(rule["fullDescription"]["text"] and ".. " not in rule["help"]["text"] for rule in run["tool"]["driver"]["rules"])
    assert run["automationDetails"]["id"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["properties"]["promise"] or result["suppressions"]
        assert re.fullmatch(r"records/[A-Za-z0-9_.-]+\.json", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def test_the_page_keeps_data_apart_from_markup(fleet: Fleet) -> None:
    page = "".join(html(fleet))
    assert page.count("<script") == 2 and page.count("</script>") == 2 and "<!--" not in page
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data and len(json.loads(data[1])["hosts"]) == len(fleet.hosts)
    assert data[1].isascii() and not set("<>&") & set(data[1])
    assert "default-src 'none'" in page and "unsafe" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#)|url\(|@import""", page.replace(data[1], ""))


def test_the_page_allows_its_own_script_only() -> None:
    page = "".join(html(FLEETS["ordinary"]))
    policy = re.search(r"script-src '(sha256-[^']+)'", page)
    changed = "".join(html(FLEETS["hostile"]))
    assert policy and policy[1] in changed


def test_no_line_of_a_terminal_is_steered(fleet: Fleet) -> None:
    lines = list(table(fleet, 120))
    for host in fleet.hosts:
        lines += machine(host, {"nulls": [{"fact": EVIL, "reason": EVIL}], "os": {"pretty_name": EVIL}, "cpu": {"vulnerabilities": {EVIL: 3}}}, EVIL)
    assert [line.text for line in lines if not line.text.isprintable()] == []


def test_one_machine_tells_what_keeps_it_patched() -> None:
    record = golden({
        "live_patch": {"provider": {"id": "kpatch"}, "effective": {"level": "1-4"}, "protection": "at_risk", "reasons": ["in_transition"],
                       "patches": [{"id": "kpatch_1_4", "state": "enabling", "kind": "fix"}],
                       "transition": {"in_progress": True, "blocking_count": 3}},
        "services.stale": [{"unit": "ssh.service", "program": "/usr/sbin/sshd", "started_at": "2026-11-01T06:00:00Z",
                            "replaced": ["/usr/lib/libssl.so.3", "/usr/lib/libcrypto.so.3"], "deleted": []}],
        "services.unread": [{"pid": 7, "program": None, "reason": "needs_root"}],
        "kata.sandboxes": [{"version": "4.0.0", "guest_kernel": "6.18.20-199", "stale": True}, {"version": "4.1.0", "stale": None}]})
    (host,) = fleet_of(documents(1)).hosts
    told = "\n".join(line.text for line in machine(host, record, ""))
    for row in ("Live patching     at_risk, kpatch at level 1-4 (in_transition)\n                    kpatch_1_4 enabling\n"
                "                    in transition: 3 threads still run the other code\n",
                "Services          1 unit on replaced or deleted files, of 120 processes\n"
                "                    ssh.service since 2026-11-01T06:00:00Z: /usr/lib/libssl.so.3 and 1 more\n"
                "                    cannot say of 1 process (needs_root)\n",
                "Containers        0 on this kernel (0 privileged), 1 in sandboxes, 0 unknown\n",
                "Kata Containers   4.1.0 in force from /opt/kata-4.1.0\n"
                "                    1 sandbox of 4.0.0, guest kernel 6.18.20-199: not what is in force\n"
                "                    1 sandbox of 4.1.0, guest kernel unknown: cannot say whether as in force"):
        assert row in told


def test_the_table_is_short_and_says_what_it_left_out() -> None:
    fleet = fleet_of(documents(200))
    lines = [line.text for line in table(fleet, 100)]
    assert sum(line.startswith(tuple(host.name for host in fleet.hosts)) for line in lines) == 30
    bad = 200 - fleet.summary["compliant"]
    assert f"... and {bad - 30} more that are not compliant and {fleet.summary['compliant']} compliant hosts" in lines
    assert "WHAT IS BROKEN" in lines and "KERNELS RUNNING" in lines
    assert max(len(line) for line in lines[2:33]) <= 100


@pytest.mark.parametrize(("verdicts", "sentence"), [
    (["compliant"], "The host is on the standard"),
    (["drifted"], "The host is not shown to be on the standard"),
    (["compliant"] * 2, "Both hosts are on the standard"),
    (["compliant"] * 3, "All 3 hosts are on the standard"),
    (["compliant", "drifted", "unknown"], "1 of 3 hosts is on the standard"),
    (["compliant", "compliant", "unreachable"], "2 of 3 hosts are on the standard"),
])
def test_the_verdict_is_one_true_sentence(verdicts: list[str], sentence: str) -> None:
    items = [{**document, "verdict": verdict} for document, verdict in zip(documents(3), verdicts, strict=False)]
    assert headline(fleet_of(items)) == sentence


def test_failing_is_asked_for_and_names_what_differs() -> None:
    drift = {"id": "kernel.running", "severity": "high", "expected": "6.1.0-41", "observed": "6.1.0-38"}
    base = {"schema": "firebreak.host/1", "standard": "a" * 64, "record": {}}
    drifted = {**base, "host": "web1", "verdict": "drifted", "findings": [drift]}
    lost = {**base, "host": "db1", "verdict": "unreachable", "reasons": ["unreachable"], "record": None}
    noticed = {**base, "host": "hv1", "verdict": "compliant", "findings": [{**drift, "promise": None}]}
    fleet = fleet_of([drifted, lost, noticed])
    assert failure(fleet, "never") == ""
    assert failure(fleet, "drift") == "1 of 3 hosts drifted: web1: kernel.running expected 6.1.0-41, observed 6.1.0-38"
    assert "db1 is unreachable: it cannot be reached (unreachable)" in failure(fleet, "unknown")
    assert failure(fleet_of([noticed]), "unknown") == failure(fleet_of([lost]), "drift") == ""


def test_the_artifact_of_any_fleet_fits() -> None:
    items = [{**document, "host": f"{number:04d}{'é' * 290}", "verdict": "drifted"} for number, document in enumerate(documents(2000))]
    data = artifact(fleet_of(items))
    assert len(json.dumps(data).encode()) <= BYTES_LIMIT
    assert data["worst"] and data["hosts_left_out"] == 2000 - len(data["worst"])


def test_no_verdict_that_exists_is_too_thin_to_be_seen() -> None:
    bar = segments({"compliant": 99_999, "drifted": 0, "unknown": 1, "unreachable": 1})
    assert [part["verdict"] for part in bar] == ["compliant", "unknown", "unreachable"]
    assert min(part["width"] for part in bar) >= 6
    assert bar[-1]["x"] + bar[-1]["width"] == pytest.approx(1000)
