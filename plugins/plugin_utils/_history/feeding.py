# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How runs feed the history: what is set, which documents of which runs are not in it yet, and what is said where that fails.

A run leaves its documents in its directory, whatever becomes of the history. What could not be brought in then is brought in by a later run,
the oldest first: nothing is lost, and since a document is known by what it saw, nothing is kept twice.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .._fleet import records, store
from .._fleet.bounded import counted
from .._heal import journal
from .._rollout import keeping
from .._settings.extras import install
from . import happenings, ingest, observed
from .clocks import FutureError
from .database import History
from .errors import HistoryError, missing
from .observed import Document
from .upgrade import opened

MARK = ".in_history"
REPORT, ANSWERS, PROOF = "fleet.json", "answers.json", "proof/proof.json"
LIMIT = 1024 * 1024 * 1024
# So many runs are caught up with by the way; more are for playbooks/keep_history.yml.
CATCH_UP = 24
_NO, _YES = ("false", "no", "off", "0"), ("true", "yes", "on", "1")


class Setting(NamedTuple):
    """What ``firebreak_history`` says: where the history is, '' where there is none; and whether somebody asked for it by name."""

    place: str
    is_asked: bool


def setting(value: Any, place: str) -> Setting:
    """What is set, with the place to take where none is named. Without a word there is a history where the libraries for it are."""
    text = str(value if value is not None else "").strip()
    if text.lower() in _NO:
        return Setting("", False)
    if not text or text.lower() == "auto":
        return Setting("" if missing() else place, False)
    return Setting(place if text.lower() in _YES else text, True)


def asked_for(value: Any, place: str) -> Setting:
    """Where the history is that somebody wants to see or keep; HistoryError where it is switched off, or its libraries are not there."""
    text = str(value if value is not None else "").strip()
    if text.lower() in _NO:
        raise HistoryError(f"firebreak_history is {text}: there is none; wanted a file, a URL, or nothing for {place}")
    found = setting(text if text and text.lower() != "auto" else "true", place)
    check(found)
    return found


def check(found: Setting) -> None:
    """HistoryError where a history was asked for that needs what is not there: before anything is scanned for it."""
    lacking = [*missing(), *(missing(("psycopg",)) if found.place.startswith("postgres") else ())]
    if found.is_asked and lacking:
        raise HistoryError(f"the history needs {' and '.join(lacking)} in the Python that runs Ansible ({sys.executable}); install it there with: "
                           f"{install('history')} (or: pip install sqlalchemy alembic psycopg); firebreak_history=false keeps none")


def feed(found: Setting, run: Path, name: str, saw: Callable[[], Document | None], part: str = "") -> str:
    """Bring in a run's document, after what earlier runs could not; '' or what to warn of. A run never fails for its history."""
    if not found.place:
        return ""
    try:
        history = opened(found.place)
        try:
            caught = catch_up(history, _earlier(run), part, CATCH_UP)
            # What is older than what is known changes nothing: this one waits until those before it are in, as long as there is a way on.
            waits = bool(caught.left and caught.told)
            state = _state(run / name)
            document = None if waits else saw()
            if document is not None:
                ingest.keep(history, document, part)
                mark(run, name, history.where, state)
        finally:
            history.close()
    except (HistoryError, store.StoreError) as error:
        return f"{error} (the report is whole; firebreak_history=false keeps no history)"
    left = [f"{counted(caught.left, 'older run')} of {run.parent} not in the history yet{', and so not this one' if waits else ''}: "
            "the next runs bring them in, the oldest first, and playbooks/keep_history.yml all at once"]
    return "; ".join([*caught.refused, *(left if caught.left else [])])


def feed_journals(found: Setting, folders: Iterable[Path]) -> str:
    """Bring in what the journals in these folders say that was done; '' or what to warn of."""
    if not found.place:
        return ""
    try:
        history = opened(found.place)
        try:
            return "; ".join(line for folder in folders for is_well, line in journals(history, folder) if not is_well)
        finally:
            history.close()
    except (HistoryError, store.StoreError) as error:
        return f"{error} (what was done is in the journal; firebreak_history=false keeps no history)"


def journals(history: History, folder: Path) -> Iterator[tuple[bool, str]]:
    """Bring in the journals of a folder that have grown since; what came of each. One that cannot be read keeps no other back."""
    paths = [*keeping.journals(folder), *([] if store.written(folder / journal.JOURNAL) is None else [folder / journal.JOURNAL])]
    for path in paths:
        state = [history.where, *_state(path)]
        if _marks(folder).get(path.name) == state:
            continue
        try:
            is_heal = path.name == journal.JOURNAL
            told = happenings.of_healing(journal.lines(folder)) if is_heal else happenings.of_rollout(keeping.events(path), path.stem)
            count = happenings.keep(history, told)
        except store.StoreError as error:
            yield False, str(error)
            continue
        except FutureError as error:
            yield False, f"{path}: {error}"
            continue
        _mark(folder, path.name, state)
        yield True, f"{path}: {counted(count, 'line')} of it new"


def _earlier(run: Path) -> list[Path]:
    """The runs before this one; all of them where it is none of theirs."""
    found = _runs(run.parent)
    return found[:found.index(run)] if run in found else found


def _runs(reports: Path) -> list[Path]:
    try:
        return store.runs(reports)
    except store.StoreError:
        return []


class Caught(NamedTuple):
    """What came of runs that were not in the history: how many a limit left, a line for each document, and one for each that is from the future."""

    left: int
    told: list[str]
    refused: list[str]


def catch_up(history: History, runs: Iterable[Path], part: str = "", limit: int = 0) -> Caught:
    """Bring in what of these runs is not in the history yet, the oldest first."""
    told: list[str] = []
    refused: list[str] = []
    waiting = [(run, names) for run in runs if (names := unmarked(run, history.where))]
    chosen = waiting[:limit] if limit else waiting
    for run, names in chosen:
        for name in names:
            state = _state(run / name)
            document = read(run, name)
            if document is not None:
                try:
                    kept = ingest.keep(history, document, part)
                except FutureError as error:
                    refused.append(f"{run / name}: {error}")
                    continue
                told.append(f"{run / name}: {counted(kept.changed, 'host')} of {kept.hosts} changed{'' if kept.is_new else ' (known already)'}")
            mark(run, name, history.where, state)
    return Caught(len(waiting) - len(chosen), told, refused)


def unmarked(run: Path, where: str) -> list[str]:
    """The documents of a run that its mark does not name as they are now, for this history."""
    marks = _marks(run)
    return [name for name in (REPORT, ANSWERS, PROOF) if (state := _state(run / name)) and marks.get(name) != [where, *state]]


def mark(run: Path, name: str, where: str, state: Sequence[int]) -> None:
    """Note in a run's directory that its document is in the history, as it was before it was read. A run that was taken away needs no mark."""
    try:
        _mark(run, name, [where, *state])
    except store.StoreError:
        if run.is_dir():
            raise


def _mark(folder: Path, name: str, state: Sequence[Any]) -> None:
    store.write(folder / MARK, [json.dumps({**_marks(folder), name: state})])


def _marks(run: Path) -> dict[str, Any]:
    try:
        found = json.loads(store.read(run / MARK, 1024 * 1024))
    except (store.StoreError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _state(path: Path) -> list[int]:
    """What tells a file from a later one of its name; nothing where there is none."""
    try:
        seen = path.stat()
    except OSError:
        return []
    return [seen.st_size, seen.st_mtime_ns]


def read(run: Path, name: str) -> Document | None:
    """A document of a run from its file; None where it is of another kind, or cannot be read."""
    path = run / name
    at = store.written(path)
    try:
        found = records.parse(store.read(path, LIMIT), path)
    except store.StoreError:
        return None
    # One that another process writes anew at this moment is read by a later run.
    if not isinstance(found, Mapping) or at is None or store.written(path) != at:
        return None
    if name == REPORT:
        hosts = found.get("hosts")
        pairs = [(str(host), seen) for host, seen in hosts.items() if isinstance(seen, Mapping)] if isinstance(hosts, Mapping) else []
        return observed.of_report(found, pairs, {})
    return observed.of_answers(found) if name == ANSWERS else observed.of_proof(found, at // 10 ** 9)


def missing_parts(known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The slices that are expected and brought in nothing."""
    return [name for name in wanted if name not in known]
