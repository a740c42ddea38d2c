# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel section asks rpm, dnf and apt, asked of the real tools: the form of the answers, and that asking writes nothing.

A tool that is missing is a failure, not a skip: ``make test-system`` installs rpm, dnf, createrepo-c and apt's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._host import host as host_seam
from ansible_collections.firebreak.fleet.plugins.module_utils._host import record
from ansible_collections.firebreak.fleet.plugins.module_utils._kernel import section as kernel_section
from ansible_collections.firebreak.fleet.plugins.module_utils._live_patch import packages as patch_packages
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import available as on_offer
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import rpm
from ansible_collections.firebreak.fleet.plugins.module_utils._packages.dnf_query import DNF_PATCHES, DNF_QUERY
from ansible_collections.firebreak.fleet.plugins.plugin_utils._plan import kernel_packages

SPEC = """Name: kernel-core
Version: 5.14.0
Release: {release}
Summary: A kernel without one
License: GPL-2.0-only
Provides: kernel-uname-r = 5.14.0-{release}.x86_64
Provides: installonlypkg(kernel)
%description
A package with the name and the provides of a kernel.
%files
"""

# As ELRepo's: the provide has a name of its own, so only the image's file tells.
OWN = """Name: kernel-ml-core
Version: 6.16.6
Release: 1.el9.elrepo
Summary: A kernel that does not provide kernel-uname-r
License: GPL-2.0-only
Provides: kernel-ml-uname-r = 6.16.6-1.el9.elrepo.x86_64
%description
A package with an image and modules.
%install
mkdir -p %{buildroot}/lib/modules/6.16.6-1.el9.elrepo.x86_64/kernel %{buildroot}/boot
touch %{buildroot}/lib/modules/6.16.6-1.el9.elrepo.x86_64/vmlinuz %{buildroot}/lib/modules/6.16.6-1.el9.elrepo.x86_64/kernel/a.ko
%files
%ghost /boot/vmlinuz-6.16.6-1.el9.elrepo.x86_64
/lib/modules/6.16.6-1.el9.elrepo.x86_64
"""

PATCH = """
Name: kpatch-patch-5_14_0-427_13_1
Version: 1
Release: {release}.el9_4
Summary: Live patches for a kernel
License: GPL-2.0-only
Requires: kernel-uname-r = 5.14.0-427.13.1.el9_4.x86_64
%description
A package with the name and the requirement of kpatch patches.
%files
"""

# One advisory in the form of Red Hat's repositories.
UPDATEINFO = """<?xml version="1.0" encoding="UTF-8"?>
<updates>
 <update from="release@example.org" status="final" type="security" version="1">
  <id>RHSA-2026:0001</id><title>Live patches</title><severity>Important</severity><issued date="2026-11-01 00:00:00"/>
  <references>
   <reference href="https://example.org/CVE-2026-12345" id="CVE-2026-12345" type="cve" title="CVE-2026-12345"/>
   <reference href="https://example.org/1" id="1" type="bugzilla" title="CVE-2026-99999"/>
  </references>
  <pkglist><collection short="base"><name>base</name>
   <package name="kpatch-patch-5_14_0-427_13_1" version="1" release="2.el9_4" epoch="0" arch="x86_64" src="x.src.rpm">
    <filename>kpatch-patch-5_14_0-427_13_1-1-2.el9_4.x86_64.rpm</filename></package>
  </collection></pkglist>
 </update>
</updates>
"""


def _run(*argv: str, cwd: Path | None = None) -> str:
    if shutil.which(argv[0]) is None:
        pytest.fail(f"{argv[0]} is not installed, but this test asks the real tool: run make test-system, or install its package")
    environment = {**os.environ, "LC_ALL": "C", "PATH": host_seam.COMMAND_PATH}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert done.returncode == 0, (argv, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two kernels' packages in it, and with patches for one of them."""
    folder = tmp_path_factory.mktemp("kernels")
    for text in (SPEC.format(release="427.13.1.el9_4"), SPEC.format(release="503.11.1.el9_5"), PATCH.format(release=1), PATCH.format(release=2)):
        (folder / "kernel.spec").write_text(text, encoding="ascii")
        _run("rpmbuild", "-bb", "--target", "x86_64-linux", "--define", f"_topdir {folder}/build", "--define", f"_rpmdir {folder}/rpms",
             "kernel.spec", cwd=folder)
    return folder / "rpms"


def _times(*folders: Path) -> dict[Path, int]:
    """Every path below the folders with the time of its last change."""
    return {path: path.lstat().st_mtime_ns for folder in folders if folder.exists() for path in (folder, *folder.rglob("*"))}


def test_rpm_prints_the_images_in_the_form_that_is_parsed(packages: Path, tmp_path: Path) -> None:
    database = ["--dbpath", str(tmp_path / "db")]
    _run("rpm", *database, "--initdb")
    _run("rpm", *database, "-i", "--force-debian", "--nodeps", "--noscripts", "--justdb", *map(str, packages.rglob("*.rpm")))
    done = subprocess.run([*rpm.QUERY, *database], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert [(image.release, image.flavour, image.package_version) for image in rpm.parse_images(done.stdout)] == [
        ("5.14.0-427.13.1.el9_4.x86_64", "standard", "5.14.0-427.13.1.el9_4"), ("5.14.0-503.11.1.el9_5.x86_64", "standard", "5.14.0-503.11.1.el9_5")]


def test_rpm_names_the_owner_of_an_image_that_is_not_even_there(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "own.spec").write_text(OWN, encoding="ascii")
    _run("rpmbuild", "-bb", "--target", "x86_64-linux", "--define", f"_topdir {tmp_path}/build", "--define", f"_rpmdir {tmp_path}/rpms", "own.spec",
         cwd=tmp_path)
    database = ["--dbpath", str(tmp_path / "db")]
    _run("rpm", *database, "--initdb")
    _run("rpm", *database, "-i", "--force-debian", "--nodeps", "--noscripts", "--justdb", *map(str, (tmp_path / "rpms").rglob("*.rpm")))
    question = rpm.owner_query(["6.16.6-1.el9.elrepo.x86_64", "9.9.9-hand"])
    done = subprocess.run([*question, *database], capture_output=True, text=True, check=False)
    images = rpm.parse_images(done.stdout)
    assert [(image.release, image.flavour, image.package, image.package_version) for image in images] == [
        ("6.16.6-1.el9.elrepo.x86_64", "ml", "kernel-ml-core", "6.16.6-1.el9.elrepo")]
    assert images[0].installed_at > 1700000000


def test_rpm_says_on_standard_output_that_nothing_provides_a_kernel(tmp_path: Path) -> None:
    database = ["--dbpath", str(tmp_path / "db")]
    _run("rpm", *database, "--initdb")
    done = subprocess.run([*rpm.QUERY, *database], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    assert done.stdout.startswith("no package provides kernel-uname-r")
    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize("names", ["", ",kernel-core", ",kernel-uek-core,kernel-core"])
def test_dnfs_cache_is_asked_without_writing_anything_and_tells_what_excludes_hide(packages: Path, tmp_path: Path, names: str) -> None:
    _run("createrepo_c", "--quiet", str(packages))
    config = tmp_path / "dnf.conf"
    config.write_text(
        f"[main]\ncachedir={tmp_path}/cache\nreposdir={tmp_path}/none\nlogdir={tmp_path}/log\npersistdir={tmp_path}/persist\n"
        f"[base]\nname=base\nbaseurl=file://{packages}\ngpgcheck=0\nexcludepkgs=kernel-core-5.14.0-503*\n"
        f"[never]\nname=never fetched\nbaseurl=file://{tmp_path}/absent\nskip_if_unavailable=1\n", encoding="ascii")
    _run("dnf", "-q", "-c", str(config), "--repo", "base", "makecache")
    places = (tmp_path, packages, Path("/var/log"), Path("/var/cache/dnf"), Path("/var/lib/dnf"), Path("/var/lib/rpm"))
    before = _times(*places)
    printed = _run("/usr/bin/python3", "-s", "-B", "-c", DNF_QUERY, rpm.UNAME_PROVIDE + names, str(config))
    assert {path for path, time in _times(*places).items() if before.get(path) != time and path.suffix != ".journal"} == set()
    offer, age = on_offer.parse_dnf_query(printed, "standard")
    assert offer == on_offer.Offer(
        "5.14.0-427.13.1.el9_4.x86_64", "kernel-core", "5.14.0-427.13.1.el9_4", "base", False, ["kernel-core-5.14.0-503.11.1.el9_5"],
        [{"release": "5.14.0-427.13.1.el9_4.x86_64", "package": "kernel-core", "package_version": "5.14.0-427.13.1.el9_4"}])
    assert age is not None
    assert 0 <= age < 600


def test_dnfs_cache_says_which_live_patches_are_newer_and_what_their_advisories_fix(packages: Path, tmp_path: Path) -> None:
    _run("createrepo_c", "--quiet", str(packages))
    (tmp_path / "updateinfo.xml").write_text(UPDATEINFO, encoding="ascii")
    _run("modifyrepo_c", "--mdtype=updateinfo", str(tmp_path / "updateinfo.xml"), str(packages / "repodata"))
    config = tmp_path / "dnf.conf"
    config.write_text(
        f"[main]\ncachedir={tmp_path}/cache\nreposdir={tmp_path}/none\nlogdir={tmp_path}/log\npersistdir={tmp_path}/persist\n"
        f"[base]\nname=base\nbaseurl=file://{packages}\ngpgcheck=0\n", encoding="ascii")
    _run("dnf", "-q", "-c", str(config), "makecache")
    before = _times(tmp_path, packages)
    printed = _run("/usr/bin/python3", "-s", "-B", "-c", DNF_PATCHES, "kpatch-patch-5_14_0-427_13_1", str(config))
    assert _times(tmp_path, packages) == before
    assert patch_packages.parse_offers(printed) == [("1-1.el9_4", []), ("1-2.el9_4", ["CVE-2026-12345"])]


def test_dnf_installs_no_other_version_than_the_role_locks(packages: Path, tmp_path: Path) -> None:
    _run("createrepo_c", "--quiet", str(packages))
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "versionlock.conf").write_text(f"[main]\nenabled=1\nlocklist={plugins}/versionlock.list\n", encoding="ascii")
    config = tmp_path / "dnf.conf"
    config.write_text(
        f"[main]\ncachedir={tmp_path}/cache\nreposdir={tmp_path}/none\nlogdir={tmp_path}/log\npersistdir={tmp_path}/persist\nplugins=1\n"
        f"pluginconfpath={plugins}\n[base]\nname=base\nbaseurl=file://{packages}\ngpgcheck=0\n", encoding="ascii")

    def offered(*lines: str) -> str:
        """The version that dnf would install, when these lines are its locks."""
        (plugins / "versionlock.list").write_text("# a comment\n" + "".join(f"{line}\n" for line in lines), encoding="ascii")
        argv = ("dnf", "-c", str(config), f"--installroot={tmp_path}/root", "--releasever=9", "--forcearch=x86_64", "--assumeno", "install",
                "kernel-core")
        said = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}).stdout
        return next(word for word in said.split() if word.startswith("5.14.0-"))

    locks = kernel_packages.locks("redhat", {"package": "kernel-core", "package_version": "5.14.0-427.13.1.el9_4"})
    assert offered() == "5.14.0-503.11.1.el9_5"
    assert offered(*locks) == "5.14.0-427.13.1.el9_4"


class _RunsDebiansKernel(host_seam.LiveHost):
    """This machine, as if it ran the kernel that its repositories offer."""

    def uname(self) -> tuple[str, ...]:
        machine = super().uname()[4]
        flavour = {"x86_64": "amd64", "aarch64": "arm64"}[machine]
        return ("Linux", "test", f"6.1.0-1-{flavour}", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.4-1 (2023-01-07)", machine)


def test_apts_lists_are_asked_without_writing_anything_and_agree_with_apt_cache() -> None:
    places = (Path("/var/cache/apt"), Path("/var/lib/apt"), Path("/var/lib/dpkg"), Path("/var/log/apt"))
    before = _times(*places)
    section = record.Section("kernel")
    host = _RunsDebiansKernel()
    kernel_section.collect(host, section, {})
    assert {path for path, time in _times(*places).items() if before.get(path) != time} == set()
    available = section.facts["available"]
    meta = "linux-image-" + host.uname()[2].rsplit("-", 1)[1]
    depends = _run("apt-cache", "show", "--no-all-versions", meta)
    assert f"{available['package']} (= {available['package_version']})" in depends
    assert available["package"] == "linux-image-" + available["release"]
    policy = _run("apt-cache", "policy", str(available["package"]))
    assert f"Candidate: {available['package_version']}" in policy
    assert available["repository"].split()[1] in policy
    assert available["cache_age_seconds"] >= 0
