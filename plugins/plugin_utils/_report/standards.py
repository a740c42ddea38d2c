# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The standards that hosts are held to, each distinct one once with its hosts; and the mistakes in them, each once with its hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import yaml

from .._fleet.bounded import counted, one_line, visible
from .._fleet.standards import flat
from .._standard.in_force import STANDARD, Effective
from .line import Line

_NAMES = 6
_MISTAKES = 10


class Held(NamedTuple):
    """What one host is held to, or the mistake in its variables."""

    name: str
    effective: Effective
    mistake: str


def _names(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - _NAMES} more" if len(hosts) > _NAMES else ""
    return ", ".join(hosts[:_NAMES]) + more


def together(mistakes: Iterable[tuple[str, str]]) -> str:
    """One message for all hosts: each mistake once, with the hosts that have it; '' where there is none."""
    groups: dict[str, list[str]] = {}
    for host, mistake in mistakes:
        groups.setdefault(mistake, []).append(host)
    parts = [f"{_names(hosts)}: {mistake}" for mistake, hosts in sorted(groups.items(), key=lambda item: -len(item[1]))]
    more = f"; and {counted(len(parts) - _MISTAKES, 'more mistake')}" if len(parts) > _MISTAKES else ""
    return "; ".join(parts[:_MISTAKES]) + more


def standard_lines(held: Sequence[Held]) -> Iterator[Line]:
    """The standard of most hosts in whole, of the others what is different, then the waivers."""
    groups: dict[str | None, list[Held]] = {}
    for host in held:
        groups.setdefault(host.effective.sha256, []).append(host)
    ranked = sorted(groups.items(), key=lambda item: (item[0] is None, -len(item[1])))
    first: dict[str, object] = {}
    for number, (sha, same) in enumerate(ranked):
        yield Line(visible(f"{counted(len(same), 'host')} ({_names([host.name for host in same])}): {_title(sha, same[0].effective)}"), "bright blue")
        if sha is None:
            continue
        own = dict(flat(same[0].effective.standard))
        if number == 0:
            first = own
            yield from _whole(same[0].effective)
        else:
            yield from _differences(first, own, same[0].effective)
        yield Line("")
    yield from _waivers(held)


def _title(sha: str | None, effective: Effective) -> str:
    if sha is None:
        return f"no {STANDARD} is declared"
    name = (effective.standard or {}).get("name", "without a name")
    variant = " with overrides" if effective.base != sha else ""
    return f"{name}{variant} ({sha[:12]})"


def _whole(effective: Effective) -> Iterator[Line]:
    text = yaml.safe_dump({STANDARD: effective.standard}, sort_keys=False, default_flow_style=False, width=120, allow_unicode=False)
    yield from (Line(f"  {line}") for line in text.splitlines())
    for key, source in effective.provenance.items():
        if source != STANDARD and not source.startswith(f"{STANDARD}."):
            yield Line(visible(f"  {key} is from {source}"))


def _differences(first: dict[str, object], own: dict[str, object], effective: Effective) -> Iterator[Line]:
    """What another standard says otherwise than the first, and who says so."""
    for key in sorted(first.keys() | own.keys()):
        if first.get(key) != own.get(key):
            source = effective.provenance.get(key, "")
            told = one_line(own[key]) if key in own else "not promised"
            before = one_line(first[key]) if key in first else "nothing"
            yield Line(visible(f"  {key}: {told}, instead of {before}{f' ({source})' if source and source != STANDARD else ''}"))


def _waivers(held: Sequence[Held]) -> Iterator[Line]:
    groups: dict[str, list[str]] = {}
    for host in held:
        for waiver in host.effective.waivers:
            told = f"{waiver.finding}, owner {waiver.owner}, until {waiver.expires}: {waiver.reason} ({waiver.source})"
            groups.setdefault(told, []).append(host.name)
    if groups:
        yield Line("Waivers")
    for told, names in groups.items():
        yield Line(visible(f"  {told}  on {_names(names)}"))
