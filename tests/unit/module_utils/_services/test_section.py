# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which units run on files that were deleted or replaced, on hosts that are mappings."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._services import section as services_section
from ansible_collections.firebreak.fleet.plugins.module_utils._services import stale_processes, units
from recorded_host import RecordedHost

LIBRARY = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
ROOT = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 0xfd01, 2]
OTHER_ROOT = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 0x2f, 77]
SSHD = "0::/system.slice/ssh.service\n"
# As systemctl of systemd 252 prints it.
LISTED = """\
ssh.service            loaded    active   running OpenBSD Secure Shell server
getty@tty1.service     masked    inactive dead    getty@tty1.service
broken.service         loaded    failed   failed  A service that fails
auditd.service         not-found inactive dead    auditd.service
dbus.socket            loaded    active   running D-Bus System Message Bus Socket
"""


def mapping(path: str, inode: int = 11, device: str = "fd:01", permissions: str = "r-xp") -> str:
    """A line of /proc/PID/maps."""
    return f"7f1c{inode:08x}-7f1d{inode:08x} {permissions} 00001000 {device} {inode}    {path}\n"


def file(inode: int, device: int = 0xfd01) -> list[Any]:
    return ["file", 0o644, 0, 0, 1000, 0.0, 0.0, device, inode]


class World:
    """A host that is written down process by process."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {
            "uid": 0, "now": 1000000.0, "read": {"/proc/uptime": "1000.00 1.0\n"}, "listdir": {"/proc": ["self", "meminfo"]},
            "readlink": {"/proc/self/ns/mnt": "mnt:[1]", "/proc/self/ns/pid": "pid:[1]"}, "stat": {"/": ROOT, "/usr/bin/app": file(10)}, "run": {}}

    def process(self, pid: int, maps: str, exe: str = "/usr/bin/app", cgroup: str = SSHD, **more: Any) -> World:
        """Add a process; ``root``, ``mnt`` and ``pid_space`` put it elsewhere than on the host itself."""
        folder = f"/proc/{pid}"
        self.said["listdir"]["/proc"].append(str(pid))
        self.said["readlink"].update({f"{folder}/exe": exe, f"{folder}/ns/mnt": more.get("mnt", "mnt:[1]"),
                                      f"{folder}/ns/pid": more.get("pid_space", "pid:[1]")})
        stat = f"{pid} (app) S 1 " + "0 " * 17 + f"{pid * 100} 0\n"
        self.said["read"].update({f"{folder}/maps": maps, f"{folder}/cgroup": cgroup, f"{folder}/stat": stat})
        self.said["stat"][f"{folder}/root"] = more.get("root", ROOT)
        return self

    def services(self) -> dict[str, Any]:
        """The facts of the section."""
        section = Section("services")
        services_section.collect(RecordedHost(self.said), section, {})
        return {**section.facts, "nulls": {null["fact"]: null["reason"] for null in section.nulls}}


def test_a_unit_on_a_deleted_library_is_named_with_its_files() -> None:
    world = World().process(50, mapping("/usr/bin/app", 10) + mapping(LIBRARY + " (deleted)") + mapping("/usr/lib/gone.so (deleted)", 12))
    world.process(51, mapping(LIBRARY + " (deleted)")).said["stat"][LIBRARY] = file(99)
    assert world.services()["stale"] == [{
        "unit": "ssh.service", "kind": "service", "user": None, "program": "/usr/bin/app", "pid": 50, "started_at": "1970-01-12T13:30:50Z",
        "processes": 2, "replaced": [LIBRARY], "deleted": ["/usr/lib/gone.so"], "names": ["app"], "restart": None,
        "remedy": "systemctl restart ssh.service"}]
    assert world.services()["examined"] == 2


def test_a_binary_that_was_replaced_is_stale_whatever_is_mapped() -> None:
    row = World().process(50, mapping("/srv/app/server (deleted)"), exe="/srv/app/server (deleted)").services()["stale"][0]
    assert (row["program"], row["deleted"], row["replaced"]) == ("/srv/app/server", ["/srv/app/server"], [])


def test_another_file_at_the_path_counts_without_the_kernels_mark_where_the_devices_agree() -> None:
    world = World().process(50, mapping(LIBRARY, 11))
    world.said["stat"][LIBRARY] = file(99)
    assert world.services()["stale"][0]["replaced"] == [LIBRARY]
    world.said["stat"][LIBRARY] = file(99, device=0x33)
    assert world.services()["stale"] == []
    world.said["stat"][LIBRARY] = file(11)
    assert world.services()["stale"] == []


@pytest.mark.parametrize(("held", "replaced"), [(file(99, 0x2f), []), (file(11, 0x2f), [LIBRARY]), (None, [])])
def test_where_maps_has_another_device_than_stat_the_kernels_link_to_the_file_tells(held: list[Any] | None, replaced: list[str]) -> None:
    """btrfs (00:2d against 00:2f) and overlays; a file over which another one was mounted is not deleted."""
    world = World().process(50, mapping(LIBRARY, 11, device="00:2d"))
    world.said["stat"].update({LIBRARY: file(99, 0x2f), **({"/proc/50/map_files/7f1c0000000b-7f1d0000000b": held} if held else {})})
    assert [row["replaced"] for row in world.services()["stale"]] == ([replaced] if replaced else [])


@pytest.mark.parametrize("path", [
    "/memfd:jit (deleted)", "/dev/zero (deleted)", "/dev/shm/x.so (deleted)", "/SYSV00000000 (deleted)", "/[aio] (deleted)", "/tmp/x.so (deleted)",
    "/var/tmp/ffiAb12Cd (deleted)", "/run/x.so (deleted)", "/home/me/#1234 (deleted)", "/home/me/.cache/JNA/temp/jna1.so (deleted)",
    "/snap/core/1/lib/libc.so.6 (deleted)", "/var/lib/postgresql/segment (deleted)", "/drm mm object (deleted)", "/anon_hugepage (deleted)",
])
def test_memory_and_files_of_a_programs_own_making_are_not_stale(path: str) -> None:
    assert World().process(50, mapping(path)).services()["stale"] == []


def test_data_is_not_a_program() -> None:
    assert World().process(50, mapping("/usr/lib/locale/locale-archive (deleted)", permissions="r--p")).services()["stale"] == []


def test_a_file_that_is_really_called_deleted_is_not() -> None:
    world = World().process(50, mapping("/usr/lib/odd (deleted)", 11))
    world.said["stat"]["/usr/lib/odd (deleted)"] = file(11)
    assert world.services()["stale"] == []


def test_what_rpm_and_dpkg_moved_aside_has_its_own_name() -> None:
    world = World().process(50, mapping(LIBRARY + ";5408628d (deleted)"), exe="/usr/bin/app.dpkg-tmp (deleted)")
    assert world.services()["stale"][0]["deleted"] == [LIBRARY]
    assert world.services()["stale"][0]["replaced"] == ["/usr/bin/app"]


@pytest.mark.parametrize(("cgroup", "pid", "exe", "expected"), [
    (SSHD, 50, "/usr/sbin/sshd", ("ssh.service", "service", None)),
    ("9:name=systemd:/init.scope\n8:pids:/\n0::/system.slice/cron.service\n", 50, "/usr/sbin/cron", ("cron.service", "service", None)),
    ("0::/init.scope\n", 50, "/usr/bin/tool", ("init.scope", "until_reboot", None)),
    ("9:name=systemd:/system.slice/cron.service\n0::/\n", 50, "/usr/sbin/cron", ("cron.service", "service", None)),
    ("0::/system.slice/systemd-udevd.service/udev\n", 50, "/usr/bin/udevadm", ("systemd-udevd.service", "service", None)),
    ("0::/init.scope\n", 1, "/usr/lib/systemd/systemd", ("init.scope", "manager", None)),
    ("0::/\n", 1, "/sbin/init", (None, "until_reboot", None)),
    ("0::/system.slice/dbus.service\n", 50, "/usr/bin/dbus-daemon", ("dbus.service", "until_reboot", None)),
    ("0::/user.slice/user-1000.slice/session-4.scope\n", 50, "/bin/bash", ("session-4.scope", "session", 1000)),
    ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", 50, "/bin/x", ("x.service", "session", 1000)),
    ("0::/user.slice/user-0.slice/user@0.service/init.scope\n", 50, "/usr/lib/systemd/systemd", ("user@0.service", "session", 0)),
    ("0::/system.slice/containerd.service\n", 50, "/usr/bin/containerd-shim-runc-v2", ("containerd.service", "carrier", None)),
    ("0::/machine.slice/machine-qemu\\x2d1.scope\n", 50, "/usr/bin/qemu-system-x86_64", ("machine-qemu\\x2d1.scope", "carrier", None)),
    ("0::/odd:name/x.service\n", 50, "/bin/x", ("x.service", "service", None)),
    ("", 50, "/bin/x", (None, "service", None)),
])
def test_whose_a_process_is(cgroup: str, pid: int, exe: str, expected: tuple[str | None, str, int | None]) -> None:
    row = World().process(pid, mapping(LIBRARY + " (deleted)"), exe=exe, cgroup=cgroup).services()["stale"][0]
    assert (row["unit"], row["kind"], row["user"]) == expected


def test_a_container_is_its_images_business() -> None:
    docker = f"0::/system.slice/docker-{'ab' * 32}.scope\n"
    world = World().process(50, mapping(LIBRARY + " (deleted)"), cgroup=docker, root=OTHER_ROOT, mnt="mnt:[2]", pid_space="pid:[2]")
    world.process(51, mapping(LIBRARY + " (deleted)"), cgroup=docker, root=OTHER_ROOT, mnt="mnt:[2]")
    assert (world.services()["stale"], world.services()["in_containers"]) == ([], 2)


def test_a_service_that_has_shut_itself_in_is_not_a_container() -> None:
    world = World().process(50, mapping(LIBRARY + " (deleted)"), root=OTHER_ROOT)
    world.process(51, mapping(LIBRARY + " (deleted)") + mapping("/usr/lib/own.so", 13), root=OTHER_ROOT, mnt="mnt:[2]", cgroup="0::/a.service\n")
    world.said["stat"]["/usr/lib/own.so"] = file(98)
    assert [(row["unit"], row["deleted"], row["replaced"]) for row in world.services()["stale"]] == [
        ("a.service", [LIBRARY], []), ("ssh.service", [LIBRARY], [])]


def test_a_thread_of_the_kernel_and_a_process_that_ended_are_passed_over() -> None:
    world = World().process(50, mapping("/usr/bin/app", 10)).process(60, "")
    world.said["listdir"]["/proc"] += ["2", "70"]
    facts = world.services()
    assert (facts["stale"], facts["unread"], facts["examined"]) == ([], [], 1)


def test_what_cannot_be_read_is_said_and_where_nothing_can_the_facts_are_null() -> None:
    world = World().process(50, mapping("/usr/bin/app", 10)).process(60, "")
    world.said["read"]["/proc/60/maps"] = {"problem": "unreadable"}
    assert world.services()["unread"] == [{"pid": 60, "program": "/usr/bin/app", "reason": "unreadable", "kind": "service", "user": None}]
    world.said["read"]["/proc/50/maps"] = {"problem": "too_large"}
    facts = world.services()
    assert facts["stale"] is None
    assert facts["nulls"]["services.stale"] == "too_large"


SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"


@pytest.mark.parametrize(("exe", "cgroup", "kind", "user"), [
    ("/home/u/app", SESSION, "session", 1000), ("/usr/bin/app", "0::/user.slice/user-7.slice/user@7.service/app.slice/x.service\n", "session", 7),
    ("/usr/bin/app", SSHD, "service", None), ("/usr/bin/conmon", SSHD, "carrier", None),
    ("/usr/bin/dbus-daemon", "0::/system.slice/dbus.service\n", "until_reboot", None)])
def test_what_a_process_costs_that_cannot_be_read(exe: str, cgroup: str, kind: str, user: int | None) -> None:
    world = World().process(50, mapping("/usr/bin/app", 10)).process(60, "", exe, cgroup)
    world.said["read"]["/proc/60/maps"] = {"problem": "too_large"}
    assert [(row["kind"], row["user"]) for row in world.services()["unread"]] == [(kind, user)]


@pytest.mark.parametrize("lost", ["exe", "cgroup"])
def test_a_process_of_which_not_even_that_is_known_may_be_of_any_kind(lost: str) -> None:
    world = World().process(50, mapping("/usr/bin/app", 10)).process(60, "", cgroup=SESSION)
    world.said["read"]["/proc/60/maps"] = world.said["readlink" if lost == "exe" else "read"][f"/proc/60/{lost}"] = {"problem": "unreadable"}
    assert [row["kind"] for row in world.services()["unread"]] == [None]


def test_a_crowd_of_one_kind_does_not_hide_another() -> None:
    world = World().process(50, mapping("/usr/bin/app", 10))
    for pid in range(100, 300):
        world.process(pid, "", cgroup=SSHD if pid == 299 else SESSION).said["read"][f"/proc/{pid}/maps"] = {"problem": "too_large"}
    rows = world.services()["unread"]
    assert (len(rows), rows[-1]["pid"], rows[-1]["kind"]) == (services_section.UNREAD_LIMIT, 299, "service")


def test_a_user_with_thousands_of_deleted_libraries_costs_no_time() -> None:
    """Once each of them was looked for among all of them: with 3,000 the section had no time left."""
    count = 4000
    maps = "".join(f"{place:x}000-{place + 1:x}000 r-xp 00000000 fd:01 {place}    /home/u/l{place}.so (deleted)\n" for place in range(1, count + 1))
    world = World().process(50, maps, "/home/u/app", SESSION)
    began = time.process_time()
    (row,) = world.services()["stale"]
    assert (row["kind"], row["user"]) == ("session", 1000)
    assert time.process_time() - began < 5


def test_a_recording_without_maps_says_nothing() -> None:
    world = World().process(50, "")
    del world.said["read"]["/proc/50/maps"]
    assert world.services()["nulls"]["services.stale"] == "absent"


def test_only_root_sees_everything() -> None:
    world = World().process(50, mapping("/usr/bin/app", 10))
    world.said["uid"] = 1000
    assert world.services()["nulls"]["services.stale"] == "needs_root"


def crowded(cgroup: str, count: int = 40) -> World:
    """A service on a deleted library behind a crowd with many mappings, which began before it."""
    world = World()
    for pid in range(100, 100 + count):
        world.process(pid, "".join(mapping(f"/home/u/{pid}/l{place}.so", place) for place in range(1, 200)), "/home/u/app", cgroup)
    return world.process(900, mapping(LIBRARY + " (deleted)"))


USERS_OWN = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x%d.service\n"


@pytest.mark.parametrize("cgroup", [SESSION, USERS_OWN % 1, "0::/system.slice/cron.service\n", "0::/machine.slice/machine-qemu.scope\n"])
def test_a_crowd_costs_its_own_kind_their_turn(monkeypatch: pytest.MonkeyPatch, cgroup: str) -> None:
    monkeypatch.setattr(stale_processes, "FREE_BYTES", 200 * 1024)
    facts = crowded(cgroup).services()
    assert [row["unit"] for row in facts["stale"]] == ["ssh.service"]
    kind = units.kind_of(100, "/home/u/app", units.owner_of(cgroup), False)
    assert {(row["kind"], row["reason"]) for row in facts["unread"]} == {(kind, "too_large")}


def test_outside_of_units_whoever_runs_a_crowd_pays_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale_processes, "FREE_BYTES", 200 * 1024)
    world = crowded("0::/\n")
    world.said["read"]["/proc/900/cgroup"] = "0::/\n"
    owned = dict.fromkeys(range(100, 140), 65534) | {900: 0}
    world.said["stat"].update({f"/proc/{pid}": ["directory", 0o555, user, user, 0, 0.0, 0.0, 3, pid] for pid, user in owned.items()})
    assert [row["pid"] for row in world.services()["stale"]] == [900]


def test_a_carrier_in_a_crowd_is_told_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale_processes, "FREE_BYTES", 200 * 1024)
    world = crowded(SESSION)
    world.said["readlink"]["/proc/138/exe"] = "/usr/bin/conmon"
    assert {row["kind"] for row in world.services()["unread"]} == {"session", "carrier"}


def test_what_is_remembered_is_bounded_and_forgotten_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale_processes, "_REMEMBERED", 100)
    world = crowded(SESSION, 5).process(901, mapping(LIBRARY + " (deleted)"), cgroup="0::/a.service\n")
    assert [row["unit"] for row in world.services()["stale"]] == ["a.service", "ssh.service"]


@pytest.mark.parametrize(("count", "length"), [(services_section.ROWS_LIMIT + 20, 10), (100, 4000)])
def test_a_user_with_many_units_or_long_paths_hides_no_service(count: int, length: int) -> None:
    """The record of a host must have room in an answer, and what it has none for is not known."""
    world = World().process(50, mapping(LIBRARY + " (deleted)"))
    for pid in range(100, 100 + count):
        folder = "/home/" + "u" * length
        world.process(pid, "".join(mapping(f"{folder}/{place}.so (deleted)", place) for place in range(1, 20)), folder + "/app", USERS_OWN % pid)
    facts = world.services()
    assert "ssh.service" in [row["unit"] for row in facts["stale"]]
    assert {row["kind"] for row in facts["unread"]} == {"session"}
    assert len(json.dumps(facts)) < 1024 * 1024


def test_units_by_systemctl_and_by_their_links() -> None:
    world = World()
    world.said["stat"].update({"/run/systemd/system": ROOT, "/etc/systemd/system/cron.service@link": ["link", 0o777, 0, 0, 9, 0.0, 0.0, 1, 5],
                               "/etc/systemd/system/own.service@link": ["file", 0o644, 0, 0, 40, 0.0, 0.0, 1, 6],
                               "/run/systemd/system/own.service@link": ["link", 0o777, 0, 0, 9, 0.0, 0.0, 1, 7]})
    world.said["listdir"].update({"/etc/systemd/system": ["cron.service", "own.service", "multi-user.target.wants"],
                                  "/run/systemd/system": ["own.service"]})
    world.said["readlink"].update({"/etc/systemd/system/cron.service": "/dev/null", "/run/systemd/system/own.service": "/dev/null"})
    world.said["run"][" ".join(units.LIST_UNITS)] = LISTED
    facts = world.services()
    assert facts["active"] == ["dbus.socket", "ssh.service"]
    assert facts["failed"] == ["broken.service"]
    assert facts["masked"] == ["cron.service", "getty@tty1.service"]


@pytest.mark.parametrize("folder", ["/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
                                    "/run/systemd/generator.early", "/etc/systemd/system.attached", "/usr/local/lib/systemd/system"])
def test_a_unit_is_masked_in_whichever_folder_comes_first(folder: str) -> None:
    """systemd.unit(5), "UNIT FILE LOAD PATH"."""
    world = World()
    world.said["stat"].update({"/run/systemd/system": ROOT, f"{folder}/cron.service@link": ["link", 0o777, 0, 0, 9, 0.0, 0.0, 1, 5],
                               f"{folder}/ssh.service@link": ["link", 0o777, 0, 0, 9, 0.0, 0.0, 1, 6],
                               f"{folder}/ssh.service": ["other", 0o666, 0, 0, 0, 0.0, 0.0, 1, 7]})
    world.said["listdir"][folder] = ["cron.service", "ssh.service"]
    world.said["readlink"].update({f"{folder}/cron.service": "/dev/null", f"{folder}/ssh.service": "/srv/nothing"})
    world.said["realpath"] = {f"{folder}/ssh.service": "/dev/null"}
    world.said["run"][" ".join(units.LIST_UNITS)] = LISTED
    assert world.services()["masked"] == ["cron.service", "getty@tty1.service", "ssh.service"]


def test_without_systemd_or_its_answer_nothing_is_said_of_units() -> None:
    assert World().services()["nulls"]["services.active"] == "absent"
    world = World()
    world.said["stat"]["/run/systemd/system"] = ROOT
    assert world.services()["nulls"]["services.failed"] == "tool_missing"
    world.said["run"][" ".join(units.LIST_UNITS)] = [1, "", "Failed to connect to bus"]
    assert world.services()["nulls"]["services.masked"] == "tool_failed"
    world.said["run"][" ".join(units.LIST_UNITS)] = "nonsense\n"
    assert world.services()["nulls"]["services.active"] == "unparsable"


def test_systemctls_mark_before_a_name_is_no_name() -> None:
    assert units.parse_units("\u25cf x.service loaded failed failed X\n* y.timer loaded active waiting Y\n") == (["y.timer"], ["x.service"], [])
