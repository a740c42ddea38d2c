# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet.prom: OpenMetrics text that node_exporter's textfile collector reads as well. Gauges only, no time stamps.

Each count of findings tells their state, so that an alert on what is open never fires for what the standard says nothing of, nor for what
somebody answers for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timezone

from .._fleet.bounded import text_at
from .._fleet.fleet import VERDICTS, Finding, Fleet, Host
from .._fleet.identity import OPEN, WAIVED, state_of
from .metrics import Samples, family


def openmetrics(fleet: Fleet) -> Iterator[str]:
    """The report as metric families."""
    yield from family("firebreak_report_timestamp_seconds", "When the report was made.", [({}, _moment(fleet.generated_at) or 0.0)])
    yield from family("firebreak_report_partial", "1 where the report is of a part of the fleet only.", [({}, int(fleet.partial))])
    yield from family("firebreak_hosts", "Hosts by verdict.", [({"verdict": name}, fleet.summary[name]) for name in VERDICTS])
    yield from family("firebreak_standards", "Standards in use; a fleet has one, with its declared overrides.", [({}, _standards(fleet))])
    yield from family("firebreak_problems", "Problems of the fleet as a whole.",
                      [({"problem": name}, count) for name, count in sorted(Counter(problem.id for problem in fleet.problems).items())])
    counts = Counter((finding["id"], finding["severity"], state) for host in fleet.hosts for finding, state in _states(host))
    yield from family("firebreak_findings", "Findings over all hosts: open ones break a promise, of observed ones the standard says nothing.",
                      (({"finding": name, "severity": severity, "state": state}, count)
                       for (name, severity, state), count in sorted(counts.items())))
    yield from family("firebreak_finding_oldest_timestamp_seconds", "Since when reports know the oldest open finding of an id.", _oldest(fleet))
    yield from family("firebreak_waiver_expiry_timestamp_seconds", "The end of the last day of each waiver that covers something.", _waivers(fleet))
    yield from family("firebreak_fact_hosts", "Hosts by what a fact is on them; of each fact the most frequent values.",
                      (({"fact": fact, "value": row["value"]}, row["hosts"])
                       for fact, spread in fleet.distribution.items() for row in spread["values"]))
    yield from family("firebreak_label_hosts", "Hosts by each label of the inventory and by verdict.", _labels(fleet))
    yield from family("firebreak_host_verdict", "1 for the verdict that the host has.",
                      (({"host": host.name, "verdict": host.verdict}, 1) for host in fleet.hosts))
    yield from family("firebreak_host_info", "1 for each host, with what it runs and the labels of its inventory.", _info(fleet))
    yield from family("firebreak_host_scan_timestamp_seconds", "When the host was last scanned.", _scans(fleet))
    yield from family("firebreak_host_findings", "Findings of the host by severity and state, those it has.", _host_findings(fleet))
    yield "# EOF\n"


def _moment(text: str | None) -> float | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None


def _standards(fleet: Fleet) -> int:
    return len({host.base for host in fleet.hosts if host.base})


def _states(host: Host) -> Iterator[tuple[Finding, str]]:
    yield from ((finding, state_of(finding)) for finding in host.findings)
    yield from ((finding, WAIVED) for finding in host.waived)


def _oldest(fleet: Fleet) -> Samples:
    since: dict[tuple[str, str], float] = {}
    for host in fleet.hosts:
        for finding, state in _states(host):
            moment = _moment(host.first_seen.get(host.key(finding).text))
            name = finding["id"], finding["severity"]
            if state == OPEN and moment is not None:
                since[name] = min(moment, since.get(name, moment))
    yield from (({"finding": name, "severity": severity}, moment) for (name, severity), moment in sorted(since.items()))


def _waivers(fleet: Fleet) -> Samples:
    ends: dict[tuple[str, str, str], float] = {}
    for host in fleet.hosts:
        for finding in host.waived:
            waiver = finding.get("waiver")
            try:
                last = date.fromisoformat(text_at(waiver, "expires"))
            except ValueError:
                continue
            end = datetime.combine(last, time(23, 59, 59), timezone.utc).timestamp()
            ends[text_at(waiver, "finding"), text_at(waiver, "owner"), text_at(waiver, "source")] = end
    yield from (({"finding": finding, "owner": owner, "source": source}, end) for (finding, owner, source), end in sorted(ends.items()))


def _labels(fleet: Fleet) -> Samples:
    counts = Counter((name, value, host.verdict) for host in fleet.hosts for name, value in host.labels.items())
    yield from (({"label": name, "value": value, "verdict": verdict}, count) for (name, value, verdict), count in sorted(counts.items()))


def _info(fleet: Fleet) -> Samples:
    for host in fleet.hosts:
        standard = fleet.standards.get(host.standard or "")
        told = {"host": host.name, "kernel": _fact(host, "kernel.running"), "os": _fact(host, "os.release"),
                "standard": text_at(standard, "name") or (host.standard or "")[:12]}
        yield told | {f"label_{name}": value for name, value in host.labels.items()}, 1


def _fact(host: Host, key: str) -> str:
    return ", ".join(host.facts.get(key, ()))


def _scans(fleet: Fleet) -> Samples:
    for host in fleet.hosts:
        moment = _moment(host.scanned_at)
        if host.scanned and moment is not None:
            yield {"host": host.name}, moment


def _host_findings(fleet: Fleet) -> Samples:
    for host in fleet.hosts:
        counts = Counter((finding["severity"], state) for finding, state in _states(host))
        yield from (({"host": host.name, "severity": severity, "state": state}, count) for (severity, state), count in sorted(counts.items()))
