# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mitigations on a real kernel with a real kmod: blocked, unloaded, waiting for a reboot, in use, needless; and gone without a trace.

The tests run in this order: each begins with the host as the one before left it.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acting_fleet import Acting
from running_fleet import Fleet, running

HOST = "mitigated"
ABOUT = {"reason": "the lab's own hole", "owner": "the lab", "expires": "2099-12-31"}
# A network interface that nobody needs.
MODULE = "dummy"
CVE = "CVE-2099-0001"
# What a mitigation may leave nothing of: files by content, and what is loaded.
STATE = "find /etc /boot/grub /var/lib/firebreak -type f ! -name '*.bak' -exec sha256sum {} + 2>/dev/null | sort -k 2"
# A part of Debian's cloud kernels without which a machine comes up all the same, and what is there only where it was started.
PART, STARTED = "dmi_sysfs", "test -d /sys/firmware/dmi/entries && echo yes || echo no"


class Mitigated(Acting):
    """The fleet, and the role on it."""

    def play(self, *entries: dict[str, Any], more: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
        """The role with these mitigations in the standard."""
        wanted = [{**ABOUT, "advisory": CVE, **entry} for entry in entries]
        return self.playbook(self.role("mitigations", HOST), {"firebreak_mitigations_lab": wanted}, "--diff", *more)


def changed(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether a run that went well changed anything."""
    assert done.returncode == 0, done.stdout
    return " changed=0 " not in done.stdout


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mitigated]:
    """The fleet of one machine."""
    with running(Mitigated, "mitigations", tmp_path_factory.mktemp("reports")) as fleet:
        yield fleet


def loads(lab: Fleet) -> bool:
    """Whether the module can be loaded."""
    return lab.ask(HOST, f"modprobe {MODULE} >/dev/null 2>&1; test -e /sys/module/{MODULE} && echo yes || echo no") == "yes"


def test_a_module_is_blocked_unloaded_and_given_back_byte_for_byte(lab: Mitigated) -> None:
    before = lab.ask(HOST, STATE)
    assert loads(lab)
    predicted = lab.play({"modules": [MODULE]}, more=("--check",))
    assert changed(predicted)
    assert f"{MODULE}: unloaded; nothing uses it" in predicted.stdout
    assert lab.ask(HOST, STATE) == before
    assert changed(lab.play({"modules": [MODULE]}))
    assert not loads(lab)
    assert not changed(lab.play({"modules": [MODULE]}))
    assert changed(lab.play())
    assert lab.ask(HOST, STATE) == before
    assert loads(lab)


def test_a_module_in_use_stops_the_host_and_says_by_what(lab: Mitigated) -> None:
    lab.ask(HOST, "modprobe bridge")
    before = lab.ask(HOST, STATE)
    done = lab.play({"modules": ["llc"]})
    assert done.returncode != 0
    assert "nothing is changed, since" in done.stdout
    # The kernel names the latest user first.
    assert re.search(r"used by (?:\w+,)*stp\b", done.stdout), done.stdout
    assert lab.ask(HOST, STATE) == before
    lab.ask(HOST, "modprobe -r bridge")


def test_what_is_part_of_the_kernel_waits_for_a_reboot_and_is_gone_after_another(lab: Mitigated) -> None:
    before = lab.ask(HOST, STATE)
    assert lab.ask(HOST, STARTED) == "yes"
    assert changed(lab.play({"modules": [PART]}))
    assert "initcall_blacklist=" not in lab.ask(HOST, "cat /proc/cmdline")
    lab.run("reboot", HOST)
    assert "initcall_blacklist=" in lab.ask(HOST, "cat /proc/cmdline")
    assert lab.ask(HOST, STARTED) == "no"
    done = lab.play({"modules": [PART]})
    assert not changed(done)
    assert f"{CVE}: in_force" in done.stdout
    assert changed(lab.play())
    assert lab.ask(HOST, STATE) == before
    lab.run("reboot", HOST)
    assert "initcall_blacklist=" not in lab.ask(HOST, "cat /proc/cmdline")
    assert lab.ask(HOST, STARTED) == "yes"


def test_a_fix_in_force_takes_the_mitigation_back(lab: Mitigated) -> None:
    before = lab.ask(HOST, STATE)
    runs = lab.ask(HOST, "dpkg-query -W -f '${Version}' linux-image-$(uname -r)")
    entry = {"modules": [MODULE], "fixed": {"debian:13": f"{runs}+later"}}
    lab.ask(HOST, f"modprobe -r {MODULE}; true")
    assert changed(lab.play(entry))
    assert not loads(lab)
    done = lab.play({**entry, "fixed": {"debian:13": runs}})
    assert changed(done)
    assert f"{CVE}: needless, {runs} runs" in done.stdout
    assert lab.ask(HOST, STATE) == before


def test_the_report_tells_the_states(lab: Mitigated, tmp_path: Path) -> None:
    """By the report's own play, with a sysctl that the host has not."""
    entry = {**ABOUT, "advisory": CVE, "sysctls": {"kernel.unprivileged_bpf_disabled": 1}}
    lab.done("playbooks/report_drift.yml", {"firebreak_mitigations_lab": [entry], "firebreak_report_dir": str(tmp_path / "report")})
    document = json.loads((tmp_path / "report/records" / f"{HOST}.json").read_text(encoding="utf-8"))
    assert "mitigations.absent" in [finding["id"] for finding in document["findings"]]
