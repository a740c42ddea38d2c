# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role did, by the machines' own tools, and what they boot after it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import testinfra

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
IMAGES = "dpkg-query --show --showformat='${db:Status-Status} ${Package}\\n' 'linux-image-[0-9]*' | sed -n 's/^installed linux-image-//p'"


def machine(name: str) -> Any:
    """A machine of the scenario; each test here is about one of them."""
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={ROOT}/inventories/lab")


def releases(host: Any) -> list[str]:
    """The installed kernels, oldest first."""
    return str(host.check_output(f"{IMAGES} | linux-version sort")).split()


def reboot(name: str) -> None:
    """Let the machine reboot by itself, and wait for it."""
    subprocess.run([sys.executable, "-m", "firebreak_lab", "reboot", name], check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "tests/lab")})


def test_the_newest_kernel_is_installed_held_and_boots() -> None:
    upgraded = machine("upgraded")
    older, newest = releases(upgraded)
    assert upgraded.check_output("uname -r") == older
    assert f"linux-image-{newest}" in upgraded.check_output("apt-mark showhold").split()
    assert "linux-image-cloud-amd64" in upgraded.check_output("apt-mark showhold").split()
    before = upgraded.file("/proc/cmdline").content_string.split()
    reboot("upgraded")
    assert machine("upgraded").check_output("uname -r") == newest
    after = machine("upgraded").file("/proc/cmdline").content_string.split()
    assert "slab_nomerge" not in before
    assert [word for word in before if word.startswith("loglevel=")]
    assert "slab_nomerge" in after
    assert not [word for word in after if word.startswith("loglevel=")]


def test_the_old_kernel_is_removed_once_the_newest_runs() -> None:
    older, newest = releases(machine("upgraded"))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", ROOT / "inventories/lab", ROOT / "extensions/molecule/kernel/converge.yml",
         "--limit", "upgraded", "--extra-vars", json.dumps({"kernel_keep": 1})], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    upgraded = machine("upgraded")
    assert releases(upgraded) == [newest]
    assert upgraded.check_output("uname -r") == newest
    assert not upgraded.file(f"/boot/vmlinuz-{older}").exists
    menu = upgraded.file("/boot/grub/grub.cfg").content_string
    assert f"vmlinuz-{newest}" in menu
    assert older not in menu


def test_the_older_kernel_boots_although_a_newer_one_is_installed() -> None:
    pinned = machine("pinned")
    older, newest = releases(pinned)
    assert pinned.check_output("uname -r") == newest
    assert older in pinned.file("/etc/default/grub.d/zz-firebreak-kernel.cfg").content_string
    assert '"^linux-image-"' in pinned.check_output("apt-config dump --format '\"%v\"%n' Unattended-Upgrade::Package-Blacklist")
    pinned.check_output("update-grub 2>&1")
    reboot("pinned")
    assert machine("pinned").check_output("uname -r") == older
