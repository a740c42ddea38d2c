# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks all hosts, many at once: one round trip each, and a second one where versions are compared."""

from __future__ import annotations

import re
import secrets
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from . import becoming
from .asking import Answer, ConfusedError, Question, answers, is_whole, script
from .becoming import Becoming, Door
from .listening import OUTPUT_LIMIT, listen
from .proof import Proof
from .questions.containers import CONTAINERS, KATA
from .questions.kata import KATA_FILES
from .questions.kernels import KERNEL
from .questions.machines import CPU, HYPERVISOR
from .questions.mitigations import MITIGATIONS
from .questions.patches import LIVE_PATCH
from .questions.probe import PROBE
from .questions.services import SERVICES
from .questions.system import BOOT, GENERAL
from .results import visible
from .standards import Standard
from .views import comparisons, ordering

QUESTIONS: tuple[Question, ...] = (*GENERAL, *BOOT, *KERNEL, *LIVE_PATCH, *CPU, *HYPERVISOR, *CONTAINERS, *KATA, *KATA_FILES, *PROBE, *SERVICES,
                                   *MITIGATIONS)


class Asked(NamedTuple):
    """A host's answers, and what getting them cost; ``began`` is the controller's time in UTC."""

    proof: Proof
    round_trips: int
    seconds: float
    began: str = ""


class UnansweredError(Exception):
    """A host did not answer, or not to the end. ``partly`` is what it did answer."""

    def __init__(self, problem: str, partly: Mapping[str, Answer]) -> None:
        super().__init__(problem)
        self.partly = partly


def needed(standard: Standard) -> list[Question]:
    """The questions that a standard needs, with the words that it gives them."""
    keys = standard.keys() or {"*"}
    return [question._replace(arguments=words(standard, question.given)) for question in QUESTIONS
            if any(pattern == "*" or fnmatchcase(key, pattern) for pattern in question.keys for key in keys)]


def words(standard: Standard, key: str) -> tuple[str, ...]:
    """What a key says on any platform, word by word; of a line of sha256sum's the path."""
    given = [values[key] for values in (standard.base, *(values for _match, values in standard.blocks)) if isinstance(values.get(key), (list, str))]
    listed = [word for value in given for word in ([value] if isinstance(value, str) else value)]
    said = [text for word in listed for text in (_of_mitigation(word) if isinstance(word, Mapping) else [str(word)])]
    return tuple(dict.fromkeys(re.sub(r"^[0-9a-f]{64} [ *]", "", word) for word in said))


def _of_mitigation(entry: Mapping[str, Any]) -> list[str]:
    """What a mitigation changes, as the question about them takes it."""
    kinds = {"module": "modules", "kvm": "kvm_parameters", "sysctl": "sysctls", "unit": "services_off"}
    return [f"{kind}:{str(name).replace('-', '_') if kind == 'module' else name}" for kind, field in kinds.items() for name in entry.get(field) or ()]


# The ways to a host on which what is written to the command's standard input reaches the host.
_WITH_INPUT = ("local", "ssh")


class Line:
    """The way to a host: what testinfra starts here for it is bounded in time and in what it says, and told by standard input where that arrives.

    A script in a command line would be read by every user of the host.
    """

    def __init__(self, host: Any, seconds: int, wanted: Becoming | None = None) -> None:
        self._host, self._seconds, self._wanted = host, seconds, wanted
        self._said, self.problem = b"", ""
        self._door: Door | None = None
        backend = host.backend
        if hasattr(backend, "ansible_runner") and not backend.force_ansible:
            found = backend.ansible_runner.get_host(backend.host, ssh_config=backend.ssh_config, ssh_identity_file=backend.ssh_identity_file)
            backend = found.backend if found is not None else backend
        self._backend = backend
        backend.run_local = self._run_local

    def _run_local(self, command: str, *args: str) -> Any:
        line = self._backend.encode(self._backend.quote(command, *args))
        heard = listen(line, self._said, self._seconds, door=self._door)
        self.problem = heard.problem
        return self._backend.result(heard.rc, line, heard.out, heard.err)

    def ask(self, text: str) -> Any:
        """What the host's shell makes of a script."""
        if self._wanted:
            return self._ask_as(self._wanted, text)
        if self._backend.NAME in _WITH_INPUT:
            self._said = text.encode()
            return self._host.run("sh -s")
        return self._host.run(f"sh -c {shlex.quote(text)}")

    def _ask_as(self, wanted: Becoming, text: str) -> Any:
        """The same as another user."""
        if wanted.method not in becoming.METHODS:
            self.problem = f"becomes {wanted.user} by {wanted.method}, and the proof knows {', '.join(becoming.METHODS)}"
            raise UnansweredError(self.problem, {})
        mark = f"firebreak-{secrets.token_hex(8)}"
        self._said, self._door = becoming.script(wanted, mark, text), Door(wanted, mark)
        return self._host.run(becoming.command(wanted, mark))


def trip(line: Line, questions: Sequence[Question]) -> dict[str, Answer]:
    """One round trip; UnansweredError where it does not come back whole."""
    nonce = secrets.token_hex(12)
    try:
        done = line.ask(script(questions, nonce))
    except Exception as error:
        raise UnansweredError(line.problem or f"cannot be reached: {_last_line(str(error))}", {}) from None
    output = done.stdout_bytes[:OUTPUT_LIMIT].decode("utf-8", "replace")
    try:
        found = answers(output, nonce)
    except ConfusedError as error:
        raise UnansweredError(str(error), {}) from None
    strange = found.keys() - {question.name for question in questions}
    if strange:
        raise UnansweredError(f"answers what it was not asked: {_last_line(min(strange))}", {})
    if line.problem:
        raise UnansweredError(line.problem, found)
    if not is_whole(output, nonce):
        raise UnansweredError(f"broke off: {_last_line(done.stderr_bytes.decode('utf-8', 'replace'))}", found)
    return found


# How testinfra writes down what a command printed.
_PRINTED = re.compile(r"""std(?:err|out)(?:_bytes)?=b?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


def _last_line(text: str) -> str:
    """The last thing that was said, on one line, as a person would read it."""
    said = [quoted[1:-1].encode("ascii", "replace").decode("unicode_escape", "replace") for quoted in _PRINTED.findall(text[-8192:])]
    whole = "\n".join(said) if any(part.strip() for part in said) else text[-8192:].replace("\\n", "\n")
    lines = [line.strip() for line in whole.splitlines() if line.strip(" '\")")]
    return visible(lines[-1][-300:]) if lines else "it says nothing"


def ask(host: Any, name: str, standard: Standard, seconds: int, wanted: Becoming | None = None) -> Asked:
    """Everything that the promises of one host need."""
    began, now = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    trips, found = 0, dict[str, Answer]()
    problem = ""
    try:
        line = Line(host, seconds, wanted)
        trips = 1
        found = trip(line, needed(standard))
        order = ordering.question(comparisons.groups(Proof(name, standard, found)))
        if order is not None:
            trips = 2
            found.update(trip(line, [order]))
    except UnansweredError as error:
        problem, found = str(error), {**found, **error.partly}
    return Asked(Proof(name, standard, found, problem), trips, time.monotonic() - began, now)


def ask_all(hosts: Mapping[str, Any], wanted: Mapping[str, Standard], forks: int, seconds: int, tell: Callable[[Asked], None],
            become: Mapping[str, Becoming] | None = None) -> list[Asked]:
    """All hosts, ``forks`` at a time; ``tell`` is called as each has answered."""
    users = become or {}
    with ThreadPoolExecutor(max_workers=max(1, min(forks, len(hosts) or 1))) as pool:
        pending = [pool.submit(ask, host, name, wanted[name], seconds, users.get(name)) for name, host in hosts.items()]
        for future in as_completed(pending):
            tell(future.result())
    return sorted((future.result() for future in pending), key=lambda asked: asked.proof.host)
