# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by identity: a pid alone may belong to somebody else by the time it is killed."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from firebreak_lab.errors import LabError


class Identity(NamedTuple):
    """A process: its id, and its start in clock ticks since the machine's boot (proc(5), stat field 22)."""

    pid: int
    started: int


def _stat(pid: int) -> list[str] | None:
    """The fields of proc(5)'s stat from the third one (state) on; None where the process is gone, or only its exit status is left (a zombie)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses of its own.
    fields = text[text.rindex(")") + 2:].split()
    return None if fields[0] in "ZX" else fields


def start_ticks(pid: int) -> int | None:
    """When the process started; None where it is gone, or only its exit status is left (a zombie)."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19])


def has_environment(pid: int) -> bool:
    """Whether the process has an environment, or is about to get one: in the middle of execve(2) there is none for a moment.

    The addresses of the environment (proc(5), stat fields 50 and 51) are 0 at that moment, as in a thread of the kernel (PF_KTHREAD of
    linux/sched.h in field 9) and in a process whose memory may not be looked at; they are equal where it is empty for good.
    """
    fields = _stat(pid)
    if fields is None or int(fields[6]) & 0x00200000:
        return False
    return fields[47] == "0" or fields[48] != fields[47]


def identify(pid: int) -> Identity:
    """The identity of a live process; LabError where it has ended already."""
    started = start_ticks(pid)
    if started is None:
        raise LabError(f"process {pid} ended as soon as it was started")
    return Identity(pid, started)


def alive(identity: Identity) -> bool:
    """Whether exactly this process still runs."""
    return start_ticks(identity.pid) == identity.started


def descendants(identity: Identity) -> list[Identity]:
    """The process's children, their children and so on, nearest first."""
    found: list[Identity] = []
    for task in Path(f"/proc/{identity.pid}/task").glob("*/children"):
        try:
            pids = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for pid in pids:
            started = start_ticks(pid)
            if started is not None:
                found += [Identity(pid, started), *descendants(Identity(pid, started))]
    return found


def wait_gone(identities: list[Identity], seconds: float) -> bool:
    """Whether all of them ended within that time."""
    until = time.monotonic() + seconds
    while any(alive(one) for one in identities):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def end(identity: Identity, patience: float) -> None:
    """End a process that was asked to with SIGTERM for ``patience`` seconds, then it and its descendants with SIGKILL."""
    family = [identity, *descendants(identity)]
    if alive(identity):
        os.kill(identity.pid, signal.SIGTERM)
        wait_gone([identity], patience)
    for one in family:
        if alive(one):
            os.kill(one.pid, signal.SIGKILL)
    if not wait_gone(family, 20):
        raise LabError(f"processes {', '.join(str(one.pid) for one in family if alive(one))} do not end, not even by SIGKILL")


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into KeyboardInterrupt inside the block, so that ``finally`` and ``with`` clean up."""

    def interrupt(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
