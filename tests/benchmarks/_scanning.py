# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scan beside a ping and beside the usual way to learn the same, on N names of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import _peers
from benchmarks._measuring import Cost, Goal, interleaved, run
from benchmarks._own_sshd import ADDRESS, Server

ROOT = Path(__file__).resolve().parents[2]
FORKS = 20
MANY = 50
THOUSAND = 1000
SCAN_SECONDS = 900

SCAN = "firebreak.fleet.platform_scan"
ONE_PROCESS = "firebreak.fleet.fleet_scan"

# What a playbook does today to learn what a scan tells.
USUAL: list[dict[str, Any]] = [
    {"ansible.builtin.setup": {}},
    {"ansible.builtin.package_facts": {}},
    {"ansible.builtin.service_facts": {}},
    *({"ansible.builtin.command": {"argv": argv}, "changed_when": False} for argv in (
        ["uname", "-v"], ["cat", "/proc/cmdline"], ["sh", "-c", "grep . /sys/devices/system/cpu/vulnerabilities/*"],
        ["sh", "-c", "ls /boot; cat /boot/grub/grub.cfg || true"],
        ["sh", "-c", "apt-cache policy linux-image-amd64 || dnf -C repoquery kernel-core || true"])),
]

PING, LEAN, FULL, FLEET, WAY = "ping", "scan without available", "scan", "scan from one process", "the usual way"


class Fleet(NamedTuple):
    """N inventory names of this machine, over one kind of connection; ``answer`` is what each says at once where none of them is to be scanned."""

    connection: str
    hosts: int
    answer: Path | None = None


def _inventory(fleet: Fleet, directory: Path, server: Server | None) -> Path:
    variables: dict[str, Any] = {"ansible_connection": fleet.connection, "ansible_python_interpreter": os.path.realpath(sys.executable)}
    if server:
        variables |= {
            "ansible_host": ADDRESS, "ansible_port": server.port, "ansible_ssh_private_key_file": str(server.key),
            "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR",
            # Each name has a connection of its own, as the hosts of a fleet have, and keeps it from one round to the next.
            "ansible_ssh_args": "-C -o ControlMaster=auto -o ControlPersist=1200s",
            "ansible_control_path": str(directory / "{{ inventory_hostname }}"),
        }
    hosts: dict[str, Any] = {f"host{number:03d}": {} for number in range(fleet.hosts)}
    path = directory / f"{fleet.connection}_{fleet.hosts}.json"
    path.write_text(json.dumps({"all": {"vars": variables, "hosts": hosts}}))
    return path


def _playbook(directory: Path, name: str, tasks: list[dict[str, Any]]) -> Path:
    path = directory / f"{name.replace(' ', '_')}.json"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return path


def environment() -> dict[str, str]:
    """The collection's own configuration, and nothing of what the caller set for Ansible."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_") and name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOST_KEY_CHECKING": "false"}


def _cases(fleet: Fleet, directory: Path, server: Server | None) -> dict[str, Callable[[], Cost]]:
    inventory = _inventory(fleet, directory, server)
    records = directory / "run"
    plays: dict[str, list[dict[str, Any]]] = {
        PING: [{"ansible.builtin.ping": {}}],
        LEAN: [{SCAN: {"directory": str(records), "available": False}}],
        FULL: [{SCAN: {"directory": str(records)}}],
        **({FLEET: [{ONE_PROCESS: {"directory": str(records)}, "run_once": True, "delegate_to": "localhost"}]} if server else {}),
        WAY: USUAL,
    }

    if fleet.answer:
        plays = {name: plays[name] for name in (PING, FULL, FLEET) if name in plays}

    def command(name: str) -> list[str]:
        program = str(Path(sys.executable).parent / "ansible-playbook")
        # A scan may take as long as it takes: hosts and controller are one machine here, and each host has its share of it.
        settings: dict[str, Any] = {"firebreak_scan_seconds": SCAN_SECONDS}
        if fleet.answer and name != PING:
            settings["ansible_python_interpreter"] = str(stand_in(fleet.answer))
        return [program, "-i", str(inventory), "-f", str(FORKS), "-e", json.dumps(settings), str(_playbook(directory, name, plays[name]))]

    def case(name: str) -> Callable[[], Cost]:
        argv = command(name)

        def measured() -> Cost:
            shutil.rmtree(records, ignore_errors=True)
            cost = run(argv, directory, environment())
            if name in (LEAN, FULL, FLEET):
                _check(records, fleet.hosts)
            return cost

        return measured

    cases = {name: case(name) for name in plays}
    if server and fleet.hosts >= MANY:
        for name, peer in _peers.peers(fleet.hosts, FORKS, directory, server, command(PING)).items():
            cases[name] = partial(run, peer.argv, directory, {**environment(), **peer.environment})
    return cases


def stand_in(answer: Path) -> Path:
    """Stands in for a host's Python, and answers at once what a scan of this machine answered."""
    path = answer.with_suffix(".sh")
    path.write_text(f"""#!/bin/sh\ncat >/dev/null; printf '\\nfirebreak:%s:' "$3"; cat '{answer}'; echo ':end'\n""")
    path.chmod(0o755)
    return path


def _check(records: Path, hosts: int) -> None:
    """A scan that failed fast must not pass for a fast scan."""
    documents = [json.loads(path.read_text()) for path in (records / "records").glob("*.json")]
    lost = [document["error"] for document in documents if not document["record"]]
    if lost or len(documents) != hosts:
        raise RuntimeError(f"{records}: {len(documents) - len(lost)} of {hosts} hosts have a record; {'; '.join(lost[:3])}")


def hang_up(directory: Path) -> None:
    """End the connections that were kept for the names of a fleet."""
    for path in filter(Path.is_socket, directory.iterdir()):
        subprocess.run(["ssh", "-o", f"ControlPath={path}", "-O", "exit", "any"], capture_output=True, check=False)


def sections(directory: Path, server: Server | None) -> dict[str, float]:
    """Seconds that each section takes on the host, the lowest of three scans."""
    seen: list[dict[str, float]] = []
    cases = _cases(Fleet("ssh" if server else "local", 1), directory, server)
    for _ in range(3):
        cases[FULL]()
        (path,) = (directory / "run" / "records").glob("*.json")
        seen.append(json.loads(path.read_text())["record"]["seconds"])
    return {name: min(seconds[name] for seconds in seen) for name in seen[0]}


def compare(fleet: Fleet, directory: Path, server: Server | None, repeats: int) -> Iterator[str | Goal]:
    """The lines of one comparison and the goals it was measured against."""
    costs = interleaved(_cases(fleet, directory, server), repeats)
    ping = costs[PING]
    for name, cost in costs.items():
        yield (f"{fleet.connection:5} {fleet.hosts:3} hosts  {name:24} {cost.wall:7.2f} s  {cost.cpu:7.2f} CPU-s"
               f"  {cost.wall / ping.wall:5.2f} / {cost.cpu / ping.cpu:5.2f} times ping")
    where = f"{fleet.connection}, {fleet.hosts} hosts"
    for one, other, limit in ((LEAN, PING, 1.2), (FLEET, PING, 0.15), (FLEET, _peers.PYINFRA, 0.5), (FLEET, _peers.PARALLEL_SSH, 0.33)):
        # What ansible-playbook itself takes to start weighs too much on fewer.
        if one in costs and other in costs and fleet.connection == "ssh" and (one != FLEET or fleet.hosts >= MANY):
            yield Goal(f"{where}: {one} / {other}, controller CPU", costs[one].cpu / costs[other].cpu, limit)
    # At least six times faster than the usual way; of a single host both are mostly the start of ansible-playbook itself.
    for one, other, limit in ((LEAN, PING, 1.2), (FLEET, PING, 0.5), (FULL, PING, 2.0), (FULL, WAY, 1 / 6)):
        is_meant = {LEAN: fleet.connection == "ssh", FLEET: fleet.hosts >= MANY}.get(one, other != WAY or fleet.hosts > 1)
        if one in costs and other in costs and is_meant and not fleet.answer:
            yield Goal(f"{where}: {one} / {other}, wall time", costs[one].wall / costs[other].wall, limit)
    if fleet.hosts >= THOUSAND and FLEET in costs:
        yield Goal(f"{where}: {FLEET}, peak of memory in MB", costs[FLEET].peak / 1e6, 200)
