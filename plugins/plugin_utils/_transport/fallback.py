# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a host that the payload could not scan: the little a shell told, and why."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ...module_utils._host.host import Answer
from ...module_utils._host.record import SCHEMA, Section
from ...module_utils._os.facts import FACTS
from ...module_utils._os.section import family_of, parse_os_release
from .payload import Probe

# What ansible-core or a shell says where a module finds no Python it can run on.
_NO_PYTHON = re.compile(
    r"requires Python [0-9.]+ or newer on the target|interpreter .{1,200} was not found|No (?:usable )?python interpreters? found"
    r"|python[0-9.]*: (?:command )?not found|future feature annotations is not defined|SyntaxError: ", re.IGNORECASE)

# A password or a policy stands in the way of becoming another user: the host itself was reached.
_BECOME = re.compile(r"privilege escalation|incorrect (?:\S+ )?password|missing \S+ password|a password is required|become", re.IGNORECASE)

# ansible-core's ssh where its client had closed its input and had not ended yet: what the client would say is lost.
_UNSAID = re.compile(r"Data could not be sent to remote host .*: \[Errno (?:32|104)\]", re.DOTALL)

_REQUIRETTY = re.compile(r"must have a tty|no tty present|requires? a (?:tty|terminal)", re.IGNORECASE)


def is_python_missing(text: str) -> bool:
    """Whether a module failed for want of a Python it can run on."""
    return bool(_NO_PYTHON.search(text))


def is_become_failure(text: str) -> bool:
    """Whether an error tells of becoming another user, not of reaching the host."""
    return bool(_BECOME.search(text))


def is_without_reason(text: str) -> bool:
    """Whether an error tells that a client ended before all was sent to it, and not why."""
    return bool(_UNSAID.search(text))


def wants_terminal(text: str) -> bool:
    """Whether sudo refused to work without a terminal (requiretty)."""
    return bool(_REQUIRETTY.search(text))


# What the shell tried: a program, what it says it is, and how it ended. The loader ends with 75 on a Python that is too old.
_TRIED = re.compile(r"\(Python (\d+)\.(\d+)[^)]*\): status (\d+)")


def is_too_old(tried: str) -> bool:
    """Whether no Python of those that were tried is new enough; one that is and failed says that something else went wrong."""
    return not any((int(major), int(minor)) >= (3, 6) and status != "75" for major, minor, status in _TRIED.findall(tried))


def too_old(host: str, probe: Probe, tried: str) -> str:
    """The one message for a host without a usable Python."""
    return f"{host}: Python 3.6 or newer is wanted, seen: {probe.tried.rstrip('; ') or tried}"


def probed_record(probe: Probe, now: datetime) -> dict[str, Any]:
    """A record of what the shell told: parts of the section os and the running kernel's release; all else has the reason no_python."""
    system, kernel = Section("os"), Section("kernel")
    try:
        release = parse_os_release(probe.os_release)
    except ValueError:
        release = {}
    for fact in ("id", "version_id", "version_codename", "name", "pretty_name"):
        if release.get(fact.upper()):
            system.put(fact, release[fact.upper()], "/etc/os-release")
    if release.get("ID"):
        likes = release.get("ID_LIKE", "").split()
        system.put("id_like", likes, "/etc/os-release")
        system.put("family", family_of(release["ID"], likes), "/etc/os-release")
    system.put_answer("architecture", _answer(probe.machine), "uname -m")
    system.put_answer("hostname", _answer(probe.node), "uname -n")
    kernel.put_answer("running.release", _answer(probe.release), "uname -r")
    for declared in FACTS:
        if not system.says(declared.path):
            system.cannot_say(declared.path, "no_python")
    return {
        "schema": SCHEMA, "scanned_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "seconds": {},
        "scanner": {"version": None, "python": None, "uid": None, "deadline_seconds": None},
        "os": system.facts, "kernel": kernel.facts, "evidence": {**system.evidence, **kernel.evidence}, "nulls": system.nulls + kernel.nulls,
    }


def _answer(word: str) -> Answer:
    return Answer(word, None, "") if word else Answer(None, "no_python", "the shell told nothing")
