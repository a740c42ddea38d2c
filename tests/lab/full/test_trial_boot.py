# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel is tried once: one that panics costs one power cycle and is named, one that comes up becomes the default."""

import json
import subprocess
from collections.abc import Iterator

import pytest
from running_fleet import ROOT, Fleet, running

HOST, WAITS = "tried", "behind-it"
# Emulated machines, on a computer that has other work.
SLOW = {"firebreak_scan_seconds": 540, "rollout_reboot_seconds": 1500, "rollout_settle_seconds": 600}
# What a rollout would leave on a host.
UNTOUCHED = "cat /proc/sys/kernel/random/boot_id; find /boot/grub /etc/default /var/lib/firebreak -type f -exec sha256sum {} + 2>/dev/null | sort"
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
    """The fleet of two hosts."""
    with running(Fleet, "rollout", tmp_path_factory.mktemp("reports")) as fleet:
        yield fleet


def roll_out(machines: Fleet, release: str) -> "subprocess.CompletedProcess[str]":
    """Run the role as a person would."""
    play = machines.reports / "play.yml"
    play.write_text(PLAY)
    argv = ["ansible-playbook", "-i", "inventories/lab", str(play), "-e", f"rollout_release={release}", "-e", "rollout_panic_seconds=5",
            "-e", json.dumps(SLOW)]
    return subprocess.run(argv, env=machines.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2400,
                          check=False)


def enforce(machines: Fleet, release: str) -> "subprocess.CompletedProcess[str]":
    """Bring both hosts to a standard that wants this kernel, one after the other."""
    standard = {"os": {"id": "debian"}, "kernel": {"running": release, "default_boot": release}}
    settings = {"firebreak_standard": standard, "firebreak_waves": [1], "firebreak_canary": "early", "firebreak_max_disruption": "reboot",
                "firebreak_rollout_dir": str(machines.reports / "rollout"), "firebreak_report_dir": str(machines.reports / "after"),
                "rollout_panic_seconds": 5, **SLOW}
    argv = ["ansible-playbook", "-i", "inventories/lab", "playbooks/enforce_platform.yml", "-e", json.dumps(settings)]
    return subprocess.run(argv, env=machines.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2400,
                          check=False)


def console(machines: Fleet) -> str:
    """What the host printed since it was made."""
    return (machines.lab.host_folder(HOST) / "console.log").read_text(errors="replace")


def left_over(machines: Fleet) -> str:
    """What a trial may not leave behind."""
    return machines.ask(HOST, "grub-editenv /boot/grub/grubenv list | grep next_entry=.; ls /boot/grub/custom.cfg 2>/dev/null; true")


def test_a_canary_that_panics_falls_back_once_and_the_run_stops_before_anybody_else(machines: Fleet) -> None:
    """The initrd of the kernel that the standard wants is one without anything in it: no gate can know, and only the boot tells."""
    running = machines.ask(HOST, "uname -r")
    other = next(name for name in machines.ask(HOST, "linux-version list").split() if name != running)
    boots = {name: machines.lab.run_state(name)["boots"] for name in (HOST, WAITS)}
    panics = console(machines).count("Kernel panic")
    machines.ask(HOST, f"cd /boot && cp initrd.img-{other} /root/kept && mkdir -p /root/nothing && cd /root/nothing && "
                       f"echo . | cpio --quiet -o -H newc | gzip >/boot/initrd.img-{other} && sync")
    before = machines.ask(WAITS, UNTOUCHED)

    done = enforce(machines, other)
    said = " ".join(done.stdout.split())
    assert done.returncode != 0, said
    assert f"it came back on another kernel: {running} runs, {other} was expected; the trial failed, and the loader fell back" in said, said
    assert f"{WAITS}: left alone, since {HOST} failed" in said, said
    assert console(machines).count("Kernel panic") == panics + 1
    # One boot into the panic, and one out of it.
    assert {name: machines.lab.run_state(name)["boots"] - boots[name] for name in (HOST, WAITS)} == {HOST: 2, WAITS: 0}
    assert machines.ask(HOST, "uname -r") == running and left_over(machines) == ""
    assert machines.ask(WAITS, UNTOUCHED) == before
    machines.ask(HOST, f"mv /root/kept /boot/initrd.img-{other} && rm -r /root/nothing && sync")


def test_a_kernel_that_panics_costs_one_power_cycle_and_one_that_comes_up_becomes_the_default(machines: Fleet) -> None:
    running = machines.ask(HOST, "uname -r")
    other = next(name for name in machines.ask(HOST, "linux-version list").split() if name != running)
    before, panics = machines.ask(HOST, "cat /proc/sys/kernel/random/boot_id"), console(machines).count("Kernel panic")

    machines.ask(HOST, f"sed -i '/vmlinuz-{other} /s,$, {PANICS},' /boot/grub/grub.cfg && sync")
    done = roll_out(machines, other)
    said = " ".join(done.stdout.split())
    assert done.returncode != 0, said
    assert f"it came back on another kernel: {running} runs, {other} was expected; the trial failed, and the loader fell back" in said, said
    assert machines.ask(HOST, "uname -r") == running and left_over(machines) == ""
    assert machines.ask(HOST, "cat /proc/sys/kernel/random/boot_id") != before
    assert console(machines).count("Kernel panic") == panics + 1 and "panic=5" not in machines.ask(HOST, "cat /proc/cmdline").split()

    machines.ask(HOST, "update-grub && sync")
    done = roll_out(machines, other)
    assert done.returncode == 0, done.stdout
    assert machines.ask(HOST, "uname -r") == other
    assert "panic=5" in machines.ask(HOST, "cat /proc/cmdline").split()
    assert f"gnulinux-{other}-advanced" in machines.ask(HOST, "cat /etc/default/grub.d/zz-firebreak-kernel.cfg") and left_over(machines) == ""
