# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet that the end-to-end tests share: started once, stopped whatever happens, and nothing of it left behind."""

import os
from collections.abc import Iterator

import pytest
from firebreak_lab import census, processes
from running_fleet import Fleet, Report


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """A run that is told to end cleans up."""
    with processes.interruptible():
        yield


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The drifted fleet. Afterwards nothing of it may be left: no process, namespace, mount, loop device, control group or port."""
    name = f"test-{os.getpid()}"
    before = census.take(name, range(0))
    fleet = Fleet(name, tmp_path_factory.mktemp("reports"))
    try:
        fleet.run("up", "--fleet", "drifted")
        yield fleet
    finally:
        fleet.run("down")
    assert census.left_behind(before, census.take(name, range(0))) == []
    assert not fleet.lab.folder.exists()


@pytest.fixture(scope="session")
def first_report(fleet: Fleet) -> Report:
    """The report of the fleet as it drifted."""
    return fleet.report("first")
