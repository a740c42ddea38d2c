# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role did, by the machines' own tools, and what they boot after it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import testinfra

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
MACHINES = ("upgraded", "pinned")
IMAGES = "dpkg-query --show --showformat='${db:Status-Status} ${Package}\\n' 'linux-image-[0-9]*' | sed -n 's/^installed linux-image-//p'"


def machine(name: str) -> Any:
    """A machine of the scenario; each test here is about one of them."""
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={ROOT}/inventories/lab")


def releases(host: Any) -> list[str]:
    """The installed kernels, oldest first."""
    return str(host.check_output(f"{IMAGES} | linux-version sort")).split()


class Before(NamedTuple):
    """A machine before its reboot: what runs, what is installed, and the words with which it was booted."""

    running: str
    installed: list[str]
    words: list[str]


def seen(host: Any) -> Before:
    """What a machine says of itself now."""
    return Before(host.check_output("uname -r"), releases(host), host.check_output("cat /proc/cmdline").split())


@pytest.fixture(scope="module")
def before() -> dict[str, Before]:
    """Both machines as they were before they rebooted by themselves, at the same time."""
    machine("pinned").check_output("update-grub 2>&1")
    said = {name: seen(machine(name)) for name in MACHINES}
    lab = [sys.executable, "-m", "firebreak_lab"]
    subprocess.run([*lab, "reboot", *MACHINES], check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "tests/lab")})
    return said


def test_the_newest_kernel_is_installed_held_and_boots(before: dict[str, Before]) -> None:
    upgraded, (older, newest) = machine("upgraded"), before["upgraded"].installed
    assert before["upgraded"].running == older
    held = upgraded.check_output("apt-mark showhold").split()
    assert f"linux-image-{newest}" in held
    assert "linux-image-cloud-amd64" in held
    now = seen(upgraded)
    assert now.running == newest
    assert "slab_nomerge" not in before["upgraded"].words
    assert [word for word in before["upgraded"].words if word.startswith("loglevel=")]
    assert "slab_nomerge" in now.words
    assert not [word for word in now.words if word.startswith("loglevel=")]


def test_the_older_kernel_boots_although_a_newer_one_is_installed(before: dict[str, Before]) -> None:
    pinned, (older, newest) = machine("pinned"), before["pinned"].installed
    assert before["pinned"].running == newest
    assert older in pinned.check_output("cat /etc/default/grub.d/zz-firebreak-kernel.cfg")
    assert '"^linux-image-"' in pinned.check_output("apt-config dump --format '\"%v\"%n' Unattended-Upgrade::Package-Blacklist")
    assert pinned.check_output("uname -r") == older


def test_the_old_kernel_is_removed_once_the_newest_runs(before: dict[str, Before]) -> None:
    older, newest = before["upgraded"].installed
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", ROOT / "inventories/lab", ROOT / "extensions/molecule/kernel/converge.yml",
         "--limit", "upgraded", "--extra-vars", json.dumps({"kernel_keep": 1})], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    upgraded = machine("upgraded")
    assert releases(upgraded) == [newest]
    assert upgraded.check_output("uname -r") == newest
    assert not upgraded.file(f"/boot/vmlinuz-{older}").exists
    menu = upgraded.check_output("cat /boot/grub/grub.cfg")
    assert f"vmlinuz-{newest}" in menu
    assert older not in menu
