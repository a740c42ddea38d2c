# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof suite against the same promises written as plain testinfra, over ssh."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks._measuring import Cost, Goal, interleaved, run
from benchmarks._own_sshd import ADDRESS, Server

ROOT = Path(__file__).resolve().parents[2]
SUITE, PLAIN = "the proof", "plain testinfra"

# What plain_testinfra.py looks at; whether this machine keeps it does not matter here.
STANDARD: dict[str, Any] = {
    "os": {"id": "debian", "architecture": "x86_64", "altered_files": "forbidden", "shadowed_programs": "forbidden"},
    "boot": {"uptime_days": {"maximum": 1000000}, "reboot_required": "forbidden", "cmdline_forbidden": ["mitigations=off"]},
    "kernel": {"running": {"rule": "newest_installed"}, "default_boot": {"rule": "newest_installed"}, "image_missing": "forbidden",
               "held": "forbidden", "update_available": "forbidden"},
    "cpu": {"vulnerabilities": {"all": "mitigated"}},
    "hypervisor": {"qemu": {"presence": "required"}, "libvirt": {"presence": "required"}, "virtiofsd": {"running": {"rule": "installed"}}},
    "live_patch": {"provider": "kpatch", "protection": "protected", "transition": "forbidden"},
}


def _inventory(hosts: int, directory: Path, server: Server) -> Path:
    options = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR -o ControlMaster=auto -o ControlPersist=10s"
    variables = {"ansible_host": ADDRESS, "ansible_port": server.port, "ansible_ssh_private_key_file": str(server.key),
                 "firebreak_standard": STANDARD}
    # Each name has a connection of its own, as the hosts of a fleet have; both ways may share it between their looks at a host.
    named = {f"host{number:03d}": {"ansible_ssh_common_args": f"{options} -o ControlPath={directory}/{number}"} for number in range(hosts)}
    path = directory / f"proof_{hosts}.json"
    path.write_text(json.dumps({"all": {"vars": variables, "hosts": named}}))
    return path


def _case(argv: list[str], directory: Path, environment: dict[str, str]) -> Callable[[], Cost]:
    # Status 1 says that a check failed, which is no matter of its cost.
    return lambda: run(["sh", "-c", '"$@" || [ $? -eq 1 ]', "sh", *argv], directory, environment)


def compare(hosts: int, directory: Path, server: Server, repeats: int, environment: dict[str, str]) -> Iterator[str | Goal]:
    """The lines of the comparison and its goal."""
    inventory = _inventory(hosts, directory, server)
    environment = {**environment, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"}
    report = directory / "proof"
    common = ["--hosts=ansible://all", f"--ansible-inventory={inventory}", "-q", "--tb=no"]
    pytest = [sys.executable, "-m", "pytest"]
    plain = str(ROOT / "tests/benchmarks/plain_testinfra.py")
    cases = {
        SUITE: _case([*pytest, str(ROOT / "tests/platform"), f"--firebreak-report={report}", *common], directory, environment),
        PLAIN: _case([*pytest, "-p", "no:cacheprovider", "--rootdir", str(directory), plain, *common], directory, environment),
    }
    costs = interleaved(cases, repeats)
    proven = json.loads((report / "proof.json").read_text())["hosts"]
    if len(proven) != hosts or any("the host can be asked" in own["broken"] for own in proven.values()):
        raise RuntimeError(f"{report}: not every host was asked")
    for name, cost in costs.items():
        yield f"ssh   {hosts:3} hosts  {name:24} {cost.wall:7.2f} s  {cost.cpu:7.2f} CPU-s  {cost.wall / hosts:6.2f} s per host"
    yield f"ssh   {hosts:3} hosts  round trips per host: {SUITE} 2, {PLAIN} one for each look at the host"
    if hosts > 1:
        yield Goal(f"ssh, {hosts} hosts: {SUITE} / {PLAIN}, wall time", costs[SUITE].wall / costs[PLAIN].wall, 1 / 2)
