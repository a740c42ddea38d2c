# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel is tried once: one that panics costs one power cycle and is named, one that comes up becomes the default."""

import os
import subprocess
from collections.abc import Iterator

import pytest
from running_fleet import ROOT, Fleet

HOST = "tried"
PLAY = """- name: Reboot into the kernel that is asked for
  hosts: tried
  gather_facts: false
  roles:
    - firebreak.fleet.rollout
"""
# The first program of the initrd then is one that ends at once, and a kernel whose first process ends panics.
PANICS = "rdinit=/bin/mount"


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of one host."""
    fleet = Fleet(f"test-{os.getpid()}-trial", tmp_path_factory.mktemp("reports"))
    try:
        fleet.run("up", "--fleet", "rollout")
        yield fleet
    finally:
        fleet.run("down")


def roll_out(machines: Fleet, release: str) -> "subprocess.CompletedProcess[str]":
    """Run the role as a person would."""
    play = machines.reports / "play.yml"
    play.write_text(PLAY)
    argv = ["ansible-playbook", "-i", "inventories/lab", str(play), "-e", f"rollout_release={release}", "-e", "rollout_panic_seconds=5",
            "-e", "rollout_settle_seconds=600"]
    return subprocess.run(argv, env=machines.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2400,
                          check=False)


def left_over(machines: Fleet) -> str:
    """What a trial may not leave behind."""
    return machines.ask(HOST, "grub-editenv /boot/grub/grubenv list | grep next_entry=.; ls /boot/grub/custom.cfg 2>/dev/null; true")


def test_a_kernel_that_panics_costs_one_power_cycle_and_one_that_comes_up_becomes_the_default(machines: Fleet) -> None:
    running = machines.ask(HOST, "uname -r")
    other = next(name for name in machines.ask(HOST, "linux-version list").split() if name != running)
    before = machines.ask(HOST, "cat /proc/sys/kernel/random/boot_id")

    machines.ask(HOST, f"sed -i '/vmlinuz-{other} /s,$, {PANICS},' /boot/grub/grub.cfg && sync")
    done = roll_out(machines, other)
    said = " ".join(done.stdout.split())
    assert done.returncode != 0, said
    assert f"it came back on another kernel: {running} runs, {other} was expected; the trial failed, and the loader fell back" in said, said
    assert machines.ask(HOST, "uname -r") == running and left_over(machines) == ""
    assert machines.ask(HOST, "cat /proc/sys/kernel/random/boot_id") != before
    console = (machines.lab.host_folder(HOST) / "console.log").read_text(errors="replace")
    assert console.count("Kernel panic") == 1 and "panic=5" not in machines.ask(HOST, "cat /proc/cmdline").split()

    machines.ask(HOST, "update-grub && sync")
    done = roll_out(machines, other)
    assert done.returncode == 0, done.stdout
    assert machines.ask(HOST, "uname -r") == other
    assert "panic=5" in machines.ask(HOST, "cat /proc/cmdline").split()
    assert f"gnulinux-{other}-advanced" in machines.ask(HOST, "cat /etc/default/grub.d/zz-firebreak-kernel.cfg") and left_over(machines) == ""
