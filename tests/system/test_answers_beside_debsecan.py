# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One hole on one Debian 12 root in six situations: what Firebreak answers, and what debsecan names, which reads the same status of dpkg.

debsecan is Debian's own scanner. It is given the hole in a file in the form of its server's; it asks no network.
"""

from __future__ import annotations

import json
import subprocess
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host.record import Section
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import section as kernel_section
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers import feeds, mitigated, of_record, reading
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.answer import Answer, judge, of_nothing
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.model import Advisory
from ansible_collections.firebreak.fleet.plugins.plugin_utils._answers.told import told
from ansible_collections.firebreak.fleet.plugins.plugin_utils._fleet.host import Loaded
from recorded_host import RecordedHost

PAGE = Path(__file__).parents[2] / "docs/answers.md"
CVE = "CVE-2025-40300"
OSV = {"id": "DSA-6053-1", "upstream": [f"DEBIAN-{CVE}"], "published": "2025-11-12T00:00:00Z", "affected": [
    {"package": {"ecosystem": "Debian:12", "name": "linux"},
     "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.1.158-1"}]}]}]}
# Name, flags and words of the hole; package, its number, flags, what is fixed in unstable, what else is fixed; source and its binaries.
DEBSECAN = f"VERSION 1\n{CVE},,a hole\n\nlinux,0,SHRF,6.17.7-1,6.1.158-1\n\nlinux,linux-libc-dev linux-headers-6.1.0-41-common\n\n"
SIGNED = "linux-signed-amd64 (6.1.{}+1)"
BLOCK = {"advisory": CVE, "reason": "until the fix is in", "owner": "ops", "expires": "2099-12-31", "modules": ["algif_aead"]}


class Package(NamedTuple):
    """A package of dpkg's status."""

    name: str
    version: str
    source: str

    def stanza(self) -> str:
        return (f"Package: {self.name}\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: x <x@example.org>\n"
                f"Source: {self.source}\nVersion: {self.version}\nDescription: x\n\n")


OLD = Package("linux-image-6.1.0-40-amd64", "6.1.153-1", SIGNED.format(153))
NEW = Package("linux-image-6.1.0-41-amd64", "6.1.158-1", SIGNED.format(158))
HEADERS = Package("linux-headers-6.1.0-40-common", "6.1.153-1", "linux")
OWN = Package("linux-image-6.1.153-own", "6.1.153-own-1", "linux-upstream")
REBUILT = Package("linux-image-6.1.0-41-amd64", "6.1.153-1+local1", "linux")
MENDED = Package("linux-image-6.1.0-41-amd64", "6.1.158-1+local1", "linux")


class Situation(NamedTuple):
    """What runs, what is installed (the last image is the next boot's), what runs by its own word; and the truth."""

    runs: Package
    packages: tuple[Package, ...]
    banner: str
    truth: str
    blocked: bool = False


SITUATIONS = {
    "the old kernel runs, the fixed one is installed": Situation(OLD, (OLD, HEADERS, NEW), "Debian 6.1.153-1", "pending"),
    "the fixed kernel runs, the old one is still installed": Situation(NEW, (OLD, HEADERS, NEW), "Debian 6.1.158-1", "fixed_in_force"),
    "the old kernel runs, the module with the hole is blocked": Situation(OLD, (OLD, HEADERS), "Debian 6.1.153-1", "mitigated_in_force", True),
    "a kernel of one's own runs": Situation(OWN, (OWN,), "", "unknown"),
    "Debian's source rebuilt, with the hole": Situation(REBUILT, (REBUILT,), "Debian 6.1.153-1+local1", "exposed"),
    "Debian's source rebuilt, with the fix": Situation(MENDED, (MENDED,), "Debian 6.1.158-1+local1", "fixed_in_force"),
}


def status(situation: Situation) -> str:
    """dpkg's status, which both read."""
    return "".join(one.stanza() for one in (*situation.packages, Package("kmod", "30+20221128-1", "kmod")))


def release_of(package: Package) -> str:
    """What uname -r says where it runs."""
    return package.name.removeprefix("linux-image-")


def record(situation: Situation) -> dict[str, Any]:
    """The record of the host's kernel, by the scan's own code."""
    images = [one for one in situation.packages if one.name.startswith("linux-image-")]
    lists = {f"/var/lib/dpkg/info/{one.name}.list": f"/boot/vmlinuz-{release_of(one)}\n/lib/modules/{release_of(one)}/kernel\n" for one in images}
    menu = f"menuentry 'x' {{\n linux /boot/vmlinuz-{release_of(images[-1])} root=/dev/sda1 ro quiet\n}}\n"
    modules = f"/lib/modules/{release_of(situation.runs)}"
    read = {"/etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "/proc/1/cgroup": "0::/init.scope\n", "/var/lib/dpkg/status": status(situation),
            **lists, "/boot/grub/grub.cfg": menu, "/proc/modules": "", "/proc/cmdline": "root=/dev/sda1 ro quiet",
            f"{modules}/modules.dep": "kernel/crypto/algif_aead.ko:\n", f"{modules}/modules.builtin": "",
            "/etc/modprobe.d/a.conf": "install algif_aead /bin/false\n" if situation.blocked else ""}
    host = RecordedHost({
        "uname": ["Linux", "host", release_of(situation.runs), f"#1 SMP PREEMPT_DYNAMIC {situation.banner} (2025-11-12)", "x86_64"], "read": read,
        "listdir": {"/boot": [f"vmlinuz-{release_of(one)}" for one in images], "/etc/modprobe.d": ["a.conf"]},
        "stat": {f"/boot/vmlinuz-{release_of(one)}": ["file", 0o644, 0, 0, 0, 0, 0, 1, 1] for one in images}})
    section = Section("kernel")
    kernel_section.collect(host, section, {"available": False, "watched_modules": ["algif_aead"]})
    return {"os": {"id": "debian", "version_id": "12"}, "kernel": section.facts, "nulls": []}


def firebreak(situation: Situation, folder: Path) -> Answer:
    """What Firebreak answers by the record and a feed."""
    feed = folder / "dsa.json"
    feed.write_text(json.dumps(OSV), encoding="utf-8")
    problems: list[feeds.Problem] = []
    advisories = [one for one in reading.read(feeds.Feed(feed), problems) if isinstance(one, Advisory)]
    assert problems == []
    standards = {"s": mitigated.of_standard({"mitigations": [BLOCK] if situation.blocked else []})}
    said, fact = told(CVE, advisories), of_record.fact_of(Loaded("host", {"host": "host", "record": record(situation), "standard": "s"}), standards)
    seen = fact.placed[0].seen
    return judge(said, seen) or of_nothing(said, seen, {"debian:12"})


def debsecan(situation: Situation, folder: Path) -> list[str]:
    """The packages that debsecan names."""
    (folder / "bookworm").write_bytes(zlib.compress(DEBSECAN.encode()))
    (folder / "status").write_text(status(situation), encoding="utf-8")
    done = subprocess.run(["debsecan", "--source", folder.as_uri(), "--suite", "bookworm", "--status", str(folder / "status"), "--format", "packages",
                           "--config", "/dev/null", "--whitelist", str(folder / "none")], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize("name", SITUATIONS)
def test_firebreak_is_right_in_each_situation(name: str, tmp_path: Path) -> None:
    answer = firebreak(SITUATIONS[name], tmp_path)
    assert answer.answer == SITUATIONS[name].truth, answer


def test_the_page_shows_what_this_run_made(tmp_path: Path) -> None:
    """Of debsecan: what it names, which says nothing of what runs."""
    rows = ""
    for name, situation in SITUATIONS.items():
        named = ", ".join(f"`{package}`" for package in debsecan(situation, tmp_path)) or "nothing"
        rows += f"| {name} | `{firebreak(situation, tmp_path).answer}` | {named} |\n"
    table = "| on the host | Firebreak | debsecan names |\n| --- | --- | --- |\n" + rows
    assert table in PAGE.read_text(encoding="utf-8"), table
