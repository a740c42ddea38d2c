# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel a host is to boot, what that takes, and what is refused before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.kernel import Wanted, cmdline, plan, wanted
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.kernel_packages import extra_modules, headers
from golden_record import golden

HOSTS = Path(__file__).parents[2] / "fixtures/hosts"
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


def test_a_default_that_lacks_what_is_loaded_is_not_rebooted_into_yet() -> None:
    lost = [{"name": "zfs", "in_next_boot": False}, {"name": "nvidia", "in_next_boot": True}]
    changes = {"kernel.installed": [OLD, NOW, NEW], "kernel.default_boot.release": NEW["release"], "kernel.modules": lost}
    assert plan(host(changes), Wanted(), -1)["pending"].endswith("is in force after a reboot; do not reboot yet: it lacks zfs, which is loaded now")


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
    ({"os.family": "arch"}, Wanted(), "os.family is arch; the role manages kernels of debian, redhat, suse"),
    ({"kernel.installed": []}, Wanted(), "no package holds a kernel here"),
    ({"kernel.installed": None}, Wanted(), "no package holds a kernel here"),
    ({"kernel.running.flavour": None}, Wanted(), "the flavour of the running kernel 6.12.57-amd64 is not known"),
    ({"kernel.available.release": None}, Wanted(), "the package cache does not say which one that is"),
])
def test_refused(changes: dict[str, Any], aim: Wanted, words: str) -> None:
    with pytest.raises(Refused) as refusal:
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
    ("", "", {"default_boot": {"rule": "newest_installed"}, "update_available": "allowed"}, Wanted(installed_only=True)),
    ("", "", {"default_boot": {"rule": "newest_installed"}, "update_available": "forbidden"}, Wanted()),
    ("", "", {"default_boot": {"rule": "newest_installed"}, "running_version": {"minimum": "6"}}, Wanted(minimum="6")),
    ("", "", {"running": {"rule": "newest_available"}}, Wanted()),
    ("", "", {"running": {"rule": "newest_available"}, "default_boot": {"rule": "newest_installed"}}, Wanted()),
    ("", "", {"default_boot": {"rule": "running"}}, Wanted(stay=True)),
    ("", "", {"running": {"minimum": "6.12.1"}}, Wanted()),
    ("", "", {}, Wanted()),
])
def test_what_is_wanted(release: str, minimum: str, promised: dict[str, Any], aim: Wanted) -> None:
    assert wanted({"release": release, "minimum_version": minimum}, {"kernel": promised}) == aim


def test_a_choice_of_kernels_is_left_to_the_operator() -> None:
    with pytest.raises(Refused, match="any of a, b; wanted: one of them in kernel_release"):
        wanted({}, {"kernel": {"running": {"any_of": ["a", "b"]}}})


def test_the_running_kernel_can_be_the_one_to_boot() -> None:
    assert plan(host(), Wanted(stay=True), -1)["release"] == NOW["release"]


def test_nothing_declared_means_the_newest() -> None:
    assert wanted({}, None) == Wanted()


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


def row(package: str, version: str, flavour: str, release: str = "") -> dict[str, Any]:
    return {"release": release or f"{version}.x86_64", "flavour": flavour, "package": package, "package_version": version}


UEK_OLD = row("kernel-uek-core", "5.15.0-305.176.4.el9uek", "uek")
UEK = row("kernel-uek-core", "5.15.0-306.177.4.el9uek", "uek")
RHCK_OLD = row("kernel-core", "5.14.0-503.11.1.el9_5", "standard")
RHCK = row("kernel-core", "5.14.0-570.12.1.el9_6", "standard")
LEAP_OLD = row("kernel-default", "5.14.21-150500.55.94.1", "default", "5.14.21-150500.55.94-default")
LEAP = row("kernel-default", "5.14.21-150500.55.124.1", "default", "5.14.21-150500.55.124-default")


def oracle(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs the older of two UEKs, has two of Red Hat's kernels beside them."""
    return golden({"os.family": "redhat", "os.id": "ol", "os.version_id": "9.6", "kernel.version_order": "rpm", "kernel.running": UEK_OLD,
                   "kernel.installed": [RHCK_OLD, RHCK, UEK_OLD, UEK], "kernel.available": {**UEK, "held": []},
                   "kernel.default_boot": {"release": UEK_OLD["release"], "image": "/boot/vmlinuz-x", "loader": "grub-bls"},
                   "live_patch": {"persistence": {"kernels": []}, "provider": {"id": "none"}}, **(changes or {})})


def leap(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs the older kernel, is offered a newer one."""
    return golden({"os.family": "suse", "os.id": "opensuse-leap", "os.version_id": "15.5", "kernel.version_order": "rpm", "kernel.running": LEAP_OLD,
                   "kernel.installed": [LEAP_OLD], "kernel.available": {**LEAP, "held": []},
                   "kernel.default_boot": {"release": LEAP_OLD["release"], "image": "/boot/vmlinuz-x", "loader": "grub"}, **(changes or {})})


@pytest.mark.parametrize(("flavour", "release"), [(None, UEK["release"]), ("uek", UEK["release"]), ("standard", RHCK["release"])])
def test_oracle_chooses_among_kernels_of_one_line(flavour: str | None, release: str) -> None:
    made = plan(oracle(), Wanted(flavour=flavour), -1)
    assert (made["release"], made["install"]) == (release, [])


def test_another_line_must_be_there_already() -> None:
    with pytest.raises(Refused, match="no kernel of flavour rt is installed; what is on offer is known of the running flavour only"):
        plan(oracle(), Wanted(flavour="rt"), -1)


def test_the_standard_names_the_line_too_and_a_variable_wins() -> None:
    assert wanted({}, {"kernel": {"flavour": "standard"}}) == Wanted(flavour="standard")
    assert wanted({"flavour": "uek"}, {"kernel": {"flavour": "standard"}}) == Wanted(flavour="uek")
    assert wanted({}, {"kernel": {"flavour": {"any_of": ["uek", "standard"]}}}) == Wanted()


def test_one_of_several_versions_is_removed_where_they_share_a_name() -> None:
    assert plan(oracle(), Wanted(), 0)["remove"] == [f"kernel-core-{RHCK_OLD['package_version']}", f"kernel-core-{RHCK['package_version']}"]
    assert plan(leap({"kernel.installed": [LEAP_OLD, LEAP], "kernel.running": LEAP, "kernel.default_boot.release": LEAP["release"]}), Wanted(), 1)[
        "remove"] == ["kernel-default=5.14.21-150500.55.94.1"]


def test_dnf_locks_each_package_of_the_kernel_at_its_version() -> None:
    made = plan(oracle(), Wanted(), -1, hold=True)
    assert made["locks"] == [f"kernel-uek{part}-0:5.15.0-306.177.4.el9uek.*" for part in ("", "-core", "-modules", "-modules-core", "-modules-extra")]
    assert plan(oracle(), Wanted(), -1)["locks"] == []


def test_suse_gets_its_kernel_by_version_and_locks_newer_ones() -> None:
    made = plan(leap(), Wanted(), -1, hold=True)
    assert (made["release"], made["install"]) == (LEAP["release"], ["kernel-default=5.14.21-150500.55.124.1"])
    assert (made["locks"], made["unlock"]) == (["kernel-default > 5.14.21-150500.55.124.1"], [])


def test_suses_lock_of_another_version_gives_way_and_its_own_stays() -> None:
    held = [f"kernel-default > {row['package_version']} (/etc/zypp/locks)" for row in (LEAP, LEAP_OLD)] + ["kernel-rt (/etc/zypp/locks)"]
    made = plan(leap({"kernel.available": {**LEAP, "held": held}}), Wanted(), -1, hold=True)
    assert (made["locks"], made["unlock"]) == ([], ["kernel-default > 5.14.21-150500.55.94.1"])


def test_an_installation_that_broke_off_is_taken_up_again() -> None:
    broken = {**NEW, "complete": False}
    assert plan(host({"kernel.installed": [OLD, NOW, broken]}), Wanted(), -1)["install"] == ["linux-image-6.12.63-amd64=6.12.63-1"]
    assert plan(host({"kernel.installed": [OLD, NOW, broken]}), Wanted(release=NEW["release"]), -1)["install"] == [
        "linux-image-6.12.63-amd64=6.12.63-1"]


def test_the_newest_kernel_that_packages_of_live_patches_are_for() -> None:
    offered = {key: value for key, value in UEK_OLD.items() if key != "flavour"}
    record = oracle({"kernel.installed": [RHCK], "kernel.available": {**UEK, "held": [], "live_patchable": [offered]}})
    made = plan(record, Wanted(live_patchable=True), -1)
    assert (made["release"], made["install"]) == (UEK_OLD["release"], ["kernel-uek-5.15.0-305.176.4.el9uek"])


def test_the_newest_kernel_that_patches_are_placed_for() -> None:
    placed = {"persistence": {"kernels": [UEK_OLD["release"]]}, "provider": {"id": "self_built"}}
    assert plan(oracle({"live_patch": placed}), Wanted(live_patchable=True), -1)["release"] == UEK_OLD["release"]


@pytest.mark.parametrize(("patchable", "words"), [
    (None, "no patches are placed here, and the package cache names no kernel that has any (provider: none)"),
    ([], "none of flavour uek that is installed or on offer has any"),
])
def test_without_knowing_what_is_patched_no_kernel_is_chosen_for_it(patchable: list[Any] | None, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        plan(oracle({"kernel.available": {**UEK, "held": [], "live_patchable": patchable}}), Wanted(live_patchable=True), -1)
    assert words in str(refusal.value)


def test_the_command_line_is_what_was_set_and_what_the_standard_promises() -> None:
    standard = {"boot": {"cmdline_required": ["audit=1", "lockdown=integrity"], "cmdline_forbidden": ["mitigations=off"]}}
    assert cmdline(["lockdown=integrity", "x"], [], standard) == {"present": ["lockdown=integrity", "x", "audit=1"], "absent": ["mitigations=off"]}
    assert cmdline([], [], None) == {"present": [], "absent": []}


@pytest.mark.parametrize(("loader", "image", "folders"), [
    ("grub", "/boot/vmlinuz-6.1", ["/boot"]), ("grub-bls", "/boot/efi/x/linux", ["/boot"]),
    ("systemd-boot", "/efi/x/6.1/linux", ["/boot", "/efi/x/6.1"]), ("systemd-boot", None, ["/boot"]),
])
def test_where_a_new_image_needs_room(loader: str, image: str | None, folders: list[str]) -> None:
    assert plan(host({"kernel.default_boot": {"release": NOW["release"], "loader": loader, "image": image}}), Wanted(), -1)["folders"] == folders


def test_a_kernel_that_lacks_its_initrd_is_never_made_the_default() -> None:
    lacking = {"kernel.installed": [OLD, {**NOW, "complete": True, "initrd_missing": True}], "kernel.available": {"release": None, "held": []}}
    with pytest.raises(Refused, match=r"6\.12\.57-amd64 has no initrd"):
        plan(host(lacking), Wanted(release=NOW["release"]), -1)
    # An installation that broke off is taken up again, which makes the initrd.
    broken = {"kernel.installed": [OLD, {**NOW, "complete": False, "initrd_missing": True}]}
    assert plan(host(broken), Wanted(release=NOW["release"]), -1)["install"] == ["linux-image-6.12.57-amd64=6.12.57-1"]


def test_an_old_kernel_goes_with_all_its_parts() -> None:
    parts = ["linux-binary-6.12.48-amd64", "linux-image-6.12.48-amd64", "linux-modules-6.12.48-amd64"]
    made = plan(host({"kernel.installed": [{**OLD, "packages": parts}, NOW]}), Wanted(release=NOW["release"]), 1)
    assert made["remove"] == parts


def test_a_package_that_holds_several_kernels_stays_with_the_one_that_runs() -> None:
    both = [{**OLD, "package": "raspberrypi-kernel", "packages": ["raspberrypi-kernel"]},
            {**NOW, "package": "raspberrypi-kernel", "packages": ["raspberrypi-kernel"]}]
    assert plan(host({"kernel.installed": both}), Wanted(release=NOW["release"]), 1)["remove"] == []


def test_proxmoxs_kernels_come_by_metas_of_their_own() -> None:
    pve = {"release": "6.8.12-13-pve", "flavour": "pve", "package": "proxmox-kernel-6.8.12-13-pve-signed", "package_version": "6.8.12-13"}
    changes = {"kernel.installed": [pve], "kernel.running": {**pve, "version": "#1"}, "kernel.available": {"release": None, "held": []}}
    assert plan(host(changes), Wanted(stay=True), -1)["metas"] == ["proxmox-default-kernel", "proxmox-kernel-6.8", "pve-kernel-6.8"]


@pytest.mark.parametrize(("os_id", "like"), [("linuxmint", ["ubuntu", "debian"]), ("pop", ["ubuntu", "debian"]), ("zorin", ["ubuntu"])])
def test_relatives_of_ubuntu_get_its_modules_too(os_id: str, like: list[str]) -> None:
    generic = {"release": "6.11.0-26-generic", "flavour": "generic", "package": "linux-image-6.11.0-26-generic", "package_version": "6.11.0-26.26"}
    changes = {"os.id": os_id, "os.id_like": like, "kernel.installed": [{**OLD, "flavour": "generic", "package_version": "6.8.0-40.40"}],
               "kernel.running": {**OLD, "flavour": "generic", "version": "#1"}, "kernel.available": {**generic, "held": []}}
    assert plan(host(changes), Wanted(), -1)["install"] == [
        "linux-image-6.11.0-26-generic=6.11.0-26.26", "linux-modules-extra-6.11.0-26-generic=6.11.0-26.26"]


# Names by each one's packaging: debian/control of linux, Ubuntu's debian.master/control.d, Proxmox' pve-kernel, kernel.spec of RHEL and of Oracle's
# UEK, Amazon's lines of kernels, SUSE's kernel-binary.spec.
DEBIAN, UBUNTU = {"family": "debian", "id": "debian", "id_like": []}, {"family": "debian", "id": "ubuntu", "id_like": ["debian"]}
REDHAT, SUSE = {"family": "redhat", "id": "almalinux"}, {"family": "suse", "id": "opensuse-leap"}


@pytest.mark.parametrize(("system", "package", "version", "release", "built_against", "apart"), [
    (DEBIAN, "linux-image-6.1.0-41-amd64", "6.1.158-1", "6.1.0-41-amd64", ["linux-headers-6.1.0-41-amd64"], []),
    (DEBIAN, "proxmox-kernel-6.8.12-4-pve-signed", "6.8.12-4", "6.8.12-4-pve", ["proxmox-headers-6.8.12-4-pve"], []),
    (DEBIAN, "linux-image-6.1.0-28-amd64-unsigned", "6.1.119-1", "6.1.0-28-amd64", ["linux-headers-6.1.0-28-amd64"], []),
    (DEBIAN, "linux-image-current-rockchip64", "24.5.3", "6.6.39-current-rockchip64", ["linux-headers-current-rockchip64=24.5.3"], []),
    (DEBIAN, "raspberrypi-kernel", "1:1.20230405-1", "6.1.21-v8+", ["raspberrypi-kernel-headers=1:1.20230405-1"], []),
    (DEBIAN, "pve-kernel-5.15.158-2-pve", "5.15.158-2", "5.15.158-2-pve", ["pve-headers-5.15.158-2-pve"], []),
    (UBUNTU, "linux-image-current-rockchip64", "24.5.3", "6.6.39-current-rockchip64", ["linux-headers-current-rockchip64=24.5.3"], []),
    (UBUNTU, "linux-image-6.8.0-1021-aws", "6.8.0-1021.23", "6.8.0-1021-aws", ["linux-headers-6.8.0-1021-aws"],
     ["linux-modules-extra-6.8.0-1021-aws"]),
    (REDHAT, "kernel-core", "5.14.0-611.el9", "5.14.0-611.el9.x86_64", ["kernel-devel-5.14.0-611.el9"], ["kernel-modules-extra-5.14.0-611.el9"]),
    (REDHAT, "kernel-64k-core", "5.14.0-611.el9", "5.14.0-611.el9.aarch64+64k", ["kernel-64k-devel-5.14.0-611.el9"],
     ["kernel-64k-modules-extra-5.14.0-611.el9"]),
    (REDHAT, "kernel-uek-core", "5.15.0-306.177.4.el9uek", "5.15.0-306.177.4.el9uek.x86_64", ["kernel-uek-devel-5.15.0-306.177.4.el9uek"],
     ["kernel-uek-modules-extra-5.15.0-306.177.4.el9uek"]),
    (REDHAT, "kernel6.12", "6.12.46-66.121.amzn2023", "6.12.46-66.121.amzn2023.x86_64", ["kernel6.12-devel-6.12.46-66.121.amzn2023"],
     ["kernel6.12-modules-extra-6.12.46-66.121.amzn2023"]),
    (SUSE, "kernel-default", "6.4.0-150600.23.73.1", "6.4.0-150600.23.73-default", ["kernel-default-devel=6.4.0-150600.23.73.1"],
     ["kernel-default-extra=6.4.0-150600.23.73.1"]),
    (SUSE, "kernel-default-base", "6.4.0-150600.23.73.1", "6.4.0-150600.23.73-default", ["kernel-default-devel=6.4.0-150600.23.73.1"],
     ["kernel-default-extra=6.4.0-150600.23.73.1"]),
])
def test_what_belongs_to_a_kernel(system: dict[str, Any], package: str, version: str, release: str, built_against: list[str], apart: list[str]
                                  ) -> None:
    image = {"package": package, "package_version": version, "release": release}
    assert (headers(system, image), extra_modules(system, image)) == (built_against, apart)


def test_the_plan_names_what_belongs_to_the_kernel_that_becomes_the_default() -> None:
    assert plan(host(), Wanted(), -1)["headers"] == [f"linux-headers-{NEW['release']}"]
    assert plan(host(), Wanted(release=OLD["release"]), -1)["headers"] == [f"linux-headers-{OLD['release']}"]
