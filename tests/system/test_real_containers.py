# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real containers of Podman, containerd, LXC and systemd-nspawn on this kernel: each is seen once, as its own tool says it, and the proof agrees.

Needs root, and the Debian packages that tests/system/packages.txt lists. No image is fetched: what runs is busybox.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import isolation
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import section as containers_section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from firebreak_proof import asking
from firebreak_proof.proof import Proof
from firebreak_proof.questions.carried import MOUNT_OF
from firebreak_proof.questions.containers import CONTAINERS
from firebreak_proof.standards import NOTHING
from firebreak_proof.views import boundaries

SECONDS = 300.0
SLEEP = ["/bin/sleep", "9999"]
# containerd by itself, with its state where no default is.
CONTAINERD = """version = 2
root = "{0}/root"
state = "{0}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{0}/sock"
[plugins."io.containerd.internal.v1.opt"]
path = "{0}/opt"
"""
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/graph"\nrunroot = "{0}/run"\n'
PODMAN = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
LXC = "lxc.rootfs.path = dir:{0}\nlxc.uts.name = fb\nlxc.net.0.type = empty\nlxc.init.cmd = /bin/sleep 9999\nlxc.apparmor.profile = unconfined\n"


def run(argv: list[str], **changes: str) -> str:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False, env={**os.environ, **changes})
    assert done.returncode == 0, f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def wait_for(question: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"never came true: {what}")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder of root's alone: what is kept in one that others may write is not believed."""
    assert os.geteuid() == 0, f"this test must run as root, not as user {os.geteuid()}"
    path = Path(tempfile.mkdtemp(prefix="fb-", dir="/opt"))
    path.chmod(0o755)
    yield path
    # A clean-up that Podman's monitor began when its container ended may still write there.
    end = time.monotonic() + SECONDS
    while path.exists():
        shutil.rmtree(path, ignore_errors=time.monotonic() < end)


def tree(path: Path) -> Path:
    """The root of a container."""
    for name in ("bin", "usr", "etc", "proc", "sys", "dev", "tmp", "run", "root"):
        (path / name).mkdir(parents=True)
    (path / "etc/os-release").write_text("ID=busybox\n")
    shutil.copy(shutil.which("busybox") or "busybox", path / "bin/busybox")
    for name in ("sh", "sleep"):
        (path / "bin" / name).symlink_to("busybox")
    return path


@pytest.fixture(scope="module")
def podman(folder: Path) -> Iterator[dict[str, str]]:
    """A pod with an infra container and one more, and a privileged one in the host's namespaces; the settings by which podman finds them."""
    place = folder / "podman"
    place.mkdir()
    (place / "storage.conf").write_text(STORAGE.format(place))
    (place / "containers.conf").write_text(PODMAN)
    settings = {"CONTAINERS_STORAGE_CONF": str(place / "storage.conf"), "CONTAINERS_CONF": str(place / "containers.conf")}
    archive = place / "tree.tar"
    run(["tar", "-C", str(tree(place / "tree")), "-cf", str(archive), "."])
    run(["podman", "import", str(archive), "fb/box:1"], **settings)
    run(["podman", "pod", "create", "--name", "fb-shop", "--network", "none"], **settings)
    run(["podman", "run", "-d", "--rm", "--pod", "fb-shop", "--name", "fb-app", "fb/box:1", *SLEEP], **settings)
    run(["podman", "run", "-d", "--name", "fb-agent", "--privileged", "--pid", "host", "--network", "host", "fb/box:1", *SLEEP], **settings)
    yield settings
    run(["podman", "pod", "rm", "--force", "--time", "0", "fb-shop"], **settings)
    run(["podman", "rm", "--force", "--all", "--time", "0"], **settings)


def configured(spec: dict[str, Any], root: Path, kind: str, joined: str) -> dict[str, Any]:
    """A container of the pod as containerd's CRI configures it for hostPID and hostNetwork: a member takes the namespaces of the pause by paths."""
    kinds = {"pid", "network"}
    spaces = [space for space in spec["linux"]["namespaces"] if space["type"] not in kinds]
    spaces += [{"type": name, "path": f"{joined}/{name.removesuffix('work')}"} for name in sorted(kinds) if joined]
    notes = {"container-type": kind, "sandbox-id": "fb-pod", "container-name": "fb-exporter", "sandbox-name": "fb-exporter"}
    return {**spec, "root": {"path": str(root)}, "process": {**spec["process"], "args": SLEEP, "cwd": "/"},
            "linux": {**spec["linux"], "namespaces": spaces, "cgroupsPath": ""},
            "annotations": {f"io.kubernetes.cri.{name}": value for name, value in notes.items()}}


class Containerd:
    """A containerd by itself, and its containers by their names."""

    def __init__(self, place: Path) -> None:
        self._place = place
        (place / "config.toml").write_text(CONTAINERD.format(place))
        self._daemon = subprocess.Popen(["containerd", "--config", str(place / "config.toml")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for((place / "sock").exists, "containerd listens")

    def ctr(self, *words: str) -> str:
        return run(["ctr", "--address", str(self._place / "sock"), "--namespace", "fb", *words])

    def tasks(self) -> dict[str, int]:
        rows = [line.split() for line in self.ctr("tasks", "ls").splitlines()[1:]]
        return {name: int(pid) for name, pid, state in rows if state == "RUNNING"}

    def start(self, name: str, spec: dict[str, Any]) -> int:
        """The process id of its first process."""
        (self._place / f"{name}.json").write_text(json.dumps(spec))
        self.ctr("run", "--detach", "--config", str(self._place / f"{name}.json"), name)
        return self.tasks()[name]

    def end(self) -> None:
        for name in self.tasks():
            self.ctr("tasks", "kill", "--signal", "KILL", name)
        wait_for(lambda: not self.tasks(), "the containers of containerd end")
        for name in self.ctr("containers", "ls", "--quiet").split():
            subprocess.run(["ctr", "--address", str(self._place / "sock"), "--namespace", "fb", "tasks", "rm", "--force", name],
                           capture_output=True, check=False, timeout=SECONDS)
        self._daemon.terminate()
        self._daemon.wait(SECONDS)


@pytest.fixture(scope="module")
def containerd(folder: Path) -> Iterator[Containerd]:
    """A pod with the host's processes and network."""
    place = folder / "containerd"
    place.mkdir()
    daemon = Containerd(place)
    try:
        spec, root = json.loads(daemon.ctr("oci", "spec")), tree(place / "tree")
        pause = daemon.start("fb-pod", configured(spec, root, "sandbox", ""))
        daemon.start("fb-exporter", configured(spec, root, "container", f"/proc/{pause}/ns"))
        yield daemon
    finally:
        daemon.end()


@pytest.fixture(scope="module")
def lxc(folder: Path) -> Iterator[Path]:
    place = folder / "lxc"
    (place / "fb-lxc").mkdir(parents=True)
    (place / "fb-lxc/config").write_text(LXC.format(tree(place / "fb-lxc/rootfs")))
    run(["lxc-start", "--lxcpath", str(place), "--name", "fb-lxc", "--logfile", str(place / "log")])
    yield place
    run(["lxc-stop", "--lxcpath", str(place), "--name", "fb-lxc", "--kill"])


@pytest.fixture(scope="module")
def nspawn(folder: Path) -> Iterator[int]:
    """The process id of what runs in it."""
    process = subprocess.Popen(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--machine=fb-nspawn",
                                f"--directory={tree(folder / 'nspawn')}", *SLEEP], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def first() -> str:
        """What nspawn starts before it, and ends, has nspawn's own name."""
        for pid in children.read_text().split():
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text() == "sleep\n":
                    return pid
        return ""

    yield int(wait_for(first, "the container of nspawn runs"))
    process.terminate()
    process.wait(SECONDS)


@pytest.fixture(scope="module")
def items(podman: dict[str, str], containerd: Containerd, lxc: Path, nspawn: int) -> dict[str, dict[str, Any]]:
    """What one scan says of all of these, by id, whatever else runs on this machine."""
    section = Section("containers")
    containers_section.collect(LiveHost(time.monotonic() + SECONDS), section, {})
    pod = json.loads(run(["podman", "pod", "inspect", "fb-shop"], **podman))
    own = {item["id"]: item for item in section.facts["items"] if "fb-" in str(item["name"]) or item["sandbox"] == pod["Id"]}
    assert section.facts["counts"]["host_kernel"] >= sum(not item["is_pod"] for item in own.values())
    return own


def of(items: dict[str, dict[str, Any]], engine: str) -> dict[str, dict[str, Any]]:
    """The items of an engine by name."""
    return {item["name"]: item for item in items.values() if item["engine"] == engine}


def test_podmans_containers_are_those_that_podman_lists(items: dict[str, dict[str, Any]], podman: dict[str, str]) -> None:
    listed = json.loads(run(["podman", "ps", "--format", "json"], **podman))
    own = of(items, "podman")
    assert {row["Names"][0]: (row["Id"], row["Pid"], row["IsInfra"], row["Image"]) for row in listed} == {
        name: (item["id"], item["pid"], item["is_pod"], item["image"]) for name, item in own.items()}
    assert [(own[name]["privileged"], own[name]["host_pid"], own[name]["host_network"], own[name]["reason"]) for name in ("fb-agent", "fb-app")] == [
        (True, True, True, ""), (False, False, False, "")]
    assert own["fb-app"]["sandbox"] == json.loads(run(["podman", "pod", "inspect", "fb-shop"], **podman))["Id"]


def test_a_pod_in_the_hosts_namespaces(items: dict[str, dict[str, Any]], containerd: Containerd) -> None:
    seen = {item["id"]: item for item in items.values() if item["engine"] == "containerd"}
    assert {name: item["pid"] for name, item in seen.items()} == containerd.tasks()
    assert {(name, item["host_pid"], item["host_network"], item["is_pod"], item["sandbox"]) for name, item in seen.items()} == {
        ("fb-pod", True, True, True, "fb-pod"), ("fb-exporter", True, True, False, "fb-pod")}


def test_containers_with_a_system_in_them(items: dict[str, dict[str, Any]], lxc: Path, nspawn: int) -> None:
    names = run(["lxc-ls", "--lxcpath", str(lxc), "--running", "-1"]).split()
    pids = [int(run(["lxc-info", "--lxcpath", str(lxc), "--name", name, "--pid", "--no-humanize"])) for name in names]
    own = of(items, "lxc") | of(items, "nspawn")
    assert {name: item["pid"] for name, item in own.items()} == {**dict(zip(names, pids, strict=True)), "fb-nspawn": nspawn}
    assert {(item["host_pid"], item["isolation"], item["is_pod"]) for item in own.values()} == {(False, "host_kernel", False)}


def test_the_proof_counts_the_same(items: dict[str, dict[str, Any]], podman: dict[str, str]) -> None:
    """By podman's own list, and for the rest, which no tool knows at its usual place, by who started what."""
    script = asking.script(CONTAINERS, "f00d")
    proof = Proof("copy", NOTHING, asking.answers(run(["sh", "-c", script], **podman), "f00d"))
    wanted = {item["pid"]: item for item in items.values() if not item["is_pod"]}
    # The pause of this pod is a busybox: only an engine's tool can tell it from a container.
    seen = {int(one.process): one for one in boundaries.containers(proof) if int(one.process) in {item["pid"] for item in items.values()}}
    assert set(seen) - {items["fb-pod"]["pid"]} == set(wanted)
    assert {pid: (one.processes == "host", one.shares_kernel(), one.privileged == "yes") for pid, one in seen.items() if pid in wanted} == {
        pid: (item["host_pid"], item["isolation"] == "host_kernel", item["privileged"]) for pid, item in wanted.items()}
    named = {(one.engine, one.runtime, one.name, one.image) for one in seen.values() if one.engine == "podman"}
    assert named == {(item["engine"], item["runtime"], item["name"], item["image"]) for item in wanted.values() if item["engine"] == "podman"}
    assert not {int(cells[0]) for cells in proof.rows("unexplained")} & {item["pid"] for item in items.values()}


# What runsc does once it has mounts of its own: it executes itself by the kernel's link, which leads to the file on the host's mount. A program of a
# container's is found by a path in the container's own mounts.
_BECOME = """
import ctypes, os, sys
system = ctypes.CDLL(None)
assert system.unshare(0x20000) == 0 and system.mount(b"none", b"/", None, 0x44000, None) == 0
os.execv(sys.argv[1], [sys.argv[1], "-c", "import time; print('ready', flush=True); time.sleep(999)"])
"""


@pytest.mark.parametrize(("by_link", "is_hosts"), [(True, True), (False, False)])
def test_a_runsc_that_was_upgraded_since_its_sandbox_began(folder: Path, by_link: bool, is_hosts: bool) -> None:
    program = folder / "runsc"
    shutil.copy(os.path.realpath(sys.executable), program)
    with subprocess.Popen([program, "-c", _BECOME, "/proc/self/exe" if by_link else str(program)], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "PYTHONHOME": sys.base_prefix}) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            program.unlink()
            assert isolation.is_runsc(LiveHost(time.monotonic() + SECONDS), process.pid) is is_hosts
            mounts = run(["sh", "-c", f"{MOUNT_OF}; mount_of /proc/{process.pid}/exe; mount_of {folder}"]).split()
            assert (len(set(mounts)) == 1) is is_hosts
        finally:
            process.kill()
