# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line in slices, on machines: it ends in the report that the playbook makes of them."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from running_fleet import ROOT, Fleet, running
from same_reports import comparable


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The lab's drifted fleet."""
    with running(Fleet, "drifted", tmp_path_factory.mktemp("reports")) as fleet:
        yield fleet


def test_two_slices_of_the_lab_end_in_the_report_of_the_playbook(drifted: Fleet) -> None:
    whole = drifted.report("whole")
    cut = drifted.reports / "cut"
    argv = [sys.executable, "-m", "firebreak", "scan", "-i", str(ROOT / "inventories/lab"), "--slices", "2", "--report-dir", str(cut)]
    environment = {**drifted.environment, "PYTHONPATH": f"{ROOT / 'src'}:{drifted.environment['PYTHONPATH']}"}
    done = subprocess.run(argv, env=environment, cwd=drifted.reports, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=1200, check=False)
    assert done.returncode == 10, done.stdout + done.stderr
    assert whole.finding_ids("pending") and whole.finding_ids("standard") == []
    assert comparable(cut) == comparable(whole.folder)
