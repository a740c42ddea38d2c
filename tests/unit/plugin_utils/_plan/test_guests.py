# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests leave an old QEMU, in which way, and what is said of those that are left."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.plan_guests import planned
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.guests import Asked, plan
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import promises
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
    assert made(method, guest={}) == {"move": [{"name": "web1", "pid": 812, "method": method}], "define": [], "left": []}


@pytest.mark.parametrize("method", ["none", "managed_save", "migrate", "restart"])
def test_a_guest_on_the_installed_binary_is_never_touched(method: str) -> None:
    assert made(method, process={"stale": False}, guest={}) == {"move": [], "define": [], "left": []}


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


@pytest.mark.parametrize("method", ["managed_save", "migrate", "restart"])
@pytest.mark.parametrize(("component", "remedy"), [("xen", "reboot"), ("firecracker", "this role does not manage it"),
                                                   ("cloud-hypervisor", "this role does not manage it")])
def test_what_is_read_and_not_managed_is_named_and_never_touched(component: str, remedy: str, method: str) -> None:
    plan_made = made(method, process={"component": component, "machine_type": None}, guest={"machine_type": None, "defined_machine_type": None})
    assert (plan_made["move"], plan_made["define"]) == ([], [])
    line, = plan_made["left"]
    assert line.startswith(f"{component} (pid 812) of guest web1 runs 1:9.2.0-1, nothing is installed: ") and line.endswith(remedy)


CURRENT = {"stale": False}
NEWER = ("pc-q35-10.0", "pc-i440fx-10.0")


def typed(runs: str | None, defined: str | None, asked: tuple[str, ...] = (), standard: Any = ("pc-q35-10.*", "pc-i440fx-10.*")) -> dict[str, Any]:
    """The plan for a host with one guest of these machine types."""
    guest = {**GUEST, "machine_type": runs, "defined_machine_type": defined, "persistent": defined is not None, "pid": 812 if runs else None}
    process = {**PROCESS, **CURRENT, "machine_type": runs}
    record = golden({"hypervisor.processes": [process] if runs else [], "hypervisor.guests": [guest]})
    promised = {"hypervisor": {"machine_types": list(standard)}} if standard else {}
    return plan(record, promises(promised), Asked(machine_types=asked))


@pytest.mark.parametrize(("runs", "defined", "asked", "define", "left"), [
    ("pc-q35-9.2", "pc-q35-9.2", (), None,
     ["guest web1 runs with pc-q35-9.2, which the standard does not allow (pc-q35-10.*, pc-i440fx-10.*): "
      "give its definition another version (hypervisor_machine_types), in force at its next start"]),
    ("pc-q35-9.2", "pc-q35-10.0", (), None, ["guest web1 runs with pc-q35-9.2, which the standard does not allow (pc-q35-10.*, pc-i440fx-10.*): "
                                             "at its next start it gets pc-q35-10.0"]),
    ("pc-q35-9.2", "pc-q35-9.2", NEWER, "pc-q35-10.0",
     ["guest web1 runs with pc-q35-9.2, which the standard does not allow (pc-q35-10.*, pc-i440fx-10.*): at its next start it gets pc-q35-10.0"]),
    (None, "pc-i440fx-9.2", NEWER, "pc-i440fx-10.0", []),
    (None, "pc-1.3", NEWER, "pc-i440fx-10.0", []),
    (None, "pc-q35-rhel9.4.0", NEWER, "pc-q35-10.0", []),
    ("pc-q35-10.1", "pc-q35-10.1", NEWER, None, []),
    (None, "pc-i440fx-9.2", NEWER[:1], None,
     ["guest web1 is defined with pc-i440fx-9.2, which the standard does not allow (pc-q35-10.*, pc-i440fx-10.*): "
      "no machine type of its family is asked for; another family is other hardware, to be defined by hand (virsh edit)"]),
    (None, "microvm", (), None, ["guest web1 is defined with microvm, which the standard does not allow (pc-q35-10.*, pc-i440fx-10.*): "
                                 "give it another one with virsh edit, in force at its next start"]),
    ("pc-q35-9.2", None, NEWER, None, ["guest web1 runs with pc-q35-9.2, which the standard does not allow (pc-q35-10.*, pc-i440fx-10.*): "
                                       "it has no definition, and is chosen by what started it"]),
])
def test_definitions_get_another_version_of_their_machine_type_only_when_it_is_asked_for(
    runs: str | None, defined: str | None, asked: tuple[str, ...], define: str | None, left: list[str],
) -> None:
    plan_made = typed(runs, defined, asked)
    assert plan_made["define"] == ([{"name": "web1", "machine_type": define}] if define else [])
    assert plan_made["left"] == left
    assert plan_made["move"] == []


def test_a_deprecated_machine_type_is_named_and_replaced_too() -> None:
    plan_made = typed("pc-q35-5.1", "pc-q35-5.1", ("pc-q35-10.0",), standard=None)
    assert plan_made["define"] == [{"name": "web1", "machine_type": "pc-q35-10.0"}]
    assert plan_made["left"] == ["guest web1 runs with pc-q35-5.1, which the installed QEMU calls deprecated: at its next start it gets pc-q35-10.0"]


@pytest.mark.parametrize(("asked", "words"), [
    (("q35",), "hypervisor_machine_types has q35; wanted: machine types with their version"),
    (("pc-q35-10.0", "pc-q35-10.1"), "hypervisor_machine_types has pc-q35-10.1; wanted"),
    (("pc-q35-9.2",), "hypervisor_machine_types has pc-q35-9.2, which the standard does not allow"),
])
def test_machine_types_that_no_guest_should_get_are_refused(asked: tuple[str, ...], words: str) -> None:
    with pytest.raises(Refused, match=words):
        typed(None, None, asked)


def test_a_monitor_without_libvirt_has_its_machine_type_named_too() -> None:
    line, = made(standard={"machine_types": []}, process={"stale": False})["left"]
    assert line == "qemu (pid 812) runs with pc-q35-9.2, which the standard does not allow (it allows none): it is chosen by what started it"


@pytest.mark.parametrize(("asked", "words"), [
    (Asked("kill"), "hypervisor_replace_guests is kill; wanted: one of none, managed_save, migrate, restart"),
    (Asked("migrate"), "hypervisor_migrate_to is empty"),
])
def test_what_is_refused(asked: Asked, words: str) -> None:
    with pytest.raises(Refused, match=words):
        plan(golden({"hypervisor.guests": []}), {}, asked)


@pytest.mark.parametrize("fact", ["hypervisor.guests", "hypervisor.processes"])
def test_without_knowing_what_runs_there_is_no_plan(fact: str) -> None:
    scan = {"record": {"record": golden({"hypervisor.guests": [], fact: None})}, "standard": None}
    assert planned(scan, "web")["refusal"].startswith("web: what runs here is not known")


@pytest.mark.parametrize("method", ["managed_save", "migrate", "restart"])
def test_a_guest_whose_machine_type_is_gone_is_neither_moved_nor_restarted(method: str) -> None:
    """QEMU 11.1 has no pc-q35-5.0: neither its memory nor its definition can be taken over."""
    old = {"machine_type": "pc-q35-5.0", "machine_type_in_effect": "pc-q35-5.0"}
    record = golden({
        "hypervisor.components": [{"name": "qemu", "package": "qemu-system-x86", "version": "1:11.1.3+ds-1", "path": "/usr/bin/qemu-system-x86_64"}],
        "hypervisor.processes": [{**PROCESS, **old}],
        "hypervisor.guests": [{**GUEST, "machine_type": "pc-q35-5.0", "defined_machine_type": "pc-q35-5.0"}]})
    plan_made = plan(record, promises({"hypervisor": {}}), Asked(method, "qemu+ssh://other/system"))
    assert plan_made["move"] == []
    assert "it can neither be moved here nor restored" in plan_made["left"][0]
    assert "which the installed QEMU has no more" in plan_made["left"][1]
