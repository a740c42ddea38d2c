# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of a play's hosts, whatever a core made of them on their way into a task."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.on_controller import with_true_names

BRACES = "{{ 7 * 7 }}"


@pytest.mark.parametrize(("given", "of_play", "wanted"), [
    pytest.param(["a", "49"], ["a", BRACES], ["a", BRACES], id="a core before 2.19"),
    pytest.param(["a", 49], ["a", BRACES], ["a", BRACES], id="a core before 2.19 with native types"),
    pytest.param(["a", BRACES], ["a", BRACES], ["a", BRACES], id="a core since 2.19"),
    pytest.param(["b", "c"], ["a", BRACES], ["b", "c"], id="other hosts of a user's own"),
    pytest.param(["a"], ["a", "b"], ["a"], id="some of the hosts"),
    pytest.param(None, ["a"], None, id="no list"),
])
def test_a_name_with_braces_is_a_name(given: Any, of_play: list[str], wanted: Any) -> None:
    assert with_true_names({"hosts": given, "more": 1}, {"ansible_play_hosts_all": of_play}) == {"hosts": wanted, "more": 1}


def test_a_task_without_hosts_stays_as_it_is() -> None:
    assert with_true_names({"more": 1}, {}) == {"more": 1}
