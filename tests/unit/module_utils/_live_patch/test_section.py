# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``live_patch`` on whole hosts, and the protection it computes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import protection as patch_protection
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.claim import Claim, Inhibitor, Patch
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.providers import canonical, suse
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available, dnf_query
from hypothesis import given
from hypothesis import strategies as st
from live_patched_hosts import RELEASE, host, patch, protection, scan

FIXTURES = Path(__file__).parent / "fixtures"
STATUS = " ".join(canonical.STATUS)
CHECKED = 1790448807.0  # 2026-09-26T18:53:27Z


def text(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


KPATCH = {"read": {"/usr/sbin/kpatch": "#!/bin/bash\n"}}
KEPT = {"listdir": {"/var/lib/kpatch": [RELEASE], f"/var/lib/kpatch/{RELEASE}": ["fix-one.ko"]},
        "stat": {"/etc/systemd/system/multi-user.target.wants/kpatch.service@link": ["link", 511, 0, 0, 0, 0, 0, 1, 1]}}
PLACED = {
    "read": {f"/var/lib/kpatch/{RELEASE}/fix_one.json": json.dumps({
        "format": 1, "name": "fix_one", "module": "fix-one.ko", "sha256": "0" * 64, "build_id": "0" * 40, "cves": ["CVE-2026-1234"],
        "cumulative": True, "built_at": "2026-11-24T12:00:00Z", "kernel": {"release": RELEASE, "package_version": ""}})},
    "listdir": {"/var/lib/kpatch": [RELEASE], f"/var/lib/kpatch/{RELEASE}": ["fix_one.json", "fix_one.ko"]}}
LOADER = {"stat": {"/etc/systemd/system/multi-user.target.wants/firebreak-live-patch.service@link": ["link", 511, 0, 0, 0, 0, 0, 1, 1]}}
CANONICAL = {"stat": {canonical.PROGRAM + "@link": ["link", 511, 0, 0, 0, 0, 0, 1, 1]}}


def test_a_patch_of_nobody_knows_what_in_force() -> None:
    section = scan(host(patch("fix_one")))
    assert protection(section) == ("unknown", ["content_not_stated"])
    assert section.facts["provider"]["id"] == "self_built"
    assert section.facts["patches"] == [{"id": "fix_one", "kind": "unknown", "state": "active", "cves": [], "replace": None, "stack_order": None,
                                         "functions": 1, "package": None, "for_kernel": RELEASE, "built_at": None}]
    assert section.facts["persistence"]["same_kernel"] is False
    assert section.facts["cves"] == {"fixed": [], "basis": "none", "complete": False, "blocked_by_pin": None, "not_fixed": None}


def test_a_patch_from_a_bundle_claims_its_cves_while_it_is_in_force() -> None:
    section = scan(host(patch("fix_one"), PLACED, LOADER))
    assert protection(section) == ("protected", ["fix_active", "support_not_stated", "freshness_not_stated"])
    assert section.facts["cves"] == {"fixed": ["CVE-2026-1234"], "basis": "manifest", "complete": True, "blocked_by_pin": None, "not_fixed": []}
    assert section.facts["persistence"] == {"same_kernel": True, "via": "firebreak-live-patch.service", "kernels": [RELEASE]}
    assert (section.facts["provider"]["id"], section.facts["provider"]["also_present"]) == ("self_built", [])
    assert section.facts["effective"]["level"] == "fix_one"


@pytest.mark.parametrize(("enabled", "transition", "protection_is"), [("1", "1", "at_risk"), ("0", "1", "at_risk"), ("0", "0", "unprotected")])
def test_a_patch_from_a_bundle_claims_nothing_before_and_after_that(enabled: str, transition: str, protection_is: str) -> None:
    section = scan(host(patch("fix_one", enabled, transition), PLACED, LOADER))
    assert section.facts["cves"]["fixed"] == []
    assert section.facts["cves"]["not_fixed"] == ["CVE-2026-1234"]
    assert section.facts["effective"]["level"] is None
    assert section.facts["protection"] == protection_is


def test_kpatchs_runtime_is_no_other_provider_beside_a_bundle() -> None:
    section = scan(host(patch("fix_one"), KPATCH, KEPT, PLACED))
    assert (section.facts["provider"]["id"], section.facts["provider"]["also_present"]) == ("self_built", [])
    assert section.facts["persistence"]["via"] == "kpatch.service"


def test_a_patch_that_is_loaded_but_not_kept_is_lost_on_reboot() -> None:
    section = scan(host(patch("fix_one"), {"read": PLACED["read"]}, LOADER))
    assert section.facts["cves"]["fixed"] == ["CVE-2026-1234"]
    assert section.facts["persistence"]["same_kernel"] is False
    assert section.facts["persistence"]["via"] == f"not in /var/lib/kpatch/{RELEASE}: fix_one"


def test_a_patch_that_nothing_loads_at_boot_is_lost_on_reboot() -> None:
    section = scan(host(patch("fix_one"), PLACED))
    assert section.facts["persistence"]["via"] == "neither kpatch.service nor firebreak-live-patch.service is enabled"


def test_another_build_in_memory_than_that_of_the_manifest_fixes_nothing() -> None:
    loaded = {"read": {"/sys/module/fix_one/notes/.note.gnu.build-id": "\x04\0\0\0\x04\0\0\0\x03\0\0\0GNU\0abcd"}}
    assert scan(host(patch("fix_one"), PLACED, LOADER, loaded)).facts["cves"]["fixed"] == []


def test_a_damaged_manifest_makes_the_cves_unknown() -> None:
    section = scan(host(patch("fix_one"), PLACED, LOADER, {"read": {f"/var/lib/kpatch/{RELEASE}/fix_one.json": "{"}}))
    assert section.facts["cves"]["fixed"] is None
    assert {"live_patch.cves.fixed": "unparsable"}.items() <= {row["fact"]: row["reason"] for row in section.nulls}.items()


def test_a_host_that_gets_bundles_and_boots_a_kernel_without_one_is_unprotected() -> None:
    assert protection(scan(host(LOADER))) == ("unprotected", ["no_patch_loaded"])


def test_kpatch_that_comes_back_after_a_reboot() -> None:
    section = scan(host(patch("fix_one"), KPATCH, KEPT))
    assert section.facts["provider"]["id"] == "kpatch"
    assert section.facts["persistence"] == {"same_kernel": True, "via": "kpatch.service", "kernels": [RELEASE]}


def test_a_masked_kpatch_service_brings_nothing_back() -> None:
    section = scan(host(patch("fix_one"), KPATCH, KEPT, {"readlink": {"/etc/systemd/system/kpatch.service": "/dev/null"}}))
    assert section.facts["persistence"] == {"same_kernel": False, "via": "kpatch.service is masked", "kernels": [RELEASE]}
    assert section.facts["inhibitors"] == [{"code": "service_masked", "source": "/etc/systemd/system/kpatch.service", "stops": "boot"}]


def test_kpatch_switched_off_on_the_command_line() -> None:
    section = scan(host(patch("fix_one"), KPATCH, KEPT, {"read": {"/proc/cmdline": "quiet kpatch.enable=0\n"}}))
    assert section.facts["persistence"]["same_kernel"] is False
    assert section.facts["inhibitors"] == [{"code": "kpatch_disabled", "source": "/proc/cmdline", "stops": "boot"}]


def test_a_client_without_patches_protects_nothing() -> None:
    assert protection(scan(host(KPATCH))) == ("unprotected", ["no_patch_loaded"])


def test_no_provider_is_not_applicable() -> None:
    section = scan(host())
    assert protection(section) == ("not_applicable", ["no_provider"])
    assert section.facts["kernel"]["livepatch_capable"] is True


def test_an_empty_host_is_unknown_with_reasons() -> None:
    section = scan({})
    assert protection(section) == ("unknown", ["patches_unreadable"])
    written = {null["fact"] for null in section.nulls}
    assert "live_patch.patches" in written


def test_a_container_has_no_kernel_of_its_own() -> None:
    section = scan(host(patch("fix_one"), {"read": {"/run/systemd/container": "podman\n"}}))
    assert protection(section) == ("not_applicable", ["in_container"])
    assert section.facts["patches"] is None


def test_an_empty_patch_is_a_seed() -> None:
    assert protection(scan(host(patch("fix_one", function=False)))) == ("unprotected", ["no_fix_loaded"])


def test_a_disabled_patch() -> None:
    assert protection(scan(host(patch("fix_one", enabled="0")))) == ("unprotected", ["patch_disabled"])


def test_a_transition_names_the_threads_in_its_way() -> None:
    threads = {"listdir": {"/proc": ["1", "77", "self"]}, "read": {
        "/proc/1/task/1/patch_state": "1\n", "/proc/77/task/77/patch_state": "1\n", "/proc/77/task/78/patch_state": "0\n",
        "/proc/77/task/78/comm": "CPU 0/KVM\n"}}
    section = scan(host(patch("fix_one", transition="1"), threads))
    assert protection(section) == ("at_risk", ["in_transition"])
    assert section.facts["transition"] == {"in_progress": True, "patch": "fix_one", "blocking_count": 1,
                                           "blocking": [{"pid": 77, "tid": 78, "comm": "CPU 0/KVM"}]}


def test_threads_that_may_not_be_read() -> None:
    threads = {"listdir": {"/proc": ["1"]}, "read": {"/proc/1/task/1/patch_state": {"problem": "needs_root", "detail": "x"}}}
    section = scan(host(patch("fix_one", transition="1"), threads))
    assert section.facts["transition"]["blocking"] is None
    assert any(null["reason"] == "needs_root" for null in section.nulls)


def test_no_thread_is_read_without_a_transition() -> None:
    threads = {"listdir": {"/proc": ["77"]}, "read": {"/proc/77/task/78/patch_state": "0\n"}}
    assert scan(host(patch("fix_one"), threads)).facts["transition"]["blocking"] == []


def test_canonical_in_force() -> None:
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_6_8_0_1047_50_aws_121"), run={STATUS: text("canonical_applied.json")}, now=CHECKED + 60))
    assert protection(section) == ("protected", ["fix_active"])
    assert section.facts["effective"]["level"] == "121.4"
    assert section.facts["support"] == {"state": "supported", "until": "2027-03-19", "basis": "client"}
    assert section.facts["provider"] == {
        "id": "canonical", "also_present": [], "mechanism": "klp", "entitled": None, "client_version": "11.0.2", "mode": "online",
        "auto_update": True, "autoload": {"unit": "snap.canonical-livepatch.canonical-livepatchd.service", "enabled": False}}
    assert section.facts["effective"]["up_to_date"] is True


@pytest.mark.parametrize("module", ["lkp_Ubuntu_6_8_0_1047_50_aws_121", "livepatch_Ubuntu_4_4_0_109_132_generic_34"])
def test_canonicals_modules_are_its_own_beside_kpatchs_client(module: str) -> None:
    section = scan(host(CANONICAL, KPATCH, patch(module), run={STATUS: text("canonical_applied.json")}, now=CHECKED + 60))
    assert (section.facts["provider"]["id"], section.facts["protection"]) == ("canonical", "protected")


def test_canonical_says_applied_but_the_kernel_has_nothing() -> None:
    section = scan(host(CANONICAL, run={STATUS: text("canonical_applied.json")}, now=CHECKED + 60))
    assert protection(section) == ("unprotected", ["no_patch_loaded"])


def test_canonical_that_has_not_checked_for_long() -> None:
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), run={STATUS: text("canonical_applied.json")}, now=CHECKED + 73 * 3600))
    assert protection(section) == ("stale", ["check_old"])


def test_canonical_in_a_mode_that_never_applies() -> None:
    part = {"read": {canonical.MODE: "no-apply\n"}}
    section = scan(host(CANONICAL, part, run={STATUS: text("canonical_nothing_to_apply.json")}, now=CHECKED))
    assert protection(section) == ("stale", ["updates_inhibited"])
    assert section.facts["inhibitors"][0]["code"] == "livepatch_mode_no_apply"


@pytest.mark.parametrize(("name", "expected"), [
    ("canonical_nothing_to_apply.json", ("protected", ["nothing_to_apply", "freshness_not_stated"])),
    ("canonical_apply_failed.json", ("unprotected", ["apply_failed"])),
    ("canonical_old_client.json", ("unknown", ["support_unknown"]))])
def test_canonical_without_a_loaded_patch(name: str, expected: tuple[str, list[str]]) -> None:
    assert protection(scan(host(CANONICAL, run={STATUS: text(name)}, now=0.0))) == expected


def test_canonical_on_a_kernel_without_more_patches() -> None:
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), run={STATUS: text("canonical_upgrade_required.json")}, now=0.0))
    assert protection(section) == ("at_risk", ["kernel_upgrade_required"])


@pytest.mark.parametrize(("run", "expected"), [
    ([1, "", "Machine is not enabled. Please run 'sudo canonical-livepatch enable'"], ("unprotected", ["provider_disabled"])),
    ([1, "", "cannot communicate with the daemon"], ("unknown", ["provider_silent"])),
    ([0, "<html>503</html>", ""], ("unknown", ["provider_silent"]))])
def test_canonical_that_says_nothing(run: list[Any], expected: tuple[str, list[str]]) -> None:
    assert protection(scan(host(CANONICAL, run={STATUS: run}))) == expected


def test_ksplice() -> None:
    part = {"read": {"/usr/sbin/uptrack-show": "", "/etc/uptrack/uptrack.conf": "[Settings]\ninstall_on_reboot = yes\n"}}
    section = scan(host(part, run={"/usr/sbin/uptrack-show": text("ksplice_all_show.txt")}))
    assert section.facts["provider"]["mechanism"] == "ksplice"
    assert section.facts["effective"]["kernel"] == "5.15.0-208.159.3.el9uek"
    assert section.facts["protection"] == "protected"
    assert section.facts["persistence"]["same_kernel"] is True
    assert section.facts["cves"]["fixed"] == ["CVE-2024-27398", "CVE-2024-36904", "CVE-2024-36919", "CVE-2024-36934"]


def test_ksplice_with_tripwires_only() -> None:
    only = "Installed updates:\n[aq4p03vt] Known exploit detection for CVE-2019-9213.\n"
    section = scan(host({"read": {"/usr/bin/ksplice": ""}}, run={"/usr/bin/ksplice kernel show": only}))
    assert protection(section) == ("unprotected", ["no_fix_loaded"])
    assert section.facts["cves"]["fixed"] == []


def test_ksplice_offline_says_what_is_available() -> None:
    part = {"read": {"/usr/sbin/uptrack-show": "", "/etc/uptrack/uptrack.conf": "[Settings]\nskip_apply_after_pkg_install = true\n"}}
    shown = {"/usr/sbin/uptrack-show": text("ksplice_all_show.txt")}
    newest = scan(host(part, run={**shown, "/usr/sbin/uptrack-show --available": text("ksplice_available_none.txt")}))
    assert (newest.facts["effective"]["latest_available"], newest.facts["cves"]["not_fixed"]) == ("5.15.0-208.159.3.el9uek", [])
    more = "Available updates:\n[aq4p03vt] CVE-2024-36904, CVE-2026-12345: A leak.\n"
    behind = scan(host(part, run={**shown, "/usr/sbin/uptrack-show --available": more}))
    assert (behind.facts["effective"]["latest_available"], behind.facts["cves"]["not_fixed"]) == (None, ["CVE-2026-12345"])
    assert protection(behind) == ("stale", ["newer_available"])
    silent = scan(host(part, run={**shown, "/usr/sbin/uptrack-show --available": "\n"}))
    assert (silent.facts["cves"]["not_fixed"], silent.facts["protection"]) == (None, "protected")


def test_ksplices_online_client_is_not_asked_for_more() -> None:
    part = {"read": {"/usr/sbin/uptrack-show": "", "/etc/uptrack/uptrack.conf": "[Auth]\naccesskey = 1a2b\n"}}
    section = scan(host(part, run={"/usr/sbin/uptrack-show": text("ksplice_all_show.txt")}))
    assert {null["reason"] for null in section.nulls if null["fact"] == "live_patch.cves.not_fixed"} == {"not_asked"}


def test_canonical_says_what_its_pin_keeps_out() -> None:
    pinned = {"read": {canonical.CONFIG: "cutoff-date: 2026-01-01T00:00:00Z\n"}}
    recording = host(CANONICAL, patch("lkp_Ubuntu_1"), pinned, now=CHECKED, run={
        STATUS: text("canonical_applied.json"), " ".join(canonical.VERBOSE): text("canonical_blocked.humane.txt")})
    section = scan(recording)
    assert "CVE-2025-0927" in section.facts["cves"]["not_fixed"]
    assert section.facts["effective"]["latest_available"] is None
    del recording["read"][canonical.CONFIG]
    assert (scan(recording).facts["cves"]["not_fixed"], scan(recording).facts["effective"]["latest_available"]) == ([], "121.4")


SLES = ["Linux", "h", "5.14.21-150400.24.33-default", "#1", "x86_64"]
KLP = {"read": {"/usr/bin/klp": "", "/usr/bin/zypper": ""}, "listdir": {"/var/cache/zypp/raw": ["updates"]},
       "stat": {"/var/cache/zypp/raw/updates/cookie": ["file", 420, 0, 0, 0, 0, 0, 1, 1]}}
SEARCH = " ".join(available.ZYPPER) + " kernel-livepatch-5_14_21-150400_24_33-default"
OFFER = ('<solvable status="installed" name="kernel-livepatch-5_14_21-150400_24_33-default" kind="package" edition="6-150400.2.2" '
         'arch="x86_64" repository="(System Packages)"/>\n<solvable status="other-version" '
         'name="kernel-livepatch-5_14_21-150400_24_33-default" kind="package" edition="%s" arch="x86_64" repository="Updates"/>\n')


@pytest.mark.parametrize(("newest", "not_fixed", "expected"), [
    ("10-150400.2.1", None, ("stale", ["newer_available"])), ("6-150400.2.2", [], ("protected", ["fix_active", "freshness_not_stated"]))])
def test_suse_offer_and_last_day(newest: str, not_fixed: list[str] | None, expected: tuple[str, list[str]]) -> None:
    dates = {"read": {suse.LIFECYCLE[0]: "kernel-livepatch-5_14_21-150400_24_33-default,*,2026-12-01\n"}}
    section = scan(host(KLP, dates, patch("livepatch_6_150400_2_2"), uname=SLES, now=CHECKED, run={
        "/usr/bin/klp -v patches": text("klp_patched.txt"), SEARCH: OFFER % newest}))
    assert (section.facts["effective"]["level"], section.facts["effective"]["latest_available"]) == ("6-150400.2.2", newest)
    assert section.facts["support"] == {"state": "supported", "until": "2026-12-01", "basis": "lifecycle_data"}
    assert section.facts["cves"]["not_fixed"] == not_fixed
    assert section.evidence["live_patch.support.until"] == suse.LIFECYCLE[0]
    assert section.evidence["live_patch.effective.latest_available"] == section.evidence["live_patch.effective.up_to_date"] == SEARCH
    assert protection(section) == expected


def test_suse_patch_of_no_known_package_is_not_called_old() -> None:
    listed = "livepatch_6_150400_2_2\n    active: 1\n    CVE: CVE-2023-26545\n"
    section = scan(host(KLP, patch("livepatch_6_150400_2_2"), uname=SLES, now=CHECKED, run={
        "/usr/bin/klp -v patches": listed, SEARCH: OFFER % "10-150400.2.1"}))
    assert (section.facts["effective"]["latest_available"], section.facts["effective"]["up_to_date"]) == ("10-150400.2.1", None)
    assert section.facts["protection"] == "protected"


def test_suse_kernel_that_gets_no_more_patches() -> None:
    dates = {"read": {suse.LIFECYCLE[0]: "kernel-livepatch-5_14_21-150400_24_33-default,*,2026-01-01\n"}}
    section = scan(host(KLP, dates, patch("livepatch_6_150400_2_2"), uname=SLES, now=CHECKED, run={
        "/usr/bin/klp -v patches": text("klp_patched.txt"), SEARCH: [104, "", ""]}))
    assert protection(section) == ("at_risk", ["kernel_upgrade_required"])
    assert {null["reason"] for null in section.nulls if null["fact"] == "live_patch.effective.latest_available"} == {"absent"}


def test_suse_seed_and_patch() -> None:
    client = {"read": {"/usr/bin/klp": ""}}
    seeded = scan(host(client, patch("livepatch_1_5_3_2"), run={"/usr/bin/klp -v patches": text("klp_seed.txt")}))
    assert protection(seeded) == ("unprotected", ["no_fix_loaded"])
    fixed = scan(host(client, patch("livepatch_6_150400_2_2"), run={"/usr/bin/klp -v patches": text("klp_patched.txt")}))
    assert fixed.facts["protection"] == "protected"
    assert len(fixed.facts["cves"]["fixed"]) == 8


def test_kernelcare() -> None:
    part = {"read": {"/usr/bin/kcarectl": "", "/proc/kcare/effective_version": "3.16.36-1+deb8u2\n", "/proc/kcare/cvelist": "CVE-2016-5195\n",
                     "/etc/sysconfig/kcare/kcare.conf": "AUTO_UPDATE=False\nSTICKY_PATCHSET=K20230908_02\n"}}
    section = scan(host(part, run={"/usr/bin/kcarectl --info": text("kcare_debian8.txt")}))
    assert protection(section) == ("stale", ["updates_inhibited"])
    assert section.facts["cves"] == {"fixed": ["CVE-2016-5195"], "basis": "client", "complete": True, "blocked_by_pin": [], "not_fixed": None}
    assert [null["reason"] for null in section.nulls if null["fact"] in ("live_patch.cves.not_fixed", "live_patch.effective.latest_available")] == [
        "not_asked", "not_asked"]
    assert section.facts["patches"][0]["for_kernel"] == "3.16.0-4-amd64"
    assert section.facts["pin"] == {"kind": "patchset", "value": "K20230908_02"}


def test_two_providers_at_once() -> None:
    part = {"read": {"/usr/bin/kcarectl": ""}}
    section = scan(host(part, KPATCH, patch("fix_one"), run={"/usr/bin/kcarectl --info": text("kcare_debian8.txt")}))
    assert protection(section) == ("at_risk", ["conflict"])
    assert len(section.facts["provider"]["also_present"]) == 1


def test_several_stacked_patches_of_amazon() -> None:
    part = {"read": {"/etc/os-release": "ID=amzn\n"}}
    section = scan(host(patch("livepatch_cifs_lease_buffer_len"), patch("livepatch_CVE_2019_20096"), KPATCH, part))
    assert section.facts["provider"]["id"] == "amazon"
    assert section.facts["cves"] == {"fixed": ["CVE-2019-20096"], "basis": "module_names", "complete": False, "blocked_by_pin": None,
                                     "not_fixed": None}
    assert section.facts["effective"]["level"] is None


def test_red_hats_changelog() -> None:
    query = "rpm -q --qf @%{VERSION}-%{RELEASE}\\n[%{CHANGELOGTEXT}\\n] kpatch-patch-5_14_0-284_11_1"
    uname = ["Linux", "h", "5.14.0-284.11.1.el9_2.x86_64", "#1", "x86_64"]
    loaded = scan(host(patch("kpatch_5_14_0_284_11_1_1_4"), KPATCH, run={query: text("rpm_kpatch_patch.txt")}, uname=uname))
    assert loaded.facts["cves"] == {"fixed": ["CVE-2023-0386", "CVE-2023-32233"], "basis": "changelog", "complete": False,
                                    "blocked_by_pin": None, "not_fixed": None}
    assert loaded.facts["patches"][0]["package"] == "kpatch-patch-5_14_0-284_11_1-1-4.el9_2"
    older = scan(host(patch("kpatch_5_14_0_284_11_1_1_3"), KPATCH, run={query: text("rpm_kpatch_patch.txt")}, uname=uname))
    assert older.facts["cves"]["fixed"] == []
    dnf = {"read": {"/usr/bin/dnf-3": "#!/usr/libexec/platform-python -s\n"}}
    said = "repository\tbaseos\t60\noffer\t1\t4.el9_2\noffer\t1\t5.el9_2\nfixes\t1\t5.el9_2\tCVE-2026-12345\nfixes\t1\t5.el9_2\tCVE-2023-0386\n"
    asked = " ".join(("/usr/libexec/platform-python", "-s", "-B", "-c", dnf_query.DNF_PATCHES, "kpatch-patch-5_14_0-284_11_1"))
    behind = scan(host(patch("kpatch_5_14_0_284_11_1_1_4"), KPATCH, dnf, run={query: text("rpm_kpatch_patch.txt"), asked: said}, uname=uname))
    assert (behind.facts["effective"]["level"], behind.facts["effective"]["latest_available"]) == ("1-4.el9_2", "1-5.el9_2")
    assert behind.facts["cves"]["not_fixed"] == ["CVE-2026-12345"]
    assert protection(behind) == ("stale", ["newer_available"])
    other = scan(host(patch("kpatch_5_14_0_284_11_1_1_3"), KPATCH, dnf, run={query: text("rpm_kpatch_patch.txt"), asked: said}, uname=uname))
    assert (other.facts["effective"]["latest_available"], other.facts["effective"]["up_to_date"]) == ("1-5.el9_2", None)
    silent = scan(host(patch("kpatch_5_14_0_284_11_1_1_4"), KPATCH, uname=uname))
    assert (silent.facts["cves"]["fixed"], protection(silent)) == (None, ("unknown", ["content_not_stated"]))


def test_modules_disabled_keeps_later_patches_out() -> None:
    assert protection(scan(host(patch("fix_one"), PLACED, LOADER, {"read": {"/proc/sys/kernel/modules_disabled": "1\n"}}))) == (
        "stale", ["updates_inhibited"])


STATES = st.sampled_from(["active", "enabling", "disabling", "disabled", "unknown"])
KINDS = st.sampled_from(["fix", "seed", "tripwire", "enablement", "hardening", "unknown"])
PATCHES = st.lists(st.builds(Patch, st.just("p"), KINDS, STATES, st.just([])), max_size=3)
CLAIMS = st.builds(Claim, st.just("x"), nothing_to_apply=st.booleans(), unclear=st.sampled_from(["", "sideways"]), held_back=st.booleans(),
                   failure=st.sampled_from(["", "apply_failed", "provider_disabled"]),
                   support=st.sampled_from(["", "supported", "upgrade_required", "end_of_life", "unsupported"]), states_support=st.booleans(),
                   check=st.sampled_from(["", "ok", "failed", "never"]), problem=st.sampled_from(["", "tool_failed"]))
VIEWS = st.builds(patch_protection.View, st.booleans(), st.booleans(), st.booleans(), PATCHES, st.none() | CLAIMS, st.integers(0, 2),
                  st.lists(st.just(Inhibitor("x", "y", "updates")), max_size=1), st.none() | st.floats(0, 1e7))


@given(VIEWS)
def test_protected_is_never_said_without_ground(view: patch_protection.View) -> None:
    state, reasons = patch_protection.protect(view)
    assert reasons and set(reasons) <= set(patch_protection.REASONS)
    if state != "protected":
        return
    in_force = any(one.kind == "fix" and one.state == "active" for one in view.patches)
    assert in_force or (view.claim is not None and view.claim.nothing_to_apply)
    assert all(one.state not in ("enabling", "disabling", "unknown") for one in view.patches)
    assert not view.inhibitors and view.active < 2 and view.readable and not view.container
    assert in_force or (view.claim is not None and not view.claim.held_back)
    assert view.claim is None or not view.claim.unclear
    assert view.claim is None or (not view.claim.problem and view.claim.support in ("", "supported") and view.claim.check in ("", "ok"))


def kpatch_world(listing: str) -> tuple[dict[str, Any], list[str]]:
    """A host on which ``kpatch list`` prints this, and the loaded modules it names."""
    loaded, _heading, installed = listing.partition("Installed patch modules:")
    names = [line.split()[0] for line in loaded.splitlines()[1:] if line.strip()]
    folders: dict[str, list[str]] = {}
    for line in installed.splitlines():
        match = re.fullmatch(r"(\w+) \((\S+)\)", line)
        if match:
            folders.setdefault(match.group(2), []).append(match.group(1).replace("_", "-") + ".ko")
    disk = {"/var/lib/kpatch": list(folders), **{f"/var/lib/kpatch/{release}": files for release, files in folders.items()}}
    return host(KPATCH, {"listdir": disk}, *[patch(name) for name in names]), names


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*kpatch_list*")))
def test_the_section_says_what_kpatch_list_prints(name: str) -> None:
    recording, names = kpatch_world(text(name))
    section = scan(recording)
    assert [one["id"] for one in section.facts["patches"]] == sorted(names)
    assert section.facts["persistence"]["kernels"] == sorted(set(re.findall(r"(?m)^\w+ \((\S+)\)$", text(name))))


def test_patches_for_other_kernels_do_not_come_back_on_this_one() -> None:
    recording, _names = kpatch_world(text("amazon_kpatch_list_al2023.txt"))
    section = scan({**recording, "uname": ["Linux", "h", "6.1.57-31.131.amzn2023.x86_64", "#1", "x86_64"]})
    assert section.facts["persistence"]["same_kernel"] is False
    assert section.facts["installed_not_loaded"] == []


def test_modules_on_disk_that_are_not_loaded() -> None:
    section = scan(host(KPATCH, KEPT))
    assert section.facts["installed_not_loaded"] == ["fix_one"]


def test_amazons_level_is_the_package_of_the_loaded_modules() -> None:
    recording = host(patch("livepatch_CVE_2022_0123"), KPATCH, {"read": {"/etc/os-release": "ID=amzn\n"}},
                     run={"rpm -qa kernel-livepatch-*": "kernel-livepatch-6.1.12-17.42-1.0-4.amzn2023.x86_64\n" + text("amazon_rpm_seed_al2023.txt")},
                     uname=["Linux", "h", "6.1.12-17.42.amzn2023.x86_64", "#1", "x86_64"])
    assert scan(recording).facts["effective"]["level"] == "1.0-4"
    seeded = {**recording, "uname": ["Linux", "h", "6.1.134-150.224.amzn2023.x86_64", "#1", "x86_64"]}
    assert scan(seeded).facts["effective"]["level"] is None


def test_canonical_with_a_pin_names_what_it_keeps_out() -> None:
    part = {"read": {canonical.CONFIG: "cutoff-date: \"2024-10-01T12:00:00Z\"\nremote-server: https://livepatch.example.net\n"}}
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), part, now=CHECKED, run={
        STATUS: text("canonical_applied.json"), " ".join(canonical.VERBOSE): text("canonical_blocked.humane.txt")}))
    assert section.facts["pin"] == {"kind": "cutoff_date", "value": "2024-10-01T12:00:00Z"}
    assert len(section.facts["cves"]["blocked_by_pin"]) == 6
    assert section.facts["provider"]["mode"] == "onprem"
    assert protection(section) == ("at_risk", ["fixes_blocked"])


def test_canonical_client_that_knows_no_json() -> None:
    run = {STATUS: [2, "", "unknown flag `format'"], " ".join(canonical.VERBOSE): text("canonical_forum_42.yaml.txt")}
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), run=run, now=1534417909.0))
    assert section.facts["effective"]["level"] == "42.1"
    assert section.evidence["live_patch.effective.level"] == " ".join(canonical.VERBOSE)


def test_canonical_whose_checks_are_switched_off() -> None:
    part = {"read": {canonical.CONFIG: "check-interval: 0\n"}}
    section = scan(host(CANONICAL, part, run={STATUS: text("canonical_nothing_to_apply.json")}, now=CHECKED))
    assert section.facts["provider"]["auto_update"] is False
    assert protection(section) == ("stale", ["updates_inhibited"])
