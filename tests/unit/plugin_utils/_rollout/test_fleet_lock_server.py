# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The FleetLock server over its socket: what it answers, what it keeps, and what hostile clients cost it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._rollout import lock_client
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import keeping
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.fleet_lock_server import Budget, Server, State, address_of, main

Start = Callable[..., Server]
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers that share one state file."""
    running: list[Server] = []

    def begin(slots: dict[str, int] | None = None, **more: Any) -> Server:
        budget = Budget(more.pop("rollout", None))
        state = State(tmp_path / "locks.json", {"workers": 1} if slots is None else slots, budget)
        more.setdefault("seconds", 120)
        server = Server(("127.0.0.1", 0), state, **more)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        running.append(server)
        return server

    yield begin
    for server in running:
        server.shutdown()
        server.server_close()


def ask(server: Server, state: str, name: str, group: str = "workers", headers: dict[str, str] = lock_client.HEADERS,
        prefix: str = "") -> tuple[int, tuple[str, str] | None]:
    """(status, rejection) of a request as our own client makes it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=120)
    path = lock_client.url_of(prefix or "/", state)
    connection.request("POST", path, lock_client.body_of(group, name), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, lock_client.rejection(answer.status, text)


def raw(server: Server, data: bytes) -> bytes:
    """All that comes back for bytes that nobody checks."""
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=120) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_the_queue_of_one_slot(start: Start, tmp_path: Path) -> None:
    server = start()
    assert ask(server, "held", "a") == (200, None)
    assert ask(server, "held", "a") == (200, None)
    status, refused = ask(server, "held", "b")
    assert (status, refused) == (409, ("failed_lock_semaphore_full", "all 1 slots of workers are held: a"))
    assert list(json.loads((tmp_path / "locks.json").read_text())["groups"]["workers"]) == ["a"]
    assert ask(server, "released", "b") == (200, None)
    assert ask(server, "released", "a") == (200, None)
    assert ask(server, "held", "b") == (200, None)


def test_a_server_that_was_killed_has_forgotten_nobody(start: Start) -> None:
    first = start()
    assert ask(first, "held", "a")[0] == 200
    assert ask(start(), "held", "b")[0] == 409


def test_who_breaks_off_in_his_body_gets_no_slot_that_he_does_not_hear_of(start: Start, tmp_path: Path) -> None:
    body = lock_client.body_of("workers", "a").encode()
    head = b"POST /v1/pre-reboot HTTP/1.1\r\nfleet-lock-protocol: true\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1)
    assert b" 400 " in raw(start(), head + body).splitlines()[0]
    assert not (tmp_path / "locks.json").exists()


def test_a_state_that_cannot_be_read_gives_nobody_a_slot(start: Start, tmp_path: Path) -> None:
    (tmp_path / "locks.json").write_text('{"schema": "firebreak.fleet_lock/1", "gro')
    status, refused = ask(start(), "held", "a")
    assert status == 500 and refused is not None and refused[0] == "state_unavailable"


def test_clients_and_a_rollout_share_one_budget(start: Start, tmp_path: Path) -> None:
    """The journal is read anew as it grows, and the server is given no slots of its own."""
    folder = tmp_path / "rollout"
    members = {"a": {"domains": ["rack1"]}, "b": {"domains": ["rack2"]}}
    path = keeping.new(folder, NOW)
    keeping.append(path, [{"event": "begun", "id": path.stem, "owner": "me", "hosts": members, "sizes": {}, "settings": {}},
                          {"event": "wave", "number": 1, "hosts": ["a"]}], NOW)
    server = start({}, rollout=folder)
    refused = ("failed_lock_semaphore_full", "a rollout comes first: a of its domain rack1 is out")
    assert ask(server, "held", "zincati", "rack1") == (409, refused)
    assert ask(server, "held", "zincati", "rack2") == (200, None)
    keeping.append(path, [{"event": "result", "host": "a", "status": "done", "why": "", "left": []}], NOW)
    assert ask(server, "held", "other", "rack1") == (200, None)
    assert ask(server, "held", "third", "rack1")[0] == 409


def test_a_journal_that_cannot_be_read_gives_nobody_a_slot(start: Start, tmp_path: Path) -> None:
    path = keeping.new(tmp_path / "rollout", NOW)
    path.write_text("no journal\n")
    status, refused = ask(start({}, rollout=tmp_path / "rollout"), "held", "a")
    assert status == 500 and refused is not None and refused[0] == "state_unavailable"


def test_without_a_rollout_each_group_has_one_slot(start: Start, tmp_path: Path) -> None:
    server = start({}, rollout=tmp_path / "none")
    assert [ask(server, "held", name, "default")[0] for name in ("a", "a", "b")] == [200, 200, 409]


def test_many_at_once_never_hold_more_than_there_are(start: Start, tmp_path: Path) -> None:
    servers = [start({"workers": 3}), start({"workers": 3})]
    answers: list[int] = []
    threads = [threading.Thread(target=lambda n=n: answers.append(ask(servers[n % 2], "held", f"host{n}")[0])) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 3 + [409] * 21
    assert len(json.loads((tmp_path / "locks.json").read_text())["groups"]["workers"]) == 3


def test_without_the_header_nothing_is_done(start: Start, tmp_path: Path) -> None:
    status, refused = ask(start(), "held", "a", headers={"Content-Type": "application/json"})
    assert status == 400 and refused is not None and refused[0] == "missing_protocol_header"
    assert not (tmp_path / "locks.json").exists()


def test_a_base_url_with_a_path(start: Start) -> None:
    server = start(prefix="/fleet_lock")
    assert ask(server, "held", "a", prefix="/fleet_lock/") == (200, None)
    assert ask(server, "held", "a")[0] == 404


HOSTILE = {
    "no http": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9 + b"\r\n\r\n", b"400"),
    "nothing": (b"", b""),
    "a long line": (b"POST /" + b"a" * 70000, b"414"),
    "many headers": (b"POST /v1/pre-reboot HTTP/1.1\r\n" + b"".join(b"h%d: x\r\n" % n for n in range(200)) + b"\r\n", b"431"),
    "a great body": (b"POST /v1/pre-reboot HTTP/1.1\r\nfleet-lock-protocol: true\r\nContent-Length: 99999999\r\n\r\n", b"413"),
    "chunks": (b"POST /v1/pre-reboot HTTP/1.1\r\nfleet-lock-protocol: true\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"411"),
    "a body that is cut": (b"POST /v1/pre-reboot HTTP/1.1\r\nfleet-lock-protocol: true\r\nContent-Length: 50\r\n\r\n{", b"400"),
    "another method": (b"DELETE /v1/pre-reboot HTTP/1.1\r\nfleet-lock-protocol: true\r\n\r\n", b"405"),
    "a method that is none": (b"FROB /v1/pre-reboot HTTP/1.1\r\n\r\n", b"501"),
    "another path": (b"POST /../../etc/passwd HTTP/1.1\r\nfleet-lock-protocol: true\r\nContent-Length: 0\r\n\r\n", b"404"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_request_gets_an_answer_and_changes_nothing(start: Start, tmp_path: Path, case: str) -> None:
    data, status = HOSTILE[case]
    server = start()
    try:
        assert status in raw(server, data)[:80]
    except ConnectionError:
        # What was not read when the connection was closed resets it; the answer may be lost with it.
        assert len(data) > 4096
    assert not (tmp_path / "locks.json").exists()
    assert ask(server, "held", "a") == (200, None)


def test_a_slow_client_is_cut_off_however_often_it_says_something(start: Start) -> None:
    server = start(seconds=0.2)
    end = time.monotonic() + 120
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=120) as connection, pytest.raises(OSError):
        while time.monotonic() < end:
            connection.sendall(b"P")
            time.sleep(0.02)


def test_one_connection_too_many_is_told_so_and_the_others_go_on(start: Start) -> None:
    server = start(connections=1, seconds=600)
    with socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=120) as idle:
        idle.sendall(b"POST /v1/pre-reboot HTTP/1.1\r\n")
        assert _until(lambda: b"503" in raw(server, b"")[:20])
    assert _until(lambda: ask(server, "held", "a") == (200, None))


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        # A connection that is cut is no answer yet.
        with contextlib.suppress(OSError):
            if true():
                return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(("text", "wanted"), [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:80", ("::1", 80)), ("host", None), (":80", None),
                                              ("host:99999", None), ("host:x", None)])
def test_addresses(text: str, wanted: tuple[str, int] | None) -> None:
    if wanted:
        assert address_of(text) == wanted
    else:
        with pytest.raises(ValueError, match="wanted: HOST:PORT"):
            address_of(text)


def test_a_server_that_cannot_begin_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "locks.json"
    state.write_text("lost")
    assert main(["--state", str(state)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["--state", str(tmp_path / "other.json"), "--slots", "x"]) == 2
    assert "wanted: GROUP=N" in capsys.readouterr().err
