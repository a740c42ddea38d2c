# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a history to the newest form, in one transaction that is taken back where a row would be lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .database import History
from .errors import HistoryError, library
from .rolled_up import roll_up_all
from .schema import VIEWS

if TYPE_CHECKING:
    import sqlalchemy

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def opened(place: str, migrations: Path = MIGRATIONS) -> History:
    """The history at a place, made where there is none, and in the newest form."""
    history = History(place)
    try:
        bring_up(history, migrations)
    except BaseException:
        history.close()
        raise
    return history


def bring_up(history: History, migrations: Path = MIGRATIONS, wanted: str = "head") -> None:
    """Migrate if need be."""
    scripts = _scripts(migrations)
    head = scripts.get_current_head() if wanted == "head" else wanted
    with history.reading() as connection:
        history.check_encoding(connection)
        found = _revision(connection)
    if found == head:
        return
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise HistoryError(f"the history {history.where}: it was made by a newer Firebreak (revision {found}); upgrade this controller")
    with history._told(), history.engine.connect().execution_options(firebreak_writes=True) as connection:
        # SQLite copies a table to change it and drops the old one: with foreign keys on, that deletes the rows of every child. The pragma
        # does nothing inside a transaction.
        if history.is_sqlite:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        with connection.begin():
            _migrate(history, connection, migrations, wanted)


def _scripts(migrations: Path) -> Any:
    return library("alembic.script").ScriptDirectory.from_config(_configuration(migrations))


def _configuration(migrations: Path) -> Any:
    configuration = library("alembic.config").Config()
    # A percent sign in a path would be read as the beginning of a reference.
    configuration.set_main_option("script_location", str(migrations).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def _revision(connection: sqlalchemy.Connection) -> str | None:
    found: str | None = library("alembic.migration").MigrationContext.configure(connection).get_current_revision()
    return found


def _migrate(history: History, connection: sqlalchemy.Connection, migrations: Path, wanted: str) -> None:
    history.be_the_only_writer(connection)
    before = _counts(connection)
    others = _set_aside(connection) if history.is_sqlite else {}
    configuration = _configuration(migrations)
    configuration.attributes["connection"] = connection
    library("alembic.command").upgrade(configuration, wanted)
    for name, query in VIEWS.items():
        # On PostgreSQL a view that is replaced keeps who may read it, and what was built on it.
        connection.exec_driver_sql(f"CREATE {'' if history.is_sqlite else 'OR REPLACE '}VIEW {name} AS {query}")
    _bring_back(connection, others)
    if wanted == "head":
        roll_up_all(connection)
    after = _counts(connection)
    lost = [f"{name} ({count} rows, {after.get(name, 0)} afterwards)" for name, count in before.items() if after.get(name, 0) < count]
    if lost:
        raise HistoryError(f"the history {history.where}: its migration would lose rows of {', '.join(lost)}; it was left as it is")
    if history.is_sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise HistoryError(f"the history {history.where}: its migration would break a reference of {broken[0]}; it was left as it is")


def _counts(connection: sqlalchemy.Connection) -> dict[str, int]:
    """The rows of every table."""
    sa = library("sqlalchemy")
    names = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
    return {name: int(connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()) for name in names}


def _set_aside(connection: sqlalchemy.Connection) -> dict[str, str]:
    """Take away all views, on which SQLite's way to change a table stumbles; the statements of those that somebody made himself, and of triggers,
    which vanish with their table."""
    found = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY type DESC, rowid").all()
    for kind, name, _sql in found:
        if kind == "view":
            quoted = name.replace('"', '""')
            connection.exec_driver_sql(f'DROP VIEW "{quoted}"')
    return {name: statement for _kind, name, statement in found if name not in VIEWS}


def _bring_back(connection: sqlalchemy.Connection, others: dict[str, str]) -> None:
    """Make again what is gone of these."""
    there = {name for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master").all()} if others else set()
    for name, statement in others.items():
        if name not in there:
            connection.exec_driver_sql(statement)
