# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suite's own merging of standards against the scan's: two implementations of docs/standard.md must agree."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective, resolve
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.validation import flat
from firebreak_proof import standards
from workshop import REPOSITORY

BASE = {"name": "x", "os": {"id": {"any_of": ["debian", "rocky"]}}, "kernel": {"running": {"rule": "newest_installed"}, "held": "forbidden"},
        "cpu": {"vulnerabilities": {"all": "mitigated", "mds": "any"}}, "hypervisor": {"kvm": {"kvm_intel": {"nested": False}}}}
BLOCKS = {**BASE, "platforms": [
    {"match": {"id": "debian"}, "kernel": {"flavour": "amd64", "held": "allowed"}},
    {"match": {"family": "redhat", "version_id": ["9.*", "10.*"]}, "kernel": {"running_version": {"minimum": "5.14.0-570.12.1.el9"}}},
    {"match": {"architecture": "x86*"}, "kernel": {"flavour": "cloud-amd64"}, "cpu": {"smt": None}}]}
OVERRIDES = [{"set": {"kernel.running": "6.1.0-39-amd64", "kernel.flavour": "special"}, "reason": "a driver"},
             {"match": {"architecture": "aarch64"}, "set": {"kernel": {"held": None}}, "reason": "none there"}]
PLATFORMS = [{"family": "debian", "id": "debian", "version_id": "12", "architecture": "x86_64"},
             {"family": "redhat", "id": "rocky", "version_id": "9.4", "architecture": "x86_64"},
             {"family": "redhat", "id": "rocky", "version_id": "8.10", "architecture": "aarch64"}]
DOCUMENTED = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", (REPOSITORY / "docs/standard.md").read_text("utf-8"), re.DOTALL)]
VARIABLES = [{"firebreak_standard": BASE}, {"firebreak_standard": BLOCKS},
             {"firebreak_standard": BLOCKS, "firebreak_standard_overrides_x": OVERRIDES},
             *({"firebreak_standard": BASE, **block} for block in DOCUMENTED if any(name.startswith("firebreak_standard") for name in block))]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: f"{platform['id']}-{platform['version_id']}")
@pytest.mark.parametrize("variables", VARIABLES, ids=lambda variables: "+".join(variables))
def test_both_see_the_same_standard(variables: dict[str, Any], platform: dict[str, str]) -> None:
    scanned = effective(variables).standard
    assert scanned is not None
    wanted = {key: value for key, value in flat(resolve(scanned, platform), "x").items() if value is not None}
    assert standards.merged(variables).values(platform) == wanted


def test_what_is_allowed_or_a_setting_promises_nothing() -> None:
    variables = {"firebreak_standard": {"name": "x", "os": {"support": "extended"}, "kernel": {"held": "allowed", "one_shot": "forbidden"},
                                        "cpu": {"vulnerabilities": {"all": "any"}}}}
    assert standards.merged(variables).promises({}) == {"kernel.one_shot": "forbidden"}


@pytest.mark.parametrize(("variables", "said"), [
    ({}, "firebreak_standard is not set; wanted a mapping"),
    ({"firebreak_standard": "strict"}, "firebreak_standard is 'strict'; wanted a mapping"),
    ({"firebreak_standard": {"os": {"id": "{{ wanted }}"}}}, "firebreak_standard holds a template"),
])
def test_a_standard_that_cannot_be_used_is_said(variables: dict[str, Any], said: str) -> None:
    with pytest.raises(standards.StandardError, match=re.escape(said)):
        standards.merged(variables)


@pytest.mark.parametrize(("text", "family"), [
    ({"ID": "debian"}, "debian"), ({"ID": "ubuntu", "ID_LIKE": "debian"}, "debian"), ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "redhat"),
    ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "suse"), ({"ID": "alpine"}, "other"), ({}, "other")])
def test_families(text: dict[str, str], family: str) -> None:
    assert standards.platform(text, "x86_64")["family"] == family
