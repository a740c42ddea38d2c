# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""More kinds of containers: those that a shim forks without a runtime's program, those that no shim serves, and those of less usual runtimes."""

from __future__ import annotations

from typing import Any

from container_kinds import FULL, MASKED, Host, Kind
from containers_world import TASKS, config

SPIN = "/usr/local/bin/containerd-shim-spin-v2"
CLOUD_HYPERVISOR = "/usr/local/bin/cloud-hypervisor"
LABELS = {"io.kubernetes.container.name": "app", "io.kubernetes.pod.name": "p-1", "io.kubernetes.pod.namespace": "shop"}


def member(host: Host, **changes: Any) -> Host:
    """The bundle of a pod's container, and what ctr says of it."""
    notes: dict[str, Any] = {"container_type": "container", "sandbox_id": "pod", "container_name": "app", "sandbox_namespace": "shop"}
    host.task("c1", text=config(**notes))
    return host.listed({"space": "k8s.io", "id": "c1", "image": "registry.example.org/app:1", "labels": LABELS, "sandbox": "pod", **changes})


def wasm(*, zygotes: int = 0, through: bool = False) -> Host:
    """The shim forks the container, which executes nothing else; later releases fork it from a copy of the shim, as its child or its sibling."""
    words = [SPIN, "-namespace", "k8s.io", "-id", "pod", "-address", "/run/containerd/containerd.sock"]
    host = Host().shimmed(100, "pod", binary=SPIN)
    for pid in range(101, 101 + zygotes):
        host.put(pid, 100, SPIN, argv=words, name="containerd-shim").own(pid, SPIN).folder(f"/proc/{pid}/fd")
    parent = 100 + zygotes if through else 100
    host.inside(110, parent, "/pause", name="pause").inside(111, parent, SPIN, argv=words, name="youki:[2:INIT]", mounts=MASKED).own(111, SPIN)
    for pid, name in ((110, "pod"), (111, "c1")):
        host.folder(f"/proc/{pid}/fd").recording["read"][f"/proc/{pid}/cgroup"] = f"0::/kubepods-pod7.slice:cri-containerd:{name}\n"
    host.task("pod", text=config(container_type="sandbox", sandbox_id="pod", sandbox_name="p-1", sandbox_namespace="shop"))
    host.listed({"space": "k8s.io", "id": "pod", "pid": 110, "is_pod": True, "runtime": "io.containerd.spin.v2"})
    return member(host, pid=111, runtime="io.containerd.spin.v2")


def sandboxer(name: str, address: str) -> Host:
    """A daemon that serves all sandboxes of a kind instead of shims; containerd notes its socket in each bundle."""
    program, socket = f"/usr/local/bin/{name}-sandboxer", address.partition("://")[2].partition(":")[0]
    host = Host().put(90, 1, program, "--listen", f"/run/{name}-sandboxer.sock").own(90, program).file(socket, kind="socket")
    return host.file(f"{TASKS}/k8s.io/c1/bootstrap.json", f'{{"version":3,"address":"{address}","protocol":"ttrpc"}}')


def kuasars_wasm() -> Host:
    """A fork of the daemon's, in the container's control group and in no namespace of its own but the network's."""
    host = sandboxer("wasm", "unix:///run/kuasar-wasm/pod/task.sock")
    host.put(91, 90, "/usr/local/bin/wasm-sandboxer", spaces={"net": "9"}).own(91, "/usr/local/bin/wasm-sandboxer").folder("/proc/91/fd")
    host.recording["read"]["/proc/91/cgroup"] = "0::/kubepods/pod7/c1\n"
    return member(host, pid=91, runtime="io.containerd.kuasar-wasm.v1")


def kuasars_machine(*, monitor: bool = True) -> Host:
    """What containerd calls its process is one of the guest's; the host has another of that number."""
    host = sandboxer("vmm", "hvsock:///run/kuasar-vmm/pod/task.vsock:1024").put(57, 1, "/usr/bin/dbus-daemon").own(57, "/usr/bin/dbus-daemon")
    if monitor:
        host.put(91, 90, CLOUD_HYPERVISOR, "--api-socket", "/run/kuasar-vmm/pod/api.sock").own(91, CLOUD_HYPERVISOR).machine(91)
    return member(host, pid=57, runtime="io.containerd.kuasar-vmm.v1")


def urunc(*, unikernel: bool) -> Host:
    """Its monitor is executed as the container's own process, from the host's file, which is mounted behind its root."""
    shim, monitor = "/usr/local/bin/containerd-shim-urunc-v2", "/usr/local/bin/solo5-hvt"
    host = Host().shimmed(100, "c1", binary=shim).inside(101, 100, monitor if unikernel else "/bin/app").folder("/proc/101/fd")
    host = host.own(101, monitor).machine(101) if unikernel else host
    host.task("c1", first=101, runtime="/usr/local/bin/urunc")
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101, "runtime": "io.containerd.urunc.v2"})


def other_runtime(binary: str, **changes: Any) -> Host:
    """A runtime by BinaryName of a handler whose shim is runc's."""
    host = Host().shimmed(100, "c1").inside(101, 100, "/bin/app", mounts=MASKED, **changes).task("c1", first=101, runtime=binary)
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101})


def shim_of_another_name(*, visitor: bool = False) -> Host:
    """A handler may name any program as its shim (runtime_path); a shell of an older number may stand in its folder too."""
    shim = "/opt/vendor/bin/shim"
    host = Host().put(90, 1, "/bin/bash").own(90, "/bin/bash") if visitor else Host()
    host.recording["readlink"].update({"/proc/90/cwd": f"{TASKS}/k8s.io/c1"} if visitor else {})
    host.put(100, 1, shim, "-namespace", "k8s.io", "-id", "c1").own(100, shim).inside(101, 100, "/bin/app").task("c1", first=101)
    host.folder("/proc/101/fd").recording["read"]["/proc/101/cgroup"] = "0::/kubepods/pod7/c1\n"
    host.recording["readlink"]["/proc/100/cwd"] = f"{TASKS}/k8s.io/c1"
    return host.listed({"space": "k8s.io", "id": "c1", "pid": 101})


APP = frozenset({("containerd", "shop/app")})
KINDS_APART = {
    "wasm": Kind("runwasi, containerd-shim-wasm 0.8", wasm, 1, names=APP),
    "wasm by a copy of the shim": Kind("runwasi#775", lambda: wasm(zygotes=1, through=True), 1, names=APP),
    "wasm by copies of the shim": Kind("runwasi#828, instance.rs (as_sibling)", lambda: wasm(zygotes=3), 1, names=APP),
    "kuasar's wasm": Kind("kuasar, wasm/src/wasmedge.rs", kuasars_wasm, 1, host_pid=1, names=APP),
    "kuasar's machines": Kind("kuasar, vmm/sandbox/src/cloud_hypervisor", kuasars_machine, names=APP),
    "a sandboxer's, and no machine": Kind("containerd, shim_manager.go", lambda: kuasars_machine(monitor=False), unknown=1, names=APP),
    "urunc": Kind("urunc, pkg/unikontainers/hypervisors/hvt.go", lambda: urunc(unikernel=True)),
    "urunc that starts runc": Kind("urunc, unikontainers.go", lambda: urunc(unikernel=False), 1),
    "youki": Kind("youki, docs/src/user/basic_setup.md", lambda: other_runtime("/usr/local/bin/youki"), 1),
    "sysbox": Kind("sysbox, docs/user-guide", lambda: other_runtime("/usr/bin/sysbox-runc", bounding=FULL, spaces={"user": "9"}), 1),
    "nvidia's": Kind("nvidia-container-toolkit", lambda: other_runtime("/usr/bin/nvidia-container-runtime"), 1),
    "crun with wasmedge": Kind("crun, wasmedge.c", lambda: other_runtime("/usr/bin/crun-wasm"), 1),
    "a shim of another name": Kind("containerd, docs/cri/config.md (runtime_path)", shim_of_another_name, 1),
    "a shell where a shim works": Kind("containerd, docs/cri/config.md (runtime_path)", lambda: shim_of_another_name(visitor=True), 1),
}
