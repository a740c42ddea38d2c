# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watcher sees from outside who is down, and from when to when."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from firebreak_lab.watcher import Look, Outage, changes, greets, outages, read


@contextmanager
def server(words: bytes | None) -> Iterator[int]:
    """A port of loopback that says these words to one caller; None: it takes the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            call, _address = listening.accept()
            with call:
                if words is not None:
                    call.sendall(words)
                else:
                    over.wait(60)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize(("words", "seconds", "is_up"), [
    (b"SSH-2.0-OpenSSH_9.2p1\r\n", 60, True),
    (b"HTTP/1.1 400 Bad Request\r\n", 60, False),
    (b"", 60, False),
    (None, 0.1, False),
])
def test_only_a_greeting_is_an_answer(words: bytes | None, seconds: float, is_up: bool) -> None:
    with server(words) as port:
        assert greets(port, seconds) is is_up


def test_a_port_that_refuses_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert not greets(port, 60)


def test_a_change_is_told_once_with_the_widest_time_that_it_may_have_taken() -> None:
    looks = [Look(float(at), at + 0.5, is_up) for at, is_up in enumerate([True, True, False, False, True])]
    assert list(changes(looks)) == [(0.5, True), (2.0, False), (4.5, True)]


def test_outages_are_between_the_lines() -> None:
    lines = [{"host": "a", "at": 1.0, "up": True}, {"host": "b", "at": 1.5, "up": True}, {"host": "a", "at": 5.0, "up": False},
             {"host": "b", "at": 6.0, "up": False}, {"host": "a", "at": 9.0, "up": True}]
    assert outages(lines) == [Outage("a", 5.0, 9.0), Outage("b", 6.0, float("inf"))]


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "watched.jsonl"
    path.write_text('{"at": 1.0, "host": "a", "up": true}\n{"at": 2.0, "ho')
    assert [line["host"] for line in read(path)] == ["a"]
