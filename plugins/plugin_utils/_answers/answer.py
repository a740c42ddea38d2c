# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one CVE means for one thing that runs, judged by what runs.

The answers, the worst first: exposed, unknown, pending, mitigated_in_force, fixed_by_live_patch, fixed_in_force, not_reachable, not_affected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...module_utils._formats.versions import InvalidVersion
from . import live, modularity, reach, streams
from .model import AFFECTED, BINARY, EVERYTHING, NOT_AFFECTED, SOURCE, UNDER_INVESTIGATION, Row
from .ordered import key
from .relevant import is_live_patch
from .seen import Seen, Version
from .told import Content, Placed, Told

EXPOSED, UNKNOWN, PENDING, MITIGATED, LIVE_PATCHED, FIXED, NOT_REACHABLE, UNAFFECTED = (
    "exposed", "unknown", "pending", "mitigated_in_force", "fixed_by_live_patch", "fixed_in_force", "not_reachable", NOT_AFFECTED)
WORST_FIRST = (EXPOSED, UNKNOWN, PENDING, MITIGATED, LIVE_PATCHED, FIXED, NOT_REACHABLE, UNAFFECTED)
RANK = {name: place for place, name in enumerate(WORST_FIRST)}
# Nothing has to be done for these.
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


def worst_first(found: Iterable[Answer]) -> list[Answer]:
    """Answers in the order in which they count."""
    return sorted(found, key=lambda one: RANK[one.answer])


def worst(found: Sequence[Answer]) -> Answer:
    """The one answer that a host is counted by."""
    return min(found, key=lambda one: RANK[one.answer])


def of_nobody(cve: str) -> Answer:
    """Where no feed knows a CVE."""
    return Answer(UNKNOWN, "", f"no feed knows {cve}")


def of_nothing(said: Told, kernel: Seen, known: set[str]) -> Answer:
    """Where no row is about anything that the scan saw: other streams, packages that are not looked at, or a kernel of nobody."""
    mine = set(kernel.streams)
    if not mine:
        return Answer(UNKNOWN, "", f"no feed has a stream for {kernel.system}")
    is_elsewhere = not said.streams & mine and not (said.about and not said.streams and known & mine)
    if is_elsewhere:
        others = ", ".join(sorted(said.streams)[:5]) or "no package of any stream"
        why = "it has none of this stream at all" if known and not known & mine else f"it speaks of {others}"
        base = min(kernel.streams, key=len)
        return Answer(UNKNOWN, "", f"the feed says nothing of {said.cve} for {base}: {why}")
    return Answer(UNKNOWN, "", f"{said.cve} is about {', '.join(said.about[:5])}, of which the record tells nothing")


class Judged(NamedTuple):
    """An answer without the names of its advisories: it holds for every CVE of which the same is said. ``places`` are theirs in what is told."""

    answer: Answer
    places: frozenset[int] = frozenset()

    def of(self, said: Told) -> Answer:
        """The answer to one CVE."""
        return self.answer._replace(advisory=said.named(self.places)) if self.places else self.answer


def judge(said: Told, seen: Seen) -> Answer | None:
    """The answer for one thing; None where the advisories are not about it."""
    found = judged(said.cve, said.content, seen)
    return found and found.of(said)


def judged(cve: str, said: Content, seen: Seen) -> Judged | None:
    """As judge() for all CVEs with this content which nothing on the host names, but for answers that name the CVE in their reason."""
    rows = _about(said, seen.names, seen.source)
    of_kernel = seen.component == "kernel"
    if not rows and of_kernel and not seen.names and said.of_kernel:
        why = seen.runs.why or "no package holds it"
        return Judged(Answer(UNKNOWN, "kernel", f"{cve} is about a kernel, and nobody says whose runs: {why}", seen.facts))
    patches = live.patches(said.live, seen) if of_kernel else []
    chosen = _of_streams(rows, seen, seen.runs, seen.streams)
    spared = [] if chosen else _of_vendor(said, seen)
    if spared and not (seen.runs.text and spared[0][1].stream in seen.streams):
        return Judged(Answer(
            UNKNOWN, seen.component, f"its vendor has no package with the hole, and nobody says that this {seen.component} is its own",
            seen.facts, observed=seen.runs.text or ""))
    chosen = chosen or spared
    if not rows and not patches and not chosen:
        return None
    notices = [row for _place, row in rows if row.live_patch and row.stream in seen.streams]
    if not chosen and not notices and not patches:
        return Judged(_of_other_streams(cve, rows, seen))
    patched = live.state(cve, [*notices, *patches], seen) if of_kernel else None
    found = _of_rows(chosen, seen, patched, _Later(said, rows, seen))
    return Judged(_without_what_closes_it(cve, said, found, seen), frozenset(place for place, _row in chosen))


def _without_what_closes_it(cve: str, said: Content, found: Answer, seen: Seen) -> Answer:
    """The answer where what is open by its versions may be mitigated, or out of reach."""
    proof = reach.proof(said.files, seen.reach) if seen.component == "kernel" else ""
    if found.answer not in (*CLOSED, MITIGATED):
        found = _mitigated(cve, found, seen)
    if proof and found.answer not in (*CLOSED, PENDING):
        facts = ("kernel.not_built", "os.architecture", "cpu.vendor")
        return found._replace(answer=NOT_REACHABLE, reason=proof, facts=facts, remedy="", disruption="")
    return found


def _of_vendor(said: Content, seen: Seen) -> list[Placed]:
    """What is told of all packages of the host's release together."""
    general = said.rows.get(EVERYTHING, ())
    base = streams.of_host(*seen.home, "")[-1:] if general else []
    return [(place, row) for place, row in general if row.stream in base]


def _of_other_streams(cve: str, rows: Sequence[Placed], seen: Seen) -> Answer:
    """Where a thing is spoken of, and only in streams whose versions have no order with its own."""
    version = seen.runs.text or seen.next.text or ""
    spoken = ", ".join(sorted({f"{row.stream} {row.modules}".strip() for _place, row in rows})[:5])
    wanted = f"{' or '.join(seen.streams[:2])} {seen.module or ''}".strip() or f"the stream of {version or seen.component}"
    return Answer(UNKNOWN, seen.component, f"{cve} is told of {spoken}, not of {wanted}", seen.facts, observed=version)


def _mitigated(cve: str, found: Answer, seen: Seen) -> Answer:
    """The answer for what is open, by the mitigations of the host's standard."""
    mine = [one for one in seen.mitigated if one.cve == cve]
    force = next((one for one in mine if one.in_force), None)
    if force:
        kept = "" if force.lasts else "; the next boot loses it"
        return found._replace(answer=MITIGATED, reason=f"{found.reason}; mitigated: {force.reason}{kept}"[:500])
    if mine and found.answer == EXPOSED:
        return found._replace(answer=PENDING, reason=f"{found.reason}; its mitigation waits: {mine[0].reason}"[:500])
    return found


def _about(said: Content, names: Sequence[str], source: str) -> list[Placed]:
    """The rows about a thing. One that names a source means what was built from it: a binary package of that name may be another's."""
    found = (each for package in names for each in said.rows.get(package, ()))
    return [(place, row) for place, row in found if row.kind != SOURCE or not source or row.package == source]


class _Later(NamedTuple):
    """What would run after a restart or reboot is judged by the rows about it, and by its own streams: it may be of another line than what runs."""

    said: Content
    rows: Sequence[Placed]
    seen: Seen

    def closes(self, version: str | None, states: Sequence[str] = (FIXED,), coming: bool = False) -> bool:
        """Whether a version has one of the states; it is of the package that runs, or with ``coming`` of what the next boot starts."""
        if not version or (version == self.seen.runs.text and not (coming and self.seen.coming[1])):
            return False
        source, names = self.seen.coming if coming and self.seen.coming[1] else (self.seen.source, self.seen.names)
        rows = self.rows if names == self.seen.names else _about(self.said, names, source)
        near = streams.of_thing(self.seen.component, self.seen.home, version, names) if self.seen.home[0] else self.seen.streams
        chosen = _of_streams(rows, self.seen, Version(version), near)
        return bool(chosen) and _state(chosen, Version(version), self.seen.order) in states


def _of_streams(rows: Sequence[Placed], seen: Seen, version: Version, streams_of: Sequence[str]) -> list[Placed]:
    """The rows of the nearest stream that closes the hole, else of the nearest: fixes of Ubuntu Pro go on where the base release's end."""
    by_stream: dict[str, list[Placed]] = {}
    for place, row in modularity.about(rows, seen.module):
        if not row.live_patch and not is_live_patch(row.package):
            by_stream.setdefault(row.stream, []).append((place, row))
    near = [by_stream[name] for name in streams_of if name in by_stream]
    for found in near:
        try:
            if _state(found, version, seen.order) in (FIXED, UNAFFECTED):
                return found
        except InvalidVersion:
            continue
    return near[0] if near else next((by_stream[name] for name in seen.neighbours if name in by_stream), [])


def _of_rows(rows: Sequence[Placed], seen: Seen, patched: live.State | None, later: _Later) -> Answer:
    """The answer for a thing by the rows of its own stream, and by its live patches."""
    fixes = ", ".join(sorted(filter(None, {_fix(row) for _place, row in rows})))
    base = Answer(UNKNOWN, seen.component, "", seen.facts, fixed=fixes, observed=seen.runs.text or "")
    if patched and patched.in_force:
        return base._replace(answer=LIVE_PATCHED, reason=patched.reason, facts=patched.facts)
    if not rows:
        return base._replace(reason="the feeds name live patches only, of which none is in force")
    try:
        state = _state(rows, seen.runs, seen.order)
        if state == EXPOSED:
            return _open(base, later, patched)
    except InvalidVersion as error:
        return base._replace(reason=f"no order of versions: {error}"[:200])
    closed = f"fixed in {fixes}" if fixes else "which is none of the versions with the hole"
    is_older = any(row.state == AFFECTED for _place, row in rows)
    reasons = {FIXED: f"{seen.runs.text} runs, {closed}",
               UNAFFECTED: f"{seen.runs.text} is older than the hole" if is_older else "the feed says that this package never had the hole",
               UNKNOWN: seen.runs.why if not seen.runs.text else _undecided(rows)}
    return base._replace(answer=state, reason=reasons[state])


def _undecided(rows: Sequence[Placed]) -> str:
    """Why rows give no answer for a version that is known."""
    named = sorted({row.modules for _place, row in rows if row.modules})
    if not named:
        return "the vendor is still investigating"
    return f"it is told of the module streams {', '.join(named)[:200]}, and the record does not tell of which it is a build; a new scan may"


def _fix(row: Row) -> str:
    """What closes a hole, in words; '' where nothing does, or where single versions are listed that have it."""
    return row.fixed or (f"what is newer than {row.last}" if row.last and row.last != row.introduced else "")


def _state(rows: Sequence[Placed], version: Version, order: str) -> str:
    """What a version is by the rows: unknown where it depends on a module stream that nobody knows."""
    states = {_state_by(each, version, order) for each in modularity.apart(rows)}
    return states.pop() if len(states) == 1 else UNKNOWN


def _state_by(rows: Sequence[Placed], version: Version, order: str) -> str:
    """What a version is by rows that are all about it: a hole that is named twice is closed only where both fixes are in."""
    affected = _without_repeats([row for _place, row in rows if row.state == AFFECTED])
    if not affected:
        return UNAFFECTED if rows and all(row.state == NOT_AFFECTED for _place, row in rows) else UNKNOWN
    if version.text is None:
        return UNKNOWN
    states = {_row_state(row, version.text, order) for row in _without_later_branches(affected, version.text)}
    if EXPOSED in states:
        return EXPOSED
    return UNKNOWN if _is_doubted(rows, version.text, order) else FIXED if FIXED in states else UNAFFECTED


def _is_doubted(rows: Sequence[Placed], version: str, order: str) -> bool:
    """Whether the vendor still investigates what others of these rows call closed, and none of them names this very version as the fix."""
    # A version that Go made of a commit says nothing, and takes nothing from what others say.
    if not any(row.state == UNDER_INVESTIGATION and row.stream != streams.GO for _place, row in rows):
        return False
    return not any(row.fixed and key(order, row.fixed) == key(order, version) for _place, row in rows)


def _without_repeats(rows: list[Row]) -> list[Row]:
    """Rows without those that only say of a package, or of the source by whose name it is called, that it is affected, where it has a fix.

    Feeds name the older builds so: of 9, Red Hat calls the source kernel-rt affected where kernel-rt-core, of the source kernel since, is fixed.
    """
    fixed = {row.package for row in rows if row.fixed and not row.introduced}
    built = {row.package for row in rows if row.fixed and not row.introduced and row.kind == BINARY}
    return [row for row in rows if row.fixed or row.introduced or row.last
            or not (row.package in fixed or (row.kind == SOURCE and any(package.startswith(f"{row.package}-") for package in built)))]


def _without_later_branches(rows: list[Row], version: str) -> list[Row]:
    """Rows without the fixes of newer minor releases, where a package has one of the version's own: el9_4 begins with what el9_3 was given."""
    minor = streams.minor_of(version)
    if minor is None:
        return rows
    own = {row.package for row in rows if row.fixed and streams.minor_of(row.fixed) == minor}
    return [row for row in rows if row.package not in own or not row.fixed or not streams.is_newer(row.fixed, minor)]


def _row_state(row: Row, version: str, order: str) -> str:
    mine = key(order, version)
    if row.introduced and mine < key(order, row.introduced):
        return UNAFFECTED
    if row.fixed and mine >= key(order, row.fixed):
        return FIXED
    return FIXED if row.last and mine > key(order, row.last) else EXPOSED


def _open(base: Answer, later: _Later, patched: live.State | None) -> Answer:
    """What runs has the hole: pending where the next restart or reboot closes it, else exposed, with the least disruptive remedy."""
    seen = later.seen
    what = "reboot" if seen.disruption == "reboot" else "restart"
    if patched:
        return base._replace(answer=PENDING, reason=patched.reason, facts=patched.facts, remedy=patched.remedy, disruption="none")
    if later.closes(seen.next.text, (FIXED, UNAFFECTED), coming=True):
        return base._replace(answer=PENDING, reason=f"{base.observed} runs; {seen.next.text} is in force after a {what}", remedy=f"{what} it",
                             disruption=seen.disruption)
    ready = [version for version in seen.installed if later.closes(version)]
    runs = f"{base.observed} runs" if base.observed else "what runs is not known"
    if ready:
        coming = seen.next.text or seen.next.why
        return base._replace(answer=EXPOSED, reason=f"{runs}; {ready[-1]} is installed, and the next {what} does not give it ({coming})",
                             remedy=f"make {ready[-1]} the default and {what} it", disruption=seen.disruption)
    if later.closes(seen.offered):
        return base._replace(answer=EXPOSED, reason=f"{runs}; fixed in {base.fixed}, which is on offer and not installed",
                             remedy=f"install {seen.offered} and {what} it", disruption=seen.disruption)
    if not base.fixed:
        return base._replace(answer=EXPOSED, reason=f"{runs}, and there is no fix yet", remedy="mitigate it until there is a fix")
    return base._replace(answer=EXPOSED, reason=f"{runs}; fixed in {base.fixed}", remedy=f"install {base.fixed} and {what} it",
                         disruption=seen.disruption)
