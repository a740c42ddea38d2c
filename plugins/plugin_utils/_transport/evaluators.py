# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a client printed to the host's document, in processes beside the one that holds the connections."""

from __future__ import annotations

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
from . import fallback, payload
from .client import OURS, Ended
from .dialogue import HERE
from .documents import Outcome, Question, concluded, outcome_of, told

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


class Made(NamedTuple):
    """What came of it: the summary of a document, or why the host is handed over."""

    summary: dict[str, Any] | None = None
    handed_over: str = ""


def outcome(heard: Heard) -> Outcome | str:
    """The scan's outcome, in the words of a task of its own; why the host is handed over, where it is."""
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
    return outcome_of(host, reply, heard.tried, method)


def made(heard: Heard) -> Made:
    """Judge one host and write its document."""
    found = outcome(heard)
    if isinstance(found, str):
        return Made(handed_over=found)
    try:
        return Made(concluded(heard.question, found))
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
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        pool = ProcessPoolExecutor(self._size, mp_context=multiprocessing.get_context("fork"), initializer=_begin, initargs=(os.getpid(),))
        for _worker in range(self._size):
            pool.submit(int)  # forked now, while there is little to inherit
        return pool

    def submit(self, heard: Heard) -> Future[Made]:
        """Judge one host, some time."""
        try:
            return self._pool.submit(made, heard)
        except BrokenProcessPool:
            self._pool = self._new()
            return self._pool.submit(made, heard)

    def end(self) -> None:
        """No more hosts come."""
        self._pool.shutdown(cancel_futures=True)
