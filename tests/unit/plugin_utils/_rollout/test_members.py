# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a rollout as an inventory has them: its groups, and what an operator may have forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.members import check_room, doubts, of_groups
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.settings import Settings, SettingsError, settings

# As Ansible has them: a group holds the hosts of its children, and ``all`` every host.
GROUPS = {"all": ["a", "b", "c"], "dc": ["a", "b"], "etcd": ["a"], "empty": [], "ungrouped": ["c"]}


def asked(**words: Any) -> Settings:
    return settings(words)


def test_every_group_that_is_named_has_all_of_its_hosts() -> None:
    found = of_groups(GROUPS, asked(quorum={"all": "90%", "dc": 1, "empty": 0}, canary="ungrouped"))
    assert found == {"all": {"a", "b", "c"}, "dc": {"a", "b"}, "empty": set(), "ungrouped": {"c"}}
    assert of_groups(GROUPS, asked()) == {}


@pytest.mark.parametrize(("words", "message"), [
    ({"quorum": {"web": 1, "dc": 1}, "canary": "early"}, "^early, web: no such group"),
    ({"canary": "empty"}, "^firebreak_canary: the group empty has no host")])
def test_groups_that_cannot_be_meant(words: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        of_groups(GROUPS, asked(**words))


@pytest.mark.parametrize("nobody", [0, "0", "0%", "0.0%"])
def test_that_nobody_may_be_out_is_refused_where_a_run_begins(nobody: Any) -> None:
    with pytest.raises(SettingsError, match="firebreak_max_down: seen 0; wanted at least one host"):
        check_room(asked(max_down=nobody))


@pytest.mark.parametrize("words", [{}, {"max_down": 1}, {"max_down": "0.1%"}])
def test_where_somebody_may_be_out_a_run_begins(words: dict[str, Any]) -> None:
    check_room(asked(**words))


@pytest.mark.parametrize(("members", "canary", "told"), [
    ({"a": {"domains": ["r1"]}, "b": {"domains": []}, "c": {}}, "", ["b, c: no firebreak_domain, while other hosts have one"]),
    ({"a": {}, "b": {}}, "", []), ({"a": {"domains": ["r1"]}}, "", []), ({}, "", []),
    ({"a": {"domains": ["r"]}, **{f"h{number}": {} for number in range(8)}}, "", ["h0, h1, h2, h3, h4, h5 and 2 more: no firebreak_domain"]),
    ({"a": {"groups": ["dc"]}, "b": {}}, "dc", []),
    ({"a": {"groups": ["dc"]}, "b": {}}, "early", ["no host of the canary group early is in this run"])])
def test_what_may_have_been_forgotten_is_said(members: dict[str, Any], canary: str, told: list[str]) -> None:
    found = list(doubts(members, asked(canary=canary)))
    assert [one[:len(words)] for words, one in zip(told, found, strict=True)] == told
