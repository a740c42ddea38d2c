# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof's own reading of mitigations: what the host's tools say against what the standard wants."""

from __future__ import annotations

from typing import Any

import pytest
from firebreak_proof import gathering
from firebreak_proof.asking import Answer
from firebreak_proof.promises import BrokenPromiseError
from firebreak_proof.proof import Proof
from firebreak_proof.standards import Standard
from firebreak_proof.views import mitigated

CVE = "CVE-2026-31431"
RUNNING = "uname 6.1.0-45-amd64\nproc 6.1.0-45-amd64\nbanner Linux version 6.1.0-45-amd64 (x) #1 SMP Debian 6.1.170-1 (2026-10-01)\n"
INSTALLED = "linux-image-6.1.0-45-amd64\t6.1.170-1\t6.1.0-45-amd64\t/boot/vmlinuz-6.1.0-45-amd64\tpackaged\n"


def host(said: str, fixes: str = "", entries: list[dict[str, Any]] | None = None) -> Proof:
    answers = {"mitigations": said, "patched_holes": fixes, "running": RUNNING,
               "installed": INSTALLED, "os_release": "ID=debian\nVERSION_ID=\"12\"\n",
               "order": "6.1.170-1\t6.1.171-1\tlt\n"}
    return Proof("web1", Standard({"mitigations": entries or []}, (), ()), {name: Answer(out, "", 0, 1) for name, out in answers.items()})


@pytest.mark.parametrize(("said", "means", "wanted"), [
    ("runs\tesp4\t0\ndoes\tesp4\tinstall /bin/false\n", {"modules": ["esp4"]}, ["module esp4 is loaded"]),
    ("does\tesp4\tinstall /bin/false\n", {"modules": ["esp4"]}, []),
    ("does\tesp4\tinsmod /lib/esp4.ko\n", {"modules": ["esp4"]}, ["module esp4 can be loaded (insmod /lib/esp4.ko)"]),
    ("does\tesp4\tinsmod /lib/esp4.ko\nline\tmodule_blacklist=esp4\n", {"modules": ["esp4"]}, []),
    # Where an install line stands, kmod does not say that the module is part of the kernel.
    ("does\ta\tinstall /bin/false\npart\ta\nstarts\ta\ta_start\nline\tquiet\n", {"modules": ["a"]}, ["module a is part of the kernel"]),
    ("does\ta\tbuiltin a\npart\ta\nstarts\ta\ta_start\nline\tquiet\n", {"modules": ["a"]}, ["module a is part of the kernel"]),
    ("does\ta\tbuiltin a\npart\ta\nstarts\ta\ta_start\nline\tinitcall_blacklist=b,a_start\n", {"modules": ["a"]}, []),
    ("does\ta\tbuiltin a\npart\ta\nline\tinitcall_blacklist=b initcall-blacklist=a_init\n", {"modules": ["a"]}, []),
    ("does\ta\tbuiltin a\npart\ta\nline\tx -- initcall_blacklist=a_init\n", {"modules": ["a"]}, ["module a is part of the kernel"]),
    ("line\tquiet nosmt=force\n", {"cmdline": ["nosmt"]}, []),
    ("line\tquiet\n", {"cmdline": ["nosmt"]}, ["the running kernel has no nosmt"]),
    ("kvm\tkvm_intel.nested\tY\tloaded\n", {"kvm_parameters": {"kvm_intel.nested": False}}, ["kvm_intel.nested is Y, not 0"]),
    ("kvm\tkvm_intel.nested\tN\tloaded\n", {"kvm_parameters": {"kvm_intel.nested": False}}, []),
    ("kvm\tkvm_intel.nested\t\t\nhas\tkvm_amd\n", {"kvm_parameters": {"kvm_intel.nested": 0}}, []),
    ("kvm\tkvm_intel.nested\t\t\n", {"kvm_parameters": {"kvm_intel.nested": 0}}, ["kvm_intel.nested is not told, since no module of KVM is loaded"]),
    ("sysctl\tkernel.x\t1\n", {"sysctls": {"kernel.x": 1}}, []),
    ("sysctl\tkernel.x\t0\n", {"sysctls": {"kernel.x": 1}}, ["kernel.x is 0, not 1"]),
    ("", {"sysctls": {"kernel.x": 1}}, ["kernel.x is not told, not 1"]),
    ("unit\tcups.service\tinactive\tmasked\n", {"services_off": ["cups.service"]}, []),
    ("unit\tcups.service\tinactive\tloaded\n", {"services_off": ["cups.service"]}, ["cups.service is inactive/loaded"]),
    ("unit\tcups.service\tactive\tmasked\n", {"services_off": ["cups.service"]}, ["cups.service is active/masked"]),
])
def test_what_is_left_open(said: str, means: dict[str, Any], wanted: list[str]) -> None:
    assert mitigated.left_open(host(said), {"advisory": CVE, **means}) == wanted


@pytest.mark.parametrize(("entry", "fixes", "wanted"), [
    ({"advisory": CVE, "fixed": {"debian:12": "6.1.170-1"}}, "", True), ({"advisory": CVE, "fixed": {"debian:12": "6.1.171-1"}}, "", False),
    ({"advisory": CVE, "fixed": {"debian:13": "6.1.170-1"}}, "", False), ({"advisory": [CVE, "CVE-2026-1"]}, f"fixes\t{CVE}\n", False),
    ({"advisory": [CVE]}, f"fixes\t{CVE}\n", True), ({"advisory": CVE}, "", False)])
def test_when_the_fix_is_in_force(entry: dict[str, Any], fixes: str, wanted: bool) -> None:
    assert mitigated.fixed(host("", fixes), entry) is wanted


def of_family(os: tuple[str, str], release: str, version: str, package: str, **running: str) -> Proof:
    said = {"uname": release, "proc": release, "banner": f"Linux version {release} (x) #1 SMP", **running}
    answers = {"running": "".join(f"{key} {value}\n" for key, value in said.items()), "patched_holes": "",
               "installed": f"{package}\t{version}\t{release}\t/boot/vmlinuz-{release}\tpackaged\n",
               "os_release": f'ID={os[0]}\nVERSION_ID="{os[1]}"\n'}
    order = "".join(f"{version}\t{other}\t{how}\n" for other, how in (("5.15.0-125.135", "gt"), ("5.14.0-503.11.1.el9_5", "gt"), ("6.1.100-1", "gt"),
                    ("6.8.0-50.51~22.04.1", "eq"), ("5.15.0-1070.76", "eq"), ("5.15.0-300.1.1.el9uek", "gt"), ("5.14.0-503.14.1.el9_5", "eq")))
    answers["order"] = order
    return Proof("web1", Standard({"mitigations": []}, (), ()), {name: Answer(out, "", 0, 1) for name, out in answers.items()})


HWE = of_family(("ubuntu", "22.04"), "6.8.0-50-generic", "6.8.0-50.51~22.04.1", "linux-image-6.8.0-50-generic",
                signature="Ubuntu 6.8.0-50.51~22.04.1-generic 6.8.12")
AWS = of_family(("ubuntu", "22.04"), "5.15.0-1070-aws", "5.15.0-1070.76", "linux-image-5.15.0-1070-aws",
                signature="Ubuntu 5.15.0-1070.76-aws 5.15.160")
UEK = of_family(("ol", "9.5"), "5.15.0-303.171.5.2.el9uek.x86_64", "5.15.0-303.171.5.2.el9uek", "kernel-uek-core", owner="kernel-uek-core")
ROCKY = of_family(("rocky", "9.5"), "5.14.0-503.14.1.el9_5.x86_64", "5.14.0-503.14.1.el9_5", "kernel-core", owner="kernel-core")
OWN = of_family(("rocky", "9.5"), "6.6.30", "6.6.30-1", "kernel", owner="kernel")


@pytest.mark.parametrize(("proof", "fixed", "wanted"), [
    (HWE, {"ubuntu:22.04": "5.15.0-125.135"}, False), (HWE, {"ubuntu:22.04": "6.8.0-50.51~22.04.1"}, True),
    (AWS, {"ubuntu:22.04": "5.15.0-125.135"}, False), (AWS, {"ubuntu:22.04:linux-aws": "5.15.0-1070.76"}, True),
    (AWS, {"ubuntu:22.04:linux-azure": "5.15.0-1070.76"}, False), (UEK, {"oracle:9": "5.14.0-503.11.1.el9_5"}, False),
    (UEK, {"oracle:9:kernel-uek": "5.15.0-300.1.1.el9uek"}, True), (ROCKY, {"rocky:9": "5.14.0-503.14.1.el9_5"}, True),
    (OWN, {"rocky:9": "5.14.0-503.11.1.el9_5"}, False)])
def test_the_fix_of_one_line_of_kernels_is_none_of_another(proof: Proof, fixed: dict[str, str], wanted: bool) -> None:
    assert mitigated.fixed(proof, {"advisory": CVE, "fixed": fixed}) is wanted


def test_what_was_applied_and_is_not_wanted_is_left_over() -> None:
    said = 'note\t{"schema": "firebreak.mitigations/1", "applied": ["CVE-2026-31431", "CVE-2020-1"]}\n'
    assert mitigated.left_over(host(said), [{"advisory": CVE}]) == ["CVE-2020-1"]
    assert mitigated.left_over(host(said, f"fixes\t{CVE}\n"), [{"advisory": CVE}]) == ["CVE-2026-31431", "CVE-2020-1"]
    assert mitigated.left_over(host(""), []) == []
    with pytest.raises(BrokenPromiseError, match="cannot be read"):
        mitigated.applied(host("note\t{\n"))


def test_the_question_is_given_what_each_mitigation_changes() -> None:
    entry = {"advisory": CVE, "modules": ["algif-aead"], "kvm_parameters": {"kvm.nx": 1}, "sysctls": {"kernel.x": 1}, "services_off": ["a.service"]}
    standard = Standard({"mitigations": [entry]}, (), ())
    assert gathering.words(standard, "mitigations") == ("module:algif_aead", "kvm:kvm.nx", "sysctl:kernel.x", "unit:a.service")
    assert {"mitigations", "patched_holes", "running"} <= {question.name for question in gathering.needed(standard)}
    assert mitigated.versions(host("", "", [{**entry, "fixed": {"debian:12": "6.1.171-1"}}])) == {"6.1.170-1", "6.1.171-1"}
