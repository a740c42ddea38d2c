# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule: what it calls drift, what it accepts and what it does not know."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu import vulnerabilities
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.identity import keyed
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge import end_of_support
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from golden_record import NOW, golden

DRIFT = "drifted"
FINE = "compliant"
UNKNOWN = "unknown"


def judged(promise: dict[str, Any], changes: dict[str, Any] | None = None, now: datetime = NOW, **nulls: str) -> Any:
    made = effective({"firebreak_standard": {}, "firebreak_standard_overrides": [{"set": promise, "reason": "test"}]})
    return evaluate(golden(changes, {name.replace("__", "."): why for name, why in nulls.items()}), made, now)


def only(promise: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    found = [finding for finding in judged(promise, changes).findings if finding["promise"]]
    assert len(found) == 1, found
    return dict(found[0])


OLD_RUNS = {"kernel.running.release": "6.12.48-amd64", "kernel.running.package_version": "6.12.48-1"}
NEWER = {"kernel.available.release": "6.12.63-amd64", "kernel.available.package_version": "6.12.63-1"}
OLD_CACHE = {"kernel.available.cache_age_seconds": 3600 * 400}
IN_PLACE = {"kernel.newest_installed.package_version": "6.12.57-2"}
TWO_FLAVOURS = {"kernel.installed": [{"release": "6.12.57-amd64", "flavour": "amd64"}, {"release": "6.12.57-cloud-amd64", "flavour": "cloud-amd64"}]}
NOT_APPLICABLE = [{"fact": "kernel.available.hidden", "reason": "not_applicable"}]
CUSTOM = {"kernel.running.release": "6.18.0-mine"}


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    ({"kernel.running": "6.12.57-amd64"}, {}, FINE),
    ({"kernel.running": "6.12.57-amd64"}, OLD_RUNS, DRIFT),
    ({"kernel.running": {"any_of": ["6.12.57-amd64", "6.12.48-amd64"]}}, OLD_RUNS, FINE),
    ({"kernel.running": {"minimum": "6.12.57-amd64"}}, OLD_RUNS, DRIFT),
    ({"kernel.running": {"minimum": "6.12.9-amd64"}}, OLD_RUNS, FINE),
    ({"kernel.running": {"minimum": "6.12.57"}}, {}, FINE),
    ({"kernel.running": {"minimum": "6.12.57-cloud-amd64"}}, {}, UNKNOWN),
    ({"kernel.running": {"rule": "newest_installed"}}, OLD_RUNS, DRIFT),
    ({"kernel.running": {"rule": "newest_installed"}}, IN_PLACE, DRIFT),
    ({"kernel.running": {"rule": "newest_installed"}}, {"kernel.newest_installed.package_version": "6.12.57_1 x"}, UNKNOWN),
    ({"kernel.running": {"rule": "newest_installed"}}, {"kernel.version_order": "guess"}, UNKNOWN),
    ({"kernel.running": {"rule": "newest_available"}}, NEWER, DRIFT),
    ({"kernel.running": {"rule": "newest_available"}}, {**NEWER, **OLD_CACHE}, DRIFT),
    ({"kernel.running": {"rule": "newest_available"}}, OLD_CACHE, UNKNOWN),
    ({"kernel.running": {"rule": "newest_available"}, "kernel.cache_age_hours": {"maximum": 1000}}, OLD_CACHE, FINE),
    ({"kernel.running_version": "6.12.57-1"}, {}, FINE),
    ({"kernel.running_version": {"minimum": "6.12.57-2"}}, {}, DRIFT),
    ({"kernel.running_version": {"minimum": "6.12.57-1"}}, {"kernel.running.package_version": 7}, UNKNOWN),
    ({"kernel.default_boot": "6.12.57-amd64"}, {"kernel.default_boot.release": "6.1.0-41-amd64"}, DRIFT),
    ({"kernel.default_boot": {"rule": "running"}}, OLD_RUNS, DRIFT),
    ({"kernel.default_boot": {"rule": "newest_installed"}}, OLD_RUNS, FINE),
    ({"kernel.default_boot": {"rule": "newest_available"}}, NEWER, DRIFT),
    ({"kernel.default_boot": {"rule": "newest_available"}}, {"kernel.default_boot.package_version": None}, FINE),
    ({"kernel.flavour": "amd64"}, {"kernel.running.flavour": "cloud-amd64"}, DRIFT),
    ({"kernel.flavour": "default"}, {"kernel.running.flavour": ""}, FINE),
    ({"kernel.reboot_pending": "forbidden"}, OLD_RUNS, DRIFT),
    ({"kernel.reboot_pending": "forbidden"}, IN_PLACE, DRIFT),
    ({"kernel.reboot_pending": "forbidden"}, {"kernel.default_boot.release": "6.1.0-41-amd64"}, DRIFT),
    ({"kernel.reboot_pending": "forbidden"}, {"kernel.running.package_version": None}, UNKNOWN),
    ({"kernel.update_available": "forbidden"}, NEWER, DRIFT),
    ({"kernel.update_available": "forbidden"}, OLD_CACHE, UNKNOWN),
    ({"kernel.update_available": "forbidden"}, {"kernel.available.package_version": "6.12.40-1"}, FINE),
    ({"kernel.one_shot": "forbidden"}, {"kernel.one_shot.set": True}, DRIFT),
    ({"kernel.held": "forbidden"}, {"kernel.available.held": ["linux-image-amd64"]}, DRIFT),
    ({"kernel.held": "forbidden"}, {"kernel.available.hidden": ["kernel-core 6.9"]}, DRIFT),
    ({"kernel.held": "forbidden"}, {"kernel.available.held": None}, UNKNOWN),
    ({"kernel.held": "forbidden"}, {"kernel.available.held": None, "nulls": NOT_APPLICABLE}, UNKNOWN),
    ({"kernel.held": "forbidden"}, {"kernel.available.hidden": None, "nulls": NOT_APPLICABLE}, FINE),
    ({"kernel.flavours_mixed": "forbidden"}, TWO_FLAVOURS, DRIFT),
    ({"kernel.flavours_mixed": "forbidden", "kernel.flavour": {"any_of": ["amd64", "cloud-amd64"]}}, TWO_FLAVOURS, FINE),
    ({"kernel.image_missing": "forbidden"}, {"kernel.installed": [{"release": "6.12.57-amd64", "image_present": False}]}, DRIFT),
    ({"kernel.unmanaged": "forbidden"}, CUSTOM, DRIFT),
    ({"kernel.unmanaged": "forbidden"}, {"kernel.installed": [{"release": "6.12.57-amd64", "image": "/boot/x", "image_altered": True}]}, DRIFT),
    ({"kernel.unmanaged": "forbidden"}, {"kernel.installed": [{"release": "6.12.57-amd64", "image": "/boot/x", "image_altered": None}]}, FINE),
    ({"kernel.stray_images": "forbidden"}, {"kernel.stray_images": ["/boot/vmlinuz-9.9.9-hand"]}, DRIFT),
    ({"kernel.stray_images": "forbidden"}, {"kernel.stray_images": None}, UNKNOWN),
    ({"kernel.stray_images": "forbidden"}, {}, FINE),
    ({"kernel.managers": []}, {}, DRIFT),
    ({"kernel.managers": ["unattended-upgrades"]}, {}, FINE),
    ({"kernel.managers": []}, {"kernel.managers": [{"name": "dnf-automatic", "active": False}]}, FINE),
    ({"kernel.cache_age_hours": {"maximum": 48}}, OLD_CACHE, DRIFT),
    ({"kernel.cache_age_hours": {"maximum": 48}}, {"kernel.available.cache_age_seconds": "old"}, UNKNOWN),
])
def test_kernel(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


@pytest.mark.parametrize("promise", [{"os.id": "debian"}, {"kernel.unmanaged": "forbidden"}], ids=["observed", "promised"])
def test_a_kernel_of_no_package_and_an_image_that_was_exchanged_have_each_a_name(promise: dict[str, Any]) -> None:
    other = {"release": "6.12.57-amd64", "image": "/boot/x", "image_altered": True}
    found = judged(promise, {"kernel.installed": [other], "kernel.running.release": "6.12.57-own"}).as_data()["findings"]
    labels = [key.label for key, _finding in keyed(found) if key.id == "kernel.unmanaged"]
    assert sorted(labels) == ["kernel.unmanaged (kernel.installed)", "kernel.unmanaged (kernel.running.release)"]


def test_a_reboot_pending_says_what_runs_and_what_waits() -> None:
    finding = only({"kernel.reboot_pending": "forbidden"}, OLD_RUNS)
    assert finding["expected"] == "in force: 6.12.57-amd64 (6.12.57-1)"
    assert finding["observed"] == "running: 6.12.48-amd64 (6.12.48-1)"
    assert finding["disruption"] == "reboot"
    assert finding["evidence"][1] == {"fact": "kernel.running.package_version", "source": "/proc/version", "value": "6.12.48-1"}


HALF = [{"release": "6.12.57-amd64", "package_version": "6.12.57-1", "complete": False, "initrd_missing": False},
        {"release": "6.12.48-amd64", "package_version": "6.12.48-1", "complete": True, "initrd_missing": False}]
NO_INITRD = [{**row, "complete": True, "initrd_missing": row["release"] == "6.12.57-amd64"} for row in HALF]


@pytest.mark.parametrize("installed", [HALF, NO_INITRD])
def test_a_kernel_that_would_not_come_up_is_named_before_anybody_reboots(installed: list[dict[str, Any]]) -> None:
    promises = {"kernel.incomplete": "forbidden", "kernel.reboot_pending": "forbidden", "kernel.running": {"rule": "newest_installed"}}
    found = {finding["id"]: finding for finding in judged(promises, {**OLD_RUNS, "kernel.installed": installed}).findings}
    assert found["kernel.incomplete"]["severity"] == "critical"
    assert found["kernel.incomplete"]["observed"][0].endswith("(the next boot gives it)")
    for name in ("kernel.incomplete", "kernel.reboot_pending", "kernel.running"):
        assert found[name]["remedy"].startswith("Do not reboot"), name


def test_a_kernel_that_lacks_its_initrd_and_does_not_boot_next_is_less() -> None:
    elsewhere = {"kernel.installed": [{"release": "6.1.0-9-amd64", "complete": True, "initrd_missing": True}]}
    assert only({"kernel.incomplete": "forbidden"}, elsewhere)["severity"] == "high"


@pytest.mark.parametrize(("row", "verdict"), [({"initrd_missing": None}, UNKNOWN), ({"initrd_missing": False}, FINE), ({}, UNKNOWN)])
def test_an_initrd_of_which_nothing_tells_is_unknown(row: dict[str, Any], verdict: str) -> None:
    installed = {"kernel.installed": [{"release": "6.12.57-amd64", "package_version": "6.12.57-1", "complete": True, **row}]}
    assert judged({"kernel.incomplete": "forbidden"}, installed).verdict == verdict


@pytest.mark.parametrize(("rows", "observed"), [
    ([("rpi-v8", "linux-image-a"), ("rpi-2712", "linux-image-b")], False), ([("v7+", "raspberrypi-kernel"), ("v8+", "raspberrypi-kernel")], False),
    # Ubuntu Pro puts a certified kernel beside the one that was there (ubuntu-pro-client, entitlements/fips.py).
    ([("azure", "a"), ("azure-fips", "b")], False), ([("generic", "a"), ("fips", "b")], False), ([("aws", "a"), ("azure-fips", "b")], True),
    ([("amd64", "linux-image-a"), ("cloud-amd64", "linux-image-b")], True)])
def test_a_mix_that_nobody_can_end_is_no_observation(rows: list[tuple[str, str]], observed: bool) -> None:
    installed = {"kernel.installed": [{"release": name, "flavour": name, "package": package} for name, package in rows]}
    assert ("kernel.flavours_mixed" in [finding["id"] for finding in judged({"os.id": "debian"}, installed).findings]) is observed
    assert judged({"kernel.flavours_mixed": "forbidden"}, installed).verdict == DRIFT


ZFS = {"name": "zfs", "version": "2.3.2-2", "on_disk_version": "2.3.2-2", "replaced": False, "in_next_boot": True}
NVIDIA = {"name": "nvidia", "version": "550.90.07", "on_disk_version": "550.107.02", "replaced": True, "in_next_boot": True}


@pytest.mark.parametrize(("promise", "modules", "verdict"), [
    ("kernel.modules_missing", [ZFS], FINE), ("kernel.modules_missing", [], FINE), ("kernel.modules_missing", None, UNKNOWN),
    ("kernel.modules_missing", [{**ZFS, "in_next_boot": False}], DRIFT), ("kernel.modules_missing", [{**ZFS, "in_next_boot": None}], UNKNOWN),
    ("kernel.modules_replaced", [ZFS], FINE), ("kernel.modules_replaced", [ZFS, NVIDIA], DRIFT),
    ("kernel.modules_replaced", [{**ZFS, "replaced": None}], UNKNOWN), ("kernel.modules_replaced", [{"name": "zfs"}], UNKNOWN),
])
def test_modules_from_outside_of_the_tree(promise: str, modules: Any, verdict: str) -> None:
    assert judged({promise: "forbidden"}, {"kernel.modules": modules}).verdict == verdict


def test_nobody_is_told_to_reboot_into_a_kernel_without_the_modules_that_run() -> None:
    lost = {**OLD_RUNS, "kernel.modules": [{**ZFS, "in_next_boot": False}]}
    assert only({"kernel.reboot_pending": "forbidden"}, lost)["remedy"].startswith("Do not reboot: 6.12.57-amd64 lacks zfs, which is loaded now.")


PINNED = {"kernel.running.release": "6.17.13-7-pve", "kernel.running.package_version": "6.17.13-7", "kernel.running.flavour": "pve",
          "kernel.default_boot.release": "6.17.13-7-pve", "kernel.newest_installed": {"release": "7.0.2-2-pve", "package_version": "7.0.2-2"},
          "kernel.installed": [{"release": "6.17.13-7-pve", "package_version": "6.17.13-7"},
                               {"release": "7.0.2-2-pve", "package_version": "7.0.2-2"}]}
UNTOLD = {"kernel.running.package_version": None}


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    # bkbilly/lnxlink#242: a pinned host boots what it runs, and no reboot ends an alarm.
    ({"kernel.reboot_pending": "forbidden"}, PINNED, FINE),
    ({"kernel.running": {"rule": "newest_installed"}}, PINNED, DRIFT),
    ({"kernel.reboot_pending": "forbidden"}, {**PINNED, "kernel.default_boot.release": "7.0.2-2-pve"}, DRIFT),
    ({"kernel.reboot_pending": "forbidden"}, {**PINNED, "kernel.default_boot.release": None}, DRIFT),
    # An entry for the next boot alone comes before the default.
    ({"kernel.reboot_pending": "forbidden"}, {**PINNED, "kernel.one_shot.set": True, "kernel.one_shot.release": "7.0.2-2-pve"}, DRIFT),
    ({"kernel.reboot_pending": "forbidden"}, {**PINNED, "kernel.one_shot.set": False, "kernel.one_shot.release": "7.0.2-2-pve"}, FINE),
    # The package of the pinned kernel itself was replaced.
    ({"kernel.reboot_pending": "forbidden"}, {**PINNED, "kernel.running.package_version": "6.17.13-6"}, DRIFT),
    # foniod/foniod#8: no version of what runs is known, but it is not the newest.
    ({"kernel.running": {"rule": "newest_installed"}}, {**OLD_RUNS, **UNTOLD}, DRIFT),
    ({"kernel.running": {"rule": "newest_installed"}}, UNTOLD, UNKNOWN),
    ({"kernel.reboot_pending": "forbidden"}, {**PINNED, **UNTOLD}, UNKNOWN),
    # What runs is never newer than the package that brought it.
    ({"kernel.running": {"rule": "newest_available"}}, {**NEWER, **UNTOLD}, DRIFT),
    ({"kernel.running": {"rule": "newest_available"}}, UNTOLD, UNKNOWN),
])
def test_drift_is_proven_where_compliance_cannot_be(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


def test_rpm_kernels_compare_by_the_order_of_rpm() -> None:
    el = {"kernel.version_order": "rpm", "kernel.running.release": "5.14.0-570.9.1.el9_6.x86_64", "kernel.running.flavour": "",
          "kernel.running.package_version": "5.14.0-570.9.1.el9_6"}
    assert judged({"kernel.running": {"minimum": "5.14.0-570.12.1.el9_6.x86_64"}}, el).verdict == DRIFT
    assert judged({"kernel.running_version": {"minimum": "5.14.0-503.40.1.el9_5"}}, el).verdict == FINE


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    ({"os.id": "debian"}, {"os.id": "ubuntu"}, DRIFT),
    ({"os.altered_files": "forbidden"}, {"os.altered_files": ["/etc/os-release (base-files)"]}, DRIFT),
    ({"os.altered_files": "forbidden"}, {"os.altered_files": None}, UNKNOWN),
    ({"os.firmware_version": "U32"}, {"os.firmware": {"version": "U32"}}, FINE),
    ({"os.firmware_version": "U32"}, {"os.firmware": {"version": "U30"}}, DRIFT),
    ({"os.bmc_version": "1.73"}, {"os.firmware": {"bmc_version": "1.73"}}, FINE),
    ({"os.bmc_version": {"any_of": ["1.73", "1.74"]}}, {"os.firmware": {"bmc_version": "1.5"}}, DRIFT),
    ({"os.bmc_version": "1.73"}, {"os.firmware": {"bmc_version": None}}, UNKNOWN),
    ({"os.firmware_date": {"minimum": "2026-01-31"}}, {"os.firmware": {"date": "2025-12-31"}}, DRIFT),
    ({"os.firmware_date": {"minimum": "2026-01-31"}}, {"os.firmware": {"date": "2026-03-05"}}, FINE),
    ({"os.firmware_date": {"minimum": "2026-01-31"}}, {"os.firmware": {"date": None}}, UNKNOWN),
    ({"os.id": "debian"}, {"os.altered_files": ["/etc/os-release (base-files)"]}, DRIFT),
    ({"os.id": "debian"}, {"os.altered_files": ["/usr/bin/uname (coreutils)"]}, FINE),
    ({"os.altered_files": "forbidden"}, {}, FINE),
    ({"os.shadowed_programs": "forbidden"}, {"os.shadowed_programs": ["/usr/local/bin/uname"]}, DRIFT),
    ({"os.version_id": {"minimum": "9.4"}}, {"os.version_id": "9.10"}, FINE),
    ({"os.version_id": {"minimum": "9.10"}}, {"os.version_id": "9.4"}, DRIFT),
    ({"os.version_id": "13"}, {"os.version_id": None}, UNKNOWN),
    ({"os.version_codename": "bookworm"}, {}, DRIFT),
    ({"os.architecture": {"any_of": ["x86_64", "aarch64"]}}, {"os.architecture": "riscv64"}, DRIFT),
    ({"os.end_of_support": "forbidden"}, {"os.version_id": "12"}, DRIFT),
    ({"os.end_of_support": "forbidden", "os.support": "extended"}, {"os.version_id": "12"}, FINE),
    ({"os.end_of_support": "forbidden", "os.support": "extended"}, {"os.version_id": "11"}, DRIFT),
    ({"os.end_of_support": "forbidden"}, {"os.id": "rhel", "os.version_id": "9.8"}, FINE),
    ({"os.end_of_support": "forbidden"}, {"os.id": "rhel", "os.version_id": "9.6"}, DRIFT),
    ({"os.end_of_support": "forbidden", "os.support": "extended"}, {"os.id": "rhel", "os.version_id": "9.6"}, FINE),
    ({"os.end_of_support": "forbidden", "os.support": "extended"}, {"os.id": "rhel", "os.version_id": "9.4"}, DRIFT),
    ({"os.end_of_support": "forbidden"}, {"os.id": "ubuntu", "os.version_id": "26.10"}, FINE),
    ({"os.end_of_support": "forbidden", "os.support": "extended"}, {"os.id": "ubuntu", "os.version_id": "16.04"}, DRIFT),
    ({"os.end_of_support": "forbidden", "os.support": "legacy"}, {"os.id": "ubuntu", "os.version_id": "16.04"}, FINE),
    ({"os.end_of_support": "forbidden"}, {"os.id": "nobody"}, UNKNOWN),
    ({"os.end_of_support": "forbidden"}, {"os.id": "nobody", "os.support_end": "2026-01-01"}, DRIFT),
    ({"os.end_of_support": "forbidden"}, {"os.id": "nobody", "os.support_end": "never"}, UNKNOWN),
    ({"os.support_days_left": {"minimum": 3000}}, {}, DRIFT),
    ({"os.support_days_left": {"minimum": 30}}, {}, FINE),
    ({"boot.reboot_required": "forbidden"}, {"boot.reboot_required": True}, DRIFT),
    ({"boot.reboot_required": "forbidden"}, {"boot.reboot_required": None}, UNKNOWN),
    ({"boot.uptime_days": {"maximum": 3}}, {}, FINE),
    ({"boot.uptime_days": {"maximum": 2}}, {}, DRIFT),
    ({"boot.secure_boot": "disabled"}, {}, DRIFT),
    ({"boot.kexec_loaded": "forbidden"}, {"boot.kexec_loaded": True}, DRIFT),
    ({"boot.cmdline_required": ["quiet", "lockdown=integrity"]}, {}, DRIFT),
    ({"boot.cmdline_required": ["quiet"]}, {}, FINE),
    ({"boot.cmdline_forbidden": ["mitigations=*"]}, {"boot.cmdline": "ro mitigations=off"}, DRIFT),
    ({"boot.cmdline_forbidden": ["mitigations=off"]}, {"boot.cmdline": "ro xmitigations=off"}, FINE),
    ({"boot.cmdline_forbidden": ["mitigations=off"]}, {"boot.cmdline": "ro \"mitigations=off\""}, DRIFT),
    ({"boot.cmdline_forbidden": ["mitigations=off"]}, {"boot.cmdline": "ro mitigations=off mitigations=auto"}, FINE),
    ({"boot.cmdline_forbidden": ["mitigations=off"]}, {"boot.cmdline": "ro -- mitigations=off"}, FINE),
    ({"boot.cmdline_required": ["mitigations=auto"]}, {"boot.cmdline": "mitigations=auto mitigations=off"}, DRIFT),
    ({"boot.cmdline_required": ["lockdown=integrity"]}, {"boot.cmdline": "lockdown=confidentiality lockdown=integrity"}, FINE),
    ({"boot.cmdline_required": ["slab_nomerge"]}, {"boot.cmdline": "ro slab-nomerge"}, FINE),
    ({"boot.cmdline_required": ["slab_nomerge"]}, {"boot.cmdline": "ro -- slab-nomerge"}, DRIFT),
    ({"boot.cmdline_forbidden": ["mitigations=off"]}, {"kernel.default_boot.options": "ro mitigations=off"}, DRIFT),
    ({"boot.cmdline_required": ["quiet"]}, {"kernel.default_boot.options": "ro"}, DRIFT),
    ({"boot.cmdline_required": ["quiet"]}, {"kernel.default_boot.options": None}, FINE),
])
def test_os_and_boot(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


def test_support_that_may_be_extended_is_less_severe() -> None:
    assert only({"os.end_of_support": "forbidden"}, {"os.version_id": "12"})["severity"] == "medium"
    assert only({"os.end_of_support": "forbidden"}, {"os.version_id": "11"})["severity"] == "critical"


def test_a_minor_release_that_ended_is_told_what_brings_it_back() -> None:
    finding = only({"os.end_of_support": "forbidden"}, {"os.id": "rhel", "os.version_id": "9.6"})
    assert (finding["severity"], finding["observed"]) == (
        "medium", "rhel 9.6: support ended 2025-11-11; RHEL EUS until 2027-05-31; its later minor releases until 2032-05-31")


@pytest.mark.parametrize(("os_id", "version"), [("fedora", "47"), ("rhel", "10.9"), ("debian", "15"), ("sles", "16.4")])
def test_what_is_newer_than_the_table_is_unknown_and_the_table_is_named(os_id: str, version: str) -> None:
    seen = judged({"os.end_of_support": "forbidden"}, {"os.id": os_id, "os.version_id": version})
    assert seen.verdict == UNKNOWN
    assert seen.reasons == [f"os.support_end: the table of {end_of_support.as_of()} does not know {os_id} {version}"]


def test_the_last_day_of_support_is_supported() -> None:
    promise = {"os.end_of_support": "forbidden"}
    last = datetime(2028, 8, 9, 23, 59, tzinfo=timezone.utc)
    assert judged(promise, now=last).verdict == FINE
    assert judged(promise, now=last.replace(day=10)).verdict == DRIFT


def vulnerability(**views: str) -> dict[str, Any]:
    return {"cpu.vulnerabilities": {"mds": {"raw": "some words", **views}}}


GUEST = vulnerability(state="vulnerable", host="mitigated", guest_to_host="vulnerable", smt="not_applicable")
SMT = vulnerability(state="vulnerable", host="mitigated", guest_to_host="mitigated", smt="vulnerable")
KINDS = {"cpu.microcode.processors": [{"processor": "19-11-01", "revisions": ["0xa10113e"]}], "cpu.vendor": "AuthenticAMD"}
ASK_HOST = vulnerability(state="unknown", host="unknown", guest_to_host="unknown", smt="unknown")


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    ({"cpu.vulnerabilities.all": "mitigated"}, {}, FINE),
    ({"cpu.vulnerabilities.all": "not_affected"}, {}, DRIFT),
    ({"cpu.vulnerabilities.all": "mitigated"}, GUEST, DRIFT),
    ({"cpu.vulnerabilities.all": "mitigated"}, SMT, DRIFT),
    ({"cpu.vulnerabilities.all": "mitigated", "cpu.vulnerability_views": ["host", "guest_to_host"]}, SMT, FINE),
    ({"cpu.vulnerabilities.all": "mitigated", "cpu.vulnerability_views": ["host"]}, GUEST, FINE),
    ({"cpu.vulnerabilities.all": "mitigated"}, ASK_HOST, UNKNOWN),
    ({"cpu.vulnerabilities.all": "mitigated", "cpu.vulnerabilities.mds": "any"}, GUEST, FINE),
    ({"cpu.vulnerabilities.mds": "mitigated"}, {"cpu.vulnerabilities": {"meltdown": {"state": "vulnerable"}}}, UNKNOWN),
    ({"cpu.vulnerabilities.vmscape": "mitigated"}, {}, UNKNOWN),
    ({"cpu.vulnerabilities.all": "mitigated"}, {"cpu.vulnerabilities": {}}, UNKNOWN),
    ({"cpu.vulnerabilities.all": "mitigated"}, {"cpu.vulnerabilities": {"mds": {"state": "fine"}}}, UNKNOWN),
    ({"cpu.smt": "inactive"}, {"cpu.smt.active": True}, DRIFT),
    ({"cpu.microcode": {"minimum": "0x2b000643"}}, {}, FINE),
    ({"cpu.microcode": {"minimum": "0x2b000644"}}, {}, DRIFT),
    ({"cpu.microcode": "0x2b000643"}, {"cpu.microcode.revisions": ["0x2b000643", "0x2b000590"]}, DRIFT),
    ({"cpu.microcode": "0x2b000643"}, {"cpu.microcode.revisions": []}, UNKNOWN),
    ({"cpu.microcode": "0x2b000643"}, {"cpu.microcode.revisions": ["new"]}, UNKNOWN),
    ({"cpu.microcode_mixed": "forbidden"}, {"cpu.microcode.consistent": False}, DRIFT),
    # A guest's microcode is its hypervisor's word (liske/needrestart#156, #173; Azure 0xffffffff, QEMU 0x1 and 0x1000065).
    ({"cpu.microcode": {"minimum": "0xd0003f5"}}, {"cpu.microcode.revisions": ["0xffffffff"], "hypervisor.is_guest": True}, UNKNOWN),
    ({"cpu.microcode": {"minimum": "0xd0003f5"}}, {"cpu.microcode.revisions": ["0x1"], "hypervisor.is_guest": True}, UNKNOWN),
    ({"cpu.microcode": {"minimum": "0xd0003f5"}}, {"cpu.microcode.revisions": ["0xd000400"], "hypervisor.is_guest": None}, UNKNOWN),
    ({"cpu.microcode": {"minimum": "0xd0003f5"}}, {"cpu.microcode.revisions": ["0xffffffff"]}, UNKNOWN),
    # Zen 2's newest and Zen 4's old revision have no order with one of Zen 3.
    ({"cpu.microcode": {"minimum": "0xa0011d5"}}, {"cpu.microcode.revisions": ["0x830107f"], "cpu.vendor": "AuthenticAMD"}, UNKNOWN),
    ({"cpu.microcode": {"minimum": "0xa0011d5"}}, {"cpu.microcode.revisions": ["0xa10113e"], "cpu.vendor": "AuthenticAMD"}, UNKNOWN),
    ({"cpu.microcode": {"minimum": "0xa0011d5"}}, {"cpu.microcode.revisions": ["0xa0011d1"], "cpu.vendor": "AuthenticAMD"}, DRIFT),
    ({"cpu.microcode": {"minimum": "0xa0011d5"}}, {"cpu.microcode.revisions": ["0xa0011de"], "cpu.vendor": "AuthenticAMD"}, FINE),
    ({"cpu.microcode_of.19-11-01": {"minimum": "0xa101154"}}, KINDS, DRIFT),
    ({"cpu.microcode_of.19-11-01": {"minimum": "0xa10113e"}}, KINDS, FINE),
    ({"cpu.microcode_of.17-31-00": {"minimum": "0x8301080"}}, KINDS, FINE),
    ({"cpu.microcode_of.19-11-01": {"minimum": "0xa101154"}}, {"cpu.microcode.processors": None}, UNKNOWN),
    ({"cpu.microcode_of.19-11-01": {"minimum": "0xa101154"}}, {**KINDS, "hypervisor.is_guest": True}, UNKNOWN),
    ({"cpu.microcode_mixed": "forbidden"}, {"hypervisor.is_guest": True, "cpu.microcode.consistent": False}, FINE),
    ({"cpu.microcode_pending": "forbidden"}, {"cpu.microcode.pending": True}, DRIFT),
    ({"cpu.microcode_pending": "forbidden"}, {"cpu.microcode.pending": False}, FINE),
    ({"cpu.microcode_pending": "forbidden"}, {"cpu.microcode.pending": None}, UNKNOWN),
    ({"cpu.microcode_left_behind": "forbidden"}, {"cpu.microcode.left_behind": True}, DRIFT),
    ({"cpu.microcode_left_behind": "forbidden"}, {"cpu.microcode.left_behind": False}, FINE),
    ({"cpu.microcode_left_behind": "forbidden"}, {"cpu.microcode.left_behind": None}, UNKNOWN),
    ({"cpu.mitigations_disabled": "forbidden"}, {"cpu.mitigation_options": ["mitigations=off"]}, DRIFT),
    ({"cpu.mitigations_disabled": "forbidden"}, {"cpu.mitigation_options": ["mitigations=auto,no_guest_host"]}, DRIFT),
    ({"cpu.mitigations_disabled": "forbidden"}, {"cpu.mitigation_options": ["mds=full,nosmt", "mitigations=auto,nosmt"]}, FINE),
])
def test_cpu(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


def test_guests_that_can_attack_their_host_are_critical() -> None:
    promise = {"cpu.vulnerabilities.all": "mitigated"}
    assert only(promise, GUEST)["severity"] == "critical"
    assert only(promise, GUEST)["observed"] == "vulnerable: some words"
    assert only(promise, {**GUEST, "hypervisor.is_host": False})["severity"] == "high"


@pytest.mark.parametrize(("name", "text", "views", "verdict"), [
    # What kernels without KVM, or with processors that have it switched off, print (arch/x86/kernel/cpu/bugs.c, itlb_multihit_show_state).
    ("itlb_multihit", "Processor vulnerable", ["host", "guest_to_host", "smt"], DRIFT),
    ("itlb_multihit", "Processor vulnerable", ["host", "smt"], FINE),
    ("itlb_multihit", "KVM: Mitigation: VMX disabled", ["guest_to_host"], FINE),
    ("itlb_multihit", "KVM: Mitigation: VMX unsupported", ["guest_to_host"], FINE),
    ("vmscape", "Vulnerable", ["guest_to_host"], DRIFT), ("vmscape", "Vulnerable", ["host", "smt"], FINE)])
def test_what_only_guests_can_attack_is_nothing_to_a_host_without_them(name: str, text: str, views: list[str], verdict: str) -> None:
    changes = {"cpu.vulnerabilities": {name: vulnerabilities.as_record(text, vulnerabilities.judge(name, text))}, "hypervisor.is_host": False}
    seen = judged({"cpu.vulnerabilities.all": "mitigated", "cpu.vulnerability_views": views}, changes)
    assert (seen.verdict, [finding["severity"] for finding in seen.findings]) == (verdict, ["high"] if verdict == DRIFT else [])


def test_a_vulnerable_cpu_is_heard_without_a_promise() -> None:
    assert [finding["id"] for finding in judged({"os.id": "debian"}, SMT).findings] == ["cpu.vulnerability.mds"]


def process(**changes: Any) -> dict[str, Any]:
    usual = {"pid": 7, "component": "qemu", "version": "1:9.0", "stale": False, "deleted": False, "guest": "db1"}
    return {"hypervisor.processes": [{**usual, **changes}]}


def xen(running: str, replaced: bool | None = None) -> dict[str, Any]:
    """Debian 13's dom0, whose package is newer than what was booted."""
    row = {"name": "xen", "package": "xen-hypervisor-4.20-amd64", "version": "4.20.4+63-g7abfd2bce2-0+deb13u1"}
    return {"hypervisor.xen": {"version": running, "image_replaced": replaced}, "hypervisor.components": [row]}


LAUNCHER = {**process(version="9.1.0-15.el9_6.4", version_how="binary_text"), "kernel.version_order": "rpm"}
OWN_QEMU = {"hypervisor.components": [{"name": "qemu", "package": None, "version": "9.1.0-15.el9_6.4"}], "kernel.version_order": "rpm"}
SUSES = {**process(version="10.0.4", version_how="binary_text"), "kernel.version_order": "rpm"}
SUSES_OWN = {"hypervisor.components": [{"name": "qemu", "package": None, "version": "10.0.4"}], "kernel.version_order": "rpm"}
OTHER = {"hypervisor.components": [{"name": "libvirt", "version": "11.0"}]}


@pytest.mark.parametrize(("promise", "changes", "verdict"), [
    ({"hypervisor.is_host": False}, {}, DRIFT),
    ({"hypervisor.under": "none"}, {"hypervisor.under": "vmware"}, DRIFT),
    ({"hypervisor.ladder": "flags"}, {}, FINE),
    ({"hypervisor.ladder": "device"}, {"hypervisor.ladder.rung": "flags"}, DRIFT),
    ({"hypervisor.ladder": "vm"}, {}, UNKNOWN),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.asked": "vm"}, DRIFT),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.asked": "vcpu"}, DRIFT),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.rung": "vcpu"}, FINE),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.asked": "guest"}, DRIFT),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.rung": "guest"}, FINE),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.rung": "sky"}, UNKNOWN),
    ({"hypervisor.ladder": "vm"}, {"hypervisor.ladder.asked": None}, UNKNOWN),
    ({"hypervisor.ladder": "vcpu"}, {"hypervisor.ladder.rung": "vm", "hypervisor.ladder.asked": "vm"}, UNKNOWN),
    ({"hypervisor.ladder": "vcpu"}, {"hypervisor.ladder.rung": "vm", "hypervisor.ladder.asked": "vcpu"}, DRIFT),
    ({"hypervisor.ladder": "vcpu"}, {"hypervisor.ladder.rung": "vcpu", "hypervisor.ladder.asked": "vcpu"}, FINE),
    ({"hypervisor.ladder": "vcpu"}, {"hypervisor.ladder.rung": "vm", "hypervisor.ladder.asked": "vcpu", "os.architecture": "aarch64"}, UNKNOWN),
    ({"hypervisor.qemu.presence": "required"}, OTHER, DRIFT),
    ({"hypervisor.qemu.presence": "forbidden"}, {}, DRIFT),
    ({"hypervisor.xen.presence": "forbidden"}, {}, FINE),
    ({"hypervisor.qemu.installed": {"minimum": "1:10.0"}}, {}, FINE),
    ({"hypervisor.qemu.installed": {"minimum": "1:10.1"}}, {}, DRIFT),
    ({"hypervisor.qemu.installed": "1:10.1"}, OTHER, FINE),
    ({"hypervisor.qemu.installed": "1:10.1"}, {"hypervisor.components": [{"name": "qemu"}]}, UNKNOWN),
    ({"hypervisor.qemu.running": {"rule": "installed"}}, {}, FINE),
    ({"hypervisor.qemu.running": {"rule": "installed"}}, process(stale=True), DRIFT),
    ({"hypervisor.qemu.running": {"rule": "installed"}}, process(stale=None, deleted=True), DRIFT),
    ({"hypervisor.qemu.running": {"rule": "installed"}}, process(stale=None), UNKNOWN),
    ({"hypervisor.qemu.running": {"minimum": "1:10.0"}}, process(), DRIFT),
    ({"hypervisor.qemu.running": {"minimum": "1:10.0"}}, process(version=None), UNKNOWN),
    ({"hypervisor.virtiofsd.running": {"rule": "installed"}}, process(stale=True), FINE),
    ({"hypervisor.kvm.kvm_intel.nested": False}, {}, FINE),
    ({"hypervisor.kvm.kvm_intel.nested": True}, {}, DRIFT),
    ({"hypervisor.kvm.kvm_intel.nested": False}, {"hypervisor.kvm.parameters": {"kvm_intel.nested": "0"}}, FINE),
    ({"hypervisor.kvm.kvm.nx_huge_pages": {"any_of": ["auto", "force"]}}, {}, FINE),
    ({"hypervisor.kvm.kvm_amd.nested": False}, {}, UNKNOWN),
    # nx_huge_pages answers Y or N to the words it was given, avic too since 6.18, and auto is never read again.
    ({"hypervisor.kvm.kvm.nx_huge_pages": "force"}, {"hypervisor.kvm.parameters": {"kvm.nx_huge_pages": "Y"}}, FINE),
    ({"hypervisor.kvm.kvm.nx_huge_pages": "force"}, {"hypervisor.kvm.parameters": {"kvm.nx_huge_pages": "N"}}, DRIFT),
    ({"hypervisor.kvm.kvm.nx_huge_pages": "off"}, {"hypervisor.kvm.parameters": {"kvm.nx_huge_pages": "N"}}, FINE),
    ({"hypervisor.kvm.kvm.nx_huge_pages": "never"}, {"hypervisor.kvm.parameters": {"kvm.nx_huge_pages": "never"}}, FINE),
    ({"hypervisor.kvm.kvm.nx_huge_pages": "auto"}, {"hypervisor.kvm.parameters": {"kvm.nx_huge_pages": "Y"}}, UNKNOWN),
    ({"hypervisor.kvm.kvm.nx_huge_pages": {"any_of": ["auto", "off"]}}, {"hypervisor.kvm.parameters": {"kvm.nx_huge_pages": "Y"}}, UNKNOWN),
    ({"hypervisor.kvm.kvm_amd.avic": "auto"}, {"hypervisor.kvm.parameters": {"kvm_amd.avic": "Y"}}, UNKNOWN),
    ({"hypervisor.kvm.kvm_amd.avic": True}, {"hypervisor.kvm.parameters": {"kvm_amd.avic": "Y"}}, FINE),
    ({"hypervisor.kvm.kvm_intel.nested": "yes"}, {"hypervisor.kvm.parameters": {"kvm_intel.nested": "1"}}, FINE),
    # Xen is no process: what runs says its own version, and a package's revision only where nothing was replaced since.
    ({"hypervisor.xen.running": {"rule": "installed"}}, xen("4.20.2"), DRIFT),
    ({"hypervisor.xen.running": {"minimum": "4.20.4"}}, xen("4.20.2"), DRIFT),
    ({"hypervisor.xen.running": "4.20.4+63-g7abfd2bce2-0+deb13u1"}, xen("4.20.2"), DRIFT),
    ({"hypervisor.xen.running": {"rule": "installed"}}, xen("4.20.4", False), FINE),
    ({"hypervisor.xen.running": {"rule": "installed"}}, xen("4.20.4", True), UNKNOWN),
    ({"hypervisor.xen.running": {"minimum": "4.20.4"}}, xen("4.20.4", False), FINE),
    ({"hypervisor.xen.running": {"minimum": "4.19"}}, xen("4.20.4", False), FINE),
    ({"hypervisor.xen.running": {"minimum": "4.20.4+99"}}, xen("4.20.4", False), UNKNOWN),
    ({"hypervisor.xen.running": "4.20.4+63-g7abfd2bce2-0+deb13u1"}, xen("4.20.4", False), FINE),
    ({"hypervisor.xen.running": {"minimum": "4.20.4"}}, {"hypervisor.xen": {"version": None}}, UNKNOWN),
    # A container's QEMU says its version without the epoch that its package has.
    ({"hypervisor.qemu.running": {"minimum": "17:9.1.0-15.el9_6.4"}}, LAUNCHER, FINE),
    ({"hypervisor.qemu.installed": {"minimum": "17:9.1.0-15.el9_6.4"}}, OWN_QEMU, FINE),
    ({"hypervisor.qemu.installed": {"minimum": "17:9.1.0-16.el9"}}, OWN_QEMU, DRIFT),
    ({"hypervisor.qemu.presence": "required"}, OWN_QEMU, FINE),
    ({"hypervisor.qemu.running": "17:9.1.0-15.el9_6.4"}, LAUNCHER, FINE),
    ({"hypervisor.qemu.running": {"minimum": "17:9.1.0-15.el9_6.5"}}, LAUNCHER, DRIFT),
    # SUSE writes "10.0.4 (Virtualization / SLE_16)" into QEMU, Alpine its name: which build of that release runs is not told.
    ({"hypervisor.qemu.running": {"minimum": "10.0.4-160000.2.1"}}, SUSES, UNKNOWN),
    ({"hypervisor.qemu.running": "10.0.4-160000.2.1"}, SUSES, UNKNOWN),
    ({"hypervisor.qemu.running": {"any_of": ["10.0.3-1", "10.0.4-160000.2.1"]}}, SUSES, UNKNOWN),
    ({"hypervisor.qemu.running": {"minimum": "1:10.0.4+ds-1"}}, {**SUSES, "kernel.version_order": "dpkg"}, UNKNOWN),
    ({"hypervisor.qemu.running": {"minimum": "10.0.4"}}, SUSES, FINE),
    ({"hypervisor.qemu.running": {"minimum": "10.0.3-160000.9.9"}}, SUSES, FINE),
    ({"hypervisor.qemu.running": {"minimum": "10.0.40-160000.1.1"}}, SUSES, DRIFT),
    ({"hypervisor.qemu.running": "10.1.0-160000.1.1"}, SUSES, DRIFT),
    ({"hypervisor.qemu.installed": {"minimum": "10.0.4-160000.2.1"}}, SUSES_OWN, UNKNOWN),
    ({"hypervisor.qemu.installed": {"minimum": "10.0.5-160000.2.1"}}, SUSES_OWN, DRIFT),
    ({"hypervisor.machine_types": ["pc-q35-*"]}, process(machine_type_in_effect=None), UNKNOWN),
    ({"hypervisor.machine_types": ["pc-q35-*"]}, {**process(machine_type_in_effect="pc-q35-7.2"),
                                                  "hypervisor.defined_machine_types": ["pc-i440fx-2.12"]}, DRIFT),
    ({"hypervisor.removed_machine_types": "forbidden"}, {"hypervisor.removed_machine_types": ["pc-q35-5.0"]}, DRIFT),
    ({"hypervisor.removed_machine_types": "forbidden"}, {"hypervisor.removed_machine_types": []}, FINE),
    ({"hypervisor.machine_types": ["pc-q35-*"]}, {"hypervisor.machine_types": ["pc-i440fx-2.1"]}, DRIFT),
    ({"hypervisor.deprecated_machine_types": "forbidden"}, {"hypervisor.deprecated_machine_types": ["pc-i440fx-2.1"]}, DRIFT),
    ({"hypervisor.deprecated_machine_types": "forbidden"}, {"os.id": "rocky", "os.version_id": "9.8",
                                                            "hypervisor.machine_types": ["pc-i440fx-rhel7.6.0"]}, DRIFT),
    ({"hypervisor.deprecated_machine_types": "forbidden"}, {"os.id": "rocky", "os.version_id": "9.8",
                                                            "hypervisor.machine_types": ["pc-q35-rhel9.6.0"]}, FINE),
])
def test_hypervisor(promise: dict[str, Any], changes: dict[str, Any], verdict: str) -> None:
    assert judged(promise, changes).verdict == verdict


def test_a_stale_hypervisor_is_heard_without_a_promise_and_names_its_guest() -> None:
    (finding,) = judged({"os.id": "debian"}, process(stale=True)).findings
    assert finding["id"] == "hypervisor.qemu.running"
    assert finding["observed"] == ["1 of 1 processes", "pid 7, 1:9.0, guest db1 (replaced binary)"]
    assert finding["disruption"] == "migrate_guest"


def test_a_kvm_parameter_is_a_finding_of_its_own_name() -> None:
    assert only({"hypervisor.kvm.kvm_intel.nested": True}, {})["id"] == "hypervisor.kvm.kvm_intel.nested"
