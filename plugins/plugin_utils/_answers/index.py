# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisories as one compiled file: asked by CVE or advisory id in a moment, whatever the feeds weigh. SQLite, which Python brings.

Only rows about packages that a record tells of are kept; of the others one name, so that an answer can say what a hole is about. What one update
closes is told in the same rows for each of its CVEs: equal rows are written once, and an advisory has their numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from .feeds import Problem
from .model import EVERYTHING, Advisory, Exploited, Item, Likelihood, LivePatch, Row
from .relevant import is_kernel, is_live_patch, is_relevant
from .told import Content, Told, content_of, title_of

FORMAT = 8
_PROBLEMS_LIMIT = 10_000
# So many rows are known while an index is written; of more, some are written twice.
_KNOWN_ROWS = 200_000
# So many CVEs, and so many rows, are asked for at once.
_AT_ONCE = 500
_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (number INTEGER PRIMARY KEY, id TEXT NOT NULL, summary TEXT NOT NULL, published TEXT NOT NULL, files TEXT NOT NULL,
                       other TEXT NOT NULL, kernel INTEGER NOT NULL, spoken TEXT NOT NULL, notices INTEGER NOT NULL, rows TEXT NOT NULL);
CREATE TABLE cve (name TEXT NOT NULL, advisory INTEGER NOT NULL REFERENCES advisory, PRIMARY KEY (name, advisory)) WITHOUT ROWID;
CREATE TABLE word (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE row (number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, package INTEGER NOT NULL, kind TEXT NOT NULL, introduced TEXT NOT NULL,
                  fixed TEXT, state TEXT NOT NULL, module TEXT, version INTEGER, last TEXT NOT NULL, modules TEXT NOT NULL);
CREATE TABLE exploited (cve TEXT PRIMARY KEY, due TEXT NOT NULL, ransomware INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE likelihood (cve TEXT PRIMARY KEY, score REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE problem (place TEXT NOT NULL, why TEXT NOT NULL, partial INTEGER NOT NULL);
CREATE TABLE stream (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_AFTER = """
DELETE FROM likelihood WHERE cve NOT IN (SELECT name FROM cve);
CREATE INDEX cve_of_advisory ON cve (advisory);
CREATE INDEX advisory_by_id ON advisory (id);
CREATE INDEX advisory_by_day ON advisory (published);
"""


_TOLD = "SELECT cve.name, a.id, a.summary, a.files, a.other, a.spoken, a.notices, a.rows FROM cve JOIN advisory a ON a.number = cve.advisory"
_ROW = "SELECT number, stream, package, kind, introduced, fixed, state, module, version, last, modules FROM row"


class Urgency(NamedTuple):
    """What others say of a CVE: CISA's due date ('' for none), ransomware, EPSS's score."""

    due: str = ""
    ransomware: bool = False
    score: float | None = None


class _Writer:
    """An index while it is written."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database, self._words, self._streams = database, dict[str, int](), set[str]()
        self._rows: dict[tuple[object, ...], int] = {}
        self.count = self._written = 0

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
        self._database.execute("INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            self.count, advisory.id, advisory.summary if rows else "", advisory.published, "\n".join(advisory.files), ", ".join(others)[:200],
            any(is_kernel(row.package) for row in rows), self._spoken(rows), any(row.live_patch for row in rows),
            " ".join(map(str, dict.fromkeys(map(self._row, rows))))))
        self._database.executemany("INSERT OR IGNORE INTO cve VALUES (?, ?)", ((name, self.count) for name in advisory.cves))

    def _row(self, row: Row) -> int:
        """The number of a row."""
        key = (self._word(row.stream), self._word(row.package), row.kind, row.introduced, row.fixed, row.state,
               row.live_patch and row.live_patch.module, row.live_patch and row.live_patch.version, row.last, row.modules)
        number = self._rows.get(key)
        if number is None:
            if len(self._rows) >= _KNOWN_ROWS:
                self._rows.clear()
            self._written += 1
            number = self._rows[key] = self._written
            self._database.execute("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (number, *key))
        return number

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
        # What quotes addresses takes longer to load than this file to open.
        quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        self._database = sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True)
        self.close: Callable[[], None] = self._database.close
        self._parsed: dict[tuple[str, ...], _Spoken] = {}

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
        of_advisory: dict[str, list[str]] = {}
        for name, cve in self._of("SELECT advisory.id, cve.name FROM advisory JOIN cve ON cve.advisory = advisory.number", "advisory.id", wanted):
            of_advisory.setdefault(name, []).append(cve)
        for name in wanted:
            found |= dict.fromkeys(sorted(of_advisory.get(name, [name])))
        if since:
            rows = self._database.execute(
                "SELECT DISTINCT cve.name FROM advisory JOIN cve ON cve.advisory = advisory.number "
                "WHERE advisory.published >= ? AND (advisory.kernel OR NOT ?) ORDER BY 1", (since, kernel_only))
            found |= dict.fromkeys(cve for (cve,) in rows)
        return list(found)

    def advisories(self, cve: str) -> list[Advisory]:
        """What the feeds say of one CVE; empty where none knows it."""
        found = self._database.execute(
            "SELECT a.id, a.summary, a.published, a.files, a.other, a.rows FROM cve JOIN advisory a ON a.number = cve.advisory "
            "WHERE cve.name = ? ORDER BY a.id", (cve,)).fetchall()
        rows = self._rows({int(number) for *_rest, numbers in found for number in numbers.split()})
        return [Advisory(name, (cve,), tuple(rows[int(number)] for number in numbers.split()), summary, published,
                         tuple(files.split("\n")) if files else (), other) for name, summary, published, files, other, numbers in found]

    def told(self, cves: Sequence[str], names: Collection[str]) -> Iterator[Told]:
        """Of each CVE, as told of what advisories() gives, with the rows of packages of these names and of live patches alone.

        CVEs of which the same is said share their content.
        """
        kept = _Kept(self._rows, names)
        for place in range(0, len(cves), _AT_ONCE):
            found: dict[str, list[_Document]] = {cve: [] for cve in cves[place:place + _AT_ONCE]}
            for cve, *rest in self._of(_TOLD, "cve.name", list(found)):
                found[cve].append(_Document(*rest))
            kept.know(document.rows for documents in found.values() for document in documents)
            yield from (self._told(cve, sorted(documents), kept) for cve, documents in found.items())

    def _told(self, cve: str, documents: Sequence[_Document], kept: _Kept) -> Told:
        spoken = self._spoken(tuple(document.spoken for document in documents))
        files = "\n".join(document.files for document in documents if document.files)
        content = kept.content(tuple(document.rows for document in documents), files, spoken.of_kernel)
        return Told(cve, tuple(document.id for document in documents), content,
                    [*spoken.about, *(document.other for document in documents if document.other)], spoken.streams,
                    any(document.notices for document in documents), title_of(document.summary for document in documents))

    @cached_property
    def _words(self) -> dict[int, str]:
        return dict(self._database.execute("SELECT number, text FROM word"))

    def _spoken(self, texts: tuple[str, ...]) -> _Spoken:
        """What advisories are about; most share that with others."""
        if texts not in self._parsed:
            packages, streams = ({self._words[int(number)] for text in texts for number in text.split(";")[place].split()} for place in (0, 1))
            self._parsed[texts] = _Spoken(sorted(packages - {EVERYTHING}), frozenset(streams), any(map(is_kernel, packages)))
        return self._parsed[texts]

    def urgencies(self, cves: Sequence[str]) -> dict[str, Urgency]:
        """What KEV and EPSS say of CVEs."""
        exploited = {cve: (due, bool(ransomware)) for cve, due, ransomware in self._of("SELECT cve, due, ransomware FROM exploited", "cve", cves)}
        scores = dict(self._of("SELECT cve, score FROM likelihood", "cve", cves))
        return {cve: Urgency(*exploited.get(cve, ("", False)), scores.get(cve)) for cve in cves}

    def _of(self, question: str, column: str, wanted: Sequence[str] | Sequence[int]) -> Iterator[tuple[Any, ...]]:
        """What a question gives where a column is one of many."""
        for place in range(0, len(wanted), _AT_ONCE):
            asked = wanted[place:place + _AT_ONCE]
            yield from self._database.execute(f"{question} WHERE {column} IN ({','.join('?' * len(asked))})", asked)

    def _rows(self, numbers: Iterable[int]) -> dict[int, Row]:
        """Rows by their numbers."""
        words = self._words
        found = self._of(_ROW, "number", list(numbers))
        return {number: Row(words[stream], words[package], kind, introduced, fixed, state, LivePatch(module, version) if module else None, *rest)
                for number, stream, package, kind, introduced, fixed, state, module, version, *rest in found}


class _Spoken(NamedTuple):
    """The packages and the streams that advisories speak of, and whether a kernel is among them."""

    about: list[str]
    streams: frozenset[str]
    of_kernel: bool


class _Document(NamedTuple):
    """An advisory as it is kept; ``rows`` are numbers."""

    id: str
    summary: str
    files: str
    other: str
    spoken: str
    notices: int
    rows: str


class _Kept:
    """The rows of advisories that are about packages of a fleet, each read and laid out once."""

    def __init__(self, read: Callable[[Iterable[int]], Mapping[int, Row]], names: Collection[str]) -> None:
        self._read, self._names = read, names
        self._rows, self._mine = dict[int, Row | None](), dict[str, tuple[Row, ...]]()
        self._contents: dict[tuple[tuple[tuple[Row, ...], ...], str, bool], Content] = {}

    def know(self, listed: Iterable[str]) -> None:
        """Read the rows that these numbers stand for."""
        fresh = {text for text in listed if text not in self._mine}
        lists = {text: [int(number) for number in text.split()] for text in fresh}
        rows = self._read({number for numbers in lists.values() for number in numbers if number not in self._rows})
        self._rows.update((number, row if self._is_meant(row.package) else None) for number, row in rows.items())
        self._mine.update((text, tuple(row for number in numbers if (row := self._rows[number]))) for text, numbers in lists.items())

    def _is_meant(self, package: str) -> bool:
        """Whether rows of a package may be about anything of the fleet; most are not."""
        return package in self._names or package == EVERYTHING or is_live_patch(package)

    def content(self, listed: tuple[str, ...], files: str, of_kernel: bool) -> Content:
        """The content of advisories whose rows have these numbers."""
        key = (tuple(self._mine[text] for text in listed), files, of_kernel)
        if key not in self._contents:
            self._contents[key] = content_of(key[0], files.split("\n") if files else [], of_kernel)
        return self._contents[key]
