# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shown while playbooks run, and what of their events is kept: lines of our actions, results, failures."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, TextIO

import click

SCANS = ("firebreak.fleet.platform_scan", "firebreak.fleet.platform_info")
FLEET = "firebreak.fleet.fleet_scan"
TELLS = ("ansible.builtin.debug", "debug")
# What the scan of a whole fleet says while it runs, once in a while.
_TOLD = re.compile(r"scanned (\d+) of \d+ hosts")
_LOST = re.compile(r"(\d+) (?:unreachable|unknown)")
_EVERY_SECONDS = 0.2
_PLAIN_SECONDS = 30.0
COLORS = {"purple": "magenta", "bright blue": "bright_blue", "dark gray": "bright_black"}


def said(host: str, message: Any) -> list[str]:
    """What a playbook tells a person: lines as they are, a sentence about a host with the host's name before it."""
    if isinstance(message, list):
        return [str(line) for line in message]
    return [str(message) if host == "localhost" or str(message).startswith(host) else f"{host}: {message}"]


class Seen:
    """The events of one or several runs: results of our actions, failures by host, and how far the scan is."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self.done = 0
        self.failed = 0
        self.task = ""
        self.lines: list[tuple[str, str | None]] = []
        self.results: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, str] = {}
        self.warnings: list[str] = []
        self.changed: Counter[str] = Counter()
        self._scanned: set[str] = set()
        self._told: dict[str, int] = {}
        self._lost: dict[str, int] = {}

    def hear(self, event: Mapping[str, Any], run: str = "") -> None:
        """Take in one event of ansible-runner, of the run of that name."""
        data = event.get("event_data") or {}
        kind = event.get("event")
        if kind in ("runner_on_ok", "runner_item_on_ok"):
            self._tell(data)
        if kind == "playbook_on_task_start":
            self.task = str(data.get("task", ""))
        elif kind in ("runner_on_ok", "runner_on_failed", "runner_on_unreachable"):
            self._ended(str(kind), data, run)
        elif kind == "verbose" and (told := _TOLD.search(str(event.get("stdout", "")))):
            self._count(run, int(told.group(1)), sum(map(int, _LOST.findall(str(event["stdout"])))))
        elif kind == "playbook_on_no_hosts_matched":
            self.failures.setdefault("", "no host matches the pattern")
        elif kind in ("error", "warning") and event.get("stdout"):
            self.warnings.append(str(event["stdout"]))

    def _count(self, run: str, done: int, lost: int | None = None) -> None:
        """So many hosts of a run are scanned by the one process that asks them all."""
        self.done += max(0, done - self._told.get(run, 0))
        self._told[run] = max(done, self._told.get(run, 0))
        if lost is not None:
            self.failed += lost - self._lost.get(run, 0)
            self._lost[run] = lost

    def _tell(self, data: Mapping[str, Any]) -> None:
        """What a playbook tells a person, each item of a loop by itself."""
        result = data.get("res")
        if data.get("task_action") in TELLS and isinstance(result, dict) and result.get("msg") and "results" not in result:
            self.lines += [(text, None) for text in said(str(data.get("host", "")), result["msg"])]

    def _ended(self, kind: str, data: Mapping[str, Any], run: str) -> None:
        found = data.get("res")
        result: dict[str, Any] = found if isinstance(found, dict) else {}
        host, action = str(data.get("host", "")), str(data.get("task_action") or data.get("resolved_action") or "")
        if action == FLEET and isinstance(result.get("scanned"), int):
            self._count(run, result["scanned"])
        if action in SCANS and host not in self._scanned:
            self._scanned.add(host)
            self.done += 1
            verdict = (result.get("firebreak") or {}).get("verdict") if isinstance(result.get("firebreak"), dict) else None
            self.failed += kind != "runner_on_ok" or verdict in ("unreachable", "unknown")
        if kind != "runner_on_ok" and not data.get("ignore_errors"):
            self.failures[host] = str(result.get("msg") or result.get("stderr") or "failed")
        if result.get("changed") and data.get("role"):
            self.changed[f"{data['role']}: {data.get('task', '')}"] += 1
        self.warnings += [str(text) for text in result.get("warnings") or [] if str(text) not in self.warnings]
        if action.startswith("firebreak.fleet."):
            self.results[action.rpartition(".")[2]] = result
            self.lines += [(str(text), color) for text, color in result.get("lines") or []]


class Progress:
    """One line on a terminal that is written over; elsewhere a line now and then. All of it goes to standard error."""

    def __init__(self, seen: Seen, quiet: bool, stream: TextIO | None = None) -> None:
        self._seen, self._quiet, self._stream = seen, quiet, stream or sys.stderr
        self._began = self._shown = time.monotonic()
        self._is_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._last = ""

    def text(self, now: float) -> str:
        """Done, failed, rate, left."""
        seen, seconds = self._seen, max(now - self._began, 0.001)
        if not seen.done or not seen.total:
            return seen.task
        rate = seen.done / seconds
        left = max(seen.total - seen.done, 0)
        failed = f", {seen.failed} not judged" if seen.failed else ""
        return f"{seen.done} of {seen.total} hosts{failed}, {_speed(rate)}" + (f", {_time(left / rate)} left" if left else "")

    def show(self) -> None:
        """Show how far it is, if there is something new and nobody asked for silence."""
        now = time.monotonic()
        if self._quiet or now - self._shown < (_EVERY_SECONDS if self._is_terminal else _PLAIN_SECONDS):
            return
        self._shown, text = now, self.text(now)
        if text and text != self._last:
            self._write(text)
            self._last = text

    def end(self) -> None:
        """Take the line away."""
        if self._is_terminal and self._last:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text[:100]}" if self._is_terminal else text + "\n")
        self._stream.flush()


def _speed(rate: float) -> str:
    """Hosts a second; of a slow run those of a minute, since none a second would be told of all that are slower than one in twenty."""
    return f"{rate:.1f} a second" if rate >= 0.1 else f"{rate * 60:.1f} a minute"


def _time(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def colors_wanted(stream: TextIO) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set to anything (no-color.org)."""
    return not os.environ.get("NO_COLOR") and stream.isatty() and os.environ.get("TERM") != "dumb"


def show_lines(lines: list[tuple[str, str | None]]) -> None:
    """Print what our actions had to say; a closed pipe ends it in silence."""
    wanted = colors_wanted(sys.stdout)
    for text, color in lines:
        click.echo(click.style(text, fg=COLORS.get(color, color)) if color and wanted else text, color=wanted)
