# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role live_patching on a host whose provider wants a subscription that is not there: one clear error, and a host that is as it was.

What is compared are the hashes, modes and times of all files in /etc and /boot, the state of each unit and the list of packages.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.firebreak.fleet.plugins.filter.live_patch_offer import offer
from playing import PLAYBOOK
from private_host import Ended, add_package, enable, on_host

RELEASES = {"ol": 'ID="ol"\nVERSION_ID="9.4"\nPRETTY_NAME="Oracle Linux Server 9.4"\n',
            "debian": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'}
PLAY = """- name: Patch the running kernel
  hosts: all
  gather_facts: false
  roles: [firebreak.fleet.live_patching]
"""


def patch(folder: Path, distribution: str, provider: str, first: str = ":") -> Ended:
    """Apply the role to a host of this distribution."""
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    play = shlex.join([str(PLAYBOOK), "-i", "inventory.yml", "-e", json.dumps({"live_patching_provider": provider}), "play.yml"])
    return on_host(folder, RELEASES[distribution], f"{first} && {play}")


def test_the_comparison_sees_one_new_file_and_nothing_else(tmp_path: Path) -> None:
    ended = on_host(tmp_path, RELEASES["debian"], "echo > /etc/one-file-more")
    assert ended.status == 0, ended.output
    assert {line.split()[0] for line in set(ended.after) ^ set(ended.before) if line.startswith("/")} == {"/etc", "/etc/one-file-more"}
    assert len(ended.before) > 100 and any(line.startswith("dpkg ") for line in ended.before)
    assert not Path("/etc/one-file-more").exists()


@pytest.mark.parametrize(("distribution", "provider", "says"), [
    ("debian", "kernelcare", "this host is not registered with KernelCare"),
    ("ol", "ksplice", "no enabled repository has the package ksplice"),
    ("debian", "canonical", "has no live patches for debian 12" if Path("/sys/kernel/livepatch").exists() else "has no live patching")])
def test_one_clear_error_and_an_unchanged_host(tmp_path: Path, distribution: str, provider: str, says: str) -> None:
    ended = patch(tmp_path, distribution, provider)
    refusals = [line for line in ended.output.splitlines() if line.startswith("fatal: [web1]") and "wanted: " in line]
    assert ended.status != 0 and len(refusals) == 1, ended.output
    assert says in refusals[0] and "changed=0" in ended.output and "failed=1" in ended.output, ended.output
    assert ended.after == ended.before


def test_ksplice_that_is_on_offer_but_has_no_key(tmp_path: Path) -> None:
    """A repository as a mirror of Oracle's has it, read by the real dnf."""
    add_package(tmp_path / "repository", "ksplice")
    ended = patch(tmp_path, "ol", "ksplice", enable(tmp_path, tmp_path / "repository"))
    assert ended.status != 0
    assert "the online client of Ksplice has no access key; wanted: the key in live_patching_token_file" in ended.output, ended.output
    assert "changed=0" in ended.output


def test_dnf_names_the_eligible_kernels_in_the_form_that_is_read(tmp_path: Path) -> None:
    """What the role asks on RHEL, asked of the real dnf and a package that requires its kernel as Red Hat's do."""
    release = "5.14.0-427.13.1.el9_4.x86_64"
    repository = tmp_path / "repository"
    add_package(repository, "kpatch-patch-5_14_0-427_13_1", requires=f"Requires: kernel-uname-r = {release}")
    assert shutil.which("dnf"), "dnf is not installed: run make test-system, or install its package"
    done = subprocess.run(["dnf", f"--repofrompath=one,file://{repository}", "--repo=one", f"--setopt=cachedir={tmp_path}/cache", "--quiet",
                           "repoquery", "--requires", "kpatch-patch-*"], capture_output=True, text=True, check=False)
    result = {"stdout": done.stdout, "stderr": done.stderr, "rc": done.returncode}
    assert offer(result, "kpatch", "web1", release)["refusal"] is None, done
    assert f"eligible: {release}" in str(offer(result, "kpatch", "web1", "5.14.0-427.16.1.el9_4.x86_64")["refusal"])
