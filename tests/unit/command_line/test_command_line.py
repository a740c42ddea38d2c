# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line without a run: statuses, progress, where things are, the ends of runs, completion and the manual page."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from firebreak import exits, places, running, watching, work
from firebreak.cli import firebreak, judged, last_action
from firebreak.exits import Exit


@pytest.mark.parametrize(("summary", "status"), [
    ({"hosts": 2, "compliant": 2, "drifted": 0, "unknown": 0, "unreachable": 0}, Exit.DONE),
    ({"compliant": 1, "drifted": 1, "unknown": 1, "unreachable": 1}, Exit.DRIFT),
    ({"compliant": 1, "drifted": 0, "unknown": 1, "unreachable": 1}, Exit.UNKNOWN),
    ({"compliant": 1, "drifted": 0, "unknown": 0, "unreachable": 1}, Exit.UNREACHABLE),
    ({"compliant": 0, "drifted": 0, "unknown": 0, "unreachable": 0}, Exit.UNKNOWN),
    ({}, Exit.UNKNOWN),
])
def test_the_status_of_a_report(summary: Mapping[str, int], status: Exit) -> None:
    assert exits.of_summary(summary) is status


@pytest.mark.parametrize(("states", "status"), [
    ({"exposed": 1, "unknown": 2}, Exit.DRIFT), ({"unknown": 1, "fixed_in_force": 3}, Exit.UNKNOWN), ({"fixed_in_force": 3}, Exit.DONE),
    ({}, Exit.DONE),
])
def test_the_status_of_answers(states: Mapping[str, int], status: Exit) -> None:
    assert exits.of_answers(states) is status


def outcome(results: dict[str, Any], status: int | None = 0, missing: list[str] | None = None) -> work.Outcome:
    seen = watching.Seen()
    seen.results = results
    return work.Outcome(seen, [running.Ended("all", status, "")], missing or [])


GOOD = {"fleet_report": {"summary": {"compliant": 3}}}


@pytest.mark.parametrize(("found", "status"), [
    (outcome(GOOD), Exit.DONE),
    (outcome(GOOD, 2), Exit.ERROR),
    (outcome(GOOD, None), Exit.ERROR),
    (outcome({}), Exit.ERROR),
    (outcome(GOOD, 0, ["slice 2"]), Exit.PART),
])
def test_no_run_that_broke_off_is_a_success(found: work.Outcome, status: Exit) -> None:
    assert judged("fleet_report")(found) is status


@pytest.mark.parametrize(("slices", "resume", "results", "status"), [
    (1, False, {"leave_records": {"summary": {"compliant": 3}}}, Exit.DONE),
    (2, False, GOOD, Exit.DONE),
    (1, True, GOOD, Exit.DONE),
    (1, True, {"leave_records": {"summary": {"compliant": 3}}}, Exit.ERROR),
    (1, False, {}, Exit.ERROR),
])
def test_a_scan_in_slices_ends_by_its_report_when_it_is_gone_on_with_too(slices: int, resume: bool, results: dict[str, Any], status: Exit) -> None:
    assert judged(last_action({"slices": slices, "resume": resume}))(outcome(results)) is status


def test_a_run_ends_by_what_it_left_not_by_what_its_process_said(tmp_path: Path) -> None:
    job = running.Job("slice 1", tmp_path, "scan.yml", (), {})
    assert running.ended(job).status is None
    left = tmp_path / "artifacts/run"
    left.mkdir(parents=True)
    (left / "status").write_text("successful", encoding="utf-8")
    assert running.ended(job).status is None
    (left / "rc").write_text("4", encoding="utf-8")
    assert running.ended(job).status == 4


def test_a_new_attempt_finds_no_artifacts_and_its_variables_are_private(tmp_path: Path) -> None:
    job = running.Job("all", tmp_path / "run", "scan.yml", ("-i", "a b"), {"secret": "x"})
    (tmp_path / "run/artifacts/run/job_events").mkdir(parents=True)
    (tmp_path / "run/artifacts/run/job_events/1-a.json").write_text("{}", encoding="utf-8")
    (tmp_path / "run/artifacts/run/rc").write_text("0", encoding="utf-8")
    running.prepare(job, {"A": "1"})
    assert running.ended(job).status is None
    for name in ("extravars", "envvars", "cmdline"):
        assert (tmp_path / "run/env" / name).stat().st_mode & 0o077 == 0
    assert (tmp_path / "run/env/cmdline").read_text(encoding="utf-8") == "-i 'a b'"


def event(kind: str, host: str = "", action: str = "", **result: Any) -> dict[str, Any]:
    return {"event": kind, "event_data": {"host": host, "task": "T", "task_action": action, "res": result, "role": result.pop("role", None)}}


def test_events_become_progress_lines_and_failures() -> None:
    seen = watching.Seen(3)
    for host, verdict in (("a", "compliant"), ("b", "unreachable"), ("b", "unreachable")):
        seen.hear(event("runner_on_ok", host, "firebreak.fleet.platform_scan", firebreak={"verdict": verdict}))
    assert (seen.done, seen.failed) == (2, 1)
    seen.hear(event("runner_on_ok", "a", "firebreak.fleet.fleet_report", lines=[["a line", "red"]], summary={"hosts": 2}))
    assert seen.lines == [("a line", "red")] and seen.results["fleet_report"]["summary"] == {"hosts": 2}
    seen.hear(event("runner_on_failed", "c", "ansible.builtin.fail", msg="why"))
    seen.hear(event("runner_on_ok", "d", "ansible.builtin.copy", changed=True, role="kernel"))
    seen.hear({"event": "verbose"})
    assert seen.failures == {"c": "why"} and dict(seen.changed) == {"kernel: T": 1}


def test_what_a_playbook_tells_a_person_is_shown() -> None:
    """adopt_standard.yml says where the standard is, enforce_platform.yml which hosts wait, verify_isolation.yml what each item of a loop is."""
    seen = watching.Seen()
    seen.hear(event("runner_on_ok", "web1", "ansible.builtin.debug", msg=["Written: /srv/standard.yml", "Read it"]))
    seen.hear(event("runner_on_ok", "web2", "ansible.builtin.debug", msg="web2: waits"))
    seen.hear(event("runner_on_ok", "web2", "debug", msg="a reboot is pending"))
    seen.hear(event("runner_item_on_ok", "localhost", "ansible.builtin.debug", msg="one item"))
    seen.hear(event("runner_on_ok", "localhost", "ansible.builtin.debug", msg="All items completed", results=[{"msg": "one item"}]))
    seen.hear(event("runner_on_ok", "localhost", "ansible.builtin.debug", firebreak_asked={}))
    seen.hear(event("runner_on_ok", "web2", "ansible.builtin.command", msg="not for people"))
    assert [text for text, _color in seen.lines] == ["Written: /srv/standard.yml", "Read it", "web2: waits", "web2: a reboot is pending", "one item"]


LISTED = """
playbook: /c/playbooks/report_drift.yml

  play #1 (all): Scan every host\tTAGS: []
    pattern: ['all']
    hosts (3):
      web2
      a host
      web1

  play #2 (localhost): Write the report\tTAGS: []
    pattern: ['localhost']
    hosts (1):
      localhost
"""


def test_the_hosts_of_a_run_are_those_of_its_first_play() -> None:
    assert work.listed_hosts(LISTED) == ["a host", "web1", "web2"]
    assert work.listed_hosts("\nplaybook: x.yml\n\n  play #1 (none): X\tTAGS: []\n    pattern: ['none']\n    hosts (0):\n") == []


def test_only_a_sliced_run_of_the_same_command_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(places.MissingError, match="no run of firebreak drift with --slices"):
        places.sliced_run("drift")
    for name, command, slices in (("1", "drift", 2), ("2", "scan", 3), ("3", "drift", 1)):
        run = tmp_path / places.RUNS / name
        run.mkdir(parents=True)
        asked = work.Asked(command, {"firebreak_sections": "os"}, ("hosts.yml",), "web*", ("--become",), slices, "rack")
        (run / places.NOTE).write_text(json.dumps(dataclasses.asdict(asked)), encoding="utf-8")
    (tmp_path / places.RUNS / "4").mkdir()
    run = places.sliced_run("drift")
    assert run.name == "1"
    typed = work.Asked("drift", {"firebreak_report_dir": "out"}, as_json=True, resume=True)
    again = work.resumed(typed, run)
    assert (again.inventory, again.limit, again.words, again.slices, again.group_by) == (("hosts.yml",), "web*", ("--become",), 2, "rack")
    assert again.variables == {"firebreak_sections": "os", "firebreak_report_dir": "out"} and again.as_json
    assert work.resumed(dataclasses.replace(typed, words=("--forks", "9")), run).words == ("--become", "--forks", "9")
    assert work.resumed(dataclasses.replace(typed, inventory=("other",), slices=4), run).inventory == ("other",)


def test_a_slice_is_done_if_it_ended_well_and_was_of_the_same_hosts(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    for number, (status, hosts) in enumerate((("0", "a\nd\n"), ("0", "b\nz\n"), (None, "c\n"))):
        own = tmp_path / f"slice-{number + 1}"
        (own / "artifacts/run").mkdir(parents=True)
        (own / work.LIMIT).write_text(hosts, encoding="utf-8")
        if status:
            (own / "artifacts/run/rc").write_text(status, encoding="utf-8")
    assert work.finished(tmp_path, names, 3) == {0}
    assert work.finished(tmp_path, [*names, "e"], 3) == {0}
    assert work.finished(tmp_path, names, 4) == set()


@pytest.mark.parametrize(("statuses", "is_part", "left"), [
    ((0, 0), True, []),
    ((0, None), True, ["1"]),
    ((254, 0), True, ["0"]),
    ((0, 4), True, ["1"]),
    ((2, 2), False, []),
    ((None, 2), False, ["0"]),
])
def test_a_slice_that_was_stopped_or_failed_is_a_part_that_is_missing(statuses: tuple[int | None, ...], is_part: bool, left: list[str]) -> None:
    """ansible-runner 2.4.3 ends a run that it was told to stop with rc 254 and the status canceled."""
    runs = [running.Ended(str(number), status, "") for number, status in enumerate(statuses)]
    assert work.broken_off(runs, is_part) == left


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_stops_as_ctrl_c_does_but_not_under_nohup(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), running.stoppable():
            os.kill(os.getpid(), number)
        signal.signal(number, signal.SIG_IGN)
        with running.stoppable():
            os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_the_scan_of_a_whole_fleet_tells_how_far_it_is_in_each_slice() -> None:
    seen = watching.Seen(10)
    for run, text in (("slice 1", "scanned 2 of 5 hosts, 2.0 a second, 2 s left: 1 compliant, 1 unreachable"),
                      ("slice 2", "scanned 3 of 5 hosts: 3 drifted"),
                      ("slice 1", "scanned 4 of 5 hosts, 2.0 a second, 1 s left: 2 compliant, 1 unreachable, 1 unknown")):
        seen.hear({"event": "verbose", "stdout": f"\x1b[0;34m{text}\x1b[0m"}, run)
    assert (seen.done, seen.failed) == (7, 2)
    seen.hear(event("runner_on_ok", "a", "firebreak.fleet.fleet_scan", scanned=5), "slice 1")
    seen.hear(event("runner_on_ok", "a", "firebreak.fleet.fleet_scan", scanned=5), "slice 1")
    assert seen.done == 8


def test_progress_says_done_rate_and_what_is_left() -> None:
    seen = watching.Seen(100)
    progress = watching.Progress(seen, False, io.StringIO())
    began = progress._began
    seen.done, seen.failed = 20, 2
    assert progress.text(began + 10) == "20 of 100 hosts, 2 not judged, 2.0 a second, 40 s left"
    seen.total = 2000
    assert progress.text(began + 10).endswith("16 min left")
    assert progress.text(began + 600) == "20 of 2000 hosts, 2 not judged, 2.0 a minute, 990 min left"
    seen.done = 0
    seen.task = "Begin"
    assert progress.text(began + 10) == "Begin"


@pytest.mark.parametrize("value", ["1", "anything"])
def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert watching.colors_wanted(Terminal())
    monkeypatch.setenv("NO_COLOR", value)
    assert not watching.colors_wanted(Terminal())


def test_the_inventory_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = tmp_path / "mine.cfg"
    named.write_text("[defaults]\ninventory = hosts\n", encoding="utf-8")
    other = tmp_path / "other.cfg"
    other.write_text("[defaults]\nforks = 5\n", encoding="utf-8")
    assert places.has_inventory({"ANSIBLE_CONFIG": str(named)})
    assert places.has_inventory({"ANSIBLE_CONFIG": str(other)}) is Path("/etc/ansible/hosts").exists()
    assert places.has_inventory({"ANSIBLE_INVENTORY": "x"})


@pytest.mark.parametrize(("configured", "given", "checked"), [
    (None, {}, "true"),
    ("[defaults]\nforks = 5\n", {}, "true"),
    ("[defaults]\nhost_key_checking = False ; a lab\n", {}, "False"),
    ("[defaults]\nhost_key_checking = no\n[ssh_connection]\nhost_key_checking = yes\n", {}, "yes"),
    ("[defaults]\nhost_key_checking = no\n", {"ANSIBLE_HOST_KEY_CHECKING": "True"}, "True"),
    ("host_key_checking = no\n", {}, "true"),
])
def test_host_keys_are_checked_unless_the_user_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: str | None,
                                                              given: dict[str, str], checked: str) -> None:
    """ansible-runner 2.4.3 sets ANSIBLE_HOST_KEY_CHECKING=False where it is not set (ansible_runner/config/_base.py), which beats ansible.cfg."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if configured is not None:
        Path("ansible.cfg").write_text(configured, encoding="utf-8")
    assert places.environment(tmp_path, given)["ANSIBLE_HOST_KEY_CHECKING"] == checked


def test_words_for_ansible(tmp_path: Path) -> None:
    asked = work.Asked("drift", inventory=("a,b", "more"), limit="web*", words=("--become",))
    assert asked.ansible(tmp_path) == ("-i", "a,b", "-i", "more", "--limit", "web*", "--become")
    assert asked.ansible(tmp_path, "@file")[-3:] == ("--limit", "@file", "--become")


def test_hosts_are_grouped_by_a_label(tmp_path: Path) -> None:
    first = {"rack": "r1"}
    hosts = {"a": {"verdict": "compliant", "labels": first}, "b": {"verdict": "drifted", "labels": first}, "c": {"verdict": "unknown"}}
    (tmp_path / "fleet.json").write_text(json.dumps({"hosts": hosts}), encoding="utf-8")
    groups = work.grouped({"directory": str(tmp_path)}, "rack")
    assert {name: list(counts.values()) for name, counts in groups.items()} == {"": [0, 0, 1, 0], "r1": [1, 1, 0, 0]}
    assert work.grouped({"directory": str(tmp_path / "none")}, "rack") == {}


def test_every_command_teaches_by_help_and_is_in_the_manual() -> None:
    page = CliRunner().invoke(firebreak, ["man"]).output
    for name, command in firebreak.commands.items():
        shown = CliRunner().invoke(firebreak, [name, "--help"])
        assert shown.exit_code == 0 and command.help
        assert command.hidden or f".SS firebreak {name}" in page
        assert command.hidden or re.search(rf"^ +firebreak {name}\b", shown.output, re.MULTILINE), f"{name} has no example"
    for status in Exit:
        assert rf"\fB{int(status)}\fR" in page
        assert re.search(rf"^ +{int(status)}  ", CliRunner().invoke(firebreak, ["--help"]).output, re.MULTILINE)


# The commands that run a playbook, and what of it is their document: adopt writes a file, and says which.
PLAYBOOKS = {"scan": "scan", "drift": "report_drift", "answer": "answer_cve", "plan": "plan_platform", "enforce": "enforce_platform",
             "status": "rollout_status", "verify": "verify_platform", "compare": "compare_reports", "history": "show_history",
             "report": "report_records", "standard": "show_standard"}


@pytest.mark.parametrize("command", PLAYBOOKS)
def test_a_document_holds_the_result_of_its_command(command: str) -> None:
    assert "--json" in CliRunner().invoke(firebreak, [command, "--help"]).output
    text = (places.collection() / "playbooks" / f"{PLAYBOOKS[command]}.yml").read_text(encoding="utf-8")
    imported = "".join((places.collection() / "playbooks" / name).read_text(encoding="utf-8") for name in re.findall(r"import_playbook: (\S+)", text))
    answering = [name for name in work.ANSWERING if f"firebreak.fleet.{name}:" in text + imported]
    assert answering
    seen = watching.Seen()
    seen.results = {answering[0]: {"summary": {"compliant": 1}, "lines": [["a", None]], "changed": False, "_ansible_no_log": False}}
    made = work.document(work.Asked(command), work.Outcome(seen, []), Exit.DONE, {})
    assert made["result"] == {"summary": {"compliant": 1}}


def test_an_error_is_never_without_words(capsys: pytest.CaptureFixture[str]) -> None:
    """A playbook that met no host ends well for Ansible."""
    found = outcome({})
    found.seen.hear({"event": "playbook_on_no_hosts_matched"})
    work.show(work.Asked("drift", quiet=True), found, judged("fleet_report")(found))
    assert capsys.readouterr().err == "no host matches the pattern\n"


def test_a_document_without_a_result_of_ours_holds_what_was_told() -> None:
    seen = watching.Seen()
    seen.lines = [("Written: /srv/standard.yml", None)]
    assert work.document(work.Asked("adopt"), work.Outcome(seen, []), Exit.DONE, {})["result"] == {"told": ["Written: /srv/standard.yml"]}


@pytest.mark.parametrize(("shell", "words"), [
    ("bash", "complete -o nosort -F"), ("zsh", "#compdef firebreak"), ("fish", "complete --no-files --command firebreak")])
def test_completion(shell: str, words: str) -> None:
    assert words in CliRunner().invoke(firebreak, ["completion", shell]).output
    typed = {"_FIREBREAK_COMPLETE": f"{shell}_complete", "COMP_WORDS": "firebreak dri", "COMP_CWORD": "1" if shell != "fish" else "dri"}
    assert "drift" in CliRunner(env=typed).invoke(firebreak, prog_name="firebreak").output


@pytest.mark.parametrize("name", ["web1", "~nobody-of-this-name/hosts", "x" * 300])
def test_a_lone_name_is_no_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(firebreak, ["drift", "-i", name], terminal_width=2000)
    assert done.exit_code == 2
    assert f"{name} is no file or folder here; names of hosts have a comma, the last one too where it is alone: -i {name}," in done.output


def test_a_wrong_word_is_usage() -> None:
    assert CliRunner().invoke(firebreak, ["drift", "--slices", "0"]).exit_code == Exit.USAGE
    assert CliRunner().invoke(firebreak, ["nonsense"]).exit_code == Exit.USAGE
