# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.json: the merged report for programs (docs/schemas/fleet.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .._fleet.fleet import SCHEMA, Finding, Fleet, Host


def fleet_json(fleet: Fleet) -> Iterator[str]:
    """The report as JSON text, a host at a time; ASCII, so that no reader can stumble over what a host put into it."""
    yield json.dumps(report_head(fleet), indent=1)[:-2] + ',\n "hosts": {'
    for number, (name, entry) in enumerate(entries(fleet)):
        yield ("," if number else "") + f"\n  {json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}"
    yield "\n }\n}\n"


def report_head(fleet: Fleet) -> dict[str, Any]:
    """All of the document but its hosts."""
    return {
        "schema": SCHEMA,
        "generated_at": fleet.generated_at,
        "partial": fleet.partial,
        "previous": fleet.previous,
        "standards": fleet.standards,
        "summary": fleet.summary,
        "problems": [{"id": problem.id, "message": problem.message, "hosts": list(problem.hosts)} for problem in fleet.problems],
        "distribution": fleet.distribution,
    }


def entries(fleet: Fleet) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the entry of each host."""
    yield from ((host.name, _entry(host)) for host in fleet.hosts)


def _entry(host: Host) -> dict[str, Any]:
    return {
        "verdict": host.verdict,
        "reasons": list(host.reasons),
        "standard": host.standard,
        "base": host.base,
        "scanned_at": host.scanned_at or None,
        "as_root": host.as_root,
        "error": host.error,
        "labels": dict(host.labels),
        "facts": {key: list(values) for key, values in host.facts.items()},
        "sections": list(host.sections),
        "cannot_say": dict(host.cannot_say),
        "findings": [dated(host, finding) for finding in host.findings],
        "waived": [dated(host, finding) for finding in host.waived],
        "remembered": list(host.remembered),
    }


def dated(host: Host, finding: Finding) -> dict[str, Any]:
    """A finding with the moment since when reports know it."""
    return {**finding, "first_seen": host.first_seen.get(host.key(finding).text)}
