# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a lab's machines from outside: ``python -m firebreak_lab.watcher FILE`` writes a line each time that one begins or ceases to answer.

It knows nothing but their ports: a machine is up while its sshd greets whoever calls. It ends with the lab, whose end is in the file as well.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from firebreak_lab import state

# A machine that is off refuses at once. One that is silent may be busy, as emulated ones are on a busy computer: only a long silence is an outage.
# One that was down is called again soon, since a call that came too early is answered late.
PATIENCE_SECONDS, SOON_SECONDS = 240, 60
# Each call is a process of sshd's: twice a second cost an emulated machine that does nothing a fifth of a processor.
PAUSE_SECONDS = 2.0


class Outage(NamedTuple):
    """A machine did not answer from the call at ``begun`` to the one at ``ended`` (infinity while it does not)."""

    host: str
    begun: float
    ended: float


class Look(NamedTuple):
    """One call: from when to when, and whether it was answered."""

    begun: float
    ended: float
    is_up: bool


def greets(port: int, seconds: float) -> bool:
    """Whether an sshd greets on this port of loopback."""
    try:
        with socket.create_connection(("127.0.0.1", port), seconds) as call:
            call.settimeout(seconds)
            return call.recv(4) == b"SSH-"
    except OSError:
        return False


def changes(looks: Iterable[Look]) -> Iterator[tuple[float, bool]]:
    """When a machine was first seen up or down, and then each time that this changed: down since the call began, up when it was greeted."""
    before: bool | None = None
    for look in looks:
        if look.is_up != before:
            yield (look.ended if look.is_up else look.begun), look.is_up
            before = look.is_up


def outages(lines: Iterable[Mapping[str, Any]]) -> list[Outage]:
    """The times that machines did not answer, by the lines of a watcher."""
    down: dict[str, float] = {}
    found = []
    for line in lines:
        if not line["up"]:
            down.setdefault(line["host"], line["at"])
        elif line["host"] in down:
            found.append(Outage(line["host"], down.pop(line["host"]), line["at"]))
    found += [Outage(host, begun, float("inf")) for host, begun in down.items()]
    return sorted(found, key=lambda outage: outage.begun)


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a watcher that may still write."""
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def looks(port: int, goes_on: Callable[[], bool]) -> Iterator[Look]:
    """Call again and again."""
    is_up = False
    while goes_on():
        begun = time.time()
        is_up = greets(port, PATIENCE_SECONDS if is_up else SOON_SECONDS)
        yield Look(begun, time.time(), is_up)
        time.sleep(PAUSE_SECONDS)


def watch(lab: state.Lab, path: Path) -> None:
    """Watch each machine of the lab by a thread of its own, so that a slow one hides no other."""
    machines = [host for host in map(lab.load, lab.names()) if host.kind == "machine"]
    writing = threading.Lock()

    def follow(host: state.Host) -> None:
        for at, is_up in changes(looks(host.port, lab.folder.exists)):
            with writing, path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"at": round(at, 1), "host": host.name, "up": is_up}) + "\n")

    threads = [threading.Thread(target=follow, args=(host,)) for host in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    watch(state.current_lab(), Path(sys.argv[1]))
