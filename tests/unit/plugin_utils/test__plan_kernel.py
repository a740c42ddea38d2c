# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel a host is to boot, what that takes, and what is refused before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan_kernel import RefusalError, Wanted, plan, wanted
from golden_record import golden

HOSTS = Path(__file__).parents[1] / "fixtures/hosts"
OLD = {"release": "6.12.48-amd64", "flavour": "amd64", "package": "linux-image-6.12.48-amd64", "package_version": "6.12.48-1"}
NOW = {"release": "6.12.57-amd64", "flavour": "amd64", "package": "linux-image-6.12.57-amd64", "package_version": "6.12.57-1"}
NEW = {"release": "6.12.63-amd64", "flavour": "amd64", "package": "linux-image-6.12.63-amd64", "package_version": "6.12.63-1"}


def host(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs NOW, has OLD beside it, is offered NEW."""
    return golden({"kernel.installed": [OLD, NOW], "kernel.available": {**NEW, "held": []}, **(changes or {})})


def test_the_newest_kernel_is_installed_and_waits_for_a_reboot() -> None:
    made = plan(host(), Wanted(), -1)
    assert (made["release"], made["install"], made["remove"]) == (NEW["release"], ["linux-image-6.12.63-amd64=6.12.63-1"], [])
    assert made["pending"] == "6.12.57-amd64 (6.12.57-1) runs; 6.12.63-amd64 (6.12.63-1) is in force after a reboot"
    assert made["managers"] == ["unattended-upgrades"]


def test_a_kernel_that_runs_already_takes_nothing() -> None:
    made = plan(host(), Wanted(release=NOW["release"]), -1)
    assert (made["install"], made["remove"], made["pending"]) == ([], [], None)


def test_an_older_kernel_that_is_wanted_is_chosen_over_a_newer_one() -> None:
    assert plan(host(), Wanted(release=OLD["release"]), -1)["release"] == OLD["release"]


def test_an_update_in_place_is_pending_although_the_release_runs() -> None:
    again = {**NOW, "package_version": "6.12.57-2"}
    made = plan(host({"kernel.available": {**again, "held": []}}), Wanted(), -1)
    assert made["install"] == ["linux-image-6.12.57-amd64=6.12.57-2"]
    assert made["pending"] == "6.12.57-amd64 (6.12.57-1) runs; 6.12.57-amd64 (6.12.57-2) is in force after a reboot"


def test_only_installed_kernels_count_where_the_standard_says_newest_installed() -> None:
    assert plan(host(), Wanted(installed_only=True), -1)["release"] == NOW["release"]


@pytest.mark.parametrize(("keep", "removed"), [(-1, []), (0, [OLD["package"]]), (2, [OLD["package"]]), (3, [])])
def test_old_kernels_go_and_the_running_the_default_and_the_wanted_stay(keep: int, removed: list[str]) -> None:
    assert plan(host(), Wanted(), keep)["remove"] == removed


def test_the_default_of_the_next_boot_is_never_removed() -> None:
    assert plan(host({"kernel.default_boot.release": OLD["release"]}), Wanted(), 0)["remove"] == []


@pytest.mark.parametrize(("changes", "aim", "words"), [
    ({}, Wanted(release="5.4.0-nope"), "5.4.0-nope is wanted; installed: 6.12.48-amd64, 6.12.57-amd64; the package cache offers 6.12.63-amd64"),
    ({}, Wanted(minimum="6.13-1"), "kernel 6.13-1 or newer is wanted; the newest installed or on offer is 6.12.63-1 (6.12.63-amd64)"),
    ({}, Wanted(minimum="x y"), "dpkg version 'x y'"),
    ({"os.container": "lxc"}, Wanted(), "this is a container (lxc)"),
    ({"os.family": "suse"}, Wanted(), "os.family is suse; the role manages kernels of debian and redhat"),
    ({"kernel.installed": []}, Wanted(), "no package holds a kernel here"),
    ({"kernel.installed": None}, Wanted(), "no package holds a kernel here"),
    ({"kernel.running.flavour": None}, Wanted(), "the flavour of the running kernel 6.12.57-amd64 is not known"),
    ({"kernel.available.release": None}, Wanted(), "the package cache does not say which one that is"),
])
def test_refused(changes: dict[str, Any], aim: Wanted, words: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        plan(host(changes), aim, -1)
    assert words in str(refusal.value)


@pytest.mark.parametrize(("release", "minimum", "promised", "aim"), [
    ("a", "", {"running": "b"}, Wanted(release="a")),
    ("", "7", {"running": "b"}, Wanted(minimum="7")),
    ("", "", {"running": "b", "default_boot": "c"}, Wanted(release="b")),
    ("", "", {"default_boot": "c"}, Wanted(release="c")),
    ("", "", {"running_version": {"minimum": "6.1-1"}}, Wanted(minimum="6.1-1")),
    ("", "", {"running_version": "6.1-1"}, Wanted(minimum="6.1-1")),
    ("", "", {"default_boot": {"rule": "newest_installed"}}, Wanted(installed_only=True)),
    ("", "", {"default_boot": {"rule": "newest_installed"}, "running_version": {"minimum": "6"}}, Wanted(minimum="6")),
    ("", "", {"running": {"rule": "newest_available"}}, Wanted()),
    ("", "", {"running": {"rule": "newest_available"}, "default_boot": {"rule": "newest_installed"}}, Wanted()),
    ("", "", {"default_boot": {"rule": "running"}}, Wanted(stay=True)),
    ("", "", {"running": {"minimum": "6.12.1"}}, Wanted()),
    ("", "", {}, Wanted()),
])
def test_what_is_wanted(release: str, minimum: str, promised: dict[str, Any], aim: Wanted) -> None:
    assert wanted(release, minimum, {"kernel": promised}) == aim


def test_a_choice_of_kernels_is_left_to_the_operator() -> None:
    with pytest.raises(RefusalError, match="any of a, b; wanted: one of them in kernel_release"):
        wanted("", "", {"kernel": {"running": {"any_of": ["a", "b"]}}})


def test_the_running_kernel_can_be_the_one_to_boot() -> None:
    assert plan(host(), Wanted(stay=True), -1)["release"] == NOW["release"]


def test_nothing_declared_means_the_newest() -> None:
    assert wanted("", "", None) == Wanted()


def test_red_hat_gets_the_package_that_brings_the_drivers() -> None:
    old = {"release": "5.14.0-503.el9.x86_64", "flavour": "default", "package": "kernel-core", "package_version": "5.14.0-503.el9"}
    new = {"release": "5.14.0-570.el9.x86_64", "package": "kernel-core", "package_version": "5.14.0-570.el9", "held": []}
    made = plan(host({"os.family": "redhat", "os.id": "almalinux", "kernel.version_order": "rpm", "kernel.installed": [old],
                      "kernel.running": old, "kernel.available": new}), Wanted(), -1)
    assert (made["install"], made["metas"]) == (["kernel-5.14.0-570.el9"], [])


def test_ubuntu_gets_its_modules_too() -> None:
    old = {"release": "6.8.0-40-generic", "flavour": "generic", "package": "linux-image-6.8.0-40-generic", "package_version": "6.8.0-40.40"}
    new = {"release": "6.8.0-50-generic", "package": "linux-image-6.8.0-50-generic", "package_version": "6.8.0-50.51", "held": []}
    made = plan(host({"os.id": "ubuntu", "kernel.installed": [old], "kernel.running": old, "kernel.available": new}), Wanted(), -1)
    assert made["install"] == ["linux-image-6.8.0-50-generic=6.8.0-50.51", "linux-modules-extra-6.8.0-50-generic=6.8.0-50.51"]


@pytest.mark.parametrize("name", ["debian12_pending_reboot", "debian13_cloud", "debian11_cloud", "debian_sid_cloud"])
def test_recorded_machines_on_their_newest_kernel_need_nothing_installed(name: str) -> None:
    record = json.loads((HOSTS / f"{name}.record.json").read_text())
    made = plan(record, Wanted(), 1)
    assert (made["install"], made["remove"]) == ([], [])
    assert made["release"] == record["kernel"]["newest_installed"]["release"]
    assert (made["pending"] is not None) == (name == "debian12_pending_reboot")
