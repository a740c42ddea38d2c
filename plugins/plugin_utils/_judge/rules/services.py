# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of services: what runs on files that were deleted or replaced, and which units run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from ..._fleet.bounded import counted, texts
from ..._standard.requirement import Exemption, Requirement
from ..facts import Facts, printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown
from ..tables import table

_SHOWN = 20
_FILES_SHOWN = 3
# A row of the record names so many files of each state and no more: where it has as many, there may be others.
_FILES_RECORDED = 20
_STATES = ("replaced", "deleted")
_STALE = "services.stale"
_UNREAD = "services.unread"
_EXCEPTIONS = "services.stale_exceptions"
_COMM_LENGTH = 15
# key -> the kind of row in services.stale that it is about, beside services.stale itself.
_KINDS = {"services.stale_scopes": "scope", "services.stale_manager": "manager", "services.stale_until_reboot": "until_reboot",
          "services.stale_sessions": "session", "services.stale_carriers": "carrier"}
_RESTARTS = {"refused": "it refuses a restart by hand", "leaves_processes": "a restart leaves its old processes running"}


def _program(row: dict[str, Any]) -> str:
    """The binary, with the names of what runs from it where it is many programs in one."""
    program = str(row.get("program"))
    names = texts(row.get("names"))
    own = program.rpartition("/")[2][:_COMM_LENGTH]
    return program if not names or own in names else f"{program} ({', '.join(names[:_FILES_SHOWN])})"


def _named(row: dict[str, Any]) -> str:
    """A unit with its process, some of its stale files, and how it is replaced where no plain restart does that, in a line."""
    files = [f"{path} ({state})" for state in _STATES for path in texts(row.get(state))]
    shown = ", ".join(files[:_FILES_SHOWN]) + (", ..." if len(files) > _FILES_SHOWN else "")
    owner = row.get("unit") or "no unit"
    whose = f" of user {row['user']}" if isinstance(row.get("user"), int) else ""
    remedy = row.get("remedy") if row.get("kind") != "service" else _RESTARTS.get(str(row.get("restart")))
    return printable(f"{owner}{whose}, process {row.get('pid')} {_program(row)}: {shown}" + (f"; {remedy}" if isinstance(remedy, str) else ""), 400)


def _without_exceptions(row: dict[str, Any], exceptions: list[Exemption]) -> dict[str, Any] | None:
    """A row without the files that may be stale; None where none is left."""
    owner = str(row.get("unit") or row.get("program"))
    covering = [one.path for one in exceptions if fnmatchcase(owner, one.unit)]
    if "*" in covering:
        return None
    files = {state: texts(row.get(state)) for state in _STATES}
    left = {state: [path for path in files[state] if not any(fnmatchcase(path, pattern) for pattern in covering)] for state in _STATES}
    whole = all(len(paths) < _FILES_RECORDED for paths in files.values())
    return None if covering and whole and not any(left.values()) else {**row, **left} if any(left.values()) else row


def _exceptions(scope: Scope) -> tuple[list[Exemption], list[Exemption]]:
    """The exceptions that hold today, their last day included, and those that have expired."""
    today: date = scope.now.date()
    everything: tuple[Exemption, ...] = scope.setting(_EXCEPTIONS, ())
    return [one for one in everything if today <= one.expires], [one for one in everything if today > one.expires]


def _rows(scope: Scope, kind: str) -> list[dict[str, Any]]:
    holding, _expired = _exceptions(scope)
    rows = (_without_exceptions(row, holding) for row in scope.facts.rows(_STALE) if row.get("kind") == kind)
    return [row for row in rows if row is not None]


@lru_cache(maxsize=4096)
def what_it_cuts_off(unit: str) -> tuple[str, str]:
    """(what a restart of the unit cuts off, what that costs); two empty texts for a unit that stands for itself."""
    rows = table("disruptive_units")["rows"]
    return next(((row["cuts_off"], row["disruption"]) for row in rows if any(fnmatchcase(unit, pattern) for pattern in row["units"])), ("", ""))


def _may_be(row: dict[str, Any], kind: str) -> bool:
    """Where nothing says its kind: the first process is the manager or only replaced by a reboot, and no other is the manager."""
    if row.get("kind") in ("service", *_KINDS.values()):
        return bool(row["kind"] == kind)
    return (row.get("pid") == 1) in {"manager": (True,), "until_reboot": (True, False)}.get(kind, (False,))


def _unread(facts: Facts, kind: str) -> Iterator[Outcome]:
    """What could not be read might be stale: of its own kind, so that no user's process keeps services from being judged."""
    rows = [row for row in facts.rows(_UNREAD) if _may_be(row, kind)]
    if rows:
        pid, reason = printable(str(rows[0].get("pid")), 20), printable(str(rows[0].get("reason")), 40)
        yield Unknown(_UNREAD, f"of {counted(len(rows), 'process', 'processes')} it cannot be said: process {pid}, {reason}")


def _difference(finding: str, rows: list[dict[str, Any]], disruption: str | None = None, cuts_off: str = "") -> Difference:
    cut = f"; cuts off {cuts_off}" if cuts_off else ""
    observed = [_named(row) + cut for row in rows[:_SHOWN]] + (["..."] if len(rows) > _SHOWN else [])
    return Difference(finding, "processes that run the files that are installed", observed, (_STALE,), disruption=disruption,
                      subject=cuts_off)


def _stale_rule(key: str, kind: str) -> Rule:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in _rows(scope, kind):
            groups.setdefault(what_it_cuts_off(str(row.get("unit"))) if kind == "service" else ("", ""), []).append(row)
        for (cuts_off, disruption), rows in sorted(groups.items()):
            yield _difference("services.stale_disruptive" if cuts_off else key, rows, disruption or None, cuts_off)
        yield from _unread(scope.facts, kind)

    return Rule(key, judge, observes=True)


def _stale(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """Stale services, and the exceptions that have had their day."""
    yield from _stale_rule("services.stale", "service").judge(scope, promise)
    expired = [printable(str(one)) for one in _exceptions(scope)[1]]
    if expired:
        yield Difference("services.exception_expired", "no expired exception", expired[:_SHOWN], (), promise="")


def _required(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    active, failed, masked = (set(scope.facts.words(f"services.{state}")) for state in ("active", "failed", "masked"))
    wrong = []
    for unit in promise.value if promise else ():
        names = {unit, _own_name(scope.facts, unit)}
        words = (["failed"] if names & failed else [] if names & active else ["not active"]) + (["masked"] if names & masked else [])
        wrong += [f"{printable(unit, 256)} is {' and '.join(words)}"] if words else []
    if wrong:
        yield Difference("services.required", f"active: {promise}", wrong[:_SHOWN], ("services.active", "services.failed", "services.masked"))


def _own_name(facts: Facts, unit: str) -> str:
    """The name by which systemd lists a unit that is known by an alias: of an instance, by that of its template."""
    aliases = facts.raw("services.aliases")
    known = aliases if isinstance(aliases, dict) else {}
    name, at, instance = unit.partition("@")
    template = f"{name}@.{instance.rpartition('.')[2]}" if at else ""
    own = known.get(unit) or str(known.get(template, "")).replace("@.", f"@{instance.rpartition('.')[0]}.", 1)
    return str(own) or unit


def _failed(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    failed = scope.facts.words("services.failed")
    if failed:
        yield Difference("services.failed", "no failed unit", [printable(unit, 256) for unit in failed[:_SHOWN]], ("services.failed",))


RULES = (Rule("services.stale", _stale, observes=True), *(_stale_rule(key, kind) for key, kind in _KINDS.items()),
         Rule("services.required", _required), Rule("services.failed", _failed))
