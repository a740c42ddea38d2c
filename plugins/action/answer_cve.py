# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer what CVEs mean for every host (see the module of the same name)."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.unsafe_proxy import wrap_var

from ..plugin_utils._answers import feeds as feeds_edge
from ..plugin_utils._answers import fleet, index
from ..plugin_utils._answers.feeds import Feed, Problem
from ..plugin_utils._answers.model import FeedError
from ..plugin_utils._fleet import records, store
from ..plugin_utils._history import feeding
from ..plugin_utils._report.answers import answer_lines, answers_json, answers_openmetrics
from ..plugin_utils._transport.terminal import show
from .fleet_report import kept_in

ARGUMENTS: dict[str, dict[str, Any]] = {
    "cve": {"type": "list", "elements": "str", "default": []},
    "days": {"type": "int", "default": 0},
    "feeds": {"type": "raw", "required": True},
    "max_age_hours": {"type": "int", "default": 24},
    "directory": {"type": "str", "default": "reports/latest"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "history": {"type": "raw", "default": ""},
    "slice": {"type": "str", "default": ""},
}


class ActionModule(ActionBase):  # type: ignore[misc]
    """The answers, as a task on the controller."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write answers.json and answers.prom beside the records, show the answers and return the counts."""
        result: dict[str, Any] = super().run(tmp, task_vars or {})
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        directory = Path(args["directory"]).expanduser().absolute().resolve()
        keeps = kept_in(args["history"], directory)
        try:
            answered = answer(args, directory, datetime.now(timezone.utc))
        except (FeedError, store.StoreError, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        store.write(directory / "answers.json", answers_json(answered))
        store.write(directory / "answers.prom", answers_openmetrics(answered))
        show(result, answer_lines(answered))
        lost = feeding.feed(keeps, directory, feeding.ANSWERS, lambda: feeding.read(directory, feeding.ANSWERS), args["slice"])
        if lost:
            result["warnings"] = wrap_var([lost])
        counts = {cve: {name: count for name, count in answered.counts(cve).items() if count} for cve in answered.cves}
        result.update(changed=False, answers=wrap_var(counts), path=str(directory / "answers.json"))
        return result


def answer(args: dict[str, Any], directory: Path, now: datetime) -> fleet.Answers:
    """What the records of a report's directory say to the CVEs that are asked for."""
    if not args["cve"] and args["days"] <= 0:
        raise FeedError("cve: want one or more CVE or advisory ids, or days, of which nothing was given")
    if not (directory / "records").is_dir():
        raise FeedError(f"{directory}: no records are there; scan first with playbooks/report_drift.yml, or name the directory of a report")
    wanted = feeds_edge.of_setting(args["feeds"])
    ages = [_age(feed, now) for feed in wanted]
    path = compiled(wanted, directory)
    opened = index.Index(path)
    try:
        problems = opened.problems()
        since = (now - timedelta(days=args["days"])).strftime("%Y-%m-%d") if args["days"] > 0 else ""
        cves = opened.expand([name.strip() for name in args["cve"] if name.strip()], since)
        asked = {cve: opened.advisories(cve) for cve in cves}
        distrust = _distrust(wanted, ages, args["max_age_hours"]) or _partial(problems)
        hosts = fleet.of_fleet(records.documents([directory], []), args["hosts"], asked, opened.streams(), distrust)
    finally:
        opened.close()
    told = tuple({"path": str(feed.path), "age": _told(age)} for feed, age in zip(wanted, ages, strict=True))
    passed_over = tuple(f"{problem.where}: {problem.why}" for problem in problems)
    return fleet.Answers(now.strftime("%Y-%m-%dT%H:%M:%SZ"), tuple(cves), hosts, told, passed_over)


def compiled(wanted: list[Feed], directory: Path) -> Path:
    """The index of these feeds, made anew only where a file of theirs changed."""
    listed = [(feed.stream, str(path), path.stat().st_size, path.stat().st_mtime_ns) for feed in wanted for path in feeds_edge.files(feed)]
    if not listed:
        raise FeedError(f"firebreak_feeds: no file in {', '.join(str(feed.path) for feed in wanted) or 'an empty list'}")
    digest = hashlib.sha256(repr((index.FORMAT, listed)).encode()).hexdigest()
    folder = store.private_directory(directory.parent / "feeds")
    path = folder / f"{digest}.sqlite"
    if not path.exists():
        problems: list[Problem] = []
        with tempfile.TemporaryDirectory(dir=folder) as place:
            fresh = Path(place) / "index"
            index.build(fresh, (item for feed in wanted for item in feeds_edge.read(feed, problems)), problems)
            fresh.replace(path)
        for old in folder.iterdir():
            if old.is_file() and old.stem != digest:
                old.unlink()
    return path


def _partial(problems: list[Problem]) -> str:
    """Why the feeds are not whole; '' where they are."""
    missing = [problem for problem in problems if problem.partial]
    if not missing:
        return ""
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"a feed was read in part only ({Path(missing[0].where.split(': ')[0]).name}: {missing[0].why}{more})"


def _age(feed: Feed, now: datetime) -> float | None:
    """Hours since the newest file of a feed was written; None where that is in the future, which says nothing."""
    newest = max((path.stat().st_mtime for path in feeds_edge.files(feed)), default=0.0)
    hours = (now.timestamp() - newest) / 3600
    return hours if hours > -0.1 else None


def _distrust(wanted: list[Feed], ages: list[float | None], limit: int) -> str:
    """Why the feeds cannot be believed now; '' where they can."""
    for feed, age in zip(wanted, ages, strict=True):
        if age is None:
            return f"the feed {feed.path.name} is dated in the future"
        if age > limit:
            return f"the feed {feed.path.name} is {_told(age)}, {limit} hours are allowed"
    return ""


def _told(age: float | None) -> str:
    return "of the future" if age is None else f"{age:.0f} hours old"
