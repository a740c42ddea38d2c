# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said to a host and when: the password where a question for it comes, and the payload once the right user listens. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

# What the shell prints before all else: the login has succeeded.
HERE = b"firebreak-here"


class Escalation(NamedTuple):
    """How another user is become: what says that it worked, and what the become plugin makes of what was printed."""

    name: str
    success: bytes
    prompt: bytes
    password: bytes | None
    asks: Callable[[bytes], bool]
    is_wrong: Callable[[bytes], bool]
    is_missing: Callable[[bytes], bool]


class EscalationError(Exception):
    """Another user could not be become, in ansible-core's words."""


class Dialogue:
    """Reads along until the payload may be sent."""

    def __init__(self, escalation: Escalation | None) -> None:
        self._escalation = escalation
        self._password_sent = False
        self.is_over = False

    def opening(self, payload: bytes) -> bytes:
        """What is sent at once."""
        self.is_over = self._escalation is None
        return payload if self.is_over else b""

    def answer(self, stdout: bytes, stderr: bytes, payload: bytes) -> bytes:
        """What is to be sent after all that was printed by now; EscalationError where it says that nothing will come of it."""
        become = self._escalation
        if self.is_over or become is None:
            return b""
        if become.success in stdout or become.success in stderr:
            self.is_over = True
            return payload
        for said in (stdout, stderr):
            if become.is_wrong(said):
                raise EscalationError(f"Incorrect {become.name} password")
            if become.is_missing(said):
                raise EscalationError(f"Missing {become.name} password")
        return self._typed(become, stdout, stderr)

    def _typed(self, become: Escalation, stdout: bytes, stderr: bytes) -> bytes:
        # sudo-rs wraps the prompt that it was given in one of its own; only ansible-core 2.22 knows that.
        asked = sum(said.count(become.prompt) for said in (stdout, stderr)) if become.prompt else int(become.asks(stdout) or become.asks(stderr))
        if self._password_sent:
            if become.prompt and asked > 1:
                raise EscalationError(f"Incorrect {become.name} password")
            return b""
        if not asked:
            return b""
        if become.password is None:
            raise EscalationError(f"Missing {become.name} password")
        self._password_sent = True
        return become.password + b"\n"
