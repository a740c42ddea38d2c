# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates and drains: each gate closes for its own reason and for a fact that is not known, and nothing is stopped that may not be."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.closed_gates import closed as by_filter
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._rollout import drain, gates
from golden_record import golden

ROOM = {"/": {"free_mb": 5000, "free_inodes": 1000, "problem": None}, "/boot": {"free_mb": 300, "free_inodes": None, "problem": None}}
READY: dict[str, Any] = {"room": ROOM, "packages": [], "lock_holders": [], "enabled": [], "systemd": 252, "kexec": False}
FREE = {"/": 200, "/boot": 20}


def host() -> dict[str, Any]:
    record = copy.deepcopy(golden())
    record["kernel"]["default_boot"].update(image_present=True, stale_config=False)
    record["hypervisor"]["guests"] = []
    return record


def closed(record: dict[str, Any], off: tuple[str, ...] = (), **readiness: Any) -> list[str]:
    return gates.closed(record, {**READY, **readiness}, gates.Asked(FREE, off))


def test_a_host_that_is_well_passes() -> None:
    assert closed(host()) == []


@pytest.mark.parametrize(("readiness", "said"), [
    ({"room": {**ROOM, "/boot": {"free_mb": 3, "free_inodes": 9, "problem": None}}}, "disk: /boot has 3 MB free; wanted: 20"),
    ({"room": {**ROOM, "/": {"free_mb": 3000, "free_inodes": 0, "problem": None}}}, "disk: / has no inode free"),
    ({"room": {**ROOM, "/boot": {"free_mb": None, "problem": "df hung"}}}, "disk: how much room /boot has is not known (df hung)"),
    ({"room": {}}, "disk: how much room / has is not known (it was not asked)"),
    ({"packages": ["The following packages are only half configured: linux-image"]},
     "packages: The following packages are only half configured: linux-image"),
    ({"lock_holders": [{"pid": 7, "name": "apt-get", "path": "/var/lib/dpkg/lock"}]},
     "lock: the package database is locked by process 7 apt-get (/var/lib/dpkg/lock)"),
    ({"packages": None}, "packages: it cannot be said: packages: host_readiness did not answer"),
    ({"lock_holders": None}, "lock: it cannot be said: lock_holders: host_readiness did not answer"),
])
def test_what_the_host_is_not_ready_for(readiness: dict[str, Any], said: str) -> None:
    found = closed(host(), **readiness)
    assert found[0] == said
    assert closed(host(), off=(said.partition(":")[0],), **readiness) == []


@pytest.mark.parametrize(("path", "value", "said"), [
    ("kernel.modules", [{"name": "zfs", "in_next_boot": False}], "modules: the kernel of the next boot has no module zfs, which is loaded now"),
    ("kernel.modules", [{"name": "zfs", "in_next_boot": None}],
     "modules: whether the kernel of the next boot has zfs, which is loaded now, is not known"),
    ("kernel.default_boot.image_present", False, "next_boot: the image of the next boot, None, is gone"),
    ("kernel.default_boot.stale_config", True, "next_boot: GRUB's menu was made from another GRUB_DEFAULT than /etc/default/grub holds now"),
    ("boot.kexec_loaded", True, "kexec: a kernel waits to be started by kexec: the reboot may start that one, not the loader's"),
    ("hypervisor.guests", [{"name": "old", "pid": 7, "machine_type": "pc-q35-2.12", "defined_machine_type": None, "saved_machine_type": None}],
     "guests: guest old has the machine pc-q35-2.12, which the installed QEMU no longer has"),
])
def test_what_the_record_says_against_it(path: str, value: Any, said: str) -> None:
    record = host()
    record["hypervisor"]["components"][0]["version"] = "1:11.1.0+ds-1"
    _put(record, path, value)
    assert closed(record) == [said]


@pytest.mark.parametrize("path", ["kernel.modules", "kernel.default_boot.release", "kernel.default_boot.image_present", "kernel.installed",
                                  "boot.kexec_loaded", "services.active"])
def test_a_gate_of_which_nothing_can_be_said_is_closed(path: str) -> None:
    record = host()
    _put(record, path, None)
    assert any("it cannot be said" in said for said in closed(record))


def test_a_host_without_systemd_has_no_units_that_must_be_known() -> None:
    record = host()
    _put(record, "services.active", None)
    record["nulls"] = [{"fact": "services.active", "reason": "absent", "detail": "/run/systemd/system"}]
    assert closed(record) == []


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        record = record[step]
    record[last] = value


@pytest.mark.parametrize(("trust", "said"), [
    ({"mode": "enforced", "next_boot": "allowed", "modules_refused": []}, []),
    ({"mode": "off", "next_boot": None}, []),
    ({"mode": "not_efi", "next_boot": None}, []),
    ({"mode": "enforced", "next_boot": "refused", "next_boot_stage": "shim", "next_boot_outcome": "power_off", "next_boot_reason": "sbat: grub,3"},
     ["boot_trust: the next boot is refused by shim (power_off): sbat: grub,3"]),
    ({"mode": "enforced", "next_boot": "waits", "next_boot_stage": "mok_manager", "next_boot_outcome": "console_box", "next_boot_reason": "MokNew"},
     ["boot_trust: the next boot waits for a person at mok_manager (console_box): MokNew"]),
    ({"mode": "enforced", "next_boot": "allowed", "modules_refused": [{"module": "zfs", "kernel": "6.1", "signer": None}]},
     ["boot_trust: the kernel of the next boot refuses modules that are loaded now: zfs"]),
    ({"mode": None, "next_boot": None}, ["boot_trust: it cannot be said: boot.trust.mode: missing"]),
    ({"mode": "enforced", "next_boot": None}, ["boot_trust: it cannot be said: boot.trust.next_boot: missing"]),
])
def test_a_boot_that_would_not_be_allowed_is_not_begun(trust: dict[str, Any], said: list[str]) -> None:
    record = host()
    record["boot"]["trust"] = trust
    assert closed(record) == said


def test_a_kernel_without_its_initrd_and_one_that_was_left_half_way() -> None:
    record = host()
    record["kernel"]["installed"][0].update(initrd_missing=True, complete=False)
    assert [said.partition(":")[0] for said in closed(record)] == ["packages", "next_boot"]


def test_a_gate_that_does_not_exist_is_not_opened_and_a_lost_scan_is_a_closed_one() -> None:
    with pytest.raises(ValueError, match="rollout_gates_off has disc; wanted: some of disk, packages"):
        by_filter({"record": {"record": host()}}, READY, FREE, ["disc"])
    assert by_filter({"record": {"record": None}, "error": "unreachable"}, READY, FREE) == ["scan: unreachable"]


def guest(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "pid": 7, "persistent": True, "pinned_by": [], **more}


def with_guests(*guests: dict[str, Any]) -> dict[str, Any]:
    record = host()
    record["hypervisor"]["guests"] = list(guests)
    return record


@pytest.mark.parametrize(("policy", "wanted"), [
    ("managed_save", {"save": ["a"], "start": ["a"]}), ("shutdown", {"shutdown": ["a"], "start": ["a"]}), ("migrate", {"migrate": ["a"]}),
])
def test_guests_that_run_go_as_asked_and_come_back(policy: str, wanted: dict[str, Any]) -> None:
    made = drain.plan(with_guests(guest("a"), guest("off", pid=None)), policy, "leave", "qemu+ssh://other/system")
    assert made == {"save": [], "migrate": [], "shutdown": [], "start": [], "left": [], **wanted}


@pytest.mark.parametrize(("row", "policy", "said"), [
    (guest("a"), "refuse", "guests run here: a; wanted:"),
    (guest("a", pinned_by=["hostdev"]), "managed_save", "guest a has hostdev and cannot be saved or moved"),
    (guest("a", pinned_by=["hostdev"]), "migrate", "guest a has hostdev and cannot be saved or moved"),
    (guest("a", persistent=False), "shutdown", "guest a has no definition"),
    *((guest("12"), policy, "guest 12 is named by a number") for policy in ("managed_save", "migrate", "shutdown")),
    (guest("a", persistent=False), "managed_save", "guest a has no definition"),
])
def test_a_guest_that_may_not_be_stopped_stops_the_drain(row: dict[str, Any], policy: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        drain.plan(with_guests(row), policy, "leave", "qemu+ssh://other/system")


def test_a_migration_needs_a_place_and_a_policy_must_exist() -> None:
    with pytest.raises(Refused, match="rollout_migrate_to is empty"):
        drain.plan(with_guests(), "migrate", "leave")
    with pytest.raises(Refused, match="wanted: one of refuse"):
        drain.plan(with_guests(), "destroy", "leave")


def test_containers_of_no_cluster_are_named_or_refused() -> None:
    record = with_guests()
    record["containers"]["items"] = [{"engine": "docker", "name": "db", "id": "1", "namespace": None, "is_pod": False, "nested": False}]
    assert "docker db" in drain.plan(record, "refuse", "leave")["left"][0]
    with pytest.raises(Refused, match="containers run here: docker db"):
        drain.plan(record, "refuse", "refuse")
    assert drain.plan(with_guests(), "refuse", "refuse")["left"] == []


@pytest.mark.parametrize("path", ["hypervisor.guests", "containers.items"])
def test_what_is_not_known_to_run_is_not_taken_for_nothing(path: str) -> None:
    record = with_guests()
    _put(record, path, None)
    record["nulls"] = [{"fact": path, "reason": "needs_root", "detail": ""}]
    with pytest.raises(Refused, match="what runs here is not known"):
        drain.plan(record, "refuse", "leave")
    record["nulls"] = [{"fact": path, "reason": "absent", "detail": ""}]
    assert drain.plan(record, "refuse", "leave")["start"] == []
