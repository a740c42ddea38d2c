# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a host to a hole, by what runs. The six situations are those of one Debian root in which package scanners were wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import answer as judging
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import fleet as fleets
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import index, mitigated, of_record
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.alike import Alike
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import NOT_AFFECTED, Advisory, LivePatch, Row
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.told import told
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.host import Loaded

CVE = "CVE-2025-40300"
DSA = Advisory("DSA-6053-1", (CVE,), (Row("debian:12", "linux", fixed="6.1.158-1"),))


def kernel_row(release: str, version: str, source: str | None = "linux", **more: Any) -> dict[str, Any]:
    return {"release": release, "flavour": "amd64", "package": f"linux-image-{release}", "package_version": version, "source": source,
            "complete": True, **more}


OLD, NEW = kernel_row("6.1.0-40-amd64", "6.1.153-1"), kernel_row("6.1.0-41-amd64", "6.1.158-1")


def record(runs: dict[str, Any], installed: list[dict[str, Any]], following: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    coming = following or installed[-1]
    return {
        "os": {"id": "debian", "version_id": "12"},
        "kernel": {"version_order": "dpkg", "installed": installed, "default_boot": {"release": coming["release"]}, "available": {}, "running": {
            "release": runs["release"], "package": runs["package"], "package_version": runs["package_version"], "flavour": runs["flavour"]}},
        "live_patch": {"patches": [], "transition": {"in_progress": False}, "cves": {"fixed": [], "basis": "none"}},
        "hypervisor": {"components": [], "processes": []}, "containers": {"engines": []}, "nulls": [], **sections}


def asked(seen: dict[str, Any], *advisories: Advisory) -> judging.Answer:
    return judging.worst(of_record.answers(CVE, advisories or (DSA,), seen, {"debian:12"}))


REBUILT = kernel_row("6.1.0-41-amd64", "6.1.153-1+local1")
REBUILT_FIXED = kernel_row("6.1.0-41-amd64", "6.1.158-1+local1")
OWN = {**kernel_row("6.1.153-own", "6.1.153-own-1", "linux-upstream"), "package": "linux-image-6.1.153-own"}


@pytest.mark.parametrize(("seen", "wanted", "words"), [
    (record(OLD, [OLD, NEW]), "pending", "6.1.153-1 runs; 6.1.158-1 is in force after a reboot"),
    (record(NEW, [OLD, NEW]), "fixed_in_force", "6.1.158-1 runs, fixed in 6.1.158-1"),
    (record(OLD, [OLD]), "exposed", "6.1.153-1 runs; fixed in 6.1.158-1"),
    (record(OWN, [OWN]), "unknown", "of which the record tells nothing"),
    (record(REBUILT, [REBUILT]), "exposed", "6.1.153-1+local1 runs"),
    (record(REBUILT_FIXED, [REBUILT_FIXED]), "fixed_in_force", "6.1.158-1+local1 runs"),
    (record(OLD, [OLD, NEW], OLD), "exposed", "6.1.158-1 is installed, and the next reboot does not give it (6.1.153-1)"),
    (record(OLD, [NEW]), "pending", "6.1.158-1 is in force after a reboot"),
    (record(OLD, [OLD, {**NEW, "complete": False}]), "exposed", "6.1.153-1 runs"),
])
def test_judged_by_what_runs(seen: dict[str, Any], wanted: str, words: str) -> None:
    """Old runs; fixed runs with the old beside it; nothing newer; an own kernel; rebuilt vulnerable and fixed; a default that stays old; a kernel
    whose package was removed while it runs; an installation that broke off."""
    found = asked(seen)
    assert (found.answer, words in found.reason) == (wanted, True), found


def test_what_runs_and_is_not_known_is_unknown() -> None:
    seen = record(OLD, [OLD, NEW])
    seen["kernel"]["running"]["package_version"] = None
    seen["nulls"] = [{"fact": "kernel.running.package_version", "reason": "absent"}]
    assert asked(seen) == asked(seen)._replace(answer="unknown", reason="kernel.running.package_version: absent")


def test_a_kernel_of_nobody_is_unknown() -> None:
    seen = record(OLD, [OLD])
    seen["kernel"]["running"] |= {"package": None, "package_version": None, "release": "6.17.0-own"}
    found = asked(seen)
    assert found.answer == "unknown"
    assert "nobody says whose runs" in found.reason


@pytest.mark.parametrize(("patch", "transition", "wanted"), [
    ({"state": "active"}, False, "fixed_by_live_patch"), ({"state": "active"}, True, "pending"), ({"state": "disabled"}, False, "exposed"),
    ({"state": "active"}, None, "pending"),
])
def test_a_live_patch_counts_in_force_only(patch: dict[str, Any], transition: bool | None, wanted: str) -> None:
    live = {"patches": [{"id": "kpatch_1", **patch}], "transition": {"in_progress": transition}, "cves": {"fixed": [CVE], "basis": "client"}}
    assert asked(record(OLD, [OLD], live_patch=live)).answer == wanted


@pytest.mark.parametrize(("provider", "kind", "wanted"), [
    ("canonical", "fix", "fixed_by_live_patch"), ("canonical", "unknown", "exposed"), ("kpatch", "fix", "fixed_by_live_patch"),
    ("kpatch", "unknown", "fixed_by_live_patch"), ("suse", "seed", "exposed"), ("kernelcare", "fix", "fixed_by_live_patch")])
def test_what_a_client_claims_counts_where_its_own_patch_is_in_force(provider: str, kind: str, wanted: str) -> None:
    """Canonical's client says applied, and the kernel has no module of its; SUSE's seed fixes nothing."""
    live = {"provider": {"id": provider}, "patches": [{"id": "p", "state": "active", "kind": kind}], "transition": {"in_progress": False},
            "cves": {"fixed": [CVE], "basis": "client"}}
    assert asked(record(OLD, [OLD], live_patch=live)).answer == wanted


@pytest.mark.parametrize(("module", "state", "wanted"), [
    ("lkp_Ubuntu_6_8_0_60_63_linux_120", "active", "fixed_by_live_patch"), ("lkp_Ubuntu_6_8_0_60_63_linux_121", "active", "fixed_by_live_patch"),
    ("lkp_Ubuntu_6_8_0_60_63_linux_119", "active", "exposed"), ("lkp_Ubuntu_6_8_0_60_63_aws_120", "active", "exposed"),
    ("lkp_Ubuntu_6_8_0_60_63_linux_120", "enabling", "exposed"),
])
def test_a_notice_of_a_live_patch_is_held_against_the_loaded_module(module: str, state: str, wanted: str) -> None:
    row = kernel_row("6.8.0-60-generic", "6.8.0-60.63")
    usn = Advisory("USN-1", (CVE,), (Row("ubuntu:24.04", "linux", fixed="6.8.0-90.91"),))
    lsn = Advisory("LSN-120-1", (CVE,), (
        Row("ubuntu:24.04:pro", "linux", fixed="6.8.0-90.91", live_patch=LivePatch(r"lkp_Ubuntu_6_8_0[_|\d]+_linux_(\d+)", 120)),))
    live = {"patches": [{"id": module, "state": state}], "transition": {"in_progress": False}, "cves": {"fixed": [], "basis": "none"}}
    seen = record(row, [row], os={"id": "ubuntu", "version_id": "24.04"}, live_patch=live)
    assert asked(seen, usn, lsn).answer == wanted


@pytest.mark.parametrize(("rows", "os", "version", "wanted"), [
    ((Row("debian:13", "linux", fixed="6.12.57-1"),), ("debian", "12"), "6.1.158-1", "unknown"),
    ((Row("debian:12", "linux", fixed="6.1.158-1"),), ("debian", "12"), "6.12.48-1~bpo12+1", "unknown"),
    ((Row("ubuntu:24.04:fips+pro", "linux", fixed="6.8.0-1"),), ("ubuntu", "24.04"), "6.8.0-60.63", "unknown"),
    ((Row("debian:12", "linux", state=NOT_AFFECTED),), ("debian", "12"), "6.1.1-1", "not_affected"),
    ((Row("debian:12", "linux", introduced="6.5", fixed="6.12.1-1"),), ("debian", "12"), "6.1.1-1", "not_affected"),
    ((Row("debian:12", "linux"),), ("debian", "12"), "6.1.158-1", "exposed"),
    ((Row("debian:12", "linux", fixed="6.1.150-1"), Row("debian:12", "linux", fixed="6.1.158-1")), ("debian", "12"), "6.1.153-1", "exposed"),
    ((Row("debian:12", "linux", last="6.1.153-1"),), ("debian", "12"), "6.1.153-1", "exposed"),
    ((Row("debian:12", "linux", last="6.1.153-1"),), ("debian", "12"), "6.1.158-1", "fixed_in_force"),
    ((Row("debian:12", "linux", introduced="6.1.153-1", last="6.1.153-1"),), ("debian", "12"), "6.1.153-1", "exposed"),
    ((Row("debian:12", "linux", introduced="6.1.153-1", last="6.1.153-1"),), ("debian", "12"), "6.1.150-1", "not_affected"),
    ((Row("debian:12", "linux", last="6.1.153-1"), Row("debian:12", "linux", fixed="6.1.170-1")), ("debian", "12"), "6.1.158-1", "exposed"),
    ((Row("debian:12", "linux", fixed="not a version"),), ("debian", "12"), "6.1.153-1", "unknown"),
    ((Row("ubuntu:20.04", "linux"), Row("ubuntu:20.04:pro", "linux", fixed="5.4.0-220.240")), ("ubuntu", "20.04"), "5.4.0-221.241", "fixed_in_force"),
])
def test_streams_never_mix(rows: tuple[Row, ...], os: tuple[str, str], version: str, wanted: str) -> None:
    row = kernel_row("x-amd64", version)
    assert asked(record(row, [row], os={"id": os[0], "version_id": os[1]}), Advisory("A-1", (CVE,), rows)).answer == wanted


@pytest.mark.parametrize(("row", "reason", "remedy"), [
    (Row("debian:12", "linux", last="6.1.153-1"), "fixed in what is newer than 6.1.153-1", "install what is newer than 6.1.153-1 and reboot it"),
    (Row("debian:12", "linux", introduced="6.1.153-1", last="6.1.153-1"), "there is no fix yet", "mitigate it until there is a fix"),
])
def test_what_closes_a_hole_of_which_only_the_last_version_is_told(row: Row, reason: str, remedy: str) -> None:
    found = asked(record(OLD, [OLD]), Advisory("A-1", (CVE,), (row,)))
    assert (found.answer, reason in found.reason, found.remedy) == ("exposed", True, remedy)


def test_what_is_older_than_a_hole_is_said_to_be_so() -> None:
    found = asked(record(OLD, [OLD]), Advisory("A", (CVE,), (Row("debian:12", "linux", introduced="6.1.155-1", fixed="6.1.158-1"),)))
    assert (found.answer, found.reason) == ("not_affected", "6.1.153-1 is older than the hole")


def test_long_lived_minor_releases_have_their_own_fixes() -> None:
    rows = (Row("redhat:9", "kernel-core", "binary", fixed="0:5.14.0-503.11.1.el9_5"),
            Row("redhat:9.4:eus", "kernel-core", "binary", fixed="0:5.14.0-427.40.1.el9_4"))
    advisory = Advisory("RHSA-1", (CVE,), rows)
    wanted_by = {"5.14.0-427.42.1.el9_4": "fixed_in_force", "5.14.0-427.35.1.el9_4": "exposed", "5.14.0-503.14.1.el9_5": "fixed_in_force"}
    for version, wanted in wanted_by.items():
        row = {**kernel_row(f"{version}.x86_64", version, None), "package": "kernel-core", "flavour": "standard"}
        seen = record(row, [row], os={"id": "rhel", "version_id": "9.4"})
        seen["kernel"]["version_order"] = "rpm"
        assert asked(seen, advisory).answer == wanted, version


def test_each_process_of_a_monitor_is_judged() -> None:
    """An old QEMU process keeps the hole though the package is fixed; a guest is moved, nothing is rebooted."""
    qemu = Advisory("DSA-1", (CVE,), (Row("debian:12", "qemu", fixed="1:7.2+dfsg-7+deb12u18"),))
    component = {"name": "qemu", "package": "qemu-system-x86", "version": "1:7.2+dfsg-7+deb12u18"}
    process = {"pid": 12, "component": "qemu", "version": "1:7.2+dfsg-7+deb12u13", "guest": "web"}
    hidden = {**process, "pid": 13, "version": None, "reason": "needs_root"}
    found = of_record.answers(CVE, [qemu], record(NEW, [NEW], hypervisor={"components": [component], "processes": [process, hidden]}))
    assert [(one.answer, one.where, one.disruption) for one in found] == [
        ("unknown", "pid 13, guest web", ""), ("pending", "pid 12, guest web", "migrate_guest")]


def test_what_no_feed_knows_is_unknown() -> None:
    assert asked(record(NEW, [NEW])).answer == "fixed_in_force"
    assert of_record.answers(CVE, [], record(NEW, [NEW])) == [judging.Answer("unknown", "", f"no feed knows {CVE}")]


def rows_of(loaded: list[Loaded], wanted: list[str], advisories: list[Advisory], distrust: str = "") -> dict[str, judging.Answer]:
    facts = fleets.of_fleet(map(of_record.fact_of, loaded), wanted)
    rows = fleets.rows_of(facts, [told(CVE, advisories)], {"debian:12"}, distrust)
    return {host: row.answer for row in rows for host in row.hosts}


def test_a_fleet_counts_each_host_once_and_names_the_lost() -> None:
    documents = [Loaded("a", {"host": "a", "record": {**record(NEW, [NEW]), "scanned_at": "2026-11-28T08:00:00Z"}}),
                 Loaded("old", {"host": "a", "record": {**record(OLD, [OLD]), "scanned_at": "2026-11-27T08:00:00Z"}}),
                 Loaded("b", None, "cannot read b.json"), Loaded("c", {"host": "c", "record": None})]
    found = rows_of(documents, ["a", "b", "c", "d"], [DSA])
    assert {host: answer.answer for host, answer in found.items()} == {"a": "fixed_in_force", "b": "unknown", "c": "unknown", "d": "unknown"}
    assert {found[host].reason for host in "bcd"} == {"cannot read b.json", "the scan has no record", "no record of this host"}


def patched(name: str, cve: str) -> dict[str, Any]:
    return {"patches": [{"id": name, "state": "active"}], "transition": {"in_progress": False}, "cves": {"fixed": [cve], "basis": "client"}}


NOTICE = Advisory("LSN-1", (CVE,), (Row("debian:12", "linux", fixed="6.1.158-1", live_patch=LivePatch(r"lkp_(\d+)", 2)),))
FILES = Advisory("CNA", (CVE,), (), files=("drivers/hv/vmbus_drv.c",))


@pytest.mark.parametrize(("advisories", "records", "wanted"), [
    ([DSA], {"a": record(OLD, [OLD]), "b": record(OLD, [OLD]), "z": record(NEW, [OLD])}, [("a", "b"), ("z",)]),
    # A live patch that no advisory tells of makes no difference, and neither does one for another hole.
    ([DSA], {"a": record(OLD, [OLD]), "b": record(OLD, [OLD], live_patch=patched("kpatch_1", "CVE-1"))}, [("a", "b")]),
    ([DSA], {"a": record(OLD, [OLD]), "b": record(OLD, [OLD], live_patch=patched("kpatch_1", CVE))}, [("a",), ("b",)]),
    ([DSA, NOTICE], {"a": record(OLD, [OLD], live_patch=patched("lkp_1", "CVE-1")), "b": record(OLD, [OLD], live_patch=patched("lkp_2", "CVE-1"))},
     [("a",), ("b",)]),
    # Another maker of the processor makes one only where files are told of.
    ([DSA], {"a": record(OLD, [OLD], cpu={"vendor": "GenuineIntel"}), "b": record(OLD, [OLD])}, [("a", "b")]),
    ([DSA, FILES], {"a": record(OLD, [OLD], cpu={"vendor": "GenuineIntel"}), "b": record(OLD, [OLD])}, [("a",), ("b",)]),
])
def test_hosts_that_a_question_does_not_tell_apart_are_one_group(
    advisories: list[Advisory], records: dict[str, dict[str, Any]], wanted: list[tuple[str, ...]],
) -> None:
    facts = fleets.of_fleet([of_record.fact_of(Loaded(name, {"host": name, "record": one})) for name, one in records.items()], [])
    question = told(CVE, advisories)
    assert [group.hosts for group in Alike(facts.values()).partition(question).groups] == wanted
    together = {host: row.answer.answer for row in fleets.rows_of(facts, [question], set()) for host in row.hosts}
    assert together == {name: judging.worst(of_record.answers(CVE, advisories, one)).answer for name, one in records.items()}


def test_what_is_said_alike_of_many_holes_is_judged_once_and_named_by_each(tmp_path: Path) -> None:
    """Of two CVEs in the same rows, one is named by a live patch; of a third nobody has the stream, and its reason names it."""
    others = ("CVE-2026-1001", "CVE-2026-1002", "CVE-2026-1003")
    advisories = [Advisory(f"DSA-{cve}", (cve,), DSA.rows) for cve in (CVE, *others[:2])]
    advisories += [Advisory(f"RHSA-{cve}", (cve,), (Row("redhat:9", "linux"),)) for cve in others[1:]]
    index.build(tmp_path / "index", advisories)
    opened = index.Index(tmp_path / "index")
    records = {"a": record(OLD, [OLD, NEW]), "b": record(OLD, [OLD], live_patch=patched("kpatch_1", others[0]))}
    facts = fleets.of_fleet([of_record.fact_of(Loaded(name, {"host": name, "record": one})) for name, one in records.items()], [])
    asked = list(opened.told([CVE, *others], fleets.names_of(facts)))
    opened.close()
    assert asked[0].content is asked[1].content
    found = {(row.cve, host): row.answer for row in fleets.rows_of(facts, asked, {"debian:12"}) for host in row.hosts}
    alone = {(cve, name): of_record.answers(cve, [one for one in advisories if cve in one.cves], seen, {"debian:12"})
             for cve in (CVE, *others) for name, seen in records.items()}
    assert found == {key: judging.worst(answers)._replace(where="") for key, answers in alone.items()}
    assert {(cve, name): answer.answer for (cve, name), answer in found.items()} == {
        **{(cve, "a"): "pending" for cve in (CVE, *others[:2])}, (CVE, "b"): "exposed", (others[0], "b"): "fixed_by_live_patch",
        (others[1], "b"): "exposed", (others[2], "a"): "unknown", (others[2], "b"): "unknown"}


def test_a_feed_that_is_not_believed_closes_nothing() -> None:
    seen = Loaded("a", {"host": "a", "record": record(NEW, [NEW])})
    answer = rows_of([seen], [], [DSA], "the feed x is 30 hours old, 24 hours are allowed")["a"]
    assert answer.answer == "unknown"
    assert answer.reason.startswith("the feed x is 30 hours old")
    open_ = rows_of([Loaded("a", {"host": "a", "record": record(OLD, [OLD])})], [], [DSA], "old")["a"]
    assert open_.answer == "exposed"


# Amazon's repository kernel-livepatch, Red Hat's and SUSE's packages: each is made for one kernel, which its name says in its family's way.
@pytest.mark.parametrize(("release", "version", "os", "package", "fixed", "loaded", "wanted"), [
    ("6.1.12-19.43.amzn2023.x86_64", "6.1.12-19.43.amzn2023", ("amzn", "2023"), "kernel-livepatch-6.1.12-19.43", "0:1.0-2.amzn2023",
     "kernel-livepatch-6.1.12-19.43-1.0-2.amzn2023.x86_64", "fixed_by_live_patch"),
    ("6.1.12-19.43.amzn2023.x86_64", "6.1.12-19.43.amzn2023", ("amzn", "2023"), "kernel-livepatch-6.1.12-19.43", "0:1.0-2.amzn2023",
     "kernel-livepatch-6.1.12-19.43-1.0-1.amzn2023.x86_64", "exposed"),
    ("6.1.12-19.43.amzn2023.x86_64", "6.1.12-19.43.amzn2023", ("amzn", "2023"), "kernel-livepatch-6.1.15-28.43", "0:1.0-1.amzn2023",
     "kernel-livepatch-6.1.12-19.43-1.0-9.amzn2023.x86_64", "exposed"),
    ("5.14.0-284.11.1.el9_2.x86_64", "5.14.0-284.11.1.el9_2", ("rhel", "9.2"), "kpatch-patch-5_14_0-284_11_1", "0:1-4.el9_2",
     "kpatch-patch-5_14_0-284_11_1-1-4.el9_2", "fixed_by_live_patch"),
    ("5.14.21-150400.24.33-default", "5.14.21-150400.24.33.2", ("sles", "15.4"), "kernel-livepatch-5_14_21-150400_24_33-default",
     "0:6-150400.2.2", "kernel-livepatch-5_14_21-150400_24_33-default-10-150400.2.1.x86_64", "fixed_by_live_patch"),
])
def test_a_package_that_is_a_live_patch_of_this_kernel(
    release: str, version: str, os: tuple[str, str], package: str, fixed: str, loaded: str, wanted: str,
) -> None:
    row = {**kernel_row(release, version, None), "package": "kernel"}
    base = {"amzn": "amazon:2023", "rhel": "redhat:9", "sles": "suse:15.4"}[os[0]]
    advisories = [Advisory("A-1", (CVE,), (Row(base, "kernel", "binary", fixed="0:9.9.9-1"),)),
                  Advisory("A-2", (CVE,), (Row(f"{base}:beside" if os[0] == "sles" else base, package, "binary", fixed=fixed),))]
    live = {"patches": [{"id": "livepatch_1", "state": "active", "package": loaded}], "transition": {"in_progress": False}, "cves": {"fixed": []}}
    seen = record(row, [row], os={"id": os[0], "version_id": os[1]}, live_patch=live)
    seen["kernel"]["version_order"] = "rpm"
    assert asked(seen, *advisories).answer == wanted


def test_a_live_patch_of_a_long_lived_minor_release() -> None:
    """Red Hat's OSV tells kpatch-patch of the stream that the kernel is of: Red Hat:rhel_eus:9.2::baseos."""
    row = {**kernel_row("5.14.0-284.11.1.el9_2.x86_64", "5.14.0-284.11.1.el9_2", None), "package": "kernel-core"}
    rows = (Row("redhat:9.2:eus", "kernel-core", "binary", fixed="0:5.14.0-284.99.1.el9_2"),
            Row("redhat:9.2:eus", "kpatch-patch-5_14_0-284_11_1", "binary", fixed="0:1-4.el9_2"))
    live = {"patches": [{"id": "kpatch_1", "state": "active", "package": "kpatch-patch-5_14_0-284_11_1-1-4.el9_2"}],
            "transition": {"in_progress": False}, "cves": {"fixed": []}}
    seen = record(row, [row], os={"id": "rhel", "version_id": "9.2"}, live_patch=live)
    seen["kernel"]["version_order"] = "rpm"
    assert asked(seen, Advisory("RHSA", (CVE,), rows)).answer == "fixed_by_live_patch"


@pytest.mark.parametrize(("fixed", "wanted"), [([CVE], "fixed_by_live_patch"), ([], "unknown")])
def test_a_live_patch_that_only_an_old_feed_tells_of_closes_nothing(fixed: list[str], wanted: str) -> None:
    """What the client says of itself needs no feed."""
    live = {"patches": [{"id": "lkp_2", "state": "active"}], "transition": {"in_progress": False}, "cves": {"fixed": fixed, "basis": "client"}}
    seen = Loaded("a", {"host": "a", "record": record(OLD, [OLD], live_patch=live)})
    assert rows_of([seen], [], [DSA, NOTICE])["a"].answer == "fixed_by_live_patch"
    assert rows_of([seen], [], [DSA, NOTICE], "the feed x is 30 hours old")["a"].answer == wanted


# A guest kernel of a distribution (config of a Kata release that an operator built) is none of kernel.org's.
@pytest.mark.parametrize(("said", "wanted"), [
    ("6.8.0-45-generic", "unknown"), ("6.12.0-124-azure", "unknown"), ("5.14.0-503.11.1.el9_5.x86_64", "unknown"), ("6.18.35-202", "fixed_in_force"),
    ("6.18.35-202-confidential", "fixed_in_force"), ("6.18.35-nvidia-gpu-confidential", "fixed_in_force"), ("6.18.35", "fixed_in_force")])
def test_a_sandboxs_kernel_of_a_distribution_is_no_kernel_orgs(said: str, wanted: str) -> None:
    cna = Advisory(f"{CVE} (kernel CNA)", (CVE,), (Row("kernel.org", "linux", introduced="4.14", fixed="5.14"),))
    kata = {"version": "4.1.0", "components": [{"name": "guest-kernel", "version": said}], "sandboxes": [{"version": "4.1.0", "guest_kernel": said}]}
    (found,) = [one for one in of_record.answers(CVE, [cna], record(NEW, [NEW], kata=kata)) if one.component == "guest_kernel"]
    assert found.answer == wanted


def test_a_sandboxs_kernel_is_judged_by_kernel_orgs_own_records() -> None:
    """Kata 4.1.0 pins 6.18.35: an older sandbox is closed by a new one, and no row of a distribution is asked."""
    cna = Advisory(f"{CVE} (kernel CNA)", (CVE,), (Row("kernel.org", "linux", introduced="4.14", fixed="6.12.85"),
                                                   Row("kernel.org", "linux", introduced="6.13", fixed="6.18.30")))
    kata = {"version": "4.1.0", "components": [{"name": "guest-kernel", "version": "6.18.35-202"}],
            "sandboxes": [{"version": "4.0.0", "guest_kernel": "6.18.22-190"}, {"version": "4.1.0", "guest_kernel": "6.18.35-202"},
                          {"version": "4.1.0", "guest_kernel": None}]}
    found = {one.observed: (one.answer, one.disruption) for one in of_record.answers(CVE, [DSA, cna], record(NEW, [NEW], kata=kata))
             if one.component == "guest_kernel"}
    assert found == {"6.18.22": ("pending", "restart_sandbox"), "6.18.35": ("fixed_in_force", ""), "": ("unknown", "")}
    (kernel,) = [one for one in of_record.answers(CVE, [cna], record(NEW, [NEW], kata=kata)) if one.component == "kernel"]
    assert (kernel.answer, "is told of kernel.org, not of debian:12" in kernel.reason) == ("unknown", True)


def test_a_hole_that_no_source_of_this_kernel_can_have_is_not_reachable() -> None:
    files = Advisory(f"{CVE} (kernel CNA)", (CVE,), (), files=("net/rxrpc/key.c", "include/net/af_rxrpc.h"))
    seen = record(OLD, [OLD])
    assert asked(seen, DSA, files).answer == "exposed"
    seen["kernel"] |= {"configuration": "/boot/config-6.1.0-40-amd64", "not_built": ["AF_RXRPC"]}
    found = asked(seen, DSA, files)
    assert (found.answer, found.remedy, found.facts) == ("not_reachable", "", ("kernel.not_built", "os.architecture", "cpu.vendor"))
    # A fix in force stays the better answer, and a hole without files is reachable.
    assert asked(seen, DSA).answer == "exposed"


def test_a_minor_release_of_red_hats_without_a_fix_of_its_own() -> None:
    row = {**kernel_row("6.12.0-55.9.1.el10_0.x86_64", "6.12.0-55.9.1.el10_0", None), "package": "kernel-core"}
    seen = record(row, [row], os={"id": "rhel", "version_id": "10.0"})
    seen["kernel"]["version_order"] = "rpm"
    own = Row("redhat:10.0", "kernel-core", "binary", fixed="0:6.12.0-55.8.1.el10_0")
    later = Row("redhat:10.1", "kernel-core", "binary", fixed="0:6.12.0-124.8.1.el10_1")
    assert asked(seen, Advisory("A", (CVE,), (own, later))).answer == "fixed_in_force"
    assert asked(seen, Advisory("A", (CVE,), (later,))).answer == "exposed"


# Red Hat's VEX and its relatives' notices list a fix of the minor release before and the newer one's beginning in one stream.
@pytest.mark.parametrize(("version", "wanted"), [
    ("5.14.0-362.24.1.el9_3", "fixed_in_force"), ("5.14.0-362.24.2.el9_3", "fixed_in_force"), ("5.14.0-362.18.1.el9_3", "exposed"),
    ("5.14.0-427.13.1.el9_4", "fixed_in_force"), ("5.14.0-427.9.1.el9_4", "exposed"), ("5.14.0-503.11.1.el9_5", "fixed_in_force"),
    ("5.14.0-284.99.1.el9_2", "exposed"), ("5.14.0-400.el9", "unknown")])
def test_a_fix_of_the_own_minor_release_counts(version: str, wanted: str) -> None:
    rows = tuple(Row("rocky:9", "kernel-core", "binary", fixed=f"0:5.14.0-{fix}") for fix in ("362.24.1.el9_3", "427.13.1.el9_4"))
    row = {**kernel_row(f"{version}.x86_64", version, None), "package": "kernel-core", "flavour": "standard"}
    seen = record(row, [row], os={"id": "rocky", "version_id": "9.4"})
    seen["kernel"]["version_order"] = "rpm"
    assert asked(seen, Advisory("A", (CVE,), rows)).answer == wanted


# CVE-2024-47175's form: "out of support scope" for the release, and a fix of what is sold for its extended life (rhel_els:7).
@pytest.mark.parametrize(("version", "wanted"), [
    ("3.10.0-1160.125.1.el7", "fixed_in_force"), ("3.10.0-1160.119.1.el7", "exposed"), ("3.10.0-1062.88.1.el7", "exposed")])
def test_an_extended_life_goes_on_where_its_release_ends(version: str, wanted: str) -> None:
    rows = (Row("redhat:7", "kernel"), Row("redhat:7:els", "kernel", "binary", fixed="0:3.10.0-1160.120.1.el7"))
    row = {**kernel_row(f"{version}.x86_64", version, None), "package": "kernel", "flavour": "standard"}
    seen = record(row, [row], os={"id": "rhel", "version_id": "7.9"})
    seen["kernel"]["version_order"] = "rpm"
    assert asked(seen, Advisory("A", (CVE,), rows)).answer == wanted


def test_sources_decide_where_the_record_has_them() -> None:
    """Ubuntu builds the binary package containerd of containerd-app: the older source containerd says nothing of it."""
    engine = {"name": "containerd", "package": "containerd", "source": "containerd-app", "version": "1.7.28-0ubuntu1", "running": True,
              "stale": False}
    seen = record(NEW, [NEW], os={"id": "ubuntu", "version_id": "24.04"}, containers={"engines": [engine], "runtimes": [
        {"name": "runc", "package": "runc", "source": "runc-app", "version": "1.2.5-0ubuntu1"}]})
    rows = (Row("ubuntu:24.04", "containerd-app", fixed="1.7.29-0ubuntu1"), Row("ubuntu:24.04", "runc", fixed="9"),
            Row("ubuntu:24.04", "runc-app", fixed="1.2.5-0ubuntu1"))
    found = {one.component: one.answer for one in of_record.answers(CVE, [Advisory("USN", (CVE,), rows)], seen)}
    assert found == {"containerd": "exposed", "runc": "fixed_in_force"}


BLOCKED = {"advisory": [CVE], "reason": "until the fix is in", "owner": "ops", "expires": "2026-12-31", "modules": ["algif_aead"]}


@pytest.mark.parametrize(("state", "wanted", "words"), [
    ("blocked", "mitigated_in_force", "6.1.153-1 runs; fixed in 6.1.158-1; mitigated: "), ("loaded", "exposed", "6.1.153-1 runs"),
    ("loadable", "exposed", "6.1.153-1 runs"), (None, "exposed", "6.1.153-1 runs"),
])
def test_a_mitigation_counts_where_the_record_proves_it(state: str | None, wanted: str, words: str) -> None:
    """Listed in the standard is not in force; a fix in force stays the better answer."""
    sha = "a" * 64
    standards = {sha: mitigated.of_standard({"mitigations": [BLOCKED]})}
    assert len(standards[sha]) == 1
    seen = record(OLD, [OLD])
    seen["kernel"]["watched_modules"] = [{"name": "algif_aead", "state": state, "detail": "install algif_aead /bin/false", "built_in": False,
                                          "blocked_by": "modprobe" if state == "blocked" else None, "references": None, "holders": []}]
    fact = of_record.fact_of(Loaded("a", {"host": "a", "record": seen, "standard": sha}), standards)
    found = judging.judge(told(CVE, [DSA]), fact.placed[0].seen)
    assert found is not None
    assert (found.answer, words in found.reason) == (wanted, True), found
    other = judging.judge(told(CVE, [DSA]), of_record.fact_of(Loaded("a", {"host": "a", "record": seen, "standard": "b"}), standards).placed[0].seen)
    assert other is not None
    assert other.answer == "exposed"
    assert mitigated.of_standard({"mitigations": [{"advisory": 5}]}) == ()


def test_two_holes_that_are_asked_of_together_keep_the_mitigation_of_each() -> None:
    """Each alone and all in one question, in any order: on one host a live patch fixes the first hole, and the others are mitigated."""
    sha, holes = "a" * 64, ("CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "CVE-2026-4")
    wanted = {"CVE-2026-1": "fixed_by_live_patch", "CVE-2026-2": "mitigated_in_force", "CVE-2026-3": "pending", "CVE-2026-4": "exposed"}
    standards = {sha: mitigated.of_standard({"mitigations": [{**BLOCKED, "advisory": [cve], "modules": [name]} for cve, name in (
        ("CVE-2026-2", "algif_aead"), ("CVE-2026-3", "rxrpc"), ("CVE-2026-4", "esp4"))]})}
    seen = record(OLD, [OLD], live_patch=patched("kpatch_1", "CVE-2026-1"))
    seen["kernel"]["watched_modules"] = [
        {"name": "algif_aead", "state": "blocked", "built_in": False, "blocked_by": "modprobe", "references": None, "holders": []},
        {"name": "rxrpc", "state": "loaded", "built_in": False, "blocked_by": "modprobe", "references": 0, "holders": []},
        {"name": "esp4", "state": "loaded", "built_in": False, "blocked_by": None, "references": 1, "holders": []}]
    facts = fleets.of_fleet([of_record.fact_of(Loaded("a", {"host": "a", "record": seen, "standard": sha}), standards)], [])
    asked = [told(cve, [Advisory("DSA", (cve,), DSA.rows)]) for cve in holes]
    for order in (asked, asked[::-1], *([one] for one in asked)):
        assert {row.cve: row.answer.answer for row in fleets.rows_of(facts, order, {"debian:12"})} == {one.cve: wanted[one.cve] for one in order}


def test_a_mitigation_of_the_host_is_one_for_all_that_runs_there_but_the_kernels_of_its_sandboxes() -> None:
    sha = "a" * 64
    sysctl = {name: value for name, value in BLOCKED.items() if name != "modules"} | {"sysctls": {"kernel.unprivileged_bpf_disabled": 1}}
    engine = {"name": "containerd", "package": "containerd", "source": "containerd", "version": "1.7.24~ds1-6", "running": True, "stale": False}
    seen = record(OLD, [OLD], containers={"engines": [engine]}, kata={"version": "3.32.0", "sandboxes": [
        {"version": "3.32.0", "guest_kernel": "6.18.35"}], "components": [{"name": "guest-kernel", "version": "6.18.35"}]})
    seen["kernel"]["watched_sysctls"] = [{"name": "kernel.unprivileged_bpf_disabled", "value": "1", "at_boot": "1", "detail": "/etc/sysctl.d/x.conf"}]
    fact = of_record.fact_of(Loaded("a", {"host": "a", "record": seen, "standard": sha}), {sha: mitigated.of_standard({"mitigations": [sysctl]})})
    kept = {one.seen.component: [row.in_force for row in one.seen.mitigated] for one in fact.placed}
    assert kept == {"kernel": [True], "containerd": [True], "kata": [True], "guest_kernel": []}
