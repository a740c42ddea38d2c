# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one rule for files of running processes, row by row."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.running_files import (
    GONE,
    OTHER,
    SAME,
    UNKNOWN,
    Held,
    Place,
    device_of,
    file_of,
    judge,
    judge_read,
    place_of,
)
from recorded_host import RecordedHost

ONE, ANOTHER = (8, 42), (8, 43)


@pytest.mark.parametrize(
    ("held", "now", "state", "stale"),
    [
        (Held(ONE), Place(ONE), SAME, False),
        (Held(ONE), Place(ANOTHER), OTHER, True),
        (Held(ONE), Place((9, 42)), OTHER, True),
        (Held(ONE), Place(None), GONE, True),
        # virtiofsd gives itself another root after it was started from the host's (its namespace sandbox, virtiofsd 1.13).
        (Held(ONE, own_root=True), Place(ONE), SAME, False),
        (Held(ONE, own_root=True, host_mount=True), Place(ANOTHER), OTHER, True),
        (Held(ONE, own_root=True, host_mount=True), Place(None), GONE, True),
        # A container's own /usr/sbin/nginx is none of the host's.
        (Held(ONE, own_root=True, host_mount=False), Place(ANOTHER), UNKNOWN, None),
        (Held(ONE, own_root=True), Place(None), UNKNOWN, None),
        (Held(ONE, own_root=None), Place(ONE), SAME, False),
        (Held(ONE, own_root=None), Place(ANOTHER), UNKNOWN, None),
        (Held(None), Place(ONE), UNKNOWN, None),
        (Held(ONE), Place(None, "unreadable"), UNKNOWN, None),
    ])
def test_the_file_that_is_held_is_compared_with_the_one_at_its_path(held: Held, now: Place, state: str, stale: bool | None) -> None:
    judged = judge(held, now)
    assert (judged.state, judged.stale) == (state, stale)
    assert bool(judged.reason) is (state == UNKNOWN)


@pytest.mark.parametrize(
    ("started", "written", "is_there", "state"),
    [
        (100.0, 50.0, True, SAME), (100.0, 200.0, True, OTHER), (100.0, 50.0, False, GONE), (None, 50.0, True, UNKNOWN), (100.0, None, True, UNKNOWN),
        # The start is known to a hundredth of a second, and the clock may have been set by a little.
        (100.0, 100.5, True, SAME),
    ])
def test_what_was_read_and_let_go_is_judged_by_when_it_was_written(
    started: float | None, written: float | None, is_there: bool, state: str,
) -> None:
    assert judge_read(started, written, is_there).state == state


def test_a_hard_link_that_comes_and_goes_changes_nothing(tmp_path: Path) -> None:
    """Of a real file: its ctime moves, and what names it does not."""
    path = tmp_path / "vmlinux"
    path.write_bytes(b"kernel")
    with path.open("rb") as handle:
        (tmp_path / "again").hardlink_to(path)
        (tmp_path / "again").unlink()
        held, now = os.fstat(handle.fileno()), path.stat()
        assert now.st_ctime_ns >= held.st_mtime_ns
        assert judge(Held((held.st_dev, held.st_ino)), Place((now.st_dev, now.st_ino))).state == SAME


def test_answers_of_a_host_become_places() -> None:
    host = RecordedHost({"stat": {"/a": ["file", 0o644, 0, 0, 1, 0.0, 0.0, 8, 42], "/b": {"problem": "needs_root", "detail": ""}}})
    assert place_of(host.stat("/a")) == Place(ONE)
    assert place_of(host.stat("/b")) == Place(None, "needs_root")
    assert place_of(host.stat("/c")) == Place(None)
    assert file_of(host.stat("/a").value) == ONE


@pytest.mark.parametrize("device", [os.makedev(8, 2), os.makedev(0, 48), os.makedev(259, 70000)])
def test_the_kernels_name_of_a_device_is_its_number(device: int) -> None:
    assert device_of(f"{os.major(device):02x}:{os.minor(device):02x}") == device


@pytest.mark.parametrize("name", ["", "08", "x:y", "1:2:3"])
def test_a_damaged_name_is_no_device(name: str) -> None:
    assert device_of(name) is None
