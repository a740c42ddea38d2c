# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role ``stale_userspace`` does about processes that run replaced files: what is restarted, in which order, and what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from ...module_utils._host.errors import Refused
from .._fleet.bounded import counted
from .._fleet.host import DISRUPTIONS
from .._judge.facts import CannotSay, Facts, printable
from .._judge.rules.services import what_it_cuts_off
from .._standard.requirement import Exemption, Requirement

ACTIONS = ("restart", "window", "reboot", "leave")
SESSIONS = ("leave", "end")
_EXCEPTIONS = "services.stale_exceptions"


@dataclass(frozen=True)
class Asked:
    """``policy``: shell pattern of a unit -> one of ACTIONS, the first that matches counts; ``window``: what cuts off may be restarted now, where
    that costs no more than ``max_disruption``."""

    policy: Mapping[str, str] = field(default_factory=dict)
    window: bool = False
    sessions: str = "leave"
    max_disruption: str = DISRUPTIONS[-1]


@dataclass
class Plan:
    """``restart`` is in order; ``leaves`` are those of them whose old processes a restart leaves; ``end`` are the commands that end sessions.

    ``waits`` and ``reboot`` say, for each that is left, what it waits for and why a reboot takes it.
    """

    restart: list[str] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    reexec: bool = False
    end: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    reboot: list[str] = field(default_factory=list)


def plan(record: Mapping[str, Any], promises: Mapping[str, Requirement], asked: Asked, after: Mapping[str, Sequence[str]],
         today: date) -> dict[str, Any]:
    """The plan as plain data; Refused where it is not known what runs. ``after``: unit -> the units that it is started after."""
    _check(asked)
    facts = Facts(record)
    made = Plan()
    try:
        rows = [row for row in facts.rows("services.stale") if not _is_excepted(row, promises, today)]
        for row in rows:
            _place(row, asked, made)
        unread = facts.rows("services.unread")
    except CannotSay as lost:
        raise Refused(f"what runs on replaced files is not known: {lost}; wanted: a scan as root with the section services") from None
    if unread:
        made.waits.append(f"of {counted(len(unread), 'process', 'processes')} it cannot be said what is run: process {unread[0].get('pid')}, "
                          f"{printable(str(unread[0].get('reason')), 60)}")
    made.restart = in_order(made.restart, after)
    return asdict(made)


def _check(asked: Asked) -> None:
    if asked.max_disruption not in DISRUPTIONS:
        raise Refused(f"stale_userspace_max_disruption is {asked.max_disruption}; wanted: one of {', '.join(DISRUPTIONS)}")
    strange = [f"{pattern}: {action}" for pattern, action in asked.policy.items() if action not in ACTIONS]
    if strange or asked.sessions not in SESSIONS:
        raise Refused(f"stale_userspace_policy has {', '.join(strange) or 'nothing strange'}, stale_userspace_sessions is {asked.sessions}; "
                      f"wanted: {', '.join(ACTIONS)}, and {' or '.join(SESSIONS)}")


def _is_excepted(row: Mapping[str, Any], promises: Mapping[str, Requirement], today: date) -> bool:
    """Whether the standard lets the whole unit be stale; an exception for some of its files spares it no restart."""
    promise = promises.get(_EXCEPTIONS)
    listed: Sequence[Exemption] = promise.value if promise is not None else ()
    owner = str(row.get("unit") or row.get("program"))
    return any(one.path == "*" and today <= one.expires and fnmatchcase(owner, one.unit) for one in listed)


def _place(row: Mapping[str, Any], asked: Asked, made: Plan) -> None:
    {"service": _service, "manager": _manager, "until_reboot": _until_reboot, "session": _session}.get(str(row.get("kind")), _other)(row, asked, made)


def _service(row: Mapping[str, Any], asked: Asked, made: Plan) -> None:
    unit = row.get("unit")
    if not isinstance(unit, str) or not unit:
        made.waits.append(f"{_who(row)}: it belongs to no unit; restart it by what started it")
        return
    cut, costs = what_it_cuts_off(unit)
    action = next((action for pattern, action in asked.policy.items() if fnmatchcase(unit, pattern)), "window" if cut else "restart")
    if row.get("restart") == "refused" or action == "reboot":
        why = "it refuses a restart by hand" if row.get("restart") == "refused" else "the policy says so"
        made.reboot.append(f"{_who(row)}: {why}")
    elif action == "leave":
        made.waits.append(f"{_who(row)}: the policy leaves it alone")
    elif action == "window" and not asked.window:
        made.waits.append(f"{_who(row)}: its restart cuts off {cut or 'more than itself'}; it waits for its window")
    elif action == "window" and DISRUPTIONS.index(costs or "restart_service") > DISRUPTIONS.index(asked.max_disruption):
        made.waits.append(f"{_who(row)}: its restart cuts off {cut}, which is {costs}, and {asked.max_disruption} is allowed")
    else:
        made.restart.append(unit)
        if row.get("restart") == "leaves_processes":
            made.leaves.append(unit)


def _manager(row: Mapping[str, Any], asked: Asked, made: Plan) -> None:
    made.reexec = True


def _until_reboot(row: Mapping[str, Any], asked: Asked, made: Plan) -> None:
    made.reboot.append(f"{_who(row)}: nothing else replaces it")


def _session(row: Mapping[str, Any], asked: Asked, made: Plan) -> None:
    remedy = row.get("remedy")
    if asked.sessions == "end" and isinstance(remedy, str) and remedy.startswith(("loginctl terminate-session ", "systemctl restart user@")):
        if remedy not in made.end:
            made.end.append(remedy)
    else:
        made.waits.append(f"{_who(row)}: it ends when its user's session ends")


def _other(row: Mapping[str, Any], asked: Asked, made: Plan) -> None:
    what = "the guest or container that it carries must be started anew" if row.get("kind") == "carrier" else "nothing would start it again by itself"
    remedy = row.get("remedy")
    made.waits.append(f"{_who(row)}: {what}" + (f" ({printable(remedy)})" if isinstance(remedy, str) else ""))


def _who(row: Mapping[str, Any]) -> str:
    unit = row.get("unit")
    whose = f" of user {row['user']}" if isinstance(row.get("user"), int) else ""
    return printable(f"{unit}{whose}" if isinstance(unit, str) and unit else f"process {row.get('pid')} {row.get('program')}{whose}")


def in_order(units: Sequence[str], after: Mapping[str, Sequence[str]]) -> list[str]:
    """The units, each behind those of them that it is started after, be it by way of others; by name where nothing says, and in circles."""
    wanted = sorted(set(units))
    placed: list[str] = []
    seen: set[str] = set()
    for first in wanted:
        way = [(first, iter(sorted(after.get(first, ()))))] if first not in seen else []
        seen.add(first)
        while way:
            unit, before = way[-1]
            earlier = next((one for one in before if one not in seen), None)
            if earlier is not None:
                seen.add(earlier)
                way.append((earlier, iter(sorted(after.get(earlier, ())))))
                continue
            way.pop()
            placed += [unit] if unit in wanted else []
    return placed


def parse_after(text: str) -> dict[str, list[str]]:
    """Unit -> the units that it is started after, by 'systemctl show --property=Id,After'."""
    found: dict[str, list[str]] = {}
    for paragraph in text.split("\n\n"):
        said = dict(line.partition("=")[::2] for line in paragraph.splitlines() if "=" in line)
        if said.get("Id"):
            found[said["Id"]] = said.get("After", "").split()
    return found


def left(plan_before: Mapping[str, Any], plan_after: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """What a fresh scan says was restarted in vain: units that are stale still, and units that failed."""
    facts = Facts(record)
    tried = set(plan_before["restart"])
    still = sorted(tried & set(plan_after["restart"]) - set(plan_before["leaves"]))
    if still:
        yield f"restarted, and on replaced files still: {printable(', '.join(still))}"
    old = sorted(set(plan_before["leaves"]) & set(plan_after["restart"]))
    if old:
        yield f"restarted, with old processes that go on by themselves: {printable(', '.join(old))}"
    if plan_before["reexec"] and plan_after["reexec"]:
        yield "systemd runs replaced files still"
    try:
        broken = sorted(tried & set(facts.words("services.failed")))
    except CannotSay as lost:
        yield f"whether what was restarted runs cannot be said: {lost}"
        return
    if broken:
        yield f"restarted, and failed: {printable(', '.join(broken))}"
