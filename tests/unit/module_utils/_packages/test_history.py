# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version was installed when a process started, by recorded logs."""

from __future__ import annotations

import calendar
import contextlib
import time
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._hypervisor.monitors import Package
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import history, past
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.history import Event
from hypothesis import given
from hypothesis import strategies as st
from recorded_host import RecordedHost

FIXTURES = Path(__file__).parent / "fixtures"
DPKG = (FIXTURES / "dpkg.log").read_text()
DNF = (FIXTURES / "dnf_rpm.log").read_text()


def utc(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M"))


def test_dpkg_events_of_one_package_alone() -> None:
    assert [(event.before, event.after) for event in history.parse_dpkg_log(DPKG, "virtiofsd")] == [
        (None, "1.7.0-1"), ("1.7.0-1", "1.8.0-2"), ("1.8.0-2", "1.10.1-1")]


@pytest.mark.parametrize("hours", [-10, -3.5, 0, 2, 5.75, 13])
def test_local_time_is_set_right_by_the_file_list(hours: float) -> None:
    """The log was written ``hours`` ahead of UTC, which the time of the package's file list reveals."""
    installed_at = utc("2024-09-01 10:00") - int(hours * 3600)
    events = history.in_utc(history.parse_dpkg_log(DPKG, "virtiofsd"), installed_at)
    assert events[-1].at == installed_at + 1


@pytest.mark.parametrize(("moment", "version"), [
    ("2024-04-01 00:00", "1.7.0-1"), ("2024-06-02 00:00", "1.8.0-2"), ("2024-08-31 23:59", "1.8.0-2"), ("2024-09-01 12:00", "1.10.1-1")])
def test_the_version_at_the_start_of_a_process(moment: str, version: str) -> None:
    events = history.in_utc(history.parse_dpkg_log(DPKG, "virtiofsd"), utc("2024-09-01 10:00"))
    assert history.version_at(events, utc(moment), False) == version


@pytest.mark.parametrize(("moment", "zone_known", "why"), [
    ("2024-02-01 00:00", False, "begins after the start"),
    ("2024-06-01 10:45", False, "within 3700 s of a change"),
    ("2024-09-01 10:01", True, "within 120 s of a change"),
])
def test_doubt_is_an_error_and_no_guess(moment: str, zone_known: bool, why: str) -> None:
    events = history.parse_dpkg_log(DPKG, "virtiofsd")
    with pytest.raises(ValueError, match=why):
        history.version_at(events, utc(moment), zone_known)


def test_a_log_that_misses_the_last_installation_is_not_used() -> None:
    events = history.parse_dpkg_log(DPKG, "virtiofsd")
    with pytest.raises(ValueError, match="last entry is not the last installation"):
        history.in_utc(events, utc("2024-10-05 03:07"))
    with pytest.raises(ValueError, match="does not know the package"):
        history.in_utc([], 0)
    with pytest.raises(ValueError, match="does not know the package"):
        history.version_at([], 0, True)


def test_dnf_pairs_the_new_version_with_the_old() -> None:
    assert history.parse_dnf_log(DNF, "virtiofsd") == [
        Event(utc("2024-03-01 09:10") + 11, None, "1.7.2-1.el9"),
        Event(utc("2024-05-10 10:00"), "1.7.2-1.el9", "1.8.0-1.el9"),
        Event(utc("2024-07-02 06:00") + 3, "1.8.0-1.el9", "1.10.1-1.el9")]


def test_dnf_keeps_the_epoch() -> None:
    events = history.parse_dnf_log(DNF, "qemu-kvm-core")
    assert [(event.before, event.after) for event in events] == [("17:8.0.0-16.el9_3.3", "17:8.2.0-11.el9_4.1")]
    assert history.version_at(events, utc("2024-05-01 00:00"), True, utc("2024-01-01 00:00")) == "17:8.0.0-16.el9_3.3"


@pytest.mark.parametrize("since", [None, "2024-05-02 00:00"])
def test_what_was_before_the_log_nobody_knows(since: str | None) -> None:
    """Debian rotates dpkg.log each month: what the first entry replaced may itself have come after the start of a process."""
    events = history.parse_dnf_log(DNF, "qemu-kvm-core")
    with pytest.raises(ValueError, match="begins after"):
        history.version_at(events, utc("2024-05-01 00:00"), True, utc(since) if since else None)


# Lines as libdnf5 writes them (libdnf5/rpm/transaction.cpp), and as zypper's history has them (libzypp's HistoryLog).
DNF5 = """2026-02-01T03:56:50+0000 [100] INFO --- DNF5 launched with arguments: "dnf upgrade" ---
2026-03-01T03:56:52+0000 [101] INFO RPM callback install start "virtiofsd-0:1.12.0-1.fc43.x86_64" total 9084
2026-03-01T03:56:52+0000 [101] INFO RPM callback install stop "virtiofsd-0:1.12.0-1.fc43.x86_64" amount 9084 total 9084
2026-03-01T03:56:53+0000 [101] INFO RPM callback start trigger-install scriptlet "virtiofsd-0:1.12.0-1.fc43.x86_64"
2026-03-01T03:56:54+0000 [101] INFO RPM callback uninstall start "virtiofsd-0:1.11.1-1.fc43.x86_64" total 12
2026-03-01T03:56:55+0000 [101] INFO RPM callback install start "qemu-system-x86-core-2:10.1.0-9.fc43.x86_64" total 9
2026-03-01T03:56:56+0000 [101] INFO RPM callback uninstall start "qemu-system-x86-core-2:10.1.0-8.fc43.x86_64" total 9
2026-05-01T06:00:00+0200 [102] INFO RPM callback install start "virtiofsd-0:1.13.0-1.fc43.x86_64" total 9084
2026-05-01T06:00:01+0200 [102] INFO RPM callback uninstall start "virtiofsd-0:1.12.0-1.fc43.x86_64" total 12
"""
DNF5_LATER = DNF5.replace("1.11.1-1", "1.10.1-1.el9").replace(".el9.fc43", ".el9")
ZYPP = """# 2026-02-01 10:00:00 started
2026-02-01 10:00:00|command|root@h|'zypper' 'up'|
2026-02-01 10:00:01|install|virtiofsd|1.10.0-1.1|x86_64||repo|aa|
2026-03-01 10:00:01|install|virtiofsd|1.12.0-2.1|x86_64|root@h|repo|bb|
2026-03-01 10:00:02|install|virtiofsd-doc|9-1|noarch||repo|bb|
2026-05-01 10:00:01|install|virtiofsd|1.13.0-1.1|x86_64||repo|cc|
2026-05-02 10:00:00|remove |other|1-1|x86_64|root@h|
"""
ZYPP_WRITTEN = {"/var/log/zypp/history": ["file", 0o644, 0, 0, 1, float(utc("2026-05-02 08:00")), 0.0, 1, 5]}


@pytest.mark.parametrize(("log", "package", "moment", "version"), [
    ("dnf5.log", "virtiofsd", "2026-02-10 00:00", "1.11.1-1.fc43"), ("dnf5.log", "virtiofsd", "2026-04-01 00:00", "1.12.0-1.fc43"),
    ("dnf5.log", "virtiofsd", "2026-05-01 05:00", "1.13.0-1.fc43"), ("dnf5.log", "virtiofsd", "2026-05-01 04:00", None),
    ("dnf5.log", "virtiofsd", "2026-01-10 00:00", None),
    ("dnf5.log", "qemu-system-x86-core", "2026-02-10 00:00", "2:10.1.0-8.fc43"),
    ("zypp/history", "virtiofsd", "2026-02-10 00:00", "1.10.0-1.1"), ("zypp/history", "virtiofsd", "2026-04-01 00:00", "1.12.0-2.1"),
    ("zypp/history", "virtiofsd", "2026-05-01 12:00", "1.13.0-1.1"), ("zypp/history", "virtiofsd", "2026-03-01 08:30", None),
    ("zypp/history", "virtiofsd", "2026-01-10 00:00", None),
])
def test_dnf5s_and_zyppers_own_words(log: str, package: str, moment: str, version: str | None) -> None:
    host = RecordedHost({"read": {f"/var/log/{log}": DNF5 if log == "dnf5.log" else ZYPP}, "stat": ZYPP_WRITTEN})
    installed = {"dnf5.log": {"virtiofsd": "1.13.0-1.fc43", "qemu-system-x86-core": "2:10.1.0-9.fc43"}}.get(log, {}).get(package, "1.13.0-1.1")
    assert past.version_then(host, "rpm", Package("x", package, installed, []), utc(moment)) == version


@pytest.mark.parametrize(("text", "installed"), [
    # PackageKit and rpm itself write nothing into dnf5's log (PackageKit#822): a change that it misses makes all of it doubtful.
    (DNF5, "1.14.0-1.fc43"), (DNF5.replace('uninstall start "virtiofsd-0:1.12.0', 'uninstall start "virtiofsd-0:1.12.1'), "1.13.0-1.fc43")])
def test_a_log_that_misses_a_change_is_not_used(text: str, installed: str) -> None:
    host = RecordedHost({"read": {"/var/log/dnf5.log": text}})
    assert past.version_then(host, "rpm", Package("virtiofsd", "virtiofsd", installed, []), utc("2026-04-01 00:00")) is None


def test_a_host_that_was_upgraded_from_dnf_4_has_both_logs() -> None:
    host = RecordedHost({"read": {"/var/log/dnf.rpm.log": DNF, "/var/log/dnf5.log": DNF5_LATER}})
    package = Package("virtiofsd", "virtiofsd", "1.13.0-1.fc43", [])
    assert [past.version_then(host, "rpm", package, utc(moment)) for moment in ("2024-06-01 00:00", "2025-06-01 00:00", "2026-04-01 00:00")] == [
        "1.8.0-1.el9", "1.10.1-1.el9", "1.12.0-1.fc43"]


def test_dpkgs_log_is_used_where_it_ends_with_what_is_installed() -> None:
    stat = {"/var/lib/dpkg/info/virtiofsd.list": ["file", 0o644, 0, 0, 1, float(utc("2024-09-01 08:00")), 0.0, 1, 5]}
    host = RecordedHost({"read": {"/var/log/dpkg.log": DPKG}, "stat": stat})
    said = [past.version_then(host, "dpkg", Package("virtiofsd", "virtiofsd", version, []), utc("2024-07-01 00:00"))
            for version in ("1.10.1-1", "1.10.1-2")]
    assert said == ["1.8.0-2", None]


@pytest.mark.parametrize(("text", "since"), [
    ("2026-11-20 10:00:00 startup archives unpack\n2026-11-20 10:00:01 upgrade a:amd64 1 2\n", "2026-11-20 10:00"), ("", None), ("damaged\n", None),
    ("9999-99-99 10:00:00 startup\n", None), ("2026-11-20T12:00:00+0200 INFO --- logging initialized ---\n", "2026-11-20 10:00")])
def test_when_a_log_begins(text: str, since: str | None) -> None:
    assert history.begins(text) == (since and utc(since))


def test_a_removed_package_has_no_version() -> None:
    events = history.parse_dpkg_log(DPKG + "2024-10-01 10:00:00 remove virtiofsd:amd64 1.10.1-1 <none>\n", "virtiofsd")
    with pytest.raises(ValueError, match="begins after"):
        history.version_at(events, utc("2024-11-01 00:00"), True)


@pytest.mark.parametrize("text", ["", "\x00\x01", "2024-13-45 99:99:99 upgrade virtiofsd:amd64 1 2\n", "2024-06-01 10:00:01 upgrade virtiofsd\n"])
def test_damaged_logs_say_nothing(text: str) -> None:
    assert history.parse_dpkg_log(text, "virtiofsd") == []
    assert history.parse_dnf_log(text, "virtiofsd") == []


@given(st.text(), st.from_regex(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(Z|[+-]\d{4})? (upgrade|SUBDEBUG Upgrade:) x(-1-1\.y)?( 1 2)?", fullmatch=True))
def test_parsers_raise_nothing_but_value_errors(text: str, line: str) -> None:
    for parse in (history.parse_dpkg_log, history.parse_dnf_log, history.parse_dnf5_log, history.parse_zypp_history):
        events = parse(text + "\n" + line, "x")
        with contextlib.suppress(ValueError):
            history.version_at(history.in_utc(events, 10**9), 10**9, False)
