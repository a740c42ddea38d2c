# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other runs take old reports away at any moment: who looks for one then finds another, or none, and never stumbles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.action import gathered_records, run_settings
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import store
from ansible_collections.firebreak.fleet.plugins.plugin_utils._settings.places import Job

WHOLE = '{"schema": "firebreak.fleet/1", "partial": false}'


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[Future[None]]:
    """Another run, at the same time; what it failed with is raised."""
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(work)
        yield other
    other.result()


def test_a_report_that_goes_once_it_was_read_is_not_the_newest(tmp_path: Path) -> None:
    for job in ("31", "32"):
        (tmp_path / "21" / job).mkdir(parents=True)
    (tmp_path / "21/31" / store.REPORT).write_text(WHOLE)
    path = tmp_path / "21/32" / store.REPORT
    os.mkfifo(path)

    def be_read_and_go() -> None:
        with path.open("w") as stream:
            path.unlink()
            stream.write(WHOLE)

    with meanwhile(be_read_and_go):
        assert run_settings.newest_report(str(tmp_path), Job("33", "21")) == tmp_path / "21/31"


@pytest.mark.usefixtures("interleaved")
def test_runs_that_come_and_go_while_records_are_looked_for_hide_no_other(tmp_path: Path) -> None:
    (tmp_path / "stays/records").mkdir(parents=True)
    (tmp_path / "stays/records/web1.json").touch()

    def come_and_go() -> None:
        for turn in range(30):
            records = tmp_path / f"{turn % 5}/22/records"
            records.mkdir(parents=True)
            for place in (records, *records.parents[:2]):
                place.rmdir()

    with meanwhile(come_and_go) as other:
        while not other.done():
            assert list(gathered_records.found(tmp_path)) == [tmp_path / "stays"]
