# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How old apt's lists are is told by the dates that the archives signed; a time stamp on disk is nobody's word."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import apt_lists
from recorded_host import RecordedHost

# Sat, 28 Nov 2026 12:00:00 UTC
NOW = 1795867200.0
DAY = 86400
MAIN = "deb.example.org_debian_dists_bookworm_InRelease"
SECURITY = "deb.example.org_debian-security_dists_bookworm-security_InRelease"


def _release(date: str, more: str = "") -> str:
    return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nSuite: stable\nDate: {date}\n{more}SHA256:\n 00 1 main/x\n"


def _host(files: dict[str, str], stamps: dict[str, float]) -> RecordedHost:
    return RecordedHost({
        "now": NOW, "read": {f"/var/lib/apt/lists/{name}": text for name, text in files.items()},
        "stat": {path: ["file", 0o644, 0, 0, 0, at, at, 1, 1] for path, at in stamps.items()}})


STAMP = "/var/lib/apt/periodic/update-success-stamp"


@pytest.mark.parametrize(
    ("files", "stamps", "age"),
    [
        pytest.param({MAIN: _release("Sat, 11 Jul 2026 12:00:00 UTC"), SECURITY: _release("Fri, 27 Nov 2026 12:00:00 UTC")}, {}, DAY,
                     id="stable keeps its date, security has the newest"),
        pytest.param({SECURITY: _release("Thu, 28 Nov 2024 12:00:00 UTC")}, {STAMP: NOW - 60}, 730 * DAY, id="a stamp that was touched"),
        pytest.param({SECURITY: _release("Fri, 27 Nov 2026 12:00:00 UTC")}, {STAMP: NOW + 10 * DAY}, DAY, id="a stamp of the future is not asked"),
        pytest.param({SECURITY: _release("Fri, 27 Nov 2027 12:00:00 UTC")}, {STAMP: NOW - 60}, None, id="an archive of the future"),
        pytest.param({MAIN: _release("Fri, 27 Nov 2026 12:00:00 UTC"),
                      SECURITY: _release("Wed, 28 Oct 2026 12:00:00 UTC", "Valid-Until: Wed, 04 Nov 2026 12:00:00 UTC\n")}, {}, 31 * DAY,
                     id="security stopped coming while others go on"),
        pytest.param({}, {STAMP: NOW - 60, "/var/lib/apt/lists/partial": NOW - 5}, 60, id="no archive has a date: the stamp"),
        pytest.param({MAIN: _release("yesterday")}, {"/var/lib/apt/lists": NOW - 5}, 5, id="a date that is none"),
        pytest.param({}, {STAMP: NOW + 10 * DAY}, None, id="nothing but a stamp of the future"),
        pytest.param({}, {}, None, id="nothing at all"),
    ],
)
def test_lists_are_as_old_as_their_archives_say(files: dict[str, str], stamps: dict[str, float], age: int | None) -> None:
    assert apt_lists.age(_host(files, stamps), list(files))[0] == age


@pytest.mark.parametrize(
    ("source", "location"),
    [
        ("http://deb.example.org/debian-security bookworm-security/main", "deb.example.org_debian-security_dists_bookworm-security"),
        ("https://user:secret@apt.example.org/a/b/ stable/non-free-firmware", "apt.example.org_a_b_dists_stable"),
    ],
)
def test_a_source_is_found_among_the_lists(source: str, location: str) -> None:
    assert apt_lists.location_of(source) == location


def test_fields_of_an_archive() -> None:
    text = "Origin: Debian\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nDescription: x\nMD5Sum:\n 00 1 Release: x\n"
    release: Any = apt_lists.parse_release("deb.example.org_debian_dists_bookworm-backports", text)
    assert (release.site, release.by_hand, release.fields["Origin"]) == ("deb.example.org", True, "Debian")
