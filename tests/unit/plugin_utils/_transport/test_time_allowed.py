# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slow host's scan has the time that its variable gives it."""

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.time_allowed import time_allowed


@pytest.mark.parametrize(("seconds", "allowed"), [
    (None, {}), ("", {}), (60, {"deadline": 60, "section_deadline": 20}), ("540", {"deadline": 540, "section_deadline": 180}),
    (540.0, {"deadline": 540, "section_deadline": 180}), (3600, {"deadline": 3600, "section_deadline": 1200}),
])
def test_each_section_has_a_third_of_it(seconds: Any, allowed: dict[str, int]) -> None:
    assert time_allowed(seconds, 60.0) == allowed


@pytest.mark.parametrize("seconds", [59, 3601, -60, 90.5, "soon", True, [90], {}])
def test_what_is_no_time_is_refused(seconds: Any) -> None:
    with pytest.raises(ValueError, match="wanted 60 to 3600 seconds"):
        time_allowed(seconds, 60.0)
