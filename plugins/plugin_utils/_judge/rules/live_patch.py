# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of live patching: protection, provider, level, transition, inhibitors, what a reboot would lose, freshness and support window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timezone

from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Outcome, Rule, Scope, meets, text_rule

_SHOWN = 5
# Whose patches lie on disk as modules, one folder for each kernel.
_WITH_FILES = ("kpatch", "amazon", "self_built")


def _protection(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "live_patch.protection"
    state = scope.facts.text(fact)
    reasons = printable(", ".join(scope.facts.words("live_patch.reasons")))
    if state == "unknown":
        raise CannotSay(fact, reasons or "no reason given")
    if promise is not None and not meets(promise, fact, state):
        yield Difference("live_patch.protection", str(promise), f"{printable(state, 40)}: {reasons}",
                         (fact, "live_patch.reasons", "live_patch.patches"))


def _transition(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if not scope.facts.truth("live_patch.transition.in_progress"):
        return
    rows = scope.facts.raw("live_patch.transition.blocking")
    names = [f"{printable(str(row.get('comm')), 40)} ({printable(str(row.get('tid')), 12)})"
             for row in (rows[:_SHOWN] if isinstance(rows, list) else []) if isinstance(row, dict)]
    observed = printable(str(scope.facts.raw("live_patch.transition.patch")), 80) + (", held up by " + ", ".join(names) if names else "")
    yield Difference("live_patch.transition", "no patch in transition", observed,
                     ("live_patch.transition.in_progress", "live_patch.transition.blocking", "live_patch.transition.blocking_count"))


def _others(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "live_patch.provider.also_present"
    others = scope.facts.words(fact)
    if others:
        yield Difference("live_patch.other_providers", "one live-patching client", printable(", ".join(others)), (fact, "live_patch.provider.id"))


def _inhibited(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if scope.facts.text("live_patch.protection") == "not_applicable":
        return
    codes = [str(row.get("code")) for row in scope.facts.rows("live_patch.inhibitors")]
    if codes:
        yield Difference("live_patch.inhibited", "nothing that keeps patches out", printable(", ".join(codes)), ("live_patch.inhibitors",))


def _blocked(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "live_patch.cves.blocked_by_pin"
    cves = scope.facts.words(fact) if scope.facts.text("live_patch.pin.kind") != "none" else []
    if cves:
        yield Difference("live_patch.blocked_fixes", "no fix kept out", _some(cves), (fact, "live_patch.pin.kind", "live_patch.pin.value"))


def _not_loaded(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "live_patch.installed_not_loaded"
    modules = scope.facts.words(fact) if scope.facts.text("live_patch.provider.id") in _WITH_FILES else []
    if modules:
        yield Difference("live_patch.not_loaded", "every patch for this kernel loaded", _some(modules), (fact, "live_patch.patches"))


def _some(words: list[str]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return printable(", ".join(words[:_SHOWN])) + more


def _is_patched(scope: Scope) -> bool:
    """Whether something that may be a fix is in force, so that a reboot could lose it."""
    return any(row.get("kind") in ("fix", "unknown") and row.get("state") == "active" for row in scope.facts.rows("live_patch.patches"))


def _has_provider(scope: Scope) -> bool:
    return scope.facts.text("live_patch.provider.id") != "none"


def _lost(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if _has_provider(scope) and _is_patched(scope) and not scope.facts.truth("live_patch.persistence.same_kernel"):
        via = scope.facts.raw("live_patch.persistence.via")
        yield Difference("live_patch.lost_on_reboot", "patches that come back after a reboot", printable(str(via)),
                         ("live_patch.persistence.same_kernel", "live_patch.persistence.via"))


def _next_kernel(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if not _has_provider(scope) or not _is_patched(scope):
        return
    release = scope.facts.text("kernel.default_boot.release")
    if release != scope.facts.text("live_patch.kernel.release") and release not in scope.facts.words("live_patch.persistence.kernels"):
        yield Difference("live_patch.next_kernel", "a default kernel that has live patches", printable(release),
                         ("kernel.default_boot.release", "live_patch.persistence.kernels"))


def _when(fact: str, text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise CannotSay(fact, f"malformed: {printable(text, 40)!r} is no time") from None


def _check_age(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "live_patch.last_check.at"
    hours = int((scope.now - _when(fact, scope.facts.text(fact))).total_seconds() // 3600)
    if promise and hours > promise.value:
        yield Difference("live_patch.check_age", f"at most {promise.value} hours", f"{hours} hours", (fact, "live_patch.last_check.result"))


def _support(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "live_patch.support.until"
    text = scope.facts.text(fact)
    try:
        days = (date.fromisoformat(text) - scope.now.date()).days
    except ValueError:
        raise CannotSay(fact, f"malformed: {printable(text, 40)!r} is no date") from None
    if promise and days < promise.value:
        yield Difference("live_patch.support_ends", f"at least {promise.value} days", f"{days} days, until {text}",
                         (fact, "live_patch.support.state"))


RULES = (
    Rule("live_patch.protection", _protection),
    text_rule("live_patch.provider", "live_patch.provider.id", "live_patch.provider"),
    text_rule("live_patch.level", "live_patch.effective.level", "live_patch.level"),
    Rule("live_patch.transition", _transition, observes=True),
    Rule("live_patch.other_providers", _others, observes=True),
    Rule("live_patch.inhibited", _inhibited, observes=True),
    Rule("live_patch.blocked_fixes", _blocked, observes=True),
    Rule("live_patch.not_loaded", _not_loaded, observes=True),
    Rule("live_patch.lost_on_reboot", _lost, observes=True),
    Rule("live_patch.next_kernel", _next_kernel, observes=True),
    Rule("live_patch.check_age_hours", _check_age),
    Rule("live_patch.support_days_left", _support),
)
