# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pins of kernels as apt resolves them, against what the scan says of them: real apt, on archives that are made here. Nothing is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.host import LiveHost
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import apt_lists, apt_pins

SIGNED = "linux-signed-amd64"
SITE = "deb.example.org"
KERNELS = [apt_pins.Named("linux-image-amd64", SIGNED, "amd64"), apt_pins.Named("linux-image-6.1.0-55-amd64", SIGNED, "amd64")]


def _stanza(name: str, version: str, more: str) -> str:
    return (f"Package: {name}\nArchitecture: amd64\nVersion: {version}\nSource: {SIGNED}\nMaintainer: x <x@example.org>\n{more}"
            "Description: a kernel without one\n\n")


def _offered(name: str, version: str) -> str:
    return _stanza(name, version, f"Filename: pool/{name}.deb\nSize: 1\nSHA256: {'0' * 64}\n")


ARCHIVES = (
    ("debian", "bookworm", "Debian", "stable", "", [("linux-image-amd64", "6.1.190-1"), ("linux-image-6.1.0-55-amd64", "6.1.190-1")]),
    ("debian-security", "bookworm-security", "Debian-Security", "stable-security", "", [("linux-image-amd64", "6.1.192-2")]),
    ("debian", "bookworm-backports", "Debian Backports", "stable-backports", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n",
     [("linux-image-amd64", "6.12.22-1~bpo12+1")]),
)


def _root(folder: Path) -> None:
    """A root for apt with two installed kernels and three archives, of which security has a newer one."""
    for path in ("etc/apt/preferences.d", "var/lib/apt/lists/partial", "var/lib/dpkg", "var/cache/apt/archives/partial"):
        (folder / path).mkdir(parents=True)
    status = "".join(_stanza(kernel.name, "6.1.190-1", "Status: install ok installed\n") for kernel in KERNELS)
    (folder / "var/lib/dpkg/status").write_text(status, encoding="utf-8")
    sources = []
    for path, suite, label, name, more, packages in ARCHIVES:
        lists = f"{folder}/var/lib/apt/lists/{SITE}_{path}_dists_{suite}_"
        head = f"Origin: Debian\nLabel: {label}\nSuite: {name}\nCodename: {suite}\nComponents: main\nDate: Wed, 25 Nov 2026 22:33:12 UTC\n{more}"
        Path(f"{lists}InRelease").write_text(head + "Architectures: amd64\n", encoding="utf-8")
        Path(f"{lists}main_binary-amd64_Packages").write_text("".join(_offered(*each) for each in packages), encoding="utf-8")
        sources.append(f"deb http://{SITE}/{path} {suite} main\n")
    (folder / "etc/apt/sources.list").write_text("".join(sources), encoding="utf-8")


def _candidate(folder: Path, *options: str) -> tuple[str, str]:
    """(what apt would take of the meta package, all it said)."""
    words = ["-o", f"Dir={folder}", "-o", f"Dir::State::status={folder}/var/lib/dpkg/status", "-o", "APT::Architecture=amd64", *options]
    argv = [apt_pins.COMMAND[0], *words, *apt_pins.COMMAND[1:], *(kernel.name for kernel in KERNELS)]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout
    return next(line for line in said.splitlines() if "Candidate:" in line).split()[-1], said


def _archives(folder: Path) -> list[apt_lists.Release]:
    lists, found = folder / "var/lib/apt/lists", []
    for path in sorted(lists.glob("*_InRelease")):
        text = LiveHost().read(str(path)).value
        found.append(apt_lists.parse_release(path.name.removesuffix("_InRelease"), text))
    return found


def pin(packages: str, what: str, priority: int) -> str:
    return f"Package: {packages}\nPin: {what}\nPin-Priority: {priority}\n"


PINS = (
    ("", True), (pin("src:linux src:linux-signed-amd64", "release *", -1), False), (pin("src:linux-signed*", "release *", -1), False),
    (pin("src:linux-signed-amd64:any", "release n=bookworm-security", 1), False), (pin("linux-image-*", "release a=stable-security", -1), False),
    (pin("/^LINUX-image/", "release l=Debian-Security", -1), False), (pin("linux-image-amd64", "origin *.example.org", -1), False),
    (pin("linux-image-amd64", "version 6.1.190-1", 1001), False), (pin("linux-image-*", "release a=stable", 990), False),
    (pin("*", "release l=Debian-Security", -1), False), (pin("*", 'origin "deb.example.org"', 50), False), (pin("*", "release c=main", -1), False),
    (pin("linux-image-*", "version *", -1), False), (pin("linux-image-amd64", "version *", 50), False),
    (pin("linux-image-amd64", "version 6.1.192-*", -1), False), (pin("linux-image-amd64", "version 9.*", -1), True),
    (pin("linux-image-amd64", "version /^6\\.1\\.190/", 700), False),
    (pin("linux-image-amd64", "release stable", 990), False), (pin("linux-image-amd64", "release a=/secur/", -1), False),
    (pin("*", "release o=UbuntuESMApps", -32768), True), (pin("*", "release n=bookworm-backports", -1), True),
    (pin("firefox*", "release *", -1), True), (pin("LINUX-IMAGE-AMD64", "release *", -1), True),
    (pin("linux-image-amd64:i386", "release *", -1), True),
    (pin("/linux-image-[[:alnum:]]+$/", "release *", -1), True), (pin("linux-image-amd64", "release", -1), True),
)


@pytest.mark.parametrize(("preferences", "free"), PINS)
def test_the_scan_says_of_a_pin_what_apt_does(preferences: str, free: bool, tmp_path: Path) -> None:
    """apt takes the kernel of the security archive unless a pin keeps it: then the scan calls it held, by itself or by apt's own table."""
    _root(tmp_path)
    (tmp_path / "etc/apt/preferences.d/kernels").write_text(preferences, encoding="utf-8")
    candidate, said = _candidate(tmp_path)
    assert (candidate == "6.1.192-2") is free, said
    archives = _archives(tmp_path)
    pins = apt_pins.parse_preferences(preferences)
    kept = any(apt_pins.keeps(each, KERNELS, archives) for each in pins)
    asked = any(apt_pins.is_doubtful(each, KERNELS, archives) for each in pins)
    passed = apt_pins.passed_by(apt_pins.parse_policy(said), archives) if asked else []
    assert bool(kept or passed) is not free


def test_a_release_that_is_preferred_passes_security_by(tmp_path: Path) -> None:
    """APT::Default-Release "stable" does what a pin would; what apt passes by is in its table."""
    _root(tmp_path)
    candidate, said = _candidate(tmp_path, "-o", "APT::Default-Release=stable")
    assert candidate == "6.1.190-1"
    assert apt_pins.passed_by(apt_pins.parse_policy(said), _archives(tmp_path)) == [
        "linux-image-amd64: apt takes 6.1.190-1 and passes by 6.1.192-2"]
