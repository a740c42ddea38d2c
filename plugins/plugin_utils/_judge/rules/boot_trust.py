# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of boot trust: what the firmware trusts, whether the next boot will be let in, and what is revoked and still there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..._standard.requirement import Requirement
from ..facts import CannotSay, printable
from ..judging import Difference, Judge, Outcome, Rule, Scope, Unknown, meets
from ..tables import table

_TRUST = "boot.trust."
_SHOWN = 5
# By Google's guide to the expiration of Microsoft's Secure Boot certificates.
_FWUPD_SINCE = [2, 0, 10]


def _is_efi(scope: Scope) -> bool:
    """Nobody refuses anything on a machine that was not booted by EFI; where that is not known, the fact itself says why."""
    return bool(scope.facts.raw(_TRUST + "mode") != "not_efi")


def _way(scope: Scope) -> str | None:
    """How the firmware's variables are changed here; None where the catalogue's own words are all there is."""
    under, fwupd = scope.facts.raw("hypervisor.under"), scope.facts.raw(_TRUST + "fwupd")
    way = next((str(row["way"]) for row in table("variable_updates")["rows"] if under in row["under"]), None)
    numbers = [int(part) for part in str(fwupd).split(" ", maxsplit=1)[0].split(".") if part.isdecimal()] if fwupd else _FWUPD_SINCE
    old = way is not None and "fwupdmgr" in way and numbers < _FWUPD_SINCE
    return f"{way} The fwupd here is {printable(str(fwupd), 40)}: it has no way to do that." if old else way


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return printable(", ".join(names[:_SHOWN]), 300) + more


def _mode(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    mode = scope.facts.text(_TRUST + "mode")
    if promise and mode not in promise.values():
        yield Difference("boot.trust.mode", str(promise), printable(mode), (_TRUST + "mode",))


def _certificates(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if promise is None:
        return
    rows = scope.facts.rows(_TRUST + "certificates") if _is_efi(scope) else []
    known = {str(row.get(field)) for row in rows for field in ("name", "sha256")}
    missing = [name for name in promise.value if name not in known]
    if missing:
        yield Difference("boot.trust.certificates", "trusts " + ", ".join(promise.value), "does not trust " + _listed(missing),
                         (_TRUST + "certificates",), remedy=_way(scope))


def _level(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if promise is None:
        return
    if scope.facts.text(_TRUST + "mode") != "enforced":
        yield Difference("boot.trust.sbat_level", str(promise), "no level in force: shim does not judge", (_TRUST + "mode",))
        return
    date = scope.facts.text(_TRUST + "sbat_level").split(" ")[0]
    if not meets(promise, _TRUST + "sbat_level", date, "rpm"):
        yield Difference("boot.trust.sbat_level", str(promise), printable(scope.facts.text(_TRUST + "sbat_level")), (_TRUST + "sbat_level",))


def _flag(fact: str, words: dict[bool, str], by_firmware: bool) -> Rule:
    """A rule for a fact that must be as promised; ``by_firmware``: only a change of the firmware's variables helps."""
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        if promise is None or not _is_efi(scope):
            return
        state = scope.facts.truth(_TRUST + fact)
        if state is not promise.value:
            yield Difference(_TRUST + fact, words[promise.value], words[state], (_TRUST + fact,), remedy=_way(scope) if by_firmware else None)

    return Rule(_TRUST + fact, judge)


def _next_boot(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if not _is_efi(scope):
        return
    answer = scope.facts.text(_TRUST + "next_boot")
    if answer not in ("allowed", "refused", "waits"):
        raise CannotSay(_TRUST + "next_boot", f"malformed: {printable(answer, 40)!r}")
    if answer == "allowed":
        return
    outcome = scope.facts.raw(_TRUST + "next_boot_outcome")
    words = f"{answer} by {scope.facts.raw(_TRUST + 'next_boot_stage')}, then {outcome}: {scope.facts.raw(_TRUST + 'next_boot_reason')}"
    yield Difference("boot.trust.next_boot", "allowed by all that judge it", printable(words.replace("_", " "), 300),
                     (_TRUST + "next_boot", _TRUST + "next_boot_reason", _TRUST + "entry"),
                     severity="high" if outcome == "next_entry" else "critical")


def _rows(fact: str, field: str, expected: str) -> Judge:
    """A judge for a list that must be empty."""
    def judge(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
        if _is_efi(scope):
            found = [str(row.get(field)) for row in scope.facts.rows(_TRUST + fact)]
            if found:
                yield Difference(_TRUST + fact, expected, _listed(found), (_TRUST + fact,))

    return judge


def _stale(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if _is_efi(scope):
        found = [str(row.get("path")) for row in scope.facts.rows(_TRUST + "components") if row.get("on_esp_differs") is True]
        if found:
            yield Difference("boot.trust.stale_components", "as the packages have them", _listed(found), (_TRUST + "components",))


def _refused_fallbacks(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    """What would be tried if the next boot's own way did not come up: other kernels of the menu, and what the firmware takes without its entry."""
    if not _is_efi(scope):
        return
    entry = scope.facts.raw(_TRUST + "entry")
    taken = entry.get("kernel") if isinstance(entry, dict) else None
    others = [(_TRUST + "kernels", row.get("image"), row) for row in _known_rows(scope, "kernels") if row.get("image") != taken]
    others += [(_TRUST + "fallbacks", row.get("path"), row) for row in _known_rows(scope, "fallbacks")]
    found = [str(name) for _fact, name, row in others if row.get("answer") == "refused"]
    if found:
        yield Difference("boot.trust.refused_fallbacks", "allowed, as the next boot is", _listed(found),
                         (_TRUST + "kernels", _TRUST + "fallbacks"))
    for fact, name, row in others:
        if row.get("answer") not in ("allowed", "refused"):
            yield Unknown(fact, printable(f"{name}: {row.get('reason')}", 300))
            return


def _known_rows(scope: Scope, fact: str) -> list[dict[str, Any]]:
    """The rows of a list; none where the host has no such thing."""
    if scope.facts.raw(_TRUST + fact) is None and scope.facts.why(_TRUST + fact).startswith("not_applicable"):
        return []
    return scope.facts.rows(_TRUST + fact)


def _pending(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if _is_efi(scope):
        found = scope.facts.words(_TRUST + "pending")
        if found:
            yield Difference("boot.trust.pending", "no request waits", _listed(found), (_TRUST + "pending",))


def _test_key(scope: Scope, promise: Requirement | None) -> Iterator[Outcome]:
    if _is_efi(scope) and scope.facts.truth(_TRUST + "pk_test_key"):
        yield Difference("boot.trust.pk_test_key", "a key of its own", "a test key", (_TRUST + "pk_test_key", _TRUST + "pk"))


RULES = (
    Rule("boot.trust.mode", _mode),
    Rule("boot.trust.certificates", _certificates),
    Rule("boot.trust.sbat_level", _level),
    _flag("ready_for_2023_shim", {True: "trusts the UEFI CA 2023", False: "does not trust the UEFI CA 2023"}, True),
    _flag("survives_2011_revocation", {True: "starts without the UEFI CA 2011", False: "does not start without the UEFI CA 2011"}, False),
    Rule("boot.trust.next_boot", _next_boot, observes=True),
    Rule("boot.trust.revoked_components", _rows("revoked_components", "path", "no revoked boot program"), observes=True),
    Rule("boot.trust.stale_components", _stale, observes=True),
    Rule("boot.trust.refused_fallbacks", _refused_fallbacks, observes=True),
    Rule("boot.trust.pending", _pending, observes=True),
    Rule("boot.trust.modules_refused", _rows("modules_refused", "module", "each module has a signer that the kernel knows"), observes=True),
    Rule("boot.trust.pk_test_key", _test_key, observes=True),
)
