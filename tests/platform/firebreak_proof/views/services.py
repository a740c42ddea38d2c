# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that run on files that are not there any more, and the state of units, from a host's own tools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..promises import BrokenPromiseError
from ..proof import Proof
from ..questions.services import CARRIERS, CARRYING, REBOOTED, SESSIONS

_IN_A_CONTAINER = re.compile(r"(?:docker|libpod|cri-containerd|crio|nerdctl)-[0-9a-f]{12,}|/docker/|/kubepods|/lxc[./]|systemd-nspawn@")

# By it the drift report calls some breaches otherwise. Only that name is taken from there, since waivers go by it; what is stale is not.
_DISRUPTIVE = Path(__file__).resolve().parents[4] / "plugins/plugin_utils/_judge/data/disruptive_units.yml"


class Stale(NamedTuple):
    """A process and one file of it that is not the one at its path any more."""

    pid: str
    program: str
    group: str
    path: str
    state: str
    where: str
    name: str = ""

    @property
    def unit(self) -> str:
        """The unit by the control group; below a user's manager the user's own unit, or the manager. '' outside of units."""
        inner = re.sub(r"^.*/user@[0-9]+\.service(?!/init\.scope$)", "", self.group) or self.group
        found = re.findall(r"[^/]+\.(?:service|scope|mount)(?=/|$)", inner)
        return "" if not found else str(found[-1] if inner != self.group else found[0])

    @property
    def kind(self) -> str:
        """How it is replaced: by a restart of its service, by systemd itself, a reboot, with a user's session, or with what it carries."""
        name = self.program.rpartition("/")[2]
        if self.pid == "1":
            return "manager" if name == "systemd" else "until_reboot"
        if re.fullmatch(CARRIERS, name) or re.search(CARRYING, self.group):
            return "carrier"
        if re.search(SESSIONS, self.group):
            return "session"
        if self.unit.endswith(".scope"):
            return "until_reboot" if self.unit == "init.scope" else "scope"
        return "until_reboot" if re.fullmatch(REBOOTED, self.unit) else "service"

    @property
    def is_containers(self) -> bool:
        """Whether it is the business of a container's image."""
        apart = self.where == "apart" and (bool(_IN_A_CONTAINER.search(self.group)) or not self.unit.endswith(".service"))
        return self.where == "container" or apart

    def __str__(self) -> str:
        own = self.name[:15] in ("", self.program.rpartition("/")[2][:15])
        return (f"{self.unit or 'no unit'} (process {self.pid}, {self.program}{'' if own else f' as {self.name}'}) on {self.path}, "
                f"which was {self.state} since it began")

    def is_excepted(self, exceptions: Sequence[Mapping[str, Any]], today: date) -> bool:
        """Whether the standard lets this file be stale."""
        owner = self.unit or self.program
        return any(today <= date.fromisoformat(str(one["expires"])) and fnmatchcase(owner, one.get("unit", "*")) and
                   fnmatchcase(self.path, one.get("path", "*")) for one in exceptions)


def _may_be(pid: str, said: str) -> tuple[str, ...]:
    """The kinds of a process of which not even the program is told."""
    if said != "any":
        return ()
    return ("manager", "until_reboot") if pid == "1" else ("service", "scope", "session", "carrier", "until_reboot")


def stale(proof: Proof, kind: str, today: date) -> list[Stale]:
    """The stale processes of a kind; BrokenPromiseError where one of them could not be looked at, or all of them not in time."""
    __tracebackhide__ = True
    rows = proof.rows("stale")
    for pid in (cells[1] for cells in rows if cells[0] == "unread" and len(cells) == 3 and kind in (cells[2], *_may_be(cells[1], cells[2]))):
        why = "has more to its processes than can be gone through" if pid == "-" else f"does not let root look into the memory of process {pid}"
        raise BrokenPromiseError(f"{proof.host} {why}, so nobody can tell")
    found = dict.fromkeys(Stale(*cells) for cells in rows if len(cells) in (6, 7))
    exceptions = proof.setting("services.stale_exceptions", [])
    return [one for one in found if one.kind == kind and not one.is_containers and not one.is_excepted(exceptions, today)]


@lru_cache(maxsize=1)
def _disruptive() -> tuple[str, ...]:
    return tuple(re.findall(r'^ +- "([^"]+)"$', _DISRUPTIVE.read_text(encoding="utf-8"), re.MULTILINE))


def cuts_off(unit: str) -> bool:
    """Whether the drift report calls it disruptive that this unit is stale."""
    return any(fnmatchcase(unit, pattern) for pattern in _disruptive())


def units(proof: Proof, state: str) -> set[str]:
    """The names of the units that are active, failed or masked."""
    return {cells[1] for cells in proof.rows("units") if len(cells) == 2 and cells[0] == state}


def own_name(proof: Proof, unit: str) -> str:
    """The name by which systemd lists a unit that may have several."""
    return next((cells[1] for cells in proof.rows("unit_names") if len(cells) == 2 and cells[0] == unit and cells[1]), unit)
