# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests leave an old QEMU, in which way, and what is said of those that are left."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.plan_guests import planned
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan_guests import Asked, plan
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan_kernel import RefusalError
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard import promises
from golden_record import golden

PROCESS = {"pid": 812, "component": "qemu", "stale": True, "reason": "replaced", "version": "1:9.2.0-1", "guest": "web1",
           "machine_type": "pc-q35-9.2"}
GUEST = {"name": "web1", "pid": 812, "persistent": True, "pinned_by": [], "machine_type": "pc-q35-9.2", "defined_machine_type": "pc-q35-9.2"}


def made(
    method: str = "none", standard: dict[str, Any] | None = None, process: dict[str, Any] | None = None, guest: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The plan for a host with one process, of one guest where ``guest`` is not None."""
    guests = [] if guest is None else [{**GUEST, **guest}]
    record = golden({"hypervisor.processes": [{**PROCESS, **(process or {})}], "hypervisor.guests": guests})
    return plan(record, promises({"hypervisor": standard or {}}), Asked(method, "qemu+ssh://other/system"))


@pytest.mark.parametrize("method", ["managed_save", "migrate", "restart"])
def test_a_guest_on_an_old_binary_is_moved_in_the_way_that_was_asked_for(method: str) -> None:
    assert made(method, guest={}) == {"move": [{"name": "web1", "pid": 812, "method": method}], "left": []}


@pytest.mark.parametrize("method", ["none", "managed_save", "migrate", "restart"])
def test_a_guest_on_the_installed_binary_is_never_touched(method: str) -> None:
    assert made(method, process={"stale": False}, guest={}) == {"move": [], "left": []}


def test_unless_asked_a_guest_is_only_named() -> None:
    plan_made = made(guest={})
    assert plan_made["move"] == []
    assert plan_made["left"] == [
        "qemu (pid 812) of guest web1 runs 1:9.2.0-1, 1:10.0.2+ds-2 is installed: migrate it live (hypervisor_replace_guests: migrate), "
        "or save and restore it here, which stops it for a moment (managed_save)"]


@pytest.mark.parametrize(("method", "guest", "moved"), [
    ("managed_save", {"pinned_by": ["hostdev"]}, False),
    ("migrate", {"pinned_by": ["filesystem"]}, False),
    ("restart", {"pinned_by": ["hostdev"]}, True),
    ("managed_save", {"persistent": False}, False),
    ("restart", {"persistent": False}, False),
    ("migrate", {"persistent": False}, True),
])
def test_what_cannot_be_done_to_a_guest_is_not_tried(method: str, guest: dict[str, Any], moved: bool) -> None:
    plan_made = made(method, guest=guest)
    assert (len(plan_made["move"]), len(plan_made["left"])) == ((1, 0) if moved else (0, 1))


@pytest.mark.parametrize(("process", "guest", "words"), [
    ({}, {"pinned_by": ["hostdev"]}, "restart); its hostdev keeps it from being saved or moved"),
    ({}, {"pinned_by": ["hostdev"], "persistent": False}, "restart it by what defined it; its hostdev"),
    ({}, {"persistent": False}, "it has no definition to start it from again"),
    ({}, None, "libvirt does not know it; restart it by what started it"),
    ({"guest": "sandbox-4711"}, None, "recreate the sandbox"),
    ({"component": "libvirt", "guest": None}, None, "libvirt (pid 812) runs 1:9.2.0-1, nothing is installed: restart its service; the guests go on"),
    ({"component": "virtiofsd", "guest": None}, None, "together with the guest that it serves"),
    ({"component": "firecracker", "version": None}, None, "runs an unknown version, nothing is installed: restart the guest by what started it"),
    ({"stale": None, "reason": "it runs in a container"}, None, "whether it runs what is installed cannot be said: it runs in a container"),
])
def test_each_is_named_with_its_remedy(process: dict[str, Any], guest: dict[str, Any] | None, words: str) -> None:
    line, = made("managed_save", process=process, guest=guest)["left"]
    assert words in line


def test_machine_types_that_are_not_allowed_or_deprecated_are_named() -> None:
    current = {"stale": False}
    assert made(standard={"machine_types": ["pc-q35-10.*"]}, process=current, guest={"defined_machine_type": "pc-q35-10.0"})["left"] == [
        "guest web1 runs with pc-q35-9.2, which the standard does not allow (pc-q35-10.*): "
        "give it another one with virsh edit, in force at its next start"]
    old = {"machine_type": "pc-q35-5.1", "defined_machine_type": "pc-q35-5.1"}
    line, = made(process=current, guest=old)["left"]
    assert line.startswith("guest web1 runs with pc-q35-5.1, which the installed QEMU calls deprecated")
    off = {"pid": None, "machine_type": None, "defined_machine_type": "pc-i440fx-4.0"}
    assert [line for line in made(process=current, guest=off)["left"] if "guest web1 is defined with pc-i440fx-4.0" in line]


def test_a_monitor_without_libvirt_has_its_machine_type_named_too() -> None:
    line, = made(standard={"machine_types": []}, process={"stale": False})["left"]
    assert line == "qemu (pid 812) runs with pc-q35-9.2, which the standard does not allow (it allows none): it is chosen by what started it"


@pytest.mark.parametrize(("asked", "words"), [
    (Asked("kill"), "hypervisor_replace_guests is kill; wanted: one of none, managed_save, migrate, restart"),
    (Asked("migrate"), "hypervisor_migrate_to is empty"),
])
def test_what_is_refused(asked: Asked, words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        plan(golden({"hypervisor.guests": []}), {}, asked)


@pytest.mark.parametrize("fact", ["hypervisor.guests", "hypervisor.processes"])
def test_without_knowing_what_runs_there_is_no_plan(fact: str) -> None:
    scan = {"record": {"record": golden({"hypervisor.guests": [], fact: None})}, "standard": None}
    assert planned(scan, "web")["refusal"].startswith("web: what runs here is not known")
