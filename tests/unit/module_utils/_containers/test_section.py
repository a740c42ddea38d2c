# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``containers``: whose kernel each container runs on, what is left behind, hidden, faked or damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import engines
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import isolation as container_isolation
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import oci_config
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import installed
from containers_world import KATA, RUNC, STARTED, TASKS, World, config

DENIED = {"problem": "needs_root", "detail": "Permission denied"}


def test_a_container_under_runc_shares_the_kernel() -> None:
    notes: dict[str, Any] = {"container_name": "web", "image_name": "registry.example.org/shop/web:1", "sandbox_namespace": "shop"}
    section = World().runc(100, "c1", config(**notes)).containers()
    assert section.facts["items"] == [{
        "id": "c1", "engine": "containerd", "namespace": "k8s.io", "sandbox": "c1", "is_pod": False, "name": "shop/web",
        "image": "registry.example.org/shop/web:1", "runtime": "runc", "shim": RUNC, "isolation": "host_kernel", "reason": "",
        "pid": 101, "nested": False,
        "privileged": False, "host_pid": False, "host_network": False, "user": 0, "started_at": STARTED}]
    assert section.facts["counts"] == {
        "host_kernel": 1, "sandboxed": 0, "unknown": 0, "privileged": 0, "host_pid": 0, "nested": 0, "unexplained": 0}
    assert section.nulls == []


def test_containers_of_a_pod_have_one_shim_and_its_pause_container_is_not_counted() -> None:
    world = World().runc(100, "pod", config(container_type="sandbox", sandbox_id="pod", sandbox_name="web-1", sandbox_namespace="shop"))
    world.process(102, "/bin/web", ["web"], parent=100).task("c1", text=config(container_type="container", sandbox_id="pod"), first=102)
    section = world.containers()
    assert [(item["id"], item["sandbox"], item["is_pod"]) for item in section.facts["items"]] == [("c1", "pod", False), ("pod", "pod", True)]
    assert section.facts["items"][1]["name"] == "shop/web-1"
    assert section.facts["counts"]["host_kernel"] == 1


def test_privileged_and_host_pid_are_read_of_what_the_engine_made() -> None:
    item = World().runc(100, "c1", config(privileged=True, host=True)).only()
    assert (item["privileged"], item["host_pid"], item["host_network"]) == (True, True, True)


def test_a_container_of_kata_is_proved_by_its_machine_monitor() -> None:
    item = World().release("4.1.0").sandbox(100, "c1", "4.1.0").task("c1").only()
    assert (item["isolation"], item["reason"], item["runtime"], item["pid"], item["shim"]) == ("kata", "", "kata", None, KATA)


def test_a_shim_called_kata_without_a_machine_proves_nothing() -> None:
    item = World().release("4.1.0").shim(100, "c1", binary=KATA).task("c1").only()
    assert (item["isolation"], item["reason"]) == (None, "neither its first process nor a machine monitor of it was found")


def test_a_shim_called_kata_that_starts_runc_is_found_out() -> None:
    world = World().release("4.1.0").sandbox(100, "c1", "4.1.0").process(102, "/bin/sleep", ["sleep"], parent=100).task("c1", first=102)
    item = world.only()
    assert item["isolation"] == "host_kernel"
    assert item["reason"] == "its shim is called containerd-shim-kata-v2, yet its first process runs on this kernel"


def test_dragonball_runs_within_the_shim_which_holds_the_machine() -> None:
    world = World().release("4.1.0").shim(100, "c1", binary=KATA).task("c1").folder("/proc/100/fd", "0", "9")
    world.recording["readlink"]["/proc/100/fd/9"] = "anon_inode:kvm-vm"
    assert world.only()["isolation"] == "kata"


@pytest.mark.parametrize(("inode", "isolation"), [(42, "gvisor"), (43, None)])
def test_gvisor_is_the_very_file_of_the_host(inode: int, isolation: str | None) -> None:
    world = World().file("/usr/bin/runsc", inode=42).shim(100, "c1", "moby").task("c1", "moby", first=101, runtime="/usr/bin/runsc")
    world.process(101, "/usr/bin/runsc", ["runsc-sandbox"], parent=100, inode=inode)
    item = world.only()
    assert (item["isolation"], item["engine"], item["runtime"]) == (isolation, "docker", "runsc")
    assert bool(item["reason"]) is (isolation is None)


def test_dockers_wrapper_around_a_runtime_is_called_as_the_runtime() -> None:
    name = "runsc.0QHCT2YMRYLX89VJVMJHHFC8S7MYTTSGLT02JBD395-VG3J3Q7SJ===="
    world = World().shim(100, "c1", "moby").process(101, "/bin/sleep", ["sleep"], parent=100)
    item = world.task("c1", "moby", first=101, runtime=f"/var/run/docker/runtimes/{name}").only()
    assert (item["runtime"], item["isolation"]) == ("runsc", None)
    assert item["reason"] == "runsc should run it, but its first process is not the host's runsc"


def test_a_number_that_went_to_another_process_is_no_container() -> None:
    world = World().shim(100, "c1").process(101, "/bin/sleep", ["sleep"], parent=1).task("c1", first=101)
    assert world.items() == []


def test_what_a_crash_left_behind_is_no_container() -> None:
    assert World().task("c1", first=101).items() == []


def test_a_shim_whose_files_are_elsewhere_is_not_lost() -> None:
    item = World().shim(100, "c1", user=1000).only()
    assert (item["isolation"], item["reason"], item["user"]) == (None, "only its shim (process 100) could be seen", 1000)


def test_a_rootless_shims_child_tells_where_it_runs() -> None:
    world = World().shim(100, "c1", user=1000).process(101, "/bin/sleep", ["sleep"], parent=100, user=1000)
    world.recording["read"]["/proc/100/task/100/children"] = "101 "
    item = world.only()
    assert (item["isolation"], item["pid"], item["privileged"]) == ("host_kernel", 101, None)


def test_a_link_in_place_of_the_configuration_is_not_followed() -> None:
    world = World().runc(100, "c1")
    world.file(f"{TASKS}/k8s.io/c1/config.json", config(privileged=True), kind="link")
    item = world.only()
    assert item["privileged"] is None and item["reason"].startswith("config.json: no plain file of root's")


def test_a_configuration_of_another_owner_is_not_read() -> None:
    world = World().runc(100, "c1")
    world.file(f"{TASKS}/k8s.io/c1/config.json", config(), uid=1000)
    assert world.only()["privileged"] is None


@pytest.mark.parametrize("text", [
    "", "{", "[]", '{"ociVersion": 1}', "[" * 100000, '{"ociVersion": "1", "annotations": [], "linux": 7, "process": "x"}'])
def test_a_damaged_configuration_costs_its_own_facts_only(text: str) -> None:
    item = World().runc(100, "c1", text or " ").only()
    assert item["isolation"] == "host_kernel"
    assert item["image"] is None


def test_names_that_are_no_ids_are_passed_over() -> None:
    world = World().runc(100, "c1")
    world.recording["listdir"][TASKS] += ["..", "a/b", "x" * 200]
    world.recording["listdir"][f"{TASKS}/k8s.io"] += ["../../etc", "."]
    assert [item["id"] for item in world.items()] == ["c1"]


def test_without_root_containers_are_not_said_to_be_none() -> None:
    world = World(uid=1000).shim(100, "c1").folder("/run/containerd")
    world.recording["readlink"]["/proc/100/exe"] = DENIED
    world.recording["listdir"][TASKS] = DENIED
    section = world.containers()
    assert section.facts["items"] is None and section.facts["counts"]["host_kernel"] is None
    assert {null["reason"] for null in section.nulls} == {"needs_root"}


def test_without_root_a_shim_that_is_seen_by_its_name_is_enough_to_know_nothing() -> None:
    world = World(uid=1000).shim(100, "c1")
    world.recording["readlink"]["/proc/100/exe"] = world.recording["stat"]["/proc/100/root"] = DENIED
    facts = world.containers().facts
    assert (facts["items"], facts["nested_shims"]) == (None, None)


def test_hidden_processes_hide_containers() -> None:
    world = World(uid=1000)
    world.recording["read"]["/proc/mounts"] = "proc /proc proc rw,hidepid=2 0 0\n"
    facts = world.containers().facts
    assert {facts[name] for name in ("engines", "items", "unlisted", "nested_shims")} == {None}
    assert set(facts["counts"].values()) == {None}


def test_shims_inside_containers_are_counted_and_not_believed() -> None:
    section = World().shim(100, "c1", nested=True).containers()
    item, = section.facts["items"]
    assert (item["nested"], item["isolation"], item["privileged"], item["name"]) == (True, "host_kernel", None, None)
    assert (section.facts["counts"]["nested"], section.facts["nested_shims"]) == (1, 1)


def test_a_shims_errand_is_no_container() -> None:
    world = World().shim(100, "c1")
    world.recording["read"]["/proc/100/cmdline"] += "delete\0"
    assert world.items() == []


PODMAN_STORE = "/var/lib/containers/storage/overlay-containers"


def conmon(world: World, user: int = 0, *more: str) -> World:
    argv = ["/usr/bin/conmon", "--api-version", "1", "-c", "abc", "-u", "abc", "-r", "/usr/bin/crun", "-b", f"{PODMAN_STORE}/abc/userdata",
            "-p", "/run/containers/storage/overlay-containers/abc/userdata/pidfile", "-n", "web", "--exit-dir", "/run/libpod/exits", *more,
            "--exit-command", "/usr/bin/podman", "--exit-command-arg", "--runtime", "--exit-command-arg", "evil", "-r", "evil"]
    world.file("/usr/bin/conmon").process(200, "/usr/bin/conmon", argv, user=user).process(201, "/bin/sleep", ["sleep"], parent=200, user=user)
    world.file(f"{PODMAN_STORE}/abc/userdata/config.json", config())
    world.file("/run/containers/storage/overlay-containers/abc/userdata/pidfile", "201")
    kept = [{"id": "abc", "metadata": json.dumps({"image-name": "docker.io/library/nginx:1", "name": "web"})}, {"id": 7}, "x"]
    return world.file(f"{PODMAN_STORE}/containers.json", json.dumps(kept))


def test_podmans_container_has_its_image_from_the_storage() -> None:
    item = conmon(World()).only()
    assert (item["engine"], item["runtime"], item["image"], item["name"]) == ("podman", "crun", "docker.io/library/nginx:1", "web")
    assert (item["isolation"], item["pid"], item["privileged"], item["namespace"]) == ("host_kernel", 201, False, None)


def test_of_a_rootless_conmon_nothing_is_followed() -> None:
    world = conmon(World(), 1000)
    world.recording["read"]["/proc/200/task/200/children"] = "201"
    item = world.only()
    assert (item["isolation"], item["pid"], item["image"], item["privileged"]) == ("host_kernel", 201, None, None)
    assert item["reason"] == "of user 1000: what he says of it was not read"


def test_crio_is_told_by_its_folders() -> None:
    assert conmon(World(), 0, "--persist-dir", "/var/run/crio/x").only()["engine"] == "crio"


def test_dockers_image_and_name_are_in_its_own_folder() -> None:
    world = World().runc(100, "c1", space="moby").file("/etc/docker/daemon.json", '{"data-root": "/srv/docker"}')
    world.file("/srv/docker/containers/c1/config.v2.json", '{"Name": "/web", "Config": {"Image": "nginx:1", "Env": ["SECRET=x"]}}')
    item = world.only()
    assert (item["engine"], item["image"], item["name"]) == ("docker", "nginx:1", "web")
    assert "SECRET" not in json.dumps(item)


STATUS = """Package: containerd
Status: install ok installed
Version: 1.7.24~ds1-6+deb13u1

Package: podman
Status: deinstall ok config-files
Version: 5.4.2+ds1-2
"""


def test_engines_have_the_package_managers_version_and_their_daemon() -> None:
    world = World().file("/var/lib/dpkg/status", STATUS).file("/usr/bin/containerd", inode=42).process(300, "/usr/bin/containerd", ["containerd"])
    assert world.containers().facts["engines"] == [{
        "name": "containerd", "path": "/usr/bin/containerd", "package": "containerd", "source": "containerd",
        "module": None, "version": "1.7.24~ds1-6+deb13u1", "running": True, "pid": 300, "started_at": STARTED, "stale": False, "reason": ""}]


def test_a_replaced_daemon_is_stale() -> None:
    world = World().file("/var/lib/dpkg/status", STATUS).file("/usr/bin/containerd", inode=42)
    engine, = world.process(300, "/usr/bin/containerd (deleted)", ["containerd"], inode=41).containers().facts["engines"]
    assert engine["stale"] is True and engine["reason"].startswith("its binary /usr/bin/containerd was replaced")


def test_an_engine_of_no_package_is_asked_unless_others_may_write_it() -> None:
    world = World().file("/usr/local/bin/crio").file("/usr/local/bin/podman", mode=0o777)
    world.recording["run"] = {"/usr/local/bin/crio --version": "crio version 1.36.3\n", "/usr/local/bin/podman --version": "podman version 5.4.2"}
    assert [(engine["name"], engine["version"]) for engine in world.containers().facts["engines"]] == [("crio", "1.36.3"), ("podman", None)]


@pytest.mark.parametrize(("text", "version"), [
    ("containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376", "2.1.4"),
    ("Docker version 28.2.2, build e6534b4", "28.2.2"), ("podman version 5.4.2", "5.4.2"), ("crio version 1.36.3\nGitCommit: x", "1.36.3"),
    ("", None),
])
def test_what_engines_say_of_themselves(text: str, version: str | None) -> None:
    assert engines.said_version(text) == version


def test_rpms_answer_is_one_line_for_each_package() -> None:
    text = "package containerd is not installed\ncontainerd.io\t1.7.27-3.1.el9\npackage docker is not installed\ndocker-ce\t3:28.1.1-1.el9\n"
    assert installed.rpm_versions(text, ("containerd.io", "docker-ce")) == {"containerd.io": "1.7.27-3.1.el9", "docker-ce": "3:28.1.1-1.el9"}


@pytest.mark.parametrize(("first", "runtime", "holds", "isolation"), [
    (True, "krun", True, "virtual_machine"), (True, "krun", False, None), (True, "crun", True, "host_kernel"), (None, "runc", None, None),
    (False, "nemu", True, "virtual_machine"), (False, "nemu", None, None),
])
def test_a_runtime_with_a_monitor_within_must_hold_a_machine(first: Any, runtime: str, holds: Any, isolation: Any) -> None:
    seen, reason = container_isolation.judge(container_isolation.Proof("conmon", runtime, first, False, False, holds))
    assert (seen, bool(reason)) == (isolation, isolation is None)


def test_a_namespace_that_is_joined_is_not_the_hosts() -> None:
    joined = json.dumps({"ociVersion": "1.0", "linux": {"namespaces": [{"type": "pid", "path": "/proc/4711/ns/pid"}]}})
    hosts = json.dumps({"ociVersion": "1.0", "linux": {"namespaces": [{"type": "pid", "path": "/proc/1/ns/pid"}]}})
    assert (oci_config.parse(joined).host_pid, oci_config.parse(hosts).host_pid) == (False, True)


@pytest.mark.parametrize("pid", [90, 5000])
@pytest.mark.parametrize("parent", [1, 77])
def test_a_users_program_hides_no_container(pid: int, parent: int) -> None:
    """A program of a shim's name, with a container's namespace and id, which any user can start."""
    world = World().runc(100, "c1")
    program = "/tmp/containerd-shim-runc-v2"
    world.process(pid, program, [program, "-namespace", "k8s.io", "-id", "c1"], parent=parent, user=65534)
    row = world.only()
    assert (row["id"], row["isolation"], row["pid"], row["user"]) == ("c1", "host_kernel", 101, 0)


def test_a_container_that_lives_without_a_shim_is_not_left_out() -> None:
    world = World().process(101, "/bin/sleep", ["/bin/sleep"]).task("c1", first=101)
    world.recording["read"]["/proc/101/cgroup"] = "0::/kubepods/c1\n"
    world.process(900, "/tmp/containerd-shim-runc-v2", ["containerd-shim-runc-v2", "-namespace", "k8s.io", "-id", "c1"], parent=1, user=65534)
    rows = [row for row in world.items() if row["pid"] == 101]
    assert [(row["id"], row["isolation"], row["reason"]) for row in rows] == [("c1", None, "it lives, and its shim was not found")]


def test_a_bundle_that_a_crash_left_is_no_container() -> None:
    world = World().process(101, "/bin/sleep", ["/bin/sleep"]).task("c1", first=101)
    world.recording["read"]["/proc/101/cgroup"] = "0::/system.slice/cron.service\n"
    assert world.items() == []
