# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule gets (a Scope), what it says (Difference or Unknown), and the comparisons that rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ...module_utils._formats.versions import InvalidVersion, compare
from .._standard.requirement import Requirement
from .facts import CannotSay, Facts, printable


class Difference(NamedTuple):
    """A host differs. ``facts`` are the dotted paths that prove it; the rest is the catalogue's unless given.

    ``promise`` is the rule's own key unless given; '' makes it an observation whatever was promised. ``subject`` tells findings apart of which one
    rule makes several by the same facts, such as what each of them cuts off.
    """

    finding: str
    expected: Any
    observed: Any
    facts: tuple[str, ...]
    severity: str | None = None
    promise: str | None = None
    disruption: str | None = None
    remedy: str | None = None
    subject: str = ""


class Unknown(NamedTuple):
    """A rule cannot tell, and why; it counts if its promise was made."""

    fact: str
    why: str
    promise: str | None = None


Outcome = Difference | Unknown


class Scope(NamedTuple):
    """All that a rule may look at."""

    facts: Facts
    promises: Mapping[str, Requirement]
    now: datetime

    def setting(self, key: str, default: Any) -> Any:
        """The value of a key that judges nothing alone."""
        return self.promises[key].value if key in self.promises else default

    def order(self) -> str:
        """How this host's package manager orders versions: dpkg or rpm."""
        kind = self.facts.text("kernel.version_order")
        if kind not in ("dpkg", "rpm"):
            raise CannotSay("kernel.version_order", f"malformed: {printable(kind, 40)!r}")
        return kind


Judge = Callable[[Scope, "Requirement | None"], Iterator[Outcome]]


class Rule(NamedTuple):
    """Judges one key of the standard; with ``observes`` it also speaks where nothing is promised."""

    key: str
    judge: Judge
    observes: bool = False


def compare_versions(kind: str, fact: str, first: str, second: str) -> int:
    """-1, 0 or 1; CannotSay about ``fact`` where the two have no order."""
    try:
        return compare(kind, first, second)
    except InvalidVersion as error:
        raise CannotSay(fact, f"no order: {printable(str(error))}") from None


def meets(requirement: Requirement, fact: str, observed: str, kind: str | None = None) -> bool:
    """Whether a text meets an exact, any_of or minimum requirement; ``kind`` is the version order that a minimum needs."""
    if requirement.form == "minimum":
        if kind is None:
            raise CannotSay(fact, "no order is known for it")
        return compare_versions(kind, fact, observed, str(requirement.value)) >= 0
    return observed in requirement.values()


def matches_any(value: str, patterns: tuple[str, ...]) -> bool:
    """Whether a value equals or matches one of some shell patterns."""
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def text_rule(key: str, fact: str, finding: str, kind: str | None = None) -> Rule:
    """A rule that holds one text of the record against an exact, any_of or minimum requirement."""

    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        observed = scope.facts.text(fact)
        if promise is not None and not meets(promise, fact, observed, kind):
            yield Difference(finding, str(promise), printable(observed), (fact,))

    return Rule(key, judge)


def flag_rule(key: str, fact: str, expected: str, observed: str, more: tuple[str, ...] = ()) -> Rule:
    """A rule for a fact that must not be true; ``expected`` and ``observed`` say so in words."""

    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        if scope.facts.truth(fact):
            yield Difference(key, expected, observed, (fact, *more))

    return Rule(key, judge, observes=True)
