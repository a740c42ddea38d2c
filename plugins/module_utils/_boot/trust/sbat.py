# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which level of SBAT holds once the shim on the EFI system partition has run, and what it says of a program. Pure."""

from typing import List, NamedTuple, Optional, Tuple

from ..._formats import sbat
from ..._formats.sbat import Level
from .components import Component
from .rules import Judgement
from .variables import State

_SECTION_BYTES = 65536


class Next(NamedTuple):
    """The level; ``problem`` says why shim does not get so far."""

    level: Optional[Level]
    problem: str


def after(state: State, loader: Component, more: Tuple[Component, ...] = ()) -> Next:
    """The level once shim has run in secure mode; ``more`` are files of revocations that it takes. The later date wins, and the present at a tie.

    A shim that has no generations itself (before 15.3) knows of no level.
    """
    if not loader.rows:
        return Next(None, "")
    level = state.level
    for pair in [loader.carried.levels] + [_of_file(each) for each in more]:
        candidate = pair[1 if state.latest else 0] if pair is not None else None
        if candidate is None or (level is not None and level.date >= candidate.date):
            continue
        revoking = sbat.below(loader.rows, candidate)
        if revoking:
            return Next(level, "the level that it brings would revoke shim itself (%s)" % revoking)
        level = candidate
    return Next(level, "")


def _of_file(component: Component) -> Optional[Tuple[Level, Level]]:
    automatic, latest = (component.section(name, _SECTION_BYTES) for name in (".sbata", ".sbatl"))
    return (sbat.parse_level(automatic), sbat.parse_level(latest)) if automatic and latest else None


def judge(component: Component, level: Optional[Level], required: bool) -> Judgement:
    """Shim's rule on generations. ``required``: what shim itself starts must have rows; what comes through its protocol need not."""
    if not component.rows:
        return Judgement(not required, "no .sbat", "sbat" if required else "")
    why = sbat.below(component.rows, level) if level is not None else None
    return Judgement(False, "SBAT: %s" % why, "sbat") if why else Judgement(True, "SBAT %s" % _rows(component))


def _rows(component: Component) -> str:
    found: List[str] = ["%s,%d" % (row.component, row.generation) for row in component.rows if row.component != "sbat"]
    return " ".join(found)
