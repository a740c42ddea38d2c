# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every question of every recorded host is lost once, in each way, and the deadline strikes at every moment: no broken promise becomes a kept one."""

from __future__ import annotations

import pytest
import replay_hosts
from losing_host import kept_by_losing

HOSTS = {path.stem: path for path in replay_hosts.hosts()}


@pytest.mark.parametrize("name", HOSTS)
def test_no_lost_answer_at_any_question_keeps_a_broken_promise(name: str) -> None:
    lost = kept_by_losing(HOSTS[name], 1)
    assert lost.kept == []
    assert lost.losses > 500
    assert lost.broken > 20
