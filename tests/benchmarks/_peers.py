# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other ways to ask a fleet: pyinfra, parallel-ssh, and Ansible with mitogen, from the package index in an environment of their own."""

from __future__ import annotations

import getpass
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks._own_sshd import ADDRESS, Server

REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
PYINFRA, PARALLEL_SSH, MITOGEN = "one fact by pyinfra", "true by parallel-ssh", "ping with mitogen"

# It fails where one host did not run the command.
_TRUE = """
import sys
from pssh.clients import ParallelSSHClient
port, key, user, hosts, forks = sys.argv[1:]
client = ParallelSSHClient(["127.0.0.1"] * int(hosts), port=int(port), pkey=key, user=user, pool_size=int(forks), allow_agent=False)
output = client.run_command("true")
client.join(output)
sys.exit([one.exit_code for one in output] != [0] * int(hosts))
"""
_INVENTORY = """
hosts = [("host%03d" % number, {{"ssh_hostname": {address!r}, "ssh_port": {port}, "ssh_user": {user!r}, "ssh_key": {key!r},
         "ssh_strict_host_key_checking": "off", "ssh_known_hosts_file": "/dev/null"}}) for number in range({hosts})]
"""


class Peer(NamedTuple):
    """A command, and what it wants in its environment."""

    argv: list[str]
    environment: dict[str, str]


def environment() -> Path:
    """The environment with all of them, made where there is none for these versions and this Python."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "firebreak"
    folder = cache / f"bench-{hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]}"
    mark = folder / "whole"
    if not mark.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
        mark.touch()
    return folder


def strategies(folder: Path) -> Path:
    """Where mitogen's strategies for Ansible are."""
    (found,) = folder.glob("lib/python*/site-packages/ansible_mitogen/plugins/strategy")
    return found


def peers(hosts: int, forks: int, directory: Path, server: Server, ping: list[str]) -> dict[str, Peer]:
    """Each peer asking the names of the benchmark; ``ping`` is the command that mitogen is to make faster."""
    folder = environment()
    inventory = directory / f"pyinfra_{hosts}.py"
    inventory.write_text(_INVENTORY.format(address=ADDRESS, port=server.port, user=getpass.getuser(), key=str(server.key), hosts=hosts))
    python = str(folder / "bin" / "python")
    return {
        PYINFRA: Peer([python, "-m", "pyinfra", "-y", "--parallel", str(forks), str(inventory), "fact", "server.Hostname"], {}),
        PARALLEL_SSH: Peer([python, "-c", _TRUE, str(server.port), str(server.key), getpass.getuser(), str(hosts), str(forks)], {}),
        MITOGEN: Peer(ping, {"ANSIBLE_STRATEGY_PLUGINS": str(strategies(folder)), "ANSIBLE_STRATEGY": "mitogen_linear"}),
    }
