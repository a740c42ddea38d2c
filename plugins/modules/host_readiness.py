#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what a step of a rollout must know of a host before it begins."""

DOCUMENTATION = r"""
module: host_readiness
short_description: Say whether a host is fit for a step of a rollout
version_added: 0.1.0
description:
  - Reads how much room folders have, which packages were left half-way, who holds the package database at this moment, which units a boot starts,
    and which ways to reboot the host has. Nothing is changed.
  - It judges nothing; the role P(firebreak.fleet.rollout#role) does.
options:
  folders:
    description: Folders whose room is asked for.
    type: list
    elements: str
    default: [/, /boot]
extends_documentation_fragment:
  - firebreak.fleet._attributes
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Ask
  firebreak.fleet.host_readiness:
    folders: [/, /boot, /var]
  register: readiness
"""

RETURN = r"""
room:
  description: By folder, C(free_mb), C(free_inodes) (null where the file system counts none), or C(problem).
  returned: success
  type: dict
  sample: {/boot: {free_mb: 312, free_inodes: 65000, problem: null}}
packages:
  description: What dpkg says that was begun and not ended.
  returned: success
  type: list
  elements: str
  sample: []
lock_holders:
  description: The processes that hold a lock of a package manager.
  returned: success
  type: list
  elements: dict
  sample: [{pid: 4711, name: unattended-upgr, path: /var/lib/dpkg/lock-frontend}]
enabled:
  description: The units that every boot starts, null where systemd does not say. Those of a first boot alone are none of them.
  returned: success
  type: list
  elements: str
  sample: [cron.service, ssh.service]
systemd:
  description: The version of systemd, 0 where it does not run.
  returned: success
  type: int
  sample: 252
kexec:
  description: Whether kexec-tools are installed and the kernel takes an image.
  returned: success
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.host import LiveHost
from ..module_utils._rollout import readiness, ways


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={"folders": {"type": "list", "elements": "str", "default": ["/", "/boot"]}}, supports_check_mode=True)
    host = LiveHost()
    module.exit_json(
        changed=False, room={folder: readiness.room(host, folder) for folder in module.params["folders"]}, packages=readiness.half_way(host),
        lock_holders=readiness.lock_holders(host), enabled=ways.enabled(host), systemd=ways.systemd_version(host), kexec=ways.takes_kexec(host))


if __name__ == "__main__":
    main()
