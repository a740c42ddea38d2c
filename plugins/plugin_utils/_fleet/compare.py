# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between two reports, from their fleet.json documents. Pure; tolerates wrong types as all readers of reports do.

A finding that is gone is resolved only where it was looked for again, by a standard that still promises what it broke.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from . import identity
from .bounded import mappings_at, one_line, text_at
from .distribution import FACTS
from .fleet import SCHEMA
from .identity import NOT_LOOKED_AT, OBSERVED, OPEN, RESOLVED, UNKNOWN, WAIVED, Finding, Key, Sight
from .standards import StandardChange, Standards, changes, lets_be

Hosts = Mapping[str, Mapping[str, Any]]
Held = dict[Key, tuple[str, Finding]]

# What these observe is an age or what is left of one: another number each day is no change.
_AGES = ("boot.uptime", "kernel.cache_age", "live_patch.check_age", "live_patch.support_ends", "os.end_of_support_near")


class Change(NamedTuple):
    """One change of one host: ``what`` is a fact, a finding or 'verdict'; before or after is None where it did not exist."""

    host: str
    what: str
    before: str | None
    after: str | None


# The lists of findings, in the order in which they are told.
FINDINGS = ("new_findings", "waiver_over", "newly_promised", "seen_now", "changed_findings", "resolved", "waived", "not_promised", "not_looked_at",
            "unknown", "new_observations", "gone_observations")
# From the state in the earlier report to the one in the later. RESOLVED stands for: looked for, and not there.
_LISTS = {
    (RESOLVED, OPEN): "new_findings", (RESOLVED, OBSERVED): "new_observations", (RESOLVED, WAIVED): "waived",
    (NOT_LOOKED_AT, OPEN): "seen_now", (NOT_LOOKED_AT, OBSERVED): "new_observations", (NOT_LOOKED_AT, WAIVED): "waived",
    (UNKNOWN, OPEN): "seen_now", (UNKNOWN, OBSERVED): "new_observations", (UNKNOWN, WAIVED): "waived",
    (OPEN, OPEN): "changed_findings", (WAIVED, WAIVED): "changed_findings", (OBSERVED, OBSERVED): "changed_findings",
    (OPEN, WAIVED): "waived", (OBSERVED, WAIVED): "waived", (WAIVED, OPEN): "waiver_over", (WAIVED, OBSERVED): "not_promised",
    (OBSERVED, OPEN): "newly_promised", (OPEN, OBSERVED): "not_promised",
    (OPEN, RESOLVED): "resolved", (WAIVED, RESOLVED): "resolved", (OBSERVED, RESOLVED): "gone_observations",
    (OPEN, NOT_LOOKED_AT): "not_looked_at", (WAIVED, NOT_LOOKED_AT): "not_looked_at",
    (OPEN, UNKNOWN): "unknown", (WAIVED, UNKNOWN): "unknown",
}


class Comparison(NamedTuple):
    """The changes between two reports, each list sorted by host. ``partial`` says which of the two are of a part of the fleet only."""

    before: str
    after: str
    partial: tuple[str, ...]
    standards: list[StandardChange]
    appeared: list[str]
    gone: list[str]
    verdicts: list[Change]
    findings: dict[str, list[Change]]
    facts: list[Change]

    @property
    def is_different(self) -> bool:
        """Whether anything changed."""
        return bool(self.standards or self.appeared or self.gone or self.verdicts or self.facts or any(self.findings.values()))

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain values for a task's result or a file."""
        lists = {"verdicts": self.verdicts, **self.findings, "facts": self.facts}
        return {"schema": "firebreak.comparison/1", "before": self.before, "after": self.after, "partial": list(self.partial),
                "standards": [change.as_dict() for change in self.standards], "appeared": self.appeared, "gone": self.gone,
                **{name: [change._asdict() for change in found] for name, found in lists.items()}}


def hosts_of(report: Any, path: str) -> Hosts:
    """The hosts of a fleet.json; ValueError names ``path`` when it is no such document."""
    if not isinstance(report, Mapping) or report.get("schema") != SCHEMA or not isinstance(report.get("hosts"), Mapping):
        raise ValueError(f"{path} is not a fleet report of the schema {SCHEMA}")
    return {str(name): host for name, host in report["hosts"].items() if isinstance(host, Mapping)}


def compare(before: Mapping[str, Any], after: Mapping[str, Any], paths: tuple[str, str] = ("before", "after")) -> Comparison:
    """Compare two fleet.json documents; ``paths`` name them in errors."""
    old, new = hosts_of(before, paths[0]), hosts_of(after, paths[1])
    both = sorted(old.keys() & new.keys())
    standards = Standards(before), Standards(after)
    is_partial = after.get("partial") is True
    findings: dict[str, list[Change]] = {name: [] for name in FINDINGS}
    for name in both:
        for kind, change in _moves(name, old[name], new[name], standards):
            findings[kind].append(change)
    return Comparison(
        before=one_line(before.get("generated_at")),
        after=one_line(after.get("generated_at")),
        partial=tuple(word for word, report in (("before", before), ("after", after)) if report.get("partial") is True),
        standards=changes([(name, old[name], new[name]) for name in both], standards),
        appeared=[] if before.get("partial") is True else sorted(new.keys() - old.keys()),
        gone=[] if is_partial else sorted(old.keys() - new.keys()),
        verdicts=[Change(name, "verdict", one_line(old[name].get("verdict")), one_line(new[name].get("verdict")))
                  for name in both if old[name].get("verdict") != new[name].get("verdict")],
        findings=findings,
        facts=[change for name in both for change in _facts(name, old[name], new[name])],
    )


def _held(host: Mapping[str, Any]) -> Held:
    """Every finding of a host by its key, with its state."""
    found, waived = mappings_at(host, "findings"), mappings_at(host, "waived")
    known = {id(item) for item in waived}
    both = (item for item in (*found, *waived) if text_at(item, "id"))
    return {key: (identity.state_of(item, id(item) in known), item) for key, item in identity.keyed(both)}


def _moves(name: str, old: Mapping[str, Any], new: Mapping[str, Any], standards: tuple[Standards, Standards]) -> Iterator[tuple[str, Change]]:
    """What became of each finding of one host, as (list, change)."""
    earlier, later = _held(old), _held(new)
    sights = identity.sight_of(old), identity.sight_of(new)
    for was, now in _pairs(earlier, later):
        key = now or was
        if key is None:
            continue
        before, after = earlier.get(was) if was else None, later.get(now) if now else None
        first = before[0] if before else _before(after, sights[0])
        last = after[0] if after else _after(before, sights[1], old, new, standards)
        kind = "not_promised" if last == "not_promised" else "waived" if _is_renewed(before, after) else _LISTS.get((first, last))
        if kind is None or (kind == "changed_findings" and not _is_changed(key, before, after)):
            continue
        yield kind, Change(name, key.label, _told(before), _told(after, kind))


def _pairs(earlier: Held, later: Held) -> Iterator[tuple[Key | None, Key | None]]:
    """The same finding in both reports: by its whole key, else, where the standard promises it by another key or no more, by id and subject."""
    left = [key for key in earlier if key not in later]
    for key in later:
        if key in earlier:
            yield key, key
            continue
        same = next((old for old in left if (old.id, old.subject, old.number) == (key.id, key.subject, key.number)), None)
        if same is not None:
            left.remove(same)
        yield same, key
    yield from ((key, None) for key in left)


def _before(found: tuple[str, Finding] | None, sight: Sight) -> str:
    return sight.state_without(found[1]) if found else RESOLVED


def _after(found: tuple[str, Finding] | None, sight: Sight, old: Mapping[str, Any], new: Mapping[str, Any], standards: tuple[Standards, Standards]
           ) -> str:
    """The state of a finding that no longer stands; one that another standard asks less of is not resolved by that."""
    if found is None:
        return RESOLVED
    state = sight.state_without(found[1])
    if state != RESOLVED or old.get("standard") == new.get("standard") or _has_changed(text_at(found[1], "id"), old, new):
        return state
    before, after = (known.values(host.get("standard")) for known, host in zip(standards, (old, new), strict=True))
    return "not_promised" if lets_be(before, after, found[1]) else state


def _has_changed(identifier: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the host is known to have changed in a fact that such findings judge."""
    before, after = old.get("facts"), new.get("facts")
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return False
    judged = (fact.key for fact in FACTS if identifier.startswith(fact.judged_by))
    return any(before.get(key) and after.get(key) and before[key] != after[key] for key in judged)


def _is_renewed(before: tuple[str, Finding] | None, after: tuple[str, Finding] | None) -> bool:
    """Whether a finding that was waived is waived anew: by others, until another day, or for another reason."""
    if before is None or after is None or before[0] != WAIVED or after[0] != WAIVED:
        return False
    return waiver_words(before[1].get("waiver")) != waiver_words(after[1].get("waiver"))


def _is_changed(key: Key, before: tuple[str, Finding] | None, after: tuple[str, Finding] | None) -> bool:
    if before is None or after is None:
        return False
    kept = ("expected",) if key.id in _AGES else ("expected", "observed")
    return any(before[1].get(part) != after[1].get(part) for part in kept)


def _told(found: tuple[str, Finding] | None, kind: str = "") -> str | None:
    """What a finding observes; with ``kind`` waived who answers for it."""
    if found is None:
        return None
    observed = one_line(found[1].get("observed"))
    return f"{observed}, {waiver_words(found[1].get('waiver'))}" if kind == "waived" else observed


def waiver_words(waiver: Any) -> str:
    """Who answers for a finding, until when and why."""
    owner, until, reason = (text_at(waiver, name) for name in ("owner", "expires", "reason"))
    return " ".join(filter(None, ["waived", owner and f"by {owner}", until and f"until {until}"])) + (f": {reason}" if reason else "")


def _facts(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Facts that changed, of hosts that answered both times; a fact that one report did not see has not changed."""
    before, after = old.get("facts"), new.get("facts")
    if not (isinstance(before, Mapping) and isinstance(after, Mapping) and before and after):
        return
    sights = identity.sight_of(old), identity.sight_of(new)
    for key in sorted(before.keys() | after.keys()):
        seen = all(sight.state_without({"id": str(key)}) == RESOLVED for sight in sights)
        if before.get(key) != after.get(key) and seen:
            yield Change(name, str(key), one_line(before.get(key)), one_line(after.get(key)))
