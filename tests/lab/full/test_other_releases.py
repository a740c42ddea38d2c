# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The oldest and the youngest Debian: the scan reads both, whole, and the lab can take a machine back to a snapshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from running_fleet import Fleet, Report, running

HOSTS = ("bullseye", "sid")


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of other releases."""
    with running(Fleet, "releases", tmp_path_factory.mktemp("reports")) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def report(releases: Fleet) -> Report:
    """Their drift report."""
    return releases.report("releases")


def test_an_old_release_without_support_is_drift(report: Report) -> None:
    assert report.fleet["hosts"]["bullseye"]["verdict"] == "drifted"
    assert report.finding_ids("bullseye") == ["os.end_of_support", "os.release"]


def test_a_release_without_a_number_is_unknown_and_not_compliant(report: Report) -> None:
    assert report.fleet["hosts"]["sid"]["verdict"] == "unknown"
    assert [reason for reason in report.fleet["hosts"]["sid"]["reasons"] if reason.startswith("os.version_id: absent")]
    assert report.finding_ids("sid") == []


@pytest.mark.parametrize("host", HOSTS)
def test_the_kernel_facts_are_those_of_the_host(releases: Fleet, report: Report, host: str) -> None:
    kernel = report.document(host)["record"]["kernel"]
    release = releases.ask(host, "uname -r")
    assert {kernel[fact]["release"] for fact in ("running", "newest_installed", "default_boot")} == {release}
    package = kernel["running"]["package"]
    assert releases.ask(host, f"dpkg-query -W -f '${{Version}}' {package}") == kernel["running"]["package_version"]


def test_a_snapshot_brings_back_what_was_and_nothing_else(releases: Fleet) -> None:
    releases.ask("sid", "echo kept >/root/kept && sync")
    releases.run("snapshot", "sid", "with-file")
    releases.ask("sid", "rm /root/kept && echo later >/root/later && sync")
    releases.run("reset", "sid", "with-file")
    assert releases.ask("sid", "ls /root") == "kept"
    releases.run("reset", "sid")
    assert releases.ask("sid", "ls /root; hostname") == "sid"
    assert Path(releases.lab.host_folder("sid") / "snapshots/with-file.qcow2").exists()
