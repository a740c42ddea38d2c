# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running lab and its drift reports, as the tests see them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from firebreak_lab import ssh, state

ROOT = Path(__file__).parents[2]


class Report(NamedTuple):
    """What one run of playbooks/report_drift.yml left."""

    folder: Path
    fleet: dict[str, Any]
    output: str

    def finding_ids(self, host: str) -> list[str]:
        """The ids of a host's findings, sorted."""
        return sorted(finding["id"] for finding in self.fleet["hosts"][host]["findings"])

    def document(self, host: str) -> dict[str, Any]:
        """The host's own document of the report."""
        document: dict[str, Any] = json.loads((self.folder / "records" / f"{host}.json").read_text())
        return document


def lab_command(*words: str) -> list[str]:
    """The lab's command line."""
    return [sys.executable, "-m", "firebreak_lab", *words]


def lab_environment(name: str) -> dict[str, str]:
    """The environment in which commands mean the lab of that name; it belongs to the run of tests that we are, or are a part of."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {state.OWNER_SETTING: str(os.getpid()), **os.environ, state.NAME_SETTING: name, "PYTHONPATH": str(ROOT / "tests/lab"), "PATH": path}


class Fleet:
    """A running lab, as a person at the command line has it."""

    def __init__(self, name: str, reports: Path) -> None:
        self.environment = lab_environment(name)
        self.lab = state.Lab(state.labs_folder() / name)
        self.reports = reports

    def run(self, *words: str) -> str:
        """A command of the lab; its own words stand in the test's output where it fails."""
        done = subprocess.run(lab_command(*words), env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, f"firebreak_lab {' '.join(words)} ended with {done.returncode}: {done.stdout}"
        return done.stdout

    def ask(self, host: str, command: str) -> str:
        """What a command on the host prints: our own look at it, past all of Firebreak."""
        said = ssh.answers(self.lab.folder, host, command, 120)
        assert said is not None, f"{host} does not answer by ssh"
        return said.strip()

    def start_report(self, name: str) -> "subprocess.Popen[str]":
        """Begin playbooks/report_drift.yml on the lab's inventory."""
        argv = ["ansible-playbook", "-i", "inventories/lab", "playbooks/report_drift.yml", "-e", f"firebreak_report_dir={self.reports / name}"]
        return subprocess.Popen(argv, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def report(self, name: str) -> Report:
        """Run it to its end."""
        return self.finish_report(name, self.start_report(name))

    def finish_report(self, name: str, process: "subprocess.Popen[str]") -> Report:
        """Wait for a begun run, and read what it wrote."""
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output
        folder = self.reports / name
        return Report(folder, json.loads((folder / "fleet.json").read_text()), output)


SomeFleet = TypeVar("SomeFleet", bound=Fleet)


@contextmanager
def running(kind: "type[SomeFleet]", name: str, reports: Path) -> Iterator[SomeFleet]:
    """The fleet of tests/lab/fleets/``name``.yml, in a lab of this process's own, for as long as it is needed."""
    fleet = kind(f"test-{os.getpid()}-{name}", reports)
    try:
        fleet.run("up", "--fleet", name)
        yield fleet
    finally:
        fleet.run("down")
