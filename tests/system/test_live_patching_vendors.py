# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's tasks for each vendor, run whole: check mode predicts, a second run changes nothing, no secret is seen, and absent takes it back.

The vendors' clients are stand-ins (stand_ins/), since the project has no subscription; dnf, its packages' files and ansible-core are real. Providers
that need the kernel's own live patching start behind the plan, which the unit tests show, so that this also runs where the kernel has none.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from playing import PLAYBOOK
from private_host import Ended, add_package, enable, on_host

STAND_INS = Path(__file__).with_name("stand_ins")
SECRET = "c0ffee0123456789abcdef"
OL = 'ID="ol"\nVERSION_ID="9.4"\n'
UNIT = "[Service]\nType=oneshot\nExecStart=/usr/sbin/kpatch load --all\n[Install]\nWantedBy=multi-user.target\n"
RECAP = re.compile(r"^web1\s*:.* changed=(\d+) .* failed=(\d+) ", re.MULTILINE)
# Facts would find apt on this machine.
WITH_DNF = """- hosts: all
  gather_facts: false
  module_defaults:
    ansible.builtin.dnf: {use_backend: dnf4, disable_gpg_check: true}
    ansible.builtin.package: {use: dnf}
  environment: {SYSTEMD_OFFLINE: "1"}
"""
WHOLE = WITH_DNF + "  roles: [firebreak.fleet.live_patching]\n"
BEHIND_THE_PLAN = WITH_DNF + """
  tasks:
    - ansible.builtin.include_role:
        name: firebreak.fleet.live_patching
        tasks_from: "{{ __live_patching_plan.provider }}_{{ __live_patching_plan.state }}.yml"
"""


def script(name: str) -> str:
    return (STAND_INS / name).read_text(encoding="utf-8")


def plays(folder: Path, os_release: str, first: str, runs: list[tuple[str, dict[str, Any]]], playbook: str = WHOLE) -> Ended:
    """Several runs of ansible-playbook on one host, one after the other."""
    (folder / "play.yml").write_text(playbook, encoding="utf-8")
    (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    commands = [shlex.join([str(PLAYBOOK), "-v", "--diff", "-i", "inventory.yml", *option.split(), "-e", json.dumps(variables), "play.yml"])
                for option, variables in runs]
    ended = on_host(folder, os_release, "; ".join([first, *commands, "true"]))
    assert SECRET not in ended.output
    return ended


def changes(ended: Ended) -> list[int]:
    """How many tasks of each run changed something; none may have failed."""
    recaps = RECAP.findall(ended.output)
    assert all(failed == "0" for _changed, failed in recaps), ended.output
    return [int(changed) for changed, _failed in recaps]


def through_its_life(present: dict[str, Any], absent: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [("--check", present), ("", present), ("", present), ("", absent), ("", absent)]


def test_ksplice(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    conf = "[Auth]\naccesskey = INSERT_ACCESS_KEY\n\n[Network]\n\n[Settings]\ninstall_on_reboot = yes\nautoinstall = no\n"
    add_package(repository, "uptrack")
    add_package(repository, "ksplice", {"/usr/sbin/uptrack-upgrade": script("uptrack-upgrade"), "/usr/sbin/uptrack-show": script("uptrack-show"),
                                        "/usr/sbin/uptrack-remove": script("uptrack-remove"), "/etc/uptrack/uptrack.conf": conf})
    present = {"live_patching_provider": "ksplice", "live_patching_token_file": str(tmp_path / "secret"), "live_patching_proxy": "http://proxy:3128"}
    runs = through_its_life(present, {"live_patching_provider": "ksplice", "live_patching_state": "absent"})
    save = "trap 'stat -c %a:%U /etc/uptrack/uptrack.conf; cp /etc/uptrack/uptrack.conf kept' EXIT"
    ended = plays(tmp_path, OL, f"{save}; {enable(tmp_path, repository)}", [*runs, ("", {**present, "live_patching_auto_update": False})])
    check, first, second, gone, gone_again, back = changes(ended)
    assert (check > 0, first > 0, second, gone > 0, gone_again, back > 0) == (True, True, 0, True, 0, True), ended.output
    assert "600:root" in ended.output
    kept = (tmp_path / "kept").read_text(encoding="utf-8")
    assert f"accesskey = {SECRET}\n" in kept and "https_proxy = http://proxy:3128\n" in kept and "upgrade_on_reboot = no\n" in kept


def test_kernelcare(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    add_package(repository, "kernelcare", {"/usr/bin/kcarectl": script("kcarectl"), "/etc/sysconfig/kcare/kcare.conf": "AUTO_UPDATE=True\n"})
    present = {"live_patching_provider": "kernelcare", "live_patching_ip_license": True, "live_patching_server": "https://eportal.example.net/",
               "live_patching_pin": "K20260908_02"}
    save = "trap 'cp /etc/sysconfig/kcare/kcare.conf kept' EXIT"
    runs = through_its_life(present, {"live_patching_provider": "kernelcare", "live_patching_state": "absent"})
    ended = plays(tmp_path, OL, f"{save}; {enable(tmp_path, repository)}", [*runs, ("", present)])
    check, first, second, gone, gone_again, back = changes(ended)
    assert (check > 0, first > 0, second, gone > 0, gone_again, back > 0) == (True, True, 0, True, 0, True), ended.output
    assert (tmp_path / "kept").read_text(encoding="utf-8") == (
        "AUTO_UPDATE=True\nPATCH_SERVER=https://eportal.example.net/\nREGISTRATION_URL=https://eportal.example.net/admin/api/kcare\n"
        "STICKY_PATCHSET=K20260908_02\n")


def behind(provider: str, state: str, packages: list[str], **variables: Any) -> dict[str, Any]:
    """What the plan and the scan hand to a provider's own tasks."""
    plan = {"provider": provider, "state": state, "packages": packages, "release": "5.14.0-427.13.1.el9_4.x86_64", "refusal": None}
    scan = {"firebreak": {"record": {"record": {"live_patch": {"patches": [{"id": "loaded"}]}}}}}
    return {"__live_patching_plan": plan, "__live_patching_scan": scan, **variables}


@pytest.mark.parametrize("provider", ["canonical", "suse"])
def test_a_secret_passes_through_standard_input(tmp_path: Path, provider: str) -> None:
    files = {"canonical": {"/usr/bin/pro": "pro", "/snap/bin/canonical-livepatch": "canonical-livepatch"},
             "suse": {"/usr/bin/SUSEConnect": "SUSEConnect", "/usr/bin/zypper": "zypper"}}[provider]
    kept = {"canonical": "/etc/pro.attached /etc/livepatch.conf", "suse": "/etc/suse.module"}[provider]
    place = [f"mkdir -p {Path(path).parent}; cp {STAND_INS}/{name} {path}" for path, name in files.items()]
    unit = "printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/"
    place += [unit + "snap.canonical-livepatch.canonical-livepatchd.service", "touch /etc/livepatch.conf", f"trap 'cp {kept} {tmp_path}' EXIT"]
    present = behind(provider, "present", ["sle-module-live-patching/15.5/x86_64"], live_patching_token_file=str(tmp_path / "secret"),
                     live_patching_pin="2026-10-01T00:00:00Z")
    absent = behind(provider, "absent", [])
    ended = plays(tmp_path, OL, "; ".join(place), through_its_life(present, absent), BEHIND_THE_PLAN)
    check, first, second, gone, gone_again = changes(ended)
    assert (check > 0, first > 0, second, gone_again) == (True, True, 0, 0), ended.output
    assert "what is loaded stays until a reboot" in ended.output
    if provider == "canonical":
        assert gone == 1
        assert json.loads((tmp_path / "pro.attached").read_text(encoding="utf-8")) == {"token": SECRET, "enable_services": ["livepatch"]}
        assert "cutoff-date: 2026-10-01T00:00:00Z" in (tmp_path / "livepatch.conf").read_text(encoding="utf-8")
    else:
        assert (tmp_path / "suse.module").read_text(encoding="utf-8").strip() == SECRET


def test_kpatch(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    add_package(repository, "kpatch", {"/usr/sbin/kpatch": "#!/bin/sh\n", "/usr/lib/systemd/system/kpatch.service": UNIT})
    add_package(repository, "kpatch-dnf", {"/etc/dnf/plugins/kpatch.conf": "[main]\nautoupdate=False\nautofilter=False\n"})
    add_package(repository, "kpatch-patch-5_14_0-427_13_1", requires="Requires: kernel-uname-r = 5.14.0-427.13.1.el9_4.x86_64")
    add_package(repository, "kernel-core", requires="Provides: kernel-uname-r = 5.14.0-427.13.1.el9_4.x86_64")
    present = behind("kpatch", "present", ["kpatch-patch-5_14_0-427_13_1"])
    save = "trap 'cp /etc/dnf/plugins/kpatch.conf kept; systemctl --root=/ is-enabled kpatch.service' EXIT"
    ended = plays(tmp_path, 'ID="rhel"\nVERSION_ID="9.4"\n', f"{save}; {enable(tmp_path, repository)}",
                  [*through_its_life(present, behind("kpatch", "absent", [])), ("", present)], BEHIND_THE_PLAN)
    check, first, second, gone, gone_again, back = changes(ended)
    assert (check > 0, first > 0, second, gone > 0, gone_again, back > 0) == (True, True, 0, True, 0, True), ended.output
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "[main]\nautoupdate=True\nautofilter=False\n"
    assert ended.output.rstrip().endswith("enabled")


def test_amazon(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    add_package(repository, "kpatch-dnf", {"/usr/lib/python3/dist-packages/dnf-plugins/kernel_livepatch.py": script("kernel_livepatch")})
    add_package(repository, "kpatch-runtime", {"/usr/sbin/kpatch": "#!/bin/sh\n", "/usr/lib/systemd/system/kpatch.service": UNIT})
    add_package(repository, "kernel-livepatch-6.1.134-150.224")
    present = behind("amazon", "present", ["kernel-livepatch-6.1.134-150.224"])
    save = "trap 'cp /etc/kernel-livepatch.mode kept; rpm -q kernel-livepatch-6.1.134-150.224; systemctl --root=/ is-enabled kpatch.service' EXIT"
    ended = plays(tmp_path, 'ID="amzn"\nVERSION_ID="2023"\n', f"{save}; {enable(tmp_path, repository)}",
                  [*through_its_life(present, behind("amazon", "absent", [])), ("", present)], BEHIND_THE_PLAN)
    check, first, second, gone, gone_again, back = changes(ended)
    assert (check > 0, first > 0, second, gone > 0, gone_again, back > 0) == (True, True, 0, True, 0, True), ended.output
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "auto"
    assert ended.output.rstrip().endswith("kernel-livepatch-6.1.134-150.224-1.0-1.x86_64\nenabled")
