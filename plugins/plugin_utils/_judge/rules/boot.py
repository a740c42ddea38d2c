# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the boot: reboot signals, uptime, Secure Boot, kexec, command line."""

from __future__ import annotations

from collections.abc import Iterator

from ....module_utils._formats import cmdline
from ..._standard.requirement import Requirement
from ..facts import printable
from ..judging import Difference, Outcome, Rule, Scope, flag_rule

_DAY = 86400
_NEXT = "kernel.default_boot.options"


def _uptime(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    days = int(scope.facts.number("boot.uptime_seconds") // _DAY)
    if promise and days > promise.value:
        yield Difference("boot.uptime", f"at most {promise.value} days", f"{days} days", ("boot.uptime_seconds", "boot.booted_at"))


def _secure_boot(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    state = "enabled" if scope.facts.truth("boot.secure_boot") else "disabled"
    if promise and state != promise.value:
        yield Difference("boot.secure_boot", promise.value, state, ("boot.secure_boot",))


def _lines(scope: Scope) -> Iterator[tuple[str, str, cmdline.Line]]:
    """(fact, how to call it, line) of the command line in force, and of the next boot's: not every boot loader's files tell that one."""
    yield "boot.cmdline", "", cmdline.parse(scope.facts.text("boot.cmdline"))
    coming = scope.facts.raw(_NEXT)
    if isinstance(coming, str):
        yield _NEXT, " at the next boot", cmdline.parse(coming)


def _required(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    for fact, when, line in _lines(scope):
        missing = [word for word in (promise.value if promise else ()) if not cmdline.is_given(line, word)]
        if missing:
            yield Difference("boot.cmdline", "with " + " ".join(missing), "without" + when, (fact,))
            return


def _forbidden(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    for fact, when, line in _lines(scope):
        found = cmdline.matching(line, promise.value) if promise else []
        if promise and found:
            yield Difference("boot.cmdline", "without " + " ".join(promise.value), "with " + printable(" ".join(found)) + when, (fact,))
            return


RULES = (
    flag_rule("boot.reboot_required", "boot.reboot_required", "no reboot required", "a reboot is required", ("boot.signals",)),
    flag_rule("boot.kexec_loaded", "boot.kexec_loaded", "no kernel loaded for kexec", "a kernel is loaded for kexec"),
    Rule("boot.uptime_days", _uptime),
    Rule("boot.secure_boot", _secure_boot),
    Rule("boot.cmdline_required", _required),
    Rule("boot.cmdline_forbidden", _forbidden),
)
