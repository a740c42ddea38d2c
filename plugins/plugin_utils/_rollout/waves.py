# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are changed next: the composition of a wave, computed anew from the state before each. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .._fleet.bounded import counted
from .journal import DONE, FINE, LEFT_OUT, RUNNING, SKIPPED, WAITING, Host, State
from .windows import opens_at, stays_open


@dataclass(frozen=True)
class Wave:
    """The next wave. Without hosts, ``why`` says why there is none; ``waits`` says of hosts that could not be in it what they wait for."""

    hosts: tuple[str, ...] = ()
    why: str = ""
    waits: Mapping[str, str] = field(default_factory=dict)
    is_last_try: bool = False

    @property
    def is_end(self) -> bool:
        """Whether there is nothing left to try."""
        return not self.hosts and not self.waits and not self.why


class Places:
    """Who may be taken down at this moment without taking a domain, a quorum or the bound of the rollout below what was promised."""

    def __init__(self, state: State, guests: Sequence[Host] = ()) -> None:
        self._sizes = state.sizes
        self._domains: defaultdict[str, set[str]] = defaultdict(set)
        self._groups: Counter[str] = Counter()
        self._down = 0
        self._most = state.settings.max_down.of_at_least_one(len(state.hosts)) if state.settings.max_down else None
        self._least = {group: size.at_least(state.sizes.get(group, 0)) for group, size in state.settings.quorum}
        for host in (*(one for one in state.hosts.values() if one.is_out), *guests):
            self.take(host)

    def take(self, host: Host) -> None:
        """The host is down, or nobody knows better."""
        self._down += 1
        self._groups.update(host.groups)
        for domain in host.domains:
            self._domains[domain].add(host.name)

    def give_back(self, host: Host) -> None:
        """The host itself is asked about: it does not stand in its own way."""
        self._down -= 1
        self._groups.subtract(host.groups)
        for domain in host.domains:
            self._domains[domain].discard(host.name)

    def refusal(self, host: Host) -> str:
        """Why this host may not go down now; '' where it may."""
        for domain in host.domains:
            if self._domains[domain]:
                return f"{min(self._domains[domain])} of its domain {domain} is out"
        for group, least in self._least.items():
            size, out = self._sizes.get(group, 0), self._groups[group]
            if group in host.groups and size - out - 1 < least:
                told = f"{out} are out" if least < size else f"it has {counted(size, 'host')}: by its quorum none may ever go down"
                return f"{least} of the group {group} must stay up, and {told}"
        if self._most is not None and self._down + 1 > self._most:
            return f"{self._down} are out, and {self._most} may be"
        return ""


def next_wave(state: State, order: Sequence[str], now: datetime, guests: Sequence[Host] = ()) -> Wave:
    """The hosts to change next. ``order`` names hosts that come before the others; a broken-off wave is always ended first. ``guests`` are down by
    somebody else's doing, hosts of the rollout or not."""
    why = refused(state)
    if why:
        return Wave(why=why)
    waits: dict[str, str] = {}
    for candidates, is_last_try in _phases(state, order):
        chosen, held_up = _chosen(state, candidates, now.replace(second=0, microsecond=0), guests)
        waits.update(held_up)
        if chosen:
            return Wave(tuple(chosen), "", waits, is_last_try)
    return Wave(why="" if waits else _unproved(state), waits=waits)


def _chosen(state: State, candidates: Sequence[Host], moment: datetime, guests: Sequence[Host]) -> tuple[list[str], dict[str, str]]:
    """As many of the candidates as may go down together now, and what the others wait for."""
    size, places, down = _size(state), Places(state, guests), {guest.name for guest in guests}
    chosen: list[str] = []
    waits: dict[str, str] = {}
    for host in candidates:
        if len(chosen) >= size:
            break
        is_out = host.is_out or host.name in down
        if is_out:
            places.give_back(host)
        reason = _closed(host, state, moment) or places.refusal(host)
        if reason:
            waits[host.name] = reason
        else:
            chosen.append(host.name)
        if is_out or not reason:
            places.take(host)
    return chosen, waits


def refused(state: State) -> str:
    """Why no host may begin a step now; '' where hosts may."""
    if not state.is_open:
        return f"the rollout is {state.status}{f': {state.why}' if state.why else ''}"
    if state.is_spent:
        names = ", ".join(sorted(host.name for host in state.spent)[:6])
        return f"{len(state.spent)} failed, unknown or unreachable ({names}), and {state.budget} may be"
    return ""


def refused_now(state: State, host: Host, now: datetime) -> str:
    """Why this host may not begin a step at this moment; '' where it may. A wave may last longer than the windows of its hosts."""
    return refused(state) or _closed(host, state, now.replace(second=0, microsecond=0), 1)


def _phases(state: State, order: Sequence[str]) -> Iterator[tuple[list[Host], bool]]:
    """Whom to look at, and whether it is their last try: a wave that broke off; canaries, until one is proved and none waits; the others;
    last those that were dead at the start."""
    broken_off = _broken_off(state)
    if broken_off:
        yield sorted(broken_off, key=lambda host: host.name), False
        return
    place = {name: number for number, name in enumerate(order)}
    waiting = sorted(_waiting(state), key=lambda host: (place.get(host.name, len(place)), host.name))
    dead = sorted((host for host in state.of(LEFT_OUT) if not host.tries and host.is_here), key=lambda host: host.name)
    canaries = [host for host in waiting if _is_canary(state, host)]
    if canaries:
        yield canaries, False
    elif _unproved(state):
        yield [host for host in dead if _is_canary(state, host)], True
    else:
        yield waiting, False
        yield dead, True


def _waiting(state: State) -> list[Host]:
    """The hosts that this run is about and that it did not try yet."""
    return [host for host in state.of(WAITING) if host.is_here]


def _broken_off(state: State) -> list[Host]:
    """The hosts of a wave that broke off, those that this run is not about excepted: they stay out for all others."""
    return [host for host in state.of(RUNNING) if host.is_here]


def _is_canary(state: State, host: Host) -> bool:
    return bool(state.settings.canary) and state.settings.canary in host.groups


def _unproved(state: State) -> str:
    """Why nobody follows the canaries: none of them came through; '' where one did, where there are none, or where nobody waits."""
    canaries = [host for host in state.hosts.values() if _is_canary(state, host)]
    # One that needed no change says nothing of the change, unless none of them needed it.
    is_tried = any(host.status in (DONE, SKIPPED) for host in canaries) or all(host.status == FINE for host in canaries)
    if not canaries or not _waiting(state) or is_tried:
        return ""
    return f"no canary of the group {state.settings.canary} came through"


def _size(state: State) -> int:
    """How many hosts this wave may have: it grows with the waves that brought a host through. A broken-off wave has those that it had."""
    broken_off = _broken_off(state)
    if broken_off:
        return len(broken_off)
    sizes = state.settings.waves
    return sizes[min(len(state.proved), len(sizes) - 1)].of_at_least_one(len(state.hosts))


def _closed(host: Host, state: State, moment: datetime, least: int | None = None) -> str:
    """Why the host's windows rule it out now; '' where a step fits, or where ``least`` minutes are left."""
    minutes = state.settings.step_minutes
    if stays_open(host.windows, moment, minutes if least is None else least):
        return ""
    opens = opens_at(host.windows, moment, minutes)
    return f"its window opens at {opens.strftime('%Y-%m-%dT%H:%MZ')}" if opens else f"no window of the next week is open for {minutes} minutes"
