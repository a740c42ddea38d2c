# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drain took and nobody gave back is owed to the host, whoever released it and whatever later runs are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.driving import Begin
from kept_rollout import drive, scanned


def drained_and_released(folder: Path) -> None:
    """Host a of two in one rack was lost while it was drained; somebody looked after it, and released it."""
    members = {name: {"domains": ["rack1"]} for name in "ab"}
    drive(folder).begin(Begin(members, {}, {"waves": [1]}, "me"))
    for name in "ab":
        scanned(folder, name)
    drive(folder).next()
    for step in ("change", "drain"):
        drive(folder).note("a", step, "done")
    drive(folder).result("a", "failed", "a did not come back")
    drive(folder).end()
    drive(folder).release(["a"], "me", False)


def begin_with(folder: Path, hosts: str) -> dict[str, Any]:
    """A run with --limit; what its first wave is."""
    drive(folder).begin(Begin({name: {"domains": ["rack1"]} for name in hosts}, {}, {"waves": [1]}, "me"))
    for name in hosts:
        scanned(folder, name)
    return drive(folder).next()


def test_what_is_owed_to_a_released_host_outlives_a_run_that_is_not_about_it(tmp_path: Path) -> None:
    drained_and_released(tmp_path)
    # It serves no more than before: nobody of its rack goes down, and the run does not try what it cannot reach.
    assert begin_with(tmp_path, "b")["over"]
    said = drive(tmp_path).end()["said"]
    assert "a: waits, and it is still drained" in said["a"] and set(said) == {"a", "b"}
    wave = begin_with(tmp_path, "ab")
    assert (wave["hosts"], wave["owes"]) == (["a"], {"a": ["undrain"]})
    for step in ("change", "undrain", "prove"):
        drive(tmp_path).note("a", step, "done")
    assert drive(tmp_path).next()["hosts"] == ["b"]


def test_a_drained_host_that_left_the_inventory_is_forgotten_once_somebody_gives_it_up(tmp_path: Path) -> None:
    drained_and_released(tmp_path)
    assert begin_with(tmp_path, "b")["over"]
    drive(tmp_path).end()
    drive(tmp_path).release(["a"], "me", True)
    assert begin_with(tmp_path, "b")["hosts"] == ["b"]
    assert list(drive(tmp_path).status()[0].hosts) == ["b"]


def test_a_released_host_that_is_still_drained_may_be_given_up_whatever_the_last_run_was_about(tmp_path: Path) -> None:
    drained_and_released(tmp_path)
    drive(tmp_path).release(["a"], "me", True)
    assert begin_with(tmp_path, "ab")["hosts"] == ["b"]


@pytest.mark.parametrize("end", ["aborted", "ended"])
def test_what_is_owed_goes_into_a_rollout_that_is_not_about_the_host(tmp_path: Path, end: str) -> None:
    drained_and_released(tmp_path)
    drive(tmp_path).tell(end, "me", "as somebody said")
    assert begin_with(tmp_path, "b")["over"]
    drive(tmp_path).end()
    assert begin_with(tmp_path, "ab")["owes"] == {"a": ["undrain"]}
