# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file of /sys/devices/system/cpu/vulnerabilities says, judged by its worst part.

A value has a state and, behind ``; `` or ``, ``, facets of its own, so ``Mitigation: Retpolines; BHI: Vulnerable`` is vulnerable.
Three exposures are told apart: the host to its own programs, the host to its guests, and threads that share a core (SMT).
"""

import re
from typing import Dict, List, NamedTuple

NOT_AFFECTED = "not_affected"
MITIGATED = "mitigated"
VULNERABLE = "vulnerable"
UNKNOWN = "unknown"
NOT_APPLICABLE = "not_applicable"

# Worst last. What has no meaning for a vulnerability never decides.
_ORDER = (NOT_APPLICABLE, NOT_AFFECTED, MITIGATED, UNKNOWN, VULNERABLE)


class Judgement(NamedTuple):
    """The verdict on each exposure, and the worst of them as ``state``."""

    state: str
    host: str
    guest_to_host: str
    smt: str


# Which exposures a vulnerability has: the kernel's table of attack vectors (Documentation/admin-guide/hw-vuln/attack_vector_controls.rst)
# and, for the two that only a guest can use, multihit.rst and vmscape.rst beside it.
GUEST_ONLY = frozenset(("itlb_multihit", "vmscape"))
NO_GUEST = frozenset(("meltdown", "spectre_v1", "spec_store_bypass", "ghostwrite", "old_microcode"))

_STATES = (
    ("not affected", NOT_AFFECTED),
    ("processor vulnerable", VULNERABLE),
    ("vulnerable", VULNERABLE),
    ("mitigation", MITIGATED),
    ("unknown", UNKNOWN),
)
_SMT_WORDS = (
    ("vulnerable", VULNERABLE),
    ("host state unknown", UNKNOWN),
    ("mitigated", MITIGATED),
    ("disabled", MITIGATED),
    ("enabled with stibp protection", MITIGATED),
)
_LIMIT = 4096
_MODULE_LOADED = re.compile(r"\s*-\s*vulnerable module loaded\s*$", re.IGNORECASE)
_SEPARATOR = re.compile(r"[;,]\s+")
# A mitigation that the kernel itself calls incomplete in later releases, which print it as Vulnerable.
_HALF_DONE = {"spec_rstack_overflow": "no microcode"}


def worst(verdicts: List[str]) -> str:
    """The worst of some verdicts; not_applicable when there are none."""
    return max(verdicts, key=_ORDER.index) if verdicts else NOT_APPLICABLE


def _leading_state(text: str) -> str:
    """The verdict a text begins with; words that no x86 kernel prints are unknown."""
    lowered = text.strip().lower()
    for word, verdict in _STATES:
        if re.match(re.escape(word) + r"(?![\w])", lowered):
            return verdict
    return UNKNOWN


def _smt(facet: str) -> str:
    words = facet[len("SMT"):].strip().lower()
    return next((verdict for start, verdict in _SMT_WORDS if words.startswith(start)), UNKNOWN)


class _Clause:
    """What one part of a value says about each exposure; not_applicable where it says nothing."""

    def __init__(self, host: str = NOT_APPLICABLE, guest: str = NOT_APPLICABLE, smt: str = NOT_APPLICABLE) -> None:
        self.host = host
        self.guest = guest
        self.smt = smt


def _guest_verdict(word: str) -> str:
    """The verdict of ``KVM: ...`` and ``VMX: ...``: a named measure (cache flushes, SW loop, EPT disabled) is a mitigation."""
    state = _leading_state(word)
    lowered = word.strip().lower()
    if state != UNKNOWN or not lowered or lowered.startswith("unknown"):
        return state
    return VULNERABLE if "vulnerable" in lowered else MITIGATED


def _first_clause(name: str, first: str, body: str) -> _Clause:
    """The clause of a value's first part: its state, lowered where the detail contradicts it."""
    if first.upper().startswith("KVM:"):
        return _Clause(guest=_guest_verdict(first[len("KVM:"):]))
    verdict = _leading_state(first)
    detail = first.partition(":")[2].strip().lower()
    half_done = _HALF_DONE.get(name)
    if verdict == MITIGATED and (detail.startswith("vulnerable") or (half_done and half_done in body.lower())):
        verdict = VULNERABLE
    if verdict == MITIGATED and detail.startswith("ibpb on vmexit only"):
        # A barrier at the guest's exit alone does nothing between the host's own programs and its kernel.
        return _Clause(VULNERABLE, MITIGATED)
    if name in GUEST_ONLY:
        return _Clause(guest=verdict)
    # L1TF: inverting page table entries protects from programs, not from guests, whose flushes are a facet of their own (VMX).
    reaches_guests = name not in NO_GUEST and not (name == "l1tf" and verdict == MITIGATED)
    return _Clause(verdict, verdict if reaches_guests else NOT_APPLICABLE)


def _facet_clause(name: str, facet: str) -> _Clause:
    key, _unused, word = facet.partition(":")
    topic, vulnerable = key.strip().upper(), "vulnerable" in facet.lower()
    if topic.startswith("SMT"):
        return _Clause(smt=_smt(facet.strip()))
    if topic == "VMX":
        return _Clause(guest=_guest_verdict(word))
    if topic == "STIBP":
        return _Clause(smt=VULNERABLE if vulnerable else NOT_APPLICABLE if "disabled" in word.lower() else MITIGATED)
    if not vulnerable:
        return _Clause()
    # PBRSB: predictions that a guest leaves behind at its exit, nothing that a program of the host can use.
    host = NOT_APPLICABLE if topic == "PBRSB-EIBRS" else VULNERABLE
    return _Clause(host, NOT_APPLICABLE if name in NO_GUEST else VULNERABLE)


def judge(name: str, raw: str) -> Judgement:
    """Judge the text of the file ``name``. Text that is not understood is unknown; nothing raises."""
    text = " ".join(raw[:_LIMIT].split())
    body = _MODULE_LOADED.sub("", text)
    facets = _SEPARATOR.split(body)
    clauses = [_first_clause(name, facets[0], body)]
    for facet in facets[1:]:
        if facet.upper().startswith("KVM:"):
            # It speaks of the part before it: 'Vulnerable, KVM: Not affected', 'BHI: Vulnerable, KVM: SW loop'.
            clauses[-1].guest = _guest_verdict(facet[len("KVM:"):])
        else:
            clauses.append(_facet_clause(name, facet))
    if body != text:
        clauses.append(_Clause(VULNERABLE))
    host, guest, smt = (worst([getattr(clause, part) for clause in clauses]) for part in ("host", "guest", "smt"))
    return Judgement(worst([host, guest, smt]), host, guest, smt)


def as_record(raw: str, judged: Judgement) -> Dict[str, str]:
    """The mapping that the record holds for one vulnerability."""
    return {"raw": raw.strip()[:_LIMIT], "state": judged.state, "host": judged.host, "guest_to_host": judged.guest_to_host, "smt": judged.smt}


def unreadable(problem: str) -> Dict[str, str]:
    """The mapping for a file that is there and could not be read: unknown, and ``problem`` in the place of the kernel's words."""
    return as_record("(%s)" % problem, Judgement(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN))
