# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that does not exist, taken through rollouts: hosts that fail, vanish or cannot be judged, and controllers that are killed.

Time is counted in minutes. Every minute is watched from outside, by what the hosts themselves know: who is down, and who was changed how often.
``python tests/simulated_rollout.py RUNS`` tries more seeds than a unit test has time for.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "collections"))

from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import journal
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.driving import CAREFUL
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.journal import RUNNING, SPENT, WAITING, State
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.waves import next_wave, refused

BEGIN = datetime(2026, 11, 28, 20, 0, tzinfo=timezone.utc)
STEPS = ("change", "drain", "reboot", "prove")
_RUNS_LIMIT = 400


@dataclass
class World:
    """The hosts as they are, whatever the journal says: who is down now, and how often each step was done on each host."""

    down: dict[str, str] = field(default_factory=dict)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    minutes: int = 0
    most_down: int = 0

    def watch(self, state: State) -> None:
        """One minute, seen from outside."""
        self.minutes += 1
        domains = Counter(domain for domain in self.down.values())
        self.breaches += [f"minute {self.minutes}: {count} of {domain} are down" for domain, count in domains.items() if count > 1]
        most = state.settings.max_down
        if most and len(self.down) > most.of(len(state.hosts)):
            self.breaches.append(f"minute {self.minutes}: {len(self.down)} are down")
        self.most_down = max(self.most_down, len(self.down))


def begun(hosts: int, domains: int, settings: dict[str, Any]) -> dict[str, Any]:
    """The first event: hosts that are spread over domains."""
    members = {f"host{number:05}": {"domains": [f"rack{number % domains:02}"], "groups": [], "windows": []} for number in range(hosts)}
    return {"event": "begun", "id": "simulated", "owner": "a test", "hosts": members, "sizes": {}, "settings": settings}


class Simulation:
    """One rollout with one seed. The journal is the only memory that a killed controller leaves."""

    def __init__(self, seed: int, hosts: int, domains: int, settings: dict[str, Any], failing: float = 0.004, killing: float = 0.02) -> None:
        self._dice = random.Random(seed)
        self.events: list[dict[str, Any]] = [begun(hosts, domains, settings)]
        self._failing, self._killing = failing, killing
        self.world = World()
        self.state = journal.fold(self.events)
        self.killed = 0

    def _write(self, **event: Any) -> None:
        self.events.append(event)
        journal.apply(self.state, event)

    def run(self) -> Simulation:
        """Wave after wave to the end; somebody releases a failed host now and then."""
        for _wave in range(_RUNS_LIMIT):
            wave = next_wave(self.state, (), BEGIN + timedelta(minutes=self.world.minutes))
            if wave.is_end:
                return self
            if not wave.hosts:
                if not self.state.spent:
                    self.world.breaches.append(f"nobody may go on, and nobody is out: {wave.why or dict(list(wave.waits.items())[:2])}")
                    return self
                self._repair()
                continue
            if self.state.is_spent:
                self.world.breaches.append("a wave was begun with the budget spent")
            self._write(event="wave", number=len(self.state.waves) + 1, hosts=list(wave.hosts), last_try=wave.is_last_try)
            if not self._through(wave.hosts):
                # kill -9: all that is left is the journal. What hosts do goes on.
                self.killed += 1
                self.state = journal.fold(self.events)
        self.world.breaches.append("it did not come to an end")
        return self

    def _repair(self) -> None:
        """A person looks after the first of the hosts that are out, and releases it."""
        host = self.state.spent[0]
        self.world.down.pop(host.name, None)
        self.world.done.update({(host.name, step): -self.world.done[host.name, step] for step in STEPS})
        self._write(event="released", host=host.name, by="a test")

    def _through(self, names: tuple[str, ...]) -> bool:
        """The hosts of a wave, in lockstep as Ansible does it; False where the controller was killed on the way."""
        for step in STEPS:
            for name in names:
                if not self._step(name, step):
                    return False
            self.world.watch(self.state)
        for name in names:
            if self.state.hosts[name].status == RUNNING and "prove" in self.state.hosts[name].steps:
                self._write(event="result", host=name, status="done", why="", left=[])
        return True

    def _step(self, name: str, step: str) -> bool:
        host = self.state.hosts[name]
        if host.status != RUNNING or step in host.steps:
            return True
        if step in CAREFUL and refused(self.state):
            self._write(event="result", host=name, status=WAITING, why=refused(self.state), left=[])
            return True
        self._write(event="step", host=name, step=step, did="started")
        if step == "reboot":
            self.world.down[name] = host.domains[0]
            self.world.watch(self.state)
        if self._dice.random() < self._killing / 20:
            return False
        if self._dice.random() < self._failing:
            self._write(event="result", host=name, status=self._dice.choice(SPENT), why="as the dice fell", left=[])
            return True
        self.world.done[name, step] += 1
        self._write(event="step", host=name, step=step, did="done")
        if step == "reboot":
            self.world.down.pop(name, None)
        return self._dice.random() >= self._killing / 10

    @property
    def repeated(self) -> list[tuple[str, str]]:
        """Steps that were done twice on a host that nobody released."""
        return [key for key, count in self.world.done.items() if count > 1]

    @property
    def missed(self) -> list[str]:
        """Hosts that were called done and did not get through their steps, and such as nobody tried or named."""
        return [host.name for host in self.state.hosts.values() if host.status not in ("done", *SPENT)
                or (host.status == "done" and any(not self.world.done[host.name, step] for step in STEPS))]


SETTINGS: dict[str, Any] = {"waves": [1, "5%", "25%", "100%"], "max_failed": "1%", "max_down": "10%"}


def tried(seeds: range, hosts: int = 1000, domains: int = 40, **chances: float) -> Iterator[Simulation]:
    """One rollout for each seed."""
    for seed in seeds:
        yield Simulation(seed, hosts, domains, SETTINGS, **chances).run()


def main() -> int:
    """Try as many seeds as were asked for; 1 where one of them breaks a promise."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    bad = killed = minutes = 0
    for seed, one in enumerate(tried(range(runs))):
        killed, minutes = killed + one.killed, minutes + one.world.minutes
        if one.world.breaches or one.repeated or one.missed:
            bad += 1
            print(f"seed {seed}: {one.world.breaches[:3]} {one.repeated[:3]} {one.missed[:3]}")
    print(f"{runs} rollouts, {minutes} minutes watched, {killed} controllers killed, {bad} broke a promise")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
