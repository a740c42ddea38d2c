# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role mitigations does on hosts of each kind: the least disruptive way, who loses what, and where it stops."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.plan_mitigations import planned
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.mitigations import plan

CVE = "CVE-2026-31431"


def row(name: str, state: str | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": state, "detail": "as told", "built_in": False, "blocked_by": None, "references": None, "holders": [],
            "initcalls": [], "needed_by": [], **more}


def made(*rows: dict[str, Any], standard: list[dict[str, Any]] | None = None, **record: Any) -> dict[str, Any]:
    """The plan of a host with these modules."""
    about = {"reason": "why", "owner": "who", "expires": "2027-01-31"}
    wanted = standard or [{"advisory": CVE, "modules": [one["name"] for one in rows]}]
    seen = {"os": {"container": "none"}, "kernel": {"watched_modules": list(rows), "default_boot": {"options": "quiet"}}, **record}
    return plan(seen, {"mitigations": [{**about, **one} for one in wanted]})


@pytest.mark.parametrize(("seen", "modules", "unload", "words", "losses", "conflicts"), [
    (row("a", "loadable"), ["a"], [], [], ["a: it cannot be loaded any more"], []),
    (row("a", "loadable", needed_by=["b", "c"]), ["a"], [], [], ["a: it cannot be loaded any more, and without it neither can b, c"], []),
    (row("a", "blocked", blocked_by="modprobe"), ["a"], [], [], [], []),
    # What only the lock of all modules keeps out gets a line for the boots to come, and what is loaded beside it cannot be unloaded.
    (row("a", "blocked", blocked_by="modules_disabled", locked=True), ["a"], [], [], [], []),
    (row("a", "loaded", references=0, locked=True), ["a"], [], [],
     ["a: it cannot be loaded any more", "a: stays loaded until a reboot, since kernel.modules_disabled=1 is in force; nothing uses it"], []),
    (row("a", "absent"), [], [], [], [], []),
    (row("a", "loaded", references=0), ["a"], ["a"], [], ["a: it cannot be loaded any more", "a: unloaded; nothing uses it"], []),
    (row("esp4", "loaded", references=2), ["esp4"], [], [],
     ["esp4: it cannot be loaded any more", "esp4: in use by IPsec associations (2 references)"], [f"{CVE}: module esp4: loaded, as told"]),
    (row("a", "loaded", references=1, holders=["b"]), ["a"], [], [], ["a: it cannot be loaded any more", "a: in use by b (1 references)"],
     [f"{CVE}: module a: loaded, as told"]),
    (row("a", "built_in", built_in=True, initcalls=["x", "a_init"]), [], [], ["initcall_blacklist=a_init,x"],
     ["a: part of the kernel; what uses it loses it at the next boot"], []),
    (row("a", "blocked", built_in=True, blocked_by="initcall_blacklist", initcalls=["x"]), [], [], ["initcall_blacklist=x"], [], []),
])
def test_the_way_to_each_kind_of_module(seen: dict[str, Any], modules: list[str], unload: list[str], words: list[str], losses: list[str],
                                        conflicts: list[str]) -> None:
    found = made(seen)
    assert (found["modules"], found["unload"], found["words"], found["losses"], found["conflicts"]) == (modules, unload, words, losses, conflicts)
    assert found["names"] == [CVE]


def test_a_first_function_that_nobody_knows_stops_the_host() -> None:
    (told,) = made(row("a", "built_in", built_in=True))["conflicts"]
    assert "name it in cmdline: [initcall_blacklist=FUNCTION]" in told


def test_what_cannot_be_said_stops_the_host() -> None:
    assert made(row("a", None))["conflicts"] == [f"{CVE}: module a: as told"]


def test_the_rest_is_put_together_and_two_wishes_for_one_value_stop_the_host() -> None:
    kvm = {"kvm": {"loaded": True, "modules": ["kvm", "kvm_intel"], "parameters": {"kvm_intel.nested": "Y"}}, "processes": []}
    found = made(standard=[
        {"advisory": "CVE-2026-1", "kvm_parameters": {"kvm_intel.nested": False}, "cmdline": ["nosmt"], "services_off": ["docker.service"]},
        {"advisory": "CVE-2026-2", "sysctls": {"kernel.x": 1}, "cmdline": ["nosmt"]}], hypervisor=kvm,
        services={"active": ["docker.service"], "masked": [], "aliases": {}}, boot={"cmdline": "quiet"},
        containers={"containers": [{"engine": "docker"}, {"engine": "podman"}]})
    assert (found["kvm_parameters"], found["kvm_former"], found["words"], found["services_off"], found["sysctls"]) == (
        {"kvm_intel.nested": "0"}, {"kvm_intel.nested": "Y"}, ["nosmt"], ["docker.service"], {"kernel.x": "1"})
    assert found["losses"] == ["docker.service: stopped, with 1 containers of its", "nested virtual machines: no guest runs now"]
    other = made(standard=[{"advisory": "CVE-2026-1", "sysctls": {"kernel.x": 1}}, {"advisory": "CVE-2026-2", "sysctls": {"kernel.x": 2}}])
    assert "kernel.x: one mitigation wants 1, another one 2" in other["conflicts"]


def test_guests_that_run_stop_what_would_take_their_processor_away() -> None:
    found = made(standard=[{"advisory": "CVE-2026-53359", "kvm_parameters": {"kvm_amd.nested": 0}}], hypervisor={
        "kvm": {"loaded": True, "modules": ["kvm_amd"], "parameters": {"kvm_amd.nested": "1"}},
        "processes": [{"component": "qemu", "guest": "db1", "pid": 4}]})
    assert found["conflicts"] == ["CVE-2026-53359: kvm_amd.nested=0: 1 is in force, and guests hold kvm_amd: db1"]
    assert "nested virtual machines: those in db1" in found["losses"]


def test_what_is_needless_is_left_out_so_that_it_is_taken_back() -> None:
    version = {"release": "6.1.0-45-amd64", "package": "linux-image", "package_version": "6.1.170-1"}
    record = {"os": {"id": "debian", "version_id": "12", "container": "none"}, "kernel": {
        "version_order": "dpkg", "running": version, "installed": [{**version, "source": "linux"}], "default_boot": {"release": "6.1.0-45-amd64"},
        "watched_modules": [row("a", "loaded", references=9)]}}
    found = made(standard=[{"advisory": CVE, "modules": ["a"], "fixed": {"debian:12": "6.1.170-1"}}], **record)
    assert (found["names"], found["modules"], found["conflicts"], found["losses"]) == ([], [], [], [])
    assert found["said"] == [f"{CVE}: needless, 6.1.170-1 runs, fixed in 6.1.170-1"]


def test_a_container_and_a_host_without_a_record_are_refused() -> None:
    document = {"record": {"os": {"container": "lxc"}}}
    assert planned({"record": document, "standard": None}, "web1")["refusal"] == "web1: this is a container (lxc); its kernel is its host's"
    assert "without a scan" in planned({"record": {"record": None}, "error": "no way"}, "web1")["refusal"]
