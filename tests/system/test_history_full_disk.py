# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A history of SQLite on a file system that is really full: nothing is lost, nothing is kept twice, and each failure is one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import ingest, keeping, upgrade
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.database import History
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.errors import HistoryError
from history_suite import HOUR, START, fleet, spans
from small_disk import fill, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path) as place:
        yield place


@pytest.fixture
def history(disk: Path) -> Iterator[History]:
    """A history with two scans, on that disk."""
    found = upgrade.opened(str(disk / "h.sqlite"))
    for hour in range(2):
        ingest.keep(found, fleet(50, hour))
    yield found
    found.close()


def test_nothing_is_lost_and_the_same_scan_is_kept_once_there_is_room(disk: Path, history: History) -> None:
    before, seen = keeping.counts(history), spans(history, "verdict")
    ballast = fill(disk)
    for _again in range(2):
        with pytest.raises(HistoryError, match=r"its file system is full; nothing of this was kept|its disk cannot be written") as caught:
            ingest.keep(history, fleet(3000, 2))
        assert "\n" not in str(caught.value)
    ballast.unlink()
    assert keeping.counts(history) == before
    assert spans(history, "verdict") == seen
    assert ingest.keep(history, fleet(100, 2)).is_new
    assert ingest.keep(history, fleet(100, 2)).is_new is False
    assert keeping.counts(history)["ingest"] == 3


def test_a_new_history_has_no_room(disk: Path) -> None:
    ballast = fill(disk)
    with pytest.raises(HistoryError, match=r"^the history \S+/new\.sqlite: its (file system is full|disk cannot be written)"):
        upgrade.opened(str(disk / "new.sqlite"))
    ballast.unlink()
    found = upgrade.opened(str(disk / "new.sqlite"))
    assert ingest.keep(found, fleet(5, 0)).is_new
    found.close()


def test_a_backup_has_no_room(disk: Path, history: History) -> None:
    fill(disk)
    with pytest.raises(HistoryError, match="its file system is full"):
        keeping.back_up(history, disk / "backup.gz")
    assert not [path for path in disk.iterdir() if "backup" in path.name]


def test_what_is_forgotten_is_forgotten_where_the_file_cannot_be_made_smaller(disk: Path, history: History) -> None:
    # Room for the change, and none for a copy of the file.
    history.close()
    ballast = fill(disk)
    with ballast.open("r+b") as stream:
        stream.truncate(ballast.stat().st_size - 150_000)
    assert keeping.prune(history, START + HOUR)["ingest"] == 1
    assert keeping.counts(history)["ingest"] == 1
