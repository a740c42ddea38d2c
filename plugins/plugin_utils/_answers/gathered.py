# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge where what answers need is gathered from a report's records and standards, as kept.py keeps it."""

from __future__ import annotations

from pathlib import Path

from .._fleet import records
from . import mitigated
from .alike import Fact
from .of_record import fact_of


def gathered(directory: Path) -> list[Fact]:
    """What answers need of every record of a report."""
    standards = {name: mitigated.of_standard(one) for name, one in records.standards([directory]).items()}
    return [fact_of(loaded, standards) for loaded in records.documents([directory], [])]
