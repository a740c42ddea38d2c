# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue agrees with the keys, and every rule's findings are in it."""

from __future__ import annotations

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.catalogue import DISRUPTIONS, ENTRIES, SEVERITIES, entry_of, ids, is_known
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.keys import KEYS


def test_each_finding_of_a_key_is_in_the_catalogue() -> None:
    assert {finding for key in KEYS for finding in key.findings} <= set(ids())


def test_only_two_findings_come_from_no_key() -> None:
    assert {entry.id for entry in ENTRIES if not entry.promised_by} == {"host.duplicate", "waiver.expired"}


def test_ids_are_unique_and_entries_complete() -> None:
    assert len(ids()) == len(ENTRIES)
    for entry in ENTRIES:
        assert entry.severity in SEVERITIES
        assert entry.disruption in DISRUPTIONS
        assert entry.meaning.endswith((".", ")."))
        assert entry.remedy.endswith(".")


@pytest.mark.parametrize(("finding", "entry"), [
    ("kernel.running", "kernel.running"), ("cpu.vulnerability.mds", "cpu.vulnerability.<name>"),
    ("hypervisor.kvm.kvm_intel.nested", "hypervisor.kvm.<module>.<parameter>")])
def test_an_id_finds_its_entry(finding: str, entry: str) -> None:
    assert entry_of(finding).id == entry


@pytest.mark.parametrize("finding", ["kernel.runing", "cpu.vulnerability.", "cpu.vulnerability.a.b", ""])
def test_an_id_that_no_finding_has_is_an_error(finding: str) -> None:
    with pytest.raises(KeyError):
        entry_of(finding)


@pytest.mark.parametrize(("pattern", "known"), [
    ("kernel.*", True), ("*", True), ("cpu.vulnerability.mds", True), ("cpu.vulnerability.*", True), ("hypervisor.kvm.kvm.nested", True),
    ("hypervisor.*.running", True), ("kernal.*", False), ("kernel", False)])
def test_a_pattern_is_known_where_it_can_name_a_finding(pattern: str, known: bool) -> None:
    assert is_known(pattern) is known
