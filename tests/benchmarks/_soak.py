# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of hourly reports of a fleet of which half is well, without the hours between them.

``python tests/benchmarks/_soak.py [HOURS] [HOSTS]`` prints a row an hour and exits 1 where anything is left over or grows: of the hosts 30 % cannot
be reached, 10 % hang and 10 % speak garbage, and each must be named every hour. Their ssh is a stand-in; the hosts that are well are this machine.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]

from benchmarks._measuring import Cost, Goal, run  # noqa: E402

KEEP, PATIENCE = 3, 60
# Of ten hosts, by name: what the stand-in is for each.
KINDS = ("good", "gone", "good", "gone", "good", "gone", "good", "hanging", "good", "forged")
VERDICTS = {"good": {"drifted", "compliant"}, "gone": {"unreachable"}, "hanging": {"unknown", "unreachable"}, "forged": {"unknown", "unreachable"}}


def names(hosts: int) -> list[str]:
    """The fleet: each host is named by its kind."""
    return [f"{KINDS[number % len(KINDS)]}{number}" for number in range(hosts)]


def prepare(place: Path, hosts: int) -> dict[str, str]:
    """The stand-in and the inventory; the environment of the runs."""
    stand_in = place / "bin/ssh"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\nexec {sys.executable} -IB {TESTS}/system/stand_ins/hostile_ssh.py "$@"\n', encoding="ascii")
    stand_in.chmod(0o755)
    variables = {"ansible_connection": "ssh", "ansible_python_interpreter": sys.executable, "firebreak_scan_seconds": PATIENCE,
                 "firebreak_standard": {"os": {"id": "debian"}}, "firebreak_sections": ["os", "kernel"], "firebreak_reports_keep": KEEP,
                 "ansible_control_path": str(place / "c/{{ inventory_hostname }}")}
    (place / "hosts.json").write_text(json.dumps({"all": {"vars": variables, "hosts": {name: {} for name in names(hosts)}}}), encoding="ascii")
    path = os.pathsep.join([str(stand_in.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "ANSIBLE_CONFIG": str(TESTS.parent / "ansible.cfg"), "ANSIBLE_HOME": str(place / "home"), "LC_ALL": "C.UTF-8"}


def lives_on(place: Path) -> list[int]:
    """Processes that still know of the fleet's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(place).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def size(place: Path) -> float:
    """Bytes of all reports and of the history."""
    return float(sum(path.stat().st_size for path in place.rglob("*") if path.is_file() and not path.is_symlink()))


def an_hour(place: Path, environment: dict[str, str], hosts: int) -> Cost:
    """One report, in which every host must have the end of its kind."""
    cost = run(["sh", "-c", '"$@" || [ $? -le 2 ]', "sh", "ansible-playbook", "-i", "hosts.json", "--forks", "40",
                str(TESTS.parent / "playbooks/report_drift.yml")], place, environment)
    fleet = json.loads((place / "reports/latest/fleet.json").read_text(encoding="utf-8"))["hosts"]
    wrong = {name: fleet.get(name, {}).get("verdict") for name in names(hosts)
             if fleet.get(name, {}).get("verdict") not in VERDICTS[name.rstrip("0123456789")]}
    if wrong:
        raise RuntimeError(f"{wrong}: {(place / 'output').read_text(errors='replace')[-3000:]}")
    return cost


def main() -> int:
    """The hours; the exit status."""
    hours, hosts = map(int, [*sys.argv[1:], *("24", "200")[len(sys.argv) - 1:]])
    with tempfile.TemporaryDirectory(prefix="firebreak_soak_") as folder:
        place = Path(folder)
        environment = prepare(place, hosts)
        costs, sizes, left = [], [], 0
        for hour in range(hours):
            costs.append(an_hour(place, environment, hosts))
            sizes.append(size(place))
            left += len(lives_on(place))
            print(f"hour {hour:2}: {costs[-1].wall:6.1f} s, {costs[-1].cpu:6.1f} CPU-s, {costs[-1].peak / 1e6:5.0f} MB at its peak, "
                  f"{sizes[-1] / 1e6:6.2f} MB on disk, {left} processes left", flush=True)
        early = min(KEEP, hours - 1)
        goals = [Goal("processes left over", left, 0), Goal("memory, last hour to an early one", costs[-1].peak / costs[early].peak, 1.0),
                 Goal("bytes on disk, last hour to an early one", sizes[-1] / sizes[early], 1.0),
                 Goal("reports kept", len([path for path in (place / "reports").iterdir() if path.name.startswith("2")]), KEEP)]
    for goal in goals:
        print(goal.line())
    return 1 if any(goal.is_missed for goal in goals) else 0


if __name__ == "__main__":
    sys.exit(main())
