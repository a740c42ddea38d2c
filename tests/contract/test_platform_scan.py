# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of platform_scan over hosts of every kind: each has a document, none is failed or unreachable to Ansible."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Stands in for sudo: takes its options, asks for a password as sudo does, and becomes nobody else.
SUDO = """\
while [ $# -gt 0 ]; do case $1 in -p) prompt=$2; shift 2;; -u) shift 2;; -*) shift;; *) break;; esac; done
"""
ASKS = SUDO + """printf '%s' "$prompt" >&2; read -r word
[ "$word" = right ] || { echo 'Sorry, try again.' >&2; echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
exec "$@"
"""
WANTS_TERMINAL = SUDO + "[ -t 0 ] || { echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1; }\nexec \"$@\"\n"

OLD = 'test "$1" = -V && echo Python 2.7.5 && exit; exit 75\n'
CHATTY = f'echo Welcome; echo "firebreak:0000:AAAA:end"; "{sys.executable}" "$@"; r=$?; echo Goodbye; exit $r\n'
LIAR = 'echo "firebreak:$4:bm9uc2Vuc2U=:end"; exit 0\n'
# An ssh that cannot connect and is slow to end: what is still being sent to it then meets a closed pipe.
CLOSING = """[ "$(head -c 70000 | wc -c)" -lt 70000 ] || { exec 0<&-; sleep 0.5; }
echo 'ssh: connect to host 127.0.0.1 port 22: Connection refused' >&2; exit 255
"""
MUTE = "cat >/dev/null; exit 0\n"


def _script(path: Path, text: str) -> str:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _become(program: str, password: str | None = None) -> dict[str, Any]:
    return {"ansible_become": True, "ansible_become_method": "ansible.builtin.sudo", "ansible_become_exe": program,
            **({"ansible_become_password": password} if password else {})}


def _inventory(directory: Path) -> dict[str, Any]:
    python = os.path.realpath(sys.executable)
    asks, wants_terminal = _script(directory / "asks", ASKS), _script(directory / "tty", WANTS_TERMINAL)
    hosts: dict[str, dict[str, Any]] = {
        "plain": {"wanted": "0.0.0-none", "firebreak_standard": {"kernel": {"running": "{{ wanted }}"}}},
        "automatic": {"ansible_python_interpreter": "auto_silent"},
        "delegated": {},
        "missing": {"ansible_python_interpreter": "/nonexistent/python3"},
        "old": {"ansible_python_interpreter": _script(directory / "old", OLD)},
        "chatty": {"ansible_python_interpreter": _script(directory / "chatty", CHATTY)},
        "liar": {"ansible_python_interpreter": _script(directory / "liar", LIAR)},
        "mute": {"ansible_python_interpreter": _script(directory / "mute", MUTE)},
        "dead": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": _closed_port()},
        "closing": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_ssh_executable": _script(directory / "closing", CLOSING)},
        "right_password": _become(asks, "right"),
        "wrong_password": _become(asks, "wrong"),
        "right_password_unpiped": {**_become(asks, "right"), "ansible_pipelining": False},
        "requiretty": _become(wants_terminal),
        "../../escaped": {},
    }
    return {"all": {"vars": {"ansible_connection": "local", "ansible_python_interpreter": python}, "hosts": hosts}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, Any]], str, Path]:
    """(host -> document, what ansible-playbook printed, the run's directory) of one run under --check."""
    directory = tmp_path_factory.mktemp("scan")
    (directory / "hosts.json").write_text(json.dumps(_inventory(directory)))
    task: dict[str, Any] = {"firebreak.fleet.platform_scan": {"directory": str(directory / "run"), "sections": ["os", "kernel"], "available": False}}
    delegated = {**task, "delegate_to": "plain", "when": "inventory_hostname == 'delegated'"}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{**task, "when": "inventory_hostname != 'delegated'"}, delegated]}
    (directory / "play.json").write_text(json.dumps([play]))
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_BECOME_ALLOW_SAME_USER": "true", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "--check", "-i", str(directory / "hosts.json"), str(directory / "play.json")],
        capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=environment)
    documents = [json.loads(path.read_text()) for path in (directory / "run" / "records").iterdir()]
    return {document["host"]: document for document in documents}, done.stdout + done.stderr, directory


Run = tuple[dict[str, dict[str, Any]], str, Path]


def test_every_host_has_a_document_and_none_failed(run: Run, tmp_path: Path) -> None:
    documents, output, _ = run
    assert sorted(documents) == sorted(_inventory(tmp_path)["all"]["hosts"]), output
    assert len(re.findall(r"unreachable=0 +failed=0", output)) == len(documents), output


@pytest.mark.parametrize("host", ["plain", "automatic", "delegated", "chatty", "right_password", "right_password_unpiped", "../../escaped"])
def test_scanned(run: Run, host: str) -> None:
    document = run[0][host]
    assert document["error"] is None
    assert document["record"]["kernel"]["running"]["release"] == os.uname().release
    assert sorted(document["record"]["seconds"]) == ["kernel", "os"]
    assert document["record"]["scanner"]["version"]


def test_judged_by_the_hosts_own_templated_standard(run: Run) -> None:
    document = run[0]["plain"]
    (finding,) = [finding for finding in document["findings"] if finding["id"] == "kernel.running"]
    assert document["verdict"] == "drifted"
    assert (finding["expected"], finding["observed"]) == ("0.0.0-none", os.uname().release)
    standard = run[2] / "run" / "standards" / f"{document['standard']}.json"
    assert json.loads(standard.read_text())["kernel"]["running"] == "0.0.0-none"


@pytest.mark.parametrize(("host", "verdict", "reason", "words"), [
    ("missing", "unknown", "python_too_old", "missing: Python 3.6 or newer is wanted, seen: none of /nonexistent/python3"),
    ("old", "unknown", "python_too_old", "(Python 2.7.5): status 75"),
    ("liar", "unknown", "scan_failed", "liar: the scan ended with status 0 and without a record"),
    ("mute", "unknown", "scan_failed", "mute: the scan ended with status 0 and without a record: nothing was printed"),
    ("dead", "unreachable", "unreachable", "Connection refused"),
    ("closing", "unreachable", "unreachable", "Connection refused"),
    ("wrong_password", "unknown", "scan_failed", "password"),
    ("requiretty", "unknown", "scan_failed", "you must have a tty"),
])
def test_what_went_wrong_is_a_verdict_with_one_message(run: Run, host: str, verdict: str, reason: str, words: str) -> None:
    document = run[0][host]
    assert document["verdict"] == verdict
    assert [text for text in document["reasons"] if text.startswith(reason)], document["reasons"]
    assert words in document["error"]
    assert document["error"].isprintable()
    assert document["error"].startswith(f"{host}: ")


def test_without_python_the_shell_told_what_runs(run: Run) -> None:
    record = run[0]["missing"]["record"]
    assert record["kernel"]["running"]["release"] == os.uname().release
    assert record["os"]["id"]
    assert {null["reason"] for null in record["nulls"]} == {"no_python"}


def test_files_are_private_and_inside_the_run(run: Run) -> None:
    directory = run[2]
    assert stat.S_IMODE((directory / "run" / "records").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (directory / "run" / "records").iterdir()} == {0o600}
    assert not list(directory.parent.glob("escaped*"))
    assert not list(directory.glob("escaped*"))


def test_an_invalid_standard_and_an_unknown_section_are_one_clear_error(tmp_path: Path) -> None:
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
    for extra, words in (({"sections": ["kernal"]}, "sections: kernal: no such section"), ({"standard": {"kernal": {}}}, "kernal")):
        done = subprocess.run(
            [str(Path(sys.executable).parent / "ansible"), "localhost", "-i", "localhost,", "-c", "local", "-m", "firebreak.fleet.platform_scan",
             "-a", json.dumps(extra)], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, env=environment)
        assert done.returncode == 2
        assert words in done.stdout + done.stderr
