# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up holes of a real kernel, from the day they come out until nothing is left of them: exposed, live-patched, mitigated, fixed, in force.

The tests run in this order: each begins with the machines as the one before left them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from acting_fleet import BOOT_ID, Acting
from running_fleet import running

HOLED, FIXED, MACHINES = "holed", "fixed", "machines"
# Each hole by what is done against it before its fix is there: a live patch, a module that is blocked, one that is part of the kernel, one in use.
PATCHED, BLOCKED, BUILT_IN, USED, WAITING = (f"CVE-2099-000{number}" for number in range(1, 6))
HOLES = (PATCHED, BLOCKED, BUILT_IN, USED, WAITING)
MODULES = {BLOCKED: "dummy", BUILT_IN: "dmi_sysfs", USED: "llc"}
STANDARD = {"os": {"id": "debian"}}
# What a mitigation may leave nothing of. The boot loader's menu has another kernel in the end: it is held against what the host would make anew.
STATE = "find /etc /var/lib/firebreak -type f ! -name '*.bak' -exec sha256sum {} + 2>/dev/null | sort -k 2"
MENU = "grub-mkconfig 2>/dev/null | diff /boot/grub/grub.cfg - && ! grep initcall_blacklist /boot/grub/grub.cfg && echo as made anew"


class Holed(Acting):
    """The fleet, and what is said of its holes."""

    fix = ""

    def mitigations(self, *cves: str) -> dict[str, Any]:
        """The standard, with mitigations of these holes."""
        listed = [{"advisory": cve, "reason": "the lab's own hole", "owner": "the lab", "expires": "2099-12-31", "modules": [MODULES[cve]],
                   "fixed": {"debian:12": self.fix}} for cve in cves]
        return {"firebreak_standard": STANDARD, "firebreak_mitigations_lab": listed, "firebreak_hosts": MACHINES}

    def answers(self, variables: dict[str, Any]) -> dict[str, dict[str, str]]:
        """Each machine's answer to each hole, by a new report."""
        feed, folder = self.reports / "feed.json", self.reports / "report"
        status = {"releases": {"bookworm": {"status": "resolved", "fixed_version": self.fix}}}
        feed.write_text(json.dumps({"linux": dict.fromkeys(HOLES, status)}), encoding="ascii")
        self.done("playbooks/report_drift.yml", {**variables, "firebreak_report_dir": str(folder)})
        self.done("playbooks/answer_cve.yml", {"cve": ",".join(HOLES), "firebreak_feeds": str(feed), "firebreak_report_dir": str(folder)})
        found: dict[str, dict[str, str]] = {HOLED: {}, FIXED: {}}
        for row in json.loads((folder / "answers.json").read_text(encoding="utf-8"))["answers"]:
            found[row["host"]][row["cve"]] = row["answer"]
        return found

    def of_holed(self, variables: dict[str, Any]) -> dict[str, str]:
        """What the machine with the holes answers; the other one has them closed all the while."""
        found = self.answers(variables)
        assert found[FIXED] == dict.fromkeys(HOLES, "fixed_in_force")
        return found[HOLED]

    def mitigated(self) -> dict[str, str]:
        """What the last report finds about mitigations on the machine with the holes, by the hole."""
        document = json.loads((self.reports / f"report/records/{HOLED}.json").read_text(encoding="utf-8"))
        found = [finding for finding in document["findings"] if finding["id"].startswith("mitigations.")]
        return {said.split(":")[0]: finding["id"] for finding in found for said in finding["observed"]}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holed]:
    """The fleet, whose holes are fixed by the kernel that the one machine runs and the other one's repository holds."""
    with running(Holed, "holes", tmp_path_factory.mktemp("world")) as fleet:
        fleet.fix = fleet.ask(FIXED, "dpkg-query -W -f '${Version}' linux-image-$(uname -r)")
        yield fleet


def test_holes_come_out(lab: Holed) -> None:
    assert lab.of_holed(lab.mitigations()) == dict.fromkeys(HOLES, "exposed")


def test_a_live_patch_closes_the_one_that_it_claims_in_the_boot_that_runs(lab: Holed) -> None:
    boot = lab.ask(HOLED, BOOT_ID)
    lab.done(lab.role("live_patching", HOLED), {"live_patching_bundle": str(lab.live_patch("proc_version_1", PATCHED))})
    assert lab.ask(HOLED, "cat /proc/version").endswith("patched in memory, level 1")
    assert lab.of_holed(lab.mitigations()) == {**dict.fromkeys(HOLES, "exposed"), PATCHED: "fixed_by_live_patch"}
    assert lab.ask(HOLED, BOOT_ID) == boot


@pytest.fixture(scope="module")
def before(lab: Holed) -> str:
    """The files of the machine before anything was mitigated."""
    return lab.ask(HOLED, STATE)


def test_mitigations_are_in_force_waiting_or_in_conflict(lab: Holed, before: str) -> None:
    lab.ask(HOLED, "modprobe bridge")
    lab.done(lab.role("mitigations", HOLED), lab.mitigations(BLOCKED, BUILT_IN))
    assert lab.ask(HOLED, STATE) != before
    assert lab.of_holed(lab.mitigations(BLOCKED, BUILT_IN, USED)) == {
        PATCHED: "fixed_by_live_patch",
        BLOCKED: "mitigated_in_force",
        BUILT_IN: "pending",
        USED: "exposed",
        WAITING: "exposed",
    }
    assert lab.mitigated() == {BUILT_IN: "mitigations.pending", USED: "mitigations.conflicts"}


def test_the_fixed_kernel_is_installed_and_nothing_is_closed_by_that(lab: Holed) -> None:
    lab.run("ssh", HOLED, "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get --yes full-upgrade")
    assert lab.of_holed(lab.mitigations(BLOCKED, BUILT_IN, USED)) == {
        PATCHED: "fixed_by_live_patch",
        BLOCKED: "mitigated_in_force",
        BUILT_IN: "pending",
        USED: "pending",
        WAITING: "pending",
    }


def test_after_a_reboot_the_fix_is_in_force_and_the_mitigations_are_needless(lab: Holed) -> None:
    lab.run("reboot", HOLED)
    assert lab.of_holed(lab.mitigations(BLOCKED, BUILT_IN, USED)) == dict.fromkeys(HOLES, "fixed_in_force")
    # Nothing of the third was ever put on the machine.
    assert lab.mitigated() == {BLOCKED: "mitigations.needless", BUILT_IN: "mitigations.needless"}


def test_enforce_leaves_nothing_of_them(lab: Holed, before: str) -> None:
    wanted = lab.mitigations(BLOCKED, BUILT_IN, USED)
    lab.done(
        "playbooks/enforce_platform.yml",
        {**wanted, "firebreak_report_dir": str(lab.reports / "report"), "firebreak_rollout_dir": str(lab.reports / "rollout")},
    )
    assert lab.mitigated() == {}
    assert lab.ask(HOLED, STATE) == before
    assert lab.ask(HOLED, MENU) == "as made anew"
    assert lab.ask(HOLED, "modprobe dummy && test -e /sys/module/dummy && echo loaded") == "loaded"
