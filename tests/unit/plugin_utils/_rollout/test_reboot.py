# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A reboot that proves itself: what it must bring, what a failed boot falls back to, and every way in which something else came up."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import reboot
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout.reboot import Asked
from golden_record import golden

OLD, NEW = "6.12.48-amd64", "6.12.57-amd64"
BEFORE_ID, AFTER_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def image(release: str, version: str, **more: Any) -> dict[str, Any]:
    return {"release": release, "flavour": "amd64", "package": f"linux-image-{release}", "package_version": version, "image_present": True,
            "complete": True, "initrd_missing": False, "image": f"/boot/vmlinuz-{release}", "initrd": f"/boot/initrd.img-{release}", **more}


def host(running: str = OLD, boot_id: str = BEFORE_ID, default: str = NEW) -> dict[str, Any]:
    """A Debian host with two kernels."""
    record = copy.deepcopy(golden())
    versions = {OLD: "6.12.48-1", NEW: "6.12.57-1"}
    record["boot"]["boot_id"] = boot_id
    record["kernel"]["running"].update(release=running, package_version=versions[running])
    record["kernel"]["installed"] = [image(OLD, "6.12.48-1"), image(NEW, "6.12.57-1")]
    record["kernel"]["default_boot"].update(release=default, loader="grub", options="root=/dev/vda1 ro quiet")
    return record


def test_a_new_kernel_is_tried_once_and_the_running_one_follows_a_failure() -> None:
    made = reboot.plan(host(), Asked())
    assert (made["release"], made["package_version"], made["rung"], made["trial"], made["falls_back_to"], made["words"], made["said"]) == (
        NEW, "6.12.57-1", "reboot", True, OLD, ["panic=30"], [])


def test_an_initrd_of_dracut_is_told_to_reboot_as_well() -> None:
    record = host()
    record["os"]["family"] = "redhat"
    assert reboot.plan(record, Asked(panic_seconds=10))["words"] == ["panic=10", "rd.shell=0", "rd.emergency=reboot"]
    assert reboot.plan(record, Asked(panic_seconds=0))["words"] == []


def test_the_running_kernel_needs_no_trial() -> None:
    made = reboot.plan(host(running=NEW), Asked())
    assert (made["trial"], made["words"], made["said"]) == (False, [], [])


def test_a_kernel_that_was_replaced_in_place_falls_back_to_another_one() -> None:
    record = host(running=NEW)
    record["kernel"]["running"]["package_version"] = "6.12.57-0"
    made = reboot.plan(record, Asked())
    assert (made["trial"], made["falls_back_to"]) == (True, OLD)


@pytest.mark.parametrize(("spoil", "said"), [
    ({"image_present": False}, "no other kernel can boot here"), ({"initrd_missing": True}, "no other kernel can boot here"),
    ({"complete": False}, "no other kernel can boot here")])
def test_without_a_kernel_to_fall_back_to_it_is_said_or_refused(spoil: dict[str, Any], said: str) -> None:
    record = host()
    record["kernel"]["installed"][0].update(spoil)
    made = reboot.plan(record, Asked())
    assert not made["trial"] and made["falls_back_to"] is None and said in made["said"][0]
    with pytest.raises(Refused, match=said):
        reboot.plan(record, Asked(trial="require"))


def test_nothing_falls_back_to_a_kernel_that_shim_would_refuse() -> None:
    record = host()
    record["boot"]["trust"]["kernels"] = [
        {"image": f"/boot/vmlinuz-{OLD}", "answer": "refused"}, {"image": f"/boot/vmlinuz-{NEW}", "answer": "allowed"}]
    assert reboot.plan(record, Asked())["falls_back_to"] is None
    record["boot"]["trust"]["kernels"][0]["answer"] = "unknown"
    assert reboot.plan(record, Asked())["falls_back_to"] == OLD


@pytest.mark.parametrize("loader", ["extlinux", "grubby", "ostree", "firmware", None])
def test_a_loader_that_starts_nothing_once_is_named(loader: str | None) -> None:
    record = host()
    record["kernel"]["default_boot"]["loader"] = loader
    assert f"the loader is {loader}" in reboot.plan(record, Asked())["said"][0]


@pytest.mark.parametrize(("spoil", "said"), [
    ({"image_present": False}, "is gone"), ({"initrd_missing": True}, "has no initrd"), ({"complete": False}, "broke off")])
def test_a_kernel_that_cannot_come_up_is_refused(spoil: dict[str, Any], said: str) -> None:
    record = host()
    record["kernel"]["installed"][1].update(spoil)
    with pytest.raises(Refused, match=said):
        reboot.plan(record, Asked())


def test_a_kernel_of_no_package_and_a_record_without_kernels_are_refused() -> None:
    with pytest.raises(Refused, match=r"9\.9 is to come up, and no package holds it; installed: 6\.12\.48-amd64, 6\.12\.57-amd64"):
        reboot.plan(host(), Asked(release="9.9"))
    record = host()
    record["kernel"]["default_boot"]["release"] = None
    with pytest.raises(Refused, match="is not known"):
        reboot.plan(record, Asked())
    with pytest.raises(Refused, match="wanted: a scan"):
        reboot.plan({}, Asked())


@pytest.mark.parametrize(("asked", "wanted"), [
    (Asked(rungs=("soft_reboot", "reboot"), systemd=257), "soft_reboot"),
    (Asked(rungs=("soft_reboot", "reboot"), systemd=252), "reboot"),
    (Asked(rungs=("soft_reboot", "kexec", "reboot"), systemd=252, kexec=True), "kexec"),
    (Asked(rungs=("kexec", "reboot"), kexec=False), "reboot"),
    (Asked(), "reboot"),
])
def test_the_least_disruptive_rung_that_the_host_can_take(asked: Asked, wanted: str) -> None:
    assert reboot.plan(host(running=NEW), asked)["rung"] == wanted


def test_a_soft_reboot_brings_no_other_kernel_and_no_other_command_line() -> None:
    asked = Asked(rungs=("soft_reboot", "reboot"), systemd=257)
    assert reboot.plan(host(), asked)["rung"] == "reboot"
    record = host(running=NEW)
    record["kernel"]["default_boot"]["options"] += " mitigations=auto"
    assert reboot.plan(record, asked)["rung"] == "reboot"
    with pytest.raises(Refused, match="can take none of the allowed rungs"):
        reboot.plan(record, Asked(rungs=("soft_reboot",), systemd=257))


def test_a_soft_reboot_does_not_close_what_lies_in_run_and_asks_for_a_reboot() -> None:
    """/run and the time of the boot stay as they are (systemd-soft-reboot.service(8)): the host would be told that it still needs it."""
    record = host(running=NEW)
    record["boot"]["reboot_required"] = True
    assert reboot.plan(record, Asked(rungs=("soft_reboot", "reboot"), systemd=257))["rung"] == "reboot"


def test_kexec_loads_no_microcode_so_a_pending_one_needs_the_firmware() -> None:
    record = host()
    record["cpu"]["microcode"]["pending"] = True
    assert reboot.plan(record, Asked(rungs=("kexec", "reboot"), kexec=True))["rung"] == "reboot"


def test_kexec_gets_the_command_line_of_the_loader_and_the_panic_timer() -> None:
    record = host()
    record["kernel"]["default_boot"]["options"] = "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro"
    made = reboot.plan(record, Asked(rungs=("kexec",), kexec=True))
    assert (made["command_line"], made["falls_back_to"], made["trial"]) == ("root=/dev/vda1 ro panic=30", OLD, False)
    record["kernel"]["default_boot"]["options"] = record["boot"]["cmdline"] = None
    with pytest.raises(Refused, match="command line of the next boot is not known"):
        reboot.plan(record, Asked(rungs=("kexec",), kexec=True))


@pytest.mark.parametrize("asked", [Asked(rungs=()), Asked(rungs=("halt",)), Asked(trial="maybe")])
def test_what_is_asked_for_must_exist(asked: Asked) -> None:
    with pytest.raises(Refused, match="wanted: "):
        reboot.plan(host(), asked)


def came(after: dict[str, Any], before: dict[str, Any] | None = None, **asked: Any) -> list[str]:
    before = before or host()
    return reboot.came_up(before, after, reboot.plan(before, Asked(**asked)))


def test_the_expected_kernel_came_up() -> None:
    assert came(host(running=NEW, boot_id=AFTER_ID)) == []


def test_another_kernel_came_up_and_both_are_named() -> None:
    assert came(host(running=OLD, boot_id=AFTER_ID)) == [
        f"it came back on another kernel: {OLD} runs, {NEW} was expected; the trial failed, and the loader fell back"]
    third = host(running=OLD, boot_id=AFTER_ID)
    third["kernel"]["running"]["release"] = "6.12.30-amd64"
    assert came(third) == [f"it came back on another kernel: 6.12.30-amd64 runs, {NEW} was expected"]


def test_another_build_of_the_same_release_came_up() -> None:
    after = host(running=NEW, boot_id=AFTER_ID)
    after["kernel"]["running"]["package_version"] = "6.12.57-0"
    assert came(after) == [f"it came back on another build of {NEW}: 6.12.57-0 runs, 6.12.57-1 was expected"]


def test_a_host_that_did_not_boot_is_not_proved_by_its_release() -> None:
    before = host(running=NEW)
    assert came(host(running=NEW), before) == [f"the host did not boot: its boot id is still {BEFORE_ID}"]
    assert came(host(running=NEW), before, rungs=("soft_reboot",), systemd=257) == []
    assert "booted its kernel anew" in came(host(running=NEW, boot_id=AFTER_ID), before, rungs=("soft_reboot",), systemd=257)[0]


@pytest.mark.parametrize("path", ["boot.boot_id", "kernel.running.release", "kernel.running.package_version"])
def test_what_cannot_be_said_is_no_proof(path: str) -> None:
    after = host(running=NEW, boot_id=AFTER_ID)
    *steps, last = path.split(".")
    place = after
    for step in steps:
        place = place[step]
    place[last] = None
    after["nulls"] = [{"fact": path, "reason": "deadline", "detail": ""}]
    assert len(came(after)) == 1 and "cannot be said" in came(after)[0] and "deadline" in came(after)[0]


def test_live_patches_of_the_same_kernel_are_back_and_those_on_disk_are_loaded() -> None:
    before, after = host(running=NEW), host(running=NEW, boot_id=AFTER_ID)
    for record in (before, after):
        record["live_patch"] = {"provider": {"id": "kpatch"}, "installed_not_loaded": [], "patches": [{"id": "fix", "state": "active"}]}
    assert came(after, before) == []
    after["live_patch"]["patches"] = [{"id": "fix", "state": "enabling"}]
    assert came(after, before) == ["live patches that were in force are not: fix"]
    after["live_patch"].update(patches=[], installed_not_loaded=["fix"])
    assert came(after, before)[0] == "live patches on disk are not loaded: fix"
    after["live_patch"].update(patches=before["live_patch"]["patches"], installed_not_loaded=None)
    after["nulls"] = [{"fact": "live_patch.installed_not_loaded", "reason": "deadline", "detail": ""}]
    assert came(after, before) == ["whether live patches are loaded cannot be said: live_patch.installed_not_loaded: deadline"]
    after["nulls"] = [{"fact": "live_patch.installed_not_loaded", "reason": "unsupported", "detail": "ksplice"}]
    assert came(after, before) == []
    # A live patch is made for one kernel: another one may need none.
    before["kernel"]["running"].update(release=OLD, package_version="6.12.48-1")
    after["live_patch"]["installed_not_loaded"] = []
    assert came(after, before) == []


def ran(**services: list[str]) -> dict[str, Any]:
    record = host(running=NEW)
    record["services"] = {"active": [], "failed": [], "masked": [], **services}
    return record


ENABLED = ["cron.service", "wg-quick@.service"]


@pytest.mark.parametrize(("before", "after", "wrong"), [
    (["cron.service"], {"active": ["cron.service"]}, []),
    (["cron.service"], {}, ["units that ran do not run: cron.service"]),
    (["cron.service"], {"failed": ["cron.service"]}, ["units that ran do not run: cron.service (failed)"]),
    (["wg-quick@wg0.service"], {}, ["units that ran do not run: wg-quick@wg0.service"]),
    (["by-hand.service"], {}, []),
    (["by-hand.service"], {"failed": ["by-hand.service"]}, ["units that ran do not run: by-hand.service (failed)"]),
    (["user@1000.service", "ssh@3-10.0.0.1:22-10.0.0.9:5.service", "systemd-hostnamed.service"], {}, []),
    ([], {"failed": ["new.service"]}, []),
])
def test_units_that_a_boot_starts_run_again(before: list[str], after: dict[str, list[str]], wrong: list[str]) -> None:
    assert reboot.runs_again(ran(active=before), ran(**after), ENABLED) == wrong


def test_where_nothing_says_what_a_boot_starts_all_that_ran_counts_but_what_the_operator_passes_over() -> None:
    before, after = ran(active=["by-hand.service"]), ran()
    assert reboot.runs_again(before, after, None) == ["units that ran do not run: by-hand.service"]
    assert reboot.runs_again(before, after, None, ["by-*"]) == []


def test_units_that_cannot_be_listed_any_more_are_told() -> None:
    after = ran()
    after["services"]["active"] = None
    assert "cannot be said" in reboot.runs_again(ran(active=["cron.service"]), after, ENABLED)[0]


def test_engines_guests_and_containers_run_again() -> None:
    before, after = ran(), ran()
    before["hypervisor"]["guests"] = [{"name": "web1", "pid": 7}, {"name": "off", "pid": None}, {"name": "moved", "pid": 8}]
    after["hypervisor"]["guests"] = [{"name": "web1", "pid": None}]
    after["containers"]["engines"][0].update(running=False)
    before["containers"]["items"] = [{"engine": "docker", "name": "db", "is_pod": False, "nested": False, "namespace": None}]
    after["containers"]["items"] = []
    assert reboot.runs_again(before, after, ENABLED, guests_gone=["moved"]) == [
        "engines that ran do not run: containerd", "guests that ran do not run: web1", "containers that ran do not run: docker db"]


@pytest.mark.parametrize(("user", "counts"), [(0, True), (None, True), (1000, False)])
def test_a_user_s_own_container_does_not_decide_how_a_rollout_goes_on(user: int | None, counts: bool) -> None:
    before, after = ran(), ran()
    before["containers"]["items"] = [{"engine": "podman", "name": "toy", "is_pod": False, "nested": False, "namespace": None, "user": user}]
    after["containers"]["items"] = []
    assert bool(reboot.runs_again(before, after, ENABLED)) is counts


def test_pods_go_where_kubernetes_wants_them() -> None:
    after = ran()
    after["containers"]["items"] = []
    assert reboot.runs_again(ran(), after, ENABLED) == []


@pytest.mark.parametrize(("modules", "refused"), [
    ([{"name": "zfs", "in_next_boot": False}], True), ([{"name": "zfs", "in_next_boot": True}], False),
    ([{"name": "zfs", "in_next_boot": None}], False), ([], False), (None, False)])
def test_a_kernel_without_a_module_that_is_loaded_now_is_not_booted(modules: list[dict[str, Any]] | None, refused: bool) -> None:
    record = host()
    record["kernel"]["modules"] = modules
    if refused:
        with pytest.raises(Refused, match="lacks zfs, which is loaded now; build it for that kernel first"):
            reboot.plan(record, Asked())
    else:
        assert reboot.plan(record, Asked())["release"] == NEW
