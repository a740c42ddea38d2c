# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a history is and how it is opened: SQLite by a path, PostgreSQL by a URL; one writer at a time, readers undisturbed."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._fleet import store
from .errors import HistoryError, explained, library

if TYPE_CHECKING:
    import sqlalchemy

FOLDER, FILE = "firebreak_history", "history.sqlite"
WAIT_SECONDS = 120
RETRY_SECONDS = 0.05
# Any number will do, as long as every writer takes the same one.
_WRITERS = 0x46425245
_POSTGRESQL = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://")
_RUN = re.compile(r"\d{8}T\d{6}Z(?:-\d+)?")


def default(base: Path) -> str:
    """The history below a folder in which ``reports/`` is."""
    return str(base / FOLDER / FILE)


def is_missing(place: str) -> bool:
    """Whether a history is to be in a file that is not there; of a server nobody knows before it is asked."""
    is_file = "://" not in place or place.startswith("sqlite:///")
    return is_file and not _file(place).is_file()


def _file(place: str) -> Path:
    return Path(place.removeprefix("sqlite:///")).expanduser().absolute()


def beside(report: Path) -> str:
    """The default place for a report's history: beside ``reports/``, or beside a directory that was named for the report."""
    return default(report.parent.parent if _RUN.fullmatch(report.name) else report.parent)


def of_folder(folder: Path) -> str:
    """The default place for what a folder such as ``reports/rollout`` tells: beside ``reports/``, or beside the folder where it lies elsewhere."""
    return default(folder.parent.parent if folder.parent.name == "reports" else folder.parent)


class History:
    """A history, opened; at its first opening it is made or brought to the newest form."""

    def __init__(self, place: str) -> None:
        self.engine, self.where = _engine(place)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.path = Path(str(self.engine.url.database)) if self.is_sqlite else None

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlalchemy.Connection]:
        """One transaction that writes: all of it is kept or nothing, and no other writer is in between."""
        with self._told(), self.engine.connect().execution_options(firebreak_writes=True) as connection, connection.begin():
            self.be_the_only_writer(connection)
            yield connection

    def be_the_only_writer(self, connection: sqlalchemy.Connection) -> None:
        """Wait until no other process writes, until the end of this transaction; SQLite's own beginning has done so."""
        if not self.is_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    def check_encoding(self, connection: sqlalchemy.Connection) -> None:
        """HistoryError where the database cannot hold every character; SQLite's can."""
        encoding = "UTF8" if self.is_sqlite else connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise HistoryError(f"the history {self.where}: its database has the encoding {encoding}; wanted one made with ENCODING 'UTF8'")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlalchemy.Connection]:
        """One view of the history as it was when this began."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._told(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def shrink(self) -> None:
        """Give the room of rows that are gone back to the disk; PostgreSQL does so by itself."""
        if self.is_sqlite:
            with self._told(), self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except library("sqlalchemy").exc.SQLAlchemyError as error:
            raise explained(self.where, error) from None
        except OSError as error:
            raise explained(self.where, error) from None
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            # SQLite hands out whatever a damaged page, or somebody's own statement, has put into a column. A run must not fail for that.
            said = " ".join(str(error).split())[:200]
            raise HistoryError(f"the history {self.where}: what it holds cannot be used ({type(error).__name__}: {said}); "
                               "restore a backup (playbooks/keep_history.yml), or report this, if nobody wrote to it") from error


def _engine(place: str) -> tuple[sqlalchemy.Engine, str]:
    sa = library("sqlalchemy")
    if _POSTGRESQL.match(place):
        library("psycopg")
        try:
            # A database of another encoding would be spoken to in that one: it is to be refused with words, not by what cannot be read.
            engine: sqlalchemy.Engine = sa.create_engine(_POSTGRESQL.sub("postgresql+psycopg://", place, count=1), poolclass=sa.pool.NullPool,
                                                         connect_args={"client_encoding": "utf8"})
        except sa.exc.SQLAlchemyError:
            raise HistoryError("firebreak_history: it is no URL of a database; wanted postgresql+psycopg://USER@HOST/DATABASE") from None
        return engine, engine.url.render_as_string(hide_password=True)
    if "://" in place and not place.startswith("sqlite:///"):
        raise HistoryError(f"firebreak_history: {place.partition('://')[0]}:// is no kind of history; "
                           "wanted a file's path, or postgresql+psycopg://USER@HOST/DATABASE")
    path = _file(place)
    try:
        store.private_directory(path.parent)
        path.touch(mode=0o600)
    except (store.StoreError, OSError) as error:
        raise explained(str(path), error) from None
    return _sqlite(sa, path), str(path)


def _sqlite(sa: Any, path: Path) -> sqlalchemy.Engine:
    """An engine whose transactions are SQLite's own: pysqlite's would begin too late for one writer at a time, and end before DDL."""
    engine: sqlalchemy.Engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.pool.NullPool,
                                                 connect_args={"timeout": WAIT_SECONDS})

    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        _write_ahead(connection)
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "cache_size = -65536", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: sqlalchemy.Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("firebreak_writes") else "BEGIN")

    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", begun)
    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer go on side by side. SQLite never waits for the lock that this needs, whatever time its connection was given."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(RETRY_SECONDS)
