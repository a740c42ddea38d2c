# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts go together: sizes, canaries, domains, quorums, windows and the budget; and a thousand hosts over many seeds."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import journal
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.journal import State
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.settings import SettingsError, domains, settings, size
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.waves import next_wave, refused
from simulated_rollout import Simulation, tried

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)  # a Saturday


def state(hosts: dict[str, dict[str, Any]] | list[str], *events: dict[str, Any], sizes: dict[str, int] | None = None, **given: Any) -> State:
    """A rollout of these hosts after these events."""
    members = {name: {} for name in hosts} if isinstance(hosts, list) else hosts
    return journal.fold([{"event": "begun", "id": "r", "owner": "me", "hosts": members, "sizes": sizes or {}, "settings": given}, *events])


def wave(*names: str) -> dict[str, Any]:
    """A wave of these hosts."""
    return {"event": "wave", "number": 1, "hosts": names}


def ended(name: str, status: str = "done") -> dict[str, Any]:
    """How it ended for a host."""
    return {"event": "result", "host": name, "status": status, "why": f"{name} is {status}"}


def test_waves_grow_as_they_were_asked_to() -> None:
    names = [f"h{number:02}" for number in range(40)]
    one, sizes = state(names, waves=[1, "5%", "25%", "100%"]), []
    while hosts := next_wave(one, (), NOW).hosts:
        sizes.append(len(hosts))
        journal.apply(one, wave(*hosts))
        for name in hosts:
            journal.apply(one, ended(name))
    assert sizes == [1, 2, 10, 27]


@pytest.mark.parametrize("between", [
    pytest.param([], id="killed in its first wave"), pytest.param([ended("h0", "failed")], id="failed"),
    pytest.param([ended("h0", "failed"), {"event": "released", "host": "h0", "by": "me"}], id="released"),
    pytest.param([ended("h0", "waiting")], id="held back"), pytest.param([ended("h0", "unknown")], id="not judged"),
])
def test_a_wave_in_which_nobody_came_through_makes_the_next_no_larger(between: list[dict[str, Any]]) -> None:
    names = [f"h{number}" for number in range(9)]
    one = state(names, wave("h0"), *between, *([wave("h0")] if not between else []), waves=[1, 3, "100%"], max_failed=2)
    assert len(next_wave(one, (), NOW).hosts) == 1
    for name in next_wave(one, (), NOW).hosts:
        journal.apply(one, wave(name))
        journal.apply(one, ended(name))
    assert len(next_wave(one, (), NOW).hosts) == 3


def test_the_last_size_goes_on_and_a_share_is_of_all_hosts() -> None:
    one = state(["a", "b", "c", "d"], waves="50%")
    assert next_wave(one, (), NOW).hosts == ("a", "b")
    assert next_wave(state(["a", "b", "c"], waves="1%"), (), NOW).hosts == ("a",)


def test_the_order_is_the_plan_s_and_then_that_of_names() -> None:
    assert next_wave(state(["a", "b", "c"]), ("c",), NOW).hosts == ("c", "a", "b")


def test_canaries_go_alone_and_first_and_one_must_come_through() -> None:
    hosts: dict[str, dict[str, Any]] = {"a": {}, "canary1": {"groups": ["early"]}, "canary2": {"groups": ["early"]}}
    assert next_wave(state(hosts, canary="early"), (), NOW).hosts == ("canary1", "canary2")
    through = state(hosts, wave("canary1", "canary2"), ended("canary1"), ended("canary2", "failed"), canary="early", max_failed=1)
    assert next_wave(through, (), NOW).hosts == ("a",)
    bad = state(hosts, wave("canary1", "canary2"), ended("canary1", "failed"), ended("canary2", "failed"), canary="early", max_failed=2)
    assert (next_wave(bad, (), NOW).hosts, next_wave(bad, (), NOW).why) == ((), "no canary of the group early came through")


def test_a_canary_that_needed_no_change_proves_nothing_unless_none_needed_any() -> None:
    hosts: dict[str, dict[str, Any]] = {"a": {}, "canary1": {"groups": ["early"]}, "canary2": {"groups": ["early"]}}
    bad = state(hosts, ended("canary1", "fine"), wave("canary2"), ended("canary2", "failed"), canary="early", max_failed=1)
    assert (next_wave(bad, (), NOW).hosts, next_wave(bad, (), NOW).why) == ((), "no canary of the group early came through")
    fine = state(hosts, ended("canary1", "fine"), ended("canary2", "fine"), canary="early")
    assert next_wave(fine, (), NOW).hosts == ("a",)


def test_a_dead_canary_is_tried_again_before_the_others() -> None:
    hosts: dict[str, dict[str, Any]] = {"a": {}, "canary": {"groups": ["early"]}}
    one = state(hosts, {"event": "left_out", "host": "canary", "why": "dead"}, canary="early")
    assert (next_wave(one, (), NOW).hosts, next_wave(one, (), NOW).is_last_try) == (("canary",), True)


RACKS: dict[str, dict[str, Any]] = {"a1": {"domains": ["a"]}, "a2": {"domains": ["a"]}, "b1": {"domains": ["b", "pool"]},
                                    "c1": {"domains": ["c", "pool"]}}


def test_never_two_of_one_domain() -> None:
    one = next_wave(state(RACKS), (), NOW)
    assert one.hosts == ("a1", "b1")
    assert dict(one.waits) == {"a2": "a1 of its domain a is out", "c1": "b1 of its domain pool is out"}


@pytest.mark.parametrize("status", ["failed", "unknown", "unreachable"])
def test_a_host_that_is_out_keeps_its_domain_until_it_is_released(status: str) -> None:
    events = [wave("a1", "b1"), ended("a1", status), ended("b1")]
    assert next_wave(state(RACKS, *events, max_failed=1), (), NOW).hosts == ("c1",)
    released = state(RACKS, *events, {"event": "released", "host": "a1", "by": "me", "skip": True}, max_failed=1)
    assert next_wave(released, (), NOW).hosts == ("a2", "c1")


def test_a_host_that_was_dead_from_the_start_keeps_its_domain_and_is_tried_last() -> None:
    dead = {"event": "left_out", "host": "a1", "why": "no route"}
    one = state(RACKS, dead, waves=["100%"])
    assert next_wave(one, (), NOW).hosts == ("b1",)
    for hosts in (("b1",), ("c1",)):
        journal.apply(one, wave(*hosts))
        journal.apply(one, ended(hosts[0]))
    last = next_wave(one, (), NOW)
    # a2 waits for a1, which is dead: it is tried again now, since nobody else can go.
    assert (last.hosts, last.is_last_try, dict(last.waits)) == (("a1",), True, {"a2": "a1 of its domain a is out"})
    journal.apply(one, {**wave("a1"), "last_try": True})
    journal.apply(one, ended("a1", "unreachable"))
    assert (one.hosts["a1"].status, one.spent) == ("left_out", [])
    assert next_wave(one, (), NOW).hosts == ()


def test_a_quorum_stays_up() -> None:
    hosts: dict[str, dict[str, Any]] = {f"e{number}": {"groups": ["etcd"]} for number in range(5)} | {"w": {}}
    one = state(hosts, sizes={"etcd": 5}, quorum={"etcd": 3})
    assert next_wave(one, (), NOW).hosts == ("e0", "e1", "w")
    journal.apply(one, {"event": "left_out", "host": "e4", "why": "dead"})
    assert next_wave(one, (), NOW).hosts == ("e0", "w")
    # A part of the group, as --limit leaves it: the others are taken for up.
    assert next_wave(state({"e0": {"groups": ["etcd"]}}, sizes={"etcd": 5}, quorum={"etcd": "80%"}), (), NOW).hosts == ("e0",)


def test_a_quorum_that_can_never_be_kept_says_so() -> None:
    one = next_wave(state({"e0": {"groups": ["etcd"]}}, sizes={"etcd": 1}, quorum={"etcd": "50%"}), (), NOW)
    assert dict(one.waits) == {"e0": "1 of the group etcd must stay up, and it has 1 host: by its quorum none may ever go down"}


@pytest.mark.parametrize("hosts", [1, 5, 9])
def test_a_share_of_few_that_may_be_out_is_one(hosts: int) -> None:
    assert len(next_wave(state([f"h{number}" for number in range(hosts)], max_down="10%"), (), NOW).hosts) == 1


@pytest.mark.parametrize(("hosts", "least", "may_go"), [(5, "50%", 2), (3, "66%", 1), (3, "67%", 0), (3, "34%", 1), (500, "8.2%", 459)])
def test_a_share_that_stays_up_is_never_less_than_was_asked_for(hosts: int, least: str, may_go: int) -> None:
    members = {f"e{number:03}": {"groups": ["etcd"]} for number in range(hosts)}
    assert len(next_wave(state(members, sizes={"etcd": hosts}, quorum={"etcd": least}), (), NOW).hosts) == may_go


def test_never_more_are_out_than_may_be() -> None:
    names = [f"h{number}" for number in range(10)]
    one = state(names, {"event": "left_out", "host": "h0", "why": "dead"}, max_down=3)
    assert next_wave(one, (), NOW).hosts == ("h1", "h2")


@pytest.mark.parametrize(("allowed", "failed", "goes_on"), [(0, 1, False), (1, 1, True), (1, 2, False), ("50%", 2, True), ("25%", 2, False)])
def test_the_budget_counts_what_failed_is_unknown_or_unreachable(allowed: Any, failed: int, goes_on: bool) -> None:
    statuses = ("unknown", "unreachable")
    events = [wave("a", "b"), *(ended(name, statuses[number]) if number < failed else ended(name) for number, name in enumerate("ab"))]
    one = state(["a", "b", "c", "d"], *events, max_failed=allowed)
    assert bool(next_wave(one, (), NOW).hosts) is goes_on
    assert (refused(one) == "") is goes_on


def test_a_wave_that_broke_off_is_ended_first_and_alone() -> None:
    one = state(["a", "b", "c"], wave("b"), {"event": "step", "host": "b", "step": "change", "did": "done"}, waves=[2])
    assert next_wave(one, (), NOW).hosts == ("b",)
    assert one.hosts["b"].steps == {"change"}


def test_a_host_waits_for_its_window_and_others_go_on() -> None:
    hosts: dict[str, dict[str, Any]] = {"a": {"windows": ["Sat 22:00-23:00 UTC"]}, "b": {"windows": ["daily 11:00-13:00"]}, "c": {}}
    one = next_wave(state(hosts), (), NOW)
    assert (one.hosts, dict(one.waits)) == (("b", "c"), {"a": "its window opens at 2026-11-28T22:00Z"})
    whole = next_wave(state(["a"], windows=["Mon 01:00-02:00"]), (), NOW)
    assert (whole.hosts, whole.is_end) == ((), False)


@pytest.mark.parametrize("event", ["paused", "aborted", "stopped"])
def test_nothing_is_begun_where_somebody_said_so(event: str) -> None:
    one = next_wave(state(["a"], {"event": event, "why": "the network team asked"}), (), NOW)
    assert (one.hosts, one.is_end) == ((), False)
    assert "the network team asked" in one.why


def test_the_end_is_when_everybody_was_tried() -> None:
    assert next_wave(state(["a"], wave("a"), ended("a")), (), NOW).is_end


@pytest.mark.parametrize(("raw", "words"), [
    ({"waves": [0]}, "at least one host"), ({"waves": ["x"]}, "wanted a number of hosts"), ({"waves": ["101%"]}, "wanted a number of hosts"),
    ({"waves": [True]}, "wanted a number"), ({"max_failed": -1}, "firebreak_max_failed"), ({"quorum": [1]}, "firebreak_quorum"),
    ({"approval": "mail"}, "none, pause, stop"), ({"max_disruption": "much"}, "restart_service"), ({"soak_minutes": "long"}, "soak_minutes"),
    ({"windows": ["always"]}, "Europe/Berlin"), ({"only_drifted": "perhaps"}, "true or false"), ({"wave": 1}, "unknown wave"),
])
def test_a_setting_that_cannot_be_meant_is_refused_in_one_sentence(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings(raw)


@pytest.mark.parametrize(("raw", "wanted"), [
    (None, []), ("", []), ("rack1", ["rack1"]), (7, ["7"]), ("rack1, ledger", ["rack1", "ledger"]), (["rack1", " ledger "], ["rack1", "ledger"]),
    ("['rack1', 'ledger']", ["rack1", "ledger"]), ([1, "1"], ["1"]), (["", "rack1"], ["rack1"])])
def test_words_of_a_domain(raw: Any, wanted: list[str]) -> None:
    assert domains(raw) == wanted


@pytest.mark.parametrize("raw", [True, {"rack": 1}, [["rack1"]], [None], [False]])
def test_what_is_no_domain_is_refused(raw: Any) -> None:
    with pytest.raises(SettingsError, match="firebreak_domain: seen"):
        domains(raw)


@pytest.mark.parametrize(("raw", "of_ten"), [(1, 1), ("3", 3), ("5%", 0), ("25%", 2), ("100%", 10), ("12.5%", 1)])
def test_sizes(raw: Any, of_ten: int) -> None:
    assert size(raw, "x").of(10) == of_ten


def test_a_thousand_hosts_in_forty_domains() -> None:
    """No moment with two of a domain down, the budget never passed, no finished step repeated; the file itself tries thousands of seeds."""
    for one in tried(range(2)):
        assert (one.world.breaches, one.repeated, one.missed) == ([], [], [])
        assert one.killed > 0


@pytest.mark.parametrize("seed", range(40))
def test_small_fleets_where_much_goes_wrong(seed: int) -> None:
    one = Simulation(seed, 40, 8, {"waves": [1, "10%", "100%"], "max_failed": 2, "max_down": 6}, failing=0.05, killing=0.3).run()
    assert (one.world.breaches, one.repeated, one.missed) == ([], [], [])


def test_a_wave_of_ten_thousand_hosts_is_composed_in_under_two_seconds() -> None:
    hosts = {f"h{number:05}": {"domains": [f"r{number % 400}"], "windows": ["Sat 00:00-24:00 Europe/Berlin"]} for number in range(10_000)}
    one = state(hosts, waves=["100%"])
    started = time.process_time()
    assert len(next_wave(one, (), NOW).hosts) == 400
    assert time.process_time() - started < 2


@pytest.mark.parametrize(("raw", "plain"), [({"waves": ["1.0", "5.0"]}, {"waves": [1, 5]}), ({"max_failed": "2.0"}, {"max_failed": 2})])
def test_a_decimal_of_a_survey_is_its_whole_number(raw: dict[str, Any], plain: dict[str, Any]) -> None:
    assert settings(raw) == settings(plain)
