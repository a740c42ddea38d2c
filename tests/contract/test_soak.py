# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten hourly reports of 200 hosts in one process: nothing grows, and each record that is rubbish or missing is named.

What may leak in a controller that stays up is memory, open files, and folders; a playbook's process ends with its run. Hosts that hang or
cannot be reached end as documents of their own (tests/contract/test_platform_scan.py); here they are a part of each hour.
"""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import synthetic_fleet
from ansible_collections.firebreak.fleet.plugins.action.fleet_report import write_reports
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import fleet as fleets
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import records, store

HOSTS, HOURS, KEEP = 200, 10, 3
BEGUN = datetime(2026, 11, 20, tzinfo=UTC)


def spoil(folder: Path) -> tuple[set[str], set[str]]:
    """Make a tenth of the records rubbish, and take away another tenth, as hosts that hung until the run was stopped; the hosts of both."""
    paths = sorted((folder / "records").iterdir())
    rubbish, gone = paths[::10], paths[1::10]
    for number, path in enumerate(rubbish):
        path.write_bytes([b"", b"{", b"[]", bytes(range(256)), b"null"][number % 5])
    for path in gone:
        path.unlink()
    return {path.stem for path in rubbish}, {path.stem for path in gone}


def an_hour(reports: Path, source: Path, hour: int, names: list[str]) -> fleets.Fleet:
    """One run: its folder, its records, its report, the link to it; old ones go."""
    run = store.new_run(reports, BEGUN + timedelta(hours=hour))
    store.gather([source], run)
    fleet = fleets.merge(records.documents([run], names), names, records.standards([run]), f"2026-11-20T{hour % 24:02}:00:00Z")
    write_reports(run, fleet)
    store.publish(run)
    store.prune(reports, KEEP)
    return fleet


def test_ten_hours_leave_no_more_than_one(tmp_path: Path) -> None:
    source, reports = tmp_path / "source", tmp_path / "reports"
    synthetic_fleet.write(source, HOSTS)
    names = [path.stem for path in sorted((source / "records").iterdir())]
    rubbish, gone = spoil(source)
    an_hour(reports, source, 0, names)
    gc.collect()
    files, folder = len(list(Path("/proc/self/fd").iterdir())), None
    tracemalloc.start()
    try:
        for hour in range(1, HOURS):
            fleet = an_hour(reports, source, hour, names)
            if hour == 2:
                gc.collect()
                early, folder = tracemalloc.get_traced_memory()[0], _bytes(reports)
        gc.collect()
        late = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert late - early < 1_000_000
    assert len(list(Path("/proc/self/fd").iterdir())) == files
    assert sorted(path.name for path in reports.iterdir())[-1] == "latest" and len(list(reports.iterdir())) == KEEP + 1
    assert folder is not None and _bytes(reports) <= folder * 1.05
    reasons = {host.name: host.reasons for host in fleet.hosts}
    assert {name for name in names if reasons[name] == ("record_unreadable",)} == rubbish
    assert {name for name in names if reasons[name] == ("no_record",)} == gone


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
