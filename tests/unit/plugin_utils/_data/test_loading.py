# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of facts that age: each has its day, and each row a source that the table names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._data import loading

TABLES = sorted(path.stem for path in Path(loading.__file__).parent.glob("*.yml"))


@pytest.mark.parametrize("name", TABLES)
def test_each_table_has_its_day(name: str) -> None:
    assert date(2026, 11, 1) <= loading.table(name)["as_of"]


def test_each_cpu_text_has_a_source_and_a_meaning_in_known_words() -> None:
    data = loading.table("cpu_texts")
    states = {"not_affected", "mitigated", "vulnerable", "unknown"}
    for group in [group for file in data["files"].values() for group in file["texts"]] + data["facets"]:
        assert group["source"] in data["sources"]
        for row in (row for row in group["says"] if isinstance(row, dict)):
            assert {row[view] for view in ("host", "guest_to_host", "smt") if view in row} <= states
