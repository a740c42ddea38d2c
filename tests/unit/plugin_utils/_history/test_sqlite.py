# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of every history on SQLite, and what is SQLite's own: a full disk, a file that is none, one that may not be written."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import database, happenings, ingest, keeping, telling, upgrade
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.errors import HistoryError
from history_guests import GuestSuite
from history_suite import HOUR, START, fleet, migrations, spans
from sqlalchemy import event


class TestSqlite(GuestSuite):
    """On a file."""

    @pytest.fixture
    def place(self) -> Iterator[str]:
        """A file that is not there yet, in a folder with what URLs and alembic's own files would read as something else.

        In memory, since each commit waits for the disk.
        """
        with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="firebreak-") as folder:
            yield str(Path(folder) / "own 50% #1?/history.sqlite")


def test_a_full_disk_is_one_clear_error_and_costs_nothing(tmp_path: Path) -> None:
    history = upgrade.opened(str(tmp_path / "h.sqlite"))
    ingest.keep(history, fleet(50, 0))
    before, seen = keeping.counts(history), spans(history, "verdict")

    def full(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")

    event.listen(history.engine, "connect", full)
    with pytest.raises(HistoryError, match=r"^the history \S+h\.sqlite: its file system is full; nothing of this was kept"):
        ingest.keep(history, fleet(3000, 1))
    assert keeping.counts(history) == before
    assert spans(history, "verdict") == seen
    event.remove(history.engine, "connect", full)
    assert ingest.keep(history, fleet(3000, 1)).is_new
    assert keeping.counts(history)["host"] == 3000
    history.close()


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "h.sqlite", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.5, other.execute, ["COMMIT"])
        release.start()
        history = upgrade.opened(str(tmp_path / "h.sqlite"))
        release.join()
    assert ingest.keep(history, fleet(1, 0)).is_new
    history.close()


def test_two_that_back_up_to_one_place_at_once_leave_a_whole_backup(tmp_path: Path) -> None:
    history = upgrade.opened(str(tmp_path / "h.sqlite"))
    for hour in range(3):
        ingest.keep(history, fleet(300, hour))
    path = tmp_path / "backups/h.jsonl.gz"
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _number: keeping.back_up(history, path), range(8))) == [keeping.counts(history)] * 8
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    other = upgrade.opened(str(tmp_path / "other.sqlite"))
    assert keeping.restore(other, path) == keeping.counts(history)
    for one in (history, other):
        one.close()


def test_a_backup_is_of_one_moment_and_nobody_waits_for_a_reader(tmp_path: Path) -> None:
    history, writer = (upgrade.opened(str(tmp_path / "h.sqlite")) for _both in range(2))
    for hour in range(2):
        ingest.keep(history, fleet(30, hour))
    before, lines = keeping.counts(history), keeping.dump(history)
    first = next(lines)
    assert ingest.keep(writer, fleet(60, 2)).is_new
    assert keeping.prune(writer, START + HOUR)["ingest"] == 1
    (tmp_path / "h.gz").write_bytes(gzip.compress("".join([first, *lines]).encode()))
    other = upgrade.opened(str(tmp_path / "other.sqlite"))
    assert keeping.restore(other, tmp_path / "h.gz") == before
    assert keeping.counts(writer)["host"] == 60
    for one in (history, writer, other):
        one.close()


def test_a_trigger_of_the_operators_own_outlives_a_migration(tmp_path: Path) -> None:
    history = upgrade.opened(str(tmp_path / "h.sqlite"))
    with history.writing() as connection:
        connection.exec_driver_sql('CREATE VIEW "a ""name"" of 100%" AS SELECT name FROM host')
        connection.exec_driver_sql("CREATE TABLE heard (name TEXT)")
        connection.exec_driver_sql("CREATE TRIGGER hear AFTER INSERT ON host BEGIN INSERT INTO heard VALUES (new.name); END")
    upgrade.bring_up(history, migrations(tmp_path, "    with op.batch_alter_table('host', recreate='always') as table:\n"
                                                   "        table.add_column(sa.Column('more', sa.Text(), nullable=True))\n"))
    assert ingest.keep(history, fleet(3, 0)).is_new
    with history.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM heard").scalar_one() == 3
        assert connection.exec_driver_sql('SELECT count(*) FROM "a ""name"" of 100%"').scalar_one() == 3
    history.close()


@pytest.mark.parametrize("damage", ["event SET subject = x'fffe'", "span SET since = 1.5", "span SET since = 'x'", "host SET name = x'ff'"])
def test_values_of_another_kind_are_one_clear_error(tmp_path: Path, damage: str) -> None:
    history = upgrade.opened(str(tmp_path / "h.sqlite"))
    ingest.keep(history, fleet(3, 0))
    happenings.keep(history, happenings.of_healing([{"at": "2026-11-01T00:00:00Z", "what": "begun"}]))
    with history.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {damage}{'' if 'host' not in damage else ' WHERE id = 1'}")
    with pytest.raises(HistoryError, match=r"^the history \S+h\.sqlite: what it holds cannot be used \(\w+: [^\n]+$"):
        telling.tell(history, START + HOUR)
    history.close()


def test_the_file_and_its_folder_are_private(tmp_path: Path) -> None:
    upgrade.opened(str(tmp_path / "new/h.sqlite")).close()
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "new/h.sqlite")] == [0o700, 0o600]


def test_a_file_that_is_no_history(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are not the rows that you look for\n" * 200)
    with pytest.raises(HistoryError, match="is no history"):
        upgrade.opened(str(tmp_path / "notes.txt"))
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match=r"file/h\.sqlite: .*it is not a directory"):
        upgrade.opened(str(tmp_path / "file/h.sqlite"))


def test_integers_and_texts_only(tmp_path: Path) -> None:
    """Nothing of a report is ever kept as a pickle or a blob."""
    upgrade.opened(str(tmp_path / "h.sqlite")).close()
    with sqlite3.connect(tmp_path / "h.sqlite") as connection:
        kinds = {row[2] for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                 for row in connection.execute(f"PRAGMA table_info({table})")}
    assert kinds == {"INTEGER", "BIGINT", "TEXT", "VARCHAR(32)"}


@pytest.mark.parametrize(("place", "message"), [
    ("mysql://root@db/x", "mysql:// is no kind of history"),
    ("postgresql://firebreak:se%ZZcret@", "cannot|URL|history"),
])
def test_places_that_are_none(place: str, message: str) -> None:
    with pytest.raises(HistoryError, match=message) as caught:
        upgrade.opened(place)
    assert "cret" not in str(caught.value)


def test_a_history_that_is_only_asked_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "h.sqlite").touch()
    there = (f"{tmp_path}/h.sqlite", f"sqlite:///{tmp_path}/h.sqlite", "postgresql://db/x", "mysql://a:SeCrEt@db/x")
    missing = (f"{tmp_path}/other", f"sqlite:///{tmp_path}/other", f"{tmp_path}")
    assert [database.is_missing(place) for place in (*there, *missing)] == [False] * 4 + [True] * 3


def test_beside_the_reports(tmp_path: Path) -> None:
    assert database.beside(tmp_path / "reports/20261128T080000Z-2") == str(tmp_path / "firebreak_history/history.sqlite")
    assert database.beside(tmp_path / "today") == str(tmp_path / "firebreak_history/history.sqlite")
