# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a history fit: old spans go, all of it is exported, backed up and restored. One form serves SQLite and PostgreSQL, and leads from one
to the other: JSON lines, each a table's rows, with the counts at the end, so that a file that was cut short is never restored.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._fleet import store
from .database import History
from .errors import HistoryError, explained, library
from .observed import HOLE
from .rolled_up import roll_up_all
from .schema import ORDER, tables

if TYPE_CHECKING:
    import sqlalchemy

SCHEMA = "firebreak.history_backup/1"
_AT_ONCE = 2000
_WIDEST = 2 ** 63


def counts(history: History) -> dict[str, int]:
    """How many rows each table has."""
    with history.reading() as connection:
        return _counts(connection)


def _counts(connection: sqlalchemy.Connection) -> dict[str, int]:
    sa, found = library("sqlalchemy"), tables()
    return {name: int(connection.execute(sa.select(sa.func.count()).select_from(found.named(name))).scalar_one()) for name in ORDER}


def prune(history: History, before: int) -> dict[str, int]:
    """Forget what ended before then; what stands is kept, however old it is. How many rows went, by table."""
    sa, all_tables = library("sqlalchemy"), tables()
    span, thing, waiver = all_tables.span, all_tables.thing, all_tables.waiver
    with history.writing() as connection:
        earlier = _counts(connection)
        connection.execute(all_tables.hole.delete())
        connection.execute(span.delete().where(span.c.until < before))
        connection.execute(all_tables.ingest.delete().where(all_tables.ingest.c.at < before))
        connection.execute(all_tables.event.delete().where(all_tables.event.c.at < before))
        # A hole that was asked about and found nowhere has no span, and is an answer all the same.
        is_forgotten = sa.or_(thing.c.kind != HOLE, thing.c.last_at < before)
        connection.execute(thing.delete().where(thing.c.id.not_in(sa.select(span.c.thing_id)), is_forgotten))
        in_use = sa.select(span.c.waiver_id).where(span.c.waiver_id.is_not(None))
        connection.execute(waiver.delete().where(waiver.c.id.not_in(in_use)))
        roll_up_all(connection)
        later = _counts(connection)
    # Where there is no room to copy the file, it stays as large as it is, and is filled anew.
    with contextlib.suppress(HistoryError):
        history.shrink()
    return {name: earlier[name] - later[name] for name in ORDER if earlier[name] != later[name]}


def dump(history: History) -> Iterator[str]:
    """The whole history as JSON lines, as it is at one moment."""
    sa, found = library("sqlalchemy"), tables()
    with history.reading() as connection:
        total = _counts(connection)
        yield json.dumps({"schema": SCHEMA, "columns": {name: [column.name for column in found.named(name).columns] for name in ORDER}}) + "\n"
        for name in ORDER:
            table = found.named(name)
            rows = connection.execution_options(yield_per=_AT_ONCE).execute(sa.select(table).order_by(*table.primary_key.columns))
            for some in rows.partitions(_AT_ONCE):
                yield json.dumps({name: [list(row) for row in some]}, separators=(",", ":")) + "\n"
        yield json.dumps({"counts": total}) + "\n"


def back_up(history: History, path: Path) -> dict[str, int]:
    """Write a backup, whole or not at all; what it holds."""
    store.private_directory(path.parent)
    temporary, last = "", "{}"
    try:
        # A name of its own: two that back up to one place at once must not write into each other's file.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as raw:
            with gzip.open(raw, "wt", encoding="utf-8", compresslevel=6) as stream:
                for last in dump(history):
                    stream.write(last)
            raw.flush()
            os.fsync(raw.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        raise explained(f"backup {path}", error) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    found: dict[str, int] = json.loads(last)["counts"]
    return found


def restore(history: History, path: Path) -> dict[str, int]:
    """Bring a backup into an empty history, whole or not at all; what it held."""
    wanted: dict[str, int] | None = None
    columns: dict[str, list[str]] = {}
    with history.writing() as connection:
        filled = [name for name, count in _counts(connection).items() if count]
        if filled:
            raise HistoryError(f"the history {history.where} is not empty ({', '.join(filled)}); wanted a new place to restore to")
        for line in _lines(path):
            if "columns" in line:
                columns = _known_columns(path, line)
            elif "counts" in line:
                wanted = line["counts"]
            elif rows := _rows(path, line, columns):
                connection.execute(tables().named(next(iter(line))).insert(), rows)
        if wanted is None or _counts(connection) != wanted:
            raise HistoryError(f"{path} is not a whole backup; the history {history.where} was left empty")
        roll_up_all(connection)
    return wanted


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise ValueError("no mapping")
                yield found
    except (OSError, EOFError, ValueError) as error:
        raise HistoryError(f"{path} is not a whole backup: {str(error)[:200]}") from None


def _rows(path: Path, line: dict[str, Any], columns: dict[str, list[str]]) -> list[dict[str, Any]]:
    """The rows of a line, which is of one table that the head names."""
    (name, rows), *more = line.items() or (("", None),)
    if more or name not in columns or not isinstance(rows, list):
        raise HistoryError(f"{path} is damaged: a line is not of one of its tables ({', '.join(line)[:100]})")
    if not all(isinstance(row, list) and len(row) == len(columns[name]) and all(map(_is_value, row)) for row in rows):
        raise HistoryError(f"{path} is damaged: a row of {name} has not the columns of its head")
    return [dict(zip(columns[name], row, strict=True)) for row in rows]


def _is_value(value: Any) -> bool:
    """Whether it is what a history keeps: a text, a number of 64 bits, or nothing."""
    return value is None or isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and -_WIDEST <= value < _WIDEST)


def _known_columns(path: Path, head: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = head["columns"]
    is_head = isinstance(found, dict) and all(isinstance(own, list) and all(isinstance(column, str) for column in own) for own in found.values())
    if head.get("schema") != SCHEMA or not is_head:
        raise HistoryError(f"{path} is no backup of a history; wanted one of the schema {SCHEMA}")
    strange = [f"{name}.{column}" for name, own in found.items() for column in own
               if name not in ORDER or column not in tables().named(name).columns]
    if strange:
        raise HistoryError(f"{path} was made by a newer Firebreak ({strange[0]}); upgrade this controller")
    return found
