# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bootc without ostree: what runs, what waits and which kernel comes with it, by the files that bootc 1.16 leaves (its sources, and the hosts of
bootc-dev/bootc#2224 and #2405)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import loaders
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import section as boot_section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._os import composefs, section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

RUNS, NEXT = "b" * 128, "c" * 128
MOUNTS = f"21 1 0:20 / / rw,relatime - overlay composefs:{RUNS} rw,lowerdir+=/run/x\n"
RELEASE = "ID=fedora\nVERSION_ID=44\nOSTREE_VERSION=44.20260820.0\n"


def origin(digest: str, manifest: str) -> dict[str, str]:
    return {f"{composefs.STATE}/{digest}/{digest}.origin": "[origin]\ncontainer-image-reference = ostree-unverified-image:docker://quay.io/x/y:44\n"
            f"[boot]\nboot_type = bls\n[image]\nmanifest_digest = {manifest}\n"}


def entry(digest: str, version: str, partition: str) -> str:
    folder = "/boot/bootc_composefs-" if partition == "/boot" else "/EFI/Linux/bootc_composefs-"
    return (f"title Fedora\nversion {version}\nsort-key bootc-fedora-0\nlinux {folder}{digest}/vmlinuz\n"
            f"options root=UUID=1 composefs={digest}\n")


def host(staged: object = None, partition: str = "/boot/efi", **more: Any) -> RecordedHost:
    read = {"/proc/self/mountinfo": MOUNTS, "/proc/1/mountinfo": MOUNTS, "/etc/os-release": RELEASE, "/proc/1/cgroup": "0::/init.scope\n",
            **origin(RUNS, "sha256:1"), **origin(NEXT, "sha256:2"), f"{partition}/loader/loader.conf": "timeout 5\n",
            f"{partition}/loader/entries/bootc_fedora-44.20260820.0-1.conf": entry(RUNS, "44.20260820.0", partition),
            f"{partition}/loader/entries.staged/bootc_fedora-44.20260901.0-1.conf": entry(NEXT, "44.20260901.0", partition),
            f"{partition}/loader/entries.staged/bootc_fedora-44.20260820.0-0.conf": entry(RUNS, "44.20260820.0", partition)}
    read.update({composefs.STAGED: staged if isinstance(staged, str) else json.dumps(staged)} if staged is not None else {})
    return RecordedHost({"read": {**read, **more.pop("read", {})}, **more})


WAITS = {"depl_id": NEXT, "finalization_locked": False}
HELD = {"depl_id": NEXT, "finalization_locked": True}


@pytest.mark.parametrize(("staged", "following"), [(None, None), (WAITS, "sha256:2"), (HELD, None), (NEXT, "sha256:2")])
def test_an_image_is_told_where_no_ostree_is(staged: object, following: str | None) -> None:
    found = Section("os")
    section.collect(host(staged), found, {})
    assert (found.facts["image_based"], found.facts["image_tool"]) == (True, "bootc")
    image = found.facts["image"]
    assert (image["booted"], image["version"], image["next"]) == ("sha256:1", "44.20260820.0", following)
    why = [null["detail"] for null in found.nulls if null["fact"] == "os.image.next"]
    assert following or why[0].endswith("; bootc status --format json would")


@pytest.mark.parametrize("partition", ["/boot/efi", "/efi", "/boot"])
@pytest.mark.parametrize(("staged", "digest"), [(WAITS, NEXT), (NEXT, NEXT)])
def test_what_is_staged_starts_the_next_boot(staged: object, digest: str, partition: str) -> None:
    found = Section("kernel")
    folder = f"{partition}/bootc_composefs-{digest}" if partition == "/boot" else f"{partition}/EFI/Linux/bootc_composefs-{digest}"
    loaders.collect_boot_targets(host(staged, partition, read={f"{folder}/vmlinuz": ""}), found)
    default = found.facts["default_boot"]
    assert (default["entry"], default["image"], default["loader"]) == ("bootc_fedora-44.20260901.0-1", f"{folder}/vmlinuz", "bootc")
    # The entry's version is the system's, which no kernel of this host has.
    assert default["release"] is None
    signals = Section("boot")
    boot_section.collect(host(staged), signals, {})
    assert [signal["source"] for signal in signals.facts["signals"]] == [composefs.STAGED]


def test_one_that_is_only_fetched_does_not() -> None:
    found, signals = Section("kernel"), Section("boot")
    loaders.collect_boot_targets(host(HELD), found)
    boot_section.collect(host(HELD), signals, {})
    assert (found.facts["default_boot"]["loader"], signals.facts["signals"]) == (None, [])


def test_entries_on_a_partition_that_is_not_mounted_name_who_would_tell() -> None:
    found = Section("kernel")
    loaders.collect_boot_targets(RecordedHost({"read": {composefs.STAGED: json.dumps(WAITS)}}), found)
    assert found.facts["default_boot"]["release"] is None
    assert "bootc status would tell" in found.nulls[0]["detail"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"depl_id": "x", "finalization_locked": false}', json.dumps({"depl_id": NEXT})])
def test_a_file_of_another_form_is_no_answer(text: str) -> None:
    with pytest.raises(ValueError, match=composefs.STAGED):
        composefs.parse_staged(text)
    found, signals = Section("kernel"), Section("boot")
    loaders.collect_boot_targets(host(text), found)
    boot_section.collect(host(text), signals, {})
    assert found.nulls[0]["reason"] == "unparsable"
    assert signals.facts["reboot_required"] is None


@pytest.mark.parametrize(("source", "digest"), [
    (f"composefs:{RUNS}", RUNS), (f"transient:composefs={RUNS}", RUNS), ("composefs", ""), ("/dev/vda3", ""), ("overlay", "")])
def test_the_roots_source_tells(source: str, digest: str) -> None:
    """bootc_composefs/status.rs, composefs_booted; ostree mounts its root from composefs without a digest."""
    assert composefs.booted(RecordedHost({"read": {"/proc/self/mountinfo": f"21 1 0:20 / / rw - overlay {source} rw\n"}})) == digest


@given(st.text() | st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["depl_id", "finalization_locked"]), inner)).map(json.dumps))
def test_any_words_are_read_or_refused(text: str) -> None:
    try:
        assert composefs.parse_staged(text)[0]
    except ValueError as error:
        assert composefs.STAGED in str(error)
