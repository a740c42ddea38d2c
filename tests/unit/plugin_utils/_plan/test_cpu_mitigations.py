# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mitigations of the processor: what is kept off the command line, threads, microcode, and what is said that nothing on the host mends."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._boot.words import checked
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.mitigations import weakening
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan.cpu_mitigations import Asked, plan, weak_patterns
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import promises
from golden_record import golden

CPU = {"cpu.vendor": "GenuineIntel", "hypervisor.is_guest": False, "cpu.microcode.pending": False,
       "cpu.microcode.installed": [{"processor": "06-8f-08", "revision": "0x2b000643", "path": "/lib/firmware/intel-ucode/06-8f-08"}]}


def planned(changes: dict[str, Any] | None = None, asked: Asked | None = None, standard: dict[str, Any] | None = None) -> dict[str, Any]:
    return plan(golden({**CPU, **(changes or {})}), promises(standard or {}), asked or Asked())


def vulnerable(raw: str, **views: str) -> dict[str, Any]:
    return {"cpu.vulnerabilities": {"mds": {"raw": raw, "state": "vulnerable", "host": "vulnerable", "guest_to_host": "vulnerable",
                                            "smt": "not_applicable", **views}}}


def test_a_host_that_is_well_needs_nothing() -> None:
    made = planned()
    assert {name: made[name] for name in made if name != "absent"} == {
        "present": [], "smt_now": "", "install": [], "pending": [], "firmware": [], "said": []}


# Documentation/admin-guide/kernel-parameters.txt of Linux 6.17: ways to have less than the default.
@pytest.mark.parametrize("word", [
    "mitigations=off", "nopti", "pti=off", "nospectre_v1", "nospectre_v2", "spectre_v2=off", "spectre_v2_user=off", "spec_store_bypass_disable=off",
    "nospec_store_bypass_disable", "l1tf=off", "mds=off", "tsx=on", "tsx_async_abort=off", "mmio_stale_data=off", "retbleed=off", "srbds=off",
    "gather_data_sampling=off", "spec_rstack_overflow=off", "indirect_target_selection=off", "tsa=off", "vmscape=off", "kvm.nx_huge_pages=off",
    "kvm-intel.vmentry_l1d_flush=never", "mmio-stale-data=off", "dis_ucode_ldr", "kpti=0", "kpti=no", "mitigations=auto;no_user_kernel",
    "clearcpuid=ibrs,ssbd",
])
def test_every_word_that_weakens_is_kept_away(word: str) -> None:
    assert weakening([word]) == [word]
    made = planned({"boot.cmdline": f"root=/dev/vda1 ro {word}"})
    assert any(fnmatchcase(word, pattern) for pattern in made["absent"])
    assert word in made["pending"][0]


@pytest.mark.parametrize("word", ["mitigations=auto", "mitigations=auto,nosmt", "spectre_v2=on", "retbleed=auto,nosmt", "kpti=1", "tsx=off",
                                  "l1tf=full,force", "root=/dev/vda1", "console=ttyS0", "kvm.nx_huge_pages=force"])
def test_no_word_that_weakens_nothing_is_taken_away(word: str) -> None:
    assert not any(fnmatchcase(word, pattern) for pattern in weak_patterns())


def test_what_is_kept_away_does_not_hang_on_what_is_seen_and_the_loaders_files_can_hold_it() -> None:
    assert planned()["absent"] == planned({"boot.cmdline": "ro mitigations=off"})["absent"] == checked("absent", weak_patterns())


def test_a_weak_word_of_the_next_boot_counts_too_and_one_that_is_asked_for_stays_and_is_named() -> None:
    made = planned({"kernel.default_boot.options": "ro mds=off"}, Asked(keep=("mds=*",)))
    assert made["said"] == ["mds=off switches mitigations off, and stays: it was asked for"]
    assert not any(fnmatchcase("mds=off", pattern) for pattern in made["absent"])
    assert any(fnmatchcase("nopti", pattern) for pattern in made["absent"])
    assert planned({"boot.cmdline": "ro nopti"}, Asked(present=("nopti",)))["pending"] == []


def test_words_that_are_asked_for_wait_for_a_reboot() -> None:
    assert planned(asked=Asked(present=("mitigations=auto,nosmt",)))["pending"] == [
        "a reboot gives the kernel its command line with mitigations=auto,nosmt"]


@pytest.mark.parametrize(("control", "active", "wanted", "now", "present", "told"), [
    ("on", True, "inactive", "off", ["nosmt"], ""),
    ("off", False, "inactive", "", ["nosmt"], ""),
    ("notsupported", False, "inactive", "", [], ""),
    ("forceoff", False, "inactive", "", ["nosmt"], ""),
    ("off", False, "active", "on", [], ""),
    ("on", True, "active", "", [], ""),
    ("forceoff", False, "active", "", [], "a reboot brings it back"),
    ("notsupported", False, "active", "", [], "the firmware switched it off"),
    ("on", True, "", "", [], ""),
])
def test_multithreading(control: str, active: bool, wanted: str, now: str, present: list[str], told: str) -> None:
    made = planned({"cpu.smt.control": control, "cpu.smt.active": active}, Asked(smt=wanted))
    assert (made["smt_now"], made["present"]) == (now, present)
    assert told in " ".join(made["pending"] + made["firmware"])
    assert ("nosmt" in made["absent"]) is (wanted == "active")


def test_the_standards_promise_of_multithreading_counts_where_nothing_is_asked() -> None:
    changes = {"cpu.smt.control": "on", "cpu.smt.active": True}
    standard = {"cpu": {"smt": "inactive"}}
    assert planned(changes, standard=standard)["smt_now"] == "off"
    assert planned(changes, Asked(smt="active"), standard)["smt_now"] == ""


@pytest.mark.parametrize(("changes", "install"), [
    ({}, ["intel-microcode"]), ({"cpu.vendor": "AuthenticAMD"}, ["amd64-microcode"]), ({"os.family": "redhat"}, ["microcode_ctl"]),
    ({"os.family": "redhat", "cpu.vendor": "AuthenticAMD"}, ["linux-firmware"]),
    ({"os.family": "redhat", "os.id": "fedora", "cpu.vendor": "AuthenticAMD"}, ["amd-ucode-firmware"]),
    ({"os.family": "suse"}, ["ucode-intel"]), ({"cpu.vendor": "IBM"}, []), ({"os.family": "arch"}, []), ({"hypervisor.is_guest": True}, []),
])
def test_the_vendors_package_where_no_microcode_lies_on_disk(changes: dict[str, Any], install: list[str]) -> None:
    assert planned({"cpu.microcode.installed": [], **changes})["install"] == install
    assert planned({"cpu.microcode.installed": [], **changes}, Asked(microcode=False))["install"] == []
    assert planned(changes)["install"] == []


def test_a_distribution_whose_package_nobody_knows_is_said() -> None:
    said = "no package is known here that brings microcode for GenuineIntel on gentoo: none is installed"
    elsewhere = {"os.family": "unknown", "os.id": "gentoo"}
    assert planned(elsewhere)["said"] == [said]
    # Processors of which no vendor's package is known anywhere have none to miss, and a guest runs its host's.
    assert planned({**elsewhere, "cpu.vendor": "ARM"})["said"] == planned({**elsewhere, "hypervisor.is_guest": True})["said"] == []


def test_microcode_that_waits_is_said() -> None:
    assert planned({"cpu.microcode.pending": True})["pending"] == ["a reboot loads microcode that is newer than what a processor runs"]


@pytest.mark.parametrize(("changes", "told"), [
    ({"boot.cmdline": "ro mitigations=off"}, "the next boot's command line leaves its mitigation on"),
    ({"hypervisor.is_guest": True}, "the host of this virtual machine must have the microcode"),
    ({"cpu.microcode.pending": True}, "the microcode that the next boot loads may mend it"),
    ({"cpu.microcode.installed": []}, "the microcode that the next boot loads may mend it"),
])
def test_what_mends_a_vulnerability_is_said(changes: dict[str, Any], told: str) -> None:
    made = planned({**vulnerable("Vulnerable: Clear CPU buffers attempted, no microcode"), **changes})
    assert told in made["said"][-1] and made["firmware"] == []


def test_what_nothing_here_mends_is_said() -> None:
    made = planned(vulnerable("Vulnerable: Clear CPU buffers attempted, no microcode"))
    assert made["firmware"] == ["mds: Vulnerable: Clear CPU buffers attempted, no microcode: nothing that this host has installed mends it: newer "
                                "microcode from the machine's maker, a newer kernel, or another processor"]


def test_threads_alone_are_a_choice() -> None:
    changes = vulnerable("Mitigation: Clear CPU buffers; SMT vulnerable", host="mitigated", guest_to_host="mitigated", smt="vulnerable")
    assert "cpu_mitigations_smt: inactive" in planned(changes)["said"][0]
    off = planned({**changes, "cpu.smt.control": "on", "cpu.smt.active": True}, Asked(smt="inactive"))
    assert "its threads are switched off" in off["said"][0]


def test_what_the_kernel_cannot_say_is_no_mitigation() -> None:
    made = planned({"cpu.vulnerabilities": {"spectre_v2": {"raw": "Unknown", "state": "unknown"}}})
    assert made["said"] == ["spectre_v2: the kernel cannot say (Unknown)"]


def test_no_plan_without_facts_and_none_in_a_container() -> None:
    with pytest.raises(Refused, match="are not known"):
        plan(golden({**CPU}, {"cpu.vulnerabilities": "absent"}), {}, Asked())
    with pytest.raises(Refused, match="this is a container"):
        planned({"os.container": "docker"})
    with pytest.raises(Refused, match="wanted: active, inactive"):
        planned(asked=Asked(smt="off"))
