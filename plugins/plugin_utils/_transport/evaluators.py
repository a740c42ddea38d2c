# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a client printed to the host's document, in processes beside the one that holds the connections."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, NamedTuple

from .._fleet import store
from . import fallback, last_look, payload
from .client import OURS, Ended
from .dialogue import HERE
from .documents import Outcome, Question, concluded, outcome_of, told
from .last_look import Kept

HOSTS_EACH = 25
AT_MOST = 4
SECONDS_TO_NOTICE = 1.0


class Heard(NamedTuple):
    """All that one host's document is made of."""

    question: Question
    ended: Ended
    nonce: str
    tried: str
    method: str
    address: str
    success: bytes
    note: str
    kept: Kept | None


class Made(NamedTuple):
    """What came of it: the summary of a document and the digest of its record, why the host is handed over, or that it is to say all of it."""

    summary: dict[str, Any] | None = None
    handed_over: str = ""
    digest: str = ""
    is_forgotten: bool = False


def outcome(heard: Heard) -> Outcome | str:
    """The scan's outcome, in the words of a task of its own; why the host is handed over, where it is.

    ForgottenError where the host says that its record is as it was, and that one is not there.
    """
    host, ended, method = heard.question.host, heard.ended, heard.method
    stdout = ended.stdout.replace(HERE, b"").replace(heard.success or HERE, b"").decode("utf-8", "surrogateescape")
    stderr = ended.stderr.decode("utf-8", "replace")
    if method and fallback.wants_terminal(stderr + stdout[-8192:]):
        return "sudo there wants a terminal"
    if ended.trouble == "overdue":
        return Outcome(None, "unreachable", f"{host}: {ended.words}{heard.note}")
    if ended.trouble == "escalation":
        return Outcome(None, "scan_failed", told(host, ended.words, method))
    if ended.trouble == "too_much":
        return Outcome(None, "scan_failed", told(host, f"the host's answer is no record: {ended.words}", method))
    reply = payload.parse_reply(stdout, stderr, ended.status, heard.nonce)
    if ended.status == 255 and reply.error:
        words = f'Data could not be sent to remote host "{heard.address}". Make sure this host can be reached over ssh: {stderr}{heard.note}'
        return Outcome(None, "scan_failed" if method and fallback.is_become_failure(words) else "unreachable", told(host, words, method))
    if reply.look:
        return Outcome(last_look.whole(reply.look, heard.kept), digest=reply.look["same"])
    return outcome_of(host, reply, heard.tried, method)


def made(heard: Heard) -> Made:
    """Judge one host and write its document."""
    try:
        found = outcome(heard)
        return Made(handed_over=found) if isinstance(found, str) else Made(concluded(heard.question, found), digest=found.digest)
    except last_look.ForgottenError:
        return Made(is_forgotten=True)
    except store.StoreError as error:
        return Made(handed_over=str(error))


def _begin(starter: int) -> None:
    """An evaluator keeps no pipe of a client open, hears no signal that is meant for the process that started it, and does not outlive it."""
    threading.Thread(target=_end_with, args=(starter,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for descriptor in OURS:
        with suppress(OSError):
            os.close(descriptor)
    OURS.clear()


def _end_with(starter: int) -> None:
    # Each evaluator holds an end of the others' queue open, so that none of them would ever see that nobody asks any more.
    while os.getppid() == starter:
        time.sleep(SECONDS_TO_NOTICE)
    os._exit(1)


class Evaluators:
    """A few processes that judge; a host whose answer ends one of them costs itself and nobody else."""

    def __init__(self, hosts: int) -> None:
        self._size = max(1, min(AT_MOST, os.cpu_count() or 1, hosts // HOSTS_EACH))
        self._pool = _pool(self._size)
        self._suspects = asyncio.Lock()

    async def judged(self, heard: Heard) -> Made:
        """What came of one host."""
        try:
            return await asyncio.wrap_future(self._submit(heard))
        except BrokenProcessPool:
            async with self._suspects:
                return await _alone(heard)

    def _submit(self, heard: Heard) -> Future[Made]:
        try:
            return self._pool.submit(made, heard)
        except BrokenProcessPool:
            self._pool = _pool(self._size)
            return self._pool.submit(made, heard)

    def end(self) -> None:
        """No more hosts come."""
        self._pool.shutdown(cancel_futures=True)


def _pool(size: int) -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(size, mp_context=multiprocessing.get_context("fork"), initializer=_begin, initargs=(os.getpid(),))
    for _worker in range(size):
        pool.submit(int)  # forked now, while there is little to inherit
    return pool


async def _alone(heard: Heard) -> Made:
    """Judge a host in a process of its own: all that wait for a process are lost with it, and only one of them ended it."""
    pool = _pool(1)
    try:
        return await asyncio.wrap_future(pool.submit(made, heard))
    except BrokenProcessPool:
        return made(heard._replace(ended=Ended(heard.ended.status, b"", b"", "too_much", "it ended the process that read it")))
    finally:
        pool.shutdown(wait=False)
