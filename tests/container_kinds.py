# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with every kind of container there is, and what is true of each: the scan and the proof are both held against this one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from containers_world import KATA, World, config

FULL = (1 << 41) - 1
MASKED = "1 2 0:5 / / rw - overlay o rw\n2 1 0:6 / /proc rw - proc proc rw\n3 2 0:7 / /proc/kcore rw - tmpfs tmpfs rw\n"
OPEN = "1 2 0:5 / / rw - overlay o rw\n2 1 0:6 / /proc rw - proc proc rw\n"
QEMU = "/opt/kata-4.1.0/bin/qemu-system-x86_64"
RUNSC = "/usr/local/bin/runsc"
SHIM = "/usr/bin/containerd-shim-runc-v2"


class Host(World):
    """A host whose first process and all others are known to the kernel, as on a real one."""

    def __init__(self) -> None:
        super().__init__()
        self.tools: dict[str, str] = {}
        self.tasks: list[dict[str, Any]] | None = None
        self.put(1, 0, "/usr/lib/systemd/systemd", bounding=FULL)

    def put(self, pid: int, parent: int, exe: str, *words: str, argv: list[str] | None = None, numbers: tuple[int, ...] = (), user: int = 0,
            root: int = 0, bounding: int = 0, spaces: dict[str, str] | None = None, name: str = "", mounts: str = "") -> Self:
        """A process; ``root`` is what it sees instead of the host's root, ``spaces`` the namespaces that it shares or has by kind."""
        self.process(pid, exe, argv or [exe, *words], parent=parent, user=user, nested=bool(root))
        kinds = {"pid": "" if len(numbers) > 1 else "1", "net": "" if root else "1", **(spaces or {})}
        self.life(pid, parent, pid, *numbers[1:], name=name or exe.rpartition("/")[2][:15], bounding=bounding, pid_space=kinds["pid"],
                  net=kinds["net"])
        links = self.recording["readlink"]
        links.update({f"/proc/{pid}/ns/{kind}": f"{kind}:[{number}]" for kind, number in kinds.items() if kind not in ("pid", "net")})
        if root:
            self.recording["stat"][f"/proc/{pid}/root"][8] = root
            self.recording["stat"][f"/proc/{pid}/exe"] = ["file", 0o755, 0, 0, 9, 0.0, 0.0, 40 + root, pid]
        self.recording["read"][f"/proc/{pid}/mountinfo"] = mounts or (MASKED if root else OPEN)
        return self

    def inside(self, pid: int, parent: int, exe: str, *words: str, **changes: Any) -> Self:
        """The first process of a container, or with ``numbers`` another one."""
        return self.put(pid, parent, exe, *words, **{"numbers": (pid, 1), "root": 5000 + pid, **changes})

    def own(self, pid: int, path: str) -> Self:
        """A process that runs the host's own file."""
        self.file(path, path, inode=len(path) * 10 + 7)
        self.recording["stat"][f"/proc/{pid}/exe"] = self.recording["stat"][path]
        return self

    def shimmed(self, pid: int, name: str, space: str = "k8s.io", binary: str = SHIM, **changes: Any) -> Self:
        self.put(pid, 1, binary, argv=[binary, "-namespace", space, "-id", name, "-address", "/run/containerd/containerd.sock"],
                 name="containerd-shim", **changes)
        return self if changes.get("root") else self.own(pid, binary)

    def listed(self, *rows: dict[str, Any]) -> Self:
        """What ctr says."""
        self.tasks = [*(self.tasks or []), *rows]
        return self

    def tool(self, name: str, *lines: str) -> Self:
        """A tool that says the same whatever it is asked, or the lines of its inspect."""
        said = "".join(f"{line}\n" for line in lines)
        self.tools[name] = f"#!/bin/sh\ncase $1 in ps) echo x ;; inspect) cat <<'END'\n{said}END\n;; *) exit 1 ;; esac\n"
        return self



@dataclass(frozen=True)
class Kind:
    """A host, the public source that says such hosts are, and how many of which sort of containers are on it."""

    source: str
    build: Callable[[], Host]
    host_kernel: int = 0
    unknown: int = 0
    unexplained: int = 0
    privileged: int = 0
    host_pid: int = 0
    names: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def _spec(**changes: Any) -> str:
    document = json.loads(config())
    return json.dumps({**document, **changes})


def pod(**spaces: str) -> Host:
    """A pod of pause and exporter under one shim, with the host's namespaces where they are named."""
    host = Host().shimmed(100, "pod").inside(101, 100, "/pause", name="pause", spaces=spaces, numbers=(101,) if spaces else (101, 1))
    host.inside(102, 100, "/bin/node_exporter", spaces=spaces or {"pid": "101"}, numbers=(102,) if spaces else (102, 7), name="node_exporter")
    member: dict[str, Any] = {"container_type": "container", "sandbox_id": "pod", "container_name": "exporter", "sandbox_namespace": "monitoring"}
    host.task("pod", text=config(host=bool(spaces), container_type="sandbox", sandbox_id="pod", sandbox_name="e-1", sandbox_namespace="monitoring"),
              first=101)
    host.task("c1", text=config(host=bool(spaces), **member), first=102)
    labels = {"io.kubernetes.container.name": "exporter", "io.kubernetes.pod.name": "e-1", "io.kubernetes.pod.namespace": "monitoring"}
    return host.listed({"space": "k8s.io", "id": "pod", "pid": 101, "is_pod": True},
                       {"space": "k8s.io", "id": "c1", "pid": 102, "image": "registry.example.org/exporter:1", "labels": labels})


def system(exe: str, argv: list[str], **changes: Any) -> Host:
    """A container with a system in it, and its manager."""
    return Host().put(200, 1, exe, argv=argv).own(200, exe).inside(201, 200, "/usr/lib/systemd/systemd", bounding=FULL & ~(1 << 16), **changes)


def snap() -> Host:
    shim, tasks = "/snap/docker/2915/bin/containerd-shim-runc-v2", "/run/snap.docker/containerd/daemon/io.containerd.runtime.v2.task"
    host = Host().shimmed(100, "c1", "moby", shim, root=77).own(100, shim).inside(101, 100, "/bin/mysqld", bounding=FULL, mounts=OPEN)
    host.task("c1", "moby", config(privileged=True), 101, tasks)
    host.file("/var/snap/docker/common/var-lib-docker/containers/c1/config.v2.json", '{"Name": "/db", "Config": {"Image": "mysql:8"}}')
    return host.tool("docker", "101 c1 runc /db mysql:8 ")


def docker_in_lxc() -> Host:
    host = system("/usr/bin/lxc-start", ["lxc-start", "-n", "101"])
    for number in range(3):
        pid = 300 + 2 * number
        host.shimmed(pid, f"c{number}", "moby", root=77, numbers=(pid, 50))
        host.inside(pid + 1, pid, "/bin/x", numbers=(pid + 1, 60, 1))
    return host


def kind_node(called: str = "nginx") -> Host:
    host = Host().shimmed(300, "pod", root=77, numbers=(300, 70))
    for pid, name in ((301, "pause"), (302, called), (303, "sidecar")):
        host.inside(pid, 300, f"/{name}", numbers=(pid, pid - 200, 1), name=name)
    return host.inside(304, 300, "/bin/sh", numbers=(304, 77, 9), root=5303, spaces={"pid": "303"}, name="sh")


def state_elsewhere() -> Host:
    host, tasks = Host().shimmed(100, "pod"), "/data/run/containerd/io.containerd.runtime.v2.task"
    for pid, name in ((101, "pause"), (102, "app"), (103, "sidecar")):
        host.inside(pid, 100, f"/{name}", name=name)
        notes: dict[str, Any] = {"container_type": "sandbox" if name == "pause" else "container", "sandbox_id": "pod"}
        host.task("pod" if name == "pause" else name, text=config(**notes), first=pid, tasks=tasks)
    host.recording["readlink"]["/proc/100/cwd"] = f"{tasks}/k8s.io/pod"
    return host


def podman() -> Host:
    host, store, group = Host(), "/srv/storage/overlay-containers", f"machine-libpod_pod_{64 * 'd'}.slice:libpod:x"
    rows = []
    for pid, name, args, image in ((200, "1ad3f1d04cb3-infra", ["/catatonit", "-P"], "localhost/podman-pause:5.4.2-1"),
                                   (250, "92f4d9a1c0be-service", ["/catatonit", "-P"], ""),
                                   (300, "web", ["nginx"], "registry.example.org/infra/web:1"), (350, "web-service", ["nginx"], "")):
        argv = ["/usr/bin/conmon", "-c", f"id{pid}", "-r", "/usr/bin/crun", "-b", f"{store}/id{pid}/userdata", "-n", name,
                "--exit-dir", "/run/libpod/exits", "--exit-command", "/usr/bin/podman", "-r", "evil"]
        host.put(pid, 1, "/usr/bin/conmon", argv=argv).own(pid, "/usr/bin/conmon").inside(pid + 1, pid, f"/{args[0].lstrip('/')}", *args[1:])
        document = json.loads(config())
        document["linux"]["cgroupsPath"] = group
        document["process"]["args"] = args
        host.file(f"{store}/id{pid}/userdata/config.json", json.dumps(document))
        rows.append({"id": f"id{pid}", "metadata": json.dumps({"image-name": image, "name": name})})
    host.file(f"{store}/volatile-containers.json", json.dumps(rows))
    return host.tool("podman", "201 true id200 crun 1ad3f1d04cb3-infra localhost/podman-pause:5.4.2-1",
                     "251 false id250 crun 92f4d9a1c0be-service ", "301 false id300 crun web registry.example.org/infra/web:1",
                     "351 false id350 crun web-service ")


def rootless_podman(*, privileged: bool = False) -> Host:
    argv = ["/usr/bin/conmon", "-c", "abc", "-r", "/usr/bin/crun", "-n", "mine", "--exit-dir", "/run/user/1000/libpod/tmp/exits"]
    host = Host().put(200, 1, "/usr/bin/conmon", argv=argv, user=1000).own(200, "/usr/bin/conmon")
    bounding, mounts = (FULL, OPEN) if privileged else (0, MASKED)
    return host.inside(201, 200, "/bin/sh", user=1000, spaces={"user": "9"}, bounding=bounding, mounts=mounts)


def crio(monitor: str) -> Host:
    run, host = "/run/containers/storage/overlay-containers", Host()
    host.folder(run, "sid", "c1").folder(f"{run}/sid").folder(f"{run}/c1")
    for number, (name, kind) in enumerate((("sid", "sandbox"), ("c1", "container"))):
        pid = 200 if monitor == "conmonrs" else 200 + 10 * number
        exe, folder = f"/usr/bin/{monitor}", f"{run}/{name}/userdata"
        words = ["-c", name, "-r", "/usr/bin/crun", "-b", folder, "-p", f"{folder}/pidfile", "--exit-dir", "/var/run/crio/exits"]
        words = ["--runtime", "/usr/bin/crun", "--runtime-dir", f"{run}/sid/userdata", "--cgroup", "/crio"] if monitor == "conmonrs" else words
        if str(pid) not in host.recording["listdir"]["/proc"]:
            host.put(pid, 1, exe, argv=[exe, *words]).own(pid, exe)
        first = 301 + number
        notes = {"io.kubernetes.cri-o.SandboxID": "sid", "io.kubernetes.cri-o.ContainerType": kind, "io.kubernetes.container.name": name}
        host.inside(first, pid, "/pause" if kind == "sandbox" else "/app", name="pause" if kind == "sandbox" else "app")
        host.file(f"{folder}/config.json", _spec(annotations=notes))
        host.file(f"{folder}/pidfile", str(first))
    return host


def kata(vmm: str = QEMU, words: tuple[str, ...] = ("-name", "sandbox-p1"), space: str = "k8s.io", **row: Any) -> Host:
    """A sandbox of QEMU's with a virtiofsd that has another root, or of another monitor; listed by ctr unless ``row`` says no pid."""
    host = Host().release("4.1.0").shimmed(100, "p1", space, KATA).task("p1", space)
    host.put(101, 100, vmm, *words).own(101, vmm).machine(101)
    fs = "/opt/kata-4.1.0/libexec/virtiofsd"
    for pid, parent in ((102, 100), (103, 102)):
        host.put(pid, parent, fs, "--shared-dir", "/run/kata-containers/shared/sandboxes/p1/shared", root=88,
                 numbers=(103, 1) if pid == 103 else ()).own(pid, fs)
    return host.listed({"space": space, "id": "p1", "pid": 101, "runtime": "io.containerd.kata.v2", **row})


def dragonball() -> Host:
    """What ctr calls its process is a thread of the shim's: no entry of /proc's own."""
    host = Host().release("4.1.0").shimmed(100, "p1", "k8s.io", KATA).task("p1").machine(100)
    return host.listed({"space": "k8s.io", "id": "p1", "pid": 100, "runtime": "io.containerd.kata.v2"})


def crios_kata() -> Host:
    run, host = "/run/containers/storage/overlay-containers", kata(space="default")
    host.tasks = None
    host.recording["read"]["/proc/100/cmdline"] += "-publish-binary\0/usr/bin/crio\0"
    for name, sort in (("p1", "sandbox"), ("c1", "container")):
        notes = {"io.kubernetes.cri-o.SandboxID": "p1", "io.kubernetes.cri-o.ContainerType": sort}
        host.file(f"{run}/{name}/userdata/config.json", json.dumps({"ociVersion": "1.0", "annotations": notes}))
    return host.folder(run, "p1", "c1")


def kata_that_starts_runc(called: str = "sleep") -> Host:
    host = kata().inside(110, 100, f"/bin/{called}", name=called).task("c2", text=config(container_type="container", sandbox_id="p1"), first=110)
    return host.listed({"space": "k8s.io", "id": "c2", "pid": 110, "runtime": "io.containerd.kata.v2"})


def nested_kata_that_starts_runc() -> Host:
    return Host().shimmed(100, "c1", "k8s.io", KATA, root=77, numbers=(100, 5)).inside(110, 100, "/bin/qemu-x", name="qemu-x", numbers=(110, 9, 1))


def without_machine() -> Host:
    host = Host().release("4.1.0").shimmed(100, "p1", "k8s.io", KATA).task("p1").folder("/proc/100/fd", "0").folder("/run/vc/sbs/p1")
    host.recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    return host.listed({"space": "k8s.io", "id": "p1", "pid": 100, "runtime": "io.containerd.kata.v2"})


def stopped() -> Host:
    host = Host().release("4.1.0").shimmed(100, "p1", "k8s.io", KATA).task("p1").folder("/proc/100/fd", "0")
    host.recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    return host.listed({"space": "k8s.io", "id": "p1", "pid": 100, "state": "STOPPED"})


def gvisor(*, upgraded: bool = False, forged: bool = False) -> Host:
    """A sandbox runs from the file that the host had; one that a container calls so is on another mount."""
    shim = "/usr/local/bin/containerd-shim-runsc-v1"
    host = Host().shimmed(100, "c1", "k8s.io", SHIM if forged else shim).file(RUNSC, inode=42).folder("/usr/local/bin")
    host.inside(101, 100, RUNSC, name="runsc-sandbox").task("c1", first=101, runtime=RUNSC if not forged else "/usr/bin/runc")
    host.recording["stat"]["/proc/101/exe"] = host.recording["stat"][RUNSC]
    if upgraded or forged:
        host.recording["readlink"]["/proc/101/exe"] = f"{RUNSC} (deleted)"
        host.recording["stat"]["/proc/101/exe"] = [*host.recording["stat"][RUNSC][:8], 41]
        host.recording["mount_id"] = {"/proc/101/exe": 99 if forged else 7, "/usr/local/bin": 7}
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101, "runtime": "io.containerd.runc.v2" if forged else "io.containerd.runsc.v1"})


def krun(runtime: str, asks: str) -> Host:
    host = Host().shimmed(100, "c1").inside(101, 100, "/usr/bin/crun", name="crun").own(101, "/usr/bin/crun").machine(101)
    host.task("c1", text=_spec(annotations={"run.oci.handler": asks}), first=101, runtime=runtime)
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101})


def qemu_in_a_container() -> Host:
    """KubeVirt's, or an image whose program is QEMU."""
    host = Host().shimmed(100, "c1").file("/usr/bin/qemu-system-x86_64", inode=4)
    host.inside(101, 100, "/usr/bin/qemu-system-x86_64", name="qemu-system-x86").machine(101).task("c1", first=101)
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101})


def crun_vm() -> Host:
    conmon = ["/usr/bin/conmon", "-c", "id1", "-r", "/usr/bin/crun-vm", "-n", "vm", "--exit-dir", "/run/libpod/exits"]
    host = Host().put(100, 1, "/usr/bin/conmon", argv=conmon).own(100, "/usr/bin/conmon").inside(101, 100, "/crun-vm/entrypoint.sh")
    host.inside(102, 101, "/usr/sbin/virtqemud", numbers=(102, 8), root=5101, spaces={"pid": "101"})
    host.inside(103, 102, "/usr/bin/qemu-system-x86_64", numbers=(103, 9), root=5101, spaces={"pid": "101"}).machine(103)
    for pid in (101, 102):
        host.folder(f"/proc/{pid}/fd")
    return host.tool("podman", "101 false id1 crun-vm vm quay.io/x/fedora:1")


def jailed(where: str) -> Host:
    """The jailer pivots: what the monitor sees as its root is a folder of the shim's (firecracker, src/jailer/src/chroot.rs)."""
    name, copy = 40 * "a", "/firecracker"
    host = Host().release("4.1.0").shimmed(100, name, "k8s.io", KATA).task(name)
    host.put(101, 1, copy, argv=["/firecracker", "--id", name[:32], "--start-time-us", "1"], root=88, numbers=(101,)).machine(101)
    host.folder(f"/run/{where}/firecracker/{name[:32]}/root")
    host.recording["stat"][f"/run/{where}/firecracker/{name[:32]}/root"] = host.recording["stat"]["/proc/101/root"]
    host.recording["readlink"]["/proc/101/root"] = "/"
    return host.listed({"space": "k8s.io", "id": name, "pid": 101, "runtime": "io.containerd.kata-fc.v2"})


def firecracker_containerd() -> Host:
    shim, vmm = "/usr/local/bin/containerd-shim-aws-firecracker", "/usr/local/bin/firecracker"
    host = Host().shimmed(100, "c1", "default", shim).task("c1", "default").put(101, 100, vmm, "--id", "vm7").own(101, vmm).machine(101)
    return host.listed({"space": "default", "id": "c1", "pid": 101, "runtime": "aws.firecracker"})


def peer_pod() -> Host:
    """hypervisor/remote.go: its process is the shim itself."""
    host = Host().release("4.1.0").shimmed(100, "p1", "k8s.io", KATA).task("p1").folder("/proc/100/fd", "0").folder("/run/vc/sbs/p1")
    host.recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    host.file("/run/vc/sbs/p1/persist.json", '{"HypervisorState": {"Type": "remote"}}')
    return host.listed({"space": "k8s.io", "id": "p1", "pid": 100, "runtime": "io.containerd.kata-remote.v2"})


def first_kind() -> Host:
    tasks, host = "/run/docker/containerd/daemon/io.containerd.runtime.v1.linux", Host()
    for pid, name in ((100, "c1"), (200, "c2")):
        kept = f"/var/lib/docker/containerd/daemon/io.containerd.runtime.v1.linux/moby/{name}"
        host.put(pid, 1, "/usr/bin/containerd-shim", argv=["containerd-shim", "-namespace", "moby", "-workdir", kept]).own(
            pid, "/usr/bin/containerd-shim").inside(pid + 1, pid, "/bin/x")
        host.task(name, "moby", config(), pid + 1, tasks)
    return host


def dockers_pod() -> Host:
    host = Host()
    for pid, name, labels in ((100, "k8s_POD_web-1_shop_uid_0", {"io.kubernetes.docker.type": "podsandbox"}), (200, "k8s_web_web-1_shop_uid_0", {})):
        host.shimmed(pid, f"c{pid}", "moby").inside(pid + 1, pid, "/pause" if labels else "/web").task(f"c{pid}", "moby", config(), pid + 1)
        host.file(f"/var/lib/docker/containers/c{pid}/config.v2.json",
                  json.dumps({"Name": f"/{name}", "Config": {"Image": "x:1", "Labels": labels}}))
    return host.tool("docker", "101 c100 runc /k8s_POD_web-1_shop_uid_0 x:1 podsandbox", "201 c200 runc /k8s_web_web-1_shop_uid_0 x:1 ")


def executed_before(pid: int = 90) -> Host:
    """Numbers of processes begin anew: what was executed in a container later may have the lower one."""
    host = Host().shimmed(100, "c1", "other", root=77, numbers=(100, 5)).inside(101, 100, "/bin/web", numbers=(101, 6, 1))
    return host.inside(pid, 100, "/bin/sh", numbers=(pid, 9, 8), root=5101, spaces={"pid": "101"})


def rights(bounding: int, mounts: str, *, declared: bool, user: int = 0) -> Host:
    """A container with these rights, whose first process may be another user's."""
    document = json.loads(config(privileged=declared))
    if bounding == FULL:
        document["process"]["capabilities"]["bounding"] = ["CAP_SYS_ADMIN", "CAP_SYS_MODULE"]
    host = Host().shimmed(100, "c1").inside(101, 100, "/bin/x", bounding=bounding, mounts=mounts, user=user)
    host.task("c1", text=json.dumps(document), first=101)
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101})


def apptainer(title: str, *, instance: bool = False) -> Host:
    starter = "/usr/libexec/apptainer/bin/starter"
    host = Host().put(400, 1, starter, argv=[title], user=1000).own(400, starter)
    host.inside(401, 400, "/bin/sh", user=1000, numbers=(401, 1) if instance else (401,), spaces={} if instance else {"pid": "1"})
    return host.put(402, 400, "/usr/bin/squashfuse_ll", user=1000).own(402, "/usr/bin/squashfuse_ll")


def alone(exe: str, *, mounts: str = OPEN, host_file: bool = False, below: str = "", root: int = 99) -> Host:
    """A process namespace that no engine began."""
    host = Host().put(400, 1, exe, numbers=(400, 1), root=root, mounts=mounts)
    host = host.own(400, exe) if host_file else host
    return host.put(401, 400, below, numbers=(401, 2), root=root, spaces={"pid": "400"}) if below else host


def users_root() -> Host:
    """Its root and its user namespace are its own, and nothing else."""
    host = Host().put(399, 1, "/bin/bash", user=1000)
    return host.put(400, 399, "/srv/x", root=99, spaces={"user": "9"}, user=1000)


TMPFS = "900 899 0:77 / / ro,nosuid - tmpfs tmpfs ro\n"
LXC, INCUS, LXD = "/usr/bin/lxc-start", "/opt/incus/bin/incusd", "/snap/lxd/29351/bin/lxd"
NSPAWN = "/usr/bin/systemd-nspawn"
KINDS = {
    "pod": Kind("containerd, internal/cri/opts/spec_opts.go", pod, 1, names=frozenset({("containerd", "monitoring/exporter")})),
    "pod with the host's processes": Kind("containerd, spec_opts.go (WithPodNamespaces)", lambda: pod(pid="1", net="1"), 1, host_pid=1),
    "lxc": Kind("netdata#10568", lambda: system(LXC, ["lxc-start", "-F", "-n", "101"]), 1, names=frozenset({("lxc", "101")})),
    "lxc's monitor": Kind("lxc, lxccontainer.c", lambda: system(LXC, ["[lxc monitor] /var/lib/lxc web1"]), 1, names=frozenset({("lxc", "web1")})),
    "lxc at boot": Kind("lxc, tools/lxc_autostart.c", lambda: system("/usr/bin/lxc-autostart", ["[lxc monitor] /var/lib/lxc web2"]), 1,
                        names=frozenset({("lxc", "web2")})),
    "incus": Kind("lynis#1298", lambda: system(INCUS, [INCUS, "forkstart", "web1", "/var/lib/incus/containers", "/run/x/lxc.conf"]), 1,
                  names=frozenset({("incus", "web1")})),
    "lxd as a snap": Kind("falco#273", lambda: system(LXD, ["[lxc monitor] /var/snap/lxd/common/lxd/containers db"]), 1,
                          names=frozenset({("lxd", "db")})),
    "nspawn": Kind("systemd-nspawn(1)", lambda: system(NSPAWN, ["systemd-nspawn", "--boot", "--machine=build"]), 1,
                   names=frozenset({("nspawn", "build")})),
    "nspawn by its folder": Kind("systemd-nspawn(1)", lambda: system(NSPAWN, ["systemd-nspawn", "-D", "/srv/trees/sid", "-b"]), 1,
                                 names=frozenset({("nspawn", "sid")})),
    "libvirt's lxc": Kind("libvirt, drvlxc", lambda: system("/usr/libexec/libvirt_lxc", ["/usr/libexec/libvirt_lxc", "--name", "vm1"]), 1,
                          names=frozenset({("libvirt_lxc", "vm1")})),
    "docker as a snap": Kind("nomad#24318, cwltool#1517", snap, 1, privileged=1, names=frozenset({("docker", "db")})),
    "docker in lxc": Kind("netdata#10568", docker_in_lxc, 4),
    "a node in a container": Kind("kind", kind_node, 2),
    "a program called pause": Kind("kind", lambda: kind_node("pause"), 2),
    "state elsewhere": Kind("containerd, state =", state_elsewhere, 2),
    "podman": Kind("cadvisor#3684, podman#2647", podman, 2, names=frozenset({("podman", "web"), ("podman", "web-service")})),
    "rootless podman": Kind("podman, rootless", rootless_podman, 1),
    "rootless podman, privileged": Kind("podman-run(1)", lambda: rootless_podman(privileged=True), 1),
    "cri-o": Kind("cri-o, runtime_oci.go", lambda: crio("conmon"), 1),
    "cri-o's pods": Kind("cri-o, runtime_pod.go", lambda: crio("conmonrs"), 1),
    "kata": Kind("kata-containers 4.0.0, genuine", kata),
    "kata with dragonball": Kind("kata-containers 4.0.0, genuine", dragonball),
    "kata by cri-o": Kind("kata#2498", crios_kata),
    "kata that starts runc": Kind("containerd, runtime_path", kata_that_starts_runc, 1),
    "kata that starts what is called qemu": Kind("containerd, runtime_path", lambda: kata_that_starts_runc("qemu-system-x86_64"), 1),
    "kata in a node that starts runc": Kind("kind", nested_kata_that_starts_runc, 1),
    "kata without a machine": Kind("kata#12761", without_machine, unknown=1),
    "kata, stopped": Kind("kata-containers, wait.go", stopped),
    "openvmm": Kind("kata#13346", lambda: kata("/opt/kata-4.1.0/bin/openvmm", ("--ttrpc", "/run/kata/other/x"))),
    "stratovirt": Kind("kata-containers, stratovirt.go", lambda: kata("/opt/kata-4.1.0/bin/stratovirt", ("-name", "x"))),
    "firecracker, jailed by go": Kind("firecracker, chroot.rs; kata-containers, fc.go", lambda: jailed("vc")),
    "firecracker, jailed by rust": Kind("kata-containers, firecracker/inner.rs", lambda: jailed("kata")),
    "firecracker-containerd": Kind("firecracker-containerd, dir.go", firecracker_containerd),
    "peer pod": Kind("cloud-api-adaptor", peer_pod),
    "gvisor": Kind("gvisor-containerd-shim#22", gvisor),
    "gvisor, upgraded": Kind("gvisor, runsc/sandbox/sandbox.go (/proc/self/exe)", lambda: gvisor(upgraded=True)),
    "a program called runsc": Kind("an image's file, removed since", lambda: gvisor(forged=True), 1),
    "krun by its name": Kind("crun#1297", lambda: krun("/usr/bin/krun", "")),
    "krun by annotation": Kind("crun#637", lambda: krun("/usr/bin/crun", "krun")),
    "qemu in a container": Kind("kubevirt; qemux/qemu", qemu_in_a_container, 1),
    "crun-vm": Kind("containers/crun-vm", crun_vm, names=frozenset()),
    "shims of the first kind": Kind("containerd 1.2, runtime/v1/shim/client", first_kind, 2),
    "kubernetes on docker": Kind("cri-dockerd", dockers_pod, 1, names=frozenset({("docker", "k8s_web_web-1_shop_uid_0")})),
    "executed before": Kind("kernel, pid_max", executed_before, 1),
    "privileged": Kind("docker-run(1)", lambda: rights(FULL, OPEN, declared=True), 1, privileged=1),
    "privileged, as another user": Kind("Dockerfile(5), USER", lambda: rights(FULL, OPEN, declared=True, user=1000), 1, privileged=1),
    "all capabilities": Kind("docker-run(1), --cap-add ALL", lambda: rights(FULL, MASKED, declared=False), 1),
    "apptainer exec": Kind("apptainer-exec(1)", lambda: apptainer("Apptainer runtime parent"), 1, host_pid=1),
    "apptainer instance": Kind("apptainer-instance(1)", lambda: apptainer("Apptainer instance: alice [web1]", instance=True), 1,
                               names=frozenset({("apptainer", "web1")})),
    "nothing explains it": Kind("unshare(1)", lambda: alone("/srv/init"), unexplained=1),
    "bwrap": Kind("bwrap(1)", lambda: alone("/usr/bin/bwrap", mounts=TMPFS, host_file=True, below="/app/bin/game"), unexplained=1),
    "nomad's exec": Kind("nomad, drivers/exec", lambda: alone("/usr/bin/sleep", host_file=True), unexplained=1),
    "passt": Kind("passt, isolation.c", lambda: alone("/usr/bin/passt", mounts=TMPFS, host_file=True)),
    "a service that hides the others": Kind("systemd.exec(5), PrivatePIDs=", lambda: alone("/usr/bin/x", root=0)),
    "charliecloud": Kind("charliecloud, ch-run; enroot", users_root, unexplained=1),
}
