# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as rows: every host is there, what hosts say is no formula, and each list of hosts is one that --limit takes."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.fleet import Fleet, Loaded, merge
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.changes import Changes
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.next_steps import Command, connection_words, next_steps, started_by
from ansible_collections.firebreak.fleet.plugins.plugin_utils._report.rows import csv_cell, csv_line, csv_text, json_lines, limit_files, rows
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.terminal import is_for_programs
from synthetic_fleet import EFFECTIVE, STANDARD, documents

NOW = "2026-11-20T06:04:00Z"
HERE = Path("/home/me/firebreak")


def fleet_of(count: int, standard: str | None = str(EFFECTIVE.sha256)) -> Fleet:
    """A fleet; hostile words in one host."""
    found = [dict(document) for document in documents(count)]
    found[0]["labels"] = {"rack": "r1", "owner": "=cmd|' /C calc'!A0"}
    if standard is None:
        found = [{**document, "standard": None, "findings": [], "waived": []} for document in found]
    return merge((Loaded("x", document) for document in found), [], {str(EFFECTIVE.sha256): STANDARD}, NOW)


def test_every_host_has_a_row_and_every_finding_one_of_its_own() -> None:
    fleet = fleet_of(60)
    lines = [json.loads(line) for line in json_lines(fleet)]
    assert {line["host"] for line in lines} == {host.name for host in fleet.hosts}
    assert len(lines) == sum(max(1, len(host.findings) + len(host.waived)) for host in fleet.hosts)
    marks = [line["fingerprint"] for line in lines if "fingerprint" in line]
    assert len(marks) == len(set(marks))


def test_csv_is_read_back_and_holds_no_formula() -> None:
    fleet = fleet_of(60)
    read = list(csv.DictReader(io.StringIO("".join(csv_text(fleet)), newline="")))
    assert len(read) == len(list(rows(fleet)))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in read for cell in row.values())
    assert {row["label_owner"] for row in read} == {"", "'=cmd|' /C calc'!A0"}
    assert {row["state"] for row in read} <= {"open", "observed", "waived", ""}


@pytest.mark.parametrize(("said", "cell"), [
    ("=1+1", "'=1+1"), ("x;=1+1", "x;'=1+1"), ("x,=1+1", "x,'=1+1"), ("x|@SUM(1)", "x|'@SUM(1)"), ('x;"=1+1"', 'x;"\'=1+1"'), (" =1+1", " '=1+1"),
    ("x; \t=1+1", "x; \\x09=1+1"), ("\t=1+1", "\\x09=1+1"), ("\uff1d1", "'\uff1d1"), ("x;\uff0b1", "x;'\uff0b1"), ("\uff0d1", "'\uff0d1"),
    ("\uff20x", "'\uff20x"), ("6.1.0-56-amd64", "6.1.0-56-amd64"), ("root=/dev/vda, quiet", "root=/dev/vda, quiet"), (["a", "-b"], "a, '-b"),
    (7, "7"), (None, ""), ([], "")])
def test_what_a_host_says_is_no_formula(said: Any, cell: str) -> None:
    assert csv_cell(said) == cell


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_no_reader_finds_a_formula_whatever_separates_its_cells(separator: str) -> None:
    """Every text of up to four of these letters, as spreadsheets of other countries read it."""
    for length in range(1, 5):
        for letters in itertools.product('=\uff20,;|\t" \'', repeat=length):
            line = csv_line(["web1", csv_cell("".join(letters) + "1"), csv_cell("".join(letters) + "=1")])
            cells = next(csv.reader(io.StringIO(line, newline=""), delimiter=separator))
            assert not any(cell.lstrip(' "').startswith(("=", "\uff20")) for cell in cells), line


def test_limit_files_hold_the_hosts_that_break_a_promise() -> None:
    fleet = fleet_of(200)
    files = limit_files(fleet)
    wanted = [host.name for host in fleet.hosts if any(item["id"] == "kernel.running" and item["promise"] for item in host.findings)]
    assert files["kernel.running"] == wanted
    assert sum(len(files.get(name, [])) for name in ("compliant", "drifted", "unknown", "unreachable")) == 200


@pytest.mark.parametrize(("argv0", "playbook", "line"), [
    ("/home/me/firebreak/.venv/bin/ansible-playbook", "playbooks/report_drift.yml",
     ".venv/bin/ansible-playbook -i inventories/local playbooks/adopt_standard.yml"),
    (".venv/bin/ansible-playbook", "playbooks/report_drift.yml", ".venv/bin/ansible-playbook -i inventories/local playbooks/adopt_standard.yml"),
    ("/usr/bin/ansible-playbook", "firebreak.fleet.report_drift", "ansible-playbook -i inventories/local firebreak.fleet.adopt_standard"),
    ("/opt/x/ansible-playbook", "mine.yml", "/opt/x/ansible-playbook -i inventories/local firebreak.fleet.adopt_standard"),
    ("ansible-playbook", "playbooks/enforce_platform.yml", "ansible-playbook -i inventories/local playbooks/adopt_standard.yml"),
])
def test_the_next_command_is_one_that_works_from_here(argv0: str, playbook: str, line: str) -> None:
    command = started_by(argv0, playbook, [str(HERE / "inventories/local")], HERE, "/usr/local/bin:/usr/bin")
    assert command.line("adopt_standard") == line


def test_without_a_standard_the_next_step_is_to_adopt_one() -> None:
    command = started_by("ansible-playbook", "playbooks/report_drift.yml", ["inv"], HERE, "")
    told = [line.text for line in next_steps(fleet_of(8, None), command, "reports/latest")]
    assert any("adopt_standard.yml --limit " in line for line in told)
    assert not any("adopt_standard" in line.text for line in next_steps(fleet_of(60), command, "reports/latest"))


@pytest.mark.parametrize(("given", "words"), [
    ({}, ()),
    ({"remote_user": "admin", "become": True, "become_ask_pass": True}, ("--user", "admin", "--become", "--ask-become-pass")),
    ({"remote_user": "deploy", "become": False, "become_method": "sudo", "connection": "ssh"}, ()),
    ({"become": True, "become_method": "community.general.doas", "become_password_file": "/run/word"},
     ("--become", "--become-password-file", "/run/word", "--become-method", "community.general.doas")),
    ({"vault_password_files": ["a", "b c"], "private_key_file": "keys/my key"},
     ("--private-key", "keys/my key", "--vault-password-file", "a", "--vault-password-file", "b c")),
])
def test_the_next_command_logs_in_as_this_run_did(given: dict[str, Any], words: tuple[str, ...]) -> None:
    usual = {"remote_user": "deploy", "become": False, "become_method": "sudo", "connection": "ssh", "become_user": "root"}
    assert connection_words({**usual, **given}, usual) == words
    command = Command("ansible-playbook", "scan.yml", (), connection=words)
    assert shlex.split(command.line("adopt_standard", "--become")).count("--become") == 1
    assert set(connection_words({**usual, **given}, usual, is_firebreak=True)) <= {*words}


@pytest.mark.parametrize(("as_root", "becomes"), [(True, False), (False, True), (None, True)])
def test_who_is_root_already_is_not_told_to_become_it(as_root: bool | None, becomes: bool) -> None:
    """A login as root may find no sudo on the host."""
    fleet = fleet_of(8, None)
    fleet = dataclasses.replace(fleet, hosts=tuple(dataclasses.replace(host, as_root=as_root) for host in fleet.hosts))
    told = [line.text for line in next_steps(fleet, Command("firebreak", "", (), True), "reports/latest") if "adopt" in line.text]
    assert any("--become" in line for line in told) == becomes


@pytest.mark.parametrize(("name", "wanted"), [
    ("ansible.posix.json", True), ("ansible.posix.jsonl", True), ("json", True), ("community.general.null", True), ("default", False),
    ("ansible.builtin.minimal", False), ("community.general.yaml", False), ("awx_display", False)])
def test_a_document_for_programs_is_known_by_its_callback(name: str, wanted: bool) -> None:
    assert is_for_programs(name) is wanted


def test_changes_are_told_by_role_and_task() -> None:
    changes = Changes()
    assert list(changes.lines(True)) == []
    for host in ("web1", "web2"):
        changes.add("firebreak.fleet.kernel", "Install", host)
    changes.add("other.role", "Install", "web1")
    assert [line.text for line in changes.lines(True)] == ["", "What would be changed", "  kernel: Install  on web1, web2"]
