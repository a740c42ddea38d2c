# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions over a kept connection, with a keeper that speaks OpenSSH's PROTOCOL.mux as far as a session goes."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.client import OURS, Client, Ended, Limits
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.dialogue import Dialogue
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.kept_session import KeptSession, NoSessionError

HELLO, OPENED, EXIT, DENIED = 1, 0x80000006, 0x80000004, 0x80000002


def _said(*numbers: int, text: bytes = b"") -> bytes:
    body = struct.pack(f">{len(numbers)}I", *numbers) + text
    return struct.pack(">I", len(body)) + body


def _heard(connection: socket.socket) -> bytes:
    """One message: a keeper reads no byte more, since descriptors come after it."""
    length = connection.recv(4, socket.MSG_WAITALL)
    return connection.recv(struct.unpack(">I", length)[0], socket.MSG_WAITALL) if length else b""


def _descriptors(connection: socket.socket) -> list[int]:
    return [socket.recv_fds(connection, 1, 1)[1][0] for _ in range(3)]


def _greeted(connection: socket.socket) -> bytes:
    assert _heard(connection) == struct.pack(">II", HELLO, 4)
    connection.sendall(_said(HELLO, 4))
    return _heard(connection)


def _serves(connection: socket.socket) -> None:
    """Says the request and the input back, an error, and ends with 3."""
    request = _greeted(connection)
    given, out, err = _descriptors(connection)
    connection.sendall(_said(OPENED, 1, 7)[:5])
    connection.sendall(_said(OPENED, 1, 7)[5:])
    with open(given, "rb") as stream, open(out, "wb") as answer, open(err, "wb") as errors:  # noqa: PTH123 they are descriptors
        answer.write(request + stream.read())
        errors.write(b"oh")
    connection.sendall(_said(EXIT, 7, 3))


def _loses(connection: socket.socket) -> None:
    """The connection breaks while the command runs."""
    _greeted(connection)
    descriptors = _descriptors(connection)
    connection.sendall(_said(OPENED, 1, 7))
    for descriptor in descriptors:
        os.close(descriptor)


def _denies(connection: socket.socket) -> None:
    _greeted(connection)
    for descriptor in _descriptors(connection):
        os.close(descriptor)
    connection.sendall(_said(DENIED, 1, text=struct.pack(">I", 2) + b"no"))


def _is_newer(connection: socket.socket) -> None:
    connection.sendall(_said(HELLO, 5))
    _heard(connection)


def _hangs(connection: socket.socket) -> None:
    _greeted(connection)
    while connection.recv(1024):
        pass


def _floods(connection: socket.socket) -> None:
    connection.sendall(struct.pack(">I", 1 << 30) + b"x" * 1000)
    _heard(connection)


def _short(connection: socket.socket) -> None:
    connection.sendall(_said(HELLO))
    _heard(connection)


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:  # a socket's name has few bytes
        yield Path(folder) / "kept"


def _open() -> set[str]:
    """What this process has open, but for what earlier tests left to the garbage collector: that may go at any moment."""
    gc.collect()
    return {str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}


def _asked(place: Path, keeper: Callable[[socket.socket], None], seconds: float = 20.0) -> Ended:
    def keep() -> None:
        connection, _ = listener.accept()
        with connection:
            keeper(connection)

    async def ask() -> Ended:
        session = KeptSession(str(place), b"the command", ["LANG=C"])
        return await Client(session, Dialogue(None), b"input" * 40_000, Limits(1 << 20, seconds, 1.0), lambda: None).run()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        thread = threading.Thread(target=keep)
        thread.start()
        before = _open()
        try:
            return asyncio.run(ask())
        finally:
            thread.join()
            assert not OURS and not _open() - before


def test_a_session_has_its_command_its_variables_and_its_input_and_says_how_it_ended(place: Path) -> None:
    ended = _asked(place, _serves)
    assert (ended.status, ended.stderr, ended.trouble) == (3, b"oh", "")
    request, _, given = ended.stdout.partition(b"LANG=C")
    assert request == b"".join((struct.pack(">II", 0x10000002, 1), bytes(4), bytes(16), b"\xff" * 4, bytes(4), struct.pack(">I", 11), b"the command",
                                struct.pack(">I", 6)))
    assert given == b"input" * 40_000


def test_a_lost_connection_is_that_of_a_client(place: Path) -> None:
    assert _asked(place, _loses).status == 255


@pytest.mark.parametrize("keeper", [_denies, _is_newer, _floods, _short])
def test_what_is_no_session_is_left_to_a_client(place: Path, keeper: Callable[[socket.socket], None]) -> None:
    with pytest.raises(NoSessionError):
        _asked(place, keeper)


def test_a_keeper_that_says_nothing_costs_the_deadline(place: Path) -> None:
    ended = _asked(place, _hangs, 0.2)
    assert (ended.trouble, ended.words) == ("overdue", "no answer in 0 s")


def test_nobody_at_the_socket_is_left_to_a_client(place: Path) -> None:
    async def ask() -> None:
        await KeptSession(str(place), b"", []).begin()

    with pytest.raises(OSError, match="No such file"):
        asyncio.run(ask())
