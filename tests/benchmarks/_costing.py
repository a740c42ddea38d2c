# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -I -S _costing.py FILE COMMAND...``: run the command, and write its seconds by the clock, of processor, and its peak of memory in bytes.

A process's peak begins with that of the one that it was forked from: this one is small, so that the peak is the command's own.
"""

import os
import sys
import time

begun = time.monotonic()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
wall = time.monotonic() - begun
with open(sys.argv[1], "w", encoding="ascii") as report:  # noqa: PTH123 pathlib would make this process larger
    report.write(f"{wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss * 1024}")
sys.exit(os.waitstatus_to_exitcode(status) % 256)
