# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages the settings and locks of dnf keep from their newest version: by the real dnf5 of Debian testing, by dnf 4, by scan and proof."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.module_utils._packages import rpm_held
from firebreak_proof.views import dnf_lists, locks
from recorded_host import RecordedHost

NAMES = ("kernel", "kernel-core", "kernel-modules", "kernel-modules-core", "kernel-headers", "kernel-tools", "kernelshark", "bash")
OLD, NEW = "5.14.0-570.el9", "5.14.0-600.el9"
MAIN, BASE, LOCKS = "/etc/dnf/dnf.conf", "/etc/yum.repos.d/base.repo", "/etc/dnf/versionlock.toml"
ADMINS, VENDORS = "/etc/dnf/libdnf5.conf.d", "/usr/share/dnf5/libdnf.conf.d"
OVERRIDES, VENDORS_OVERRIDES = "/etc/dnf/repos.override.d", "/usr/share/dnf5/repos.override.d"
REPOSITORY = "[base]\nname=base\nbaseurl=file:///repository\ngpgcheck=0\n"
SPECS = ("kernel*", "*kernel*", "kernel-core", "kernel-core-5.14.0-600*", "kernel-core-0:5.14.0-600.el9", "kernel-core.x86_64", "kernel-core.noarch",
         "kernel?core", "[k]ernel-[cm]*", "kernel-core-5.14.0-600.el9.x86_64", "*.x86_64", "*", "kernel-co", "KERNEL*", "kernel-*el9*",
         "kernel-headers, kernel-tools", "kernel-core-5.14.0", "kernel-*core", "0:kernel-core-5.14.0-600.el9", "kernel.*")


def locked(name: str, *conditions: tuple[str, str, str]) -> str:
    head = f'[[packages]]\nname = "{name}"\n'
    return head + "".join(f'[[packages.conditions]]\nkey = "{key}"\ncomparator = "{sign}"\nvalue = "{value}"\n' for key, sign, value in conditions)



CASES: list[dict[str, str]] = [
    *({MAIN: f"[main]\nexcludepkgs={spec}\n"} for spec in SPECS),
    {MAIN: "[main]\nexclude=kernel*\n"}, {MAIN: "[main]\nexcludepkgs=bash\n  kernel*\n"},
    {MAIN: "[main]\nincludepkgs=bash\n"}, {MAIN: "[main]\nincludepkgs=kernel*\n"}, {MAIN: "[main]\nincludepkgs=kernel*\nexcludepkgs=kernel-core\n"},
    {MAIN: "[main]\nexcludepkgs=kernel*\ndisable_excludes=*\n"}, {MAIN: "[main]\nexcludepkgs=kernel*\ndisable_excludes=main\n"},
    {f"{ADMINS}/a.conf": "[main]\nexcludepkgs=kernel*\n"}, {f"{VENDORS}/a.conf": "[main]\nexcludepkgs=kernel*\n"},
    {f"{VENDORS}/a.conf": "[main]\nexcludepkgs=kernel*\n", f"{ADMINS}/a.conf": "[main]\n"},
    {MAIN: "[main]\nexcludepkgs=kernel*\n", f"{ADMINS}/a.conf": "[main]\nexcludepkgs=bash\n"},
    {MAIN: "[main]\nexcludepkgs=kernel*\n", f"{ADMINS}/a.conf": "[main]\nexcludepkgs=\n"},
    {f"{ADMINS}/a.conf": "[main]\nexcludepkgs=kernel*\n", f"{ADMINS}/b.conf": "[main]\nexcludepkgs=bash\n"},
    {f"{ADMINS}/a.conf": "[main]\nexcludepkgs=kernel*\n", f"{ADMINS}/b.conf": "[main]\nexcludepkgs=\n"},
    {f"{ADMINS}/a.conf": "[main]\nexcludepkgs=kernel*\n", MAIN: "[main]\nexcludepkgs=\n"},
    {BASE: REPOSITORY + "excludepkgs=kernel*\n"}, {BASE: REPOSITORY + "exclude=kernel-core\n"}, {BASE: REPOSITORY + "includepkgs=bash\n"},
    {BASE: REPOSITORY + "includepkgs=kernel kernel-core\n"}, {BASE: REPOSITORY + "excludepkgs=kernel*\n", MAIN: "[main]\ndisable_excludes=base\n"},
    {BASE: REPOSITORY + "excludepkgs=kernel*\n", f"{OVERRIDES}/a.repo": "[base]\nexcludepkgs=\n"},
    {BASE: REPOSITORY + "excludepkgs=kernel*\n", f"{OVERRIDES}/a.repo": "[base]\nexcludepkgs=bash\n"},
    {f"{OVERRIDES}/a.repo": "[b*]\nexcludepkgs=kernel*\n"}, {f"{VENDORS_OVERRIDES}/a.repo": "[base]\nexcludepkgs=kernel*\n"},
    {f"{VENDORS_OVERRIDES}/a.repo": "[base]\nexcludepkgs=kernel*\n", f"{OVERRIDES}/a.repo": "[base]\nexcludepkgs=bash\n"},
    {MAIN: "[main]\nexcludepkgs=,bash\n", f"{ADMINS}/a.conf": "[main]\nexcludepkgs=kernel*\n"},
    *({MAIN: "[main]\n" + text} for text in (
        "excludepkgs='kernel*'\n", 'exclude="kernel* bash"\n', "exclude='kernel*' 'bash'\n", "EXCLUDEPKGS=kernel*\n", "excludepkgs=!kernel*\n",
        "excludepkgs=kernel*\nexclude=\n", "exclude=kernel*\nexcludepkgs=bash\n", f"excludepkgs=kernel-core-{OLD}\n",
        "excludepkgs=bash\n  \n kernel*\n", "excludepkgs=bash # kernel*\n")),
    {MAIN: "[main] y\nexcludepkgs=kernel*\n"},
    {MAIN: "[main]\nincludepkgs=bash\n", f"{ADMINS}/a.conf": "[main]\nincludepkgs=kernel*\n"},
    {BASE: REPOSITORY + "includepkgs=bash\n", f"{OVERRIDES}/a.repo": "[base]\nincludepkgs=kernel*\n"},
    # With these it ends before it brings anything.
    *({MAIN: text} for text in (
        "best=1\n[main]\n", "[main]\nexcludepkgs: bash\n", "[main]\n best=1\n", "[main]\nexclude=bash\n# a\n vim\n", "[main]\n=3\n")),
    {BASE: REPOSITORY + "garbage\n"},
    {BASE: REPOSITORY + "module_hotfixes=1\npriority=10\nexcludepkgs=kernel-core\n"},
    *({LOCKS: 'version = "1.0"\n' + text} for text in (
        *(locked("kernel-core", ("evr", sign, version)) for sign, version in (
            ("=", f"0:{OLD}"), ("=", OLD), (">=", OLD), (">", OLD), ("<", NEW), ("<=", f"0:{OLD}"), ("!=", NEW), ("!=", f"0:{OLD}"), ("==", OLD),
            ("~", OLD))),
        *(locked("kernel-core", condition) for condition in (
            ("epoch", "=", "0"), ("epoch", "=", "1"), ("arch", "=", "noarch"), ("arch", "=", "x86_64"), ("arch", "!=", "x86_64"),
            ("version", "=", "1"))),
        *(locked(name, ("evr", "=", f"0:{OLD}")) for name in ("kernel*", "kernel-co", "kernel-core.x86_64", "Kernel-core")),
        locked("kernel-core"), locked("kernel-core", ("evr", ">=", OLD), ("evr", "<", NEW)),
        locked("kernel-core", ("evr", "=", f"0:{OLD}")) + locked("kernel*", ("evr", ">=", OLD)))),
    {LOCKS: locked("kernel-core", ("evr", "=", f"0:{OLD}"))}, {LOCKS: 'version = "2.0"\n' + locked("kernel-core", ("evr", "=", f"0:{OLD}"))},
    {LOCKS: "version = \n" + locked("kernel-core", ("evr", "=", f"0:{OLD}"))},
]


def _repository(folder: Path) -> None:
    """Both versions of each package."""
    rows = "".join(
        f'<package type="rpm"><name>{name}</name><arch>x86_64</arch><version epoch="0" ver="5.14.0" rel="{evr[7:]}"/><checksum type="sha256" '
        f'pkgid="YES">{hashlib.sha256((name + evr).encode()).hexdigest()}</checksum><summary/><description/><packager/><url/>'
        f'<time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="{name}-{evr}.rpm"/><format><rpm:provides>'
        f'<rpm:entry name="{name}" flags="EQ" epoch="0" ver="5.14.0" rel="{evr[7:]}"/></rpm:provides></format></package>'
        for name in NAMES for evr in (OLD, NEW))
    primary = ('<?xml version="1.0"?><metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" '
               f'packages="{2 * len(NAMES)}">{rows}</metadata>').encode()
    packed = gzip.compress(primary)
    (folder / "repodata").mkdir(parents=True)
    (folder / "repodata/primary.xml.gz").write_bytes(packed)
    (folder / "repodata/repomd.xml").write_text(
        '<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision><data type="primary">'
        f'<checksum type="sha256">{hashlib.sha256(packed).hexdigest()}</checksum><location href="repodata/primary.xml.gz"/><timestamp>1</timestamp>'
        f'<size>{len(packed)}</size></data></repomd>', encoding="utf-8")


@pytest.fixture(scope="module")
def tree(newer: Path) -> Iterator[Path]:
    _repository(newer / "repository")
    yield newer
    shutil.rmtree(newer / "repository")


def withheld(tree: Path, files: dict[str, str]) -> list[str]:
    """The packages of which dnf5 would not bring the newest version."""
    for folder in ("etc/dnf", "etc/yum.repos.d", "usr/share/dnf5/libdnf.conf.d", "usr/share/dnf5/repos.override.d"):
        shutil.rmtree(tree / folder, ignore_errors=True)
    for path, text in files.items():
        (tree / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tree / path[1:]).write_text(text, encoding="utf-8")
    argv = ["chroot", str(tree), "dnf5", "--releasever=9", "--forcearch=x86_64", "--assumeno", "install", "--skip-unavailable", *NAMES]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/"}
    said = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert re.search("Repositories loaded.|versionlock|Error in configuration file", said.stderr + said.stdout), said
    got = re.findall(rf"^ ([a-z-]+) +x86_64 0:{re.escape(NEW)} ", said.stdout, re.MULTILINE)
    return sorted(set(NAMES) - set(got))


def held(files: dict[str, str]) -> list[str]:
    """What the scan says of a host with these files."""
    folders: dict[str, list[str]] = {}
    for path in files:
        folders.setdefault(path.rpartition("/")[0], []).append(path.rpartition("/")[2])
    host = RecordedHost({"read": files, "listdir": folders, "uname": ["Linux", "host", OLD, "#1", "x86_64"]})
    return sorted(name for name in NAMES if rpm_held.held(host, [name], {name: OLD}))


def is_old(version: str) -> bool:
    """Whether a pattern means the installed version alone."""
    return dnf_lists.is_behind(version, OLD, lambda one, other: (one > other) - (one < other))


@pytest.mark.parametrize("given", CASES, ids=lambda given: " ".join(f"{path}: {text}" for path, text in given.items()))
def test_what_dnf5_withholds_is_held(tree: Path, given: dict[str, str]) -> None:
    files = {MAIN: "[main]\n", BASE: REPOSITORY, **given}
    really = withheld(tree, files)
    assert held(files) == really
    if LOCKS not in given:
        assert sorted(name for name in NAMES if dnf_lists.kept_away(files, [name], is_old)) == really
    else:
        assert locks.locked(given[LOCKS], NAMES, "x86_64", lambda version: version == OLD) == really


def test_what_dnf_4_withholds_is_held(tmp_path: Path) -> None:
    """Each exclude in a repository of its own, so that dnf is asked once."""
    _repository(tmp_path / "repository")
    config = tmp_path / "dnf.conf"
    main = f"[main]\ncachedir={tmp_path}/cache\nreposdir={tmp_path}/none\nlogdir={tmp_path}/log\npersistdir={tmp_path}/persist\n"
    repositories = (f"[r{at}]\nname=r\nbaseurl=file://{tmp_path}/repository\nexcludepkgs={spec}\n" for at, spec in enumerate(SPECS))
    config.write_text(main + "".join(repositories), encoding="utf-8")
    argv = ["dnf", "-q", "-c", str(config), "--forcearch=x86_64", "--releasever=9", "repoquery", "--qf", "%{repoid} %{name} %{evr}", *NAMES]
    offered = set(subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True).stdout.splitlines())
    really = {spec: sorted(name for name in NAMES if f"r{at} {name} {NEW}" not in offered) for at, spec in enumerate(SPECS)}
    files = {spec: {MAIN: f"[main]\nexcludepkgs={spec}\n"} for spec in SPECS}
    assert {spec: held(given) for spec, given in files.items()} == really
    assert {spec: sorted(name for name in NAMES if dnf_lists.kept_away(given, [name], is_old)) for spec, given in files.items()} == really
