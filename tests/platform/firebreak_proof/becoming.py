# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the proof becomes another user on a host: the command for it, and when the password is said. Passwords come by a pipe and go to a host's
standard input, in answer to a question for one; they are in no command line, environment or file.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

# The number of the open pipe from which the passwords are read.
PIPE = "FIREBREAK_BECOMING"
METHODS = ("sudo", "su", "doas")
PATIENCE = 30.0

_ASKS = re.compile(rb"[^\r\n]*(?::|\xef\xbc\x9a)[ \t]*\Z")


class Becoming(NamedTuple):
    """Whom to become on a host and how; ``on_terminal`` where the host is logged in to with one, since the method asks nowhere else."""

    method: str
    program: str
    user: str
    password: str = ""
    on_terminal: bool = False


def handed_over() -> dict[str, Becoming]:
    """What a play said of its hosts, by host; nothing where the suite is run by hand."""
    number = os.environ.pop(PIPE, "")
    if not number:
        return {}
    with os.fdopen(int(number), encoding="utf-8") as pipe:
        given: Mapping[str, Mapping[str, object]] = json.load(pipe)
    return {host: Becoming(str(own["method"]), str(own["program"]), str(own["user"]), str(own["password"]), own["on_terminal"] is True)
            for host, own in given.items()}


def command(wanted: Becoming, mark: str) -> str:
    """The line of shell that becomes the user and then reads a script; it says ``mark`` on both outputs as it begins, and once more as that user."""
    # A shell on a terminal would prompt, and never see an end.
    reads = f"sed -n '/^{mark}-end$/q;p' | /bin/sh -s" if wanted.on_terminal else "exec /bin/sh -s"
    inner = f"{'stty raw -echo; ' if wanted.on_terminal else ''}echo {mark}-open; {reads}"
    program, user = shlex.quote(wanted.program or wanted.method), shlex.quote(wanted.user)
    asks = f"-S -p {_prompt(mark)}" if wanted.password else "-n"
    lines = {"sudo": f"{program} -H {asks} -u {user} /bin/sh -c {shlex.quote(inner)}",
             "doas": f"{program} {'' if wanted.password else '-n '}-u {user} /bin/sh -c {shlex.quote(inner)}",
             "su": f"{program} {user} -c {shlex.quote(f'/bin/sh -c {shlex.quote(inner)}')}"}
    is_there = f'[ "$(id -un)" = {user} ] && exec /bin/sh -c {shlex.quote(inner)}; '
    return f"/bin/sh -c {shlex.quote(f'echo {mark}-here; echo {mark}-here >&2; {is_there}exec {lines[wanted.method]}')}"


def script(wanted: Becoming, mark: str, text: str) -> bytes:
    """What is said once the user is become: the script, and where it ends on a terminal, which has no end of its own."""
    return f"{text}\n{f'{mark}-end' if wanted.on_terminal else ''}\n".encode()


def _prompt(mark: str) -> str:
    return f"{mark}-password"


class Door:
    """Stands between the login and the right user: says the password where it is asked for, once, and knows when the script may come."""

    def __init__(self, wanted: Becoming, mark: str) -> None:
        self._wanted, self._mark = wanted, mark.encode()
        self._heard = (0, 0)
        self._is_said = False
        self.is_open = False
        self.problem = ""

    def heed(self, out: bytes, err: bytes) -> bytes:
        """What is to be said after all that was printed by now; ``problem`` tells where nothing will come of it."""
        if self._mark + b"-open" in out:
            self.is_open = True
            return b""
        if not any(self._asks(stream, start) for stream, start in zip((out, err), self._heard, strict=True)):
            return b""
        self._heard = len(out), len(err)
        if self._is_said:
            self.problem = f"does not take the password for {self._wanted.method}"
        elif not self._wanted.password:
            self.problem = f"wants a password for {self._wanted.method}, and none was given (--ask-become-pass)"
        else:
            self._is_said = True
            return self._wanted.password.encode() + b"\n"
        return b""

    def _asks(self, stream: bytes, start: int) -> bool:
        """Whether what was printed since begins to ask; before the login is over nothing does."""
        begun = stream.find(self._mark + b"-here")
        new = stream[max(start, begun):] if begun >= 0 else b""
        if self._wanted.method == "sudo" and self._wanted.password:
            return _prompt(self._mark.decode()).encode() in new
        found = _ASKS.search(new)
        # A message of the program's own begins so, and its rest may come later.
        own = f"{Path(self._wanted.program or self._wanted.method).name}:".encode()
        return found is not None and found.group().strip() != own

    def is_reached(self, out: bytes | bytearray) -> bool:
        """Whether the login is over: what is said before is of the way to the host."""
        return self._mark + b"-here" in out

    def closed(self, out: bytes, err: bytes) -> str:
        """Why it never opened, by what was printed last."""
        text = (out + b"\n" + err).decode("utf-8", "replace").replace(_prompt(self._mark.decode()), "")
        lines = [line.strip() for line in text.splitlines()]
        told = next((line for line in reversed(lines) if line and self._mark.decode() not in line), "it says nothing")
        return f"lets nobody become {self._wanted.user} by {self._wanted.method}: {self.without_password(told)[-300:]}"

    def without_password(self, text: str) -> str:
        """A text that names the password nowhere."""
        return text.replace(self._wanted.password, "***") if self._wanted.password else text
