# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KVM's parameters: what is written, what is loaded anew, and what is said of all that waits or will not stay."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.errors import Refused
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor import kvm_parameters
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.kvm_parameters import State

POLL = State("kvm.halt_poll_ns", reading="200000", built_in=False, writable=True, users=0, stays="0")
NESTED = State("kvm_amd.nested", reading="1", built_in=False, writable=False, users=0, stays="0")
INTEL = State("kvm_intel.nested", reading=None, built_in=False, writable=False, users=0, stays="0")
WANTED = {"kvm.halt_poll_ns": "0", "kvm_amd.nested": "0", "kvm_intel.nested": "0", "kvm.nx_huge_pages": "force"}
PAGES = State("kvm.nx_huge_pages", reading="Y", built_in=False, writable=True, users=0, stays="force")


def said(*states: State, wanted: dict[str, str] | None = None, initramfs: dict[str, str] | None = None) -> list[str]:
    return kvm_parameters.pending(list(states), wanted or WANTED, initramfs or {})


def test_values_become_what_every_kernel_takes() -> None:
    assert kvm_parameters.check({"kvm_amd.nested": False, "kvm.halt_poll_ns": 0, "kvm_intel.ept": True, "kvm.nx_huge_pages": "force"}) == {
        "kvm.halt_poll_ns": "0", "kvm.nx_huge_pages": "force", "kvm_amd.nested": "0", "kvm_intel.ept": "1"}


@pytest.mark.parametrize(("given", "words"), [
    ({"loop.max_loop": 1}, "seen 'loop.max_loop'; wanted: MODULE.PARAMETER with a module of KVM"),
    ({"kvm": 1}, "seen 'kvm'"),
    ({"kvm_amd.nested": "0 sev=1"}, "parameters.kvm_amd.nested: seen '0 sev=1'; wanted: one word"),
    ({"kvm_amd.nested": "0\noptions x y"}, "wanted: one word"),
    ({"kvm_amd.nested": ""}, "wanted: one word"),
])
def test_what_could_be_no_parameter_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words.replace("(", r"\(")):
        kvm_parameters.check(given)


def test_the_file_is_ordered_and_no_file_is_wanted_for_nothing() -> None:
    assert kvm_parameters.render({"kvm_amd.nested": "0", "kvm.halt_poll_ns": "5"}).splitlines()[1:] == [
        "options kvm halt_poll_ns=5", "options kvm_amd nested=0"]
    assert kvm_parameters.render({}) == ""


@pytest.mark.parametrize(("name", "one", "other", "equal"), [
    ("kvm_amd.nested", "0", "N", True), ("kvm_amd.nested", "1", "Y", True), ("kvm_amd.nested", "1", "N", False),
    ("kvm.halt_poll_ns", "10", "1", False),
    ("kvm.nx_huge_pages", "force", "Y", True), ("kvm.nx_huge_pages", "off", "N", True), ("kvm.nx_huge_pages", "never", "never", True),
    ("kvm.nx_huge_pages", "auto", "Y", False),
])
def test_the_kernels_spellings(name: str, one: str, other: str, equal: bool) -> None:
    assert kvm_parameters.same(name, one, other) is equal


def test_only_what_differs_and_can_be_written_is_written() -> None:
    assert kvm_parameters.to_write([POLL, NESTED, INTEL, PAGES], WANTED) == ["kvm.halt_poll_ns"]
    assert kvm_parameters.to_write([POLL._replace(reading="0")], WANTED) == []


def test_what_the_kernel_does_not_tell_is_never_written_again_and_again() -> None:
    assert kvm_parameters.to_write([PAGES], {"kvm.nx_huge_pages": "auto"}) == []
    assert said(PAGES._replace(stays="auto"), wanted={"kvm.nx_huge_pages": "auto"}) == [
        "kvm.nx_huge_pages: auto is kept for the next load; the kernel answers Y, which does not tell whether it is in force"]


@pytest.mark.parametrize(("state", "modules"), [
    (NESTED, ["kvm_amd"]), (NESTED._replace(reading="N"), []), (NESTED._replace(built_in=True), []), (NESTED._replace(stays="1"), []), (INTEL, []),
    (POLL, []),
])
def test_a_module_is_loaded_anew_only_where_that_gives_what_is_wanted(state: State, modules: list[str]) -> None:
    assert kvm_parameters.to_reload([state], WANTED) == modules


def test_what_is_as_wanted_waits_for_nothing() -> None:
    assert said(POLL._replace(reading="0"), NESTED._replace(reading="N"), INTEL, PAGES) == []


def test_what_waits_says_for_what() -> None:
    assert said(NESTED) == ["kvm_amd.nested: 1 is in force; 0 takes loading kvm_amd anew, and no guest holds it: load it anew (reload), or reboot"]
    assert "while 2 users (guests) hold it" in said(NESTED._replace(users=2))[0]
    assert said(POLL) == ["kvm.halt_poll_ns: 200000 is in force, and the kernel did not take 0"]


def test_a_built_in_module_reads_no_file() -> None:
    assert said(NESTED._replace(built_in=True, stays=None)) == [
        "kvm_amd.nested: 1 is in force; 0 takes a reboot",
        "kvm_amd.nested: kvm_amd is built into the kernel, so that only kvm_amd.nested=0 on the kernel's command line outlasts a reboot"]
    assert said(NESTED._replace(built_in=True, reading="0", stays="0")) == []


def test_what_wins_over_our_file_is_said() -> None:
    line, = said(NESTED._replace(reading="0", stays="1"))
    assert line == "kvm_amd.nested: the next load gives 1: another file of modprobe.d or the kernel's command line wins over ours"


def test_a_copy_in_the_initramfs_is_said() -> None:
    assert "/etc/initramfs-tools/modules puts kvm_amd into the initramfs" in said(NESTED, initramfs={"kvm_amd": "/etc/initramfs-tools/modules"})[1]
    assert len(said(NESTED._replace(reading="0"), initramfs={"kvm_amd": "/etc/initramfs-tools/modules"})) == 0


def test_the_last_setting_wins_as_modprobe_has_it() -> None:
    text = "# a comment\nblacklist kvm\noptions kvm-amd nested=1 sev=0\noptions kvm_amd nested=0\noptions kvm ignore_msrs\n"
    assert kvm_parameters.set_by_configuration(text) == {"kvm_amd.nested": "0", "kvm_amd.sev": "0", "kvm.ignore_msrs": "1"}
    assert kvm_parameters.set_by_command_line("quiet kvm-amd.nested=1 kvm.ignore_msrs ro x.y=2") == {"kvm_amd.nested": "1", "kvm.ignore_msrs": "1"}


def test_modules_of_the_initramfs() -> None:
    assert kvm_parameters.named_in("# kvm_amd\nkvm_amd nested=1\n", "kvm_amd")
    assert kvm_parameters.named_in('add_drivers+=" kvm_amd vfio "\n', "kvm_amd")
    assert not kvm_parameters.named_in("# kvm_amd\nkvm_amd_x\n", "kvm_amd")
    assert not kvm_parameters.named_in("kvm_amd\n", "kvm")
