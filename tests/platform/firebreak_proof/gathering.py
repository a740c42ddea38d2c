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

from .asking import Answer, Question, answers, is_whole, script
from .proof import Proof
from .questions.containers import CONTAINERS, KATA
from .questions.kata import KATA_FILES
from .questions.machines import CPU, HYPERVISOR
from .questions.patches import LIVE_PATCH
from .questions.probe import PROBE
from .questions.services import SERVICES
from .questions.system import BOOT, GENERAL, KERNEL
from .standards import Standard
from .views import comparisons, ordering

QUESTIONS: tuple[Question, ...] = (*GENERAL, *BOOT, *KERNEL, *LIVE_PATCH, *CPU, *HYPERVISOR, *CONTAINERS, *KATA, *KATA_FILES, *PROBE, *SERVICES)


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
    said = [str(word) for value in given for word in ([value] if isinstance(value, str) else value)]
    return tuple(dict.fromkeys(re.sub(r"^[0-9a-f]{64} [ *]", "", word) for word in said))


def bound(host: Any, seconds: int) -> None:
    """Put a time limit on all that testinfra starts here for a host; it has none of its own."""
    backend = host.backend
    if hasattr(backend, "ansible_runner") and not backend.force_ansible:
        found = backend.ansible_runner.get_host(backend.host, ssh_config=backend.ssh_config, ssh_identity_file=backend.ssh_identity_file)
        backend = found.backend if found is not None else backend
    plain = backend.run_local

    def limited(command: str, *args: str) -> Any:
        return plain(f"timeout -k 5 {seconds} {command}", *args)

    backend.run_local = limited


def trip(host: Any, questions: Sequence[Question], seconds: int) -> dict[str, Answer]:
    """One round trip; UnansweredError where it does not come back whole."""
    nonce = secrets.token_hex(12)
    try:
        done = host.run(f"sh -c {shlex.quote(script(questions, nonce))}")
    except Exception as error:
        raise UnansweredError(f"cannot be reached: {_last_line(str(error))}", {}) from None
    output = done.stdout_bytes.decode("utf-8", "replace")
    found = answers(output, nonce)
    if done.rc in (124, 137):
        raise UnansweredError(f"did not answer within {seconds} s", found)
    if not is_whole(output, nonce):
        raise UnansweredError(f"broke off: {_last_line(done.stderr_bytes.decode('utf-8', 'replace'))}", found)
    return found


def _last_line(text: str) -> str:
    """The last thing that was said, on one line."""
    lines = [line.strip() for line in text.replace("\\n", "\n").splitlines() if line.strip(" '\")")]
    return lines[-1][-300:] if lines else "it says nothing"


def ask(host: Any, name: str, standard: Standard, seconds: int) -> Asked:
    """Everything that the promises of one host need."""
    began, now = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    trips, found = 0, dict[str, Answer]()
    problem = ""
    try:
        bound(host, seconds)
        trips = 1
        found = trip(host, needed(standard), seconds)
        order = ordering.question(comparisons.groups(Proof(name, standard, found)))
        if order is not None:
            trips = 2
            found.update(trip(host, [order], seconds))
    except UnansweredError as error:
        problem, found = str(error), {**found, **error.partly}
    return Asked(Proof(name, standard, found, problem), trips, time.monotonic() - began, now)


def ask_all(hosts: Mapping[str, Any], wanted: Mapping[str, Standard], forks: int, seconds: int, tell: Callable[[Asked], None]) -> list[Asked]:
    """All hosts, ``forks`` at a time; ``tell`` is called as each has answered."""
    with ThreadPoolExecutor(max_workers=max(1, min(forks, len(hosts) or 1))) as pool:
        pending = [pool.submit(ask, host, name, wanted[name], seconds) for name, host in hosts.items()]
        for future in as_completed(pending):
            tell(future.result())
    return sorted((future.result() for future in pending), key=lambda asked: asked.proof.host)
