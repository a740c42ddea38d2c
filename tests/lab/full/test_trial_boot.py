# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel is tried once: it becomes the default when it came up, and one that panics costs one power cycle and is named."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_fleet import ROOT, Fleet

HOST = "tried"
PLAY = """- name: Reboot into the kernel that is asked for
  hosts: tried
  gather_facts: false
  roles:
    - firebreak.fleet.rollout
"""
# initramfs-tools runs it before anything else; writing c crashes the kernel, whatever kernel.sysrq allows.
PANIC = """printf '%s\\n' '#!/bin/sh' '[ "$1" = prereqs ] && exit 0' 'echo c >/proc/sysrq-trigger'"""


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


def default(machines: Fleet) -> str:
    """The file that names the default, as it is."""
    return machines.ask(HOST, "cat /etc/default/grub.d/zz-firebreak-kernel.cfg")


def test_a_kernel_that_comes_up_becomes_the_default_and_one_that_panics_falls_back(machines: Fleet) -> None:
    running = machines.ask(HOST, "uname -r")
    other = next(name for name in machines.ask(HOST, "linux-version list").split() if name != running)

    done = roll_out(machines, other)
    assert done.returncode == 0, done.stdout
    assert machines.ask(HOST, "uname -r") == other
    assert "panic=5" in machines.ask(HOST, "cat /proc/cmdline").split()
    assert f"gnulinux-{other}-advanced" in default(machines) and left_over(machines) == ""

    script = "/etc/initramfs-tools/scripts/init-top/panic"
    machines.ask(HOST, f"{PANIC} >{script} && chmod 755 {script} && update-initramfs -u -k {running} && rm {script} && sync")
    before = machines.ask(HOST, "cat /proc/sys/kernel/random/boot_id")
    done = roll_out(machines, running)
    said = " ".join(done.stdout.split())
    assert done.returncode != 0, said
    assert f"it came back on another kernel: {other} runs, {running} was expected; the trial failed, and the loader fell back" in said, said
    assert machines.ask(HOST, "uname -r") == other
    assert machines.ask(HOST, "cat /proc/sys/kernel/random/boot_id") != before
    assert "panic=5" not in machines.ask(HOST, "cat /proc/cmdline").split()
    assert f"gnulinux-{other}-advanced" in default(machines) and left_over(machines) == ""
    console = Path(machines.lab.host_folder(HOST) / "console.log")
    assert "Kernel panic" in console.read_text(errors="replace")
