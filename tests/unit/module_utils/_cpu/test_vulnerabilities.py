# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worst-of grammar of /sys/devices/system/cpu/vulnerabilities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu import section as cpu_section
from ansible_collections.firebreak.fleet.plugins.module_utils._cpu import vulnerabilities
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "fixtures"
SHORT = {"nv": "not_affected", "m": "mitigated", "v": "vulnerable", "u": "unknown", "-": "not_applicable"}
CASES = json.loads((FIXTURES / "trap_strings.json").read_text())["cases"]
VOCABULARY = {"not_affected", "mitigated", "vulnerable", "unknown", "not_applicable"}


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}:{case[1].strip()}:{case[3:]}" for case in CASES])
def test_each_value_is_judged_by_its_worst_part(case: Any) -> None:
    name, raw, verdicts, *family = case
    assert vulnerabilities.judge(name, raw, *family) == tuple(SHORT[word] for word in verdicts.split())


@pytest.mark.parametrize(("family", "host"), [("26", "not_affected"), ("25", "vulnerable"), ("junk", "unknown")])
def test_a_text_is_judged_with_the_processor_that_printed_it(family: str, host: str) -> None:
    """Zen 5 prints at the kernel's own default what is half a mitigation on Zen 3: dmesg of a Ryzen AI 7 PRO 350 (family 0x1a)."""
    section = Section("cpu")
    path = cpu_section.VULNERABILITIES + "/spec_rstack_overflow"
    cpuinfo = f"processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: {family}\nmodel\t\t: 96\nstepping\t: 0\n"
    cpu_section.collect(RecordedHost({"read": {cpu_section.CPUINFO: cpuinfo, path: "Mitigation: IBPB on VMEXIT only\n"}}), section, {})
    seen = section.facts["vulnerabilities"]["spec_rstack_overflow"]
    assert (seen["host"], seen["guest_to_host"]) == (host, "mitigated")


def test_the_record_keeps_the_kernels_words() -> None:
    raw = "Mitigation: PTI\n"
    assert vulnerabilities.as_record(raw, vulnerabilities.judge("meltdown", raw)) == {
        "raw": "Mitigation: PTI", "state": "mitigated", "host": "mitigated", "guest_to_host": "not_applicable", "smt": "not_applicable"}


def test_a_file_that_cannot_be_read_is_unknown_in_every_respect() -> None:
    seen = vulnerabilities.unreadable("needs_root")
    assert seen["raw"] == "(needs_root)"
    assert {seen[key] for key in ("state", "host", "guest_to_host", "smt")} == {"unknown"}


@given(st.sampled_from(["mds", "l1tf", "vmscape", "spectre_v2", "new"]), st.text())
def test_any_text_gets_a_verdict(name: str, text: str) -> None:
    assert set(vulnerabilities.judge(name, text)) <= VOCABULARY


@given(st.sampled_from([case[0] for case in CASES]), st.sampled_from([case[1] for case in CASES]))
def test_a_vulnerable_facet_is_never_mitigated(name: str, raw: str) -> None:
    """The rule that every tool that looks at the first word alone breaks."""
    assert vulnerabilities.judge(name, raw.strip() + "; BHI: Vulnerable").state == "vulnerable"
    assert vulnerabilities.judge(name, raw.strip() + "; SMT vulnerable").smt == "vulnerable"
