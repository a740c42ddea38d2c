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

import yaml

from .._answers import written
from .._answers.answer import EXPOSED, PENDING, UNKNOWN
from .._fleet.bounded import mappings_at, text_at
from .._fleet.host import DISRUPTIONS
from .._rollout.remedies import ACTIONS, steps_for

ADVISORY, DRIFT = "advisory", "drift"
KINDS = (ADVISORY, DRIFT)
# The parts of a rollout that heal, each with the beginnings of the promises by which the proof holds it.
PROVED_BY = {"mitigations": ("mitigations",), "kernel": ("kernel.", "boot."), "live_patching": ("live_patch.",), "hypervisor": ("hypervisor.",),
             "kata": ("kata.",)}
PARTS = tuple(PROVED_BY)
_OTHERS = ("cpu_mitigations", "stale_userspace")
DONE, NOT_DONE, LEFT_ALONE = "done", "not_done", "left_alone"
HEALED, NOT_HEALED = "healed", "not_healed"
NOTHING_OPEN, NOTHING_DRIFTED, NOT_LISTED = "nothing is open", "nothing drifted", "not listed in firebreak_healable"
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
# One notice of a distribution's kernel names hundreds.
_MOST = 2000


class EventError(ValueError):
    """An event that means nothing; the message says what was seen and what is wanted."""


class Event(NamedTuple):
    """What was heard: its kind, its own name, and for an advisory the holes."""

    kind: str
    id: str
    cves: tuple[str, ...] = ()


class _Row(NamedTuple):
    """What was answered of one part of a host."""

    cve: str
    answer: str
    component: str
    reason: str


class Decision(NamedTuple):
    """What is done on one host, or why it is not."""

    host: str
    decision: str
    reason: str
    parts: tuple[str, ...] = ()


def event(raw: Any) -> Event:
    """An event, read anew from what a rulebook or a person handed over: only these words of it count, whatever else stands in it.

    On a command line and in a survey a mapping is a text of JSON or YAML.
    """
    raw = _from_text(raw) if isinstance(raw, str) else raw
    if not isinstance(raw, Mapping):
        raise EventError(f"the event is {str(raw)[:60]!r}; wanted a mapping with kind, id and cves")
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


def _from_text(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        # A day that no calendar has is a ValueError, and brackets in brackets without end are a RecursionError.
        return text


def of_holes(answers: Any, fleet: Any, max_disruption: str) -> list[Decision]:
    """What is done about holes, by answers.json and fleet.json: the standard's mitigation comes to exposed hosts, their kernel is live-patched, or
    replaced where that is allowed; and a mitigation goes where the fix is in force.
    """
    found: dict[str, list[_Row]] = {}
    for host, row in written.rows(answers):
        found.setdefault(host, []).append(_Row(*(text_at(row, name) for name in _Row._fields)))
    return [_checked(host, _hole(host, rows, _observed(fleet, host), max_disruption), fleet) for host, rows in sorted(found.items())]


def _observed(fleet: Any, host: str) -> dict[str, str]:
    """What a host's findings say of its mitigations, by their ids."""
    hosts = fleet.get("hosts") if isinstance(fleet, Mapping) else None
    seen = hosts.get(host) if isinstance(hosts, Mapping) else None
    return {text_at(item, "id"): str(item.get("observed")) for item in mappings_at(seen, "findings")
            if text_at(item, "id").startswith("mitigations.")}


def _hole(host: str, rows: Sequence[_Row], findings: Mapping[str, str], most: str) -> Decision:
    unknown = [row.reason for row in rows if row.answer == UNKNOWN]
    if unknown:
        return Decision(host, LEFT_ALONE, f"unknown: {unknown[0]}")
    exposed = [row for row in rows if row.answer == EXPOSED]
    if exposed:
        return _exposed(host, exposed, findings.get("mitigations.absent", ""), most)
    if any(row.answer == PENDING for row in rows):
        return _steps(host, ("reboot",), most, "the fix is on the host and waits for a reboot")
    needless = [row.cve for row in rows if _is_named(row.cve, findings.get("mitigations.needless", ""))]
    if needless:
        return _steps(host, ("mitigations",), most, f"its mitigation of {needless[0]} is needless")
    return Decision(host, NOT_DONE, NOTHING_OPEN)


def _exposed(host: str, rows: Sequence[_Row], absent: str, most: str) -> Decision:
    """The mitigation that the standard has for it first, then what closes it for good; what no role closes and nothing mitigates is for a person."""
    mitigations = ("mitigations",) if any(_is_named(row.cve, absent) for row in rows) else ()
    others = [row.component for row in rows if row.component != "kernel" and not _is_named(row.cve, absent)]
    if others:
        return Decision(host, NOT_DONE, f"no role closes a hole of {others[0] or 'what is not told'}, and no mitigation of the standard is absent")
    kernel = any(row.component == "kernel" for row in rows)
    lasting = () if not kernel else ("live_patching", "kernel", "reboot") if _allows(most, "reboot") else ("live_patching",)
    return _steps(host, (*mitigations, *lasting), most, f"exposed: {rows[0].reason}")


def _is_named(cve: str, text: str) -> bool:
    """Whether a text names this hole: one whose number only begins like its own is another."""
    return re.search(rf"{re.escape(cve)}(?![0-9])", text) is not None


def of_drift(fleet: Any, healable: Sequence[str], max_disruption: str) -> list[Decision]:
    """What is brought back of what drifted: findings that the operator listed, and of them those that a role closes without too much disruption."""
    hosts = fleet.get("hosts") if isinstance(fleet, Mapping) else None
    rows = hosts.items() if isinstance(hosts, Mapping) else ()
    return [_checked(str(host), _drifted(str(host), seen, healable, max_disruption), fleet) for host, seen in rows]


def _drifted(host: str, seen: Any, healable: Sequence[str], most: str) -> Decision:
    names = [text_at(item, "id") for item in mappings_at(seen, "findings") if item.get("promise")]
    listed = [name for name in names if any(fnmatchcase(name, pattern) for pattern in healable)]
    if not listed:
        return Decision(host, NOT_DONE, f"{NOT_LISTED}: {', '.join(names[:5])}" if names else NOTHING_DRIFTED)
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


def came_of(before: Mapping[str, Sequence[str]], after: Iterable[Decision], broken: Mapping[str, Sequence[str]] | None) -> list[Decision]:
    """Of each host that was to be healed by some parts whether it is: seen so by the scan and the answers after it, and not gainsaid by the proof
    (by host the promises that it found broken; None where there is no proof).
    """
    still = {one.host: one for one in after}
    return [_came(host, parts, still.get(host), broken) for host, parts in before.items()]


def _came(host: str, parts: Sequence[str], after: Decision | None, broken: Mapping[str, Sequence[str]] | None) -> Decision:
    if after is None or after.decision != NOT_DONE or not after.reason.startswith((NOTHING_OPEN, NOTHING_DRIFTED, NOT_LISTED)):
        return Decision(host, NOT_HEALED, after.reason if after else "not seen afterwards")
    if broken is None:
        return Decision(host, HEALED, "seen healed by a scan of its own; there is no proof of it")
    if host not in broken:
        return Decision(host, NOT_HEALED, "seen healed by a scan of its own, but the proof did not reach it")
    wrong = [name for name in broken[host] if name.startswith(tuple(prefix for part in parts for prefix in PROVED_BY[part]))]
    if wrong:
        return Decision(host, NOT_HEALED, f"seen healed by a scan of its own, but the proof finds broken: {', '.join(wrong[:5])}")
    return Decision(host, HEALED, "seen healed by a scan of its own, and proved")


def left_out(parts: Sequence[str]) -> list[str]:
    """The parts of a rollout that have nothing to do with healing a host."""
    return [part for part in (*PARTS, *_OTHERS) if part not in parts]
