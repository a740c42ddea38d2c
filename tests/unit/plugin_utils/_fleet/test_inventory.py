# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels as people write them: a mistake would leave a host out of every group, in silence."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.inventory import labels
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.validation import StandardError


@pytest.mark.parametrize(("value", "message"), [
    ("rack1", "firebreak_labels: seen 'rack1'; wanted: a mapping such as {rack: r7, owner: web team}"),
    ("rack=r1", "firebreak_labels: seen 'rack=r1'; wanted: a mapping"),
    (["rack1"], "firebreak_labels: seen ['rack1']; wanted: a mapping"),
    ("[rack1]", "firebreak_labels: seen '[rack1]'; wanted: a mapping"),
    (7, "firebreak_labels: seen 7; wanted: a mapping"),
    ({"Rack": "r1"}, "firebreak_labels: seen the name 'Rack'; wanted: small letters, digits and underscores"),
    ({"cost-center": "9"}, "firebreak_labels: seen the name 'cost-center'; wanted: small letters"),
    ({7: "r"}, "firebreak_labels: seen the name 7; wanted: small letters"),
    ({"rack": ["r1"]}, "firebreak_labels.rack: seen ['r1']; wanted: one text"),
    ({"owner": {"team": "web"}}, "firebreak_labels.owner: seen {'team': 'web'}; wanted: one text"),
    ("{rack: r1", "firebreak_labels: the text is no YAML or JSON"),
])
def test_labels_that_would_label_nothing_are_refused(value: Any, message: str) -> None:
    with pytest.raises(StandardError) as caught:
        labels(value)
    assert message in str(caught.value)


@pytest.mark.parametrize(("value", "found"), [
    (None, {}), ("", {}), ("  ", {}), ({}, {}), ({"rack": "r1", "unit": 7, "owner": None}, {"rack": "r1", "unit": 7, "owner": None}),
    ('{"rack": "r1"}', {"rack": "r1"}), ("rack: r1\nowner: web team", {"rack": "r1", "owner": "web team"}), ("rack: r1", {"rack": "r1"}),
])
def test_labels_are_a_mapping_or_its_text(value: Any, found: dict[str, Any]) -> None:
    assert labels(value) == found
