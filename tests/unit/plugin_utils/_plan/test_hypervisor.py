# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of the hypervisor's packages a host gets, what is held, which parameters KVM is to have, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.plan_hypervisor import planned
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.hypervisor import Packages, Wish, parse_installed, parse_offered, plan
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import promises
from golden_record import golden

OLD, NEW = "1:7.2+dfsg-7+deb12u15", "1:7.2+dfsg-7+deb12u18+b3"
DATA = NEW.removesuffix("+b3")
INSTALLED = [f"installed install qemu qemu-system-x86 {OLD}", f"installed hold qemu qemu-system-common {OLD}",
             f"installed install qemu qemu-system-data {OLD}", "installed install libvirt libvirt0 9.0.0-4", "not-installed unknown qemu qemu-user"]
OFFERED = [f" qemu-system-x86 | {NEW} | file:/repository Packages", f"qemu-system-x86 | {OLD} | security", f"qemu-system-common | {NEW} | main",
           f"qemu-system-data | {DATA} | main", f"qemu-system-data | {OLD} | security", "virtiofsd | 1.13.0-1 | main", "N: no such package"]
QEMU = {"name": "qemu", "package": "qemu-system-x86", "version": OLD, "path": "/usr/bin/qemu-system-x86_64"}


def made(
    standard: dict[str, Any], wish: Wish | None = None, changes: dict[str, Any] | None = None, offered: list[str] | None = None,
) -> dict[str, Any]:
    """The plan for a Debian host with an old QEMU."""
    record = golden({"hypervisor.components": [QEMU], **(changes or {})})
    packages = Packages(parse_installed(INSTALLED), parse_offered(OFFERED if offered is None else offered))
    return plan(record, promises({"hypervisor": standard}), wish or Wish(), packages)


@pytest.mark.parametrize("wanted", [NEW, {"minimum": "1:7.2+dfsg-7+deb12u17"}, {"any_of": [NEW, "1:10.0-1"]}])
def test_all_packages_of_the_build_come_together(wanted: Any) -> None:
    assert made({"qemu": {"installed": wanted}})["install"] == [
        f"qemu-system-x86={NEW}", f"qemu-system-common={NEW}", f"qemu-system-data={DATA}"]


@pytest.mark.parametrize("standard", [
    {}, {"qemu": {"installed": OLD}}, {"qemu": {"installed": {"minimum": OLD}}}, {"qemu": {"running": {"rule": "installed"}}},
    {"virtiofsd": {"installed": "1.13.0-1"}}, {"cloud-hypervisor": {"installed": "51.1"}},
])
def test_what_meets_the_promise_or_is_not_there_stays(standard: dict[str, Any]) -> None:
    assert made(standard)["install"] == []


def test_the_promise_of_the_running_version_is_one_of_the_installed_too() -> None:
    assert made({"qemu": {"running": NEW}})["install"][0] == f"qemu-system-x86={NEW}"


def test_a_version_set_by_hand_wins_even_where_it_is_older() -> None:
    newer = {"hypervisor.components": [{**QEMU, "version": NEW}]}
    assert made({"qemu": {"installed": NEW}}, Wish({"qemu": OLD}), newer)["install"][0] == f"qemu-system-x86={OLD}"


def test_a_required_component_is_installed() -> None:
    assert made({"virtiofsd": {"presence": "required"}})["install"] == ["virtiofsd=1.13.0-1"]


def test_a_forbidden_component_is_named_and_left() -> None:
    plan_made = made({"qemu": {"presence": "forbidden"}})
    assert plan_made["install"] == []
    assert plan_made["left"] == [f"qemu is installed (qemu-system-x86 {OLD}) and the standard forbids it; this role takes nothing away"]


def test_only_what_is_promised_and_not_held_yet_is_held() -> None:
    assert made({"qemu": {"installed": NEW}}, Wish(hold=True))["hold"] == ["qemu-system-data", "qemu-system-x86"]
    assert made({}, Wish(hold=True))["hold"] == []
    assert made({"virtiofsd": {"presence": "required", "installed": "1.13.0-1"}}, Wish(hold=True))["hold"] == ["virtiofsd"]


def test_parameters_of_the_standard_and_by_hand() -> None:
    standard = {"kvm": {"kvm_intel": {"nested": False}, "kvm": {"nx_huge_pages": "force"}}}
    assert made(standard, Wish(kvm_parameters={"kvm.nx_huge_pages": "off", "kvm.halt_poll_ns": 0}))["kvm_parameters"] == {
        "kvm_intel.nested": False, "kvm.nx_huge_pages": "off", "kvm.halt_poll_ns": 0}


@pytest.mark.parametrize(("family", "wanted", "specs"), [
    ("redhat", "17:9.0.0-10.el9", ["qemu-kvm-core-17:9.0.0-10.el9"]),
    ("redhat", {"minimum": "17:9.0.0-10.el9"}, ["qemu-kvm-core >= 17:9.0.0-10.el9"]),
    ("redhat", {"minimum": "17:8.2.0-11.el9"}, []),
])
def test_dnf_is_asked_in_its_own_notation(family: str, wanted: Any, specs: list[str]) -> None:
    row = {**QEMU, "package": "qemu-kvm-core", "version": "17:8.2.0-11.el9_4.3"}
    assert made({"qemu": {"installed": wanted}}, changes={"os.family": family, "hypervisor.components": [row]})["install"] == specs


@pytest.mark.parametrize(("standard", "wish", "changes", "words"), [
    ({"qemu": {"installed": "1:9.9"}}, Wish(), {},
     f"qemu 1:9.9 is wanted; installed: qemu-system-x86 {OLD}; apt's lists offer qemu-system-x86: {NEW}, {OLD}"),
    ({"qemu": {"installed": {"minimum": "1:8"}}}, Wish(), {}, "qemu at least 1:8 is wanted"),
    ({"qemu": {"installed": {"minimum": "x:1"}}}, Wish(), {}, "no order"),
    ({}, Wish({"firecracker": "1"}), {}, "hypervisor_versions names firecracker; wanted: any of qemu, libvirt, virtiofsd"),
    ({}, Wish(), {"hypervisor.components": None}, "what is installed of the hypervisor is not known"),
    ({"libvirt": {"presence": "required"}}, Wish(), {},
     "libvirt any version is wanted; installed: none; apt's lists offer libvirt-daemon-system: none"),
    ({"qemu": {"installed": NEW}}, Wish(), {"os.family": "suse"}, "os.family is suse, and the role installs on debian and redhat"),
    ({"libvirt": {"presence": "required"}}, Wish(), {"os.family": "suse"}, "libvirt is required and not installed; os.family is suse"),
    ({"qemu": {"installed": {"any_of": ["1", "2"]}}}, Wish(), {"os.family": "redhat"}, "wanted: one of them in hypervisor_versions"),
    ({"kvm": {"kvm": {"nx_huge_pages": {"any_of": ["Y", "force"]}}}}, Wish(), {}, "wanted: one of them in hypervisor_kvm_parameters"),
    ({"kvm": {"kvm_amd": {"nested": False}}}, Wish(), {"os.container": "lxc"}, "this is a container (lxc), whose kernel is its host's"),
])
def test_what_is_refused_says_what_was_seen_and_wanted(standard: dict[str, Any], wish: Wish, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused) as caught:
        made(standard, wish, changes)
    assert words in str(caught.value)


def test_the_filter_names_the_host_and_needs_no_standard() -> None:
    scan = {"record": {"record": golden()}, "standard": None}
    assert planned(scan, "web")["refusal"] is None
    demanding = {**scan, "standard": {"hypervisor": {"libvirt": {"presence": "required"}}}}
    assert planned(demanding, "web")["refusal"].startswith("web: libvirt any version")
    assert planned({"record": {"record": None}, "error": "no route"}, "web")["refusal"] == "web: without a scan there is no plan: no route"


@pytest.mark.parametrize(("installed", "main"), [
    ("installed install ubuntu-virt-hwe qemu-system-x86-hwe 1:11.0.3+ds-1ubuntu2", "libvirt-daemon-system-hwe=12.6.0-1ubuntu4"),
    ("installed install qemu qemu-system-x86 1:10.2.0+ds-2ubuntu1", "libvirt-daemon-system=12.0.0-1ubuntu5")])
def test_of_two_sets_that_exclude_each_other_the_installed_one_is_completed(installed: str, main: str) -> None:
    """Ubuntu 26.04's virtualization HWE stack (packages.ubuntu.com; ubuntu.com/server/docs, how-to/virtualisation/virt-hwe)."""
    offered = parse_offered(["libvirt-daemon-system | 12.0.0-1ubuntu5 | x", "libvirt-daemon-system-hwe | 12.6.0-1ubuntu4 | x"])
    standard = promises({"hypervisor": {"libvirt": {"presence": "required"}}})
    done = plan(golden(), standard, Wish(), Packages(parse_installed([installed]), offered))
    assert done["install"] == [main]
