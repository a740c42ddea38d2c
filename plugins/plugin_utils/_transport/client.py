# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ssh client in an event loop: what it prints is bounded while it arrives, and one deadline ends it.

Its end ends nothing on the host: without a terminal the remote command goes on. The host's half has a deadline of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from .dialogue import HERE, Dialogue, EscalationError

# More than this of standard error says nothing that the rest does not.
STDERR_LIMIT = 64 * 1024
_PART = 1 << 16
_GRACE = 1.0
_LOOK = 0.02

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
    """Starts one ssh, talks to it, and waits for its end."""

    def __init__(self, argv: Sequence[bytes], dialogue: Dialogue, payload: bytes, limits: Limits, begun: Callable[[], None]) -> None:
        self._argv, self._dialogue, self._payload, self._limits, self._begun = argv, dialogue, payload, limits, begun
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._stdout, self._stderr = bytearray(), bytearray()
        self._unsent = memoryview(b"")
        self._trouble, self._words = "", ""
        self._has_begun = False
        self._timers: list[asyncio.TimerHandle] = []
        self._silence: asyncio.TimerHandle | None = None
        self._watched: dict[int, bool] = {}

    async def run(self) -> Ended:
        """From its start to its end."""
        self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        try:
            self._start()
            await self._ended
        finally:
            self._clean()
        return Ended(self._process.returncode, bytes(self._stdout), bytes(self._stderr), self._trouble, self._words)

    def _start(self) -> None:
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._in, self._out, self._err = (pipe.fileno() for pipe in pipes if pipe is not None)
        for descriptor in (self._in, self._out, self._err):
            OURS.add(descriptor)
            os.set_blocking(descriptor, False)
        for descriptor, kept in ((self._out, self._stdout), (self._err, self._stderr)):
            self._watched[descriptor] = True
            self._loop.add_reader(descriptor, self._read, descriptor, kept)
        self._timers.append(self._loop.call_later(self._limits.seconds, self._overdue))
        self._send(self._dialogue.opening(self._payload))
        if not self._dialogue.is_over:
            self._hush()
        self._watch_process()

    def _watch_process(self) -> None:
        """Learn of the process's end: a kept connection of ssh's own may hold standard error open long after it."""
        try:
            self._pidfd = os.pidfd_open(self._process.pid)
        except (AttributeError, OSError):
            self._pidfd = -1
            self._look()
            return
        self._loop.add_reader(self._pidfd, self._exited)

    def _look(self) -> None:
        if self._process.poll() is None:
            self._timers.append(self._loop.call_later(_LOOK, self._look))
        else:
            self._exited()

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
        said = self._stdout.replace(HERE, b"").decode(errors="replace").strip()
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
        if self._dialogue.is_over and self._process.stdin:
            OURS.discard(self._in)
            self._process.stdin.close()

    def _overdue(self) -> None:
        self._give_up("overdue", f"no answer in {self._limits.seconds:.0f} s")

    def _give_up(self, trouble: str, words: str) -> None:
        if self._trouble:
            return
        self._trouble, self._words = trouble, words
        for descriptor in (self._out, self._err):
            self._unwatch(descriptor)
        self._process.terminate()
        self._timers.append(self._loop.call_later(_GRACE, self._process.kill))

    def _exited(self) -> None:
        if self._process.poll() is None:
            return
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

    def _clean(self) -> None:
        for timer in (*self._timers, *([self._silence] if self._silence else [])):
            timer.cancel()
        for descriptor in list(self._watched):
            self._unwatch(descriptor)
        if getattr(self, "_pidfd", -1) >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
        if self._process.stdin and not self._process.stdin.closed:
            self._loop.remove_writer(self._in)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                if pipe and not pipe.closed:
                    OURS.discard(pipe.fileno())
                    pipe.close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
