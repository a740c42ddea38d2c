# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the fleet, its standard or the report itself, and not with one host. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .bounded import clipped, counted, one_line, text_at
from .host import Host

NAMES_LIMIT = 50
# A waiver that ends within so many days is told, so that it can be renewed or its finding be mended.
SOON_DAYS = 14


class Problem(NamedTuple):
    """Something wrong with the fleet or the report itself, not with one host."""

    id: str
    message: str
    hosts: tuple[str, ...]


def problems(hosts: Sequence[Host], standards: Mapping[str, Any], generated_at: str, partial: bool) -> Iterator[Problem]:
    """All problems, those of the standard first."""
    yield from _standards(hosts, standards)
    yield from _strangers(hosts)
    if not partial:
        yield from _unmatched_blocks(hosts, standards)
        yield from _unused_waivers(hosts, generated_at[:10])
    yield from _ending_waivers(hosts, generated_at[:10])
    yield from _without_root(hosts)
    yield from _duplicates(hosts)


def _standards(hosts: Sequence[Host], standards: Mapping[str, Any]) -> Iterator[Problem]:
    by_base: defaultdict[str | None, list[Host]] = defaultdict(list)
    for host in hosts:
        if host.scanned or host.standard:
            by_base[host.base].append(host)
    bare = by_base.pop(None, [])
    if len(by_base) > 1:
        parts = [f"{_standard_name(standards, same[0].standard)} on {len(same)}" for same in sorted(by_base.values(), key=len, reverse=True)]
        yield Problem("standard.several", f"{len(by_base)} standards are in use: {', '.join(parts)}. One platform has one; where hosts must differ, "
                      "declare overrides with a reason.", ())
    if bare:
        subject = "No host is" if not by_base else f"{counted(len(bare), 'host')} {'is' if len(bare) == 1 else 'are'} not"
        yield Problem("standard.none", f"{subject} held against a standard: declare firebreak_standard, or adopt one from a golden host.",
                      _names(bare) if by_base else ())


def _names(hosts: Iterable[Host]) -> tuple[str, ...]:
    return tuple(sorted(host.name for host in hosts)[:NAMES_LIMIT])


def _standard_name(standards: Mapping[str, Any], sha: str | None) -> str:
    return text_at(standards.get(sha or ""), "name") or str(sha)[:12]


def _strangers(hosts: Sequence[Host]) -> Iterator[Problem]:
    """Variables that begin as ours do and are none: a misspelt override changes nothing, in silence."""
    by_name: defaultdict[tuple[str, str], list[Host]] = defaultdict(list)
    for host in hosts:
        for pair in host.strangers.items():
            by_name[pair].append(host)
    for (name, guess), same in sorted(by_name.items()):
        meant = f"; did you mean {guess}?" if guess else "."
        yield Problem("variable.unknown", f"{name} is no variable of Firebreak's and changes nothing{meant}", _names(same))


def _unmatched_blocks(hosts: Sequence[Host], standards: Mapping[str, Any]) -> Iterator[Problem]:
    """Platform blocks, and overrides with a match, that are for none of the hosts held to them. A host of which nothing is known may be one."""
    by_standard: defaultdict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        if host.standard:
            by_standard[host.standard].append(host)
    matched: dict[str, bool] = {}
    for sha, same in by_standard.items():
        for block in _blocks(standards.get(sha)):
            name = json.dumps(block, sort_keys=True)
            matched[name] = matched.get(name, False) or any(_may_match(block["match"], host.platform) for host in same)
    for name, found in sorted(matched.items()):
        if not found:
            block = json.loads(name)
            keys = ", ".join(key for key in block if key != "match")
            yield Problem("standard.unmatched", f"the block for {one_line(block['match'])} (which sets {clipped(keys, 100)}) matches no host.", ())


def _blocks(standard: Any) -> Iterator[Mapping[str, Any]]:
    blocks = standard.get("platforms") if isinstance(standard, Mapping) else None
    yield from (block for block in blocks or [] if isinstance(block, Mapping) and isinstance(block.get("match"), Mapping))


def _may_match(match: Mapping[str, Any], platform: Mapping[str, str]) -> bool:
    for fact, patterns in match.items():
        value = platform.get(str(fact), "")
        if value and not any(fnmatchcase(value, str(pattern)) for pattern in (patterns if isinstance(patterns, list) else [patterns])):
            return False
    return True


def _declared(hosts: Sequence[Host]) -> dict[str, list[Host]]:
    """The hosts of each declared waiver, by its JSON."""
    found: defaultdict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        for waiver in host.waivers:
            found[json.dumps(waiver, sort_keys=True)].append(host)
    return found


def _unused_waivers(hosts: Sequence[Host], today: str) -> Iterator[Problem]:
    """Waivers in force that cover nothing on any of their hosts, all of which were judged."""
    for name, same in sorted(_declared(hosts).items()):
        waiver = json.loads(name)
        used = any(finding.get("waiver") == waiver for host in same for finding in host.waived)
        if not used and text_at(waiver, "expires") >= today and all(host.scanned for host in same):
            yield Problem("waiver.unused", f"the waiver {_waiver(waiver)} covers nothing on any of its {counted(len(same), 'host')}.", _names(same))


def _ending_waivers(hosts: Sequence[Host], today: str) -> Iterator[Problem]:
    for name, same in sorted(_declared(hosts).items()):
        waiver = json.loads(name)
        try:
            left = (date.fromisoformat(text_at(waiver, "expires")) - date.fromisoformat(today)).days
        except ValueError:
            continue
        covered = [host for host in same if any(finding.get("waiver") == waiver for finding in host.waived)]
        if 0 <= left <= SOON_DAYS and covered:
            yield Problem("waiver.ends_soon", f"the waiver {_waiver(waiver)} ends in {counted(left, 'day')}.", _names(covered))


def _waiver(waiver: Mapping[str, Any]) -> str:
    return f"of {text_at(waiver, 'finding')} by {text_at(waiver, 'owner')} until {text_at(waiver, 'expires')} ({text_at(waiver, 'source')})"


def _without_root(hosts: Sequence[Host]) -> Iterator[Problem]:
    """Hosts that were scanned by a user who may not read all: what is missing has that reason and no other."""
    poor = [host for host in hosts if host.as_root is False and host.lacks_root]
    if poor:
        most = max(host.lacks_root for host in poor)
        yield Problem("scan.without_root", f"{counted(len(poor), 'host')} scanned without root: up to {counted(most, 'fact')} missing on each. "
                      "Run it with --become (docs/rights.md says what that reads).", _names(poor))


def _duplicates(hosts: Sequence[Host]) -> Iterator[Problem]:
    """Names that share a machine-id: with one boot they are one machine, else clones that never got an id of their own."""
    machines: defaultdict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        if host.machine_id not in ("", "uninitialized"):
            machines[host.machine_id].append(host)
    for machine_id, same in sorted(machines.items()):
        if len(same) < 2:
            continue
        cause = _cause({host.boot_id for host in same})
        yield Problem("host.duplicate", f"{len(same)} names have one machine-id ({machine_id[:12]}…): {cause}.", _names(same))


def _cause(boots: set[str]) -> str:
    if "" in boots:
        return "one machine counted more than once, or clones that never got a machine-id of their own"
    return "one machine counted more than once" if len(boots) == 1 else "clones that never got a machine-id of their own"
