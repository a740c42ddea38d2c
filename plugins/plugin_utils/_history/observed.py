# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scan, an answer or a proof saw, as states of things on hosts. Pure; takes the documents that runs leave behind (fleet.json, answers.json,
proof.json) and tolerates wrong types, as all readers of reports do.

A thing that is not looked for, or cannot be told this time, keeps the state that it had: unknown closes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, NamedTuple

from .._answers import written
from .._answers.answer import CLOSED
from .._fleet import fleet, identity
from .._fleet.bounded import clipped, mappings_at, plain, text_at
from .._fleet.host import VERDICTS
from .._fleet.identity import Sight
from .._fleet.standards import Standards

FINDING, HOLE, VERDICT, FACT, GROUP, LABEL, PROMISE = "finding", "hole", "verdict", "fact", "group", "label", "promise"
SCAN, ANSWER, PROOF = "scan", "answer", "proof"
# What a kind of document speaks of.
KINDS = {SCAN: (FINDING, VERDICT, FACT, GROUP, LABEL), ANSWER: (HOLE,), PROOF: (PROMISE,)}
# What a person said of a host, kept where sights are: that it is gone for good, or that its last sight was of a clock ahead and is forgotten.
RETIRED, FORGOTTEN = "retired", "forgotten"
MEMBER, BROKEN, KEPT, NOT_PROMISED, GONE = "member", "broken", "kept", "not_promised", "gone"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
# Answers of one question, host by host: more than these say little of a fleet that changes, and take minutes to keep.
ANSWERS_LIMIT = 1_000_000
WAIVER = ("finding", "owner", "reason", "expires", "source")


class Thing(NamedTuple):
    """What has a state on a host: a finding (by its id, promise and subject), a hole, the verdict, a fact, a group, a promise of the proof."""

    kind: str
    key: str
    name: str
    promise: str = ""
    subject: str = ""
    severity: str = ""


class State(NamedTuple):
    """What a thing is on a host, and for a waived finding who answers for it."""

    word: str
    waiver: tuple[str, ...] | None = None


class HostSeen(NamedTuple):
    """One host as a document saw it.

    ``sight`` and ``standard`` tell what became of a finding that is not there; without a sight nothing is concluded from that. Whether the
    inventory's groups were to be had is told by ``is_grouped``.
    """

    name: str
    at: int
    things: Mapping[Thing, State]
    sight: Sight | None = None
    standard: str | None = None
    is_grouped: bool = False


class Document(NamedTuple):
    """One scan, answer or proof. ``key`` is made of what it saw, so that the same sight is the same document wherever its file lies."""

    kind: str
    key: str
    at: int
    partial: bool
    hosts: Sequence[HostSeen]
    standards: Standards
    asked: tuple[str, ...] = ()


def moment(text: Any) -> int | None:
    """Seconds since 1970 of a time in a report."""
    return _moment(str(text))


@lru_cache(maxsize=4096)
def _moment(text: str) -> int | None:
    try:
        return int(datetime.strptime(text, _MOMENT).replace(tzinfo=timezone.utc).timestamp())
    except ValueError:
        return None


def _key(kind: str, parts: Iterable[Any]) -> str:
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        digest.update(json.dumps(part).encode())
    return digest.hexdigest()


def of_report(report: Mapping[str, Any], hosts: Iterable[tuple[str, Mapping[str, Any]]], groups: Mapping[str, Sequence[str]]) -> Document | None:
    """The scan behind a report: the head of its fleet.json, its hosts one by one, and the inventory's groups, which say nothing of a host that is not
    in their ``all``. None where the report has no time.
    """
    now = moment(report.get("generated_at"))
    if report.get("schema") != fleet.SCHEMA or now is None:
        return None
    grouped: dict[str, list[str]] = {}
    for group, members in groups.items():
        if group not in ("all", "ungrouped"):
            for member in members:
                grouped.setdefault(member, []).append(group)
    everyone = frozenset(groups.get("all", ()))
    seen = [_scanned(name, host, grouped.get(name, ()) if name in everyone else None, now) for name, host in hosts]
    key = _key(SCAN, [report["generated_at"], *sorted((host.name, host.at) for host in seen)])
    return Document(SCAN, key, now, bool(report.get("partial")), seen, Standards(report))


def _scanned(name: str, host: Mapping[str, Any], groups: Iterable[str] | None, now: int) -> HostSeen:
    sight = identity.sight_of(host)
    things: dict[Thing, State] = {}
    verdict = text_at(host, "verdict")
    things[Thing(VERDICT, VERDICT, VERDICT)] = State(verdict if verdict in VERDICTS else "unknown")
    for part in ("findings", "waived"):
        for key, finding in identity.keyed(mappings_at(host, part)):
            if key.promise is not None:
                waiver = _waiver(finding.get("waiver")) if part == "waived" else None
                things[Thing(FINDING, key.text, key.id, key.promise, key.subject, text_at(finding, "severity"))] = State(
                    identity.state_of(finding, part == "waived"), waiver)
    labels, facts = host.get("labels"), host.get("facts")
    for label, value in labels.items() if isinstance(labels, Mapping) else ():
        things[_group(LABEL, f"{label}={value}")] = State(MEMBER)
    for group in groups or ():
        things[_group(GROUP, group)] = State(MEMBER)
    for fact, values in facts.items() if isinstance(facts, Mapping) else ():
        if isinstance(values, list) and values:
            things[Thing(FACT, str(fact), str(fact))] = State(clipped(", ".join(map(str, values)), 200))
    scanned = moment(host.get("scanned_at"))
    return HostSeen(name, now if scanned is None else min(scanned, now), things, sight, text_at(host, "standard") or None,
                    groups is not None)


def _group(kind: str, name: str) -> Thing:
    shown = clipped(name, 200)
    return Thing(kind, shown, shown)


def _waiver(waiver: Any) -> tuple[str, ...]:
    return tuple(text_at(plain(waiver), name) for name in WAIVER)


def of_answers(document: Mapping[str, Any], limit: int = ANSWERS_LIMIT) -> Document | None:
    """The answers of an answers.json; None where it has no time, or more than ``limit`` of them."""
    now = moment(document.get("generated_at"))
    if document.get("schema") not in (written.SCHEMA, written.GROUPED_SCHEMA) or now is None:
        return None
    hosts: dict[str, dict[Thing, State]] = {}
    holes: dict[str, Thing] = {}
    for count, (host, row) in enumerate(written.rows(document)):
        if count >= limit:
            return None
        cve, answer = text_at(row, "cve"), text_at(row, "answer")
        if cve and answer:
            hosts.setdefault(host, {})[holes.setdefault(cve, Thing(HOLE, cve, cve))] = State(answer)
    cves = document.get("cves")
    asked = tuple(map(str, cves)) if isinstance(cves, Mapping) else ()
    seen = [HostSeen(name, now, things) for name, things in hosts.items()]
    return Document(ANSWER, _key(ANSWER, [document["generated_at"], *_said(seen)]), now, False, seen, Standards({}), asked)


def of_proof(proof: Mapping[str, Any], at: int) -> Document | None:
    """What a proof.json says of each promise on each host; the file has no time of its own."""
    hosts = proof.get("hosts")
    if not isinstance(hosts, Mapping):
        return None
    seen = [HostSeen(str(name), at, dict(_proved(host))) for name, host in hosts.items() if isinstance(host, Mapping)]
    return Document(PROOF, _key(PROOF, [at, *_said(seen)]), at, False, seen, Standards({}))


def _said(hosts: Sequence[HostSeen]) -> list[tuple[str, str, str]]:
    return sorted((host.name, thing.name, state.word) for host in hosts for thing, state in host.things.items())


def _proved(host: Mapping[str, Any]) -> Iterator[tuple[Thing, State]]:
    broken, promises = host.get("broken"), host.get("promises")
    for name in promises if isinstance(promises, Mapping) else ():
        is_broken = isinstance(broken, list) and name in broken
        yield Thing(PROMISE, str(name), str(name), str(name)), State(BROKEN if is_broken else KEPT)


def is_closed(kind: str, word: str) -> bool:
    """Whether a state is the end of a span, and no span of its own."""
    return word in CLOSED if kind == HOLE else word == KEPT if kind == PROMISE else False


def digest_of(host: HostSeen) -> str:
    """What a host's document says, short: while it is the same, nothing has changed."""
    said = sorted((thing.kind, thing.key, state.word, state.waiver or ()) for thing, state in host.things.items())
    sight = (host.sight.is_scanned, sorted(host.sight.sections or ()), sorted(host.sight.silent)) if host.sight else ()
    return hashlib.sha256(repr((said, sight, host.standard, host.is_grouped)).encode("utf-8", "replace")).hexdigest()[:24]


def ended(thing: Thing, host: HostSeen, standards: Standards) -> str | None:
    """How a thing ended that stood on a host and is not in its document; None where it still stands for all that is known."""
    if thing.kind == GROUP:
        return GONE if host.is_grouped else None
    if host.sight is None or not host.sight.is_scanned:
        return None
    if thing.kind == FINDING:
        state = host.sight.state_without({"id": thing.name, "promise": thing.promise, "subject": thing.subject})
        if state != identity.RESOLVED:
            return None
        return identity.RESOLVED if not host.standard or standards.promises(host.standard, thing.promise) else NOT_PROMISED
    if thing.kind == FACT:
        section = thing.name.partition(".")[0]
        looked = host.sight.sections is None or section in host.sight.sections
        silent = any(fact == thing.name or fact.startswith(f"{thing.name}.") for fact in host.sight.silent)
        return GONE if looked and not silent else None
    return GONE if thing.kind == LABEL else None
