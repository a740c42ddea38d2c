# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that one host answered, and its standard: what each test is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from . import asking, standards
from .asking import Answer
from .promises import BrokenPromiseError
from .standards import Standard, Waiver
from .views import ordering
from .views.ordering import Order


class Proof:
    """One host. ``problem`` says why it could not be asked, where it could not."""

    def __init__(self, host: str, standard: Standard, answers: Mapping[str, Answer], problem: str = "") -> None:
        self.host = host
        self.standard = standard
        self.answers = answers
        self.problem = problem

    def says(self, question: str) -> str:
        """The host's answer; BrokenPromiseError where it gave none: what nobody can tell is not proven."""
        __tracebackhide__ = True
        answer = self.answers.get(question)
        if answer is None:
            raise BrokenPromiseError(f"{self.host} was not asked, or did not answer, what '{question}' asks, so nobody can tell")
        if answer.status != 0:
            reason = "it took too long" if answer.status in (124, 137) else answer.err.splitlines()[-1] if answer.err else f"status {answer.status}"
            raise BrokenPromiseError(f"{self.host} gives no answer about its {question.replace('_', ' ')}: {reason}")
        return answer.out

    def fields(self, question: str) -> Mapping[str, str]:
        """An answer of lines ``name value``."""
        return asking.fields(self.says(question))

    def rows(self, question: str) -> list[list[str]]:
        """An answer of lines of tab-separated cells."""
        return asking.rows(self.says(question))

    def order(self) -> Order:
        """The host's own order of versions."""
        return Order(self.answers["order"].out if "order" in self.answers else "")

    def compare(self, one: str, other: str) -> int:
        """Below, at or above 0; BrokenPromiseError where the host cannot tell."""
        __tracebackhide__ = True
        try:
            return self.order().compare(one, other)
        except ordering.UnknownOrderError as problem:
            raise BrokenPromiseError(f"{self.host} cannot compare: {problem}") from None

    def os_release(self) -> dict[str, str]:
        """The host's os-release by name, without quotes."""
        answer = self.answers.get("os_release")
        pairs = (line.split("=", 1) for line in (answer.out if answer else "").splitlines() if "=" in line and not line.startswith("#"))
        return {name: value.strip().strip("\"'") for name, value in pairs}

    def platform(self) -> dict[str, str]:
        """The facts that parts of a standard may be restricted to."""
        machine = self.answers.get("machine")
        return standards.platform(self.os_release(), asking.fields(machine.out).get("uname", "") if machine else "")

    def promises(self) -> dict[str, Any]:
        """What the standard promises for this host."""
        return self.standard.promises(self.platform())

    def waiver(self, finding: str, today: date) -> Waiver | None:
        """The waiver in force that covers a finding of the drift report."""
        covering = (waiver for waiver in self.standard.waivers if finding and fnmatchcase(finding, waiver.finding))
        return next((waiver for waiver in covering if today <= waiver.expires), None)

    def setting(self, key: str, default: Any) -> Any:
        """A setting of the standard, which promises nothing alone."""
        return self.standard.values(self.platform()).get(key, default)
