# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluation and report of a synthetic fleet, each in a process of its own so that its peak of memory is its own.

``python tests/benchmarks/_reporting.py evaluate|report DIRECTORY`` is what is measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "collections")]

from benchmarks._measuring import Cost, Goal, interleaved, run  # noqa: E402

MEGABYTE = 1 << 20


def evaluate_all(directory: Path) -> None:
    """Judge every record of a run again, one at a time."""
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
    from synthetic_fleet import EFFECTIVE, SCANNED_AT

    for path in sorted((directory / "records").iterdir()):
        evaluate(json.loads(path.read_text())["record"], EFFECTIVE, SCANNED_AT)


def report_all(directory: Path) -> None:
    """Merge the records of a run and write every form of the report, as the task fleet_report does."""
    from ansible_collections.firebreak.fleet.plugins.action.fleet_report import write_reports
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import fleet as fleets
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import records

    fleet = fleets.merge(records.documents([directory], []), [], records.standards([directory]), "2026-11-20T06:00:00Z")
    write_reports(directory / "report", fleet)


def _case(what: str, fleet: Path, environment: dict[str, str]) -> Callable[[], Cost]:
    return lambda: run([sys.executable, __file__, what, str(fleet)], fleet.parent, environment)


def compare(hosts: list[int], directory: Path, repeats: int, environment: dict[str, str]) -> Iterator[str | Goal]:
    """The lines and goals of evaluation and report for fleets of these sizes, smallest first."""
    import synthetic_fleet

    costs: dict[str, Cost] = {}
    for count in hosts:
        run_directory = directory / f"fleet_{count}"
        synthetic_fleet.write(run_directory, count)
        cases = {f"{what} {count}": _case(what, run_directory, environment) for what in ("evaluate", "report")}
        costs |= interleaved(cases, repeats)
        for what in cases:
            yield f"{what:24} {costs[what].wall:7.2f} s  {costs[what].cpu:7.2f} CPU-s  {costs[what].peak / MEGABYTE:6.0f} MB at its peak"
    least, most = hosts[0], hosts[-1]
    yield Goal(f"{most} records to a full report, seconds", costs[f"report {most}"].wall, 20.0 * most / 10000)
    yield Goal(f"{most} records to a full report, MB at its peak", costs[f"report {most}"].peak / MEGABYTE, 500.0)
    if most > least:
        growth = costs[f"report {most}"].cpu / costs[f"report {least}"].cpu
        yield Goal(f"{most} records / {least} records, CPU per record", growth / (most / least), 1.0)


if __name__ == "__main__":
    {"evaluate": evaluate_all, "report": report_all}[sys.argv[1]](Path(sys.argv[2]))
