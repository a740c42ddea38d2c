# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file of /sys/devices/system/cpu/vulnerabilities says, judged by its worst part.

A value has a text for its state and, behind ``; `` or ``, ``, facets of its own, so ``Mitigation: Retpolines; BHI: Vulnerable`` is vulnerable.
Three exposures are told apart: the host to its own programs, the host to its guests, and threads that share a core (SMT). What each text means
stands in a table by file and, where the text alone does not tell, by processor family; a text that is not in it is unknown.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import texts

NOT_AFFECTED = "not_affected"
MITIGATED = "mitigated"
VULNERABLE = "vulnerable"
UNKNOWN = "unknown"
NOT_APPLICABLE = "not_applicable"

# Worst last. What has no meaning for a vulnerability never decides.
_ORDER = (NOT_APPLICABLE, NOT_AFFECTED, MITIGATED, UNKNOWN, VULNERABLE)
_LETTERS = {"-": NOT_APPLICABLE, "n": NOT_AFFECTED, "m": MITIGATED, "u": UNKNOWN, "v": VULNERABLE}


class Judgement(NamedTuple):
    """The verdict on each exposure, and the worst of them as ``state``."""

    state: str
    host: str
    guest_to_host: str
    smt: str


_LIMIT = 4096
_MODULE_LOADED = re.compile(r"\s*-\s*vulnerable module loaded\s*$", re.IGNORECASE)
_SEPARATOR = re.compile(r"[;,]\s+|\Z")
# Words that mean the same in every file; a file of a later kernel is one that both attackers are read for.
_STATES = (("not affected", "n"), ("processor vulnerable", "v"), ("vulnerable", "v"), ("unknown", "u"))
_ANY_FILE: Tuple[str, Dict[str, str]] = ("hg", {})


def worst(verdicts: List[str]) -> str:
    """The worst of some verdicts; not_applicable when there are none."""
    return max(verdicts, key=_ORDER.index) if verdicts else NOT_APPLICABLE


def _longest(body: str, known: Dict[str, str]) -> str:
    """The longest known text that ``body`` begins with and that ends at a separator; '' where there is none."""
    fitting = [text for text in known if body.startswith(text) and _SEPARATOR.match(body, len(text))]
    return max(fitting, key=len) if fitting else ""


def _cut(body: str, known: Dict[str, str]) -> Tuple[str, str]:
    """(the first part of a value, the rest): a known text may hold commas, another part ends at the first separator."""
    text = _longest(body, known)
    # The pattern also matches the end, so there is always a match.
    separator = _SEPARATOR.search(body, len(text))
    end, rest = (separator.start(), separator.end()) if separator else (len(body), len(body))
    return body[:end], body[rest:]


def _state(first: str, attackers: str) -> str:
    """The codes of a first part that no row holds: by its leading word, which may only be a state, or unknown."""
    for word, letter in _STATES:
        if re.match(re.escape(word) + (r"\Z" if letter == "n" else r"(?!\w)"), first):
            return "".join(letter if attacker in attackers else "-" for attacker in "hg")
    return "".join("u" if attacker in attackers else "-" for attacker in "hg")


def _first(name: str, first: str, family: Optional[int]) -> str:
    attackers, known = texts.TEXTS.get(name, _ANY_FILE)
    by_family = texts.BY_FAMILY.get((name, first, family)) if family is not None else None
    return by_family or known.get(first) or _state(first, attackers)


def _facet(name: str, facet: str) -> str:
    """The codes of a facet for host, guests and threads."""
    known = texts.FACETS.get(name, {}).get(facet)
    if known is not None:
        return known
    attackers = texts.TEXTS.get(name, _ANY_FILE)[0]
    if facet.startswith("smt"):
        return "--v" if "vulnerable" in facet else "--u"
    letter = "v" if "vulnerable" in facet else "u"
    return "".join(letter if attacker in attackers else "-" for attacker in "hg") + "-"


def judge(name: str, raw: str, family: Optional[int] = None) -> Judgement:
    """Judge the text of the file ``name``, printed on a processor of this family (None: not known). Nothing raises."""
    text = " ".join(raw[:_LIMIT].split()).lower()
    body = _MODULE_LOADED.sub("", text)
    first, rest = _cut(body, texts.TEXTS.get(name, _ANY_FILE)[1])
    codes = [_first(name, first, family) + "-"]
    while rest:
        facet, rest = _cut(rest, texts.FACETS.get(name, {}))
        codes.append(_facet(name, facet))
    if body != text:
        codes.append("v--")
    host, guest, smt = (worst([_LETTERS[code[place]] for code in codes]) for place in range(3))
    return Judgement(worst([host, guest, smt]), host, guest, smt)


def as_record(raw: str, judged: Judgement) -> Dict[str, str]:
    """The mapping that the record holds for one vulnerability."""
    return {"raw": raw.strip()[:_LIMIT], "state": judged.state, "host": judged.host, "guest_to_host": judged.guest_to_host, "smt": judged.smt}


def unreadable(problem: str) -> Dict[str, str]:
    """The mapping for a file that is there and could not be read: unknown, and ``problem`` in the place of the kernel's words."""
    return as_record("(%s)" % problem, Judgement(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN))
