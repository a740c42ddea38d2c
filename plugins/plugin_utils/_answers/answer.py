# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one CVE means for one host, judged by what runs.

The answers, the worst first: exposed, unknown, pending, mitigated_in_force, fixed_by_live_patch, fixed_in_force, not_reachable, not_affected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...module_utils._formats.versions import InvalidVersion, compare
from .._fleet.bounded import dig, mappings_at, texts
from . import components
from .components import Seen, Version
from .model import AFFECTED, NOT_AFFECTED, Advisory, LivePatch, Row

EXPOSED, UNKNOWN, PENDING, MITIGATED, LIVE_PATCHED, FIXED, NOT_REACHABLE, UNAFFECTED = (
    "exposed", "unknown", "pending", "mitigated_in_force", "fixed_by_live_patch", "fixed_in_force", "not_reachable", NOT_AFFECTED)
WORST_FIRST = (EXPOSED, UNKNOWN, PENDING, MITIGATED, LIVE_PATCHED, FIXED, NOT_REACHABLE, UNAFFECTED)
# Nothing has to be done for these.
_KERNEL = re.compile(r"(?:linux|kernel)(?:-|\Z)")
CLOSED = (LIVE_PATCHED, FIXED, NOT_REACHABLE, UNAFFECTED)


class Answer(NamedTuple):
    """One answer with its reason in words, the facts that prove it, and what would close the hole ('' where nothing is open)."""

    answer: str
    component: str
    reason: str
    facts: tuple[str, ...] = ()
    advisory: str = ""
    fixed: str = ""
    observed: str = ""
    where: str = ""
    remedy: str = ""
    disruption: str = ""


def answers(cve: str, advisories: Sequence[Advisory], record: Mapping[str, Any], known_streams: Iterable[str] = ()) -> list[Answer]:
    """The answer for each thing on the host that the advisories are about, the worst first; one answer with the reason where there is none."""
    if not advisories:
        return [Answer(UNKNOWN, "", f"no feed knows {cve}")]
    order = components.order_of(record)
    if order is None:
        return [Answer(UNKNOWN, "", components.why(record, "kernel.version_order"))]
    found = [answer for thing in components.seen(record) for answer in _of_thing(cve, advisories, record, thing, order)]
    return sorted(found, key=lambda one: WORST_FIRST.index(one.answer)) or [_of_nothing(cve, advisories, record, set(known_streams))]


def worst(found: Sequence[Answer]) -> Answer:
    """The one answer that a host is counted by."""
    return min(found, key=lambda one: WORST_FIRST.index(one.answer))


def _of_nothing(cve: str, advisories: Sequence[Advisory], record: Mapping[str, Any], known: set[str]) -> Answer:
    """Where no row is about anything that the scan saw: other streams, packages that are not looked at, or a kernel of nobody."""
    thing = components.kernel(record)
    about = sorted({row.package for advisory in advisories for row in advisory.rows})
    mine = components.streams_of(record, thing.runs.text or "")
    speaks = {row.stream for advisory in advisories for row in advisory.rows}
    if not mine:
        return Answer(UNKNOWN, "", f"no feed has a stream for {dig(record, 'os.id')} {dig(record, 'os.version_id')}")
    if not speaks & set(mine):
        why = "it has none of this stream at all" if known and not known & set(mine) else "it speaks of " + ", ".join(sorted(speaks)[:5])
        return Answer(UNKNOWN, "", f"the feed says nothing of {cve} for {mine[-1 if len(mine) > 2 else 0]}: {why}")
    return Answer(UNKNOWN, "", f"{cve} is about {', '.join(about[:5])}, of which the record tells nothing")


def _of_thing(cve: str, advisories: Sequence[Advisory], record: Mapping[str, Any], thing: Seen, order: str) -> Iterator[Answer]:
    rows = [(advisory.id, row) for advisory in advisories for row in advisory.rows if row.package in thing.names]
    if not rows and thing.component == "kernel" and not thing.names and any(_KERNEL.match(row.package) for one in advisories for row in one.rows):
        yield Answer(UNKNOWN, "kernel", f"{cve} is about a kernel, and nobody says whose runs: {components.why(record, 'kernel.running.package')}",
                     thing.facts, where=thing.where)
    if not rows:
        return
    version = thing.runs.text or thing.next.text or ""
    mine = components.streams_of(record, version)
    chosen = _of_stream(rows, mine, thing, order)
    notices = [row for _id, row in rows if row.live_patch and row.stream in mine]
    if not chosen and not notices:
        told, wanted = ", ".join(sorted({row.stream for _id, row in rows})[:5]), " or ".join(mine[:2]) or f"the stream of {version or 'what runs'}"
        yield Answer(UNKNOWN, thing.component, f"{cve} is told of {told}, not of {wanted}", thing.facts, where=thing.where, observed=version)
        return
    yield _judged(cve, chosen, notices, record, thing, order)


def _of_stream(rows: Sequence[tuple[str, Row]], mine: Sequence[str], thing: Seen, order: str) -> list[tuple[str, Row]]:
    """The rows of the nearest stream that closes the hole, else of the nearest: fixes of Ubuntu Pro go on where the base release's end."""
    by_stream = [found for name in mine if (found := [(id_, row) for id_, row in rows if row.stream == name and not row.live_patch])]
    for found in by_stream:
        try:
            if _state(found, thing.runs, order) in (FIXED, UNAFFECTED):
                return found
        except InvalidVersion:
            continue
    return by_stream[0] if by_stream else []


def _judged(cve: str, rows: Sequence[tuple[str, Row]], notices: Sequence[Row], record: Mapping[str, Any], thing: Seen, order: str) -> Answer:
    """The answer for a thing by the rows of its own stream."""
    base = Answer(UNKNOWN, thing.component, "", thing.facts, ", ".join(sorted({name for name, _row in rows})[:3]), observed=thing.runs.text or "",
                  where=thing.where)
    fixes = sorted({row.fixed for _id, row in rows if row.fixed})
    base = base._replace(fixed=", ".join(fixes))
    patched = _live_patch(cve, notices, record) if thing.component == "kernel" else None
    if patched and patched.answer == LIVE_PATCHED:
        return base._replace(answer=LIVE_PATCHED, reason=patched.reason, facts=patched.facts)
    try:
        state = _state(rows, thing.runs, order)
        if state == EXPOSED:
            return _open(base, rows, record, thing, order, patched)
    except InvalidVersion as error:
        return base._replace(reason=f"no order of versions: {error}"[:200])
    reasons = {FIXED: f"{thing.runs.text} runs, fixed in {base.fixed}", UNAFFECTED: "the feed says that this package never had the hole",
               UNKNOWN: thing.runs.why if not thing.runs.text else "the vendor is still investigating"}
    return base._replace(answer=state, reason=reasons[state])


def _state(rows: Sequence[tuple[str, Row]], version: Version, order: str) -> str:
    """What a version is by the rows: a hole that is named twice is closed only where both fixes are in."""
    affected = [row for _id, row in rows if row.state == AFFECTED]
    if not affected:
        return UNAFFECTED if all(row.state == NOT_AFFECTED for _id, row in rows) else UNKNOWN
    if version.text is None:
        return UNKNOWN
    states = {_row_state(row, version.text, order) for row in affected}
    return EXPOSED if EXPOSED in states else FIXED if FIXED in states else UNAFFECTED


def _row_state(row: Row, version: str, order: str) -> str:
    if row.introduced and compare(order, version, row.introduced) < 0:
        return UNAFFECTED
    return FIXED if row.fixed and compare(order, version, row.fixed) >= 0 else EXPOSED


def _open(base: Answer, rows: Sequence[tuple[str, Row]], record: Mapping[str, Any], thing: Seen, order: str, patched: Answer | None) -> Answer:
    """What runs has the hole: pending where the next restart or reboot closes it, else exposed, with the least disruptive remedy."""
    what = "reboot" if thing.disruption == "reboot" else "restart"
    if patched and patched.answer == PENDING:
        return base._replace(answer=PENDING, reason=patched.reason, facts=patched.facts, remedy=patched.remedy, disruption="none")
    if thing.next.text and _state(rows, thing.next, order) in (FIXED, UNAFFECTED):
        return base._replace(answer=PENDING, reason=f"{base.observed} runs; {thing.next.text} is in force after a {what}", remedy=f"{what} it",
                             disruption=thing.disruption)
    ready = [version for version in thing.installed if _state(rows, Version(version), order) == FIXED]
    runs = f"{base.observed} runs" if base.observed else "what runs is not known"
    if ready:
        coming = thing.next.text or thing.next.why
        return base._replace(answer=EXPOSED, reason=f"{runs}; {ready[-1]} is installed, and the next {what} does not give it ({coming})",
                             remedy=f"make {ready[-1]} the default and {what} it", disruption=thing.disruption)
    offered = dig(record, "kernel.available.package_version") if thing.component == "kernel" else None
    if isinstance(offered, str) and _state(rows, Version(offered), order) == FIXED:
        return base._replace(answer=EXPOSED, reason=f"{runs}; fixed in {base.fixed}, which is on offer and not installed",
                             remedy=f"install {offered} and {what} it", disruption=thing.disruption)
    if not base.fixed:
        return base._replace(answer=EXPOSED, reason=f"{runs}, and there is no fix yet", remedy="mitigate it until there is a fix")
    return base._replace(answer=EXPOSED, reason=f"{runs}; fixed in {base.fixed}", remedy=f"install {base.fixed} and {what} it",
                         disruption=thing.disruption)


def _live_patch(cve: str, notices: Sequence[Row], record: Mapping[str, Any]) -> Answer | None:
    """What live patches do about a hole of the kernel: closed in force, or a patch that waits; None where none is about it."""
    loaded = [row for row in mappings_at(record, "live_patch.patches") if isinstance(row.get("id"), str)]
    moving = dig(record, "live_patch.transition.in_progress")
    source = f"live_patch.cves ({dig(record, 'live_patch.cves.basis') or 'basis not told'})"
    if cve in texts(dig(record, "live_patch.cves.fixed")) and any(row.get("state") == "active" for row in loaded):
        if moving is False:
            return Answer(LIVE_PATCHED, "kernel", f"a live patch in force fixes it, says {source}", ("live_patch.cves.fixed", "live_patch.patches"))
        return Answer(PENDING, "kernel", "a live patch that fixes it is still being put in force", facts=("live_patch.transition.in_progress",),
                      remedy="wait for the end of its transition")
    active = [str(row["id"]) for row in loaded if row.get("state") == "active"] if moving is False else []
    for wanted in (row.live_patch for row in notices if row.live_patch):
        patch = next((name for name in active if _closes(wanted, name)), None)
        if patch:
            return Answer(LIVE_PATCHED, "kernel", f"the live patch {patch} is in force, {wanted.version} or newer fixes it",
                          ("live_patch.patches", "live_patch.transition.in_progress"))
    return None


def _closes(wanted: LivePatch, module: str) -> bool:
    """Whether a loaded module is the patch that a notice names, in its version or a newer one."""
    found = re.fullmatch(wanted.module, module[:200])
    return found is not None and int(found[1]) >= wanted.version
