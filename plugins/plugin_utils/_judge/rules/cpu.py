# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the CPU: vulnerabilities in each view, multithreading, microcode, options that switch mitigations off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..._standard.keys import FREE_SEGMENT, VULNERABILITY_VIEWS
from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown
from ..mitigations import weakening

_PREFIX = "cpu.vulnerabilities."
_MICROCODE_OF = "cpu.microcode_of."
_RANK = {"not_applicable": 0, "not_affected": 0, "mitigated": 1, "unknown": 2, "vulnerable": 3}
_NAME = re.compile(FREE_SEGMENT)


def _worst(entry: Mapping[str, Any], views: tuple[str, ...]) -> str:
    """The worst state over the views that count; the state that the scan gave where it says nothing of them."""
    states = [entry.get(view) for view in views]
    known = [state for state in states if isinstance(state, str) and state in _RANK]
    if not known or set(views) == set(VULNERABILITY_VIEWS):
        state = entry.get("state")
        known += [state] if isinstance(state, str) and state in _RANK else ["unknown"]
    return max(known, key=_RANK.__getitem__)


def _raw(entry: Mapping[str, Any]) -> str:
    raw = entry.get("raw")
    return f": {printable(raw, 160)}" if isinstance(raw, str) else ""


def _one(scope: Scope, name: str, entry: Mapping[str, Any], key: str | None, level: str) -> Outcome | None:
    worst = _worst(entry, tuple(scope.setting("cpu.vulnerability_views", VULNERABILITY_VIEWS)))
    fact = f"cpu.vulnerabilities.{name}"
    if worst == "unknown":
        return Unknown(fact, "the kernel cannot say" + _raw(entry), key)
    if _RANK[worst] <= (0 if level == "not_affected" else 1):
        return None
    guests = entry.get("guest_to_host") == "vulnerable" and scope.facts.raw("hypervisor.is_host") is True
    return Difference(f"cpu.vulnerability.{name}", level.replace("_", " "), worst.replace("_", " ") + _raw(entry), (fact,),
                      "critical" if guests else None, key)


def _vulnerabilities(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    table = scope.facts.raw("cpu.vulnerabilities")
    entries = table if isinstance(table, dict) and len(table) <= 1000 else {}
    promised = {key[len(_PREFIX):]: key for key in scope.promises if key.startswith(_PREFIX)}
    everything = promised.pop("all", None)
    for name, key in promised.items():
        if name not in entries and scope.promises[key].value != "any":
            yield Unknown(key, scope.facts.why(key) if not entries else "the running kernel does not know this vulnerability", key)
    if everything and not entries:
        yield Unknown("cpu.vulnerabilities", scope.facts.why("cpu.vulnerabilities"), everything)
    for name, entry in entries.items():
        judged_by = promised.get(name, everything)
        level = scope.promises[judged_by].value if judged_by else "mitigated"
        if level == "any" or not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        outcome = _one(scope, name, entry if isinstance(entry, dict) else {}, judged_by, level)
        if outcome:
            yield outcome


def _smt(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    state = "active" if scope.facts.truth("cpu.smt.active") else "inactive"
    if promise and state != promise.value:
        yield Difference("cpu.smt", promise.value, state, ("cpu.smt.active", "cpu.smt.control"))


# What is printed where there is no microcode to tell of (Zhaoxin on bare metal: 0xffffffff).
_MADE_UP = (0, 0xFFFFFFFF)


def _revision(text: str) -> int:
    """A revision as a number; -1 for one that no processor has."""
    number = int(text, 16) if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", text) else -1
    return -1 if number in _MADE_UP else number


def _why_not_ones_own(scope: Scope) -> str:
    """Why the revisions that the kernel prints say nothing of the processor: a hypervisor tells its guests what it likes."""
    is_guest = scope.facts.raw("hypervisor.is_guest")
    if is_guest is True:
        return "a virtual machine is told what its hypervisor likes, and the host has the microcode"
    return "" if is_guest is False else "whether this is a virtual machine is not known: " + scope.facts.why("hypervisor.is_guest")


def _order(revision: int, wanted: int, vendor: object) -> bool | None:
    """Whether a revision is at least another; None where they are of different processors and have no order."""
    # AMD's revisions name their processor in all but the last byte (arch/x86/kernel/cpu/microcode/amd.c, union zen_patch_rev).
    if vendor == "AuthenticAMD" and revision >> 8 != wanted >> 8 and wanted > 0xFF:
        return None
    return revision >= wanted


def _compared(scope: Scope, promise: Requirement, revisions: list[str], key: str | None) -> Iterator[Outcome]:
    fact = "cpu.microcode.revisions"
    why = _why_not_ones_own(scope)
    numbers = {text: _revision(text) for text in revisions}
    if why or not numbers or -1 in numbers.values():
        yield Unknown(fact, why or "no revision that a processor can have", key)
        return
    wanted = [int(value, 16) for value in promise.values()]
    met = {text: _order(number, wanted[0], scope.facts.raw("cpu.vendor")) if promise.form == "minimum" else number in wanted
           for text, number in numbers.items()}
    apart = [text for text, is_met in met.items() if is_met is None]
    wrong = [printable(text, 40) for text, is_met in met.items() if is_met is False]
    if wrong:
        yield Difference("cpu.microcode", str(promise), wrong[:20], (fact,), promise=key)
    elif apart:
        yield Unknown(fact, f"{printable(apart[0], 40)} and {wanted[0]:#x} are of different processors, whose revisions have no order", key)


def _microcode(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    revisions = scope.facts.words("cpu.microcode.revisions")
    if promise:
        yield from _compared(scope, promise, revisions, None)


def _microcode_of(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """The promises for one kind of processor each; a kind that is not here is none of this host's business."""
    keys = [key for key in scope.promises if key.startswith(_MICROCODE_OF)]
    if not keys:
        return
    fact = "cpu.microcode.processors"
    try:
        rows = scope.facts.rows(fact)
        damaged = len(rows) != len(scope.facts.items(fact)) or not all(isinstance(row.get("processor"), str) for row in rows)
        if damaged:
            raise CannotSay(fact, "a kind of processor without a name")
    except CannotSay as reason:
        for key in keys:
            yield Unknown(reason.fact, reason.why, key)
        return
    for key in keys:
        if not rows:
            yield Unknown(fact, "no kind of processor is known", key)
        wanted = key[len(_MICROCODE_OF):].lower()
        for row in rows:
            if row.get("processor") == wanted:
                yield from _compared(scope, scope.promises[key], [text for text in row.get("revisions") or [] if isinstance(text, str)], key)


def _mixed(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    # A virtual machine has no microcode of its own that could be mixed.
    if not scope.facts.truth("cpu.microcode.consistent") and scope.facts.raw("hypervisor.is_guest") is not True:
        revisions = scope.facts.raw("cpu.microcode.revisions")
        shown = [printable(str(text), 40) for text in revisions[:20]] if isinstance(revisions, list) else "mixed"
        yield Difference("cpu.microcode_mixed", "one revision on all CPUs", shown, ("cpu.microcode.consistent", "cpu.microcode.revisions"))


def _pending(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "cpu.microcode.pending"
    if scope.facts.raw(fact) is None and scope.facts.why(fact).startswith("not_applicable"):
        return
    if scope.facts.truth(fact):
        rows = scope.facts.raw("cpu.microcode.installed")
        named = [row for row in rows[:20] if isinstance(row, dict)] if isinstance(rows, list) else []
        waiting = [printable(f"{row.get('processor')}: {row.get('revision')}", 60) for row in named]
        yield Difference("cpu.microcode_pending", "the installed microcode in force", waiting or "newer microcode waits",
                         (fact, "cpu.microcode.installed", "cpu.microcode.processors"))


def _left_behind(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "cpu.microcode.left_behind"
    if scope.facts.raw(fact) is None and scope.facts.why(fact).startswith("not_applicable"):
        return
    if scope.facts.truth(fact):
        yield Difference("cpu.microcode_left_behind", "the installed microcode in the initrd of the next boot", "older or none",
                         (fact, "cpu.microcode.installed", "cpu.microcode.next_boot"))


def _disabled(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    found = [printable(word, 80) for word in weakening([word[:1024] for word in scope.facts.words("cpu.mitigation_options")])]
    if found:
        yield Difference("cpu.mitigations_disabled", "no option that switches a mitigation off", found[:20], ("cpu.mitigation_options",))


RULES = (
    Rule(_PREFIX + "all", _vulnerabilities, observes=True),
    Rule("cpu.smt", _smt),
    Rule("cpu.microcode", _microcode),
    Rule("cpu.microcode_of", _microcode_of, observes=True),
    Rule("cpu.microcode_mixed", _mixed, observes=True),
    Rule("cpu.microcode_pending", _pending, observes=True),
    Rule("cpu.microcode_left_behind", _left_behind, observes=True),
    Rule("cpu.mitigations_disabled", _disabled, observes=True),
)
