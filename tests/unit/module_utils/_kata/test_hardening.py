# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of hardening: in the words of each dialect, held against the release's own file, and nothing else beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomllib
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._kata.config import effective, read_shipped, unknown_keys
from ansible_collections.firebreak.fleet.plugins.module_utils._kata.drop_ins import apply, differences, plan, present, registered_config
from ansible_collections.firebreak.fleet.plugins.module_utils._kata.hardening import PROFILES, override_tables, profile_tables, render, weakened

# The keys of upstream's files that matter here, in the two dialects.
GO = """
[hypervisor.qemu]
path = "/opt/kata/bin/qemu-system-x86_64"
rootless = false
enable_annotations = ["enable_iommu", "kernel_params"]
seccompsandbox = ""
default_vcpus = 1
# default_memory = 2048
# root_hash=...,salt=...
enable_debug = false
extra_monitor_socket = ""
guest_hook_path = ""
guest_memory_dump_path = ""
disable_selinux = false

[agent.kata]
enable_debug = false
enable_tracing = false
debug_console_enabled = false
kernel_modules = []

[runtime]
enable_debug = false
enable_pprof = false
disable_guest_seccomp = true
sandbox_cgroup_only = false
static_sandbox_resource_mgmt = false
sandbox_bind_mounts = []
"""
RUST = GO.replace("seccompsandbox", "seccomp_sandbox") + 'hypervisor_name = "qemu"\n[[hypervisor.qemu.guest_extension_images]]\nname = "a"\n'
CLH = GO.replace("hypervisor.qemu", "hypervisor.clh").replace('seccompsandbox = ""', "disable_seccomp = true")
SNP = GO.replace("rootless = false", 'confidential_guest = true\nshared_fs = "virtio-fs"\nrootless = false')
FOLDER = "share/defaults/kata-containers"
CONFIG = FOLDER + "/configuration-qemu.toml"
KATA: dict[str, Any] = {"name": "kata", "shim": "/opt/kata/bin/containerd-shim-kata-v2", "config": "/opt/kata/" + CONFIG}


def _under(profile: str, text: str) -> dict[str, Any]:
    """What a shim makes of a file with a profile beside it."""
    shipped = read_shipped(text, "q.toml")
    return effective(shipped, [render(profile_tables(profile, shipped)[0], profile)])


@pytest.mark.parametrize(("text", "key"), [(GO, "seccompsandbox"), (RUST, "seccomp_sandbox")])
def test_each_dialect_gets_its_own_words(text: str, key: str) -> None:
    """The sandbox of QEMU has two names; everything a profile sets is known to the file."""
    seen = _under("strict", text)
    assert seen["hypervisor"]["qemu"][key] == "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
    assert seen["hypervisor"]["qemu"]["enable_annotations"] == []
    assert seen["runtime"]["disable_guest_seccomp"] is False
    assert seen["hypervisor"]["qemu"]["default_vcpus"] == 1
    shipped = read_shipped(text, "q.toml")
    assert [unknown_keys(render(profile_tables(name, shipped)[0], name), "x", shipped) for name in ("baseline", "strict")] == [[], []]


def test_what_a_release_cannot_give_is_named() -> None:
    """Only where it would tighten something: a way to debug that the file does not know is none."""
    clh = read_shipped(CLH, "clh.toml")
    assert profile_tables("baseline", clh)[1] == []
    assert profile_tables("strict", clh)[1] == ["hypervisor.clh.disable_nested_virtualization"]
    assert _under("baseline", CLH)["hypervisor"]["clh"]["disable_seccomp"] is False
    assert profile_tables("none", clh) == ({}, [])


def test_confidential_needs_a_confidential_guest() -> None:
    """Another file is refused; this one keeps its monitor root's own and shares no file system."""
    with pytest.raises(Refused, match=r"q.toml does not set confidential_guest = true in table hypervisor.qemu"):
        _under("confidential", GO)
    qemu = _under("confidential", SNP)["hypervisor"]["qemu"]
    assert (qemu["shared_fs"], qemu["rootless"]) == ("none", False)


def test_profiles_become_stricter() -> None:
    """Each has all of the one before, but for what confidential says of itself."""
    shipped = read_shipped(SNP, "q.toml")
    sets = [{(table, key) for table, keys in profile_tables(name, shipped)[0].items() for key in keys} for name in PROFILES]
    assert sets[0] < sets[1]
    assert sets[1] - sets[2] == {("hypervisor.qemu", "rootless")}


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"hypervisor": {"seccomp_sandbox": "on"}},
         "key seccomp_sandbox in table hypervisor.qemu: q.toml knows no such key, did you mean seccompsandbox"),
        ({"hypervisor.qmu": {"rootless": True}}, "table hypervisor.qmu: q.toml has no such table, did you mean hypervisor.qemu"),
        ({"hypervisor": {"rootless": "yes"}},
         "key rootless in table hypervisor.qemu: is a value of type string ('yes'), wanted boolean as in q.toml"),
        ({"hypervisor": {"default_vcpus": True}}, "is a value of type boolean (True), wanted integer"),
        ({"hypervisor": {"default_vcpus": 0.5}}, "is a value of type float (0.5), wanted integer"),
        ({"agent": {"kernel_modules": [["a"]]}}, "wanted an array of plain values"),
        ({"agent": {"kernel_modules": ["a\nb"]}}, "holds a control character"),
        ({"runtime": True}, "runtime: is True, wanted a mapping of keys to values"),
        ({"hypervisor": {"a": 1}, "runtime": {"b": 1}}, "table hypervisor.qemu: q.toml knows no such key; key b in table runtime"),
    ],
)
def test_overrides_that_are_refused(overrides: dict[str, Any], says: str) -> None:
    """With the file and the key, and all of them at once."""
    with pytest.raises(Refused) as refused:
        override_tables(overrides, read_shipped(GO, "q.toml"), "kata_hardening_overrides")
    assert str(refused.value).startswith("kata_hardening_overrides: ")
    assert says in str(refused.value)


def test_overrides() -> None:
    """Short names of tables, keys that stand in a comment, part of a processor for the shim in Rust, and what they cost of a profile."""
    given = {"hypervisor": {"default_memory": 512, "enable_debug": True}, "agent.kata": {"kernel_modules": ['say "x"']}}
    shipped = read_shipped(GO, "q.toml")
    tables = override_tables(given, shipped, "x")
    assert tomllib.loads(render(tables, "x")) == {
        "hypervisor": {"qemu": {"default_memory": 512, "enable_debug": True}}, "agent": {"kata": {"kernel_modules": ['say "x"']}}}
    assert weakened(profile_tables("baseline", shipped)[0], tables) == ["hypervisor.qemu.enable_debug = true"]
    assert override_tables({"hypervisor": {"default_vcpus": 0.5}}, read_shipped(RUST, "r.toml"), "x") == {"hypervisor.qemu": {"default_vcpus": 0.5}}


@pytest.mark.parametrize(
    ("text", "says"),
    [("a = \n", "q.toml: line 1"), ("[runtime]\n", "of none, wanted"), ("[hypervisor.a]\n[hypervisor.b]\n", "of a, b, wanted")],
)
def test_files_that_are_not_understood(text: str, says: str) -> None:
    """Nothing is judged by a file that is not what it should be."""
    with pytest.raises(Refused, match=says):
        read_shipped(text, "q.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [("[runtime]\nenable_debg = true\n", ["d: key enable_debg in table runtime: q.toml knows no such key, did you mean enable_debug"]),
     ("[", ["d: line 1: '', wanted a key"]), ("[runtime]\nenable_debug = true\n", [])],
)
def test_unknown_keys_of_a_drop_in(text: str, says: list[str]) -> None:
    """As a scan finds them."""
    assert unknown_keys(text, "d", read_shipped(GO, "q.toml")) == says


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A release that is not in force: its links name /opt/kata, which is another one or none."""
    root = tmp_path / "kata-4.0.0"
    (root / CONFIG).parent.mkdir(parents=True)
    (root / CONFIG).write_text(GO)
    (root / "VERSION").write_text("4.0.0\n")
    (root / CONFIG).with_name("configuration.toml").symlink_to("/opt/kata/" + CONFIG)
    (root / CONFIG).with_name("broken.toml").symlink_to("absent.toml")
    return root


def _harden(tree: Path, handler: dict[str, Any], overrides: Any = None) -> list[str]:
    """The paths that change."""
    one = plan(str(tree), handler, "baseline", overrides or {})
    plans = [one] if one else []
    changes = differences(plans, present(str(tree)))
    apply(str(tree), plans, changes)
    return [path for path, _before, _after in changes]


def test_others_stay_while_an_engine_may_know_them(tree: Path) -> None:
    assert _harden(tree, KATA)
    assert differences([], present(str(tree)), keep_others=True) == []
    assert _harden(tree, {**KATA, "hardening": "none"}) != []


def test_folder_of_a_handler(tree: Path) -> None:
    """A copy of the file and the drop-ins; a second time nothing changes; without the handler nothing stays."""
    folder = FOLDER + "/runtimes/kata"
    made = [f"{folder}/config.d/50-firebreak-hardening.toml", f"{folder}/config.d/60-firebreak-overrides.toml", f"{folder}/configuration-qemu.toml"]
    assert _harden(tree, KATA, {"hypervisor": {"default_vcpus": 2}}) == made
    assert (tree / folder / "configuration-qemu.toml").read_text() == GO
    assert registered_config(KATA, "baseline") == f"/opt/kata/{folder}/configuration-qemu.toml"
    assert _harden(tree, KATA, {"hypervisor": {"default_vcpus": 2}}) == []
    assert _harden(tree, KATA) == made[1:2]
    assert _harden(tree, {**KATA, "hardening": "none"}) == [made[0], made[2]]
    assert not (tree / folder).parent.exists()
    assert registered_config(KATA, "none") == KATA["config"]


@pytest.mark.parametrize("spoil", ["edit", "stray", "backup", "link", "folder", "full folder", "writable", "main"])
def test_what_is_repaired(tree: Path, spoil: str) -> None:
    """Whatever a shim would read, or stumble over, beside what is wanted."""
    _harden(tree, KATA)
    folder = tree / FOLDER / "runtimes/kata"
    drop_in = folder / "config.d/50-firebreak-hardening.toml"
    wanted = drop_in.read_text()
    if spoil == "edit":
        drop_in.write_text(wanted.replace("false", "true"))
    elif spoil == "link":
        drop_in.rename(folder / "elsewhere")
        drop_in.symlink_to(folder / "elsewhere")
    elif spoil in ("folder", "full folder"):
        (folder / "config.d/sub").mkdir()
        if spoil == "full folder":
            (folder / "config.d/sub/a").write_text("x")
    elif spoil == "writable":
        drop_in.chmod(0o666)
    else:
        name = {"stray": "config.d/99-mine.toml", "backup": "config.d/50-firebreak-hardening.toml~", "main": "configuration-qemu.toml"}[spoil]
        (folder / name).write_text("[runtime]\nenable_debug = true\n")
    assert _harden(tree, KATA) != []
    assert sorted(path.name for path in folder.rglob("*")) == ["50-firebreak-hardening.toml", "config.d", "configuration-qemu.toml"]
    assert (drop_in.read_text(), drop_in.is_symlink(), drop_in.stat().st_mode & 0o777) == (wanted, False, 0o644)
    assert _harden(tree, KATA) == []


def test_links_of_a_release_stay_in_it(tree: Path) -> None:
    """A release that is not in force yet is judged by its own file."""
    handler = {**KATA, "config": "/opt/kata/share/defaults/kata-containers/configuration.toml"}
    made = plan(str(tree), handler, "baseline", {})
    assert made is not None
    assert made.files["configuration.toml"] == GO


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"config": ""}, "handler kata: configuration '' is not below /opt/kata"),
        ({"config": "/etc/kata.toml"}, "configuration /etc/kata.toml is not below /opt/kata"),
        ({"config": "/opt/kata/share/defaults/kata-containers/broken.toml"}, "no such file in"),
        ({"hardening": "confidential"}, "version is 4.0.0, wanted 4.1.0 or newer"),
        ({"hardening": "none", "overrides": {"runtime": {}}}, "overrides without hardening"),
        ({"overrides": {"runtime": {"x": 1}}}, "handler kata: overrides: key x in table runtime"),
    ],
)
def test_handlers_that_are_refused(tree: Path, change: dict[str, Any], says: str) -> None:
    """With the handler's name."""
    with pytest.raises(Refused, match=says):
        plan(str(tree), {**KATA, **change}, "baseline", {})


def test_a_handlers_own_settings_win(tree: Path) -> None:
    """Over those of all handlers, and over the profile."""
    handler = {**KATA, "hardening": "strict", "overrides": {"hypervisor": {"default_vcpus": 4, "rootless": False}}}
    made = plan(str(tree), handler, "baseline", {"hypervisor": {"default_vcpus": 2, "default_memory": 512}})
    assert made is not None
    assert tomllib.loads(made.files["config.d/60-firebreak-overrides.toml"]) == {
        "hypervisor": {"qemu": {"default_vcpus": 4, "default_memory": 512, "rootless": False}}}
    assert made.weakened == ["hypervisor.qemu.rootless = false"]
