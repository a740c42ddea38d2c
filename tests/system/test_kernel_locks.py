# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the role kernel holds kernels and restrains their other managers on Red Hat's side and on SUSE, by its own tasks, and how it takes that back.

The tasks start behind the plan, which the unit tests show. zypper is a stand-in here, since the real one and dnf's plug-ins exclude each other; apt
is the real one.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from playing import PLAYBOOK
from private_host import on_host

# A repository of one package, as apt takes it from a folder that somebody trusts. Its lists are not read before somebody refreshes them.
APT = """rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists repository
mkdir -p /etc/apt/sources.list.d /var/lib/apt/lists/partial /var/cache/apt/archives/partial repository/headers/DEBIAN
printf 'Package: linux-headers-own\\nVersion: 6.1.999-1\\nArchitecture: all\\nMaintainer: A test <a@example.org>\\nDescription: Headers\\n' \
    >repository/headers/DEBIAN/control
dpkg-deb --root-owner-group --build repository/headers repository/headers.deb >&2
{ cat repository/headers/DEBIAN/control; printf 'Filename: ./headers.deb\\nSize: %s\\nSHA256: %s\\n' "$(stat -c %s repository/headers.deb)" \
    "$(sha256sum repository/headers.deb | cut -d ' ' -f 1)"; } >repository/Packages
echo "deb [trusted=yes] file:$PWD/repository ./" >/etc/apt/sources.list.d/own.list
echo 'APT::Sandbox::User "root";' >/etc/apt/apt.conf.d/99own"""
RECAP = re.compile(r"^web1\s*:.* changed=(\d+) .* failed=(\d+) ", re.MULTILINE)
ZYPPER = Path(__file__).with_name("stand_ins") / "zypper_locks"
LOCK = "kernel-uek-core-0:5.15.0-306.177.4.el9uek.*"
PLAN: dict[str, Any] = {"managers": [], "metas": [], "unlock": [], "install": [], "remove": [], "locks": []}


def runs(
    folder: Path, os_release: str, tasks: list[str], first: list[str], files: str, variables: list[dict[str, Any]]
) -> tuple[list[int], list[str]]:
    """(how many tasks each run changed, what the files held after it); the first run is a prediction."""
    steps = [{"ansible.builtin.include_role": {"name": "firebreak.fleet.kernel", "tasks_from": task}} for task in tasks]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": steps}]), encoding="utf-8")
    commands = list(first)
    for number, each in enumerate(variables):
        option = ["--check"] * (number == 0)
        commands.append(shlex.join([str(PLAYBOOK), "-i", "inventory.yml", *option, "-e", json.dumps(each), "play.yml"]))
        commands.append(f"echo == files; cat {files}; echo ==")
    ended = on_host(folder, os_release, "\n".join([*commands, "true"]))
    recaps = RECAP.findall(ended.output)
    assert [failed for _changed, failed in recaps] == ["0"] * len(variables), ended.output
    return [int(changed) for changed, _failed in recaps], re.findall(r"^== files\n(.*?)^==$", ended.output, re.MULTILINE | re.DOTALL)


def test_dnf_is_held_and_dnf_automatic_restrained_and_both_are_let_go(tmp_path: Path) -> None:
    files = ["/etc/dnf/plugins/versionlock.list", "/etc/dnf/automatic.conf", "/etc/sysconfig/kernel"]
    first = ["mkdir -p /etc/dnf/plugins /etc/sysconfig", "touch /etc/dnf/plugins/versionlock.conf",
             "printf 'bash-0:5.1-1.*\\n' > /etc/dnf/plugins/versionlock.list",
             "printf '[commands]\\napply_updates = yes\\n\\n[base]\\ndebuglevel = 1\\n' > /etc/dnf/automatic.conf",
             "printf 'UPDATEDEFAULT=yes\\nDEFAULTKERNEL=kernel-core\\n' > /etc/sysconfig/kernel"]
    plan = {**PLAN, "family": "redhat", "package": "kernel-uek-core", "locks": [LOCK]}
    on = {"__kernel_plan": plan, "kernel_hold": True, "kernel_restrain_managers": True}
    off = {"__kernel_plan": {**plan, "locks": []}}
    changed, held = runs(tmp_path, 'ID="ol"\nVERSION_ID="9.6"\n', ["hold_redhat.yml", "restrain.yml", "flavour.yml"], first, " ".join(files),
                         [on, on, on, off, off])
    assert changed == [3, 3, 0, 2, 0]
    assert LOCK not in held[0]
    assert f"\n{LOCK}\n" in held[1]
    assert re.search(r"^\[base\]\n# BEGIN [^\n]*\nexcludepkgs = kernel\*\n# END [^\n]*\ndebuglevel = 1$", held[1], re.MULTILINE)
    assert "UPDATEDEFAULT=yes\nDEFAULTKERNEL=kernel-uek-core\n" in held[1]
    assert held[3] == held[4] == held[0].replace("DEFAULTKERNEL=kernel-core", "DEFAULTKERNEL=kernel-uek-core")


def test_zypper_installs_removes_and_locks_what_the_plan_names(tmp_path: Path) -> None:
    plan = {**PLAN, "family": "suse", "install": ["kernel-default=5.14.21-150500.55.124.1"], "remove": ["kernel-default=5.14.21-150500.55.52.1"],
            "unlock": ["kernel-default > 5.14.21-150500.55.94.1"], "locks": ["kernel-default > 5.14.21-150500.55.124.1"]}
    first = [f"install -m 755 {ZYPPER} /usr/bin/zypper", "touch /etc/zypper.said"]
    changed, said = runs(tmp_path, 'ID="sles"\nVERSION_ID="15.5"\n', ["zypper.yml", "hold_suse.yml", "remove.yml"], first, "/etc/zypper.said",
                         [{"__kernel_plan": plan, "kernel_hold": True}] * 2)
    assert changed == [4, 4]
    install, remove = "--non-interactive --no-refresh install --oldpackage --no-recommends", "--non-interactive --no-refresh remove"
    assert said[0].splitlines() == [f"{install} --dry-run kernel-default=5.14.21-150500.55.124.1",
                                    f"{remove} --dry-run kernel-default=5.14.21-150500.55.52.1"]
    assert said[1].splitlines()[2:] == [
        "--non-interactive removelock kernel-default > 5.14.21-150500.55.94.1", f"{install} kernel-default=5.14.21-150500.55.124.1",
        "--non-interactive addlock kernel-default > 5.14.21-150500.55.124.1", f"{remove} kernel-default=5.14.21-150500.55.52.1"]


def test_what_belongs_to_a_kernel_is_brought_after_the_lists_are_refreshed(tmp_path: Path) -> None:
    devel, extra = "kernel-default-devel=5.14.21-150500.55.124.1", "kernel-default-extra=5.14.21-150500.55.124.1"
    plan = {**PLAN, "family": "suse", "headers": [devel], "extra_modules": [extra]}
    first = [f"install -m 755 {ZYPPER} /usr/bin/zypper", "touch /etc/zypper.said"]
    changed, said = runs(tmp_path, 'ID="sles"\nVERSION_ID="15.5"\n', ["refresh.yml", "companions.yml"], first, "/etc/zypper.said",
                         [{"__kernel_plan": plan, "kernel_headers": True, "kernel_extra_modules": True}] * 2)
    assert changed == [1, 1]
    install = "--non-interactive --no-refresh install --oldpackage --no-recommends"
    assert said[0].splitlines() == [f"{install} --dry-run {devel} {extra}"]
    assert said[1].splitlines()[1:] == ["--non-interactive refresh", f"{install} {devel} {extra}"]


def test_headers_come_from_lists_that_were_refreshed_and_come_once(tmp_path: Path) -> None:
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    known = {"__kernel_plan": {**PLAN, "family": "debian", "headers": ["linux-headers-own=6.1.999-1"]}, "kernel_headers": True}
    changed, said = runs(tmp_path, release, ["refresh.yml", "companions.yml"], [APT],
                         "/dev/null; dpkg-query --show linux-headers-own 2>/dev/null || true", [{**known, "kernel_headers": False}, known, known])
    assert changed == [0, 1, 0]
    assert said == ["", "linux-headers-own\t6.1.999-1\n", "linux-headers-own\t6.1.999-1\n"]
