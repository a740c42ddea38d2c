# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unknown is never compliant: no lost answer, at any question and any moment, and no worse record turns a broken promise into a kept one.

All recorded hosts, with every promise that each of them breaks. Here a part of the questions is lost; tests/system loses every one.
"""

from __future__ import annotations

import pytest
import replay_hosts
from ansible_collections.firebreak.fleet.plugins.module_utils._scan.sections import SECTIONS
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.facts import Facts
from losing_host import BROKEN, Resting, kept_by_losing, promises, state_of
from worse_records import RECORDS, kept_by_worse, wicked

HOSTS = {path.stem: path for path in replay_hosts.hosts()}
STRIDE = 11


@pytest.mark.parametrize("name", HOSTS)
def test_no_lost_answer_keeps_a_broken_promise(name: str) -> None:
    lost = kept_by_losing(HOSTS[name], STRIDE)
    assert lost.kept == []
    assert lost.losses > 50
    assert lost.broken > 20


def test_promises_of_each_kind_are_broken_by_some_host() -> None:
    """What no host breaks, no loss could keep: a key that finds its rule no more would go unnoticed."""
    broken = {promise.key for path in HOSTS.values() for promise in promises(replay_hosts.expected(path))}
    begun = {".".join(key.split(".")[:2]) for key in broken}
    assert {"os.id", "kernel.running", "boot.cmdline_required", "cpu.vulnerabilities", "hypervisor.kvm", "hypervisor.qemu", "kata.handlers",
            "containers.privileged", "services.stale"} <= begun


def test_a_promise_is_judged_anew_wherever_something_that_it_rests_on_is_worse() -> None:
    """Without what no rule of a promise was seen to look at, it is broken as before; and each rests on something."""
    record = wicked()
    broken = promises(record)
    resting = Resting(record, broken)
    scanned = [section for section in SECTIONS if section in record]
    for section in scanned:
        for name in record[section]:
            without = Facts({**record, section: {other: value for other, value in record[section].items() if other != name}})
            judged = resting.on((section, name))
            assert [promise for promise in broken if promise not in judged and state_of(without, promise) != BROKEN] == []
    assert {promise.key for section in scanned for promise in resting.on((section,))} == {promise.key for promise in broken}


@pytest.mark.parametrize("name", RECORDS)
def test_no_worse_record_keeps_a_broken_promise(name: str) -> None:
    worse = kept_by_worse(name)
    assert worse.kept == []
    assert worse.records > 100
    assert worse.broken > 20
