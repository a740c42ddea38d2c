# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``os``: os-release's grammar, families, containers and images."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import shell_words
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._os import section as os_section
from ansible_collections.firebreak.fleet.plugins.module_utils._os.facts import FACTS
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "fixtures"
FIRST_NAMESPACE = {"/proc/self/ns/pid": "pid:[4026531836]"}
ROOT_ON_DISK = "22 27 0:21 / /proc rw - proc proc rw\n6 27 254:0 / / rw,relatime - ext4 /dev/vda rw\n"


def collected(recording: dict[str, Any]) -> Section:
    section = Section("os")
    os_section.collect(RecordedHost(recording), section, {})
    return section


@pytest.mark.parametrize("case", json.loads((FIXTURES / "os_release.json").read_text()), ids=lambda case: case["name"])
def test_distributions_are_told_apart(case: dict[str, Any]) -> None:
    facts = collected({"read": {case.get("path", "/etc/os-release"): case["text"]}}).facts
    assert {name: facts[name] for name in case["facts"]} == case["facts"]


@pytest.mark.parametrize(("word", "value"), [
    ("plain", "plain"), ('"a b"', "a b"), ("'a b'", "a b"), (r'"say \"hi\" \$5 \\ \`"', 'say "hi" $5 \\ `'), (r"'\n'", r"\n"),
    (r'"keep \n"', r"keep \n"), (r"a\ b", "a b"), ("", ""), ('""', ""), ("a'b'\"c\"", "abc"), ("12 # comment", "12"),
])
def test_shell_words(word: str, value: str) -> None:
    assert shell_words.unquote(word) == value


@pytest.mark.parametrize("word", ['"open', "'open", '"ends in \\"'])
def test_an_open_quote_is_an_error(word: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        shell_words.unquote(word)


def test_a_damaged_line_costs_only_itself() -> None:
    assert os_section.parse_os_release('NAME="broken\nID=debian\n# ID=no\nrubbish\nID=ubuntu\n') == {"ID": "ubuntu"}


def test_without_os_release_each_fact_has_a_reason() -> None:
    section = collected({})
    missing = {null["fact"]: null["reason"] for null in section.nulls}
    assert missing["os.id"] == missing["os.family"] == missing["os.machine_id"] == "absent"
    assert section.facts["container"] == "none"
    assert section.facts["image_based"] is False


def test_every_fact_is_declared() -> None:
    facts = set(collected({"read": {"/etc/os-release": "ID=debian\n"}}).facts)
    assert facts == {fact.path.partition(".")[0] for fact in FACTS}


@pytest.mark.parametrize("text", ["", "uninitialized\n", "0" * 32, "xyz", "a" * 33])
def test_a_machine_without_an_identity(text: str) -> None:
    section = collected({"read": {"/etc/machine-id": text}})
    assert section.facts["machine_id"] is None
    assert ("os.machine_id", "unparsable") in {(null["fact"], null["reason"]) for null in section.nulls}


def test_the_older_place_of_the_machine_id() -> None:
    assert collected({"read": {"/var/lib/dbus/machine-id": "ab" * 16 + "\n"}}).facts["machine_id"] == "ab" * 16


def test_the_end_of_support() -> None:
    assert collected({"read": {"/etc/os-release": "ID=fedora\nSUPPORT_END=2027-05-14\n"}}).facts["support_end"] == "2027-05-14"
    assert collected({"read": {"/etc/os-release": "ID=fedora\nSUPPORT_END=soon\n"}}).facts["support_end"] is None


@pytest.mark.parametrize(("recording", "name"), [
    ({"read": {"/run/systemd/container": "systemd-nspawn\n"}}, "systemd-nspawn"),
    ({"read": {"/run/host/container-manager": "lxc-libvirt"}}, "lxc-libvirt"),
    ({"read": {"/proc/1/environ": "PATH=/bin\0container=lxc\0TERM=linux\0"}}, "lxc"),
    ({"read": {"/.dockerenv": ""}}, "docker"),
    ({"read": {"/run/.containerenv": 'engine="podman"\n'}}, "podman"),
    ({"read": {"/proc/1/cgroup": "0::/kubepods/burstable/pod1/cri-containerd-1\n"}}, "kubernetes"),
    ({"read": {"/proc/1/cgroup": "1:name=systemd:/docker/0123456789abcdef\n0::/\n"}}, "docker"),
    ({"read": {"/proc/1/cgroup": "0::/machine.slice/libpod-0123.scope\n"}}, "podman"),
    ({"readlink": {"/proc/self/ns/pid": "pid:[4026532211]"}}, "other"),
    ({"read": {"/proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2\n"}}, "wsl"),
    ({"listdir": {"/proc/vz": ["veinfo"]}}, "openvz"),
    ({"listdir": {"/proc/vz": ["veinfo"], "/proc/bc": ["0"]}}, "none"),
    ({"read": {"/proc/1/cgroup": "0::/init.scope\n"}, "readlink": FIRST_NAMESPACE}, "none"),
    ({"read": {"/run/systemd/container": "<script>alert(1)</script>"}}, "none"),
    ({}, "none"),
])
def test_containers(recording: dict[str, Any], name: str) -> None:
    assert os_section.container_name(RecordedHost(recording)) == name


OVERLAY = "1 2 0:50 / / rw - overlay overlay rw,lowerdir=x\n"
ROOT, OTHER_ROOT = ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 1, 2], ["directory", 0o755, 0, 0, 0, 0.0, 0.0, 50, 2]


@pytest.mark.parametrize("marker", ["/.dockerenv", "/run/.containerenv"])
@pytest.mark.parametrize(("links", "stats", "mounts", "is_container", "why"), [
    ({"self": "mnt:[1]", "1": "mnt:[1]"}, {}, OVERLAY, False, "a virtual machine that boots an exported image, its root an overlay"),
    ({"self": "mnt:[1]", "1": "mnt:[1]"}, {}, ROOT_ON_DISK, False, "the same on a disk"),
    ({"self": "mnt:[2]", "1": "mnt:[1]"}, {"/": ROOT, "/proc/1/root": ROOT}, OVERLAY, False, "a unit with mounts of its own, in such a machine"),
    ({"self": "mnt:[2]", "1": "mnt:[1]"}, {"/": OTHER_ROOT, "/proc/1/root": ROOT}, OVERLAY, True, "docker run --pid=host"),
    ({"self": "mnt:[2]", "1": "mnt:[1]"}, {"/": OTHER_ROOT, "/proc/1/root": ROOT}, ROOT_ON_DISK, True, "the same with zfs or btrfs below"),
    ({"self": "mnt:[2]"}, {}, OVERLAY, True, "docker run --pid=host --user"), ({"self": "mnt:[1]"}, {}, ROOT_ON_DISK, False, "a user in a machine")])
def test_whether_a_marker_file_is_a_leftover(
        marker: str, links: dict[str, str], stats: dict[str, Any], mounts: str, is_container: bool, why: str) -> None:
    spaces = {f"/proc/{process}/ns/mnt": link for process, link in links.items()}
    recording = {"read": {marker: "", "/proc/self/mountinfo": mounts}, "stat": stats, "readlink": {**FIRST_NAMESPACE, **spaces}}
    assert (os_section.container_name(RecordedHost(recording)) != "none") is is_container, why


def test_images() -> None:
    origin = "/ostree/deploy/default/deploy/abc.0.origin"
    booted = {"/run/ostree-booted": "", origin: "[origin]\ncontainer-image-reference=ostree-unverified-registry:example\n"}
    bootc = RecordedHost({"read": dict(booted, **{"/usr/bin/bootc": ""})})
    assert os_section.image_evidence(bootc, "rhel") == ("bootc", origin)
    assert os_section.image_evidence(RecordedHost({"read": booted}), "fedora")[0] == "ostree"
    assert os_section.image_evidence(RecordedHost({}), "flatcar")[0] == "flatcar"
    tool = {"/usr/sbin/transactional-update": ""}
    read_only = dict(tool, **{"/proc/1/mountinfo": ROOT_ON_DISK.replace("/ / rw", "/ / ro")})
    assert os_section.image_evidence(RecordedHost({"read": read_only}), "sle-micro")[0] == "transactional-update"
    assert os_section.image_evidence(RecordedHost({"read": dict(tool, **{"/proc/1/mountinfo": ROOT_ON_DISK})}), "opensuse-leap")[0] == "none"


def test_only_root_may_read_is_said() -> None:
    section = collected({"read": {"/etc/machine-id": {"problem": "needs_root", "detail": "Permission denied"}}})
    assert {"fact": "os.machine_id", "reason": "needs_root", "detail": "/etc/machine-id: Permission denied"} in section.nulls


@given(st.text())
def test_parsers_raise_nothing_but_value_errors(text: str) -> None:
    parsers: tuple[Callable[[str], object], ...] = (
        os_section.parse_os_release, os_section.parse_machine_id, os_section.parse_root_mount, os_section.parse_support_end, shell_words.unquote)
    for parse in parsers:
        try:
            parse(text)
        except ValueError as error:
            assert str(error)
    assert os_section.container_from_cgroup(text) is None or isinstance(os_section.container_from_cgroup(text), str)


@given(st.text(alphabet="abc $\\\"'`"))
def test_quoting_for_a_shell_is_undone(text: str) -> None:
    escaped = "".join("\\" + char if char in '"\\$`' else char for char in text)
    assert shell_words.unquote(f'"{escaped}"') == text
