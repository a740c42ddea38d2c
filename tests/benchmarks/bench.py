# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Firebreak costs, as ratios measured side by side in one run. Exits 1 where a goal is missed by more than a fifth.

``make bench`` runs all of it; ``make bench ARGS="--only report"`` or ``ARGS="--hosts 1 10 --repeats 7"`` a part.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import _answering, _boot_trust, _guards, _history, _packing, _proving, _reporting, _scanning
from benchmarks._measuring import Goal
from benchmarks._own_sshd import own_sshd


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["scan", "guards", "report", "proof", "payload", "answers", "history", "boot"], help="measure only this")
    parser.add_argument("--before", type=Path, help="another checkout to hold the payload against (git worktree add)")
    parser.add_argument("--connections", nargs="+", choices=["local", "ssh"], default=["local", "ssh"])
    parser.add_argument("--hosts", nargs="+", type=int, default=[1, 10, 50], help="numbers of hosts to scan")
    parser.add_argument("--answer-at-once", action="store_true", help="stand in for the hosts' half of a scan, and judge the controller's CPU alone")
    parser.add_argument("--records", nargs="+", type=int, default=[1000, 10000], help="numbers of records to report, smallest first")
    parser.add_argument("--repeats", type=int, default=7, help="counted runs of each case")
    return parser.parse_args()


def _scans(arguments: argparse.Namespace, directory: Path) -> Iterator[str | Goal]:
    for connection in arguments.connections:
        place = directory / connection
        place.mkdir()
        answer = _packing.answer(place) if arguments.answer_at_once else None
        with own_sshd(place) if connection == "ssh" else nullcontext() as server:
            for hosts in arguments.hosts:
                yield from _scanning.compare(_scanning.Fleet(connection, hosts, answer), place, server, arguments.repeats)
            if answer:
                _scanning.hang_up(place)
                continue
            for name, seconds in _scanning.sections(place, server).items():
                yield f"{connection:5} section {name:16} {seconds * 1000:7.1f} ms on the host"
            _scanning.hang_up(place)


def _all(arguments: argparse.Namespace, directory: Path) -> Iterator[str | Goal]:
    if arguments.only in (None, "scan"):
        yield from _scans(arguments, directory)
    if arguments.only in (None, "guards"):
        place = directory / "guards"
        place.mkdir()
        with own_sshd(place, _guards.DEFAULT_GUARD) as server:
            yield from _guards.compare(_guards.NAMES, place, server, _scanning.environment())
    if arguments.only in (None, "proof"):
        place = directory / "proof"
        place.mkdir()
        with own_sshd(place) as server:
            for hosts in arguments.hosts:
                yield from _proving.compare(hosts, place, server, arguments.repeats, _scanning.environment())
    if arguments.before and arguments.only in (None, "payload"):
        yield from _packing.compare(arguments.before, directory, arguments.repeats)
    if arguments.only in (None, "report"):
        yield from _reporting.compare(arguments.records, directory, arguments.repeats, _scanning.environment())
    if arguments.only in (None, "answers"):
        yield from _answering.compare(arguments.records[-1], directory, _scanning.environment())
    if arguments.only in (None, "history"):
        yield from _history.compare(directory, arguments.repeats)
    if arguments.only in (None, "boot"):
        yield from _boot_trust.compare(directory, arguments.repeats)


def show(results: Iterable[str | Goal]) -> list[Goal]:
    """Print each line as it is measured; the goals, for the end."""
    goals = []
    for result in results:
        if isinstance(result, Goal):
            goals.append(result)
        else:
            print(result, flush=True)
    return goals


def main() -> int:
    """Measure and judge; the exit status."""
    arguments = _arguments()
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}, Python {platform.python_version()}, "
          f"medians of {arguments.repeats}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="firebreak_bench_") as directory:
        goals = show(_all(arguments, Path(directory)))
    print()
    for goal in goals:
        print(goal.line())
    return 1 if any(goal.is_missed for goal in goals) else 0


if __name__ == "__main__":
    sys.exit(main())
