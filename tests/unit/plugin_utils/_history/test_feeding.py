# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How runs feed the history: what is set, what an earlier run could not bring in, and what is said where it fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.store import StoreError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import feeding, keeping, observed, upgrade
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.errors import HistoryError, explained, library, missing
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.feeding import Setting
from history_suite import DAY, HOUR, START, changed, finding, host, iso, journal, spans


@pytest.mark.parametrize(("value", "expected"), [
    ("", Setting("beside", False)), (None, Setting("beside", False)), ("auto", Setting("beside", False)),
    (False, Setting("", False)), ("false", Setting("", False)), ("No", Setting("", False)), ("off", Setting("", False)),
    (True, Setting("beside", True)), ("yes", Setting("beside", True)), ("/srv/h.sqlite", Setting("/srv/h.sqlite", True)),
    ("postgresql+psycopg://db/x", Setting("postgresql+psycopg://db/x", True)),
])
def test_what_is_set(value: Any, expected: Setting) -> None:
    assert feeding.setting(value, "beside") == expected


def test_who_wants_to_see_it_gets_it_or_is_told() -> None:
    assert feeding.asked_for("", "beside") == Setting("beside", True)
    with pytest.raises(HistoryError, match="firebreak_history is False: there is none"):
        feeding.asked_for(False, "beside")


def test_a_library_that_is_not_there_is_named_with_the_extra() -> None:
    assert missing(("sqlalchemy", "no_such_library")) == ["no_such_library"]
    with pytest.raises(HistoryError, match=r"no_such_library in the Python that runs Ansible \(/.*pip install '/.*\[history\]'"):
        library("no_such_library.part")


def run_of(reports: Path, hour: int, hosts: Mapping[str, Any], **more: Any) -> Path:
    """The directory that a run has left behind."""
    run = reports / f"202611{1 + hour // 24:02}T{hour % 24:02}0000Z"
    run.mkdir(parents=True)
    report = {"schema": "firebreak.fleet/1", "generated_at": iso(START + hour * HOUR), "partial": False, "standards": {}, "hosts": hosts}
    (run / "fleet.json").write_text(json.dumps(report))
    for name, document in more.items():
        (run / f"{name}.json").write_text(json.dumps(document))
    return run


def feed(place: str, run: Path) -> str:
    """What a report's task does."""
    return feeding.feed(Setting(place, True), run, "fleet.json", lambda: feeding.read(run, "fleet.json"))


def test_what_one_run_could_not_bring_in_the_next_one_does(tmp_path: Path) -> None:
    reports, place = tmp_path / "reports", str(tmp_path / "h/history.sqlite")
    first = run_of(reports, 0, {"web1": host(finding("kernel.running"))})
    (tmp_path / "h").write_text("no folder")
    said = feed(place, first)
    assert said.startswith(f"the history {place}: ")
    assert "the report is whole" in said
    (tmp_path / "h").unlink()
    answers = {"schema": "firebreak.answers/1", "generated_at": iso(START + HOUR), "cves": {"CVE-1": {}},
               "answers": [{"cve": "CVE-1", "host": "web1", "answer": "exposed"}]}
    run_of(reports, 1, {"web1": host()}, answers=answers)
    assert feed(place, run_of(reports, 2, {"web1": host(finding("kernel.running"))})) == ""
    history = upgrade.opened(place)
    assert [row[2:6] for row in spans(history)] == [(0, "open", 1, "resolved"), (2, "open", None, None)]
    assert [row[1:4] for row in spans(history, "hole")] == [("CVE-1", 1, "exposed")]
    before = keeping.counts(history)
    assert feeding.catch_up(history, feeding._runs(reports)) == (0, [], [])
    for mark in reports.glob("*/.in_history"):
        mark.unlink()
    left, told, _refused = feeding.catch_up(history, feeding._runs(reports))
    assert (left, len(told), all(line.endswith("(known already)") for line in told)) == (0, 4, True)
    assert keeping.counts(history) == before
    history.close()

    def written_anew_meanwhile() -> observed.Document | None:
        (first / "fleet.json").write_text("{}")
        return seen

    seen = feeding.read(first, "fleet.json")
    assert feeding.feed(Setting(place, True), first, "fleet.json", written_anew_meanwhile) == ""
    assert feeding.unmarked(first, place) == ["fleet.json"]


def test_journals_are_read_again_only_where_they_grew_and_a_broken_one_keeps_no_other_back(tmp_path: Path) -> None:
    place, folder = Setting(str(tmp_path / "history.sqlite"), True), tmp_path / "reports/rollout"
    folder.mkdir(parents=True)
    lines = [json.dumps(line) + "\n" for line in journal((1, changed("web1")), (2, changed("web2")))]
    (folder / "20261101T000000Z.jsonl").write_text("no JSON\n")
    path = folder / "20261101T010000Z.jsonl"
    path.write_text("".join(lines[:2]) + lines[2][:20])
    for _again in range(2):
        assert "20261101T000000Z.jsonl: line 1: it is no JSON" in feeding.feed_journals(place, [folder, tmp_path / "reports/heal"])
    path.write_text("".join(lines))
    history = upgrade.opened(place.place)
    assert [line for is_well, line in feeding.journals(history, folder) if is_well] == [f"{path}: 1 line of it new"]
    assert keeping.counts(history)["event"] == 3
    history.close()


def test_of_more_than_a_day_of_runs_none_is_lost(tmp_path: Path) -> None:
    last = feeding.CATCH_UP + 2
    runs = [run_of(tmp_path / "reports", hour, {"web1": host(*[finding("kernel.running")] * (hour == last - 2))}) for hour in range(last + 1)]
    place = str(tmp_path / "history.sqlite")
    assert feed(place, runs[-1]) == (
        f"2 older runs of {tmp_path / 'reports'} not in the history yet, and so not this one: the next runs bring them in, the oldest first, "
        "and playbooks/keep_history.yml all at once")
    assert feed(place, run_of(tmp_path / "reports", last + 1, {"web1": host()})) == ""
    history = upgrade.opened(place)
    assert keeping.counts(history)["ingest"] == last + 2
    assert [row[2:6] for row in spans(history)] == [(last - 2, "open", last - 1, "resolved")]
    history.close()


def test_runs_that_are_refused_keep_no_other_back(tmp_path: Path) -> None:
    for hour in range(feeding.CATCH_UP + 2):
        ahead = run_of(tmp_path / "reports", 20 * 365 * 24 + hour, {"web1": host()})
        ahead.rename(ahead.with_name(f"20261030T0{hour // 10}{hour % 10}000Z"))
    place = str(tmp_path / "history.sqlite")
    assert "2 older runs of" in feed(place, run_of(tmp_path / "reports", 0, {"web1": host()}))
    history = upgrade.opened(place)
    assert keeping.counts(history)["ingest"] == 1
    history.close()


def test_a_run_from_the_future_keeps_no_other_back_and_is_told_each_time(tmp_path: Path) -> None:
    place, years = str(tmp_path / "history.sqlite"), 20 * 365 * 24
    ahead = run_of(tmp_path / "reports", years, {"web1": host()})
    ahead.rename(ahead.with_name("20261101T000000Z"))
    for hour in (1, 2):
        said = feed(place, run_of(tmp_path / "reports", hour, {"web1": host(*[finding("kernel.running")] * hour)}))
        assert said.startswith(f"{tmp_path}/reports/20261101T000000Z/fleet.json: the history {place}: the scan of 2046-")
    history = upgrade.opened(place)
    assert keeping.counts(history)["ingest"] == 2
    history.close()


@pytest.mark.usefixtures("interleaved")
def test_a_document_that_another_run_takes_away_while_it_is_read_is_none(tmp_path: Path) -> None:
    path = tmp_path / "proof/proof.json"
    path.parent.mkdir()
    proof = json.dumps({"schema": "firebreak.proof/1", "padding": list(range(500))})

    def come_and_go() -> None:
        for _turn in range(200):
            path.write_text(proof)
            path.unlink()

    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(come_and_go)
        while not other.done():
            feeding.read(tmp_path, feeding.PROOF)
    assert other.result() is None and feeding.read(tmp_path, feeding.PROOF) is None


def test_a_run_that_another_one_takes_away_needs_no_mark(tmp_path: Path) -> None:
    feeding.mark(tmp_path / "reports/20261101T000000Z", "fleet.json", "here", [1, 2])
    with pytest.raises(StoreError, match="cannot write"):
        (tmp_path / feeding.MARK).mkdir()
        feeding.mark(tmp_path, "fleet.json", "here", [1, 2])


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": "other"}',
                                  '{"schema": "firebreak.fleet/1", "generated_at": "yesterday", "hosts": {}}',
                                  '{"schema": "firebreak.fleet/1", "generated_at": "2026-11-01T00:00:00Z", "hosts": [1]}', "[" * 100000])
def test_documents_that_are_none_stop_nothing(tmp_path: Path, text: str) -> None:
    run = run_of(tmp_path / "reports", 0, {})
    (run / "fleet.json").write_text(text)
    (run / "answers.json").write_text(text)
    place = str(tmp_path / "history.sqlite")
    assert feed(place, run_of(tmp_path / "reports", 1, {"web1": host()})) == ""
    history = upgrade.opened(place)
    assert keeping.counts(history)["host"] == 1
    history.close()


@pytest.mark.parametrize("wrong", [None, 1, "x", [], {"findings": 1, "waived": {}, "labels": [], "facts": {"kernel.running": 1}, "sections": {}},
                                   {"verdict": 3, "findings": [1, {"id": 2}, {"id": "x", "evidence": 5}], "labels": {"a": {}}, "scanned_at": 7},
                                   {"waived": [{"id": "kernel.running", "waiver": "none"}], "facts": {"a": [None, {"b": 1}]}, "cannot_say": 4}])
def test_a_hosts_entry_of_any_type_is_kept_or_passed_over(tmp_path: Path, wrong: Any) -> None:
    place = str(tmp_path / "history.sqlite")
    assert feed(place, run_of(tmp_path / "reports", 0, {"web1": wrong, "web2": host(scanned_at=iso(START + DAY))})) == ""


@pytest.mark.parametrize(("said", "expected"), [
    ('could not extend file "base/1/2": No space left on device', "its file system is full"), ("database or disk is full", "its file system is full"),
    ("attempt to write a readonly database", "this user may not write to it"), ("database disk image is malformed", "restore a backup"),
    ("connection refused\n\tIs the server running", "connection refused Is the server running"),
])
def test_errors_are_one_line(said: str, expected: str) -> None:
    message = str(explained("x", OSError(said)))
    assert expected in message
    assert "\n" not in message


def test_answers_of_groups_of_hosts_are_those_of_their_hosts() -> None:
    head = {"generated_at": iso(START), "cves": {"CVE-1": {}, "CVE-2": {}}}
    rows = [{"cve": cve, "answer": answer, "host": name} for cve, answer, names in (("CVE-1", "exposed", "ab"), ("CVE-2", "pending", "c"))
            for name in names]
    grouped = {**head, "schema": "firebreak.answers.grouped/2", "groups": [["a", "b"], ["c"]],
               "answers": [{"cve": "CVE-1", "answer": "exposed", "group": 0}, {"cve": "CVE-2", "answer": "pending", "group": 1}]}
    one, other = observed.of_answers({**head, "schema": "firebreak.answers/1", "answers": rows}), observed.of_answers(grouped)
    assert one is not None
    assert other is not None
    assert (other.key, other.hosts, other.asked) == (one.key, one.hosts, one.asked)
    assert {seen.name: [state.word for state in seen.things.values()] for seen in one.hosts} == {"a": ["exposed"], "b": ["exposed"], "c": ["pending"]}
    assert observed.of_answers(grouped, 2) is None
