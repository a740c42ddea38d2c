# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are judged by is worked out once where the inventory says the same of them, and of each host where a template may say otherwise."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import Effective, effective
from ansible_collections.firebreak.fleet.plugins.plugin_utils._transport.same_standard import KEPT, SameStandard, is_plain

STANDARD = {"name": "one", "os": {"id": "debian"}, "kernel": {"running": {"minimum": "6.1"}}}
WAIVERS = [{"finding": "boot.*", "owner": "o", "reason": "r", "expires": date(2099, 1, 1)}]
ALONE: dict[str, Any] = {"standard": None, "standard_overrides": None, "waivers": None}


class Asked:
    """Works standards out as the inventory's variables say, with a host's own values for templates, and counts how often it was asked."""

    def __init__(self, **values: str) -> None:
        self.values, self.times = values, 0

    def __call__(self, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> Effective:
        self.times += 1
        rendered = rendered_with({name: value for name, value in variables.items() if name.startswith("firebreak_")}, self.values)
        given = {f"firebreak_{name}": value for name, value in arguments.items() if value is not None}
        return effective({**rendered, **given})


def rendered_with(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: rendered_with(part, values) for name, part in value.items()}
    if isinstance(value, list):
        return [rendered_with(part, values) for part in value]
    return values.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("variables", "arguments", "times"), [
    ({"firebreak_standard": STANDARD, "rack": "#"}, ALONE, 1),
    ({"firebreak_standard": STANDARD, "firebreak_waivers": WAIVERS, "firebreak_standard_overrides_site": []}, ALONE, 1),
    ({"rack": "#"}, ALONE, 1),
    ({}, {**ALONE, "standard": STANDARD}, 1),
    ({"firebreak_standard": {"os": {"id": "{{ os }}"}}}, ALONE, 3),
    ({"firebreak_standard": {"os": {"id": {"any_of": ["debian", "{% if os %}ubuntu{% endif %}"]}}}}, ALONE, 3),
    ({"firebreak_standard": {"name": "of #"}}, ALONE, 3),
    ({"firebreak_standard": STANDARD, "firebreak_waivers": [{**WAIVERS[0], "reason": "#"}]}, ALONE, 3),
    ({"firebreak_standard": STANDARD, "firebreak_waivers_#": WAIVERS}, ALONE, 3),
])
def test_a_standard_is_worked_out_once_for_all_that_say_the_same(variables: dict[str, Any], arguments: dict[str, Any], times: int) -> None:
    known, asked = SameStandard(), Asked(**{"{{ os }}": "debian", "{% if os %}ubuntu{% endif %}": "ubuntu"})
    hosts = [of_host(variables, str(number)) for number in range(3)]
    found = [known.of(host, copy.deepcopy(arguments), asked) for host in hosts]
    assert asked.times == times
    assert found == [asked(arguments, host) for host in hosts]


def of_host(value: Any, number: str) -> Any:
    """The same variables for another host: '#' is its number, and no object is shared but what is."""
    if isinstance(value, Mapping):
        return {name.replace("#", number): of_host(part, number) for name, part in value.items()}
    if isinstance(value, list):
        return [of_host(part, number) for part in value]
    return value.replace("#", number) if isinstance(value, str) else value


def test_one_object_with_a_template_in_it_is_each_hosts_own() -> None:
    """A group's variables are one object for all its hosts, and their templates are rendered for each."""
    shared = {"firebreak_standard": {"name": "{{ rack }}"}}
    known = SameStandard()
    names = [known.of(shared, ALONE, Asked(**{"{{ rack }}": rack})).standard for rack in ("r1", "r2")]
    assert names == [{"name": "r1"}, {"name": "r2"}]


def test_no_more_is_kept_than_a_fleet_has() -> None:
    known, asked = SameStandard(), Asked()
    for number in (*range(2 * KEPT), 2 * KEPT - 1, 0):
        known.of({"firebreak_standard": {"name": str(number)}}, ALONE, asked)
    assert asked.times == 2 * KEPT + 1


@pytest.mark.parametrize(("value", "is_so"), [
    ("6.1", True), (1, True), (None, True), (date(2026, 1, 1), True), ([{"a": ("b", 1.5)}], True),
    ("{{ x }}", False), ("#jinja2: a:b", False), ([{"a": "{# note #}"}], False), ({"{{ x }}": 1}, False),
    ([{"vault": object()}], False),
])
def test_what_may_be_another_for_another_host_is_not_plain(value: Any, is_so: bool) -> None:
    assert is_plain(value) is is_so
