# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One budget for a rollout and for the clients of a FleetLock server: neither takes down what the other has not left."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import journal
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.fleet_lock import Order
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.fleet_lock_budget import guests, refusal, slots
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.journal import State
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.waves import next_wave

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
HOSTS: dict[str, Any] = {"a": {"domains": ["rack1"], "groups": ["etcd"]}, "b": {"domains": ["rack2"], "groups": ["etcd"]},
                         "c": {"domains": ["rack1"]}}


def state(*events: dict[str, Any], **given: Any) -> State:
    """A rollout of three hosts in two domains after these events."""
    return journal.fold([{"event": "begun", "id": "r", "owner": "me", "hosts": HOSTS, "sizes": {"etcd": 3}, "settings": given}, *events])


def wave(*names: str) -> dict[str, Any]:
    """A wave of these hosts."""
    return {"event": "wave", "number": 1, "hosts": names}


def failed(name: str) -> dict[str, Any]:
    """A host that failed."""
    return {"event": "result", "host": name, "status": "failed", "why": f"{name} failed"}


@pytest.mark.parametrize(("one", "held", "order", "why"), [
    (state(wave("a")), {}, Order("rack1", "z"), "a of its domain rack1 is out"),
    (state(wave("a")), {}, Order("rack2", "z"), ""),
    (state(wave("a")), {}, Order("elsewhere", "z"), ""),
    # A domain is one, whoever is down in it.
    (state(), {"rack1": {"y": "since"}}, Order("rack1", "z"), "y of its domain rack1 is out"),
    # Who is in the inventory is there with his own domains, whatever group he names.
    (state(wave("a")), {}, Order("default", "c"), "a of its domain rack1 is out"),
    (state(wave("a"), quorum={"etcd": 2}), {}, Order("etcd", "z"), "2 of the group etcd must stay up, and 1 are out"),
    (state(wave("a"), max_down=2), {"other": {"y": "since"}}, Order("third", "z"), "2 are out, and 2 may be"),
    # A host that holds two slots is down once.
    (state(wave("a"), max_down=3), {"one": {"y": "since"}, "two": {"y": "since"}}, Order("third", "z"), ""),
    # A host in its wave has its place, and one that failed keeps it.
    (state(wave("a"), max_down=1), {}, Order("rack1", "a"), ""),
    (state(wave("a"), failed("a")), {}, Order("rack2", "z"), "1 failed, unknown or unreachable (a), and 0 may be"),
    (state({"event": "paused", "why": "asked"}), {}, Order("rack2", "z"), "the rollout is paused: asked"),
    (state(wave("a"), {"event": "ended", "why": ""}), {}, Order("rack1", "z"), ""),
])
def test_what_a_rollout_leaves_to_a_client(one: State, held: dict[str, dict[str, str]], order: Order, why: str) -> None:
    assert refusal(one, held, order) == why


@pytest.mark.parametrize(("held", "hosts", "waits"), [
    ({}, ("a", "b"), {"c": "a of its domain rack1 is out"}),
    ({"rack1": {"z": "since"}}, ("b",), {"a": "z of its domain rack1 is out", "c": "z of its domain rack1 is out"}),
    # The host itself is down already, which is no reason against its change.
    ({"default": {"c": "since"}}, ("b", "c"), {"a": "c of its domain rack1 is out"}),
])
def test_what_clients_leave_to_a_rollout(held: dict[str, dict[str, str]], hosts: tuple[str, ...], waits: dict[str, str]) -> None:
    one = state()
    found = next_wave(one, (), NOW, guests(one, held))
    assert (tuple(sorted(found.hosts)), dict(found.waits)) == (hosts, waits)


@pytest.mark.parametrize(("given", "group", "number"), [
    ({}, "rack1", 1), ({"max_down": 5}, "rack1", 1), ({"quorum": {"etcd": 2}}, "etcd", 1),
    ({"quorum": {"etcd": "33%"}}, "etcd", 2), ({"quorum": {"etcd": "34%"}}, "etcd", 1),
    ({"quorum": {"etcd": 3}}, "etcd", 0), ({"max_down": "67%"}, "anybody", 2), ({}, "anybody", 1),
])
def test_slots_are_what_the_rollout_may_have_down(given: dict[str, Any], group: str, number: int) -> None:
    assert slots(state(**given), group) == number
