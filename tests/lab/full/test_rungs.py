# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rungs below a reboot, on a real machine: user space anew under the same kernel, and a kernel anew past firmware and boot loader."""

import json
import subprocess
from collections.abc import Iterator

import pytest
from running_fleet import ROOT, Fleet, running

HOST = "climbs"
# An emulated machine, on a computer that has other work.
SLOW = {"firebreak_scan_seconds": 540, "rollout_reboot_seconds": 1500, "rollout_settle_seconds": 600}
PLAY = f"- name: Reboot by the least rung\n  hosts: {HOST}\n  gather_facts: false\n  roles: [firebreak.fleet.rollout]\n"
BOOT_ID, USER_SPACE = "cat /proc/sys/kernel/random/boot_id", "systemctl show --property=UserspaceTimestampMonotonic --value"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of one machine."""
    with running(Fleet, "rungs", tmp_path_factory.mktemp("reports")) as fleet:
        yield fleet


def roll_out(machine: Fleet, *rungs: str) -> str:
    """The role with these rungs allowed; what it said."""
    play = machine.reports / "play.yml"
    play.write_text(PLAY, encoding="utf-8")
    argv = ["ansible-playbook", "-i", "inventories/lab", str(play), "-e", json.dumps({"rollout_rungs": rungs, **SLOW})]
    done = subprocess.run(argv, env=machine.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2400,
                          check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def boots(machine: Fleet) -> int:
    """How often the machine was switched on or reset, which a kernel that kexec starts is not."""
    return int(machine.lab.run_state(HOST)["boots"])


def test_user_space_begins_anew_under_the_kernel_that_runs(machine: Fleet) -> None:
    kernel, began = machine.ask(HOST, BOOT_ID), machine.ask(HOST, USER_SPACE)
    assert "Reboot by soft_reboot" in roll_out(machine, "soft_reboot", "reboot")
    assert machine.ask(HOST, BOOT_ID) == kernel
    assert int(machine.ask(HOST, USER_SPACE)) > int(began)
    assert int(machine.ask(HOST, "systemctl show --property=SoftRebootsCount --value")) == 1


def test_a_kernel_begins_anew_past_firmware_and_boot_loader(machine: Fleet) -> None:
    kernel, resets = machine.ask(HOST, BOOT_ID), boots(machine)
    assert "Reboot by kexec" in roll_out(machine, "kexec", "reboot")
    assert machine.ask(HOST, BOOT_ID) != kernel
    assert boots(machine) == resets
    # The loader's own word for the image that it started is not there.
    assert "BOOT_IMAGE=" not in machine.ask(HOST, "cat /proc/cmdline")


def test_where_no_lesser_rung_is_allowed_the_machine_goes_through_its_loader(machine: Fleet) -> None:
    kernel, resets = machine.ask(HOST, BOOT_ID), boots(machine)
    assert "Reboot by reboot" in roll_out(machine, "reboot")
    assert machine.ask(HOST, BOOT_ID) != kernel
    assert boots(machine) == resets + 1
    assert "BOOT_IMAGE=" in machine.ask(HOST, "cat /proc/cmdline")
