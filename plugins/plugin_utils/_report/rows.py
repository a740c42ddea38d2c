# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row for each finding of each host, as CSV for spreadsheets and as JSON lines for programs; and the hosts of each finding for ``--limit``.

A host without a finding has a row of its own, so that no host is missing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._fleet.bounded import one_line, text_at, visible
from .._fleet.fleet import VERDICTS, Finding, Fleet, Host, is_drift
from .._fleet.identity import fingerprint, state_of
from .._fleet.store import safe_name

COLUMNS = ("host", "verdict", "reasons", "state", "finding", "promise", "subject", "severity", "expected", "observed", "remedy", "disruption",
           "first_seen", "waived_by", "waived_until", "standard", "os", "kernel", "scanned_at", "fingerprint")
# Where a formula would begin to a spreadsheet, by its plain or full-width sign. What separates cells depends on who opens the file and where: with
# another separator than the comma, what stands behind one in a cell begins a cell of its own, and quotes in the middle of a cell hide nothing.
_FORMULA = re.compile(r"""((?:\A|[;,|\t])[\s"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def rows(fleet: Fleet) -> Iterator[dict[str, Any]]:
    """Every finding of every host, open ones before waived ones."""
    for host in fleet.hosts:
        own = _own(host, fleet)
        found = [*((finding, False) for finding in host.findings), *((finding, True) for finding in host.waived)]
        for finding, is_waived in found:
            yield own | _about(host, finding, is_waived)
        if not found:
            yield own


def _own(host: Host, fleet: Fleet) -> dict[str, Any]:
    return {
        "host": host.name, "verdict": host.verdict, "reasons": list(host.reasons) + ([host.error] if host.error else []),
        "standard": text_at(fleet.standards.get(host.standard or ""), "name") or host.standard, "os": ", ".join(host.facts.get("os.release", ())),
        "kernel": ", ".join(host.facts.get("kernel.running", ())), "scanned_at": host.scanned_at or None, "labels": dict(host.labels),
    }


def _about(host: Host, finding: Finding, is_waived: bool) -> dict[str, Any]:
    key = host.key(finding)
    waiver = finding.get("waiver")
    return {
        "state": state_of(finding, is_waived), "finding": key.id, "promise": key.promise, "subject": key.subject,
        **{name: finding[name] for name in ("severity", "expected", "observed", "remedy", "disruption")},
        "first_seen": host.first_seen.get(key.text), "waived_by": text_at(waiver, "owner") or None,
        "waived_until": text_at(waiver, "expires") or None, "fingerprint": fingerprint(host.name, key),
    }


def json_lines(fleet: Fleet) -> Iterator[str]:
    """findings.jsonl: an object on each line."""
    yield from (json.dumps(row, separators=(",", ":")) + "\n" for row in rows(fleet))


def csv_text(fleet: Fleet) -> Iterator[str]:
    """findings.csv: a head, then a line for each row, with a column for each label that any host has."""
    labels = sorted({name for host in fleet.hosts for name in host.labels})
    yield csv_line([*COLUMNS, *(csv_cell(f"label_{name}") for name in labels)])
    for row in rows(fleet):
        yield csv_line([*(csv_cell(row.get(name)) for name in COLUMNS), *(csv_cell(row["labels"].get(name)) for name in labels)])


def csv_line(cells: Sequence[str]) -> str:
    """One line of a CSV file."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def csv_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula, nor any part of it, whatever it takes for a separator."""
    if value is None or value == []:
        return ""
    return _FORMULA.sub(r"\1'", visible(one_line(value)))


def limit_files(fleet: Fleet) -> Mapping[str, list[str]]:
    """By file name the hosts of each verdict and of each broken promise, as ``--limit @file`` takes them."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for host in fleet.hosts:
        found[host.verdict][host.name] = None
        for finding in filter(is_drift, host.findings):
            found[safe_name(finding["id"])][host.name] = None
    named = {name: [line for line in hosts if visible(line) == line and not line.startswith("#")] for name, hosts in found.items()}
    return {name: hosts for name, hosts in sorted(named.items(), key=lambda item: (item[0] not in VERDICTS, item[0])) if hosts}
