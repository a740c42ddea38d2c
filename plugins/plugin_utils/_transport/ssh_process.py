# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ssh client as a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Sequence

_GRACE = 1.0
_LOOK = 0.02


class SshProcess:
    """An ssh client, from its start to its end. OSError where it cannot be started."""

    def __init__(self, argv: Sequence[bytes]) -> None:
        self._argv = argv
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._pidfd = -1

    @property
    def status(self) -> int:
        """Its exit status; that of a signal is negative."""
        return int(self._process.returncode)

    async def begin(self) -> tuple[int, int, int]:
        """Our ends of the pipes to its standard input, output and error."""
        self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        pipes = [pipe for pipe in (self._process.stdin, self._process.stdout, self._process.stderr) if pipe is not None]
        ours = [os.dup(pipe.fileno()) for pipe in pipes]
        for pipe in pipes:
            pipe.close()
        return ours[0], ours[1], ours[2]

    def watch(self, ended: Callable[[], None]) -> None:
        """Call ``ended`` once the process has ended: a kept connection of ssh's own may hold standard error open long after it."""
        self._ended = ended
        try:
            self._pidfd = os.pidfd_open(self._process.pid)
        except (AttributeError, OSError):
            self._look()
            return
        self._loop.add_reader(self._pidfd, self._exited)

    def _look(self) -> None:
        if self._process.poll() is None:
            self._timers.append(self._loop.call_later(_LOOK, self._look))
        else:
            self._ended()

    def _exited(self) -> None:
        if self._process.poll() is not None:
            self._ended()

    def give_up(self) -> None:
        """End it."""
        self._process.terminate()
        self._timers.append(self._loop.call_later(_GRACE, self._process.kill))

    def close(self) -> None:
        """Leave nothing of it."""
        for timer in self._timers:
            timer.cancel()
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
