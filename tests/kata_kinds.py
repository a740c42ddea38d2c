# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with every kind of Kata sandbox there is, and what is true of each: the scan and the proof are both held against this one table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from container_kinds import Host
from containers_world import KATA, TASKS

TREE, NEXT = "/opt/kata-4.1.0", "/opt/kata-4.2.0"
RUST = f"{TREE}/runtime-rs/bin/containerd-shim-kata-v2"
SHARE, LINKED = f"{TREE}/share/kata-containers", "/opt/kata/share/kata-containers"
KERNEL, IMAGE, INITRD = f"{SHARE}/vmlinux-6.18.35-202", f"{SHARE}/kata-ubuntu-noble.image", f"{SHARE}/kata-alpine-3.22.initrd"
QEMU, CLH, FIRECRACKER = (f"{TREE}/bin/{name}" for name in ("qemu-system-x86_64", "cloud-hypervisor", "firecracker"))
OPENVMM, STRATOVIRT, VIRTIOFSD = f"{TREE}/bin/openvmm", f"{TREE}/bin/stratovirt", f"{TREE}/libexec/virtiofsd"
CONFIG, CONTAINERD = "/opt/kata/share/defaults/kata-containers/configuration.toml", "/etc/containerd/config.toml"
# A containerd that prints its configuration as it is.
PRINTS = '#!/bin/sh\ncat "$2"\n'
# The sandbox was started at 1763950000; what a kind calls later is after that.
LATER, EARLIER = 1763990000.0, 1760000000.0
ALL = frozenset({"shim", "vmm", "virtiofsd", "guest kernel", "guest image"})


def table(name: str, shim: str, config: str = CONFIG) -> str:
    """A handler as containerd prints it."""
    head = f'[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.{name}'
    return (f'{head}]\n  runtime_type = "io.containerd.kata.v2"\n  runtime_path = "{shim}"\n'
            + (f'{head}.options]\n  ConfigPath = "{config}"\n' if config else ""))


def document(monitor: str = "qemu", path: str = "/opt/kata/bin/qemu-system-x86_64", *, kernel: str = f"{LINKED}/vmlinux.container",
             image: str = f"{LINKED}/kata-containers.img", initrd: str = "", fs: str = "/opt/kata/libexec/virtiofsd", rust: bool = False) -> str:
    """A configuration; of a shim in Rust it says which machine monitor it is for."""
    keys = {"path": path, "kernel": kernel, "image": image, "initrd": initrd, "virtio_fs_daemon": fs}
    lines = "".join(f'{key} = "{value}"\n' for key, value in keys.items() if value)
    return f"[hypervisor.{monitor}]\n{lines}[runtime]\n" + (f'hypervisor_name = "{monitor}"\n' if rust else "enable_debug = false\n")


class KataHost(Host):
    """A host with Kata 4.1.0 in force and one handler, on which sandboxes are put piece by piece."""

    def __init__(self, *, handlers: str = table("kata", "/opt/kata/bin/containerd-shim-kata-v2"), config: str = "", rust: bool = False) -> None:
        super().__init__()
        self.release("4.1.0")
        for path in (KERNEL, IMAGE, INITRD, VIRTIOFSD, QEMU, CLH, FIRECRACKER, OPENVMM, STRATOVIRT, RUST):
            self.file(path, path)
        self.link("/opt/kata", TREE)
        for path in ("bin/containerd-shim-kata-v2", "runtime-rs/bin/containerd-shim-kata-v2", "libexec/virtiofsd", "bin/qemu-system-x86_64"):
            self.recording["realpath"][f"/opt/kata/{path}"] = f"{TREE}/{path}"
            self.recording["stat"][f"/opt/kata/{path}"] = self.recording["stat"][f"{TREE}/{path}"]
        for name, target in (("vmlinux.container", KERNEL), ("kata-containers.img", IMAGE), ("kata-containers-initrd.img", INITRD)):
            self.named(name, target)
        own = handlers.replace("/opt/kata/bin", "/opt/kata/runtime-rs/bin") if rust else handlers
        self.dump(own).configured(config or document(rust=rust))

    def named(self, name: str, target: str) -> Self:
        """Where a name in the release's folder of guests leads."""
        self.link(f"{SHARE}/{name}", target)
        return self.link(f"{LINKED}/{name}", target)

    def dump(self, handlers: str) -> Self:
        """The containerd that runs, with these handlers."""
        self.file(CONTAINERD, f"version = 3\n{handlers}")
        self.tools["containerd"] = PRINTS
        if "300" not in self.recording["listdir"]["/proc"]:
            self.file("/usr/bin/containerd", PRINTS).put(300, 1, "/usr/bin/containerd", argv=["containerd"]).running(300, "/usr/bin/containerd")
        return self

    def configured(self, text: str, path: str = CONFIG) -> Self:
        """A configuration, by the link of the release in force and by its own path."""
        real = path.replace("/opt/kata/", f"{TREE}/")
        self.file(real, text)
        return self.link(path, real) if path != real else self

    def beside(self, name: str, text: str) -> Self:
        """A drop-in beside the configuration."""
        folder = f"{TREE}/share/defaults/kata-containers/config.d"
        return self.file(f"{folder}/{name}", text, mode=0o644).folder(folder, name)

    def shim(self, pid: int = 100, name: str = "p1", space: str = "k8s.io", binary: str = KATA, **changes: Any) -> Self:
        """A shim in its bundle."""
        self.put(pid, 1, binary, argv=[binary, "-namespace", space, "-id", name, "-publish-binary", "/usr/bin/containerd"], **changes)
        return self.running(pid, binary).task(name, space)

    def running(self, pid: int, path: str) -> Self:
        """A process that executes what lies at a path."""
        self.recording["stat"][f"/proc/{pid}/exe"] = self.recording["stat"][path]
        self.recording["readlink"][f"/proc/{pid}/exe"] = path
        return self

    def qemu(self, *words: str, pid: int = 101, path: str = QEMU, parent: int = 100, image: str = IMAGE, user: int = 0) -> Self:
        """QEMU with the image by a descriptor, which names kernel and image itself."""
        named = words or ("-kernel", KERNEL, "-append", "quiet", "-object", f"memory-backend-file,id=mem0,mem-path={image},readonly=on")
        self.put(pid, parent, path, "-name", "sandbox-p1", "-sandbox", "on", *named, user=user).running(pid, path).machine(pid)
        return self.open(pid, 20, image) if image else self

    def monitor(self, path: str, *words: str, pid: int = 101, user: int = 0) -> Self:
        """Another machine monitor, which the shim started."""
        return self.put(pid, 100, path, *words, user=user).running(pid, path).machine(pid)

    def virtiofsd(self, shared: str = "/run/kata-containers/shared/sandboxes/p1/shared", path: str = VIRTIOFSD, first: int = 102) -> Self:
        """Both its processes have given themselves another root; their program is still on the host's own mount."""
        for pid, parent, numbers in ((first, 100, ()), (first + 1, first, (first + 1, 1))):
            self.put(pid, parent, path, argv=["/opt/kata/libexec/virtiofsd", "--fd=3", f"--shared-dir={shared}"], root=88, numbers=numbers)
            self.running(pid, path)
            self.recording.setdefault("mount_id", {}).update({f"/proc/{pid}/exe": 7, path.rpartition("/")[0]: 7})
        return self

    def exchanged(self, path: str, *places: str) -> Self:
        """Another build lies at the path; these places of processes keep the former one, which the kernel marks."""
        former = self.recording["stat"][path]
        self.file(path, "another build", mtime=LATER)
        for place in places:
            self.recording["readlink"][place] = f"{path} (deleted)"
            self.recording["stat"][place] = [*former[:8], 999999]
        return self

    def dated(self, path: str, *, written: float = EARLIER, changed: float = EARLIER, born: float = 0.0) -> Self:
        """The times of a file: of writing, of its inode, and of its birth."""
        for place in (path, f"{path}@link"):
            self.recording["stat"][place] = [*self.recording["stat"][place][:5], written, changed, *self.recording["stat"][place][7:]]
        if born:
            self.recording["run"][f"stat --dereference --format=%W {path}"] = f"{born:.0f}\n"
        return self

    def upgraded(self) -> Self:
        """Another release in force, by the same links."""
        self.release("4.2.0")
        for path in (QEMU, VIRTIOFSD, KATA, KERNEL, IMAGE, INITRD, RUST):
            self.file(path.replace("4.1.0", "4.2.0"), "another release")
        self.link("/opt/kata", NEXT).file(f"{NEXT}/share/defaults/kata-containers/configuration.toml", self.recording["read"][CONFIG])
        links, stats = self.recording["realpath"], self.recording["stat"]
        for path in [path for path in links if path.startswith("/opt/kata/")]:
            links[path] = links[path].replace("4.1.0", "4.2.0")
            self.recording["readlink"].pop(path, None)
            stats[path] = stats[links[path]]
        for name, target in (("vmlinux.container", KERNEL), ("kata-containers.img", IMAGE)):
            self.link(f"{NEXT}/share/kata-containers/{name}", target.replace("4.1.0", "4.2.0"))
        return self


@dataclass(frozen=True)
class Kind:
    """A host, the source that says such sandboxes are, and what is true of its only one (``stale`` is "none" where there is none).

    ``parts`` are those of which a new one would get another, or of which it cannot be said; ``orphans`` is how many machine monitors have no shim.
    """

    source: str
    build: Callable[[], KataHost]
    stale: bool | str | None = False
    parts: frozenset[str] = frozenset()
    kernel: str | None = "6.18.35-202"
    orphans: int = 0


def go() -> KataHost:
    return KataHost().shim().qemu().virtiofsd()


def rust() -> KataHost:
    """It resolves all paths, and gives virtiofsd a socket by a relative one."""
    return KataHost(rust=True).shim(binary=RUST).qemu().virtiofsd()


def dragonball() -> KataHost:
    """The shim is the machine monitor, by threads of its own; it keeps kernel and image open."""
    host = KataHost(rust=True, config=document("dragonball", "", fs="", rust=True)).shim(binary=RUST).machine(100)
    host.recording["listdir"]["/proc/100/task"] = ["100", "104", "105"]
    return host.open(100, 30, KERNEL).open(100, 31, IMAGE)


def told(path: str, text: str, host: KataHost) -> KataHost:
    """The shim's own state, which it writes for monitors that it talks to."""
    return host.file(path, text % KERNEL)


GOS = '{"Config": {"HypervisorConfig": {"KernelPath": "%s"}}}'
RUSTS = '{"hypervisor": {"config": {"boot_info": {"kernel": "%s"}}}}'


def clh(*, by_rust: bool = False, user: int = 0) -> KataHost:
    shim, state, said = (RUST, "/run/kata/p1", RUSTS) if by_rust else (KATA, "/run/vc/sbs/p1", GOS)
    socket = "/run/kata/p1/ch-api.sock" if by_rust else "/run/vc/vm/p1/clh-api.sock"
    host = KataHost(rust=by_rust, config=document("clh", CLH, rust=by_rust)).shim(binary=shim).monitor(CLH, "--api-socket", socket, user=user)
    return told(f"{state}/{'state' if by_rust else 'persist'}.json", said, host)


def untold(*, changed: str = "", folder: bool = False) -> KataHost:
    """Neither its words nor a state of the shim's names the kernel: what the configuration names is what it was, where nothing of it was changed."""
    host = KataHost(config=document("clh", CLH, fs="")).shim().monitor(CLH, "--api-socket", "/run/vc/vm/p1/clh-api.sock").file("/run/vc/sbs/p1/x")
    defaults = f"{TREE}/share/defaults/kata-containers"
    if folder:
        host.folder(f"{defaults}/config.d")
    return host.dated(f"{defaults}/{changed}", changed=LATER) if changed else host


def literal() -> KataHost:
    """TOML has words between single quotes too."""
    path = f"{TREE}/bin/qemu-system-x86_64-snp"
    return go().file(path, path).beside("50-own.toml", f"[hypervisor.qemu]\npath = '{path}'\n")


def jailed(where: str, *, same: bool = True, name: str = 40 * "a") -> KataHost:
    """The jailer copies its program into a folder that it then has for its root, and is no child of the shim's; the shim in Go cuts the id."""
    by_rust = where == "kata"
    host = KataHost(rust=by_rust, config=document("firecracker", FIRECRACKER, fs="", rust=by_rust)).shim(name=name, binary=RUST if by_rust else KATA)
    called, folder = name if by_rust else name[:32], f"/run/{where}/firecracker/{name if by_rust else name[:32]}/root"
    host.file(f"{folder}/firecracker", FIRECRACKER if same else "another build").folder(folder)
    host.put(101, 1, "/firecracker", argv=["/firecracker", "--id", called, "--start-time-us", "1"], root=88, numbers=(101,)).machine(101)
    host.recording["stat"][folder] = host.recording["stat"]["/proc/101/root"]
    host.recording["stat"]["/proc/101/exe"] = host.recording["stat"][f"{folder}/firecracker"]
    host.recording["readlink"]["/proc/101/root"] = "/"
    host.recording["sha256"] = {"/proc/101/exe": "aa", FIRECRACKER: "aa" if same else "bb"}
    return told(f"/run/{'kata' if by_rust else 'vc/sbs'}/{name}/{'state' if by_rust else 'persist'}.json", RUSTS if by_rust else GOS, host)


def firecracker() -> KataHost:
    host = KataHost(config=document("firecracker", FIRECRACKER, fs="")).shim()
    return told("/run/vc/sbs/p1/persist.json", GOS, host.monitor(FIRECRACKER, "--api-sock", "/run/vc/firecracker/p1/root/run/firecracker.socket"))


def openvmm() -> KataHost:
    host = KataHost(rust=True, config=document("openvmm", OPENVMM, rust=True)).shim(binary=RUST)
    return host.monitor(OPENVMM, "--ttrpc", "/run/kata/p1/openvmm.sock").open(101, 30, KERNEL).open(101, 31, IMAGE)


def stratovirt() -> KataHost:
    words = ("-name", "sandbox-p1", "-machine", "type=microvm", "-kernel", KERNEL)
    return KataHost(config=document("stratovirt", STRATOVIRT)).shim().monitor(STRATOVIRT, *words)


def peer_pod() -> KataHost:
    """Its machine is another host's; the shim holds none."""
    host = KataHost(config='[hypervisor.remote]\nremote_hypervisor_socket = "/run/peerpod/hypervisor.sock"\n[runtime]\nenable_debug = false\n').shim()
    host.folder("/proc/100/fd", "0").file("/run/vc/sbs/p1/persist.json", '{"HypervisorState": {"Type": "remote"}}')
    host.recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    return host


def beside_peer_pods(*, state: bool) -> KataHost:
    """A shim without its machine is no peer pod for a handler of theirs that the host has as well."""
    shim, other = "/opt/kata/bin/containerd-shim-kata-v2", "/opt/kata/share/defaults/kata-containers/configuration-remote.toml"
    host = KataHost().dump(table("kata", shim) + table("kata-remote", shim, other))
    host.configured("[hypervisor.remote]\n[runtime]\nenable_debug = false\n", other)
    host = bare(host.shim(), state=True)
    return told("/run/vc/sbs/p1/persist.json", '{"HypervisorState": {"Type": "qemu"}, "Config": "%s"}', host) if state else host


def krun() -> KataHost:
    """crun with a machine in its own process: no sandbox of Kata's."""
    host = KataHost().shimmed(100, "c1").inside(101, 100, "/usr/bin/crun", name="crun").own(101, "/usr/bin/crun").machine(101)
    return host.task("c1", text=json.dumps({"ociVersion": "1.0", "annotations": {"run.oci.handler": "krun"}}), first=101)


def bare(host: KataHost, *, state: bool, bundle: bool = True) -> KataHost:
    """A shim that holds no machine and has started nothing that lives."""
    host.folder("/proc/100/fd", "0").recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    if not bundle:
        for kept in ("read", "stat"):
            for path in [path for path in host.recording[kept] if path.endswith("/p1/config.json") or path.endswith("/p1/config.json@link")]:
                del host.recording[kept][path]
    return host.file("/run/vc/sbs/p1/x") if state else host


OTHER, SECURE = "/opt/vendor/bin/sandboxer", "/usr/local/bin/containerd-shim-secure-v2"


def of_another_name(path: str = OTHER, *, named: bool = True, visitor: bool = False) -> KataHost:
    """A copy of the shim in Go: a handler may name any program (runtime_path), or a type for which any is found."""
    host = KataHost(handlers=table("kata", path) if named else "").file(path, "a copy")
    if visitor:
        host.put(90, 1, "/bin/bash").own(90, "/bin/bash").recording["readlink"]["/proc/90/cwd"] = f"{TASKS}/k8s.io/p1"
    host.shim(binary=path).recording["readlink"]["/proc/100/cwd"] = f"{TASKS}/k8s.io/p1"
    return host


def its_dragonball(*, state: bool = True) -> KataHost:
    """A copy of the shim in Rust, which holds its machine itself: only its files say whose it is."""
    host = of_another_name(OTHER, named=False).machine(100).open(100, 30, KERNEL).open(100, 31, IMAGE)
    return host.file("/run/kata/p1/state.json", "{}").folder("/run/kata", "p1") if state else host


def namesake() -> KataHost:
    """A container of runc's, in another namespace, of the name of a sandbox that left its files."""
    host = KataHost().shimmed(100, "p1", "own").inside(101, 100, "/bin/app").task("p1", "own", first=101).folder("/proc/100/fd", "0")
    host.recording["readlink"]["/proc/100/fd/0"] = "/dev/null"
    return host.file("/run/vc/sbs/p1/persist.json", "{}").folder("/run/vc/sbs", "p1").folder("/proc/101/fd")


def rootless() -> KataHost:
    """QEMU is a user that the shim made; virtiofsd stays root's."""
    host = KataHost().shim().qemu(user=1001)
    return host.virtiofsd("/run/user/1001/run/kata-containers/shared/sandboxes/p1/shared")


def beside_libvirt() -> KataHost:
    return go().file("/usr/bin/qemu-system-x86_64").put(500, 1, "/usr/bin/qemu-system-x86_64", "-name", "guest=web,debug-threads=on").machine(500)


def other_orphan() -> KataHost:
    words = ("-name", "sandbox-p11", "-kernel", KERNEL)
    return go().put(500, 1, QEMU, *words).running(500, QEMU).machine(500)


def packaged(built: str) -> KataHost:
    """Fedora and OpenShift: an initrd for the host's own kernel, made on the host, and names that lead to the newest."""
    cache, old = "/var/cache/kata-containers", "6.5.6-300.fc39.x86_64"
    kernels, initrds = "/usr/lib/modules/%s/vmlinuz", f"{cache}/osbuilder-images/%s/fedora-kata.initrd"
    shim, qemu, main = "/usr/bin/containerd-shim-kata-v2", "/usr/bin/qemu-system-x86_64", "/usr/share/kata-containers/defaults/configuration.toml"
    host = KataHost(handlers="").file(shim).file(qemu, qemu)
    for version in {old, built}:
        host.file(kernels % version, version).file(initrds % version, version)
    host.link(f"{cache}/vmlinuz.container", kernels % built).link(f"{cache}/kata-containers-initrd.img", initrds % built)
    host.file(main, document(path=qemu, kernel=f"{cache}/vmlinuz.container", image="", initrd=f"{cache}/kata-containers-initrd.img", fs=""))
    host.file("/etc/crio/crio.conf.d/50-kata", f'[crio.runtime.runtimes.kata]\nruntime_path = "{shim}"\nruntime_type = "vm"\n')
    host.folder("/etc/crio/crio.conf.d", "50-kata").shim(space="default", binary=shim)
    return host.qemu("-kernel", kernels % old, "-initrd", initrds % old, path=qemu, image="")


def canary(*, upgraded: bool = False) -> KataHost:
    """kata-deploy with a multiInstallSuffix: what a new one gets is what its own handler names."""
    tree = "/opt/kata-canary"
    shim, qemu, kernel = f"{tree}/bin/containerd-shim-kata-v2", f"{tree}/bin/qemu-system-x86_64", f"{tree}/share/kata-containers/vmlinux-6.20.1-210"
    config = f"{tree}/share/defaults/kata-containers/configuration.toml"
    host = KataHost().dump(table("kata", "/opt/kata/bin/containerd-shim-kata-v2") + table("kata-qemu-canary", shim, config))
    for path in (shim, qemu, kernel):
        host.file(path, path)
    host.file(config, document(path=qemu, kernel=kernel, image="", fs="")).shim(binary=shim)
    host.qemu("-kernel", kernel, path=qemu, image="")
    return host.exchanged(qemu, "/proc/101/exe") if upgraded else host


def by_docker() -> KataHost:
    """No containerd serves it: dockerd's own file names the shim."""
    runtimes = {"runtimes": {"kata": {"runtimeType": "/opt/kata/bin/containerd-shim-kata-v2", "options": {"ConfigPath": CONFIG}}}}
    host = KataHost(handlers="").file("/etc/docker/daemon.json", json.dumps(runtimes, indent=2)).file("/usr/bin/dockerd", "dockerd")
    return host.put(310, 1, "/usr/bin/dockerd", argv=["dockerd"]).running(310, "/usr/bin/dockerd").shim(space="moby").qemu().virtiofsd()


def two_handlers() -> KataHost:
    """One release, two monitors: only the handler of its own monitor's says what a new one would get."""
    other = "/opt/kata/share/defaults/kata-containers/configuration-clh.toml"
    shim = "/opt/kata/bin/containerd-shim-kata-v2"
    host = KataHost().dump(table("kata", shim) + table("kata-clh", shim, other)).configured(document("clh", CLH, kernel=INITRD), other)
    return host.shim().qemu().virtiofsd()


def with_initrd(*, rebuilt: bool = False) -> KataHost:
    """QEMU reads an initrd once, and lets it go."""
    host = KataHost(config=document(image="", initrd=f"{LINKED}/kata-containers-initrd.img", fs="")).shim()
    host.qemu("-kernel", KERNEL, "-initrd", INITRD, image="")
    return host.dated(INITRD, written=LATER, changed=LATER) if rebuilt else host


def own_image(*, replaced: bool = False) -> KataHost:
    """An image may be called anything (qemu_arch_base.go, appendBlockImage)."""
    own = "/srv/guests/own.img"
    host = KataHost(config=document(image=own, fs="")).file(own, own).shim()
    host.qemu("-kernel", KERNEL, "-drive", f"id=image-1f00,file={own},aio=threads,format=raw,if=none,readonly=on", image=own)
    return host.exchanged(own, "/proc/101/fd/20") if replaced else host


def linked(host: KataHost) -> KataHost:
    """cp -al, chmod, chown, a relabel: the inodes' own times move."""
    for path in (KATA, QEMU, VIRTIOFSD, KERNEL, IMAGE):
        host.dated(path, changed=LATER, born=EARLIER)
    return host


def newer(name: str, *, link: bool) -> KataHost:
    """A guest of another name than before, by the release's link or by a drop-in."""
    host, key = go().file(f"{SHARE}/{name}", name), "kernel" if "vmlinux" in name else "image"
    if not link:
        return host.beside("50-own.toml", f'[hypervisor.qemu]\n{key} = "{SHARE}/{name}"\n')
    return host.named("vmlinux.container" if key == "kernel" else "kata-containers.img", f"{SHARE}/{name}")


def set_by_drop_in(key: str, name: str) -> KataHost:
    path = f"{TREE}/bin/{name}"
    return go().file(path, path).beside("50-own.toml", f'[hypervisor.qemu]\n{key} = "{path}"\n')


def between() -> KataHost:
    """Started between the link and what it leads to: the shim of one release, and the configuration of the other."""
    host = KataHost().upgraded()
    host.shim(binary=f"{NEXT}/bin/containerd-shim-kata-v2").qemu().virtiofsd()
    return host


def removed() -> KataHost:
    """The release was deleted under its sandboxes."""
    host = go()
    for path in (KATA, QEMU, KERNEL):
        for kept in ("read", "stat"):
            host.recording[kept].pop(path, None)
            host.recording[kept].pop(f"{path}@link", None)
    for place, path in (("/proc/100/exe", KATA), ("/proc/101/exe", QEMU)):
        host.recording["readlink"][place] = f"{path} (deleted)"
    for path in [path for path, real in host.recording["realpath"].items() if real in (KATA, QEMU, KERNEL)]:
        host.recording["stat"].pop(path, None)
        host.recording["realpath"][path] = {"problem": "absent", "detail": path}
    return host


GENUINE = "kata-containers 4.0.0, genuine"
SANDBOXES = {
    "go": Kind(GENUINE, go),
    "rust": Kind(GENUINE, rust),
    "dragonball": Kind(GENUINE, dragonball),
    "cloud-hypervisor by go": Kind("kata-containers, clh.go", clh),
    "cloud-hypervisor by rust": Kind("kata-containers, ch/inner.rs", lambda: clh(by_rust=True)),
    "cloud-hypervisor, rootless": Kind("kata#11526, #13664", lambda: clh(user=1001)),
    "firecracker by go": Kind("kata-containers, fc.go", firecracker),
    "firecracker by go, jailed": Kind("kata-containers, fc.go; firecracker, chroot.rs", lambda: jailed("vc")),
    "firecracker by rust, jailed": Kind("kata-containers, firecracker/inner.rs", lambda: jailed("kata")),
    "firecracker, jailed, of another build": Kind("firecracker, chroot.rs", lambda: jailed("vc", same=False), True, frozenset({"vmm"})),
    "openvmm": Kind("kata#13346", openvmm),
    "stratovirt": Kind("kata-containers, stratovirt.go", stratovirt),
    "peer pod": Kind("kata-containers, remote.go; cloud-api-adaptor", peer_pod, kernel=None),
    "rootless": Kind(GENUINE, rootless),
    "shim killed": Kind("kata-containers, wait.go", lambda: KataHost().qemu(parent=1), "none", orphans=1),
    "shim of another killed": Kind("kata-containers, wait.go", other_orphan, orphans=1),
    "krun": Kind("crun#637", krun, "none"),
    "stopped task": Kind("kata-containers, wait.go", lambda: bare(KataHost().shim(), state=False), "none"),
    "shim of no engine's": Kind("kata#12761", lambda: bare(KataHost().shim(), state=False, bundle=False), None, frozenset({"vmm"}), None),
    "shim without its machine": Kind("kata#12761", lambda: bare(KataHost().shim(), state=True), None, frozenset({"vmm"}), None),
    "shim without its machine, beside peer pods": Kind("cloud-api-adaptor", lambda: beside_peer_pods(state=False), None, frozenset({"vmm"}),
                                                       None),
    "shim without its machine, beside peer pods, told": Kind("cloud-api-adaptor", lambda: beside_peer_pods(state=True), None,
                                                             frozenset({"vmm"}), None),
    "shim of another name": Kind("containerd, docs/cri/config.md (runtime_path)", lambda: of_another_name().qemu().virtiofsd()),
    "shim of another name, a visitor": Kind("containerd, config.md", lambda: of_another_name(visitor=True).qemu().virtiofsd()),
    "shim of another name, replaced": Kind("containerd, config.md", lambda: of_another_name().qemu().virtiofsd().exchanged(
        OTHER, "/proc/100/exe"), True, frozenset({"shim"})),
    "shim of another name, monitor replaced": Kind("containerd, config.md", lambda: of_another_name().qemu().virtiofsd().exchanged(
        QEMU, "/proc/101/exe"), True, frozenset({"vmm"})),
    "shim of another type": Kind("containerd, util.go (BinaryName)", lambda: of_another_name(SECURE).qemu().virtiofsd()),
    "shim of another name, dragonball": Kind("containerd, config.md", its_dragonball),
    "shim of another name, nothing of Kata's": Kind("containerd, config.md", lambda: its_dragonball(state=False), "none"),
    "container of a sandbox's name": Kind("containerd, namespaces.md", namesake, "none"),
    "shim of a user's": Kind("kata-containers, shim", lambda: KataHost().shim(user=1001), "none"),
    "shim in a container": Kind("kind", lambda: KataHost().shim(root=77, numbers=(100, 5)), "none"),
    "beside libvirt's guest": Kind("libvirt", beside_libvirt),
    "by docker": Kind("moby, daemon.json", by_docker),
    "two handlers": Kind("kata-deploy", two_handlers),
    "no handler": Kind("ctr run --runtime-config-path", lambda: KataHost(handlers="").shim().qemu().virtiofsd()),
    "no handler, upgraded": Kind("ctr run", lambda: KataHost(handlers="").shim().qemu().virtiofsd().upgraded(), True, ALL),
    "multi-install": Kind("kata#10551, #13827", canary, kernel="6.20.1-210"),
    "multi-install, upgraded": Kind("kata#13844", lambda: canary(upgraded=True), True, frozenset({"vmm"}), "6.20.1-210"),
    "package": Kind("kata#2647, kata-osbuilder.sh", lambda: packaged("6.5.6-300.fc39.x86_64"), kernel="6.5.6-300.fc39.x86_64"),
    "package, guest built anew": Kind("kata-osbuilder.sh", lambda: packaged("6.6.1-100.fc39.x86_64"), True,
                                      frozenset({"guest kernel", "guest image"}), "6.5.6-300.fc39.x86_64"),
    "initrd": Kind("kata-containers, qemu.go", with_initrd),
    "initrd built anew": Kind("kata-containers, osbuilder", lambda: with_initrd(rebuilt=True), True, frozenset({"guest image"})),
    "image of any name": Kind("kata-containers, qemu_arch_base.go", own_image),
    "image of any name, replaced": Kind("kata-containers, osbuilder", lambda: own_image(replaced=True), True, frozenset({"guest image"})),
    "hard link": Kind("rsnapshot(1), chmod(1)", lambda: linked(go())),
    "shim replaced": Kind("dpkg(1)", lambda: go().exchanged(KATA, "/proc/100/exe"), True, frozenset({"shim"})),
    "monitor replaced": Kind("dpkg(1)", lambda: go().exchanged(QEMU, "/proc/101/exe"), True, frozenset({"vmm"})),
    "virtiofsd replaced": Kind("dpkg(1)", lambda: go().exchanged(VIRTIOFSD, "/proc/102/exe", "/proc/103/exe"), True, frozenset({"virtiofsd"})),
    "image replaced": Kind(GENUINE, lambda: go().exchanged(IMAGE, "/proc/101/fd/20"), True, frozenset({"guest image"})),
    "dragonball, image replaced": Kind(GENUINE, lambda: dragonball().exchanged(IMAGE, "/proc/100/fd/31"), True, frozenset({"guest image"})),
    "dragonball, kernel replaced": Kind(GENUINE, lambda: dragonball().exchanged(KERNEL, "/proc/100/fd/30"), True, frozenset({"guest kernel"})),
    "dragonball, shim replaced": Kind(GENUINE, lambda: dragonball().exchanged(RUST, "/proc/100/exe"), True, frozenset({"shim"})),
    "kernel written since": Kind(GENUINE, lambda: go().dated(KERNEL, written=LATER, changed=LATER), True, frozenset({"guest kernel"})),
    "kernel of an archive": Kind("tar(1)", lambda: go().dated(KERNEL, changed=LATER, born=LATER), True, frozenset({"guest kernel"})),
    "kernel of an archive, its birth untold": Kind("stat(1) before coreutils 8.31", lambda: go().dated(KERNEL, changed=LATER), None,
                                                   frozenset({"guest kernel"})),
    "kernel that nobody names": Kind("kata-containers, config.go", untold),
    "kernel that nobody names, configuration changed": Kind("cp(1), -p", lambda: untold(changed="configuration.toml"), None,
                                                            frozenset({"guest kernel"}), None),
    "kernel that nobody names, drop-in removed": Kind("kata-containers, config.d", lambda: untold(changed="config.d", folder=True), None,
                                                      frozenset({"guest kernel"}), None),
    "cloud-hypervisor, kernel written since": Kind("tar(1)", lambda: clh().dated(KERNEL, written=LATER, changed=LATER), True,
                                                   frozenset({"guest kernel"})),
    "kernel's link turned": Kind("kata-deploy", lambda: newer("vmlinux-6.30.1-210", link=True), True, frozenset({"guest kernel"})),
    "image's link turned": Kind("kata-deploy", lambda: newer("kata-other.image", link=True), True, frozenset({"guest image"})),
    "kernel by a drop-in": Kind("kata#12478", lambda: newer("vmlinux-6.30.1-210", link=False), True, frozenset({"guest kernel"})),
    "image by a drop-in": Kind("kata#12478", lambda: newer("kata-other.image", link=False), True, frozenset({"guest image"})),
    "monitor by a drop-in": Kind("kata-containers, config.d", lambda: set_by_drop_in("path", "qemu-system-x86_64-snp"), True, frozenset({"vmm"})),
    "monitor by a drop-in in single quotes": Kind("toml.io", literal, True, frozenset({"vmm"})),
    "virtiofsd by a drop-in": Kind("kata-containers, config.d", lambda: set_by_drop_in("virtio_fs_daemon", "virtiofsd-2"), True,
                                   frozenset({"virtiofsd"})),
    "another release": Kind(GENUINE, lambda: go().upgraded(), True, ALL),
    "between two releases": Kind(GENUINE, between, True, ALL - {"shim"}),
    "release removed": Kind("kata#12761", removed, True, frozenset({"shim", "vmm", "guest kernel"})),
}
