# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same hosts asked both ways over a real ssh: from one process, and by a task each. Their documents are the same."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from benchmarks._own_sshd import ADDRESS, Server, own_sshd

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.path.realpath(sys.executable)
BIN = Path(sys.executable).parent
LAX = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR"

# Stand in for sudo: each takes its options and becomes nobody else.
OPTIONS = "while [ $# -gt 0 ]; do case $1 in -p) prompt=$2; shift 2;; -u) shift 2;; -*) shift;; *) break;; esac; done\n"
PLAIN = OPTIONS + 'exec "$@"\n'
ASKS = OPTIONS + """printf '%s' "$prompt" >&2; read -r word
[ "$word" = right ] || { echo 'Sorry, try again.' >&2; echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
exec "$@"
"""
# As sudo-rs 0.2 asks: the prompt that it was given, within one of its own.
RUST = ASKS.replace("""'%s' "$prompt\"""", """'[sudo: %s] Password: ' "$prompt\"""")
WANTS_TERMINAL = OPTIONS + "[ -t 0 ] || { echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1; }\nexec \"$@\"\n"
# util-linux's su without a terminal.
SU = """while [ $# -gt 0 ]; do case $1 in -c) command=$2; shift 2;; *) shift;; esac; done
printf 'Password: ' >&2; read -r word; [ "$word" = right ] || { echo 'su: Authentication failure' >&2; exit 1; }; exec sh -c "$command"
"""
CHATTY = f'echo Welcome; echo "firebreak:0000:AAAA:end"; "{PYTHON}" "$@"; r=$?; echo Goodbye; exit $r\n'
LIAR = 'echo "firebreak:$4:bm9uc2Vuc2U=:end"; exit 0\n'
OLD = 'test "$1" = -V && echo Python 2.7.5 && exit; exit 75\n'
FLOOD = 'test "$1" = -V && exit; exec yes firebreak\n'
HANGS = "exec sleep 30\n"

MITOGEN = "mitogen==0.3.54"
MITOGEN_STRATEGIES = "mitogen/ansible_mitogen/plugins/strategy"

TASK = {"sections": ["os", "kernel"], "available": False}


class Both(NamedTuple):
    """Documents by host, of each way of asking; what the fleet's task returned and printed."""

    fleet: dict[str, Any]
    tasks: dict[str, Any]
    asked: dict[str, Any]
    output: str


def _script(path: Path, text: str) -> str:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _become(program: str, password: str | None = None, method: str = "ansible.builtin.sudo") -> dict[str, Any]:
    return {"ansible_become": True, "ansible_become_method": method, "ansible_become_exe": program,
            **({"ansible_become_password": password} if password else {})}


def _hosts(folder: Path, server: Server) -> dict[str, dict[str, Any]]:
    """Hosts of every way to connect and to become root that one machine can show."""
    asks, plain = _script(folder / "asks", ASKS), _script(folder / "plain", PLAIN)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "stranger")], check=True)
    proxy = f"-o ProxyCommand='{PYTHON} {_script(folder / 'pipe', '')} %h %p'"
    (folder / "pipe").write_text(PIPE)
    return {
        "plain": {"wanted": "0.0.0-none", "firebreak_standard": {"kernel": {"running": "{{ wanted }}"}},
                  "firebreak_labels": {"rack": "{{ wanted }}"}},
        "automatic": {"ansible_python_interpreter": "auto_silent"},
        "templated": {"other": ADDRESS, "ansible_host": "{{ other }}", "where": server.port, "ansible_port": "{{ where }}"},
        "second_names": {"ansible_host": "192.0.2.1", "ansible_ssh_host": ADDRESS, "ansible_port": 1, "ansible_ssh_port": server.port},
        "proxied": {"ansible_ssh_common_args": f"{LAX} {proxy}"},
        "unkept": {"ansible_ssh_args": "-o ControlMaster=no", "ansible_control_path": ""},
        "executable": {"ansible_ssh_executable": _script(folder / "ssh", 'exec ssh "$@"\n')},
        "sudo": _become(plain),
        "sudo_password": _become(asks, "right"),
        "sudo_wrong": _become(asks, "wrong"),
        "sudo_unpiped": {**_become(asks, "right"), "ansible_pipelining": False},
        "su_password": _become(_script(folder / "su", SU), "right", "ansible.builtin.su"),
        "requiretty": {**_become(_script(folder / "tty", WANTS_TERMINAL)), "ansible_pipelining": False},
        "refused": {"ansible_ssh_private_key_file": str(folder / "stranger"),
                    "ansible_ssh_extra_args": "-o IdentitiesOnly=yes -o IdentityAgent=none"},
        "dead": {"ansible_port": _closed_port()},
        "chatty": {"ansible_python_interpreter": _script(folder / "chatty", CHATTY)},
        "liar": {"ansible_python_interpreter": _script(folder / "liar", LIAR)},
        "old": {"ansible_python_interpreter": _script(folder / "old", OLD)},
        "missing": {"ansible_python_interpreter": "/nonexistent/python3"},
        "own_user": {"ansible_user": "{{ lookup('env', 'LOGNAME') or 'root' }}"},
        "here": {"ansible_connection": "local"},
        "own_word": {"firebreak_transport": "ansible"},
    }


# What ProxyCommand runs: a pipe to a port.
PIPE = """import os, select, socket, sys
door = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while True:
    for ready in select.select([0, door], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else door.recv(65536)
        if not data:
            sys.exit()
        door.sendall(data) if ready == 0 else os.write(1, data)
"""
LEFT = {"sudo_unpiped": "pipelining is off", "requiretty": "wants a terminal", "here": "connection local",
        "own_word": "firebreak_transport is ansible"}


def _command(folder: Path, hosts: dict[str, Any], server: Server, tasks: list[dict[str, Any]], *words: str, **play: Any
             ) -> tuple[list[str], dict[str, str]]:
    """A play and its inventory, written; how it is run, and with which environment."""
    variables = {"ansible_connection": "ssh", "ansible_host": ADDRESS, "ansible_port": server.port, "ansible_ssh_private_key_file": str(server.key),
                 "ansible_ssh_common_args": LAX, "ansible_python_interpreter": PYTHON, "ansible_timeout": 120,
                 "ansible_control_path": str(server.key.parent / "{{ inventory_hostname }}")}
    (folder / "hosts.json").write_text(json.dumps({"all": {"vars": variables, "hosts": hosts}}))
    (folder / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks, **play}]))
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_BECOME_ALLOW_SAME_USER": "true", "LC_ALL": "C.UTF-8",
                   "ANSIBLE_STRATEGY_PLUGINS": str(folder / MITOGEN_STRATEGIES)}
    return [str(BIN / "ansible-playbook"), "-i", str(folder / "hosts.json"), str(folder / "play.json"), *words], environment


def _play(folder: Path, hosts: dict[str, Any], server: Server, tasks: list[dict[str, Any]], *words: str, **play: Any) -> str:
    argv, environment = _command(folder, hosts, server, tasks, *words, **play)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _documents(run: Path) -> dict[str, Any]:
    documents = (json.loads(path.read_text()) for path in (run / "records").iterdir())
    return {document["host"]: document for document in documents}


def _fleet(run: Path, **more: Any) -> dict[str, Any]:
    return {"firebreak.fleet.fleet_scan": {**TASK, "directory": str(run), **more}, "register": "asked", "run_once": True, "delegate_to": "localhost"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with own_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture(scope="module")
def both(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("both")
    hosts = _hosts(folder, server)
    left = {"firebreak.fleet.platform_scan": {**TASK, "directory": str(folder / "fleet")}, "when": "inventory_hostname in asked.left"}
    output = _play(folder, hosts, server, [_fleet(folder / "fleet"), left])
    _play(folder, hosts, server, [{"firebreak.fleet.platform_scan": {**TASK, "directory": str(folder / "tasks")}}])
    return Both(_documents(folder / "fleet"), _documents(folder / "tasks"), json.loads((folder / "fleet" / "asked.json").read_text()), output)


def _without_time(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what two looks at one host differ in: when, and by whom becoming root was marked."""
    record = document["record"] or {}
    kept = {name: value for name, value in record.items() if name not in ("scanned_at", "seconds")}
    # Of an ssh that ended before all was written to it, ansible-core says either that or what ssh said.
    error = re.sub(r"(Data could not be sent to remote host).*", r"\1", document["error"] or "")
    return {**document, "scanned_at": "", "record": kept, "error": error}


def test_every_host_has_the_same_document_whoever_asked_it(both: Both) -> None:
    assert sorted(both.fleet) == sorted(both.tasks), both.output
    for host, document in both.tasks.items():
        assert _without_time(both.fleet[host]) == _without_time(document), host


def test_what_cannot_be_asked_so_is_left_with_the_reason_and_nothing_else_is(both: Both) -> None:
    left = {host: how["why"] for host, how in both.asked.items() if how["by"] == "platform_scan"}
    assert sorted(left) == sorted(LEFT)
    for host, words in LEFT.items():
        assert words in left[host]
        assert words in both.output


@pytest.mark.parametrize("host", ["plain", "automatic", "templated", "second_names", "proxied", "unkept", "executable", "sudo", "sudo_password",
                                  "sudo_unpiped", "su_password", "requiretty", "chatty", "own_user", "here", "own_word"])
def test_scanned(both: Both, host: str) -> None:
    document = both.fleet[host]
    assert document["error"] is None
    assert document["record"]["kernel"]["running"]["release"] == os.uname().release


def test_a_password_reaches_sudo_rs_under_every_core(server: Server, tmp_path: Path) -> None:
    rust = _script(tmp_path / "rust", RUST)
    _play(tmp_path, {"right": _become(rust, "right"), "wrong": _become(rust, "wrong")}, server, [_fleet(tmp_path / "run")])
    documents = _documents(tmp_path / "run")
    assert documents["right"]["error"] is None
    assert "Incorrect sudo password" in documents["wrong"]["error"]


COUNTED = 'test "$1" = -V && exit; "{python}" "$@" >"{folder}/said"; r=$?; wc -c <"{folder}/said" >>"{folder}/sizes"; cat "{folder}/said"; exit $r\n'


def test_a_second_look_is_cheap_and_whole(server: Server, tmp_path: Path) -> None:
    """What another look finds unchanged comes from the earlier run; a record that is not there any more is asked for again."""
    hosts = {"one": {"ansible_python_interpreter": _script(tmp_path / "counted", COUNTED.format(python=PYTHON, folder=tmp_path))}}
    runs = [tmp_path / f"run{number}" for number in range(3)]
    for run, last in zip(runs, (tmp_path / "none", runs[0], runs[1]), strict=True):
        if run == runs[2]:
            whole = _documents(runs[1])["one"]
            (runs[1] / "records" / "one.json").write_text('{"record": {"forged": true}}')
        _play(tmp_path, hosts, server, [_fleet(run, last=str(last), sections=["os", "cpu"])])
    first, again = _documents(runs[0])["one"], _documents(runs[2])["one"]
    assert first["record"]["cpu"]
    assert _without_time(whole) == _without_time(first) == _without_time(again)
    assert [int(size) < 1024 for size in (tmp_path / "sizes").read_text().split()] == [False, True, True, False]


def test_dead_hanging_and_flooding_hosts_cost_one_deadline_and_bounded_memory(server: Server, tmp_path: Path) -> None:
    """The answer of a host is cut while it arrives; the deadline ends the client, and what ran on the host ends by itself."""
    closed, flood, hangs = _closed_port(), _script(tmp_path / "flood", FLOOD), _script(tmp_path / "hangs", HANGS)
    kinds = {"good": ({}, 6), "dead": ({"ansible_port": closed}, 4), "flooding": ({"ansible_python_interpreter": flood}, 1),
             "hanging": ({"ansible_python_interpreter": hangs}, 1)}
    hosts = {f"{kind}{number}": variables for kind, (variables, count) in kinds.items() for number in range(count)}
    _play(tmp_path, hosts, server, [_fleet(tmp_path / "run", deadline=1, patience=19)])
    documents = _documents(tmp_path / "run")
    assert sorted(documents) == sorted(hosts)
    assert {documents[host]["verdict"] for host in hosts if host.startswith("dead")} == {"unreachable"}
    assert "of which none is read" in documents["flooding0"]["error"]
    assert documents["hanging0"]["error"] == "hanging0: no answer in 20 s"
    assert all(documents[host]["error"] is None for host in hosts if host.startswith("good"))


class Counted(NamedTuple):
    """The most processes at once below ansible-playbook: ssh clients, and Pythons."""

    clients: int
    pythons: int


def _below(process: int) -> Iterator[tuple[int, bytes]]:
    """The words of each process that descends from this one; what an ssh forks is the keeper of its connection."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in map(int, children):
        with suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_bytes()
            yield child, words
            yield from () if words.startswith(b"ssh") else _below(child)


def _counted(argv: list[str], environment: dict[str, str]) -> Counted:
    process = subprocess.Popen(argv, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clients, pythons, before = 0, 0, {0}
    while process.poll() is None:
        found = dict(_below(process.pid))
        clients = max(clients, sum(words.startswith(b"ssh\0") and b"ControlPath" in words for words in found.values()))
        # What is about to become another program has the words of the process that forked it, for a moment.
        pythons = max(pythons, sum(b"ansible-playbook" in words and child in before for child, words in found.items()))
        before = set(found)
        time.sleep(0.02)
    assert process.returncode == 0
    return Counted(clients, pythons)


def test_at_most_forks_clients_run_at_once_and_none_for_a_host_whose_connection_is_kept(server: Server, tmp_path: Path) -> None:
    """Below ansible-playbook are the worker that asks, and one process that judges 25 hosts."""
    slow = _script(tmp_path / "slow", "sleep 0.3; exit 75\n")
    variables = {"ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=300s", "ansible_python_interpreter": slow}
    hosts = {f"host{number:02d}": variables for number in range(25)}
    seen = [_counted(*_command(tmp_path, hosts, server, [_fleet(tmp_path / f"run{turn}", forks=4)])) for turn in range(2)]
    assert 1 <= seen[0].clients <= 4 and seen[1].clients == 0
    assert all(one.pythons == 2 for one in seen)
    cold, warm = (_documents(tmp_path / f"run{turn}") for turn in range(2))
    assert sorted(cold) == sorted(warm) == sorted(hosts)
    assert {document["reasons"][0].partition(":")[0] for document in (*cold.values(), *warm.values())} == {"python_too_old"}


def test_the_user_of_the_command_line_and_the_plays_keywords_count(server: Server, tmp_path: Path) -> None:
    for words, play in ((["-u", "nobody-there"], {}), ([], {"remote_user": "nobody-there"})):
        run = tmp_path / f"run{len(words)}"
        hosts = {"one": {"ansible_control_path": str(server.key.parent / f"user{len(words)}")}}
        _play(tmp_path, hosts, server, [_fleet(run)], *words, **play)
        assert "Permission denied" in _documents(run)["one"]["error"] or "nobody-there" in _documents(run)["one"]["error"]


@pytest.mark.parametrize(("play", "words"), [({"strategy": "free"}, "strategy is free"), ({"serial": 1}, "")])
def test_other_strategies_leave_the_hosts_to_tasks_and_each_batch_is_scanned(
        server: Server, tmp_path: Path, play: dict[str, Any], words: str) -> None:
    output = _play(tmp_path, {"one": {}, "two": {}}, server, [_fleet(tmp_path / "run")], **play)
    if words:
        assert words in output
    else:
        assert sorted(_documents(tmp_path / "run")) == ["one", "two"]


def test_under_mitogen_each_host_has_the_same_document(server: Server, tmp_path: Path) -> None:
    """Its strategy puts connections of its own in the place of ssh: every host has a task, and the scan is right."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "mitogen"), MITOGEN], check=True)
    hosts: dict[str, Any] = {"plain": {"ansible_host_key_checking": False}, "dead": {"ansible_port": _closed_port()}}
    left = {"firebreak.fleet.platform_scan": {**TASK, "directory": str(tmp_path / "mitogens")}, "when": "inventory_hostname in asked.left"}
    output = _play(tmp_path, hosts, server, [_fleet(tmp_path / "mitogens"), left], strategy="mitogen_linear")
    assert "strategy is mitogen_linear" in output
    _play(tmp_path, hosts, server, [_fleet(tmp_path / "linear")])
    under, plain = _documents(tmp_path / "mitogens"), _documents(tmp_path / "linear")
    assert _without_time(under["plain"]) == _without_time(plain["plain"])
    assert plain["plain"]["record"]["kernel"]["running"]["release"] == os.uname().release
    assert under["dead"]["verdict"] == plain["dead"]["verdict"] == "unreachable"
