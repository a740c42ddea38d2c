# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to type next, after a report: at most a few lines, each a command that works as it stands."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...module_utils._host.secrets import without_secrets
from .._fleet.bounded import visible
from .._fleet.fleet import Fleet, is_drift
from .line import Line

_OWN = "report_drift"
_PLAYBOOKS = (_OWN, "enforce_platform", "report_records", "scan")
_COMMANDS = {_OWN: "drift", "enforce_platform": "enforce", "adopt_standard": "adopt"}


# How to log in and become another user, as ansible-playbook names it; the first five are options of the command firebreak, too.
_CONNECTION = {
    "remote_user": "--user", "private_key_file": "--private-key", "become": "--become", "become_password_file": "--become-password-file",
    "vault_password_files": "--vault-password-file", "connection": "--connection", "ask_pass": "--ask-pass", "become_ask_pass": "--ask-become-pass",
    "become_method": "--become-method", "become_user": "--become-user", "connection_password_file": "--connection-password-file",
    "ask_vault_pass": "--ask-vault-pass", "vault_ids": "--vault-id", "ssh_common_args": "--ssh-common-args", "ssh_extra_args": "--ssh-extra-args",
}
_OF_BOTH = tuple(_CONNECTION.values())[:5]
BECOME = "--become"


class Command(NamedTuple):
    """How the run was started: the program as it can be typed, the playbook, where the inventory is, and how hosts are logged in to."""

    program: str
    playbook: str
    inventories: tuple[str, ...]
    is_firebreak: bool = False
    connection: tuple[str, ...] = ()

    def line(self, playbook: str, *words: str) -> str:
        """A command line for a playbook that lies beside the one that runs, which logs in as this run did."""
        more = [*(word for word in words if word not in self.connection), *self.connection]
        if self.is_firebreak:
            return shlex.join([self.program, _COMMANDS[playbook], *inventory_words(self.inventories), *more])
        own = next((name for name in _PLAYBOOKS if name in self.playbook), None)
        sibling = self.playbook.replace(own, playbook) if own else f"firebreak.fleet.{playbook}"
        return shlex.join([*shlex.split(self.program), *inventory_words(self.inventories), sibling, *more])


def connection_words(given: Mapping[str, Any], usual: Mapping[str, Any], is_firebreak: bool = False) -> tuple[str, ...]:
    """What was typed of how to log in, as far as it is not what holds anyway (``usual``)."""
    words: list[str] = []
    for name, option in _CONNECTION.items():
        value = given.get(name)
        if not value or value == usual.get(name) or (is_firebreak and option not in _OF_BOTH):
            continue
        values = value if isinstance(value, (list, tuple)) else [value]
        words += [option] if value is True else [word for item in values for word in (option, without_secrets(str(item)))]
    return tuple(words)


def inventory_words(inventories: Sequence[str]) -> list[str]:
    """The inventories as they are typed."""
    return [word for path in inventories for word in ("-i", path)]


def started_by(argv0: str, playbook: str, inventories: Sequence[str], here: Path, search: str, connection: tuple[str, ...] = ()) -> Command:
    """The command that a person can type from ``here``: a program below it by its relative path, one on the search path by its name."""
    path = Path(argv0)
    folder = here / path.parent
    if path.name == argv0:
        program = argv0
    elif folder.is_relative_to(here) and not os.path.relpath(folder, here).startswith(".."):
        program = os.path.relpath(here / path, here)
    else:
        program = path.name if str(path.parent) in search.split(os.pathsep) else argv0
    return Command(program, playbook, tuple(_short(name, here) for name in inventories), connection=connection)


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
    # Who is root already need not become it, and may have no sudo.
    as_root = [] if scanned and all(host.as_root for host in scanned) else [BECOME]
    if any(host.as_root is False and host.lacks_root for host in scanned):
        yield "To see what only root may read, scan as root", command.line(_OWN, BECOME)
    if scanned and not fleet.has_standard:
        golden = ["--limit", scanned[0].name] if len(fleet.hosts) > 1 else []
        adopt = command.line("adopt_standard", *golden, *as_root)
        yield "To hold hosts to a platform, make a first standard of one that is as all should be", adopt
    silent = [host for host in fleet.hosts if host.verdict == "unreachable"]
    if silent and len(fleet.hosts) > 1:
        yield "To try the unreachable hosts again", command.line(_OWN, "--limit", f"@{directory}/limit/unreachable")
    if any(is_drift(finding) for host in fleet.hosts for finding in host.findings):
        yield "To see what would bring hosts to the standard, without changing them", command.line("enforce_platform", *as_root, "--check")
