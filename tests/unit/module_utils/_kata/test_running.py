# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes as a genuine Kata Containers 4.0.0 runs them, with both shims, held against what their handler's next one would get."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import started_with
from containers_world import KATA, World

CONTAINERD, TREE = "/etc/containerd/config.toml", "/opt/kata-4.1.0"
RUST = f"{TREE}/runtime-rs/bin/containerd-shim-kata-v2"
SHARE = f"{TREE}/share/kata-containers"
KERNEL, IMAGE, QEMU, VIRTIOFSD = f"{SHARE}/vmlinux-6.18.35-202", f"{SHARE}/kata-ubuntu-noble.image", f"{TREE}/bin/qemu-system-x86_64", (
    f"{TREE}/libexec/virtiofsd")
CONFIG = """[hypervisor.%s]
path = "%s"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
virtio_fs_daemon = "/opt/kata/libexec/virtiofsd"
"""


def handler(shim: str, name: str = "kata", config: str = "/opt/kata/c.toml") -> str:
    return (f'[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.{name}]\nruntime_type = "io.containerd.kata.v2"\nruntime_path = "{shim}"\n'
            f'options = {{ ConfigPath = "{config}" }}\n')


def installed(monitor: str = "qemu", path: str = QEMU, shim: str = KATA) -> World:
    world = World().release("4.1.0").file(KERNEL).file(IMAGE).file(VIRTIOFSD).file(QEMU).file(shim)
    world.file(CONTAINERD, "version = 3\n" + handler(shim)).file("/opt/kata/c.toml", CONFIG % (monitor, path))
    world.link("/opt/kata/share/kata-containers/vmlinux.container", KERNEL).link("/opt/kata/share/kata-containers/kata-containers.img", IMAGE)
    return world.link("/opt/kata/libexec/virtiofsd", VIRTIOFSD)


def genuine(world: World, **changes: Any) -> World:
    """QEMU with the image by a descriptor, and a virtiofsd that has given itself and its child another root."""
    argv = [QEMU, "-name", "sandbox-p1", "-kernel", KERNEL, "-append", "quiet", "-object", f"memory-backend-file,mem-path={IMAGE}"]
    world.process(100, KATA, [KATA, "-namespace", "k8s.io", "-id", "p1"]).process(101, QEMU, argv, parent=100)
    for pid, parent in ((102, 100), (103, 102)):
        world.process(pid, VIRTIOFSD, ["/opt/kata/libexec/virtiofsd", "--shared-dir", "/run/kata-containers/shared/sandboxes/p1/shared"],
                      parent=parent, nested=True).life(pid, parent, pid)
    world.recording["mount_id"] = {f"/proc/{pid}/exe": 7 for pid in (102, 103)} | {f"{TREE}/libexec": 7}
    return world.open(101, 20, IMAGE, **changes)


def dragonball(world: World) -> World:
    world.process(100, RUST, [RUST, "-namespace", "default", "-id", "r1"]).machine(100)
    return world.open(100, 30, KERNEL).open(100, 31, IMAGE)


def replaced(world: World, path: str, pid: int, descriptor: str = "exe") -> World:
    """Another file lies at the path; the process keeps the former one, which the kernel marks."""
    place = f"/proc/{pid}/{descriptor}"
    world.recording["readlink"][place] = path + " (deleted)"
    world.recording["stat"][place] = [*world.recording["stat"][path][:8], 999999]
    return world


def test_a_sandbox_that_runs_what_is_in_force_is_not_stale() -> None:
    sandbox = genuine(installed()).only_sandbox()
    assert (sandbox["stale"], sandbox["reasons"], sandbox["handler"]) == (False, [], "containerd/kata")
    assert (sandbox["virtiofsd"], sandbox["virtiofsd_pid"], sandbox["guest_kernel"], sandbox["guest_image"]) == (VIRTIOFSD, 102, "6.18.35-202", IMAGE)


@pytest.mark.parametrize(("path", "pid", "descriptor", "what"), [
    (VIRTIOFSD, 102, "exe", "virtiofsd"), (QEMU, 101, "exe", "vmm"), (KATA, 100, "exe", "shim"), (IMAGE, 101, "fd/20", "guest image")])
def test_each_part_that_was_replaced_in_place_makes_it_stale(path: str, pid: int, descriptor: str, what: str) -> None:
    sandbox = replaced(genuine(installed()), path, pid, descriptor).only_sandbox()
    assert (sandbox["stale"], [reason.split(":")[0] for reason in sandbox["reasons"]]) == (True, [what])


@pytest.mark.parametrize("path", [KERNEL, IMAGE, QEMU, VIRTIOFSD, KATA])
def test_a_hard_link_that_came_and_went_changes_nothing(path: str) -> None:
    """cp -al, rsnapshot, chmod, chown, a relabel: the change time moves, and the birth does not."""
    world = genuine(installed())
    world.recording["run"][f"stat --dereference --format=%W {path}"] = "1763000000\n"
    for place in (path, path + "@link"):
        world.recording["stat"][place] = [*world.recording["stat"][place][:6], 1763999999.0, *world.recording["stat"][place][7:]]
    assert world.only_sandbox()["stale"] is False


def test_a_kernel_that_was_written_since_is_another() -> None:
    world = genuine(installed())
    world.recording["stat"][KERNEL] = [*world.recording["stat"][KERNEL][:5], 1763999999.0, *world.recording["stat"][KERNEL][6:]]
    assert world.only_sandbox()["reasons"] == [f"guest kernel: {KERNEL} was replaced after the sandbox was started"]


@pytest.mark.parametrize(("birth", "stale"), [("1763999990\n", True), ("1763000000\n", False), ("0\n", None), (None, None)])
def test_a_kernel_out_of_an_archive_has_the_time_that_it_had_there(birth: str | None, stale: bool) -> None:
    """tar sets a file's time of writing, nobody its birth (statx, stx_btime). What a hard link or a new owner changes is neither; where no birth is
    told, it may have been that or a new file."""
    world = genuine(installed())
    world.recording["stat"][KERNEL][6] = 1763999990.0
    if birth:
        world.recording["run"][f"stat --dereference --format=%W {KERNEL}"] = birth
    assert world.only_sandbox()["stale"] is stale


def test_a_kernel_that_a_new_one_would_not_get() -> None:
    """kata-deploy never removes old kernels: the link leads elsewhere by now."""
    newer = f"{SHARE}/vmlinux-6.30.1-210"
    world = genuine(installed()).file(newer).link("/opt/kata/share/kata-containers/vmlinux.container", newer)
    assert world.only_sandbox()["reasons"] == [f"guest kernel: it is {KERNEL}, a new one would get {newer}"]


def test_a_kernel_that_a_drop_in_names_since() -> None:
    other = f"{SHARE}/vmlinux-other"
    world = genuine(installed()).file(other).file("/opt/kata/config.d/50-x.toml", f'[hypervisor.qemu]\nkernel = "{other}"\n', mode=0o644)
    assert world.folder("/opt/kata/config.d", "50-x.toml").only_sandbox()["stale"] is True


def test_dragonball_is_compared_by_the_shims_descriptors() -> None:
    sandbox = dragonball(installed("dragonball", "", RUST)).only_sandbox()
    assert (sandbox["stale"], sandbox["reasons"], sandbox["vmm"], sandbox["vmm_pid"], sandbox["vmm_name"]) == (False, [], RUST, 100, "dragonball")
    assert (sandbox["guest_kernel"], sandbox["guest_image"]) == ("6.18.35-202", IMAGE)


def test_an_image_that_was_replaced_under_dragonball() -> None:
    sandbox = replaced(dragonball(installed("dragonball", "", RUST)), IMAGE, 100, "fd/31").only_sandbox()
    assert (sandbox["stale"], sandbox["reasons"]) == (True, [f"guest image: {IMAGE} was replaced"])


@pytest.mark.parametrize(("words", "monitor"), [
    (["-object", "memory-backend-file,id=mem0,mem-path=/srv/guests/own.img,size=1,readonly=on"], "qemu"),
    (["-drive", "id=image-1f00,file=/srv/guests/own.img,aio=threads,format=raw,if=none,readonly=on"], "qemu"), ([], "dragonball")])
@pytest.mark.parametrize("is_replaced", [True, False])
def test_an_image_of_any_name(words: list[str], monitor: str, is_replaced: bool) -> None:
    """What osbuilder makes may be called anything (kata-containers, qemu_arch_base.go: appendNvdimmImage, appendBlockImage)."""
    own = "/srv/guests/own.img"
    world = installed(monitor, "" if monitor == "dragonball" else QEMU, RUST if monitor == "dragonball" else KATA).file(own)
    world.file("/opt/kata/c.toml", CONFIG.replace("/opt/kata/share/kata-containers/kata-containers.img", own) % (monitor, QEMU if words else ""))
    if words:
        world.process(100, KATA, [KATA, "-namespace", "k8s.io", "-id", "p1"])
        world.process(101, QEMU, [QEMU, "-name", "sandbox-p1", "-kernel", KERNEL, *words], parent=100).open(101, 20, own)
    else:
        world.process(100, RUST, [RUST, "-namespace", "default", "-id", "r1"]).machine(100).open(100, 30, KERNEL).open(100, 31, own)
    world = replaced(world, own, *((101, "fd/20") if words else (100, "fd/31"))) if is_replaced else world
    assert (world.only_sandbox()["stale"], world.only_sandbox()["reasons"]) == (
        (True, [f"guest image: {own} was replaced"]) if is_replaced else (False, []))


def test_several_installations_each_with_its_own_handler() -> None:
    """kata-deploy with a multiInstallSuffix (kata#10551, #13827): a new one of that handler would get the very same."""
    tree = "/opt/kata-canary"
    shim, qemu = f"{tree}/bin/containerd-shim-kata-v2", f"{tree}/bin/qemu-system-x86_64"
    world = World().release("4.1.0").file(shim).file(qemu).file(f"{tree}/vmlinux-6.20-1")
    world.file(f"{tree}/c.toml", f'[hypervisor.qemu]\npath = "{qemu}"\nkernel = "{tree}/vmlinux-6.20-1"\n')
    world.file(CONTAINERD, "version = 3\n" + handler(shim, "kata-qemu-canary", f"{tree}/c.toml"))
    world.process(100, shim, [shim, "-namespace", "k8s.io", "-id", "p1"])
    world.process(101, qemu, [qemu, "-name", "sandbox-p1", "-kernel", f"{tree}/vmlinux-6.20-1"], parent=100)
    assert (world.only_sandbox()["stale"], world.only_sandbox()["handler"]) == (False, "containerd/kata-qemu-canary")


@pytest.mark.parametrize(("same", "stale"), [(True, False), (False, True)])
def test_a_jailers_copy_is_compared_by_its_bytes(same: bool, stale: bool) -> None:
    own, copy = f"{TREE}/bin/firecracker", "/run/vc/firecracker/x/root/firecracker"
    world = installed("firecracker", own).file(own).process(100, KATA, [KATA, "-namespace", "k8s.io", "-id", 40 * "a"])
    world.process(101, copy, ["firecracker", "--id=" + 32 * "a"], inode=5, nested=True).machine(101)
    world.recording["readlink"]["/proc/101/root"] = "/run/vc/firecracker/x/root"
    world.recording["sha256"] = {"/proc/101/exe": "aa", own: "aa" if same else "bb"}
    sandbox = world.only_sandbox()
    assert (sandbox["stale"], sandbox["vmm_name"], sandbox["guest_kernel"]) == (stale, "firecracker", "6.18.35-202")


@pytest.mark.parametrize(("state", "path"), [
    ('{"Config": {"HypervisorConfig": {"KernelPath": "%s"}}}', "/run/vc/sbs/p1/persist.json"),
    ('{"hypervisor": {"config": {"kernel": "%s"}}}', "/run/kata/p1/state.json")])
def test_a_monitor_that_names_no_kernel_was_told_by_the_shim(state: str, path: str) -> None:
    clh = f"{TREE}/bin/cloud-hypervisor"
    world = installed("clh", clh).file(clh).process(100, KATA, [KATA, "-namespace", "k8s.io", "-id", "p1"])
    world.process(101, clh, [clh, "--api-socket", "/run/vc/vm/p1/clh-api.sock"], parent=100).file(path, state % KERNEL)
    assert (world.only_sandbox()["guest_kernel"], world.only_sandbox()["stale"]) == ("6.18.35-202", False)


def test_a_monitor_whose_shim_was_killed_is_named() -> None:
    world = World().release("4.1.0").process(101, QEMU, [QEMU, "-name", "sandbox-p1", "-pidfile", "/run/vc/vm/p1/pid"])
    assert world.kata().facts["orphans"] == [{"pid": 101, "path": QEMU, "name": "qemu"}]


def test_a_shim_without_a_name_hides_no_such_monitor() -> None:
    world = World().release("4.1.0").process(100, KATA, [KATA]).process(101, QEMU, [QEMU, "-name", "sandbox-p1", "-chroot", "/run/vc/vm/p1/"])
    assert [row["pid"] for row in world.kata().facts["orphans"]] == [101]


@pytest.mark.parametrize("argv", [[QEMU, "-name", "guest=web,debug-threads=on"], [QEMU]])
def test_a_guest_of_libvirts_is_no_sandbox(argv: list[str]) -> None:
    assert World().release("4.1.0").process(101, QEMU, argv).kata().facts["orphans"] == []


@pytest.mark.parametrize(("argv", "user", "virtiofsd", "baseline", "strict"), [
    (["qemu", "-name", "sandbox-x", "-sandbox", "on", "-append", "quiet"], 1000, [], [], []),
    (["qemu", "-name", "sandbox-x,debug-threads=on", "-append", "agent.log=debug agent.debug_console"], 0, [],
     ["monitor_debug is true, wanted false", "agent_debug is true, wanted false", "debug_console is true, wanted false"],
     ["QEMU was started without -sandbox on", "its machine monitor is root's"]),
    (["qemu", "-sandbox", "on"], 1000, ["virtiofsd", "--sandbox", "none", "--seccomp=none"],
     ["virtiofsd_sandbox is none", "virtiofsd_seccomp is none"], []),
])
def test_what_a_sandbox_was_started_with(argv: list[str], user: int, virtiofsd: list[str], baseline: list[str], strict: list[str]) -> None:
    unmet = started_with.unmet("qemu", started_with.seen("qemu", argv, "", user, virtiofsd))
    assert (unmet["baseline"], unmet["strict"]) == (baseline, baseline + strict)


@pytest.mark.parametrize(("status", "unmet"), [("Seccomp:\t0\n", ["its machine monitor runs without seccomp"]), ("Seccomp:\t2\n", [])])
def test_a_monitor_that_shuts_itself_in_unless_told_not_to(status: str, unmet: list[str]) -> None:
    assert started_with.unmet("dragonball", started_with.seen("dragonball", ["shim"], status, 1000, []))["baseline"] == unmet


SHIM_LINK = "/usr/local/bin/containerd-shim-kata-v2"
BY_TYPE = 'version = 3\n[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.kata]\nruntime_type = "io.containerd.%s.v2"\n'
HARD = '[hypervisor.qemu]\nenable_annotations = []\n[runtime]\nhypervisor_name = "qemu"\n'
SOFT = '[hypervisor.qemu]\nenable_annotations = ["kernel_params"]\n'


def judged(world: World) -> tuple[Any, Any, Any]:
    facts = world.kata().facts
    row, = facts["configurations"]
    return row["path"], row["unmet"].get("baseline"), facts["handlers"][0]["dead"]


def test_the_default_of_a_distributions_package() -> None:
    """kata#2647, and the spec files of Fedora and Oracle."""
    world = World().file("/usr/bin/containerd-shim-kata-v2").file("/usr/share/kata-containers/defaults/configuration.toml", SOFT)
    text = '[crio.runtime.runtimes.kata]\nruntime_path = "/usr/bin/containerd-shim-kata-v2"\nruntime_type = "vm"\n'
    world.file("/etc/crio/crio.conf.d/50-kata", text)
    path, unmet, dead = judged(world.folder("/etc/crio/crio.conf.d", "50-kata"))
    assert (path, dead) == ("/usr/share/kata-containers/defaults/configuration.toml", "")
    assert unmet == ['hypervisor.qemu.enable_annotations is ["kernel_params"], wanted []']


@pytest.mark.parametrize(("built", "stale"), [("6.5.6-300.fc39.x86_64", False), ("6.6.1-100.fc39.x86_64", True)])
def test_a_guest_that_is_built_on_the_host(built: str, stale: bool) -> None:
    """Fedora and OpenShift: kata-osbuilder.sh makes an initrd for the host's own kernel below /var/cache and turns the links."""
    cache, old = "/var/cache/kata-containers", "6.5.6-300.fc39.x86_64"
    kernels, images = "/usr/lib/modules/%s/vmlinuz", f"{cache}/osbuilder-images/%s/fedora-kata.initrd"
    shim, qemu, main = "/usr/bin/containerd-shim-kata-v2", "/usr/bin/qemu-system-x86_64", "/usr/share/kata-containers/defaults/configuration.toml"
    world = World().file(shim).file(qemu).folder("/etc/crio/crio.conf.d", "50-kata")
    for version in (old, built):
        world.file(kernels % version).file(images % version)
    world.link(f"{cache}/vmlinuz.container", kernels % built).link(f"{cache}/kata-containers-initrd.img", images % built)
    world.file(main, f'[hypervisor.qemu]\npath = "{qemu}"\nkernel = "{cache}/vmlinuz.container"\ninitrd = "{cache}/kata-containers-initrd.img"\n')
    world.file("/etc/crio/crio.conf.d/50-kata", f'[crio.runtime.runtimes.kata]\nruntime_path = "{shim}"\nruntime_type = "vm"\n')
    world.process(100, shim, [shim, "-namespace", "default", "-publish-binary", "/usr/bin/crio", "-id", "p1"])
    world.process(101, qemu, [qemu, "-name", "sandbox-p1", "-kernel", kernels % old, "-initrd", images % old], parent=100)
    sandbox = world.only_sandbox()
    assert (sandbox["stale"], sandbox["guest_kernel"], sandbox["guest_image"]) == (stale, old, images % old)


def test_a_handler_whose_shim_finds_no_configuration_has_a_row_that_says_so() -> None:
    row, = World().release("4.1.0").file(CONTAINERD, "version = 3\n" + handler(KATA).split("options")[0]).kata().facts["configurations"]
    assert row["path"] is None and row["problem"].startswith(f"{KATA}: there is none at /etc/kata-containers/configuration.toml, /opt/kata/")


def test_a_type_leads_to_the_shim_that_the_search_path_has() -> None:
    """The shim in Go by a link, beside a release with both: the file of Rust's is not what it reads."""
    world = World().release("4.1.0").file(RUST).file(CONTAINERD, BY_TYPE % "kata").link(SHIM_LINK, KATA)
    world.file("/opt/kata/share/defaults/kata-containers/configuration.toml", SOFT)
    world.file("/opt/kata/share/defaults/kata-containers/runtime-rs/configuration.toml", HARD)
    path, unmet, dead = judged(world)
    assert (path, dead, len(unmet)) == ("/opt/kata/share/defaults/kata-containers/configuration.toml", "", 1)


def test_a_type_without_a_shim_starts_nothing() -> None:
    """kata#3456."""
    row, = World().release("4.1.0").file(CONTAINERD, BY_TYPE % "kata-fc").kata().facts["handlers"]
    assert row["dead"] == "containerd-shim-kata-fc-v2 is in none of the folders in which the engine looks for it"


@pytest.mark.parametrize(("version", "dead"), [("3.32.0", False), ("4.1.0", True)])
def test_a_wrapper_with_a_configuration_of_its_own(version: str, dead: bool) -> None:
    """kubespray's; since 4.0.0 a shim takes a default configuration only."""
    tree = f"/opt/kata-{version}"
    world = World().release(version).file("/etc/kata-containers/configuration-fc.toml", SOFT).file("/etc/kata-containers/configuration.toml", HARD)
    script = f'#!/bin/bash\nKATA_CONF_FILE=/etc/kata-containers/configuration-fc.toml {tree}/bin/containerd-shim-kata-v2 "$@"\n'
    world.file("/usr/local/bin/containerd-shim-kata-fc-v2", script).file(CONTAINERD, BY_TYPE % "kata-fc")
    path, unmet, why = judged(world)
    assert (path, len(unmet), bool(why)) == ("/etc/kata-containers/configuration-fc.toml", 1, dead)


@pytest.mark.parametrize("name", ["cri", "io.containerd.grpc.v1.cri"])
def test_where_cri_is_disabled_a_handler_serves_nobody(name: str) -> None:
    """kata#5321."""
    world = World().release("4.1.0").file(CONTAINERD, f'version = 3\ndisabled_plugins = ["{name}"]\n' + handler(KATA)).file("/opt/kata/c.toml")
    world.file("/usr/bin/containerd").process(300, "/usr/bin/containerd", ["containerd"])
    row, = world.kata().facts["handlers"]
    assert (row["loaded"], row["dead"].startswith("CRI, which would serve it")) == (False, True)


def test_microk8s_is_read() -> None:
    """kata#10830."""
    path = "/var/snap/microk8s/current/args/containerd.toml"
    row, = World().release("4.1.0").file(path, "version = 3\n" + handler(KATA)).kata().facts["handlers"]
    assert row["source"] == path


@pytest.mark.parametrize(("usual", "told", "links"), [
    # k3s with another data-dir, and one whose usual folder was moved (k3s agent --data-dir; symlinks).
    (False, "/data/k3s/agent/etc/containerd/config.toml", {}),
    (True, "/data/rke2/agent/etc/containerd/config.toml",
     {"/var/lib/rancher/rke2/agent/etc/containerd/config.toml": "/data/rke2/agent/etc/containerd/config.toml"}),
    # microk8s: ${SNAP_DATA} is the revision's folder, which "current" leads to.
    (True, "/var/snap/microk8s/7234/args/containerd.toml",
     {"/var/snap/microk8s/current/args/containerd.toml": "/var/snap/microk8s/7234/args/containerd.toml"}),
])
def test_a_containerd_that_was_told_to_read_elsewhere(usual: bool, told: str, links: dict[str, str]) -> None:
    drop_ins = f"{told.rpartition('/')[0]}/x.d"
    world = installed().file(told, f"version = 3\nimports = ['{drop_ins}/*.toml']\n" + handler(KATA)).file("/usr/bin/containerd")
    world.file(f"{drop_ins}/kata-deploy.toml").folder(drop_ins, "kata-deploy.toml")
    for path, target in links.items():
        world.link(path, target)
    del world.recording["read"][CONTAINERD]
    facts = world.process(300, "/usr/bin/containerd", ["containerd", "-c", told]).kata().facts
    row, = facts["handlers"]
    assert (row["source"] in {told, *links}, row["loaded"], row["dead"]) == (True, True, "")
    assert len(facts["other_installers"]) == 1


def test_an_engine_of_a_users_reads_nothing_for_the_host() -> None:
    world = installed().file("/home/u/containerd", uid=1000).file("/home/u/c.toml", "version = 3\n" + handler(KATA, "mine"))
    world.process(300, "/home/u/containerd", ["containerd", "--config", "/home/u/c.toml"], user=1000)
    world.process(301, "/home/u/containerd", ["containerd"], user=1000)
    assert [(row["name"], row["loaded"]) for row in world.kata().facts["handlers"]] == [("kata", False)]


@pytest.mark.parametrize(("kind", "shim", "dead"), [
    # containerd, pkg/shim/util.go, BinaryName: the last two words count; resolveRuntimePath: a type may be a path.
    ("io.containerd.kata.qemu.v2", "/usr/local/bin/containerd-shim-qemu-v2", ""), ("kata-fc.v2", "/usr/local/bin/containerd-shim-kata-fc-v2", ""),
    ("com.example.secure.v2", "/usr/local/bin/containerd-shim-secure-v2", ""), (KATA, "", ""), ("kata", "", "kata is no runtime's type"),
])
def test_what_a_type_of_runtime_leads_to(kind: str, shim: str, dead: str) -> None:
    world = World().release("4.1.0").file("/etc/kata-containers/configuration.toml", HARD)
    world.file(CONTAINERD, (BY_TYPE % "x").replace("io.containerd.x.v2", kind).replace("runtimes.kata", "runtimes.sandboxed"))
    row, = (world.link(shim, KATA) if shim else world).kata().facts["handlers"]
    assert (row["name"], row["program"], row["dead"]) == ("sandboxed", None if dead else KATA, dead)


def test_a_runtime_called_kata_that_leads_to_runc_is_no_handler_of_katas() -> None:
    world = World().release("4.1.0").file("/usr/bin/containerd-shim-runc-v2")
    assert world.file(CONTAINERD, BY_TYPE % "runc").kata().facts["handlers"] == []


def test_a_script_that_looks_for_its_shim() -> None:
    world = World().release("4.1.0").file("/usr/local/bin/kata-wrapper", '#!/bin/sh\nexec containerd-shim-kata-v2 "$@"\n').link(SHIM_LINK, KATA)
    world.file(CONTAINERD, "version = 3\n" + handler("/usr/local/bin/kata-wrapper").split("options")[0])
    row, = world.file("/etc/kata-containers/configuration.toml", HARD).kata().facts["handlers"]
    assert (row["program"], row["reads"], row["dead"]) == (KATA, "/etc/kata-containers/configuration.toml", "")


def test_dockers_settings_elsewhere_are_read() -> None:
    """dockerd --config-file."""
    text = json.dumps({"runtimes": {"kata": {"runtimeType": KATA}}})
    world = World().release("4.1.0").file("/etc/docker/other.json", text).file("/usr/bin/dockerd")
    row, = world.process(300, "/usr/bin/dockerd", ["dockerd", "--config-file=/etc/docker/other.json"]).kata().facts["handlers"]
    assert (row["engine"], row["source"], row["loaded"]) == ("docker", "/etc/docker/other.json", True)


def test_kata_deploys_releases_have_no_version_but_a_shim_that_says_it() -> None:
    """install.rs of 4.0.0 writes versions.yaml alone."""
    world = World().folder("/opt", "kata").folder("/opt/kata").file("/opt/kata/runtime-rs/bin/containerd-shim-kata-v2")
    world.recording["realpath"]["/opt/kata"] = "/opt/kata"
    said = "Kata Containers containerd shim (Rust): id: io.containerd.kata.v2, version: 4.1.0, commit: abc\n"
    world.recording["run"]["/opt/kata/runtime-rs/bin/containerd-shim-kata-v2 --version"] = said
    assert world.kata().facts["version"] == "4.1.0"


def test_a_shim_in_usr_local_is_an_installation() -> None:
    """AKS, Azure Linux."""
    world = World().file(SHIM_LINK)
    said = 'Kata Containers containerd shim (Golang): id: "io.containerd.kata.v2", version: 3.2.0, commit: x\n'
    world.recording["run"][SHIM_LINK + " --version"] = said
    facts = world.kata().facts
    assert (facts["installed"], facts["origin"], facts["version"]) == (True, "package", "3.2.0")


@pytest.mark.parametrize("shim", [
    "/opt/confidential-containers/bin/containerd-shim-kata-v2", "/nix/store/x-kata-runtime-3.2.0/bin/containerd-shim-kata-v2"])
def test_a_shim_that_a_handler_leads_to_is_an_installation(shim: str) -> None:
    """Azure Linux' kata-cc, NixOS."""
    world = World().file(shim).link("/usr/local/bin/containerd-shim-kata-cc-v2", shim).file(CONTAINERD, BY_TYPE % "kata-cc")
    world.recording["run"][shim + " --version"] = 'Kata Containers containerd shim (Golang): id: "io.containerd.kata.v2", version: 3.2.0, commit: x\n'
    facts = world.kata().facts
    assert (facts["installed"], facts["origin"], facts["version"]) == (True, "package", "3.2.0")


@pytest.mark.parametrize("trace", [
    "/opt/kata/containerd/config.d/kata-deploy.toml", "/opt/kata-canary/containerd/config.d/kata-deploy.toml",
    "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.d/kata-deploy.toml", "/etc/k0s/containerd.d/kata-deploy.toml",
    "/var/lib/rancher/rke2/agent/etc/containerd/config.toml.d/kata-deploy.toml", "/etc/containerd/config.toml.kata-deploy-created",
    "/etc/crio/crio.conf.d/99-kata-deploy-canary", "/var/snap/microk8s/current/args/containerd-template.toml.bak",
])
def test_traces_of_kata_deploy(trace: str) -> None:
    folder, _slash, name = trace.rpartition("/")
    assert World().file(trace).folder(folder, name).kata().facts["other_installers"] == [f"{trace} (of kata-deploy)"]


def test_a_file_that_kata_deploy_copied_aside() -> None:
    world = World().file(CONTAINERD, "version = 2\n" + handler(KATA)).file(CONTAINERD + ".bak")
    assert world.kata().facts["other_installers"] == [f"{CONTAINERD}.bak (of kata-deploy)"]


@pytest.mark.parametrize(("written", "aside"), [
    ("# BEGIN handlers of the role kata: what is written here by hand is lost\n%s# END handlers of the role kata\n", "version = 2\n"),
    ("%s", "version = 2\n# kata was here\n")])
def test_a_copy_beside_a_file_is_not_kata_deploys_for_that(written: str, aside: str) -> None:
    """An operator's own copy, of the time before the role wrote its handlers there, or of one with Kata's own."""
    world = World().file(CONTAINERD, "version = 2\n" + written % handler(KATA)).file(CONTAINERD + ".bak", aside)
    assert world.kata().facts["other_installers"] == []


def test_kata_deploy_wrote_into_a_file_of_another_name() -> None:
    """kata-deploy's config.rs: CONTAINERD_CONFIG_FILE_NAME."""
    other = "/etc/containerd/own.toml"
    world = World().file(other, "version = 2\n" + handler(KATA)).file(other + ".bak").file("/usr/bin/containerd")
    world.process(300, "/usr/bin/containerd", ["containerd", "--config", other])
    assert world.kata().facts["other_installers"] == [f"{other}.bak (of kata-deploy)"]


def test_the_version_of_a_part_is_its_files_own() -> None:
    """The release's list says what was to be built in, and a file may have been exchanged since."""
    listed = 'assets:\n  hypervisor:\n    qemu:\n      version: "v11.0.1"\nexternals:\n  virtiofsd:\n    version: "v1.13.3"\n'
    world = World().release("4.1.0").file(f"{TREE}/versions.yaml", listed).file(VIRTIOFSD)
    world.file(QEMU, "\0QEMU emulator version 10.0.13 (kata-static)\0")
    world.recording["run"][f"{VIRTIOFSD} --version"] = "virtiofsd 1.13.2\n"
    world.recording["run"][f"{KATA} --version"] = 'Kata Containers containerd shim (Golang): id: "io.containerd.kata.v2", version: 4.0.0, commit: x\n'
    parts = {part["name"]: part["version"] for part in world.kata().facts["components"]}
    assert (parts["qemu"], parts["virtiofsd"], parts["shim-go"]) == ("10.0.13", "1.13.2", "4.0.0")
