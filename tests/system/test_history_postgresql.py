# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite of every history on a real PostgreSQL of Debian's, and what is its own: a full disk, a server that is gone, from SQLite and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history import ingest, keeping, upgrade
from ansible_collections.firebreak.fleet.plugins.plugin_utils._history.errors import HistoryError
from history_guests import GuestSuite
from history_suite import fleet, migrations, spans
from small_disk import small_disk

USER = "postgres"


class Server:
    """A cluster of its own, reached by a socket in its folder alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's own programs, which refuse to be root."""
        before = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*before, str(self.programs / program), *arguments], cwd=self.folder, check=False, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self) -> None:
        """Make the cluster and start it."""
        data = str(self.folder / "data")
        self.run("initdb", "--pgdata", data, "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.run("pg_ctl", "--pgdata", data, "--wait", "--timeout=120", "--log", str(self.folder / "log"), "--options",
                 f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off", "start")

    def stop(self) -> None:
        """Stop it, without waiting for anybody's transaction."""
        self.run("pg_ctl", "--pgdata", str(self.folder / "data"), "--wait", "--timeout=120", "--mode=fast", "stop")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What one statement answers."""
        return self.run("psql", "--host", str(self.folder), "--username", USER, "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--command",
                        statement, database)

    def url(self, database: str, user: str = USER) -> str:
        """Where one of its databases is."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that runs while the tests of this file do. The path of its socket must be short."""
    folder = Path(tempfile.mkdtemp(prefix="fbpg-", dir="/dev/shm"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    found = Server(folder)
    found.start()
    found.sql("CREATE DATABASE history")
    yield found
    found.stop()
    shutil.rmtree(folder)


@pytest.fixture
def place(server: Server) -> str:
    """A database with nothing in it."""
    server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public", "history")
    return server.url("history")


class TestPostgresql(GuestSuite):
    """On a server."""


def test_from_sqlite_to_postgresql_and_back(place: str, tmp_path: Path) -> None:
    first, second, third = (upgrade.opened(where) for where in (str(tmp_path / "a.sqlite"), place, str(tmp_path / "b.sqlite")))
    for hour in range(5):
        ingest.keep(first, fleet(40, hour))
    keeping.back_up(first, tmp_path / "a.gz")
    keeping.restore(second, tmp_path / "a.gz")
    keeping.back_up(second, tmp_path / "b.gz")
    keeping.restore(third, tmp_path / "b.gz")
    assert keeping.counts(first) == keeping.counts(second) == keeping.counts(third)
    assert spans(first, "verdict") == spans(second, "verdict") == spans(third, "verdict")
    assert ingest.keep(second, fleet(40, 4)).is_new is False
    assert ingest.keep(second, fleet(40, 5)).is_new
    for history in (first, second, third):
        history.close()


def test_a_full_disk_is_one_clear_error_and_costs_nothing(server: Server) -> None:
    with small_disk(server.folder, USER) as small:
        server.sql(f"CREATE TABLESPACE small LOCATION '{small}'")
        server.sql("CREATE DATABASE full_disk")
        server.sql("ALTER DATABASE full_disk SET default_tablespace = 'small'")
        history = upgrade.opened(server.url("full_disk"))
        ingest.keep(history, fleet(50, 0))
        before, seen = keeping.counts(history), spans(history, "verdict")
        with pytest.raises(HistoryError, match="its file system is full; nothing of this was kept") as caught:
            ingest.keep(history, fleet(20000, 1))
        assert "\n" not in str(caught.value)
        assert keeping.counts(history) == before
        assert spans(history, "verdict") == seen
        history.close()
        server.sql("DROP DATABASE full_disk")
        server.sql("DROP TABLESPACE small")


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_character_is_refused(server: Server, encoding: str) -> None:
    server.sql(f"CREATE DATABASE {encoding} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(HistoryError, match=f"has the encoding {encoding}; wanted one made with ENCODING 'UTF8'"):
        upgrade.opened(server.url(encoding.lower()))


def test_a_migration_waits_for_a_writer(server: Server, place: str, tmp_path: Path) -> None:
    history, other = upgrade.opened(place), upgrade.opened(place)
    folder = migrations(tmp_path, "    op.execute('ALTER TABLE event ADD COLUMN more TEXT')\n")
    waiting = threading.Thread(target=upgrade.bring_up, args=(other, folder))
    with history.writing() as connection:
        connection.exec_driver_sql("INSERT INTO word VALUES (1, 'x')")
        waiting.start()
        end = time.monotonic() + 60
        while server.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").strip() != "1":
            assert waiting.is_alive()
            assert time.monotonic() < end
            time.sleep(0.02)
        connection.exec_driver_sql("DELETE FROM word")
    waiting.join(60)
    assert server.sql("SELECT version_num FROM alembic_version", "history").strip() == "next"
    for one in (history, other):
        one.close()


def test_a_server_that_is_gone_is_one_line_without_its_password(server: Server) -> None:
    with pytest.raises(HistoryError) as caught:
        upgrade.opened(f"postgresql+psycopg://somebody:SeCrEt@/nowhere?host={server.folder}/none")
    assert "SeCrEt" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "psycopg" in str(caught.value)


def test_the_name_that_other_tools_use_is_taken_as_well(server: Server, place: str) -> None:
    for scheme in ("postgresql", "postgres"):
        upgrade.opened(place.replace("postgresql+psycopg", scheme)).close()
    assert server.sql("SELECT version_num FROM alembic_version", "history").strip() == "0002"
