#!/usr/bin/python
# Copyright: (c) 2026, The Firebreak authors
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a guest of libvirt leave the process that runs it."""

DOCUMENTATION = r"""
module: libvirt_guest_moved
short_description: Have a guest of libvirt leave the process that runs it, for one of the installed QEMU
version_added: 0.1.0
description:
  - Saves a guest's memory and restores it, migrates it live, or shuts it down and starts it.
  - Changes nothing where another process runs the guest already, or none does, so that a second run changes nothing.
  - Before a guest is touched libvirt is asked whether the installed QEMU can still make its machine. A guest is never destroyed.
options:
  name:
    description: The guest's name.
    type: str
    required: true
  pid:
    description: The process that it is to leave, as the scan reported it.
    type: int
    required: true
  method:
    description:
      - V(managed_save) keeps its memory and stops it for as long as that takes to write and read.
      - V(migrate) moves it live to another host, with its definition; its disks must be shared.
      - V(restart) asks it to shut down, waits, and starts it.
    type: str
    choices: [managed_save, migrate, restart]
    required: true
  destination:
    description: For V(migrate), the libvirt of the host to go to.
    type: str
    default: ""
  shutdown_seconds:
    description: For V(restart), how long it may take to shut down.
    type: int
    default: 300
extends_documentation_fragment:
  - firebreak.fleet._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: The process that runs the guest, before and after.
author: The Firebreak authors (@firebreak)
"""

EXAMPLES = r"""
- name: Have the guest web1 on the QEMU that is installed
  firebreak.fleet.libvirt_guest_moved:
    name: web1
    pid: 4242
    method: managed_save
"""

RETURN = r"""
pid:
  description: The process that runs the guest now; null where none does on this host, and under check mode where it would be another one.
  returned: success
  type: int
  sample: 5151
"""

import time
from typing import Any, Dict, List

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._host.errors import Refused, UnansweredError
from ..module_utils._host.host import LiveHost
from ..module_utils._hypervisor import libvirt_guests
from ..module_utils._hypervisor.libvirt_move import Libvirt, Order


def read_guests() -> List[Dict[str, Any]]:
    """The guests as libvirt's documents have them now."""
    guests, problem, detail = libvirt_guests.read(LiveHost())
    if problem:
        raise Refused("libvirt's guests are not known (%s): %s" % (problem, detail))
    return guests


def pid_of(name: str) -> Any:
    """The process that runs the guest, None where none does or the guest has gone."""
    return next((guest["pid"] for guest in read_guests() if guest["name"] == name), None)


def change(libvirt: Libvirt, order: Order, check_mode: bool) -> Dict[str, Any]:
    """Look, ask, move; the module's result."""
    if not libvirt.is_needed(order):
        return {"changed": False, "pid": pid_of(order.name)}
    libvirt.check(order)
    if not check_mode:
        libvirt.move(order)
    pid = None if check_mode else pid_of(order.name)
    return {"changed": True, "pid": pid, "diff": {
        "before": "%s: process %d\n" % (order.name, order.pid),
        "after": "%s: %s\n" % (order.name, "another process (%s)" % order.method if pid is None else "process %d" % pid)}}


def main() -> None:
    """Run as a module."""
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True}, "pid": {"type": "int", "required": True},
                       "method": {"type": "str", "required": True, "choices": ["managed_save", "migrate", "restart"]},
                       "destination": {"type": "str", "default": ""}, "shutdown_seconds": {"type": "int", "default": 300}},
        required_if=[("method", "migrate", ["destination"])], supports_check_mode=True)
    given = module.params
    module.get_bin_path("virsh", required=True)
    libvirt = Libvirt(module.run_command, read_guests, time.monotonic, time.sleep)
    order = Order(given["name"], given["pid"], given["method"], given["destination"], given["shutdown_seconds"])
    try:
        result = change(libvirt, order, module.check_mode)
    except (Refused, UnansweredError) as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
