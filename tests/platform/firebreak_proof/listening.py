# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command of this machine's that talks to a host, in bounded time and memory: a host that never stops talking costs only itself."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from typing import NamedTuple

from .becoming import PATIENCE, Door

# Bytes of all answers of one round trip; the largest that an honest host gave had a twentieth of it.
OUTPUT_LIMIT = 8 * 1024 * 1024
_ERROR_LIMIT = 64 * 1024
_CHUNK = 64 * 1024


class Heard(NamedTuple):
    """What a command said. ``problem`` is '' or why it was stopped."""

    rc: int
    out: bytes
    err: bytes
    problem: str


def listen(command: str | bytes, said: bytes, seconds: float, limit: int = OUTPUT_LIMIT, door: Door | None = None) -> Heard:
    """Run a line of shell with ``said`` on its standard input; it and all that it started are killed where it is too slow or says too much.

    Where there is a ``door``, all of it waits until that is open.
    """
    end = time.monotonic() + seconds
    with subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True) as process:
        try:
            heard = _Ears(process, said, limit, door)
            problem = heard.follow(end)
            if not problem:
                try:
                    process.wait(max(end - time.monotonic(), 1))
                except subprocess.TimeoutExpired:
                    problem = _late(seconds)
            problem = _late(seconds) if problem == "late" else problem
            rc = process.returncode if not problem else 124
            heard.last_words()
            if door and not door.is_open and door.is_reached(heard.out):
                problem = door.problem or door.closed(bytes(heard.out), bytes(heard.err))
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    return Heard(rc, bytes(heard.out), bytes(heard.err), problem)


def _late(seconds: float) -> str:
    return f"did not answer within {seconds:.0f} s"


class _Ears:
    """The three pipes of a process, served as they are ready."""

    def __init__(self, process: subprocess.Popen[bytes], said: bytes, limit: int, door: Door | None) -> None:
        self.out, self.err = bytearray(), bytearray()
        self._said, self._limit, self._door = memoryview(said), limit, door
        self._ready = selectors.DefaultSelector()
        self._input, self._output, self._errors = process.stdin, process.stdout, process.stderr
        for pipe, event in ((process.stdin, selectors.EVENT_WRITE), (process.stdout, selectors.EVENT_READ), (process.stderr, selectors.EVENT_READ)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                if door is None or pipe is not self._input:
                    self._ready.register(pipe, event)

    def follow(self, end: float) -> str:
        """Until its output ends: '', or why it is to be stopped. What it left behind may keep standard error open."""
        patience = time.monotonic() + PATIENCE
        with self._ready:
            while any(key.fileobj is self._output for key in self._ready.get_map().values()):
                left = (min(end, patience) if self._door else end) - time.monotonic()
                ready = self._ready.select(left) if left > 0 else []
                if not ready:
                    return "late"
                for key, _events in ready:
                    self._serve(key.fileobj)
                self._heed()
                if self._door and self._door.problem:
                    return self._door.problem
                if len(self.out) > self._limit:
                    return f"answers more than {self._limit} bytes"
        return ""

    def _heed(self) -> None:
        """Say the password where it is asked for, and begin with the script once the right user listens."""
        if self._door is None or self._input is None:
            return
        word = self._door.heed(bytes(self.out), bytes(self.err))
        if word:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._input.fileno(), word)
        if self._door.is_open:
            self._door = None
            self._ready.register(self._input, selectors.EVENT_WRITE)

    def last_words(self) -> None:
        """What is still to be read on standard error, of which nobody knows when it ends."""
        with contextlib.suppress(OSError, ValueError):
            while self._errors and len(self.err) < _ERROR_LIMIT and (part := os.read(self._errors.fileno(), _CHUNK)):
                self.err += part

    def _serve(self, pipe: object) -> None:
        assert hasattr(pipe, "fileno")
        if pipe is self._output or not getattr(pipe, "writable", bool)():
            part = os.read(pipe.fileno(), _CHUNK)
            if pipe is self._output:
                self.out += part
            elif len(self.err) < _ERROR_LIMIT:
                self.err += part
            if not part:
                self._ready.unregister(pipe)
            return
        try:
            self._said = self._said[os.write(pipe.fileno(), self._said[:_CHUNK]):]
        except BrokenPipeError:
            self._said = self._said[:0]
        if not self._said:
            self._ready.unregister(pipe)
            pipe.close()  # type: ignore[attr-defined]
