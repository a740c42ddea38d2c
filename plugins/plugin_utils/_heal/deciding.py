# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an event may ask for, and what is done of it on which host, with the reason. Pure.

An event is a doorbell: it names a hole or says that something drifted. Which hosts, how far and what may be healed is the operator's to say, never
the event's; and a host of which something is unknown is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .._answers.answer import EXPOSED, PENDING, UNKNOWN
from .._fleet.bounded import mappings_at, text_at
from .._fleet.host import DISRUPTIONS
from .._rollout.remedies import ACTIONS, steps_for

ADVISORY, DRIFT = "advisory", "drift"
KINDS = (ADVISORY, DRIFT)
PARTS = ("kernel", "live_patching", "hypervisor", "kata")
DONE, NOT_DONE, LEFT_ALONE = "done", "not_done", "left_alone"
_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_MOST = 100


class EventError(ValueError):
    """An event that means nothing; the message says what was seen and what is wanted."""


class Event(NamedTuple):
    """What was heard: its kind, its own name, and for an advisory the holes."""

    kind: str
    id: str
    cves: tuple[str, ...] = ()


class Decision(NamedTuple):
    """What is done on one host, or why it is not."""

    host: str
    decision: str
    reason: str
    parts: tuple[str, ...] = ()


def event(raw: Any) -> Event:
    """An event, read anew from what a rulebook handed over: only these words of it count, whatever else stands in it."""
    if not isinstance(raw, Mapping):
        raise EventError(f"the event is {type(raw).__name__}; wanted a mapping with kind, id and cves")
    kind, name = raw.get("kind"), raw.get("id")
    if kind not in KINDS:
        raise EventError(f"the event's kind is {str(kind)[:60]!r}; wanted {' or '.join(KINDS)}")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise EventError(f"the event's id is {str(name)[:60]!r}; wanted a name of letters, digits and . _ : -")
    cves = raw.get("cves", "")
    names = tuple(dict.fromkeys(part for part in re.split(r"[\s,]+", cves) if part)) if isinstance(cves, str) else ()
    wrong = [name for name in names if not _CVE.fullmatch(name)]
    if wrong or len(names) > _MOST or (kind == ADVISORY and not names):
        raise EventError(f"the event's cves are {str(cves)[:60]!r}; wanted at most {_MOST} CVE ids as one text, with commas")
    return Event(kind, name, names)


def of_holes(answers: Any, fleet: Any, max_disruption: str) -> list[Decision]:
    """What is done about holes, by answers.json and fleet.json: the kernel of exposed hosts is live-patched, or replaced where that is allowed."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in mappings_at(answers, "answers"):
        found.setdefault(text_at(row, "host"), []).append((text_at(row, "answer"), text_at(row, "component"), text_at(row, "reason")))
    return [_checked(host, _hole(host, rows, max_disruption), fleet) for host, rows in sorted(found.items())]


def _hole(host: str, rows: Sequence[tuple[str, str, str]], most: str) -> Decision:
    unknown = [reason for answer, _component, reason in rows if answer == UNKNOWN]
    if unknown:
        return Decision(host, LEFT_ALONE, f"unknown: {unknown[0]}")
    exposed = [(component, reason) for answer, component, reason in rows if answer == EXPOSED]
    if not exposed:
        if any(answer == PENDING for answer, _component, _reason in rows):
            return _steps(host, ("reboot",), most, "the fix is installed and waits for a reboot")
        return Decision(host, NOT_DONE, "nothing is open")
    others = [component for component, _reason in exposed if component != "kernel"]
    if others:
        return Decision(host, NOT_DONE, f"no role closes a hole of {others[0] or 'what is not told'}")
    steps = ("live_patching", "kernel", "reboot") if _allows(most, "reboot") else ("live_patching",)
    return _steps(host, steps, most, f"exposed: {exposed[0][1]}")


def of_drift(fleet: Any, healable: Sequence[str], max_disruption: str) -> list[Decision]:
    """What is brought back of what drifted: findings that the operator listed, and of them those that a role closes without too much disruption."""
    hosts = fleet.get("hosts") if isinstance(fleet, Mapping) else None
    rows = hosts.items() if isinstance(hosts, Mapping) else ()
    return [_checked(str(host), _drifted(str(host), seen, healable, max_disruption), fleet) for host, seen in rows]


def _drifted(host: str, seen: Any, healable: Sequence[str], most: str) -> Decision:
    names = [text_at(item, "id") for item in mappings_at(seen, "findings") if item.get("promise")]
    listed = [name for name in names if any(fnmatchcase(name, pattern) for pattern in healable)]
    if not listed:
        return Decision(host, NOT_DONE, f"not listed in firebreak_healable: {', '.join(names[:5])}" if names else "nothing drifted")
    return _steps(host, tuple(dict.fromkeys(step for name in listed for step in steps_for(name))), most, f"drifted: {', '.join(listed[:5])}")


def _steps(host: str, steps: Iterable[str], most: str, why: str) -> Decision:
    """The steps that are allowed; a host of which none is left is not touched, and told why."""
    wanted = [ACTIONS[step] for step in steps]
    parts = tuple(dict.fromkeys(action.name for action in wanted if action.name in PARTS and _allows(most, action.disruption)))
    reboots = any(action.name == "reboot" for action in wanted) and _allows(most, "reboot")
    if parts or reboots:
        return Decision(host, DONE, why, parts or ("kernel",))
    costs = max((action.disruption for action in wanted), key=DISRUPTIONS.index)
    what = "no role closes it" if costs == "none" else f"it needs {costs}, and firebreak_max_disruption is {most}"
    return Decision(host, NOT_DONE, f"{why}; {what}")


def _allows(most: str, disruption: str) -> bool:
    return DISRUPTIONS.index(disruption) <= DISRUPTIONS.index(most)


def _checked(host: str, decision: Decision, fleet: Any) -> Decision:
    """Nobody acts on a host that could not be judged, whatever else is known of it."""
    seen = fleet.get("hosts", {}).get(host) if isinstance(fleet, Mapping) and isinstance(fleet.get("hosts"), Mapping) else None
    verdict = text_at(seen, "verdict")
    if verdict in ("compliant", "drifted"):
        return decision
    reasons = seen.get("reasons") if isinstance(seen, Mapping) else None
    why = ", ".join(map(str, reasons[:3])) if isinstance(reasons, list) and reasons else "no record of this run"
    return Decision(host, LEFT_ALONE, f"{verdict or 'unknown'}: {why}")
