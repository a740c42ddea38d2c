# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected means that a known fix is in force: silence, a hardening, an empty patch and words that nobody knows are none.

The hosts are composed after public threads and the vendors' own documents, which each case names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import sysfs
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch.providers import amazon, azure, canonical, canonical_text, kernelcare
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available, dnf_query
from live_patched_hosts import LINK, RELEASE, host, patch, protection, running, scan

FIXTURES = Path(__file__).parent / "fixtures"
STATUS, VERBOSE = " ".join(canonical.STATUS), " ".join(canonical.VERBOSE)
NOW = 1790448867.0  # 2026-09-26T18:54:27Z, a minute after the last check of canonical_applied.json
KPATCH = {"read": {"/usr/sbin/kpatch": "#!/bin/bash\n"}}
CANONICAL = {"stat": {canonical.PROGRAM + "@link": LINK, canonical.UNIT + "@link": LINK}}
KERNELCARE = {"read": {"/usr/bin/kcarectl": ""}}
KCARE_INFO = "/usr/bin/kcarectl --info"


def text(name: str) -> str:
    return (FIXTURES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("module", [
    "livepatch_cmdline",      # kpatch's own example, as loaded in dynup/kpatch pull request 1408
    "loadavg_lxd_livepatch",  # hackman/kernel-livepatches: shows a container's load, fixes nothing
    "livepatch_sample",       # samples/livepatch of the kernel
    "livepatch_1_2",          # klp-build and kpatch-build name a module after the patch file, here 1-2.patch
    "kpatch_CVE_2024_1086"])  # a name is a promise of whoever wrote it
@pytest.mark.parametrize("client", [{}, KPATCH])
def test_a_patch_whose_content_nobody_states(module: str, client: dict[str, Any]) -> None:
    section = scan(host(patch(module), client))
    assert protection(section) == ("unknown", ["content_not_stated"])
    assert [one["kind"] for one in section.facts["patches"]] == ["unknown"]
    assert (section.facts["cves"]["fixed"], section.facts["cves"]["basis"]) == ([], "none")


def test_a_known_fix_stays_one_beside_a_patch_that_nobody_knows() -> None:
    amzn = {"read": {"/etc/os-release": "ID=amzn\n"}}
    assert scan(host(patch("livepatch_CVE_2019_20096"), patch("loadavg"), KPATCH, amzn)).facts["protection"] == "protected"


AZURE = "@livepatch-5.15.137.1-1.cm2-1.0.0-2.cm2\nPatches list ('*' - fixed, '!' - unfixable through livepatching, kernel updated required):\n%s\n"


@pytest.mark.parametrize(("module", "said", "fixed", "expected"), [
    # The description, and the module's name, of the specs in SPECS/livepatching of microsoft/azurelinux.
    ("livepatch_5_15_137_1_1_cm2_1_0_0_2_cm2", "*CVE-2022-1015\n!CVE-2022-1016: too large", ["CVE-2022-1015"], "protected"),
    ("livepatch_5_15_137_1_1_cm2_1_0_0_1_cm2", "*CVE-2022-1015", [], "unknown"), ("livepatch_5_15_137_1_1_cm2_1_0_0_2_cm2", "", [], "unknown")])
def test_azure_linux_says_it_in_the_packages_description(module: str, said: str, fixed: list[str], expected: str) -> None:
    release = "5.15.137.1-1.cm2"
    section = scan(host(patch(module), KPATCH, {"read": {"/etc/os-release": "ID=mariner\n"}}, uname=running(release),
                        run={" ".join(azure.query("livepatch-" + release)): AZURE % said}))
    assert (section.facts["protection"], section.facts["cves"]["fixed"]) == (expected, fixed)
    asked = " ".join(azure.query("livepatch-" + release))
    absent = scan(host(patch(module), KPATCH, uname=running(release), run={asked: [1, "is not installed", ""]}))
    assert protection(absent) == ("unknown", ["content_not_stated"])


def test_a_patch_of_unknown_content_still_conflicts_and_still_moves_threads() -> None:
    assert protection(scan(host(patch("fix_one", transition="1")))) == ("at_risk", ["in_transition"])
    both = scan(host(patch("fix_one"), KPATCH, KERNELCARE, run={KCARE_INFO: text("kcare_debian8.txt")}))
    assert (protection(both), both.facts["provider"]["id"]) == (("at_risk", ["conflict"]), "kernelcare")


INFO = "kpatch-state: patch is applied\nkpatch-for: Linux version 3.10.0-1160.el7.x86_64 (x)\nkpatch-description: %s;3.10.0-1160.el7\n"


@pytest.mark.parametrize(("description", "kind", "level", "expected"), [
    # LEVEL-TYPE:EPOCH;KERNEL of cPanel's Cpanel/KernelCare.pm; the types of `kcarectl --set-patch-type` in TuxCare's documentation.
    ("1-free:", "hardening", "1", ("unprotected", ["no_fix_loaded"])),
    ("12-:", "fix", "12", ("protected", ["fix_active", "support_not_stated", "freshness_not_stated"])),
    ("12-default:1615812815", "fix", "12", ("protected", ["fix_active", "support_not_stated", "freshness_not_stated"])),
    ("7-extra:", "fix", "7", ("protected", ["fix_active", "support_not_stated", "freshness_not_stated"])),
    ("3", "fix", "3", ("protected", ["fix_active", "support_not_stated", "freshness_not_stated"])),
    ("7-sparkling:", "unknown", "7", ("unknown", ["content_not_stated"])),
    ("seven", "unknown", "seven", ("unknown", ["content_not_stated"]))])
def test_kernelcares_sets_of_patches(description: str, kind: str, level: str, expected: tuple[str, list[str]]) -> None:
    section = scan(host(KERNELCARE, {"read": {kernelcare.CVES: "\n"}}, run={KCARE_INFO: INFO % description}))
    assert protection(section) == expected
    assert ([one["kind"] for one in section.facts["patches"]], section.facts["effective"]["level"]) == ([kind], level)
    assert (section.facts["cves"]["complete"], section.facts["cves"]["basis"]) == (False, "none")


@pytest.mark.parametrize(("rc", "said", "expected"), [
    # Cpanel::KernelCare looks for the sentence on the standard output of a client that ended with 0.
    (0, "No patches applied, but some patches are available, run 'kcarectl --update'.\n", ("unprotected", ["no_patch_loaded"])),
    (1, "No patches applied, but some patches are available, run 'kcarectl --update'.\n", ("unprotected", ["no_patch_loaded"])),
    (0, "This kernel doesn't require any patches.\n", ("protected", ["nothing_to_apply", "support_not_stated", "freshness_not_stated"])),
    (0, "The moon is full.\n", ("unknown", ["provider_silent"])), (0, "", ("unknown", ["provider_silent"])),
    (0, "kpatch-state: unpatched\n", ("unprotected", ["no_patch_loaded"])), (0, "kpatch-state: sideways\n", ("unknown", ["word_not_known"]))])
def test_kernelcare_without_a_patch(rc: int, said: str, expected: tuple[str, list[str]]) -> None:
    assert protection(scan(host(KERNELCARE, run={KCARE_INFO: [rc, said, ""]}))) == expected


@pytest.mark.parametrize(("settings", "kind", "value"), [
    ("AUTO_UPDATE_DELAY=7d\n", "delay", "AUTO_UPDATE_DELAY=7d"), ("UPDATE_DELAY=48h\n", "delay", "UPDATE_DELAY=48h"),
    ("PREFIX=48h\n", "delay", "PREFIX=48h"), ("PREFIX=test\n", "feed", "PREFIX=test"), ("UPDATE_DELAY=0\nPREFIX=\n", "none", ""),
    ("STICKY_PATCHSET=K20230908_02\nPREFIX=24h\n", "patchset", "K20230908_02")])
def test_kernelcares_delays_are_pins(settings: str, kind: str, value: str) -> None:
    section = scan(host(KERNELCARE, {"read": {kernelcare.CONFIG: settings}}, run={KCARE_INFO: INFO % "12-:"}))
    assert section.facts["pin"] == {"kind": kind, "value": value}
    assert ("level_pinned" in section.facts["reasons"]) == (kind != "none")


@pytest.mark.parametrize(("parts", "returns", "via"), [
    ({"stat": {kernelcare.UNIT + "@link": LINK}}, True, "kcare.service, UPDATE_POLICY LOCAL_FIRST"),
    ({"listdir": {"/etc/rc3.d": ["S20kcare", "K01x"]}}, True, "kcare of the run levels, UPDATE_POLICY LOCAL_FIRST"),
    ({"listdir": {"/etc/systemd/system/multi-user.target.wants": []}}, False, "kcare.service is not enabled"),
    ({"stat": {kernelcare.UNIT + "@link": LINK}, "readlink": {"/etc/systemd/system/kcare.service": "/dev/null"}}, False, "kcare.service is masked"),
    ({}, None, None)])
def test_kernelcare_after_a_reboot(parts: dict[str, Any], returns: bool | None, via: str | None) -> None:
    section = scan(host(KERNELCARE, parts, {"read": {kernelcare.CONFIG: "UPDATE_POLICY=LOCAL_FIRST\n"}}, run={KCARE_INFO: INFO % "12-:"}))
    assert (section.facts["persistence"]["same_kernel"], section.facts["persistence"]["via"]) == (returns, via)
    assert section.facts["provider"]["autoload"]["unit"] == ("kcare.service" if via else None)


DNF = {"read": {"/usr/bin/dnf-3": "#!/usr/libexec/platform-python -s\n"}}
NOTHING_YET = ("protected", ["nothing_to_apply", "support_not_stated", "freshness_not_stated"])


def asked(package: str) -> str:
    return " ".join(("/usr/libexec/platform-python", "-s", "-B", "-c", dnf_query.DNF_PATCHES, package))


@pytest.mark.parametrize(("distribution", "release", "package", "offers", "expected", "latest"), [
    # Release notes of Amazon Linux 2023.12.20260930: no patch yet for its own newest kernels, whose packages are 1.0-0.
    ("amzn", "6.18.51-120.163.amzn2023.x86_64", "kernel-livepatch-6.18.51-120.163", ["1.0\t0.amzn2023"], NOTHING_YET, "1.0-0"),
    ("rhel", "5.14.0-427.13.1.el9_4.x86_64", "kpatch-patch-5_14_0-427_13_1", ["0\t0.el9_4"], NOTHING_YET, "0-0.el9_4"),
    ("amzn", "6.18.51-120.163.amzn2023.x86_64", "kernel-livepatch-6.18.51-120.163", ["1.0\t0.amzn2023", "1.0\t1.amzn2023"],
     ("unprotected", ["no_patch_loaded"]), "1.0-1"),
    ("rhel", "5.14.0-427.13.1.el9_4.x86_64", "kpatch-patch-5_14_0-427_13_1", ["0\t0.el9_4", "1\t1.el9_4"],
     ("unprotected", ["no_patch_loaded"]), "1-1.el9_4"),
    ("rhel", "5.14.0-427.13.1.el9_4.x86_64", "kpatch-patch-5_14_0-427_13_1", [], ("unprotected", ["no_patch_loaded"]), None)])
def test_a_kernel_that_dnf_has_no_patch_for_yet(
        distribution: str, release: str, package: str, offers: list[str], expected: tuple[str, list[str]], latest: str | None) -> None:
    said = "repository\tbase\t60\n" + "".join(f"offer\t{offer}\n" for offer in offers)
    installed = f"{package}-1.0-0.amzn2023.x86_64\n"
    section = scan(host(KPATCH, DNF, {"read": {"/etc/os-release": f"ID={distribution}\n"}}, uname=running(release),
                        run={asked(package): said, " ".join(amazon.QUERY): installed}))
    assert (protection(section), section.facts["effective"]["latest_available"]) == (expected, latest)
    assert section.facts["effective"]["up_to_date"] is (None if latest is None else expected[0] == "protected")


SLES = "6.12.0-160000.5-default"
NAME = "kernel-livepatch-6_12_0-160000_5-default"
SOLVABLE = f'<solvable status="%s" name="{NAME}" kind="package" edition="%s" arch="x86_64" repository="x"/>\n'
ZYPPER = {"read": {"/usr/bin/klp": "", "/usr/bin/zypper": ""}, "listdir": {"/var/cache/zypp/raw": ["updates"]},
          "stat": {"/var/cache/zypp/raw/updates/cookie": ["file", 420, 0, 0, 0, 0, 0, 1, 1]}}
SEED = f"livepatch_1_160000_1_1\n    active: 1\n    RPM: {NAME}-1-160000.1.1.x86_64\n    CVE: (none - this is an initial kernel live patch)\n"


@pytest.mark.parametrize(("functions", "kind"), [(0, "seed"), (1, "unknown"), (-1, "unknown")])
def test_a_patch_is_no_seed_by_its_name(functions: int, kind: str) -> None:
    """klp-build and kpatch-build name a module after the patch's file (1-2.patch), which looks like SUSE's seed livepatch_1_2."""
    assert sysfs.as_patch(sysfs.SysfsPatch("livepatch_1_2", "active", None, None, ["vmlinux"], functions)).kind == kind


@pytest.mark.parametrize(("newest", "expected", "up_to_date"), [
    ("1-160000.1.1", NOTHING_YET, True), ("2-160000.2.1", ("unprotected", ["no_fix_loaded"]), False)])
def test_suse_with_the_seed_alone(newest: str, expected: tuple[str, list[str]], up_to_date: bool) -> None:
    """As kernel-livepatch of SLES 16.0 comes: its first package of each kernel fixes nothing."""
    search = SOLVABLE % ("installed", "1-160000.1.1") + SOLVABLE % ("other-version", newest)
    section = scan(host(ZYPPER, patch("livepatch_1_160000_1_1"), uname=running(SLES), now=NOW,
                        run={"/usr/bin/klp -v patches": SEED, f"{' '.join(available.ZYPPER)} {NAME}": search}))
    assert (protection(section), section.facts["effective"]["up_to_date"]) == (expected, up_to_date)


def test_ksplice_offline_that_has_nothing_yet() -> None:
    """The offline client on Oracle Linux 10 right after a kernel update, in the words of its guide."""
    part = {"read": {"/usr/sbin/uptrack-show": "", "/etc/uptrack/uptrack.conf": "[Settings]\nskip_apply_after_pkg_install = true\n"}}
    nothing = "Installed updates:\nNone\n\nEffective kernel version is 6.12.0-100.28.2.el10uek\n"
    section = scan(host(part, run={"/usr/sbin/uptrack-show": nothing, "/usr/sbin/uptrack-show --available": text("ksplice_available_none.txt")}))
    assert (protection(section), section.facts["effective"]["up_to_date"], section.facts["cves"]["not_fixed"]) == (NOTHING_YET, True, [])


def test_ksplice_that_is_switched_off_at_boot() -> None:
    part = {"read": {"/usr/sbin/uptrack-show": "", "/etc/uptrack/disable": ""}}
    section = scan(host(part, run={"/usr/sbin/uptrack-show": text("ksplice_all_show.txt")}))
    assert section.facts["persistence"]["same_kernel"] is False
    assert section.facts["persistence"]["via"] == "uptrack_disabled (/etc/uptrack/disable)"


def test_sles_12_is_asked_by_kgr() -> None:
    """openQA's lib/klp.pm asks kgr before SLES 15, klp from then on; the words are the same."""
    kgr = {"read": {"/usr/sbin/kgr": ""}}
    section = scan(host(kgr, patch("kgraft_patch_1_2_2", enabled="0"), patch("kgraft_patch_2_2_1"), uname=running("4.12.14-122.250-default"),
                        run={"/usr/sbin/kgr -v patches": text("klp_kgraft_replaced.txt")}))
    assert (section.facts["provider"]["id"], section.facts["protection"]) == ("suse", "protected")
    assert section.facts["cves"]["fixed"] == ["CVE-2016-6480", "CVE-2016-8666"]
    assert section.facts["patches"][1]["package"] == "kgraft-patch-3_12_62-60_64_8-default-2-2.1.x86_64"
    assert section.facts["persistence"]["same_kernel"] is None


def test_a_suse_patch_that_its_client_does_not_list() -> None:
    section = scan(host({"read": {"/usr/bin/klp": ""}}, patch("livepatch_sample"), run={"/usr/bin/klp -v patches": ""}))
    assert protection(section) == ("unknown", ["content_not_stated"])


def livepatch(state: str | None, **more: Any) -> str:
    document = json.loads(text("canonical_applied.json"))
    patched = document["Status"][0]["Livepatch"]
    patched.pop("State") if state is None else patched.update(State=state, **more)
    return json.dumps(document)


@pytest.mark.parametrize("state", ["kernel-upgraded", "sideways", "needs-check", "unknown", None])
@pytest.mark.parametrize("loaded", [{}, patch("lkp_Ubuntu_6_8_0_1047_50_aws_121")])
def test_a_state_of_canonicals_client_that_says_nothing_of_patches(state: str | None, loaded: dict[str, Any]) -> None:
    section = scan(host(CANONICAL, loaded, run={STATUS: livepatch(state)}, now=NOW))
    assert (section.facts["protection"], section.facts["reasons"][0]) == ("unknown", "word_not_known")


def test_a_check_of_canonicals_client_that_is_not_known() -> None:
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), run={STATUS: livepatch("applied", CheckState="sideways")}, now=NOW))
    assert protection(section) == ("unknown", ["word_not_known"])


def test_the_sentence_for_a_kernel_that_was_upgraded() -> None:
    """One of the sentences in check-client-status of Canonical's documentation; it does not say what is applied since."""
    said = ("last check: 52 seconds ago\nkernel: 6.8.0-45.45-generic\nserver check-in: succeeded\n"
            "kernel state: \u2713 kernel series 6.8 is covered by Livepatch\npatch state: \u2713 kernel upgraded after a reboot\n")
    section = scan(host(CANONICAL, run={STATUS: [2, "", "unknown flag `format'"], VERBOSE: said}, now=NOW))
    assert protection(section) == ("unknown", ["word_not_known"])
    assert section.facts["last_check"]["at"] == "2026-09-26T18:53:35Z"


@pytest.mark.parametrize(("kernel", "patch", "support", "strange"), [
    # The client's own documentation (ubuntu.com/security/livepatch, client status): each good sentence has the mark of success.
    ("\u2713 kernel series 7.0 is covered by Livepatch", "\u2713 no livepatches available for kernel 7.0.0-29.29-generic", "supported", ""),
    ("\u2713 kernel series 7.0 is covered by Livepatch", "\u2717 no livepatches available for kernel 7.0.0-29.29-generic", "supported", "unknown"),
    ("\u2713 kernel series 7.0 is covered by Livepatch", "\u2717 all applicable livepatch kernel modules applied", "supported", "unknown"),
    ("\u2717 kernel series 7.0 is covered by Livepatch", "\u2713 all applicable livepatch kernel modules applied", "", ""),
    ("\u2717 unable to determine kernel support status; please contact Canonical support", "\u2713 all applicable livepatch modules inserted",
     "", ""),
    ("\u2717 kernel is not covered by Livepatch", "\u2713 all applicable livepatch modules inserted", "unsupported", ""),
])
def test_a_good_sentence_under_the_mark_of_a_failure_is_not_believed(kernel: str, patch: str, support: str, strange: str) -> None:
    said = f"last check: 52 seconds ago\nkernel: 7.0.0-29.29-generic\nserver check-in: succeeded\nkernel state: {kernel}\npatch state: {patch}\n"
    claim = canonical.parse_document(canonical_text.as_document(said))
    assert (claim.support, claim.unclear) == (support, strange)


@pytest.mark.parametrize(("said", "moment"), [
    ("51 minutes ago", "2026-09-26T18:03:27Z"), ("1 hour ago", "2026-09-26T17:54:27Z"), ("2 weeks ago", "2026-09-12T18:54:27Z"),
    ("a day ago", "2026-09-25T18:54:27Z"), ("now", "2026-09-26T18:54:27Z"), ("1 year ago", "2025-09-26T18:54:27Z"),
    ("never", "never"), ("a long while ago", "a long while ago"), ("999999999 years ago", "1970-01-01T00:00:00Z")])
def test_how_long_ago_in_the_clients_words(said: str, moment: str) -> None:
    assert canonical_text.moment_of(said, NOW) == moment
    assert canonical_text.moment_of(said, None) == said


def test_a_client_that_prints_text_and_has_not_looked_for_weeks_is_stale() -> None:
    said = ("last check: 3 weeks ago\nkernel: 6.8.0-45.45-generic\nserver check-in: succeeded\nkernel state: \u2713 kernel series 6.8 is covered by "
            "Livepatch\npatch state: \u2713 all applicable live kernel patch modules applied\npatch version: 113.1\n")
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_6_8_0_45_45_generic_113"), run={STATUS: [2, "", "x"], VERBOSE: said}, now=NOW))
    assert protection(section) == ("stale", ["check_old"])


@pytest.mark.parametrize(("config", "kind", "value"), [
    ("patch-delay: 2w\n", "delay", "2w"), ("patch-delay: 0\n", "none", ""), ('patch-delay: "36h"\n', "delay", "36h"),
    ("patch-delay: 1d\ncutoff-date: 2026-08-01T00:00:00Z\n", "cutoff_date", "2026-08-01T00:00:00Z")])
def test_canonicals_delay_is_a_pin(config: str, kind: str, value: str) -> None:
    """configuration-options.md of Canonical's documentation; for paid subscriptions with the hosted server."""
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), {"read": {canonical.CONFIG: config}}, now=NOW,
                        run={STATUS: text("canonical_applied.json")}))
    assert section.facts["pin"] == {"kind": kind, "value": value}
    assert section.facts["protection"] == "protected"
    assert section.facts["effective"]["up_to_date"] is (None if kind != "none" else True)


@pytest.mark.parametrize(("verbose", "version", "expected"), [
    (text("canonical_blocked.humane.txt"), "11.0.2", ("at_risk", ["fixes_blocked"])),
    ("kernel: 6.8\n", "11.0.2", ("protected", ["nothing_to_apply", "level_pinned", "freshness_not_stated"])),
    ("kernel: 6.8\n", "10.11.2", ("unknown", ["held_back"])), ("", "11.0.2", ("unknown", ["held_back"]))])
def test_nothing_to_apply_behind_a_delay(verbose: str, version: str, expected: tuple[str, list[str]]) -> None:
    document = {**json.loads(text("canonical_nothing_to_apply.json")), "Client-Version": version, "Last-Check": ""}
    section = scan(host(CANONICAL, {"read": {canonical.CONFIG: "patch-delay: 4w\n"}}, now=NOW, run={STATUS: json.dumps(document), VERBOSE: verbose}))
    assert protection(section) == expected


@pytest.mark.parametrize(("part", "returns"), [
    ({}, True), ({"read": {canonical.MODE: "no-apply\n"}}, False), ({"read": {canonical.MODE: "stop"}}, False),
    ({"read": {canonical.MODE: "no-refresh"}}, True), ({"read": {"/proc/cmdline": "quiet canonical_livepatch_mode=stop\n"}}, False),
    ({"readlink": {"/etc/systemd/system/" + canonical.SERVICE: "/dev/null"}}, False)])
def test_canonicals_mode_is_read_at_the_next_start(part: dict[str, Any], returns: bool) -> None:
    """disable-client.md of Canonical's documentation: only when the daemon starts, typically at boot."""
    section = scan(host(CANONICAL, patch("lkp_Ubuntu_1"), part, run={STATUS: text("canonical_applied.json")}, now=NOW))
    assert section.facts["persistence"]["same_kernel"] is returns
    assert any(row["stops"] == "boot" for row in section.facts["inhibitors"]) is not returns


def test_a_manifest_that_names_no_fix_states_none() -> None:
    manifest = {"format": 1, "name": "fix_one", "module": "fix-one.ko", "sha256": "0" * 64, "build_id": "", "cves": [], "cumulative": True,
                "built_at": "2026-11-24T12:00:00Z", "kernel": {"release": RELEASE, "package_version": ""}}
    placed = {"read": {f"/var/lib/kpatch/{RELEASE}/fix_one.json": json.dumps(manifest)},
              "listdir": {"/var/lib/kpatch": [RELEASE], f"/var/lib/kpatch/{RELEASE}": ["fix_one.json", "fix_one.ko"]}}
    assert protection(scan(host(patch("fix_one"), placed))) == ("unknown", ["content_not_stated"])
