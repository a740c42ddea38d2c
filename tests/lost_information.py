# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the two properties of lost information (docs/proof.md).

    .venv/bin/python tests/lost_information.py                # every question: some four minutes of one core
    .venv/bin/python tests/lost_information.py --jobs 2       # the same by two processes
    .venv/bin/python tests/lost_information.py --stride 100   # each hundredth of them, in seconds

Exits 1 where a broken promise became a kept one.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stride", type=int, default=1, help="lose each so many-th question only")
    parser.add_argument("--jobs", type=int, default=1, help="share the hosts and records out among so many processes")
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "collections")]
    import replay_hosts
    from losing_host import kept_by_losing
    from worse_records import RECORDS, kept_by_worse

    hosts = replay_hosts.hosts()
    # Those with the most to ask first, so that no process is left with one of them at the end.
    hosts.sort(key=lambda path: path.stat().st_size, reverse=True)
    with ProcessPoolExecutor(given.jobs) as pool:
        losing = [pool.submit(kept_by_losing, path, given.stride) for path in hosts]
        worsening = [pool.submit(kept_by_worse, name) for name in RECORDS]
        lost, worse = [one.result() for one in losing], [one.result() for one in worsening]
    print(f"{len(lost)} hosts, {sum(one.questions for one in lost)} questions, {sum(one.losses for one in lost)} losses, "
          f"{sum(one.broken for one in lost)} broken promises, {sum(len(one.kept) for one in lost)} made kept")
    print(f"{len(worse)} records, {sum(one.records for one in worse)} worse ones, {sum(one.broken for one in worse)} broken promises, "
          f"{sum(len(one.kept) for one in worse)} made kept")
    return 1 if any(one.kept for one in lost) or any(one.kept for one in worse) else 0


if __name__ == "__main__":
    sys.exit(main())
