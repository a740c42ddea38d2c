# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role live_patching on a host whose provider wants a subscription that is not there: one clear error, and a host that is as it was.

The host is this machine with copies of its /etc and /boot and the os-release of another distribution, in mount namespaces of their own. Its package
tools are the real ones. What is compared are the hashes, modes and times of all files there, the state of each unit and the list of packages.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.live_patch_offer import offer
from playing import LOCAL, PLAYBOOK, write_inventory
from workshop import REPOSITORY, clean_environment

RELEASES = {
    "ol": 'ID="ol"\nNAME="Oracle Linux Server"\nVERSION_ID="9.4"\nPRETTY_NAME="Oracle Linux Server 9.4"\n',
    "debian": 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'}
PLAY = """- name: Patch the running kernel
  hosts: all
  gather_facts: false
  roles: [firebreak.fleet.live_patching]
"""
# The order of directories is the file system's, hence sort; the namespace is private, so nobody else changes what is seen.
WITHIN = r"""
set -eu
mount --make-rprivate /
for folder in etc boot; do
    mkdir -p "$1/$folder" "/$folder"
    cp -a "/$folder/." "$1/$folder"
    mount --bind "$1/$folder" "/$folder"
done
rm -f /etc/os-release
cp "$1/os-release" /etc/os-release
snapshot() {
    find /etc /boot -printf '%p %y %m %U %G %s %T@ %l\n' | sort
    find /etc /boot -type f -exec sha256sum {} + | sort -k 2
    systemctl --root=/ list-unit-files --no-legend --no-pager
    dpkg-query --show --showformat='${binary:Package} ${Version} ${db:Status-Abbrev}\n'
    rpm -qa | sort
}
snapshot > "$1/before"
status=0
sh -c "$2" > "$1/output" 2>&1 || status=$?
snapshot > "$1/after"
exit "$status"
"""
SPEC = """Name: {name}
Version: {version}
Release: {release}
Summary: A package of that name
License: GPL-2.0-only
{requires}
%description
Nothing but a name.
%files
"""


class Ended(NamedTuple):
    """How a command ended on the host, and what the host was like before and after it."""

    status: int
    output: str
    before: list[str]
    after: list[str]


def on_host(folder: Path, distribution: str, command: str) -> Ended:
    """Run a shell command on a host of this distribution."""
    (folder / "os-release").write_text(RELEASES[distribution], encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    env = clean_environment(home, ANSIBLE_CONFIG=str(REPOSITORY / "ansible.cfg"), COLUMNS="400")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", WITHIN, "sh", str(folder), command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    said = done.stdout.decode(errors="replace")
    assert (folder / "after").exists(), f"the namespace could not be made; this test runs as root\n{said}"
    before, after = ((folder / name).read_text(errors="replace").splitlines() for name in ("before", "after"))
    return Ended(done.returncode, (folder / "output").read_text(errors="replace"), before, after)


def patch(folder: Path, distribution: str, **variables: object) -> Ended:
    """Apply the role to a host of this distribution."""
    playbook = folder / "play.yml"
    playbook.write_text(PLAY, encoding="utf-8")
    inventory = write_inventory(folder, {"web1": LOCAL})
    return on_host(folder, distribution, shlex.join([str(PLAYBOOK), "-i", str(inventory), "-e", json.dumps(variables), str(playbook)]))


def build(folder: Path, name: str, version: str, release: str, requires: str = "") -> Path:
    """A repository with one package."""
    folder.mkdir(exist_ok=True)
    (folder / "one.spec").write_text(SPEC.format(name=name, version=version, release=release, requires=requires), encoding="ascii")
    for argv in (["rpmbuild", "-bb", "--target", "x86_64-linux", "--define", f"_topdir {folder}/build", "--define", f"_rpmdir {folder}/rpms",
                  "one.spec"], ["createrepo_c", "--quiet", "rpms"]):
        subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return folder / "rpms"


def test_the_comparison_sees_one_new_file_and_nothing_else(tmp_path: Path) -> None:
    ended = on_host(tmp_path, "debian", "echo > /etc/one-file-more")
    assert ended.status == 0, ended.output
    assert any("/etc/one-file-more" in line for line in set(ended.after) - set(ended.before))
    assert len(ended.before) > 100 and any(line.startswith("dpkg ") for line in ended.before)


@pytest.mark.parametrize(("distribution", "provider", "says"), [
    ("debian", "kernelcare", "this host is not registered with KernelCare"),
    ("ol", "ksplice", "no enabled repository has the package ksplice"),
    ("debian", "canonical", "has no live patches for debian 12" if Path("/sys/kernel/livepatch").exists() else "has no live patching")])
def test_one_clear_error_and_an_unchanged_host(tmp_path: Path, distribution: str, provider: str, says: str) -> None:
    ended = patch(tmp_path, distribution, live_patching_provider=provider)
    refusals = [line for line in ended.output.splitlines() if line.startswith("fatal: [web1]") and "wanted: " in line]
    assert ended.status != 0 and len(refusals) == 1, ended.output
    assert says in refusals[0] and "changed=0" in ended.output and "failed=1" in ended.output, ended.output
    assert ended.after == ended.before


def test_ksplice_that_is_on_offer_but_has_no_key(tmp_path: Path) -> None:
    """A repository as a mirror of Oracle's has it, read by the real dnf."""
    repository = build(tmp_path / "repository", "ksplice", "1.0.60", "1.el9")
    (tmp_path / "repos").mkdir()
    (tmp_path / "repos" / "mirror.repo").write_text(f"[mirror]\nname=mirror\nbaseurl=file://{repository}\nenabled=1\ngpgcheck=0\n", encoding="ascii")
    configuration = tmp_path / "dnf.conf"
    configuration.write_text(f"[main]\nreposdir={tmp_path}/repos\ncachedir={tmp_path}/cache\n", encoding="ascii")
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAY, encoding="utf-8")
    inventory = write_inventory(tmp_path, {"web1": LOCAL})
    play = shlex.join([str(PLAYBOOK), "-i", str(inventory), "-e", "live_patching_provider=ksplice", str(playbook)])
    ended = on_host(tmp_path, "ol", f"mount --bind {configuration} /etc/dnf/dnf.conf && {play}")
    assert ended.status != 0
    assert "the online client of Ksplice has no access key; wanted: the key in live_patching_token_file" in ended.output, ended.output
    assert "changed=0" in ended.output


def test_dnf_names_the_eligible_kernels_in_the_form_that_is_read(tmp_path: Path) -> None:
    """What the role asks on RHEL, asked of the real dnf and a package that requires its kernel as Red Hat's do."""
    release = "5.14.0-427.13.1.el9_4.x86_64"
    repository = build(tmp_path, "kpatch-patch-5_14_0-427_13_1", "1", "4.el9_4", f"Requires: kernel-uname-r = {release}")
    assert shutil.which("dnf"), "dnf is not installed: run make test-system, or install its package"
    done = subprocess.run(["dnf", f"--repofrompath=one,file://{repository}", "--repo=one", f"--setopt=cachedir={tmp_path}/cache", "--quiet",
                           "repoquery", "--requires", "kpatch-patch-*"], capture_output=True, text=True, check=False)
    result = {"stdout": done.stdout, "stderr": done.stderr, "rc": done.returncode}
    assert offer(result, "kpatch", "web1", release)["refusal"] is None, done
    assert f"eligible: {release}" in str(offer(result, "kpatch", "web1", "5.14.0-427.16.1.el9_4.x86_64")["refusal"])
