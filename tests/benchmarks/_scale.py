# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What slices cost beyond the scan, for synthetic fleets: records packed into an artifact, unpacked, gathered and reported.

``python tests/benchmarks/_scale.py 1000 10000`` prints a row for each step and size: CPU seconds, memory at its peak, bytes. Each step is a
process of its own. ``profile 2000`` says instead where the time of each step goes, in shares that a busy machine does not change.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "collections")]

from benchmarks._measuring import run  # noqa: E402

SLICE = 500


def pack_slice(directory: Path) -> None:
    """Pack the records of one slice, as its last task does."""
    from ansible_collections.firebreak.fleet.plugins.action.leave_records import files
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.packed import pack

    (directory / "artifact.json").write_text(json.dumps(pack(files(directory))), encoding="utf-8")


def unpack_slice(directory: Path) -> None:
    """Unpack an artifact into a run, as the merge does."""
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import store
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.packed import unpack

    for file in unpack(json.loads((directory / "artifact.json").read_text(encoding="utf-8"))):
        store.write(store.private_directory(directory / "unpacked" / file.folder) / file.name, [file.text])


def merge_slices(directory: Path) -> None:
    """Gather all slices and write every form of the report."""
    from ansible_collections.firebreak.fleet.plugins.action.fleet_report import write_reports
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import fleet as fleets
    from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet import records, store

    runs = sorted((directory / "slices").iterdir())
    store.gather(runs, directory / "merged")
    fleet = fleets.merge(records.documents(runs, []), [], records.standards(runs), "2026-11-20T06:00:00Z")
    write_reports(directory / "merged", fleet)


def deal(directory: Path, count: int) -> None:
    """A fleet of so many hosts, in slices."""
    import synthetic_fleet

    whole = directory / "whole"
    synthetic_fleet.write(whole, count)
    paths = sorted((whole / "records").iterdir())
    number = max(1, count // SLICE)
    for index in range(number):
        own = directory / "slices" / str(index)
        (own / "records").mkdir(parents=True)
        (own / "standards").symlink_to(whole / "standards")
        for path in paths[index::number]:
            path.rename(own / "records" / path.name)


def profile(count: int) -> None:
    """The files and built-in functions that a step spends most of its time in."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        deal(directory, count)
        for step, place in places(directory):
            profiler = cProfile.Profile(time.process_time)
            profiler.runcall(STEPS[step], place)
            spent: Counter[str] = Counter()
            for (file, _line, name), (_calls, _all, own, _below, _callers) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
                spent[name if file == "~" else "/".join(Path(file).parts[-2:])] += own
            whole = sum(spent.values())
            print(f"{step:7}", ", ".join(f"{own / whole:.0%} {name}" for name, own in spent.most_common(6)), flush=True)


def places(directory: Path) -> tuple[tuple[str, Path], ...]:
    """Each step with the folder that it works on."""
    return ("pack", directory / "slices/0"), ("unpack", directory / "slices/0"), ("merge", directory)


def main() -> None:
    """The rows."""
    for count in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as folder:
            directory = Path(folder)
            deal(directory, count)
            for step, place in places(directory):
                cost = run([sys.executable, __file__, step, str(place)], directory, {"PATH": "/usr/bin:/bin"})
                print(f"{count:6} {step:7} {cost.cpu:7.2f} CPU-s {cost.peak / (1 << 20):6.0f} MB", end="", flush=True)
                sizes = {"pack": [directory / "slices/0/artifact.json"], "merge": list((directory / "merged").glob("fleet.*"))}
                print(f"  {sum(path.stat().st_size for path in sizes.get(step, [])):10} bytes", flush=True)


if __name__ == "__main__":
    STEPS = {"pack": pack_slice, "unpack": unpack_slice, "merge": merge_slices}
    if sys.argv[1] in STEPS:
        STEPS[sys.argv[1]](Path(sys.argv[2]))
    elif sys.argv[1] == "profile":
        profile(int(sys.argv[2]))
    else:
        main()
