# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a boundary: what counts as one, and what a host shows of a probe."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats.elf import is_static
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._probe.engines import Runtime, docker_runtimes, kernel_of, probe_of
from ansible_collections.firebreak.fleet.plugins.module_utils._probe.image import NAME, archive
from ansible_collections.firebreak.fleet.plugins.module_utils._probe.judgement import (
    Seen,
    belongs,
    control_problems,
    is_shim_of,
    problems,
)
from ansible_collections.firebreak.fleet.plugins.module_utils._probe.seen import configured, observe
from recorded_host import RecordedHost

TREE = "/opt/kata-3.32.0"
SHIM, QEMU = TREE + "/bin/containerd-shim-kata-v2", TREE + "/bin/qemu-system-x86_64"
PROVED = Seen("kata", "6.1.0-50-amd64", "6.18.35", "6.18.35", SHIM, SHIM, QEMU, QEMU, True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, []),
        ({"guest_kernel": "6.1.0-50-amd64"}, ["shares the host's kernel 6.1.0-50-amd64", "guest kernel is 6.1.0-50-amd64, pinned is 6.18.35"]),
        ({"guest_kernel": "6.18.15"}, ["guest kernel is 6.18.15, pinned is 6.18.35"]),
        ({"guest_kernel": "exec failed"}, ["the probe did not say its kernel: 'exec failed'"]),
        ({"guest_kernel": "", "shim": None}, ["the probe did not say its kernel: ''"]),
        ({"pinned_kernel": None}, ["the release does not say which guest kernel is pinned"]),
        ({"shim": "/usr/bin/containerd-shim-runc-v2"}, [f"shim is /usr/bin/containerd-shim-runc-v2, wanted {SHIM}"]),
        ({"shim": None, "wanted_shim": None}, ["shim is not found, wanted None"]),
        ({"monitor": None, "uses_kvm": False}, ["no machine monitor belongs to it", "no process of it has a virtual machine of KVM"]),
        ({"monitor": "/usr/bin/qemu-system-x86_64"}, [f"machine monitor is /usr/bin/qemu-system-x86_64, wanted {QEMU}"]),
        ({"monitor": SHIM, "wanted_monitor": None}, []),
        ({"uses_kvm": False}, ["no process of it has a virtual machine of KVM"]),
    ],
)
def test_what_is_not_proved(change: dict[str, Any], says: list[str]) -> None:
    """Each of it by itself; that the monitor is the shim is Dragonball's way."""
    assert problems(PROVED._replace(**change), require_kvm=True) == says


def test_stand_ins_need_no_kvm() -> None:
    """Only where it was said so."""
    assert problems(PROVED._replace(uses_kvm=False), require_kvm=False) == []


def test_control() -> None:
    """The other runtime must work, and on the host's kernel."""
    assert control_problems("6.1.0", "6.1.0") == []
    assert "says kernel '', wanted the host's 6.1.0" in control_problems("6.1.0", "")[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("qemu-system-x86_64 -name sandbox-abc,debug-threads=on -uuid 1", True),
        ("qemu-system-x86_64 -name sandbox-abcd,debug-threads=on", False),
        ("cloud-hypervisor --api-socket /run/vc/vm/abc/clh-api.sock", True),
        ("firecracker --id abc --config-file x", True),
        ("firecracker --id abcd", False),
        ("virtiofsd --socket-path=/run/vc/vm/abc/vhost-fs.sock", True),
        ("sleep abc", False),
        ("", False),
    ],
)
def test_belongs(line: str, expected: bool) -> None:
    """By the id as a whole, never by a part of it."""
    assert belongs(line.split(), "abc") is expected


def test_shim() -> None:
    """Named as a shim and given the id."""
    assert is_shim_of([SHIM, "-namespace", "default", "-id", "abc"], "abc")
    assert not is_shim_of([SHIM, "-id", "abcd"], "abc")
    assert not is_shim_of(["firecracker", "--id", "abc"], "abc")


CONFIG = TREE + "/share/defaults/kata-containers/runtimes/kata/configuration-qemu.toml"
LINK = CONFIG.replace(TREE, "/opt/kata")
FILES = {
    CONFIG: '[hypervisor.qemu]\nkernel = "/old"\npath = "/opt/kata/bin/qemu-system-x86_64"\n[runtime]\nenable_debug = false\n',
    CONFIG.replace("configuration-qemu.toml", "config.d/50-x.toml"): '[hypervisor.qemu]\nkernel = "/opt/kata/share/vmlinux.container"\n',
}
REAL = {
    LINK: CONFIG, "/opt/kata/share/vmlinux.container": TREE + "/share/vmlinux-6.18.35-202",
    "/opt/kata/bin/qemu-system-x86_64": QEMU, "/opt/kata/bin/containerd-shim-kata-v2": SHIM,
}


def _host(processes: dict[str, tuple[str, str]], machine: str = "") -> RecordedHost:
    read = dict(FILES)
    read |= {f"/proc/{pid}/cmdline": line.replace(" ", "\0") + "\0" for pid, (_exe, line) in processes.items()}
    links = {f"/proc/{pid}/exe": exe for pid, (exe, _line) in processes.items()}
    if machine:
        links[f"/proc/{machine}/fd/9"] = "anon_inode:kvm-vm"
    return RecordedHost({"uname": ["Linux", "h", "6.1.0-50-amd64", "", "x86_64"], "read": read, "readlink": links, "realpath": REAL})


RUNTIME = Runtime("kata", "/opt/kata/bin/containerd-shim-kata-v2", LINK)
THE_SHIM = (SHIM, f"{SHIM} -namespace x -id probe-kata")


def test_a_whole_sandbox() -> None:
    """The monitor that the drop-ins configure, not the file server beside it."""
    processes = {"10": THE_SHIM, "11": (TREE + "/libexec/virtiofsd", "virtiofsd --socket-path=/run/vc/vm/probe-kata/fs.sock"),
                 "12": (QEMU, "qemu -name sandbox-probe-kata,debug-threads=on"), "13": ("/usr/bin/sleep", "sleep 1")}
    assert observe(_host(processes, "12"), RUNTIME, "probe-kata", "6.18.35") == PROVED


def test_the_monitor_in_the_shim() -> None:
    """Dragonball has no process of its own: the shim holds the virtual machine."""
    seen = observe(_host({"10": THE_SHIM}, "10"), RUNTIME, "probe-kata", "6.18.35")
    assert (seen.monitor, seen.uses_kvm) == (SHIM, True)


def test_a_monitor_of_another() -> None:
    """Is named, and so are a sandbox without one and one without a shim."""
    seen = observe(_host({"10": THE_SHIM, "12": ("/usr/bin/runsc", "runsc --bundle /run/x/probe-kata/")}), RUNTIME, "probe-kata", "4.4.0")
    assert problems(seen, require_kvm=False)[1:] == [f"machine monitor is /usr/bin/runsc, wanted {QEMU}"]
    assert observe(_host({"10": THE_SHIM}), RUNTIME, "probe-kata", "6.18.35").monitor is None
    assert observe(_host({}), RUNTIME, "probe-kata", "6.18.35").shim is None


@pytest.mark.parametrize("spoil", ["[", "[hypervisor.clh]\n", None])
def test_a_configuration_that_is_none(spoil: str | None) -> None:
    """Then nothing is known to be pinned."""
    read = {} if spoil is None else {CONFIG: spoil, "/x": ""}
    host = RecordedHost({"read": read, "realpath": REAL if spoil else {}})
    assert configured(host, RUNTIME)[0] is None


class Forgetful:
    """An engine that loses what the first commands say."""

    def __init__(self, lost: int) -> None:
        self.lost = lost

    def ask(self, _name: str, words: list[str], turn: int) -> str:
        assert words == ["uname", "-r"]
        return "" if turn < self.lost else "6.18.35"


def test_silence_is_asked_again() -> None:
    """Not for ever: a probe that never says anything has said nothing."""
    assert [kernel_of(Forgetful(lost), "p", 0) for lost in (0, 1)] == ["6.18.35", "6.18.35"]
    assert kernel_of(Forgetful(99), "p", 0) == ""


def test_docker_runtimes() -> None:
    """Those with a shim; what is no configuration has none."""
    text = '{"runtimes": {"kata": {"runtimeType": "/s", "options": {"ConfigPath": "/c"}}, "b": {"runtimeType": "t"}, "old": {"path": "/x"}}}'
    assert docker_runtimes(text) == {"kata": Runtime("kata", "/s", "/c"), "b": Runtime("b", "t", "")}
    assert [docker_runtimes(one) for one in ("", "{}", "[]", '{"runtimes": 1}', '{"runtimes": {"a": 1}}')] == [{}] * 5


def _members(packed: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as opened:
        return {one.name: file.read() if (file := opened.extractfile(one)) else b"" for one in opened}


def test_image() -> None:
    """As engines read it: the layer has the hash that the configuration names, and the program."""
    outer = _members(archive(b"program", "x86_64"))
    manifest = json.loads(outer["manifest.json"])[0]
    layer, config = outer[manifest["Layers"][0]], json.loads(outer[manifest["Config"]])
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
    assert (config["architecture"], manifest["RepoTags"]) == ("amd64", [NAME])
    inner = _members(layer)
    assert inner["busybox"] == b"program"
    assert {"proc", "dev", "sys"} < set(inner)
    with pytest.raises(Refused, match="machine vax, wanted one of aarch64"):
        archive(b"", "vax")


@pytest.mark.parametrize(("kinds", "expected"), [([1, 4], True), ([1, 3], False)])
def test_static(kinds: list[int], expected: bool) -> None:
    """A program with an interpreter (segment kind 3) is not static."""
    header = b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, len(kinds), 0, 0, 0)
    table = b"".join(struct.pack("<I52x", kind) for kind in kinds)
    assert is_static(header + table) is expected
    with pytest.raises(ValueError, match="not at its beginning"):
        is_static(header + table[:-56])


def test_no_probe_is_called_as_another_one_begins() -> None:
    names = [probe_of(handler) for handler in ("kata", "kata-bare", "kata-probe", "runc")]
    assert [(one, other) for one in names for other in names if one != other and other.startswith(one)] == []
