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
from ..facts import printable
from ..judging import Difference, Outcome, Rule, Scope, Unknown

_PREFIX = "cpu.vulnerabilities."
_RANK = {"not_applicable": 0, "not_affected": 0, "mitigated": 1, "unknown": 2, "vulnerable": 3}
_NAME = re.compile(FREE_SEGMENT)

# Words that leave a CPU less protected than the kernel's default would.
_DISABLES = re.compile(
    r"mitigations=off|nopti|pti=off|kpti=0|nospectre_v[12]|nospectre_bhb|nospec_store_bypass_disable|no_stf_barrier|no_entry_flush|no_uaccess_flush|"
    r"mitigations=.*no_(?:user_kernel|user_user|guest_host|guest_guest|cross_thread).*|"
    r"(?:spectre_v2|spectre_v2_user|spec_store_bypass_disable|l1tf|mds|tsx_async_abort|mmio_stale_data|retbleed|spec_rstack_overflow|srbds|"
    r"gather_data_sampling|reg_file_data_sampling|indirect_target_selection|tsa|vmscape|spectre_bhi|ssbd|kvm\.nx_huge_pages|kvm-intel\.vmentry_l1d_flush)"
    r"=(?:off|never|force-off)")


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


def _revision(text: str) -> int | None:
    return int(text, 16) if re.fullmatch(r"0x[0-9a-fA-F]{1,16}", text) else None


def _microcode(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    fact = "cpu.microcode.revisions"
    revisions = scope.facts.words(fact)
    numbers = [_revision(text) for text in revisions]
    if promise is None or not revisions or None in numbers:
        yield Unknown(fact, "no revision that can be read")
        return
    wanted = [int(value, 16) for value in promise.values()]
    wrong = [printable(text, 40) for text, number in zip(revisions, numbers, strict=True)
             if number is not None and (number < wanted[0] if promise.form == "minimum" else number not in wanted)]
    if wrong:
        yield Difference("cpu.microcode", str(promise), wrong[:20], (fact,))


def _mixed(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if not scope.facts.truth("cpu.microcode.consistent"):
        revisions = scope.facts.raw("cpu.microcode.revisions")
        shown = [printable(str(text), 40) for text in revisions[:20]] if isinstance(revisions, list) else "mixed"
        yield Difference("cpu.microcode_mixed", "one revision on all CPUs", shown, ("cpu.microcode.consistent", "cpu.microcode.revisions"))


def _disabled(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    found = [printable(word, 80) for word in scope.facts.words("cpu.mitigation_options") if _DISABLES.fullmatch(word[:256])]
    if found:
        yield Difference("cpu.mitigations_disabled", "no option that switches a mitigation off", found[:20], ("cpu.mitigation_options",))


RULES = (
    Rule(_PREFIX + "all", _vulnerabilities, observes=True),
    Rule("cpu.smt", _smt),
    Rule("cpu.microcode", _microcode),
    Rule("cpu.microcode_mixed", _mixed, observes=True),
    Rule("cpu.mitigations_disabled", _disabled, observes=True),
)
