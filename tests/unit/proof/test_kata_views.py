# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof makes of Kata's configurations and probes, given what the host said."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from firebreak_proof import gathering
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError
from firebreak_proof.proof import Proof
from firebreak_proof.standards import Standard
from firebreak_proof.views import boundaries, configurations, hardening, sandboxes
from firebreak_proof.views.configurations import Configuration, DropIn

SHIM = "/opt/kata/bin/containerd-shim-kata-v2"
OWN = "/opt/kata/share/defaults/kata-containers/runtimes/kata/configuration-qemu.toml"
DEFAULT = "/opt/kata/share/defaults/kata-containers/configuration.toml"
HANDLERS = f"""[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata]
  runtime_path = "{SHIM}"
  runtime_type = "io.containerd.kata.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata.options]
  ConfigPath = "{OWN}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
"""
BARE = f"""[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.bare]
  runtime_path = "{SHIM}"
"""
SHIPPED = """[hypervisor.qemu]
enable_annotations = ["kernel_params"]
default_memory = 2048
# msize_9p = 8192
# a sentence = that is none
rootless = false
seccompsandbox = ""
[agent.kata]
debug_console_enabled = false
[runtime]
disable_guest_seccomp = true
sandbox_cgroup_only = false
static_sandbox_resource_mgmt = false
"""
HARDENED = """[hypervisor.qemu]
enable_annotations = []
rootless = true
seccompsandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
[runtime]
disable_guest_seccomp = false
sandbox_cgroup_only = true
static_sandbox_resource_mgmt = true
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def row(path: str, text: str = SHIPPED) -> str:
    return f"configuration\t{path}\t{path}\t{encoded(text)}\n"


def beside(path: str, name: str, text: str, kind: str = "file", owner: str = "0", mode: str = "644") -> str:
    return f"drop_in\t{path}\t{path.rpartition('/')[0]}/config.d/{name}\t{kind}\t{owner}\t{mode}\t{encoded(text)}\n"


def host(**said: str) -> Proof:
    return Proof("web1", Standard({}, (), ()), {name: Answer(out, "", 0, 1) for name, out in said.items()})


def one(text: str = SHIPPED, *drop_ins: str) -> Configuration:
    return Configuration("/c.toml", text, tuple(DropIn(f"/config.d/{number}.toml", each, "") for number, each in enumerate(drop_ins)))


def test_each_configuration_that_a_handler_reads_is_found_with_what_lies_beside_it() -> None:
    said = row(OWN) + row(DEFAULT) + beside(OWN, "60-b.toml", "") + beside(OWN, "50-a.toml", HARDENED) + beside(DEFAULT, "x", "")
    found, = configurations.used(host(handlers=HANDLERS, configurations=said))
    assert (found.path, found.text) == (OWN, SHIPPED)
    assert [each.path.rpartition("/")[2] for each in found.drop_ins] == ["50-a.toml", "60-b.toml"]
    assert [each.path for each in configurations.used(host(handlers=HANDLERS + BARE, configurations=said))] == [OWN, DEFAULT]


def test_dockers_runtimes_read_configurations_too() -> None:
    runtimes: dict[str, Any] = {"bare": {"runtimeType": SHIM}, "kata": {"runtimeType": SHIM, "options": {"ConfigPath": OWN}}}
    said = row(OWN) + row(DEFAULT) + f"docker\t{encoded(json.dumps({'kata': runtimes['kata']}))}\n"
    assert [each.path for each in configurations.used(host(handlers="", configurations=said))] == [OWN]
    said = row(OWN) + row(DEFAULT) + f"docker\t{encoded(json.dumps(runtimes))}\n"
    assert [each.path for each in configurations.used(host(handlers="", configurations=said))] == [DEFAULT, OWN]
    for options in (None, {}, {"ConfigPath": None}):
        nothing = {"kata": {"runtimeType": SHIM, "options": options}, "own": {"path": "/usr/bin/crun", "runtimeType": None}, "none": None}
        said = row(DEFAULT) + f"docker\t{encoded(json.dumps(nothing))}\n"
        assert [each.path for each in configurations.used(host(handlers="", configurations=said))] == [DEFAULT]


def test_a_configuration_that_is_not_there_proves_nothing() -> None:
    with pytest.raises(BrokenPromiseError, match=f"web1 has handlers of Kata that read {OWN}, which is not there"):
        configurations.used(host(handlers=HANDLERS, configurations=""))


@pytest.mark.parametrize(("path", "kind", "owner", "mode", "why"), [
    ("/d/50-a.toml", "file", "0", "644", ""), ("/d/50-a.toml~", "file", "0", "644", "is read although its name does not say so"),
    ("/d/.50-a.toml", "file", "0", "644", "is read although its name does not say so"), ("/d/a.toml", "other", "0", "0", "is no plain file"),
    ("/d/a.toml", "file", "1000", "644", "may be written by others than root"),
    ("/d/a.toml", "file", "0", "664", "may be written by others than root"),
])
def test_strays(path: str, kind: str, owner: str, mode: str, why: str) -> None:
    assert configurations.why_stray(path, kind, owner, mode) == why


def test_later_drop_ins_win_tables_are_merged_and_lists_replaced() -> None:
    made = one(SHIPPED, HARDENED, '[hypervisor.qemu]\nenable_annotations = ["x"]\n').effective()
    assert made["hypervisor"]["qemu"]["enable_annotations"] == ["x"]
    assert made["hypervisor"]["qemu"]["default_memory"] == 2048


@pytest.mark.parametrize(("configuration", "profile", "short"), [
    (one(), "baseline", ["hypervisor.qemu.enable_annotations is ['kernel_params']"]),
    (one(SHIPPED, HARDENED), "strict", []),
    (one(SHIPPED, HARDENED, "[agent.kata]\ndebug_console_enabled = true\n"), "baseline", ["agent.kata.debug_console_enabled is True"]),
    (one("[hypervisor.clh]\n# enable_annotations = []\n"), "baseline", ["hypervisor.clh.enable_annotations is not set"]),
    # clh and firecracker honour disable_selinux, of which their templates do not speak (ch/inner_hypervisor.rs).
    (one(SHIPPED, HARDENED, "[hypervisor.qemu]\ndisable_selinux = true\n"), "baseline", ["hypervisor.qemu.disable_selinux is True"]),
    (one(SHIPPED, HARDENED, "[hypervisor.qemu]\ndisable_selinux = false\n"), "baseline", []),
    (one(SHIPPED, HARDENED), "confidential", ["it is no configuration for confidential guests"]),
])
def test_what_falls_short_of_a_profile(configuration: Configuration, profile: str, short: list[str]) -> None:
    assert hardening.shortfalls(configuration, profile) == short


@pytest.mark.parametrize(("text", "passed_over"), [
    ("[hypervisor.qemu]\nmsize_9p = 4096\ndefault_memory = 512\n", []),
    ("[hypervisor.qemu]\ndefalt_memory = 512\n", ["hypervisor.qemu.defalt_memory in /config.d/0.toml"]),
    ("[hypervisor.clh]\ndefault_memory = 512\n", ["hypervisor.clh.default_memory in /config.d/0.toml"]),
    # kata-deploy's own 10-installation-prefix.toml and 25-devkit.toml.
    ('[hypervisor.qemu]\ninitrd = "/opt/kata/x.initrd"\n[[hypervisor.qemu.guest_extension_images]]\nname = "coco"\n', []),
    ("[factory]\nenable_template = true\n", []), ('[hypervisor.clh]\ninitrd = ""\n', ["hypervisor.clh.initrd in /config.d/0.toml"]),
    ("[hypervisor.qemu]\nlog_level = 1\n", ["hypervisor.qemu.log_level in /config.d/0.toml"]),
    ('[hypervisor.qemu]\ndefault_memory = "512"\n', ["hypervisor.qemu.default_memory in /config.d/0.toml"]),
])
def test_keys_that_shims_pass_over(text: str, passed_over: list[str]) -> None:
    assert hardening.passed_over(one(SHIPPED, text)) == passed_over


def test_a_drop_in_that_is_no_toml_proves_nothing() -> None:
    with pytest.raises(BrokenPromiseError, match=r"/config\.d/0\.toml cannot be read"):
        hardening.shortfalls(one(SHIPPED, "["), "baseline")


def test_a_handler_is_katas_by_where_it_leads() -> None:
    renamed = HANDLERS.replace("io.containerd.kata.v2", "io.containerd.runc.v2").replace(SHIM, "/usr/bin/containerd-shim-runc-v2")
    assert [handler.name for handler in boundaries.handlers(host(handlers=HANDLERS)) if handler.is_kata()] == ["kata"]
    assert [handler.name for handler in boundaries.handlers(host(handlers=renamed)) if handler.is_kata()] == []


@pytest.mark.parametrize(("name", "version"), [("vmlinux-6.18.35-202", "6.18.35"), ("vmlinuz-6.18.35-202-nvidia-gpu", "6.18.35"),
                                               ("vmlinux-6.19-rc2-1", "6.19-rc2"), ("vmlinux.container", ""), ("", "")])
def test_the_version_in_a_guest_kernels_name(name: str, version: str) -> None:
    assert boundaries.linux_version(name) == version


@pytest.mark.parametrize(("base", "words"), [
    ({"kata.isolation": ["kata", "kata-clh"]}, {"probes": ("kata", "kata-clh")}),
    ({"kata.files": [f"{64 * 'a'}  bin/shim", f"{64 * 'b'} *VERSION"]}, {"kata_files": ("bin/shim", "VERSION")}),
    ({"hypervisor.ladder": "vcpu"}, {"virtual_machine": ("vcpu",)}),
    ({"os.id": "debian"}, {})])
def test_questions_get_the_words_of_the_standard(base: dict[str, Any], words: dict[str, tuple[str, ...]]) -> None:
    asked = gathering.needed(Standard(base, (({"id": "debian"}, base),), ()))
    assert {question.name: question.arguments for question in asked if question.given} == words


def test_containers_that_no_tool_lists_are_those_of_their_parents() -> None:
    """Of a snap's Docker, of a node in a container, of another user: each process counts once, and a pause is none."""
    seen = "\tother\tno\tmnt:[%s]\n"
    listed = (f"podman\t\tid1\timg\t\tweb\t/bin/web\town\tno\tcontainer\t11{seen % 1}"
              f"podman\t\tid2\tpause\t\tinfra\t/catatonit\town\tno\tsandbox\t12{seen % 2}")
    carried = (f"podman\t\tid1\t\t\tid1\t/bin/web\town\tno\tcontainer\t11{seen % 1}"
               f"podman\t\tid2\t\t\tid2\t/catatonit\town\tno\tcontainer\t12{seen % 2}"
               f"containerd\t\tid3\t\t\tid3\t/bin/db\thost\tyes\tcontainer\t13{seen % 3}")
    proof = Proof("node1", Standard({}, (), ()), {"containers": Answer(listed, "", 0, 0), "carried": Answer(carried, "", 0, 0)})
    assert [(one.name, one.process, one.privileged) for one in boundaries.containers(proof)] == [("web", "11", "no"), ("id3", "13", "yes")]


@pytest.mark.parametrize(("text", "passed_over"), [
    ('[hypervisor.qemu]\nlog_level = "info"\n', []), ("[hypervisor.qemu]\nhypervisor_loglevel = 1\n", ["hypervisor.qemu.hypervisor_loglevel"]),
    ("[agent.kata.mem_agent]\nmem_agent_enable = true\n", []),
    ("[agent.kata]\ncreate_container_timeout = 30\n", []), ('[runtime]\nkubelet_root_dir = "/x"\n', ["runtime.kubelet_root_dir"]),
])
def test_keys_that_the_shim_in_rust_passes_over(text: str, passed_over: list[str]) -> None:
    """Whatever its template mentions: what counts is what its structures have (kata-types)."""
    shipped = SHIPPED.replace("[runtime]\n", '[runtime]\nhypervisor_name = "qemu"\n').replace(
        "[agent.kata]\n", "[agent.kata]\ncreate_container_timeout = 60\n")
    assert hardening.passed_over(one(shipped, text)) == [f"{key} in /config.d/0.toml" for key in passed_over]


@pytest.mark.parametrize(("runtime", "program", "own"), [
    ("crun", "/memfd:krun", True), ("krun", "/memfd:krun", True), ("runc", "/memfd:x", False), ("kata", "/memfd:x", False),
])
def test_a_program_in_memory_is_the_hosts_own_only_of_a_runtime_that_runs_so(runtime: str, program: str, own: bool) -> None:
    """crun starts itself from a sealed copy; anybody else's file in memory is what the image made there."""
    first = boundaries.Container("podman", "", "id", "image", runtime, "name", program, "own", "no", "container", "1", "other", "yes", "x")
    assert first.shares_kernel() is not own


def test_a_shim_without_a_name_hides_no_monitor_whose_shim_is_gone() -> None:
    monitor = "process\t500\t0\t0\t/opt/kata/bin/qemu-system-x86_64\t1:5\tsame\tyes\t5\t\tqemu\x1f-name\x1fsandbox-p1\n"
    shim = f"process\t100\t100\t0\t{SHIM}\t1:6\tsame\tno\t5\t\t{SHIM}\n"
    for name, orphans in (("", 1), ("p2", 1), ("p1", 0)):
        said = monitor + shim + f"shim\t100\t{name}\tno\tno\n"
        assert len(sandboxes.orphans(host(sandboxes=said))) == orphans, name
