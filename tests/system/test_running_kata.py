# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox of Kata's by real processes: not stale while it runs what is in force, stale after each kind of replacement, and the proof agrees.

The programs are stand-ins that wait; their roots, descriptors, parents and arguments are those that a genuine 4.0.0 was seen with. Needs root.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from firebreak_proof import asking
from firebreak_proof.proof import Proof
from firebreak_proof.questions.containers import KATA
from firebreak_proof.questions.kata import KATA_FILES
from firebreak_proof.standards import NOTHING
from firebreak_proof.views import sandboxes
from layered_host import LayeredHost
from workshop import REPOSITORY

TREE = "/opt/kata-4.1.0"
SHIM, QEMU, VIRTIOFSD = f"{TREE}/bin/containerd-shim-kata-v2", f"{TREE}/bin/qemu-system-x86_64", f"{TREE}/libexec/virtiofsd"
KERNEL, IMAGE = f"{TREE}/share/kata-containers/vmlinux-6.18.35-202", f"{TREE}/share/kata-containers/kata-ubuntu-noble.image"
CONFIG = f"{TREE}/share/defaults/kata-containers/configuration-qemu.toml"
LINKS = {"/opt/kata": "kata-4.1.0", f"{TREE}/share/kata-containers/vmlinux.container": "vmlinux-6.18.35-202",
         f"{TREE}/share/kata-containers/kata-containers.img": "kata-ubuntu-noble.image"}
TEXTS = {
    f"{TREE}/VERSION": "4.1.0\n",
    CONFIG: """[hypervisor.qemu]
path = "/opt/kata/bin/qemu-system-x86_64"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
virtio_fs_daemon = "/opt/kata/libexec/virtiofsd"
""",
    "/etc/containerd/config.toml": """version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
runtime_type = "io.containerd.kata.v2"
runtime_path = "/opt/kata/bin/containerd-shim-kata-v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata.options]
ConfigPath = "/opt/kata/share/defaults/kata-containers/configuration-qemu.toml"
"""}
QUESTIONS = tuple(question for question in (*KATA, *KATA_FILES) if question.name in ("kata", "handlers", "configurations", "sandboxes"))
# Each of the programs by what its process is called in the record.
PROGRAMS = {"shim": SHIM, "vmm": QEMU, "virtiofsd": VIRTIOFSD}
_SCAN = """
import json, sys, time
sys.path.insert(0, sys.argv[1] + "/collections")
from ansible_collections.firebreak.fleet.plugins.module_utils._containers import section as containers
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import section as hypervisor
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import section as kata
facts = {}
for name, module in (("containers", containers), ("hypervisor", hypervisor), ("kata", kata)):
    found = Section(name)
    module.collect(LiveHost(time.monotonic() + 60), found, {})
    facts[name] = found.facts
print(json.dumps(facts))
"""
_COUNT = "[ $(ls -l /proc/[0-9]*/exe 2>/dev/null | grep -c ' -> /opt/kata') = %d ]"


def program(build: bytes) -> bytes:
    """A whole program of Linux on x86-64 that waits for a signal, whatever its arguments are (mov eax, 34; syscall; jmp)."""
    code = bytes.fromhex("b822000000 0f05 ebf7")
    size = 120 + len(code)
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 0x1000) + code + b"\0" + build


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LayeredHost]:
    assert os.geteuid() == 0, f"this test must run as root, not as user {os.geteuid()}"
    files = tmp_path_factory.mktemp("files")
    contents = {path: text.encode() for path, text in TEXTS.items()} | {path: program(path.encode()) for path in PROGRAMS.values()}
    contents |= {KERNEL: b"kernel", IMAGE: b"image"}
    for path, content in contents.items():
        place = files / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o755)
    for link, target in LINKS.items():
        (files / link.lstrip("/")).symlink_to(target)
    layered = LayeredHost(tmp_path_factory.mktemp("layered"), files, REPOSITORY)
    yield layered
    layered.end()


def start(host: LayeredHost) -> None:
    """One sandbox, in the place of the one that runs; all that was written before is older by more than the clocks' grain."""
    host.run("for place in /proc/[0-9]*; do case $(readlink $place/exe) in /opt/kata*) kill -9 ${place#/proc/} ;; esac; done 2>/dev/null; true")
    host.wait_for(_COUNT % 0)
    host.run("rm -rf /run/containerd /run/vc /run/kata-containers; sleep 2; setsid \"$1\"/tests/system/stand_ins/kata_sandbox p1 >/dev/null 2>&1 &",
             (str(REPOSITORY),))
    host.wait_for(_COUNT % 4)


def scanned(host: LayeredHost) -> dict[str, Any]:
    return dict(json.loads(host.run('python3 -c "$1" "$2"', (_SCAN, str(REPOSITORY)))))


def stale(host: LayeredHost) -> tuple[bool | None, list[str]]:
    """Whether the one sandbox is stale, and of which parts.

    The section hypervisor, which knows no release in force, says the same of what was replaced under a process, and the proof of all.
    """
    facts = scanned(host)
    sandbox, = facts["kata"]["sandboxes"]
    item, = (item for item in facts["containers"]["items"] if item["id"] == "p1")
    assert item["isolation"] == "kata"
    of_process = {row["pid"]: row["stale"] for row in facts["hypervisor"]["processes"]}
    parts = sorted({reason.partition(":")[0] for reason in sandbox["reasons"]})
    replaced_there = [row for pid, row in of_process.items() if pid in (sandbox["vmm_pid"], sandbox["virtiofsd_pid"]) and row]
    replaced = {reason.partition(":")[0] for reason in sandbox["reasons"] if "was replaced" in reason or "was removed" in reason}
    assert bool(replaced_there) is bool({"vmm", "virtiofsd"} & replaced), (of_process, sandbox)
    output = host.run(asking.script(QUESTIONS, "f00d"))
    one, = sandboxes.judged(Proof("copy", NOTHING, asking.answers(output, "f00d")))
    assert ({"stale": True, "current": False}.get(one.state), sorted(one.reasons)) == (sandbox["stale"], parts), (one, sandbox)
    return sandbox["stale"], parts


def replace(host: LayeredHost, path: str) -> None:
    """Another build at the same path, as a package manager puts it there."""
    host.run(f"cp -p {path} {path}.new; echo another build >>{path}.new; mv {path}.new {path}")


def test_a_sandbox_that_runs_what_is_in_force_is_not_stale(host: LayeredHost) -> None:
    start(host)
    assert stale(host) == (False, [])
    sandbox, = scanned(host)["kata"]["sandboxes"]
    assert (sandbox["shim"], sandbox["vmm"], sandbox["virtiofsd"]) == (SHIM, QEMU, VIRTIOFSD)
    assert (sandbox["handler"], sandbox["guest_kernel"], sandbox["guest_image"]) == ("containerd/kata", "6.18.35-202", IMAGE)
    roots = {host.run(f"stat -L -c %d:%i /proc/{pid}/root") for pid in (1, sandbox["shim_pid"], sandbox["vmm_pid"])}
    assert len(roots) == 1 and host.run(f"stat -L -c %d:%i /proc/{sandbox['virtiofsd_pid']}/root") not in roots


def test_a_hard_link_that_came_and_went_changes_nothing(host: LayeredHost) -> None:
    for path in (*PROGRAMS.values(), KERNEL, IMAGE):
        host.run(f"ln {path} {path}.other; rm {path}.other; chmod g-w {path}; chown 0:0 {path}")
    assert stale(host) == (False, [])


@pytest.mark.parametrize("part", list(PROGRAMS))
def test_a_program_that_was_replaced(host: LayeredHost, part: str) -> None:
    replace(host, PROGRAMS[part])
    assert stale(host) == (True, [part])
    start(host)
    assert stale(host) == (False, [])


@pytest.mark.parametrize(("part", "path"), [("guest image", IMAGE), ("guest kernel", KERNEL)])
def test_a_guests_file_that_was_replaced_by_one_of_an_earlier_day(host: LayeredHost, part: str, path: str) -> None:
    host.run(f"cp -p {path} {path}.new; echo another build >>{path}.new; touch -d 2026-01-01 {path}.new; mv {path}.new {path}")
    assert stale(host) == (True, [part])
    start(host)
    assert stale(host) == (False, [])


def test_another_release_in_force(host: LayeredHost) -> None:
    host.run(f"cp -a {TREE} /opt/kata-4.2.0; ln -sfn kata-4.2.0 /opt/kata")
    assert stale(host) == (True, ["guest image", "guest kernel", "shim", "virtiofsd", "vmm"])
    start(host)
    assert stale(host) == (False, [])
