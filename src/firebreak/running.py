# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks on ansible-runner: each run is a process with a private folder of its own, and its end is what it left in its artifacts."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

IDENT = "run"
Event = dict[str, Any]


class Job(NamedTuple):
    """One run of a playbook: its name, its private folder, the playbook, the words for ansible-playbook and the variables."""

    name: str
    private: Path
    playbook: str
    words: tuple[str, ...]
    variables: Mapping[str, Any]


class Ended(NamedTuple):
    """How a run ended. ``status`` is None where it left none: then it did not come to its end, whatever its process said."""

    name: str
    status: int | None
    said: str


def prepare(job: Job, environment: Mapping[str, str]) -> None:
    """Write the private folder. Artifacts of an earlier attempt would mix with the new ones, so they go."""
    env = job.private / "env"
    env.mkdir(mode=0o700, parents=True, exist_ok=True)
    artifacts = job.private / "artifacts" / IDENT
    if artifacts.exists():
        _remove(artifacts)
    for name, content in (("extravars", json.dumps(job.variables)), ("cmdline", shlex.join(job.words)), ("envvars", json.dumps(environment)),
                          ("settings", json.dumps({"idle_timeout": 0, "job_timeout": 0, "suppress_env_files": True}))):
        path = env / name
        path.touch(mode=0o600)
        path.write_text(content, encoding="utf-8")


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def command(job: Job, here: Path) -> list[str]:
    """The process of a run; playbooks run where the user stands, so relative paths and ansible.cfg are the user's."""
    return [sys.executable, "-m", "ansible_runner", "run", str(job.private), "-p", job.playbook, "-i", IDENT, "-j", "--project-dir", str(here)]


def ended(job: Job, said: str = "") -> Ended:
    """The end of a run by its artifacts."""
    try:
        status = int((job.private / "artifacts" / IDENT / "rc").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        status = None
    return Ended(job.name, status, said)


class Running:
    """Runs of playbooks side by side. Each has a session of its own: Ctrl-C reaches this process, which asks them to stop and says what goes on."""

    def __init__(self, jobs: Iterable[Job], environment: Mapping[str, str], heard: Callable[[str, Event], None]) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._heard = heard
        self._events: queue.Queue[tuple[str, Event | None]] = queue.Queue()
        self._tasks: dict[str, dict[str, str]] = {name: {} for name in self._jobs}
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._said: dict[str, str] = {}
        for job in self._jobs.values():
            prepare(job, environment)

    def run(self, parallel: int) -> list[Ended]:
        """Run all, so many at a time, and say how each ended; KeyboardInterrupt where it was stopped, when all processes have ended."""
        waiting = list(self._jobs.values())
        try:
            while waiting or self._processes:
                while waiting and len(self._processes) < parallel:
                    self._start(waiting.pop(0))
                self._hear()
        except KeyboardInterrupt:
            self.stop()
            raise
        return [ended(job, self._said.get(job.name, "")) for job in self._jobs.values()]

    def going_on(self) -> Iterator[tuple[str, str]]:
        """Each host whose task was begun and has not ended, with the task."""
        for own in self._tasks.values():
            yield from own.items()

    def stop(self) -> None:
        """Ask each process to stop, and wait a while; then end what is left of it."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(20)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, job: Job) -> None:
        process = subprocess.Popen(command(job, Path.cwd()), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   errors="replace", start_new_session=True)
        self._processes[job.name] = process
        threading.Thread(target=self._read, args=(job.name, process), daemon=True).start()

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        complaints: list[str] = []
        listener = threading.Thread(target=_drain, args=(process.stderr, complaints), daemon=True)
        listener.start()
        for line in process.stdout or ():
            try:
                event = json.loads(line)
            except ValueError:
                complaints.append(line)
                continue
            if isinstance(event, dict):
                self._events.put((name, event))
        process.wait()
        listener.join()
        self._said[name] = "".join(complaints)[-4000:]
        self._events.put((name, None))

    def _hear(self) -> None:
        try:
            name, event = self._events.get(timeout=0.5)
        except queue.Empty:
            return
        if event is None:
            del self._processes[name]
            return
        self._note(name, event)
        self._heard(name, event)

    def _note(self, name: str, event: Event) -> None:
        """Which task each host is in."""
        data = event.get("event_data") or {}
        host, kind = str(data.get("host", "")), str(event.get("event", ""))
        if kind == "runner_on_start":
            self._tasks[name][host] = str(data.get("task", ""))
        elif kind.startswith("runner_on_"):
            self._tasks[name].pop(host, None)


def _drain(stream: IO[str] | None, into: list[str]) -> None:
    into.extend(stream or ())


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM, and a terminal that is closed, stop as Ctrl-C does: what runs has sessions of its own, and would go on. Under nohup it may."""
    def ring(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    wanted = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ring) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
