# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reports said of each host, and what a reboot and a newer kernel bring, by the machines' own tools."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import testinfra

ROOT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
REPORTS = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "reports"
UNITS = {"bookworm": "firebreak-live-patch.service", "trixie": "kpatch.service"}
STANDARD = {"live_patch": {"protection": "protected"}}


def machine(name: str) -> Any:
    """A machine of the scenario."""
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={ROOT}/inventories/lab")


def record(report: str, name: str) -> dict[str, Any]:
    """The section of a host's record in a report."""
    document = json.loads((REPORTS / report / f"records/{name}.json").read_text())
    section: dict[str, Any] = document["record"]["live_patch"]
    return section


def findings(report: str, name: str) -> dict[str, str]:
    """What a report found wrong on a host: id and what was observed."""
    document = json.loads((REPORTS / report / f"records/{name}.json").read_text())
    return {finding["id"]: str(finding["observed"]) for finding in document["findings"]}


def reboot(*names: str) -> None:
    """Let the machines reboot by themselves, and wait for them."""
    subprocess.run([sys.executable, "-m", "firebreak_lab", "reboot", *names], check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "tests/lab")})


def test_a_stalled_patch_is_named_with_the_thread_that_holds_it_up() -> None:
    section = record("stalled", "bookworm")
    assert section["protection"] == "at_risk"
    assert "in_transition" in section["reasons"]
    assert section["transition"]["patch"] == "proc_version_3"
    assert [thread["comm"] for thread in section["transition"]["blocking"]] == ["kswapd0"]
    assert "kswapd0" in findings("stalled", "bookworm")["live_patch.transition"]
    assert "CVE-2026-0003" not in section["cves"]["fixed"]


def test_a_patch_in_force_protects_and_claims_its_cves() -> None:
    section = record("stalled", "trixie")
    assert section["protection"] == "protected"
    assert section["provider"]["id"] == "self_built"
    assert (section["cves"]["fixed"], section["cves"]["basis"], section["cves"]["complete"]) == (["CVE-2026-0001", "CVE-2026-0002"], "manifest", True)
    assert section["persistence"]["via"] == "kpatch.service"
    assert findings("stalled", "trixie") == {}


def test_what_was_taken_away_protects_no_more() -> None:
    assert record("unprotected", "trixie")["protection"] == "unprotected"
    assert "no_patch_loaded" in findings("unprotected", "trixie")["live_patch.protection"]
    assert record("unprotected", "bookworm")["protection"] == "protected"
    assert record("unprotected", "bookworm")["persistence"]["via"] == UNITS["bookworm"]


def test_the_patch_survives_a_reboot() -> None:
    before = {name: machine(name).check_output("cat /proc/sys/kernel/random/boot_id") for name in UNITS}
    reboot(*UNITS)
    for name, unit in UNITS.items():
        host = machine(name)
        assert host.check_output("cat /proc/sys/kernel/random/boot_id") != before[name]
        assert host.check_output("cat /proc/version").endswith("patched in memory, level 2")
        assert host.check_output("cat /sys/kernel/livepatch/proc_version_2/enabled /sys/kernel/livepatch/proc_version_2/transition") == "1\n0"
        assert host.check_output(f"systemctl is-active {unit}") == "active"


def test_after_a_newer_kernel_is_installed_the_next_boot_is_said_to_be_unprotected(tmp_path: Path) -> None:
    # Nothing boots it here: an initramfs for it would only cost minutes under emulation.
    machine("bookworm").check_output("INITRD=No DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet full-upgrade")
    chosen = {"firebreak_standard": STANDARD, "firebreak_report_dir": str(tmp_path), "firebreak_hosts": "bookworm",
              "firebreak_sections": ["os", "kernel", "live_patch"]}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", ROOT / "inventories/lab", ROOT / "playbooks/report_drift.yml",
         "--extra-vars", json.dumps(chosen)], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    document = json.loads((tmp_path / "records/bookworm.json").read_text())
    newest = machine("bookworm").check_output("linux-version list | linux-version sort | tail -1")
    assert machine("bookworm").check_output("uname -r") != newest
    found = {finding["id"]: finding["observed"] for finding in document["findings"]}
    assert found.get("live_patch.next_kernel") == newest, done.stdout
    assert document["record"]["live_patch"]["protection"] == "protected"
