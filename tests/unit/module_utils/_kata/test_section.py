# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``kata``: releases on disk, handlers of engines, and what live sandboxes really run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._kata import handlers, installed
from containers_world import KATA, STARTED, World

CONTAINERD = "/etc/containerd/config.toml"
HANDLER = """version = 3
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.kata]
  runtime_type = "io.containerd.kata.v2"
  runtime_path = "/opt/kata-4.1.0/bin/containerd-shim-kata-v2"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.kata.options]
    ConfigPath = "/opt/kata/c.toml"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
"""


def test_a_host_without_kata_says_so() -> None:
    section = World().kata()
    facts = section.facts
    assert (facts["installed"], facts["origin"], facts["trees"], facts["handlers"], facts["sandboxes"]) == (False, "none", [], [], [])
    assert {null["fact"]: null["reason"] for null in section.nulls} == {
        "kata.version": "not_applicable", "kata.tree": "not_applicable", "kata.files": "not_asked"}


def test_the_release_in_force_is_the_one_that_the_link_leads_to() -> None:
    facts = World().release("4.0.0", False).release("4.1.0").kata().facts
    assert (facts["installed"], facts["origin"], facts["version"], facts["tree"], facts["flavours"]) == (
        True, "release", "4.1.0", "/opt/kata-4.1.0", ["go"])
    assert [(tree["version"], tree["in_force"]) for tree in facts["trees"]] == [("4.0.0", False), ("4.1.0", True)]


def test_a_current_sandbox() -> None:
    sandbox = World().release("4.1.0").sandbox(100, "p1", "4.1.0").only_sandbox()
    assert sandbox == {
        "id": "p1", "namespace": "k8s.io", "version": "4.1.0", "shim": KATA, "shim_pid": 100, "vmm": "/opt/kata-4.1.0/bin/qemu-system-x86_64",
        "vmm_pid": 101, "vmm_name": "qemu", "virtiofsd": None, "virtiofsd_pid": None, "guest_kernel": "6.18.35-202", "guest_image": None,
        "handler": None, "started_at": STARTED, "stale": False, "reasons": [],
        "started_with": {"extra_monitor_socket": "false", "monitor_debug": "false", "seccomp_sandbox": "on", "rootless": "false"},
        "unmet": {"baseline": [], "strict": ["its machine monitor is root's"], "confidential": []}}


def test_a_sandbox_of_the_release_before_is_stale_in_each_part() -> None:
    sandbox = World().release("4.0.0", False).release("4.1.0").sandbox(100, "p1", "4.0.0").only_sandbox()
    assert (sandbox["stale"], sandbox["version"]) == (True, "4.0.0")
    assert sandbox["reasons"] == [f"{what}: it is of /opt/kata-4.0.0, in force is /opt/kata-4.1.0" for what in ("shim", "vmm", "guest kernel")]


def test_a_release_that_was_replaced_in_place_leaves_stale_sandboxes() -> None:
    world = World().release("4.1.0").sandbox(100, "p1", "4.1.0")
    world.recording["readlink"]["/proc/101/exe"] += " (deleted)"
    world.recording["stat"]["/proc/101/exe"] = ["file", 0o755, 0, 0, 9, 0.0, 0.0, 1, 99999]
    world.file("/opt/kata-4.1.0/share/kata-containers/vmlinux-6.18.35-202", mtime=1763990000.0)
    sandbox = world.only_sandbox()
    assert sandbox["stale"] is True
    assert [reason.split(":")[0] for reason in sandbox["reasons"]] == ["vmm", "guest kernel"]
    assert sandbox["reasons"][1].endswith("was replaced after the sandbox was started")


def test_a_guest_kernel_that_is_gone_is_stale() -> None:
    world = World().release("4.1.0").sandbox(100, "p1", "4.1.0")
    del world.recording["stat"]["/opt/kata-4.1.0/share/kata-containers/vmlinux-6.18.35-202"]
    del world.recording["read"]["/opt/kata-4.1.0/share/kata-containers/vmlinux-6.18.35-202"]
    assert world.only_sandbox()["reasons"] == ["guest kernel: /opt/kata-4.1.0/share/kata-containers/vmlinux-6.18.35-202 is gone"]


def test_anothers_process_that_names_the_sandbox_is_not_its_monitor() -> None:
    world = World().release("4.1.0").shim(100, "p1", binary=KATA)
    world.process(101, "/usr/bin/qemu-system-x86_64", ["qemu-system-x86_64", "-name", "sandbox-p1"], user=1000)
    sandbox = world.only_sandbox()
    assert (sandbox["vmm"], sandbox["stale"]) == (None, None)
    assert sandbox["reasons"] == ["vmm: no machine monitor of it was found, so its guest kernel is not known"]


def test_virtiofsd_belongs_to_the_sandbox_whose_folder_it_serves() -> None:
    world = World().release("4.1.0").sandbox(100, "p1", "4.1.0")
    shared = "--shared-dir=/run/kata-containers/shared/sandboxes/p1/shared"
    world.file("/usr/libexec/virtiofsd").process(102, "/usr/libexec/virtiofsd", ["virtiofsd", shared], parent=100)
    sandbox = world.only_sandbox()
    assert (sandbox["virtiofsd"], sandbox["virtiofsd_pid"]) == ("/usr/libexec/virtiofsd", 102)


def test_a_shim_of_a_user_is_no_sandbox_of_the_hosts() -> None:
    assert World().shim(100, "p1", binary=KATA, user=1000).kata().facts["sandboxes"] == []


def test_without_root_sandboxes_are_not_said_to_be_none() -> None:
    world = World(uid=1000).shim(100, "p1", binary=KATA)
    world.recording["readlink"]["/proc/100/exe"] = {"problem": "needs_root", "detail": "Permission denied"}
    section = world.kata()
    assert section.facts["sandboxes"] is None
    assert {null["fact"]: null["reason"] for null in section.nulls}["kata.sandboxes"] == "needs_root"


def test_a_packaged_kata_has_the_package_managers_version() -> None:
    world = World().file("/usr/bin/containerd-shim-kata-v2").file("/var/lib/dpkg/status", "Package: kata-containers\nStatus: install ok installed\n"
                                                                 "Version: 3.2.0-1\n")
    world.folder("/usr/bin", "containerd-shim-kata-v2")
    facts = world.kata().facts
    assert (facts["origin"], facts["version"], facts["installed"]) == ("package", "3.2.0-1", True)
    assert facts["other_installers"] == ["/usr/bin/containerd-shim-kata-v2 (of a distribution's package)"]


@pytest.mark.parametrize(("engine", "ctime", "loaded"), [(True, 1.0, True), (True, 1763999999.0, None), (False, 1.0, False)])
def test_a_handler_is_loaded_where_the_engine_started_after_its_file_was_written(engine: bool, ctime: float, loaded: bool | None) -> None:
    world = World().release("4.1.0").file(CONTAINERD, HANDLER, ctime=ctime)
    if engine:
        world.file("/usr/bin/containerd").process(300, "/usr/bin/containerd", ["containerd"])
    assert world.kata().facts["handlers"] == [{
        "engine": "containerd", "name": "kata", "shim": KATA, "program": KATA, "config": "/opt/kata/c.toml", "reads": "/opt/kata/c.toml",
        "source": CONTAINERD, "loaded": loaded,
        "dead": "/opt/kata/c.toml does not exist"}]


def test_handlers_of_imported_files_are_found() -> None:
    world = World().file(CONTAINERD, 'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n')
    world.file("/etc/containerd/conf.d/50-kata.toml", HANDLER).folder("/etc/containerd/conf.d", "50-kata.toml", "notes.txt")
    handler, = world.kata().facts["handlers"]
    assert handler["source"] == "/etc/containerd/conf.d/50-kata.toml"


OTHER = """version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.other]
  runtime_type = "io.containerd.other.v2"
"""


@pytest.mark.parametrize(("version", "dead"), [
    ("1.6.20~ds1-1+deb12u3", "containerd 1.x lets /etc/containerd/conf.d/x.toml take it away, which speaks of the same plugin"), ("2.1.4-1", "")])
def test_with_containerd_1_an_imported_file_takes_the_handlers_before_it_away(version: str, dead: str) -> None:
    text = HANDLER.replace("cri.v1.runtime", "grpc.v1.cri").replace("version = 3", 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]')
    world = World().release("4.1.0").file(CONTAINERD, text, ctime=1.0).file("/opt/kata/c.toml").folder("/etc/containerd/conf.d", "x.toml")
    status = f"Package: containerd\nStatus: install ok installed\nVersion: {version}\n"
    world.file("/etc/containerd/conf.d/x.toml", OTHER).file("/var/lib/dpkg/status", status)
    world.file("/usr/bin/containerd").process(300, "/usr/bin/containerd", ["containerd"])
    handler, = world.kata().facts["handlers"]
    assert (handler["dead"], handler["loaded"]) == (dead, dead == "")


def test_crios_handlers_are_those_for_virtual_machines() -> None:
    text = '[crio.runtime.runtimes.kata-qemu]\nruntime_path = "/opt/kata/bin/containerd-shim-kata-v2"\nruntime_type = "vm"\n' \
           'runtime_config_path = "/c.toml"\n[crio.runtime.runtimes.runc]\nruntime_path = "/usr/bin/runc"\n'
    handler, = World().file("/etc/crio/crio.conf.d/50-kata", text).folder("/etc/crio/crio.conf.d", "50-kata").kata().facts["handlers"]
    assert (handler["engine"], handler["name"], handler["config"], handler["source"]) == (
        "crio", "kata-qemu", "/c.toml", "/etc/crio/crio.conf.d/50-kata")


@pytest.mark.parametrize(("argv", "loaded"), [
    (["containerd", "--config", CONTAINERD], True), (["containerd", "-c", CONTAINERD], True), (["containerd", "--config=/srv/other.toml"], False),
    (["containerd", "--config", "/var/run/docker/containerd/containerd.toml"], False)])
def test_a_containerd_that_reads_another_file_has_not_loaded_the_handler(argv: list[str], loaded: bool) -> None:
    world = World().release("4.1.0").file(CONTAINERD, HANDLER, ctime=1.0).file("/usr/bin/containerd").process(300, "/usr/bin/containerd", argv)
    handler, = world.kata().facts["handlers"]
    assert handler["loaded"] is loaded


@pytest.mark.parametrize("text", ["", "{", "[]", '{"runtimes": []}', '{"runtimes": {"kata": 7}}', '{"runtimes": {"kata": {"runtimeType": 7}}}'])
def test_damaged_settings_of_docker_have_no_handlers(text: str) -> None:
    assert handlers.parse_docker(text, "f") == []


def test_dockers_handlers() -> None:
    kata = {"runtimeType": "/opt/kata/bin/containerd-shim-kata-v2", "options": {"ConfigPath": "/c.toml"}}
    text = json.dumps({"runtimes": {"kata": kata, "x": {"path": "y"}}})
    assert handlers.parse_docker(text, "f") == [("docker", "kata", "/opt/kata/bin/containerd-shim-kata-v2", "/c.toml", "f", "", "", "")]


def test_an_engines_unreadable_configuration_is_not_taken_for_none() -> None:
    world = World(uid=1000)
    world.recording["read"][CONTAINERD] = {"problem": "needs_root", "detail": "Permission denied"}
    assert world.kata().facts["handlers"] is None


VERSIONS = '''assets:
  hypervisor:
    description: "x"
    qemu:
      url: "https://example.org"
      version: "v11.0.1"
  kernel:
    version: v6.18.35
externals:
  virtiofsd:
    version: "v1.14.0"
'''


def test_versions_of_parts_are_read_of_the_releases_own_list() -> None:
    said = installed.parse_versions(VERSIONS)
    assert (said["assets.hypervisor.qemu.version"], said["assets.kernel.version"], said["externals.virtiofsd.version"]) == (
        "v11.0.1", "v6.18.35", "v1.14.0")


def test_components_are_the_files_that_names_lead_to() -> None:
    world = World().release("4.1.0").file("/opt/kata-4.1.0/versions.yaml", VERSIONS)
    kernel = "/opt/kata-4.1.0/share/kata-containers/vmlinux-6.18.35-202"
    world.recording["realpath"]["/opt/kata-4.1.0/share/kata-containers/vmlinux.container"] = kernel
    parts = {part["name"]: (part["path"], part["version"]) for part in world.kata().facts["components"]}
    assert parts == {
        "shim-go": (KATA, "4.1.0"), "qemu": ("/opt/kata-4.1.0/bin/qemu-system-x86_64", "11.0.1"), "guest-kernel": (kernel, "6.18.35-202")}


QEMU = """[hypervisor.qemu]
path = "/opt/kata/bin/qemu-system-x86_64"
enable_annotations = ["enable_iommu", "kernel_params"]
# rootless = true
seccompsandbox = ""
enable_debug = false
[agent.kata]
debug_console_enabled = false
[runtime]
sandbox_cgroup_only = false
disable_guest_seccomp = true
"""
SHARE = "/opt/kata-4.1.0/share/defaults/kata-containers"
LINKED = "/opt/kata/share/defaults/kata-containers/configuration-qemu.toml"
HARDENED = "[hypervisor.qemu]\nenable_annotations = []\n"


def configured(*names: str, **texts: str) -> World:
    """A host whose handler uses QEMU, with these drop-ins."""
    world = World().release("4.1.0").file(CONTAINERD, HANDLER.replace("/opt/kata/c.toml", LINKED)).file(f"{SHARE}/configuration-qemu.toml", QEMU)
    world.recording["realpath"][LINKED] = f"{SHARE}/configuration-qemu.toml"
    for name in names:
        world.file(f"{SHARE}/config.d/{name}", texts.get(name.partition(".")[0].strip("0123456789-"), HARDENED), mode=0o644)
    return world.folder(f"{SHARE}/config.d", *names) if names else world


def configuration(world: World) -> dict[str, Any]:
    row, = world.kata().facts["configurations"]
    return dict(row)


def test_a_configuration_is_read_beside_the_file_that_its_path_leads_to() -> None:
    row = configuration(configured("50-firebreak-hardening.toml"))
    assert (row["path"], row["file"], row["handlers"]) == (LINKED, f"{SHARE}/configuration-qemu.toml", ["containerd/kata"])
    assert (row["dialect"], row["monitor"], row["problem"]) == ("go", "qemu", "")
    assert row["drop_ins"] == [f"{SHARE}/config.d/50-firebreak-hardening.toml"]
    assert row["settings"]["hypervisor.qemu.enable_annotations"] == "[]"
    assert row["unmet"]["baseline"] == []


def test_what_a_profile_lacks_is_named_with_what_is_in_effect() -> None:
    unmet = configuration(configured())["unmet"]
    assert unmet["baseline"] == ['hypervisor.qemu.enable_annotations is ["enable_iommu", "kernel_params"], wanted []']
    assert "runtime.sandbox_cgroup_only is false, wanted true" in unmet["strict"]
    assert "hypervisor.qemu.rootless is not set, wanted true" in unmet["strict"]
    assert unmet["confidential"][0].startswith("hardening profile confidential: ")


def test_a_later_drop_in_takes_back_what_an_earlier_one_hardened() -> None:
    world = configured("50-firebreak-hardening.toml", "90-debug.toml", debug="[hypervisor.qemu]\nenable_debug = true\n")
    said = f"hypervisor.qemu.enable_debug is true, wanted false, set in {SHARE}/config.d/90-debug.toml"
    assert configuration(world)["unmet"]["baseline"] == [said]


def test_an_editors_backup_is_read_by_the_shim_and_called_a_stray() -> None:
    world = configured("50-firebreak-hardening.toml", "50-firebreak-hardening.toml~")
    world.file(f"{SHARE}/config.d/50-firebreak-hardening.toml~", "[hypervisor.qemu]\nenable_annotations = [\"kernel_params\"]\n", mode=0o644)
    row = configuration(world)
    assert row["strays"] == [f"{SHARE}/config.d/50-firebreak-hardening.toml~: a shim reads it although its name does not say so"]
    said = f'hypervisor.qemu.enable_annotations is ["kernel_params"], wanted [], set in {SHARE}/config.d/50-firebreak-hardening.toml~'
    assert row["unmet"]["baseline"] == [said]


def test_a_typo_is_named_with_its_file_and_the_key_that_was_meant() -> None:
    world = configured("50-x.toml", x="[hypervisor.qemu]\nenable_anotations = []\n")
    line, = configuration(world)["unknown_keys"]
    assert line.startswith(f"{SHARE}/config.d/50-x.toml: key enable_anotations in table hypervisor.qemu: ")
    assert line.endswith("did you mean enable_annotations")


@pytest.mark.parametrize(("change", "why"), [
    ({"kind": "link"}, "it is no plain file, at which the shim in Rust fails"), ({"mode": 0o666}, "others than root may write it"),
    ({"uid": 1000, "mode": 0o644}, "others than root may write it"),
])
def test_drop_ins_of_others_are_strays(change: dict[str, Any], why: str) -> None:
    world = configured("50-x.toml").file(f"{SHARE}/config.d/50-x.toml", HARDENED, **change)
    assert configuration(world)["strays"] == [f"{SHARE}/config.d/50-x.toml: {why}"]


@pytest.mark.parametrize(("text", "problem"), [("[", "configuration-qemu.toml: "), ("[hypervisor.qemu]\n[hypervisor.clh]\n", "of clh, qemu, wanted")])
def test_a_configuration_that_cannot_be_understood_has_a_problem(text: str, problem: str) -> None:
    row = configuration(configured().file(f"{SHARE}/configuration-qemu.toml", text))
    assert problem in row["problem"] and row["unmet"] == {}


def test_a_drop_in_that_is_no_toml_is_a_problem_of_its_configuration() -> None:
    row = configuration(configured("50-x.toml", x="= ["))
    assert row["problem"].startswith("a drop-in cannot be read: ") and row["unmet"] == {}


@pytest.mark.parametrize(("shim", "path"), [
    ("/opt/kata/bin/containerd-shim-kata-v2", "/etc/kata-containers/configuration.toml"),
    ("/opt/kata/runtime-rs/bin/containerd-shim-kata-v2", "/opt/kata/share/defaults/kata-containers/runtime-rs/configuration.toml"),
])
def test_without_a_name_each_shim_looks_at_its_own_places(shim: str, path: str) -> None:
    world = World().release("4.1.0").file("/etc/kata-containers/configuration.toml", QEMU).file(CONTAINERD, HANDLER.replace(
        "/opt/kata-4.1.0/bin/containerd-shim-kata-v2", shim).replace('    ConfigPath = "/opt/kata/c.toml"\n', ""))
    world.file("/opt/kata/share/defaults/kata-containers/runtime-rs/configuration.toml", QEMU)
    there = shim.replace("/opt/kata/", "/opt/kata-4.1.0/")
    assert configuration(world.file(there).link(shim, there))["path"] == path
