# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image-based hosts: which image runs, which waits, which is left, by the files of ostree, by bootc's own words, by os-release."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import loaders
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import section as boot_section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._os import deployments
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

OLD, NEW, NEXT = ("a" * 64 + ".0", "b" * 64 + ".0", "c" * 64 + ".0")
DEPLOY = "/ostree/deploy/fedora/deploy/"
IMAGE = "[origin]\ncontainer-image-reference=ostree-unverified-registry:quay.io/fedora/fedora-bootc:43\n"
RELEASE = {"ID": "fedora", "VERSION_ID": "43", "OSTREE_VERSION": "43.20261101.0"}


def argument(number: int) -> str:
    return f"ostree=/ostree/boot.1/fedora/{'d' * 64}/{number}"


def ostree(booted: int = 0, more: dict[str, str] | None = None) -> dict[str, Any]:
    """Two deployments, of which entry 2 is the first; ``booted``: which of them runs."""
    read: dict[str, Any] = {"/proc/cmdline": f"root=UUID=1 {argument(booted)} rw\n", "/run/ostree-booted": "",
                            "/boot/loader/entries/ostree-2.conf": f"title new\nversion 2\nlinux /ostree/x/vmlinuz-6.17.8\noptions {argument(0)}\n",
                            "/boot/loader/entries/ostree-1.conf": f"title old\nversion 1\nlinux /ostree/x/vmlinuz-6.17.5\noptions {argument(1)}\n",
                            f"{DEPLOY}{NEW}.origin": IMAGE, f"{DEPLOY}{OLD}.origin": IMAGE + "[libostree-transient]\npinned=true\n",
                            f"{DEPLOY}{NEW}/etc/x": "", f"{DEPLOY}{OLD}/etc/x": "", **(more or {})}
    links = {f"/ostree/boot.1/fedora/{'d' * 64}/{number}": DEPLOY + name for number, name in ((0, NEW), (1, OLD))}
    return {"read": read, "readlink": links}


def facts(recording: dict[str, Any], tool: str, release: dict[str, str]) -> dict[str, Any]:
    section = Section("os")
    deployments.put(RecordedHost(recording), section, tool, release)
    return dict(section.facts["image"])


def test_the_first_deployment_runs() -> None:
    assert facts(ostree(), "ostree", RELEASE) == {
        "booted": NEW, "reference": "ostree-unverified-registry:quay.io/fedora/fedora-bootc:43", "version": "43.20261101.0", "next": NEW,
        "rollback": OLD, "pinned": [OLD], "soft_reboot": None}


def test_after_a_rollback_the_other_one_comes_next() -> None:
    found = facts(ostree(booted=1), "ostree", RELEASE)
    assert (found["booted"], found["next"], found["rollback"]) == (OLD, NEW, OLD)


def test_a_staged_deployment_is_what_the_next_boot_gives() -> None:
    kernel = f"{DEPLOY}{NEXT}/usr/lib/modules/6.18.1-200.fc43.x86_64/vmlinuz"
    recording = ostree(more={deployments.STAGED: f"\0target\0name\0{NEXT}\0osname\0fedora\0", kernel: "", "/boot/grub2/grub.cfg": "blscfg\n"})
    assert facts(recording, "ostree", RELEASE)["next"] == NEXT
    section = Section("kernel")
    loaders.collect_boot_targets(RecordedHost(recording), section)
    default = section.facts["default_boot"]
    assert (default["release"], default["loader"], default["image_present"]) == ("6.18.1-200.fc43.x86_64", "ostree", True)


def written(name: str, *more: bytes) -> str:
    """What ostree keeps of a staged deployment, laid out as GLib serialises a{sv}; ``more``: entries that stand before the deployment's."""
    return base64.b64encode(b"".join(more) + b"target\0\0name\0\0\0\0" + name.encode() + b"\0\0s\0\0\0\0\0osname\0\0fedora\0\0s").decode()


MERGE = b"merge-deployment\0\0\0\0\0\0\0\0name\0\0\0\0" + OLD.encode() + b"\0\0s\0\0\0\0\0"
LOCKED, UNLOCKED = b"locked\0\0\x01\0b\0\0\0\0\0", b"locked\0\0\0\0b\0\0\0\0\0"


@pytest.mark.parametrize(("entries", "mark", "following"), [
    ((), False, NEXT), ((UNLOCKED, MERGE), False, NEXT),
    # bootc upgrade --download-only (bootc-dev/bootc#1545, #1831) and Zincati's updates (coreos/zincati#1186) lock what they stage: ostree's
    # ostree_sysroot_change_finalization, and _ostree_sysroot_finalize_impl_staged_deployment, which then leaves it alone.
    ((LOCKED,), True, NEW), ((LOCKED, MERGE), False, NEW), ((), True, NEW),
])
def test_what_is_only_fetched_does_not_come_with_the_next_boot(entries: tuple[bytes, ...], mark: bool, following: str) -> None:
    kernel = f"{DEPLOY}{NEXT}/usr/lib/modules/6.18.1-200.fc43.x86_64/vmlinuz"
    more = {kernel: "", "/boot/grub2/grub.cfg": "blscfg\n", **dict.fromkeys([deployments.LOCK][:mark], "")}
    recording = ostree(more=more)
    recording["read_bytes"] = {f"{deployments.STAGED}@0+65536": written(NEXT, *entries)}
    recording["stat"] = {deployments.STAGED: ["file", 0o644, 0, 0, 0, 0, 0, 1, 1]}
    assert facts(recording, "ostree", RELEASE)["next"] == following
    section = Section("kernel")
    loaders.collect_boot_targets(RecordedHost(recording), section)
    assert section.facts["default_boot"]["loader"] == ("ostree" if following == NEXT else "grub-bls")
    boot = Section("boot")
    boot_section.collect(RecordedHost(recording), boot, {})
    assert [signal["source"] for signal in boot.facts["signals"]] == [deployments.STAGED][:following == NEXT]


def of_this_boot(device: int, inode: int) -> str:
    """/run/ostree-booted as GLib serialises a{sv}: each entry and each value begins at a multiple of 8."""
    entry = b"composefs.verity".ljust(24, b"\0") + b"\0\0b\x11"
    key = b"backing-root-device-inode".ljust(32, b"\0") + struct.pack("=QQ", device, inode) + b"\0(tt)\x1a"
    return base64.b64encode(entry.ljust(32, b"\0") + key + struct.pack("BB", 28, 32 + len(key))).decode()


@pytest.mark.parametrize(("inode", "booted", "rollback"), [(7, NEW, OLD), (8, OLD, OLD), (9, OLD, OLD)])
def test_after_a_soft_reboot_the_command_line_names_the_one_before(inode: int, booted: str, rollback: str) -> None:
    """libostree compares device and inode of the root (ostree-sysroot.c); ostree-boot-complete writes those of the new root."""
    recording = ostree(booted=1, more={"/run/ostree/nextroot-queued": ""})
    recording["read_bytes"] = {"/run/ostree-booted@0+65536": of_this_boot(2049, inode)}
    recording["stat"] = {DEPLOY + name: ["directory", 0o755, 0, 0, 0, 0, 0, 2049, number] for name, number in ((NEW, 7), (OLD, 8))}
    found = facts(recording, "ostree", RELEASE)
    assert (found["booted"], found["next"], found["rollback"], found["soft_reboot"]) == (booted, NEW, rollback, True)


def test_a_deployment_that_is_not_there_is_no_answer() -> None:
    recording = ostree()
    recording["read"]["/proc/cmdline"] = "root=UUID=1\n"
    assert set(facts(recording, "ostree", RELEASE).values()) == {None}


def slot(digest: str, **more: Any) -> dict[str, Any]:
    return {"image": {"image": {"image": "quay.io/fedora/fedora-bootc:43", "transport": "registry"}, "version": "43.1", "imageDigest": digest},
            "pinned": False, **more}


LAYERED = {"image": None, "incompatible": True, "pinned": False, "ostree": {"checksum": "c" * 64, "deploySerial": 0}}
UNIFIED = {"verity": "e" * 128, "bootType": "Uki", "bootloader": "systemd"}


@pytest.mark.parametrize(("status", "following", "soft"), [
    ({"booted": slot("sha256:1"), "staged": None, "rollback": slot("sha256:0")}, "sha256:1", None),
    ({"booted": slot("sha256:1"), "staged": slot("sha256:2", softRebootCapable=True), "rollback": slot("sha256:0")}, "sha256:2", True),
    ({"booted": slot("sha256:1"), "staged": None, "rollback": slot("sha256:0"), "rollbackQueued": True}, "sha256:0", None),
    # Packages layered by rpm-ostree: bootc says no image of such a deployment (its HostStatus, "incompatible").
    ({"booted": slot("sha256:1"), "staged": LAYERED, "rollback": slot("sha256:0")}, None, None),
    # bootc-dev/bootc#2425: managers hold an image back until they apply it themselves.
    ({"booted": slot("sha256:1"), "staged": slot("sha256:2", downloadOnly=True), "rollback": slot("sha256:0")}, "sha256:1", None),
    # bootc-dev/bootc#2405: for unified images that systemd-boot's entries start, 1.16.9 says a queued rollback where there is none.
    ({"booted": slot("sha256:1", composefs=UNIFIED), "rollback": slot("sha256:0"), "rollbackQueued": True}, None, None),
    ({"booted": slot("sha256:1", composefs=UNIFIED), "rollback": slot("sha256:0"), "rollbackQueued": False}, None, None),
    ({"booted": slot("sha256:1", composefs=UNIFIED), "staged": slot("sha256:2"), "rollback": slot("sha256:0")}, "sha256:2", None),
    ({"booted": slot("sha256:1", composefs={**UNIFIED, "bootType": "Bls"}), "rollback": slot("sha256:0"), "rollbackQueued": True}, "sha256:0", None),
])
def test_bootc_says_it_itself(status: dict[str, Any], following: str, soft: bool | None) -> None:
    """bootc 1.16: BootcHost, status.booted, staged and rollback."""
    run = {" ".join(deployments.BOOTC): json.dumps({"apiVersion": "org.containers.bootc/v1", "kind": "BootcHost", "status": status})}
    found = facts({"run": run}, "bootc", RELEASE)
    assert (found["booted"], found["version"], found["next"], found["rollback"], found["soft_reboot"]) == (
        "sha256:1", "43.1", following, "sha256:0", soft)


def test_bootc_that_says_no_image_leaves_ostrees_files() -> None:
    status = {"booted": LAYERED, "staged": None, "rollback": slot("sha256:0")}
    recording = dict(ostree(), run={" ".join(deployments.BOOTC): json.dumps({"status": status})})
    found = facts(recording, "bootc", RELEASE)
    assert (found["booted"], found["next"]) == (NEW, NEW)


def test_pins_beyond_the_three_slots_are_told() -> None:
    status = {"booted": slot("sha256:1"), "otherDeployments": [slot("sha256:7", pinned=True), slot("sha256:8"), LAYERED]}
    run = {" ".join(deployments.BOOTC): json.dumps({"status": status})}
    assert facts({"run": run}, "bootc", RELEASE)["pinned"] == ["sha256:7"]


def test_bootc_that_does_not_answer_leaves_ostrees_files() -> None:
    assert facts(ostree(), "bootc", RELEASE)["booted"] == NEW


def test_flatcar_and_bottlerocket_by_their_version() -> None:
    flatcar = {"read": {"/etc/flatcar/update.conf": "GROUP=stable\n"}}
    found = facts(flatcar, "flatcar", {"ID": "flatcar", "VERSION_ID": "4459.2.0"})
    assert (found["booted"], found["reference"], found["next"]) == ("4459.2.0", "stable", None)
    bottlerocket = {"ID": "bottlerocket", "VERSION_ID": "1.49.0", "VARIANT_ID": "aws-k8s-1.34"}
    assert facts({}, "bottlerocket", bottlerocket)["reference"] == "aws-k8s-1.34"
    assert deployments.update_waits(RecordedHost({"read": {"/run/update_engine_autoupdate_completed": ""}}), "flatcar") is True


@pytest.mark.parametrize(("said", "mark", "following"), [
    # flatcar-archive/flatcar-docs#205 (states), coreos/update_engine#137 and coreos/bugs#1155 (NEW_VERSION).
    ("CURRENT_OP=UPDATE_STATUS_IDLE\nNEW_VERSION=0.0.0\n", False, "4459.2.0"),
    ("CURRENT_OP=UPDATE_STATUS_UPDATED_NEED_REBOOT\nNEW_VERSION=4593.1.0\n", True, "4593.1.0"),
    ("LAST_CHECKED_TIME=1457200669\nCURRENT_OP=UPDATE_STATUS_UPDATED_NEED_REBOOT\nNEW_VERSION=0.0.0.0\n", False, None),
    ("CURRENT_OP=UPDATE_STATUS_DOWNLOADING\nNEW_VERSION=4593.1.0\n", False, None),
    ("CURRENT_OP=UPDATE_STATUS_IDLE\n", True, None),
    ("E0128 no D-Bus\n", False, None),
])
def test_flatcars_updater_says_what_the_next_boot_takes(said: str, mark: bool, following: str | None) -> None:
    recording = {"run": {" ".join(deployments.UPDATE_ENGINE): said}, "read": dict.fromkeys(["/run/update_engine_autoupdate_completed"][:mark], "")}
    assert facts(recording, "flatcar", {"ID": "flatcar", "VERSION_ID": "4459.2.0"})["next"] == following


@pytest.mark.parametrize(("tool", "command"), [
    ("flatcar", "update_engine_client -status"), ("bottlerocket", "apiclient get /updates/status"),
])
def test_what_no_file_says_names_the_command_that_would(tool: str, command: str) -> None:
    section = Section("os")
    deployments.put(RecordedHost({}), section, tool, {"VERSION_ID": "1.49.0"})
    assert next(null for null in section.nulls if null["fact"] == "os.image.next")["detail"].endswith(f"; {command} would")


def test_a_host_of_packages_has_no_image() -> None:
    section = Section("os")
    deployments.put(RecordedHost({}), section, "none", {})
    assert {null["reason"] for null in section.nulls} == {"not_applicable"}


@given(st.text(), st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["status", "booted", "staged", "rollback", "image", "imageDigest"]), inner)))
def test_any_words_are_read_or_refused(text: str, document: Any) -> None:
    assert deployments.parse_origin(text) is not None
    for words in (text, json.dumps(document), json.dumps({"status": document})):
        try:
            assert deployments.parse_bootc(words).booted
        except ValueError as error:
            assert str(error)
