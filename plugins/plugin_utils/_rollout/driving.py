# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a rollout: what each task of the waves asks of the journal and the lock. All that is decided is decided by pure functions beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .._fleet import records, store
from .._fleet.bounded import counted
from .._fleet.host import Host as Seen
from .._fleet.host import Pool, host_of
from . import journal, keeping, proving
from .fleet_lock_budget import guests
from .fleet_lock_file import NAME, LockFile
from .journal import LEFT_OUT, RUNNING, SPENT, UNKNOWN, WAITING, State
from .plan import may_reboot, plan_fleet
from .waves import next_wave, refused_now

RECORDS, STANDARDS = "records", "standards"
# The steps that are not begun where the rollout may not go on. A host that is drained is taken to the end of its own.
CAREFUL = ("change", "gates", "drain")


class RolloutError(Exception):
    """A rollout cannot go on; one message for a person."""


@dataclass(frozen=True)
class Begin:
    """What a run brings: its hosts with their domains, groups and windows, the sizes of groups, its settings and its owner."""

    members: Mapping[str, Mapping[str, Any]]
    sizes: Mapping[str, int]
    settings: Mapping[str, Any]
    owner: str
    lock_hours: float = 12.0


class Rollout:
    """The rollout in a folder, as one process of a run sees it at one moment."""

    def __init__(self, folder: Path, process: int, now: datetime) -> None:
        self.folder, self._process, self._now = folder, process, now
        self._slots = LockFile(folder / NAME)

    # ---- a run ---------------------------------------------------------------------------------------------------------

    def begin(self, begin: Begin, release: Sequence[str] = ()) -> dict[str, Any]:
        """Take the lock and begin a rollout, or go on with the one that is open."""
        former = keeping.take(self.folder, begin.owner, self._process, begin.lock_hours, self._now)
        words = {"owner": begin.owner, "hosts": begin.members, "sizes": begin.sizes, "settings": begin.settings}
        path, state = self._current()
        # Of a journal without an event, as a full disk leaves it, nothing was ever begun.
        resumed = path is not None and bool(state.id) and not state.is_over
        if resumed and state.status == journal.PAUSED:
            keeping.give_back(self.folder, self._process)
            raise RolloutError(f"the rollout {state.id} is paused: {state.why}; playbooks/rollout_continue.yml lets it go on")
        if path is None or not resumed:
            path = keeping.new(self.folder, self._now)
        happened: list[dict[str, Any]] = [{"event": "resumed", **words}] if resumed else [
            {"event": "begun", "id": path.stem, **words}, *_left_behind(state)]
        if resumed and state.settings.approval == "stop":
            happened.append({"event": "approved", "wave": len(state.waves) + 1, "by": begin.owner})
        happened += self._releases(state, release, begin.owner, False)
        keeping.append(path, happened, self._now)
        place = self.folder / path.stem
        for name in (RECORDS, STANDARDS):
            store.private_directory(place / name)
        # A host whose first scan fails must not be judged by what an earlier run saw.
        for name in begin.members:
            (place / RECORDS / f"{store.safe_name(name)}.json").unlink(missing_ok=True)
        state = self._current()[1]
        return {"id": path.stem, "path": str(place), "resumed": resumed, "taken_over": former,
                "broken_off": sorted(host.name for host in state.of(RUNNING) if host.is_here), "max_disruption": state.settings.max_disruption}

    def next(self) -> dict[str, Any]:
        """End the wave that was, and compose the next. Meanwhile no client of a FleetLock server that shares the budget gets a slot."""
        path, state = self._own()
        keeping.renew(self.folder, self._process, self._now)
        with self._slots.alone():
            return self._next(path, state)

    def _next(self, path: Path, state: State) -> dict[str, Any]:
        seen = self._seen(path, state)
        happened = self._first_look(state, seen) if state.is_new_run else self._settled(state, seen)
        if happened:
            keeping.append(path, happened, self._now)
            state = self._current()[1]
        wave = next_wave(state, state.order, self._now, guests(state, self._slots.holders()))
        number = len(state.waves) + 1
        if wave.hosts and _wants_approval(state, number):
            if state.settings.approval == "pause":
                return {**self._over(f"wave {number}: {', '.join(wave.hosts)}"), "over": False, "ask": True, "number": number}
            return self._over(f"wave {number} waits for approval: run again to approve it")
        if not wave.hosts:
            elsewhere = ", ".join(sorted(host.name for host in state.of(RUNNING)))
            if wave.is_end and elsewhere:
                return self._over(f"{elsewhere}: in a wave that broke off, and not in this run: run again with them")
            if wave.is_end:
                keeping.append(path, [{"event": "ended", "why": ""}], self._now)
            elif state.is_open and wave.why:
                keeping.append(path, [{"event": "stopped", "why": wave.why}], self._now)
            waits = sorted(set(wave.waits.values()))
            told = f"{counted(len(wave.waits), 'host')} to wait: {'; '.join(waits[:3])}" if waits else "every host was tried"
            return self._over(wave.why or told)
        done = {name: sorted(state.hosts[name].steps) for name in wave.hosts if state.hosts[name].steps}
        again = [name for name in wave.hosts if state.hosts[name].status == RUNNING]
        keeping.append(path, [{"event": "wave", "number": number, "hosts": list(wave.hosts), "last_try": wave.is_last_try,
                               **self._before(path, wave.hosts, again)}], self._now)
        return {"number": number, "hosts": list(wave.hosts), "done": done,
                "begun": {name: state.hosts[name].begun for name in again}, "broken_off": again,
                "owes": {name: sorted(state.hosts[name].owes) for name in wave.hosts if state.hosts[name].owes},
                "over": False, "why": "", "ask": False, "soak_seconds": int(state.settings.soak_minutes * 60)}

    @staticmethod
    def _over(why: str) -> dict[str, Any]:
        return {"number": 0, "hosts": [], "done": {}, "begun": {}, "broken_off": [], "owes": {}, "over": True, "why": why, "ask": False,
                "soak_seconds": 0}

    def approve(self, by: str) -> dict[str, Any]:
        """Somebody said yes to the next wave."""
        path, state = self._own()
        keeping.append(path, [{"event": "approved", "wave": len(state.waves) + 1, "by": by}], self._now)
        return {}

    def note(self, host: str, step: str, did: str) -> dict[str, Any]:
        """A host begins a step, or has done it. One that may not begin it waits again."""
        path = self._held()
        keeping.renew(self.folder, self._process, self._now)
        why = self._held_back(host) if did == "started" and step in CAREFUL else ""
        if why:
            keeping.append(path, [{"event": "result", "host": host, "status": WAITING, "why": why, "left": []}], self._now)
            raise RolloutError(f"{host}: {step} is not begun: {why}")
        keeping.append(path, [{"event": "step", "host": host, "step": step, "did": did}], self._now)
        return {}

    def result(self, host: str, status: str, why: str) -> dict[str, Any]:
        """How a host's wave ended for it, before its wave is over; nothing of one whose end is known. The answer says whether the host waits
        again and must not keep others waiting meanwhile: ``give_slot_back``."""
        path, state = self._own(host)
        known = state.hosts.get(host)
        if known and known.status == RUNNING:
            keeping.append(path, [{"event": "result", "host": host, "status": status, "why": why, "left": []}], self._now)
        return {"give_slot_back": known is not None and known.status == WAITING and known.owes == {"slot_back"}}

    def steps(self, host: str) -> dict[str, Any]:
        """The steps that a host needs by its fresh record, and the kernel that its reboot is to bring, which a later run is told as well."""
        path, state = self._own(host)
        seen = self._documents(path, [host]).get(host)
        if seen is None or not seen.scanned:
            why = (seen.error or ", ".join(seen.reasons)) if seen else "no scan of it was kept"
            raise RolloutError(f"{host}: what it needs is not known: {why}")
        aim = state.hosts[host].aim or ", ".join(seen.facts.get("kernel.default_boot", ()))
        if aim and not state.hosts[host].aim:
            keeping.append(path, [{"event": "aims", "host": host, "release": aim}], self._now)
        most = state.settings.max_disruption
        return {"steps": proving.steps_of(seen, most), "release": aim, "may_reboot": may_reboot(seen, most)}

    def end(self) -> dict[str, Any]:
        """What came of it, and the lock is free again."""
        path, state = self._own()
        if not state.is_new_run and state.of(RUNNING):
            keeping.append(path, self._settled(state, self._seen(path, state)), self._now)
            state = self._current()[1]
        keeping.give_back(self.folder, self._process)
        return outcome(state)

    # ---- what a person does ------------------------------------------------------------------------------------------

    def tell(self, event: str, by: str, why: str) -> State:
        """Pause, continue or abort the open rollout."""
        path, _state = self._open()
        keeping.append(path, [{"event": event, "by": by, "why": f"{why or 'no reason given'} ({by})"}], self._now)
        return self._current()[1]

    def release(self, hosts: Sequence[str], by: str, skip: bool) -> State:
        """Free the places of hosts in the budget."""
        path, state = self._current()
        if path is None:
            raise RolloutError(f"{self.folder}: no rollout was ever begun there")
        happened = self._releases(state, hosts, by, skip)
        if not happened:
            names = ", ".join(sorted(host.name for host in state.spent)) or "none"
            raise RolloutError(f"none of {', '.join(hosts)} takes a place in the budget; those that do: {names}")
        keeping.append(path, happened, self._now)
        return self._current()[1]

    def status(self) -> tuple[State, list[Mapping[str, Any]]]:
        """The state and the events of the newest rollout, with what a watcher saw meanwhile."""
        path = keeping.current(self.folder)
        if path is None:
            raise RolloutError(f"{self.folder}: no rollout was ever begun there")
        happened = list(keeping.events(path))
        state = journal.fold(happened)
        return state, [*happened, *keeping.watched(self.folder, state.begun_at)]

    # ---- helpers -------------------------------------------------------------------------------------------------------

    def _current(self) -> tuple[Path | None, State]:
        path = keeping.current(self.folder)
        return path, journal.fold(keeping.events(path)) if path else State()

    def _open(self) -> tuple[Path, State]:
        path, state = self._current()
        if path is None or state.is_over:
            raise RolloutError(f"{self.folder}: no rollout is open there")
        return path, state

    def _own(self, about: str = "") -> tuple[Path, State]:
        """The journal and its state, for the run that holds the lock and for no other; ``about`` one host, of the steps its own alone are known."""
        path = self._held()
        return path, journal.fold(keeping.events(path, about))

    def _held(self) -> Path:
        path = keeping.current(self.folder)
        if path is None or not keeping.is_held_by(self.folder, self._process):
            held = keeping.holder(self.folder)
            raise RolloutError(f"this run does not hold the lock of {self.folder}; it is held by {held.get('owner') if held else 'nobody'}")
        return path

    def _held_back(self, host: str) -> str:
        state = self._own(host)[1]
        return refused_now(state, state.hosts[host], self._now) if host in state.hosts else ""

    def _releases(self, state: State, hosts: Sequence[str], by: str, skip: bool) -> list[dict[str, Any]]:
        """Of hosts that left the inventory nothing else could free the place: such are released by name whatever became of them. So are those that
        are given up while they are still drained."""
        wanted = {host.name for host in state.spent} if "all" in hosts else set(hosts)
        may = [host for host in state.hosts.values() if host.status in SPENT or (
            host.is_out and (not host.is_here or (skip and host.status == WAITING)))]
        return [{"event": "released", "host": host.name, "by": by, "skip": skip} for host in may if host.name in wanted]

    def _seen(self, path: Path, state: State) -> dict[str, Seen]:
        """The fresh records: of all hosts where a run begins, else of those in the wave."""
        return self._documents(path, [host.name for host in (state.hosts.values() if state.is_new_run else state.of(RUNNING)) if host.is_here])

    def _documents(self, path: Path, names: Iterable[str]) -> dict[str, Seen]:
        pool = Pool()
        return {item.name: host_of(item, pool) for item in records.documents([self.folder / path.stem], list(names) or ["-"])}

    def _before(self, path: Path, names: Sequence[str], again: Sequence[str]) -> dict[str, Any]:
        """Why hosts could not be judged before anything was changed on them, and by which standard they are judged."""
        seen = self._documents(path, names)
        return {"before": {name: proving.reasons(seen.get(name)) for name in names if name not in again},
                "standards": {name: one.standard or "" for name, one in seen.items()}}

    def _first_look(self, state: State, seen: Mapping[str, Seen]) -> list[dict[str, Any]]:
        looked = [event for host in state.hosts.values() if host.is_here
                  for event in proving.at_start(host, seen.get(host.name), state.settings.only_drifted)]
        planned = plan_fleet(seen.values(), state.settings.max_disruption, self._now.date())
        return [*looked, {"event": "ordered", "hosts": [one.host for one in planned.hosts]}]

    @staticmethod
    def _settled(state: State, seen: Mapping[str, Seen]) -> list[dict[str, Any]]:
        return [proving.result(host, seen.get(host.name)) for host in state.of(RUNNING) if host.is_here]


def _left_behind(state: State) -> list[dict[str, Any]]:
    """What a rollout that is over hands on to the next: hosts that nobody released keep their places, and what is owed to hosts is not forgotten."""
    carried = []
    for host in state.hosts.values():
        is_lost = host.status == RUNNING and bool(host.steps or host.begun)
        if is_lost or host.status in SPENT or host.owes:
            why = f"{host.name} was in a wave of the rollout {state.id}, which is {state.status}" if is_lost else host.why
            status = UNKNOWN if is_lost else host.status if host.status in SPENT else WAITING
            carried.append({"event": "carried", "host": host.name, "status": status, "why": why, "domains": list(host.domains),
                            "owes": sorted(host.owes), "held": host.held})
    return carried


def _wants_approval(state: State, number: int) -> bool:
    """Whether somebody must say yes to this wave; the first needs nobody, nor does one that was broken off."""
    return state.settings.approval != "none" and number > 1 and state.approved < number and not state.of(RUNNING)


def counts(state: State) -> dict[str, int]:
    """How many hosts have each status."""
    return dict(Counter(host.status for host in state.hosts.values()))


def outcome(state: State) -> dict[str, Any]:
    """The end of a run in words: ``failures`` by host, what is ``said`` of hosts that are no failure, and the counts."""
    spent = ", ".join(sorted(host.name for host in state.spent)[:6])
    failures = {host.name: _with_held(host) for host in state.spent}
    left_out = {host.name: f"{host.name}: left out, since {host.why}" for host in state.of(LEFT_OUT)}
    # Hosts that are left out stop nobody; but a run that reached none of its hosts is not one that went well.
    is_of_nobody = bool(left_out) and all(host.status == LEFT_OUT for host in state.hosts.values() if host.is_here)
    said = {} if is_of_nobody else left_out
    failures.update(left_out if is_of_nobody else {})
    for host in state.of(WAITING):
        if state.is_spent or state.status == journal.STOPPED:
            failures[host.name] = f"{host.name}: left alone, since {f'{spent} failed' if spent else state.why}"
        else:
            drained = ", and it is still drained" if host.held else ""
            said[host.name] = f"{host.name}: waits{drained}; the rollout is {state.status}{f', {state.why}' if state.why else ''}"
    return {"failures": failures, "said": said, "counts": counts(state), "status": state.status, "held": sorted(
        host.name for host in state.hosts.values() if host.held)}


def _with_held(host: journal.Host) -> str:
    why = host.why or f"{host.name}: {host.status}"
    return f"{why} ({host.name} is still drained: nothing was given back to it)" if host.held and host.status in SPENT else why
