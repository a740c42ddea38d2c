# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a rollout as what its journal says: each line is one event, and the state is all of them in their order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .settings import Settings, settings
from .windows import Window, read

Event = Mapping[str, Any]

WAITING, RUNNING, DONE, FINE, SKIPPED, LEFT_OUT = "waiting", "running", "done", "fine", "skipped", "left_out"
FAILED, UNKNOWN, UNREACHABLE = "failed", "unknown", "unreachable"
# What takes a place in the budget until somebody releases the host.
SPENT = (FAILED, UNKNOWN, UNREACHABLE)
# Of these nobody may believe that they serve: no other of their domain is taken down.
OUT = (*SPENT, RUNNING, LEFT_OUT)
OPEN, PAUSED, STOPPED, ABORTED, ENDED = "open", "paused", "stopped", "aborted", "ended"


@dataclass
class Host:
    """One host of a rollout. ``held`` is a host that was drained and not given back; ``is_last_try`` one that was dead at the start;
    ``before`` why it could not be judged before it was changed; ``is_here`` says that the present run is about it (--limit);
    ``aim`` is the kernel that its reboot is to bring."""

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


@dataclass
class State:
    """A rollout. ``sizes`` are the sizes of the groups that have a quorum, hosts outside of the rollout included; ``order`` is the plan's;
    ``is_new_run`` says that its present run has begun no wave yet."""

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
    """New settings and members; what is known of hosts stays, those that left the inventory go unless they are out."""
    state.owner, state.status, state.why, state.is_new_run = str(event.get("owner")), OPEN, "", True
    state.settings = settings(event.get("settings") or {})
    state.sizes = dict(event.get("sizes") or {})
    members = event.get("hosts") or {}
    for name, words in members.items():
        host = state.hosts.setdefault(name, Host(name))
        host.domains = tuple(words.get("domains") or ())
        host.groups = frozenset(words.get("groups") or ())
        host.windows = read(words.get("windows") or ()) or state.settings.windows
    for name, host in list(state.hosts.items()):
        host.is_here = name in members
        if not host.is_here and host.status not in OUT:
            del state.hosts[name]


def _wave(state: State, event: Event) -> None:
    names = tuple(str(name) for name in event.get("hosts") or () if name in state.hosts)
    state.waves.append(names)
    state.is_new_run = False
    before = event.get("before") or {}
    for name in names:
        host = state.hosts[name]
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
    if host.status == LEFT_OUT:
        host.status, host.why, host.tries = WAITING, "", 0


def _step(_state: State, host: Host, event: Event) -> None:
    step, did = str(event.get("step")), str(event.get("did"))
    if did != "done":
        host.begun = step
        return
    host.steps.add(step)
    host.begun = ""
    if step in ("drain", "undrain"):
        host.held = step == "drain"


def _result(_state: State, host: Host, event: Event) -> None:
    """How it ended. That a host is still dead which was so from the start costs nobody else anything. A drain that fails is taken back by
    the role; one in which the host was lost is not."""
    host.status, host.why = str(event.get("status")), str(event.get("why") or "")
    if host.is_last_try and host.status == UNREACHABLE:
        host.status = LEFT_OUT
    host.left = tuple(map(str, event.get("left") or ()))
    host.held = host.held or (host.begun == "drain" and host.status == UNREACHABLE)


def _left_out(_state: State, host: Host, event: Event) -> None:
    host.status, host.why = LEFT_OUT, str(event.get("why") or "")


def _released(_state: State, host: Host, event: Event) -> None:
    """Its place in the budget is free again: it is tried anew from its first step, or skipped."""
    host.status, host.steps, host.begun = (SKIPPED if event.get("skip") else WAITING), set(), ""
    host.aim = ""


def _aims(_state: State, host: Host, event: Event) -> None:
    host.aim = host.aim or str(event.get("release") or "")


_OF_ROLLOUT = {"begun": _begun, "resumed": _resumed, "wave": _wave, "paused": _status(PAUSED), "continued": _status(OPEN),
               "stopped": _status(STOPPED), "aborted": _status(ABORTED), "ended": _status(ENDED), "approved": _approved, "ordered": _ordered}
_OF_HOST = {"step": _step, "result": _result, "left_out": _left_out, "released": _released, "answers": _answers, "aims": _aims}
