# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a fleet for a terminal and as a page: equal plans of many hosts are told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from .._fleet.bounded import counted, visible
from .._rollout.plan import HostPlan, Plan
from .._rollout.remedies import ACTIONS
from .line import Line
from .sheet import sheet

_NAMES = 6
_CLOSES = 4
_COLORS = {"none": "green", "restart_service": "green", "reboot": "yellow"}


def groups(plan: Plan) -> dict[tuple[Any, ...], list[HostPlan]]:
    """The hosts that have the same steps and the same left over, in the order of the plan."""
    found: dict[tuple[Any, ...], list[HostPlan]] = {}
    for one in plan.hosts:
        found.setdefault((tuple((step.action, step.closes) for step in one.steps), one.left, one.open), []).append(one)
    return found


def plan_lines(plan: Plan, rows: int = 40) -> Iterator[Line]:
    """What would be done, the most urgent first, then who is left out and who will be late."""
    yield Line(headline(plan))
    kinds = list(groups(plan).values())
    for same in kinds[:rows]:
        yield from _group(same)
    if len(kinds) > rows:
        yield Line(f"... and {counted(len(kinds) - rows, 'more kind')} of plans in plan.json")
    for name, why in list(plan.unplanned.items())[:rows]:
        yield Line(visible(f"  {name}: no plan, since {why}"), "purple")
    yield from late_lines(plan)


def headline(plan: Plan) -> str:
    """The plan in one sentence."""
    changed = sum(bool(one.steps) for one in plan.hosts)
    costs = [name for name in ("reboot", "migrate_guest", "restart_sandbox", "restart_service")
             if any(one.disruption == name for one in plan.hosts)]
    told = ", ".join(f"{sum(one.disruption == name for one in plan.hosts)} by {name}" for name in costs)
    rest = f" ({told})" if told else ""
    return f"{counted(changed, 'host')} to change{rest}, {plan.fine} with nothing to do, {len(plan.unplanned)} without a plan; " \
           f"allowed up to: {plan.max_disruption}"


def names_of(hosts: list[str]) -> str:
    """The first names of a list, and how many more there are."""
    return ", ".join(hosts[:_NAMES]) + (f" and {len(hosts) - _NAMES} more" if len(hosts) > _NAMES else "")


def _group(same: list[HostPlan]) -> Iterator[Line]:
    head = same[0]
    due = f"; due {head.deadline.day.isoformat()}: {head.deadline.why}" if head.deadline else ""
    yield Line(visible(f"  {names_of([one.host for one in same])}{due}"), _COLORS.get(head.disruption, "yellow"))
    for number, step in enumerate(head.steps, 1):
        closes = ", ".join(step.closes[:_CLOSES]) + (f" and {len(step.closes) - _CLOSES} more" if len(step.closes) > _CLOSES else "")
        yield Line(visible(f"    {number}. {ACTIONS[step.action].words} ({step.disruption}): {closes}"))
    for finding, why in head.left:
        yield Line(visible(f"    left: {finding}: {why}"), "purple")
    if head.open:
        yield Line(visible(f"    nobody can tell: {_reasons(head)}"), "purple")


def _reasons(one: HostPlan) -> str:
    more = len(one.open) - _CLOSES
    return "; ".join(one.open[:_CLOSES]) + (f" and {more} more" if more > 0 else "")


def late_lines(plan: Plan) -> Iterator[Line]:
    """Who will miss a day at the present rate."""
    deadlines = {one.host: one.deadline for one in plan.hosts}
    for name, day in list(plan.late.items())[:_NAMES]:
        deadline = deadlines[name]
        done = "at this rate never" if day == date.max else f"done on {day.isoformat()} at {plan.per_day:g} hosts a day"
        yield Line(visible(f"  late: {name}: due {deadline.day.isoformat() if deadline else ''}, {done}"), "red")
    if len(plan.late) > _NAMES:
        yield Line(f"  late: {counted(len(plan.late) - _NAMES, 'more host')} in plan.json", "red")


def plan_html(plan: Plan, generated_at: str) -> Iterator[str]:
    """The page plan.html."""
    rows = [_row(same, plan.late) for same in groups(plan).values()]
    rows += [{"hosts": name, "cells": ["", "", f"no plan, since {why}", ""]} for name, why in plan.unplanned.items()]
    heads = ["Steps, least disruptive first", "What it costs", "Left over", "Due"]
    yield from sheet("Plan", headline(plan), generated_at, [{"title": "Hosts", "heads": ["Hosts", *heads], "rows": [
        [row["hosts"], *row["cells"]] for row in rows]}])


def _row(same: list[HostPlan], late: Mapping[str, date]) -> dict[str, Any]:
    head = same[0]
    steps = "\n".join(f"{number}. {ACTIONS[step.action].words}: {', '.join(step.closes)}" for number, step in enumerate(head.steps, 1))
    left = "\n".join([*(f"{finding}: {why}" for finding, why in head.left), *([f"nobody can tell: {_reasons(head)}"] if head.open else [])])
    due = f"{head.deadline.day.isoformat()}: {head.deadline.why}" if head.deadline else ""
    missed = [one.host for one in same if one.host in late]
    return {"hosts": "\n".join(one.host for one in same),
            "cells": [steps, head.disruption, left, "\n".join(filter(None, [due, f"late: {names_of(missed)}" if missed else ""]))]}
