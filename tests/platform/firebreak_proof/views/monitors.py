# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs virtual machines on a host: programs on disk and processes."""

from __future__ import annotations

from typing import NamedTuple

from ..promises import Wanted
from ..proof import Proof

# systemd's names (systemd-detect-virt) where the standard has others.
_NAMES = {"oracle": "virtualbox"}


class Program(NamedTuple):
    """A program on disk, and the package that brought it; both empty where none did."""

    kind: str
    path: str
    package: str
    version: str


class Process(NamedTuple):
    """A process; ``state`` says whether it runs the file that is on disk now (installed) or one that is not (replaced)."""

    kind: str
    pid: str
    program: str
    state: str
    machine: str


def programs(proof: Proof) -> list[Program]:
    """Every program for virtual machines in the folders of programs."""
    return [Program(*cells) for cells in proof.rows("programs") if len(cells) == 4]


def processes(proof: Proof) -> list[Process]:
    """Every process of such a program."""
    return [Process(*cells) for cells in proof.rows("monitors") if len(cells) == 5]


def is_promised(proof: Proof, wanted: Wanted, version: str) -> bool:
    """Whether a version is the promised one."""
    __tracebackhide__ = True
    return proof.compare(version, str(wanted.target)) >= 0 if wanted.form == "minimum" else version in wanted.accepted


def under(proof: Proof) -> str:
    """What the host runs under by systemd's word, in the standard's words."""
    said = proof.says("under").strip()
    return _NAMES.get(said, said)
