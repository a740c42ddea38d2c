# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The section ``cpu`` on recorded documents."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu import section as cpu_section
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "fixtures"


def cpuinfo(name: str) -> str:
    return (FIXTURES / f"cpuinfo_{name}.txt").read_text()


def scan(recording: dict[str, Any]) -> Section:
    section = Section("cpu")
    cpu_section.collect(RecordedHost(recording), section, {})
    return section


def host(**changes: str) -> dict[str, Any]:
    read = {
        cpu_section.CPUINFO: cpuinfo("epyc_guest"),
        cpu_section.CMDLINE: "root=/dev/vda quiet mitigations=auto,nosmt spectre_v2=on\n",
        cpu_section.SMT + "/control": "notsupported\n",
        cpu_section.SMT + "/active": "0\n",
        cpu_section.VULNERABILITIES + "/mds": "Mitigation: Clear CPU buffers; SMT vulnerable\n",
        cpu_section.VULNERABILITIES + "/old_microcode": "Unknown: running under hypervisor",
    }
    return {"read": {**read, **changes}}


def test_a_whole_section() -> None:
    section = scan(host())
    assert section.facts["vendor"] == "AuthenticAMD"
    assert section.facts["model"] == "AMD EPYC"
    assert section.facts["logical_cpus"] == 2
    assert section.facts["microcode"] == {
        "revisions": ["0x1000065"], "consistent": True, "processors": [{"processor": "19-11-01", "revisions": ["0x1000065"]}],
        "installed": None, "pending": None, "next_boot": None, "left_behind": None}
    assert section.facts["smt"] == {"control": "notsupported", "active": False}
    assert section.facts["mitigation_options"] == ["mitigations=auto,nosmt", "spectre_v2=on"]
    assert {name: seen["state"] for name, seen in section.facts["vulnerabilities"].items()} == {"mds": "vulnerable", "old_microcode": "unknown"}
    assert {entry["fact"] for entry in section.nulls} == {f"cpu.{path}" for path in cpu_section._ON_DISK}
    assert section.evidence["cpu.vulnerabilities"] == cpu_section.VULNERABILITIES


def test_every_fact_of_an_empty_host_is_null_with_a_reason() -> None:
    section = scan({})
    assert {entry["fact"] for entry in section.nulls} == {
        "cpu.logical_cpus", "cpu.vendor", "cpu.model", "cpu.microcode.revisions", "cpu.microcode.consistent", "cpu.microcode.processors",
        *(f"cpu.{path}" for path in cpu_section._ON_DISK), "cpu.vulnerabilities",
        "cpu.smt.control", "cpu.smt.active", "cpu.mitigation_options"}
    assert {entry["reason"] for entry in section.nulls} == {"absent"}


def test_a_damaged_cpuinfo_is_unparsable_and_nothing_else_suffers() -> None:
    section = scan(host(**{cpu_section.CPUINFO: "\x00\x00garbage"}))
    assert section.facts["logical_cpus"] is None
    assert {entry["reason"] for entry in section.nulls} == {"unparsable"}
    assert section.facts["smt"]["active"] is False


def test_a_vulnerability_that_cannot_be_read_is_unknown_not_missing() -> None:
    recording = host()
    recording["read"][cpu_section.VULNERABILITIES + "/l1tf"] = {"problem": "needs_root", "detail": "Permission denied"}
    seen = scan(recording).facts["vulnerabilities"]["l1tf"]
    assert seen["state"] == "unknown" and seen["raw"] == "(needs_root)"


def test_sockets_with_different_microcode_are_seen() -> None:
    processors = cpu_section.parse_cpuinfo(cpuinfo("two_revisions"))
    assert processors.revisions == ["0x2006e05", "0x2007006"]
    assert not processors.consistent


def test_kinds_of_processors_may_run_different_revisions() -> None:
    """A performance and an efficiency core of one package are different models, each with a revision of its own."""
    text = cpuinfo("two_revisions").replace("model\t\t: 85", "model\t\t: 151", 1)
    assert cpu_section.parse_cpuinfo(text).consistent


def test_arm_names_an_implementer_and_no_microcode() -> None:
    section = scan(host(**{cpu_section.CPUINFO: cpuinfo("arm")}))
    assert section.facts["vendor"] == "ARM"
    assert {entry["fact"]: entry["reason"] for entry in section.nulls} == {
        "cpu.model": "absent", "cpu.microcode.revisions": "absent", "cpu.microcode.consistent": "absent", "cpu.microcode.processors": "absent",
        **{f"cpu.{path}": "not_applicable" for path in cpu_section._ON_DISK}}


@pytest.mark.parametrize(("line", "vendor", "model"), [
    # Implementers by util-linux (sys-utils/lscpu-arm.c); the rest by what arch/*/kernel/*.c print, and tests/expected/lscpu of util-linux.
    ("CPU implementer\t: 0x70\nCPU part\t: 0x663", "Phytium", None), ("CPU implementer\t: 0x48", "HiSilicon", None),
    ("CPU implementer\t: 0x53", "Samsung", None), ("CPU implementer\t: 0x7e", "0x7e", None),
    ("cpu\t\t: POWER9 (raw), altivec supported\nrevision\t: 2.2 (pvr 004e 1202)", "IBM", "POWER9 (raw), altivec supported"),
    ("cpu\t\t: POWER10 (architected), altivec supported", "IBM", "POWER10 (architected), altivec supported"),
    ("CPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A6000", "Loongson", "Loongson-3A6000"),
    ("isa\t\t: rv64imafdc\nuarch\t\t: sifive,u74-mc", "sifive", "sifive,u74-mc"), ("isa\t\t: rv64imafdc", None, None),
    ("vendor_id\t: HygonGenuine\ncpu family\t: 24\nmodel name\t: Hygon C86 7285", "HygonGenuine", "Hygon C86 7285"),
])
def test_who_made_a_processor_is_said_where_its_architecture_names_it(line: str, vendor: str | None, model: str | None) -> None:
    seen = cpu_section.parse_cpuinfo(f"processor\t: 0\n{line}\n")
    assert (seen.vendor, seen.model) == (vendor, model)


def test_s390_counts_its_processors() -> None:
    processors = cpu_section.parse_cpuinfo(cpuinfo("s390"))
    assert (processors.vendor, processors.logical_cpus, "sie" in processors.flags) == ("IBM/S390", 2, True)


@pytest.mark.parametrize("word", ["on", "off", "forceoff", "notsupported", "notimplemented", "4"])
def test_every_documented_smt_control_is_taken(word: str) -> None:
    assert cpu_section.parse_smt_control(word + "\n") == word


@pytest.mark.parametrize("word", ["", "0", "ein", "on off", "99999", "-1", "on\x00"])
def test_any_other_smt_control_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="none of on, off, forceoff"):
        cpu_section.parse_smt_control(word)


@pytest.mark.parametrize(("cmdline", "options"), [
    ("quiet splash", []),
    ("nosmt=force mds=off quiet", ["nosmt=force", "mds=off"]),
    ("mitigations=auto,no_guest_host,no_guest_guest", ["mitigations=auto,no_guest_host,no_guest_guest"]),
    ("kvm-intel.vmentry_l1d_flush=never kvm.nx-huge-pages=off", ["kvm-intel.vmentry_l1d_flush=never", "kvm.nx-huge-pages=off"]),
    ("quiet -- mitigations=off", []),
    ("mymitigations=off mitigations.x=1 nosmtx", []),
])
def test_mitigation_options(cmdline: str, options: list[str]) -> None:
    assert cpu_section.mitigation_options(cmdline) == options


@given(st.text())
def test_parsers_raise_nothing_but_value_errors(text: str) -> None:
    cpu_section.mitigation_options(text)
    for parse in (cpu_section.parse_cpuinfo, cpu_section.parse_smt_control, cpu_section.parse_flag):
        with contextlib.suppress(ValueError):
            parse(text)
