# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves a job by set_stats when its directory does not outlive it: the summary and the worst findings, of bounded size."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from .._fleet.bounded import clipped, one_line, visible
from .._fleet.fleet import Fleet, Host

BYTES_LIMIT = 64 * 1024
_TEXT_LIMIT = 120


def artifact(fleet: Fleet, limit: int = BYTES_LIMIT) -> dict[str, Any]:
    """Summary, problems, counts by finding and as many of the worst hosts as fit into ``limit`` bytes of JSON."""
    counts = Counter(finding["id"] for host in fleet.hosts for finding in host.findings)
    data: dict[str, Any] = {
        "schema": "firebreak.artifact/1",
        "generated_at": fleet.generated_at,
        "summary": dict(fleet.summary),
        "standards": list(fleet.standards)[:20],
        "problems": [f"{problem.id}: {_short(problem.message)}" for problem in fleet.problems[:20]],
        "findings": {_short(name): count for name, count in counts.most_common(50)},
        "worst": {},
        "hosts_left_out": 0,
    }
    room = limit - len(json.dumps(data)) - 64
    bad = [host for host in fleet.hosts if host.verdict != "compliant"]
    for number, host in enumerate(bad):
        entry = _entry(host)
        room -= len(json.dumps({_short(host.name): entry})) + 2
        if room < 0:
            data["hosts_left_out"] = len(bad) - number
            break
        data["worst"][_short(host.name)] = entry
    return data


def _entry(host: Host) -> dict[str, Any]:
    findings = [f"{item['id']} ({item['severity']}): expected {_short(one_line(item['expected']))}, observed {_short(one_line(item['observed']))}"
                for item in host.findings[:5]]
    return {"verdict": host.verdict, "reasons": [_short(reason) for reason in host.reasons[:3]], "findings": [visible(item) for item in findings]}


def _short(text: str) -> str:
    return visible(clipped(text, _TEXT_LIMIT))
