# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of a question: feeds compiled, records of a report, and what they say together, with the age of all of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from .._fleet import store
from . import compiled, fleet, kept
from . import feeds as edge
from .feeds import Feed, Problem
from .model import FeedError


class Question(NamedTuple):
    """What is asked: CVE and advisory ids, all CVEs of so many days (or those of kernels), and for which hosts there must be an answer."""

    cves: tuple[str, ...]
    days: int = 0
    kernel_only: bool = False
    hosts: tuple[str, ...] = ()
    max_age_hours: int = 24


def ask(question: Question, wanted: list[Feed], directory: Path, now: datetime) -> fleet.Answers:
    """What the records of a report's directory say to a question. FeedError where nothing can be said at all."""
    if not question.cves and question.days <= 0:
        raise FeedError("cve: want one or more CVE or advisory ids, or days, of which nothing was given")
    if not (directory / "records").is_dir():
        raise FeedError(f"{directory}: no records are there; scan first with playbooks/report_drift.yml, or name the directory of a report")
    fetched: list[Problem] = []
    if any(feed.url or edge.is_address(feed.signature) for feed in wanted):
        # What speaks http takes a tenth of a second to load.
        from .mirrors import brought
        wanted = brought(wanted, directory.parent / "feeds" / "mirrors", fetched)
    ages = [_age(feed, now) for feed in wanted]
    opened = compiled.opened(wanted, directory)
    try:
        problems = fetched + opened.problems()
        since = (now - timedelta(days=question.days)).strftime("%Y-%m-%d") if question.days > 0 else ""
        cves = opened.expand([_id(name.strip()) for name in question.cves if name.strip()], since, question.kernel_only)
        facts = fleet.of_fleet(kept.facts_of(directory), question.hosts)
        names = fleet.names_of(facts)
        distrust = distrusted(wanted, ages, question.max_age_hours) or partial(problems)
        said = list(opened.told(cves, names))
        rows = tuple(fleet.rows_of(facts, said, opened.streams(), distrust))
        urgency, titles = opened.urgencies(cves), {told.cve: told.title for told in said}
    finally:
        opened.close()
    bad = {problem.where for problem in problems if problem.partial}
    named = tuple({"path": feed.name, "age": _told(age), "vouched": all(_vouched(feed, path) and str(path) not in bad for path in edge.files(feed))}
                  for feed, age in zip(wanted, ages, strict=True))
    passed_over = tuple(f"{problem.where}: {problem.why}" for problem in problems)
    return fleet.Answers(now.strftime("%Y-%m-%dT%H:%M:%SZ"), urgency, facts, rows, named, passed_over, titles)


def _id(text: str) -> str:
    """An id as feeds write it: a CVE's in capitals, an advisory's as its vendor does."""
    return text.upper() if text[:4].lower() == "cve-" else text


def partial(problems: list[Problem]) -> str:
    """Why the feeds are not whole; '' where they are."""
    missing = [problem for problem in problems if problem.partial]
    if not missing:
        return ""
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"a feed was read in part only ({Path(missing[0].where.split(': ')[0]).name}: {missing[0].why}{more})"


def _vouched(feed: Feed, path: Path) -> bool:
    """Whether a file's signature, or a digest beside it, was held against it when the index was made."""
    return bool(feed.keyring) or path.with_name(f"{path.name}.sha256").is_file()


def _age(feed: Feed, now: datetime) -> float | None:
    """Hours since the newest file of a feed was written; None where that is in the future, which says nothing."""
    written = max((at for path in edge.files(feed) if (at := store.written(path)) is not None), default=0) / 1e9
    if now.timestamp() - written < -360:
        return None
    return (now.timestamp() - written) / 3600


def distrusted(wanted: list[Feed], ages: list[float | None], limit: int) -> str:
    """Why the feeds cannot be believed now; '' where they can."""
    for feed, age in zip(wanted, ages, strict=True):
        if age is None:
            return f"the feed {feed.name.rpartition('/')[2]} is dated in the future"
        if age > (feed.max_age or limit):
            return f"the feed {feed.name.rpartition('/')[2]} is {_told(age)}, {feed.max_age or limit} hours are allowed"
    return ""


def _told(age: float | None) -> str:
    return "of the future" if age is None else f"{max(age, 0):.0f} hours old"
