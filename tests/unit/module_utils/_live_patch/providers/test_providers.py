# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parsers of the live-patching providers on real outputs, damaged ones, none, and any text at all."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import claim as claims
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import packages as patch_packages
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import sysfs
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.providers import (
    amazon,
    canonical,
    canonical_text,
    kernelcare,
    kpatch,
    ksplice,
    suse,
)
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[1] / "fixtures"
PROVIDERS = ("amazon", "canonical", "kernelcare", "kpatch", "ksplice", "suse")
REAL_OUTPUTS = 10


def text(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


def test_every_fixture_names_its_source() -> None:
    sources = json.loads(text("sources.json"))
    assert set(sources) == {path.name for path in FIXTURES.iterdir()} - {"sources.json"}
    assert all(len(entry["source"]) > 10 and isinstance(entry["made_by_hand"], bool) for entry in sources.values())
    assert {entry["provider"] for entry in sources.values()} == set(PROVIDERS)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_enough_outputs_are_real(provider: str) -> None:
    sources = json.loads(text("sources.json"))
    real = {text(name) for name, entry in sources.items() if entry["provider"] == provider and not entry["made_by_hand"]}
    assert len(real) >= REAL_OUTPUTS, "outputs that are alike count once"


def test_canonical_applied() -> None:
    claim = canonical.parse_status(text("canonical_applied.json"))
    assert (claim.support, claim.support_until, claim.level) == ("supported", "2027-03-19", "121.4")
    assert (claim.checked_at, claim.check, claim.failure) == ("2026-09-26T18:53:27Z", "ok", "")
    assert claim.cves == ["CVE-2025-68263", "CVE-2026-22984", "CVE-2026-23111", "CVE-2026-31431", "CVE-2026-43284", "CVE-2026-47333"]


def test_canonical_nothing_to_apply_is_no_failure() -> None:
    claim = canonical.parse_status(text("canonical_nothing_to_apply.json"))
    assert (claim.nothing_to_apply, claim.failure, claim.cves, claim.support) == (True, "", [], "supported")


def test_canonical_takes_the_running_kernel_and_only_what_is_patched() -> None:
    claim = canonical.parse_status(text("canonical_other_kernel_first.json"))
    assert (claim.level, claim.cves, claim.support) == ("121.4", ["CVE-2026-31431"], "")


def test_canonical_old_client_does_not_say_its_support() -> None:
    claim = canonical.parse_status(text("canonical_old_client.json"))
    assert (claim.support, claim.states_support, claim.nothing_to_apply) == ("", True, True)


def test_canonical_failure_beside_supported() -> None:
    claim = canonical.parse_status(text("canonical_apply_failed.json"))
    assert (claim.failure, claim.support, claim.cves, claim.level) == ("apply_failed", "supported", [], "")


def test_canonical_fixes_as_one_text() -> None:
    claim = canonical.parse_status(text("canonical_upgrade_required.json"))
    assert (claim.support, claim.cves) == ("upgrade_required", ["CVE-2026-1111", "CVE-2026-2222"])


@pytest.mark.parametrize("damaged", [
    "", "{}", "[]", "Machine is not enabled.", '{"Status": []}', '{"Status": [{}]}', '{"Status": 1}', '{"Status": [1]}',
    '{"Status": [{"Kernel": "x", "Running": false}]}', '{"Status": [{"Running": true'])
def test_canonical_damaged(damaged: str) -> None:
    with pytest.raises(ValueError):
        canonical.parse_status(damaged)


def test_canonical_without_a_running_kernel() -> None:
    with pytest.raises(ValueError, match="running kernel"):
        canonical.parse_status(text("canonical_support_only.json"))


@pytest.mark.parametrize(("words", "file", "mode"), [
    ([], "", "normal"), (["quiet", "canonical_livepatch_mode=no-apply"], "stop\n", "no-apply"), ([], "no-refresh\n", "no-refresh")])
def test_canonical_mode(words: list[str], file: str, mode: str) -> None:
    assert canonical.parse_mode(words, file) == mode


def test_canonical_cutoff_and_entitlement() -> None:
    config = canonical.parse_config("log-level: 1\ncutoff-date: \"2026-10-01T00:00:00Z\"\nremote-server:\n")
    assert config == {"log-level": "1", "cutoff-date": "2026-10-01T00:00:00Z"}
    assert canonical.parse_config("") == {}
    assert canonical.parse_pro('{"services": [{"name": "esm-infra"}, {"name": "livepatch", "entitled": "yes"}]}') is True
    with pytest.raises(ValueError, match="livepatch"):
        canonical.parse_pro('{"services": null}')


PRINTED = {
    # state, check, support, until, level, CVEs, last check
    "canonical_azure_applied.yaml.txt": ("applied", "ok", "", "", "75.2", 33, "2021-04-08T17:41:06Z"),
    "canonical_azure_nothing.yaml.txt": ("nothing", "ok", "", "", "", 0, "2021-04-08T17:35:44Z"),
    "canonical_trusty_script.yaml.txt": ("applied", "ok", "", "", "33.2", 2, "2018-01-30T16:50:01Z"),
    "canonical_bionic_supported.yaml.txt": ("applied", "ok", "supported", "2024-06-23", "102.1", 14, "2024-06-20T08:05:18Z"),
    "canonical_forum_42.yaml.txt": ("applied", "ok", "", "", "42.1", 15, "2018-08-16T11:11:49Z"),
    "canonical_forum_hwe.yaml.txt": ("nothing", "ok", "", "", "", 0, "2018-08-16T10:31:24Z"),
    "canonical_forum_check_failed.yaml.txt": ("nothing", "failed", "", "", "", 0, "2019-06-05T18:33:53Z"),
    "canonical_status.humane.txt": ("applied", "ok", "supported", "", "113.1", 0, ""),
    "canonical_until.humane.txt": ("nothing", "ok", "supported", "2024-04-25", "", 0, ""),
    "canonical_check_failed.humane.txt": ("nothing", "failed", "", "", "", 0, ""),
    "canonical_check_failed_covered.humane.txt": ("nothing", "failed", "supported", "", "", 0, ""),
    "canonical_onprem.humane.txt": ("nothing", "ok", "supported", "", "", 0, ""),
    "canonical_xenial.humane.txt": ("applied", "ok", "", "", "65.1", 0, ""),
    "canonical_fully_patched.humane.txt": ("applied", "", "", "", "27.3", 0, ""),
    "canonical_not_covered.humane.txt": ("apply_failed", "ok", "upgrade_required", "2026-09-01", "", 0, ""),
}


@pytest.mark.parametrize("name", PRINTED)
def test_canonical_that_prints_no_json(name: str) -> None:
    claim = canonical.parse_document(canonical_text.as_document(text(name)))
    state = claim.failure or ("nothing" if claim.nothing_to_apply else "applied")
    assert (state, claim.check, claim.support, claim.support_until, claim.level, len(claim.cves or []), claim.checked_at) == PRINTED[name]
    with pytest.raises(ValueError):
        canonical.parse_status(text(name))


def test_canonical_fixes_that_the_cutoff_date_keeps_out() -> None:
    assert canonical_text.blocked(text("canonical_blocked.humane.txt")) == [
        "CVE-2023-52880", "CVE-2024-26800", "CVE-2024-26921", "CVE-2024-26960", "CVE-2024-53103", "CVE-2025-0927"]
    assert canonical_text.blocked(text("canonical_azure_applied.yaml.txt")) == []
    with pytest.raises(ValueError, match="kernel:"):
        canonical_text.as_document(text("canonical_blocked.humane.txt"))


def test_canonical_of_two_kernels_in_yaml() -> None:
    both = text("canonical_forum_42.yaml.txt") + "- kernel: 4.4.0-1.1-generic\n  running: false\n  livepatch:\n    patchState: unapplied\n"
    claim = canonical.parse_document(canonical_text.as_document(both))
    assert (claim.level, len(claim.cves or [])) == ("42.1", 15)


def test_canonical_landscape() -> None:
    claim = canonical.parse_status(text("canonical_landscape.json"))
    assert (claim.client_version, claim.level, claim.support_until) == ("10.8.3", "104.1", "2025-03-07")
    assert (claim.up_to_date, len(claim.cves or [])) == (True, 3)


@pytest.mark.parametrize(("moment", "expected"), [
    ("2026-11-24T23:30:00Z", "2026-11-24T23:30:00Z"), ("2018-08-16T00:11:49.566483343+05:00", "2018-08-15T19:11:49Z"),
    ("2018-12-31T20:00:00-05:30", "2019-01-01T01:30:00Z"), ("2018-13-31T20:00:00Z", ""), ("yesterday", ""), ("", "")])
def test_moments_in_any_zone(moment: str, expected: str) -> None:
    assert canonical.utc(moment) == expected


def test_ksplice_tells_fixes_from_tripwires_and_groundwork() -> None:
    patches, effective = ksplice.parse_show(text("ksplice_all_show.txt"))
    kinds = {kind: [patch.id for patch in patches if patch.kind == kind] for kind in ("fix", "tripwire", "enablement")}
    assert kinds["fix"] == ["fe2qyrtu", "gsf5wlo8", "e12zrdy5", "ednh9erf", "8vkhpraf"]
    assert len(kinds["tripwire"]) == 6
    assert kinds["enablement"] == ["nf9nfyzj", "bvjiimlr"]
    assert effective == "5.15.0-208.159.3.el9uek"
    assert "CVE-2022-0847" not in {cve for patch in patches for cve in patch.cves}


def test_ksplice_several_cves_and_none_installed() -> None:
    line = "Installed updates:\n[ibyh7gbw] CVE-2020-27170, CVE-2020-27171: Information disclosure in BPF verifier.\n"
    assert ksplice.parse_show(line)[0][0].cves == ["CVE-2020-27170", "CVE-2020-27171"]
    assert ksplice.parse_show("Installed updates:\nNone\n\nEffective kernel version is 5.15.0-208.el9uek\n") == ([], "5.15.0-208.el9uek")
    available = "Available updates:\n[ibyh7gbw] CVE-2020-27170: Something.\n\nEffective kernel version is 5.15.0-1.el9uek\n"
    assert ksplice.parse_show(available)[0] == []


@pytest.mark.parametrize(("name", "count", "fixes"), [
    ("ksplice_ubuntu_enablement.txt", 3, 1), ("ksplice_uek4.txt", 5, 5), ("ksplice_exadata_uek4.txt", 9, 7), ("ksplice_exadata_uek5.txt", 18, 9)])
def test_ksplice_elsewhere(name: str, count: int, fixes: int) -> None:
    patches, effective = ksplice.parse_show(text(name))
    assert (len(patches), sum(patch.kind == "fix" for patch in patches), bool(effective)) == (count, fixes, True)


@pytest.mark.parametrize("damaged", ["", "bash: uptrack-show: command not found\n", "Atualizações instaladas\n[abc] x\n"])
def test_ksplice_damaged(damaged: str) -> None:
    with pytest.raises(ValueError, match="Installed updates"):
        ksplice.parse_show(damaged)


def test_ksplice_improved_fixes_and_several_cves_of_one_line() -> None:
    patches, _effective = ksplice.parse_show(text("ksplice_exadata_uek5.txt"))
    fixed = {cve for patch in patches for cve in patch.cves}
    assert {"CVE-2020-2732", "CVE-2018-17972", "CVE-2021-27365", "CVE-2021-26931"} <= fixed
    assert not fixed & {"CVE-2016-5195", "CVE-2017-7308"}, "tripwires"
    assert {patch.id for patch in patches if patch.kind == "enablement"} == {"e2hf1ats", "edt48ylb", "fecvmf3c"}


@pytest.mark.parametrize("name", ["ksplice_available_none.txt", "ksplice_upgrade_plan.txt", "ksplice_list_effective.txt",
                                  "ksplice_list_effective_el6.txt"])
def test_ksplice_what_is_planned_or_on_offer_is_not_installed(name: str) -> None:
    with pytest.raises(ValueError, match="Installed updates"):
        ksplice.parse_show(text(name))


def test_ksplice_the_end_of_an_upgrade_lists_nothing_installed() -> None:
    assert ksplice.parse_show(text("ksplice_upgrade_done.txt")) == ([], "5.15.0-318.199.3.2.1.el9uek")


def test_suse_kgraft() -> None:
    seed, = suse.parse_patches(text("klp_kgraft_seed.txt"))
    assert (seed.kind, seed.cves, seed.for_kernel) == ("seed", [], "4.12.14-122.46-default")
    old, new = suse.parse_patches(text("klp_kgraft_two.txt"))
    assert (old.state, old.package, new.state, len(new.cves)) == ("disabled", "", "active", 7)
    assert (new.package, new.for_kernel) == ("kgraft-patch-3_12_51-60_25-default-3-2.1.x86_64", "3.12.51-60.25-default")


@pytest.mark.parametrize("name", ["klp_status_ready.txt", "klp_blocking_none.txt", "klp_kgraft_status_ready.txt", "klp_kgraft_blocking_none.txt"])
def test_suse_other_answers_are_no_list_of_patches(name: str) -> None:
    with pytest.raises(ValueError, match="unexpected line"):
        suse.parse_patches(text(name))


def test_suse_takes_the_patch_in_force_from_several() -> None:
    seed, back = suse.parse_patches(text("klp_kgraft_seed_in_force.txt"))
    assert (seed.kind, seed.state, back.state) == ("seed", "active", "disabled")
    old, new = suse.parse_patches(text("klp_kgraft_replaced.txt"))
    assert (old.state, new.state, new.cves) == ("disabled", "active", ["CVE-2016-8666", "CVE-2016-6480"])


@pytest.mark.parametrize(("package", "name", "level"), [
    ("kernel-livepatch-5_14_21-150400_24_33-default-6-150400.2.2.x86_64", "kernel-livepatch-5_14_21-150400_24_33-default", "6-150400.2.2"),
    ("kgraft-patch-3_12_62-60_64_8-default-2-2.1.x86_64", "kgraft-patch-3_12_62-60_64_8-default", "2-2.1"),
    ("kernel-default-5.14.21-1.x86_64", "", "")])
def test_suse_package(package: str, name: str, level: str) -> None:
    assert (suse.name_of(package), suse.level_of(package)) == (name, level)


@pytest.mark.parametrize(("release", "name"), [
    ("5.14.21-150400.24.33-default", "kernel-livepatch-5_14_21-150400_24_33-default"), ("6.1.0-40-amd64", ""),
    ("6.12.0-160000.5-rt", "kernel-livepatch-6_12_0-160000_5-rt"), ("", "")])
def test_suse_package_of_a_kernel(release: str, name: str) -> None:
    assert suse.name_for(release) == name


def test_suse_last_day_of_a_kernels_patches() -> None:
    dates = text("klp_lifecycle_sle12.txt")
    assert suse.parse_lifecycle(dates, "kgraft-patch-3_12_60-52_49-default") == "2017-06-27"
    assert suse.parse_lifecycle(dates, "kgraft-patch-3_12_60-52_4-default") == ""
    # Rows of single versions, regular expressions and successors are of other packages.
    assert suse.parse_lifecycle(text("klp_lifecycle_rows.txt"), "kernel-livepatch-5_3_18-24_34-default") == ""
    assert suse.parse_lifecycle("kernel-livepatch-*,*,2027-01-01\n", "kernel-livepatch-5_3_18-24_34-default") == "2027-01-01"
    damaged = "kernel-livepatch-*,*,soon\n,,\n*\n" + "*-" * 40 + ",*,2027-01-01\n"
    assert suse.parse_lifecycle(damaged, "kernel-livepatch-5_3_18-24_34-default") == ""


def test_suse_seed_and_fix() -> None:
    seed, = suse.parse_patches(text("klp_seed.txt"))
    assert (seed.kind, seed.state, seed.cves) == ("seed", "active", [])
    fix, = suse.parse_patches(text("klp_patched.txt"))
    assert (fix.kind, len(fix.cves), fix.cves[0]) == ("fix", 8, "CVE-2023-26545")
    assert [patch.id for patch in suse.parse_patches(text("klp_seed.txt") + text("klp_patched.txt"))] == [
        "livepatch_1_5_3_2", "livepatch_6_150400_2_2"]
    assert suse.parse_patches("") == []


def test_suse_damaged() -> None:
    with pytest.raises(ValueError, match="unexpected line"):
        suse.parse_patches("klp: command failed: permission denied\n")


@pytest.mark.parametrize(("name", "kernel", "level"), [
    ("kcare_debian8.txt", "3.16.36-1+deb8u2", "3"), ("kcare_raspi.txt", "5.4.0-1028.31", "1")])
def test_kernelcare(name: str, kernel: str, level: str) -> None:
    info = kernelcare.parse_info(text(name))
    assert kernelcare.is_applied(info)
    assert (kernelcare.effective_of(info["description"]), kernelcare.level_of(info["description"])) == (kernel, level)


def test_kernelcare_not_applied_and_damaged() -> None:
    assert not kernelcare.is_applied(kernelcare.parse_info("kpatch-state: unpatched\n"))
    with pytest.raises(ValueError, match="kpatch-state"):
        kernelcare.parse_info("No patches applied, but some patches are available.\n")


@pytest.mark.parametrize("name", ["kcare_patch_info_extra.txt", "kcare_update_ubuntu.txt", "kcare_update_focal.txt", "kcare_update_nothing.txt",
                                  "kcare_unload.txt"])
def test_kernelcare_other_answers_say_no_state(name: str) -> None:
    with pytest.raises(ValueError, match="kpatch-state"):
        kernelcare.parse_info(text(name))


@pytest.mark.parametrize(("name", "mode"), [
    ("kcare_conf_proxy.txt", "online"), ("kcare_conf_eportal.txt", "onprem"), ("kcare_conf_eportal_https.txt", "onprem")])
def test_kernelcare_configuration(name: str, mode: str) -> None:
    assert kernelcare.mode_of(claims.settings(text(name))) == mode
    assert kernelcare.mode_of({"patch_server": "https://patches.kernelcare.com/"}) == "online"
    assert kernelcare.mode_of({"patch_server": "https://kernelcare.com.example.net/"}) == "onprem"


def test_ksplice_lists_what_is_available() -> None:
    assert ksplice.parse_available(text("ksplice_available_none.txt")) == []
    update, tripwire = ksplice.parse_available(
        "Available updates:\n[aq4p03vt] CVE-2026-1, CVE-2026-12345: A leak.\n[gsf5wlo8] Known exploit detection for CVE-2026-12346.\n")
    assert (update.kind, update.cves, tripwire.kind, tripwire.cves) == ("fix", ["CVE-2026-12345"], "tripwire", [])
    with pytest.raises(ValueError, match="Available updates"):
        ksplice.parse_available("Effective kernel version is 5.15.0-208.159.3.el9uek\n")


@pytest.mark.parametrize(("fixes", "state", "check", "missing"), [
    ([{"Name": "cve-2026-1111", "Patched": True}], "applied", "ok", []),
    ([{"Name": "cve-2026-1111", "Patched": True}, {"Name": "cve-2026-2222", "Patched": False}], "applied", "", ["CVE-2026-2222"]),
    ("* CVE-2026-1111", "applied", "failed", None), (None, "nothing-to-apply", "ok", []), (None, "apply-failed", "ok", None),
    ("* CVE-2026-1111\n* CVE-2026-2222", "unapplied", "ok", ["CVE-2026-1111", "CVE-2026-2222"]),
    ([{"Name": "cve-2026-1111", "Patched": False}], "apply-failed", "ok", ["CVE-2026-1111"])])
def test_canonical_says_what_is_not_fixed(fixes: object, state: str, check: str, missing: list[str] | None) -> None:
    document = {"Last-Check": "2026-11-20T06:00:00Z", "Status": [{"Running": True, "Livepatch": {
        "CheckState": {"ok": "checked", "failed": "check-failed", "": ""}[check], "State": state, "Version": "104.1", "Fixes": fixes}}]}
    claim = canonical.parse_document(document)
    assert claim.cves_missing == missing
    assert claim.latest == ("104.1" if check == "ok" else "")


@pytest.mark.parametrize(("name", "packages"), [
    ("amazon_rpm_seed_al2023.txt", [("6.1.134-150.224.amzn2023", "1.0-0", True)]),
    ("amazon_rpm_seed_al2.txt", [("5.10.102-99.473.amzn2", "1.0-0", True)]),
    ("amazon_release_notes_al2023.txt", [("6.1.153-175.280.amzn2023", "1.0-1", False), ("6.12.48-67.114.amzn2023", "1.0-1", False)])])
def test_amazon_packages(name: str, packages: list[tuple[str, str, bool]]) -> None:
    found = amazon.parse_packages(text(name))
    assert [(package.kernel, package.version, package.is_seed) for package in found] == packages


@pytest.mark.parametrize(("name", "first", "count", "newest"), [
    ("amazon_updateinfo_al2023.txt", "ALAS2LIVEPATCH-2021-123", 2, "1.0-4"), ("amazon_updateinfo_cves_al2023.txt", "CVE-2022-0123", 2, "1.0-4"),
    ("amazon_updateinfo_al2.txt", "ALAS2LIVEPATCH-2020-002", 2, "1.0-4"), ("amazon_updateinfo_cves_al2.txt", "CVE-2019-15918", 3, "1.0-4")])
def test_amazon_updateinfo(name: str, first: str, count: int, newest: str) -> None:
    advice = amazon.parse_updateinfo(text(name))
    assert (advice[0].id, len(advice)) == (first, count)
    packages = [one.package for one in advice]
    assert amazon.newest_for(packages, packages[0].kernel + ".x86_64") == newest
    assert amazon.newest_for(packages, "6.1.12-17.4.amzn2023.x86_64") == ""


def test_amazon_support() -> None:
    assert amazon.parse_support(text("amazon_support_al2023.txt")) == "2025-07-22"
    assert amazon.parse_support("Reboot into the latest kernel version to get a continued stream of live patches.\n") == "ended"
    with pytest.raises(ValueError, match="no date"):
        amazon.parse_support("No such command: kernel-livepatch. Please use /usr/bin/dnf --help\n")


def test_offers_of_dnf() -> None:
    said = ("repository\tbase\t60\noffer\t1\t1.el9_2\noffer\t1\t10.el9_2\nfixes\t1\t10.el9_2\tCVE-2026-1111\nfixes\t1\t10.el9_2\tCVE-2026-1111\n"
            "offer\t1\t4.el9_2\nfixes\t1\t4.el9_2\tCVE-2026-2222\noffer\tonly\nfixes\n")
    offers = patch_packages.parse_offers(said)
    assert [(offer.version, offer.cves) for offer in offers] == [
        ("1-1.el9_2", []), ("1-4.el9_2", ["CVE-2026-2222"]), ("1-10.el9_2", ["CVE-2026-1111"])]
    assert [offer.version for offer in patch_packages.newer_than(offers, "1-4.el9_2")] == ["1-10.el9_2"]
    assert patch_packages.newer_than(offers, "") == offers
    assert patch_packages.parse_offers("offer\t1.0\t4.amzn2023\n") == [patch_packages.Offered("1.0-4", [])]


@pytest.mark.parametrize(("release", "package"), [
    ("6.1.134-150.224.amzn2023.x86_64", "kernel-livepatch-6.1.134-150.224"), ("5.14.0-284.11.1.el9_2.x86_64", ""), ("", "")])
def test_amazons_package_of_a_kernel(release: str, package: str) -> None:
    assert amazon.package_of(release) == package


def test_kpatch_names_its_own_version() -> None:
    assert kpatch.parse_version('#!/bin/bash\nVERSION="0.9.11"\nPOST_ENABLE_WAIT=15\n') == "0.9.11"
    assert kpatch.parse_version("#!/bin/bash\n") == ""


@pytest.mark.parametrize(("release", "package"), [
    ("5.14.0-284.11.1.el9_2.x86_64", "kpatch-patch-5_14_0-284_11_1"), ("3.10.0-1062.1.1.el7.x86_64", "kpatch-patch-3_10_0-1062_1_1"),
    ("6.1.0-40-amd64", ""), ("6.1.57-29.131.amzn2023.x86_64", ""), ("", "")])
def test_kpatch_package_name(release: str, package: str) -> None:
    assert kpatch.package_of(release) == package


def test_kpatch_changelog_counts_only_for_the_loaded_module() -> None:
    package = kpatch.parse_package(text("rpm_kpatch_patch.txt"))
    assert package.cves == ["CVE-2023-32233", "CVE-2023-0386"]
    assert kpatch.is_loaded(package, ["kpatch_5_14_0_284_11_1_1_4"])
    assert not kpatch.is_loaded(package, ["kpatch_5_14_0_284_11_1_1_3"])
    with pytest.raises(ValueError, match="no package"):
        kpatch.parse_package("package kpatch-patch-x is not installed\n")


@pytest.mark.parametrize(("enabled", "transition", "state"), [
    ("1\n", "0\n", "active"), ("1", "1", "enabling"), ("0", "1", "disabling"), ("0", "0", "disabled"), ("1", None, "active"),
    ("maybe", "0", "unknown"), (None, None, "unknown")])
def test_sysfs_state(enabled: str | None, transition: str | None, state: str) -> None:
    assert sysfs.state_of(enabled, transition) == state


@pytest.mark.parametrize(("functions", "kind"), [(1, "unknown"), (0, "seed"), (-1, "unknown")])
def test_the_kernel_knows_only_which_patch_is_empty(functions: int, kind: str) -> None:
    assert sysfs.kind_of(functions) == kind


def test_small_texts_of_the_kernel() -> None:
    assert sysfs.parse_taint("32768\n") and not sysfs.parse_taint("4096")
    assert sysfs.parse_lockdown("none [integrity] confidentiality\n") == "integrity"
    assert sysfs.parse_module_flag("N\n") is False
    for parse in (sysfs.parse_taint, sysfs.parse_lockdown, sysfs.parse_module_flag,
                  sysfs.parse_thread_state):
        with pytest.raises(ValueError):
            parse("?")


@pytest.mark.parametrize(("said", "found"), [
    ("cve-2024-1086", ["CVE-2024-1086"]), ("UBUNTU-CVE-2026-23111 CVE-2026-23111", ["CVE-2026-23111"]),
    ("CVE_2019_20096", ["CVE-2019-20096"]), ("XSA-371", [])])
def test_cve_ids(said: str, found: list[str]) -> None:
    assert claims.cve_ids(said) == found


def test_the_cve_in_amazons_module_names() -> None:
    loaded = [sysfs.as_patch(sysfs.SysfsPatch(name, "active", None, None, ["vmlinux"], 1))
              for name in ("livepatch_CVE_2019_20096", "livepatch_cifs_lease_buffer_len", "kpatch_CVE_2019_20097")]
    assert [(one.cves, one.kind) for one in amazon.named(loaded, packaged=False)] == [(["CVE-2019-20096"], "fix"), ([], "unknown"), ([], "unknown")]
    assert [one.kind for one in amazon.named(loaded, packaged=True)] == ["fix", "fix", "unknown"]


@given(st.text())
def test_any_text_is_understood_or_refused(said: str) -> None:
    for parse in (canonical.parse_status, canonical.parse_pro, ksplice.parse_show, suse.parse_patches,
                  kernelcare.parse_info, kpatch.parse_package, amazon.parse_support, canonical_text.as_document):
        with contextlib.suppress(ValueError):
            parse(said)
    for read in (claims.settings, claims.cve_ids, amazon.parse_packages, amazon.parse_updateinfo,
                 canonical.parse_config, canonical.utc, kpatch.parse_version):
        read(said)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["Status", "Running", "Livepatch", "State", "Fixes", "Name", "Patched", "Supported", "services", "name"]), inner, max_size=4))


@given(JSON)
def test_any_document_is_understood_or_refused(document: object) -> None:
    for parse in (canonical.parse_status, canonical.parse_pro):
        with contextlib.suppress(ValueError):
            parse(json.dumps(document))
    with contextlib.suppress(ValueError):
        canonical.parse_status(json.dumps({"Status": [{"Running": True, "Livepatch": document, "Supported": document}]}))
