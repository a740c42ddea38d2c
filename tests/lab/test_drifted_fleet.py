# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real drifted fleet: four machines, three kernels, and a report that finds exactly what is wrong with each.

The tests run in this order: later ones reboot and kill hosts that earlier ones look at.
"""

import subprocess

import pytest
from firebreak_lab import hosts, ssh
from running_fleet import Fleet, Report

EXPECTED = {
    "standard": [],
    "pending": ["kernel.reboot_pending"],
    # The next boot gives neither the newest kernel nor the one that runs.
    "old-default": ["kernel.default_boot", "kernel.reboot_pending"],
    "trixie": ["os.release"],
}
NEWEST_INSTALLED = "dpkg-query -W -f '${db:Status-Status} ${Package}\\n' 'linux-image-[0-9]*' | sed -n 's/^installed //p' | sort -V | tail -n 1"

# Says when the payload's own process is there; the pattern does not match the shell that holds it.
UNTIL_SCANNED = """echo watching
for _ in $(seq 1000); do pgrep -f '^[^ ]*python3.*firebreak[_]host' >/dev/null && echo scanned && exit; sleep 0.1; done"""


def finding(report: Report, host: str, finding_id: str) -> dict[str, object]:
    """One finding of a host's document, with its evidence."""
    found: list[dict[str, object]] = [one for one in report.document(host)["findings"] if one["id"] == finding_id]
    assert len(found) == 1, f"{host}: {finding_id} stands {len(found)} times in its document"
    return found[0]


def test_three_different_kernels_run(fleet: Fleet) -> None:
    assert len({fleet.ask(host, "uname -r") for host in EXPECTED}) == 3


@pytest.mark.parametrize("host", EXPECTED)
def test_findings_are_exactly_the_drift(first_report: Report, host: str) -> None:
    assert first_report.finding_ids(host) == EXPECTED[host], first_report.fleet["hosts"][host]["findings"]
    assert first_report.fleet["hosts"][host]["verdict"] == ("drifted" if EXPECTED[host] else "compliant")


def test_summary_counts_the_fleet(first_report: Report) -> None:
    counts = {"hosts": 4, "compliant": 1, "drifted": 3, "unknown": 0, "unreachable": 0}
    assert {key: first_report.fleet["summary"][key] for key in counts} == counts


def test_pending_names_the_kernels_that_the_host_itself_names(fleet: Fleet, first_report: Report) -> None:
    seen = finding(first_report, "pending", "kernel.reboot_pending")
    running, installed = fleet.ask("pending", "uname -r"), fleet.ask("pending", NEWEST_INSTALLED).removeprefix("linux-image-")
    assert running != installed
    assert running in str(seen["observed"])
    assert installed in str(seen["expected"])
    assert seen["disruption"] == "reboot"


def test_old_default_names_the_entry_that_grub_has_saved(fleet: Fleet, first_report: Report) -> None:
    seen = finding(first_report, "old-default", "kernel.default_boot")
    saved = fleet.ask("old-default", "grub-editenv list").removeprefix("saved_entry=")
    older = fleet.ask("old-default", "ls /boot/vmlinuz-* | sort -V | head -n 1").removeprefix("/boot/vmlinuz-")
    assert older in saved
    assert older in str(seen["observed"])
    assert fleet.ask("old-default", "uname -r") in str(seen["expected"])


def test_trixie_is_another_release(fleet: Fleet, first_report: Report) -> None:
    seen = finding(first_report, "trixie", "os.release")
    assert fleet.ask("trixie", ". /etc/os-release; echo $VERSION_ID") in str(seen["observed"])
    assert "12" in str(seen["expected"])


@pytest.mark.parametrize("host", [host for host, ids in EXPECTED.items() if ids])
def test_evidence_is_true(fleet: Fleet, first_report: Report, host: str) -> None:
    """Each fact that a finding rests on stands in the record with its source; what is a file can be read there."""
    for seen in first_report.document(host)["findings"]:
        assert seen["evidence"], f"{host}: {seen['id']} has no evidence"
    record = first_report.document(host)["record"]
    assert record["kernel"]["running"]["release"] == fleet.ask(host, "cat /proc/sys/kernel/osrelease")
    assert record["boot"]["boot_id"] == fleet.ask(host, "cat /proc/sys/kernel/random/boot_id")
    assert record["os"]["machine_id"] == fleet.ask(host, "cat /etc/machine-id")


def test_guests_can_be_hypervisors(fleet: Fleet, first_report: Report) -> None:
    """What later proofs of sandboxes need: a usable /dev/kvm in each machine."""
    for host in EXPECTED:
        assert fleet.ask(host, "test -c /dev/kvm -a -w /dev/kvm && echo usable") == "usable"
        assert first_report.document(host)["record"]["hypervisor"]["ladder"]["rung"] == "device"


def test_reboot_removes_exactly_one_finding(fleet: Fleet, first_report: Report) -> None:
    before = {host: first_report.finding_ids(host) for host in EXPECTED}
    fleet.run("reboot", "pending")
    report = fleet.report("rebooted")
    after = {host: report.finding_ids(host) for host in EXPECTED}
    assert after == {**before, "pending": []}
    assert report.document("pending")["record"]["boot"]["boot_id"] != first_report.document("pending")["record"]["boot"]["boot_id"]
    assert report.fleet["hosts"]["pending"]["verdict"] == "compliant"


def test_host_killed_in_the_middle_of_a_scan_is_unreachable_and_the_report_complete(fleet: Fleet) -> None:
    watch = ssh.argv(fleet.lab.folder, "trixie", UNTIL_SCANNED)
    with subprocess.Popen(watch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout
        assert watcher.stdout.readline() == "watching\n"
        process = fleet.start_report("killed")
        assert watcher.stdout.readline() == "scanned\n"
        hosts.halt(fleet.lab, "trixie")
    report = fleet.finish_report("killed", process)
    assert report.fleet["hosts"]["trixie"]["verdict"] == "unreachable"
    found = {host: report.finding_ids(host) for host in EXPECTED if host != "trixie"}
    assert found == {"standard": [], "pending": [], "old-default": EXPECTED["old-default"]}
    assert (report.fleet["summary"]["hosts"], report.fleet["summary"]["unreachable"]) == (4, 1)
