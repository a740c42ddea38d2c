# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as an Ansible inventory: written when hosts change, printed by inventories/lab/running."""

from pathlib import Path
from typing import Any

from firebreak_lab import ssh
from firebreak_lab.files import write_json
from firebreak_lab.images import Image
from firebreak_lab.state import Host, Lab

# An emulated sshd that shares its processors takes its time.
CONNECT_SECONDS = 60
SILENT_SECONDS = 240


def host_variables(host: Host, folder: Path) -> dict[str, Any]:
    """How Ansible and testinfra reach the host, and which kernels its image knows. Plain values only: testinfra templates nothing."""
    options = {"UserKnownHostsFile": folder / "known_hosts", "GlobalKnownHostsFile": "/dev/null", "HostKeyAlias": host.name,
               "IdentitiesOnly": "yes", "LogLevel": "ERROR",
               # A machine whose kernel has died keeps its connections; this ends them.
               "ServerAliveInterval": SILENT_SECONDS // 4, "ServerAliveCountMax": 4}
    return {
        "ansible_host": "127.0.0.1", "ansible_port": host.port, "ansible_user": "root",
        "ansible_ssh_private_key_file": str(ssh.private_key()), "ansible_timeout": CONNECT_SECONDS,
        "ansible_ssh_common_args": " ".join(f"-o {name}={value}" for name, value in options.items()),
        "ansible_python_interpreter": "/usr/bin/python3", "lab_kind": host.kind, "lab_image": host.image,
        "lab_kernels": Image(host.image, Path(host.image_folder)).manifest,
    } | host.variables


def render(hosts: list[Host], folder: Path) -> dict[str, Any]:
    """The inventory in the form of an inventory script's --list."""
    groups: dict[str, Any] = {"lab": {"hosts": [host.name for host in hosts]}}
    for host in hosts:
        for group in host.groups:
            groups.setdefault(group, {"hosts": []})["hosts"].append(host.name)
    return {"_meta": {"hostvars": {host.name: host_variables(host, folder) for host in hosts}}, **groups}


def write(lab: Lab) -> None:
    """Write the lab's inventory.json."""
    write_json(lab.folder / "inventory.json", render([lab.load(name) for name in lab.names()], lab.folder))
