# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One event loop asks a whole fleet: as many ssh clients at once as there are forks, each host once, and once more where a door was shut."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from . import doors, payload
from .client import Client, Ended, Limits
from .dialogue import Dialogue
from .evaluators import Evaluators, Heard, Made
from .kept_session import KeptSession, NoSessionError
from .last_look import Kept
from .ssh_process import SshProcess
from .ways import HandOver, UnexpectedError, Way, handed_over

# Bytes around the record that a host may print: banners, a message of the day.
_AROUND = 256 * 1024
# Hosts whose way is known before there is a client for them.
_AHEAD = 64
_BUSY = 4
_LOOK = 1.0


class Plan(NamedTuple):
    """Whom to ask, how, how many at once, and what is kept of them from an earlier run."""

    hosts: Sequence[str]
    way: Callable[[str], Way]
    code: payload.Payload
    forks: int
    patience: float
    kept: Mapping[str, Kept]


class Result(NamedTuple):
    """What came of the fleet: the summary of each host that was scanned, why each other one is left, and the digests of the records."""

    summaries: dict[str, dict[str, Any]]
    left: dict[str, str]
    digests: dict[str, str]


class FleetScan:
    """The scan of one fleet."""

    def __init__(self, plan: Plan, tell: Callable[[dict[str, dict[str, Any]], int], None]) -> None:
        self._plan, self._tell = plan, tell
        self._summaries: dict[str, dict[str, Any]] = {}
        self._left: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._doors: dict[str, doors.Door] = defaultdict(doors.Door)
        self._waiting: dict[doors.Door, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._sessions: dict[str, int] = defaultdict(int)
        self._parent = os.getppid()
        self._unexpected: UnexpectedError | None = None

    def run(self) -> Result:
        """Ask all of them; UnexpectedError where ansible-core is not as it was known to be."""
        self._evaluators = Evaluators(len(self._plan.hosts))
        try:
            asyncio.run(self._all())
        finally:
            self._evaluators.end()
        if self._unexpected:
            raise self._unexpected
        return Result(self._summaries, self._left, self._digests)

    async def _all(self) -> None:
        self._slots = asyncio.Semaphore(self._plan.forks)
        ahead = asyncio.Semaphore(self._plan.forks + _AHEAD)
        watch = asyncio.ensure_future(self._watch(asyncio.current_task()))
        tasks: set[asyncio.Task[None]] = set()
        try:
            for host in self._plan.hosts:
                await ahead.acquire()
                if self._unexpected:
                    break
                task = asyncio.create_task(self._one(host))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(lambda _task: ahead.release())
            while tasks:
                await asyncio.gather(*tasks)
        finally:
            watch.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, whole: asyncio.Task[Any] | None) -> None:
        """End with the process that asked for the scan: nobody waits for the rest."""
        while True:
            await asyncio.sleep(_LOOK)
            self._tell(self._summaries, len(self._left))
            if os.getppid() != self._parent and whole:
                whole.cancel()

    async def _one(self, host: str) -> None:
        try:
            way = self._plan.way(host)
        except UnexpectedError as error:
            self._unexpected = error
            return
        except HandOver as error:
            self._left[host] = handed_over(error)
            return
        except Exception as error:  # whatever it is, a task of the host's own says it as ansible-core would
            self._left[host] = f"its connection cannot be worked out here: {handed_over(error)}"
            return
        kept = self._plan.kept.get(host)
        result = await self._judged(way, kept)
        if result.is_forgotten:
            result = await self._judged(way, None)
        if result.summary is None:
            self._left[host] = result.handed_over
        else:
            self._summaries[host], self._digests[host] = result.summary, result.digest

    async def _asked(self, way: Way, known: str) -> tuple[Ended, str]:
        """The client's end; once more after a while where the door was shut without a word, and as often as the user said."""
        retries, has_waited = way.retries, False
        attempt = 0
        while True:
            ended = await self._at_door(way, known)
            stderr = ended.stderr.decode("utf-8", "replace")
            if not ended.trouble and not has_waited and doors.is_shut_out(ended.status, stderr):
                has_waited = True
                continue
            if ended.trouble or ended.status != 255 or attempt >= retries:
                note = " (tried again after its sshd had closed the connection without a word, as it does with an address that failed to log in)"
                return ended, note if has_waited and doors.is_shut_out(ended.status, stderr) else ""
            attempt += 1
            await asyncio.sleep(min(2 ** attempt - 1, 30))

    async def _at_door(self, way: Way, known: str) -> Ended:
        """Ask once, when the door allows it."""
        async with self._session(way):
            if way.kept and Path(way.kept).exists():
                async with self._slots:
                    return await self._client(way, known, lambda: None)
            door = self._doors[way.door]
            await self._turn(door)
            try:
                return await self._knock(way, known, door)
            finally:
                self._slots.release()

    async def _turn(self, door: doors.Door) -> None:
        """Wait until one more may knock at a door, and take a slot and a place at it. One waits and looks, the others wait for that one."""
        async with self._waiting[door]:
            while True:
                await self._slots.acquire()
                delay = door.wait(time.monotonic())
                if delay <= 0:
                    door.knocking += 1
                    return
                self._slots.release()
                await asyncio.sleep(delay)

    async def _knock(self, way: Way, known: str, door: doors.Door) -> Ended:
        """A new connection: the place at the door that it took is its own until it has logged in."""
        inside = False

        def begun() -> None:
            nonlocal inside
            if not inside:
                inside = True
                door.knocking -= 1

        try:
            ended = await self._client(way, known, begun)
        finally:
            begun()
        stderr = ended.stderr.decode("utf-8", "replace")
        if doors.is_refused(ended.status, stderr):
            door.failed(time.monotonic())
        elif not ended.trouble and doors.is_shut_out(ended.status, stderr):
            door.shut(time.monotonic())
        return ended

    @asynccontextmanager
    async def _session(self, way: Way) -> Any:
        """One of the few sessions that one kept connection carries."""
        while way.kept and self._sessions[way.kept] >= doors.SESSIONS_AT_ONCE:
            await asyncio.sleep(0.05)
        self._sessions[way.kept] += 1
        try:
            yield
        finally:
            self._sessions[way.kept] -= 1

    async def _client(self, way: Way, known: str, begun: Callable[[], None]) -> Ended:
        limits = Limits(payload.ENCODED_LIMIT + _AROUND, way.question.options["deadline"] + self._plan.patience, way.silence)
        data = payload.standard_input(self._plan.code, way.question.options, known)
        if way.session and Path(way.session.path).is_socket():
            session = KeptSession(way.session.path, way.argv[-1], way.session.environment)
            with suppress(OSError, NoSessionError):
                return await Client(session, Dialogue(way.escalation), data, limits, begun).run()
        try:
            return await Client(SshProcess(way.argv), Dialogue(way.escalation), data, limits, begun).run()
        except OSError as error:
            return Ended(255, b"", f"ssh cannot be started: {error}".encode())

    async def _judged(self, way: Way, kept: Kept | None) -> Made:
        ended, note = await self._asked(way, kept.digest if kept else "")
        success = way.escalation.success if way.escalation else b""
        heard = Heard(way.question, ended, way.nonce, way.tried, way.method, way.address, success, note, kept)
        return await self._evaluators.judged(heard)
