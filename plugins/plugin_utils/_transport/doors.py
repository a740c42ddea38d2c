# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast hosts behind one sshd are asked, so that its guards stay shut against attackers and open for us. Pure: the clock is an argument.

sshd drops part of the connections that have not logged in yet once there are ten of them (MaxStartups 10:30:100), and since OpenSSH 9.8 it
refuses a whole address for a while after a few failed logins (PerSourcePenalties: five seconds each, in force from fifteen on), without a
word on why. Behind one jump host or one address with many ports this hits hosts whose own keys are right.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

# New connections at once to one sshd; others may knock there as well.
COLD_AT_ONCE = 8
# After a failed login it is one at a time: each of those under way may fail as well.
COLD_AFTER_FAILURE = 1
# Seconds of penalty for one failed login, and how many a door may owe before it is left alone until they are over.
FAILED_LOGIN = 5.0
OWED_AT_MOST = 9.0
# Seconds after which a connection that was closed without a word is tried once more.
SHUT_OUT = 20.0
# Sessions over one kept connection: MaxSessions is 10.
SESSIONS_AT_ONCE = 8

_JUMP = re.compile(r"(?:^|\s)-J\s*(\S+)|proxyjump[=\s]+(\S+)|proxycommand[=\s]+(.+)", re.IGNORECASE)
_SILENT = re.compile(r"(?:Connection (?:closed|reset)|kex_exchange_identification|banner exchange)", re.IGNORECASE)
_REFUSED_LOGIN = re.compile(r"Permission denied|Too many authentication failures", re.IGNORECASE)


def door_of(arguments: Sequence[str], address: str) -> str:
    """Whose sshd is knocked at first: the jump host's or the proxy's where the arguments name one, else the host's own address."""
    for argument in arguments:
        found = _JUMP.search(argument)
        if found:
            return f"jump {next(filter(None, found.groups()))}"
    return next(("jump " + value for flag, value in itertools.pairwise(arguments) if flag == "-J"), address)


def is_shut_out(status: int, stderr: str) -> bool:
    """Whether a connection was closed before a login failed: by MaxStartups, or by a penalty for the address."""
    return status == 255 and bool(_SILENT.search(stderr)) and not is_refused(status, stderr)


def is_refused(status: int, stderr: str) -> bool:
    """Whether the login failed."""
    return status == 255 and bool(_REFUSED_LOGIN.search(stderr))


class Door:
    """One sshd: how many are at it, what it holds against us, and when the next may knock."""

    def __init__(self) -> None:
        self.knocking = 0
        self._owed = 0.0
        self._owed_at = 0.0
        self._shut_until = 0.0
        self._has_failed = False

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking again whether one more may knock; 0.0 where it may now."""
        if now < self._shut_until:
            return self._shut_until - now
        most = COLD_AFTER_FAILURE if self._has_failed else COLD_AT_ONCE
        if self.knocking >= most:
            return 0.05
        owed = self.owed(now)
        return owed - OWED_AT_MOST + 0.1 if owed > OWED_AT_MOST else 0.0

    def owed(self, now: float) -> float:
        """The seconds of penalty that are left."""
        return max(0.0, self._owed - (now - self._owed_at))

    def failed(self, now: float) -> None:
        """A login failed there."""
        self._owed, self._owed_at, self._has_failed = self.owed(now) + FAILED_LOGIN, now, True

    def shut(self, now: float) -> None:
        """It closed a connection without a word: left alone for a while."""
        self._shut_until, self._has_failed = max(self._shut_until, now + SHUT_OUT), True
