# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as public reports and engines' sources describe them, each with what is true of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import lives, systems
from containers_world import KATA, World, config

FULL = (1 << 41) - 1
POD: dict[str, Any] = {"container_type": "sandbox", "sandbox_id": "pod", "sandbox_name": "node-exporter", "sandbox_namespace": "monitoring"}


def joined(path: str = "/proc/101/ns/pid") -> str:
    """The configuration of a member of a pod: containerd's CRI names the pause process's namespaces (spec_opts.go, WithPodNamespaces)."""
    document = json.loads(config(container_type="container", sandbox_id="pod"))
    document["linux"]["namespaces"] = [{"type": "pid", "path": path}, {"type": "network", "path": path.replace("pid", "net")}, {"type": "mount"}]
    return json.dumps(document)


@pytest.mark.parametrize("seen", [True, False])
def test_a_pod_with_the_hosts_processes_and_network(seen: bool) -> None:
    """containerd 1.6.20 and 1.7.24: only the pause container's configuration lacks the namespaces."""
    world = World().runc(100, "pod", config(host=True, **POD))
    world.process(102, "/bin/node_exporter", ["node_exporter"], parent=100).task("c1", text=joined(), first=102)
    if seen:
        world.life(102, 100, 102, pid_space="1", net="1")
    item = next(item for item in world.items() if item["id"] == "c1")
    assert (item["host_pid"], item["host_network"]) == (True, True)
    assert world.containers().facts["counts"]["host_pid"] == 1


def test_the_live_namespace_has_the_last_word() -> None:
    """What was declared as the host's may be another's by now, and the other way round (--pid=container:X)."""
    world = World().runc(100, "c1", config(host=True)).life(101, 100, 101, 1)
    assert (world.only()["host_pid"], world.only()["host_network"]) == (False, False)


@pytest.mark.parametrize(("argv", "exe", "engine", "name"), [
    (["lxc-start", "-F", "-n", "101"], "/usr/bin/lxc-start", "lxc", "101"),
    (["[lxc monitor] /var/lib/lxc web1"], "/usr/bin/lxc-start", "lxc", "web1"),
    (["/opt/incus/bin/incusd", "forkstart", "web1", "/var/lib/incus/containers", "/run/x/lxc.conf"], "/opt/incus/bin/incusd", "incus", "web1"),
    (["[lxc monitor] /var/snap/lxd/common/lxd/containers db"], "/snap/lxd/29351/bin/lxd", "lxd", "db"),
    (["systemd-nspawn", "--boot", "--machine=build"], "/usr/bin/systemd-nspawn", "nspawn", "build"),
    (["systemd-nspawn", "-D", "/srv/trees/sid", "-b"], "/usr/bin/systemd-nspawn", "nspawn", "sid"),
    (["/usr/libexec/libvirt_lxc", "--name", "vm1", "--console", "22"], "/usr/libexec/libvirt_lxc", "libvirt_lxc", "vm1"),
])
def test_containers_with_a_system_in_them(argv: list[str], exe: str, engine: str, name: str) -> None:
    """netdata#10568, falco#273, lynis#1298: such hosts are common."""
    world = World().file(exe).process(200, exe, argv).process(201, "/usr/lib/systemd/systemd", ["/sbin/init"], parent=200, nested=True)
    section = world.life(201, 200, 201, 1, bounding=FULL).containers()
    item, = section.facts["items"]
    assert (item["engine"], item["name"], item["isolation"], item["pid"], item["host_pid"]) == (engine, name, "host_kernel", 201, False)
    assert section.facts["counts"]["host_kernel"] == 1
    assert section.facts["unexplained"] == []


def test_the_name_of_a_system_may_be_that_of_its_control_group() -> None:
    assert systems.name_of(["lxc-start"], "101") == "101"


def test_the_name_of_a_scope_is_written_as_systemd_writes_it() -> None:
    """systemd.unit(5), "String Escaping for Inclusion in Unit Names"."""
    exe = "/usr/bin/systemd-nspawn"
    world = World().file(exe).process(200, exe, ["systemd-nspawn", "-D", "/srv/trees/my-tree"]).process(201, "/sbin/init", ["/sbin/init"],
                                                                                                     parent=200, nested=True)
    world.recording["read"]["/proc/201/cgroup"] = "0::/machine.slice/machine-my\\x2dtree.scope/payload\n"
    assert world.life(201, 200, 201, 1).only()["name"] == "my-tree"


def test_docker_as_a_snap_is_the_hosts_own() -> None:
    """nomad#24318, cwltool#1517: its daemons live in a mount namespace of their own, with files below /run/snap.docker and /var/snap/docker."""
    shim, tasks = "/snap/docker/2915/bin/containerd-shim-runc-v2", "/run/snap.docker/containerd/daemon/io.containerd.runtime.v2.task"
    world = World().shim(100, "c1", "moby", shim, nested=True).process(101, "/bin/sh", ["sh"], parent=100, nested=True).life(100, 1, 100)
    world.task("c1", "moby", config(privileged=True), 101, tasks)
    world.file("/var/snap/docker/common/var-lib-docker/containers/c1/config.v2.json", '{"Name": "/db", "Config": {"Image": "mysql:8"}}')
    item = world.only()
    assert (item["engine"], item["privileged"], item["name"], item["image"], item["nested"]) == ("docker", True, "db", "mysql:8", False)


def test_docker_in_lxc_counts_both() -> None:
    world = World().file("/usr/bin/lxc-start").process(200, "/usr/bin/lxc-start", ["lxc-start", "-n", "101"])
    world.process(201, "/sbin/init", ["/sbin/init"], parent=200, nested=True).life(201, 200, 201, 1)
    for number in range(12):
        pid = 300 + 2 * number
        world.shim(pid, f"c{number}", "moby", nested=True).life(pid, 201, pid, 50)
        world.process(pid + 1, "/bin/x", ["x"], parent=pid, nested=True).life(pid + 1, pid, pid + 1, 60, 1)
    facts = world.containers().facts
    assert (facts["counts"]["host_kernel"], facts["counts"]["nested"], facts["nested_shims"]) == (13, 12, 12)
    assert facts["counts"]["unexplained"] == 0


def test_pods_inside_of_a_node_in_a_container_are_counted_without_their_pauses() -> None:
    """kind: a shim carries the pause, and what each container executed later is none."""
    world = World().shim(300, "pod", nested=True).life(300, 1, 300, 70)
    for pid, name, space in ((301, "pause", "a"), (302, "nginx", "b"), (303, "sidecar", "c"), (304, "sh", "b")):
        world.process(pid, f"/{name}", [f"/{name}"], parent=300, nested=True)
        world.life(pid, 300, *((pid, pid - 200, 1) if name != "sh" else (pid, 77, 9)), name=name, pid_space=space)
    facts = world.containers().facts
    assert (facts["counts"]["host_kernel"], [item["pid"] for item in facts["items"] if item["is_pod"]]) == (2, [301])


def test_bundles_beside_the_working_folder_of_a_shim() -> None:
    """containerd with state = "/data/run/containerd"."""
    tasks = "/data/run/containerd/io.containerd.runtime.v2.task"
    world = World().shim(100, "pod")
    for pid, name, notes in ((101, "pod", POD), (102, "app", {}), (103, "sidecar", {})):
        world.process(pid, f"/{name}", [f"/{name}"], parent=100)
        member: dict[str, Any] = {"container_type": "container", "sandbox_id": "pod", "container_name": name}
        world.task(name, text=config(**(notes or member)), first=pid, tasks=tasks)
    world.recording["readlink"]["/proc/100/cwd"] = f"{tasks}/k8s.io/pod"
    section = world.containers()
    assert [(item["id"], item["name"], item["is_pod"]) for item in section.facts["items"]] == [
        ("app", "app", False), ("pod", "monitoring/node-exporter", True), ("sidecar", "sidecar", False)]
    assert section.facts["counts"]["host_kernel"] == 2


def test_a_folder_that_others_may_write_is_not_believed() -> None:
    tasks = "/tmp/run/io.containerd.runtime.v2.task"
    world = World().shim(100, "c1").task("c1", text=config(privileged=True), first=101, tasks=tasks)
    world.recording["stat"]["/tmp/run@link"] = ["directory", 0o777, 0, 0, 0, 0.0, 0.0, 1, 5]
    world.recording["readlink"]["/proc/100/cwd"] = f"{tasks}/k8s.io/c1"
    assert world.only()["privileged"] is None


def test_a_shim_of_a_users_does_not_stand_in_for_that_of_root() -> None:
    """Anyone may call a program of his so, with the id of a container of root's."""
    world = World().runc(100, "c1", config(privileged=True)).file("/tmp/containerd-shim-runc-v2", uid=1000)
    world.process(300, "/tmp/containerd-shim-runc-v2", ["x", "-namespace", "k8s.io", "-id", "c1"], user=1000)
    rows = world.items()
    assert [(item["pid"], item["privileged"]) for item in rows] == [(101, True)]


def test_a_namespace_with_a_first_process_that_nothing_explains() -> None:
    world = World().process(400, "/srv/init", ["init"], nested=True).life(400, 1, 400, 1, name="init")
    world.recording["stat"]["/proc/1/root"] = world.recording["stat"]["/"]
    facts = world.containers().facts
    assert facts["unexplained"] == [{"pid": 400, "name": "init", "user": 0}]
    assert (facts["counts"]["unexplained"], facts["counts"]["host_kernel"]) == (1, 0)


@pytest.mark.parametrize(("parent", "count"), [(100, 0), (102, 0), (101, 1)])
def test_a_helper_of_a_sandbox_is_explained_by_its_shim(parent: int, count: int) -> None:
    """gVisor's gofer shuts itself in; what shuts itself in inside of a container is another matter."""
    world = World().runc(100, "c1").life(100, 1, 100).life(101, 100, 101, 1).process(102, "/usr/bin/runsc", ["runsc"], parent=100)
    world.process(400, "/proc/self/exe", ["runsc-gofer"], parent=parent, nested=True).life(400, parent, 400, 1)
    assert world.containers().facts["counts"]["unexplained"] == count


@pytest.mark.parametrize(("below", "count"), [("/usr/bin/passt", 0), ("", 0), ("/app/bin/game", 1), ("/usr/bin/own", 1)])
def test_a_program_of_the_hosts_that_shuts_itself_in_is_no_container(below: str, count: int) -> None:
    """passt and pasta (isolation.c), vsftpd's sessions, browsers: a process namespace and an empty root of their own; bwrap runs another system."""
    world = World().file("/usr/bin/passt", inode=77).file("/usr/bin/own", inode=78, uid=0)
    world.recording["read"]["/proc/400/mountinfo"] = "900 899 0:77 / / ro,nosuid - tmpfs tmpfs ro\n"
    world.recording["stat"]["/proc/1/root"] = world.recording["stat"]["/"]
    world.process(400, "/usr/bin/passt", ["passt"], nested=True).life(400, 1, 400, 1, name="passt")
    if below:
        world.process(401, below, ["x"], parent=400, nested=True, inode=99 if below == "/usr/bin/own" else 0).life(401, 400, 401, 2)
    assert world.containers().facts["counts"]["unexplained"] == count


def test_a_program_of_the_hosts_in_a_root_of_files_is_not_explained() -> None:
    """Nomad's driver exec puts links to the host's own programs into a root with a /proc of its own."""
    world = World().file("/usr/bin/sleep", inode=77).process(400, "/usr/bin/sleep", ["sleep"], nested=True).life(400, 1, 400, 1, name="sleep")
    world.recording["stat"]["/proc/1/root"] = world.recording["stat"]["/"]
    world.recording["read"]["/proc/400/mountinfo"] = "1 0 8:1 /alloc / rw - ext4 /dev/sda1 rw\n2 1 0:5 / /proc rw - proc proc rw\n"
    assert world.containers().facts["counts"]["unexplained"] == 1


@pytest.mark.parametrize(("starter", "title", "name"), [
    ("/usr/libexec/apptainer/bin/starter", ["Apptainer runtime parent"], "401"),
    ("/usr/libexec/apptainer/bin/starter-suid", ["Apptainer instance: alice [web1]"], "web1"),
    ("/usr/local/libexec/singularity/bin/starter", ["Singularity instance: bob [db]"], "db"),
])
def test_apptainers_containers_share_the_hosts_processes_and_its_kernel(starter: str, title: list[str], name: str) -> None:
    """apptainer exec has no process namespace of its own; the helper that mounts its image sees the host's root."""
    world = World().process(400, starter, title, user=1000).life(400, 1, 400)
    world.process(401, "/bin/sh", ["sh"], parent=400, nested=True, user=1000).life(401, 400, 401, pid_space="1")
    world.process(402, "/usr/bin/squashfuse_ll", ["squashfuse_ll"], parent=400).life(402, 400, 402)
    row = world.only()
    assert (row["engine"], row["isolation"], row["host_pid"], row["name"]) == ("apptainer", "host_kernel", True, name)


@pytest.mark.parametrize(("nested", "mine", "parents", "count"), [(True, "user:[9]", "user:[1]", 1), (True, "user:[9]", "user:[9]", 0),
                                                               (False, "user:[9]", "user:[1]", 0), (True, "user:[1]", "user:[1]", 0)])
def test_a_root_of_a_users_own_without_a_process_namespace(nested: bool, mine: str, parents: str, count: int) -> None:
    """ch-run of Charliecloud and enroot replace themselves by the container's program, in a user namespace."""
    world = World().process(399, "/bin/bash", ["bash"]).life(399, 1, 399).process(400, "/srv/x", ["x"], parent=399, nested=nested).life(400, 399, 400)
    world.recording["readlink"].update({"/proc/400/ns/user": mine, "/proc/399/ns/user": parents})
    world.recording["stat"]["/proc/1/root"] = world.recording["stat"]["/"]
    assert world.containers().facts["counts"]["unexplained"] == count


def test_a_service_that_hides_the_other_processes_from_itself_is_no_container() -> None:
    """systemd's PrivatePIDs=: a process namespace of its own, and the host's root."""
    world = World().process(400, "/usr/bin/x", ["x"]).life(400, 1, 400, 1)
    world.recording["stat"]["/proc/1/root"] = world.recording["stat"]["/"]
    assert world.containers().facts["unexplained"] == []


@pytest.mark.parametrize(("exe", "argv"), [
    ("/var/lib/rancher/k3s/data/0a1b/bin/k3s", ["containerd", "-c", "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"]),
    ("/usr/bin/balena-engine", ["/usr/bin/containerd"]),
])
def test_one_binary_may_be_several_programs(exe: str, argv: list[str]) -> None:
    """k3s since 1.26 (k3s#7475): /proc/PID/exe ends in k3s, what was started is containerd."""
    engine, = World().file(exe).process(300, exe, argv).containers().facts["engines"]
    assert (engine["name"], engine["running"], engine["pid"]) == ("containerd", True, 300)


def test_a_script_that_is_called_as_an_engine_is_none() -> None:
    assert World().file("/usr/bin/python3").process(300, "/usr/bin/python3", ["/usr/bin/python3", "containerd"]).containers().facts["engines"] == []


def test_opensuses_containerd_says_its_version() -> None:
    world = World().file("/usr/sbin/containerd")
    world.recording["run"]["/usr/sbin/containerd --version"] = "containerd github.com/containerd/containerd v1.7.27 05044ec0a9a7\n"
    engine, = world.containers().facts["engines"]
    assert engine["version"] == "1.7.27"


@pytest.mark.parametrize("path", ["/usr/sbin/runsc", "/opt/bin/runsc", "/nix/store/x-gvisor/bin/runsc", "/usr/local/bin/runsc-20260101"])
def test_gvisor_wherever_root_put_it(path: str) -> None:
    """gvisor-containerd-shim#22, image-builder#1324."""
    world = World().file(path, inode=42).shim(100, "c1").process(101, path, ["runsc-sandbox"], parent=100, inode=42, nested=True)
    assert world.task("c1", first=101, runtime=path).only()["isolation"] == "gvisor"


@pytest.mark.parametrize(("runtime", "asks", "holds", "isolation"), [
    ("/usr/bin/crun", "krun", True, "virtual_machine"), ("/usr/bin/crun", "krun", False, None), ("/usr/bin/runc", "krun", True, "host_kernel"),
    # KubeVirt: a QEMU in a container holds a machine, and is on the host's kernel itself.
    ("/usr/bin/crun", "", True, "host_kernel"),
])
def test_crun_that_is_asked_for_krun(runtime: str, asks: str, holds: bool, isolation: str | None) -> None:
    """crun#637."""
    document = json.loads(config())
    document["annotations"] = {"run.oci.handler": asks} if asks else {}
    world = World().runc(100, "c1", json.dumps(document)).task("c1", text=json.dumps(document), first=101, runtime=runtime)
    world.recording["listdir"]["/proc/101/fd"] = []
    if holds:
        world.machine(101)
    assert world.only()["isolation"] == isolation


STORE = "/srv/storage/overlay-containers"


def podman(world: World, name: str, pid: int, document: dict[str, Any], index: str, kept: dict[str, str]) -> World:
    argv = ["/usr/bin/conmon", "-c", name, "-r", "/usr/bin/crun", "-b", f"{STORE}/{name}/userdata", "-n", kept["name"],
            "--exit-dir", "/run/libpod/exits"]
    world.file("/usr/bin/conmon").process(pid, "/usr/bin/conmon", argv).process(pid + 1, "/bin/x", ["x"], parent=pid)
    world.recording["read"][f"/proc/{pid}/task/{pid}/children"] = f"{pid + 1}"
    world.file(f"{STORE}/{name}/userdata/config.json", json.dumps(document))
    rows = json.loads(world.recording["read"].get(f"{STORE}/{index}", "[]"))
    row = {"id": name, "metadata": json.dumps({"image-name": kept["image"], "name": kept["name"]})}
    return world.file(f"{STORE}/{index}", json.dumps([*rows, row]))


@pytest.mark.parametrize("index", ["containers.json", "volatile-containers.json"])
def test_podmans_names_in_whatever_storage(index: str) -> None:
    """cadvisor#3684 (Quadlet), podman#2647 (another graphroot)."""
    world = podman(World(), "abc", 200, json.loads(config()), index, {"name": "web", "image": "registry.example.org/infra/web:1"})
    item = world.only()
    assert (item["name"], item["image"], item["privileged"], item["reason"]) == ("web", "registry.example.org/infra/web:1", False, "")


@pytest.mark.parametrize(("image", "name", "is_pod"), [
    ("localhost/podman-pause:5.4.2-1755000000", "1ad3f1d04cb3-infra", True), ("", "1ad3f1d04cb3-infra", True),
    ("localhost/podman-pause:5.4.2-1755000000", "mine", True), ("docker.io/x/catatonit:1", "mine", False),
])
def test_podmans_infra_container(image: str, name: str, is_pod: bool) -> None:
    """Podman 5.4.2 has no annotation that says so."""
    pod = 64 * "d"
    document = json.loads(config())
    document["process"]["args"] = ["/catatonit", "-P"]
    document["linux"]["cgroupsPath"] = f"machine-libpod_pod_{pod}.slice:libpod:abc"
    item = podman(World(), "abc", 200, document, "containers.json", {"name": name, "image": image}).only()
    assert (item["is_pod"], item["sandbox"]) == (is_pod, pod)


@pytest.mark.parametrize(("daemon", "folder"), [
    (["dockerd", "--data-root", "/srv/docker"], "/srv/docker"), (["dockerd", "--data-root=/srv/docker"], "/srv/docker/300000.300000"),
    (["dockerd"], "/var/lib/docker/300000.300000"),
])
def test_dockers_data_elsewhere(daemon: list[str], folder: str) -> None:
    """Docker 26.1.5: --data-root, and userns-remap (moby#21050)."""
    world = World().runc(100, "c1", space="moby").file("/usr/bin/dockerd").process(300, "/usr/bin/dockerd", daemon)
    root = folder.replace("/300000.300000", "")
    world.folder(root, "containers", "300000.300000")
    world.file(f"{folder}/containers/c1/config.v2.json", '{"Name": "/db", "Config": {"Image": "mysql:8"}}')
    assert (world.only()["name"], world.only()["image"]) == ("db", "mysql:8")


@pytest.mark.parametrize(("name", "is_pod"), [("/k8s_POD_web-1_shop_uid_0", True), ("/web", False)])
def test_the_pause_container_of_kubernetes_on_docker(name: str, is_pod: bool) -> None:
    """cri-dockerd's label; a name of Kubernetes' belongs to it."""
    labels = {"io.kubernetes.docker.type": "podsandbox"}
    world = World().runc(100, "c1", space="moby")
    world.file("/var/lib/docker/containers/c1/config.v2.json", json.dumps({"Name": name, "Config": {"Image": "pause:3.9", "Labels": labels}}))
    assert world.only()["is_pod"] is is_pod


def crio_pod() -> World:
    run = "/run/containers/storage/overlay-containers"
    world = World().file(KATA, inode=9)
    world.process(100, KATA, [KATA, "-namespace", "default", "-id", "sid", "-publish-binary", "/usr/bin/crio"])
    world.process(101, "/opt/kata-4.1.0/bin/qemu-system-x86_64", ["qemu", "-name", "sandbox-sid"], parent=100)
    for name, kind in (("sid", "sandbox"), ("c1", "container"), ("c2", "container"), ("gone", "container")):
        notes = {"io.kubernetes.cri-o.SandboxID": "sid", "io.kubernetes.cri-o.ContainerType": kind, "io.kubernetes.container.name": name}
        world.file(f"{run}/{name}/userdata/config.json", json.dumps({"ociVersion": "1.0", "annotations": notes}))
    world.folder(run, "sid", "c1", "c2", "gone")
    return world.file("/var/lib/containers/storage/overlay-containers/gone/userdata/state.json", '{"status": "stopped"}')


def test_a_pod_of_crios_with_one_shim_for_all() -> None:
    """cri-o runtime_vm.go, kata#2498."""
    rows = crio_pod().items()
    assert [(item["id"], item["is_pod"], item["isolation"], item["engine"]) for item in rows] == [
        ("c1", False, "kata", "crio"), ("c2", False, "kata", "crio"), ("sid", True, "kata", "crio")]


def test_a_pod_of_crios_with_one_conmonrs_for_all() -> None:
    """cri-o internal/oci/runtime_pod.go: runtime_type = "pod"."""
    run = "/run/containers/storage/overlay-containers"
    world = World().file("/usr/bin/conmonrs").folder(run, "sid", "c1")
    world.process(200, "/usr/bin/conmonrs", ["conmonrs", "--runtime", "/usr/bin/crun", "--runtime-dir", f"{run}/sid/userdata"]).life(200, 1, 200)
    for pid, name, kind in ((201, "sid", "sandbox"), (202, "c1", "container"), (203, "?", "")):
        world.process(pid, f"/{name}", [name], parent=200).life(pid, 200, pid, 1, name="pause" if kind == "sandbox" else "x", pid_space=name)
        notes = {"io.kubernetes.cri-o.SandboxID": "sid", "io.kubernetes.cri-o.ContainerType": kind, "io.kubernetes.container.name": name}
        if kind:
            world.file(f"{run}/{name}/userdata/config.json", json.dumps({"ociVersion": "1.0", "annotations": notes}))
            world.file(f"{run}/{name}/userdata/pidfile", str(pid))
    assert [(item["id"], item["runtime"], item["pid"], item["is_pod"]) for item in world.items()] == [
        ("", "crun", 203, False), ("c1", "crun", 202, False), ("sid", "crun", 201, True)]
    assert world.containers().facts["counts"]["host_kernel"] == 2


def test_shims_of_the_first_kind_are_told_by_their_folders() -> None:
    """Docker 19.03 (containerd 1.2, runtime/v1/shim/client): no id, but -workdir."""
    tasks, shim = "/run/docker/containerd/daemon/io.containerd.runtime.v1.linux", "/usr/bin/containerd-shim"
    world = World().file(shim)
    for pid, name in ((100, "c1"), (200, "c2")):
        kept = f"/var/lib/docker/containerd/daemon/io.containerd.runtime.v1.linux/moby/{name}"
        world.process(pid, shim, ["containerd-shim", "-namespace", "moby", "-workdir", kept, "-address", "/run/containerd/containerd.sock"])
        world.process(pid + 1, "/bin/x", ["x"], parent=pid).task(name, "moby", config(privileged=name == "c2"), pid + 1, tasks)
        world.file(f"/var/lib/docker/containers/{name}/config.v2.json", json.dumps({"Name": f"/{name}", "Config": {"Image": "mysql:5"}}))
    assert [(item["id"], item["name"], item["runtime"], item["privileged"], item["pid"]) for item in world.items()] == [
        ("c1", "c1", "runc", False, 101), ("c2", "c2", "runc", True, 201)]


@pytest.mark.parametrize(("machine", "isolation"), [(True, "virtual_machine"), (False, "host_kernel")])
def test_urunc_hands_over_to_runc_what_is_no_unikernel(machine: bool, isolation: str) -> None:
    """urunc: the pause of a pod is no unikernel; a unikernel's first process is its monitor."""
    world = World().shim(100, "c1", binary="/usr/local/bin/containerd-shim-urunc-v2").process(101, "/usr/local/bin/solo5-hvt", ["x"], parent=100)
    world.task("c1", first=101).folder("/proc/101/fd", "0")
    if machine:
        world.machine(101)
    assert world.only()["isolation"] == isolation


@pytest.mark.parametrize(("link", "isolation"), [
    ("anon_inode:kvm-vm", "virtual_machine"), ("anon_inode:mshv_partition", "virtual_machine"), ("anon_inode:[eventfd]", None)])
def test_a_machine_below_the_first_process(link: str, isolation: str | None) -> None:
    """crun-vm: QEMU is libvirt's child within the container; on Azure's hosts a machine is a partition of Hyper-V's."""
    world = World().shim(100, "c1").process(101, "/crun-vm/entrypoint.sh", ["sh"], parent=100).process(102, "/usr/sbin/virtqemud", ["v"], parent=101)
    world.process(103, "/usr/bin/qemu-system-x86_64", ["qemu"], parent=102).task("c1", first=101, runtime="/usr/bin/crun-vm")
    for pid, parent in ((101, 100), (102, 101), (103, 102)):
        world.life(pid, parent, pid, pid - 100).folder(f"/proc/{pid}/fd", "9")
        world.recording["readlink"][f"/proc/{pid}/fd/9"] = "/dev/null"
    world.recording["readlink"]["/proc/103/fd/9"] = link
    assert world.only()["isolation"] == isolation


def test_more_containers_than_are_listed_are_counted() -> None:
    world = World().shim(100, "pod")
    for number in range(2105):
        world.process(1000 + number, "/bin/x", ["x"], parent=100).task(f"c{number}", text=config(sandbox_id="pod"), first=1000 + number)
    facts = world.containers().facts
    assert (len(facts["items"]), facts["unlisted"], facts["counts"]["host_kernel"]) == (2000, 105, 2105)


@pytest.mark.parametrize(("sandbox", "argv", "exe", "parent", "user"), [
    # fc.go cuts the id to 32 characters, and the jailer daemonizes.
    (40 * "a", ["firecracker", "--id=" + 32 * "a"], "/run/vc/firecracker/x/root/firecracker", 1, 0),
    # Without a name that says anything: the monitor is the shim's child and holds the machine.
    ("p1", ["openvmm", "--ttrpc", "/run/kata/other/x"], "/opt/kata-4.1.0/bin/openvmm", 100, 0),
    ("p1", ["stratovirt", "-name", "x"], "/opt/kata-4.1.0/bin/stratovirt", 100, 0),
])
def test_monitors_by_parent_and_descriptor(sandbox: str, argv: list[str], exe: str, parent: int, user: int) -> None:
    world = World().release("4.1.0").shim(100, sandbox, binary=KATA).task(sandbox)
    world.process(101, exe, argv, parent=parent, user=user, nested=parent == 1).machine(101)
    world.recording["readlink"]["/proc/101/root"] = "/run/vc/firecracker/x/root" if parent == 1 else "/"
    assert world.only()["isolation"] == "kata"


def test_firecracker_containerds_machine_is_the_shims_child() -> None:
    """Its id is not the container's (firecracker-containerd, dir.go)."""
    shim = "/usr/local/bin/containerd-shim-aws-firecracker"
    world = World().shim(100, "c1", binary=shim).task("c1").process(101, "/usr/local/bin/firecracker", ["firecracker", "--id", "vm7"], parent=100)
    assert world.machine(101).only()["isolation"] == "virtual_machine"


@pytest.mark.parametrize("by", ["state", "configuration"])
def test_a_peer_pods_machine_is_elsewhere(by: str) -> None:
    """cloud-api-adaptor: the handler's configuration has [hypervisor.remote], and no monitor is here by design."""
    text = json.loads(config())
    text["annotations"]["io.containerd.cri.runtime-handler"] = "kata-remote"
    world = World().release("4.1.0").shim(100, "p1", binary=KATA).task("p1", text=json.dumps(text)).folder("/proc/100/fd", "0")
    world.folder("/run/vc/sbs/p1")
    if by == "state":
        world.file("/run/vc/sbs/p1/persist.json", '{"HypervisorState": {"Type": "remote"}}')
    else:
        world.file("/opt/kata/remote.toml", "[hypervisor.remote]\nremote_hypervisor_socket = '/run/peerpod/hypervisor.sock'\n")
        world.file("/etc/containerd/config.toml", 'version = 3\n[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.kata-remote]\n'
                   'runtime_type = "io.containerd.kata.v2"\noptions = { ConfigPath = "/opt/kata/remote.toml" }\n')
    assert world.only()["isolation"] == "kata"


@pytest.mark.parametrize(("state", "listed"), [(False, False), (True, True)])
def test_a_stopped_task_of_katas_is_no_container(state: bool, listed: bool) -> None:
    """A shim that has put its sandbox's files away is all that is left of it (containerd-shim-v2/wait.go); one that has them lost its machine."""
    world = World().release("4.1.0").shim(100, "c1", binary=KATA).task("c1").folder("/proc/100/fd", "0")
    world.recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    if state:
        world.folder("/run/vc/sbs/c1")
    assert bool(world.items()) is listed
    assert bool(world.kata().facts["sandboxes"]) is listed


def test_a_status_tells_what_a_process_is() -> None:
    life = lives.parse_status("Name:\tsystemd\nPPid:\t7\nNSpid:\t4711\t1\nCapBnd:\t000001ffffffffff\n")
    assert life == lives.Life(7, "systemd", [4711, 1], FULL)
    assert lives.parse_status("Name:\tsu\nPPid:\t7\nUid:\t1000\t0\t0\t0\n") == lives.Life(7, "su", [], 0, 1000)
    assert life is not None and life.is_init
    assert lives.parse_status("Name:\tx\n") is None
    assert not lives.Life(1, "x", [9], 0).is_init


@pytest.mark.parametrize(("bounding", "mounts", "privileged"), [
    (FULL, "1 2 0:5 / /proc rw - proc proc rw\n", True), (FULL, "1 2 0:5 /null /proc/kcore rw - tmpfs tmpfs rw\n", False), (0, "", False)])
def test_what_a_first_process_may_do(bounding: int, mounts: str, privileged: bool) -> None:
    """Of a container whose configuration was not read."""
    world = World().shim(100, "c1").process(101, "/bin/x", ["x"], parent=100).life(101, 100, 101, 1, bounding=bounding)
    world.recording["read"]["/proc/101/mountinfo"] = mounts
    assert world.only()["privileged"] is privileged


