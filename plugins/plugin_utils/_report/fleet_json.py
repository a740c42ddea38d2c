# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.json: the merged report for programs (docs/schemas/fleet.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .._fleet.fleet import SCHEMA, Fleet, Host


def fleet_json(fleet: Fleet) -> Iterator[str]:
    """The report as JSON text, a host at a time; ASCII, so that no reader can stumble over what a host put into it."""
    head = {
        "schema": SCHEMA,
        "generated_at": fleet.generated_at,
        "standards": fleet.standards,
        "summary": fleet.summary,
        "problems": [{"id": problem.id, "message": problem.message, "hosts": list(problem.hosts)} for problem in fleet.problems],
        "distribution": fleet.distribution,
    }
    yield json.dumps(head, indent=1)[:-2] + ',\n "hosts": {'
    for number, host in enumerate(fleet.hosts):
        yield ("," if number else "") + f"\n  {json.dumps(host.name)}: {json.dumps(_entry(host), separators=(',', ':'))}"
    yield "\n }\n}\n"


def _entry(host: Host) -> dict[str, Any]:
    return {
        "verdict": host.verdict,
        "reasons": list(host.reasons),
        "standard": host.standard,
        "scanned_at": host.scanned_at or None,
        "error": host.error,
        "facts": {key: list(values) for key, values in host.facts.items()},
        "findings": list(host.findings),
        "waived": list(host.waived),
    }
