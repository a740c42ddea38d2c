# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session over a connection that an ssh keeps open, asked for on its socket as an ssh client does (OpenSSH's PROTOCOL.mux, version 4).

It spares the start of a client for each host, which is most of what a warm connection costs.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from . import sessions

_VERSION = 4
_HELLO, _NEW_SESSION, _OPENED, _EXIT = 0x00000001, 0x10000002, 0x80000006, 0x80000004
_NO_ESCAPE = 0xFFFFFFFF
_MESSAGE_LIMIT = 1 << 16
# The ssh that every system brings, and where it looks for settings: the user's first, then the machine's, then the distribution's.
_SSH = "/usr/bin/ssh"
# No keyword that anybody knows.
_UNKNOWN = "unreadable"
_MACHINE = ("/etc/ssh/ssh_config", "/usr/etc/ssh/ssh_config")


class NoSessionError(Exception):
    """The kept connection is not there any more, or gives no session: a client of its own is to be started."""


@cache
def told(executable: str) -> list[str] | None:
    """The variables that each session is to have, as NAME=value; None where only a client can say what a session is to be."""
    if executable != "ssh" or shutil.which(executable) != _SSH:
        return None
    return sessions.environment(_settings(), os.environ)


def _settings() -> Iterator[sessions.Setting]:
    own = Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".ssh"
    for path in (own / "config", *map(Path, _MACHINE)):
        def included(patterns: str, folder: Path = path.parent) -> Iterator[str]:
            for pattern in patterns.split():
                root, below = (Path("/"), pattern[1:]) if pattern.startswith("/") else (folder, pattern)
                yield from map(_text, root.glob(below)) if not set(pattern) & set("~$%\"") else (_UNKNOWN,)

        yield from sessions.settings(_text(path), included)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError:
        return _UNKNOWN


class KeptSession:
    """One command over a kept connection."""

    def __init__(self, path: str, command: bytes, environment: Sequence[str]) -> None:
        self._path, self._command, self._environment = path, command, environment
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._unread = b""
        self._loop = asyncio.get_running_loop()
        self.status = 255

    async def begin(self) -> tuple[int, int, int]:
        """Our ends of the pipes to the command's standard input, output and error; NoSessionError or OSError where nothing was begun."""
        theirs: list[int] = []
        ours: list[int] = []
        try:
            self._socket.setblocking(False)
            await self._loop.sock_connect(self._socket, self._path)
            await self._greet()
            for is_input in (True, False, False):
                read, write = os.pipe()
                theirs.append(read if is_input else write)
                ours.append(write if is_input else read)
            await self._ask(theirs)
        except BaseException:
            self.close()
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return ours[0], ours[1], ours[2]

    async def _greet(self) -> None:
        await self._say(struct.pack(">II", _HELLO, _VERSION))
        kind, said = await self._message()
        if kind != _HELLO or said[:4] != struct.pack(">I", _VERSION):
            raise NoSessionError(f"another protocol than version {_VERSION}")

    async def _ask(self, descriptors: Sequence[int]) -> None:
        # No terminal, no X11, no agent, no subsystem, no escape character, and no name of a terminal.
        await self._say(struct.pack(">II", _NEW_SESSION, 1) + _string(b"") + struct.pack(">5I", 0, 0, 0, 0, _NO_ESCAPE) + _string(b"")
                        + _string(self._command) + b"".join(_string(os.fsencode(one)) for one in self._environment))
        for descriptor in descriptors:
            socket.send_fds(self._socket, [b"\0"], [descriptor])
        kind, said = await self._message()
        if kind != _OPENED:
            raise NoSessionError(f"refused: {said[8:]!r}")

    async def _say(self, message: bytes) -> None:
        await self._loop.sock_sendall(self._socket, _string(message))

    async def _message(self) -> tuple[int, bytes]:
        while True:
            message = self._next()
            if message is not None:
                return message
            part = await self._loop.sock_recv(self._socket, _MESSAGE_LIMIT)
            if not part:
                raise NoSessionError("closed")
            self._unread += part

    def _next(self) -> tuple[int, bytes] | None:
        """The next whole message: its kind, and what it says."""
        length = struct.unpack_from(">I", self._unread)[0] if len(self._unread) >= 4 else 0
        if length > _MESSAGE_LIMIT or (length < 4 and len(self._unread) >= 4):
            raise NoSessionError(f"a message of {length} bytes")
        if not length or len(self._unread) < 4 + length:
            return None
        message, self._unread = self._unread[4:4 + length], self._unread[4 + length:]
        return struct.unpack_from(">I", message)[0], message[4:]

    def watch(self, ended: Callable[[], None]) -> None:
        """Call ``ended`` once the session is over; ``status`` is the command's then, or 255 as a client's where the connection was lost."""
        self._ended = ended
        self._loop.add_reader(self._socket, self._hear)

    def _hear(self) -> None:
        try:
            part = self._socket.recv(_MESSAGE_LIMIT)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self._unread += part
        with suppress(NoSessionError, struct.error):
            while message := self._next():
                kind, said = message
                if kind == _EXIT:
                    self.status = struct.unpack_from(">II", said)[1]
        if not part:
            self.give_up()

    def give_up(self) -> None:
        """End the session: its keeper closes it with its socket."""
        self.close()
        self._ended()

    def close(self) -> None:
        """Leave nothing open."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data
