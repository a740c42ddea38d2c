# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remembers which questions a host could not answer, so that nothing is said that may rest on one of them.

A reader that takes "cannot be read" for "is not there" makes a kept promise out of a broken one. So no reader is trusted with it: every section
asks through a :class:`Witness`, and after a lost answer its :class:`record.Section` says null with the reason, whatever the reader makes of it.
"""

from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple, Optional

from .host import NOT_THERE, Answer

_DETAIL_LIMIT = 300


class Loss(NamedTuple):
    """A question without an answer: one of the record's REASONS, and the question with what the host said to it."""

    reason: str
    detail: str


class Remembered(Answer):
    """A lost answer that a witness remembers: a reader may go on as if nothing were there, for nothing is said that rests on it."""

    def if_there(self, nothing: Any) -> Any:
        """``nothing``, as where it is known that nothing is there."""
        return nothing


class Witness:
    """Any host, asked through this: LiveHost, a recorded one, one of a test's. ``losses`` are those that nobody has answered for."""

    def __init__(self, host: Any) -> None:
        self.asked = host
        self.losses: List[Loss] = []

    def __getattr__(self, name: str) -> Any:
        question = getattr(self.asked, name)
        if not callable(question):
            return question

        def ask(*arguments: Any, **options: Any) -> Any:
            answer = question(*arguments, **options)
            loss = self._loss(name, arguments, answer)
            if not loss:
                return answer
            self.losses.append(loss)
            return Remembered(*answer) if isinstance(answer, Answer) else answer

        self.__dict__[name] = ask
        return ask

    def _loss(self, question: str, arguments: Any, answer: Any) -> Optional[Loss]:
        problem = getattr(answer, "problem", None)
        if problem and problem not in NOT_THERE:
            # Root is refused nothing for want of root: there something else stands in the way.
            reason = "unreadable" if problem == "needs_root" and self.asked.uid() == 0 else problem
            return Loss(reason, _detail(question, arguments, answer.detail))
        ended = getattr(getattr(answer, "value", None), "rc", 0)
        if isinstance(ended, int) and ended < 0:
            return Loss("tool_failed", _detail(question, arguments, "ended by signal %d" % -ended))
        return None


def _detail(question: str, arguments: Any, said: str) -> str:
    what = arguments[0] if arguments else ""
    words = what if isinstance(what, str) else " ".join(str(word) for word in what)
    return ("%s %s: %s" % (question, words, said) if words not in said else said)[:_DETAIL_LIMIT]


@contextmanager
def apart(host: Any) -> Iterator[List[Loss]]:
    """Lost answers within are in the list, and count for nothing else: the caller answers for them. A deadline counts for all that follows.

    ``host`` may be one that remembers nothing.
    """
    before = getattr(host, "losses", None)
    if before is None:
        yield []
        return
    own: List[Loss] = []
    host.losses = own
    try:
        yield own
    finally:
        host.losses = before + [loss for loss in own if loss.reason == "deadline"]


@contextmanager
def refusals_told(host: Any) -> Iterator[None]:
    """What is refused within for want of root counts there, and for nothing after it: the facts that are made of it tell of it."""
    before = len(getattr(host, "losses", ()))
    try:
        yield
    finally:
        if hasattr(host, "losses"):
            host.losses[before:] = [loss for loss in host.losses[before:] if loss.reason != "needs_root"]


def count(host: Any, losses: List[Loss]) -> None:
    """Let losses that were kept apart count after all."""
    if hasattr(host, "losses"):
        host.losses += losses


def itself(host: Any) -> Any:
    """The host without its witness, for a question with a time limit of its own: where it gets no answer, its own fact alone is lost."""
    return getattr(host, "asked", host)
