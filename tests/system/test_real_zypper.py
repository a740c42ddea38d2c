# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages a lock of zypper holds, by the real zypper, the scan and the proof, for each way in which libzypp can match.

Its packages are downloaded and unpacked, never installed: they and dnf's plug-ins exclude each other.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available, rpm_locks
from firebreak_proof.questions.kernels import KERNEL
from firebreak_proof.views import zypper_locks

PACKAGES = ("zypper", "zypper-common", "libzypp1722", "libzypp-common", "libzypp-config", "libaugeas0", "libboost-thread1.74.0", "libproxy1v5",
            "libsigc++-2.0-0v5", "libyaml-cpp0.7", "libsolv1", "libsolvext1", "libsolv-tools")
VERSION = ("6.4.0", "150600.23.14.2")
NAMES = ("kernel-default", "kernel-default-base", "kernel-rt", "kernel-azure", "kernel-firmware-all", "kernel-firmware-nvidia-gspx-G06",
         "kernel-macros", "kernelshark", "bash")
LOCKS = [
    "match_type: glob\ncase_sensitive: on\nsolvable_name: kernel*", "match_type: glob\nsolvable_name: kernel-default",
    "solvable_name: kernel-default", "solvable_name: default",
    "match_type: exact\nsolvable_name: kernel", "match_type: exact\nsolvable_name: Kernel-Default",
    "match_type: exact\ncase_sensitive: on\nsolvable_name: Kernel-Default", "match_type: regex\nsolvable_name: ^kernel-default$",
    "match_type: regex\nsolvable_name: kernel-(default|rt)", "match_type: word\nsolvable_name: default", "match_type: word\nsolvable_name: kern",
    "match_type: glob\nsolvable_name: ?ernel-[dr]*", "match_type: glob\nsolvable_name: kernel-firmware*", "query_string: kernel-default",
    "match_type: glob\nsolvable_name: kernel-default\nversion: >= 6.4.0", "match_type: glob\nsolvable_name: kernel-default == 6.4.0-150600.23.14.2",
    "solvable_provides: kernel-rt", "match_type: exact\nsolvable_provides: kernel-default",
    "solvable_name: kernel-default\ninstall_status: installed",
    "match_type: glob\nsolvable_name: kernelshark", "solvable_name: rt\nsolvable_name: azure",
]


def said(*argv: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120, check=False, **options)  # type: ignore[call-overload, no-any-return]


class Zypper:
    """The real one, unpacked, on a root of its own that has one repository with kernels."""

    def __init__(self, folder: Path) -> None:
        self.unpacked, self.root = folder / "unpacked", folder / "root"
        fetched = said("apt-get", "-o", "APT::Sandbox::User=root", "download", *PACKAGES, cwd=folder)
        assert fetched.returncode == 0, fetched.stderr
        for package in folder.glob("*.deb"):
            assert said("dpkg-deb", "-x", package, self.unpacked).returncode == 0
        # libzypp calls it by its name of old, which Debian's libsolv-tools has not.
        solver = self.unpacked / "usr/bin/repo2solv.sh"
        solver.write_text('#!/bin/sh\nexec repo2solv "$@"\n', encoding="utf-8")
        solver.chmod(0o755)
        (self.root / "etc/zypp/repos.d").mkdir(parents=True)
        repository = _repository(folder / "repository")
        (self.root / "etc/zypp/repos.d/r.repo").write_text(f"[r]\nname=r\nenabled=1\nbaseurl=dir://{repository}\ntype=rpm-md\ngpgcheck=0\n",
                                                           encoding="utf-8")
        refreshed = self.run("refresh")
        assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return said(*self.command, *argv, env=self.environment)

    @property
    def command(self) -> list[str]:
        return [str(self.unpacked / "usr/bin/zypper"), "--root", str(self.root), "--non-interactive", "--no-gpg-checks"]

    @property
    def environment(self) -> dict[str, str]:
        library = next(self.unpacked.glob("usr/lib/*-linux-gnu"))
        return {**os.environ, "LD_LIBRARY_PATH": str(library), "PATH": f"{self.unpacked}/usr/bin:{os.environ['PATH']}", "LC_ALL": "C",
                "HOME": str(self.root)}

    def asked_by_the_proof(self) -> list[str]:
        """What the proof's question prints where this zypper is the host's, and all packages are kernels'."""
        folder = self.root.parent / "programs"
        if not folder.exists():
            folder.mkdir()
            for tool in ("awk", "grep", "sort", "sed", "tr", "cat", "readlink"):
                (folder / tool).symlink_to(str(shutil.which(tool)))
            exported = [f"{name}={shlex.quote(self.environment[name])}" for name in ("LD_LIBRARY_PATH", "PATH", "HOME")]
            for program, line in (("zypper", f"{' '.join(exported)} exec {shlex.join(self.command)} \"$@\""),
                                  ("rpm", f"printf '%s\\n' {' '.join(NAMES)}")):
                (folder / program).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
                (folder / program).chmod(0o755)
        shell = next(question.shell for question in KERNEL if question.name == "holds")
        return said("/bin/sh", "-c", shell, env={"PATH": str(folder), "LC_ALL": "C"}).stdout.splitlines()

    def locked(self, stanza: str) -> list[str]:
        """The packages that its search marks as locked."""
        (self.root / "etc/zypp/locks").write_text(f"type: package\n{stanza}\n", encoding="utf-8")
        listed = self.run("--no-refresh", "search", "-s", "-t", "package").stdout
        rows = [re.split(r"\s*\|\s*", line) for line in listed.splitlines() if "| package" in line]
        assert {row[1] for row in rows} == set(NAMES), listed
        return sorted(row[1] for row in rows if row[0].strip() == "l")


def _repository(folder: Path) -> Path:
    rows = "".join(
        f'<package type="rpm"><name>{name}</name><arch>x86_64</arch><version epoch="0" ver="{VERSION[0]}" rel="{VERSION[1]}"/>'
        f'<checksum type="sha256" pkgid="YES">{hashlib.sha256(name.encode()).hexdigest()}</checksum><summary/><description/><packager/><url/>'
        f'<time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="{name}.rpm"/><format><rpm:provides>'
        f'<rpm:entry name="{name}" flags="EQ" epoch="0" ver="{VERSION[0]}" rel="{VERSION[1]}"/></rpm:provides></format></package>' for name in NAMES)
    primary = ('<?xml version="1.0"?><metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" '
               f'packages="{len(NAMES)}">{rows}</metadata>').encode()
    packed = gzip.compress(primary)
    (folder / "repodata").mkdir(parents=True)
    (folder / "repodata/primary.xml.gz").write_bytes(packed)
    (folder / "repodata/repomd.xml").write_text(
        '<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="primary">'
        f'<checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum><open-checksum type="sha256">{hashlib.sha256(primary).hexdigest()}'
        f'</open-checksum><location href="repodata/primary.xml.gz"/><timestamp>1</timestamp><size>{len(packed)}</size>'
        f'<open-size>{len(primary)}</open-size></data></repomd>', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def zypper(tmp_path_factory: pytest.TempPathFactory) -> Zypper:
    return Zypper(tmp_path_factory.mktemp("zypper"))


@pytest.mark.parametrize("stanza", LOCKS)
def test_a_lock_holds_what_zypper_says_that_it_holds(zypper: Zypper, stanza: str) -> None:
    seen = [name for name in NAMES if rpm_locks.locked_by_zypper(f"type: package\n{stanza}\n", [name])]
    real = zypper.locked(stanza)
    assert sorted(seen) == real
    told = [line.removeprefix("zypper ") for line in zypper.asked_by_the_proof() if line.startswith("zypper ")]
    assert zypper_locks.held(told) == real


def test_what_zypper_has_on_offer_is_read(zypper: Zypper) -> None:
    printed = zypper.run(*available.ZYPPER[available.ZYPPER.index("zypper") + 1:], "kernel-default").stdout
    assert available.newest_in_search(printed, "kernel-default") == ("-".join(VERSION), "r")
    offer = available.parse_zypper_search(printed, "default")
    assert (offer.release, offer.package_version) == ("6.4.0-150600.23.14-default", "-".join(VERSION))
