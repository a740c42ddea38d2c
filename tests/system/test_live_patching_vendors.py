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


@pytest.mark.parametrize("trusted", [False, True])
def test_kernelcare_on_a_kernel_that_takes_only_signed_modules(tmp_path: Path, trusted: bool) -> None:
    """Refused before the client is installed, until the key of its maker is among those that the kernel trusts."""
    repository = tmp_path / "repository"
    add_package(repository, "kernelcare", {"/usr/bin/kcarectl": script("kcarectl"), "/etc/sysconfig/kcare/kcare.conf": "AUTO_UPDATE=True\n"})
    present = behind("kernelcare", "present", [], live_patching_ip_license=True, plan={"signed_only": True})
    issuer = "Cloud Linux Software, Inc" if trusted else "Debian Secure Boot CA"
    key = f"printf '#!/bin/sh\\necho \"Issuer: CN={issuer}\"\\n' > /usr/bin/mokutil; chmod +x /usr/bin/mokutil"
    ended = plays(tmp_path, OL, f"{key}; {enable(tmp_path, repository)}", [("", present)], BEHIND_THE_PLAN)
    if trusted:
        assert changes(ended)[0] > 0
    else:
        assert "KernelCare's is not among them; wanted: its key" in ended.output and "changed=0" in ended.output, ended.output


def behind(provider: str, state: str, packages: list[str], **variables: Any) -> dict[str, Any]:
    """What the plan and the scan hand to a provider's own tasks."""
    plan = {"provider": provider, "state": state, "packages": packages, "release": "5.14.0-427.13.1.el9_4.x86_64", "refusal": None,
            "others": {}, "module": "", "pattern": "", "signed_only": False, **variables.pop("plan", {})}
    scan = {"firebreak": {"record": {"record": {"live_patch": {"patches": [{"id": "loaded"}]}}}}}
    return {"__live_patching_plan": plan, "__live_patching_scan": scan, **variables}


def test_canonical_behind_a_proxy(tmp_path: Path) -> None:
    """The secret passes through standard input, and the proxy is set before the subscription's server is to be reached."""
    place = [f"mkdir -p /snap/bin; cp {STAND_INS}/pro /usr/bin/pro; cp {STAND_INS}/canonical-livepatch /snap/bin/canonical-livepatch",
             "printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' "
             "> /etc/systemd/system/snap.canonical-livepatch.canonical-livepatchd.service",
             f"touch /etc/livepatch.conf; trap 'cp /etc/pro.attached /etc/pro.https_proxy /etc/livepatch.conf {tmp_path}' EXIT"]
    present = behind("canonical", "present", [], live_patching_token_file=str(tmp_path / "secret"), live_patching_proxy="http://proxy:3128",
                     live_patching_pin="2026-10-01T00:00:00Z", live_patching_delay="2w")
    runs = through_its_life(present, behind("canonical", "absent", []))
    ended = plays(tmp_path, OL, "; ".join(place), [*runs[:3], ("", {**present, "live_patching_delay": ""}), *runs[3:]], BEHIND_THE_PLAN)
    check, first, second, without_delay, gone, gone_again = changes(ended)
    assert (check > 0, first > 0, second, without_delay, gone, gone_again) == (True, True, 0, 1, 1, 0), ended.output
    assert "what is loaded stays until a reboot" in ended.output and "patch-delay=2w" in ended.output
    assert json.loads((tmp_path / "pro.attached").read_text(encoding="utf-8")) == {"token": SECRET, "enable_services": ["livepatch"]}
    assert (tmp_path / "pro.https_proxy").read_text(encoding="utf-8") == "http://proxy:3128\n"
    kept = (tmp_path / "livepatch.conf").read_text(encoding="utf-8")
    assert "cutoff-date: 2026-10-01T00:00:00Z" in kept and "patch-delay" not in kept


@pytest.mark.parametrize(("version", "module", "pattern", "package"), [
    ("15.5", "sle-module-live-patching/15.5/x86_64", "lp_sles", "kernel-livepatch-5_14_21-150500_55_12-default"),
    ("16.0", "", "kernel_livepatching", "kernel-livepatch-6_12_0-160000_5-rt")])
def test_suse(tmp_path: Path, version: str, module: str, pattern: str, package: str) -> None:
    """The module where the release has one, its code through standard input, and the package of the running kernel rather than of the newest."""
    kept = "/etc/suse.module /etc/suse.installed" if module else "/etc/suse.installed"
    place = [f"cp {STAND_INS}/SUSEConnect /usr/bin/SUSEConnect; cp {STAND_INS}/zypper /usr/bin/zypper; echo {version} > /etc/suse.version",
             f"trap 'cp {kept} {tmp_path}' EXIT"]
    present = behind("suse", "present", [package], live_patching_token_file=str(tmp_path / "secret") if module else "",
                     plan={"module": module, "pattern": pattern})
    ended = plays(tmp_path, OL, "; ".join(place), through_its_life(present, behind("suse", "absent", [])), BEHIND_THE_PLAN)
    check, first, second, _gone, gone_again = changes(ended)
    assert (check > 0, first > 0, second, gone_again) == (True, True, 0, 0), ended.output
    assert "what is loaded stays until a reboot" in ended.output
    assert not module or (tmp_path / "suse.module").read_text(encoding="utf-8").strip() == SECRET
    assert (tmp_path / "suse.installed").read_text(encoding="utf-8").split() == [
        "--non-interactive", "install", "--auto-agree-with-licenses", "--no-recommends", f"pattern:{pattern}", "kernel-livepatch-tools", package]


def test_suse_without_patches_for_the_running_kernel(tmp_path: Path) -> None:
    place = f"cp {STAND_INS}/SUSEConnect /usr/bin/SUSEConnect; cp {STAND_INS}/zypper /usr/bin/zypper; echo 16.0 > /etc/suse.version"
    ended = plays(tmp_path, OL, place, [("", behind("suse", "present", ["unheard"], plan={"pattern": "kernel_livepatching"}))], BEHIND_THE_PLAN)
    assert "no repository has unheard or the pattern kernel_livepatching" in ended.output and "changed=0" in ended.output, ended.output


def test_kpatch(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    add_package(repository, "kpatch", {"/usr/sbin/kpatch": "#!/bin/sh\n", "/usr/lib/systemd/system/kpatch.service": UNIT})
    add_package(repository, "kpatch-dnf", {"/etc/dnf/plugins/kpatch.conf": "[main]\nautoupdate=False\nautofilter=False\n"})
    add_package(repository, "kpatch-patch-5_14_0-427_13_1", requires="Requires: kernel-uname-r = 5.14.0-427.13.1.el9_4.x86_64")
    add_package(repository, "kpatch-patch-5_14_0-427_16_1", requires="Requires: kernel-uname-r = 5.14.0-427.16.1.el9_4.x86_64")
    add_package(repository, "kernel-core", requires="Provides: kernel-uname-r = 5.14.0-427.13.1.el9_4.x86_64\n"
                "Provides: kernel-uname-r = 5.14.0-427.16.1.el9_4.x86_64")
    # As dnf kpatch auto does, for each installed kernel that has patches: the one of the next boot, and not the one that has none.
    others = {"5.14.0-427.16.1.el9_4.x86_64": "kpatch-patch-5_14_0-427_16_1", "5.14.0-427.18.1.el9_4.x86_64": "kpatch-patch-5_14_0-427_18_1"}
    present = behind("kpatch", "present", ["kpatch-patch-5_14_0-427_13_1"], plan={"others": others})
    save = "trap 'cp /etc/dnf/plugins/kpatch.conf kept; rpm -qa kpatch-patch-*; systemctl --root=/ is-enabled kpatch.service' EXIT"
    ended = plays(tmp_path, 'ID="rhel"\nVERSION_ID="9.4"\n', f"{save}; {enable(tmp_path, repository)}",
                  [*through_its_life(present, behind("kpatch", "absent", [])), ("", present)], BEHIND_THE_PLAN)
    check, first, second, gone, gone_again, back = changes(ended)
    assert (check > 0, first > 0, second, gone > 0, gone_again, back > 0) == (True, True, 0, True, 0, True), ended.output
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "[main]\nautoupdate=True\nautofilter=False\n"
    assert ended.output.rstrip().endswith("enabled")
    assert sorted(re.findall(r"(?m)^(kpatch-patch-\S+?)-1\.0-1\.", ended.output.rpartition("PLAY RECAP")[2])) == [
        "kpatch-patch-5_14_0-427_13_1", "kpatch-patch-5_14_0-427_16_1"]


def test_amazon(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    add_package(repository, "kpatch-dnf", {"/usr/lib/python3/dist-packages/dnf-plugins/kernel_livepatch.py": script("kernel_livepatch")})
    add_package(repository, "kpatch-runtime", {"/usr/sbin/kpatch": "#!/bin/sh\n", "/usr/lib/systemd/system/kpatch.service": UNIT})
    add_package(repository, "kernel-livepatch-6.1.134-150.224")
    present = behind("amazon", "present", ["kernel-livepatch-6.1.134-150.224"])
    manual = {**present, "live_patching_auto_update": False}
    save = ("trap 'cp /etc/dnf/plugins/kernel-livepatch.conf kept; rpm -q kernel-livepatch-6.1.134-150.224; "
            "systemctl --root=/ is-enabled kpatch.service' EXIT")
    runs = through_its_life(present, behind("amazon", "absent", []))
    # A host whose plug-in is in the other mode is brought to the wanted one, and once.
    ended = plays(tmp_path, 'ID="amzn"\nVERSION_ID="2023"\n', f"{save}; {enable(tmp_path, repository)}",
                  [*runs[:3], ("--check", manual), ("", manual), ("", manual), *runs[3:], ("", present)], BEHIND_THE_PLAN)
    check, first, second, foreseen, switched, settled, gone, gone_again, back = changes(ended)
    assert (check > 0, first > 0, second, foreseen, switched, settled, gone > 0, gone_again, back > 0) == (
        True, True, 0, 1, 1, 0, True, 0, True), ended.output
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "[main]\nautoupdate = True\n"
    assert ended.output.rstrip().endswith("kernel-livepatch-6.1.134-150.224-1.0-1.x86_64\nenabled")
