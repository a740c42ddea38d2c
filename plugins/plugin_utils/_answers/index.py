# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories as one compiled file: asked by CVE or advisory id in a moment, whatever the feeds weigh. SQLite, which Python brings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from .model import Advisory, LivePatch, Row

FORMAT = 1
_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (number INTEGER PRIMARY KEY, id TEXT NOT NULL, summary TEXT NOT NULL, published TEXT NOT NULL);
CREATE TABLE cve (name TEXT NOT NULL, advisory INTEGER NOT NULL REFERENCES advisory, PRIMARY KEY (name, advisory)) WITHOUT ROWID;
CREATE TABLE word (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE row (advisory INTEGER NOT NULL REFERENCES advisory, stream INTEGER NOT NULL, package INTEGER NOT NULL, kind TEXT NOT NULL,
                  introduced TEXT NOT NULL, fixed TEXT, state TEXT NOT NULL, module TEXT, version INTEGER, note TEXT NOT NULL);
"""
_AFTER = """
CREATE INDEX row_of_advisory ON row (advisory);
CREATE INDEX advisory_by_id ON advisory (id);
CREATE TABLE stream AS SELECT DISTINCT word.text AS name FROM row JOIN word ON word.number = row.stream;
"""


def build(path: Path, advisories: Iterable[Advisory]) -> int:
    """Write the index anew at ``path``, which must not exist; how many advisories it holds."""
    words: dict[str, int] = {}

    def word(text: str) -> int:
        return words.setdefault(text, len(words) + 1)

    count = 0
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        for count, advisory in enumerate(advisories, 1):
            database.execute("INSERT INTO advisory VALUES (?, ?, ?, ?)", (count, advisory.id, advisory.summary, advisory.published))
            database.executemany("INSERT OR IGNORE INTO cve VALUES (?, ?)", ((name, count) for name in advisory.cves))
            database.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
                (count, word(row.stream), word(row.package), row.kind, row.introduced, row.fixed, row.state,
                 row.live_patch and row.live_patch.module, row.live_patch and row.live_patch.version, row.note) for row in advisory.rows))
        database.executemany("INSERT INTO word VALUES (?, ?)", ((number, text) for text, number in words.items()))
        newest = database.execute("SELECT max(published) FROM advisory").fetchone()[0] or ""
        database.executemany("INSERT INTO about VALUES (?, ?)", [("format", str(FORMAT)), ("advisories", str(count)), ("newest", newest)])
        database.executescript(_AFTER)
        database.commit()
    return count


class Index:
    """A compiled index, open for reading."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def close(self) -> None:
        self._database.close()

    def about(self) -> dict[str, str]:
        return dict(self._database.execute("SELECT key, value FROM about"))

    def streams(self) -> set[str]:
        """The streams that any advisory speaks of."""
        return {name for (name,) in self._database.execute("SELECT name FROM stream")}

    def expand(self, wanted: Sequence[str], since: str = "") -> list[str]:
        """The CVE ids that are meant: a CVE's own, all of an advisory's, or with ``since`` all published from that day on. In order, each once."""
        found: dict[str, None] = {}
        for name in wanted:
            rows = self._database.execute(
                "SELECT cve.name FROM advisory JOIN cve ON cve.advisory = advisory.number WHERE advisory.id = ? ORDER BY cve.name", (name,))
            found |= dict.fromkeys([cve for (cve,) in rows] or [name])
        if since:
            rows = self._database.execute(
                "SELECT DISTINCT cve.name FROM advisory JOIN cve ON cve.advisory = advisory.number "
                "WHERE advisory.published >= ? ORDER BY 1", (since,))
            found |= dict.fromkeys(cve for (cve,) in rows)
        return list(found)

    def advisories(self, cve: str) -> list[Advisory]:
        """What the feeds say of one CVE; empty where none knows it."""
        rows = self._database.execute(
            "SELECT advisory.number, advisory.id, advisory.summary, advisory.published FROM cve JOIN advisory ON advisory.number = cve.advisory "
            "WHERE cve.name = ? ORDER BY advisory.id", (cve,)).fetchall()
        return [Advisory(name, (cve,), tuple(self._rows(number)), summary, published) for number, name, summary, published in rows]

    def _rows(self, advisory: int) -> Iterator[Row]:
        for stream, package, kind, introduced, fixed, state, module, version, note in self._database.execute(
                "SELECT s.text, p.text, kind, introduced, fixed, state, module, version, note FROM row JOIN word s ON s.number = row.stream "
                "JOIN word p ON p.number = row.package WHERE advisory = ?", (advisory,)):
            yield Row(stream, package, kind, introduced, fixed, state, LivePatch(module, version) if module else None, note)
