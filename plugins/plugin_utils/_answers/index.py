# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories as one compiled file: asked by CVE or advisory id in a moment, whatever the feeds weigh. SQLite, which Python brings.

Only rows about packages that a record tells of are kept; of the others one name, so that an answer can say what a hole is about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from .feeds import Problem
from .model import EVERYTHING, Advisory, Exploited, Item, Likelihood, LivePatch, Row
from .relevant import is_kernel, is_live_patch, is_relevant
from .told import Told

FORMAT = 7
_PROBLEMS_LIMIT = 10_000
_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (number INTEGER PRIMARY KEY, id TEXT NOT NULL, summary TEXT NOT NULL, published TEXT NOT NULL, files TEXT NOT NULL,
                       other TEXT NOT NULL, kernel INTEGER NOT NULL, spoken TEXT NOT NULL, notices INTEGER NOT NULL);
CREATE TABLE cve (name TEXT NOT NULL, advisory INTEGER NOT NULL REFERENCES advisory, PRIMARY KEY (name, advisory)) WITHOUT ROWID;
CREATE TABLE word (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE row (advisory INTEGER NOT NULL REFERENCES advisory, stream INTEGER NOT NULL, package INTEGER NOT NULL, kind TEXT NOT NULL,
                  introduced TEXT NOT NULL, fixed TEXT, state TEXT NOT NULL, module TEXT, version INTEGER, last TEXT NOT NULL, modules TEXT NOT NULL);
CREATE TABLE exploited (cve TEXT PRIMARY KEY, due TEXT NOT NULL, ransomware INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE likelihood (cve TEXT PRIMARY KEY, score REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE problem (place TEXT NOT NULL, why TEXT NOT NULL, partial INTEGER NOT NULL);
CREATE TABLE stream (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_AFTER = """
DELETE FROM likelihood WHERE cve NOT IN (SELECT name FROM cve);
CREATE INDEX row_of_advisory ON row (advisory);
CREATE INDEX cve_of_advisory ON cve (advisory);
CREATE INDEX advisory_by_id ON advisory (id);
CREATE INDEX advisory_by_day ON advisory (published);
"""


# Most rows are of packages that no host has: of them the advisory itself says what they are about.
_TOLD = ("SELECT a.number, a.id, a.files, a.other, a.spoken, a.notices, r.stream, r.package, r.kind, r.introduced, r.fixed, r.state, r.module, "
         "r.version, r.last, r.modules FROM cve JOIN advisory a ON a.number = cve.advisory "
         "LEFT JOIN row r ON r.advisory = a.number AND r.package IN ({}) WHERE cve.name = ? ORDER BY a.id, r.rowid")


class Urgency(NamedTuple):
    """What others say of a CVE: CISA's due date ('' for none), ransomware, EPSS's score."""

    due: str = ""
    ransomware: bool = False
    score: float | None = None


class _Writer:
    """An index while it is written."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database, self._words, self._streams = database, dict[str, int](), set[str]()
        self.count = 0

    def add(self, item: Item) -> None:
        if isinstance(item, Exploited):
            self._database.execute("INSERT OR REPLACE INTO exploited VALUES (?, ?, ?)", item)
        elif isinstance(item, Likelihood):
            self._database.execute("INSERT OR REPLACE INTO likelihood VALUES (?, ?)", item)
        else:
            self._advisory(item)

    def _advisory(self, advisory: Advisory) -> None:
        self.count += 1
        rows = dict.fromkeys(row for row in advisory.rows if is_relevant(row.package))
        others = sorted({row.package for row in advisory.rows if not is_relevant(row.package)})[:3]
        self._streams.update(row.stream for row in advisory.rows)
        self._database.execute("INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            self.count, advisory.id, advisory.summary if rows else "", advisory.published, "\n".join(advisory.files), ", ".join(others)[:200],
            any(is_kernel(row.package) for row in rows), self._spoken(rows), any(row.live_patch for row in rows)))
        self._database.executemany("INSERT OR IGNORE INTO cve VALUES (?, ?)", ((name, self.count) for name in advisory.cves))
        self._database.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            (self.count, self._word(row.stream), self._word(row.package), row.kind, row.introduced, row.fixed, row.state,
             row.live_patch and row.live_patch.module, row.live_patch and row.live_patch.version, row.last, row.modules) for row in rows))

    def _spoken(self, rows: Iterable[Row]) -> str:
        """The packages and the streams of rows, as numbers of words."""
        listed = ({self._word(row.package) for row in rows}, {self._word(row.stream) for row in rows})
        return ";".join(" ".join(map(str, sorted(numbers))) for numbers in listed)

    def _word(self, text: str) -> int:
        return self._words.setdefault(text, len(self._words) + 1)

    def finish(self, problems: Sequence[Problem]) -> None:
        self._database.executemany("INSERT INTO word VALUES (?, ?)", ((number, text) for text, number in self._words.items()))
        self._database.executemany("INSERT INTO stream VALUES (?)", ((name,) for name in sorted(self._streams)))
        # What makes a feed partial is never cut off.
        kept = sorted(problems, key=lambda problem: not problem.partial)[:_PROBLEMS_LIMIT]
        self._database.executemany("INSERT INTO problem VALUES (?, ?, ?)", kept)
        newest = self._database.execute("SELECT max(published) FROM advisory").fetchone()[0] or ""
        self._database.executemany("INSERT INTO about VALUES (?, ?)", [
            ("format", str(FORMAT)), ("advisories", str(self.count)), ("newest", newest)])
        self._database.executescript(_AFTER)
        self._database.commit()


def build(path: Path, items: Iterable[Item], problems: Sequence[Problem] = ()) -> int:
    """Write the index anew at ``path``, which must not exist; how many advisories it holds. ``problems`` may grow while ``items`` are read."""
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        writer = _Writer(database)
        for item in items:
            writer.add(item)
        writer.finish(problems)
    return writer.count


class Index:
    """A compiled index, open for reading."""

    def __init__(self, path: Path) -> None:
        # The file is never written again once it has its name: no look at locks for every question.
        self._database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
        self.close: Callable[[], None] = self._database.close
        self._asked: tuple[Collection[str] | None, str] = None, ""
        self._parsed: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {}

    def about(self) -> dict[str, str]:
        return dict(self._database.execute("SELECT key, value FROM about"))

    def problems(self) -> list[Problem]:
        """What was passed over when the index was made, what makes a feed partial first."""
        return [Problem(place, why, bool(partial)) for place, why, partial in self._database.execute("SELECT place, why, partial FROM problem")]

    def streams(self) -> set[str]:
        """The streams that any advisory speaks of."""
        return {name for (name,) in self._database.execute("SELECT name FROM stream")}

    def expand(self, wanted: Sequence[str], since: str = "", kernel_only: bool = False) -> list[str]:
        """The CVE ids that are meant: a CVE's own, all of an advisory's, or with ``since`` all published from that day on. In order, each once."""
        found: dict[str, None] = {}
        for name in wanted:
            rows = self._database.execute(
                "SELECT cve.name FROM advisory JOIN cve ON cve.advisory = advisory.number WHERE advisory.id = ? ORDER BY cve.name", (name,))
            found |= dict.fromkeys([cve for (cve,) in rows] or [name])
        if since:
            rows = self._database.execute(
                "SELECT DISTINCT cve.name FROM advisory JOIN cve ON cve.advisory = advisory.number "
                "WHERE advisory.published >= ? AND (advisory.kernel OR NOT ?) ORDER BY 1", (since, kernel_only))
            found |= dict.fromkeys(cve for (cve,) in rows)
        return list(found)

    def advisories(self, cve: str) -> list[Advisory]:
        """What the feeds say of one CVE; empty where none knows it."""
        rows = self._database.execute(
            "SELECT number, id, summary, published, files, other FROM cve JOIN advisory ON advisory.number = cve.advisory "
            "WHERE cve.name = ? ORDER BY advisory.id", (cve,)).fetchall()
        return [Advisory(name, (cve,), tuple(self._rows(number)), summary, published, tuple(files.split("\n")) if files else (), other)
                for number, name, summary, published, files, other in rows]

    def told(self, cve: str, names: Collection[str]) -> Told:
        """As told of what advisories() gives, with the rows of packages of these names and of live patches alone: many CVEs are asked at once."""
        found: dict[str, list[tuple[str, Row]]] = {}
        documents: dict[int, tuple[str, str, str, int]] = {}
        words = self._words
        for number, name, files, other, spoken, notices, stream, package, *rest in self._database.execute(self._asking(names), (cve,)):
            documents[number] = (files, other, spoken, notices)
            if package is not None:
                row = _row(words[stream], words[package], *rest)
                found.setdefault(words[package], []).append((name, row))
        spoken_of = [self._spoken(spoken) for _files, _other, spoken, _notices in documents.values()]
        about = sorted({package for packages, _streams in spoken_of for package in packages if package != EVERYTHING})
        return Told(cve, bool(documents), found, [row for rows in found.values() for _id, row in rows if row.fixed and is_live_patch(row.package)],
                    [path for files, *_rest in documents.values() if files for path in files.split("\n")],
                    [*about, *(other for _files, other, *_rest in documents.values() if other)],
                    frozenset[str]().union(*(streams for _packages, streams in spoken_of)), any(notices for *_rest, notices in documents.values()),
                    any(map(is_kernel, about)))

    @cached_property
    def _words(self) -> dict[int, str]:
        return dict(self._database.execute("SELECT number, text FROM word"))

    def _spoken(self, text: str) -> tuple[tuple[str, ...], frozenset[str]]:
        """(packages, streams) of the rows of an advisory; most share theirs with others."""
        if text not in self._parsed:
            packages, streams = ([self._words[int(number)] for number in part.split()] for part in text.split(";"))
            self._parsed[text] = tuple(packages), frozenset(streams)
        return self._parsed[text]

    def _asking(self, names: Collection[str]) -> str:
        """The question for what is told of a CVE, and for its rows about packages of these names or live patches."""
        if self._asked[0] != names:
            meant = sorted(number for number, text in self._words.items() if text in names or text == EVERYTHING or is_live_patch(text))
            self._asked = names, _TOLD.format(",".join(map(str, meant)))
        return self._asked[1]

    def urgency(self, cve: str) -> Urgency:
        """What KEV and EPSS say of a CVE."""
        due, ransomware = self._database.execute("SELECT due, ransomware FROM exploited WHERE cve = ?", (cve,)).fetchone() or ("", 0)
        score = self._database.execute("SELECT score FROM likelihood WHERE cve = ?", (cve,)).fetchone()
        return Urgency(due, bool(ransomware), score[0] if score else None)

    def title(self, cve: str) -> str:
        """What the hole is, in the words of the first feed that has any."""
        found = self._database.execute("SELECT summary FROM cve JOIN advisory ON advisory.number = cve.advisory WHERE cve.name = ? "
                                       "AND summary <> '' ORDER BY length(summary) LIMIT 1", (cve,)).fetchone()
        return str(found[0]) if found else ""

    def _rows(self, advisory: int) -> Iterator[Row]:
        for found in self._database.execute(
                "SELECT s.text, p.text, kind, introduced, fixed, state, module, version, last, modules FROM row JOIN word s ON s.number = row.stream "
                "JOIN word p ON p.number = row.package WHERE advisory = ?", (advisory,)):
            yield _row(*found)


def _row(stream: str, package: str, kind: str, introduced: str, fixed: str | None, state: str, module: str | None, version: int, last: str,
         modules: str) -> Row:
    return Row(stream, package, kind, introduced, fixed, state, LivePatch(module, version) if module else None, last, modules)
