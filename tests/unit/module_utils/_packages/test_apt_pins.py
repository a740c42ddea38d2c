# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt's pins keep kernels back by what they match, in apt's own sense (apt_preferences(5)); tests/system holds the same pins against apt."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import apt_pins
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.apt_lists import Release
from recorded_host import RecordedHost

KERNELS = [apt_pins.Named("linux-image-amd64", "linux-signed-amd64", "amd64"),
           apt_pins.Named("linux-image-6.1.0-55-amd64", "linux-signed-amd64", "amd64")]
PROXMOX = [apt_pins.Named("proxmox-kernel-6.14", "proxmox-kernel-meta", "all"), apt_pins.Named("pve-kernel-5.15", "pve-kernel-meta", "all")]
ARCHIVES = [
    Release("deb.example.org_debian_dists_bookworm",
            {"Origin": "Debian", "Label": "Debian", "Suite": "stable", "Codename": "bookworm", "Version": "12.11", "Components": "main contrib"}),
    Release("deb.example.org_debian-security_dists_bookworm-security",
            {"Origin": "Debian", "Label": "Debian-Security", "Suite": "stable-security", "Codename": "bookworm-security", "Components": "main"}),
    Release("deb.example.org_debian_dists_bookworm-backports",
            {"Origin": "Debian Backports", "Suite": "stable-backports", "Codename": "bookworm-backports", "NotAutomatic": "yes"}),
]


def pin(packages: str, what: str, priority: str) -> str:
    return f"Explanation: why\nPackage: {packages}\nPin: {what}\nPin-Priority: {priority}\n"


# (preferences, whether the pin keeps kernels back whatever is on offer, whether apt must be asked)
CASES = [
    (pin("linux-image-*", "release *", "-1"), True, True),
    (pin("src:linux src:linux-signed-amd64", "release *", "-1"), True, True),
    (pin("src:linux*", "release *", "-1"), True, True),
    (pin("src:linux-signed-amd64:any", "release n=bookworm-security", "1"), True, True),
    (pin("/^linux-image/", "release a=stable-security", "-1"), True, True),
    (pin("/LINUX-IMAGE/", "release a=/secur/", "-1"), True, True),
    (pin("linux-image-amd64", "origin *.example.org", "-1"), True, True),
    (pin("linux-image-amd64", "version 6.1.190-1", "1001"), True, False),
    (pin("linux-image-amd64", "version 6.1.*", "600"), True, False),
    (pin("firefox* linux-image-amd64", "release *", "-1"), True, True),
    # All versions shut off, or certain ones, of which apt knows whether they are on offer; 0 is no priority.
    (pin("linux-image-*", "version *", "-1"), True, False),
    (pin("linux-image-amd64", "version *", "50"), True, False),
    (pin("linux-image-amd64", "version 6.1.192-*", "-1"), False, True),
    (pin("linux-image-amd64", "version *", "990"), False, False),
    (pin("linux-image-amd64", "version 6.1.190-1", "0"), False, True),
    # Prefers one archive: what that does to kernels is apt's to tell.
    (pin("linux-image-*", "release a=stable", "990"), False, True),
    (pin("*", "release l=Debian-Security", "-1"), False, True),
    (pin("*", "origin deb.example.org", "-1"), False, True),
    (pin("*", 'origin "deb.example.org"', "50"), False, True),
    (pin("*", "release c=main", "-1"), False, True),
    (pin("?name(linux)", "release *", "-1"), False, True),
    (pin("?name(linux-image)", "version 6.1.0-18", "1001"), False, True),
    (pin("*", "version 6.1.0-18", "1001"), False, True),
    # Not kernels, not here, not where updates come from, or no pin at all.
    (pin("firefox*", "release *", "-1"), False, False),
    (pin("*", "release o=UbuntuESMApps", "-32768"), False, False),
    (pin("*", "release n=bookworm-backports", "-1"), False, False),
    (pin("LINUX-IMAGE-AMD64", "release *", "-1"), False, False),
    (pin("linux-image-amd64:i386", "release *", "-1"), False, False),
    (pin("/linux-image-[[:alnum:]]+$/", "release *", "-1"), False, False),
    (pin("linux-image-amd64", "release", "-1"), False, False),
    ("# Package: linux-image-*\n# Pin: release *\n# Pin-Priority: -1\n", False, False),
    ("", False, False),
]


@pytest.mark.parametrize(("text", "keeps", "doubtful"), CASES)
def test_a_pin_keeps_kernels_back_by_what_it_matches(text: str, keeps: bool, doubtful: bool) -> None:
    pins = apt_pins.parse_preferences(text)
    assert any(apt_pins.keeps(each, KERNELS, ARCHIVES) for each in pins) is keeps
    assert any(apt_pins.is_doubtful(each, KERNELS, ARCHIVES) for each in pins) is doubtful


@pytest.mark.parametrize("packages", ["proxmox-kernel-*", "pve-kernel-*", "src:proxmox-kernel-meta", "/^(pve|proxmox)-kernel/"])
def test_pins_of_proxmox_kernels_are_pins_of_kernels(packages: str) -> None:
    (each,) = apt_pins.parse_preferences(pin(packages, "release *", "-1"))
    assert apt_pins.keeps(each, PROXMOX, ARCHIVES)
    assert not apt_pins.keeps(each, KERNELS, ARCHIVES)


POLICY = """linux-image-amd64:
  Installed: 6.1.190-1
  Candidate: 6.1.190-1
  Version table:
     6.12.22-1~bpo12+1 100
        100 http://deb.example.org/debian bookworm-backports/main amd64 Packages
     6.1.192-2 500
         -1 http://deb.example.org/debian-security bookworm-security/main amd64 Packages
 *** 6.1.190-1 500
        500 http://deb.example.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
linux-image-6.1.0-55-amd64:
  Installed: 6.1.190-1
  Candidate: (none)
  Version table:
 *** 6.1.190-1 -1
        100 /var/lib/dpkg/status
"""


def _host(preferences: str, answer: Any, **more: str) -> RecordedHost:
    names = [f"{release.location}_InRelease" for release in ARCHIVES]
    fields = {f"/var/lib/apt/lists/{release.location}_InRelease": "".join(f"{name}: {value}\n" for name, value in release.fields.items())
              for release in ARCHIVES}
    return RecordedHost({
        "read": {"/etc/apt/preferences.d/kernels": preferences, **fields, **more},
        "listdir": {"/etc/apt/preferences.d": ["kernels"], "/var/lib/apt/lists": names},
        "run": {" ".join((*apt_pins.COMMAND, *(kernel.name for kernel in KERNELS))): answer}})


def test_apt_tells_what_its_preferences_pass_by() -> None:
    found = apt_pins.held(_host(pin("*", "release l=Debian-Security", "-1"), POLICY), KERNELS, may_ask=True)
    assert found == apt_pins.Held(["linux-image-amd64: apt takes 6.1.190-1 and passes by 6.1.192-2 "
                                   "(*: release l=Debian-Security, priority -1 (/etc/apt/preferences.d/kernels))"], "")


def test_a_pin_that_only_apt_can_judge_is_a_doubt_where_apt_is_not_asked_or_fails() -> None:
    host = _host(pin("*", "release l=Debian-Security", "-1"), [100, "", "E: broken\n"])
    assert "is not asked" in apt_pins.held(host, KERNELS, may_ask=False).doubt
    assert apt_pins.held(host, KERNELS, may_ask=True) == apt_pins.Held([], "apt-cache policy: E: broken")


def test_pins_that_touch_no_kernel_cost_no_question() -> None:
    host = _host(pin("*", "release o=UbuntuESMApps", "-32768"), {"problem": "deadline", "detail": "must not be asked"})
    assert apt_pins.held(host, KERNELS, may_ask=True) == apt_pins.Held([], "")


@pytest.mark.parametrize("told", [
    'Dir::Etc::PreferencesParts "/srv/own";', 'Dir { Etc { preferencesparts "/srv/own"; }; };', 'Dir::Etc "srv"; Dir::Etc::preferencesparts "own";'])
def test_preferences_are_read_where_apt_is_told_to(told: str) -> None:
    """apt.conf(5), Directories: paths below Dir::Etc that do not begin with a slash are relative to it."""
    host = RecordedHost({"read": {"/etc/apt/apt.conf.d/99own": told, "/srv/own/never": pin("linux-image-*", "release *", "-1")}})
    assert [each.rpartition(" ")[2] for each in apt_pins.held(host, KERNELS, may_ask=False).found] == ["(/srv/own/never)"]


def test_a_release_that_apt_is_told_to_prefer_is_asked_about() -> None:
    host = _host("", POLICY, **{"/etc/apt/apt.conf": 'APT::Default-Release "stable";\n'})
    assert apt_pins.held(host, KERNELS, may_ask=True).found == [
        "linux-image-amd64: apt takes 6.1.190-1 and passes by 6.1.192-2 (APT::Default-Release (/etc/apt/apt.conf))"]
