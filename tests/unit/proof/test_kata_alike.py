# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scan and proof on the same hosts with every kind of Kata's sandboxes, handlers and keys: both say what is true, each by its own ways."""

from __future__ import annotations

import pytest
from kata_kinds import SANDBOXES, Kind


@pytest.mark.parametrize("kind", SANDBOXES.values(), ids=list(SANDBOXES))
def test_the_scan_judges_every_sandbox(kind: Kind) -> None:
    rows = kind.build().kata().facts["sandboxes"]
    assert len(rows) == (0 if kind.stale == "none" else 1), rows
    for row in rows:
        assert (row["stale"], {reason.partition(":")[0] for reason in row["reasons"]}) == (kind.stale, kind.parts), row
        assert row["guest_kernel"] == kind.kernel
