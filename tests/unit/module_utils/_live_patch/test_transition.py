# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a live patch: one that comes into force, one that never does, and what is said of that."""

from __future__ import annotations

from typing import Any

from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import transition
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.sysfs import Blocker
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.transition import Stall, explain, settle
from recorded_host import RecordedHost

STALL = Stall("fix_two", "enabling", 20, [Blocker(61, 61, "kswapd0"), Blocker(700, 702, "CPU 0/KVM")], "")


class Machine:
    """Its patch is in transition until a moment on its own clock, which only waiting moves on."""

    def __init__(self, until: float, enabled: str = "1") -> None:
        self.time = 0.0
        self.until = until
        self.enabled = enabled

    def clock(self) -> float:
        return self.time

    def pause(self, seconds: float) -> None:
        self.time += seconds

    def __getattr__(self, question: str) -> Any:
        moving = "1" if self.time < self.until else "0"
        root = "/sys/kernel/livepatch/fix_two/"
        return getattr(RecordedHost({
            "read": {root + "enabled": self.enabled, root + "transition": moving, "/proc/61/task/61/patch_state": str(1 - int(self.enabled)),
                     "/proc/61/task/61/comm": "kswapd0\n", "/proc/70/task/70/patch_state": self.enabled},
            "listdir": {"/sys/kernel/livepatch": ["fix_two"]}}), question)


def test_a_transition_that_ends_is_waited_for() -> None:
    machine = Machine(until=7)
    assert settle(machine, 20, machine.pause, machine.clock) is None
    assert 7 <= machine.time < 8


def test_one_that_does_not_end_names_the_threads_on_the_other_side() -> None:
    machine = Machine(until=1000)
    stall = settle(machine, 20, machine.pause, machine.clock)
    assert stall == Stall("fix_two", "enabling", 20, [Blocker(61, 61, "kswapd0")], "")
    assert machine.time >= 20


def test_a_patch_on_its_way_out_waits_for_the_threads_in_the_new_code() -> None:
    machine = Machine(until=1000, enabled="0")
    stall = settle(machine, 20, machine.pause, machine.clock)
    assert stall is not None
    assert (stall.state, [blocker.comm for blocker in stall.blockers]) == ("disabling", ["kswapd0"])


def test_a_host_without_live_patching_has_nothing_to_wait_for() -> None:
    assert settle(RecordedHost({"listdir": {"/sys/kernel": []}}), 0) is None


def test_what_is_said_of_a_stall_that_was_left() -> None:
    assert explain(STALL, None, "report") == (
        "live patch fix_two is not in force after 20 s, held up by kswapd0 (process 61, thread 61), CPU 0/KVM (process 700, thread 702). "
        "It stays in transition; those threads run the former code")


def test_what_is_said_of_one_that_was_turned_back() -> None:
    assert explain(STALL, None, "reverse").endswith("It was turned back: every thread runs the code that it ran before")
    assert "and that is held up by kswapd0" in explain(STALL, STALL._replace(blockers=STALL.blockers[:1]), "reverse")


def test_a_crowd_is_cut_and_counted() -> None:
    crowd = [Blocker(pid, pid, "worker") for pid in range(1, 14)]
    assert transition.name_threads(STALL._replace(blockers=crowd)).endswith(", 3 more")


def test_threads_that_cannot_be_read_are_not_passed_over() -> None:
    assert transition.name_threads(STALL._replace(blockers=[], problem="needs_root")) == "no thread that could be read (needs_root)"
