# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed between two reports, from their fleet.json documents. Pure; tolerates wrong types as all readers of reports do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._fleet.bounded import one_line, visible
from .._fleet.fleet import SCHEMA
from .table import Line

_EXAMPLES = 5

Hosts = Mapping[str, Mapping[str, Any]]


class Change(NamedTuple):
    """One change of one host: ``what`` is a fact, a finding or 'verdict'; before or after is None where it did not exist."""

    host: str
    what: str
    before: str | None
    after: str | None


class Comparison(NamedTuple):
    """The changes between two reports, each list sorted by host."""

    before: str
    after: str
    appeared: list[str]
    gone: list[str]
    verdicts: list[Change]
    new_findings: list[Change]
    resolved: list[Change]
    facts: list[Change]

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain values for a task's result or a file."""
        lists = {name: [change._asdict() for change in getattr(self, name)] for name in ("verdicts", "new_findings", "resolved", "facts")}
        return {"schema": "firebreak.comparison/1", "before": self.before, "after": self.after, "appeared": self.appeared, "gone": self.gone, **lists}


def hosts_of(report: Any, path: str) -> Hosts:
    """The hosts of a fleet.json; ValueError names ``path`` when it is no such document."""
    if not isinstance(report, Mapping) or report.get("schema") != SCHEMA or not isinstance(report.get("hosts"), Mapping):
        raise ValueError(f"{path} is not a fleet report of the schema {SCHEMA}")
    return {str(name): host for name, host in report["hosts"].items() if isinstance(host, Mapping)}


def compare(before: Mapping[str, Any], after: Mapping[str, Any], paths: tuple[str, str] = ("before", "after")) -> Comparison:
    """Compare two fleet.json documents; ``paths`` name them in errors."""
    old, new = hosts_of(before, paths[0]), hosts_of(after, paths[1])
    both = sorted(old.keys() & new.keys())
    return Comparison(
        before=one_line(before.get("generated_at")),
        after=one_line(after.get("generated_at")),
        appeared=sorted(new.keys() - old.keys()),
        gone=sorted(old.keys() - new.keys()),
        verdicts=[Change(name, "verdict", one_line(old[name].get("verdict")), one_line(new[name].get("verdict")))
                  for name in both if old[name].get("verdict") != new[name].get("verdict")],
        new_findings=[change for name in both for change in _added(name, old[name], new[name])],
        resolved=[Change(name, change.what, change.after, None)
                  for name in both if _judged(new[name]) for change in _added(name, new[name], old[name])],
        facts=[change for name in both if _judged(new[name]) and _judged(old[name]) for change in _facts(name, old[name], new[name])],
    )


def _judged(host: Mapping[str, Any]) -> bool:
    """Whether the host answered: a host that fell silent has resolved nothing."""
    return host.get("verdict") in ("compliant", "drifted")


def _findings(host: Mapping[str, Any]) -> dict[str, str]:
    values = host.get("findings")
    found = [item for item in values if isinstance(item, Mapping)] if isinstance(values, list) else []
    return {str(item.get("id")): one_line(item.get("observed")) for item in found}


def _added(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    known = _findings(old)
    for identifier, observed in sorted(_findings(new).items()):
        if identifier not in known:
            yield Change(name, identifier, None, observed)


def _facts(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = old.get("facts"), new.get("facts")
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield Change(name, str(key), one_line(before.get(key)), one_line(after.get(key)))


def comparison_lines(comparison: Comparison) -> Iterator[Line]:
    """The comparison for a terminal: equal changes are one line with their hosts."""
    yield Line(visible(f"From {comparison.before} to {comparison.after}"))
    for title, names, color in (("New hosts", comparison.appeared, None), ("Hosts gone", comparison.gone, "yellow")):
        if names:
            yield Line(f"  {title}: {_names(names)}", color)
    for title, changes, color in (("Verdicts", comparison.verdicts, None), ("New findings", comparison.new_findings, "yellow"),
                                  ("Resolved", comparison.resolved, "green"), ("Changed facts", comparison.facts, None)):
        if changes:
            yield Line(f"  {title} ({len(changes)})")
            yield from (Line(text, color) for text in _grouped(changes))
    if not any(comparison[2:]):
        yield Line("  Nothing changed.", "green")


def _grouped(changes: Sequence[Change]) -> Iterator[str]:
    groups: dict[tuple[str, str | None, str | None], list[str]] = {}
    for change in changes:
        groups.setdefault((change.what, change.before, change.after), []).append(change.host)
    ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
    for (what, before, after), names in ranked[:20]:
        values = " -> ".join(visible(text) for text in (before, after) if text is not None)
        yield f"    {visible(what)}: {values}  on {_names(names)}"
    if len(ranked) > 20:
        yield f"    ... and {len(ranked) - 20} more kinds of change"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _EXAMPLES} more" if len(names) > _EXAMPLES else ""
    return ", ".join(visible(name) for name in names[:_EXAMPLES]) + more
