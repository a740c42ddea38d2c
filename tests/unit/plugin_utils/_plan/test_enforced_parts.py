# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roles a host gets: the standard in force decides, not the one before overrides and platform blocks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.firebreak.fleet.plugins.filter.enforced_parts import enforced
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import standard_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective

BASE = {"os": {"id": "debian"}}
QEMU = {"hypervisor.qemu.presence": "required"}
RECORD = {"os": {"id": "debian", "version_id": "12", "family": "debian", "architecture": "x86_64"}}


def roles(variables: dict[str, Any], *names: str) -> dict[str, Any]:
    """What a host with these variables gets, as platform_scan hands its standard over."""
    return enforced({"record": RECORD, "standard": standard_of(RECORD, effective(variables))}, names)


def override(**fields: Any) -> list[dict[str, Any]]:
    return [{"reason": "hosts of virtual machines", **fields}]


@pytest.mark.parametrize(("variables", "wanted"), [
    ({}, False),
    ({"firebreak_standard": BASE}, False),
    ({"firebreak_standard": {**BASE, "hypervisor": {"qemu": {"presence": "required"}}}}, True),
    ({"firebreak_standard": BASE, "firebreak_standard_overrides_hypervisors": override(set=QEMU)}, True),
    ({"firebreak_standard": BASE, "firebreak_standard_overrides_hypervisors": override(set=QEMU, match={"version_id": ["13"]})}, False),
    ({"firebreak_standard": {**BASE, "platforms": [{"match": {"id": ["debian"]}, "hypervisor": {"qemu": {"presence": "required"}}}]}}, True),
    ({"firebreak_standard": {**BASE, "platforms": [{"match": {"id": ["ubuntu"]}, "hypervisor": {"qemu": {"presence": "required"}}}]}}, False),
    ({"firebreak_standard": {**BASE, "hypervisor": {"qemu": {"presence": "required"}}},
      "firebreak_standard_overrides_containers": override(set={"hypervisor.qemu.presence": None})}, False),
])
def test_the_hypervisor_s_role_is_for_hosts_whose_own_standard_promises_something_of_it(variables: dict[str, Any], wanted: bool) -> None:
    assert roles(variables)["hypervisor"] is wanted


def test_or_for_hosts_that_are_asked_for_something_of_it() -> None:
    assert roles({"firebreak_standard": BASE}, "hypervisor_replace_guests")["hypervisor"] is True
    assert roles({"firebreak_standard": BASE}, "hypervisor_hold", "kernel_release")["hypervisor"] is False


def test_kata_s_version_is_the_one_that_is_given_or_the_one_that_an_override_promises() -> None:
    promised = {"firebreak_standard": BASE, "firebreak_standard_overrides_kata": override(set={"kata.version": "3.32.0"})}
    assert roles(promised) == {"hypervisor": False, "kata": True, "kata_version": "3.32.0", "left": []}
    assert roles(promised, "kata_version") == {"hypervisor": False, "kata": True, "kata_version": None, "left": []}
    assert roles({"firebreak_standard": BASE}) == {"hypervisor": False, "kata": False, "kata_version": None, "left": []}


def test_a_version_that_is_not_named_is_said_and_not_guessed() -> None:
    made = roles({"firebreak_standard": {**BASE, "kata": {"version": {"minimum": "3.31.0"}}}})
    assert (made["kata"], made["kata_version"]) == (False, None)
    assert made["left"] == ["the standard promises at least 3.31.0 of kata.version, and kata_version does not say which one: "
                            "Kata Containers is left as it is"]


@pytest.mark.parametrize("seen", [None, [], {"record": "/tmp/x.json"}])
def test_what_is_no_scan_is_refused(seen: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="without a directory"):
        enforced(seen)
