# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scan of one host: every section asked for, each within its time, whatever the host or a section's own code does.

On a live host the sections run in a forked child that hands over each one as soon as it is done. A read that no signal interrupts
(a dead NFS server) then costs its own section: the parent gives that child up and goes on with the rest in a new one.
"""

import json
import os
import re
import select
import signal
import sys
import time
import traceback
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Sequence, Set, Tuple

from .._host.host import LiveHost, kill_group
from .._host.record import SCHEMA, Fact, Section
from .._host.secrets import cleaned
from .._host.witness import Witness
from .asked import DEADLINE, SECTION_DEADLINE, check_sections
from .sections import SECTIONS

# A section learns of its deadline from the host's answers; only one that does not come back within this time is killed.
GRACE = 1.0

DETAIL_LIMIT = 300

# (name, module with FACTS and collect)
Named = Tuple[str, Any]


class Limits(NamedTuple):
    """How long a scan may take: seconds for the host, seconds for each section."""

    host: float
    section: float


def scan(host: Any, sections: Sequence[str], options: Dict[str, Any]) -> Dict[str, Any]:
    """The record of ``host`` with the named sections (all of them where none is named); ValueError for a name that is no section.

    ``options`` is handed to the sections; ``deadline`` and ``section_deadline`` in it are seconds.
    """
    check_sections(sections)
    return collect(host, [(name, SECTIONS[name]) for name in SECTIONS if not sections or name in sections], options)


def collect(host: Any, modules: Sequence[Named], options: Dict[str, Any]) -> Dict[str, Any]:
    """The record of ``host`` with these sections, in this order."""
    limits = Limits(float(options.get("deadline") or DEADLINE), float(options.get("section_deadline") or SECTION_DEADLINE))
    record: Dict[str, Any] = {
        "schema": SCHEMA,
        "scanned_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(host.now())),
        "scanner": {"version": None, "python": "%d.%d.%d" % sys.version_info[:3], "uid": host.uid(), "deadline_seconds": limits.host},
        "seconds": {}, "evidence": {}, "nulls": [],
    }
    if isinstance(host, LiveHost):
        results = _collect_in_children(host, list(modules), options, limits)
    else:
        results = {name: collect_one(host, name, module, options) for name, module in modules}
    for name, _module in modules:
        result = results[name]
        record[name] = result["facts"]
        record["seconds"][name] = result["seconds"]
        record["evidence"].update(result["evidence"])
        record["nulls"].extend(result["nulls"])
    return dict(cleaned(record))


def collect_one(host: Any, name: str, module: Any, options: Dict[str, Any], tell: Callable[..., None] = lambda *fact: None) -> Dict[str, Any]:
    """What one section says; one that crashes keeps what it had said and gives the crash as the reason for the rest."""
    witness = Witness(host)
    section = Section(name, lambda: witness.losses, tell)
    begun = time.monotonic()
    try:
        module.collect(witness, section, options)
        json.dumps(section.facts)
    except Exception as error:  # whatever it is, it must not cost the other sections
        _give_up(section, module.FACTS, "section_failed", _where(error))
    return _result(section, time.monotonic() - begun)


def _result(section: Section, seconds: float) -> Dict[str, Any]:
    return {"facts": section.facts, "evidence": section.evidence, "nulls": section.nulls, "seconds": round(seconds, 4)}


def _where(error: BaseException) -> str:
    """The exception's type, the line of our code that raised it, and its message, bounded."""
    frames = traceback.extract_tb(error.__traceback__)
    place = "%s:%s" % (os.path.basename(frames[-1][0]), frames[-1][1]) if frames else "?"
    return ("%s at %s: %s" % (type(error).__name__, place, error))[:DETAIL_LIMIT]


def _give_up(section: Section, facts: Iterable[Fact], reason: str, detail: str) -> None:
    """Give every declared fact that was not yet said the same reason."""
    try:
        json.dumps(section.facts)
    except (TypeError, ValueError, RecursionError):
        section.facts, section.evidence, section.nulls = {}, {}, []
    for fact in facts:
        path = re.split(r"\[\]|\{\}", fact.path)[0].rstrip(".")
        if not section.says(path):
            section.cannot_say(path, reason, detail)


def _lost(section: Section, module: Any, reason: str, detail: str, seconds: float) -> Dict[str, Any]:
    """The result of a section that did not come to its end: what it had said, and the reason for the rest."""
    _give_up(section, module.FACTS, reason, detail)
    return _result(section, seconds)


def _collect_in_children(host: LiveHost, modules: List[Named], options: Dict[str, Any], limits: Limits) -> Dict[str, Dict[str, Any]]:
    """Every section's result by its name. Each child takes all that is left, and is given up with the first section that hangs or kills it."""
    results: Dict[str, Dict[str, Any]] = {}
    end = time.monotonic() + limits.host
    left = modules
    while left:
        if time.monotonic() >= end:
            detail = "the host's %.0f s were used up by the sections before" % limits.host
            results.update((name, _lost(Section(name), module, "deadline", detail, 0.0)) for name, module in left)
            break
        child = _Child(host, left, options, end, limits)
        try:
            results.update(child.follow())
        finally:
            child.end()
        left = [(name, module) for name, module in left if name not in results]
        if left:
            name, module = left.pop(0)
            results[name] = _lost(child.said_of(name), module, child.reason, child.detail, child.seconds())
    return results


def _retell(section: Section, path: str, value: Any, source: str, reason: str) -> None:
    """Say of a section what another process said of it."""
    if reason:
        section.cannot_say(path, reason, source)
    else:
        section.put(path, value, source)


class _Child:
    """A forked process that collects sections in turn and says what it does as lines of JSON.

    ["start", section], ["fact", path, value, source, reason], ["end", section, result], ["command", process group, is it running].
    """

    def __init__(self, host: LiveHost, modules: List[Named], options: Dict[str, Any], end: float, limits: Limits) -> None:
        self.reason, self.detail = "section_failed", ""
        self._end, self._limits = end, limits
        self._started = time.monotonic()
        self._commands: Set[int] = set()
        self._section = Section("")
        self._results: Dict[str, Dict[str, Any]] = {}
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._reader)
                _serve(writer, host, modules, options, end, limits)
            finally:
                os._exit(0)
        os.close(writer)

    def seconds(self) -> float:
        """How long the section that it is in has taken."""
        return time.monotonic() - self._started

    def said_of(self, name: str) -> Section:
        """What was heard of a section that did not come to its end."""
        return self._section if self._section.name == name else Section(name)

    def follow(self) -> Dict[str, Dict[str, Any]]:
        """Read until the child is done, dead or too slow; the results it handed over by then."""
        waiting = select.poll()
        waiting.register(self._reader, select.POLLIN)
        said = bytearray()
        while True:
            left = min(self._started + self._limits.section, self._end) + GRACE - time.monotonic()
            if left <= 0 or not waiting.poll(left * 1000):
                self.reason, self.detail = "deadline", "the section gave no answer in %.1f s and was given up" % self.seconds()
                return self._results
            part = os.read(self._reader, 1 << 16)
            if not part:
                self.detail = "the process that collected it ended before it was done%s" % self._reap()
                return self._results
            said += part
            *lines, said = said.split(b"\n")
            for line in lines:
                self._hear(json.loads(line.decode("ascii")))

    def _hear(self, message: List[Any]) -> None:
        if message[0] == "start":
            self._started = time.monotonic()
            self._section = Section(message[1])
        elif message[0] == "fact":
            _retell(self._section, *message[1:])
        elif message[0] == "end":
            self._results[message[1]] = message[2]
        elif message[2]:
            self._commands.add(message[1])
        else:
            self._commands.discard(message[1])

    def _reap(self) -> str:
        """How the child ended, as far as it has."""
        end = time.monotonic() + 0.5
        while self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return ": signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else ""
            if time.monotonic() > end:
                return ""
            time.sleep(0.002)
        return ""

    def end(self) -> None:
        """Kill the child and the commands it runs; one that sleeps in the kernel is left to end when it wakes."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()
        for group in self._commands:
            kill_group(group)
        os.close(self._reader)


def _serve(writer: int, host: LiveHost, modules: List[Named], options: Dict[str, Any], end: float, limits: Limits) -> None:
    """The child's life. Its standard streams are given away: a child that cannot be killed must not keep the scan's own connection open."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

    def say(*message: Any) -> None:
        data = json.dumps(message).encode("ascii") + b"\n"
        while data:
            data = data[os.write(writer, data):]

    def tell(*fact: Any) -> None:
        try:
            say("fact", *fact)
        except (TypeError, ValueError, RecursionError):
            pass  # no JSON: the section is about to fail by it

    host.watch = lambda group, running: say("command", group, running)
    for name, module in modules:
        say("start", name)
        host.deadline = min(time.monotonic() + limits.section, end)
        say("end", name, collect_one(host, name, module, options, tell))
