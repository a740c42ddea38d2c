# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to type next, after a report: at most a few lines, each a command that works as it stands."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .._fleet.bounded import visible
from .._fleet.fleet import Fleet, is_drift
from .table import Line

_OWN = "report_drift"
_PLAYBOOKS = (_OWN, "enforce_platform", "report_records", "scan")
_COMMANDS = {_OWN: "drift", "enforce_platform": "enforce", "adopt_standard": "adopt"}


class Command(NamedTuple):
    """How the run was started: the program as it can be typed, the playbook, and where the inventory is."""

    program: str
    playbook: str
    inventories: tuple[str, ...]
    is_firebreak: bool = False

    def line(self, playbook: str, *words: str) -> str:
        """A command line for a playbook that lies beside the one that runs."""
        if self.is_firebreak:
            return shlex.join([self.program, _COMMANDS[playbook], *inventory_words(self.inventories), *words])
        own = next((name for name in _PLAYBOOKS if name in self.playbook), None)
        sibling = self.playbook.replace(own, playbook) if own else f"firebreak.fleet.{playbook}"
        return shlex.join([*shlex.split(self.program), *inventory_words(self.inventories), sibling, *words])


def inventory_words(inventories: Sequence[str]) -> list[str]:
    """The inventories as they are typed."""
    return [word for path in inventories for word in ("-i", path)]


def started_by(argv0: str, playbook: str, inventories: Sequence[str], here: Path, search: str) -> Command:
    """The command that a person can type from ``here``: a program below it by its relative path, one on the search path by its name."""
    path = Path(argv0)
    folder = here / path.parent
    if path.name == argv0:
        program = argv0
    elif folder.is_relative_to(here) and not os.path.relpath(folder, here).startswith(".."):
        program = os.path.relpath(here / path, here)
    else:
        program = path.name if str(path.parent) in search.split(os.pathsep) else argv0
    return Command(program, playbook, tuple(_short(name, here) for name in inventories))


def _short(path: str, here: Path) -> str:
    """A path relative to where the person is, where it lies below."""
    return os.path.relpath(path, here) if Path(path).is_absolute() and Path(path).is_relative_to(here) else path


def next_steps(fleet: Fleet, command: Command, directory: str) -> Iterator[Line]:
    """The lines, in the order in which they help."""
    steps = list(_steps(fleet, command, directory))
    if steps:
        yield Line("")
        yield Line("What to do next")
    for why, what in steps[:3]:
        yield Line(f"  {why}:")
        yield Line(visible(f"    {what}"), "bright blue")


def _steps(fleet: Fleet, command: Command, directory: str) -> Iterator[tuple[str, str]]:
    scanned = [host for host in fleet.hosts if host.scanned]
    if any(host.as_root is False and host.lacks_root for host in scanned):
        yield "To see what only root may read, scan as root", command.line(_OWN, "--become")
    if scanned and not fleet.has_standard:
        golden = ["--limit", scanned[0].name] if len(fleet.hosts) > 1 else []
        adopt = command.line("adopt_standard", *golden, "--become")
        yield "To hold hosts to a platform, make a first standard of one that is as all should be", adopt
    silent = [host for host in fleet.hosts if host.verdict == "unreachable"]
    if silent and len(fleet.hosts) > 1:
        yield "To try the unreachable hosts again", command.line(_OWN, "--limit", f"@{directory}/limit/unreachable")
    if any(is_drift(finding) for host in fleet.hosts for finding in host.findings):
        yield "To see what would bring hosts to the standard, without changing them", command.line("enforce_platform", "--become", "--check")
