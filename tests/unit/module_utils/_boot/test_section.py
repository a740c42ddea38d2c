# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``boot``: this boot's facts, and each sign that another one is needed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot import section as boot_section
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.facts import FACTS
from ansible_collections.firebreak.fleet.plugins.module_utils._formats import efi as efi_variables
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

BOOTED = 1795479038
STAT = f"cpu  1 2 3\nbtime {BOOTED}\nprocesses 7\n"
DEBIAN = {"/etc/os-release": "ID=debian\n", "/proc/stat": STAT}
EL = {"/etc/os-release": 'ID="rhel"\n', "/proc/stat": STAT}
SLES = {"/etc/os-release": 'ID="sles"\n', "/proc/stat": STAT}
RPM_EL = ("rpm -q --qf @%{NAME} %{INSTALLTIME}\\n --whatprovides "
          "dbus dbus-broker dbus-daemon glibc kernel kernel-core kernel-rt linux-firmware microcode_ctl systemd")


def collected(recording: dict[str, Any]) -> Section:
    section = Section("boot")
    boot_section.collect(RecordedHost(recording), section, {})
    return section


def reason(section: Section, fact: str) -> str:
    return next(null["reason"] for null in section.nulls if null["fact"] == fact)


def efi(value: bytes) -> dict[str, Any]:
    path = efi_variables.path_of("SecureBoot", efi_variables.FIRMWARE)
    return {"read_bytes": {path + "@0+4096": base64.b64encode(value).decode()}}


def test_this_boot() -> None:
    section = collected({"read": dict(DEBIAN, **{
        "/proc/sys/kernel/random/boot_id": "af9d4bf0-7acf-47e6-b790-8b53f7893252\n", "/proc/uptime": "3529.41 6978.46\n",
        "/proc/cmdline": "BOOT_IMAGE=/vmlinuz-6.1.0-9-amd64 ro quiet\n"})})
    assert section.facts["boot_id"] == "af9d4bf0-7acf-47e6-b790-8b53f7893252"
    assert section.facts["booted_at"] == "2026-11-24T00:10:38Z"
    assert section.facts["uptime_seconds"] == 3529
    assert section.facts["cmdline"] == "BOOT_IMAGE=/vmlinuz-6.1.0-9-amd64 ro quiet"


def test_a_clock_that_was_never_set_tells_no_boot_time() -> None:
    section = collected({"read": {"/proc/stat": "btime 12\n"}})
    assert section.facts["booted_at"] is None
    assert reason(section, "boot.booted_at") == "unparsable"


def test_an_empty_host_gives_reasons_only() -> None:
    section = collected({})
    assert section.facts["signals"] == []
    assert {null["fact"] for null in section.nulls} == {
        "boot." + fact.path for fact in FACTS if not fact.path.startswith(("signals", "trust."))}


def test_another_default_subvolume_asks_for_a_reboot() -> None:
    """Uyuni's RFC 73: on a transactional system an update waits in the next snapshot, and the files of packages tell nothing."""
    mounted = "30 1 0:30 /@/.snapshots/1/snapshot / ro - btrfs /dev/sda2 rw\n"
    read = dict(SLES, **{"/proc/1/mountinfo": mounted, "/.snapshots/7/snapshot/etc/os-release": ""})
    asked = {"btrfs subvolume get-default /": "ID 301 gen 120 top level 265 path @/.snapshots/7/snapshot\n"}
    section = collected({"read": read, "run": asked})
    assert section.facts["reboot_required"] is True
    assert section.facts["signals"][0]["detail"] == "the next boot's root is /.snapshots/7/snapshot"
    unmoved = {"btrfs subvolume get-default /": "ID 266 gen 1 top level 265 path @/.snapshots/1/snapshot\n"}
    assert collected({"read": read, "run": unmoved}).facts["signals"] == []


def test_debian_asks_for_a_reboot_and_names_each_package_once() -> None:
    section = collected({"read": dict(DEBIAN, **{
        "/run/reboot-required": "*** System restart required ***\n", "/run/reboot-required.pkgs": "linux-image-6.1.0-44-amd64\nlibc6\nlibc6\n\n"})})
    assert section.facts["reboot_required"] is True
    assert section.facts["signals"][0]["packages"] == ["linux-image-6.1.0-44-amd64", "libc6"]
    assert section.evidence["boot.reboot_required"] == "/run/reboot-required"


@pytest.mark.parametrize("hook", ["/etc/kernel/postinst.d/unattended-upgrades", "/usr/share/kernel/postinst.d/touch-reboot-required"])
def test_debian_can_say_no_only_with_a_hook(hook: str) -> None:
    """The second is linux-base's own, of Debian forky (4.17)."""
    without = collected({"read": DEBIAN})
    assert without.facts["reboot_required"] is None
    assert reason(without, "boot.reboot_required") == "absent"
    with_hook = collected({"read": dict(DEBIAN, **{hook: "#!/bin/sh\n"})})
    assert with_hook.facts["reboot_required"] is False
    assert hook in with_hook.facts["signals"][0]["detail"]


RPM_SLES = "rpm -q --qf @%{NAME} %{INSTALLTIME}\\n --whatprovides installhint(reboot-needed)"


@pytest.mark.parametrize(("run", "hint", "required"), [
    # zypper 1.14.89: patch --dry-run makes the file, and update of the same package does not.
    ({RPM_SLES: f"@kernel-default {BOOTED - 60}\n"}, True, False), ({RPM_SLES: f"@kernel-default {BOOTED + 60}\n"}, False, True),
    ({RPM_SLES: f"@kernel-default {BOOTED + 60}\n"}, True, True), ({}, True, True), ({}, False, None),
])
def test_suses_file_is_a_hint_and_rpms_times_decide(run: dict[str, Any], hint: bool, required: bool | None) -> None:
    read = dict(SLES, **({"/run/reboot-needed": ""} if hint else {}))
    assert collected({"read": read, "run": run}).facts["reboot_required"] is required


@pytest.mark.parametrize(("files", "added"), [
    ({"/usr/etc/zypp/needreboot": "# vendor\nvendors-own\n"}, ["vendors-own"]),
    ({"/usr/etc/zypp/needreboot": "vendors-own\n", "/etc/zypp/needreboot": "# nothing\n"}, []),
    ({"/usr/etc/zypp/needreboot": "vendors-own\n", "/etc/zypp/needreboot.d/ours": "own\n"}, ["own", "vendors-own"])])
def test_suses_lists_are_the_vendors_and_the_administrators(files: dict[str, str], added: list[str]) -> None:
    """libzypp 17.38 moves its defaults below /usr/etc (openSUSE/libzypp#498)."""
    run = {" ".join([RPM_SLES, *added]): f"@x {BOOTED + 60}\n"}
    assert collected({"read": dict(SLES, **files), "run": run}).facts["reboot_required"] is True


def test_el_compares_installation_with_boot() -> None:
    out = f"@kernel-core {BOOTED - 5}\n@glibc {BOOTED + 60}\nno package provides kernel-rt\n@systemd {BOOTED + 61}\n"
    section = collected({"read": EL, "run": {RPM_EL: [3, out, ""]}})
    assert section.facts["reboot_required"] is True
    assert section.facts["signals"][0]["packages"] == ["glibc", "systemd"]
    before = collected({"read": EL, "run": {RPM_EL: f"@glibc {BOOTED - 60}\n"}})
    assert before.facts["reboot_required"] is False


def test_el_asks_for_what_the_administrator_added() -> None:
    added = {"/etc/dnf/plugins/needs-restarting.d/own.conf": "# ours\nzlib-own\n--root=/tmp\n", "/etc/dnf/plugins/needs-restarting.d/README": "no\n"}
    command = RPM_EL + " zlib-own"
    section = collected({"read": dict(EL, **added), "run": {command: f"@zlib-own {BOOTED + 1}\n"}})
    assert section.facts["signals"][0]["packages"] == ["zlib-own"]


@pytest.mark.parametrize("answer", [{"problem": "deadline", "detail": "rpm: no answer in 20 s"}, [1, "Fehler: Datenbank gesperrt\n", ""], ""])
def test_an_rpm_that_fails_is_no_no(answer: Any) -> None:
    section = collected({"read": EL, "run": {RPM_EL: answer}})
    assert section.facts["reboot_required"] is None
    assert reason(section, "boot.reboot_required") == "tool_failed"


def test_a_staged_image_needs_a_reboot() -> None:
    section = collected({"read": {"/run/ostree/staged-deployment": ""}})
    assert section.facts["reboot_required"] is True
    assert section.facts["signals"][0]["source"] == "/run/ostree/staged-deployment"


def test_a_container_cannot_speak_for_its_host() -> None:
    hook = "/usr/share/update-notifier/notify-reboot-required"
    section = collected({"read": dict(DEBIAN, **{"/run/systemd/container": "lxc", hook: ""})})
    assert section.facts["reboot_required"] is None
    assert {reason(section, "boot." + fact) for fact in ("reboot_required", "kexec_loaded", "secure_boot")} == {"in_container"}


@pytest.mark.parametrize(("read", "value"), [
    ({"/sys/kernel/kexec_loaded": "1\n"}, True), ({"/sys/kernel/kexec_loaded": "0\n"}, False), ({"/sys/kernel/kexec/loaded": "1\n"}, True),
    ({"/sys/kernel/uevent_seqnum": "7\n"}, False), ({}, None), ({"/sys/kernel/kexec_loaded": "?"}, None),
])
def test_kexec(read: dict[str, str], value: bool | None) -> None:
    assert collected({"read": read}).facts["kexec_loaded"] is value


@pytest.mark.parametrize(("value", "fact"), [
    (b"\x06\0\0\0\x01", True), (b"\x16\0\0\0\x00", False), (b"\x06\0\0\0\x07", None), (b"\x06", None), (b"", None),
])
def test_secure_boot_is_one_byte_after_the_attributes(value: bytes, fact: bool | None) -> None:
    assert collected(efi(value)).facts["secure_boot"] is fact


def test_secure_boot_without_the_variable() -> None:
    assert collected({"listdir": {"/sys/firmware": ["acpi", "memmap"]}}).facts["secure_boot"] is False
    no_variable = {"/sys/firmware": ["efi"], "/sys/firmware/efi": ["efivars"], efi_variables.VARIABLES: ["BootOrder-" + efi_variables.FIRMWARE]}
    assert collected({"listdir": no_variable}).facts["secure_boot"] is False
    not_mounted = collected({"listdir": {"/sys/firmware": ["efi"], "/sys/firmware/efi": ["efivars"], efi_variables.VARIABLES: []}})
    assert not_mounted.facts["secure_boot"] is None
    assert reason(not_mounted, "boot.secure_boot") == "absent"


def test_any_yes_wins_and_nothing_is_no_answer() -> None:
    yes, no = {"required": True}, {"required": False}
    assert (boot_section.reboot_required([no, yes]), boot_section.reboot_required([no, no]), boot_section.reboot_required([])) == (True, False, None)


@given(st.text(), st.binary())
def test_parsers_raise_nothing_but_value_errors(text: str, data: bytes) -> None:
    parsers: tuple[Callable[[str], object], ...] = (
        boot_section.parse_boot_id, boot_section.parse_boot_time, boot_section.parse_uptime, boot_section.parse_zero_or_one,
        boot_section.parse_package_names, boot_section.parse_capabilities, lambda value: boot_section.parse_installed_since(value, BOOTED))
    calls: list[Callable[[], object]] = [partial(parse, text) for parse in parsers]
    calls += [partial(parse, data) for parse in (efi_variables.parse_flag, efi_variables.parse_text, efi_variables.parse_numbers)]
    for call in calls:
        try:
            call()
        except ValueError as error:
            assert str(error)


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_each_boot_time_is_a_date_or_an_error(seconds: int) -> None:
    try:
        shown = boot_section.utc(boot_section.parse_boot_time(f"btime {seconds}\n"))
    except ValueError:
        assert seconds < 946684800
    else:
        assert shown.endswith("Z")


@given(st.text(alphabet=st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])))
def test_text_variables_survive_the_journey(text: str) -> None:
    assert efi_variables.parse_text(b"\x06\0\0\0" + (text + "\0").encode("utf-16-le")) == text
