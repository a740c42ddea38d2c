# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""zipl's choice on IBM Z, by the proof: the configurations that the scan is asked of too."""

from __future__ import annotations

import pytest
from firebreak_proof.views import zipl
from zipl_kinds import AUTOMATIC, KINDS, entry


@pytest.mark.parametrize("kind", KINDS)
def test_what_starts(kind: str) -> None:
    conf, entries, number, image = KINDS[kind]
    said = zipl.default_image(conf, entries, number)
    assert (said if said.startswith("/boot/") else f"/boot{said}" if said else None) == image


def test_entries_that_name_and_version_order_differently() -> None:
    entries = {"a-6.2.0.conf": entry("6.2.0-1"), "b-6.1.0.conf": entry("6.1.0-1")}
    assert zipl.default_image(AUTOMATIC, entries) == ""
    assert zipl.default_image(AUTOMATIC + "default=Fedora (6.1.0-1)\n", entries) == "/vmlinuz-6.1.0-1"
