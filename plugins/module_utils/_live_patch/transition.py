# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live patch on its way in or out: waiting for the last thread, naming those that hold it up, and turning it back.

A patch is stalled when its transition did not end in the time that it was given. The kernel itself prods the threads meanwhile.
"""

import time
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from . import sysfs

POLL_SECONDS = 0.5
THREADS_SHOWN = 10


class Stall(NamedTuple):
    """A patch still enabling or disabling after so many seconds, the threads in the way, and '' or why not all of them could be read."""

    patch: str
    state: str
    seconds: float
    blockers: List[sysfs.Blocker]
    problem: str


def read_loaded(host: Any) -> List[sysfs.SysfsPatch]:
    """The patches in the kernel's own list; none where there is no such list."""
    root, names = sysfs.find_root(host)
    return [] if names.problem else sysfs.read_patches(host, root, names.value)


def moving(host: Any) -> Optional[sysfs.SysfsPatch]:
    """The patch that is being enabled or disabled; the kernel allows one at a time."""
    return next((patch for patch in read_loaded(host) if patch.state in ("enabling", "disabling")), None)


def settle(host: Any, seconds: float, pause: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic) -> Optional[Stall]:
    """Wait until nothing is in transition; the stall where something still is after so many seconds."""
    end = clock() + seconds
    while True:
        patch = moving(host)
        if patch is None:
            return None
        if clock() >= end:
            blockers, problem = sysfs.find_blockers(host, 1 if patch.state == "enabling" else 0)
            # The last thread may have come over between the two looks.
            if moving(host) is None:
                return None
            return Stall(patch.id, patch.state, seconds, blockers, problem)
        pause(POLL_SECONDS)


def write_enabled(patch: str, value: int) -> None:
    """Enable (1) or disable (0) a loaded patch; during a transition the opposite of its file turns it back. OSError."""
    with open("%s/%s/enabled" % (sysfs.ROOTS[0], patch), "w") as attribute:
        attribute.write("%d\n" % value)


def reverse(host: Any, stall: Stall, seconds: float) -> Optional[Stall]:
    """Turn a stalled transition back and wait for that; the stall where that does not end either. OSError."""
    write_enabled(stall.patch, 0 if stall.state == "enabling" else 1)
    return settle(host, seconds)


def name_threads(stall: Stall) -> str:
    """The blocking threads for a message."""
    shown = ["%s (process %d, thread %d)" % (blocker.comm, blocker.pid, blocker.tid) for blocker in stall.blockers[:THREADS_SHOWN]]
    more = len(stall.blockers) - len(shown)
    return ", ".join(shown + (["%d more" % more] if more > 0 else [])) or "no thread that could be read (%s)" % (stall.problem or "none is left")


def explain(stall: Stall, turned_back: Optional[Stall], on_stall: str) -> str:
    """What an operator is told of a stall, and in what state it was left."""
    way = "is not in force" if stall.state == "enabling" else "is not out of force"
    text = "live patch %s %s after %d s, held up by %s" % (stall.patch, way, stall.seconds, name_threads(stall))
    if on_stall != "reverse":
        return text + ". It stays in transition; those threads run the former code"
    if turned_back is not None:
        return text + ". It was turned back, and that is held up by " + name_threads(turned_back)
    return text + ". It was turned back: every thread runs the code that it ran before"


def handle(host: Any, seconds: float, on_stall: str) -> Tuple[Optional[Stall], str, bool]:
    """Wait, and on a stall do what is asked: (the stall or None, what to say, whether the transition was turned back)."""
    stall = settle(host, seconds)
    if stall is None:
        return None, "", False
    turned_back = reverse(host, stall, seconds) if on_stall == "reverse" else None
    return stall, explain(stall, turned_back, on_stall), on_stall == "reverse"
