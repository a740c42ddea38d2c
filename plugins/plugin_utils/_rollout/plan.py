# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings to what is done about them: for each host an ordered list of steps, the least disruptive first, one reboot closing many. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from .._answers import written
from .._fleet.bounded import clipped, one_line, text_at
from .._fleet.host import DISRUPTIONS, SEVERITIES, Host, is_drift
from .._plan.reboot import HOLDING
from .deadlines import Deadline, first, late, of_waivers
from .remedies import ACTIONS, BY_REBOOT, IN_WINDOW, steps_for

SCHEMA = "firebreak.plan/1"


@dataclass(frozen=True)
class Step:
    """One action on one host, and the findings that it helps to close."""

    action: str
    disruption: str
    closes: tuple[str, ...]


@dataclass(frozen=True)
class HostPlan:
    """What is done on a host. ``left`` are findings that this rollout does not close, each with the reason; ``open`` is why the host is unknown,
    whatever is done on it; ``why`` says why there is no plan."""

    host: str
    verdict: str
    steps: tuple[Step, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    deadline: Deadline | None = None
    urgency: int = len(SEVERITIES)
    open: tuple[str, ...] = ()
    why: str = ""

    @property
    def disruption(self) -> str:
        """What the whole of it costs: the worst of its steps."""
        return max((step.disruption for step in self.steps), key=DISRUPTIONS.index, default="none")


@dataclass(frozen=True)
class Plan:
    """The plan of a fleet: the hosts with something to do, in the order in which they come; hosts for which there is no plan, with the reason; and
    how many are compliant and have nothing to do."""

    hosts: tuple[HostPlan, ...]
    unplanned: Mapping[str, str]
    fine: int
    max_disruption: str
    per_day: float = 0.0
    late: Mapping[str, date] = field(default_factory=dict)

    @property
    def actions(self) -> Counter[str]:
        """How many hosts get each action."""
        return Counter(step.action for host in self.hosts for step in host.steps)


class Wanted(NamedTuple):
    """One thing to close on a host: its label, the steps that close it together, what a person is told where no role can, and what the finding
    itself says that it costs."""

    label: str
    steps: tuple[str, ...]
    remedy: str = ""
    costs: str = "none"

    def price(self, step: str) -> str:
        """What a step costs here. Restarts in a window cost what they cut off: some end guests, storage or a cluster."""
        costs = self.costs if step == IN_WINDOW and self.costs in DISRUPTIONS else "none"
        return max(ACTIONS[step].disruption, costs, key=DISRUPTIONS.index)


_BY_ANSWER = {"exposed": ("kernel", "reboot"), "pending": ("reboot",)}
_BY_HAND = ("by_hand",)


def of_answers(answers: Any) -> dict[str, list[Wanted]]:
    """What the answers of ``answer_cve`` (``answers.json``) ask for on each host: the kernel's holes by its steps, the others by a person,
    who also has to find out what nobody can tell."""
    found: dict[str, list[Wanted]] = {}
    for host, row in written.rows(answers):
        answer = text_at(row, "answer")
        label = f"{text_at(row, 'cve')} ({answer})"
        if answer in _BY_ANSWER:
            steps = _BY_ANSWER[answer] if text_at(row, "component") == "kernel" else _BY_HAND
            found.setdefault(host, []).append(Wanted(label, steps, text_at(row, "remedy")))
        elif answer == "unknown":
            found.setdefault(host, []).append(Wanted(label, _BY_HAND, f"nobody can tell: {one_line(text_at(row, 'reason')) or 'no reason given'}"))
    return found


def plan_host(host: Host, max_disruption: str, due: Sequence[Deadline] = (), holes: Sequence[Wanted] = ()) -> HostPlan:
    """The plan of one host; nothing is planned for a host of which there is no record, nor for one that cannot be judged and has no finding."""
    deadline = first([*due, *of_waivers(host.waived)])
    if not host.scanned:
        why = f"nothing is known of it: {clipped(host.error or ', '.join(host.reasons) or 'no record', 300)}"
        return HostPlan(host.name, host.verdict, deadline=deadline, why=why)
    drift = [finding for finding in host.findings if is_drift(finding)]
    wanted = [Wanted(host.key(finding).label, steps_for(finding["id"]), one_line(finding["remedy"]), str(finding["disruption"])) for finding in drift]
    steps, left = _merged([*wanted, *holes], max_disruption)
    steps, left = _held(host, steps, left)
    urgency = min((SEVERITIES.index(finding["severity"]) for finding in drift), default=len(SEVERITIES))
    unknown = (host.reasons or ("no reason given",)) if host.verdict == "unknown" else ()
    why = f"it cannot be judged: {clipped('; '.join(unknown), 300)}" if unknown and not (steps or left) else ""
    return HostPlan(host.name, host.verdict, steps, left, deadline, urgency, unknown, why)


def _held(host: Host, steps: tuple[Step, ...], left: tuple[tuple[str, str], ...]) -> tuple[tuple[Step, ...], tuple[tuple[str, str], ...]]:
    """Without the reboot where the next boot would not come up: what it would close is left, with the reason. A waiver does not make it safe."""
    holding = _holding(host)
    if not holding:
        return steps, left
    why = f"held: {one_line(holding[0]['observed'])}"
    held = [(label, clipped(why, 300)) for step in steps if step.action == "reboot" for label in step.closes]
    return tuple(step for step in steps if step.action != "reboot"), (*left, *held)


def _holding(host: Host) -> list[Mapping[str, Any]]:
    return [finding for finding in (*host.findings, *host.waived) if finding["id"] in HOLDING]


def _merged(wanted: Sequence[Wanted], max_disruption: str) -> tuple[tuple[Step, ...], tuple[tuple[str, str], ...]]:
    """Steps and what is left. Where anything needs the reboot anyway, it closes all that a reboot replaces."""
    allowed = DISRUPTIONS.index(max_disruption)
    closing: dict[str, list[Wanted]] = {}
    left: list[tuple[str, str]] = []
    reboots = allowed >= DISRUPTIONS.index("reboot") and any("reboot" in one.steps for one in wanted)
    for one in wanted:
        if one.steps == _BY_HAND:
            left.append((one.label, one.remedy))
            continue
        names = tuple(dict.fromkeys("reboot" if reboots and name in BY_REBOOT else name for name in one.steps))
        dear = [name for name in names if DISRUPTIONS.index(one.price(name)) > allowed]
        if dear:
            left.append((one.label, f"needs {one.price(dear[-1])}, and {max_disruption} is allowed"))
        # What prepares is done all the same: it waits for the step that puts it in force.
        for name in names:
            if name not in dear:
                closing.setdefault(name, []).append(one)
    return tuple(_step(name, closing[name]) for name in ACTIONS if name in closing), tuple(left)


def _step(name: str, closed: Sequence[Wanted]) -> Step:
    price = max((one.price(name) for one in closed), key=DISRUPTIONS.index)
    return Step(name, price, tuple(dict.fromkeys(one.label for one in closed)))


def may_reboot(host: Host, max_disruption: str) -> bool:
    """Whether a role that finds that only a reboot replaces something may have it: it is allowed, and nothing holds the next boot."""
    return max_disruption == "reboot" and not _holding(host)


def plan_fleet(hosts: Iterable[Host], max_disruption: str, today: date, due: Mapping[str, Sequence[Deadline]] | None = None,
               per_day: float = 0.0, holes: Mapping[str, Sequence[Wanted]] | None = None) -> Plan:
    """The plan of a fleet. First come those with the first deadline, then those with the worst findings."""
    planned = [plan_host(host, max_disruption, (due or {}).get(host.name, ()), (holes or {}).get(host.name, ())) for host in hosts]
    busy = sorted((one for one in planned if one.steps or one.left), key=_order)
    waits = [(one.host, one.deadline) for one in busy]
    return Plan(
        hosts=tuple(busy),
        unplanned={one.host: f"{one.why}{_due(one)}" for one in planned if one.why},
        fine=sum(not (one.steps or one.left or one.why) for one in planned),
        max_disruption=max_disruption,
        per_day=per_day,
        late=late(waits, today, per_day) if per_day else {},
    )


def _due(one: HostPlan) -> str:
    return f"; due {one.deadline.day.isoformat()}: {one.deadline.why}" if one.deadline else ""


def _order(one: HostPlan) -> tuple[date, int, str]:
    return one.deadline.day if one.deadline else date.max, one.urgency, one.host


def as_data(plan: Plan, generated_at: str) -> dict[str, Any]:
    """The plan for programs (plan.json)."""
    return {
        "schema": SCHEMA, "generated_at": generated_at, "max_disruption": plan.max_disruption, "hosts_per_day": plan.per_day or None,
        "fine": plan.fine, "actions": dict(plan.actions), "unplanned": dict(plan.unplanned),
        "late": {name: "" if day == date.max else day.isoformat() for name, day in plan.late.items()},
        "hosts": [_host_data(one) for one in plan.hosts],
    }


def _host_data(one: HostPlan) -> dict[str, Any]:
    due = {"day": one.deadline.day.isoformat(), "why": one.deadline.why} if one.deadline else None
    return {
        "host": one.host, "verdict": one.verdict, "disruption": one.disruption, "deadline": due,
        "steps": [{"action": step.action, "disruption": step.disruption, "role": ACTIONS[step.action].role, "closes": list(step.closes)}
                  for step in one.steps],
        "left": [{"finding": finding, "why": why} for finding, why in one.left], "unknown": list(one.open),
    }
