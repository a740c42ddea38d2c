# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many names behind one sshd with its own guards, a fifth of them with a wrong key: whom a scan loses, and whom a ping beside it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks import _packing
from benchmarks._measuring import Goal
from benchmarks._own_sshd import ADDRESS, Server
from benchmarks._scanning import FORKS, ONE_PROCESS, stand_in

NAMES = 100
DEFAULT_GUARD = "10:30:100"
_RECAP = re.compile(r"^(\S+) +: ok=\d+.*unreachable=0", re.MULTILINE)
_STRANGER = {"ansible_ssh_extra_args": "-o IdentitiesOnly=yes -o IdentityAgent=none"}


def compare(hosts: int, directory: Path, server: Server, environment: Mapping[str, str]) -> Iterator[str | Goal]:
    """What became of the names with the right key. No connection is kept, so that each knocks anew."""
    stranger = directory / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    wrong = {"ansible_ssh_private_key_file": str(stranger), **_STRANGER}
    names: dict[str, dict[str, Any]] = {f"host{number:03d}": wrong if number % 5 == 0 else {} for number in range(hosts)}
    good = {name for name, variables in names.items() if not variables}
    shared = {"ansible_connection": "ssh", "ansible_host": ADDRESS, "ansible_port": server.port, "ansible_ssh_private_key_file": str(server.key),
              "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR",
              "ansible_ssh_args": "-o ControlMaster=no", "ansible_control_path": "", "ansible_timeout": 60,
              "ansible_python_interpreter": sys.executable}
    (directory / "guarded.json").write_text(json.dumps({"all": {"vars": shared, "hosts": names}}))
    scan = {ONE_PROCESS: {"directory": str(directory / "guarded")}, "run_once": True, "delegate_to": "localhost"}
    _play(directory, environment, scan, {"ansible_python_interpreter": str(stand_in(_packing.answer(directory)))})
    documents = [json.loads(path.read_text()) for path in (directory / "guarded" / "records").glob("*.json")]
    scanned = {document["host"] for document in documents if document["record"]} & good
    pinged = set(_RECAP.findall(_play(directory, environment, {"ansible.builtin.ping": {}}, {}))) & good
    version = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr.split(",")[0]
    yield (f"guards   {version}, MaxStartups {DEFAULT_GUARD}, {hosts} names on one address, {hosts - len(good)} with a wrong key: of {len(good)} "
           f"good hosts the scan reached {len(scanned)}, ping {len(pinged)}")
    yield Goal("good hosts behind one guarded sshd that a scan lost", len(good - scanned), 0)


def _play(directory: Path, environment: Mapping[str, str], task: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    playbook = directory / "guarded_play.json"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(directory / "guarded.json"), "-f", str(FORKS),
            "-e", json.dumps(settings), str(playbook)]
    # Hosts that cannot be reached make the status of a ping.
    return subprocess.run(argv, cwd=directory, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False).stdout
