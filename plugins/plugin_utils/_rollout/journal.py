# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a rollout as what its journal says: each line is one event, and the state is all of them in their order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._fleet.host import DISRUPTIONS
from .settings import Settings, settings
from .windows import Window, read

Event = Mapping[str, Any]

WAITING, RUNNING, DONE, FINE, SKIPPED, LEFT_OUT = "waiting", "running", "done", "fine", "skipped", "left_out"
FAILED, UNKNOWN, UNREACHABLE = "failed", "unknown", "unreachable"
# What takes a place in the budget until somebody releases the host.
SPENT = (FAILED, UNKNOWN, UNREACHABLE)
# Of these nobody may believe that they serve: no other of their domain is taken down.
OUT = (*SPENT, RUNNING, LEFT_OUT)
# What must be done before the host may be forgotten, by the step that asks for it.
_OWED_FOR = {"drain": "undrain", "slot": "slot_back"}
OPEN, PAUSED, STOPPED, ABORTED, ENDED = "open", "paused", "stopped", "aborted", "ended"


@dataclass
class Host:
    """One host of a rollout. ``held`` is a host that was drained and not given back; ``is_last_try`` one that was dead at the start;
    ``before`` why it could not be judged before it was changed; ``is_here`` says that the present run is about it (--limit);
    ``aim`` is the kernel that its reboot is to bring; ``owes`` are steps that give back what others took, however often it was released;
    ``standard`` is the SHA-256 of the standard by which its steps were done, '' for none and None where nobody wrote it down."""

    name: str
    domains: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    status: str = WAITING
    why: str = ""
    steps: set[str] = field(default_factory=set)
    begun: str = ""
    held: bool = False
    wave: int = 0
    tries: int = 0
    is_last_try: bool = False
    left: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    is_here: bool = True
    aim: str = ""
    owes: set[str] = field(default_factory=set)
    standard: str | None = None

    @property
    def is_out(self) -> bool:
        """Whether nobody may believe that it serves. One that was released while it is drained serves no more than before."""
        return self.status in OUT or (self.held and self.status == WAITING)


@dataclass
class State:
    """A rollout. ``sizes`` are the sizes of the groups that have a quorum, hosts outside of the rollout included; ``order`` is the plan's;
    ``is_new_run`` says that its present run has begun no wave yet; ``proved`` are the waves in which a host came through."""

    id: str = ""
    owner: str = ""
    begun_at: str = ""
    at: str = ""
    status: str = OPEN
    why: str = ""
    settings: Settings = field(default_factory=Settings)
    sizes: Mapping[str, int] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    waves: list[tuple[str, ...]] = field(default_factory=list)
    proved: set[int] = field(default_factory=set)
    approved: int = 0
    order: tuple[str, ...] = ()
    is_new_run: bool = True

    @property
    def spent(self) -> list[Host]:
        """The hosts that take a place in the budget."""
        return [host for host in self.hosts.values() if host.status in SPENT]

    @property
    def budget(self) -> int:
        """How many hosts may be spent."""
        return self.settings.max_failed.of(len(self.hosts))

    @property
    def is_spent(self) -> bool:
        """Whether more hosts are spent than may be: no host begins a step then."""
        return len(self.spent) > self.budget

    @property
    def is_open(self) -> bool:
        """Whether hosts may be changed."""
        return self.status == OPEN

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in (ABORTED, ENDED)

    def of(self, *statuses: str) -> list[Host]:
        """The hosts of these statuses."""
        return [host for host in self.hosts.values() if host.status in statuses]


def fold(events: Iterable[Event]) -> State:
    """The state that a journal tells; events of a later version, and such about hosts that it does not know, are passed over."""
    state = State()
    for event in events:
        apply(state, event)
    return state


def apply(state: State, event: Event) -> None:
    """Take one event into the state."""
    kind = str(event.get("event"))
    state.at = str(event.get("at") or state.at)
    if kind in _OF_ROLLOUT:
        _OF_ROLLOUT[kind](state, event)
    host = state.hosts.get(str(event.get("host")))
    if host is not None and kind in _OF_HOST:
        _OF_HOST[kind](state, host, event)


def _begun(state: State, event: Event) -> None:
    state.id, state.begun_at = str(event.get("id")), state.at
    _resumed(state, event)


def _resumed(state: State, event: Event) -> None:
    """New settings and members; what is known of hosts stays, those that left the inventory go unless they are out, or
    unless something is owed to them that nobody gave up."""
    state.owner, state.status, state.why, state.is_new_run = str(event.get("owner")), OPEN, "", True
    before, state.settings = state.settings, settings(event.get("settings") or {})
    for host in state.hosts.values():
        _look_again(host, DISRUPTIONS.index(before.max_disruption) < DISRUPTIONS.index(state.settings.max_disruption))
    state.sizes = dict(event.get("sizes") or {})
    members = event.get("hosts") or {}
    for name, words in members.items():
        host = state.hosts.setdefault(name, Host(name))
        host.domains = tuple(words.get("domains") or ())
        host.groups = frozenset(words.get("groups") or ())
        host.windows = read(words.get("windows") or ()) or state.settings.windows
    for name, host in list(state.hosts.items()):
        host.is_here = name in members
        if not host.is_here and host.status not in OUT and (host.status == SKIPPED or not host.owes):
            del state.hosts[name]


def _look_again(host: Host, may_do_more: bool) -> None:
    """A gate that was passed by an earlier run says nothing of today; what was left for its price is not, where more may be done now."""
    if "drain" not in host.steps:
        host.steps.discard("gates")
    if may_do_more and host.status == DONE and host.left:
        _anew(host)


def _anew(host: Host) -> None:
    host.status, host.steps, host.aim = (RUNNING if host.status == RUNNING else WAITING), set(), ""


def _wave(state: State, event: Event) -> None:
    names = tuple(str(name) for name in event.get("hosts") or () if name in state.hosts)
    state.waves.append(names)
    state.is_new_run = False
    before, standards = event.get("before") or {}, event.get("standards") or {}
    for name in names:
        host = state.hosts[name]
        host.standard = standards.get(name, host.standard)
        host.status, host.wave, host.why, host.tries = RUNNING, len(state.waves), "", host.tries + 1
        host.before = tuple(map(str, before[name])) if name in before else host.before
        host.is_last_try = bool(event.get("last_try"))


def _status(status: str) -> Any:
    def change(state: State, event: Event) -> None:
        state.status, state.why = status, str(event.get("why") or "")
    return change


def _approved(state: State, event: Event) -> None:
    state.approved = max(state.approved, int(event.get("wave") or 0))


def _ordered(state: State, event: Event) -> None:
    state.order = tuple(map(str, event.get("hosts") or ()))


def _answers(_state: State, host: Host, _event: Event) -> None:
    if host.status in (LEFT_OUT, FINE):
        host.status, host.why, host.tries = WAITING, "", 0


def _step(_state: State, host: Host, event: Event) -> None:
    step, did = str(event.get("step")), str(event.get("did"))
    host.owes.update({_OWED_FOR[step]} if step in _OWED_FOR else ())
    if did != "done":
        host.begun = step
        return
    host.steps.add(step)
    host.begun = ""
    host.owes.discard(step)
    # A slot that was given back is asked for anew, and so is what follows another drain.
    host.steps.discard("slot" if step == "slot_back" else _OWED_FOR.get(step, ""))
    if step in ("drain", "undrain"):
        host.held = step == "drain"


def _result(state: State, host: Host, event: Event) -> None:
    """How it ended. That a host is still dead which was so from the start costs nobody else anything. A drain that fails is taken back by
    the role; one in which the host was lost is not."""
    host.status, host.why = str(event.get("status")), str(event.get("why") or "")
    if host.is_last_try and host.status == UNREACHABLE:
        host.status = LEFT_OUT
    if host.status == WAITING:
        _look_again(host, False)
    if host.status == DONE:
        state.proved.add(host.wave)
    host.left = tuple(map(str, event.get("left") or ()))
    host.held = host.held or (host.begun == "drain" and host.status == UNREACHABLE)


def _left_out(_state: State, host: Host, event: Event) -> None:
    host.status, host.why = LEFT_OUT, str(event.get("why") or "")


def _released(_state: State, host: Host, event: Event) -> None:
    """Its place in the budget is free again: it is tried anew from its first step, or skipped."""
    host.status, host.steps, host.begun = (SKIPPED if event.get("skip") else WAITING), set(), ""
    host.aim = ""


def _another_standard(_state: State, host: Host, _event: Event) -> None:
    """It is held to another standard than the one by which its steps were done: they are done anew."""
    _anew(host)


def _carried(state: State, event: Event) -> None:
    """What the rollout before this one left: hosts that nobody released, and what is owed to hosts."""
    name = str(event.get("host"))
    is_here = name in state.hosts
    host = state.hosts.setdefault(name, Host(name))
    host.status, host.why, host.is_here = str(event.get("status")), str(event.get("why") or ""), is_here
    host.domains = host.domains or tuple(event.get("domains") or ())
    host.owes, host.held = set(event.get("owes") or ()), bool(event.get("held"))


def _aims(_state: State, host: Host, event: Event) -> None:
    host.aim = host.aim or str(event.get("release") or "")


_OF_ROLLOUT = {"begun": _begun, "resumed": _resumed, "wave": _wave, "paused": _status(PAUSED), "continued": _status(OPEN),
               "stopped": _status(STOPPED), "aborted": _status(ABORTED), "ended": _status(ENDED), "approved": _approved, "ordered": _ordered,
               "carried": _carried}
_OF_HOST = {"step": _step, "result": _result, "left_out": _left_out, "released": _released, "answers": _answers, "aims": _aims,
            "another_standard": _another_standard}
