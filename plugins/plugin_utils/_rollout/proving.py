# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's fresh scan says of the step that it went through: a result for the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._fleet.host import Host as Seen
from .._fleet.host import is_drift
from .journal import DONE, FAILED, FINE, LEFT_OUT, RUNNING, SKIPPED, SPENT, UNKNOWN, UNREACHABLE, WAITING, Host
from .plan import plan_host

CHANGE, REBOOT, PROVE = "change", "reboot", "prove"
_WEIGHTY = ("critical", "high")


def result(host: Host, seen: Seen | None) -> dict[str, Any]:
    """The event of a host whose wave is over: a host that did not get to its end was lost, one that can no longer be judged is unknown."""
    if PROVE not in host.steps or seen is None:
        during = host.begun or ("its first task" if not host.steps else "what follows " + sorted(host.steps)[-1])
        return _event(host, UNREACHABLE, f"{host.name} was lost between two tasks, in {during}")
    if seen.verdict == UNREACHABLE:
        return _event(host, UNREACHABLE, f"{host.name} does not answer after its change: {seen.error or 'no reason given'}")
    if not seen.scanned:
        return _event(host, UNKNOWN, f"{host.name} cannot be judged after its change: {seen.error or ', '.join(seen.reasons)}")
    if seen.verdict == UNKNOWN:
        news = [reason for reason in seen.reasons if reason not in host.before]
        if news:
            return _event(host, UNKNOWN, f"{host.name} can no longer be judged: {'; '.join(news[:5])}")
    return _of_findings(host, seen)


def _of_findings(host: Host, seen: Seen) -> dict[str, Any]:
    """After a reboot nothing may be left that needs one, and nobody is left drained. What else is left is named, and is no failure."""
    left = [seen.key(finding).label for finding in seen.findings if is_drift(finding)]
    if REBOOT in host.steps:
        again = [step for step in plan_host(seen, "reboot").steps if step.action == "reboot"]
        if again:
            return _event(host, FAILED, f"{host.name} was rebooted, and still needs it for {', '.join(again[0].closes[:5])}", left)
    if host.held:
        return _event(host, FAILED, f"{host.name} came to the end of its steps, and was not given back what its drain took", left)
    return _event(host, DONE, "", left)


def _event(host: Host, status: str, why: str, left: list[str] | None = None) -> dict[str, Any]:
    return {"event": "result", "host": host.name, "status": status, "why": why, "left": (left or [])[:100]}


def at_start(host: Host, seen: Seen | None, only_drifted: bool) -> Iterator[dict[str, Any]]:
    """What the first scan of a run says of a host: a dead one is left out by name, one that answers again waits again, and one that is held to
    another standard than the one by which it was changed is to be changed by that."""
    if seen is None:
        if host.status == FINE:
            yield {"event": "answers", "host": host.name}
        return
    is_out = host.status in SPENT
    if host.standard not in (None, seen.standard or "") and not is_out:
        yield {"event": "another_standard", "host": host.name}
    if is_out or host.status in (RUNNING, SKIPPED):
        return
    if seen.verdict == UNREACHABLE:
        yield {"event": "left_out", "host": host.name, "why": seen.error or "it cannot be reached"}
    elif only_drifted and seen.verdict == "compliant" and not host.owes:
        if host.status in (WAITING, LEFT_OUT):
            yield {"event": "result", "host": host.name, "status": FINE, "why": "", "left": []}
    elif host.status in (WAITING, LEFT_OUT, FINE):
        yield {"event": "answers", "host": host.name}


def reasons(seen: Seen | None) -> list[str]:
    """Why a host could not be judged before its change."""
    return list(seen.reasons) if seen else []


def steps_of(seen: Seen | None, max_disruption: str) -> list[str]:
    """The steps that a fresh scan of a host asks for."""
    return [step.action for step in plan_host(seen, max_disruption).steps] if seen else []


def told(event: Mapping[str, Any]) -> str:
    """An event as a line for a person."""
    parts = [str(event[key]) for key in ("host", "step", "did", "status", "why", "by") if event.get(key)]
    if event.get("event") == "wave":
        parts = [f"number {event.get('number')}: {', '.join(map(str, event.get('hosts') or ()))}"]
    if event.get("event") in ("begun", "resumed"):
        parts = [f"by {event.get('owner')}, {len(event.get('hosts') or ())} hosts"]
    return f"{event.get('event')} {', '.join(parts)}".strip()
