# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of services: what runs on files that were deleted or replaced, and which units run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..._fleet.bounded import texts
from ..._standard.requirement import Requirement
from ..facts import Facts, printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown

_SHOWN = 20
_FILES_SHOWN = 3
_STALE = "services.stale"
_UNREAD = "services.unread"
# key -> the kind of row in services.stale that it is about.
_KINDS = {"services.stale": "service", "services.stale_manager": "manager", "services.stale_until_reboot": "until_reboot",
          "services.stale_sessions": "session", "services.stale_carriers": "carrier"}


def _named(row: dict[str, Any]) -> str:
    """A unit with its process and some of its stale files, in a line."""
    files = [f"{path} ({state})" for state in ("replaced", "deleted") for path in texts(row.get(state))]
    shown = ", ".join(files[:_FILES_SHOWN]) + (", ..." if len(files) > _FILES_SHOWN else "")
    owner = row.get("unit") or "no unit"
    whose = f" of user {row['user']}" if isinstance(row.get("user"), int) else ""
    return printable(f"{owner}{whose}, process {row.get('pid')} {row.get('program')}: {shown}", 400)


def _unread(facts: Facts, kind: str) -> Iterator[Outcome]:
    """What could not be read might be stale. The first process is the manager or only replaced by a reboot, and no other is the manager."""
    first = {"manager": (True,), "until_reboot": (True, False)}.get(kind, (False,))
    rows = [row for row in facts.rows(_UNREAD) if (row.get("pid") == 1) in first]
    if rows:
        yield Unknown(_UNREAD, f"of {len(rows)} processes it cannot be said: process {printable(str(rows[0].get('pid')), 20)}, "
                               f"{printable(str(rows[0].get('reason')), 40)}")


def _stale_rule(key: str, kind: str) -> Rule:
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        rows = [row for row in scope.facts.rows(_STALE) if row.get("kind") == kind]
        if rows:
            observed = [_named(row) for row in rows[:_SHOWN]] + (["..."] if len(rows) > _SHOWN else [])
            yield Difference(key, "processes that run the files that are installed", observed, (_STALE,))
        yield from _unread(scope.facts, kind)

    return Rule(key, judge, observes=True)


def _required(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    active, failed, masked = (set(scope.facts.words(f"services.{state}")) for state in ("active", "failed", "masked"))
    wrong = []
    for unit in promise.value if promise else ():
        words = (["failed"] if unit in failed else [] if unit in active else ["not active"]) + (["masked"] if unit in masked else [])
        wrong += [f"{printable(unit, 256)} is {' and '.join(words)}"] if words else []
    if wrong:
        yield Difference("services.required", f"active: {promise}", wrong[:_SHOWN], ("services.active", "services.failed", "services.masked"))


def _failed(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    failed = scope.facts.words("services.failed")
    if failed:
        yield Difference("services.failed", "no failed unit", [printable(unit, 256) for unit in failed[:_SHOWN]], ("services.failed",))


RULES = (*(_stale_rule(key, kind) for key, kind in _KINDS.items()), Rule("services.required", _required), Rule("services.failed", _failed))
