# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a mitigation on hosts of every kind, and what makes it needless."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.evaluate import evaluate
from ansible_collections.firebreak.fleet.plugins.plugin_utils._judge.fixes import fix_in_force
from ansible_collections.firebreak.fleet.plugins.plugin_utils._mitigations.states import state_of
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.in_force import effective
from ansible_collections.firebreak.fleet.plugins.plugin_utils._standard.mitigations import Mitigation
from golden_record import golden

CVE = "CVE-2026-31431"
NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)


def mitigation(**means: Any) -> Mitigation:
    return Mitigation((CVE,), "why", "who", date(2027, 1, 31), **means)


def module(state: str | None, **more: Any) -> dict[str, Any]:
    """A row of a watched module."""
    return {"name": "algif_aead", "state": state, "detail": "as told", "built_in": False, "blocked_by": None, "references": None, "holders": [],
            "initcalls": [], "needed_by": [], **more}


def on(row: dict[str, Any], coming: str | None = None) -> dict[str, Any]:
    return {"kernel": {"watched_modules": [row], "default_boot": {"options": coming}}}


BUILT_IN = {"built_in": True, "initcalls": ["algif_aead_init"]}


@pytest.mark.parametrize(("record", "state", "words", "lasts"), [
    (on(module("blocked", blocked_by="modprobe")), "in_force", "as told", True),
    (on(module("blocked", blocked_by="modprobe"), "quiet"), "in_force", "as told", True),
    (on(module("blocked", blocked_by="module_blacklist"), "module_blacklist=x,algif_aead"), "in_force", "as told", True),
    (on(module("blocked", blocked_by="module_blacklist"), "module_blacklist=algif_aead module_blacklist=x"), "in_force", "as told", False),
    (on(module("blocked", blocked_by="module_blacklist")), "in_force", "as told", True),
    # The lock ends with the boot, unless the kernel itself is told to load none (kernel/module/main.c: nomodule sets modules_disabled).
    (on(module("blocked", blocked_by="modules_disabled", locked=True)), "in_force", "as told", False),
    (on(module("blocked", blocked_by="modules_disabled", locked=True), "quiet sysctl.kernel.modules_disabled=1"), "in_force", "", False),
    (on(module("blocked", blocked_by="modules_disabled", locked=True), "quiet nomodule"), "in_force", "", True),
    (on(module("blocked", blocked_by="modules_disabled", locked=True), "nomodule nomodule=0"), "in_force", "", False),
    (on(module("loaded", references=0, locked=True)), "absent", "keeps it until a reboot", True),
    (on(module("loaded", references=0, blocked_by="modprobe", locked=True)), "pending", "only a reboot ends it", True),
    (on(module("absent")), "in_force", "as told", True),
    (on(module("loadable")), "absent", "as told", True),
    (on(module("loaded", references=0)), "absent", "nothing uses it", True),
    (on(module("loaded", references=0, blocked_by="modprobe")), "pending", "unload it", True),
    (on(module("loaded", references=2, blocked_by="modprobe")), "conflicts", "loaded, as told", True),
    (on(module("loaded", references=0, holders=["esp4"])), "conflicts", "", True),
    (on(module("loaded")), "conflicts", "", True),
    (on(module("built_in", **BUILT_IN)), "absent", "as told", True),
    (on(module("built_in", **BUILT_IN), "quiet initcall_blacklist=x,algif_aead_init"), "pending", "the next boot", True),
    (on(module("built_in", **BUILT_IN), "quiet -- initcall_blacklist=algif_aead_init"), "absent", "", True),
    (on(module("built_in", built_in=True), "initcall_blacklist=algif_aead_init"), "absent", "", True),
    (on(module("blocked", blocked_by="initcall_blacklist", **BUILT_IN), "initcall_blacklist=algif_aead_init"), "in_force", "", True),
    (on(module("blocked", blocked_by="initcall_blacklist", **BUILT_IN), "quiet"), "in_force", "", False),
    (on(module(None)), "unknown", "as told", True),
    ({}, "unknown", "did not look", True),
])
def test_modules(record: dict[str, Any], state: str, words: str, lasts: bool) -> None:
    found = state_of(mitigation(modules=("algif_aead",)), record)
    assert (found.state, words in found.reason, found.lasts) == (state, True, lasts), found


def kvm(value: str | None, loaded: bool | None = True, modules: tuple[str, ...] = ("kvm", "kvm_intel"), guests: tuple[str, ...] = ()
        ) -> dict[str, Any]:
    parameters = {} if value is None else {"kvm_intel.nested": value}
    return {"hypervisor": {"kvm": {"loaded": loaded, "modules": list(modules), "parameters": parameters},
                           "processes": [{"component": "qemu", "guest": name, "pid": 7} for name in guests]}}


@pytest.mark.parametrize(("record", "state", "words"), [
    (kvm("N"), "in_force", "says N"), (kvm("0", guests=("db1",)), "in_force", "says 0"), (kvm("Y"), "absent", "Y is in force"),
    (kvm("1", guests=("db1",)), "conflicts", "guests hold kvm_intel: db1"), (kvm(None, modules=("kvm", "kvm_amd")), "in_force", "no use"),
    (kvm(None, loaded=False, modules=()), "absent", "not loaded"), (kvm(None), "unknown", "does not tell"), ({}, "unknown", "")])
def test_parameters_of_kvm(record: dict[str, Any], state: str, words: str) -> None:
    found = state_of(mitigation(kvm_parameters={"kvm_intel.nested": "0"}), record)
    assert (found.state, words in found.reason) == (state, True), found


def param(value: str | None, coming: str | None) -> dict[str, Any]:
    return {"kernel": {"watched_sysctls": [{"name": "kernel.x", "value": value, "at_boot": coming, "detail": "where"}]}}


@pytest.mark.parametrize(("record", "state", "lasts"), [
    (param("1", "1"), "in_force", True), (param("1", None), "in_force", False), (param("0", "1"), "pending", True), (param("0", "0"), "absent", True),
    (param(None, "1"), "unknown", True), ({}, "unknown", True)])
def test_parameters_of_the_kernel(record: dict[str, Any], state: str, lasts: bool) -> None:
    found = state_of(mitigation(sysctls={"kernel/x": "1"}), record)
    assert (found.state, found.lasts) == (state, lasts), found


@pytest.mark.parametrize(("running", "coming", "state", "lasts"), [
    ("a nosmt", "a nosmt", "in_force", True), ("a nosmt", "a", "in_force", False), ("a", "a nosmt", "pending", True), ("a", "a", "absent", True),
    ("a -- nosmt=x", None, "absent", True), (None, "nosmt", "unknown", True)])
def test_words_of_the_command_line(running: str | None, coming: str | None, state: str, lasts: bool) -> None:
    found = state_of(mitigation(cmdline=("nosmt",)), {"boot": {"cmdline": running}, "kernel": {"default_boot": {"options": coming}}})
    assert (found.state, found.lasts) == (state, lasts), found


@pytest.mark.parametrize(("active", "masked", "state"), [
    (["cups.service"], [], "absent"), ([], [], "absent"), ([], ["cups.service"], "in_force"), (["cups.service"], ["cups.service"], "absent"),
    (None, [], "unknown")])
def test_services_that_are_off(active: list[str] | None, masked: list[str], state: str) -> None:
    record: dict[str, Any] = {"services": {"active": active, "masked": masked, "aliases": {}}}
    assert state_of(mitigation(services_off=("cups.service",)), record).state == state


def test_it_is_as_its_worst_part_is() -> None:
    record = {**on(module("loaded", references=1)), **kvm("Y")}
    found = state_of(mitigation(modules=("algif_aead",), kvm_parameters={"kvm_intel.nested": "0"}), record)
    assert (found.state, [part.state for part in found.parts]) == ("conflicts", ["conflicts", "absent"])


def test_a_fix_in_force_makes_it_needless() -> None:
    found = state_of(mitigation(modules=("algif_aead",)), on(module("loadable")), "6.1.170-1 runs")
    assert (found.state, found.reason) == ("needless", "6.1.170-1 runs")


def debian(runs: str = "6.1.170-1", coming: str = "6.1.170-1", fixed_by: tuple[str, ...] = (), placed: bool = True) -> dict[str, Any]:
    """A host of Debian 12 with two kernels, and live patches that fix some holes."""
    release = {"6.1.160-1": "6.1.0-41-amd64", "6.1.170-1": "6.1.0-45-amd64", "6.12.9-1~bpo12+1": "6.12.9+bpo-amd64"}
    installed = [{"release": name, "package": f"linux-image-{name}", "package_version": version, "source": "linux", "complete": True}
                 for version, name in release.items()]
    live = {"patches": [{"id": "p", "state": "active"}], "transition": {"in_progress": False}, "cves": {"fixed": list(fixed_by), "basis": "manifest"},
            "persistence": {"kernels": [release[runs]] if placed else []}}
    return {"os": {"id": "debian", "version_id": "12"}, "live_patch": live if fixed_by else {}, "kernel": {
        "version_order": "dpkg", "installed": installed, "running": {"release": release[runs], "package_version": runs,
                                                                     "package": f"linux-image-{release[runs]}"},
        "default_boot": {"release": release[coming]}}}


FIXED = {"debian:12": "6.1.170-1"}


@pytest.mark.parametrize(("record", "fixed", "closed"), [
    (debian(), FIXED, True),
    (debian("6.1.160-1"), FIXED, False),  # installed is not in force
    (debian("6.1.170-1", "6.1.160-1"), FIXED, False),  # the next boot would open it again
    (debian(), {}, False),
    (debian(), {"debian:13": "6.1.1-1"}, False),
    (debian("6.12.9-1~bpo12+1", "6.12.9-1~bpo12+1"), FIXED, False),  # another stream's numbers say nothing
    (debian("6.1.160-1", "6.1.160-1", (CVE,)), {}, True),  # a live patch that comes back
    (debian("6.1.160-1", "6.1.160-1", (CVE,), placed=False), {}, False),
    (debian("6.1.160-1", "6.1.160-1", ("CVE-2026-1",)), FIXED, False),
    (debian("6.1.160-1", "6.1.170-1", (CVE,)), FIXED, True),
    (debian("6.1.160-1", "6.1.170-1", (CVE,)), {}, False),
    ({}, FIXED, False)])
def test_when_the_fix_is_in_force(record: dict[str, Any], fixed: dict[str, str], closed: bool) -> None:
    assert bool(fix_in_force(mitigation(modules=("x",), fixed=fixed), record)) is closed


def kernel_of(os: tuple[str, str], version: str, source: str | None, package: str = "") -> dict[str, Any]:
    row = {"release": "r", "package": package or "linux-image-r", "package_version": version, "source": source, "complete": True}
    return {"os": {"id": os[0], "version_id": os[1]}, "live_patch": {}, "kernel": {
        "version_order": "dpkg" if os[0] in ("debian", "ubuntu") else "rpm", "installed": [row], "running": row, "default_boot": {"release": "r"}}}


JAMMY, HWE = ("ubuntu", "22.04"), "6.8.0-50.51~22.04.1"


# Numbers of two lines of kernels, or of two builders, say nothing of each other: a mitigation that is taken for needless is taken away.
@pytest.mark.parametrize(("record", "fixed", "closed"), [
    (kernel_of(JAMMY, "5.15.0-130.140", "linux"), {"ubuntu:22.04": "5.15.0-125.135"}, True),
    (kernel_of(JAMMY, HWE, "linux-hwe-6.8"), {"ubuntu:22.04": "5.15.0-125.135"}, False),
    (kernel_of(JAMMY, HWE, "linux-hwe-6.8"), {"ubuntu:22.04": "6.8.0-50.51~22.04.1"}, True),
    (kernel_of(JAMMY, HWE, "linux-hwe-6.8"), {"ubuntu:22.04:linux-hwe-6.8": "6.8.0-50.51~22.04.1", "ubuntu:22.04": "5.15.0-200.1"}, True),
    (kernel_of(JAMMY, "5.15.0-1070.76", "linux-aws"), {"ubuntu:22.04": "5.15.0-125.135"}, False),
    (kernel_of(JAMMY, "5.15.0-1070.76", "linux-aws"), {"ubuntu:22.04:linux-aws": "5.15.0-1070.76"}, True),
    (kernel_of(JAMMY, "5.15.0-1070.76", "linux-aws"), {"ubuntu:22.04:linux-azure": "5.15.0-1060.66"}, False),
    (kernel_of(("debian", "12"), "6.12-own-1", "linux-upstream"), FIXED, False),
    (kernel_of(("debian", "12"), "6.12.9-1", "linux"), FIXED, False),
    (kernel_of(("ol", "9.5"), "5.15.0-303.171.5.2.el9uek", None, "kernel-uek-core"), {"oracle:9": "5.14.0-503.11.1.el9_5"}, False),
    (kernel_of(("ol", "9.5"), "5.15.0-303.171.5.2.el9uek", None, "kernel-uek-core"), {"oracle:9:kernel-uek": "5.15.0-300.1.1.el9uek"}, True),
    (kernel_of(("ol", "8.10"), "5.15.0-200.131.27.el8uek", None, "kernel-uek-core"), {"oracle:8:kernel-uek": "5.4.17-2136.340.1.el8uek"}, False),
    (kernel_of(("amzn", "2023"), "6.12.20-23.97.amzn2023", None, "kernel6.12"), {"amazon:2023": "6.1.150-174.273.amzn2023"}, False),
    (kernel_of(("rocky", "9.5"), "6.6.30-1", None, "kernel"), {"rocky:9": "5.14.0-503.14.1.el9_5"}, False),
    (kernel_of(("rocky", "9.5"), "5.14.0-503.14.1.el9_5", None, "kernel-core"), {"rocky:9": "5.14.0-503.14.1.el9_5"}, True),
    (kernel_of(("fedora", "42"), "6.18.2-200.fc42", None, "kernel-core"), {"fedora:42": "6.17.7-200.fc42"}, True)])
def test_the_fix_of_one_line_of_kernels_is_none_of_another(record: dict[str, Any], fixed: dict[str, str], closed: bool) -> None:
    assert bool(fix_in_force(mitigation(modules=("x",), fixed=fixed), record)) is closed


ENTRY = {"advisory": CVE, "reason": "why", "owner": "who", "expires": "2027-01-31", "modules": ["algif_aead"]}


@pytest.mark.parametrize(("kernel", "entry", "ids", "reasons"), [
    (on(module("blocked"))["kernel"], ENTRY, [], []),
    (on(module("loadable"))["kernel"], ENTRY, ["mitigations.absent"], []),
    (on(module("loaded", references=0, blocked_by="modprobe"))["kernel"], ENTRY, ["mitigations.pending"], []),
    (on(module("blocked", built_in=True, blocked_by="initcall_blacklist", initcalls=["i"]), "quiet")["kernel"], ENTRY, ["mitigations.pending"], []),
    (on(module("loaded", references=3))["kernel"], ENTRY, ["mitigations.conflicts"], []),
    ({**on(module("blocked"))["kernel"], "mitigations_applied": ["CVE-2020-1"]}, ENTRY, ["mitigations.needless"], []),
    (on(module("blocked"))["kernel"], {**ENTRY, "expires": "2026-11-27"}, ["mitigations.expired"], []),
    (on(module(None))["kernel"], ENTRY, [], [f"kernel.watched_modules: {CVE}: module algif_aead: as told"]),
])
def test_what_the_report_says(kernel: dict[str, Any], entry: dict[str, Any], ids: list[str], reasons: list[str]) -> None:
    record = golden()
    record["kernel"] = {"mitigations_applied": [], **kernel}
    found = evaluate(record, effective({"firebreak_standard": {}, "firebreak_mitigations": [entry]}), NOW)
    assert ([one["id"] for one in found.findings if one["promise"] == "mitigations"], found.reasons) == (ids, reasons)


def test_what_is_needless_is_a_finding_only_while_it_is_there() -> None:
    record = {**golden(), **debian()}
    entry = {**ENTRY, "fixed": FIXED}
    for applied, ids in (([], []), ([CVE], ["mitigations.needless"])):
        record["kernel"] = {**debian()["kernel"], "mitigations_applied": applied, "watched_modules": [module("blocked")]}
        found = evaluate(record, effective({"firebreak_standard": {"mitigations": [entry]}}), NOW)
        assert [one["id"] for one in found.findings if one["id"].startswith("mitigations.")] == ids
    assert "6.1.170-1 runs" in str(found.findings)
