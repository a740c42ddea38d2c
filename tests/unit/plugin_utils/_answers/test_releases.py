# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels of another release, line or builder than the host's own: no advisory of the host's release may close anything for them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import answer as judging
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import of_record, streams
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import NOT_AFFECTED, Advisory, Row

CVE = "CVE-2026-31431"
LINUX, CORE, DEFAULT, UEK = ("linux",), ("kernel", "kernel-core"), ("kernel-default",), ("kernel-uek", "kernel-uek-core")


# Versions as the archives of the distributions have them, and as users build kernels: make binrpm-pkg writes no word of a distribution.
@pytest.mark.parametrize(("os_id", "version_id", "version", "names", "wanted"), [
    ("debian", "12", "6.1.158-1", LINUX, ["debian:12"]),
    # Of trixie on bookworm (after an upgrade or a pin), of bookworm on trixie before the reboot, of unstable in between.
    ("debian", "12", "6.12.57-1", LINUX, ["debian:13"]),
    ("debian", "13", "6.1.158-1", LINUX, ["debian:12"]),
    ("debian", "12", "6.10.11-1", LINUX, ["debian:12:of-another-release"]),
    ("debian", "11", "6.1.158-1~deb11u1", ("linux-6.1",), ["debian:11"]),
    ("debian", "14", "6.17.8-1", LINUX, ["debian:14"]),
    ("debian", "12", "6.12.48-1~bpo12+1", LINUX, ["debian:12:backports"]),
    ("ubuntu", "24.04", "6.8.0-60.63", LINUX, ["ubuntu:24.04", "ubuntu:24.04:pro"]),
    ("ubuntu", "24.04", "6.11.0-9.9", LINUX, ["ubuntu:24.10", "ubuntu:24.10:pro"]),
    ("ubuntu", "24.04", "5.15.0-1070.76", ("linux-aws",), ["ubuntu:22.04", "ubuntu:22.04:pro"]),
    ("ubuntu", "24.04", "6.8.0-50.51~22.04.1", ("linux-hwe-6.8",), ["ubuntu:22.04", "ubuntu:22.04:pro"]),
    ("ubuntu", "22.04", "6.8.0-50.51~22.04.1", ("linux-hwe-6.8",), ["ubuntu:22.04", "ubuntu:22.04:pro"]),
    ("ubuntu", "22.04", "5.15.0-1089.98", ("linux-realtime",), ["ubuntu:22.04:realtime+pro", "ubuntu:22.04", "ubuntu:22.04:pro"]),
    ("ubuntu", "22.04", "6.8.1-1030.31~22.04.1", ("linux-realtime-6.8",), ["ubuntu:22.04:realtime+pro", "ubuntu:22.04", "ubuntu:22.04:pro"]),
    ("ubuntu", "24.04", "6.11.0-1010.10", ("linux-oem-6.11",), ["ubuntu:24.04", "ubuntu:24.04:pro"]),
    ("ubuntu", "18.04", "5.0.0-1036.38", ("linux-azure",), ["ubuntu:18.04", "ubuntu:18.04:pro"]),
    ("rocky", "9.5", "5.14.0-503.14.1.el9_5", CORE, ["rocky:9"]),
    ("rocky", "9.5", "4.18.0-553.16.1.el8_10", CORE, ["rocky:8"]),
    ("rocky", "9.5", "6.11.4-301.fc41", CORE, ["rocky:9:of-another-release"]),
    ("rocky", "9.5", "6.6.30-1", ("kernel",), ["rocky:9:of-another-release"]),
    # CentOS Stream's builds have no minor release; of version 8 the first kernels of some minor releases have none either.
    ("rhel", "9.6", "5.14.0-600.el9", CORE, ["redhat:9:of-another-release"]),
    ("almalinux", "10.0", "6.12.0-66.el10", CORE, ["almalinux:10:of-another-release"]),
    ("almalinux", "10", "6.12.0-66.el10_1", CORE, ["almalinux:10:of-another-release"]),
    ("rhel", "8.4", "4.18.0-305.el8", CORE, ["redhat:8:els", "redhat:8"]),
    ("rhel", "8.4", "4.18.0-305.3.1.el8", CORE, ["redhat:8:els", "redhat:8"]),
    ("rhel", "8.10", "4.18.0-535.el8", CORE, ["redhat:8:of-another-release"]),
    ("ol", "8.10", "5.4.17-2136.350.3.el8uek", ("kernel-uek",), ["oracle:8:uek-5.4"]),
    ("ol", "8.10", "5.15.0-303.171.5.2.el8uek", UEK, ["oracle:8:uek-5.15"]),
    ("fedora", "42", "6.17.7-200.fc41", CORE, ["fedora:41"]),
    ("fedora", "42", "6.17.7-custom-1", CORE, ["fedora:42:of-another-release"]),
    ("amzn", "2023", "6.1.150-174.273.amzn2023", ("kernel",), ["amazon:2023"]),
    ("amzn", "2023", "6.12.20-23.97.amzn2023", ("kernel",), ["amazon:2023:kernel-6.12"]),
    ("amzn", "2023", "6.6.30-1", ("kernel",), ["amazon:2023:of-another-release"]),
    ("sles", "15.6", "6.4.0-150600.23.65.1", DEFAULT, ["suse:15.6", "suse:15.6:ltss"]),
    ("sles", "15.6", "6.4.0-150700.53.11.1", DEFAULT, ["suse:15.7", "suse:15.7:ltss"]),
    ("sles", "15.6", "5.14.21-150500.55.49.1", DEFAULT, ["suse:15.5", "suse:15.5:ltss"]),
    ("sles", "15.2", "5.3.18-24.107.1", DEFAULT, ["suse:15.2", "suse:15.2:ltss"]),
    ("sles", "16.0", "6.12.0-160000.5.1", DEFAULT, ["suse:16.0", "suse:16.0:ltss"]),
    ("sles", "15.6", "6.6.30-1", ("kernel",), ["suse:15.6:of-another-release"]),
    ("opensuse-leap", "15.6", "6.13.1-lp156.1.1", DEFAULT, ["opensuse:15.6:of-another-release"]),
    ("opensuse-leap", "15.2", "5.3.18-lp152.104.1", DEFAULT, ["opensuse:15.2"]),
    ("arch", "", "6.17-1", LINUX, []),
])
def test_of_kernel(os_id: str, version_id: str, version: str, names: tuple[str, ...], wanted: list[str]) -> None:
    assert streams.of_kernel(os_id, version_id, version, names) == wanted


# What no distribution built has no stream of one: Docker's own packages and archives, QEMU from its makers.
@pytest.mark.parametrize(("home", "version", "wanted"), [
    (("debian", "12"), "1.7.22", ()), (("debian", "12"), "1:7.2+dfsg-7+deb12u16", ("debian:12",)), (("rocky", "9.5"), "2:1.2.5-1.el9", ("rocky:9",)),
    (("rocky", "9.5"), "17:9.1.0-15.el9_6", ("rocky:9",)), (("rocky", "9.5"), "1.31.0-150500.1.1", ()),
    (("fedora", "42"), "1.3.3-1.fc42", ("fedora:42",)),
    (("rocky", "8.10"), "15:6.2.0-53.module+el8.10.0+2055+8eb7870b.rocky.4", ("rocky:8",)), (("amzn", "2023"), "1.7.27-1.el9", ()),
    (("amzn", "2023"), "1.7.27-1.amzn2023.0.4", ("amazon:2023",))])
def test_of_what_is_no_kernel(home: tuple[str, str], version: str, wanted: tuple[str, ...]) -> None:
    assert streams.of_thing("containerd", home, version, ("containerd",)) == wanted


@pytest.mark.parametrize(("stream", "package", "version", "wanted"), [
    ("oracle:8", "kernel-uek", "0:5.4.17-2136.350.3.el8uek", "oracle:8:uek-5.4"), ("oracle:9", "kernel", "0:5.14.0-503.11.1.el9_5", "oracle:9"),
    ("oracle:8", "qemu-kvm", "15:7.2.0-11.el8uek", "oracle:8"), ("amazon:2", "kernel", "0:5.10.240-238.959.amzn2", "amazon:2:kernel-5.10"),
    ("amazon:2:kernel-5.10", "kernel", "0:5.10.240-238.959.amzn2", "amazon:2:kernel-5.10"), ("rocky:9", "kernel", "", "rocky:9")])
def test_one_repository_may_hold_several_lines_of_kernels(stream: str, package: str, version: str, wanted: str) -> None:
    assert streams.in_line(stream, package, version) == wanted


def row_of(version: str, source: str | None, package: str = "", release: str = "") -> dict[str, Any]:
    return {"release": release or f"{version}.x", "flavour": "generic", "package": package or f"linux-image-{version}", "package_version": version,
            "source": source, "complete": True}


def host(os: tuple[str, str], runs: dict[str, Any], coming: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    following = coming or runs
    return {"os": {"id": os[0], "version_id": os[1]}, "nulls": [], "live_patch": {}, **sections, "kernel": {
        "version_order": "dpkg" if os[0] in ("debian", "ubuntu") else "rpm", "installed": [runs, following], "available": {}, "running": runs,
        "default_boot": {"release": following["release"]}}}


def answer(record: dict[str, Any], *rows: Row, component: str = "kernel") -> str:
    found = of_record.answers(CVE, [Advisory("A-1", (CVE,), rows)], record, {row.stream for row in rows})
    return judging.worst([one for one in found if one.component in (component, "")]).answer


UEK_ROW = Row("oracle:8:uek-5.4", "kernel-uek", "binary", fixed="0:5.4.17-2136.340.1.el8uek")
BOOKWORM = Row("debian:12", "linux", fixed="6.1.158-1")
TRIXIE = Row("debian:13", "linux", fixed="6.12.57-1")
ROCKY = Row("rocky:9", "kernel", "binary", fixed="0:5.14.0-503.14.1.el9_5")
NOBLE = Row("ubuntu:24.04", "linux", fixed="6.8.0-60.63")
OLD_NOBLE = row_of("6.8.0-50.51", "linux", release="6.8.0-50-generic")


@pytest.mark.parametrize(("record", "rows", "wanted"), [
    # A kernel of testing on stable: stable's fix says nothing, the fix of its own release does.
    (host(("debian", "12"), row_of("6.12.9-1", "linux")), [BOOKWORM], "unknown"),
    (host(("debian", "12"), row_of("6.12.9-1", "linux")), [BOOKWORM, TRIXIE], "exposed"),
    (host(("debian", "12"), row_of("6.12.57-1", "linux")), [BOOKWORM, TRIXIE], "fixed_in_force"),
    (host(("debian", "12"), row_of("6.10.11-1", "linux")), [BOOKWORM, TRIXIE], "unknown"),
    # An upgrade that waits for its reboot: each kernel by its own release.
    (host(("debian", "13"), row_of("6.1.153-1", "linux"), row_of("6.12.57-1", "linux")), [BOOKWORM, TRIXIE], "pending"),
    (host(("debian", "13"), row_of("6.1.153-1", "linux"), row_of("6.12.48-1", "linux")), [BOOKWORM, TRIXIE], "exposed"),
    (host(("debian", "13"), row_of("6.1.158-1", "linux"), row_of("6.12.48-1", "linux")), [BOOKWORM, TRIXIE], "fixed_in_force"),
    # The next boot gives a kernel of another line: it is judged by its own rows, or not at all.
    (host(("ubuntu", "24.04"), OLD_NOBLE, row_of("6.11.0-26.26~24.04.1", "linux-hwe-6.11")), [NOBLE], "exposed"),
    (host(("ubuntu", "24.04"), OLD_NOBLE, row_of("6.11.0-26.26~24.04.1", "linux-hwe-6.11")),
     [NOBLE, Row("ubuntu:24.04", "linux-hwe-6.11", fixed="6.11.0-26.26~24.04.1")], "pending"),
    (host(("debian", "12"), row_of("6.1.153-1", "linux"), row_of("6.12.9-1", "linux-upstream")), [BOOKWORM], "exposed"),
    (host(("debian", "12"), row_of("6.1.153-1", "linux"), row_of("6.12.48-1~bpo12+1", "linux")), [BOOKWORM], "exposed"),
    (host(("rocky", "9.5"), row_of("5.14.0-600.el9", None, "kernel-core")), [ROCKY], "unknown"),
    (host(("rocky", "9.5"), row_of("6.6.30-1", None, "kernel")), [ROCKY], "unknown"),
    # UEK 7 beside an advisory that only UEK 6 has yet.
    (host(("ol", "8.10"), row_of("5.15.0-200.131.27.el8uek", None, "kernel-uek-core")), [UEK_ROW], "unknown"),
    (host(("ol", "8.10"), row_of("5.4.17-2136.350.3.el8uek", None, "kernel-uek")), [UEK_ROW], "fixed_in_force"),
    # A statement that a release never had the hole is none about a kernel of another one.
    (host(("debian", "12"), row_of("6.10.11-1", "linux")), [Row("debian:12", "linux", state=NOT_AFFECTED)], "unknown"),
])
def test_a_kernel_of_another_release_or_line_is_closed_by_its_own_advisories_only(record: dict[str, Any], rows: list[Row], wanted: str) -> None:
    assert answer(record, *rows) == wanted


def engine(**about: Any) -> dict[str, Any]:
    return {"engines": [{"name": "containerd", "running": True, "stale": False, "source": None, **about}], "runtimes": []}


RUNS = row_of("6.1.158-1", "linux")


@pytest.mark.parametrize(("os", "part", "row", "wanted"), [
    (("debian", "12"), engine(package=None, version="1.7.22"), Row("debian:12", "containerd", fixed="1.6.20~ds1-1+deb12u1"), "unknown"),
    (("debian", "12"), engine(package="containerd", source="containerd", version="1.6.20~ds1-1+deb12u1"),
     Row("debian:12", "containerd", fixed="1.6.20~ds1-1+deb12u1"), "fixed_in_force"),
    # Docker's own package is none of the distribution's, whatever its version.
    (("fedora", "42"), engine(package="containerd.io", version="1.7.27-3.1.fc42"), Row("fedora:42", "containerd", "binary", fixed="0:1.6.8-1.fc42"),
     "unknown"),
    (("amzn", "2023"), engine(package="containerd", version="1.7.27-1.amzn2023.0.4"),
     Row("amazon:2023", "containerd", "binary", fixed="0:1.7.25-1.amzn2023.0.1"), "fixed_in_force"),
])
def test_an_engine_from_its_makers_is_closed_by_no_distributions_advisory(os: tuple[str, str], part: Any, row: Row, wanted: str) -> None:
    assert answer(host(os, RUNS, containers=part), row, component="containerd") == wanted


def test_a_monitor_from_its_makers_is_closed_by_no_distributions_advisory() -> None:
    own = {"components": [{"name": "libvirt", "package": "libvirt-daemon", "version": "9.0.0-4+deb12u2"}],
           "processes": [{"pid": 7, "component": "libvirt", "version": "11.0.0"}]}
    row = Row("debian:12", "libvirt", fixed="9.0.0-4+deb12u2")
    assert answer(host(("debian", "12"), RUNS, hypervisor=own), row, component="libvirt") == "unknown"
