# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.prom: OpenMetrics text that node_exporter's textfile collector reads as well. Gauges only, no time stamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from .._fleet.bounded import visible
from .._fleet.fleet import SEVERITIES, VERDICTS, Fleet

Samples = Iterable[tuple[dict[str, str], float]]


def openmetrics(fleet: Fleet) -> Iterator[str]:
    """The report as metric families."""
    generated = datetime.strptime(fleet.generated_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    yield from _family("firebreak_report_timestamp_seconds", "When the report was made.", [({}, generated)])
    yield from _family("firebreak_hosts", "Hosts by verdict.", [({"verdict": name}, fleet.summary[name]) for name in VERDICTS])
    yield from _family("firebreak_standards", "Standards in use; a fleet has one.", [({}, len(fleet.standards))])
    yield from _family("firebreak_problems", "Problems of the fleet as a whole.",
                       [({"problem": name}, count) for name, count in sorted(Counter(problem.id for problem in fleet.problems).items())])
    counts = Counter((finding["id"], finding["severity"]) for host in fleet.hosts for finding in host.findings)
    yield from _family("firebreak_findings", "Findings over all hosts.",
                       [({"finding": name, "severity": severity}, count) for (name, severity), count in sorted(counts.items())])
    yield from _family("firebreak_fact_hosts", "Hosts by what a fact is on them; of each fact the most frequent values.",
                       (({"fact": fact, "value": row["value"]}, row["hosts"])
                        for fact, spread in fleet.distribution.items() for row in spread["values"]))
    yield from _family("firebreak_host_verdict", "1 for the verdict that the host has.",
                       (({"host": host.name, "verdict": host.verdict}, 1) for host in fleet.hosts))
    yield from _family("firebreak_host_findings", "Findings of the host by severity, those it has.", _host_findings(fleet))
    yield "# EOF\n"


def _host_findings(fleet: Fleet) -> Samples:
    for host in fleet.hosts:
        counts = Counter(finding["severity"] for finding in host.findings)
        yield from (({"host": host.name, "severity": name}, counts[name]) for name in SEVERITIES if counts[name])


def _family(name: str, meaning: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
    for labels, value in samples:
        text = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        yield f"{name}{{{text}}} {value}\n" if text else f"{name} {value}\n"


def _escaped(label: str) -> str:
    """A label value by the grammar's own escapes; control characters are made visible first, so a line stays a line."""
    return visible(label).replace("\\", "\\\\").replace('"', '\\"')
