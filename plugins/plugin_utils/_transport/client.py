# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One command on a host in an event loop: what it prints is bounded while it arrives, and one deadline ends it.

Its end ends nothing on the host: without a terminal the remote command goes on. The host's half has a deadline of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import NamedTuple

from .dialogue import HERE, Dialogue, EscalationError
from .kept_session import KeptSession
from .ssh_process import SshProcess

# More than this of standard error says nothing that the rest does not.
STDERR_LIMIT = 64 * 1024
_PART = 1 << 16

# Our ends of the clients' pipes. A process that is forked beside them must close its copies: ssh would wait for the end of its input for ever.
OURS: set[int] = set()


class Limits(NamedTuple):
    """Bytes of one answer, seconds for all of it, and seconds without a word while another user is to be become."""

    answer: int
    seconds: float
    silence: float


class Ended(NamedTuple):
    """How a client ended. ``trouble`` is '' or why it was ended: overdue, too_much, escalation; ``words`` say it."""

    status: int
    stdout: bytes
    stderr: bytes
    trouble: str = ""
    words: str = ""


class Client:
    """Starts a command, talks to it, and waits for its end."""

    def __init__(self, command: SshProcess | KeptSession, dialogue: Dialogue, payload: bytes, limits: Limits, begun: Callable[[], None]) -> None:
        self._command, self._dialogue, self._payload, self._limits, self._begun = command, dialogue, payload, limits, begun
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._stdout, self._stderr = bytearray(), bytearray()
        self._unsent = memoryview(b"")
        self._trouble, self._words = "", ""
        self._has_begun = False
        self._silence: asyncio.TimerHandle | None = None
        self._watched: dict[int, bool] = {}
        self._open: set[int] = set()

    async def run(self) -> Ended:
        """From its start to its end; OSError where it cannot be started, and NoSessionError where it is no session."""
        until = self._loop.time() + self._limits.seconds
        try:
            self._in, self._out, self._err = await asyncio.wait_for(self._command.begin(), self._limits.seconds)
        except asyncio.TimeoutError:
            return Ended(255, b"", b"", *self._too_late())
        deadline = self._loop.call_at(until, self._overdue)
        try:
            self._start()
            await self._ended
        finally:
            deadline.cancel()
            self._clean()
        return Ended(self._command.status, bytes(self._stdout), bytes(self._stderr), self._trouble, self._words)

    def _start(self) -> None:
        self._open.update((self._in, self._out, self._err))
        OURS.update(self._open)
        for descriptor in self._open:
            os.set_blocking(descriptor, False)
        for descriptor, kept in ((self._out, self._stdout), (self._err, self._stderr)):
            self._watched[descriptor] = True
            self._loop.add_reader(descriptor, self._read, descriptor, kept)
        self._send(self._dialogue.opening(self._payload))
        if not self._dialogue.is_over:
            self._hush()
        self._command.watch(self._exited)

    def _read(self, descriptor: int, kept: bytearray) -> None:
        try:
            part = os.read(descriptor, _PART)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self._unwatch(descriptor)
            return
        kept += part
        if descriptor == self._err:
            del kept[:-STDERR_LIMIT]
        elif len(kept) > self._limits.answer:
            self._give_up("too_much", f"more than {self._limits.answer} bytes, of which none is read")
            return
        self._heard()

    def _heard(self) -> None:
        if not self._has_begun and HERE in self._stdout:
            self._has_begun = True
            self._begun()
        if self._dialogue.is_over:
            return
        try:
            self._send(self._dialogue.answer(bytes(self._stdout), bytes(self._stderr), self._payload))
        except EscalationError as error:
            self._give_up("escalation", str(error))
            return
        self._hush()

    def _hush(self) -> None:
        """Silence while another user is to be become has an end."""
        if self._silence:
            self._silence.cancel()
            self._silence = None
        if not self._dialogue.is_over:
            self._silence = self._loop.call_later(self._limits.silence, self._silent)

    def _silent(self) -> None:
        said = (self._stdout.replace(HERE, b"") + self._stderr).decode(errors="replace").strip()
        self._give_up("escalation", f"Timeout ({self._limits.silence:.0f}s) waiting for privilege escalation prompt: {said}")

    def _send(self, data: bytes) -> None:
        if data:
            self._unsent = memoryview(bytes(self._unsent) + data)
            self._write()

    def _write(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._in, self._unsent[:_PART]):]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = memoryview(b"")
        if self._unsent:
            self._loop.add_writer(self._in, self._write)
            return
        self._loop.remove_writer(self._in)
        if self._dialogue.is_over:
            self._close(self._in)

    def _overdue(self) -> None:
        self._give_up(*self._too_late())

    def _too_late(self) -> tuple[str, str]:
        return "overdue", f"no answer in {self._limits.seconds:.0f} s"

    def _give_up(self, trouble: str, words: str) -> None:
        if self._trouble:
            return
        self._trouble, self._words = trouble, words
        for descriptor in (self._out, self._err):
            self._unwatch(descriptor)
        self._command.give_up()

    def _exited(self) -> None:
        for descriptor, kept in ((self._out, self._stdout), (self._err, self._stderr)):
            while self._watched.get(descriptor):
                before = len(kept)
                self._read(descriptor, kept)
                if len(kept) == before:
                    break
        if not self._ended.done():
            self._ended.set_result(None)

    def _unwatch(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None):
            self._loop.remove_reader(descriptor)

    def _close(self, descriptor: int) -> None:
        self._open.discard(descriptor)
        OURS.discard(descriptor)
        os.close(descriptor)

    def _clean(self) -> None:
        if self._silence:
            self._silence.cancel()
        for descriptor in list(self._watched):
            self._unwatch(descriptor)
        if self._in in self._open:
            self._loop.remove_writer(self._in)
        for descriptor in list(self._open):
            self._close(descriptor)
        self._command.close()
